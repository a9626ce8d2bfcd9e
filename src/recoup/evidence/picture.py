"""The picture of a trail under one rule in one currency: which accounts and flows are drawn, and where. No colours, no words.

Very large trails are drawn by their heaviest accounts; the others of a column become one node of sort `others`, so that the
money stays whole, and `Shown` says how much was drawn one by one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

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
    nodes, key_of = _keep_heaviest(known, accounts_max)
    place = {node.key: i for i, node in enumerate(nodes)}
    place = {key: place[drawn] for key, drawn in key_of.items()}
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


def _nodes(trail: Trail, rule: str, currency: str, moves: pl.DataFrame) -> list[Node]:
    """Return every node that money touched, with what came, went and is still there; sorted by key."""
    here = (pl.col("rule") == rule) & (pl.col("currency") == currency)
    positions, unknown = trail.positions.filter(here), trail.unknown.filter(here)
    arrived = _sum_by(moves, "target", "amount")
    left = _sum_by(moves, "source", "amount")
    located = _sum_by(positions, "account", "amount")
    held = _sum_by(positions, "account", "held")
    frontier = _sum_by(unknown, "account", "amount")
    hops = dict(moves.group_by("target").agg(pl.col("depth").min()).iter_rows())
    facts = {
        row["account"]: row
        for row in trail.accounts.filter(pl.col("currency") == currency).iter_rows(named=True)
    }
    victims = {
        row["payer"]: row["victim"] for row in trail.claims.iter_rows(named=True) if row["payer"]
    }
    victim_of = dict(trail.claims.select("claim", "victim").iter_rows())
    nodes = []
    for key in sorted(arrived.keys() | left.keys()):
        kind, _, name = key.partition(":")
        if kind == "a":
            fact = facts.get(name, {})
            if name in trail.dossier.terminal:
                fact = {**fact, "standing": "terminal"}
            node = _account_node(name, fact, hops.get(key), victims, is_unknown=name in frontier)
            node = replace(
                node,
                located=located.get(name, 0),
                held=held.get(name, 0),
                unknown=frontier.get(name, 0),
            )
        elif kind == "v":
            node = Node(key, "victim", "", victim_of.get(name) or name, "", 0, 0)
        else:
            depth = 0 if kind == "s" else -1
            node = Node(key, "exit" if kind == "x" else "source", "", name, "", depth, depth)
        nodes.append(replace(node, arrived=arrived.get(key, 0), left=left.get(key, 0)))
    last = 1 + max((node.column for node in nodes), default=0)
    return [replace(n, column=last) if n.sort in {"exit", "terminal"} else n for n in nodes]


def _account_node(
    account: str,
    fact: Mapping[str, Any],
    hops: int | None,
    victims: Mapping[str, str],
    *,
    is_unknown: bool,
) -> Node:
    standing = "unknown" if is_unknown else fact.get("standing", "known")
    depth = fact.get("depth")
    depth = (hops or 0) if depth is None else depth
    is_victim = depth == 0 and account in victims
    sort = {"unknown": "unknown", "bridged": "unknown", "terminal": "terminal"}.get(
        standing, "account"
    )
    sort = "victim" if is_victim else sort
    name = fact.get("name") or (victims[account] if is_victim else "")
    column = min(depth, COLUMNS_MAX)
    return Node(f"a:{account}", sort, account, name, fact.get("institution") or "", column, depth)


def _keep_heaviest(nodes: Sequence[Node], accounts_max: int) -> tuple[list[Node], dict[str, str]]:
    """Return the nodes to draw and, for every key, the key it is drawn under; no column holds nothing but small accounts."""
    single = [node for node in nodes if _is_single(node)]
    kept = {n.key for n in sorted(single, key=lambda n: (-n.passed, n.key))[:accounts_max]}
    inner = [n.column for n in nodes if n.key in kept and n.sort != "terminal"]
    deepest = max(inner, default=0)
    drawn: list[Node] = []
    pools: dict[str, Node] = {}
    key_of = {}
    for node in nodes:
        if _is_single(node) and node.key not in kept:
            column = node.column if node.sort == "terminal" else min(node.column, deepest)
            key = f"o:{column:02}"
            before = pools.get(key, Node(key, "others", "", "", "", column, column, count=0))
            sums = {
                part: getattr(before, part) + getattr(node, part)
                for part in ("arrived", "left", "located", "held", "unknown", "count")
            }
            pools[key] = replace(before, **sums)
            key_of[node.key] = key
        else:
            drawn.append(node)
            key_of[node.key] = node.key
    return drawn + [pools[key] for key in sorted(pools)], key_of


def _is_single(node: Node) -> bool:
    return bool(node.account) or node.sort == "victim"


def _edges(
    moves: pl.DataFrame, place: Mapping[str, int], edges_max: int
) -> tuple[list[Edge], pl.DataFrame, list[Edge]]:
    """Return the edges to draw, the moves with the edge each belongs to, and the edges left out (null in the moves)."""
    numbered = moves.with_columns(
        pl.col(side).replace_strict(place, return_dtype=pl.Int32).alias(f"{side}_node")
        for side in ("source", "target")
    )
    grouped = (
        numbered.group_by("source_node", "target_node")
        .agg(
            pl.when(pl.col("amount").is_null().all())
            .then(None)
            .otherwise(pl.col("amount").sum())
            .alias("amount"),
            pl.col("inferred").sum(),
            pl.col("asserted").sum(),
            pl.col("transfer").n_unique().alias("count"),
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
    known: Sequence[Node], nodes: Sequence[Node], edges: Sequence[Edge], left_out: Sequence[Edge]
) -> Shown:
    single = [
        edge for edge in edges if "others" not in {nodes[edge.source].sort, nodes[edge.target].sort}
    ]
    total = sum(_weight(edge) for edge in (*edges, *left_out))
    return Shown(
        sum(map(_is_single, nodes)),
        sum(map(_is_single, known)),
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


def _sum_by(frame: pl.DataFrame, key: str, value: str) -> dict[str, int]:
    return dict(frame.group_by(key).agg(pl.col(value).sum()).iter_rows())
