"""The table of texts: open places, one after another, each with half of a hash and the number of an entry.

`slots` u64[2^k]: 0 is free, else the upper half of the text's hash and the entry's number + 1. Entries only grow: `ends`
i64[m + 1] and `kept` u8[] as of a column, `values` i64[m]. At most half of the places are taken, so that a search ends soon.

The first place is said by the uppermost bits of the hash, so that slots lie in the order of hashes but for collisions: a larger
table is laid from a smaller one from the first slot to the last, without a look at any text.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from recoup.trace.kernels.compiled import brief, within
from recoup.watch.names.kernels.hashing import hash_of

Array = Any  # numba infers types from the call; the docstrings give them

ABSENT = -2
"""In place of a value where a text has none."""
_U = np.uint64
_HALF, _LOW, _ONE, _FREE = _U(32), _U(0xFFFFFFFF), _U(1), _U(0)


@within
def are_same(data: Array, begin: int, end: int, other: Array, from_: int, to: int) -> bool:
    """Return whether data[begin:end] is other[from_:to]."""
    for at in range(end - begin if end - begin == to - from_ else 0):
        if data[begin + at] != other[from_ + at]:
            return False
    return end - begin == to - from_


@within
def first_of(hashed: Any, slots: Array) -> Any:
    """Return the place (u64) where a search for a hash begins: as many upper bits as make one of 2^k slots, k from 1 to 32."""
    bits, size = _U(64), slots.size
    while size > 1:
        bits -= _ONE
        size >>= 1
    return hashed >> bits


@within
def place_of(
    slots: Array, ends: Array, kept: Array, hashed: Any, data: Array, begin: int, end: int
) -> Any:
    """Return the place among slots where a text stands, or would."""
    mask = _U(slots.size - 1)
    place = first_of(hashed, slots)
    while True:
        slot = slots[place]
        if slot == _FREE:
            return np.int64(place)
        if slot >> _HALF == hashed >> _HALF:
            entry = np.int64((slot & _LOW) - _ONE)
            if are_same(kept, ends[entry], ends[entry + 1], data, begin, end):
                return np.int64(place)
        place = (place + _ONE) & mask


@brief
def find(
    slots: Array, ends: Array, kept: Array, values: Array, hashes: Array, starts: Array, data: Array
) -> Array:
    """Return i64[n], the value of each text of a column (u64[n], i64[n + 1], u8[]), ABSENT where there is none.

    What a large table has lies far apart in memory: each kind is fetched for all texts first, so that none waits for another.
    """
    count = hashes.size
    out = np.empty(count, np.int64)
    entries, begins = np.empty(count, np.int64), np.empty(count, np.int64)
    for at in range(count):
        slot = slots[first_of(hashes[at], slots)]
        is_near = slot != _FREE and slot >> _HALF == hashes[at] >> _HALF
        entries[at] = np.int64((slot & _LOW) - _ONE) if is_near else -1
    for at in range(count):
        entry = entries[at]
        if entry >= 0:
            begins[at] = ends[entry]
            out[at] = values[entry]
    for at in range(count):
        entry, begin, end = entries[at], starts[at], starts[at + 1]
        if entry >= 0 and are_same(kept, begins[at], ends[entry + 1], data, begin, end):
            continue
        place = place_of(slots, ends, kept, hashes[at], data, begin, end)
        slot = slots[place]
        out[at] = ABSENT if slot == _FREE else values[np.int64((slot & _LOW) - _ONE)]
    return out


@brief
def find_one(slots: Array, ends: Array, kept: Array, values: Array, text: bytes, key: Array) -> int:
    """Return the value of one text, ABSENT where it has none; key is u64[2], as its hash was made with."""
    hashed = hash_of(text, 0, len(text), key)
    slot = slots[place_of(slots, ends, kept, hashed, text, 0, len(text))]
    return ABSENT if slot == _FREE else values[np.int64((slot & _LOW) - _ONE)]


@brief
def put(
    slots: Array,
    ends: Array,
    kept: Array,
    values: Array,
    used: int,
    hashes: Array,
    starts: Array,
    data: Array,
    given: Array,
) -> int:
    """Give each text of a column its value of `given` i64[n], in order; return how many entries there are then.

    There are `used` entries, and room for n more, and for their bytes.
    """
    for at in range(hashes.size):
        begin, end = starts[at], starts[at + 1]
        place = place_of(slots, ends, kept, hashes[at], data, begin, end)
        if slots[place] != _FREE:
            values[np.int64((slots[place] & _LOW) - _ONE)] = given[at]
            continue
        first = ends[used]
        for byte in range(end - begin):
            kept[first + byte] = data[begin + byte]
        ends[used + 1] = first + end - begin
        values[used] = given[at]
        used += 1
        slots[place] = ((hashes[at] >> _HALF) << _HALF) | _U(used)
    return used


@brief
def lay(slots: Array, before: Array) -> None:
    """Lay the slots of a smaller table into free ones."""
    mask = _U(slots.size - 1)
    for slot in before:
        if slot != _FREE:
            place = first_of((slot >> _HALF) << _HALF, slots)
            while slots[place] != _FREE:
                place = (place + _ONE) & mask
            slots[place] = slot


__all__ = ["ABSENT", "are_same", "find", "find_one", "first_of", "lay", "place_of", "put"]
