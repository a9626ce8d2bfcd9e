"""Short words for worlds worked by hand: rows by the minute, a trace under some rules, what is located where."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from twin.entry import CAUSAL, twin_trace
from twin.facts import Row
from twin.outcome import Outcome
from twin.world import START, World

__all__ = ["CAUSAL", "at", "located", "row", "traced"]


def at(minute: int) -> datetime:
    return START + timedelta(minutes=minute)


def row(name: str, minute: int, payer: str, payee: str, amount: int, **more: Any) -> Row:
    return Row(
        name, at(minute), 0, payer, payee, amount, **{"currency": "CNY", "kind": "transfer", **more}
    )


def traced(world: World, *rules: str, **more: Any) -> dict[str, Outcome]:
    options = replace(world.options, rules=rules or CAUSAL, **more)
    return twin_trace(world.dossier(), world.claim_table(), options)


def located(outcome: Outcome, claim: str, account: str, currency: str = "CNY") -> int:
    position = outcome.positions.get((claim, account, currency))
    return position.amount if position else 0
