"""The engine against the slow twin, rule by rule and feature by feature, and against the shared vectors.

A failing world prints its CSV lines. `slow` tests are the same comparison over many more worlds.
"""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from random import Random

import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from shared_data import shared
from twin import (
    FEATURES,
    PLAIN,
    Refused,
    World,
    assert_same,
    differences,
    random_world,
    twin_trace,
    worlds,
)
from twin.cases import CAUSAL, row
from twin.world import Dispute

from recoup.trace import Trail, trace_dossier
from recoup.tracing import trace

RULES = (*CAUSAL, "pari-passu", "poison")
NEEDS = {"bridge": {"unknown"}, "reversals_again": {"reversals", "refunds"}}
"""Features that mean nothing without others."""
NOT_PARI = frozenset({"holds", "horizon", "dust", "unadmitted"})
"""Refused under pari-passu (choices 11 and 15)."""
TABLES = ("positions", "flows", "exits", "unknown", "summary", "accounts", "leads", "holds")

QUICK = settings(
    derandomize=True,
    database=None,
    deadline=None,
    phases=(Phase.generate,),  # a failing world is small enough to read; `slow` shrinks
    suppress_health_check=list(HealthCheck),
)
LONG = settings(QUICK, max_examples=150, phases=(Phase.generate, Phase.shrink))


def engine(world: World) -> Trail:
    return trace_dossier(world.dossier(), world.claim_table(), world.options)


def check(world: World, rule: str) -> None:
    """Compare one world under one rule; where links are, pari-passu leaves out what the page does not settle for it."""
    world = world.with_rules(rule)
    try:
        twin = twin_trace(world.dossier(), world.claim_table(), world.options)
    except Refused:
        return
    strict = rule != "pari-passu" or not world.links
    assert_same(engine(world), twin, world, strict=strict)


def size_of(rule: str) -> int:
    return 14 if rule == "pari-passu" else 25  # fractions are slow


def features_of(rule: str) -> frozenset[str]:
    return FEATURES - NOT_PARI if rule == "pari-passu" else FEATURES


def pairs() -> list[tuple[str, str]]:
    return [
        (rule, name)
        for rule in RULES
        for name in sorted(FEATURES - PLAIN)
        if name in features_of(rule)
    ]


# -- the twin


@pytest.mark.parametrize("rule", RULES)
def test_plain_worlds_are_traced_as_the_twin_traces_them(rule: str) -> None:
    @settings(QUICK, max_examples=25)
    @given(world=worlds(PLAIN, size_max=size_of(rule)))
    def compare(world: World) -> None:
        check(world, rule)

    compare()


@pytest.mark.parametrize(("rule", "feature"), pairs())
def test_each_feature_alone_is_traced_as_the_twin_traces_it(rule: str, feature: str) -> None:
    features = PLAIN | {feature} | NEEDS.get(feature, set())

    @settings(QUICK, max_examples=5)
    @given(world=worlds(features, size_max=size_of(rule)))
    def compare(world: World) -> None:
        check(world, rule)

    compare()


@pytest.mark.parametrize("rule", [*CAUSAL, "poison"])
@pytest.mark.parametrize("seeds", [range(15), pytest.param(range(15, 40), marks=pytest.mark.slow)])
def test_all_features_but_links_are_traced_as_the_twin_traces_them(seeds: range, rule: str) -> None:
    for seed in seeds:
        check(random_world(seed, 25, FEATURES - {"links"}), rule)


@pytest.mark.parametrize("rule", RULES)
def test_all_features_together_are_traced_as_the_twin_traces_them(rule: str) -> None:
    @settings(QUICK, max_examples=12)
    @given(world=worlds(features_of(rule), size_max=size_of(rule)))
    def compare(world: World) -> None:
        check(world, rule)

    compare()


@pytest.mark.slow
@pytest.mark.parametrize("rule", RULES)
def test_many_worlds_with_all_features_are_traced_as_the_twin_traces_them(rule: str) -> None:
    @LONG
    @given(world=worlds(features_of(rule), size_max=size_of(rule)))
    def compare(world: World) -> None:
        check(world, rule)

    compare()


@pytest.mark.slow
@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("part", range(4))
def test_many_seeded_worlds_are_traced_as_the_twin_traces_them(rule: str, part: int) -> None:
    check_seeds(rule, part)


def check_seeds(rule: str, part: int) -> None:
    """Compare sixty worlds of mixed features under one rule."""
    for seed in range(1000 * part, 1000 * part + 60):
        features = PLAIN | {name for i, name in enumerate(sorted(FEATURES)) if (seed + i) % 3}
        check(random_world(seed, size_of(rule), features & features_of(rule)), rule)


@pytest.mark.parametrize("rule", CAUSAL)
def test_one_unit_moved_between_two_positions_is_found(rule: str) -> None:
    # The negative control: sums and conservation still hold, only the places are wrong.
    for seed in range(50):
        world = random_world(seed, 25, PLAIN).with_rules(rule)
        trail = engine(world)
        first = trail.positions.with_row_index("n")
        same = first.filter((pl.col("claim") == first["claim"].first()) & (pl.col("amount") > 1))
        if same.height < 2:
            continue
        giver, taker = same["n"][0], same["n"][1]
        step = (pl.col("n") == taker).cast(pl.Int64) - (pl.col("n") == giver).cast(pl.Int64)
        moved = first.with_columns(amount=pl.col("amount") + step).drop("n")
        twin = twin_trace(world.dossier(), world.claim_table(), world.options)
        assert len(differences(replace(trail, positions=moved), twin)) == 2
        return
    pytest.fail("no world had two positions of one claim")


# -- order and names


def tables_of(trail: Trail) -> dict[str, list[tuple[object, ...]]]:
    return {name: sorted(getattr(trail, name).rows(), key=repr) for name in TABLES}


READ = PLAIN | {"reversals", "refunds", "reversals_again", "conversions", "unknown", "terminal"}
"""What a frame of transfers can say by itself."""


def read_and_traced(world: World, order: list[int]) -> Trail:
    columns = ("id", "time", "sequence", "payer", "payee", "amount", "currency", "kind")
    frame = world.dossier().transfers.select(*columns, "reference", "reverses")
    claims = world.claim_table().select("claim", "victim", "transfer")
    return trace(
        frame[order],
        claims,
        rule=world.options.rules,
        known=None if world.known is None else sorted(world.known),
        terminal=sorted(world.terminal),
    )


@settings(QUICK, max_examples=8)
@given(world=worlds(READ, size_max=14), source=st.randoms(use_true_random=False))
def test_the_order_of_the_given_rows_changes_nothing(world: World, source: Random) -> None:
    world = world.with_rules(*RULES)
    order = list(range(len(world.rows)))
    expected = tables_of(read_and_traced(world, order))
    source.shuffle(order)
    assert expected == tables_of(read_and_traced(world, order))
    assert expected == tables_of(engine(world))


def renamed(world: World) -> World:
    """The same world with other names of accounts, in the same order."""

    def name(account: str) -> str:
        return account and f"渝{account}"

    return replace(
        world,
        rows=tuple(replace(r, payer=name(r.payer), payee=name(r.payee)) for r in world.rows),
        known=None if world.known is None else frozenset(map(name, world.known)),
        terminal=frozenset(map(name, world.terminal)),
        openings=tuple((name(a), *rest) for a, *rest in world.openings),  # type: ignore[misc]
        holds=tuple(replace(h, account=name(h.account)) for h in world.holds),
        links=tuple(replace(k, source=name(k.source), target=name(k.target)) for k in world.links),
    )


@settings(QUICK, max_examples=8)
@given(world=worlds(FEATURES - NOT_PARI, size_max=14))
def test_names_of_accounts_change_nothing_but_the_names(world: World) -> None:
    world = world.with_rules(*RULES)
    other = engine(renamed(world))
    back = {
        name: frame.with_columns(pl.selectors.string().str.strip_prefix("渝"))
        for name in TABLES
        for frame in [getattr(other, name)]
    }
    assert tables_of(engine(world)) == tables_of(replace(other, **back))


# -- the shared vectors


def cases() -> list[dict[str, object]]:
    path = shared() / "vectors" / "tracing.json"
    if not path.exists():
        return [{"name": f"no {path}"}]
    return list(json.loads(path.read_text(encoding="utf-8"))["cases"])


def left_at_a(case: dict[str, object], owners: set[str], rule: str) -> dict[str, int]:
    """Trace the case's one account with the deposits of some owners disputed; return what is left by owner."""
    rows, claims = [], []
    for i, event in enumerate(case["events"]):  # type: ignore[arg-type,var-annotated]
        is_in = event["direction"] == "in"
        rows.append(row(f"t{i:02}", i, *(("", "A") if is_in else ("A", "")), event["minor"]))
        if is_in and event["owner"] in owners:
            claims.append(Dispute(f"c{i:02}", event["owner"], f"t{i:02}"))
    trail = engine(World(tuple(rows), tuple(claims)).with_rules(rule))
    victims = {claim.claim: claim.victim for claim in claims}
    left = dict.fromkeys(owners, 0)
    for position in trail.positions.iter_rows(named=True):
        left[victims[position["claim"]]] += position["amount"]
    return left


@pytest.mark.parametrize("case", cases(), ids=lambda case: str(case["name"]))
@pytest.mark.parametrize("rule", [*CAUSAL, "pari-passu"])
def test_what_is_left_of_every_owner_agrees_with_the_shared_vectors(
    case: dict[str, object], rule: str
) -> None:
    if "events" not in case:
        pytest.skip(f"{case['name']}: set RECOUP_SHARED to the folder of the shared vectors")
    events: list[dict[str, object]] = case["events"]  # type: ignore[assignment]
    expected: dict[str, str] = case["left"][rule]  # type: ignore[index]
    owners = set(expected)
    is_alone = rule == "lowest-balance"
    left = {} if is_alone else left_at_a(case, owners, rule)
    debits = sum(event["direction"] == "out" for event in events)
    for owner in owners:
        found = left_at_a(case, {owner}, rule)[owner] if is_alone else left[owner]
        claims = sum(e["direction"] == "in" and e["owner"] == owner for e in events)
        slack = max(1, debits * claims) if "/" in expected[owner] else 0
        assert abs(Fraction(expected[owner]) - found) <= slack, (owner, expected[owner], found)
    if not is_alone:
        signs = {"in": 1, "out": -1}
        balance = sum(int(str(e["minor"])) * signs[str(e["direction"])] for e in events)
        assert balance == sum(left.values())
