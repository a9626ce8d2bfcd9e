"""Refunds, reversals out of unknown accounts, links out of them and held money, worked by hand against the twin."""

from __future__ import annotations

from dataclasses import replace

import pytest
from twin import Outcome, World
from twin.cases import CAUSAL, at, located, row, traced
from twin.world import Dispute, Hold, Link


def shopping(*refunds: int, shop: str = "") -> World:
    """A has 20 of its own, V pays 60 to A, A buys for 50; the shop refunds in parts."""
    rows = (
        row("t1", 0, "", "A", 20),
        row("t2", 1, "V", "A", 60),
        row("t3", 2, "A", shop, 50, kind="purchase"),
        *(
            row(f"t{4 + i}", 3 + i, shop, "A", amount, kind="reversal", reverses="t3")
            for i, amount in enumerate(refunds)
        ),
    )
    return World(rows, (Dispute("c1", "V", "t2"),))


def bought(outcome: Outcome) -> int:
    return sum(parts.amount for parts in outcome.exits.values())


@pytest.mark.parametrize("shop", ["", "M"])
def test_a_refunded_purchase_brings_the_stolen_money_back(shop: str) -> None:
    # t3 takes A 0-49, fifo: 20 own and 30 of c1; lifo A 30-79, all c1; rolling floor(60*50/80) = 37; lowest-balance 30.
    world = replace(shopping(50, shop=shop), terminal=frozenset({"M"}))
    before = traced(replace(world, rows=world.rows[:3]))
    assert [bought(before[rule]) for rule in CAUSAL] == [30, 50, 37, 30]
    for rule, outcome in traced(world).items():
        assert (located(outcome, "c1", "A"), outcome.exits) == (60, {})
        assert outcome.flows["c1", "t3"] == before[rule].flows["c1", "t3"]
        assert (outcome.flows["c1", "t4"].amount, outcome.flows["c1", "t4"].depth) == (
            bought(before[rule]),
            3,
        )
        assert outcome.summary["c1", "CNY"].recoverable == 60


def test_refunds_in_parts_bring_back_no_more_than_left() -> None:
    # 30 and 20 of the 50. fifo: offsets 0-29 are 20 own and 10 of c1, then 30-49: 20. lifo: 20-49, then 0-19, all c1.
    # rolling: floor(37*30/50) = 22, then floor(37*20/50) = 14: one of the 37 never comes back. lowest-balance: 18 and 12.
    outcomes = traced(shopping(30))
    assert [bought(outcomes[rule]) for rule in CAUSAL] == [20, 20, 15, 12]
    assert [located(outcomes[rule], "c1", "A") for rule in CAUSAL] == [40, 40, 45, 48]
    outcomes = traced(shopping(30, 20))
    assert [bought(outcomes[rule]) for rule in CAUSAL] == [0, 0, 1, 0]


def test_the_reversal_of_a_refund_takes_the_very_units_out_again() -> None:
    # The refund puts the 50 on A's axis at 80-129: fifo 20 own, 30 of c1. t5 takes 40 of it back: 20 own, 20 of c1.
    again = row("t5", 9, "A", "", 40, kind="reversal", reverses="t4")
    world = replace(shopping(50), rows=(*shopping(50).rows, again))
    outcome = traced(world, "fifo")["fifo"]
    assert outcome.exits["c1", "t5", "A", "CNY", "reversal"].amount == 20
    assert located(outcome, "c1", "A") == 40


def test_an_unknown_account_returns_the_very_units_without_a_mark() -> None:
    # fifo: 20 own and 30 of c1 reach U; 25 come back: 20 own, 5 of c1. lifo: all c1.
    world = replace(shopping(25, shop="U"), known=frozenset({"A", "V"}))
    outcomes = traced(world)
    assert [outcomes[rule].unknown["c1", "U", "CNY"].amount for rule in CAUSAL] == [25, 25, 19, 15]
    assert [located(outcomes[rule], "c1", "A") for rule in CAUSAL] == [35, 35, 41, 45]
    assert {outcome.positions["c1", "A", "CNY"].inferred for outcome in outcomes.values()} == {0}


def test_the_refund_of_the_disputed_purchase_itself_is_paid_to_the_victim() -> None:
    rows = (row("t1", 0, "V", "", 30), row("t2", 1, "", "V", 12, kind="reversal", reverses="t1"))
    for outcome in traced(World(rows, (Dispute("c1", "V", "t1"),))).values():
        amounts = {key[4]: parts.amount for key, parts in outcome.exits.items()}
        assert (amounts, located(outcome, "c1", "V")) == ({"transfer": 18, "reversed": 12}, 0)


def test_pari_passu_brings_a_refund_back_in_proportion() -> None:
    # x = 60 + 25/50 of what left; what left is 50*x/105 (20 + 60 + 25 came in): x = 60 + 25*x/105 = 78.75.
    # Left of c1 at A: 55/105*x = 41.25; in the exit (50-25)/105*x = 18.75.
    outcome = traced(shopping(25), "pari-passu")["pari-passu"]
    assert (located(outcome, "c1", "A"), bought(outcome)) == (41, 19)


def test_a_link_carries_money_out_of_an_account_without_a_statement() -> None:
    rows = (
        row("t1", 0, "V", "A", 50),
        row("t2", 5, "A", "U", 50),
        row("t3", 9, "U", "", 30, kind="cash_out"),
        row("t4", 20, "", "B", 30, kind="cash_in"),
    )
    links = (Link("U", "B", 30, "CNY", at(20)),)
    for lists in ({"known": frozenset({"V", "A", "B"})}, {"terminal": frozenset({"U"})}):
        world = World(rows, (Dispute("c1", "V", "t1"),), links=links, **lists)  # type: ignore[arg-type]
        for outcome in traced(world).values():
            assert outcome.unknown["c1", "U", "CNY"].amount == 20
            assert outcome.positions["c1", "B", "CNY"][2:] == (0, 0, 30)
            assert outcome.positions["c1", "B", "CNY"].amount == 30
        for outcome in traced(world, as_of=at(19)).values():
            assert outcome.exits["c1", "t3", "U", "CNY", "cash_out"] == (30, 0, 0)


def test_what_a_hold_keeps_keeps_its_own_depth_and_arrival() -> None:
    # c1 reaches A at 0 (one hop); a hold takes all of it; 5 more come at 10 by two hops. While the hold lasts they are two.
    rows = (
        row("t1", 0, "V", "A", 30),
        row("t2", 1, "A", "B", 5),
        row("t3", 10, "B", "A", 5),
        row("t4", 20, "A", "C", 5, kind="transfer"),
    )
    for until, depth in ((None, 4), (at(15), 2)):
        world = World(
            rows, (Dispute("c1", "V", "t1"),), holds=(Hold("A", "CNY", 25, at(5), until),)
        )
        for rule in ("rolling", "lowest-balance"):
            outcome = traced(world, rule)[rule]
            assert outcome.flows["c1", "t4"].depth == depth
            assert outcome.positions["c1", "A", "CNY"].since == at(0)
