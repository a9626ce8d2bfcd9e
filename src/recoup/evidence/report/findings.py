"""The findings of the report: where the money of each claim is, in which accounts, and how that varies over the rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import polars as pl

from recoup.evidence.report.blocks import Block, Column, Speech, heading, table, text
from recoup.evidence.summary import SUMS, data_time, totals_of
from recoup.trace.rules import RANGE, RULES
from recoup.trace.trail import Trail

CLAIMS_MAX: Final = 60
POSITIONS_MAX: Final = 60


def claims_found(trail: Trail, rule: str, speech: Speech) -> list[Block]:
    """The claims and where the money of each is; then the accounts that hold it."""
    say = speech.say
    mine = trail.summary.filter(pl.col("rule") == rule)
    if not RULES[rule].is_evidence:
        reached = trail.flows.filter(pl.col("rule") == rule)["transfer"].n_unique()
        where = pl.concat(
            frame.filter(pl.col("rule") == rule)["account"]
            for frame in (trail.positions, trail.unknown)
        )
        return [text(say("reach_text", accounts=where.n_unique(), transfers=reached))]
    if mine.is_empty():
        return [text(say("nothing"))]
    chosen = speech.choose(say("claims"), mine, CLAIMS_MAX, by="loss")
    names = [name for name in SUMS if name not in {"held", "residual"} or mine[name].sum()]
    columns = [Column(say("claim"), "id", 1.25), Column(say("victim"), "text", 1.5)]
    columns += [Column(say(name), "money", 2) for name in names]
    totals = totals_of(trail).filter(pl.col("rule") == rule)
    whole = say("total")
    rows = [
        [first, second, *(speech.cell(row[name], row["currency"]) for name in names)]
        for first, second, row in (
            *((row["claim"], row["victim"], row) for row in chosen.rows.iter_rows(named=True)),
            *((whole, "", row) for row in totals.iter_rows(named=True)),
        )
    ]
    words = say("findings_text", until=speech.time(data_time(trail)), rule=say(f"rule_{rule}"))
    return [
        text(words),
        table(columns, rows, strong=[whole]),
        *speech.rest(chosen, "summary.json", by="loss"),
        *_where(trail, rule, speech),
    ]


def _where(trail: Trail, rule: str, speech: Speech) -> list[Block]:
    """The accounts in which money is located, most first, with whose it is."""
    say = speech.say
    mine = trail.positions.filter(pl.col("rule") == rule)
    blocks = [heading(say("where"))]
    if mine.is_empty():
        return [*blocks, text(say("nothing_located"))]
    held = trail.accounts.select("account", "currency", "name", "institution")
    pockets = (
        mine.group_by("account", "currency")
        .agg(
            pl.col("amount").sum(),
            pl.col("held").sum(),
            pl.col("since").min(),
            pl.col("claim").sort().unique(maintain_order=True),
        )
        .join(held, on=["account", "currency"], how="left")
        .sort(["amount", "account", "currency"], descending=[True, False, False])
    )
    chosen = speech.choose(say("where"), pockets, POSITIONS_MAX)
    any_held = bool(pockets["held"].sum())
    columns = [
        Column(say("account"), "account", 3.3),
        Column(say("holder"), "text", 2),
        Column(say("institution"), "text", 2),
        Column(say("amount"), "money", 2),
        *([Column(say("of_which_held"), "money", 1.8)] if any_held else []),
        Column(say("since"), "time", 2.5),
        Column(say("of_claims"), "text", 1.9),
    ]
    rows = [
        [
            row["account"],
            row["name"] or "",
            row["institution"] or "",
            speech.cell(row["amount"], row["currency"]),
            *([speech.cell(row["held"], row["currency"])] if any_held else []),
            speech.time(row["since"]),
            _few(row["claim"]),
        ]
        for row in chosen.rows.iter_rows(named=True)
    ]
    blocks += [text(say("where_text"))] if any_held else []
    return [*blocks, table(columns, rows), *speech.rest(chosen, "positions.csv")]


def _few(claims: list[str], most: int = 3) -> str:
    """A list of claims that stays short."""
    return ", ".join(claims[:most]) + (f" … +{len(claims) - most}" if len(claims) > most else "")


def range_found(trail: Trail, speech: Speech) -> list[Block]:
    """What is located under each rule of the range, if several ran."""
    say = speech.say
    rules = [rule for rule in trail.options.rules if rule in RANGE]
    if len(rules) < 2:
        return []
    among = trail.summary.filter(pl.col("rule").is_in(rules))
    wide = among.pivot("rule", index=["claim", "currency"], values="located", sort_columns=False)
    ends = among.group_by("claim", "currency").agg(
        pl.col("loss").max(),
        *(pl.col(name).min().alias(f"{name}_min") for name in ("exited", "unknown")),
        *(pl.col(name).max().alias(f"{name}_max") for name in ("exited", "unknown")),
    )
    joined = wide.join(ends, on=["claim", "currency"], how="left").sort("claim", "currency")
    chosen = speech.choose(say("range"), joined, CLAIMS_MAX, by="loss")
    columns = [Column(say("claim"), "id", 1.3)]
    columns += [
        Column(say("located_under", rule=say(f"rule_{rule}")), "money", 1.9) for rule in rules
    ]
    columns += [
        Column(say("least_most", what=say(name)), "money", 2.2) for name in ("exited", "unknown")
    ]
    rows = [
        [row["claim"]]
        + [speech.cell(row[rule], row["currency"]) for rule in rules]
        + [_span(row, name, speech) for name in ("exited", "unknown")]
        for row in chosen.rows.iter_rows(named=True)
    ]
    return [
        text(say("range_text")),
        table(columns, rows),
        *speech.rest(chosen, "summary.json", by="loss"),
    ]


def _span(row: Mapping[str, Any], name: str, speech: Speech) -> str:
    """The least and the most of a sum, once if they are the same."""
    ends = [speech.cell(row[f"{name}_{end}"], row["currency"]) for end in ("min", "max")]
    return "\n".join(dict.fromkeys(ends))
