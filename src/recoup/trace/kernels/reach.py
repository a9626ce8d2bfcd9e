"""Passes over the events that know no claim's amount: reach (poison), running balances, shortfalls, chains of an arena."""

# mypy: disable-error-code="no-untyped-call,no-untyped-def"
from __future__ import annotations

import numpy as np

from recoup.trace.kernels.books import (
    CONVERT_IN,
    CONVERT_OUT,
    HOLD,
    RELEASE,
    REVERSAL,
    ROOT,
    WATCHED,
)
from recoup.trace.kernels.compiled import kernel


@kernel
def follow_reach(
    source,
    payee,
    op,
    special,
    slot_of,
    watched_of,
    original_of,
    very_only,
    sinks,
    followed,
    cut,
    stop,
):
    """Return (depth of the flow by event, 0 where none; depth by pocket, 0 where not reached; first event by pocket).

    By row of the specials: the conversion's slot, the slot as a transfer reversed later and that of the one it reverses,
    whether a reversal brings back very units only, and whether its claim is followed. From event `cut` on only a
    conversion's credit goes on. O(n).
    """
    depth = np.zeros(len(sinks), np.int32)
    since = np.full(len(sinks), -1, np.int32)
    flow = np.zeros(stop, np.int32)
    parked = np.zeros(len(slot_of) + 1, np.int32)
    carried = np.zeros(len(slot_of) + 1, np.int32)
    for i in range(stop):
        o = op[i]
        if o & (HOLD | RELEASE):
            continue
        d = depth[source[i]]
        if o & CONVERT_IN:
            d = parked[slot_of[special[i]]]
        elif i >= cut:  # the money stays where it is
            continue
        elif o & REVERSAL and (source[i] == 0 or very_only[special[i]]):
            d = carried[original_of[special[i]]]
        hops = d + 1 if d else 0
        if o & ROOT and followed[special[i]]:
            hops = 1
        if hops == 0:
            continue
        flow[i] = hops
        if o & WATCHED:
            carried[watched_of[special[i]]] = hops
        if o & CONVERT_OUT:
            parked[slot_of[special[i]]] = hops
            continue
        q = payee[i]
        if not sinks[q]:
            if depth[q] == 0:
                since[q] = i
            if depth[q] == 0 or hops < depth[q]:
                depth[q] = hops
    return flow, depth, since


@kernel
def run_balances(source, payee, amount, op, opening, stop):
    """Return the balance of every pocket after events [0, stop), holds included in it. O(n)."""
    balance = opening.copy()
    for i in range(stop):
        if not op[i] & (HOLD | RELEASE):
            balance[source[i]] -= amount[i]
            balance[payee[i]] += amount[i]
    return balance


@kernel
def find_shortfalls(source, payee, amount, op, slot, opening, holds_count):
    """Return (event, amount, whether a hold is why) of every credit that must be assumed before a debit, in order.

    `slot` is the hold's number by event. Free money and held money are kept apart; a hold takes at most what is free. O(n).
    """
    free = opening.copy()
    held = np.zeros(len(opening), np.int64)
    by_hold = np.zeros(holds_count, np.int64)
    events = np.empty(16, np.int64)
    credits = np.empty(16, np.int64)
    is_hold = np.empty(16, np.bool_)
    n = 0
    for i in range(len(amount)):
        p, q, a = source[i], payee[i], amount[i]
        if op[i] & HOLD:
            got = min(a, free[p])
            free[p] -= got
            held[p] += got
            by_hold[slot[i]] = got
            continue
        if op[i] & RELEASE:
            free[p] += by_hold[slot[i]]
            held[p] -= by_hold[slot[i]]
            by_hold[slot[i]] = 0
            continue
        if p:
            if free[p] < a:
                if n == len(events):
                    events = np.concatenate((events, np.empty(n, np.int64)))
                    credits = np.concatenate((credits, np.empty(n, np.int64)))
                    is_hold = np.concatenate((is_hold, np.empty(n, np.bool_)))
                events[n] = i
                credits[n] = a - free[p]
                is_hold[n] = held[p] + free[p] >= a
                n += 1
                free[p] = a
            free[p] -= a
        free[q] += a
    return events[:n], credits[:n], is_hold[:n]


@kernel
def walk_chains(heads, records):
    """Return (which head, which record) of every record on the chains that start at `heads` (-1: empty)."""
    count = 0
    for owner in range(len(heads)):
        at = np.int64(heads[owner])
        while at >= 0:
            count += 1
            at = np.int64(records[at].next)
    owners = np.empty(count, np.int64)
    places = np.empty(count, np.int64)
    n = 0
    for owner in range(len(heads)):
        at = heads[owner]
        while at >= 0:
            owners[n] = owner
            places[n] = at
            n += 1
            at = np.int64(records[at].next)
    return owners, places
