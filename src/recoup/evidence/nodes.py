"""The nodes of a picture: every account, victim, exit and source that money touched, and which of them are drawn one by one."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final, cast

import polars as pl

from recoup.trace.trail import Trail

COLUMNS_MAX: Final = 15
"""Hops with a column of their own; deeper accounts stand in the last one."""


@dataclass(frozen=True, slots=True)
class Node:
    """One thing drawn. Amounts are minor units of the picture's currency, over all claims; 0 where a rule has reach only."""

    key: str
    sort: str
    """victim, account, unknown, terminal, exit, source or others."""
    account: str
    """'' for an exit, a source and the others."""
    name: str
    institution: str
    column: int
    depth: int
    arrived: int = 0
    left: int = 0
    located: int = 0
    """Still there at the end, `held` included."""
    held: int = 0
    unknown: int = 0
    count: int = 1
    """How many accounts the node stands for."""

    @property
    def passed(self) -> int:
        """All of the claims' money that was ever in the node."""
        return max(self.arrived, self.left, self.located + self.unknown)


_FIELDS: Final = [field.name for field in fields(Node)]


def nodes_of(trail: Trail, rule: str, currency: str, moves: pl.DataFrame) -> pl.DataFrame:
    """Return every node that money touched as a row: the fields of `Node`, and `is_single`, `touched` and `passed`."""
    here = (pl.col("rule") == rule) & (pl.col("currency") == currency)
    arrived = moves.group_by(pl.col("target").alias("key")).agg(
        pl.col("amount").sum().alias("arrived"),
        pl.col("depth").min().alias("hops"),
        pl.len().alias("n_in"),
    )
    left = moves.group_by(pl.col("source").alias("key")).agg(
        pl.col("amount").sum().alias("left"), pl.len().alias("n_out")
    )
    located = _by_account(trail.positions.filter(here), located="amount", held="held")
    unknown = _by_account(trail.unknown.filter(here), unknown="amount")
    facts = trail.accounts.filter(pl.col("currency") == currency).select(
        "account", "name", "institution", "standing", "depth"
    )
    claims = trail.claims.sort("claim")
    payers = claims.filter(pl.col("payer") != "").group_by("payer").agg(pl.col("victim").first())
    deposits = claims.select(pl.lit("v:") + pl.col("claim"), pl.col("victim").alias("depositor"))
    sums = ["arrived", "left", "located", "held", "unknown"]
    nodes = (
        arrived.join(left, on="key", how="full", coalesce=True)
        .with_columns(
            pl.col("key").str.slice(0, 1).alias("kind"), pl.col("key").str.slice(2).alias("what")
        )
        .with_columns(pl.when(pl.col("kind") == "a").then("what").alias("account"))
        .join(located, on="account", how="left")
        .join(unknown, on="account", how="left")
        .join(facts.unique("account", keep="first", maintain_order=True), on="account", how="left")
        .join(payers.rename({"payer": "account"}), on="account", how="left")
        .join(deposits.rename({"literal": "key"}), on="key", how="left")
        .with_columns(
            pl.col("depth").fill_null(pl.col("hops")).fill_null(0),
            pl.when(pl.col("account").is_in(sorted(trail.dossier.terminal)))
            .then(pl.lit("terminal"))
            .when(pl.col("unknown").is_not_null())
            .then(pl.lit("unknown"))
            .otherwise("standing")
            .alias("standing"),
        )
        .with_columns(_sort().alias("sort"), _name().alias("name"))
        .with_columns(
            pl.when(pl.col("kind") == "a").then(pl.col("depth")).otherwise(0).alias("depth")
        )
        .with_columns(
            pl.col(*sums, "n_in", "n_out").fill_null(0),
            pl.col("account", "institution").fill_null(""),
            pl.col("depth").clip(0, COLUMNS_MAX).alias("column"),
        )
    )
    last = 1 + int(cast("int | None", nodes["column"].max()) or 0)
    return nodes.with_columns(
        pl.when(pl.col("sort").is_in(["exit", "terminal"]))
        .then(last)
        .otherwise("column")
        .alias("column"),
        pl.max_horizontal("arrived", "left", pl.col("located") + pl.col("unknown")).alias("passed"),
        (pl.col("n_in") + pl.col("n_out")).alias("touched"),
        ((pl.col("account") != "") | (pl.col("sort") == "victim")).alias("is_single"),
        pl.lit(1).alias("count"),
    ).sort("key")


def _sort() -> pl.Expr:
    return (
        pl.when(pl.col("kind") == "x")
        .then(pl.lit("exit"))
        .when(pl.col("kind") == "s")
        .then(pl.lit("source"))
        .when((pl.col("kind") == "v") | ((pl.col("depth") == 0) & pl.col("victim").is_not_null()))
        .then(pl.lit("victim"))
        .when(pl.col("standing").is_in(["unknown", "bridged"]))
        .then(pl.lit("unknown"))
        .when(pl.col("standing") == "terminal")
        .then(pl.lit("terminal"))
        .otherwise(pl.lit("account"))
    )


def _name() -> pl.Expr:
    """An account's own name, else its victim's; the kind of an exit or a source; the claim of a deposit without victim."""
    own = pl.when(pl.col("name") != "").then("name")
    victim = pl.when((pl.col("depth") == 0) & (pl.col("victim") != "")).then("victim")
    depositor = pl.when(pl.col("depositor") != "").then("depositor")
    what = pl.when(pl.col("kind") != "a").then("what").otherwise(pl.lit(""))
    return pl.coalesce(own, victim, depositor, what)


def keep_heaviest(nodes: pl.DataFrame, accounts_max: int) -> tuple[list[Node], pl.DataFrame]:
    """Return the nodes to draw, and for every key the index of its node; no column holds nothing but small accounts."""
    singles = nodes.filter("is_single").sort(
        "passed", "touched", "key", descending=[True, True, False]
    )
    kept = singles.head(accounts_max)
    inner = kept.filter(pl.col("sort") != "terminal")["column"].max()
    deepest = int(cast("int | None", inner) or 0)
    drawn = pl.concat([kept, nodes.filter(~pl.col("is_single"))]).sort("key")
    rest = singles.slice(accounts_max).with_columns(
        pl.when(pl.col("sort") == "terminal")
        .then("column")
        .otherwise(pl.col("column").clip(0, deepest))
        .alias("column")
    )
    sums = ["arrived", "left", "located", "held", "unknown", "count"]
    pools = rest.group_by("column").agg(pl.col(sums).sum()).sort("column")
    made = [Node(**row) for row in drawn.select(_FIELDS).iter_rows(named=True)]
    for row in pools.iter_rows(named=True):
        column = row["column"]
        words = {"sort": "others", "account": "", "name": "", "institution": "", "depth": column}
        made.append(Node(key=f"o:{column:02}", **words, **row))
    index = drawn.select("key").with_row_index("node")
    pooled = rest.select("key", "column").join(
        pools.select("column").with_row_index("node", offset=drawn.height), on="column"
    )
    place = pl.concat([index.select("key", "node"), pooled.select("key", "node")])
    return made, place.with_columns(pl.col("node").cast(pl.Int32))


def _by_account(frame: pl.DataFrame, **columns: str) -> pl.DataFrame:
    return frame.group_by("account").agg(
        pl.col(old).sum().alias(new) for new, old in columns.items()
    )
