"""Numbers by text, without an object for each: entries in the order in which they came, and places to find them by."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from recoup.trace.memory import longer_in_place, room_behind, untouched
from recoup.watch.names.kernels.finding import ABSENT, find, find_one, lay, put
from recoup.watch.names.texts import KEY, Texts

I64 = npt.NDArray[np.int64]
_FIRST: Final = 64
_FIRST_BYTES: Final = 1 << 10
_AT_ONCE: Final = 1 << 13
_MOST: Final = 2**31
"""Entries: their numbers have 32 bits of a slot, and as many bits of a hash say where a search begins."""
_AHEAD: Final = (64, 8, 1)
"""So many times the size that an array gets when it must move is asked of the system, as room that takes no memory yet."""
_SMALL: Final = 1 << 20
"""Bytes below which an array is moved to one as large as it must be."""


class Table:
    """What `dict[str, int]` is, for whole columns. One thread changes it; another may look meanwhile, and misses what is new.

    >>> table = Table()
    >>> table.put(Texts.of(["a", "b"]), np.array([7, 8]))
    >>> table.find(Texts.of(["b", "c"])).tolist() == [8, ABSENT]
    True
    """

    def __init__(self) -> None:
        """Begin with none."""
        self._count = 0
        self._parts = (
            np.zeros(2 * _FIRST, np.uint64),
            np.zeros(_FIRST + 1, np.int64),
            np.zeros(_FIRST_BYTES, np.uint8),
            np.zeros(_FIRST, np.int64),
        )
        """Slots, ends, bytes, values: replaced together, so that who looks has those of one moment."""

    def __len__(self) -> int:
        """Return how many texts were ever put in, those whose value is ABSENT too."""
        return self._count

    def find(self, texts: Texts) -> I64:
        """Return the value of each, ABSENT where it has none."""
        found: I64 = find(*self._parts, texts.hashes, texts.starts, texts.data)
        return found

    def get(self, text: str) -> int:
        """Return the value of one text, ABSENT where it has none; `UnicodeEncodeError` for one that is none in UTF-8."""
        found: int = find_one(*self._parts, text.encode(), KEY)
        return found

    def put(self, texts: Texts, values: I64) -> None:
        """Give each its value, in order: of the same text twice, the last."""
        self._make_room(len(texts), int(texts.starts[-1]))
        self._count = int(
            put(*self._parts, self._count, texts.hashes, texts.starts, texts.data, values)
        )

    def put_spelled(self, texts: Sequence[str], values: I64) -> None:
        """Do the same with very many texts, piece by piece: other threads get the interpreter lock in between."""
        for begin in range(0, len(texts), _AT_ONCE):
            some = slice(begin, begin + _AT_ONCE)
            self.put(Texts.of(texts[some]), values[some])

    def entries(self) -> tuple[Texts, I64]:
        """Return all that was put in, in the order of first times, and the values; not copied."""
        _, ends, data, values = self._parts
        return Texts(ends[: self._count + 1], data), values[: self._count]

    def _make_room(self, count: int, size: int) -> None:
        before, ends, data, values = self._parts
        wanted, used = self._count + count, int(ends[self._count])
        assert wanted < _MOST, "entries have numbers of 31 bits"
        if wanted > len(values):
            more = _more(len(values), wanted)
            ends = _longer(ends, more + 1)
            values = _longer(values, more)
        if used + size > len(data):
            data = _longer(data, _more(len(data), used + size))
        slots = before
        if 2 * wanted > len(slots):
            places = _more(len(slots), 2 * wanted)
            slots = untouched(places * slots.itemsize).view(np.uint64)
            lay(slots, before)
        elif _has_moved(data, self._parts[2]):
            # Who looks with the bytes of before must not find a place that names bytes of after.
            slots = before.copy()
        self._parts = slots, ends, data, values


def _more(size: int, wanted: int) -> int:
    """Return a size of at least `wanted`: twice as much, as often as needed."""
    while size < wanted:
        size *= 2
    return size


def _longer(array: npt.NDArray[Any], size: int) -> npt.NDArray[Any]:
    """Return an array with zeros behind it: in its own place if there is room, else in one with room for more."""
    if size > room_behind(array):
        longer = _elsewhere(size * array.itemsize).view(array.dtype)
        longer[: len(array)] = array
        array = longer
    return longer_in_place(array, size)


def _has_moved(array: npt.NDArray[Any], before: npt.NDArray[Any]) -> bool:
    return array.ctypes.data != before.ctypes.data


def _elsewhere(size: int) -> npt.NDArray[np.uint8]:
    """Return so many zeros, with as much room behind them as the system promises."""
    for times in _AHEAD if size >= _SMALL else ():
        with suppress(MemoryError):
            return untouched(times * size)[:size]
    return untouched(size)


__all__ = ["ABSENT", "Table"]
