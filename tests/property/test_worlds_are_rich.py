"""The random worlds must meet every rare situation: a green run that never met the hard case proves nothing."""

from __future__ import annotations

from collections import Counter

import pytest
from twin import FEATURES, Outcome, World, random_world, twin_trace
from twin.balances import balances_of
from twin.facts import Facts, HoldStart, facts_of

SITUATIONS = (
    "tie settled by id",
    "self transfer",
    "reversal of a claim's own transfer",
    "own reversal after the money moved",
    "second partial reversal of one transfer",
    "reversal of a reversal",
    "refund brings claims' money back",
    "refund in part",
    "second refund of one payment",
    "refund by a terminal account",
    "refund of a disputed payment",
    "reversal brings very units out of an unknown account",
    "reversal of what a refund brought",
    "link out of an unknown account, not bridged",
    "link out of a terminal account",
    "conversion at one instant, credit sorted first",
    "conversion with a later credit",
    "derived part",
    "unknown bridged and left again",
    "disputed payment out of the ledger",
    "disputed payment to an unknown account",
    "disputed payment to a terminal account",
    "claim on a claim",
    "claim not admitted that meets another's money",
    "hold filled by a claim",
    "hold filled by clean money",
    "hold that found too little",
    "hold contradicted by a debit",
    "two holds at once on one pocket",
    "assumed credit",
    "stated opening",
    "smallest opening above zero",
    "asserted money",
    "both inferred and asserted",
    "dust",
    "horizon keeps a position",
    "claim before since",
    "claim after as-of",
    "cycle back to an account",
)


def _rows(facts: Facts) -> set[str]:
    found: set[str] = set()
    moves = facts.moves()
    keys = [(m.row.time, m.row.sequence) for m in moves]
    if len(set(keys)) < len(keys):
        found.add("tie settled by id")
    originals = [m.row.reverses for m in moves if m.row.reverses]
    if len(set(originals)) < len(originals):
        found.add("second partial reversal of one transfer")
    if any(facts.rows[name].reverses for name in originals):
        found.add("reversal of a reversal")
    for debit, credit in facts.pairs.items():
        first, second = facts.rows[debit], facts.rows[credit]
        if first.time < second.time:
            found.add("conversion with a later credit")
        elif (second.sequence, second.id) < (first.sequence, first.id):
            found.add("conversion at one instant, credit sorted first")
    for claim in facts.claims.values():
        target = facts.rows[claim.transfer].payee
        name = {
            "": "out of the ledger",
            "unknown": "to an unknown account",
            "terminal": "to a terminal account",
        }
        standing = facts.standing.get(target, "")
        if standing in name:
            found.add(f"disputed payment {name[standing]}")
    return found


def _refunds(facts: Facts, outcome: Outcome) -> set[str]:
    found: set[str] = set()
    carrying = {transfer for _, transfer in outcome.flows}
    refunds = [m for m in facts.moves() if m.undoes is not None and m.row.id in carrying]
    originals = Counter(move.undoes for move in refunds)
    for move in refunds:
        original = facts.rows[move.row.reverses]
        found.add("refund brings claims' money back")
        if move.row.amount < original.amount:
            found.add("refund in part")
        if originals[move.undoes] > 1:
            found.add("second refund of one payment")
        if facts.standing.get(original.payee) == "terminal":
            found.add("refund by a terminal account")
        if move.own_claim is not None:
            found.add("refund of a disputed payment")
    for move in facts.moves():
        if move.row.id not in carrying:
            continue
        if move.returns is not None:
            found.add("reversal brings very units out of an unknown account")
        if move.row.reverses in {refund.row.id for refund in refunds}:
            found.add("reversal of what a refund brought")
        if move.is_crossing and facts.standing[move.row.payer] == "unknown":
            found.add("link out of an unknown account, not bridged")
    return found


def _holds(facts: Facts, outcome: Outcome) -> set[str]:
    found: set[str] = set()
    for hold in (event for event in facts.events if isinstance(event, HoldStart)):
        claims = sum(
            amount
            for (number, claim), amount in outcome.holds.items()
            if number == hold.number and claim
        )
        clean = outcome.holds.get((hold.number, ""), 0)
        if claims:
            found.add("hold filled by a claim")
        if clean:
            found.add("hold filled by clean money")
        if 0 < claims + clean < hold.amount:
            found.add("hold that found too little")
    live = Counter(
        event.pocket
        for event in facts.events
        if isinstance(event, HoldStart)
        and any(number == event.number for number, _ in outcome.holds)
    )
    if live and max(live.values()) > 1:
        found.add("two holds at once on one pocket")
    if balances_of(facts).contradicted:
        found.add("hold contradicted by a debit")
    return found


def _money(facts: Facts, outcome: Outcome) -> set[str]:
    found: set[str] = set()
    kinds = {kind for (_, _, _, _, kind) in outcome.exits}
    if "reversed" in kinds:
        found.add("reversal of a claim's own transfer")
    for move in facts.moves():
        if move.own_claim is not None:
            back = [
                p.amount
                for (c, t, _, _, k), p in outcome.exits.items()
                if (t, k) == (move.row.id, "reversed")
            ]
            if sum(back) < move.row.amount:
                found.add("own reversal after the money moved")
        if move.claim is not None and not move.claim.is_admitted:
            others = [c for (c, t) in outcome.flows if t == move.row.id and c != move.claim.id]
            if others:
                found.add("claim not admitted that meets another's money")
    if "to_victim" in kinds:
        found.add("claim on a claim")
    for (claim, currency), totals in outcome.summary.items():
        if (
            claim in facts.claims
            and currency != facts.rows[facts.claims[claim].transfer].currency
            and totals.loss
        ):
            found.add("derived part")
        if totals.residual:
            found.add("dust")
        if totals.inferred:
            found.add("unknown bridged and left again")
        if totals.asserted:
            found.add("asserted money")
        if totals.inferred + totals.asserted > totals.located + totals.exited + totals.unknown:
            found.add("both inferred and asserted")
    for pocket, fields in outcome.pockets.items():
        if fields.assumed:
            found.add("assumed credit")
        if fields.basis == "stated":
            found.add("stated opening")
        if fields.basis == "smallest" and fields.opening:
            found.add("smallest opening above zero")
        located = sum(
            p.amount for (_, a, c), p in outcome.positions.items() if (a, c) == tuple(pocket)
        )
        if located > fields.balance:
            found.add("horizon keeps a position")
    return found


def _cycles(facts: Facts, outcome: Outcome) -> set[str]:
    by_claim: dict[str, Counter[str]] = {}
    for claim, transfer in outcome.flows:
        by_claim.setdefault(claim, Counter())[facts.rows[transfer].payer] += 1
    for claim, transfer in outcome.flows:
        row = facts.rows[transfer]
        first = facts.rows[facts.claims[claim].transfer]
        if (
            row.payee
            and row.payee == first.payee
            and row.id != first.id
            and by_claim[claim][row.payee]
        ):
            return {"cycle back to an account"}
    return set()


def situations(world: World) -> set[str]:
    """Return which rare situations a world meets, in what fifo makes of it."""
    facts = facts_of(world.dossier(), world.claim_table(), world.options)
    outcome = twin_trace(world.dossier(), world.claim_table(), world.with_rules("fifo").options)[
        "fifo"
    ]
    found = _rows(facts) | _holds(facts, outcome) | _money(facts, outcome) | _cycles(facts, outcome)
    found |= _refunds(facts, outcome)
    if world.terminal & {link.source for link in world.links}:
        found.add("link out of a terminal account")
    if any(row.payer == row.payee for row in world.rows):
        found.add("self transfer")
    for claim in facts.unfollowed:
        time = next(
            r.time
            for c in world.claims
            if c.claim == claim
            for r in world.rows
            if r.id == c.transfer
        )
        is_early = world.options.since is not None and time < world.options.since
        found.add("claim before since" if is_early else "claim after as-of")
    return found


@pytest.mark.slow
def test_every_rare_situation_is_met() -> None:
    met = Counter(
        name
        for seed in range(500)
        for name in situations(random_world(seed, 10 + seed % 45, FEATURES))
    )
    print(met)
    assert not [name for name in SITUATIONS if not met[name]], met
    assert not set(met) - set(SITUATIONS)
