"""The picture of a trail under one rule in one currency: which accounts and flows are drawn, and where. No colours, no words.

Very large trails are drawn by their heaviest accounts; the others of a column become one node of sort `others`, so that the
money stays whole, and `Shown` says how much was drawn one by one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import polars as pl

from recoup.evidence.drawing import picture_svg
from recoup.evidence.moves import moves_of
from recoup.evidence.nodes import Node, keep_heaviest, nodes_of
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
    # A conversion's new currency is in the summary only; poison alone has no summary.
    named = [frame.select("claim", "currency") for frame in (trail.summary, trail.claims)]
    counted = pl.concat(named).group_by("currency").agg(pl.col("claim").n_unique().alias("n"))
    return counted.sort("n", "currency", descending=[True, False])["currency"].to_list()


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
    known = nodes_of(trail, rule, chosen, moves)
    nodes, place = keep_heaviest(known, accounts_max)
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
