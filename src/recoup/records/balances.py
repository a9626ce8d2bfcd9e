"""Stated balances against the running flow: what opening they imply, and where they break. No files.

A row moves `-amount` in the payer's pocket and `+amount` in the payee's; a self transfer moves nothing. A stated balance
is the balance after the row, so every row with one implies the same opening: `balance - running flow after the row`. The
first row of a pocket that implies another is a break: a row is missing, doubled or wrong at or before it.
"""

from __future__ import annotations

from typing import Final

import polars as pl

IMPLIED: Final = pl.Schema({"account": pl.String, "currency": pl.String, "opening": pl.Int64})
"""The balance of a pocket before its first row, as its first stated balance implies it."""

BREAKS: Final = pl.Schema(
    {
        "source": pl.Int32,
        "row": pl.Int32,
        "account": pl.String,
        "currency": pl.String,
        "expected": pl.Int64,
        "found": pl.Int64,
    }
)
"""`expected` is the balance that earlier rows lead to, `found` the stated one."""

_POCKET: Final = ["account", "currency"]


def implied_openings(transfers: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the implied opening of every pocket with a stated balance, and the first break of each pocket that has one.

    Args:
        transfers: schema `tables.TRANSFERS`, in total order.

    Returns:
        (`IMPLIED` sorted by pocket, `BREAKS` in the order of the transfers).
    """
    legs = _legs(transfers)
    if legs.is_empty():
        return pl.DataFrame(schema=IMPLIED), pl.DataFrame(schema=BREAKS)
    stated = _implied(legs)
    openings = (
        stated.group_by(_POCKET).agg(pl.col("implied").first().alias("opening")).sort(_POCKET)
    )
    broken = (
        stated.join(openings, on=_POCKET)
        .filter(pl.col("implied") != pl.col("opening"))
        .sort("at")
        .unique(_POCKET, keep="first", maintain_order=True)
        .with_columns(expected=pl.col("opening") + pl.col("running"), found=pl.col("balance"))
    )
    return openings.match_to_schema(IMPLIED), broken.select(list(BREAKS)).match_to_schema(BREAKS)


def balance_breaks(transfers: pl.DataFrame) -> pl.DataFrame:
    """Return every row whose stated balance does not follow from the stated balance before it (schema `BREAKS`).

    One wrong balance shows twice, where it appears and where it ends; one missing row shows once.
    """
    legs = _legs(transfers)
    if legs.is_empty():
        return pl.DataFrame(schema=BREAKS)
    before = pl.col("implied").shift(1).over(_POCKET)
    broken = (
        _implied(legs)
        .with_columns(before=before)
        .filter(pl.col("implied") != pl.col("before"))
        .sort("at")
        .with_columns(expected=pl.col("before") + pl.col("running"), found=pl.col("balance"))
    )
    return broken.select(list(BREAKS)).match_to_schema(BREAKS)


def contradicted_openings(transfers: pl.DataFrame, given: pl.DataFrame) -> pl.DataFrame:
    """Return the given balances that the stated ones contradict: `given` with `stated`, what the rows say for that time.

    Args:
        transfers: schema `tables.TRANSFERS`, in total order.
        given: schema `tables.OPENINGS`: `balance` at `time`, before the rows of that instant.
    """
    openings = implied_openings(transfers)[0].join(given, on=_POCKET)
    sides = [
        transfers.select(
            pl.col(side).alias("account"), "currency", at="time", moved=sign * pl.col("amount")
        )
        for side, sign in (("payer", -1), ("payee", 1))
    ]
    moved = (
        pl.concat(sides)
        .join(given, on=_POCKET)
        .filter(pl.col("at") < pl.col("time"))
        .group_by(*_POCKET, "time")
        .agg(pl.col("moved").sum())
    )
    return (
        openings.join(moved, on=[*_POCKET, "time"], how="left")
        .with_columns(stated=pl.col("opening") + pl.col("moved").fill_null(0))
        .filter(pl.col("balance") != pl.col("stated"))
        .sort(*_POCKET, "time")
        .select(*given.columns, "stated")
    )


def _legs(transfers: pl.DataFrame) -> pl.DataFrame:
    """Both sides of every transfer whose pocket has a stated balance somewhere, in total order, payer side first."""
    has = pl.col("payer_balance").is_not_null() | pl.col("payee_balance").is_not_null()
    if not transfers.select(has.any()).item():
        return pl.DataFrame()
    moved = pl.when(pl.col("payer") == pl.col("payee")).then(0).otherwise(pl.col("amount"))
    ordered = transfers.with_row_index("at").with_columns(moved=moved)
    payer = ordered.select(
        "at", pl.lit(0, pl.Int8).alias("side"), pl.col("payer").alias("account"), "currency",
        (-pl.col("moved")).alias("flow"), pl.col("payer_balance").alias("balance"), "source", "row",
    )  # fmt: skip
    payee = ordered.select(
        "at", pl.lit(1, pl.Int8).alias("side"), pl.col("payee").alias("account"), "currency",
        pl.col("moved").alias("flow"), pl.col("payee_balance").alias("balance"),
        pl.coalesce("other_source", "source").alias("source"), pl.coalesce("other_row", "row").alias("row"),
    )  # fmt: skip
    legs = pl.concat([payer, payee]).filter(pl.col("account") != "")
    stated = legs.filter(pl.col("balance").is_not_null()).select(_POCKET).unique()
    return legs.join(stated, on=_POCKET, how="semi").sort("at", "side")


def _implied(legs: pl.DataFrame) -> pl.DataFrame:
    """Rows with a stated balance, with the flow up to them and the opening they imply."""
    return (
        legs.with_columns(running=pl.col("flow").cum_sum().over(_POCKET))
        .filter(pl.col("balance").is_not_null())
        .with_columns(implied=pl.col("balance") - pl.col("running"))
    )
