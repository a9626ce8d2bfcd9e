"""The slowest possible tracing of the example: every account is a plain list of lots. Shares no code with the engine.

It knows fifo and lifo only, one currency, no holds, no links: exactly what the example needs. The engine's answers are compared
with it.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from story import Case, Row


@dataclass
class Lot:
    """Units that lie together: whose they are ('' for clean), by which transfer they came, how many hops from the victim."""

    claim: str
    amount: int
    via: str = ""
    depth: int = 0
    since: datetime | None = None


@dataclass
class Result:
    """Where the money of each claim is at the end, in fen."""

    positions: dict[tuple[str, str], tuple[int, datetime]] = field(default_factory=dict)
    flows: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)
    exits: dict[tuple[str, str, str, str], int] = field(default_factory=lambda: defaultdict(int))
    unknown: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    loss: dict[str, int] = field(default_factory=dict)


def take(pocket: list[Lot], amount: int, rule: str, via: str | None = None) -> list[Lot]:
    """Remove `amount` by the rule, from the lots that came by `via` if it is given; return what was taken in axis order."""
    taken: list[Lot] = []
    order = range(len(pocket)) if rule == "fifo" else range(len(pocket) - 1, -1, -1)
    for i in order:
        lot = pocket[i]
        if amount == 0 or (via is not None and lot.via != via):
            continue
        part = min(lot.amount, amount)
        taken.append(Lot(lot.claim, part, lot.via, lot.depth, lot.since))
        lot.amount -= part
        amount -= part
    pocket[:] = [lot for lot in pocket if lot.amount]
    return taken if rule == "fifo" else taken[::-1]


def trace(case: Case, rule: str) -> Result:
    """Play the whole ledger once, lot by lot, and check that every claim is conserved."""
    known = {key for key, account in case.accounts.items() if account.known}
    pockets = {key: [Lot("", case.accounts[key].opening)] for key in known}
    claim_of = {transfer: claim for claim, _, transfer, _ in case.claims}
    assert not any(row.reverses in claim_of for row in case.rows), (
        "the reversal of a disputed transfer is not in this story"
    )
    result = Result()
    for row in case.rows:
        lots = _leave(row, pockets, rule, result, claim_of)
        _arrive(row, lots, pockets, result)
    for key, pocket in pockets.items():
        for lot in pocket:
            if lot.claim:
                assert lot.since
                amount, since = result.positions.get((lot.claim, key), (0, lot.since))
                result.positions[lot.claim, key] = (amount + lot.amount, min(since, lot.since))
    for claim, loss in result.loss.items():
        located = sum(a for (c, _), (a, _) in result.positions.items() if c == claim)
        out = sum(a for (c, *_), a in result.exits.items() if c == claim)
        assert loss == located + out + sum(a for (c, _), a in result.unknown.items() if c == claim)
    return result


def _leave(
    row: Row, pockets: dict[str, list[Lot]], rule: str, result: Result, claim_of: dict[str, str]
) -> list[Lot]:
    """Return what the payer sends, as lots; money from outside or from an unknown account is clean."""
    lots = [Lot("", row.amount)]
    if row.payer in pockets:
        pocket = pockets[row.payer]
        own = take(pocket, row.amount, rule, row.reverses) if row.reverses else []
        rest = row.amount - sum(lot.amount for lot in own)
        lots = own + take(pocket, rest, rule)
    if row.id in claim_of:
        claim = claim_of[row.id]
        for lot in lots:  # another claim's money in a victim's own payment has come to a victim
            if lot.claim:
                result.exits[lot.claim, row.id, row.payer, "to_victim"] += lot.amount
        result.loss[claim] = row.amount
        lots = [Lot(claim, row.amount)]
    return lots


def _arrive(row: Row, lots: list[Lot], pockets: dict[str, list[Lot]], result: Result) -> None:
    """Put the lots where they go: an account, an exit, or an account of which nothing is known."""
    for lot in lots:
        if lot.claim:
            depth = lot.depth + 1
            before = result.flows.get((lot.claim, row.id), (depth, 0))
            result.flows[lot.claim, row.id] = (min(before[0], depth), before[1] + lot.amount)
            if not row.payee:
                result.exits[lot.claim, row.id, row.payer, row.kind] += lot.amount
            elif row.payee not in pockets:
                result.unknown[lot.claim, row.payee] += lot.amount
        if row.payee in pockets:
            pockets[row.payee].append(
                Lot(lot.claim, lot.amount, row.id, lot.depth + 1 if lot.claim else 0, row.time)
            )
