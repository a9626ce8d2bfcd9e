"""Max-flow through time: how much of a claim could be located at most, whatever the rule. Exact integers, own network.

A node is one side of a transfer that claims' money could have crossed. From it money stays in the pocket until the pocket's
next node (capacity: the lowest balance in between) or moves with the transfer (capacity: its amount). What is still there at
the end reaches the sink.
"""

# mypy: disable-error-code="no-untyped-call,no-untyped-def"
from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from recoup.trace.kernels.books import HOLD, RELEASE
from recoup.trace.kernels.compiled import inner, kernel

NONE = -1

I64 = npt.NDArray[np.int64]


@kernel
def build_network(
    source, payee, amount, op, opening, sinks, open_, no_payer, refund, refunded, stop
):
    """Return (following, stay, target, move, credit): by node its pocket's next node, the two capacities, where it moves.

    `open_[i]` says whether claims' money may cross event i, `no_payer[i]` that it cannot come from the payer's pocket;
    `credit[i]` is the node of event i on the payee's side (-1 none).
    `refund[i]` is, for an exit that is taken back later, the first event that does (0 else): `refunded[i]` may cross to it.
    The last node of a pocket follows to -1 and stays into the sink. O(events).
    """
    count = 0
    for i in range(stop):
        if open_[i]:
            count += 2
    following = np.full(count, NONE, np.int64)
    stay = np.zeros(count, np.int64)
    target = np.full(count, NONE, np.int64)
    move = np.zeros(count, np.int64)
    credit = np.full(stop, NONE, np.int64)
    balance = opening.copy()
    lowest = opening.copy()
    last = np.full(len(opening), NONE, np.int64)
    waiting = np.full(
        stop, NONE, np.int64
    )  # payer-side node of an exit, by the event that takes it back
    n = 0
    for i in range(stop):
        if op[i] & (HOLD | RELEASE):
            continue
        p, q, a = source[i], payee[i], amount[i]
        back = open_[i] and sinks[q] and refund[i] > 0
        kept = open_[i] and not sinks[q]
        debits = (kept or back) and not no_payer[i]
        if debits:
            if last[p] >= 0:
                following[last[p]] = n
                stay[last[p]] = lowest[p]
            last[p] = n
            move[n] = min(a, refunded[i]) if back else a
            if back:
                waiting[refund[i]] = n
            n += 1
        if p:
            balance[p] -= a
            lowest[p] = min(lowest[p], balance[p])
            if debits:
                lowest[p] = balance[p]
        if kept:
            if last[q] >= 0:
                following[last[q]] = n
                stay[last[q]] = lowest[q]
            last[q] = n
            credit[i] = n
            if debits:
                target[n - 1] = n
            elif waiting[i] >= 0:
                target[waiting[i]] = n
            n += 1
        balance[q] += a
        if kept:
            lowest[q] = balance[q]
    for p in range(1, len(opening)):
        if last[p] >= 0:
            stay[last[p]] = lowest[p]
    return following[:n], stay[:n], target[:n], move[:n], credit


class Network(NamedTuple):
    """The network of n nodes and the scratch of one search. `first_*` are the fresh capacities, -1 - x for a closed x."""

    following: I64
    before: I64
    target: I64
    origin: I64
    stay: I64
    first_stay: I64
    move: I64
    first_move: I64
    path: I64
    way: I64
    dead: I64
    seen: I64
    dirty: I64
    dirty_of: I64


@inner
def _touch(g, v, claim, count):
    """Note that node `v` differs from the fresh network; returns the count of such nodes."""
    if g.dirty_of[v] != claim:
        g.dirty_of[v] = claim
        g.dirty[count] = v
        return count + 1
    return count


@inner
def _forward(g, start, want, claim, count, steps):
    """Push up to `want` from `start` forward only; a dead end stays dead. Returns (pushed, steps left, dirty count)."""
    pushed = np.int64(0)
    while pushed < want and steps > 0:
        depth = 0
        g.path[0] = start
        reached = False
        while depth >= 0 and steps > 0:
            steps -= 1
            v = g.path[depth]
            if g.stay[v] > 0 and g.following[v] < 0:
                reached = True
                break
            if g.stay[v] > 0 and g.dead[g.following[v]] != claim:
                depth += 1
                g.path[depth] = g.following[v]
            elif g.target[v] >= 0 and g.move[v] > 0 and g.dead[g.target[v]] != claim:
                depth += 1
                g.path[depth] = g.target[v]
            else:
                g.dead[v] = claim
                depth -= 1
        if not reached:
            break
        room = min(want - pushed, g.stay[g.path[depth]])
        for k in range(depth):
            v = g.path[k]
            room = min(room, g.stay[v] if g.following[v] == g.path[k + 1] else g.move[v])
        for k in range(depth + 1):
            v = g.path[k]
            count = _touch(g, v, claim, count)
            if k == depth or g.following[v] == g.path[k + 1]:
                g.stay[v] -= room
            else:
                g.move[v] -= room
        pushed += room
    return pushed, steps, count


@inner
def _search(g, start, stamp, steps):
    """Find a residual path to the sink, depth first; returns (its last place in `path`, -1 for none; steps left)."""
    depth = 0
    g.path[0], g.way[0] = start, 0
    g.seen[start] = stamp
    while depth >= 0 and steps > 0:
        steps -= 1
        v = g.path[depth]
        w = g.way[depth]
        g.way[depth] += 1
        to = np.int64(NONE)
        if w == 0:
            if g.stay[v] > 0:
                if g.following[v] < 0:
                    return depth, steps
                to = g.following[v]
        elif w == 1:
            if g.target[v] >= 0 and g.move[v] > 0:
                to = g.target[v]
        elif w == 2:
            back = g.before[v]
            if back >= 0 and g.first_stay[back] > g.stay[back]:
                to = back
        elif w == 3:
            back = g.origin[v]
            if back >= 0 and g.first_move[back] > g.move[back]:
                to = back
        else:
            depth -= 1
            continue
        if to >= 0 and g.seen[to] != stamp:
            g.seen[to] = stamp
            depth += 1
            g.path[depth], g.way[depth] = to, 0
    return np.int64(NONE), steps


@inner
def _push(g, want, depth, claim, count):
    """Push along the residual path of `_search`; returns (pushed, dirty count)."""
    room = want
    for k in range(depth + 1):
        v, w = g.path[k], g.way[k] - 1
        if w == 0:
            room = min(room, g.stay[v])
        elif w == 1:
            room = min(room, g.move[v])
        elif w == 2:
            room = min(room, g.first_stay[g.before[v]] - g.stay[g.before[v]])
        else:
            room = min(room, g.first_move[g.origin[v]] - g.move[g.origin[v]])
    for k in range(depth + 1):
        v, w = g.path[k], g.way[k] - 1
        at = v if w < 2 else (g.before[v] if w == 2 else g.origin[v])
        count = _touch(g, at, claim, count)
        if w == 0:
            g.stay[at] -= room
        elif w == 1:
            g.move[at] -= room
        elif w == 2:
            g.stay[at] += room
        else:
            g.move[at] += room
    return room, count


@inner
def _toggle(g, closed, claim):
    """Close, or open again, the transfers that `claim` may not use."""
    for k in range(len(closed)):
        if closed[k, 0] == claim:
            v = closed[k, 1]
            g.first_move[v] = -1 - g.first_move[v]
            g.move[v] = g.first_move[v]


@kernel
def bound_flows(starts, losses, closed, g, steps_each, steps_all):
    """Return per claim the max-flow from node `starts` (-1: none) of at most `losses`; -1 where the steps ran out.

    `closed` (m, 2): pairs (claim, payer-side node) of transfers that one claim may not use. Cost: O(nodes reached) a claim.
    """
    bound = np.full(len(starts), NONE, np.int64)
    stamp = 0
    for c in range(len(starts)):
        if starts[c] < 0:
            bound[c] = 0
            continue
        if steps_all <= 0:
            continue
        budget = min(steps_each, steps_all)
        _toggle(g, closed, c)
        pushed, steps, count = _forward(g, starts[c], losses[c], c, 0, budget)
        while pushed < losses[c] and steps > 0:
            stamp += 1
            depth, steps = _search(g, starts[c], stamp, steps)
            if depth < 0:
                break
            more, count = _push(g, losses[c] - pushed, depth, c, count)
            pushed += more
        if steps > 0 or pushed >= losses[c]:
            bound[c] = pushed
        for k in range(count):
            v = g.dirty[k]
            g.stay[v], g.move[v] = g.first_stay[v], g.first_move[v]
        _toggle(g, closed, c)
        steps_all -= budget - max(steps, 0)
    return bound


def network_of(following: I64, stay: I64, target: I64, move: I64) -> Network:
    """Return the network of `build_network`'s arrays with fresh scratch."""
    nodes = len(stay)
    before, origin = np.full(nodes, NONE, np.int64), np.full(nodes, NONE, np.int64)
    follows, moves = np.flatnonzero(following >= 0), np.flatnonzero(target >= 0)
    before[following[follows]] = follows
    origin[target[moves]] = moves
    path, way, dirty = (np.empty(nodes + 1, np.int64) for _ in range(3))
    dead, dirty_of = (np.full(nodes, NONE, np.int64) for _ in range(2))
    seen = np.zeros(nodes, np.int64)
    return Network(
        following,
        before,
        target,
        origin,
        stay,
        stay.copy(),
        move,
        move.copy(),
        path,
        way,
        dead,
        seen,
        dirty,
        dirty_of,
    )
