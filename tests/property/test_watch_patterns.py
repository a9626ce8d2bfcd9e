"""Patterns of payments against their slow twin; causality; measures of accounts and delayed labels against plain counting."""

from __future__ import annotations

import random
from itertools import pairwise, permutations

import numpy as np
import pytest
from patterns_twin import DAY, Twin
from scipy import sparse

from recoup.errors import StateFault
from recoup.watch.features.feature import Side
from recoup.watch.patterns import (
    ACCOUNT_MEASURES,
    PATTERN_FEATURES,
    Accounts,
    Patterns,
    accounts_linked,
    cross_scores,
    folds_of,
    measure_accounts,
    risk_features,
    side_risk,
)
from recoup.watch.patterns.crossval import ACCOUNT_PARAMETERS, _first_scores
from recoup.watch.state import Payments

COLUMN = {feature.name: at for at, feature in enumerate(PATTERN_FEATURES)}
MEASURE = {measure.name: at for at, measure in enumerate(ACCOUNT_MEASURES)}
POCKETS = 7


def world(seed: int, count: int = 80) -> Payments:
    """Few pockets and few amounts, so that chains, cycles and full rings are common; some sides are outside."""
    chance = random.Random(seed)
    now, rows = 0, []
    for _ in range(count):
        now += chance.choice([0, 60_000_000, DAY // 3, DAY, 3 * DAY])
        payer, payee = chance.sample(range(-1, POCKETS), 2)
        rows.append(
            (now, payer, payee, chance.choice([1000, 990, 850, 700, 500]) + chance.randrange(9))
        )
    return Payments.of(*(np.array(column) for column in zip(*rows, strict=True)))


def read_by_twin(payments: Payments, kept: int) -> np.ndarray:
    twin, found = Twin(POCKETS, kept), []
    names = ("time_us", "payer", "payee", "amount_minor")
    for row in zip(*(getattr(payments, name).tolist() for name in names), strict=True):
        found.append(twin.read(*row))
        twin.book(*row)
    return np.array(found)


@pytest.mark.parametrize("kept", [1, 4, 32])
def test_features_of_patterns_are_those_of_the_slow_twin(kept: int) -> None:
    met = np.zeros(len(PATTERN_FEATURES), np.bool_)
    for seed in range(25):
        payments = world(seed)
        found = Patterns(POCKETS, kept).apply(payments)
        np.testing.assert_array_equal(read_by_twin(payments, kept), found)
        met |= (found > 0).any(axis=0)
    if kept > 4:
        assert met.all(), [
            one.name for one, seen in zip(PATTERN_FEATURES, met, strict=True) if not seen
        ]


BORDERS = (DAY, 7 * DAY, 10 * DAY, 30 * DAY, 90 * DAY, DAY // 2, DAY - 180_000_000, 180_000_000)


def test_every_border_of_time_and_amount_lies_where_the_twin_has_it() -> None:
    """Ages one microsecond to each side of a window's end and of whole days, amounts at 80, 98 and 102 %, long rests."""
    for seed in range(25):
        chance, now, rows = random.Random(seed), 0, []
        for _ in range(60):
            days = chance.choice([0, 0, 0, 1, 5, 80])
            now += days * DAY + chance.choice(BORDERS) + chance.choice([-1, 0, 1])
            payer, payee = chance.sample(range(3), 2)
            rows.append((now, payer, payee, chance.choice([799, 800, 980, 1000, 1020, 1021, 3])))
        payments = Payments.of(*(np.array(column) for column in zip(*rows, strict=True)))
        expected = read_by_twin(payments, 8)
        np.testing.assert_array_equal(expected, Patterns(POCKETS, 8).apply(payments))


def test_what_comes_later_changes_no_feature() -> None:
    payments = world(3)
    whole = Patterns(POCKETS).apply(payments)
    for cut in (1, 20, 60):
        np.testing.assert_array_equal(whole[:cut], Patterns(POCKETS).apply(payments.part(0, cut)))
    other = world(4)
    assert not np.array_equal(whole[:60], Patterns(POCKETS).apply(other)[:60])  # the control


def test_batches_of_any_size_read_the_same() -> None:
    payments, parts = world(5), Patterns(POCKETS)
    found = [parts.apply(payments.part(at, at + 7)) for at in range(0, len(payments), 7)]
    np.testing.assert_array_equal(Patterns(POCKETS).apply(payments), np.concatenate(found))


def test_a_chain_that_closes_and_one_that_gathers_are_seen() -> None:
    hour = 3_600_000_000
    around = Payments.of([0, hour, 2 * hour], [0, 1, 2], [1, 2, 0], [1000, 980, 960])
    last = Patterns(3).apply(around)[2]
    assert (last[COLUMN["payment_chain_closes"]], last[COLUMN["payment_cycle_hops"]]) == (1, 2)
    assert last[COLUMN["payment_chain_hops"]] == 2
    assert last[COLUMN["payment_chain_kept"]] == 0.96
    gathers = Payments.of([0, 1, hour, hour + 1], [0, 0, 1, 2], [1, 2, 3, 3], [1000, 700, 990, 690])
    assert Patterns(4).apply(gathers)[3][COLUMN["payee_origin_count"]] == 1


def test_wrong_payments_are_refused_and_book_nothing() -> None:
    patterns = Patterns(2)
    for payer, payee, amount in ((0, 2, 5), (-2, 1, 5), (0, 1, 0), (0, 1, -5), (0, 1, 2**62)):
        with pytest.raises(StateFault):
            patterns.apply(Payments.of([0, 1], [0, payer], [1, payee], [5, amount]))
    for times in ([1, 0], [0, 2**62]):
        with pytest.raises(StateFault):
            patterns.apply(Payments.of(times, [0, 0], [1, 1], [5, 5]))
    assert patterns.graph.total.sum() == 0
    patterns.apply(Payments.of([7], [0], [1], [5]))
    with pytest.raises(StateFault):
        patterns.apply(Payments.of([6], [0], [1], [5]))
    assert patterns.graph.total.sum() == 2
    with pytest.raises(StateFault):
        Patterns(2, kept=3)


# -- measures of whole accounts


def test_measures_of_accounts_are_what_plain_counting_says() -> None:
    for seed in range(5):
        payments = world(seed)
        until = int(payments.time_us[60])
        found = measure_accounts(payments, POCKETS, until)
        rows = [
            (time, payer, payee, amount)
            for time, payer, payee, amount in zip(
                payments.time_us.tolist(),
                payments.payer.tolist(),
                payments.payee.tolist(),
                payments.amount_minor.tolist(),
                strict=True,
            )
            if time < until
        ]
        inner = [row for row in rows if row[1] >= 0 and row[2] >= 0]
        for account in range(POCKETS):
            own = found[account]
            outs = [row for row in inner if row[1] == account]
            assert own[MEASURE["out_count"]] == len(outs)
            assert own[MEASURE["in_sum"]] == sum(row[3] for row in inner if row[2] == account)
            most = max(
                (len({x[2] for x in outs if row[0] - 7 * DAY < x[0] <= row[0]}) for row in outs),
                default=0,
            )
            assert own[MEASURE["out_payees_7d"]] == most
            spent = [row[3] for row in rows if row[1] == account and row[2] < 0]
            assert own[MEASURE["to_outside_sum"]] == sum(spent)


def test_ways_back_are_those_that_are_counted_one_by_one() -> None:
    payments = world(11, 30)
    until = int(payments.time_us[-1]) + 1
    paid = accounts_linked(payments, POCKETS, until).toarray()
    steps = paid / np.maximum(paid.sum(1, keepdims=True), 1)
    found = measure_accounts(payments, POCKETS, until)
    for length in (2, 3):  # ways this short pass no account twice
        for account in range(POCKETS):
            others = [one for one in range(POCKETS) if one != account]
            back = 0.0
            for way in permutations(others, length - 1):
                stops = [account, *way, account]
                back += np.prod([steps[a, b] for a, b in pairwise(stops)])
            assert found[account, MEASURE[f"cycle_{length}_walk"]] == pytest.approx(back)


def test_what_comes_after_the_instant_changes_no_measure() -> None:
    payments = world(6)
    until = int(payments.time_us[50])
    cut = int(np.searchsorted(payments.time_us, until))
    whole = measure_accounts(payments, POCKETS, until)
    np.testing.assert_array_equal(whole, measure_accounts(payments.part(0, cut), POCKETS, until))
    assert not np.array_equal(
        whole, measure_accounts(payments, POCKETS, until + 20 * DAY), equal_nan=True
    )


# -- labels


def test_labels_of_accounts_held_out_reach_no_first_score() -> None:
    chance = np.random.default_rng(1)
    payments = world(7, 200)
    matrix = np.repeat(measure_accounts(payments, POCKETS, 10**18), 40, axis=0)
    matrix = matrix + chance.normal(size=matrix.shape)
    labels = chance.random(len(matrix)) < 0.3
    learns = folds_of(labels, 5, np.random.default_rng(1)) != 0
    accounts = Accounts(matrix, sparse.csr_matrix((len(labels),) * 2), labels)
    first = _first_scores(accounts, learns, ACCOUNT_PARAMETERS, np.random.default_rng)
    other = Accounts(matrix, accounts.paid, np.where(learns, labels, ~labels))
    np.testing.assert_array_equal(
        first, _first_scores(other, learns, ACCOUNT_PARAMETERS, np.random.default_rng)
    )
    known = Accounts(matrix, accounts.paid, np.where(learns, ~labels, labels))
    inner = np.flatnonzero(learns)[:30]
    known.labels[np.flatnonzero(learns)[30:]] = labels[np.flatnonzero(learns)[30:]]
    assert not np.array_equal(
        first[inner], _first_scores(known, learns, ACCOUNT_PARAMETERS, np.random.default_rng)[inner]
    )


def test_scores_in_folds_are_the_same_for_the_same_seed() -> None:
    chance = np.random.default_rng(2)
    labels = chance.random(200) < 0.3
    matrix = np.column_stack([labels + chance.normal(size=200), chance.normal(size=200)])
    accounts = Accounts(matrix, sparse.random(200, 200, 0.02, "csr", random_state=1), labels)
    first = cross_scores(accounts, 4, 5, np.random.default_rng, stages=1)
    np.testing.assert_array_equal(
        first, cross_scores(accounts, 4, 5, np.random.default_rng, stages=1)
    )
    assert first[labels].mean() > first[~labels].mean()


def test_folds_share_out_either_label() -> None:
    labels = np.arange(103) < 11
    fold = folds_of(labels, 5, np.random.default_rng(3))
    for label in (True, False):
        counts = np.bincount(fold[labels == label], minlength=5)
        assert counts.max() - counts.min() <= 1


def test_a_label_is_not_read_before_its_delay_is_over() -> None:
    chance = np.random.default_rng(4)
    time = np.sort(chance.integers(0, 60 * DAY, 400))
    keys, amount = chance.integers(0, 6, 400), chance.integers(0, 900, 400)
    labels = chance.random(400) < 0.2
    delay = 7 * DAY
    found = side_risk(keys, time, amount, labels, delay)
    names = [feature.name for feature in risk_features(Side.PAYEE)]
    assert found.shape == (400, len(names))
    for at in (50, 200, 399):
        unknown = time > time[at] - delay
        flipped = side_risk(keys, time, amount, np.where(unknown, ~labels, labels), delay)
        np.testing.assert_array_equal(found[at], flipped[at])
        known = side_risk(keys, time, amount, ~labels, delay)
        assert not np.array_equal(found[at], known[at], equal_nan=True)  # the control
        told = (keys == keys[at]) & (time <= time[at] - delay) & (time > time[at] - delay - 7 * DAY)
        told &= np.arange(400) < at
        assert found[at, names.index("payee_side_known_7d")] == told.sum()
        assert found[at, names.index("payee_side_fraud_count_7d")] == labels[told].sum()
        late = (keys == keys[at]) & (time > time[at] - DAY) & (np.arange(400) < at)
        assert found[at, names.index("payee_side_count_24h")] == late.sum()
