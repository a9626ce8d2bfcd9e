"""Running balances without any rule: what each pocket has, what holds keep, and which credits must be assumed."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from twin.facts import Facts, HoldEnd, HoldStart, Pocket


@dataclass
class Balances:
    """Balances over the moves up to as-of; the same under every rule."""

    after: list[dict[Pocket, int]] = field(default_factory=list)
    """Every pocket's balance right after each move, held money included."""
    assumed: dict[str, int] = field(default_factory=dict)
    """Transfer id to the credit assumed right before it."""
    contradicted: set[str] = field(default_factory=set)
    """Transfers that took more than a hold had left free."""


def balances_of(facts: Facts, *, with_holds: bool = True) -> Balances:
    """Walk through the events counting money only (choices 5 and 15)."""
    result = Balances()
    free: dict[Pocket, int] = defaultdict(
        int, {p: opening.amount for p, opening in facts.openings.items()}
    )
    held: dict[Pocket, dict[int, int]] = defaultdict(dict)
    for event in facts.events:
        if isinstance(event, HoldStart):
            if with_holds and event.pocket in facts.openings and _gives(facts, event.pocket):
                held[event.pocket][event.number] = min(event.amount, free[event.pocket])
                free[event.pocket] -= held[event.pocket][event.number]
            continue
        if isinstance(event, HoldEnd):
            free[event.pocket] += held[event.pocket].pop(event.number, 0)
            continue
        row = event.row
        if event.source is not None:
            shortfall = max(0, row.amount - free[event.source])
            if shortfall:
                result.assumed[row.id] = shortfall
            if shortfall and sum(held[event.source].values()):
                result.contradicted.add(row.id)
            free[event.source] += shortfall - row.amount
        if event.target is not None and not event.is_crossing:
            free[event.target] += row.amount
        result.after.append(
            {pocket: free[pocket] + sum(held[pocket].values()) for pocket in facts.openings}
        )
    return result


def _gives(facts: Facts, pocket: Pocket) -> bool:
    return facts.standing.get(pocket.account) in ("known", "bridged")
