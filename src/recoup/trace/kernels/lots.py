"""FIFO and LIFO over all claims at once: lots on the in-axis of every pocket. Exact integers; no claim is ever pooled.

Every unit that enters a pocket gets the next axis position and keeps it. A pocket is **light** while its clean money need not
be written down: fifo keeps only claims' lots and two totals, lifo keeps nothing before the first lot arrives. A hold, a
reversal (and in lifo the first lot) makes it **full**: all its free money, clean too, is then a doubly linked list in axis
order.

Invariants: 1. lots of a pocket ascend on the axis and never overlap; 2. light fifo: lots lie in [out, into); 3. full: the
lots sum
to the free balance; 4. a held or converted lot is in its slot's chain and in no pocket.
"""

# mypy: disable-error-code="no-untyped-call,no-untyped-def"
from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from recoup.trace.kernels.books import (
    CONVERT_IN,
    CONVERT_OUT,
    CONVERTED,
    DUST,
    EXITED,
    FLOWS,
    HOLD,
    LIVE,
    MOVED,
    NAUGHT,
    NO,
    NONE,
    OPENED,
    RELEASE,
    REVERSAL,
    REVERSED,
    ROOT,
    STAYED,
    TO_VICTIM,
)
from recoup.trace.kernels.compiled import inner, kernel
from recoup.trace.kernels.exact import mul_div
from recoup.trace.kernels.lot_lists import (
    FULL,
    append,
    chain,
    drop,
    fill,
    make_full,
    new,
    record,
    split_lot,
    unlink,
)
from recoup.trace.kernels.lot_takes import take_back, take_by_rule, take_waiting
from recoup.trace.kernels.prefetch import AHEAD, prefetch

Record = npt.NDArray[np.void]

DROPPED: Final = -2
"""Colour of units that stopped being a claim's in this very event."""


class Books(NamedTuple):
    """Everything the kernel reads and writes. Arrays only: k pockets, n events."""

    source: npt.NDArray[np.int32]
    payee: npt.NDArray[np.int32]
    amount: npt.NDArray[np.int64]
    op: npt.NDArray[np.uint8]
    special: npt.NDArray[np.int32]  # (n,) or (0,): row of `specials`, where op is not 0
    mark: npt.NDArray[np.uint8]  # (n,)
    specials: Record
    sinks: npt.NDArray[np.uint8]
    purses: Record
    pockets: Record
    lots: Record
    flows: Record
    state: npt.NDArray[np.int64]
    originals: Record
    slots: npt.NDArray[np.int64]  # heads of the chains of holds and conversions
    slot_amount: npt.NDArray[np.int64]
    cut: npt.NDArray[np.int32]  # (claims,): first event past each claim's horizon
    dust: npt.NDArray[np.int64]  # (k,): floor by the payer's pocket; shape (0,) when there is none
    carried: npt.NDArray[np.int64]  # (claims,): scratch, zero between events


@inner
def _stay(b, event, head):
    """Turn clean the parcels that are past their claim's horizon: the claim keeps the position."""
    at = head
    while at >= 0:
        colour = b.lots[at].colour
        if colour >= 0 and event >= b.cut[colour >> 2]:
            record(b, colour, event, b.lots[at].size, b.lots[at].since, STAYED)
            b.lots[at].colour = DROPPED
        at = np.int64(b.lots[at].next)


@inner
def _floor_dust(b, event, pocket, head):
    """Turn clean, and count as residual, what is below the dust floor of a claim in one transfer."""
    at = head
    while at >= 0:
        if b.lots[at].colour >= 0:
            b.carried[b.lots[at].colour >> 2] += b.lots[at].size
        at = np.int64(b.lots[at].next)
    for clearing in range(2):
        at = head
        while at >= 0:
            colour = b.lots[at].colour
            if clearing == 1:
                if colour < DROPPED:
                    colour = DROPPED - 1 - colour
                    b.lots[at].colour = DROPPED
                if colour >= 0:
                    b.carried[colour >> 2] = 0
            elif colour >= 0 and b.carried[colour >> 2] < b.dust[pocket]:
                record(b, colour, event, b.lots[at].size, b.lots[at].depth, DUST)
                b.lots[at].colour = DROPPED - 1 - colour  # remembered until the scratch is cleared
            at = np.int64(b.lots[at].next)


@inner
def _dust_pocket(b, event, pocket):
    """Return a pocket in the event's currency: the payer's, else the payee's, else where a refund comes from."""
    if pocket == 0:
        pocket = np.int64(b.payee[event])
    if pocket == 0 and b.op[event] & REVERSAL:
        original = b.originals[b.specials[b.special[event]].original].event
        pocket = np.int64(b.payee[original])
    return pocket


@inner
def _mark(b, head, mark):
    """Note on claims' parcels that what carries them is inferred or asserted."""
    at = head if mark else np.int64(NONE)
    while at >= 0:
        if b.lots[at].colour >= 0:
            b.lots[at].colour |= mark
        at = np.int64(b.lots[at].next)


@inner
def _root(b, event, head, amount, special):
    """The disputed transfer: others' parcels go to the victim (admitted) or stay; the rest is the claim's. New head."""
    colour = special.claim * 4
    if (
        event >= b.cut[special.claim] and b.cut[special.claim] == 0
    ):  # the claim is not followed at all
        return head
    new_head = new_tail = np.int64(NONE)
    position = np.int64(0)
    at = head
    while at >= 0:
        after = np.int64(b.lots[at].next)
        if b.lots[at].colour == NONE or (special.admitted and b.lots[at].colour < 0):
            drop(b, at)
        elif special.admitted:
            record(b, b.lots[at].colour, event, b.lots[at].size, b.lots[at].depth + 1, TO_VICTIM)
            drop(b, at)
        else:
            if b.lots[at].start > position:
                gap = new(b, position, b.lots[at].start - position, colour, event, NAUGHT)
                new_head, new_tail = chain(b, new_head, new_tail, gap)
            position = b.lots[at].start + b.lots[at].size
            new_head, new_tail = chain(
                b, new_head, new_tail, at
            )  # what was just dropped is not the new claim's either
        at = after
    if position < amount:
        rest = new(b, position, amount - position, colour, event, NAUGHT)
        new_head, new_tail = chain(b, new_head, new_tail, rest)
    return new_head


@inner
def _give_back(b, event, head, claim):
    """A reversal of a claim's own transfer: the claim's parcels leave as reversed. New head of the chain."""
    new_head = new_tail = np.int64(NONE)
    at = head
    while at >= 0:
        after = np.int64(b.lots[at].next)
        if b.lots[at].colour >> 2 == claim and b.lots[at].colour >= 0:
            record(b, b.lots[at].colour, event, b.lots[at].size, b.lots[at].depth + 1, REVERSED)
            drop(b, at)
        else:
            new_head, new_tail = chain(b, new_head, new_tail, at)
        at = after
    return new_head


@inner
def _scaled(b, slot, amount):
    """The converted parcels of `slot` at offsets of the new amount: [floor(x*Y/X), floor(y*Y/X)). Head of the chain."""
    whole = b.slot_amount[slot]
    at = np.int64(b.slots[slot])
    b.slots[slot] = NONE
    head = tail = np.int64(NONE)
    while at >= 0:
        after = np.int64(b.lots[at].next)
        low = mul_div(b.lots[at].start, amount, whole)
        high = mul_div(b.lots[at].start + b.lots[at].size, amount, whole)
        if high > low:
            b.lots[at].start, b.lots[at].size = low, high - low
            head, tail = chain(b, head, tail, at)
        else:
            drop(b, at)
        at = after
    return head


@inner
def _without_clean(b, head):
    """Drop the clean parcels of a chain: the payee knows them by what is missing."""
    new_head = new_tail = np.int64(NONE)
    at = head
    while at >= 0:
        after = np.int64(b.lots[at].next)
        if b.lots[at].colour < 0:
            drop(b, at)
        else:
            new_head, new_tail = chain(b, new_head, new_tail, at)
        at = after
    return new_head


@inner
def _joins(b, last, at, base):
    """Whether a parcel continues the one delivered before it: same colour and hops, no unit between."""
    return (
        b.lots[last].colour == b.lots[at].colour
        and b.lots[last].depth == b.lots[at].depth
        and b.lots[last].start + b.lots[last].size == b.lots[at].start + base
    )


@inner
def _deliver(b, event, head, amount, lifo, fate, keep):
    """Let the chain arrive at the event's payee: count the hop, record the flow, join or exit.

    Returns the chain of exited parcels if `keep` (they may be refunded), else -1.
    """
    payee = np.int64(b.payee[event])
    sink = b.sinks[payee] != 0
    base = b.purses[payee].into
    head = _without_clean(b, head)
    if not sink and lifo and head >= 0:
        make_full(b, payee)
    full = b.purses[payee].spare == FULL
    position = base
    last = np.int64(NONE)
    kept = kept_tail = np.int64(NONE)
    at = head
    while at >= 0:
        after = np.int64(b.lots[at].next)
        b.lots[at].depth += 1
        b.lots[at].since = event
        record(
            b, b.lots[at].colour, event, b.lots[at].size, b.lots[at].depth, EXITED if sink else fate
        )
        if sink and keep:
            kept, kept_tail = chain(b, kept, kept_tail, at)
        elif sink:
            drop(b, at)
        elif last >= 0 and _joins(b, last, at, base):
            b.lots[last].size += b.lots[at].size
            position = b.lots[last].start + b.lots[last].size
            drop(b, at)
        else:
            last = at
            b.lots[at].start += base
            if full:
                fill(b, payee, position, b.lots[at].start, event)
                position = b.lots[at].start + b.lots[at].size
            append(b, payee, at)
        at = after
    if full:
        fill(b, payee, position, base + amount, event)
    b.purses[payee].into = base + amount
    return kept


@inner
def _park(b, event, head, slot):
    """Keep the converted parcels until the new currency arrives."""
    b.slot_amount[slot] = b.amount[event]
    b.slots[slot] = at = _without_clean(b, head)
    while at >= 0:
        b.lots[at].depth += 1
        record(b, b.lots[at].colour, event, b.lots[at].size, b.lots[at].depth, CONVERTED)
        at = np.int64(b.lots[at].next)


@inner
def _hold(b, event, slot):
    """Take the hold's units out of the flow: claims' first, oldest first, then clean ones; at most what is free."""
    pocket = np.int64(b.source[event])
    if b.sinks[pocket]:
        return
    make_full(b, pocket)
    left = b.amount[event]
    held = np.int64(0)
    for clean in range(2):
        at = np.int64(b.pockets[pocket].head)
        while at >= 0 and left > 0:
            after = np.int64(b.lots[at].next)
            if (b.lots[at].colour < 0) == (clean == 1):
                if b.lots[at].size > left:
                    after = split_lot(b, pocket, at, left)
                unlink(b, pocket, at)
                left -= b.lots[at].size
                held += b.lots[at].size
                b.lots[at].next = b.slots[slot]
                b.slots[slot] = at
            at = after
    b.slot_amount[slot] = held


@inner
def _release(b, slot, pocket):
    """Put a hold's units back at their own axis positions."""
    at = np.int64(b.slots[slot])
    b.slots[slot] = NONE
    b.slot_amount[slot] = 0
    while at >= 0:
        following = np.int64(b.lots[at].next)
        after = np.int64(b.pockets[pocket].head)
        before = NONE
        while after >= 0 and b.lots[after].start < b.lots[at].start:
            before = after
            after = np.int64(b.lots[after].next)
        b.lots[at].prev, b.lots[at].next = before, after
        if before >= 0:
            b.lots[before].next = at
        else:
            b.pockets[pocket].head = at
        if after >= 0:
            b.lots[after].prev = at
        else:
            b.pockets[pocket].tail = at
        at = following


@inner
def _move(b, event, lifo):
    """Carry out one event in full generality."""
    op = b.op[event]
    pocket = np.int64(b.source[event])
    if op & HOLD:
        _hold(b, event, b.specials[b.special[event]].slot)
        return
    if op & RELEASE:
        _release(b, b.specials[b.special[event]].slot, pocket)
        return
    if op == 0:
        head = take_by_rule(b, event, pocket, lifo)
        if head >= 0:
            _stay(b, event, head)
            if len(b.dust) > 0:
                _floor_dust(b, event, pocket, head)
            _mark(b, head, b.mark[event])
        _deliver(b, event, head, b.amount[event], lifo, MOVED, NO)
    else:
        _move_special(b, event, pocket, op, lifo)


@inner
def _move_special(b, event, pocket, op, lifo):
    """Carry out a transfer that is disputed, reversed, a reversal or a side of a conversion."""
    amount = b.amount[event]
    special = b.specials[b.special[event]]
    fate = MOVED
    if op & CONVERT_IN:
        head = _scaled(b, special.slot, amount)
        fate = OPENED
    elif op & REVERSAL and pocket == 0 and special.transit >= 0:
        head = take_waiting(b, event, b.originals[special.original], special.transit, lifo)
    elif op & REVERSAL and pocket == 0:
        head = take_back(b, event, b.originals[special.original], lifo)
    else:
        head = take_by_rule(b, event, pocket, lifo)
        _stay(b, event, head)
        _mark(b, head, b.mark[event])
    admitted = op & ROOT and special.admitted
    if len(b.dust) > 0 and not admitted:
        _floor_dust(b, event, _dust_pocket(b, event, pocket), head)
    if op & ROOT:
        head = _root(b, event, head, amount, special)
    if op & REVERSAL and special.original_claim >= 0:
        head = _give_back(b, event, head, special.original_claim)
    if op & CONVERT_OUT:
        _park(b, event, head, special.slot)
        return
    start = b.purses[b.payee[event]].into
    kept = _deliver(b, event, head, amount, lifo, fate, special.watched >= 0)
    if special.watched >= 0:
        original = b.originals[special.watched]
        original.start, original.amount, original.event, original.kept = start, amount, event, kept


@kernel
def follow_lots(b, start, stop, lifo):
    """Carry out events [start, stop); return the first one not carried out (== stop, or an arena must grow first).

    Cost: about one random read and write of a 16-byte record per side of a plain transfer; memory 32 k + 56 lots + 24 flows.
    """
    source, payee, amount, op, purses = b.source, b.payee, b.amount, b.op, b.purses
    last = len(amount) - 1
    lots_room, flows_room = len(b.lots), len(b.flows)
    for i in range(start, stop):
        j = min(i + AHEAD, last)
        prefetch(purses, source[j])
        prefetch(purses, payee[j])
        p, q, a = source[i], payee[i], amount[i]
        if op[i] == 0 and purses[p].spare >= a and purses[q].spare >= 0:
            purses[p].spare -= a
            purses[q].into += a
        else:
            live = b.state[LIVE]
            if 2 * live + 16 > lots_room or b.state[FLOWS] + 2 * live + 16 > flows_room:
                return i
            _move(b, np.int64(i), lifo)
    return stop
