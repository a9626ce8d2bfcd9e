"""The network through time that `bound` sends claims' money through: built from the events, no flow in it. Exact integers.

A node is one side of an event that claims' money could have crossed. From it money stays in the pocket until the pocket's
next node (capacity: the lowest balance in between) or moves with the transfer (capacity: its amount). What is still there at
the end reaches the sink. Every arc leads to a later node. What left with an exit that is refunded later waits at nodes of no
pocket, one for each refund; a conversion's debit ends in a node of its own.
"""

# mypy: disable-error-code="no-untyped-call,no-untyped-def"
from __future__ import annotations

from typing import Final

import numpy as np

from recoup.trace.kernels.books import HOLD, RELEASE
from recoup.trace.kernels.compiled import kernel

NONE: Final = -1
ENDLESS: Final = 2**60
"""A capacity above every amount."""

# Flags of an event.
STARTS: Final = 1  # a followed claim disputes it
CLOSED: Final = 2  # an admitted claim disputes it: nothing of others crosses
KEEPS: Final = (
    4  # it brings back what an unknown account got; that account's balance does not count it
)
CONVERTS: Final = 8  # the debit of a conversion with its credit
RETURNS: Final = 16  # an exit that is refunded later


@kernel
def find_open(source, payee, op, flags, undo, pair, sinks, stop):
    """Return uint8 by event: 1 claims' money could cross it, 2 out of the payer's pocket, 3 out of what left before. O(n).

    `undo[i]` is the exit that event i refunds, `pair[i]` the debit of the conversion that it is the credit of; -1 none.
    """
    out = np.zeros(stop, np.uint8)
    here = np.zeros(len(sinks), np.uint8)
    for i in range(stop):
        if op[i] & (HOLD | RELEASE):
            continue
        if not flags[i] & CLOSED:
            if undo[i] >= 0:
                if out[undo[i]]:
                    out[i] = 3
            elif pair[i] >= 0:
                if out[pair[i]]:
                    out[i] = 1
            elif source[i] and here[source[i]]:
                out[i] = 2
        if flags[i] & STARTS and not out[i]:
            out[i] = 1
        if out[i] and not sinks[payee[i]] and not flags[i] & CONVERTS:
            here[payee[i]] = 1
    return out


@kernel
def build_network(source, payee, amount, op, flags, undo, opening, sinks, lost, open_, stop):
    """Return (following, stay, target, move, debit, credit): by node the pocket's next node, two capacities, where it moves.

    `debit[i]` and `credit[i]` are the nodes of event i (-1 none); the credit of a conversion's debit is the node it ends in.
    `lost[p]`: what is left in pocket p at the end has left for good. The last node of a pocket follows to -1. O(events).
    """
    count = 2 * np.count_nonzero(open_)
    following, target = np.full(count, NONE, np.int64), np.full(count, NONE, np.int64)
    stay, move = np.zeros(count, np.int64), np.zeros(count, np.int64)
    debit, credit = np.full(stop, NONE, np.int64), np.full(stop, NONE, np.int64)
    away = np.full(stop, NONE, np.int64)  # by exit the node that its next refund hangs on
    balance, lowest = opening.copy(), opening.copy()
    last = np.full(len(opening), NONE, np.int64)
    n = 0
    for i in range(stop):
        if op[i] & (HOLD | RELEASE):
            continue
        p, q, a, flag = source[i], payee[i], amount[i], flags[i]
        converts = open_[i] and flag & CONVERTS
        kept = open_[i] and not sinks[q] and not converts
        leaves = converts or (open_[i] and sinks[q] and flag & RETURNS)
        draws = open_[i] >= 2 and (kept or leaves)
        if draws:
            if open_[i] == 3:
                before = away[undo[i]]
                draws = before >= 0
                if draws:
                    if before == debit[undo[i]]:
                        target[before] = n
                    else:
                        following[before], stay[before] = n, ENDLESS
                    away[undo[i]] = n
            else:
                if last[p] >= 0:
                    following[last[p]], stay[last[p]] = n, lowest[p]
                last[p] = n
            if draws:
                debit[i], move[n] = n, a
                n += 1
        if p:
            if not flag & KEEPS:
                balance[p] -= a
            lowest[p] = balance[p] if draws and open_[i] == 2 else min(lowest[p], balance[p])
        if leaves:
            away[i] = debit[i]
        if kept or converts:
            if converts:
                away[i] = n
            else:
                if last[q] >= 0:
                    following[last[q]], stay[last[q]] = n, lowest[q]
                last[q] = n
            credit[i] = n
            if draws:
                target[n - 1] = n
            n += 1
        balance[q] += a
        if kept:
            lowest[q] = balance[q]
    for p in range(1, len(opening)):
        if last[p] >= 0:
            stay[last[p]] = 0 if lost[p] else lowest[p]
    return following[:n], stay[:n], target[:n], move[:n], debit, credit


@kernel
def tighten(following, stay, target, move, ends):
    """Lower every capacity to what the node it leads to could pass on at most; the nodes `ends` pass on anything. O(nodes).

    No flow is lost, and dead ends need not be looked at again for every claim.
    """
    passes = np.zeros(len(stay), np.int64)
    is_end = np.zeros(len(stay), np.uint8)
    is_end[ends] = 1
    for v in range(len(stay) - 1, -1, -1):
        if following[v] >= 0:
            stay[v] = min(stay[v], passes[following[v]])
        move[v] = min(move[v], passes[target[v]]) if target[v] >= 0 else 0
        passes[v] = ENDLESS if is_end[v] else min(stay[v] + move[v], ENDLESS)
