"""Features of transfers in the plainest way: recounted from the rows before, for tests of what is built on features."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import polars as pl

from recoup.watching import LocalTime


@dataclass(frozen=True)
class Row:
    """A row of the catalogue."""

    name: str
    meaning: str
    unit: str
    window: int | None
    side: str
    cost: str


class PlainFeatures:
    """Five features, each from the rows before the transfer's own and the reports before its instant."""

    local = LocalTime()
    rows = (
        Row("payment_amount", "the amount of the payment", "minor", None, "payment", "record"),
        Row(
            "payee_in_count", "payments that the payee got before", "count", None, "payee", "record"
        ),
        Row("payee_in_sum", "money that the payee got before", "minor", None, "payee", "record"),
        Row("payee_in_age", "since the payee last got money", "seconds", None, "payee", "record"),
        Row("payee_reports", "reports of the payee", "count", None, "payee", "window"),
    )

    whole_accounts = False

    def matrix(self, transfers: pl.DataFrame, reports, wanted) -> np.ndarray:
        lines, seen = [], {}
        told = list(zip(reports.times_us.tolist(), reports.accounts, strict=True))
        times = transfers["time"].dt.epoch("us").to_list()
        for at, time in enumerate(times):
            payee, amount = transfers["payee"][at], transfers["amount"][at]
            count, total, last = seen.get(payee, (0, 0, None))
            age = math.nan if last is None else (time - last) / 1e6
            reported = sum(1 for when, account in told if account == payee and when < time)
            if wanted[at]:
                lines.append([amount, count, total, age, reported])
            seen[payee] = (count + 1, total + amount, time)
        return np.array(lines, np.float64).reshape(-1, len(self.rows))
