"""Forward and backward are two views of one thing: what lies of a transfer's money in an account, and what of it came that way.

One claim at a time, of a transfer that is not reversed (its reversal ends the claim, not the way of the money), without holds
(they keep claims' money first, which going back does not know), in one currency (going back ends at a conversion) and without
links over an exit that was taken back meanwhile. Under fifo and lifo the two are equal. Under rolling both round down at every
step, so they differ by less than the steps; and where a reversal takes more than is left of its original, forward looks at what
each claim still has, which going back cannot know: such worlds are left out for rolling alone.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from twin import FEATURES, Refused, World, random_world
from twin.back import RollingBack
from twin.facts import facts_of
from twin.world import Dispute

from recoup.trace import trace_dossier
from recoup.trace.back import trace_lineages

RULES = ("fifo", "lifo", "rolling")
TWO_WAYS = FEATURES - {"holds", "horizon", "dust", "unadmitted", "conversions", "claims_many"}
LARGE = 10**9
"""Amounts against which what is rounded away is nothing."""

Found = dict[tuple[str, str, str], int]
"""(rule, disputed transfer, account) to minor units."""


def has_answer(world: World) -> bool:
    try:
        facts = facts_of(world.dossier(), world.claim_table(), world.options)
    except Refused:
        return False
    taken_back = {row.reverses for row in world.rows}
    return not any(move.is_crossing and move.row.id in taken_back for move in facts.moves())


def takes_more_than_is_left(world: World) -> bool:
    """Whether a reversal finds too little of what its original brought."""
    back = RollingBack(facts_of(world.dossier(), world.claim_table(), world.options))
    return back.has_short_reversal()


def disputable(world: World) -> list[str]:
    reversed_ids = {row.reverses for row in world.rows}
    return [r.id for r in world.rows if r.payer != r.payee and r.id not in reversed_ids][::3]


def forward(world: World) -> Found:
    found: Counter[tuple[str, str, str]] = Counter()
    for transfer in disputable(world):
        asked = replace(world, claims=(Dispute("c", "v", transfer),)).with_rules(*RULES)
        trail = trace_dossier(asked.dossier(), asked.claim_table(), asked.options)
        for table in (trail.positions, trail.unknown):
            for row in table.iter_rows(named=True):
                found[row["rule"], transfer, row["account"]] += row["amount"]
    return dict(found)


def backward(world: World) -> Found:
    found: Counter[tuple[str, str, str]] = Counter()
    asked = set(disputable(world))
    gone = world.terminal - {link.source for link in world.links}
    for account in sorted({a for row in world.rows for a in (row.payer, row.payee)} - gone - {""}):
        for lineage in trace_lineages(world.dossier(), f"account:{account}", RULES, world.options):
            for row in lineage.flows.iter_rows(named=True):
                if row["transfer"] in asked:
                    found[row["rule"], row["transfer"], account] += row["amount"]
    return dict(found)


def gaps(there: Found, back: Found, rule: str) -> list[int]:
    keys = sorted(key for key in there.keys() | back.keys() if key[0] == rule)
    return [abs(there.get(key, 0) - back.get(key, 0)) for key in keys]


def worlds(seeds: range, *, amount_max: int) -> list[World]:
    made = (random_world(seed, 30, TWO_WAYS, amount_max=amount_max) for seed in seeds)
    return [world for world in made if has_answer(world)]


def check(seeds: range, *, amount_max: int = LARGE) -> Counter[str]:
    met: Counter[str] = Counter()
    for world in worlds(seeds, amount_max=amount_max):
        there, back = forward(world), backward(world)
        for rule in RULES:
            if rule == "rolling" and takes_more_than_is_left(world):
                continue
            slack = 2 * len(world.rows) if rule == "rolling" else 0
            found = gaps(there, back, rule)
            assert max(found, default=0) <= slack, f"{rule}\n{world}"
            met[rule] += len(found)
    return met


@pytest.mark.parametrize(
    ("worlds", "met_min"), [(5, 10), pytest.param(12, 30, marks=pytest.mark.slow)]
)
def test_what_lies_there_of_a_transfer_is_what_came_by_it(worlds: int, met_min: int) -> None:
    met = check(range(worlds))
    assert all(met[rule] > met_min for rule in RULES), met


def test_small_amounts_agree_as_well() -> None:
    check(range(100, 102), amount_max=30)


@pytest.mark.slow
def test_small_amounts_agree_as_well_in_more_worlds() -> None:
    check(range(102, 110), amount_max=30)


@pytest.mark.slow
def test_what_lies_there_of_a_transfer_is_what_came_by_it_in_many_worlds() -> None:
    check(range(1000, 1150))


def test_the_money_of_another_transfer_is_told_apart() -> None:
    # The negative control: the same sums, but each transfer's answer taken from another transfer.
    seen = 0
    for world in worlds(range(3), amount_max=LARGE):
        there, back = forward(world), backward(world)
        order = disputable(world)
        turned = dict(zip(order, [*order[1:], order[0]], strict=True))
        swapped = {(rule, turned[t], account): n for (rule, t, account), n in back.items()}
        for rule in ("fifo", "lifo", "rolling"):
            assert max(gaps(there, swapped, rule)) > 2 * len(world.rows)
            seen += 1
    assert seen >= 6


def test_holds_keep_claims_money_first_forward_and_the_oldest_backward() -> None:
    # Why holds are left out: the one place where the two are meant to differ.
    world = next(
        w
        for seed in range(200)
        for w in [random_world(seed, 30, TWO_WAYS | {"holds"})]
        if has_answer(w) and w.holds and gaps_of(w)
    )
    without = replace(world, holds=())
    assert not gaps_of(without)


def gaps_of(world: World) -> int:
    return max(gaps(forward(world), backward(world), "fifo"), default=0)


def test_a_self_transfer_fills_no_account_that_a_link_draws_on() -> None:
    check(range(1136, 1137))
