"""Rare mixes of links, refunds, horizon and poison, worked by hand: the engine and the twin both give these numbers."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from twin import World, assert_same, twin_trace
from twin.cases import CAUSAL, at, row
from twin.world import Dispute, Link

from recoup.trace import Trail, trace_dossier

CLAIM = (Dispute("c1", "V", "t1"),)
LINK = (Link("A", "B", 50, "CNY", at(20)),)


def both(world: World, rule: str, **more: object) -> Trail:
    """Trace with the engine and hold every figure against the twin."""
    world = replace(world, options=replace(world.options, rules=(rule,), **more))  # type: ignore[arg-type]
    trail = trace_dossier(world.dossier(), world.claim_table(), world.options)
    twin = twin_trace(world.dossier(), world.claim_table(), world.options)
    assert_same(trail, twin, world)
    return trail


def lying(trail: Trail) -> list[tuple[str, int, int]]:
    """Return (account, amount, asserted) of known and unknown accounts."""
    columns = ("account", "amount", "asserted")
    return sorted([*trail.positions.select(columns).rows(), *trail.unknown.select(columns).rows()])


def gone(trail: Trail) -> list[tuple[str, str, int]]:
    return sorted(trail.exits.select("transfer", "kind", "amount").rows())


def cash(*more: object, payee: str = "") -> World:
    """V's 50 reach A, leave it in cash, and are asserted to enter B ten minutes later."""
    rows = (
        row("t1", 0, "V", "A", 50),
        row("t2", 10, "A", payee, 50, kind="cash_out"),
        row("t4", 20, "", "B", 50, kind="cash_in"),
        *more,
    )
    return World(rows, CLAIM, links=LINK)  # type: ignore[arg-type]


@pytest.mark.parametrize("rule", CAUSAL)
def test_a_refund_before_a_links_entry_brings_back_what_waits(rule: str) -> None:
    trail = both(cash(row("t3", 15, "", "A", 20, kind="reversal", reverses="t2")), rule)
    assert (lying(trail), gone(trail)) == ([("A", 20, 0), ("B", 30, 30)], [])


@pytest.mark.parametrize("rule", CAUSAL)
def test_a_refund_after_a_links_entry_is_clean(rule: str) -> None:
    trail = both(cash(row("t5", 25, "", "A", 20, kind="reversal", reverses="t2")), rule)
    assert (lying(trail), gone(trail)) == ([("B", 50, 50)], [])


def test_a_refund_out_of_an_unknown_account_before_a_links_entry_takes_what_waits() -> None:
    # What lies at U by itself, t0's 7, is not touched by the refund of what only passes.
    world = cash(
        row("t0", 1, "V", "U", 7),
        row("t3", 15, "U", "A", 20, kind="reversal", reverses="t2"),
        payee="U",
    )
    world = replace(
        world, claims=(*CLAIM, Dispute("c2", "V", "t0")), known=frozenset({"V", "A", "B"})
    )
    for rule in CAUSAL:
        assert lying(both(world, rule)) == [("A", 20, 0), ("B", 30, 30), ("U", 7, 0)]


@pytest.mark.parametrize("rule", CAUSAL)
def test_no_debit_takes_what_waits_for_a_links_entry(rule: str) -> None:
    # U is bridged, and pays C before the entry: with as-of there or not, C gets none of V's.
    world = cash(row("t3", 15, "U", "C", 40), payee="U")
    world = replace(world, known=frozenset({"V", "A", "B", "C"}))
    assert lying(both(world, rule, bridge=True)) == [("B", 50, 50)]
    early = both(world, rule, bridge=True, as_of=at(19))
    assert lying(early) == [("U", 50, 0)]
    assert early.summary["accounts"].to_list() == [2]


@pytest.mark.parametrize("rule", CAUSAL)
def test_past_the_horizon_nothing_crosses_and_nothing_is_asserted(rule: str) -> None:
    trail = both(cash(), rule, horizon=timedelta(minutes=15))
    assert (lying(trail), gone(trail)) == ([], [("t2", "cash_out", 50)])
    assert trail.exits["asserted"].to_list() == [0]


def test_poison_keeps_the_exit_whose_links_entry_is_past_as_of_or_horizon() -> None:
    for more in ({"as_of": at(19)}, {"horizon": timedelta(minutes=15)}):
        trail = both(cash(), "poison", **more)
        assert trail.exits.select("transfer", "account", "kind").rows() == [("t2", "A", "cash_out")]
        assert trail.positions["account"].to_list() == ["A"]
    assert both(cash(), "poison").exits.is_empty()


def test_poison_follows_a_refund_out_of_an_unknown_account_only_if_its_original_carried() -> None:
    rows = (
        row("t0", 0, "A", "U", 5),
        row("t1", 10, "V", "B", 50),
        row("t2", 20, "B", "U", 50),
        row("t3", 30, "U", "A", 5, kind="reversal", reverses="t0"),
        row("t4", 40, "U", "B", 9, kind="reversal", reverses="t2"),
    )
    trail = both(World(rows, CLAIM, known=frozenset({"V", "A", "B"})), "poison")
    assert sorted(trail.flows["transfer"]) == ["t1", "t2", "t4"]


def test_poison_lets_a_conversion_under_way_arrive_past_the_horizon() -> None:
    rows = (
        row("t1", 0, "V", "A", 50),
        row("t2", 10, "A", "", 50, kind="conversion", reference="fx"),
        row("t3", 30, "", "A", 7, kind="conversion", reference="fx", currency="USD"),
        row("t4", 31, "A", "B", 7, currency="USD"),
    )
    for rule in ("poison", *CAUSAL):
        trail = both(World(rows, CLAIM), rule, horizon=timedelta(minutes=15))
        assert sorted(trail.flows["transfer"]) == ["t1", "t2", "t3"]


@pytest.mark.parametrize("rule", CAUSAL)
def test_links_of_one_instant_are_carried_out_link_by_link(rule: str) -> None:
    links = (Link("A", "B", 50, "CNY", at(20)), Link("B", "C", 50, "CNY", at(20)))
    trail = both(World((row("t1", 0, "V", "A", 50),), CLAIM, links=links), rule)
    assert lying(trail) == [("C", 50, 50)]


@pytest.mark.parametrize("rule", CAUSAL)
def test_a_conversion_with_its_pair_serves_no_link(rule: str) -> None:
    rows = (
        row("t1", 0, "V", "A", 50),
        row("t2", 10, "A", "", 50, kind="conversion", reference="fx"),
        row("t3", 10, "", "A", 7, kind="conversion", reference="fx", currency="USD"),
    )
    # A opens with nothing, so what the link needs besides is an assumed credit.
    opening = (("A", "CNY", at(0), 0),)
    trail = both(World(rows, CLAIM, links=LINK, openings=opening), rule)
    assert (lying(trail), gone(trail)) == ([("A", 7, 0)], [("t2", "converted", 50)])


@pytest.mark.parametrize("rule", CAUSAL)
def test_a_links_entry_that_calls_itself_a_reversal_takes_what_crosses(rule: str) -> None:
    world = cash(row("t0", 1, "B", "", 50))
    entry = replace(world.rows[2], kind="reversal", reverses="t0")
    trail = both(replace(world, rows=(*world.rows[:2], entry, world.rows[3])), rule)
    assert lying(trail) == [("B", 50, 50)]


@pytest.mark.parametrize("rule", CAUSAL)
def test_dust_counts_where_a_terminal_account_gives_back_to_the_outside(rule: str) -> None:
    rows = (
        row("t1", 0, "", "T", 50),
        row("t2", 10, "T", "", 1, kind="reversal", reverses="t1"),
    )
    trail = both(World(rows, CLAIM, terminal=frozenset({"T"})), rule, dust={"CNY": 2})
    assert trail.summary.select("exited", "residual").rows() == [(49, 1)]


@pytest.mark.parametrize("rule", CAUSAL)
def test_what_a_conversion_opens_below_the_floor_is_loss_and_residual(rule: str) -> None:
    rows = (
        row("t1", 0, "V", "A", 50),
        row("t2", 10, "A", "", 50, kind="conversion", reference="fx"),
        row("t3", 10, "", "A", 7, kind="conversion", reference="fx", currency="USD"),
    )
    trail = both(World(rows, CLAIM), rule, dust={"USD": 8})
    assert trail.summary.select("currency", "loss", "residual").rows() == [
        ("CNY", 50, 0),
        ("USD", 7, 7),
    ]


def test_what_went_back_as_reversed_makes_no_lead() -> None:
    # V's own account is unknown: that V spends what came back is nobody's business.
    rows = (
        row("t1", 0, "V", "A", 50),
        row("t2", 10, "A", "V", 50, kind="reversal", reverses="t1"),
        row("t3", 20, "V", "A", 9),
    )
    world = World(rows, CLAIM, known=frozenset({"A"}))
    for rule in CAUSAL:
        assert both(world, rule).leads.is_empty()


def test_the_marks_of_a_claim_share_a_reversal_by_cumulative_floors() -> None:
    # A has 3 of c1 plain and 3 inferred (over bridged U), sends all 6 on, and takes 3 back.
    rows = (
        row("t1", 0, "V", "X", 6),
        row("t2", 1, "X", "A", 3),
        row("t3", 2, "X", "U", 3),
        row("t4", 3, "U", "A", 3),
        row("t5", 4, "A", "B", 6),
        row("t6", 5, "B", "A", 3, kind="reversal", reverses="t5"),
    )
    world = World(rows, CLAIM, known=frozenset({"V", "X", "A", "B"}))
    for rule in ("rolling", "lowest-balance"):
        trail = both(world, rule, bridge=True)
        found = sorted(trail.positions.select("account", "amount", "inferred").rows())
        assert found == [("A", 3, 2), ("B", 3, 1)]
