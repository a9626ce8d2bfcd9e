"""The shared data sets as payments and labels, by the rules that their READMEs state. What leaks there is not read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from recoup.records.kinds import KINDS
from recoup.watch.features.feature import Side
from recoup.watch.patterns import risk_features, side_risk
from recoup.watch.state import Payments

_DAY_US: Final = 86_400_000_000
_DELAY_DAYS: Final = 7
_TOP: Final = 100
_TRUTHS: Final = {  # file, column, accounts, baseline, wanted, the outside
    "amlgentex_10k": ("account", 10_000, 0.754, 0.82),
    "amlsim_20k_fanin200": ("nodeid", 20_000, 0.772, 0.88),
    "amlsim_20k_cycle200": ("nodeid", 20_000, 0.730, 0.85),
}
_TIDE_KINDS: Final = {"WITHDRAWAL": "cash_out", "DEPOSIT": "cash_in", "PAYMENT": "purchase"}


@dataclass(frozen=True)
class TransferSet:
    """Payments in order, with labels of payments."""

    payments: Payments
    accounts: int
    labels: NDArray[np.bool_]


@dataclass(frozen=True)
class AccountSet:
    """Payments in order, with labels of accounts."""

    name: str
    payments: Payments
    accounts: int
    labels: NDArray[np.bool_]
    until_us: int
    has_outside: bool
    baseline: float
    wanted: float


def tide(folder: Path) -> TransferSet:
    """Return the set `tide`; an account is one pocket, since amounts there do not change with the currency.

    Amounts are rounded to the cent: finer ones come from laundering code only. Rows of no amount are left out.
    """
    truth = pl.read_parquet(folder / "truth_transactions.parquet").select("tx_id", bad=pl.lit(1))
    rows = (
        pl.read_parquet(folder / "transactions.parquet")
        .join(truth, on="tx_id", how="left")
        .with_columns(minor=_minor("amount"))
        .filter(pl.col("minor") > 0)
        .sort("ts", "tx_id")
    )
    names = pl.concat([rows["src"], rows["dest"]]).unique().sort()
    number = pl.int_range(names.len(), eager=True, dtype=pl.Int32)
    kinds = {word: KINDS.index(kind) for word, kind in _TIDE_KINDS.items()}
    payments = Payments.of(
        rows["ts"].dt.timestamp("us").to_numpy(),
        rows["src"].replace_strict(names, number).to_numpy(),
        rows["dest"].replace_strict(names, number).to_numpy(),
        rows["minor"].to_numpy(),
        rows["transaction_type"]
        .replace_strict(kinds, default=KINDS.index("transfer"), return_dtype=pl.Int8)
        .to_numpy(),
    )
    return TransferSet(payments, names.len(), rows["bad"].is_not_null().to_numpy())


def _minor(column: str) -> pl.Expr:
    return (pl.col(column) * 100).round(0).cast(pl.Int64).alias("minor")


def account_set(folder: Path) -> AccountSet:
    """Return a set with labels of accounts; time is a day. Rows of no amount are left out."""
    column, accounts, baseline, wanted = _TRUTHS[folder.name]
    is_gentex = column == "account"
    payer, payee, amount, day = (
        ("nameOrig", "nameDest", "amount", "step")
        if is_gentex
        else ("sourceNodeId", "targetNodeId", "value", "time")
    )
    rows = (
        pl.read_parquet(folder / "transactions.parquet")
        .with_columns(minor=_minor(amount))
        .filter(pl.col("minor") > 0)
        .sort(day, "tx_id")
    )
    bad = pl.read_parquet(folder / "truth_accounts.parquet")[column].to_numpy()
    labels = np.zeros(accounts, np.bool_)
    labels[bad] = True
    days = rows[day].cast(pl.Int64).to_numpy()
    payments = Payments.of(
        days * _DAY_US,
        np.maximum(rows[payer].to_numpy(), -1),  # wages and shops are the outside
        np.maximum(rows[payee].to_numpy(), -1),
        rows["minor"].to_numpy(),
    )
    until = (int(days[-1]) + 1) * _DAY_US
    return AccountSet(folder.name, payments, accounts, labels, until, is_gentex, baseline, wanted)


@dataclass(frozen=True)
class CardSet:
    """Payments by card at terminals, with the rows learnt from and asked for by the handbook's own protocol."""

    matrix: NDArray[np.float64]
    labels: NDArray[np.bool_]
    cards: NDArray[np.int64]
    days: NDArray[np.int64]
    learns: slice
    asked: NDArray[np.intp]
    """Places of the rows of the test week, without cards known to be compromised."""

    @property
    def asked_from(self) -> int:
        """Place of the first row asked for."""
        return int(self.asked[0])

    def card_precision(self, scores: NDArray[np.float64]) -> float:
        """Return the mean over days of the share of fraud cards among the top hundred; a card once found is out."""
        rows = pl.DataFrame(
            {
                "day": self.days[self.asked],
                "card": self.cards[self.asked],
                "score": scores,
                "fraud": self.labels[self.asked],
            }
        )
        found: set[int] = set()
        hits: list[int] = []
        for _, day in rows.group_by("day", maintain_order=True):
            each = day.group_by("card").agg(pl.col("score").max(), pl.col("fraud").any())
            left = each.filter(~pl.col("card").is_in(sorted(found)))
            top = left.sort(["score", "card"], descending=[True, False]).head(_TOP)
            caught = top.filter("fraud")["card"].to_list()
            hits.append(len(caught))
            found |= set(caught)
        return sum(hits) / len(hits) / _TOP


def cards(folder: Path) -> CardSet:
    """Return the handbook's payments: test 2018-08-08 to 08-14, labels known after seven days, learnt from since 2018-05-08.

    The scenario of a fraud is never read.
    """
    columns = (
        "TX_DATETIME",
        "TRANSACTION_ID",
        "CUSTOMER_ID",
        "TERMINAL_ID",
        "TX_AMOUNT",
        "TX_FRAUD",
    )
    rows = pl.read_parquet(folder / "transactions.parquet", columns=list(columns))
    rows = rows.sort("TX_DATETIME", "TRANSACTION_ID")
    time = rows["TX_DATETIME"].dt.timestamp("us").to_numpy()
    labels = rows["TX_FRAUD"].to_numpy() == 1
    card, terminal = (
        rows[name].cast(pl.Int64).to_numpy() for name in ("CUSTOMER_ID", "TERMINAL_ID")
    )
    minor = rows.select(_minor("TX_AMOUNT"))["minor"].to_numpy()
    sides = [
        side_risk(keys, time, minor, labels, _DELAY_DAYS * _DAY_US) for keys in (card, terminal)
    ]
    assert all(
        side.shape[1] == len(risk_features(which))
        for side, which in zip(sides, (Side.PAYER, Side.PAYEE), strict=True)
    )
    clock = rows["TX_DATETIME"].dt
    night = clock.hour().to_numpy() <= 6
    weekend = clock.weekday().to_numpy() >= 6
    days = time // _DAY_US
    train, test = _day("2018-07-25"), _day("2018-08-08")
    return CardSet(
        np.column_stack([minor, night, weekend, *sides]).astype(np.float64),
        labels,
        card,
        days,
        slice(*np.searchsorted(days, [_day("2018-05-08"), _day("2018-08-01")]).tolist()),
        _asked(days, card, labels, train, test),
    )


def _day(text: str) -> int:
    return (date.fromisoformat(text) - date(1970, 1, 1)).days


def _asked(
    days: NDArray[np.int64],
    card: NDArray[np.int64],
    labels: NDArray[np.bool_],
    train: int,
    test: int,
) -> NDArray[np.intp]:
    """Return the rows of the test week; cards with a fraud since the handbook's training week, known by then, are out."""
    parts: Sequence[NDArray[np.intp]] = [
        np.flatnonzero(
            (days == day)
            & ~np.isin(card, card[labels & (days >= train) & (days < day - _DELAY_DAYS)])
        )
        for day in range(test, test + 7)
    ]
    return np.concatenate(parts)


__all__ = ["AccountSet", "CardSet", "TransferSet", "account_set", "cards", "tide"]
