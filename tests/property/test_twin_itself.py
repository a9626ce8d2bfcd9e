"""The twin against the shared vectors, hand-worked cases and its own invariants. A wrong oracle proves nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from recoup.trace.trail import Options
from twin import FEATURES, PLAIN, Outcome, Refused, World, random_world, twin_trace, worlds
from twin.facts import Row
from twin.world import START, Dispute, Hold, Link

VECTORS = Path(__file__).parents[3] / "shared" / "vectors" / "tracing.json"
CAUSAL = ("fifo", "lifo", "rolling", "lowest-balance")


def vector_cases() -> list[dict[str, object]]:
    if not VECTORS.exists():
        return []
    return list(json.loads(VECTORS.read_text(encoding="utf-8"))["cases"])


def at(minute: int) -> datetime:
    return START + timedelta(minutes=minute)


def row(name: str, minute: int, payer: str, payee: str, amount: int, **more: object) -> Row:
    return Row(name, at(minute), 0, payer, payee, amount, **{"currency": "CNY", "kind": "transfer", **more})  # type: ignore[arg-type]


def traced(world: World, *rules: str, **more: object) -> dict[str, Outcome]:
    options = replace(world.options, rules=rules or CAUSAL, **more)  # type: ignore[arg-type]
    return twin_trace(world.dossier(), world.claim_table(), options)


def located(outcome: Outcome, claim: str, account: str, currency: str = "CNY") -> int:
    position = outcome.positions.get((claim, account, currency))
    return position.amount if position else 0


# -- the shared vectors


@pytest.mark.skipif(not VECTORS.exists(), reason="../shared/vectors/tracing.json is not here")
@pytest.mark.parametrize("case", vector_cases(), ids=lambda case: str(case["name"]))
@pytest.mark.parametrize("rule", CAUSAL)
def test_what_is_left_per_owner_agrees_with_the_vectors(case: dict[str, object], rule: str) -> None:
    events = case["events"]
    assert isinstance(events, list)
    rows, owners = [], {}
    for i, event in enumerate(events):
        name = f"t{i:02}"
        is_in = event["direction"] == "in"
        rows.append(row(name, i, "" if is_in else "A", "A" if is_in else "", event["minor"]))
        if is_in:
            owners[name] = event["owner"]
    for owner, left in case["left"][rule].items():  # type: ignore[index]
        # lowest-balance is each owner alone: the others' money counts as the holder's own.
        names = [n for n in owners if rule != "lowest-balance" or owners[n] == owner]
        world = World(tuple(rows), tuple(Dispute(n, owners[n], n) for n in names))
        outcome = traced(world, rule)[rule]
        got = sum(located(outcome, n, "A") for n in names if owners[n] == owner)
        debits = sum(1 for event in events if event["direction"] == "out")
        credits = sum(1 for n in names if owners[n] == owner)
        assert abs(Fraction(left) - got) <= (debits * credits if "/" in left else 0)


# -- invariants on random worlds (the walk asserts conservation after every event)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(world=worlds(FEATURES, size_max=25))
def test_money_is_conserved_after_every_event_with_every_feature(world: World) -> None:
    for outcome in traced(world).values():
        for totals in outcome.summary.values():
            assert totals.loss == totals.located + totals.exited + totals.unknown + totals.residual


@pytest.mark.parametrize("seed", range(60))
def test_money_is_conserved_in_seeded_worlds(seed: int) -> None:
    for outcome in traced(random_world(seed, 5 + seed)).values():
        for totals in outcome.summary.values():
            assert totals.loss == totals.located + totals.exited + totals.unknown + totals.residual


def test_a_seed_makes_the_same_world_again() -> None:
    assert str(random_world(7, 30)) == str(random_world(7, 30))
    assert str(random_world(7, 30, PLAIN)) != str(random_world(8, 30, PLAIN))
