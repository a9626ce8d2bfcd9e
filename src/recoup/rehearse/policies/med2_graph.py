"""The graph of MED 2.0: which transfers are followed from a disputed one, what is asked of whom, what still hangs together.

Pix's instrument of recovery, by the manual of its central bank, eighth edition, section 20: a tracking graph of four
parameters, a prioritised list that is acyclic and connected, a block of each transfer's full amount, and a return over the
transfers that were agreed to. How the standard algorithm orders transfers is not published: here layer by layer, the largest
first. Pure; rows come from whoever asks.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple


class Transfer(NamedTuple):
    """One booked transfer; `number` tells it from others."""

    number: int
    time_us: int
    payer: int
    payee: int
    amount: int


class Followed(NamedTuple):
    """A transfer of the graph and its layer; the disputed one is of layer 1."""

    transfer: Transfer
    layer: int


@dataclass(frozen=True, slots=True)
class GraphTerms:
    """The four parameters, with the values seen with implementers."""

    layers_max: int = 5
    transfers_max: int = 10
    window_us: int = 24 * 3_600_000_000
    """Between money in and money out of an account, at most; both ends inclusive."""
    amount_min: int = 20_000
    """Minor units: 200.00."""


Debits = Callable[[int, int, int], Iterable[Transfer]]
"""What left an account from one instant to another, both inclusive."""


def tracking_graph(root: Transfer, debits: Debits, terms: GraphTerms) -> tuple[Followed, ...]:
    """Return the transfers that are followed from `root`, layer by layer, the largest first; of equals the earlier.

    A transfer that would close a circle is left out, as a prioritised list must be acyclic.
    """
    found, layer = [Followed(root, 1)], [root]
    taken, ways = {root.number}, {root.payer: {root.payee}}
    for number in range(2, terms.layers_max + 1):
        behind = {
            one.number: one
            for into in layer
            for one in debits(into.payee, into.time_us, into.time_us + terms.window_us)
            if one.number not in taken and one.amount >= terms.amount_min
        }
        layer = []
        for one in sorted(behind.values(), key=lambda one: (-one.amount, one.time_us, one.number)):
            if len(found) == terms.transfers_max:
                return tuple(found)
            if _reaches(ways, one.payee, one.payer):
                continue
            ways.setdefault(one.payer, set()).add(one.payee)
            taken.add(one.number)
            found.append(Followed(one, number))
            layer.append(one)
    return tuple(found)


def _reaches(ways: dict[int, set[int]], start: int, goal: int) -> bool:
    """Return whether money that is followed already goes from one account to another, or both are one."""
    todo, seen = [start], {start}
    while todo:
        account = todo.pop()
        if account == goal:
            return True
        fresh = ways.get(account, set()) - seen
        seen |= fresh
        todo += sorted(fresh)
    return False


def asked_of(graph: Sequence[Followed]) -> dict[int, int]:
    """Return what is asked to be blocked in each account: the sum of the full amounts of transfers to it."""
    asked: dict[int, int] = {}
    for transfer, _ in graph:
        asked[transfer.payee] = asked.get(transfer.payee, 0) + transfer.amount
    return asked


def agreed_chain(graph: Sequence[Followed], disagreed: Collection[int]) -> tuple[Followed, ...]:
    """Return the transfers that hang together from the root by transfers that were agreed to, in the graph's order."""
    kept, reached = [], {graph[0].transfer.payer}
    for one in graph:
        if one.transfer.number not in disagreed and one.transfer.payer in reached:
            kept.append(one)
            reached.add(one.transfer.payee)
    return tuple(kept)


__all__ = [
    "Debits",
    "Followed",
    "GraphTerms",
    "Transfer",
    "agreed_chain",
    "asked_of",
    "tracking_graph",
]
