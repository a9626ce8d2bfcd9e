"""poison: what claims' money reached, by going through the moves once for every claim. No amounts, no identity (choice 12).

QUESTIONS settled here: the horizon is each claim's own, so the colour is the union over claims; the reversal of a claim's own
transfer is a payment like any other; a pocket that was reached stays reached when it is empty; holds and dust are ignored.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from twin.facts import Claim, Facts, Move, Pocket
from twin.outcome import Flow, Frontier, Outcome, Parts, Position


@dataclass
class _Reach:
    """What one claim's money reached."""

    hops: dict[Pocket, int] = field(default_factory=dict)
    since: dict[Pocket, datetime] = field(default_factory=dict)
    flows: dict[str, int] = field(default_factory=dict)
    exits: set[tuple[str, str, str, str]] = field(default_factory=set)
    leads: set[str] = field(default_factory=set)
    waiting: set[str] = field(default_factory=set)
    """Links' exits whose entry has not come, or comes past the horizon."""


def trace_poison(facts: Facts) -> Outcome:
    """Return the reach of all claims together under the claim name ''; amounts are 0 and mean nothing."""
    result = Outcome("poison")
    for claim in facts.claims.values():
        reach = _reach_of(facts, claim)
        for transfer, hops in reach.flows.items():
            old = result.flows.get(("", transfer))
            result.flows["", transfer] = Flow(0, min(hops, old.depth if old else hops), 0, 0)
        result.leads |= reach.leads
        for transfer, account, currency, kind in reach.exits:
            result.exits["", transfer, account, currency, kind] = Parts(0)
        for pocket, since in reach.since.items():
            _add_place(facts, result, pocket, since)
    return result


def _add_place(facts: Facts, result: Outcome, pocket: Pocket, since: datetime) -> None:
    key = ("", pocket.account, pocket.currency)
    if facts.standing[pocket.account] == "known":
        before = result.positions.get(key)
        result.positions[key] = Position(0, min(since, before.since if before else since), 0, 0, 0)
    else:
        earlier = result.unknown.get(key)
        result.unknown[key] = Frontier(0, min(since, earlier.since if earlier else since), 0, 0)


def _reach_of(facts: Facts, claim: Claim) -> _Reach:
    reach = _Reach()
    for move in facts.moves():
        is_lead = move.returns is None and move.source is None and move.fed_by is None
        if (
            is_lead
            and move.row.payer_pocket in reach.hops
            and facts.standing[move.row.payer] == "unknown"
        ):
            reach.leads.add(move.row.id)
        hops = _hops(facts, claim, move, reach)
        is_late = facts.is_expired(claim.id, move.row.time)
        if move.fed_by in reach.flows and is_late and move.converted_from is None:
            hops = None  # past the horizon nothing crosses; a conversion under way still arrives
        elif move.fed_by is not None:
            reach.waiting.discard(move.fed_by)
        if hops is None:
            continue
        row = move.row
        reach.flows[row.id] = hops
        if move.target is not None and not move.is_crossing:
            reach.hops[move.target] = min(reach.hops.get(move.target, hops), hops)
            reach.since.setdefault(move.target, row.time)
        elif move.is_crossing:
            reach.waiting.add(row.id)
        else:
            reach.exits.add((row.id, move.exit_account, row.currency, move.exit_kind))
    _leave_where_they_are(facts, reach)
    return reach


def _leave_where_they_are(facts: Facts, reach: _Reach) -> None:
    """What waits for a link's entry is where the exit's own row left it (choice 19)."""
    for name in sorted(reach.waiting):
        row = facts.rows[name]
        standing = facts.standing.get(row.payee)
        if standing in ("unknown", "bridged"):
            reach.since[row.payee_pocket] = min(
                row.time, reach.since.get(row.payee_pocket, row.time)
            )
        else:
            kind = "terminal" if standing == "terminal" and row.kind == "transfer" else row.kind
            account = row.payee if standing == "terminal" else row.payer
            reach.exits.add((row.id, account, row.currency, kind))


def _hops(facts: Facts, claim: Claim, move: Move, reach: _Reach) -> int | None:
    """How many hops the claim's money made with this move; None if none goes with it."""
    if move.row.id == claim.transfer:
        return 1
    if move.claim is not None and move.claim.is_admitted:
        return None  # it carries only its own claim
    if move.fed_by is not None:
        before = reach.flows.get(move.fed_by)
    elif move.undoes is not None or move.returns is not None:
        is_late = facts.is_expired(claim.id, move.row.time)
        before = None if is_late else reach.flows.get(move.row.reverses)
    elif move.source is not None and not facts.is_expired(claim.id, move.row.time):
        before = reach.hops.get(move.source)
    else:
        before = None
    return None if before is None else before + 1
