"""The picture of a trail under one rule in one currency: which accounts and flows are drawn, and where. No colours, no words.

Very large trails are drawn by their heaviest accounts; the others of a column become one node of sort `others`, so that the
money stays whole, and `Shown` says how much was drawn one by one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Final, cast

import polars as pl

from recoup.evidence.drawing import picture_svg
from recoup.evidence.moves import moves_of
from recoup.trace.layout import STANDARD, Canvas, Layout, LayoutEdge, LayoutNode, lay_out
from recoup.trace.trail import Trail

__all__ = [
    "Edge",
    "Node",
    "Picture",
    "Shown",
    "currencies_of",
    "draft",
    "picture_of",
    "picture_svg",
]

ACCOUNTS_MAX: Final = 120
"""Accounts drawn one by one unless more are asked for: what a printed page can hold."""

EDGES_PER_ACCOUNT: Final = 7
"""Edges drawn per account drawn; the lightest are left out and counted."""

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


@dataclass(frozen=True, slots=True)
class Edge:
    """Money between two nodes (indices), all transfers added up; `amount` is None where a rule has reach only."""

    source: int
    target: int
    amount: int | None
    inferred: int
    asserted: int
    count: int
    first: datetime | None
    last: datetime | None


@dataclass(frozen=True, slots=True)
class Shown:
    """What of the trail is drawn one by one; `money_permille` is the share of all money moved that runs between such nodes."""

    accounts: int
    accounts_total: int
    edges: int
    edges_total: int
    money_permille: int

    @property
    def is_all(self) -> bool:
        """Whether nothing was left out or drawn together."""
        return self.accounts == self.accounts_total and self.edges == self.edges_total


@dataclass(frozen=True, slots=True)
class Picture:
    """A trail under one rule in one currency, placed. `is_screening`: the rule (poison) has reach and no amounts."""

    rule: str
    currency: str
    digits: int
    is_screening: bool
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    layout: Layout
    shown: Shown
    totals: Mapping[str, int]
    """loss, located, held, exited, unknown, residual, claims."""
    currencies_left_out: int = 0


def currencies_of(trail: Trail) -> list[str]:
    """Return the currencies of the claims' money, the one with most claims first."""
    counted = trail.summary.group_by("currency").agg(pl.col("claim").n_unique().alias("n"))
    return counted.sort(["n", "currency"], descending=[True, False])["currency"].to_list()


def picture_of(
    trail: Trail,
    rule: str,
    *,
    currency: str | None = None,
    accounts_max: int = ACCOUNTS_MAX,
    canvas: Canvas = STANDARD,
) -> Picture:
    """Return what `rule` found as a placed picture; without `currency`, in the one with most claims.

    Raises `ValueError` when the trail was not traced under `rule`.
    """
    return draft(trail, rule, currency=currency, accounts_max=accounts_max, canvas=canvas)[0]


def draft(
    trail: Trail,
    rule: str,
    *,
    currency: str | None = None,
    accounts_max: int = ACCOUNTS_MAX,
    canvas: Canvas = STANDARD,
) -> tuple[Picture, pl.DataFrame]:
    """Return the picture and the moves behind its edges: `moves.MOVES` with the column `edge`, an index into its edges."""
    if rule not in trail.options.rules:
        raise ValueError(f"expected one of {', '.join(trail.options.rules)}, was {rule!r}")
    currencies = currencies_of(trail)
    chosen = currency or next(iter(currencies), "")
    moves = moves_of(trail, rule, chosen)
    known = _nodes(trail, rule, chosen, moves)
    nodes, place = _keep_heaviest(known, accounts_max)
    edges, keyed, left_out = _edges(moves, place, EDGES_PER_ACCOUNT * accounts_max)
    is_screening = rule == "poison"
    layout = lay_out(
        [
            LayoutNode(n.key, n.column, 0 if is_screening else n.passed, n.sort == "others")
            for n in nodes
        ],
        [
            LayoutEdge(
                nodes[e.source].key, nodes[e.target].key, 1 if e.amount is None else e.amount
            )
            for e in edges
        ],
        canvas,
    )
    picture = Picture(
        rule,
        chosen,
        trail.dossier.digits.of(chosen) if chosen else 2,
        is_screening,
        tuple(nodes),
        tuple(edges),
        layout,
        _shown(known, nodes, edges, left_out),
        _totals(trail, rule, chosen),
        max(len(currencies) - 1, 0),
    )
    return picture, keyed


def _nodes(trail: Trail, rule: str, currency: str, moves: pl.DataFrame) -> pl.DataFrame:
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


def _keep_heaviest(nodes: pl.DataFrame, accounts_max: int) -> tuple[list[Node], pl.DataFrame]:
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


def _edges(
    moves: pl.DataFrame, place: pl.DataFrame, edges_max: int
) -> tuple[list[Edge], pl.DataFrame, list[Edge]]:
    """Return the edges to draw, the moves with the edge each belongs to, and the edges left out (null in the moves)."""
    numbered = moves
    for side in ("source", "target"):
        named = place.rename({"key": side, "node": f"{side}_node"})
        numbered = numbered.join(named, on=side, how="left", maintain_order="left")
    grouped = (
        numbered.group_by("source_node", "target_node")
        .agg(
            pl.when(pl.col("amount").is_null().all())
            .then(None)
            .otherwise(pl.col("amount").sum())
            .alias("amount"),
            pl.col("inferred").sum(),
            pl.col("asserted").sum(),
            pl.col("order").n_unique().alias("count"),
            pl.col("time").min().alias("first"),
            pl.col("time").max().alias("last"),
        )
        .sort(
            [pl.col("amount").fill_null(pl.col("count")), "source_node", "target_node"],
            descending=[True, False, False],
        )
    )
    every = [Edge(*row) for row in grouped.iter_rows()]
    inside = [edge for edge in every if edge.source != edge.target]
    drawn = inside[:edges_max]
    numbers = pl.DataFrame(
        {
            "source_node": [edge.source for edge in drawn],
            "target_node": [edge.target for edge in drawn],
            "edge": list(range(len(drawn))),
        },
        schema={"source_node": pl.Int32, "target_node": pl.Int32, "edge": pl.Int32},
    )
    keyed = numbered.join(
        numbers, on=["source_node", "target_node"], how="left", maintain_order="left"
    )
    left_out = inside[edges_max:] + [edge for edge in every if edge.source == edge.target]
    return drawn, keyed.drop("source_node", "target_node"), left_out


def _shown(
    known: pl.DataFrame, nodes: Sequence[Node], edges: Sequence[Edge], left_out: Sequence[Edge]
) -> Shown:
    single = [
        edge for edge in edges if "others" not in {nodes[edge.source].sort, nodes[edge.target].sort}
    ]
    total = sum(_weight(edge) for edge in (*edges, *left_out))
    drawn_together = sum(node.count for node in nodes if node.sort == "others")
    accounts_total = int(known["is_single"].sum())
    return Shown(
        accounts_total - drawn_together,
        accounts_total,
        len(edges),
        len(edges) + sum(edge.source != edge.target for edge in left_out),
        1000 * sum(map(_weight, single)) // total if total else 1000,
    )


def _weight(edge: Edge) -> int:
    return edge.count if edge.amount is None else edge.amount


def _totals(trail: Trail, rule: str, currency: str) -> dict[str, int]:
    rows = trail.summary.filter(pl.col("rule") == rule, pl.col("currency") == currency)
    names = ("loss", "located", "held", "exited", "unknown", "residual")
    return {name: int(rows[name].sum() or 0) for name in names} | {"claims": rows.height}
