"""`recoup bench watch`: the state of the stream and its features, one thread; beside plain Python with the same windows.

What it stands for: a day's ten million payments among a million pockets, a few of which take part in very many, after two
weeks of traffic: every window is full and as much leaves it as comes in. Rates are of stretches of some ten thousand
payments; value is the best of them, because others' work can only make a stretch slower. Rates and snapshots go by the
thread's own processor time: while others have the processor nothing is counted. Nothing here is a test.
"""

from __future__ import annotations

import gc
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from time import perf_counter, perf_counter_ns, thread_time
from typing import Final

import numpy as np

from recoup.bench.machine import Machine, better, describe_machine
from recoup.bench.report import Report, Tell
from recoup.bench.rows import Row, resident_mb
from recoup.watch.features import FEATURES
from recoup.watch.state import Payments, Settings, Shard
from recoup.watching import Watch
from recoup.watching.columns import Columns
from recoup.watching.snapshots import restored, snapshot_of

_DAYS: Final = 15
_START: Final = 1_700_000_000_000_000
_DAY: Final = 86_400_000_000
_MEDIAN_FEN: Final = 50_000
_BATCH: Final = 1_024
_STRETCH: Final = 16
"""Batches that one rate is taken of."""
_TOUCHES: Final = 14
"""Random places of memory a payment: two pockets, three pairs, two pockets in four windows, one line each (the shortest window
is still in the cache)."""
_NAMED_BATCH: Final = 500
"""Payments of a batch, as over HTTP."""
_NAMED_TURNS: Final = 3
_SPANS: Final = tuple(x * 1_000_000 for x in (60, 3_600, 86_400, 5 * 86_400, 7 * 86_400))


@dataclass(frozen=True)
class Plan:
    """How much to measure."""

    payments: int = 10_000_000
    accounts: int = 1_000_000
    singles: int = 20_000
    """Payments that are given one by one."""
    plain: int = 100_000
    """Payments of the plain way."""
    accounts_many: int = 10_000_000
    """Pockets whose memory is measured."""
    seed: int = 1

    @classmethod
    def quick(cls, seed: int = 1) -> Plan:
        """Return a plan of some seconds, to see that the bench works; its figures say nothing."""
        return cls(300_000, 20_000, 500, 20_000, 50_000, seed)


def make_payments(plan: Plan) -> Payments:
    """Return the payments of a plan: payer and payee by the cube of a uniform number, lognormal amounts, 15 days."""
    chance = np.random.default_rng([plan.seed, 5])
    names = chance.permutation(plan.accounts).astype(np.int32)
    payer, payee = (
        names[(plan.accounts * chance.random(plan.payments) ** 3).astype(np.int32)]
        for _ in range(2)
    )
    same = payer == payee  # a payment to oneself becomes one to the next pocket
    payee[same] = (payee[same] + 1) % plan.accounts
    drawn = np.exp(chance.normal(np.log(_MEDIAN_FEN), 1.5, plan.payments))
    time = _START + np.sort(chance.integers(0, _DAYS * _DAY, plan.payments))
    return Payments.of(time, payer, payee, np.clip(drawn, 1, 10**9).astype(np.int64))


def _compile() -> Row:
    """Return how long the first use takes: kernels come from the disk after the first time ever."""
    begin = perf_counter()
    shard = Shard(2)
    shard.apply(Payments.of([_START], [0], [1], [1]), np.empty((1, len(FEATURES))))
    return Row("compile_seconds", perf_counter() - begin, "s", rss_mb=resident_mb())


def _rates(shard: Shard, payments: Payments, *, is_read: bool) -> list[float]:
    """Return M payments/s of each stretch."""
    matrix = np.empty((_BATCH, len(FEATURES))) if is_read else None
    rates = []
    for begin in range(0, len(payments) - _BATCH * _STRETCH + 1, _BATCH * _STRETCH):
        parts = [
            payments.part(at, at + _BATCH) for at in range(begin, begin + _BATCH * _STRETCH, _BATCH)
        ]
        start = thread_time()
        for part in parts:
            shard.apply(part, matrix)
        rates.append(len(parts) * _BATCH / (thread_time() - start) / 1e6)
    return rates


def _rate_row(name: str, rates: list[float], machine: Machine, baseline: float) -> Row:
    p50, p99 = (float(x) for x in np.percentile(rates, [50, 1]))
    limit = 1e3 / (_TOUCHES * machine.random_update_ns)
    best = max(rates)
    return Row(
        *(name, best, "M payments/s", p50, p99, baseline, best / baseline, best / limit),
        rss_mb=resident_mb(),
    )


def plain_rate(payments: Payments) -> float:
    """Return M payments/s of the windows alone in plain Python: a deque and two sums a pocket, direction and window."""
    columns = (payments.time_us, payments.payer, payments.payee, payments.amount_minor)
    rows = list(zip(*(column.tolist() for column in columns), strict=True))
    kept: dict[tuple[int, int], list[tuple[deque[tuple[int, int]], list[int]]]] = {}
    begin = thread_time()
    for time, payer, payee, amount in rows:
        for key in ((payer, 0), (payee, 1)):
            windows = kept.setdefault(key, [(deque(), [0, 0]) for _ in _SPANS])
            for span, (inside, sums) in zip(_SPANS, windows, strict=True):
                while inside and inside[0][0] <= time - span:
                    sums[0] -= 1
                    sums[1] -= inside.popleft()[1]
                inside.append((time, amount))
                sums[0] += 1
                sums[1] += amount
    return len(rows) / (thread_time() - begin) / 1e6


def _single(shard: Shard, payments: Payments) -> Row:
    """Return the microseconds of a call with one payment, features read and booked."""
    matrix = np.empty((1, len(FEATURES)))
    times = []
    for part in (payments.part(at, at + 1) for at in range(len(payments))):
        begin = perf_counter_ns()
        shard.apply(part, matrix)
        times.append((perf_counter_ns() - begin) / 1e3)
    p50, p99 = (float(x) for x in np.percentile(times, [50, 99]))
    return Row("batch_1", p50, "microseconds", p50, p99, rss_mb=resident_mb())


def _snapshots(shard: Shard) -> Iterator[Row]:
    """Yield how long a snapshot and a restore take; the restored shard gives the same bytes."""
    begin = thread_time()
    kept = shard.snapshot()
    yield Row("snapshot", thread_time() - begin, "s", rss_mb=resident_mb())
    begin = thread_time()
    restored = Shard.restore(kept)
    yield Row("restore", thread_time() - begin, "s", rss_mb=resident_mb())
    assert restored.snapshot() == kept, "a restored shard is the same"


def _memory(accounts: int) -> Row:
    """Return the gigabytes of so many pockets without rows; every page of them is written."""
    return Row("pockets_gb", Shard(accounts).bytes_count / 1e9, "GB", rss_mb=resident_mb())


def _named(count: int) -> Iterator[Row]:
    """Yield how long a whole watch is kept and brought back: so many accounts with names, and as many ids that are known."""
    watch = Watch(accounts_max=count + 2)
    names = [f"62{number:010}" for number in range(count)]
    payees = np.random.default_rng([count, 11]).permutation(count).tolist()
    for begin in range(0, count, _NAMED_BATCH):
        places = range(begin, min(begin + _NAMED_BATCH, count))
        columns = Columns(
            [f"payment-{at:012}" for at in places],
            _START + np.array(places, np.int64) * (_DAY // (2 * count)),
            [names[at] for at in places],
            [names[payees[at]] if payees[at] != at else "" for at in places],
            np.full(len(places), _MEDIAN_FEN, np.int64),
            ["CNY"] * len(places),
            np.zeros(len(places), np.int8),
        )
        watch.decide(columns)
    kept, other, times = b"", watch, dict[str, list[float]]()
    for _ in range(_NAMED_TURNS):
        begin_at = thread_time()
        kept = snapshot_of(watch)
        between = thread_time()
        other = restored(kept)
        times.setdefault("named_snapshot", []).append(between - begin_at)
        times.setdefault("named_restore", []).append(thread_time() - between)
    for name, some in times.items():
        p50, p99 = (float(x) for x in np.percentile(some, [50, 99]))
        yield Row(name, min(some), "s", p50, p99, rss_mb=resident_mb())
    yield Row("named_snapshot_gb", len(kept) / 1e9, "GB", rss_mb=resident_mb())
    assert snapshot_of(other) == kept, "a restored watch is the same"


def bench_watch(plan: Plan, tell: Tell = lambda _: None) -> Report:
    """Measure everything of the plan; `tell` hears what is being done."""
    tell("the machine's own limits")
    machine = describe_machine(plan.accounts)
    rows = [_compile()]
    tell("payments")
    payments = make_payments(plan)
    tell("plain Python")
    plain = plain_rate(payments.part(0, plan.plain))
    shard = Shard(plan.accounts, Settings())
    ends = [0, *(len(payments) * part // 100 for part in (60, 80)), len(payments) - plan.singles]
    tell("two weeks of traffic")
    shard.apply(payments.part(ends[0], ends[1]))
    shard.make_room(len(payments) - ends[1])
    machine = better(machine, describe_machine(plan.accounts))
    tell("state and features")
    read = _rates(shard, payments.part(ends[1], ends[2]), is_read=True)
    rows.append(_rate_row("state_and_features", read, machine, plain))
    booked = _rates(shard, payments.part(ends[2], ends[3]), is_read=False)
    rows.append(_rate_row("state_only", booked, machine, plain))
    tell("one by one")
    rows.append(_single(shard, payments.part(ends[3], len(payments))))
    rows.append(Row("rows_gb", len(shard.rows) * 48 / 1e9, "GB", rss_mb=resident_mb()))
    tell("snapshots")
    rows += _snapshots(shard)
    del shard, payments
    gc.collect()
    tell("a whole watch with names")
    rows += _named(plan.accounts)
    gc.collect()
    tell("many pockets")
    rows.append(_memory(plan.accounts_many))
    return Report(machine, tuple(rows))


__all__ = ["Plan", "bench_watch", "make_payments", "plain_rate"]
