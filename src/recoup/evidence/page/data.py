"""The data of the page: pictures of every rule and currency, the movements behind them, the tables; as values for JSON.

Amounts are minor units as text, because a script's numbers are exact up to 2^53 only; times are microseconds since 1970 UTC,
which fit until the year 2255. Lists stand for rows; `page/assets/model.js` names their fields.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import polars as pl

from recoup._version import __version__
from recoup.evidence.assumed import in_language
from recoup.evidence.drawing import column_sort, status_of
from recoup.evidence.picture import Edge, Node, Picture, currencies_of, draft
from recoup.evidence.wording import SIGNS, words
from recoup.trace.layout import Box, Canvas, Ribbon
from recoup.trace.trail import Trail

ACCOUNTS_MAX: Final = 400
"""Accounts drawn one by one in one picture: more cannot be told apart on a screen."""

ACCOUNTS_OVER_ALL: Final = 2400
"""The same, over the pictures of all rules and currencies."""

CLAIMS_MAX: Final = 200
"""Claims that can be chosen one by one; the largest. The others are one entry together."""

ITEMS_MAX: Final = 30_000
"""Movements listed one by one over all pictures: they are most of the page's size."""

ROWS_MAX: Final = 500
"""Leads and input files listed."""

CANVAS: Final = Canvas(width=1000, height=600, label_room=120, gap_max=22)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_ROUTES: Final = {"forward": 0, "level": 1, "back": 2}


def page_data(trail: Trail, *, language: str, timezone: str) -> dict[str, Any]:
    """Return everything the page shows."""
    currencies = currencies_of(trail)
    pairs = [(rule, currency) for rule in trail.options.rules for currency in currencies]
    count = max(len(pairs), 1)
    claims = _claims(trail)
    place = {row[0]: i for i, row in enumerate(claims)}
    accounts_max = min(ACCOUNTS_MAX, max(ACCOUNTS_OVER_ALL // count, 40))
    drafts = {
        pair: draft(trail, pair[0], currency=pair[1], accounts_max=accounts_max, canvas=CANVAS)
        for pair in pairs
    }
    items = {pair: _items(moves, place, ITEMS_MAX // count) for pair, (_, moves) in drafts.items()}
    transfers = _transfers(trail, items.values())
    number = {row[0]: i for i, row in enumerate(transfers)}
    pictures: dict[str, dict[str, Any]] = {rule: {} for rule in trail.options.rules}
    for (rule, currency), (picture, _) in drafts.items():
        listed, rest, total = items[rule, currency]
        pictures[rule][currency] = {
            **_picture(picture),
            "items": [
                _item(row, number)
                for row in (*listed.iter_rows(named=True), *rest.iter_rows(named=True))
            ],
            "items_shown": [listed.height, total],
            "stays": _stays(trail, picture, place),
            "sums": _sums(trail, picture, place),
        }
    return {
        "version": __version__,
        "language": language,
        "zone": timezone,
        "words": words(),
        "signs": SIGNS,
        "digits": {currency: trail.dossier.digits.of(currency) for currency in currencies},
        "rules": list(trail.options.rules),
        "currencies": currencies,
        "claims": claims,
        "claims_total": trail.claims.height,
        "accounts": _accounts(trail, drafts),
        "transfers": transfers,
        "pictures": pictures,
        "leads": _leads(trail),
        "leads_total": trail.leads.height,
        "assumptions": [[in_language(text, "zh"), text] for text in trail.assumptions],
        "sources": [
            [s.file, s.sheet, s.sha256, s.rows_count, s.supplied_by, s.supplied_at, s.document]
            for s in trail.dossier.sources[:ROWS_MAX]
        ],
        "sources_total": len(trail.dossier.sources),
    }


def _claims(trail: Trail) -> list[list[str]]:
    largest = trail.claims.sort(["loss", "claim"], descending=[True, False]).head(CLAIMS_MAX)
    return [
        list(row)
        for row in largest.sort("claim")
        .select("claim", "victim", "transfer", "currency")
        .iter_rows()
    ]


def _picture(picture: Picture) -> dict[str, Any]:
    layout, shown = picture.layout, picture.shown
    return {
        "screening": picture.is_screening,
        "size": [layout.width, layout.height],
        "scale": layout.scale,
        "columns": [
            [column, round(x, 1), column_sort(picture, column)] for column, x in layout.columns
        ],
        "nodes": [_node(n, b) for n, b in zip(picture.nodes, layout.boxes, strict=True)],
        "edges": [_edge(e, r) for e, r in zip(picture.edges, layout.ribbons, strict=True)],
        "shown": [
            shown.accounts,
            shown.accounts_total,
            shown.edges,
            shown.edges_total,
            shown.money_permille,
        ],
    }


def _node(node: Node, box: Box) -> list[Any]:
    place = [round(box.x, 1), round(box.y, 2), round(box.height, 2)]
    text = [node.key, node.sort, status_of(node), node.account, node.name, node.institution]
    money = (node.arrived, node.left, node.located, node.held, node.unknown)
    return [*text, node.column, node.depth, *place, node.count, *map(str, money)]


def _edge(edge: Edge, ribbon: Ribbon) -> list[Any]:
    ends = (ribbon.x0, ribbon.y0, ribbon.x1, ribbon.y1, ribbon.width, ribbon.lane, ribbon.offset)
    amount = None if edge.amount is None else str(edge.amount)
    mark = bool(edge.inferred) + 2 * bool(edge.asserted)
    course = [round(value, 2) for value in ends]
    return [edge.source, edge.target, _ROUTES[ribbon.route], *course, amount, mark, edge.count]


def _items(
    moves: pl.DataFrame, place: Mapping[str, int], items_max: int
) -> tuple[pl.DataFrame, pl.DataFrame, int]:
    """Return the heaviest movements in total order, the others added up per edge (and claim, if few), and the number of all."""
    every = (
        moves.filter(pl.col("edge").is_not_null())
        .with_columns(
            pl.col("claim").replace_strict(place, default=-1, return_dtype=pl.Int32),
            pl.lit(1).alias("count"),
        )
        .group_by("edge", "order", "time", "transfer", "claim")
        .agg(pl.col("amount", "inferred", "asserted").sum(), pl.col("count").sum())
        .sort(["amount", "order", "transfer", "edge", "claim"], descending=[True, *[False] * 4])
    )
    listed = every.head(items_max).sort("order", "transfer", "edge", "claim", nulls_last=True)
    rest = every.slice(items_max)
    if rest.height > items_max:
        rest = rest.with_columns(pl.lit(-1, pl.Int32).alias("claim"))
    added = (
        rest.group_by("edge", "claim")
        .agg(
            pl.lit(None, pl.Int64).alias("order"),
            pl.col("time").max(),
            pl.lit(None, pl.String).alias("transfer"),
            pl.col("amount", "inferred", "asserted", "count").sum(),
        )
        .sort("time", "edge", "claim", nulls_last=True)
        .select(listed.columns)
    )
    return listed, added, every.height


def _item(row: Mapping[str, Any], number: Mapping[str, int]) -> list[Any]:
    mark = bool(row["inferred"]) + 2 * bool(row["asserted"])
    transfer = -1 if row["transfer"] is None else number.get(row["transfer"], -1)
    item = [row["edge"], transfer, row["claim"], str(row["amount"]), mark]
    return item if transfer >= 0 else [*item, _micros(row["time"]), row["count"]]


def _transfers(trail: Trail, items: Any) -> list[list[Any]]:  # noqa: ANN401 - a view of tuples of frames
    named = [listed["transfer"] for listed, _, _ in items]
    wanted = pl.concat(named).unique().drop_nulls() if named else pl.Series(dtype=pl.String)
    sources = trail.dossier.sources
    rows = []
    for row in trail.dossier.transfers.filter(pl.col("id").is_in(wanted.implode())).iter_rows(
        named=True
    ):
        cites = [sources[row["source"]].cite(row["row"])] if row["source"] < len(sources) else []
        if row["other_source"] is not None:
            cites.append(sources[row["other_source"]].cite(row["other_row"]))
        names = [row["payer_name"], row["payee_name"]]
        text = [row["payer"], row["payee"], str(row["amount"]), row["kind"], "; ".join(cites)]
        rows.append([row["id"], _micros(row["time"]), *text, *names])
    return rows


def _stays(trail: Trail, picture: Picture, place: Mapping[str, int]) -> list[list[Any]]:
    """Return what is located, held and unknown at the end as [node, claim, located, held, unknown]."""
    here = (pl.col("rule") == picture.rule) & (pl.col("currency") == picture.currency)
    nodes = {node.account: i for i, node in enumerate(picture.nodes) if node.account}
    zero = pl.lit(0, pl.Int64)
    located = trail.positions.filter(here).select(
        "account", "claim", "amount", "held", zero.alias("unknown")
    )
    unknown = trail.unknown.filter(here).select(
        "account",
        "claim",
        zero.alias("amount"),
        zero.alias("held"),
        pl.col("amount").alias("unknown"),
    )
    rows = (
        pl.concat([located, unknown])
        .filter(pl.col("account").is_in(list(nodes)))
        .with_columns(
            pl.col("account").replace_strict(nodes, return_dtype=pl.Int32),
            pl.col("claim").replace_strict(place, default=-1, return_dtype=pl.Int32),
        )
        .group_by("account", "claim")
        .agg(pl.col("amount", "held", "unknown").sum())
        .sort("account", "claim")
    )
    return [[node, claim, *map(str, money)] for node, claim, *money in rows.iter_rows()]


def _sums(trail: Trail, picture: Picture, place: Mapping[str, int]) -> list[list[Any]]:
    """Return the summary's rows as [claim, loss, located, held, exited, unknown, residual, recoverable, accounts, depth]."""
    money = ["loss", "located", "held", "exited", "unknown", "residual", "recoverable"]
    rows = (
        trail.summary.filter(pl.col("rule") == picture.rule, pl.col("currency") == picture.currency)
        .with_columns(pl.col("claim").replace_strict(place, default=-1, return_dtype=pl.Int32))
        .group_by("claim")
        .agg(pl.col(money).sum(), pl.col("accounts", "depth").max(), pl.len().alias("claims"))
        .sort("claim")
    )
    return [
        [
            row["claim"],
            *(str(row[name]) for name in money),
            row["accounts"],
            row["depth"],
            row["claims"],
        ]
        for row in rows.iter_rows(named=True)
    ]


def _accounts(
    trail: Trail, drafts: Mapping[tuple[str, str], tuple[Picture, pl.DataFrame]]
) -> dict[str, dict[str, list[Any]]]:
    """Return by currency and account: standing, depth, opening, its basis, assumed credit, balance; only of accounts drawn."""
    facts: dict[str, dict[str, list[Any]]] = {}
    for (_, currency), (picture, _) in drafts.items():
        drawn = [node.account for node in picture.nodes if node.account]
        rows = trail.accounts.filter(pl.col("currency") == currency, pl.col("account").is_in(drawn))
        for row in rows.sort("account").iter_rows(named=True):
            money = (
                None if row[k] is None else str(row[k])
                for k in ("opening", "assumed_credit", "balance")
            )
            facts.setdefault(currency, {})[row["account"]] = [
                row["standing"],
                row["depth"],
                row["opening_basis"],
                *money,
            ]
    return facts


def _leads(trail: Trail) -> list[list[Any]]:
    rows = trail.leads.sort("time", "transfer", nulls_last=True).head(ROWS_MAX)
    return [
        [
            row["account"],
            row["transfer"],
            row["payee"],
            row["currency"],
            str(row["amount"]),
            _micros(row["time"]),
        ]
        for row in rows.iter_rows(named=True)
    ]


def _micros(time: datetime | None) -> int | None:
    return None if time is None else (time - _EPOCH) // timedelta(microseconds=1)
