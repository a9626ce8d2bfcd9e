"""The rows of the stream with their flow coordinates: the port that stolen money needs, and a plain index behind it.

A row says: units [out, out + amount) in the order in which they left the payer are units [into, into + amount) of the payee's
axis. Rows are numbered in total order (time, row), one after the other, and the oldest are given up: that is the retention.
48 bytes a row: time, amount, payer, payee, next row of the payer, next row of the payee, and the two coordinates.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from recoup import limits
from recoup.errors import LimitFault
from recoup.watch.stolen.booking import (
    Integers,
    Stream,
    book_plain,
    drop_rows,
    find_debit,
    write_row,
)
from recoup.watch.stolen.sums import KNOWN

ROW: Final = np.dtype(
    [
        ("time_us", "i8"),
        ("amount", "i8"),
        ("payer", "i4"),
        ("payee", "i4"),
        ("payer_next", "i4"),
        ("payee_next", "i4"),
        ("out", "i8"),
        ("into", "i8"),
    ]
)
"""Next rows are so many rows later; 0: none yet."""


class Row(NamedTuple):
    """One booked payment with its flow coordinates."""

    number: int
    time_us: int
    payer: int
    payee: int
    amount: int
    out: int
    into: int


class Totals(NamedTuple):
    """All that ever came into a pocket, its opening first, and all that ever left it."""

    into: int
    out: int


_FIELDS: Final = tuple(
    (ROW.names or ()).index(name) for name in ("time_us", "payer", "payee", "amount", "out", "into")
)


class RowIndex(Protocol):
    """What stolen money needs of the stream's state. Pockets are dense numbers; -1 is the outside."""

    @property
    def standing(self) -> npt.NDArray[np.uint8]:
        """By pocket KNOWN, TERMINAL or UNKNOWN; one more for the outside, which is TERMINAL."""

    @property
    def flags(self) -> npt.NDArray[np.uint8]:
        """By pocket what must be looked at (DEBITS, CREDITS), one more for the outside; set from here, read by the hot path."""

    @property
    def oldest(self) -> int:
        """Number of the oldest row that is retained; one past `newest` if there is none."""

    @property
    def newest(self) -> int:
        """Number of the row booked last; -1 if there is none."""

    @property
    def largest(self) -> int:
        """The most that any pocket ever got."""

    def due(self, time_us: int) -> int:
        """Return the number before which rows must be given up before a payment of that time is booked; else `oldest`."""

    def refuses(self, time_us: npt.NDArray[np.int64]) -> bool:
        """Return whether payments of these times, which do not go back, cannot be taken."""

    def totals(self, pocket: int) -> Totals:
        """Return a pocket's totals."""

    def last(self, pocket: int) -> int:
        """Return the number of the last row of a pocket, as payer or payee; -1 if there is none."""

    def row(self, number: int) -> Row | None:
        """Return a row; None if it is not retained."""

    def rows_after(self, pocket: int, coordinate: int, since: int) -> Iterator[Row]:
        """Yield the debits of a pocket that reach past `coordinate` of what leaves it, oldest first.

        `since` is the number of a row of this pocket; only later ones are meant. -1, or one that is no longer retained: all.
        """

    def append(
        self, time_us: int, payer: int, payee: int, amount: int, held: int
    ) -> tuple[Row, int]:
        """Book a payment; return its row, and what had to be assumed to have come in before it (free was too little)."""

    def book_plain(
        self,
        time_us: npt.NDArray[np.int64],
        payer: Integers,
        payee: Integers,
        amount: npt.NDArray[np.int64],
        reverses: npt.NDArray[np.int64],
        start: int,
        stop: int,
    ) -> int:
        """Book payments [start, stop) until one must be looked at, or rows must be given up first; return its place."""

    def retire(self, before: int) -> None:
        """Give up the rows before number `before`."""


class FlowRows:
    """A plain index of one stream: arrays, a chain of rows per pocket, and room for a stated number of rows."""

    def __init__(
        self, openings: npt.NDArray[np.int64], standing: npt.NDArray[np.uint8], room: int
    ) -> None:
        """Begin with what each pocket holds; `room` rows are retained."""
        if not 0 < room <= limits.STREAM_ROWS_MAX:
            raise LimitFault("STREAM_ROWS_MAX", limits.STREAM_ROWS_MAX, room)
        count = len(openings)
        into = np.zeros(count + 1, np.int64)
        into[:-1] = openings
        self.stream = Stream(
            into=into,
            out=np.zeros(count + 1, np.int64),
            first=np.full(count + 1, -1, np.int64),
            last=np.full(count + 1, -1, np.int64),
            standing=standing,
            flags=np.zeros(count + 1, np.uint8),
            rows=np.zeros(room, ROW),
            state=np.zeros(2, np.int64),
        )

    @property
    def standing(self) -> npt.NDArray[np.uint8]:
        """By pocket; the outside at the end."""
        return self.stream.standing

    @property
    def flags(self) -> npt.NDArray[np.uint8]:
        """By pocket; the outside at the end."""
        return self.stream.flags

    @property
    def oldest(self) -> int:
        """Number of the oldest row that is retained."""
        return int(self.stream.state[1])

    @property
    def newest(self) -> int:
        """Number of the row booked last; -1 if there is none."""
        return int(self.stream.state.sum()) - 1

    @property
    def largest(self) -> int:
        """The most that any pocket, or the outside, ever got."""
        return int(self.stream.into.max(initial=0))

    @property
    def is_full(self) -> bool:
        """Whether a row must be given up before the next one is booked."""
        return int(self.stream.state[0]) == len(self.stream.rows)

    def due(self, time_us: int) -> int:
        """Return `oldest`, or an eighth more where there is no room for another row."""
        del time_us
        return self.oldest + (max(1, len(self.stream.rows) // 8) if self.is_full else 0)

    def refuses(self, time_us: npt.NDArray[np.int64]) -> bool:
        """Return False: any time is taken."""
        del time_us
        return False

    def totals(self, pocket: int) -> Totals:
        """Return a pocket's totals."""
        return Totals(int(self.stream.into[pocket]), int(self.stream.out[pocket]))

    def last(self, pocket: int) -> int:
        """Return the number of the last row of a pocket; -1 if there is none."""
        return int(self.stream.last[pocket])

    def row(self, number: int) -> Row | None:
        """Return a row; None if it is not retained."""
        if not self.oldest <= number <= self.newest:
            return None
        one = self.stream.rows[
            number - self.oldest
        ].item()  # whole: field by field takes six times as long
        return Row(number, *(one[place] for place in _FIELDS))

    def rows_after(self, pocket: int, coordinate: int, since: int) -> Iterator[Row]:
        """Yield the debits of a pocket after row `since` that reach past `coordinate` of what leaves it, oldest first."""
        number = (
            self._following(pocket, since)
            if since >= self.oldest
            else int(self.stream.first[pocket])
        )
        while (number := int(find_debit(self.stream, pocket, coordinate, number))) >= 0:
            row = self.row(number)
            assert row is not None
            yield row
            number = self._following(pocket, number)

    def append(
        self, time_us: int, payer: int, payee: int, amount: int, held: int
    ) -> tuple[Row, int]:
        """Book a payment; return its row and what had to be assumed to have come in before it."""
        assert self.due(time_us) == self.oldest, "no room"
        assumed = 0
        if self.stream.standing[payer] == KNOWN:
            into, out = self.totals(payer)
            assumed = max(0, amount - (into - out - held))
        write_row(self.stream, time_us, payer, payee, amount, assumed)
        row = self.row(self.newest)
        assert row is not None
        return row, assumed

    def book_plain(
        self,
        time_us: npt.NDArray[np.int64],
        payer: Integers,
        payee: Integers,
        amount: npt.NDArray[np.int64],
        reverses: npt.NDArray[np.int64],
        start: int,
        stop: int,
    ) -> int:
        """Book payments [start, stop) until one must be looked at, or there is no more room; return its place."""
        return int(book_plain(self.stream, time_us, payer, payee, amount, reverses, start, stop))

    def retire(self, before: int) -> None:
        """Give up the rows before number `before`."""
        drop_rows(self.stream, min(before, self.newest + 1) - self.oldest)

    def _following(self, pocket: int, number: int) -> int:
        """Return the next row of a pocket after one of its rows."""
        one = self.stream.rows[number - self.oldest]
        step = int(one["payer_next" if one["payer"] == pocket else "payee_next"])
        return number + step if step else -1
