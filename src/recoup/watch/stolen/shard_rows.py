"""The rows of a shard as the index that stolen money needs: one index for both, links backwards.

Whoever books in the shard past this, or lets its time pass, first gives up what the shard will drop by then
(`StolenFlow.give_up`); a shard drops rows by their age, in blocks.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from recoup import limits
from recoup.errors import LimitFault
from recoup.watch.state import SPAN, Outcome, Payments, Shard
from recoup.watch.state.kernels import words
from recoup.watch.stolen.booking import CREDITS, DEBITS, Integers
from recoup.watch.stolen.rows import Row, Totals
from recoup.watch.stolen.sums import KNOWN, TERMINAL

I64 = npt.NDArray[np.int64]

_LOW_32: Final = 0xFFFFFFFF
_CHAINS_MAX: Final = 1_000_000
"""Numbers of rows that are remembered of pockets that were asked for; then all are forgotten and looked for anew."""


class ShardRows:
    """A shard's rows as a `RowIndex`: what is booked here is booked in the shard.

    >>> index = ShardRows(Shard(2), np.array([KNOWN, KNOWN, TERMINAL], np.uint8))
    >>> index.append(0, 0, 1, 500, 0)
    (Row(number=0, time_us=0, payer=0, payee=1, amount=500, out=0, into=0), 500)
    """

    def __init__(
        self,
        shard: Shard,
        standing: npt.NDArray[np.uint8],
        room: int = limits.STREAM_ROWS_MAX,
        oldest: int = 0,
    ) -> None:
        """Begin over a shard; `room` rows are followed at most, from `oldest` on, as a snapshot of stolen money says."""
        if not 0 < room <= limits.STREAM_ROWS_MAX:
            raise LimitFault("STREAM_ROWS_MAX", limits.STREAM_ROWS_MAX, room)
        assert len(standing) == shard.accounts + 1, "one standing a pocket, and the outside's"
        assert standing[-1] == TERMINAL, "what reaches the outside has left"
        self.shard = shard
        self._standing = standing
        self._flags = np.zeros(len(standing), np.uint8)
        self._room = room
        self._oldest = max(oldest, shard.rows.start)
        self._chains: dict[int, list[int]] = {}
        """By pocket the numbers of its debits, oldest first, as far as they were looked for."""
        self._chained = 0

    @property
    def standing(self) -> npt.NDArray[np.uint8]:
        """By pocket; the outside at the end."""
        return self._standing

    @property
    def flags(self) -> npt.NDArray[np.uint8]:
        """By pocket; the outside at the end."""
        return self._flags

    @property
    def oldest(self) -> int:
        """Number of the oldest row that is followed."""
        return self._oldest

    @property
    def newest(self) -> int:
        """Number of the row booked last; -1 if there is none."""
        return int(self.shard.state.marks[words.HEAD]) - 1

    @property
    def largest(self) -> int:
        """The most that any pocket ever got."""
        marks, into = self.shard.state.marks, self.shard.state.pockets["flow_in"]
        outside = max(int(marks[words.OUTSIDE_IN]), int(marks[words.OUTSIDE_OUT]))
        return max(outside, int(into[: self.shard.accounts].max(initial=0)))

    def due(self, time_us: int) -> int:
        """Return the number before which rows must be given up before the shard takes a payment of that time."""
        state, head = self.shard.state, self.newest + 1
        kept, until = self._oldest, time_us - int(state.terms[words.RETENTION])
        block = self.shard.rows.start + words.BLOCK
        while block <= head and self._at(block - 1)["time"] <= until:
            kept = max(kept, block)
            block += words.BLOCK
        if head - kept >= self._room:
            kept = self._oldest + max(1, (head - self._oldest) // 8)
        return kept

    def refuses(self, time_us: I64) -> bool:
        """Return whether the shard would not take payments of these times, which do not go back: they jump too far ahead."""
        clock = self.shard.clock if self.shard.clock != words.NEVER else int(time_us[0])
        jumps = np.diff(time_us, prepend=min(clock, int(time_us[0])))
        settings = self.shard.settings
        is_late = int(time_us[0]) < clock - settings.late_seconds * words.SECOND
        return is_late or int(jumps.max()) > settings.ahead_seconds * words.SECOND

    def totals(self, pocket: int) -> Totals:
        """Return a pocket's totals."""
        cell = self.shard.state.pockets[pocket]
        return Totals(int(cell["flow_in"]), int(cell["flow_out"]))

    def last(self, pocket: int) -> int:
        """Return the number of the last row of a pocket; -1 if there is none, or it is no longer followed."""
        cell, found = self.shard.state.pockets[pocket], -1
        for name, side in (("row_out", "payer"), ("row_in", "payee")):
            head = self.newest + 1
            number = head - ((head - int(cell[name])) & _LOW_32)
            if self._oldest <= number < head and self._at(number)[side] == pocket:
                found = max(found, number)
        return found

    def row(self, number: int) -> Row | None:
        """Return a row; None if it is not followed any more."""
        if not self._oldest <= number <= self.newest:
            return None
        one = self._at(number)
        names = ("time", "payer", "payee", "amount", "out_at", "into_at")
        return Row(number, *(int(one[name]) for name in names))

    def rows_after(self, pocket: int, coordinate: int, since: int) -> Iterator[Row]:
        """Yield the debits of a pocket after row `since` that reach past `coordinate` of what leaves it, oldest first."""
        chain = self._chain(pocket)
        at = bisect_right(chain, max(since, self._oldest - 1))
        at = bisect_right(chain, coordinate, lo=at, key=self._end_of)
        for number in chain[at:]:
            row = self.row(number)
            assert row is not None
            yield row

    def append(
        self, time_us: int, payer: int, payee: int, amount: int, held: int
    ) -> tuple[Row, int]:
        """Book a payment; return its row and what had to be assumed to have come in before it."""
        assumed = 0
        if self._standing[payer] == KNOWN:
            into, out = self.totals(payer)
            assumed = max(0, amount - (into - out - held))
            if held and assumed:  # the shard does not know that a part of the balance is held
                self.shard.assume(payer, assumed)
        self._book(Payments.of([time_us], [payer], [payee], [amount]))
        row = self.row(self.newest)
        assert row is not None
        return row, assumed

    def book_plain(
        self,
        time_us: I64,
        payer: Integers,
        payee: Integers,
        amount: I64,
        reverses: I64,
        start: int,
        stop: int,
    ) -> int:
        """Book payments [start, stop) until one must be looked at, or rows must be given up first; return its place."""
        flags, begin = self._flags, start
        plain = payer[begin:stop] != payee[begin:stop]  # a self transfer moves nothing
        looked_at = (flags[payer[begin:stop]] & DEBITS > 0) | (
            flags[payee[begin:stop]] & CREDITS > 0
        )
        looked_at = (looked_at | (reverses[begin:stop] >= 0)) & plain
        end = begin + int(looked_at.argmax()) if looked_at.any() else stop
        while start < end and self.due(int(time_us[start])) <= self._oldest:
            until = min(end, start + self._steps(time_us[start:end]))
            rows = np.flatnonzero(plain[start - begin : until - begin]) + start
            self._book(Payments.of(time_us[rows], payer[rows], payee[rows], amount[rows]))
            start = until
        return start

    def retire(self, before: int) -> None:
        """Give up the rows before number `before`."""
        self._oldest = max(self._oldest, min(before, self.newest + 1))
        self._chains.clear()
        self._chained = 0

    # -- inside

    def _steps(self, times: I64) -> int:
        """Return how many of these payments may be booked before rows may have to be given up; at least one."""
        head, first = self.newest + 1, self.shard.rows.start
        steps = self._room - (head - self._oldest)
        if head - first < words.BLOCK:  # not before the oldest block is full
            return max(1, min(steps, words.BLOCK - (head - first)))
        keeps = int(self.shard.state.terms[words.RETENTION])
        end = int(self._at(first + words.BLOCK - 1)["time"]) + keeps
        return max(1, min(steps, int(np.searchsorted(times, end))))

    def _book(self, payments: Payments) -> None:
        outcomes = self.shard.apply(payments)
        assert not outcomes.any(), f"a payment that was looked at: {Outcome(int(outcomes.max()))}"

    def _at(self, number: int) -> np.void:
        rows = self.shard.state.rows
        one: np.void = rows[number & (len(rows) - 1)]
        return one

    def _end_of(self, number: int) -> int:
        one = self._at(number)
        return int(one["out_at"] + one["amount"])

    def _chain(self, pocket: int) -> list[int]:
        """Return the numbers of a pocket's debits, oldest first: those since it was asked last are looked for backwards."""
        assert self._oldest >= self.shard.rows.start, (
            "the shard dropped rows that were not given up"
        )
        chain = self._chains.get(pocket, [])
        low = self._end_of(chain[-1]) if chain else 0
        if self.totals(pocket).out > low:
            moves = self.shard.expand(
                np.array([(pocket, low, limits.POCKET_MINOR_MAX)], SPAN)
            ).moves
            newer = moves["number"][::-1].tolist()
            if self._chained + len(newer) > _CHAINS_MAX:
                self._chains.clear()
                self._chained = 0
            chain = [*chain, *newer]
            self._chains[pocket] = chain
            self._chained += len(newer)
        return chain


__all__ = ["ShardRows"]
