"""The twin against the shared vectors, hand-worked cases and its own invariants. A wrong oracle proves nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from shared_data import shared
from twin import (
    FEATURES,
    PLAIN,
    Refused,
    World,
    random_world,
    twin_back,
    worlds,
)
from twin.cases import CAUSAL, at, located, row, traced
from twin.world import Dispute, Hold, Link

from recoup.trace.trail import Options

VECTORS = shared() / "vectors" / "tracing.json"


def vector_cases() -> list[dict[str, object]]:
    if not VECTORS.exists():
        return []
    return list(json.loads(VECTORS.read_text(encoding="utf-8"))["cases"])


# -- the shared vectors


@pytest.mark.skipif(not VECTORS.exists(), reason="the shared vectors are not here")
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


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(world=worlds(FEATURES, size_max=25))
def test_money_is_conserved_after_every_event_with_every_feature(world: World) -> None:
    for outcome in traced(world).values():
        for totals in outcome.summary.values():
            assert totals.loss == totals.located + totals.exited + totals.unknown + totals.residual


@pytest.mark.parametrize("seed", range(40))
def test_money_is_conserved_in_seeded_worlds(seed: int) -> None:
    for outcome in traced(random_world(seed, 5 + seed)).values():
        for totals in outcome.summary.values():
            assert totals.loss == totals.located + totals.exited + totals.unknown + totals.residual


def test_a_seed_makes_the_same_world_again() -> None:
    assert str(random_world(7, 30)) == str(random_world(7, 30))
    assert str(random_world(7, 30, PLAIN)) != str(random_world(8, 30, PLAIN))


# -- pari-passu against the vectors


@pytest.mark.skipif(not VECTORS.exists(), reason="the shared vectors are not here")
@pytest.mark.parametrize("case", vector_cases(), ids=lambda case: str(case["name"]))
def test_pari_passu_agrees_with_the_vectors_within_one_unit_a_claim(
    case: dict[str, object],
) -> None:
    events = case["events"]
    assert isinstance(events, list)
    ins = [(f"t{i:02}", event) for i, event in enumerate(events) if event["direction"] == "in"]
    rows = [
        row(
            f"t{i:02}", i, *(("", "A") if event["direction"] == "in" else ("A", "")), event["minor"]
        )
        for i, event in enumerate(events)
    ]
    world = World(tuple(rows), tuple(Dispute(name, "", name) for name, _ in ins))
    outcome = traced(world, "pari-passu")["pari-passu"]
    balance = sum(e["minor"] * (1 if e["direction"] == "in" else -1) for e in events)
    assert balance == sum(located(outcome, name, "A") for name, _ in ins)
    for owner, left in case["left"]["pari-passu"].items():  # type: ignore[index]
        names = [name for name, event in ins if event["owner"] == owner]
        assert (
            abs(Fraction(left) - sum(located(outcome, name, "A") for name in names))
            < 1 + len(names) - 1
        )


# -- cases worked by hand


def shop(until: datetime | None = None) -> World:
    """The shop: victim 60 in, own 40 in, hold 60, the shop spends the 40 that are free."""
    rows = (
        row("t1", 0, "V", "shop", 60),
        row("t2", 1, "", "shop", 40),
        row("t3", 10, "shop", "", 40, kind="purchase"),
    )
    return World(rows, (Dispute("c1", "V", "t1"),), holds=(Hold("shop", "CNY", 60, at(5), until),))


@pytest.mark.parametrize("rule", CAUSAL)
def test_a_held_victims_money_is_still_there_when_the_shop_spends_its_own(rule: str) -> None:
    # Axis of the shop: 0-59 victim, 60-99 own. The hold takes 0-59 (claims' units first). The debit of 40 finds 60-99 free.
    outcome = traced(shop())[rule]
    assert (
        outcome.positions["c1", "shop", "CNY"].amount,
        outcome.positions["c1", "shop", "CNY"].held,
    ) == (60, 60)
    assert outcome.exits == {}
    assert outcome.holds == {(0, "c1"): 60}


def test_without_the_hold_fifo_would_spend_the_victims_money_first() -> None:
    # 40 of the 60 leave (positions 0-39), 20 stay; rolling: floor(60*40/100) = 24 leave; lowest-balance: own 40 first.
    outcomes = traced(replace(shop(), holds=()))
    assert [located(outcomes[rule], "c1", "shop") for rule in CAUSAL] == [20, 60, 36, 60]


def test_a_debit_at_the_instant_of_the_release_still_meets_the_hold() -> None:
    # Transfers of an instant come before its releases; released a minute earlier, the hold leaves no trace.
    assert located(traced(shop(until=at(10)))["fifo"], "c1", "shop") == 60
    assert located(traced(shop(until=at(9)))["fifo"], "c1", "shop") == 20


def mule(*, is_admitted: bool) -> World:
    """V pays 100 to M, who has 30; M pays 100 on to X and disputes that payment."""
    rows = (row("t1", 0, "V", "M", 100), row("t2", 5, "M", "X", 100))
    claims = (Dispute("c1", "V", "t1"), Dispute("c2", "M", "t2", is_admitted))
    return World(rows, claims, openings=(("M", "CNY", at(-5), 30),))


def test_a_mule_that_disputes_its_onward_payment_takes_nothing_over_until_admitted() -> None:
    # fifo: M's axis is 0-29 own, 30-129 of c1. The debit takes 0-99: 30 own and 70 of c1. c2 carries the rest: 30.
    outcome = traced(mule(is_admitted=False), "fifo")["fifo"]
    assert (located(outcome, "c1", "M"), located(outcome, "c1", "X")) == (30, 70)
    assert (outcome.summary["c2", "CNY"].loss, located(outcome, "c2", "X")) == (30, 30)
    # rolling: floor(100*100/130) = 76 of c1 move, 24 own: c2's loss is 24.
    outcome = traced(mule(is_admitted=False), "rolling")["rolling"]
    assert (
        located(outcome, "c1", "M"),
        located(outcome, "c1", "X"),
        located(outcome, "c2", "X"),
    ) == (24, 76, 24)


def test_an_admitted_claim_gets_the_whole_payment_and_the_others_part_is_paid_to_the_victim() -> (
    None
):
    outcome = traced(mule(is_admitted=True), "fifo")["fifo"]
    assert outcome.exits["c1", "t2", "M", "CNY", "to_victim"].amount == 70
    assert (
        located(outcome, "c1", "M"),
        located(outcome, "c1", "X"),
        located(outcome, "c2", "X"),
    ) == (30, 0, 100)
    assert ("c1", "t2") not in outcome.flows
    assert outcome.flows["c2", "t2"][:2] == (100, 1)


def reversal() -> World:
    """B has 20; V pays 30 to A, A gets 50 of its own, pays 40 to B; 25 of it are reversed."""
    rows = (
        row("t1", 0, "", "B", 20),
        row("t2", 1, "V", "A", 30),
        row("t3", 2, "", "A", 50),
        row("t4", 3, "A", "B", 40),
        row("t5", 4, "B", "A", 25, kind="reversal", reverses="t4"),
    )
    return World(rows, (Dispute("c1", "V", "t2"),))


def test_a_reversal_moves_the_very_lots_back() -> None:
    # fifo: t4 takes A 0-39 = 30 of c1, 10 own; on B they are 20-59. t5 takes B 20-44: 25 of c1; 5 stay (20 own left alone).
    # lifo: t4 takes A 40-79, all own; nothing of c1 ever leaves A.
    # rolling: t4 takes floor(30*40/80) = 15; t5 takes floor(15*25/40) = 9 of them back.
    # lowest-balance: t4 takes own 40 of the 50; nothing of c1 leaves.
    outcomes = traced(reversal())
    assert [
        (located(outcomes[rule], "c1", "A"), located(outcomes[rule], "c1", "B")) for rule in CAUSAL
    ] == [(25, 5), (30, 0), (24, 6), (30, 0)]
    assert outcomes["fifo"].flows["c1", "t5"].depth == 3


def test_the_reversal_of_a_claims_own_transfer_returns_only_what_is_still_there() -> None:
    # A paid 40 of its 80 on (fifo: all 30 of c1), then t2 is reversed in full: A gives 30 own, nothing is returned to c1.
    # rolling: 15 of c1 are at A; of c1 min(15, floor(30*30/30)) = 15 go back, the other 15 by the rule are clean.
    rows = (*reversal().rows[:4], row("t5", 4, "A", "V", 30, kind="reversal", reverses="t2"))
    outcomes = traced(replace(reversal(), rows=rows))
    assert (outcomes["fifo"].summary["c1", "CNY"].exited, located(outcomes["fifo"], "c1", "B")) == (
        0,
        30,
    )
    assert outcomes["rolling"].exits["c1", "t5", "A", "CNY", "reversed"].amount == 15
    # lifo: c1 lies at A 0-29, all of it goes back.
    assert outcomes["lifo"].exits["c1", "t5", "A", "CNY", "reversed"].amount == 30


def test_a_conversion_with_an_odd_ratio_opens_a_part_of_its_own() -> None:
    # A: 3 own, then 10 of c1; 7 CNY become 3 USD. fifo takes 0-6: offsets [3, 7) are c1: [floor(9/7), floor(21/7)) = 2 USD.
    # lifo takes 6-12: all c1: 3 USD. rolling: floor(10*7/13) = 5 CNY: floor(5*3/7) = 2. lowest-balance: 4 CNY: floor(12/7) = 1.
    rows = (
        row("t1", 0, "V", "A", 10),
        row("t3", 5, "A", "", 7, kind="conversion", reference="fx"),
        row("t2", 5, "", "A", 3, kind="conversion", reference="fx", currency="USD"),
    )
    world = World(rows, (Dispute("c1", "V", "t1"),), openings=(("A", "CNY", at(-1), 3),))
    outcomes = traced(world)
    assert [
        (
            outcomes[rule].exits["c1", "t3", "A", "CNY", "converted"].amount,
            located(outcomes[rule], "c1", "A"),
            outcomes[rule].summary["c1", "USD"].loss,
        )
        for rule in CAUSAL
    ] == [(4, 6, 2), (7, 3, 3), (5, 5, 2), (4, 6, 1)]


def test_past_the_horizon_money_stays_where_it_was() -> None:
    # D is 10 minutes: the debit at 10 still moves 20 of the 50, the one at 11 moves nothing of the claim.
    rows = (row("t1", 0, "V", "A", 50), row("t2", 10, "A", "B", 20), row("t3", 11, "A", "C", 30))
    world = World(rows, (Dispute("c1", "V", "t1"),))
    for outcome in traced(world, horizon=timedelta(minutes=10)).values():
        assert [located(outcome, "c1", account) for account in "ABC"] == [30, 20, 0]
        assert outcome.summary["c1", "CNY"].recoverable == 50


def test_dust_is_dropped_at_the_payer_and_goes_on_clean() -> None:
    # 4 of c1 reach B (below the floor of 5): residual 4; the disputed transfer itself is never dust.
    rows = (row("t1", 0, "V", "A", 50), row("t2", 1, "A", "B", 4), row("t3", 2, "A", "C", 5))
    world = World(rows, (Dispute("c1", "V", "t1"),))
    for outcome in traced(world, dust={"CNY": 5}).values():
        assert [
            *(located(outcome, "c1", a) for a in "ABC"),
            outcome.summary["c1", "CNY"].residual,
        ] == [41, 0, 5, 4]


def test_an_asserted_link_carries_on_what_had_left() -> None:
    rows = (
        row("t1", 0, "V", "A", 50),
        row("t2", 5, "A", "", 50, kind="cash_out"),
        row("t3", 20, "", "B", 50, kind="cash_in"),
    )
    world = World(rows, (Dispute("c1", "V", "t1"),), links=(Link("A", "B", 50, "CNY", at(20)),))
    for outcome in traced(world).values():
        assert (
            outcome.positions["c1", "B", "CNY"].amount,
            outcome.positions["c1", "B", "CNY"].asserted,
        ) == (50, 50)
        assert outcome.exits == {}
        assert [outcome.flows["c1", t].depth for t in ("t1", "t2", "t3")] == [1, 2, 3]
    for outcome in traced(world, as_of=at(19)).values():
        assert outcome.exits["c1", "t2", "A", "CNY", "cash_out"].amount == 50


def test_an_unknown_account_keeps_the_money_unless_it_is_bridged() -> None:
    rows = (row("t1", 0, "V", "A", 50), row("t2", 5, "A", "U", 40), row("t3", 6, "U", "B", 30))
    world = World(rows, (Dispute("c1", "V", "t1"),), known=frozenset({"A", "B", "V"}))
    for outcome in traced(world).values():
        assert (outcome.unknown["c1", "U", "CNY"].amount, located(outcome, "c1", "B")) == (40, 0)
    for outcome in traced(world, bridge=True).values():
        assert (
            outcome.unknown["c1", "U", "CNY"].amount,
            outcome.unknown["c1", "U", "CNY"].inferred,
        ) == (10, 0)
        assert (
            outcome.positions["c1", "B", "CNY"].amount,
            outcome.positions["c1", "B", "CNY"].inferred,
        ) == (30, 30)


def test_a_pinned_opening_that_is_too_small_gets_an_assumed_credit() -> None:
    # A has 10, gets 5, pays 18: 3 are missing right before the debit.
    rows = (row("t1", 0, "V", "A", 5), row("t2", 1, "A", "B", 18))
    world = World(rows, (Dispute("c1", "V", "t1"),), openings=(("A", "CNY", at(-1), 10),))
    for outcome in traced(world).values():
        assert outcome.pockets["A", "CNY"] == (10, "given", 3, 0)  # type: ignore[index]
        assert located(outcome, "c1", "B") == 5


def test_pari_passu_solves_a_cycle_and_rounds_by_largest_remainder() -> None:
    # A gets 60 (c1), 40, and 20 back from B; sends 50 to B, which has 50 more. With x and y all of c1 that came into A and B:
    # x = 60 + 20*y/100, y = 50*x/120, so x = 720/11, y = 300/11. Left: A 70*x/120 = 38.18, B 80*y/100 = 21.82: 38 and 22.
    rows = (
        row("t1", 0, "V", "A", 60),
        row("t2", 1, "", "A", 40),
        row("t3", 2, "", "B", 50),
        row("t4", 3, "A", "B", 50),
        row("t5", 4, "B", "A", 20),
    )
    outcome = traced(World(rows, (Dispute("c1", "V", "t1"),)), "pari-passu")["pari-passu"]
    assert (located(outcome, "c1", "A"), located(outcome, "c1", "B")) == (38, 22)
    # flows: 50*x/120 = 27.27 and 20*y/100 = 5.45
    assert [outcome.flows["c1", t][:2] for t in ("t1", "t4", "t5")] == [(60, 1), (27, 2), (5, 3)]


def test_pari_passu_refuses_holds() -> None:
    with pytest.raises(Refused):
        traced(shop(), "pari-passu")


def test_recoverable_is_bounded_by_what_was_ever_left_in_the_account() -> None:
    # 50 in, 30 exit, 20 left; 100 that come later are not the claim's.
    rows = (
        row("t1", 0, "V", "A", 50),
        row("t2", 1, "A", "", 30, kind="cash_out"),
        row("t3", 2, "", "A", 100),
    )
    for outcome in traced(World(rows, (Dispute("c1", "V", "t1"),))).values():
        assert (
            20 == outcome.summary["c1", "CNY"].recoverable == outcome.summary["c1", "CNY"].located
        )


def test_poison_reaches_everything_that_is_sent_after_the_first_money() -> None:
    rows = (
        row("t1", 0, "A", "B", 5),
        row("t2", 1, "V", "A", 50),
        row("t3", 2, "A", "C", 1),
        row("t4", 3, "C", "", 90, kind="purchase"),
    )
    outcome = traced(World(rows, (Dispute("c1", "V", "t2"),)), "poison")["poison"]
    assert {key: flow.depth for key, flow in outcome.flows.items()} == {
        ("", "t2"): 1,
        ("", "t3"): 2,
        ("", "t4"): 3,
    }
    assert {("", "A", "CNY"), ("", "C", "CNY")} == set(outcome.positions)


def test_tracing_back_names_the_source_of_every_unit() -> None:
    # B has 10 of its own; A got 30 from outside, then 20; A pays 40 to B, B pays 15. fifo: B 0-9 own, 10-39 of t1, 40-49 of t2.
    # Spent 0-14: left 25 of t1 and 10 of t2. lifo: A gives 10 of t1 and 20+10 ... in axis order t1's 20, t2's 20.
    rows = (
        row("t1", 0, "", "A", 30),
        row("t2", 1, "", "A", 20),
        row("t3", 2, "A", "B", 40),
        row("t4", 3, "B", "", 15, kind="purchase"),
    )
    world = World(rows, (), openings=(("B", "CNY", at(-1), 10),))
    back = twin_back(world.dossier(), "B", "fifo", Options())
    assert dict(back.sources) == {("deposit", "t1", "CNY"): 25, ("deposit", "t2", "CNY"): 10}
    assert dict(back.flows) == {"t1": 25, "t2": 10, "t3": 35}
    # lifo: t3 takes A 10-49 (20 of t1, 20 of t2), on B 10-49; t4 takes B 35-49, all of t2: left own 10, t1 20, t2 5.
    back = twin_back(world.dossier(), "B", "lifo", Options())
    assert dict(back.sources) == {
        ("opening", "B", "CNY"): 10,
        ("deposit", "t1", "CNY"): 20,
        ("deposit", "t2", "CNY"): 5,
    }
    # rolling: 35 wanted, B had 50 after t3: floor(35*40/50) = 28 by t3, 7 there before. Of A's 28, A had 50 after t2:
    # floor(28*20/50) = 11 by t2, 17 by t1.
    back = twin_back(world.dossier(), "B", "rolling", Options())
    assert dict(back.sources) == {
        ("deposit", "t1", "CNY"): 17,
        ("deposit", "t2", "CNY"): 11,
        ("opening", "B", "CNY"): 7,
    }


def test_what_the_page_refuses_is_refused() -> None:
    itself = World((row("t1", 0, "A", "A", 5),), (Dispute("c1", "A", "t1"),))
    twice = World(
        (row("t1", 0, "A", "B", 5), row("t2", 1, "B", "A", 6, kind="reversal", reverses="t1")), ()
    )
    early = World(
        (
            row("t1", 0, "", "A", 5, kind="conversion", reference="fx", currency="USD"),
            row("t2", 1, "A", "", 5, kind="conversion", reference="fx"),
        ),
        (),
    )
    for world in (itself, twice, early):
        with pytest.raises(Refused):
            traced(world)
