"""Following lots over plain events, compiled: what `follow` does one event at a time, for ledgers of many. Exact integers.

The books of a pocket are two chains, what is no claim's (0) and what claims have (1), each in the order of the axis. An event
frees each lot that it takes whole and splits one at most, so there are never more lots than pockets and events together.
"""

# mypy: disable-error-code="no-untyped-call,no-untyped-def"
from __future__ import annotations

import numpy as np

from recoup.trace.kernels.compiled import inner, kernel

_SLACK = 2


@inner
def _next_chain(books, first, last, giver, own_first, is_lifo):
    """Return the chain of which the next unit is taken: own money first, else the lowest (lifo: highest) position."""
    ends = last if is_lifo else first
    clean, claims = ends[0, giver], ends[1, giver]
    assert clean >= 0 or claims >= 0, "a pocket gave more than it had"
    if claims < 0 or clean < 0 or own_first[giver]:
        return 0 if clean >= 0 else 1
    if is_lifo:
        return 0 if books[0, clean] > books[0, claims] else 1
    return 0 if books[0, clean] < books[0, claims] else 1


@inner
def _unlink(books, first, last, which, giver, is_lifo):
    """Take the end lot of a chain out of it."""
    if is_lifo:
        before = books[4, last[which, giver]]
        last[which, giver] = before
        if before >= 0:
            books[3, before] = -1
        else:
            first[which, giver] = -1
    else:
        after = books[3, first[which, giver]]
        first[which, giver] = after
        if after >= 0:
            books[4, after] = -1
        else:
            last[which, giver] = -1


@inner
def _take(books, first, last, freed, state, parts, giver, amount, own_first, is_lifo):
    """Take `amount` units by the rule into `parts` (start, units, claim); return how many parts, how many of own money."""
    count = own_count = 0
    while amount > 0:
        which = _next_chain(books, first, last, giver, own_first, is_lifo)
        lot = last[which, giver] if is_lifo else first[which, giver]
        got = min(amount, books[1, lot])
        left = books[1, lot] - got
        parts[0, count] = books[0, lot] + (left if is_lifo else 0)
        parts[1, count], parts[2, count] = got, books[2, lot]
        count += 1
        own_count += which == 0
        amount -= got
        if left:
            books[1, lot] = left
            if not is_lifo:
                books[0, lot] += got
        else:
            _unlink(books, first, last, which, giver, is_lifo)
            freed[state[1]] = lot
            state[1] += 1
    return count, own_count


@inner
def _order(parts, order, count, middle, is_lifo):
    """Put parts into the order of the axis: own money spent first makes two runs, last in first out runs backwards."""
    left, left_end, right, right_end, step = 0, middle, middle, count, 1
    if is_lifo:
        left, left_end, right, right_end, step = middle - 1, -1, count - 1, middle - 1, -1
    for place in range(count):
        is_right = left == left_end or (right != right_end and parts[0, right] < parts[0, left])
        if is_right:
            order[place] = right
            right += step
        else:
            order[place] = left
            left += step


@inner
def _put(books, first, last, freed, state, end, taker, units, whose):
    """Add units at the end of a pocket's axis."""
    which = 0 if whose < 0 else 1
    newest = last[which, taker]
    is_joined = newest >= 0 and books[2, newest] == whose
    if is_joined and books[0, newest] + books[1, newest] == end[taker]:
        books[1, newest] += units
    else:
        if state[1] > 0:
            state[1] -= 1
            lot = freed[state[1]]
        else:
            lot = state[0]
            state[0] += 1
        books[0, lot], books[1, lot], books[2, lot] = end[taker], units, whose
        books[3, lot], books[4, lot] = -1, newest
        if newest >= 0:
            books[3, newest] = lot
        else:
            first[which, taker] = lot
        last[which, taker] = lot
    end[taker] += units


@kernel
def follow_lots(source, payee, amount, claim, is_kept, opening, own_first, is_lifo, places):
    """Return i8[3, lots]: place (an index into `places`), claim and units of every lot of a claim at the end. O(events + lots).

    Args:
        source: i8[m], pockets that give.
        payee: i8[m], pockets that get.
        amount: i8[m], minor units.
        claim: i8[m], the claim that disputes the event; -1 for a plain one.
        is_kept: b1[n], by pocket, whether a book is kept.
        opening: i8[n], by pocket; below 2^61, as all that comes in is.
        own_first: b1[n], by pocket, whether what is no claim's is spent first.
        is_lifo: last in, first out; else first in.
        places: i8[k], pockets that are asked for.
    """
    pockets = len(is_kept)
    room = pockets + len(source) + _SLACK
    books = np.empty((5, room), np.int64)  # start, units, claim, the next lot, the one before
    parts, order, freed = (
        np.empty((3, room), np.int64),
        np.empty(room, np.int64),
        np.empty(room, np.int64),
    )
    first, last = np.full((2, pockets), -1, np.int64), np.full((2, pockets), -1, np.int64)
    state, end = np.zeros(2, np.int64), np.zeros(pockets, np.int64)  # lots made, lots freed
    for pocket in range(pockets):
        if is_kept[pocket] and opening[pocket] > 0:
            _put(books, first, last, freed, state, end, pocket, opening[pocket], -1)
    for event in range(len(source)):
        giver, taker, count = source[event], payee[event], 0
        if is_kept[giver]:
            count, own = _take(
                books, first, last, freed, state, parts, giver, amount[event], own_first, is_lifo
            )
            _order(parts, order, count, own if own_first[giver] else count, is_lifo)
        if not is_kept[taker]:
            continue
        if claim[event] >= 0 or not is_kept[giver]:
            # A disputed transfer is its claim's; without a book an account gives what is no claim's.
            _put(books, first, last, freed, state, end, taker, amount[event], claim[event])
            continue
        for place in range(count):
            part = order[place]
            _put(books, first, last, freed, state, end, taker, parts[1, part], parts[2, part])
    count = 0
    for place in range(len(places)):
        lot = first[1, places[place]]
        while lot >= 0:
            parts[0, count], parts[1, count], parts[2, count] = place, books[2, lot], books[1, lot]
            count += 1
            lot = books[3, lot]
    return parts[:, :count].copy()
