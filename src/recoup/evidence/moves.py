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
    flows = trail.flows.filter(pl.col("rule") == rule)
    exits = trail.exits.filter(pl.col("rule") == rule, pl.col("currency") == currency)
    carriers = pl.concat([flows.select("transfer"), exits.select("transfer")]).unique()
    rows = (
        trail.dossier.transfers.select("id", "time", "payer", "payee", "currency", "kind")
        .with_row_index("order")
        .rename({"id": "transfer"})
        .filter(pl.col("currency") == currency)
        .join(carriers, on="transfer", how="semi", maintain_order="left")
    )
    left = exits.group_by("claim", "transfer").agg(
        pl.len().alias("exits"), *(pl.col(part).sum().alias(f"{part}_left") for part in PARTS)
    )
    disputed = trail.claims.select("claim", "transfer", pl.lit(True).alias("is_disputed"))
    inside = (
        flows.select("claim", "transfer", "depth", *PARTS)
        .join(rows, on="transfer", how="inner")
        .join(left, on=["claim", "transfer"], how="left")
        .with_columns(
            *(
                (pl.col(part) - pl.col(f"{part}_left").fill_null(0)).clip(0).alias(part)
                for part in PARTS
            )
        )
        .filter((pl.col("amount") > 0) | (pl.col("amount").is_null() & pl.col("exits").is_null()))
        .with_columns(_payee_key().alias("target"))
    )
    outside = (
        exits.select("claim", "transfer", "account", pl.col("kind").alias("exit"), *PARTS)
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
    return (
        pl.concat([inside.select(columns), outside.select(columns)], how="vertical_relaxed")
        .join(disputed, on=["claim", "transfer"], how="left")
        .with_columns(_payer_key().alias("source"))
        .filter(pl.col("source") != pl.col("target"))
        .group_by("order", "time", "transfer", "claim", "source", "target")
        .agg(
            pl.col("depth").min(),
            *(
                pl.when(pl.col(part).is_null().all())
                .then(None)
                .otherwise(pl.col(part).sum())
                .alias(part)
                for part in PARTS
            ),
        )
        .select(pl.col(name).cast(kind) for name, kind in MOVES.items())
        .sort("order", "transfer", "claim", "source", "target", nulls_last=True)
    )


def _payee_key() -> pl.Expr:
    """A row without payee is an exit of its own kind, should no exit speak of it."""
    return (
        pl.when(pl.col("payee") == "").then("x:" + pl.col("kind")).otherwise("a:" + pl.col("payee"))
    )


def _payer_key() -> pl.Expr:
    return (
        pl.when(pl.col("payer") != "")
        .then("a:" + pl.col("payer"))
        .when(pl.col("is_disputed"))
        .then("v:" + pl.col("claim"))
        .otherwise("s:" + pl.col("kind").fill_null("transfer"))
    )
