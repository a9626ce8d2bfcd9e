"""Lineage: which units every debit took, for all money and not only claims' (fifo, lifo), and the walk back along it.

One pass forward keeps the free axis of every pocket as a list of intervals and writes for each event the units it took; the way
back is then a search from interval to credit to interval. Rolling charge and poison go through the events in reverse: `undo`.
"""

# mypy: disable-error-code="no-untyped-call,no-untyped-def"
from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from recoup.trace.kernels.books import CONVERT_OUT, HOLD, RELEASE, REVERSAL
from recoup.trace.kernels.compiled import inner, kernel

Record = npt.NDArray[np.void]

NODE: Final = np.dtype([(name, "i8") for name in ("start", "size", "next", "prev")])
"""32 bytes: free units of a pocket, or held ones on a hold's chain."""

PURSE: Final = np.dtype([(name, "i8") for name in ("into", "head", "tail")])
"""24 bytes a pocket: units that ever entered, ends of its free list (-1: empty)."""

SEGMENT: Final = np.dtype([(name, "i8") for name in ("offset", "low", "size", "place")])
"""32 bytes: units of an event from `offset` on are those from `low` on: on the axis of `place` or, if negative, within event
~place."""

ITEM: Final = np.dtype([(name, "i8") for name in ("low", "high", "place", "hops")])
PART: Final = np.dtype([(name, "i8") for name in ("what", "at", "amount", "hops")])
"""32 bytes: a finding; `at` is an event, or a pocket for OPENING and EARLIER."""

# What a part is.
FLOW: Final = 0
CAME: Final = 1  # came into the ledger by the event
OPENING: Final = 2
EARLIER: Final = 3  # lay in the pocket, or came by the event, before the time asked about
EARLIER_BY: Final = 4  # crossed the event before that time


class Lineage(NamedTuple):
    """What the forward pass writes. k pockets, n events."""

    purses: Record
    nodes: Record
    slots: npt.NDArray[np.int64]  # heads of the chains of holds
    segments: Record
    begins: npt.NDArray[np.int64]  # (n + 1,): an event's segments
    into_of: npt.NDArray[np.int64]  # (n,): where the event's units begin on the payee's axis
    state: npt.NDArray[np.int64]  # nodes used, head of freed ones, segments written


@inner
def _new(b, start, size):
    at = b.state[1]
    if at >= 0:
        b.state[1] = b.nodes[at].next
    else:
        at = b.state[0]
        b.state[0] += 1
    node = b.nodes[at]
    node.start, node.size, node.next, node.prev = start, size, -1, -1
    return at


@inner
def _drop(b, at):
    b.nodes[at].next = b.state[1]
    b.state[1] = at


@inner
def _unlink(b, pocket, at):
    before, after = b.nodes[at].prev, b.nodes[at].next
    if before >= 0:
        b.nodes[before].next = after
    else:
        b.purses[pocket].head = after
    if after >= 0:
        b.nodes[after].prev = before
    else:
        b.purses[pocket].tail = before


@inner
def _cut(b, pocket, at, size):
    """Cut node `at` after `size` units; return the node that follows."""
    rest = _new(b, b.nodes[at].start + size, b.nodes[at].size - size)
    after = b.nodes[at].next
    b.nodes[at].size = size
    b.nodes[at].next = rest
    b.nodes[rest].prev, b.nodes[rest].next = at, after
    if after >= 0:
        b.nodes[after].prev = rest
    else:
        b.purses[pocket].tail = rest
    return rest


@inner
def _put_in(b, pocket, amount):
    """Append `amount` units at the end of a pocket's axis."""
    purse = b.purses[pocket]
    start = purse.into
    purse.into = start + amount
    tail = purse.tail
    if tail >= 0 and b.nodes[tail].start + b.nodes[tail].size == start:
        b.nodes[tail].size += amount
        return
    at = _new(b, start, amount)
    b.nodes[at].prev = tail
    if tail >= 0:
        b.nodes[tail].next = at
    else:
        purse.head = at
    purse.tail = at


@inner
def _write(b, offset, low, size, place):
    segment = b.segments[b.state[2]]
    segment.offset, segment.low, segment.size, segment.place = offset, low, size, place
    b.state[2] += 1


@inner
def _take_first(b, pocket, amount, offset):
    """Take the lowest free units."""
    at = b.purses[pocket].head
    while at >= 0 and amount > 0:
        node = b.nodes[at]
        after = node.next
        size = min(amount, node.size)
        _write(b, offset, node.start, size, pocket)
        offset += size
        amount -= size
        if size == node.size:
            _unlink(b, pocket, at)
            _drop(b, at)
        else:
            node.start += size
            node.size -= size
        at = after


@inner
def _take_last(b, pocket, amount, offset):
    """Take the highest free units; they move in axis order."""
    at = b.purses[pocket].tail
    first = at
    left = amount
    while at >= 0 and left > 0:
        if b.nodes[at].size > left:
            at = _cut(b, pocket, at, b.nodes[at].size - left)
        left -= b.nodes[at].size
        first = at
        at = b.nodes[at].prev
    at = first
    while at >= 0 and left < amount:
        after = b.nodes[at].next
        _write(b, offset, b.nodes[at].start, b.nodes[at].size, pocket)
        offset += b.nodes[at].size
        left += b.nodes[at].size
        _unlink(b, pocket, at)
        _drop(b, at)
        at = after


@inner
def _take_very(b, pocket, low, high, amount, lifo):
    """Take up to `amount` free units in [low, high): the lowest, for lifo the highest; return how many."""
    at = b.purses[pocket].tail
    first = np.int64(-1)
    there = np.int64(0)
    while at >= 0 and b.nodes[at].start + b.nodes[at].size > low:
        if b.nodes[at].start < high:
            first = at
            there += min(high, b.nodes[at].start + b.nodes[at].size) - max(low, b.nodes[at].start)
        at = b.nodes[at].prev
    want = min(amount, there)
    skip = there - want if lifo else np.int64(0)
    offset = np.int64(0)
    at = first
    while at >= 0 and offset < want:
        if b.nodes[at].start < low:
            at = _cut(b, pocket, at, low - b.nodes[at].start)
        inside = min(high, b.nodes[at].start + b.nodes[at].size) - b.nodes[at].start
        if skip >= inside:
            skip -= inside
            at = b.nodes[at].next
            continue
        if skip > 0:
            at = _cut(b, pocket, at, skip)
            inside -= skip
            skip = np.int64(0)
        inside = min(inside, want - offset)
        if b.nodes[at].size > inside:
            _cut(b, pocket, at, inside)
        after = b.nodes[at].next
        _write(b, offset, b.nodes[at].start, inside, pocket)
        offset += inside
        _unlink(b, pocket, at)
        _drop(b, at)
        at = after
    return offset


@inner
def _hold(b, pocket, slot, amount):
    """Take the lowest free units out of the flow."""
    at = b.purses[pocket].head
    while at >= 0 and amount > 0:
        if b.nodes[at].size > amount:
            _cut(b, pocket, at, amount)
        after = b.nodes[at].next
        amount -= b.nodes[at].size
        _unlink(b, pocket, at)
        b.nodes[at].next = b.slots[slot]
        b.slots[slot] = at
        at = after


@inner
def _release(b, pocket, slot):
    """Put held units back at their own places."""
    at = b.slots[slot]
    b.slots[slot] = -1
    while at >= 0:
        following = b.nodes[at].next
        after = b.purses[pocket].head
        before = np.int64(-1)
        while after >= 0 and b.nodes[after].start < b.nodes[at].start:
            before = after
            after = b.nodes[after].next
        b.nodes[at].prev, b.nodes[at].next = before, after
        if before >= 0:
            b.nodes[before].next = at
        else:
            b.purses[pocket].head = at
        if after >= 0:
            b.nodes[after].prev = at
        else:
            b.purses[pocket].tail = at
        at = following


@kernel
def lay_lineage(
    b,
    source,
    payee,
    amount,
    op,
    special,
    specials,
    sinks,
    refunds,
    original_event,
    returned,
    lifo,
    stop,
):
    """Write the units that each of events [0, stop) took, and leave every pocket's free and held units behind.

    `original_event` and `returned` by slot of a reversed transfer. O(n) and the cuts; 32 bytes a segment, about one a debit.
    """
    for i in range(stop):
        p, q, a, o = np.int64(source[i]), np.int64(payee[i]), amount[i], op[i]
        b.begins[i] = b.state[2]
        b.into_of[i] = -1
        at = special[i] if o else np.int64(0)
        if o & HOLD:
            if not sinks[p]:
                _hold(b, p, specials[at].slot, a)
            continue
        if o & RELEASE:
            _release(b, p, specials[at].slot)
            continue
        done = np.int64(0)
        if o & REVERSAL:
            slot = specials[at].original
            original = original_event[slot]
            if refunds[i]:  # brings back what the exit carried
                low = amount[original] - returned[slot] - a if lifo else returned[slot]
                _write(b, 0, low, a, ~original)
                returned[slot] += a
                done = a
            elif p and payee[original] == p and not op[original] & CONVERT_OUT:
                start = b.into_of[original]
                done = _take_very(b, p, start, start + amount[original], a, lifo)
            if specials[at].rest_clean:
                done = a
        if p and done < a:
            if lifo:
                _take_last(b, p, a - done, done)
            else:
                _take_first(b, p, a - done, done)
        b.into_of[i] = b.purses[q].into
        if not sinks[q] and not o & CONVERT_OUT:
            _put_in(b, q, a)
    b.begins[stop] = b.state[2]


@kernel
def lay_credits(payee, begins, events, into_of, stop):
    """Write the credits of every pocket in order, `begins` (k,) running; O(n)."""
    for i in range(stop):
        if into_of[i] >= 0:
            events[begins[payee[i]]] = i
            begins[payee[i]] += 1


@inner
def _note(parts, n, what, at, amount, hops):
    part = parts[n]
    part.what, part.at, part.amount, part.hops = what, at, amount, hops
    return n + 1


@inner
def _up_pocket(b, amount, opening, credits, begin, end, item, items, todo):
    """Ask the credits that brought units of a pocket; return (items written, units of the opening)."""
    low, high, pocket = item.low, item.high, item.place
    hops = item.hops
    of_opening = max(np.int64(0), min(high, opening[pocket]) - low)
    low += of_opening
    first, last = begin, end
    while first < last:  # the first credit that reaches past `low`
        middle = (first + last) // 2
        event = credits[middle]
        if b.into_of[event] + amount[event] > low:
            last = middle
        else:
            first = middle + 1
    while low < high and first < end:
        event = credits[first]
        reach = min(high, b.into_of[event] + amount[event])
        asked = items[todo]
        asked.low, asked.high = low - b.into_of[event], reach - b.into_of[event]
        asked.place, asked.hops = ~event, hops
        todo += 1
        low = reach
        first += 1
    return todo, of_opening


@inner
def _up_event(b, item, items, todo):
    """Ask the units that an event took; return (items written, units that came by the event itself)."""
    event = ~item.place
    low, high, hops = item.low, item.high, item.hops + 1
    first, last = b.begins[event], b.begins[event + 1]
    end = last
    while first < last:
        middle = (first + last) // 2
        if b.segments[middle].offset + b.segments[middle].size > low:
            last = middle
        else:
            first = middle + 1
    while low < high and first < end:
        segment = b.segments[first]
        reach = min(high, segment.offset + segment.size)
        asked = items[todo]
        asked.low, asked.high = (
            segment.low + low - segment.offset,
            segment.low + reach - segment.offset,
        )
        asked.place, asked.hops = segment.place, hops
        todo += 1
        low = reach
        first += 1
    return todo, high - low


@kernel
def trace_units(b, amount, opening, credits, credit_begins, is_row, floor, items, todo, parts):
    """Trace items [0, todo) back to their sources; return the parts written, -1 when an arena is too small.

    Events before `floor` are not crossed. Cost: two binary searches a step; every unit's way back is finite, as time runs.
    """
    n = np.int64(0)
    i = 0
    while i < todo:
        item = items[i]
        i += 1
        width = np.int64(4)
        if item.place >= 0:
            begin, end = credit_begins[item.place], credit_begins[item.place + 1]
            width += min(end - begin, item.high - item.low)
        else:
            width += b.begins[~item.place + 1] - b.begins[~item.place]
        if todo + width > len(items) or n + 4 > len(parts):
            return np.int64(-1)
        if item.place >= 0:
            todo, left = _up_pocket(b, amount, opening, credits, begin, end, item, items, todo)
            if left:
                n = _note(parts, n, OPENING, item.place, left, item.hops)
            continue
        event = ~item.place
        if event < floor and is_row[event]:
            n = _note(parts, n, EARLIER_BY, event, item.high - item.low, item.hops)
            continue
        if is_row[event]:
            n = _note(parts, n, FLOW, event, item.high - item.low, item.hops + 1)
        todo, left = _up_event(b, item, items, todo)
        if left:
            n = _note(parts, n, CAME, event, left, item.hops + 1)
    return n
