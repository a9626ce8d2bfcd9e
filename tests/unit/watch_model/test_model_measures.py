"""Measures against scikit-learn and against plain words of what they mean, ties included."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from recoup.watch.model import Scored, figures
from recoup.watch.model.measures import (
    auc,
    average_precision,
    daily_precision,
    precision_at,
    recall_at,
    times_to_detection,
    window_overlap,
)

LISTS = st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=1, max_size=30)


def arrays(pairs):
    scores = np.array([float(score) for score, _ in pairs])
    return scores, np.array([label for _, label in pairs])


@settings(max_examples=100, deadline=None)
@given(LISTS)
def test_auc_and_average_precision_are_those_of_scikit_learn_with_ties(pairs) -> None:
    scores, labels = arrays(pairs)
    if labels.any() and not labels.all():
        assert auc(scores, labels) == pytest.approx(roc_auc_score(labels, scores), abs=1e-12)
    else:
        assert auc(scores, labels) is None
    if labels.any():
        expected = average_precision_score(labels, scores)
        assert average_precision(scores, labels) == pytest.approx(expected, abs=1e-12)
    else:
        assert average_precision(scores, labels) is None


def test_ties_are_met_and_told_apart_from_an_order_that_breaks_them() -> None:
    """The negative control of the above: figures that took rows as they come would be others."""
    scores, labels = np.zeros(4), np.array([True, True, False, False])
    assert auc(scores, labels) == 0.5
    assert average_precision(scores, labels) == 0.5
    assert precision_at(scores, labels, 2) == 0.5
    assert average_precision(np.array([4.0, 3.0, 2.0, 1.0]), labels) == 1.0


def plain_share(scores, labels, weight, alerts: int) -> tuple[float, float]:
    """Cases found and alerts made, one distinct score after the other, the last in proportion."""
    found = made = 0.0
    for score in sorted(set(scores.tolist()), reverse=True):
        tied = scores == score
        room = min(1.0, (alerts - made) / tied.sum())
        found += room * weight[tied & labels].sum()
        made += room * tied.sum()
    return found, made


@settings(max_examples=100, deadline=None)
@given(LISTS, st.integers(0, 40))
def test_precision_and_recall_at_a_budget_are_those_of_a_plain_count(pairs, alerts) -> None:
    scores, labels = arrays(pairs)
    money = np.arange(1, scores.size + 1) * 100
    ones = np.ones(scores.size)
    found, made = plain_share(scores, labels, ones, alerts)
    expected = found / made if made else None
    assert precision_at(scores, labels, alerts) == pytest.approx(expected)
    expected = found / labels.sum() if labels.any() else None
    assert recall_at(scores, labels, alerts) == pytest.approx(expected)
    of_money, _ = plain_share(scores, labels, money, alerts)
    expected = of_money / money[labels].sum() if labels.any() else None
    assert recall_at(scores, labels, alerts, money) == pytest.approx(expected)


def test_recall_of_money_counts_large_cases_for_more() -> None:
    scores, labels = np.array([3.0, 2.0, 1.0]), np.array([True, False, True])
    assert recall_at(scores, labels, 1) == 0.5
    assert recall_at(scores, labels, 1, np.array([900, 1, 100])) == 0.9


def test_the_precision_of_days_is_averaged_over_the_days() -> None:
    scores = np.array([9.0, 8.0, 1.0, 2.0])
    labels = np.array([True, True, True, False])
    days = np.array([5, 5, 6, 6])
    # Day 5: its highest is a case; day 6: it is not.
    assert daily_precision(scores, labels, days, 1) == 0.5
    assert precision_at(scores, labels, 2) == 1.0


def test_time_to_detection_runs_from_the_first_case_to_the_first_case_with_an_alert() -> None:
    groups = np.array([7, 7, 7, 3, 3, -1])
    times = np.array([10, 20, 40, 100, 90, 1])
    labels = np.array([False, True, True, True, True, True])
    alerted = np.array([True, False, True, False, False, True])
    # Group 3 is never alerted; the alert of group 7 at 10 was none of a case.
    assert times_to_detection(groups, times, labels, alerted).tolist() == [-1, 20]


def test_overlap_is_the_time_in_both_windows_over_the_time_in_either() -> None:
    groups = np.array([1, 1, 1, 2])
    times = np.array([0, 9, 19, 5])
    labels = np.array([True, True, False, False])
    alerted = np.array([False, True, True, True])
    # Group 1: 0 to 9 and 9 to 19 share one microsecond of twenty; group 2 was alerted without a case.
    assert window_overlap(groups, times, labels, alerted) == pytest.approx((1 / 20 + 0) / 2)
    assert window_overlap(groups, times, labels, labels) == 1.0
    assert window_overlap(groups, times, labels & False, labels & False) is None


@settings(max_examples=30, deadline=None)
@given(LISTS, st.randoms())
def test_no_figure_depends_on_the_order_of_rows(pairs, random) -> None:
    order = list(range(len(pairs)))
    random.shuffle(order)
    scores, labels = arrays(pairs)
    times = np.arange(scores.size) * 40_000_000_000
    rows = Scored(scores, labels, times, times + 1, np.arange(scores.size) % 3)
    mixed = Scored(*(column[order] for column in vars(rows).values()))
    assert flat(figures(rows, (1, 5))) == pytest.approx(flat(figures(mixed, (1, 5))))


def flat(values, before=""):
    found = {}
    for name, value in values.items():
        found |= (
            flat(value, f"{before}.{name}")
            if isinstance(value, dict)
            else {f"{before}.{name}": value}
        )
    return found


def test_scores_that_are_no_numbers_and_labels_of_another_length_are_refused() -> None:
    with pytest.raises(ValueError, match="numbers"):
        auc(np.array([np.nan]), np.array([True]))
    with pytest.raises(ValueError, match="one label"):
        auc(np.zeros(2), np.array([True]))
