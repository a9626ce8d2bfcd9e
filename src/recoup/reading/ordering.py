"""Puts statement rows in the order in which the account lived them. A file's direction is proved by balances, else by times."""

from __future__ import annotations

from typing import Final

import polars as pl

_CHAIN: Final = ["account", "currency"]
_FILE_CHAIN: Final = ["source", "account", "currency"]

DIRECTIONS: Final = pl.Schema(
    {
        "source": pl.Int32,
        "account": pl.String,
        "currency": pl.String,
        "direction": pl.String,  # oldest_first, newest_first
        "proof": pl.String,  # balances, times, sequence, none
        "rows": pl.UInt32,
    }
)
"""Which way each account's rows stand in each file, and how that is known."""


def directions(rows: pl.DataFrame) -> pl.DataFrame:
    """Return for every file and account whether rows stand oldest or newest first, and by what that is proved.

    Both orders are tried: rows by time, ties as they stand, and ties the other way round. The one with fewer breaks
    in the stated balances holds; if balances do not decide, the trend of the times in the file does; if that does
    not either, rows stay.
    """
    if rows.is_empty():
        return pl.DataFrame(schema=DIRECTIONS)
    signed = rows.with_columns(
        flow=pl.when("credit").then(pl.col("amount")).otherwise(-pl.col("amount"))
    )
    oldest = _breaks(signed, descending=False).rename({"breaks": "oldest"})
    newest = _breaks(signed, descending=True).rename({"breaks": "newest"})
    step = pl.col("time").diff().over(_FILE_CHAIN)
    in_file = rows.sort("source", "row").with_columns(
        up=(step > pl.duration()), down=(step < pl.duration())
    )
    trend = in_file.group_by(_FILE_CHAIN).agg(
        pl.col("up").sum(),
        pl.col("down").sum(),
        pl.col("given_sequence").any(),
        pl.len().alias("rows"),
    )
    told = trend.join(oldest, on=_FILE_CHAIN).join(newest, on=_FILE_CHAIN)
    by_balance = pl.col("oldest") != pl.col("newest")
    by_time = pl.col("up") != pl.col("down")
    reverse = (
        pl.when("given_sequence").then(pl.lit(value=False))
        .when(by_balance).then(pl.col("newest") < pl.col("oldest"))
        .otherwise(pl.col("down") > pl.col("up"))
    )  # fmt: skip
    proof = (
        pl.when("given_sequence").then(pl.lit("sequence"))
        .when(by_balance).then(pl.lit("balances"))
        .when(by_time).then(pl.lit("times"))
        .otherwise(pl.lit("none"))
    )  # fmt: skip
    named = pl.when(reverse).then(pl.lit("newest_first")).otherwise(pl.lit("oldest_first"))
    return (
        told.with_columns(direction=named, proof=proof)
        .select(list(DIRECTIONS))
        .match_to_schema(DIRECTIONS)
        .sort(_FILE_CHAIN)
    )


def _breaks(rows: pl.DataFrame, *, descending: bool) -> pl.DataFrame:
    """Neighbouring stated balances that do not follow from each other, if ties stand as in the file or the other way round."""
    ordered = rows.sort("time", "sequence", descending=[False, descending])
    follows = pl.col("balance").shift(1).over(_FILE_CHAIN) + pl.col("flow") != pl.col("balance")
    return (
        ordered.with_columns(broken=follows)
        .group_by(_FILE_CHAIN)
        .agg(pl.col("broken").sum().alias("breaks"))
    )


def chained(rows: pl.DataFrame, told: pl.DataFrame) -> pl.DataFrame:
    """Return the rows with `place`, their position in their account's life, sorted by account, currency and place."""
    if rows.is_empty():
        return rows.with_columns(place=pl.lit(0, pl.UInt32))
    turned = rows.join(
        told.select(*_FILE_CHAIN, "direction"), on=_FILE_CHAIN, how="left", maintain_order="left"
    )
    at = (
        pl.when(pl.col("direction") == "newest_first")
        .then(-pl.col("sequence"))
        .otherwise("sequence")
    )
    ordered = turned.with_columns(at=at).sort("account", "currency", "time", "source", "at", "row")
    return ordered.with_columns(place=pl.int_range(pl.len(), dtype=pl.UInt32).over(_CHAIN)).drop(
        "at", "direction"
    )


def without_overlaps(rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the rows without those that another file states too, and the rows left out.

    Two alike rows in one file are two payments, unless the institution gave both one number and both state the same
    balance; the same rows in a second file are the same payments again.
    """
    if rows.is_empty():
        return rows, rows
    numbered_rows = (rows["serial"] != "") & rows["balance"].is_not_null()
    if rows["source"].n_unique() == 1 and not numbered_rows.any():
        return rows, rows.clear()
    content = [
        "account",
        "currency",
        "time",
        "credit",
        "amount",
        "balance",
        "serial",
        "counterparty",
    ]
    ordered = rows.sort("source", "row")
    nth = pl.int_range(pl.len()).over(*content, "source")
    numbered = (
        pl.when((pl.col("serial") != "") & pl.col("balance").is_not_null()).then(0).otherwise(nth)
    )
    first = pl.struct("source", "row").first().over(*content, "nth")
    marked = ordered.with_columns(nth=numbered).with_columns(
        again=first != pl.struct("source", "row")
    )
    return marked.filter(~pl.col("again")).drop("nth", "again"), marked.filter("again").drop(
        "nth", "again"
    )
