"""How good scores are against labels known afterwards: one figure each, pure functions of arrays, ties settled by rule.

*Ties.* Rows of one score cannot be told apart: AUC counts a tied pair as half, average precision takes all of them at once, and
where a budget of alerts ends among them, each counts with the same share. No figure depends on the order of rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float64]
Labels = NDArray[np.bool_]


def _checked(scores: Scores, labels: Labels) -> None:
    if scores.shape != labels.shape or scores.ndim != 1:
        raise ValueError("expected one label a score")
    if np.isnan(scores).any():
        raise ValueError("expected scores that are numbers")


def _runs(scores: Scores, *weights: NDArray[Any]) -> list[NDArray[Any]]:
    """Return sums of each array of weights by distinct score, highest score first."""
    _, place = np.unique(-scores, return_inverse=True)
    size = int(place.max(initial=-1)) + 1
    sums: list[NDArray[Any]] = [
        np.bincount(place, weight.astype(np.float64), size) for weight in weights
    ]
    return sums


def auc(scores: Scores, labels: Labels) -> float | None:
    """Return the chance that a case scores above one that is none; None without both."""
    _checked(scores, labels)
    cases, others = _runs(scores, labels, ~labels)
    pairs = cases.sum() * others.sum()
    if not pairs:
        return None
    below = others.sum() - np.cumsum(others)
    return float((cases * (below + others / 2)).sum() / pairs)


def average_precision(scores: Scores, labels: Labels) -> float | None:
    """Return the precision at each case, averaged (the area under precision and recall); None without a case."""
    _checked(scores, labels)
    cases, rows = _runs(scores, labels, np.ones(labels.shape))
    if not cases.sum():
        return None
    return float((cases * np.cumsum(cases) / np.cumsum(rows)).sum() / cases.sum())


def alerted_shares(scores: Scores, alerts: int) -> NDArray[np.float64]:
    """Return how far each row is within a budget of alerts: 1, 0, or the share of those whose score the border runs through."""
    if alerts >= scores.size:
        return np.ones(scores.shape)
    if alerts <= 0:
        return np.zeros(scores.shape)
    border = np.partition(scores, scores.size - alerts)[scores.size - alerts]
    above, tied = scores > border, scores == border
    share = (alerts - above.sum()) / tied.sum()
    return np.where(above, 1.0, np.where(tied, share, 0.0))


def precision_at(scores: Scores, labels: Labels, alerts: int) -> float | None:
    """Return the share of cases among the `alerts` highest scores; None for no alerts."""
    _checked(scores, labels)
    shares = alerted_shares(scores, alerts)
    return float(shares[labels].sum() / shares.sum()) if shares.sum() else None


def recall_at(
    scores: Scores, labels: Labels, alerts: int, money: NDArray[np.int64] | None = None
) -> float | None:
    """Return the share of cases that the `alerts` highest scores hold, of their money if `money` is given; None without."""
    _checked(scores, labels)
    shares = alerted_shares(scores, alerts)[labels]
    weight = np.ones(shares.shape) if money is None else money[labels].astype(np.float64)
    return float((shares * weight).sum() / weight.sum()) if weight.sum() else None


def daily_alerts(scores: Scores, days: NDArray[np.int64], alerts: int) -> NDArray[np.float64]:
    """Return how far each row is within a budget of `alerts` for each day."""
    shares = np.zeros(scores.shape)
    order = np.argsort(days, kind="stable")
    borders = np.flatnonzero(np.diff(days[order])) + 1
    for rows in np.split(order, borders):
        shares[rows] = alerted_shares(scores[rows], alerts)
    return shares


def daily_precision(
    scores: Scores, labels: Labels, days: NDArray[np.int64], alerts: int
) -> float | None:
    """Return the precision among the `alerts` highest scores of each day, averaged over the days; None without a row."""
    _checked(scores, labels)
    shares = daily_alerts(scores, days, alerts)
    found = [
        shares[(days == day) & labels].sum() / shares[days == day].sum() for day in _days(days)
    ]
    return float(np.mean(found)) if found and alerts > 0 else None


def _days(days: NDArray[np.int64]) -> Sequence[int]:
    found: list[int] = np.unique(days).tolist()
    return found


def times_to_detection(
    groups: NDArray[np.int64], times_us: NDArray[np.int64], labels: Labels, alerted: Labels
) -> NDArray[np.int64]:
    """Return by group with a case (ascending) the microseconds from its first case to the first case with an alert; -1: none.

    Groups are what is found at once when any of it is: an account, a scheme. A negative number is no group.
    """
    counted = labels & (groups >= 0)
    members = np.unique(groups[counted])
    first = _first(members, groups[counted], times_us[counted])
    seen = counted & alerted
    found = _first(members, groups[seen], times_us[seen])
    return np.where(found == _NEVER, -1, found - first)


_NEVER = np.iinfo(np.int64).max


def _first(
    members: NDArray[np.int64], groups: NDArray[np.int64], times: NDArray[np.int64]
) -> NDArray[np.int64]:
    first = np.full(members.shape, _NEVER, np.int64)
    np.minimum.at(first, np.searchsorted(members, groups), times)
    return first


def window_overlap(
    groups: NDArray[np.int64], times_us: NDArray[np.int64], labels: Labels, alerted: Labels
) -> float | None:
    """Return how well the time between first and last alert covers that between first and last case, averaged over groups.

    Of each group: the time both have, over the time that either has, each counted with the microsecond of its end. A group with
    only one of them counts 0; None without any.
    """
    spans = [_spans(groups, times_us, marked & (groups >= 0)) for marked in (labels, alerted)]
    members = sorted(spans[0].keys() | spans[1].keys())
    shares = [_share(spans[0].get(member), spans[1].get(member)) for member in members]
    return float(np.mean(shares)) if shares else None


def _spans(
    groups: NDArray[np.int64], times: NDArray[np.int64], marked: Labels
) -> dict[int, tuple[int, int]]:
    members = np.unique(groups[marked])
    first = _first(members, groups[marked], times[marked])
    last = -_first(members, groups[marked], -times[marked])
    return dict(zip(members.tolist(), zip(first.tolist(), last.tolist(), strict=True), strict=True))


def _share(one: tuple[int, int] | None, other: tuple[int, int] | None) -> float:
    if one is None or other is None:
        return 0.0
    both = min(one[1], other[1]) - max(one[0], other[0]) + 1
    either = max(one[1], other[1]) - min(one[0], other[0]) + 1
    return max(both, 0) / either
