"""Large tables that kernels read at random, laid out in large pages where the system offers them. Holds no data of its own."""

from __future__ import annotations

import mmap
import sys
from contextlib import suppress
from typing import Any, Final

import numpy as np
import numpy.typing as npt

_LINE: Final = 64  # bytes of a line of the cache
_LARGE: Final = 1 << 22  # bytes of an array that large pages pay for


def cleared(count: int, dtype: np.dtype[np.void]) -> npt.NDArray[np.void]:
    """Return `count` zeroed records; O(count).

    numpy asks the system for large pages when it makes an empty array, not when it makes a zeroed one; with small pages most
    random reads of a table of some megabytes also miss the processor's table of pages.
    """
    table = np.empty(count, dtype)
    table.view(np.uint8).fill(0)
    return table


def untouched(size: int) -> npt.NDArray[np.uint8]:
    """Return `size` zeros that begin on a line of the cache and take memory only where they are written to.

    Large ones lie in large pages where the system has some, which it gives no zeroed array of numpy. Raises `MemoryError` where
    the system does not promise as much.
    """
    large = size >= _LARGE
    raw = np.frombuffer(_mapped(size + _LINE), np.uint8) if large else np.zeros(size + _LINE, "u1")
    first = -raw.ctypes.data % _LINE
    return raw[first : first + size]


def _mapped(size: int) -> mmap.mmap:
    """Return so many bytes of zeros, in large pages if there are any."""
    if sys.platform == "win32":
        return mmap.mmap(-1, size)
    try:
        found = mmap.mmap(-1, size, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    except OSError as fault:
        raise MemoryError(size) from fault
    if hasattr(mmap, "MADV_HUGEPAGE"):
        with suppress(OSError):  # a system without them
            found.madvise(mmap.MADV_HUGEPAGE)
    return found


def room_behind(array: npt.NDArray[Any]) -> int:
    """Return how many elements there is memory for from the first of an array on, where it is a part of `untouched` memory."""
    raw = array.base
    if not isinstance(raw, np.ndarray) or not array.itemsize:
        return len(array)
    return (raw.ctypes.data + raw.nbytes - array.ctypes.data) // array.itemsize


def longer_in_place(array: npt.NDArray[Any], count: int) -> npt.NDArray[Any]:
    """Return the `count` elements that begin where an array begins, which has one dimension; there must be room behind it."""
    assert len(array) <= count <= room_behind(array), "it has memory of its own beyond its end"
    raw = array.base
    if len(array) == count or not isinstance(raw, np.ndarray):
        return array
    bytes_ = raw.view(np.uint8).reshape(-1)
    first = array.ctypes.data - raw.ctypes.data
    return bytes_[first : first + count * array.itemsize].view(array.dtype)


__all__ = ["cleared", "longer_in_place", "room_behind", "untouched"]
