"""The stream's state against its slow twin: features, outcomes, rows; causality, batches, snapshots, each with a control."""

from __future__ import annotations

import random
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twin_stream import DAY, SECOND, Twin, bits

from recoup.errors import StateFault, StateProblem
from recoup.watch.features import FEATURES, Unit
from recoup.watch.state import SPAN, Outcome, Payments, Settings, Shard, Told

SETTINGS = Settings(
    late_seconds=100,
    retention_days=7,
    zone=((0, 28_800), (1_700_000_000_000_000 + 40 * DAY, -3_600)),
    limits_minor=(50_000, 200_000),
    small_minor=100,
    times_larger=50,
)
ACCOUNTS = 5
START = 1_700_000_000_000_000
GAPS = st.sampled_from(
    [
        *(0, 0, 1, SECOND, 29 * SECOND, 60 * SECOND, 60 * SECOND - 1, 3_600 * SECOND, DAY, DAY - 1),
        *(2 * DAY, 5 * DAY, 7 * DAY, 8 * DAY, 33 * DAY, 90 * DAY, 365 * DAY),
        *(-50 * SECOND, -101 * SECOND, 367 * DAY),
    ]
)
AMOUNTS = st.sampled_from(
    [
        *(1, 2, 99, 100, 101, 5_000, 10_000, 47_500, 49_999, 50_000, 195_000, 10**9, 2**50),
        *(0, -5, 2**50 + 1),
    ]
)
NUMBERS = st.integers(-1, ACCOUNTS)
PAYMENT = st.tuples(st.just("pay"), GAPS, NUMBERS, NUMBERS, AMOUNTS, st.integers(-1, 10))
PLAIN = st.tuples(
    st.just("pay"), GAPS, st.integers(0, 2), st.integers(0, 2), AMOUNTS, st.integers(0, 9)
)
ELSEWHERE = st.tuples(
    st.sampled_from(["debit", "credit"]), GAPS, NUMBERS, st.integers(-1, 90), AMOUNTS, st.just(0)
)
TOLD = st.tuples(
    st.sampled_from(["reports", "markers"]), GAPS, st.integers(0, ACCOUNTS - 1), *[st.just(0)] * 3
)
STOLEN = st.tuples(
    st.just("stolen"), st.just(0), st.integers(0, ACCOUNTS - 1), st.just(0), AMOUNTS, st.just(0)
)
STEPS = st.lists(st.one_of(PLAIN, PLAIN, PLAIN, PAYMENT, ELSEWHERE, TOLD, STOLEN), max_size=25)
SIDES = {"pay": ("out", "in"), "debit": ("out",), "credit": ("in",)}
NAMES = [feature.name for feature in FEATURES]


def play(shard: Shard, twin: Twin, steps, see) -> None:
    """Take the same steps with both; `see` hears of each payment what both say."""
    clock = START
    for what, gap, first, second, amount, kind in steps:
        time = clock + gap
        if what in SIDES:
            payer, payee = (second, first) if what == "credit" else (first, second)
            matrix = np.zeros((1, len(FEATURES)))
            way = {"pay": shard.apply, "debit": shard.debit, "credit": shard.credit}[what]
            payment = Payments.of([time], [payer], [payee], [amount], [kind])
            outcome = Outcome(way(payment, matrix)[0])
            see(outcome, matrix[0], *twin.pay(time, payer, payee, amount, kind, SIDES[what]))
        elif what == "stolen":
            shard.mark_stolen(first, abs(amount))
            twin.stolen[first] = abs(amount)
            continue
        else:
            kind_of = Told.REPORT if what == "reports" else Told.MARKER
            assert shard.report(first, time, kind_of) == twin.report(first, time, what)
        clock = clock if twin.clock is None else twin.clock


def agree(outcome, row, wanted_outcome, wanted) -> None:
    assert outcome == wanted_outcome
    if wanted is None:
        assert np.isnan(row).all()
        return
    assert sorted(NAMES) == sorted(wanted)
    found = dict(zip(NAMES, row.tolist(), strict=True))
    differ = {n: (found[n], wanted[n]) for n in NAMES if bits(found[n]) != bits(float(wanted[n]))}
    assert not differ


@settings(max_examples=150)
@given(STEPS, st.lists(st.sampled_from([0, 0, 700, 10**6]), min_size=ACCOUNTS, max_size=ACCOUNTS))
def test_features_and_outcomes_are_those_of_the_twin_to_the_last_bit(steps, openings):
    shard, twin = Shard(ACCOUNTS, SETTINGS), Twin(ACCOUNTS, SETTINGS)
    for number, minor in enumerate(openings):
        if minor:
            shard.open(number, minor, START - 400 * DAY)
            twin.openings[number] = (minor, START - 400 * DAY, START - 400 * DAY)
    play(shard, twin, steps, agree)
    for number in range(ACCOUNTS):
        p, shown = twin.replay(number), shard.peek([number])[0]
        assert (p.into, p.out) == (shown["flow_in"], shown["flow_out"])


def many(seed: int, count: int, accounts: int = 40, days: float = 20.0) -> Payments:
    """Return payments in order of time, some of which are refused."""
    chance = np.random.default_rng(seed)
    names = (accounts * chance.random((2, count)) ** 2).astype(np.int32)
    amount = np.exp(chance.normal(6, 3, count)).astype(np.int64)  # some are 0
    time = START + np.sort(chance.integers(0, int(days * DAY), count))
    return Payments.of(time, *names, amount)


def test_long_traffic_agrees_with_the_twin_and_moves_every_feature():
    chance = random.Random(4)
    gaps = [0, SECOND, 40 * SECOND, 900 * SECOND, 5 * 3_600 * SECOND, DAY, 4 * DAY, 50 * DAY]
    amounts = [60, 99, 5_000, 5_050, 10_000, 48_000, 199_000, 10**7]
    steps = []
    for _ in range(220):
        what = chance.choices(["pay", "reports", "markers", "stolen"], [90, 2, 2, 2])[0]
        gap = chance.choices(gaps, [8, 8, 8, 8, 8, 4, 2, 1])[0]
        pair = chance.choice(
            [(0, 1), (1, 0), (2, chance.randrange(200)), (chance.randrange(200), 2)]
        )
        pair = pair if what == "pay" else (chance.randrange(3), 0)
        amount = chance.choice(amounts)
        steps.append((what, gap, *pair, amount, chance.randrange(10)))
    seen = []

    def look(outcome, row, wanted_outcome, wanted):
        agree(outcome, row, wanted_outcome, wanted)
        seen.append(row)

    play(Shard(200, SETTINGS), Twin(200, SETTINGS), steps, look)
    still = [
        name for name, column in zip(NAMES, np.array(seen).T, strict=True) if len(set(column)) < 3
    ]
    flags = {f.name for f in FEATURES if f.unit is Unit.FLAG}
    assert set(still) <= flags
    assert all(len(set(np.array(seen)[:, NAMES.index(name)])) >= 2 for name in flags)


def test_a_twin_whose_window_is_a_microsecond_longer_is_found_out(monkeypatch):
    """Negative control."""
    import twin_stream

    monkeypatch.setitem(twin_stream.SPANS, "1m", 60 * SECOND + 1)
    steps = [("pay", gap, 0, 1, 500, 0) for gap in (0, 60 * SECOND)]
    with pytest.raises(AssertionError, match="out_count_1m"):
        play(Shard(2, SETTINGS), Twin(2, SETTINGS), steps, agree)


def features_of(
    payments: Payments, cuts: list[int], shard: Shard | None = None
) -> tuple[Shard, bytes]:
    shard = shard or Shard(40, SETTINGS)
    matrix = np.empty((len(payments), len(FEATURES)))
    ends = [0, *sorted(cuts), len(payments)]
    for begin, end in pairwise(ends):
        shard.apply(payments.part(begin, end), matrix[begin:end])
    return shard, matrix.tobytes()


@settings(max_examples=25)
@given(st.integers(0, 10**6), st.lists(st.integers(0, 400), max_size=8))
def test_batches_of_any_size_give_the_same_bits(seed, cuts):
    payments = many(seed, 400)
    whole, features = features_of(payments, [])
    parts, same = features_of(payments, cuts)
    assert features == same
    assert whole.snapshot() == parts.snapshot()


def test_batches_of_one_give_the_same_bits():
    payments = many(5, 300)
    whole, features = features_of(payments, [])
    parts, same = features_of(payments, list(range(300)))
    assert features == same
    assert whole.snapshot() == parts.snapshot()


def test_another_order_of_two_payments_gives_other_bits():
    """Negative control: the comparison sees one payment out of place."""
    payments = many(5, 300)
    swapped = payments.part(0, 300)
    order = np.arange(300)
    order[[150, 151]] = [151, 150]
    amounts = payments.amount_minor[order]
    swapped = Payments.of(payments.time_us, payments.payer, payments.payee, amounts)
    assert features_of(payments, [])[1] != features_of(swapped, [])[1]


@settings(max_examples=25)
@given(st.integers(0, 10**6), st.integers(1, 299), st.integers(0, 10**6))
def test_no_feature_changes_with_what_comes_after(seed, until, other_seed):
    payments, others = many(seed, 300), many(other_seed, 300)
    later = Payments.of(
        *(
            np.concatenate([a[:until], b[until:]])
            for a, b in (
                (payments.time_us, np.maximum(others.time_us, payments.time_us[until])),
                (payments.payer, others.payer),
                (payments.payee, others.payee),
                (payments.amount_minor, others.amount_minor),
            )
        )
    )
    width = 8 * len(FEATURES)
    first, second = features_of(payments, [])[1], features_of(later, [])[1]
    assert first[: width * until] == second[: width * until]
    assert seed == other_seed or first != second


@settings(max_examples=20)
@given(st.integers(0, 10**6), st.integers(0, 300), st.booleans())
def test_a_snapshot_and_the_rest_of_the_payments_give_the_same_bits(seed, at, is_reported):
    payments = many(seed, 300)
    shard, _ = features_of(payments.part(0, at), [])
    if is_reported and at:
        shard.report(7, shard.clock)
        shard.report(8, shard.clock, Told.MARKER)
        shard.mark_stolen(9, 5)
    restored = Shard.restore(shard.snapshot())
    assert restored.settings == shard.settings
    rest = payments.part(at, 300)
    assert features_of(rest, [], restored)[1] == features_of(rest, [], shard)[1]
    assert restored.snapshot() == shard.snapshot()


def test_a_snapshot_of_one_payment_fewer_gives_other_bits():
    """Negative control."""
    payments = many(1, 300)
    shard, _ = features_of(payments.part(0, 200), [])
    earlier, _ = features_of(payments.part(0, 199), [])
    rest = payments.part(200, 300)
    assert features_of(rest, [], earlier)[1] != features_of(rest, [], shard)[1]


@settings(max_examples=40)
@given(STEPS, st.integers(0, ACCOUNTS - 1), st.integers(0, 60_000), st.integers(1, 10**10))
def test_later_movements_of_old_money_are_those_of_the_twin(steps, pocket, low, size):
    shard, twin = Shard(ACCOUNTS, SETTINGS), Twin(ACCOUNTS, SETTINGS)
    play(shard, twin, steps, lambda *_: None)
    later = shard.expand(np.array([(pocket, low, low + size)], SPAN))
    found = [(int(m["number"]), int(m["low"]), int(m["high"])) for m in later.moves]
    assert found == twin.expand(pocket, low, low + size)
    assert (later.forgotten["low"] == later.forgotten["high"]).all()
    for move in later.moves:
        row = twin.rows[move["number"]]
        assert move["payee"] == row.payee
        assert move["is_here"] == row.has_payee


@pytest.mark.parametrize("at", [0, 5, 20, 60, -33, -1])
def test_a_snapshot_with_one_bit_turned_is_refused(at):
    given_bytes = bytearray(features_of(many(2, 100), [])[0].snapshot())
    given_bytes[at] ^= 1
    with pytest.raises(StateFault) as refused:
        Shard.restore(bytes(given_bytes))
    problems = {StateProblem.SNAPSHOT_DAMAGED, StateProblem.SNAPSHOT_FOREIGN}
    assert refused.value.problem in problems
