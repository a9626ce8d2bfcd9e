"""`recoup bench returns`: awards of many claims over many pots, on one thread, with and without following money. Not a test.

What it stands for: a country's worth of small claims against one network of accounts. Every claim pays into one of as many
first accounts as there are pots; half of it goes on to a pot; own money of holders is mixed in, and part of what the pots
have is withdrawn.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl

from recoup.bench.machine import describe_machine
from recoup.bench.report import Report, Tell
from recoup.bench.rows import Row, resident_mb, times_of
from recoup.reading.return_policies import read_return_policy
from recoup.records import tables
from recoup.records.dossier import Dossier
from recoup.returning import worked_out
from recoup.returns import PAID, Place, Pot, build_case, plan_awards
from recoup.tracing import transfers_frame

_START = datetime(2026, 1, 5, tzinfo=UTC)


@dataclass(frozen=True)
class Plan:
    """How much to measure."""

    claims: int = 100_000
    pots: int = 10_000
    rounds: int = 3
    seed: int = 1

    @classmethod
    def quick(cls) -> Plan:
        """Return a plan of a moment, to see that the bench works; its figures say nothing."""
        return cls(claims=400, pots=40, rounds=1)


def bench_returns(plan: Plan, tell: Tell) -> Report:
    """Return the rows: planning the awards of a traced case, and tracing it as well."""
    tell("making a case")
    policy = read_return_policy("cn-2016")
    dossier, claims, pots = _made(plan)
    case = build_case(dossier, claims, pl.DataFrame(schema=PAID), pots)
    assert not case.problems, "the pots are what the ledger leaves"
    tell("following the money and sharing out")
    traced = worked_out(case, policy).traced
    whole = times_of(lambda: worked_out(case, policy), plan.rounds)
    tell("sharing out")
    awards = times_of(lambda: plan_awards(case.pots, case.claims, traced, policy), plan.rounds)
    rows = (_row("awards", awards), _row("awards_with_trail", whole))
    return Report(describe_machine(), rows)


def _row(name: str, times: Sequence[float]) -> Row:
    p50, p99 = (float(x) for x in np.percentile(times, [50, 99]))
    return Row(name, min(times), "s", p50, p99, rss_mb=resident_mb())


def _made(plan: Plan) -> tuple[Dossier, pl.DataFrame, list[Pot]]:
    """Return a ledger, its claims, and as pots what is left in the last accounts."""
    source = random.Random(plan.seed)
    rows: list[tuple[datetime, str, str, int]] = []
    disputed: list[int] = []
    for number in range(plan.claims):
        first, last = (f"{name}{source.randrange(plan.pots)}" for name in ("first", "last"))
        at = _START + timedelta(seconds=source.randrange(864_000))
        amount = source.randrange(1_000, 5_000_000)
        disputed.append(len(rows))
        rows.append((at, f"victim{number}", first, amount))
        rows.append((at + timedelta(minutes=5), first, last, amount // 2))
        if number % 3 == 0:
            rows.append((at + timedelta(seconds=1), f"payer{number}", first, amount // 7 + 1))
        if number % 4 == 0:
            rows.append((at + timedelta(minutes=9), last, "", amount // 5 + 1))
    times, payers, payees, amounts = (list(column) for column in zip(*rows, strict=True))
    frame = pl.DataFrame(
        {
            "id": [f"t{at}" for at in range(len(rows))],
            "time": times,
            "payer": payers,
            "payee": payees,
            "amount": amounts,
            "currency": ["CNY"] * len(rows),
        }
    )
    claims = pl.DataFrame(
        [(f"c{n}", f"V{n}", f"t{at}", None, True) for n, at in enumerate(disputed)],
        schema=tables.CLAIMS,
        orient="row",
    ).sort("claim")
    dossier = Dossier(transfers_frame(frame), ())
    left = _left(rows, plan.pots)
    pots = [Pot(Place(account, "CNY"), amount) for account, amount in left.items() if amount]
    return dossier, claims, pots


def _left(rows: Sequence[tuple[datetime, str, str, int]], pots: int) -> dict[str, int]:
    """Return what came into each last account, less what left it, never below zero in between."""
    left = {f"last{number}": 0 for number in range(pots)}
    for _, payer, payee, amount in sorted(rows, key=lambda row: row[0]):
        if payee in left:
            left[payee] += amount
        if payer in left:
            left[payer] = max(0, left[payer] - amount)
    return left


__all__ = ["Plan", "bench_returns"]
