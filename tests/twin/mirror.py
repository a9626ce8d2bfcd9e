"""Writes the twin's outcomes as a `Trail`, so that the comparison itself can be tested: it must find every figure changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl

from recoup.trace import trail as shape
from recoup.trace.trail import Trail
from twin.outcome import Outcome
from twin.world import World


def trail_of(world: World, twin: Mapping[str, Outcome]) -> Trail:
    """Return a trail that says what the twin says. Names, standing and hops of accounts are left empty."""
    outcomes = [twin[rule] for rule in sorted(twin)]
    return Trail(
        dossier=world.dossier(),
        options=world.options,
        claims=pl.DataFrame(schema=shape.CLAIMS),
        positions=_table(shape.POSITIONS, (_places(o, o.positions) for o in outcomes)),
        flows=_table(shape.FLOWS, (_flows(o) for o in outcomes)),
        exits=_table(shape.EXITS, (_exits(o) for o in outcomes)),
        unknown=_table(shape.UNKNOWN, (_places(o, o.unknown) for o in outcomes)),
        summary=_table(shape.SUMMARY, (_summary(o) for o in outcomes)),
        accounts=_table(shape.ACCOUNTS, [_accounts(outcomes[0])]),
        leads=_table(shape.LEADS, [_leads(outcomes)]),
        holds=_table(shape.HOLDS_FILLED, (_holds(o) for o in outcomes)),
    )


def _table(schema: pl.Schema, groups: Iterable[list[dict[str, Any]]]) -> pl.DataFrame:
    rows = [{name: row.get(name) for name in schema} for group in groups for row in group]
    return pl.DataFrame(rows, schema=schema)


def _of(outcome: Outcome, value: Any) -> dict[str, Any]:
    fields = {"rule": outcome.rule, **value._asdict()}
    return fields | {"amount": None} if outcome.rule == "poison" else fields


def _places(outcome: Outcome, places: Mapping[tuple[str, str, str], Any]) -> list[dict[str, Any]]:
    return [
        {**_of(outcome, value), "claim": claim, "account": account, "currency": currency}
        for (claim, account, currency), value in places.items()
    ]


def _flows(outcome: Outcome) -> list[dict[str, Any]]:
    return [
        {**_of(outcome, value), "claim": claim, "transfer": transfer}
        for (claim, transfer), value in outcome.flows.items()
    ]


def _exits(outcome: Outcome) -> list[dict[str, Any]]:
    names = ("claim", "transfer", "account", "currency", "kind")
    return [
        {**_of(outcome, value), **dict(zip(names, key, strict=True))}
        for key, value in outcome.exits.items()
    ]


def _summary(outcome: Outcome) -> list[dict[str, Any]]:
    return [
        {**_of(outcome, value), "claim": claim, "currency": currency, "victim": ""}
        for (claim, currency), value in outcome.summary.items()
    ]


def _accounts(outcome: Outcome) -> list[dict[str, Any]]:
    return [
        {
            **pocket._asdict(),
            "standing": "known",
            "opening": fields.opening,
            "opening_basis": fields.basis,
            "assumed_credit": fields.assumed,
            "balance": fields.balance,
        }
        for pocket, fields in outcome.pockets.items()
    ]


def _leads(outcomes: list[Outcome]) -> list[dict[str, Any]]:
    return [{"transfer": name} for name in sorted({name for o in outcomes for name in o.leads})]


def _holds(outcome: Outcome) -> list[dict[str, Any]]:
    return [
        {"rule": outcome.rule, "hold": hold, "claim": claim, "amount": amount}
        for (hold, claim), amount in outcome.holds.items()
    ]
