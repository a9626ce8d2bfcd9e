"""Each fraud by itself, and how long stolen money lives: what the plots of a report are drawn from."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import astuple, dataclass
from typing import Final

import numpy as np
import polars as pl

from recoup.rehearse.country import answer_seconds
from recoup.rehearse.figures.given_back import GivenBack, given_back
from recoup.rehearse.figures.truth import Truth
from recoup.rehearse.play.happened import Averted
from recoup.rehearse.play.played import Played

SECOND_US = 1_000_000

SURVIVAL_SECONDS: Final = tuple(
    minutes * 60
    for minutes in (
        0,
        1,
        2,
        3,
        5,
        7,
        10,
        15,
        20,
        30,
        45,
        60,
        90,
        120,
        180,
        240,
        360,
        540,
        720,
        1440,
        2880,
    )
)
"""Since the theft, at which survival is told."""


@dataclass(frozen=True, slots=True)
class CaseKept:
    """One fraud and what was kept of it; minor units."""

    fraud: int
    script: str
    strategy: str
    loss: int
    kept: int
    """Of the loss that was booked: held or returned at the end."""
    averted: int
    left: int
    report_seconds: float
    """From the last booked instalment to the report's entry; -1 where there was none."""
    answer_seconds: float
    """What the institution of the first account takes to answer."""
    traceable: int
    """Stolen money of the fraud that was frozen for it at the end, or that came back."""
    returned: int
    """Of that, what came back."""
    days_to_return: float
    """The longest that a payment back took, as `GivenBack.days` counts; 0 where there was none."""
    waited_days: float
    """The longest that anything of it which did not come back had been frozen when the clocks stood still."""


def cases_of(played: Played, truth: Truth) -> tuple[CaseKept, ...]:
    """Return every fraud of which anything was booked or averted, by number."""
    losses: dict[int, int] = defaultdict(int)
    last: dict[int, int] = {}
    for one in truth.stolen:
        losses[one.fraud] += one.amount
        last[one.fraud] = one.time_us
    averted: dict[int, int] = defaultdict(int)
    for happened in played.happened:
        if isinstance(happened, Averted):
            averted[happened.fraud] += happened.amount
    left = dict(truth.left.group_by("fraud").agg(pl.col("amount").sum()).iter_rows())
    kept, back = kept_by_fraud(truth), given_back(played, truth)
    nothing = GivenBack(0, 0, 0.0, 0.0)
    out = []
    for fraud in played.country.frauds:
        number = fraud.number
        if not (losses[number] or averted[number]):
            continue
        first = fraud.instalments[0].payee
        institution = int(played.country.accounts.institution[first])
        entered = truth.reported_us.get(number)
        out.append(
            CaseKept(
                number,
                fraud.script,
                fraud.strategy,
                losses[number],
                kept.get(number, 0),
                averted[number],
                left.get(number, 0),
                -1.0
                if entered is None or number not in last
                else (entered - last[number]) / SECOND_US,
                answer_seconds(played.country, institution, first),
                *astuple(back.get(number, nothing)),
            )
        )
    return tuple(out)


def kept_by_fraud(truth: Truth) -> dict[int, int]:
    """Return by fraud what is held of its money or came back; where a hold covers less than lies there, lower numbers first."""
    held: dict[int, int] = defaultdict(int)
    for one in truth.holds.holds:
        held[one.account] += one.at_end
    out: dict[int, int] = defaultdict(int, truth.returned_by_fraud)
    for account, fraud, amount in truth.lies.iter_rows():
        part = min(amount, held[account])
        held[account] -= part
        out[fraud] += part
    return dict(out)


def survival_of(truth: Truth) -> tuple[float, ...]:
    """Return the share of all stolen money that had not left so many seconds after it was stolen, at `SURVIVAL_SECONDS`."""
    loss = sum(one.amount for one in truth.stolen)
    if not loss:
        return tuple(1.0 for _ in SURVIVAL_SECONDS)
    age = (truth.left["time_us"] - truth.left["since_us"]).to_numpy()
    amount = truth.left["amount"].to_numpy()
    gone = [int(amount[age <= seconds * SECOND_US].sum()) for seconds in SURVIVAL_SECONDS]
    return tuple(float(np.float64(loss - one) / loss) for one in gone)


@dataclass(frozen=True, slots=True)
class Step:
    """What one booked row carried of one fraud's money; minor units, microseconds of UTC."""

    time_us: int
    payer: int
    payee: int
    amount: int
    kind: int
    """Place in `records.kinds.KINDS`."""
    is_disputed: bool
    """The victim's own payment."""


def steps_of(played: Played, truth: Truth, fraud: int) -> tuple[Step, ...]:
    """Return the way of one fraud's money, in booking order."""
    roots = {one.row for one in truth.stolen if one.fraud == fraud}
    carried = truth.carried.filter(pl.col("fraud") == fraud)
    rows = played.ledger[carried["row"]].select("time_us", "payer", "payee", "kind")
    named = zip(rows.iter_rows(), carried.select("row", "amount").iter_rows(), strict=True)
    return tuple(
        Step(time_us, payer, payee, amount, kind, row in roots)
        for (time_us, payer, payee, kind), (row, amount) in named
    )


def largest_case(truth: Truth) -> int:
    """Return the fraud with the largest loss that was booked; -1 where there was none."""
    losses: dict[int, int] = defaultdict(int)
    for one in truth.stolen:
        losses[one.fraud] += one.amount
    return max(losses, key=lambda number: (losses[number], -number), default=-1)


__all__ = [
    "SURVIVAL_SECONDS",
    "CaseKept",
    "Step",
    "cases_of",
    "kept_by_fraud",
    "largest_case",
    "steps_of",
    "survival_of",
]
