"""Following stolen money through rows that are booked already: one claim by itself, or all that meet, in total order.

A claim that meets no other claim, no hold and no reversal is followed alone, in any order: units keep their places. Where it
meets one, who came first matters (a hold takes located units first, so a claim that becomes known later changes what earlier
debits took); then everything since the oldest retained row is carried out again, in total order, on a copy.
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush

from recoup import limits
from recoup.errors import LimitFault
from recoup.watch.stolen.picture import Entry, Facts, Picture
from recoup.watch.stolen.places import Lot, within
from recoup.watch.stolen.rows import Row
from recoup.watch.stolen.sums import KNOWN


def follow_alone(
    facts: Facts, base: Picture, now: Picture, label: int, row: Row
) -> list[tuple[int, Lot]] | None:
    """Return where the whole of `row` lies now, by pocket; None if on its way it meets what makes the order matter."""
    if not facts.labels[label].is_admitted or row.number in facts.refunds:
        return None
    todo = [(row.payee, Lot(row.into, row.into + row.amount, label, row.number, row.payer, 1))]
    lies: list[tuple[int, Lot]] = []
    steps = 0
    while todo:
        pocket, lot = todo.pop()
        if _is_bent(facts, base, pocket):
            return None
        position = lot.low
        debits = (
            facts.index.rows_after(pocket, lot.low, lot.row)
            if facts.standing[pocket] == KNOWN
            else ()
        )
        for debit in debits:
            if debit.out >= lot.high:
                break
            steps += 1
            if steps > limits.STOLEN_STEPS_MAX:
                raise LimitFault("STOLEN_STEPS_MAX", limits.STOLEN_STEPS_MAX, steps)
            if debit.number in facts.roots or debit.number in facts.refunds:
                return None
            low, high = max(lot.low, debit.out), min(lot.high, debit.out + debit.amount)
            assert low == position, "a debit of a retained row is missing"
            position = high
            shift = debit.into - debit.out
            moved = Lot(low + shift, high + shift, label, debit.number, pocket, lot.depth + 1)
            todo.append((debit.payee, moved))
        if position < lot.high:
            lies.append((pocket, lot._replace(low=position)))
    for pocket, lot in lies:
        purse = now.purses.get(pocket)
        if purse is not None and within(purse.lots, lot.low, lot.high):
            return None
    return lies


def _is_bent(facts: Facts, base: Picture, pocket: int) -> bool:
    """Whether units may have left a pocket out of their order, or been given back by it, since the oldest retained row."""
    purse = base.purses.get(pocket)
    if pocket in facts.bent or pocket in facts.entries:
        return True
    return any(pocket in some for some in facts.ends.values()) or (
        purse is not None and not purse.is_straight
    )


class Walk:
    """A picture that is carried on through retained rows, holds and releases, in total order."""

    def __init__(self, facts: Facts, picture: Picture, *, steps_max: int) -> None:
        self._facts, self._picture = facts, picture
        self._steps_left = self._steps_max = steps_max
        self._heap: list[tuple[int, int, Entry | None]] = []
        self._due: dict[int, int] = {}

    def run(self, after: int, until: int) -> None:
        """Carry the picture from after row `after` to after row `until`, with the entries behind each."""
        facts, picture = self._facts, self._picture
        rows = dict.fromkeys(n for n in (*facts.roots, *facts.reversals) if n > after)
        entries = [one for some in facts.entries.values() for one in some]
        self._heap = [(number, 0, None) for number in rows]
        self._heap += [(one.row, one.number, one) for one in entries]
        heapify(self._heap)
        for pocket in picture.purses:
            self._schedule(pocket, after, -1)
        last = after
        while self._heap and self._heap[0][0] <= until:
            number, _, entry = heappop(self._heap)
            if entry is not None:
                picture.act(facts, entry)
                self._schedule(entry.pocket, entry.row, entry.since)
            elif number > last:
                last = number
                self._pass(number)

    def _pass(self, number: int) -> None:
        """Carry out one row."""
        self._steps_left -= 1
        if self._steps_left < 0:
            raise LimitFault("STOLEN_STEPS_MAX", self._steps_max, self._steps_max + 1)
        row = self._facts.index.row(number)
        assert row is not None, "a row was given up too early"
        self._picture.pass_row(self._facts, row)
        self._schedule(row.payer, number, number)
        self._schedule(row.payee, number, number)

    def _schedule(self, pocket: int, after: int, since: int) -> None:
        """See to the next debit of a pocket that is not plain; `since` is a row of it to look from."""
        if self._facts.standing[pocket] != KNOWN or pocket not in self._picture.purses:
            return
        if self._due.get(pocket, -1) > after:
            return
        for row in self._facts.index.rows_after(pocket, 0, since):
            if row.number > after:
                self._due[pocket] = row.number
                heappush(self._heap, (row.number, 0, None))
                break
