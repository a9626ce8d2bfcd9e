"""From the statement rows of all files to transfers: one number an account, direction, overlaps, matches, order, reversals."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

import polars as pl

from recoup.reading.holders import Holders, settled
from recoup.reading.matching import match_rows
from recoup.reading.merging import merge
from recoup.reading.ordering import DIRECTIONS, chained, directions, without_overlaps
from recoup.reading.statements import STATEMENTS
from recoup.records.balances import BREAKS, balance_breaks
from recoup.records.dossier import DOUBTFUL
from recoup.records.provenance import Source
from recoup.records.tables import TRANSFERS

STATEMENT_ROWS: Final = pl.Schema(
    [*STATEMENTS.items(), ("place", pl.UInt32()), ("transfer", pl.String())]
)
"""Statement rows in their account's order; `transfer` is the id of the transfer that the row became part of."""


@dataclass(frozen=True, slots=True)
class Statements:
    """What the statements say, for the report of `recoup check`."""

    rows: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=STATEMENT_ROWS))
    directions: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=DIRECTIONS))
    repeated: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=STATEMENTS))
    """Rows left out because another file has them too."""
    breaks: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=BREAKS))
    """Every stated balance that does not follow from the one before."""


@dataclass(frozen=True, slots=True)
class Combined:
    """Transfers made of statements, their accounts, and what a person should look at."""

    transfers: pl.DataFrame
    accounts: frozenset[str]
    statements: Statements
    doubtful: pl.DataFrame


def combine(
    parts: list[pl.DataFrame],
    holders: Holders,
    ledger_ids: pl.Series,
    window: timedelta,
    sources: list[Source],
) -> Combined:
    """Return the transfers of all statement rows.

    Args:
        parts: good rows of every statement table, schema `STATEMENTS`.
        holders: what lists of accounts and persons say.
        ledger_ids: ids already taken.
        window: how far apart two statements' clocks may be.
        sources: to name files in the doubtful matches.
    """
    rows = pl.concat(parts) if parts else pl.DataFrame(schema=STATEMENTS)
    if rows.is_empty():
        return Combined(
            pl.DataFrame(schema=TRANSFERS), frozenset(), Statements(), pl.DataFrame(schema=DOUBTFUL)
        )
    holders.add_rows(rows)
    rows = settled(rows, holders, holders.aliases())
    rows, repeated = without_overlaps(rows)
    told = directions(rows)
    ordered = chained(rows, told).with_row_index("at")
    matches = match_rows(ordered, window)
    merged = merge(_oriented(ordered, told), matches.pairs, ledger_ids)
    transfers, ids = _reversals_resolved(merged.transfers, ordered, merged.ids)
    stated = ordered.join(ids, on="at", how="left", maintain_order="left").rename(
        {"id": "transfer"}
    )
    statements = Statements(
        stated.select(list(STATEMENT_ROWS)), told, repeated, balance_breaks(as_one_sided(ordered))
    )
    doubtful = pl.concat(
        [
            _named(matches.doubtful, ordered, sources),
            _conflicts(merged.conflicts, sources),
            _unproved(told, ordered, sources),
        ]
    )
    return Combined(transfers, frozenset(ordered["account"].to_list()), statements, doubtful)


def as_one_sided(ordered: pl.DataFrame) -> pl.DataFrame:
    """Return statement rows as transfers between their account and the outside, to check their own balances."""
    credit = pl.col("credit")
    return ordered.select(
        payer=pl.when(credit).then(pl.lit("")).otherwise("account"),
        payee=pl.when(credit).then("account").otherwise(pl.lit("")),
        payer_balance=pl.when(~credit).then("balance"),
        payee_balance=pl.when(credit).then("balance"),
        amount="amount",
        currency="currency",
        source="source",
        row="row",
        other_source=pl.lit(None, pl.Int32),
        other_row=pl.lit(None, pl.Int32),
    )


def also_in_ledger(
    ledger: pl.DataFrame, transfers: pl.DataFrame, window: timedelta, sources: list[Source]
) -> pl.DataFrame:
    """Return transfers of statements that a ledger seems to have too: counted twice, unless they are two payments."""
    key = ["payer", "payee", "amount", "currency"]
    columns = [*key, "time", "source", "row"]
    both = ledger.select(columns).join(transfers.select(columns), on=key, how="inner", suffix="_of")
    near = both.filter((pl.col("time") - pl.col("time_of")).abs() <= window).sort(
        "source", "row", "source_of", "row_of"
    )
    reason = pl.lit("a ledger and a statement seem to have the same transfer; it counts twice")
    return _doubtful(near, _file(sources), "source", "row", "source_of", "row_of", reason)


def _oriented(ordered: pl.DataFrame, told: pl.DataFrame) -> pl.DataFrame:
    """The sequence of rows in a file that stands newest first counts from its end."""
    marked = ordered.join(
        told.select("source", "account", "currency", "direction"),
        on=["source", "account", "currency"],
        how="left",
        maintain_order="left",
    )
    ends = pl.col("sequence").min().over("source") + pl.col("sequence").max().over("source")
    return marked.with_columns(
        sequence=pl.when(pl.col("direction") == "newest_first")
        .then(ends - pl.col("sequence"))
        .otherwise("sequence")
    ).drop("direction")


def _reversals_resolved(
    transfers: pl.DataFrame, ordered: pl.DataFrame, ids: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Find the original of every reversal: by the number it names, else the last alike movement the other way before it."""
    if not (transfers["kind"] == "reversal").any():
        return transfers, ids
    serial_of = dict(
        ordered.join(ids, on="at").filter(pl.col("serial") != "").select("serial", "id").iter_rows()
    )
    lived = transfers.sort("time", "sequence", "id")
    open_: dict[tuple[object, ...], list[dict[str, object]]] = {}
    fixed: dict[str, dict[str, object]] = {}
    for row in lived.iter_rows(named=True):
        if row["kind"] != "reversal":
            for side in ("payer", "payee"):
                open_.setdefault((row[side], side, row["amount"], row["currency"]), []).append(row)
            continue
        original = _original_of(row, open_) if not row["reverses"] else None
        named = serial_of.get(str(row["reverses"]), row["reverses"])
        if original is not None:
            named = original["id"]
            fixed[str(row["id"])] = {
                "payer": original["payee"],
                "payee": original["payer"],
                "reverses": named,
            }
        else:
            fixed[str(row["id"])] = {
                "payer": row["payer"],
                "payee": row["payee"],
                "reverses": named,
            }
    patch = pl.DataFrame(
        [{"id": name, **values} for name, values in fixed.items()],
        schema={"id": pl.String, "payer": pl.String, "payee": pl.String, "reverses": pl.String},
    )
    return transfers.update(patch, on="id", how="left", maintain_order="left"), ids


def _original_of(
    row: dict[str, object], open_: dict[tuple[object, ...], list[dict[str, object]]]
) -> dict[str, object] | None:
    """The last earlier movement the other way in the same account with the same amount; it is used once."""
    for side, opposite in (("payee", "payer"), ("payer", "payee")):
        if not row[side]:
            continue
        alike = open_.get((row[side], opposite, row["amount"], row["currency"]), [])
        for original in reversed(alike):
            if not row[opposite] or original[side] == row[opposite]:
                alike.remove(original)
                return original
    return None


def _file(sources: list[Source]) -> dict[int, str]:
    return {
        index: place.file + (f" [{place.sheet}]" if place.sheet else "")
        for index, place in enumerate(sources)
    }


def _named(doubts: pl.DataFrame, ordered: pl.DataFrame, sources: list[Source]) -> pl.DataFrame:
    files = _file(sources)
    place = ordered.select("at", "source", "row")
    both = doubts.join(place, left_on="debit", right_on="at", how="left").join(
        place, left_on="credit", right_on="at", how="left", suffix="_of"
    )
    return _doubtful(both, files, "source", "row", "source_of", "row_of", pl.col("reason"))


def _conflicts(conflicts: pl.DataFrame, sources: list[Source]) -> pl.DataFrame:
    reason = pl.lit(
        "no time puts this transfer in the order of both statements; the payer's time was taken"
    )
    return _doubtful(
        conflicts, _file(sources), "source", "row", "other_source", "other_row", reason
    )


def _unproved(told: pl.DataFrame, ordered: pl.DataFrame, sources: list[Source]) -> pl.DataFrame:
    """Files in which several rows of an account have one time and nothing proves which came first."""
    some = told.filter((pl.col("proof") == "none") & (pl.col("rows") > 1))
    first = ordered.group_by("source", "account", "currency").agg(pl.col("row").min())
    rows = some.join(first, on=["source", "account", "currency"]).sort("source", "row")
    rows = rows.with_columns(no_source=pl.lit(None, pl.Int32), no_row=pl.lit(None, pl.Int32))
    return _doubtful(
        rows,
        _file(sources),
        "source",
        "row",
        "no_source",
        "no_row",
        pl.lit("nothing proves the order of rows of one time; they are taken as they stand"),
    )


def _doubtful(
    frame: pl.DataFrame,
    files: dict[int, str],
    source: str,
    row: str,
    other: str,
    other_row: str,
    reason: pl.Expr,
) -> pl.DataFrame:
    names = {"payer_file": source, "payee_file": other}
    return frame.select(
        *(
            pl.col(column)
            .replace_strict(files, default="", return_dtype=pl.String)
            .fill_null("")
            .alias(name)
            for name, column in names.items()
        ),
        pl.col(row).cast(pl.Int32).alias("payer_row"),
        pl.col(other_row).cast(pl.Int32).alias("payee_row"),
        reason.alias("reason"),
    ).select(list(DOUBTFUL))
