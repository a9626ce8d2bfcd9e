"""Plain answers to payments as JSON, by their bytes: an id, a decision, and whether it was answered before."""

from __future__ import annotations

from typing import Any

import numpy as np

from recoup.trace.kernels.compiled import brief, inner

Array = Any  # numba infers types from the call; the docstrings give them

_ID = np.frombuffer(b'{"id":"', np.uint8)
_DECISION = np.frombuffer(b'","decision":"', np.uint8)
_REPEAT = np.frombuffer(b'","is_repeat":true},', np.uint8)
_END = np.frombuffer(b'"},', np.uint8)


@inner
def laid(out: Array, at: int, text: Array, begin: int, end: int) -> int:
    """Write text[begin:end] at a place; return the place behind it."""
    for byte in range(begin, end):
        out[at] = text[byte]
        at += 1
    return at


@brief
def rows_of(
    starts: Array,
    data: Array,
    decisions: Array,
    repeats: Array,
    words: Array,
    letters: Array,
    ends: Array,
) -> Array:
    """Return u8[], one object a payment with a comma behind it, and write i64[n + 1], where each begins and the last ends.

    Args:
        starts: of ids that need no escape, i64[n + 1]; `data` are their bytes.
        data: the same.
        decisions: i8[n], places among the words.
        repeats: bool[n].
        words: starts of the words of decisions; `letters` are their bytes.
        letters: the same.
        ends: is written.
    """
    count = decisions.size
    most = letters.size + _ID.size + _DECISION.size + _REPEAT.size
    out = np.empty(starts[count] + count * most, np.uint8)
    at = ends[0] = 0
    for row in range(count):
        at = laid(out, at, _ID, 0, _ID.size)
        at = laid(out, at, data, starts[row], starts[row + 1])
        at = laid(out, at, _DECISION, 0, _DECISION.size)
        word = max(0, decisions[row])
        at = laid(out, at, letters, words[word], words[word + 1])
        tail = _REPEAT if repeats[row] else _END
        at = laid(out, at, tail, 0, tail.size)
        ends[row + 1] = at
    return out[:at]


__all__ = ["rows_of"]
