"""Taking units out of a pocket: the first, the last, a range of the axis, or what an exit carried. Delivering is in `lots`."""

# mypy: disable-error-code="no-untyped-call,no-untyped-def"
from __future__ import annotations

import numpy as np

from recoup.trace.kernels.books import FAR, NONE, REVERSAL, UNDONE
from recoup.trace.kernels.compiled import inner
from recoup.trace.kernels.lot_lists import (
    FULL,
    begin_at,
    chain,
    cut,
    drop,
    make_full,
    new,
    record,
    spent,
    split_lot,
    unlink,
)


@inner
def take_light(b, pocket, amount):
    """Take the first `amount` units of a light fifo pocket; return the chain of its lots, at offsets in [0, amount)."""
    p = b.pockets[pocket]
    low = spent(b, pocket)
    high = low + amount
    b.purses[pocket].spare -= amount
    head = tail = np.int64(NONE)
    at = np.int64(p.head)
    while at >= 0 and b.lots[at].start < high:
        after = np.int64(b.lots[at].next)
        if b.lots[at].start + b.lots[at].size > high:
            after = split_lot(b, pocket, at, high - b.lots[at].start)
        b.lots[at].start -= low
        head, tail = chain(b, head, tail, at)
        at = after
    p.head = at
    if at >= 0:
        b.lots[at].prev = NONE
        begin_at(b, pocket, b.lots[at].start)
    else:
        p.tail = NONE
        begin_at(b, pocket, FAR)
    return head


@inner
def take_end(b, pocket, amount, offset, lifo, head, tail):
    """Move up to `amount` free units of a full pocket onto the chain: lowest first, or the highest in axis order.

    Offsets run from `offset`; there are always enough (shortfalls are credited before). Returns the chain's ends.
    """
    left = amount
    if not lifo:
        at = np.int64(b.pockets[pocket].head)
        while at >= 0 and left > 0:
            if b.lots[at].size > left:
                split_lot(b, pocket, at, left)
            after = np.int64(b.lots[at].next)
            size = b.lots[at].size
            unlink(b, pocket, at)
            b.lots[at].start = offset + amount - left
            left -= size
            head, tail = chain(b, head, tail, at)
            at = after
        return head, tail
    at = np.int64(b.pockets[pocket].tail)
    first = np.int64(NONE)
    while at >= 0 and left > 0:  # walk down to where the slice begins
        if b.lots[at].size > left:
            at = split_lot(b, pocket, at, b.lots[at].size - left)
        left -= b.lots[at].size
        first = at
        at = np.int64(b.lots[at].prev)
    at = first
    while at >= 0:
        after = np.int64(b.lots[at].next)
        unlink(b, pocket, at)
        b.lots[at].start = offset
        offset += b.lots[at].size
        head, tail = chain(b, head, tail, at)
        at = after
    return head, tail


@inner
def take_range(b, pocket, low, high, amount, lifo, head, tail):
    """Move up to `amount` free units that lie in [low, high) of a full pocket's axis onto the chain, in axis order."""
    at = np.int64(b.pockets[pocket].tail)
    first = np.int64(NONE)
    there = np.int64(0)
    while at >= 0 and b.lots[at].start + b.lots[at].size > low:
        if b.lots[at].start < high:
            first = at
            begin = max(low, b.lots[at].start)
            there += min(high, b.lots[at].start + b.lots[at].size) - begin
        at = np.int64(b.lots[at].prev)
    want = min(amount, there)
    skip = there - want if lifo else np.int64(0)
    offset = np.int64(0)
    at = first
    while at >= 0 and offset < want:
        if b.lots[at].start < low:
            at = split_lot(b, pocket, at, low - b.lots[at].start)
        inside = min(high, b.lots[at].start + b.lots[at].size) - b.lots[at].start
        if skip >= inside:
            skip -= inside
            at = np.int64(b.lots[at].next)
            continue
        if skip > 0:
            at = split_lot(b, pocket, at, skip)
            inside -= skip
            skip = np.int64(0)
        inside = min(inside, want - offset)
        if b.lots[at].size > inside:
            split_lot(b, pocket, at, inside)
        after = np.int64(b.lots[at].next)
        unlink(b, pocket, at)
        b.lots[at].start = offset
        offset += inside
        head, tail = chain(b, head, tail, at)
        at = after
    return head, tail, offset


@inner
def take_by_rule(b, event, pocket, lifo):
    """Take the event's amount from its payer by the rule; a reversal takes the very units first. Returns the chain's head."""
    amount = b.amount[event]
    if b.op[event] & REVERSAL and pocket != 0:
        make_full(b, pocket)
    if b.purses[pocket].spare != FULL:
        if not lifo:
            return take_light(b, pocket, amount)
        b.purses[pocket].spare -= amount
        return np.int64(NONE)
    b.pockets[pocket].first += amount
    head = tail = np.int64(NONE)
    taken = np.int64(0)
    if b.op[event] & REVERSAL:
        original = b.originals[b.specials[b.special[event]].original]
        head, tail, taken = take_range(
            b, pocket, original.start, original.start + original.amount, amount, lifo, head, tail
        )
        if b.specials[b.special[event]].rest_clean:
            return head
    head, _ = take_end(b, pocket, amount - taken, taken, lifo, head, tail)
    return head


@inner
def take_back(b, event, original, lifo):
    """Take back what an exit carried: its units that have not come back yet. Returns the head of the chain."""
    amount = b.amount[event]
    low = original.amount - original.returned - amount if lifo else original.returned
    high = low + amount
    original.returned += amount
    head = tail = np.int64(NONE)
    before = np.int64(NONE)
    at = np.int64(original.kept)
    while at >= 0 and b.lots[at].start < high:
        if b.lots[at].start + b.lots[at].size <= low:
            before = at
            at = np.int64(b.lots[at].next)
            continue
        if b.lots[at].start < low:
            before = at
            at = cut(b, at, low - b.lots[at].start)
        if b.lots[at].start + b.lots[at].size > high:
            cut(b, at, high - b.lots[at].start)
        after = np.int64(b.lots[at].next)
        if before >= 0:
            b.lots[before].next = after
        else:
            original.kept = after
        colour = b.lots[at].colour
        if event < b.cut[colour >> 2]:
            record(b, colour, original.event, -b.lots[at].size, 0, UNDONE)
            b.lots[at].start -= low
            head, tail = chain(b, head, tail, at)
        else:
            drop(b, at)
        at = after
    return head


@inner
def take_waiting(b, event, original, pocket, lifo):
    """Take back what waits in `pocket` for its link's entry, at the offsets asked; clean units cross in its place.

    Returns the head of the chain; empty once the entry has come. A link's pocket has one credit, so offsets are positions.
    """
    amount = b.amount[event]
    low = original.amount - original.returned - amount if lifo else original.returned
    high = low + amount
    original.returned += amount
    head = tail = np.int64(NONE)
    p = b.pockets[pocket]
    if spent(b, pocket) > 0:
        return head
    full = b.purses[pocket].spare == FULL
    at = np.int64(p.head)
    while at >= 0 and b.lots[at].start < high:
        if b.lots[at].start + b.lots[at].size <= low:
            at = np.int64(b.lots[at].next)
            continue
        if b.lots[at].start < low:
            at = split_lot(b, pocket, at, low - b.lots[at].start)
        if b.lots[at].start + b.lots[at].size > high:
            split_lot(b, pocket, at, high - b.lots[at].start)
        after = np.int64(b.lots[at].next)
        colour = b.lots[at].colour
        if colour >= 0 and event < b.cut[colour >> 2]:
            if full:  # a full pocket writes down its clean units
                lot = b.lots[at]
                moved = new(b, lot.start, lot.size, colour, lot.since, lot.depth)
                b.lots[at].colour = NONE
            else:
                moved = at
                unlink(b, pocket, at)
            b.lots[moved].start -= low
            head, tail = chain(b, head, tail, moved)
        at = after
    if not full:
        begin_at(b, pocket, b.lots[p.head].start if p.head >= 0 else FAR)
    return head
