"""One payment by itself: the same loop over memory that is made once, so that the call costs little beside the decision."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from recoup.watch.stream.answers import Decided, Matrix
from recoup.watch.stream.arrays import DECIDED, KEPT, Desk, Given
from recoup.watch.stream.kernels.handing import BATCH_WORDS, FIRED, ROWS, places_of

_NOTHING: Final[Mapping[int, Any]] = MappingProxyType({})
_AT_ONCE: Final = 256
"""Decisions whose memory is made at once; it lives as long as one of them."""
_pack: Final = struct.Struct("=qqiihb").pack_into
"""A payment into memory: time, amount, payer, payee, currency, kind."""
_OWN_BYTES: Final = 8 * BATCH_WORDS
_made: Final = tuple.__new__
"""Makes a `Decided` of its fields in less time than its own way, which looks each up by its name."""


class Alone:
    """Room for one payment and for what is decided of it; the loop reads and writes there."""

    def __init__(self, named: Matrix, desk: Desk, rules_count: int) -> None:
        """Make room for the verdicts of so many rules, and features as many as the desk has; `named`: [0, facts]."""
        self._raw = bytearray(32)
        of = np.frombuffer
        self.given = Given(
            of(self._raw, np.int64, 1, 0),
            of(self._raw, np.int32, 1, 16),
            of(self._raw, np.int32, 1, 20),
            of(self._raw, np.int64, 1, 8),
            of(self._raw, np.int8, 1, 26),
            of(self._raw, np.int16, 1, 24),
            named,
        )
        self.marks = desk.marks.data
        width = desk.room.rows.shape[1]
        self._kept, self._empty = np.zeros((1, width)), np.empty((0, width))
        self._rules_count = rules_count
        self._turn()

    def _turn(self) -> None:
        """Make room for the next decisions: those before keep theirs."""
        raw = np.zeros(_AT_ONCE * DECIDED.itemsize, np.uint8)
        self._rows = raw.view(DECIDED)
        self._fired = np.zeros((_AT_ONCE, self._rules_count), np.int8)
        places = np.arange(_AT_ONCE)
        self._own = np.tile(places_of(self.given, raw, self._fired, self._kept), (_AT_ONCE, 1))
        """By decision, where all of it lies, as the loop wants it."""
        self._own[:, ROWS] += places * DECIDED.itemsize
        self._own[:, FIRED] += places * self._rules_count
        self._at, self._place = 0, int(self._own.ctypes.data)

    def put(
        self, time_us: int, payer: int, payee: int, amount_minor: int, kind: int, currency: int
    ) -> int:
        """Take a payment; return where it stands where it and its decision lie.

        Raises `OverflowError` for a number that does not fit its array.
        """
        try:
            _pack(self._raw, 0, time_us, amount_minor, payer, payee, currency, kind)
        except struct.error as error:
            raise OverflowError(str(error)) from error
        return self._place

    @property
    def expires_us(self) -> int:
        """Until when the payment waits that was decided last."""
        return int(self._rows["expires_us"][self._at])

    def decided(self, first: int) -> Decided:
        """Return what the loop wrote, as number `first`, and go on to the next place: later payments do not change it."""
        at = self._at
        kept = self._kept.copy() if self.marks[KEPT] else self._empty
        rows, fired = self._rows[at : at + 1], self._fired[at : at + 1]
        if at + 1 == _AT_ONCE:
            self._turn()
        else:
            self._at = at + 1
            self._place += _OWN_BYTES
        return _made(Decided, (first, rows, fired, kept, (), (), _NOTHING, _NOTHING))


__all__ = ["Alone"]
