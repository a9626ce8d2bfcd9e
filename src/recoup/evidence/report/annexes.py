"""The annexes of the report: accounts, flows, exits, unknown and leads, each with its heaviest rows. Landscape tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import polars as pl

from recoup.evidence.report.blocks import (
    Block,
    Column,
    Speech,
    heading,
    id_width,
    source_number,
    table,
    text,
)
from recoup.evidence.rows import Rows, flows_told
from recoup.trace.rules import RULES
from recoup.trace.trail import Trail

ACCOUNTS_MAX: Final = 150
FLOWS_MAX: Final = 400
EXITS_MAX: Final = 200
UNKNOWN_MAX: Final = 100
LEADS_MAX: Final = 80


def accounts_annex(trail: Trail, rule: str, speech: Speech) -> list[Block]:
    """Every account that money of claims reached: who, where, how far from the victim, what lies there."""
    say = speech.say
    keys = ["account", "currency"]
    located = (
        trail.positions.filter(pl.col("rule") == rule)
        .group_by(keys)
        .agg(pl.col("amount").sum().alias("located"))
    )
    lost = (
        trail.unknown.filter(pl.col("rule") == rule)
        .group_by(keys)
        .agg(pl.col("amount").sum().alias("unknown"))
    )
    accounts = (
        trail.accounts.join(located, on=keys, how="left")
        .join(lost, on=keys, how="left")
        .with_columns(
            pl.col(name).fill_null(0)
            if RULES[rule].is_evidence
            else pl.lit(None, pl.Int64).alias(name)
            for name in ("located", "unknown")
        )
        .with_columns(amount=pl.col("located") + pl.col("unknown"))
        .sort("depth", "account", "currency")
    )
    chosen = speech.choose(say("annex_accounts"), accounts, ACCOUNTS_MAX)
    columns = [
        Column(say("account"), "account", 3.3),
        Column(say("name"), "text", 1.9),
        Column(say("institution"), "text", 1.9),
        Column(say("depth"), "count", 0.8),
        Column(say("standing"), "text", 1.9),
        Column(say("opening"), "money", 2.2),
        Column(say("opening_basis"), "text", 2.3),
        Column(say("balance"), "money", 2.2),
        Column(say("located"), "money", 2.1),
        Column(say("unknown"), "money", 2.1),
    ]
    rows = [
        [
            row["account"],
            row["name"],
            row["institution"],
            str(row["depth"]),
            say("standing_unknown") if row["standing"] == "unknown" else say(row["standing"]),
            *_balances(row, speech),
            speech.cell(row["located"], row["currency"]),
            speech.cell(row["unknown"], row["currency"]),
        ]
        for row in chosen.rows.iter_rows(named=True)
    ]
    return (
        [table(columns, rows, size=7.4), *speech.rest(chosen, "accounts.csv")]
        if rows
        else [text(say("nothing"))]
    )


def _balances(row: Mapping[str, Any], speech: Speech) -> list[str]:
    """Opening, what it rests on, and balance at the end; without a statement there is nothing to say."""
    if row["standing"] != "known":
        return ["—", "—", "—"]
    ends = [speech.cell(row[name], row["currency"]) for name in ("opening", "balance")]
    return [ends[0], speech.say(f"basis_{row['opening_basis']}"), ends[1]]


def flows_annex(trail: Trail, rows: Rows, rule: str, speech: Speech) -> list[Block]:
    """What each transfer carried of each claim, by claim and time, with the row of the statement that shows it."""
    say = speech.say
    mine = rows.flows.filter(pl.col("rule") == rule)
    chosen = speech.choose(say("annex_flows"), mine, FLOWS_MAX)
    told = flows_told(chosen.rows, rows.told).sort(
        "claim", "time", "depth", "transfer", maintain_order=True
    )
    cites = cited(trail, told["transfer"])
    names = dict(rows.accounts.select("account", "name").unique("account").iter_rows())
    columns = [
        Column(say("claim"), "id", id_width(told["claim"])),
        Column(say("transfer"), "id", id_width(told["transfer"])),
        Column(say("time"), "time", 2.5),
        Column(say("from"), "account", 3.2),
        Column(say("name"), "text", 2),
        Column(say("to"), "account", 3.2),
        Column(say("name"), "text", 2),
        Column(say("amount"), "money", 2),
        Column(say("depth"), "count", 0.8),
        Column(say("cites"), "text", 1.9),
    ]
    lines = [
        [
            row["claim"],
            row["transfer"],
            speech.time(row["time"]),
            row["payer"] or say("outside"),
            names.get(row["payer"], ""),
            row["payee"] or say(f"kind_{row['kind']}"),
            names.get(row["payee"], ""),
            speech.cell(row["amount"], row["currency"]),
            str(row["depth"]),
            cites[row["transfer"]],
        ]
        for row in told.iter_rows(named=True)
    ]
    if not lines:
        return [text(say("nothing"))]
    rest = chosen.rest.with_columns(rows.told["currency"].gather(chosen.rest["at"]))
    left = speech.rest(
        type(chosen)(chosen.rows, chosen.rows_count, rest), "flows.csv", adds_up=False
    )
    return [table(columns, lines, size=7.2), *left]


def exits_annex(trail: Trail, rows: Rows, rule: str, speech: Speech) -> list[Block]:
    """Where money left what can be followed."""
    say = speech.say
    mine = rows.exits.filter(pl.col("rule") == rule)
    chosen = speech.choose(say("annex_exits"), mine, EXITS_MAX)
    columns = [
        Column(say("claim"), "id", id_width(chosen.rows["claim"])),
        Column(say("kind"), "text", 2),
        Column(say("time"), "time", 2.5),
        Column(say("account"), "account", 3.3),
        Column(say("amount"), "money", 2.4),
        Column(say("transfer"), "id", id_width(chosen.rows["transfer"])),
        Column(say("cites"), "text", 2.2),
    ]
    cites = cited(trail, chosen.rows["transfer"])
    lines = [
        [
            row["claim"],
            say(f"kind_{row['kind']}"),
            speech.time(row["time"]),
            row["account"],
            speech.cell(row["amount"], row["currency"]),
            row["transfer"],
            cites[row["transfer"]],
        ]
        for row in chosen.rows.sort("claim", "time", "transfer", maintain_order=True).iter_rows(
            named=True
        )
    ]
    if not lines:
        return [text(say("nothing"))]
    kinds = (
        mine.group_by("kind", "currency")
        .agg(pl.col("amount").sum(), pl.len().alias("n"))
        .sort(["amount", "kind"], descending=[True, False], nulls_last=True)
    )
    by_kind = [
        [say(f"kind_{row['kind']}"), str(row["n"]), speech.cell(row["amount"], row["currency"])]
        for row in kinds.iter_rows(named=True)
    ]
    head = [
        Column(say("kind"), "text", 2),
        Column(say("rows"), "count", 1),
        Column(say("amount"), "money", 2),
    ]
    return [
        table(head, by_kind, share=50),
        table(columns, lines, size=7.4),
        *speech.rest(chosen, "exits.csv"),
    ]


def unknown_annex(trail: Trail, rows: Rows, rule: str, speech: Speech) -> list[Block]:
    """The frontier, and what others' statements show beyond it."""
    say = speech.say
    mine = rows.unknown.filter(pl.col("rule") == rule)
    if mine.is_empty():
        return [text(say("nothing"))]
    names = rows.accounts.select("account", "currency", "name", "institution")
    chosen = speech.choose(
        say("annex_unknown"),
        mine.join(names, on=["account", "currency"], how="left", maintain_order="left"),
        UNKNOWN_MAX,
    )
    columns = [
        Column(say("account"), "account", 3.3),
        Column(say("name"), "text", 2.2),
        Column(say("institution"), "text", 2.4),
        Column(say("claim"), "id", id_width(chosen.rows["claim"])),
        Column(say("amount"), "money", 2.4),
        Column(say("since"), "time", 2.5),
    ]
    lines = [
        [
            row["account"],
            row["name"] or "",
            row["institution"] or "",
            row["claim"],
            speech.cell(row["amount"], row["currency"]),
            speech.time(row["since"]),
        ]
        for row in chosen.rows.iter_rows(named=True)
    ]
    return [
        text(say("unknown_text")),
        table(columns, lines),
        *speech.rest(chosen, "unknown.csv"),
        *_leads(trail, rows, speech),
    ]


def _leads(trail: Trail, rows: Rows, speech: Speech) -> list[Block]:
    say = speech.say
    if rows.leads.is_empty():
        return []
    chosen = speech.choose(say("leads"), rows.leads, LEADS_MAX)
    columns = [
        Column(say("account"), "account", 3.3),
        Column(say("to"), "account", 3.3),
        Column(say("time"), "time", 2.5),
        Column(say("amount"), "money", 2.4),
        Column(say("transfer"), "id", id_width(chosen.rows["transfer"])),
        Column(say("cites"), "text", 2.2),
    ]
    cites = cited(trail, chosen.rows["transfer"])
    lines = [
        [
            row["account"],
            row["payee"] or say("outside"),
            speech.time(row["time"]),
            speech.cell(row["amount"], row["currency"]),
            row["transfer"],
            cites[row["transfer"]],
        ]
        for row in chosen.rows.iter_rows(named=True)
    ]
    return [
        heading(say("leads")),
        text(say("leads_text")),
        table(columns, lines),
        *speech.rest(chosen, "leads.csv"),
    ]


def cited(trail: Trail, transfers: pl.Series) -> dict[str, str]:
    """Return where statements show these transfers, by number of the source and row: `S1:18; S4:9`."""
    rows = trail.dossier.transfers.filter(pl.col("id").is_in(transfers.unique().implode()))
    places = rows.select("id", "source", "row", "other_source", "other_row").iter_rows()
    return {
        str(name): "; ".join(
            f"{source_number(source)}:{row}"
            for source, row in ((own, own_row), (other, other_row))
            if source is not None
        )
        for name, own, own_row, other, other_row in places
    }
