"""Stolen money over the rows of a shard is where the trail engine says it is: one index of rows for both.

The oracles are the engine and the plain index of `watch.stolen`. The controls are links and places broken on purpose.
"""

from __future__ import annotations

import random

import numpy as np
import pytest
from stolen_worlds import STREAM, Driven, engine, stream_world

from recoup.watch.state import Settings, Shard
from recoup.watch.state.kernels.words import BLOCK, DAY
from recoup.watch.stolen import (
    KNOWN,
    TERMINAL,
    Disputed,
    FlowRows,
    Payment,
    Refusal,
    Row,
    ShardRows,
    StolenFlow,
)


def lateness(world, chance: random.Random, most: int) -> dict[str, int]:
    return {claim.claim: chance.randrange(most) for claim in world.claims}


def assert_as_engine(seed: int, size: int = 40, features=STREAM | {"holds"}, **how) -> Driven:
    world, chance = stream_world(seed, size, features), random.Random(seed)
    late = how.pop("late", 60)
    driven = Driven(world, over_shard=True, **how).run(lateness(world, chance, late), chance)
    assert engine(world) == driven.outcome(), str(world)
    return driven


@pytest.mark.parametrize("seed", range(24))
def test_claims_are_where_the_engine_says_over_the_rows_of_a_shard(seed: int) -> None:
    assert_as_engine(seed, late=1 if seed % 3 == 0 else 60)


@pytest.mark.parametrize("seed", range(12))
def test_rows_that_are_no_longer_followed_leave_earlier_claims_where_they_are(seed: int) -> None:
    features = STREAM - {"reversals", "reversals_again", "refunds"} | {"holds"}
    driven = assert_as_engine(seed, 60, features, room=16, late=5)
    assert driven.flow.index.oldest > 0


@pytest.mark.parametrize("seed", range(8))
def test_both_indexes_hold_the_same_picture_to_the_last_byte(seed: int) -> None:
    world = stream_world(seed, 60)
    plain, over_shard = (Driven(world, over_shard=one).run() for one in (False, True))
    assert plain.told == over_shard.told
    assert plain.outcome() == over_shard.outcome()
    assert rows_of(plain) == rows_of(over_shard)


def rows_of(driven: Driven) -> list[Row]:
    """Rows without the places on axes of pockets whose debits are not followed: there they are only names."""
    index, found = driven.flow.index, []
    for number in range(index.oldest, index.newest + 1):
        row = index.row(number)
        is_followed = index.standing[row.payer] == 0, index.standing[row.payee] == 0
        found.append(
            row._replace(
                out=row.out if is_followed[0] else None, into=row.into if is_followed[1] else None
            )
        )
    return found


@pytest.mark.parametrize("seed", range(6))
def test_a_batch_is_booked_as_its_payments_one_by_one(seed: int) -> None:
    world = stream_world(seed, 60, STREAM)
    singly, batched = Driven(world, over_shard=True).run(), Driven(world, over_shard=True)
    rows = sorted(world.rows, key=lambda row: (row.time, row.sequence, row.id))
    for number, row in enumerate(row for row in rows if row.payer != row.payee):
        batched.numbers[row.id] = number
    half = len(rows) // 2
    for some in (rows[:half], rows[half:]):
        columns = np.array([batched.payment(row) for row in some], np.int64).reshape(-1, 5).T
        batched.flow.book_batch(*(np.ascontiguousarray(column) for column in columns))
        for claim in world.claims:
            if batched.numbers[claim.transfer] <= batched.flow.index.newest:
                batched.place(claim)
    assert singly.outcome() == batched.outcome()
    assert singly.flow.index.shard.snapshot() == batched.flow.index.shard.snapshot()


@pytest.mark.parametrize("seed", range(6))
def test_shard_and_stolen_money_restored_together_go_on_as_if_nothing_had_been(seed: int) -> None:
    world = stream_world(seed)
    straight, stopped, paid = (
        Driven(world, over_shard=True).run(),
        Driven(world, over_shard=True),
        [0],
    )
    book = stopped._pay

    def pay(row) -> None:
        paid[0] += 1
        if paid[0] % 7 == 0:
            index, kept = stopped.flow.index, stopped.flow.snapshot()
            shard = Shard.restore(index.shard.snapshot())
            stopped.flow = StolenFlow.restore(ShardRows(shard, index.standing), kept)
            assert kept == stopped.flow.snapshot()
        book(row)

    stopped._pay = pay
    stopped.run()
    assert paid[0] > 7
    assert straight.told == stopped.told
    assert straight.flow.snapshot() == stopped.flow.snapshot()
    assert straight.flow.index.shard.snapshot() == stopped.flow.index.shard.snapshot()


ACCOUNTS = 40


def long_traffic(count: int) -> np.ndarray:
    """Payments over fifty days among forty pockets, (5, n): time, payer, payee, amount, reverses."""
    chance = np.random.default_rng(11)
    time = np.sort(chance.integers(0, 50 * DAY, count))
    payer, payee = (chance.integers(-1, ACCOUNTS, count) for _ in range(2))
    amount = chance.integers(1, 500, count)
    return np.stack([time, payer, payee, amount, np.full(count, -1)])


def follow(index, columns: np.ndarray, cuts: int) -> StolenFlow:
    """Book everything; of every 1,000th payment a claim is placed a hundred payments later."""
    flow = StolenFlow(index)
    numbers = np.cumsum(columns[1] != columns[2]) - 1
    count = columns.shape[1]
    for begin in range(0, count, cuts):
        part = [np.ascontiguousarray(column[begin : begin + cuts]) for column in columns]
        told = flow.book_batch(*part)
        assert isinstance(told, tuple)
        at = begin - 100
        if at >= 0 and at % 1_000 == 0 and columns[1, at] != columns[2, at]:
            flow.place(
                "case",
                f"claim {at}",
                Disputed(int(numbers[at]), int(columns[2, at]), int(columns[3, at])),
            )
    return flow


def test_blocks_that_the_shard_drops_by_age_are_given_up_before() -> None:
    columns = long_traffic(12_000)
    opening = np.full(ACCOUNTS, 3_000)
    standing = np.array([KNOWN] * ACCOUNTS + [TERMINAL], np.uint8)
    shard = Shard(ACCOUNTS, Settings(retention_days=7))
    for pocket, minor in enumerate(opening.tolist()):
        shard.open(pocket, minor)
    dropped = follow(ShardRows(shard, standing), columns, 100)
    kept = follow(FlowRows(opening, standing.copy(), 20_000), columns, 100)
    assert dropped.index.oldest == shard.rows.start == 2 * BLOCK
    assert kept.index.oldest == 0
    labels = kept.pictures.facts.numbers
    assert labels == dropped.pictures.facts.numbers
    assert len(labels) > 8
    for case, claim in labels:
        assert kept.where(case, claim) == dropped.where(case, claim)


def test_rows_dropped_behind_its_back_are_found_out() -> None:
    """Negative control: whoever lets time pass in the shard without giving rows up before is stopped."""
    columns = long_traffic(12_000)
    shard = Shard(ACCOUNTS, Settings(retention_days=7))
    standing = np.array([KNOWN] * ACCOUNTS + [TERMINAL], np.uint8)
    flow = StolenFlow(ShardRows(shard, standing))
    flow.book_batch(*(np.ascontiguousarray(column[:9_000]) for column in columns))
    shard.advance(int(columns[0, 8_999]) + 20 * DAY)
    assert shard.rows.start > flow.index.oldest
    with pytest.raises(AssertionError, match="not given up"):
        list(flow.index.rows_after(0, 0, -1))


def test_a_payment_that_the_shard_would_not_take_changes_nothing() -> None:
    flow = StolenFlow(ShardRows(Shard(2), np.array([KNOWN, KNOWN, TERMINAL], np.uint8)))
    flow.book(Payment(0, 0, 1, 5))
    before = flow.snapshot(), flow.index.shard.snapshot()
    assert flow.book(Payment(400 * DAY, 0, 1, 5)) is Refusal.TIME_UNFIT
    assert before == (flow.snapshot(), flow.index.shard.snapshot())


def forget_last(self, pocket: int) -> list[int]:
    """A planted bug: the newest debit of a pocket is not found."""
    return chain_of(self, pocket)[:-1]


def one_place(self, number: int) -> Row | None:
    """A planted bug: all that comes into a pocket has one place."""
    row = row_of(self, number)
    return None if row is None else row._replace(into=0)


def nothing_held(self, time_us, payer, payee, amount, held):
    """A planted bug: what is held pays like the rest."""
    return append_of(self, time_us, payer, payee, amount, held * 0)


chain_of, row_of, append_of = ShardRows._chain, ShardRows.row, ShardRows.append


def play(seeds: range) -> None:
    for seed in seeds:
        assert_as_engine(seed)


@pytest.mark.parametrize(
    ("name", "wrong"), [("_chain", forget_last), ("row", one_place), ("append", nothing_held)]
)
def test_a_planted_bug_is_found(monkeypatch, name: str, wrong) -> None:
    monkeypatch.setattr(ShardRows, name, wrong)
    with pytest.raises((AssertionError, KeyError)):
        play(range(40))
