"""Max-flow through time: how much of a claim could be located at most, whatever the rule. Exact integers, own network.

A node is one side of a transfer that claims' money could have crossed. From it money stays in the pocket until the pocket's
next node (capacity: the lowest balance in between) or moves with the transfer (capacity: its amount). What is still there at
the end reaches the sink.
"""

# mypy: disable-error-code="no-untyped-call,no-untyped-def"
from __future__ import annotations

import numpy as np

from recoup.trace.kernels.books import HOLD, RELEASE
from recoup.trace.kernels.compiled import inner, kernel

NONE = -1


@kernel
def build_network(source, payee, amount, op, opening, sinks, open_, no_payer, refund, stop):
    """Return (following, stay, target, move, credit): by node its pocket's next node, the two capacities, where it moves.

    `open_[i]` says whether claims' money may cross event i, `no_payer[i]` that it cannot come from the payer's pocket;
    `credit[i]` is the node of event i on the payee's side (-1 none).
    `refund[i]` is, for an exit that is taken back later, the first event that does (0 else): money may cross to it.
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
            move[n] = a
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


@inner
def _touch(v, claim, dirty, dirty_of, count):
    """Note that node `v` differs from the fresh network; returns the count of such nodes."""
    if dirty_of[v] != claim:
        dirty_of[v] = claim
        dirty[count] = v
        return count + 1
    return count


@inner
def _forward(
    start, want, claim, following, stay, target, move, path, dead, dirty, dirty_of, count, steps
):
    """Push up to `want` from `start` forward only; a dead end stays dead. Returns (pushed, steps left, dirty count)."""
    pushed = np.int64(0)
    while pushed < want and steps > 0:
        depth = 0
        path[0] = start
        reached = False
        while depth >= 0 and steps > 0:
            steps -= 1
            v = path[depth]
            if stay[v] > 0 and following[v] < 0:
                reached = True
                break
            if stay[v] > 0 and dead[following[v]] != claim:
                depth += 1
                path[depth] = following[v]
            elif target[v] >= 0 and move[v] > 0 and dead[target[v]] != claim:
                depth += 1
                path[depth] = target[v]
            else:
                dead[v] = claim
                depth -= 1
        if not reached:
            break
        room = min(want - pushed, stay[path[depth]])
        for k in range(depth):
            v = path[k]
            room = min(room, stay[v] if following[v] == path[k + 1] else move[v])
        for k in range(depth + 1):
            v = path[k]
            count = _touch(v, claim, dirty, dirty_of, count)
            if k == depth or following[v] == path[k + 1]:
                stay[v] -= room
            else:
                move[v] -= room
        pushed += room
    return pushed, steps, count


@inner
def _search(
    start,
    following,
    before,
    stay,
    first_stay,
    target,
    origin,
    move,
    first_move,
    path,
    way,
    seen,
    stamp,
    steps,
):
    """Find a residual path to the sink, depth first; returns (its last place in `path`, -1 for none; steps left)."""
    depth = 0
    path[0], way[0] = start, 0
    seen[start] = stamp
    while depth >= 0 and steps > 0:
        steps -= 1
        v = path[depth]
        w = way[depth]
        way[depth] += 1
        to = np.int64(NONE)
        if w == 0:
            if stay[v] > 0:
                if following[v] < 0:
                    return depth, steps
                to = following[v]
        elif w == 1:
            if target[v] >= 0 and move[v] > 0:
                to = target[v]
        elif w == 2:
            if before[v] >= 0 and first_stay[before[v]] > stay[before[v]]:
                to = before[v]
        elif w == 3:
            if origin[v] >= 0 and first_move[origin[v]] > move[origin[v]]:
                to = origin[v]
        else:
            depth -= 1
            continue
        if to >= 0 and seen[to] != stamp:
            seen[to] = stamp
            depth += 1
            path[depth], way[depth] = to, 0
    return NONE, steps


@inner
def _push(
    want,
    depth,
    claim,
    before,
    stay,
    first_stay,
    origin,
    move,
    first_move,
    path,
    way,
    dirty,
    dirty_of,
    count,
):
    """Push along the residual path of `_search`; returns (pushed, dirty count)."""
    room = want
    for k in range(depth + 1):
        v, w = path[k], way[k] - 1
        if w == 0:
            room = min(room, stay[v])
        elif w == 1:
            room = min(room, move[v])
        elif w == 2:
            room = min(room, first_stay[before[v]] - stay[before[v]])
        else:
            room = min(room, first_move[origin[v]] - move[origin[v]])
    for k in range(depth + 1):
        v, w = path[k], way[k] - 1
        at = v if w < 2 else (before[v] if w == 2 else origin[v])
        count = _touch(at, claim, dirty, dirty_of, count)
        if w == 0:
            stay[at] -= room
        elif w == 1:
            move[at] -= room
        elif w == 2:
            stay[at] += room
        else:
            move[at] += room
    return room, count


@kernel
def bound_flows(starts, losses, closed, following, stay, target, move, steps_each, steps_all):
    """Return per claim the max-flow from node `starts` (-1: none) of at most `losses`; -1 where the steps ran out.

    `closed` (m, 2): pairs (claim, payer-side node) of transfers that one claim may not use. Cost: O(nodes it can reach) a
    claim.
    """
    nodes = len(stay)
    before = np.full(nodes, NONE, np.int64)
    origin = np.full(nodes, NONE, np.int64)
    for v in range(nodes):
        if following[v] >= 0:
            before[following[v]] = v
        if target[v] >= 0:
            origin[target[v]] = v
    first_stay, first_move = stay.copy(), move.copy()
    path, way = np.empty(nodes + 1, np.int64), np.empty(nodes + 1, np.int64)
    dead, dirty_of = np.full(nodes, NONE, np.int64), np.full(nodes, NONE, np.int64)
    dirty = np.empty(nodes, np.int64)
    seen = np.zeros(nodes, np.int64)
    bound = np.full(len(starts), NONE, np.int64)
    stamp = 0
    for c in range(len(starts)):
        if starts[c] < 0:
            bound[c] = 0
            continue
        if steps_all <= 0:
            continue
        budget = min(steps_each, steps_all)
        for k in range(len(closed)):
            if closed[k, 0] == c:
                first_move[closed[k, 1]] = -1 - first_move[closed[k, 1]]
                move[closed[k, 1]] = first_move[closed[k, 1]]
        pushed, steps, count = _forward(
            starts[c],
            losses[c],
            c,
            following,
            stay,
            target,
            move,
            path,
            dead,
            dirty,
            dirty_of,
            0,
            budget,
        )
        while pushed < losses[c] and steps > 0:
            stamp += 1
            depth, steps = _search(
                starts[c],
                following,
                before,
                stay,
                first_stay,
                target,
                origin,
                move,
                first_move,
                path,
                way,
                seen,
                stamp,
                steps,
            )
            if depth < 0:
                break
            more, count = _push(
                losses[c] - pushed,
                depth,
                c,
                before,
                stay,
                first_stay,
                origin,
                move,
                first_move,
                path,
                way,
                dirty,
                dirty_of,
                count,
            )
            pushed += more
        if steps > 0 or pushed >= losses[c]:
            bound[c] = pushed
        for k in range(count):
            stay[dirty[k]], move[dirty[k]] = first_stay[dirty[k]], first_move[dirty[k]]
        for k in range(len(closed)):
            if closed[k, 0] == c:
                first_move[closed[k, 1]] = -1 - first_move[closed[k, 1]]
                move[closed[k, 1]] = first_move[closed[k, 1]]
        steps_all -= budget - max(steps, 0)
    return bound
