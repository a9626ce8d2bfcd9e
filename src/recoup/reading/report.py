"""The accountant's first look: gaps, breaks, overlaps, one-sided transfers, account by account. Prints nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import polars as pl

from recoup.reading.combine import as_one_sided
from recoup.reading.transfers import Reading
from recoup.records.balances import balance_breaks, implied_openings

_POCKET: Final = ["account", "currency"]


@dataclass(frozen=True, slots=True)
class Break:
    """A stated balance that does not follow from the one before: rows before lead to `expected`, the row states `found`."""

    place: str
    expected: int
    found: int


@dataclass(frozen=True, slots=True)
class Gap:
    """A time without rows; `proof`: balances on both sides agree (`quiet`) or not (`missing`), or are not stated."""

    start: datetime
    end: datetime
    proof: str


@dataclass(frozen=True, slots=True)
class OneSided:
    """A transfer that one statement shows and the other, which covers its time, does not."""

    transfer: str
    place: str
    other: str


@dataclass(frozen=True, slots=True)
class AccountReport:
    """One account in one currency."""

    account: str
    name: str
    currency: str
    rows: int
    first: datetime
    last: datetime
    files: tuple[str, ...]
    order: tuple[str, ...]
    """For each file which way its rows stand, and by what that is proved."""
    opening: int | None
    """Balance before the first row, as the stated balances imply it."""
    breaks: tuple[Break, ...]
    gaps: tuple[Gap, ...]
    one_sided: tuple[OneSided, ...]
    repeated: int
    """Rows that another file has too."""

    @property
    def findings(self) -> int:
        """Return how many things a person should look at."""
        return (
            len(self.breaks) + sum(gap.proof != "quiet" for gap in self.gaps) + len(self.one_sided)
        )


def examine(reading: Reading, gap_over: timedelta) -> tuple[AccountReport, ...]:
    """Return a report for every account with rows, sorted by account and currency.

    Args:
        reading: what was read.
        gap_over: a time without rows longer than this is a gap.
    """
    rows = _rows(reading)
    if rows.is_empty():
        return ()
    breaks = _by_pocket(_breaks(reading))
    gaps = _by_pocket(_gaps(rows, gap_over))
    sided = _by_account(_one_sided(reading))
    orders = _by_pocket(reading.statements.directions.sort("source"))
    repeated = {key: len(found) for key, found in _by_pocket(reading.statements.repeated).items()}
    openings = {
        (row["account"], row["currency"]): row["opening"]
        for row in implied_openings(_one_sided_rows(reading))[0].iter_rows(named=True)
    }
    reports = []
    for row in _summary(rows).iter_rows(named=True):
        key = (row["account"], row["currency"])
        reports.append(
            AccountReport(
                row["account"], row["name"], row["currency"], row["rows"], row["first"], row["last"],
                files=tuple(reading.sources[index].file for index in row["files"]),
                order=tuple(f"{found['direction']} ({found['proof']})" for found in orders.get(key, [])),
                opening=openings.get(key),
                breaks=tuple(Break(_cite(reading, found), found["expected"], found["found"]) for found in breaks.get(key, [])),
                gaps=tuple(Gap(found["start"], found["end"], found["proof"]) for found in gaps.get(key, [])),
                one_sided=tuple(OneSided(found["id"], _cite(reading, found), found["other"]) for found in sided.get(key, [])),
                repeated=repeated.get(key, 0),
            )
        )  # fmt: skip
    return tuple(reports)


def _cite(reading: Reading, row: dict[str, Any]) -> str:
    source: int = row["source"]
    return reading.sources[source].cite(row["row"])


def _rows(reading: Reading) -> pl.DataFrame:
    """Rows of every account with its balance after them: of statements, and of ledgers for the accounts without statements."""
    stated = reading.statements.rows
    columns = ["account", "account_name", "currency", "time", "balance", "source", "row", "signed"]
    sign = pl.when("credit").then(pl.col("amount")).otherwise(-pl.col("amount"))
    own = stated.with_columns(signed=sign).select(columns)
    ledger = reading.transfers
    sides = [
        ledger.select(
            pl.col(side).alias("account"), pl.col(f"{side}_name").alias("account_name"), "currency", "time",
            pl.col(f"{side}_balance").alias("balance"), "source", "row",
            (pl.col("amount") if side == "payee" else -pl.col("amount")).alias("signed"),
        )
        for side in ("payer", "payee")
    ]  # fmt: skip
    known = stated["account"].unique().implode()
    ledger_sources = [index for index, what in reading.recognised if what.shape == "ledger"]
    others = pl.concat(sides).filter(
        (pl.col("account") != "")
        & ~pl.col("account").is_in(known)
        & pl.col("source").is_in(ledger_sources)
    )
    return pl.concat([own, others])


def _summary(rows: pl.DataFrame) -> pl.DataFrame:
    return (
        rows.group_by(_POCKET)
        .agg(
            pl.col("account_name")
            .filter(pl.col("account_name") != "")
            .first()
            .fill_null("")
            .alias("name"),
            pl.len().alias("rows"),
            pl.col("time").min().alias("first"),
            pl.col("time").max().alias("last"),
            pl.col("source").unique().sort().alias("files"),
        )
        .sort(_POCKET)
    )


def _breaks(reading: Reading) -> pl.DataFrame:
    """Every break of statements in their own order, and of ledgers for the accounts without statements."""
    stated = reading.statements
    own = stated.rows["account"].unique().implode()
    return pl.concat(
        [stated.breaks, balance_breaks(reading.transfers).filter(~pl.col("account").is_in(own))]
    )


def _one_sided_rows(reading: Reading) -> pl.DataFrame:
    return (
        as_one_sided(reading.statements.rows)
        if reading.statements.rows.height
        else reading.transfers
    )


def _gaps(rows: pl.DataFrame, gap_over: timedelta) -> pl.DataFrame:
    ordered = rows.sort("account", "currency", "time", maintain_order=True)
    before = ordered.with_columns(
        start=pl.col("time").shift(1).over(_POCKET),
        balance_before=pl.col("balance").shift(1).over(_POCKET),
    )
    proof = (
        pl.when(pl.col("balance").is_null() | pl.col("balance_before").is_null())
        .then(pl.lit("unproved"))
        .when(pl.col("balance_before") + pl.col("signed") == pl.col("balance"))
        .then(pl.lit("quiet"))
        .otherwise(pl.lit("missing"))
    )
    wide = before.filter(pl.col("time") - pl.col("start") > gap_over)
    return wide.select(*_POCKET, "start", pl.col("time").alias("end"), proof.alias("proof"))


def _one_sided(reading: Reading) -> pl.DataFrame:
    """Transfers between two accounts with statements that only one of them shows though the other's period covers the time."""
    rows = reading.statements.rows
    shown = rows.select(pl.col("transfer").alias("id"), "account").unique()
    period = rows.group_by("account").agg(
        pl.col("time").min().alias("first"), pl.col("time").max().alias("last")
    )
    single = reading.transfers.filter(
        pl.col("other_row").is_null() & (pl.col("payer") != pl.col("payee"))
    )
    sided = single.join(shown, on="id", how="inner").with_columns(
        other=pl.when(pl.col("payer") == pl.col("account")).then("payee").otherwise("payer")
    )
    covered = sided.join(period, left_on="other", right_on="account", how="inner")
    inside = covered.filter(pl.col("time").is_between("first", "last"))
    return inside.select("account", "currency", "id", "source", "row", "other", "time").sort(
        "time", "id"
    )


def _by_pocket(frame: pl.DataFrame) -> dict[tuple[str, str], list[dict[str, Any]]]:
    grouped: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in frame.iter_rows(named=True):
        grouped.setdefault((row["account"], row["currency"]), []).append(row)
    return grouped


_by_account = _by_pocket
