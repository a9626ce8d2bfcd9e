"""Following pools over plain events, compiled: the rolling charge of `places.Pool` for ledgers of many. Exact integers.

A pool keeps what is no claim's as one number, and an entry for each put of a claim in a chain; a take gathers the chain into
one entry a claim, in the order of claims. So a put costs the same whatever lies there, as in the walk.
"""

# mypy: disable-error-code="no-untyped-call,no-untyped-def"
from __future__ import annotations

import numpy as np

from recoup.trace.kernels.compiled import inner, kernel, maker
from recoup.trace.kernels.exact import mul_div

_GROWTH = 2


@inner
def _gather(books, chain, state, freed, parts, giver):
    """Empty a pool's chain into `parts` (units, claim), unordered; return how many."""
    count, entry = 0, chain[giver]
    while entry >= 0:
        parts[0, count], parts[1, count] = books[0, entry], books[1, entry]
        count += 1
        freed[state[1]] = entry
        state[1] += 1
        entry = books[2, entry]
    chain[giver] = -1
    return count


@inner
def _sort(parts, spare, count):
    """Bring parts into the order of claims by merging runs of twice the length each time; a short program to compile."""
    width = 1
    while width < count:
        for low in range(0, count, 2 * width):
            left, right = low, min(low + width, count)
            middle, high = right, min(low + 2 * width, count)
            for at in range(low, high):
                is_left = left < middle and (right >= high or parts[1, left] <= parts[1, right])
                chosen = left if is_left else right
                spare[0, at], spare[1, at] = parts[0, chosen], parts[1, chosen]
                left += is_left
                right += not is_left
        for at in range(count):
            parts[0, at], parts[1, at] = spare[0, at], spare[1, at]
        width *= 2


@inner
def _join(parts, spare, count):
    """Bring parts into the order of claims, one for each; return how many are left."""
    _sort(parts, spare, count)
    kept = 0
    for at in range(count):
        if kept > 0 and parts[1, kept - 1] == parts[1, at]:
            parts[0, kept - 1] += parts[0, at]
        else:
            parts[0, kept], parts[1, kept] = parts[0, at], parts[1, at]
            kept += 1
    return kept


@inner
def _add(books, chain, state, freed, taker, units, whose):
    """Add an entry to a pool's chain."""
    if state[1] > 0:
        state[1] -= 1
        entry = freed[state[1]]
    else:
        entry = state[0]
        state[0] += 1
    books[0, entry], books[1, entry], books[2, entry] = units, whose, chain[taker]
    chain[taker] = entry


@inner
def _share(books, chain, state, freed, parts, count, giver, rest, balance):
    """Take `rest` of `balance` by cumulative floors; leave what is taken in `parts` and the remainder in the pool."""
    given = total = taken = 0
    for at in range(count):
        units, whose = parts[0, at], parts[1, at]
        total += units
        upto = mul_div(total, rest, balance)
        size = upto - given
        given = upto
        assert size <= units, "a claim gave more than it had"
        if size < units:
            _add(books, chain, state, freed, giver, units - size, whose)
        if size > 0:
            parts[0, taken], parts[1, taken] = size, whose
            taken += 1
    return taken, given


@maker
def _grown(books, room):
    """Return a copy of a table with more columns."""
    wider = np.empty((books.shape[0], room), np.int64)
    wider[:, : books.shape[1]] = books
    return wider


@kernel
def follow_pools(source, payee, amount, claim, is_kept, opening, own_first, places):
    """Return i8[3, entries]: place (an index into `places`), claim and units of every entry at the end. O(events * claims met).

    The arguments are those of `follow_lots`; every pocket is a pool.
    """
    pockets, room = len(is_kept), len(is_kept) + len(source)
    books = np.empty((3, room), np.int64)  # units, claim, the next entry
    freed, parts = np.empty((1, room), np.int64), np.empty((2, room), np.int64)
    spare = np.empty((2, room), np.int64)
    chain, state = np.full(pockets, -1, np.int64), np.zeros(2, np.int64)
    clean, whole = np.where(is_kept, opening, 0), np.zeros(pockets, np.int64)
    for event in range(len(source)):
        giver, taker, count, own = source[event], payee[event], 0, amount[event]
        if 2 * state[0] + 2 > room:  # at most all there are are split in two
            room = _GROWTH * (2 * state[0] + 2)
            books, freed = _grown(books, room), _grown(freed, room)
            parts, spare = _grown(parts, room), np.empty((2, room), np.int64)
        if is_kept[giver]:
            first = min(own, clean[giver]) if own_first[giver] else 0
            clean[giver] -= first
            rest, given = own - first, 0
            balance = whole[giver] if own_first[giver] else whole[giver] + clean[giver]
            if rest > 0 and whole[giver] > 0:
                found = _gather(books, chain, state, freed[0], parts, giver)
                found = _join(parts, spare, found)
                count, given = _share(
                    books, chain, state, freed[0], parts, found, giver, rest, balance
                )
            whole[giver] -= given
            clean[giver] -= rest - given
            assert clean[giver] >= 0, "a pool gave more than it had"
            own -= given
        if not is_kept[taker]:
            continue
        if claim[event] >= 0:
            _add(books, chain, state, freed[0], taker, amount[event], claim[event])
            whole[taker] += amount[event]
            continue
        clean[taker] += own
        for at in range(count):
            _add(books, chain, state, freed[0], taker, parts[0, at], parts[1, at])
            whole[taker] += parts[0, at]
    found, entries = np.empty((3, state[0]), np.int64), 0
    for place in range(len(places)):
        entry = chain[places[place]]
        while entry >= 0:
            found[0, entries], found[1, entries] = place, books[1, entry]
            found[2, entries] = books[0, entry]
            entries += 1
            entry = books[2, entry]
    return found[:, :entries].copy()
