"""`recoup bench stolen`: what knowing stolen money costs a payment, on one thread. Not a test.

What it stands for: one bank's stream. Payments run among accounts at random, some are taken back, a few of many are stolen.
The same payments are booked with no claim open, then with many; the difference is what the claims cost. Each payment by itself
is timed from Python, so some microseconds of calling are in every p50.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter_ns

import numpy as np
import numpy.typing as npt

from recoup.bench.machine import describe_machine
from recoup.bench.report import Report, Tell
from recoup.bench.rows import Row, resident_mb
from recoup.watch.stolen import (
    TERMINAL,
    Disputed,
    FlowRows,
    Payment,
    StolenFlow,
    Tiding,
    Whereabouts,
)

I64 = npt.NDArray[np.int64]
_CASH_SHARE = 0.1
"""Share of payments that come from the outside, and as many that go there."""


@dataclass(frozen=True)
class Plan:
    """How much to measure."""

    payments: int = 2_000_000
    accounts: int = 200_000
    claims: int = 1_000
    reversals: int = 2_000
    singles: int = 20_000
    seed: int = 1

    @classmethod
    def quick(cls) -> Plan:
        """Return a plan of a moment, to see that the bench works; its figures say nothing."""
        return cls(4_000, 300, 20, 10, 500)


@dataclass(frozen=True)
class _Columns:
    """Payments column by column, as a batch is booked."""

    time_us: I64
    payer: I64
    payee: I64
    amount: I64
    reverses: I64

    def part(self, start: int, stop: int) -> tuple[I64, I64, I64, I64, I64]:
        """Return the columns of payments [start, stop)."""
        columns = (self.time_us, self.payer, self.payee, self.amount, self.reverses)
        a, b, c, d, e = (column[start:stop] for column in columns)
        return a, b, c, d, e


def bench_stolen(plan: Plan, tell: Tell) -> Report:
    """Return the rows: batches and single payments without and with stolen money, enforcing, and placing claims late."""
    columns = _columns(plan)
    half = plan.payments // 2
    tell("booking without a claim")
    _booked(plan, columns, 0, half // 100)  # compiles
    plain, plain_rate = _booked(plan, columns, 0, half)
    tell("placing claims late")
    flow = _booked(plan, columns, 0, half)[0]
    placed = _placed(plan, columns, flow, half)
    tell("booking with claims open")
    singles = range(half, half + plan.singles)
    alone = _singly(plain, columns, singles)
    stolen = _singly(flow, columns, singles)
    rate = _rate(flow, columns, half + plan.singles, plan.payments)
    before = _rate(plain, columns, half + plan.singles, plan.payments)
    moved = [time for time, told in stolen if told]
    enforced = _enforced(flow, columns, plan.singles)
    rows = (
        Row("payments_plain", plain_rate, "1/s", rss_mb=resident_mb()),
        Row("payments_plain_later", before, "1/s"),
        Row("payments_with_claims", rate, "1/s"),
        _times("payment_plain", [time for time, _ in alone]),
        _times("payment_with_claims", [time for time, _ in stolen]),
        _times("payment_that_moves_stolen_money", moved or [0]),
        _times("enforce", enforced),
        _times("place_late", placed),
    )
    return Report(describe_machine(), rows)


def _columns(plan: Plan) -> _Columns:
    """Return seeded payments; a reversal takes back an earlier one, wholly."""
    source = np.random.default_rng(plan.seed)
    count = plan.payments
    payer, payee = source.integers(0, plan.accounts, (2, count))
    cash = source.random(count)
    payer[cash < _CASH_SHARE] = -1
    payee[cash > 1 - _CASH_SHARE] = -1
    payee[payer == payee] = -1
    amount = source.integers(1, 100_000, count)
    reverses = np.full(count, -1, np.int64)
    late = np.sort(source.choice(np.arange(count // 4, count), plan.reversals, replace=False))
    early = source.choice(count // 4, plan.reversals, replace=False)
    payer[late], payee[late], amount[late] = payee[early], payer[early], amount[early]
    reverses[late] = early  # nothing is paid to oneself, so a payment's place is its row
    time_us = np.arange(count, dtype=np.int64) * 1_000
    return _Columns(time_us, payer, payee, amount, reverses)


def _flow(plan: Plan) -> StolenFlow:
    standing = np.zeros(plan.accounts + 1, np.uint8)
    standing[-1] = TERMINAL
    openings = np.full(plan.accounts, 50_000, np.int64)
    return StolenFlow(FlowRows(openings, standing, plan.payments), catch_us=86_400_000_000)


def _rate(flow: StolenFlow, columns: _Columns, start: int, stop: int) -> float:
    """Return payments a second, in batches of 1,024."""
    begin = perf_counter_ns()
    for at in range(start, stop, 1_024):
        flow.book_batch(*columns.part(at, min(stop, at + 1_024)))
    return (stop - start) / (perf_counter_ns() - begin) * 1e9


def _booked(plan: Plan, columns: _Columns, start: int, stop: int) -> tuple[StolenFlow, float]:
    flow = _flow(plan)
    rate = _rate(flow, columns, start, stop)
    return flow, rate


def _timed(act: Callable[[], object]) -> tuple[int, object]:
    begin = perf_counter_ns()
    found = act()
    return perf_counter_ns() - begin, found


def _placed(plan: Plan, columns: _Columns, flow: StolenFlow, booked: int) -> list[int]:
    """Place claims on payments that were booked at any time; return nanoseconds of each."""
    source = np.random.default_rng(plan.seed + 1)
    times: list[int] = []
    for number, row in enumerate(source.choice(booked, plan.claims, replace=False).tolist()):
        at = Disputed(row, int(columns.payee[row]), int(columns.amount[row]))
        case = f"case{number % 100}"
        time, found = _timed(lambda case=case, row=row, at=at: flow.place(case, f"c{row}", at))  # type: ignore[misc]
        assert isinstance(found, Whereabouts), found
        times.append(time)
    return times


def _singly(
    flow: StolenFlow, columns: _Columns, some: range
) -> list[tuple[int, tuple[Tiding, ...]]]:
    """Book payments one by one; return nanoseconds of each and what it told."""
    out: list[tuple[int, tuple[Tiding, ...]]] = []
    for at in some:
        part = columns.part(at, at + 1)
        begin = perf_counter_ns()
        told = flow.book_batch(*part)
        time = perf_counter_ns() - begin
        assert isinstance(told, tuple), told
        out.append((time, told))
    return out


def _enforced(flow: StolenFlow, columns: _Columns, count: int) -> list[int]:
    """Ask what orders say of payments; return nanoseconds of each."""
    now = flow.time_us
    times: list[int] = []
    for at in range(count):
        payment = Payment(now, int(columns.payer[at]), int(columns.payee[at]), 1)
        times.append(_timed(lambda payment=payment: flow.enforce(payment))[0])  # type: ignore[misc]
    return times


def _times(name: str, nanoseconds: list[int]) -> Row:
    p50, p99 = (float(x) / 1_000 for x in np.percentile(nanoseconds, [50, 99]))
    return Row(name, float(np.mean(nanoseconds)) / 1_000, "us", p50, p99)


__all__ = ["Plan", "bench_stolen"]
