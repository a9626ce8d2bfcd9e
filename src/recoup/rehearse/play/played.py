"""A play that is over: all that figures are counted from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import polars as pl

from recoup.rehearse.country import Country
from recoup.rehearse.play.happened import Happened

CLOCKS_US: Final = 100 * 86_400_000_000
"""How long clocks of orders, notices and returns run on after the country's days."""


@dataclass(frozen=True)
class Played:
    """What one policy made of one country."""

    policy: str
    country: Country
    ledger: pl.DataFrame
    """Booked rows in order: row i64, time_us i64, payer i32, payee i32, amount i64, kind i8; *truth*: fraud, instalment i32;
    payment i64, the number of the attempt: a scheduled one's place in the schedule, others after those."""
    happened: tuple[Happened, ...]
    balances: tuple[int, ...]
    """By account, at the end: openings and rows give the same, which is asserted."""
    seconds: float
    """Of wall time, without the making of the country."""
    payments: int
    """Attempts that were made."""
    unbooked: pl.DataFrame = field(default_factory=pl.DataFrame)
    """Attempts that were not booked, in order of payment: payment i64, time_us i64, payer i32, payee i32, amount i64, kind i8,
    word str (a `Word`; `waits` where it still does); *truth*: fraud, instalment i32."""
    failed_late: int = 0
    """Payments that were allowed and had no funds when they were booked."""


__all__ = ["CLOCKS_US", "Played"]
