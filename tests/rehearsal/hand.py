"""Plays by hand: a tiny country and a ledger drawn by chance or written down, with balances that agree."""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random

import numpy as np
import polars as pl

from recoup.rehearse.country import Country, Fraud, HolderKind, Instalment
from recoup.rehearse.play.happened import Happened, Reported
from recoup.rehearse.play.played import Played
from rehearsal.hamlet import BEGIN, MINUTE, hamlet

LEDGER = {
    "row": pl.Int64,
    "time_us": pl.Int64,
    "payer": pl.Int32,
    "payee": pl.Int32,
    "amount": pl.Int64,
    "kind": pl.Int8,
    "fraud": pl.Int32,
    "instalment": pl.Int32,
    "payment": pl.Int64,
}
UNBOOKED = {
    "payment": pl.Int64,
    "time_us": pl.Int64,
    "payer": pl.Int32,
    "payee": pl.Int32,
    "amount": pl.Int64,
    "kind": pl.Int8,
    "word": pl.String,
    "fraud": pl.Int32,
    "instalment": pl.Int32,
}


@dataclass(frozen=True)
class Line:
    """One booked payment."""

    time_us: int
    payer: int
    payee: int
    amount: int
    fraud: int = -1
    instalment: int = -1


def crossroads(seed: int, *, people: int = 6, mules: int = 6, frauds: int = 3) -> Country:
    """Return a country with small sums, so that a twin can follow every unit."""
    country = hamlet(seed, people=people, mules=mules, frauds=0, payments=0)
    accounts = replace(
        country.accounts,
        opening_minor=np.array([30] * people + [5] * mules + [10**9] * 2, np.int64),
    )
    chance = Random(f"{seed}/frauds")
    crimes = []
    for number in range(frauds):
        start = BEGIN + chance.randrange(60) * MINUTE
        victim = chance.randrange(people)
        payments = tuple(
            Instalment(
                start + n * 3 * MINUTE,
                victim,
                people + chance.randrange(mules),
                chance.randint(1, 12),
            )
            for n in range(chance.randint(1, 2))
        )
        reported = payments[-1].time_us + chance.randrange(40) * MINUTE
        crimes.append(
            Fraud(
                number,
                "loan",
                payments,
                reported if chance.random() < 0.85 else None,
                "by_hand",
                tuple(range(people, people + mules)),
                (0.5, 0.5, 0.5),
                number,
            )
        )
    return replace(country, accounts=accounts, frauds=tuple(crimes))


def wander(country: Country, seed: int, *, steps: int = 120) -> list[Line]:
    """Return payments by chance: instalments at their time, and accounts that pay what they have, some of it outside."""
    chance = Random(f"{seed}/wander")
    count = len(country.accounts)
    due = [
        Line(one.time_us, one.payer, one.payee, one.amount_minor, fraud.number, at)
        for fraud in country.frauds
        for at, one in enumerate(fraud.instalments)
    ]
    times = sorted(
        [(one.time_us, 0, n) for n, one in enumerate(due)]
        + [(BEGIN + chance.randrange(180) * MINUTE, 1, n) for n in range(steps)]
    )
    balance = [int(value) for value in country.accounts.opening_minor]
    lines = []
    for time_us, what, n in times:
        if what == 0:
            line = due[n]
        else:
            payer = (
                chance.randrange(count) if chance.random() < 0.1 else chance.randrange(count - 2)
            )
            payee = chance.randrange(count)  # now and then to itself
            if balance[payer] == 0:
                continue
            line = Line(time_us, payer, payee, chance.randint(1, min(15, balance[payer])))
        if balance[line.payer] >= line.amount:
            balance[line.payer] -= line.amount
            balance[line.payee] += line.amount
            lines.append(line)
    return lines


def played_by_hand(
    country: Country,
    lines: list[Line],
    happened: tuple[Happened, ...] | None = None,
    *,
    policy: str = "none",
    unbooked: list[tuple[object, ...]] | None = None,
) -> Played:
    """Return a play of these lines; without a story, every fraud with a report is reported when it would be."""
    balance = [int(value) for value in country.accounts.opening_minor]
    for line in lines:
        balance[line.payer] -= line.amount
        balance[line.payee] += line.amount
    if happened is None:
        reports = [
            Reported(fraud.reported_us, fraud.number)
            for fraud in country.frauds
            if fraud.reported_us is not None
        ]
        happened = tuple(sorted(reports, key=lambda one: (one.at_us, one.fraud)))
    rows = [
        (n, one.time_us, one.payer, one.payee, one.amount, 0, one.fraud, one.instalment, n)
        for n, one in enumerate(lines)
    ]
    return Played(
        policy=policy,
        country=country,
        ledger=pl.DataFrame(rows, schema=LEDGER, orient="row"),
        happened=happened,
        balances=tuple(balance),
        seconds=1.0,
        payments=len(lines),
        unbooked=pl.DataFrame(unbooked or [], schema=UNBOOKED, orient="row"),
    )


def bank_of(country: Country, account: int) -> str:
    """Return the name of an account's institution."""
    return country.institutions[int(country.accounts.institution[account])].name


__all__ = ["HolderKind", "Line", "bank_of", "crossroads", "played_by_hand", "wander"]
