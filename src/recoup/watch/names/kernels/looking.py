"""Looks at whole columns of texts at once: whether they are plain, are another column's, or stand twice."""

from __future__ import annotations

from typing import Any

import numpy as np

from recoup.trace.kernels.compiled import brief
from recoup.watch.names.kernels.finding import are_same
from recoup.watch.state.kernels.words import NEVER

Array = Any  # numba infers types from the call; the docstrings give them

_U = np.uint64
_ONE = _U(1)
_PLACES = 19  # of an amount: 18 figures and a point


@brief
def is_plain(starts: Array, data: Array, least: int, most: int) -> bool:
    """Return whether each text has `least` to `most` bytes, and all are printable ASCII."""
    for at in range(starts.size - 1):
        if not least <= starts[at + 1] - starts[at] <= most:
            return False
    odd = 0
    for at in range(starts[starts.size - 1]):
        odd += not 32 <= data[at] <= 126
    return odd == 0


@brief
def is_one(starts: Array, data: Array) -> bool:
    """Return whether all texts are the first one."""
    others = 0
    for at in range(1, starts.size - 1):
        others += not are_same(data, starts[0], starts[1], data, starts[at], starts[at + 1])
    return others == 0


@brief
def pairs_differ(starts: Array, data: Array, others: Array, theirs: Array, most: int) -> bool:
    """Return whether each text differs from the other column's of its place, both have at most `most` bytes together."""
    for at in range(starts.size - 1):
        begin, end, first, last = starts[at], starts[at + 1], others[at], others[at + 1]
        if end - begin + last - first > most:
            return False
        if are_same(data, begin, end, theirs, first, last):
            return False
    return True


@brief
def stands_twice(hashes: Array, starts: Array, data: Array) -> bool:
    """Return whether a text stands twice in a column, given their hashes u64[n]."""
    count = hashes.size
    size = 4
    while size < 2 * count:
        size *= 2
    mask = _U(size - 1)
    places = np.full(size, -1, np.int32)
    for at in range(count):
        place = hashes[at] & mask
        while places[place] >= 0:
            other = places[place]
            if hashes[other] == hashes[at] and are_same(
                data, starts[other], starts[other + 1], data, starts[at], starts[at + 1]
            ):
                return True
            place = (place + _ONE) & mask
        places[place] = at
    return False


@brief
def are_clean(
    amounts: Array, times: Array, amount_max: int, time_max: int, now: Any, late: int, ahead: int
) -> bool:
    """Return whether amounts i64[n] and times i64[n] are such as the stream takes, each as of the times before it.

    Times within [-time_max, time_max] and [clock - late, clock + ahead], where the clock is the latest time so far: `now`
    before the first, and NEVER where none came yet.
    """
    for at in range(amounts.size):
        time = times[at]
        if not 0 < amounts[at] <= amount_max or not -time_max <= time <= time_max:
            return False
        if now != NEVER and not now - late <= time <= now + ahead:
            return False
        now = max(now, time)
    return True


@brief
def minors_of(starts: Array, data: Array, decimals: int, out: Array) -> bool:
    """Write minor units i64[n] of texts of 1 to 15 figures, a point, and as many figures as decimals; False for any other.

    At most 18 figures in all: more of them, as a token of six decimals may have, do not fit 64 bits.
    """
    for at in range(starts.size - 1):
        begin, end = starts[at], starts[at + 1]
        point = end - decimals - 1
        if not begin < point <= begin + 15 or end - begin > _PLACES or data[point] != 46:
            return False
        found = np.int64(0)
        for place in range(begin, end):
            if place != point:
                figure = np.int64(data[place]) - 48
                if not 0 <= figure <= 9:
                    return False
                found = 10 * found + figure
        out[at] = found
    return True


__all__ = ["are_clean", "is_one", "is_plain", "minors_of", "pairs_differ", "stands_twice"]
