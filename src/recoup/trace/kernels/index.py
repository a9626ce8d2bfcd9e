"""The index of fifo: every pocket's debits by axis position, and one case followed through them without any replay.

A row says that units [out, out + amount) of the payer's axis are units [into, into + amount) of the payee's. Rows of a pocket
ascend on its axis and never overlap, so a binary search finds what became of any interval. Where no hold and no reversal acts a
debit is one row; elsewhere an exact walk over the free axis cuts it into segments.
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
    EXITED,
    HOLD,
    MOVED,
    OPENED,
    RELEASE,
    REVERSAL,
    REVERSED,
    ROOT,
    STAYED,
    TO_VICTIM,
    UNDONE,
    WATCHED,
)
from recoup.trace.kernels.compiled import inner, kernel
from recoup.trace.kernels.exact import mul_div
from recoup.trace.kernels.prefetch import AHEAD, prefetch

Record = npt.NDArray[np.void]

ROW: Final = np.dtype(
    [("out", "i8"), ("into", "i8"), ("amount", "i8"), ("payee", "i4"), ("event", "i4")], align=True
)
"""32 bytes. `payee` is ~pocket where the event is not plain: a special one, a marked one, or one into a sink."""

PLACE: Final = np.dtype(
    [("out", "i8"), ("into", "i8"), ("begin", "i4"), ("end", "i4"), ("sink", "i4"), ("pad", "i4")],
    align=True,
)
"""32 bytes a pocket: totals out and in (opening included), its rows [begin, end)."""

WORK: Final = np.dtype(
    [
        ("low", "i8"),
        ("high", "i8"),
        ("place", "i4"),
        ("depth", "i4"),
        ("since", "i4"),
        ("mark", "i4"),
    ],
    align=True,
)
"""32 bytes: units [low, high) still to follow, on the axis of pocket `place` or, if negative, within event ~`place`."""

PARCEL: Final = np.dtype(
    [
        ("amount", "i8"),
        ("offset", "i8"),
        ("event", "i4"),
        ("depth", "i4"),
        ("fate", "i4"),
        ("mark", "i4"),
    ],
    align=True,
)
"""32 bytes: what an event carried of the case, at `offset` among its units (-1: a plain event's, not noted); fates as in books.
Of what stayed, `depth` is the event of its arrival."""

LYING: Final = np.dtype(
    [
        ("start", "i8"),
        ("amount", "i8"),
        ("pocket", "i4"),
        ("depth", "i4"),
        ("since", "i4"),
        ("mark", "i4"),
    ],
    align=True,
)
"""32 bytes: units that no debit takes, on the axis of `pocket`; `since` is the event of their arrival."""

# Places in the counts of one case.
PENDING: Final = 0  # work items written
PARCELS: Final = 1
LIE: Final = 2


class Index(NamedTuple):
    """What following reads: k pockets, n events."""

    places: Record  # (k,) of PLACE
    rows: Record
    into_of: npt.NDArray[np.int64]  # (n,): where the event's units begin on the payee's axis
    payee: npt.NDArray[np.int32]
    amount: npt.NDArray[np.int64]
    op: npt.NDArray[np.uint8]
    mark: npt.NDArray[np.uint8]
    special: npt.NDArray[np.int32]
    specials: Record
    partner: npt.NDArray[np.int32]  # (slots,): event of the conversion's credit, -1 for none
    refund_begin: npt.NDArray[np.int32]  # (originals + 1,)
    refund_event: npt.NDArray[np.int32]
    refund_low: npt.NDArray[np.int64]  # offset in the original at which each refund begins


class Desk(NamedTuple):
    """What following writes; each call starts it anew."""

    work: Record
    parcels: Record
    lying: Record
    counts: npt.NDArray[np.int64]  # (3,)


@kernel
def count_rows(source, op, pockets_count, stop):
    """Return shape (k + 1,): where each pocket's rows begin. O(n)."""
    begins = np.zeros(pockets_count + 1, np.int64)
    for i in range(stop):
        prefetch(begins, source[min(i + AHEAD, stop - 1)] + 1)
        if not op[i] & (HOLD | RELEASE):
            begins[source[i] + 1] += 1
    for p in range(pockets_count):
        begins[p + 1] += begins[p]
    return begins


@kernel
def lay_rows(source, payee, amount, op, mark, places, rows, into_of, stop):
    """Write every debit's row into its pocket's range; totals run in `places` (end: next free row). O(n), 40 bytes a transfer.

    The second pass of a counting sort: rows of one pocket stand in order of events because events come in order.
    """
    last = stop - 1
    for i in range(stop):
        j = min(i + 2 * AHEAD, last)
        prefetch(places, source[j])
        prefetch(places, payee[j])
        j = min(i + AHEAD, last)
        prefetch(rows, min(np.int64(places[source[j]].end), last))
        if op[i] & (HOLD | RELEASE):
            into_of[i] = -1
            continue
        p, q, a = source[i], payee[i], amount[i]
        into = places[q].into
        plain = op[i] == 0 and mark[i] == 0 and places[q].sink == 0
        at = places[p].end
        row = rows[at]
        row.out, row.into, row.amount = places[p].out, into, a
        row.payee, row.event = q if plain else ~q, i
        places[p].end = at + 1
        places[p].out += a
        into_of[i] = into
        places[q].into = into + a


@inner
def _put(segments, n, out, into, size, row):
    """Write segment n of a debit's row; return n + 1."""
    at = segments[n]
    at.out, at.into, at.amount, at.payee, at.event = out, into, size, row.payee, row.event
    return n + 1


@inner
def _take_out(start, size, after, used, low, high):
    """Cut [low, high) out of the free list whose head is node 0 (of size zero); return nodes used."""
    before = np.int64(0)
    at = after[0]
    while at >= 0 and start[at] < high:
        end = start[at] + size[at]
        following = after[at]
        if end > low:
            if end > high:
                start[used], size[used], after[used] = high, end - high, following
                following = np.int64(used)
                used += 1
            if start[at] < low:
                size[at] = low - start[at]
                after[at] = following
                before = at
            else:
                after[before] = following
        else:
            before = at
        at = following
    return used


@inner
def _put_back(start, size, after, used, low, high):
    """Insert [low, high) into the free list; return nodes used."""
    before = np.int64(0)
    while after[before] >= 0 and start[after[before]] < low:
        before = after[before]
    start[used], size[used], after[used] = low, high - low, after[before]
    after[before] = used
    return used + 1


@inner
def _take_lowest(start, size, after, low, high, amount, row, done, segments, n):
    """Take up to `amount` free units in [low, high), lowest first, as segments; return (segments written, units of the row)."""
    at = after[0]
    left = amount
    while at >= 0 and left > 0 and start[at] < high:
        if start[at] + size[at] <= low:
            at = after[at]
            continue
        begin = max(low, start[at])
        got = min(left, min(high, start[at] + size[at]) - begin)
        n = _put(segments, n, begin, row.into + done, got, row)
        done += got
        left -= got
        at = after[at]
    return n, done


@kernel
def walk_axis(
    rows, into, low_of, high_of, very_only, change_event, change_low, change_high, is_back, segments
):
    """Write the segments of one pocket's debits, whose free axis begins as [0, into); return how many.

    `rows` in order of events. Row r is a reversal where high_of[r] > 0: units [low_of, high_of) first; with `very_only` those
    alone. Changes (ascending by event) take [low, high) out of the flow or put it back, before any row of the same event.
    Cost: O(rows x free intervals) at worst; segments at most rows + 4 * (reversals + changes) + 4.
    """
    room = 4 * (len(rows) + len(change_event)) + 4
    start = np.zeros(room, np.int64)
    size = np.zeros(room, np.int64)
    after = np.full(room, -1, np.int64)
    used = 1
    if into > 0:
        size[1], after[0], used = into, 1, 2
    n = 0
    c = 0
    for r in range(len(rows)):
        row = rows[r]
        while c < len(change_event) and change_event[c] <= row.event:
            if is_back[c]:
                used = _put_back(start, size, after, used, change_low[c], change_high[c])
            else:
                used = _take_out(start, size, after, used, change_low[c], change_high[c])
            c += 1
        done = np.int64(0)
        first = n
        if high_of[r] > 0:
            n, done = _take_lowest(
                start, size, after, low_of[r], high_of[r], row.amount, row, done, segments, n
            )
            for s in range(first, n):
                used = _take_out(
                    start, size, after, used, segments[s].out, segments[s].out + segments[s].amount
                )
        if not very_only[r] and done < row.amount:
            first = n
            n, done = _take_lowest(
                start, size, after, 0, np.int64(2**62), row.amount - done, row, done, segments, n
            )
            for s in range(first, n):
                used = _take_out(
                    start, size, after, used, segments[s].out, segments[s].out + segments[s].amount
                )
    return n


@inner
def _ask(d, low, high, place, depth, since, mark):
    """Write down units to follow."""
    n = d.counts[PENDING]
    item = d.work[n]
    item.low, item.high, item.place, item.depth, item.since, item.mark = (
        low,
        high,
        place,
        depth,
        since,
        mark,
    )
    d.counts[PENDING] = n + 1


@inner
def _carry(d, event, offset, amount, depth, fate, mark):
    """Write down a parcel."""
    n = d.counts[PARCELS]
    p = d.parcels[n]
    p.event, p.offset, p.amount, p.depth, p.fate, p.mark = event, offset, amount, depth, fate, mark
    d.counts[PARCELS] = n + 1


@inner
def _refund(b, d, event, low, high, depth, mark, cut):
    """Follow what refunds took back of an exit's units [low, high)."""
    slot = b.specials[b.special[event]].watched
    for r in range(b.refund_begin[slot], b.refund_begin[slot + 1]):
        refund = b.refund_event[r]
        begin = max(low, b.refund_low[r])
        end = min(high, b.refund_low[r] + b.amount[refund])
        if begin < end and refund < cut:
            _carry(d, event, begin, begin - end, 0, UNDONE, mark)
            _ask(d, begin - b.refund_low[r], end - b.refund_low[r], ~refund, depth, refund, mark)


@inner
def _pass_event(b, d, event, low, high, depth, mark, own, cut):
    """Units [low, high) of an event that is not plain arrive: cut by a claim, given back, converted, refunded or moved."""
    op = b.op[event]
    special = b.specials[b.special[event] if op else 0]
    if op & ROOT and special.claim >= 0 and special.claim != own and special.admitted:
        _carry(d, event, low, high - low, depth + 1, TO_VICTIM, mark)
        return
    if op & REVERSAL and own >= 0 and special.original_claim == own:
        _carry(d, event, low, high - low, depth + 1, REVERSED, mark)
        return
    if op & CONVERT_OUT:
        _carry(d, event, low, high - low, depth + 1, CONVERTED, mark)
        credit = b.partner[special.slot]
        if credit >= 0:
            begin = mul_div(low, b.amount[credit], b.amount[event])
            end = mul_div(high, b.amount[credit], b.amount[event])
            if end > begin:
                _ask(d, begin, end, ~credit, depth + 1, credit, mark)
        return
    q = b.payee[event]
    if b.places[q].sink:
        _carry(d, event, low, high - low, depth + 1, EXITED, mark)
        if op & WATCHED:
            _refund(b, d, event, low, high, depth + 1, mark, cut)
        return
    _carry(d, event, low, high - low, depth + 1, OPENED if op & CONVERT_IN else MOVED, mark)
    start = b.into_of[event]
    _ask(d, start + low, start + high, q, depth + 1, event, mark)


@inner
def _find(rows, begin, end, low):
    """Return the first row of [begin, end) that reaches past `low`."""
    while begin < end:
        middle = (begin + end) // 2
        if rows[middle].out + rows[middle].amount > low:
            end = middle
        else:
            begin = middle + 1
    return begin


@inner
def _carry_special(b, d, row, low, high, item, cut):
    """Units [low, high) of a pocket go with a row that is not plain, or stay because it is past the horizon."""
    event = row.event
    shift = row.into - row.out - b.into_of[event]
    if event >= cut:
        _carry(d, event, low + shift, high - low, item.since, STAYED, item.mark)
        return
    _ask(d, low + shift, high + shift, ~event, item.depth, item.since, item.mark | b.mark[event])


@kernel
def follow_work(b, d, own, cut, is_deep):
    """Follow the work items, and what they lead to if `is_deep`; False when an arena is too small.

    `own` is the case's claim number (-1: none), `cut` the first event past its horizon. Cost: a few random reads a parcel.
    """
    places, rows, work, parcels, lying, counts = (
        b.places,
        b.rows,
        d.work,
        d.parcels,
        d.lying,
        d.counts,
    )
    room = min(len(work), len(parcels), len(lying)) - len(b.refund_event) - 4
    i = 0
    stop = counts[PENDING]
    while i < (counts[PENDING] if is_deep else stop):
        item = work[i]
        i += 1
        if max(counts[PENDING], counts[PARCELS], counts[LIE]) > room:
            return False
        if item.place < 0:
            _pass_event(b, d, ~item.place, item.low, item.high, item.depth, item.mark, own, cut)
            continue
        position, high, hops = item.low, item.high, item.depth + 1
        end = places[item.place].end
        at = _find(rows, places[item.place].begin, end, position)
        while position < high:
            begin = min(high, rows[at].out) if at < end else high
            kept = begin
            if begin < high:
                kept = min(high, rows[at].out + rows[at].amount) if rows[at].event >= cut else begin
            todo, carried, lie = counts[PENDING], counts[PARCELS], counts[LIE]
            if max(todo, carried, lie) > room:
                return False
            if kept > position:  # no debit takes these, or one past the horizon
                still = lying[lie]
                still.start, still.amount, still.pocket = position, kept - position, item.place
                still.depth, still.since, still.mark = item.depth, item.since, item.mark
                counts[LIE] = lie + 1
            if begin >= high:
                break
            row = rows[at]
            begin = max(begin, item.low)
            position = min(high, row.out + row.amount)
            at += 1
            if row.payee < 0 or row.event >= cut:
                _carry_special(b, d, row, begin, position, item, cut)
                continue
            parcel, following = parcels[carried], work[todo]
            parcel.event, parcel.offset, parcel.amount = row.event, -1, position - begin
            parcel.depth, parcel.fate, parcel.mark = hops, MOVED, item.mark
            shift = row.into - row.out
            following.low, following.high, following.place = (
                begin + shift,
                position + shift,
                row.payee,
            )
            following.depth, following.since, following.mark = hops, row.event, item.mark
            counts[PARCELS], counts[PENDING] = carried + 1, todo + 1
    return True


@kernel
def follow_case(b, d, event, own, cut):
    """Follow the whole of `event` as one case; False when an arena is too small (make it larger, call again)."""
    d.counts[:] = 0
    _ask(d, 0, b.amount[event], ~event, 0, event, 0)
    return follow_work(b, d, own, cut, True)
