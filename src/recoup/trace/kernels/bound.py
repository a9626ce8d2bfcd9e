"""Max-flow through time: how much of a claim could be located at most, whatever the rule. Exact integers.

Money floods from the claim's start over the network of `network.py` in order of time; what gets stuck goes back the way it
came and is sent elsewhere, all of it in one sweep and not path by path, for paths are as long as a pocket has rows. Paths
against the flow find the rest.
"""

# mypy: disable-error-code="no-untyped-call,no-untyped-def"
from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from recoup.trace.kernels.compiled import kernel, maker

NONE = -1
_BLOCK = 64

I64 = npt.NDArray[np.int64]
U8 = npt.NDArray[np.uint8]


NODE = np.dtype(
    [
        *((name, "i4") for name in ("following", "before", "target", "origin")),
        *((name, "i8") for name in ("stay", "first_stay", "move", "first_move", "excess")),
        *((name, "i4") for name in ("dead", "dirty_of")),
    ],
    align=True,
)
"""A node of the network and its scratch, a cache line of 64 bytes. `first_*` are fresh capacities, -1 - x for a closed x."""


class Network(NamedTuple):
    """The network of n nodes and the scratch of one flow."""

    nodes: npt.NDArray[np.void]
    path: I64
    way: I64
    active: U8
    blocks: I64
    """Active nodes by block of 64."""
    seen: I64
    dirty: I64
    counts: I64
    """Steps left, nodes that differ from the fresh network, stamp of this flow, of this search, last active block."""


STEPS, DIRTY, FLOW, SEARCH, HIGH = 0, 1, 2, 3, 4


class Conversions(NamedTuple):
    """Conversions in the order of their debits."""

    end: I64
    """Node that the debit ends in."""
    sold: I64
    bought: I64
    credit: I64
    """Node of the credit, -1 where nothing of it counts."""
    currency: I64
    """Of the credit."""
    stays: U8
    """1: the credit comes after the end, and what it brings lies there."""


@maker
def _touch(g, v):
    """Note that node `v` differs from the fresh network."""
    if g.nodes[v]["dirty_of"] != g.counts[FLOW]:
        g.nodes[v]["dirty_of"] = g.counts[FLOW]
        g.dirty[g.counts[DIRTY]] = v
        g.counts[DIRTY] += 1


@maker
def _wake(g, v):
    """Put node `v` among the active ones."""
    if not g.active[v]:
        _touch(g, v)
        g.active[v] = 1
        g.blocks[v // _BLOCK] += 1
        g.counts[HIGH] = max(g.counts[HIGH], v // _BLOCK)


@maker
def _rest(g, v):
    """Take node `v` from the active ones."""
    g.active[v] = 0
    g.blocks[v // _BLOCK] -= 1


@maker
def _can_stay(g, v):
    return (
        g.nodes[v]["following"] >= 0
        and g.nodes[v]["stay"] > 0
        and g.nodes[g.nodes[v]["following"]]["dead"] != g.counts[FLOW]
    )


@maker
def _can_move(g, v):
    return (
        g.nodes[v]["target"] >= 0
        and g.nodes[v]["move"] > 0
        and g.nodes[g.nodes[v]["target"]]["dead"] != g.counts[FLOW]
    )


@maker
def _can_end(g, v, goal):
    return v == goal or (goal < 0 and g.nodes[v]["following"] < 0 and g.nodes[v]["stay"] > 0)


@maker
def _send(g, v, goal):
    """Send what node `v` has in excess onward as far as its arcs go, first to where it lies still."""
    x = g.nodes[v]["excess"]
    if v == goal:
        x = np.int64(0)
    elif goal < 0 and g.nodes[v]["following"] < 0:
        part = min(x, g.nodes[v]["stay"])
        g.nodes[v]["stay"] -= part
        x -= part
    elif _can_stay(g, v):
        part = min(x, g.nodes[v]["stay"])
        g.nodes[v]["stay"] -= part
        g.nodes[g.nodes[v]["following"]]["excess"] += part
        _wake(g, g.nodes[v]["following"])
        x -= part
    if x > 0 and _can_move(g, v):
        part = min(x, g.nodes[v]["move"])
        g.nodes[v]["move"] -= part
        g.nodes[g.nodes[v]["target"]]["excess"] += part
        _wake(g, g.nodes[v]["target"])
        x -= part
    g.nodes[v]["excess"] = x


@maker
def _give_back(g, v):
    """Return the excess of the dead node `v` to where it came from; what is left there began at it and is not sent."""
    x = g.nodes[v]["excess"]
    back = g.nodes[v]["before"]
    if x > 0 and back >= 0 and g.nodes[back]["first_stay"] > g.nodes[back]["stay"]:
        part = min(x, g.nodes[back]["first_stay"] - g.nodes[back]["stay"])
        g.nodes[back]["stay"] += part
        g.nodes[back]["excess"] += part
        _wake(g, back)
        x -= part
    back = g.nodes[v]["origin"]
    if x > 0 and back >= 0 and g.nodes[back]["first_move"] > g.nodes[back]["move"]:
        part = min(x, g.nodes[back]["first_move"] - g.nodes[back]["move"])
        g.nodes[back]["move"] += part
        g.nodes[back]["excess"] += part
        _wake(g, back)
        x -= part
    g.nodes[v]["excess"] = 0
    return x


@maker
def _forth(g, low, goal):
    """Send all excess onward in order of time, from block `low` on; returns the last node that is stuck, -1 for none."""
    stuck = np.int64(NONE)
    b = low
    while b <= g.counts[HIGH]:
        if g.blocks[b]:
            for v in range(b * _BLOCK, min((b + 1) * _BLOCK, len(g.active))):
                if g.active[v]:
                    g.counts[STEPS] -= 1
                    _send(g, v, goal)
                    if g.nodes[v]["excess"] > 0:
                        stuck = v
                    else:
                        _rest(g, v)
        b += 1
    g.counts[STEPS] -= 1 + (b - low) // _BLOCK  # blocks without active nodes cost next to nothing
    return stuck


@maker
def _back(g, last, lowest, spare, goal):
    """Take excess back from node `last` down; a node that can send it elsewhere keeps it. Returns the lowest such block.

    What began at a node and cannot be sent is added to `spare` there. No node before `lowest` has any.
    """
    low = np.int64(len(g.blocks))
    for b in range(last // _BLOCK, lowest // _BLOCK - 1, -1):
        if not g.blocks[b]:
            continue
        for v in range(min((b + 1) * _BLOCK, len(g.active)) - 1, b * _BLOCK - 1, -1):
            if not g.active[v]:
                continue
            g.counts[STEPS] -= 1
            if _can_end(g, v, goal) or _can_stay(g, v) or _can_move(g, v):
                low = b
                continue
            g.nodes[v]["dead"] = g.counts[FLOW]
            rest = _give_back(g, v)
            _rest(g, v)
            if rest > 0:
                spare[v] = spare.get(v, np.int64(0)) + rest
    g.counts[STEPS] -= 1 + (last - lowest) // (_BLOCK * _BLOCK)
    return low


@maker
def _flood(g, sources, wants, goal):
    """Send `wants` from `sources` over paths that lead forward only; returns what was sent by source."""
    g.counts[HIGH] = 0
    spare = {np.int64(NONE): np.int64(0)}
    lowest = np.int64(len(g.active))
    for k in range(len(sources)):
        if wants[k] > 0:
            g.nodes[sources[k]]["excess"] += wants[k]
            _wake(g, sources[k])
            lowest = min(lowest, sources[k])
    low = lowest // _BLOCK
    while low < len(g.blocks) and g.counts[STEPS] > 0:
        stuck = _forth(g, low, goal)
        if stuck < 0:
            break
        low = _back(g, stuck, lowest, spare, goal)
        g.counts[HIGH] = stuck // _BLOCK
    sent = wants.copy()
    for k in range(len(sources)):
        if sources[k] in spare:
            less = min(spare[sources[k]], sent[k])
            sent[k] -= less
            spare[sources[k]] -= less
    return sent


@maker
def _search(g, start, goal):
    """Find a residual path to the sink, depth first; returns its last place in `path`, -1 for none."""
    g.counts[SEARCH] += 1
    stamp = g.counts[SEARCH]
    depth = 0
    g.path[0], g.way[0] = start, 0
    g.seen[start] = stamp
    while depth >= 0 and g.counts[STEPS] > 0:
        g.counts[STEPS] -= 1
        v = g.path[depth]
        if v == goal:
            g.way[depth] = 0
            return depth
        w = g.way[depth]
        g.way[depth] += 1
        to = np.int64(NONE)
        if w == 0:
            if g.nodes[v]["stay"] > 0:
                if g.nodes[v]["following"] < 0:
                    if goal < 0:
                        return depth
                else:
                    to = g.nodes[v]["following"]
        elif w == 1:
            if g.nodes[v]["target"] >= 0 and g.nodes[v]["move"] > 0:
                to = g.nodes[v]["target"]
        elif w == 2:
            back = g.nodes[v]["before"]
            if back >= 0 and g.nodes[back]["first_stay"] > g.nodes[back]["stay"]:
                to = back
        elif w == 3:
            back = g.nodes[v]["origin"]
            if back >= 0 and g.nodes[back]["first_move"] > g.nodes[back]["move"]:
                to = back
        else:
            depth -= 1
            continue
        if to >= 0 and g.seen[to] != stamp:
            g.seen[to] = stamp
            depth += 1
            g.path[depth], g.way[depth] = to, 0
    return NONE


@maker
def _push(g, want, depth):
    """Push along the residual path of `_search`; returns how much. A way of 0 at its end is the goal itself."""
    room = want
    for k in range(depth + 1):
        v, w = g.path[k], g.way[k] - 1
        if w == 0:
            room = min(room, g.nodes[v]["stay"])
        elif w == 1:
            room = min(room, g.nodes[v]["move"])
        elif w == 2:
            room = min(
                room,
                g.nodes[g.nodes[v]["before"]]["first_stay"] - g.nodes[g.nodes[v]["before"]]["stay"],
            )
        elif w == 3:
            room = min(
                room,
                g.nodes[g.nodes[v]["origin"]]["first_move"] - g.nodes[g.nodes[v]["origin"]]["move"],
            )
    for k in range(depth + 1):
        v, w = g.path[k], g.way[k] - 1
        at = v if w < 2 else (g.nodes[v]["before"] if w == 2 else g.nodes[v]["origin"])
        _touch(g, at)
        if w == 0:
            g.nodes[at]["stay"] -= room
        elif w == 1:
            g.nodes[at]["move"] -= room
        elif w == 2:
            g.nodes[at]["stay"] += room
        elif w == 3:
            g.nodes[at]["move"] += room
    g.counts[STEPS] -= 2 * depth
    return room


@maker
def _flow(g, sources, wants, goal):
    """Return by source what a largest flow sends (their sum is that flow), to the node `goal` or, for -1, to what lies still.

    After one source is exhausted, no later path can help it: so each is exhausted in turn.
    """
    g.counts[FLOW] += 1
    g.counts[DIRTY] = 0
    sent = _flood(g, sources, wants, goal)
    for k in range(len(sources)):
        while sent[k] < wants[k] and g.counts[STEPS] > 0:
            depth = _search(g, sources[k], goal)
            if depth < 0:
                break
            sent[k] += _push(g, wants[k] - sent[k], depth)
    for k in range(g.counts[DIRTY]):
        v = g.dirty[k]
        g.nodes[v]["stay"], g.nodes[v]["move"], g.nodes[v]["excess"] = (
            g.nodes[v]["first_stay"],
            g.nodes[v]["first_move"],
            0,
        )
        if g.active[v]:  # the steps ran out
            _rest(g, v)
    return sent


@maker
def _toggle(g, closed, claim):
    """Close, or open again, the transfers that `claim` may not use."""
    for k in range(len(closed)):
        if closed[k, 0] == claim:
            v = closed[k, 1]
            g.nodes[v]["first_move"] = -1 - g.nodes[v]["first_move"]
            g.nodes[v]["move"] = g.nodes[v]["first_move"]


@maker
def _visited(g, start, conversions):
    """Return by conversion whether money could reach its debit from `start`, across other conversions too."""
    out = np.zeros(len(conversions.end), np.uint8)
    at = {np.int64(NONE): np.int64(NONE)}
    for k in range(len(conversions.end)):
        at[conversions.end[k]] = np.int64(k)
    g.counts[SEARCH] += 1
    stamp = g.counts[SEARCH]
    g.path[0] = start
    g.seen[start] = stamp
    depth = 1
    while depth > 0 and g.counts[STEPS] > 0:
        g.counts[STEPS] -= 1
        depth -= 1
        v = g.path[depth]
        credit = np.int64(NONE)
        if v in at and at[v] >= 0:
            out[at[v]] = 1
            credit = conversions.credit[at[v]]
        for to in (
            g.nodes[v]["following"] if g.nodes[v]["stay"] > 0 else NONE,
            g.nodes[v]["target"] if g.nodes[v]["move"] > 0 else NONE,
            credit,
        ):
            if to >= 0 and g.seen[to] != stamp:
                g.seen[to] = stamp
                g.path[depth] = to
                depth += 1
    return out


@maker
def _bought(reached, sold, bought):
    """Return the most that `reached` units of `sold` can become of `bought`, wherever they lie among them [choice 14]."""
    return reached * (bought // sold) + min(reached, bought % sold)


@maker
def _bound_claim(g, start, loss, currency, conversions, bound):
    """Write one claim's bound by currency into `bound`: first what it could bring into each conversion, in order."""
    sources, wants = np.array([start]), np.array([loss])
    currencies = np.array([currency])
    if len(conversions.end):
        visited = _visited(g, start, conversions)
        for k in np.flatnonzero(visited):
            reached = _flow(g, sources, wants, conversions.end[k]).sum()
            reached = min(reached, conversions.sold[k])
            opened = _bought(reached, conversions.sold[k], conversions.bought[k])
            if conversions.stays[k]:
                bound[conversions.currency[k]] += opened
            elif opened and conversions.credit[k] >= 0:
                sources = np.append(sources, conversions.credit[k])
                wants = np.append(wants, opened)
                currencies = np.append(currencies, conversions.currency[k])
    sent = _flow(g, sources, wants, np.int64(NONE))
    for k in range(len(sent)):
        bound[currencies[k]] += sent[k]


@kernel
def bound_flows(starts, losses, currencies, width, closed, g, conversions, steps_each, steps_all):
    """Return shape (claims, width): per claim and currency the largest flow from node `starts` (-1: none); -1: out of steps.

    `closed` (m, 2): pairs (claim, payer-side node) of transfers that one claim may not use. Cost: O(nodes reached) a sweep.
    """
    bound = np.zeros((len(starts), width), np.int64)
    for c in range(len(starts)):
        if starts[c] < 0:
            continue
        budget = min(steps_each, steps_all)
        if budget > 0:
            g.counts[STEPS] = budget
            _toggle(g, closed, c)
            _bound_claim(g, starts[c], losses[c], currencies[c], conversions, bound[c])
            _toggle(g, closed, c)
            steps_all -= budget - max(g.counts[STEPS], 0)
        if budget <= 0 or g.counts[STEPS] <= 0:
            bound[c, :] = NONE
    return bound


def network_of(following: I64, stay: I64, target: I64, move: I64) -> Network:
    """Return the network of `build_network`'s arrays with fresh scratch."""
    count = len(stay)
    nodes = np.zeros(count, NODE)
    nodes["before"] = nodes["origin"] = nodes["dead"] = nodes["dirty_of"] = NONE
    follows, moves = np.flatnonzero(following >= 0), np.flatnonzero(target >= 0)
    nodes["before"][following[follows]] = follows
    nodes["origin"][target[moves]] = moves
    nodes["following"], nodes["target"] = following, target
    nodes["stay"] = nodes["first_stay"] = stay
    nodes["move"] = nodes["first_move"] = move
    path, way, dirty = (np.empty(count + 1, np.int64) for _ in range(3))
    return Network(
        nodes=nodes,
        path=path,
        way=way,
        active=np.zeros(count, np.uint8),
        blocks=np.zeros(count // _BLOCK + 1, np.int64),
        seen=np.zeros(count, np.int64),
        dirty=dirty,
        counts=np.zeros(5, np.int64),
    )
