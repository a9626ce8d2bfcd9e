"""Recoverable: a plain max-flow on the time-expanded graph of one claim, with networkx. No rule is used (choice 20).

QUESTIONS settled here: the reversal of a claim's own transfer is closed (it exits always); with a horizon the graph ends at
the claim's horizon, because the money stays where it is then; transfers that a claim not admitted disputes stay open for
others.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import networkx as nx

from twin.facts import Claim, Facts, Move, Pocket

SOURCE = "source"
SINK = "sink"


@dataclass
class _Network:
    """Nodes are (pocket, number of the move that touched it) and ('away', id of the row that left)."""

    after: list[dict[Pocket, int]]
    undone: set[str]
    """Rows that left and that reversals bring back."""
    opened: dict[str, int]
    """What conversions could open, by their debits."""
    crossed: set[str] = field(default_factory=set)
    """Exits whose money went on over their links: a later refund of them brings nothing of it back."""
    graph: Any = field(default_factory=nx.DiGraph)
    last: dict[Pocket, int] = field(default_factory=dict)

    def join(self, tail: object, head: object, capacity: int) -> None:
        old = self.graph.get_edge_data(tail, head, {"capacity": 0})["capacity"]
        self.graph.add_edge(tail, head, capacity=old + capacity)

    def touch(self, pocket: Pocket, number: int) -> tuple[Pocket, int]:
        """Carry what lies in the pocket on to move `number`: at most the balance in between."""
        before = self.last.get(pocket)
        if before is not None:
            self.join((pocket, before), (pocket, number), self.after[before][pocket])
        self.last[pocket] = number
        return (pocket, number)

    def close(self, end: int) -> None:
        """Count what lies in every pocket after `end` moves."""
        for pocket, number in self.last.items():
            self.join((pocket, number), SINK, self.after[end - 1][pocket])

    def value(self) -> int:
        self.graph.add_nodes_from([SOURCE, SINK])
        return int(nx.maximum_flow_value(self.graph, SOURCE, SINK))


def recoverable(facts: Facts, claim: Claim, currency: str, after: list[dict[Pocket, int]]) -> int:
    """Return what of the claim could lie anywhere at the end; `after[i]` is every pocket's balance after move i.

    Conversions are taken in order: what could reach a debit opens at most so much at its credit.
    """
    opened: dict[str, int] = {}
    for move in facts.moves():
        if move.is_converting and move.row.id in facts.pairs:
            reached = _largest(facts, claim, move.row.currency, after, opened, debit=move.row.id)
            credit = facts.rows[facts.pairs[move.row.id]]
            opened[move.row.id] = sum(_worth(move.row.amount, credit.amount)[:reached])
    return _largest(facts, claim, currency, after, opened)


def _worth(sold: int, bought: int) -> list[int]:
    """Return what every unit of the sold amount becomes, the dearest first (choice 14)."""
    each = [(x + 1) * bought // sold - x * bought // sold for x in range(sold)]
    return sorted(each, reverse=True)


def _largest(
    facts: Facts,
    claim: Claim,
    currency: str,
    after: list[dict[Pocket, int]],
    opened: dict[str, int],
    debit: str = "",
) -> int:
    """Return the largest flow in one currency: to the conversion's `debit`, or to what lies still at the end."""
    moves = facts.moves()
    end = sum(1 for move in moves if not facts.is_expired(claim.id, move.row.time))
    undone = {move.undoes for move in moves if move.undoes is not None}
    network = _Network(after, undone, opened)
    for number, move in enumerate(moves):
        if move.row.currency != currency:
            continue
        if number < end:
            tail = _tail(network, move, number, claim)
            head = _head(network, move, number)
        else:
            # Past the horizon nothing is debited any more; what is under way stays where its row left it.
            tail = _tail(network, move, number, claim) if move.fed_by is not None else None
            head = SINK if _stays_inside(facts, move) else None
        if tail is not None and head is not None:
            room = move.row.amount
            if move.converted_from is not None and not _is_own(move, claim):
                room = min(room, opened.get(str(move.fed_by), 0))
            network.join(tail, head, room)
        if debit == move.row.id and tail is not None and number < end:
            network.join(("away", debit), SINK, move.row.amount)
            return network.value()
    if not debit:
        network.close(end)
        return network.value()
    return 0


def _is_own(move: Move, claim: Claim) -> bool:
    return move.claim is not None and move.claim.id == claim.id


def _tail(network: _Network, move: Move, number: int, claim: Claim) -> object:
    """Where the claim's money can come from: nowhere, if the transfer is closed to it."""
    tail: object = None
    if move.converted_from is not None:
        tail = SOURCE
    elif move.fed_by is not None:
        tail = ("away", move.fed_by)
        network.crossed.add(move.fed_by)
    elif move.undoes is not None:
        tail = None if move.undoes in network.crossed else ("away", move.undoes)
    elif move.returns is not None:
        tail = network.touch(move.returns, number)
    elif move.source is not None:
        tail = network.touch(move.source, number)
    if move.claim is not None and move.claim.id == claim.id:
        return SOURCE
    is_others = move.claim is not None and move.claim.is_admitted
    return None if is_others or move.own_claim == claim.id else tail


def _stays_inside(facts: Facts, move: Move) -> bool:
    if move.fed_by is None or move.converted_from is not None:
        return move.target is not None
    return facts.standing.get(facts.rows[move.fed_by].payee) in ("unknown", "bridged")


def _head(network: _Network, move: Move, number: int) -> object:
    if move.is_crossing or move.is_converting or move.row.id in network.undone:
        return ("away", move.row.id)
    return None if move.target is None else network.touch(move.target, number)
