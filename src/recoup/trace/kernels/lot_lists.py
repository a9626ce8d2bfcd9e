"""Lots of every pocket as linked lists on the in-axis: make, drop, cut, join, write down clean money. No rule is here."""

# mypy: disable-error-code="no-untyped-call,no-untyped-def"
from __future__ import annotations

from typing import Final

import numpy as np

from recoup.trace.kernels.books import FLOWS, FREE, LIVE, NAUGHT, NONE, USED
from recoup.trace.kernels.compiled import inner

PURSE: Final = np.dtype([("spare", "i8"), ("into", "i8")])
"""16 bytes a pocket, all that a plain transfer touches: units that may leave before the first lot does (FULL: a full pocket,
all of whose units are written down), and all that ever came in, its end on the axis."""

POCKET: Final = np.dtype([("first", "i8"), ("head", "i4"), ("tail", "i4")], align=True)
"""16 bytes a pocket: axis position of its first lot (FAR: none) or, of a full pocket, all that ever left it; list ends."""

FULL: Final = -1

LOT: Final = np.dtype(
    [(name, "i8") for name in ("start", "size", "colour", "next", "prev", "since", "depth")]
)
"""56 bytes a lot: axis position, units, colour (-1 clean), neighbours, event of arrival, hops. All of one type: numba compiles
every function once then."""


@inner
def new(b, start, size, colour, since, depth):
    """Return a fresh lot, in no list yet."""
    free = b.state[FREE]
    if free >= 0:
        at = free
        b.state[FREE] = b.lots[at].next
    else:
        at = b.state[USED]
        b.state[USED] += 1
    b.state[LIVE] += 1
    lot = b.lots[at]
    lot.start, lot.size, lot.colour = start, size, colour
    lot.since, lot.depth = since, depth
    lot.next = lot.prev = NONE
    return at


@inner
def drop(b, at):
    """Give the place of a lot back."""
    b.lots[at].next = b.state[FREE]
    b.state[FREE] = at
    b.state[LIVE] -= 1


@inner
def record(b, colour, event, amount, depth, fate):
    """Write one parcel to the flows."""
    n = b.state[FLOWS]
    flow = b.flows[n]
    flow.colour, flow.event, flow.amount, flow.depth, flow.fate = colour, event, amount, depth, fate
    b.state[FLOWS] = n + 1


@inner
def spent(b, pocket):
    """Return all that ever left the pocket: where its free units begin on the axis."""
    spare = b.purses[pocket].spare
    return b.pockets[pocket].first - (spare if spare != FULL else 0)


@inner
def begin_at(b, pocket, first):
    """Note where the first lot of a light pocket lies now."""
    b.purses[pocket].spare += first - b.pockets[pocket].first
    b.pockets[pocket].first = first


@inner
def append(b, pocket, at):
    """Put lot `at` at the end of the pocket's list."""
    p = b.pockets[pocket]
    tail = np.int64(p.tail) if p.head >= 0 else np.int64(NONE)
    b.lots[at].prev, b.lots[at].next = tail, NONE
    if tail >= 0:
        b.lots[tail].next = at
    else:
        p.head = at
        if b.purses[pocket].spare != FULL:
            begin_at(b, pocket, b.lots[at].start)
    p.tail = at


@inner
def unlink(b, pocket, at):
    """Take lot `at` out of the pocket's list."""
    p = b.pockets[pocket]
    before, after = b.lots[at].prev, b.lots[at].next
    if before >= 0:
        b.lots[before].next = after
    else:
        p.head = after
    if after >= 0:
        b.lots[after].prev = before
    else:
        p.tail = before


@inner
def cut(b, at, size):
    """Cut lot `at` of any chain after `size` units; return the new lot that follows it."""
    lot = b.lots[at]
    rest = new(b, lot.start + size, lot.size - size, lot.colour, lot.since, lot.depth)
    lot.size = size
    after = lot.next
    b.lots[rest].prev, b.lots[rest].next = at, after
    lot.next = rest
    if after >= 0:
        b.lots[after].prev = rest
    return rest


@inner
def split_lot(b, pocket, at, size):
    """Cut lot `at` of a pocket's list after `size` units; return the new lot that follows it."""
    rest = cut(b, at, size)
    if b.lots[rest].next < 0:
        b.pockets[pocket].tail = rest
    return rest


@inner
def fill(b, pocket, start, end, event):
    """Append clean units [start, end) to a full pocket, widening its last lot when that touches."""
    if end <= start:
        return
    p = b.pockets[pocket]
    if p.head >= 0:
        last = b.lots[p.tail]
        if last.colour < 0 and last.start + last.size == start:
            last.size += end - start
            return
    append(b, pocket, new(b, start, end - start, NONE, event, NAUGHT))


@inner
def make_full(b, pocket):
    """Write down a light pocket's clean money; does nothing to a full one."""
    if b.purses[pocket].spare == FULL:
        return
    p = b.pockets[pocket]
    at, stop = np.int64(p.head), b.purses[pocket].into
    position = spent(b, pocket)
    b.purses[pocket].spare = FULL
    p.first, p.head, p.tail = position, NONE, NONE
    while at >= 0:  # fifo only: a light lifo pocket has no lots
        after = np.int64(b.lots[at].next)
        fill(b, pocket, position, b.lots[at].start, NAUGHT)
        position = b.lots[at].start + b.lots[at].size
        append(b, pocket, at)
        at = after
    fill(b, pocket, position, stop, NAUGHT)


@inner
def chain(b, head, tail, at):
    """Append lot `at` to the chain (head, tail); return the new ends."""
    b.lots[at].prev, b.lots[at].next = tail, NONE
    if tail >= 0:
        b.lots[tail].next = at
        return head, np.int64(at)
    return np.int64(at), np.int64(at)
