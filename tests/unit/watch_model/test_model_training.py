"""Training: what may be learnt from, what it weighs, the same bytes for the same data; calibration, reasons, drift, card."""

from __future__ import annotations

import json
import math
import subprocess
import sys

import numpy as np
import pytest
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from recoup.watch.model import (
    Examples,
    Meaning,
    Model,
    Parameters,
    Shift,
    TooFewCases,
    added_by,
    bins_of,
    card_of,
    card_page,
    drift_of,
    named_features,
    psi,
    read_model,
    reasons_of,
    train,
    write_model,
)
from recoup.watch.model.calibration import Calibration, Kind, fit_calibration
from recoup.watch.model.training import held_out_rows, weights

NAMES = ("amount", "age", "noise")
FEATURES = named_features(NAMES)
SMALL = Parameters(trees=12, leaves=7)
DAY = 86_400_000_000


def examples(rows: int = 1_200, seed: int = 1) -> Examples:
    """A payment a minute; those of large amounts from young accounts are mostly cases."""
    draw = np.random.default_rng(seed)
    matrix = np.column_stack(
        [draw.lognormal(size=rows), draw.integers(0, 100, rows), draw.normal(size=rows)]
    )
    matrix[draw.random(rows) < 0.1, 1] = math.nan
    risk = matrix[:, 0] - np.nan_to_num(matrix[:, 1]) / 50 + draw.normal(size=rows) * 0.3
    return Examples(
        np.ascontiguousarray(matrix),
        risk > 1.2,
        np.arange(rows, dtype=np.int64) * 60_000_000,
        draw.integers(100, 100_000, rows),
        np.zeros(rows, np.int32),
    )


@pytest.fixture(scope="module")
def trained():
    return train(examples(), FEATURES, 10 * DAY, parameters=SMALL)


def test_the_same_rows_and_seed_give_the_same_bytes(trained) -> None:
    again = train(examples(), FEATURES, 10 * DAY, parameters=SMALL)
    assert write_model(trained.model) == write_model(again.model)
    other = train(examples(), FEATURES, 10 * DAY, parameters=Parameters(trees=12, leaves=7, seed=2))
    assert write_model(trained.model) != write_model(other.model)


def test_a_model_read_from_its_file_scores_the_same_to_the_last_bit(trained) -> None:
    rows = examples().matrix
    back = read_model(write_model(trained.model), FEATURES)
    assert write_model(back) == write_model(trained.model)
    assert back.digest == trained.model.digest
    assert np.array_equal(back.probabilities(rows), trained.model.probabilities(rows))


def test_what_was_not_known_at_the_end_is_not_learnt_from() -> None:
    """Labels after the end, and labels not yet known at the end, change no byte; one that was known does."""
    given, delay, until = examples(), 100 * 60_000_000, 1_000 * 60_000_000
    before = train(given, FEATURES, until, delay, SMALL)

    def with_other_label(row: int) -> bytes:
        labels = given.labels.copy()
        labels[row] = ~labels[row]
        changed = Examples(given.matrix, labels, given.times_us, given.money, given.currencies)
        return write_model(train(changed, FEATURES, until, delay, SMALL).model)

    # Row 900 is 100 minutes before the end: known only at the end itself.
    assert [with_other_label(row) == write_model(before.model) for row in (1_100, 900, 899)] == [
        True,
        True,
        False,
    ]
    assert before.model.training.rows == 900
    assert before.model.training.rows_unknown == 100


def test_rows_held_out_are_the_last_and_rows_of_one_instant_stay_together() -> None:
    times = np.array([0, 1, 2, 3, 4, 5, 6, 7, 7, 9])
    held = held_out_rows(times, 0.2)
    assert held.tolist() == [False] * 9 + [True]
    assert not held_out_rows(times, 0.0).any()


def test_a_case_weighs_by_its_money_within_bounds_and_within_its_currency() -> None:
    given = Examples(
        np.zeros((6, 1)),
        np.array([True, True, True, True, False, True]),
        np.arange(6),
        np.array([100, 100, 200, 1_000_000, 5, 7]),
        np.array([0, 0, 0, 0, 0, 1], np.int32),
    )
    found = weights(given, Parameters(case_weight=3.0))
    assert found[4] == 1.0
    assert found[5] == 3.0  # alone in its currency
    assert found[:4].sum() == pytest.approx(
        12.0
    )  # the cases of a currency weigh together what they did
    assert found[3] / found[2] == pytest.approx(4.0 / (200 / 150))  # at most four times the middle
    assert found[2] / found[0] == pytest.approx(2.0)
    assert weights(given, Parameters(by_money=False)).tolist() == [1.0] * 6


def test_rows_of_one_sort_are_refused() -> None:
    given = examples()
    none = Examples(
        given.matrix, given.labels & False, given.times_us, given.money, given.currencies
    )
    with pytest.raises(TooFewCases, match="0 cases"):
        train(none, FEATURES, 10 * DAY, parameters=SMALL)
    with pytest.raises(TooFewCases):
        train(given, FEATURES, 0, parameters=SMALL)


def test_isotonic_calibration_is_that_of_scikit_learn() -> None:
    draw = np.random.default_rng(3)
    raws = np.round(draw.normal(size=2_000), 2)
    labels = draw.random(2_000) < 1 / (1 + np.exp(-raws))
    found = fit_calibration(raws, labels)
    assert found.kind is Kind.ISOTONIC
    asked = np.array([-9.0, *raws[:300], raws[:300].mean(), 9.0])
    expected = IsotonicRegression(out_of_bounds="clip").fit(raws, labels).predict(asked)
    assert np.allclose(found.of(asked), expected, atol=1e-9)


def test_the_sigmoid_is_that_of_a_logistic_regression_on_many_rows() -> None:
    draw = np.random.default_rng(4)
    raws = draw.normal(size=20_000)
    labels = draw.random(20_000) < 1 / (1 + np.exp(-(2 * raws - 1)))
    found = fit_calibration(raws, labels, Kind.SIGMOID)
    plain = LogisticRegression(C=1e9).fit(raws.reshape(-1, 1), labels)
    assert found.levels == pytest.approx((plain.coef_[0][0], plain.intercept_[0]), rel=1e-2)
    assert found.of(np.array([-1e6, 1e6])).tolist() == pytest.approx([0.0, 1.0])


def test_with_too_little_to_calibrate_the_scores_own_odds_hold() -> None:
    found = fit_calibration(np.array([1.0, 2.0]), np.array([True, True]))
    assert found.kind is Kind.NONE
    assert found.of(np.array([0.0])).tolist() == [0.5]
    upside_down = fit_calibration(
        np.array([3.0, 2.0, 1.0, 0.0]), np.array([False, False, True, True])
    )
    assert upside_down.kind is Kind.NONE


def test_probabilities_rise_with_scores_and_stay_within_bounds(trained) -> None:
    raws = np.sort(trained.model.raw_scores(examples(seed=9).matrix))
    found = trained.model.calibration.of(raws)
    assert (np.diff(found) >= 0).all()
    assert 0.0 <= found.min() <= found.max() <= 1.0
    assert isinstance(trained.model.calibration, Calibration)


def test_reasons_name_what_raised_the_score_most_in_both_languages(trained) -> None:
    model: Model = trained.model
    row = np.array([[30.0, 0.0, 0.0]])
    added = model.contributions(row)
    assert added[0].sum() == pytest.approx(model.raw_scores(row)[0])
    meanings = {
        "amount": Meaning("the amount is large", "金额较大", "minor"),
        "age": Meaning("the account is young", "账户开立时间短", "seconds"),
    }
    found = reasons_of(NAMES, row[0], added[0], meanings, top=2)
    assert {reason.feature: (reason.english, reason.chinese) for reason in found} == {
        "amount": ("the amount is large: 30 minor units", "金额较大：30最小货币单位"),
        "age": ("the account is young: 0 s", "账户开立时间短：0秒"),
    }
    assert found[0].added >= found[1].added > 0
    assert reasons_of(NAMES, row[0], added[0], meanings, top=1) == found[:1]
    assert reasons_of(NAMES, row[0], -np.abs(added[0]), meanings) == ()


def test_a_population_that_moved_is_told_from_one_that_stood_still() -> None:
    draw = np.random.default_rng(6)
    learnt = bins_of("x", draw.normal(size=5_000))
    same, moved = draw.normal(size=5_000), draw.normal(size=5_000) + 1
    empty = np.full(5_000, math.nan)
    shifts = [one.shift for one in drift_of([learnt] * 3, [same, moved, empty])]
    assert shifts == [Shift.STABLE, Shift.LARGE, Shift.LARGE]
    assert sum(learnt.counts) == 5_000


def test_the_index_is_the_sum_it_is_said_to_be() -> None:
    p, q = (10.5 / 31, 20.5 / 31), (20.5 / 31, 10.5 / 31)
    expected = sum((a - b) * math.log(a / b) for a, b in zip(p, q, strict=True))
    assert psi((10, 20), (20, 10)) == pytest.approx(expected)
    assert psi((5, 5), (5, 5)) == 0.0
    assert psi((0, 0), (5, 5)) == 0.0
    assert math.isfinite(psi((100, 0), (0, 100)))
    with pytest.raises(ValueError, match="same bins"):
        psi((1,), (1, 2))


def test_values_that_come_often_and_values_beyond_every_number_have_bins() -> None:
    found = bins_of("x", np.array([0.0] * 90 + [1.0] * 10 + [math.nan, math.inf, -math.inf]))
    assert found.edges == (0.0,)
    assert found.counts == (91, 11, 1)
    assert bins_of("x", np.array([math.nan])).counts == (0, 1)


def test_the_card_says_what_was_measured_and_is_the_same_again(trained) -> None:
    added = added_by(trained, {"record": (0, 1), "noise": (2,)})
    content = card_of(trained, added)
    assert json.loads(json.dumps(content)) == content
    assert content["held_out"]["rows"] == content["training"]["rows_held_out"] == 240
    assert {one["name"] for one in content["importances"][:2]} == {"amount", "age"}
    assert content["added_by_group"]["record"]["lost_without"] > 0.2
    assert abs(content["added_by_group"]["noise"]["lost_without"]) < 0.2
    assert [part["rows"] for part in content["periods"]] == [60] * 4
    page = card_page(content)
    assert content["model"][:12] in page
    assert "| amount |" in page
    assert "Not measured" not in page
    assert "Not measured" in card_page(card_of(trained))


def test_serving_a_model_loads_neither_lightgbm_nor_scikit_learn(trained, tmp_path) -> None:
    path = tmp_path / "model.json"
    path.write_bytes(write_model(trained.model))
    code = (
        "import sys, numpy\n"
        "from pathlib import Path\n"
        "from recoup.watch.model import read_model\n"
        f"model = read_model(Path({str(path)!r}).read_bytes())\n"
        "rows = numpy.ones((2, 3))\n"
        "model.probabilities(rows), model.contributions(rows)\n"
        "print(*sorted({'lightgbm', 'sklearn', 'scipy.optimize', 'numba'} & sys.modules.keys()))\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["numba"]  # which shows that the look finds what is loaded
