"""Where the features of given transfers come from: the stream, run over them from the first row on. Writes nothing.

A row is read before its payment is booked. A label is a report that reaches the stream when it would have been known, so that
what a model learns from is what it will see when it serves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from recoup.records.kinds import KINDS
from recoup.watch.features import FEATURES
from recoup.watch.model import FeatureRow
from recoup.watch.state import Payments, Settings, Shard
from recoup.watching.local_time import LocalTime

_CHUNK: Final = 1 << 16  # payments at once: the rows that nobody wants need not be kept


@dataclass(frozen=True, slots=True)
class Reports:
    """What became known while payments went on: at each instant (microseconds UTC, ascending), an account was reported.

    A report counts for payments after its instant, not for those of it.
    """

    times_us: NDArray[np.int64]
    accounts: tuple[str, ...]


NO_REPORTS: Final = Reports(np.zeros(0, np.int64), ())


class Features(Protocol):
    """Computes the features of transfers."""

    @property
    def rows(self) -> Sequence[FeatureRow]:
        """The catalogue: one row a column."""

    @property
    def local(self) -> LocalTime:
        """The wall clock that they read."""

    def matrix(
        self, transfers: pl.DataFrame, reports: Reports, wanted: NDArray[np.bool_]
    ) -> NDArray[np.float64]:
        """Return the features [n, F] of the `wanted` rows; those of the others pass through the state all the same.

        Args:
            transfers: schema `TRANSFERS`, in total order.
            reports: what became known meanwhile.
            wanted: one a transfer.
        """


class StreamFeatures:
    """The features of `recoup.watch.features`, read by a shard of `recoup.watch.state`."""

    rows: Sequence[FeatureRow] = FEATURES

    def __init__(self, local: LocalTime | None = None, settings: Settings | None = None) -> None:
        """Begin with the wall clock that is read, and other settings of the stream."""
        self.local = local or LocalTime()
        self._settings = self.local.settings(settings)

    def matrix(
        self, transfers: pl.DataFrame, reports: Reports, wanted: NDArray[np.bool_]
    ) -> NDArray[np.float64]:
        """Return the features of the wanted rows."""
        payments, pockets, numbers = payments_of(transfers)
        shard = Shard(max(pockets, 1), self._settings)
        out = np.empty((int(wanted.sum()), len(self.rows)), np.float64)
        # After the payments of its own instant: a label known at once must not reach its own payment.
        stops = np.searchsorted(payments.time_us, reports.times_us, "right").tolist()
        told = [*zip(stops, reports.accounts, reports.times_us.tolist(), strict=True)]
        begin = filled = 0
        for stop, account, time_us in [*told, (len(payments), "", 0)]:
            while begin < stop:
                end = min(stop, begin + _CHUNK)
                chosen = wanted[begin:end]
                part = np.empty((end - begin, len(self.rows)), np.float64)
                shard.apply(payments.part(begin, end), part if chosen.any() else None)
                count = int(chosen.sum())
                out[filled : filled + count] = part[chosen]
                begin, filled = end, filled + count
            for number in numbers.get(account, ()):
                shard.report(number, time_us)
        return out


def payments_of(transfers: pl.DataFrame) -> tuple[Payments, int, dict[str, list[int]]]:
    """Return payments with dense numbers for pockets, how many pockets there are, and those of each account."""
    sides = [
        transfers.select(pl.col(side).alias("account"), "currency") for side in ("payer", "payee")
    ]
    pockets = pl.concat(sides).filter(pl.col("account") != "").unique().sort(pl.all())
    pockets = pockets.with_row_index("number")
    kinds = {kind: at for at, kind in enumerate(KINDS)}
    payments = Payments.of(
        transfers["time"].dt.epoch("us").to_numpy(),
        _numbers(transfers, "payer", pockets),
        _numbers(transfers, "payee", pockets),
        transfers["amount"].to_numpy(),
        transfers["kind"].replace_strict(kinds, default=0, return_dtype=pl.Int8).to_numpy(),
    )
    named = pockets.group_by("account", maintain_order=True).agg("number")
    return payments, pockets.height, dict(named.iter_rows())


def _numbers(transfers: pl.DataFrame, side: str, pockets: pl.DataFrame) -> NDArray[np.int32]:
    joined = transfers.select(account=pl.col(side), currency="currency").join(
        pockets, on=["account", "currency"], how="left", maintain_order="left"
    )
    numbers: NDArray[np.int32] = joined["number"].cast(pl.Int32).fill_null(-1).to_numpy()
    return numbers
