"""A trail under one rule as moves: whose money went from which node to which node, by which transfer. Not yet a picture.

A node is named by a key: `a:` and an account, `x:` and the kind of an exit, `v:` and a claim whose money came in from the
outside (a disputed deposit), `s:` and the kind of a row by which money entered otherwise (a conversion's credit).
"""

from __future__ import annotations

from typing import Final

import polars as pl

from recoup.records import tables
from recoup.trace.trail import Trail

PARTS: Final = ("amount", "inferred", "asserted")

_COLUMNS: Final[dict[str, pl.DataType | type[pl.DataType]]] = {
    "transfer": pl.String,
    "time": tables.INSTANT,
    "order": pl.Int64,  # place of the transfer in the total order
    "claim": pl.String,
    "source": pl.String,
    "target": pl.String,
    "depth": pl.Int32,
    "amount": pl.Int64,
    "inferred": pl.Int64,
    "asserted": pl.Int64,
}
MOVES: Final = pl.Schema(_COLUMNS)
"""One row per (claim, transfer, target), in total order; `amount` is null where a rule has reach only."""


def moves_of(trail: Trail, rule: str, currency: str) -> pl.DataFrame:
    """Return the moves of `rule` in `currency`, schema `MOVES`: what exits goes to the exit, the rest to the payee."""
    flows = trail.flows.filter(pl.col("rule") == rule).select("claim", "transfer", "depth", *PARTS)
    exits = trail.exits.filter(pl.col("rule") == rule, pl.col("currency") == currency)
    rows = (
        trail.dossier.transfers.select(
            "time", "payer", "payee", "kind", "currency", pl.col("id").alias("transfer")
        )
        .with_row_index("order")
        .filter(pl.col("currency") == currency)
    )
    left = exits.group_by("claim", "transfer").agg(
        pl.len().alias("exits"), *(pl.col(part).sum().alias(f"{part}_left") for part in PARTS)
    )
    inside = (
        flows.join(rows, on="transfer", how="inner")
        .join(left, on=["claim", "transfer"], how="left")
        .with_columns(
            (pl.col(part) - pl.col(f"{part}_left").fill_null(0)).clip(0).alias(part)
            for part in PARTS
        )
        .filter((pl.col("amount") > 0) | (pl.col("amount").is_null() & pl.col("exits").is_null()))
        .with_columns(_payee_key().alias("target"))
    )
    outside = (
        exits.group_by("claim", "transfer", "account", pl.col("kind").alias("exit"))
        .agg(_sum_or_null(part) for part in PARTS)
        .join(rows, on="transfer", how="left")
        .join(flows.select("claim", "transfer", "depth"), on=["claim", "transfer"], how="left")
        .with_columns(
            pl.col("payer").fill_null(pl.col("account")),
            # What exits at an account of its own reached a terminal account, which is drawn by its name.
            pl.when((pl.col("account") == pl.col("payee")) & (pl.col("payee") != ""))
            .then("a:" + pl.col("account"))
            .otherwise("x:" + pl.col("exit"))
            .alias("target"),
        )
    )
    columns = ["transfer", "time", "order", "claim", "payer", "kind", "target", "depth", *PARTS]
    moves = pl.concat([inside.select(columns), outside.select(columns)], how="vertical_relaxed")
    return (
        moves.with_columns(_payer_key(trail).alias("source"))
        .filter(pl.col("source") != pl.col("target"))
        .select(pl.col(name).cast(kind) for name, kind in MOVES.items())
        .sort("order", "claim", "target", "transfer", nulls_last=True)
    )


def _payee_key() -> pl.Expr:
    """A row without payee is an exit of its own kind, should no exit speak of it."""
    return (
        pl.when(pl.col("payee") == "").then("x:" + pl.col("kind")).otherwise("a:" + pl.col("payee"))
    )


def _payer_key(trail: Trail) -> pl.Expr:
    """A row without payer comes from the victim whose claim disputes it, else from what kind of row it is."""
    deposits = trail.claims.filter(pl.col("payer") == "")
    # By the transfer alone: it has one claim at most, and a rule with reach only names none.
    victims = pl.col("transfer").replace_strict(
        deposits["transfer"], "v:" + deposits["claim"], default=None, return_dtype=pl.String
    )
    return (
        pl.when(pl.col("payer") != "")
        .then("a:" + pl.col("payer"))
        .when(victims.is_not_null())
        .then(victims)
        .otherwise("s:" + pl.col("kind").fill_null("transfer"))
    )


def _sum_or_null(part: str) -> pl.Expr:
    return (
        pl.when(pl.col(part).is_null().all()).then(None).otherwise(pl.col(part).sum()).alias(part)
    )
