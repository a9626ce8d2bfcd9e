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
from recoup.watch.columns import STREAM_FEATURES
from recoup.watch.features import FEATURES
from recoup.watch.model import FeatureRow, Model
from recoup.watch.patterns import PATTERN_FEATURES, Patterns
from recoup.watch.state import Outcome, Payments, Settings, Shard
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

    @property
    def whole_accounts(self) -> bool:
        """Whether an account is one pocket whatever the currency."""

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
    """The features of `STREAM_FEATURES`, read by a shard and by the rings of patterns beside it.

    >>> len(StreamFeatures().rows) > len(StreamFeatures(graph=False).rows) == len(FEATURES)
    True
    """

    def __init__(
        self,
        local: LocalTime | None = None,
        settings: Settings | None = None,
        *,
        graph: bool = True,
        whole_accounts: bool = False,
    ) -> None:
        """Choose what is read.

        Args:
            local: the wall clock that is read.
            settings: others of the stream.
            graph: whether the features of patterns are read beside those of the state.
            whole_accounts: whether an account is one pocket whatever the currency; else it is one a currency. For transfers
                whose amounts do not change with the currency.
        """
        self.rows: Final = STREAM_FEATURES if graph else FEATURES
        self.whole_accounts: Final = whole_accounts
        self.local: Final = local or LocalTime()
        self._graph, self._settings = graph, self.local.settings(settings)

    @property
    def settings(self) -> Settings:
        """Settings of the state that reads them."""
        return self._settings

    @classmethod
    def of(cls, model: Model, settings: Settings | None = None) -> StreamFeatures:
        """Return the features that a model was trained on; one of no set of the stream's refuses them (`Model.require`)."""
        known = tuple(row.name for row in FEATURES)
        return cls(
            LocalTime.of_training(model.training),
            settings,
            graph=model.features.names != known,
            whole_accounts=model.training.whole_accounts,
        )

    def matrix(
        self, transfers: pl.DataFrame, reports: Reports, wanted: NDArray[np.bool_]
    ) -> NDArray[np.float64]:
        """Return the features of the wanted rows; a transfer that the stream refuses has NaN and is not booked."""
        payments, pockets, numbers = payments_of(transfers, whole_accounts=self.whole_accounts)
        shard = Shard(max(pockets, 1), self._settings)
        patterns = Patterns(max(pockets, 1)) if self._graph else None
        out = np.empty((int(wanted.sum()), len(self.rows)), np.float64)
        # After the payments of its own instant: a label known at once must not reach its own payment.
        stops = np.searchsorted(payments.time_us, reports.times_us, "right").tolist()
        told = [*zip(stops, reports.accounts, reports.times_us.tolist(), strict=True)]
        begin = filled = 0
        for stop, account, time_us in [*told, (len(payments), "", 0)]:
            while begin < stop:
                end = min(stop, begin + _CHUNK)
                chosen = wanted[begin:end]
                count = int(chosen.sum())
                part = _read(shard, patterns, payments.part(begin, end), reads=count > 0)
                if count:
                    out[filled : filled + count] = part[chosen]
                begin, filled = end, filled + count
            for number in numbers.get(account, ()):
                shard.report(number, time_us)
        return out


def _read(
    shard: Shard, patterns: Patterns | None, payments: Payments, *, reads: bool
) -> NDArray[np.float64]:
    """Return the features of payments, each read before it is booked; no columns where nothing is read."""
    part = np.empty((len(payments), len(FEATURES)), np.float64) if reads else None
    is_booked = shard.apply(payments, part) == Outcome.BOOKED
    if patterns is None:
        return np.empty((len(payments), 0)) if part is None else part
    # What the one refuses the other must not see either: both state the same past.
    found = np.full((len(payments), len(PATTERN_FEATURES)), np.nan) if reads else None
    seen = patterns.apply(payments.where(is_booked), reads=reads)
    if part is None or found is None:
        return seen
    found[is_booked] = seen
    return np.column_stack([part, found])


def payments_of(
    transfers: pl.DataFrame, *, whole_accounts: bool = False
) -> tuple[Payments, int, dict[str, list[int]]]:
    """Return payments with dense numbers for pockets, how many pockets there are, and those of each account."""
    if whole_accounts:
        transfers = transfers.with_columns(currency=pl.lit(""))
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
