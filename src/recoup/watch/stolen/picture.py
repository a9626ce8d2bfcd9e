"""Where all stolen money is at one moment, and what one row or one hold does to it. It does not choose which rows, nor when.

The stream keeps two pictures: of now, and of the moment before the oldest row that is still retained. Both are moved by the
same functions, so placing a claim late gives what placing it at once would have given.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from recoup import limits
from recoup.watch.stolen.places import Lot, Piece, lay
from recoup.watch.stolen.purse import Purse
from recoup.watch.stolen.rows import Row, RowIndex
from recoup.watch.stolen.sums import KNOWN, TERMINAL, UNKNOWN, Fate, Sum


class Label(NamedTuple):
    """A claim: its case, its id, the row that it disputes (-1: not retained), whether it carries the victim's own money."""

    case: str
    claim: str
    root: int
    is_admitted: bool


class Entry(NamedTuple):
    """A hold that took (or, negative, gave back) `amount` after row `row`; `number` orders entries after one row."""

    row: int
    number: int
    pocket: int
    case: str
    amount: int
    into: int
    """What had come into the pocket by then."""
    out: int
    """What had left it."""
    since: int
    """Last row of the pocket by then."""


class Reversal(NamedTuple):
    """What a row takes back: of `original`, from the offset at which earlier reversals of it ended."""

    original: Row
    offset: int


@dataclass(slots=True)
class Facts:
    """All that pictures follow from, beside the rows: claims, holds, reversals. Kept as long as the rows that they name."""

    index: RowIndex
    standing: npt.NDArray[np.uint8]
    """By pocket; the last is the outside, so that -1 names it."""
    labels: dict[int, Label] = field(default_factory=dict)
    numbers: dict[tuple[str, str], int] = field(default_factory=dict)
    """Label by case and claim."""
    roots: dict[int, int] = field(default_factory=dict)
    """Label by disputed row."""
    reversals: dict[int, Reversal] = field(default_factory=dict)
    refunds: dict[int, list[int]] = field(default_factory=dict)
    """Rows that take something back of a row."""
    entries: dict[int, list[Entry]] = field(default_factory=dict)
    """By pocket, in order."""
    bent: dict[int, int] = field(default_factory=dict)
    """By known pocket how many retained rows of it take something back."""
    ends: dict[str, dict[int, None]] = field(default_factory=dict)
    """By case the pockets whose holders gave good-faith value: the case's money exits there [SEMANTICS 4]."""

    def add(self, number: int, label: Label) -> None:
        """Enter a claim."""
        self.labels[number] = label
        self.roots[label.root] = self.numbers[label.case, label.claim] = number

    def discard(self, number: int) -> Label:
        """Forget a claim."""
        label = self.labels.pop(number)
        del self.roots[label.root], self.numbers[label.case, label.claim]
        return label

    def case_of(self, label: int) -> str:
        """Return the case of a label."""
        return self.labels[label].case


class Told(NamedTuple):
    """What a row did to one claim's money: `label` of Facts, and how much of it."""

    label: int
    amount: int
    fate: Fate


@dataclass(slots=True)
class Picture:
    """Every pocket that is not plain, and every claim's sums, after one moment."""

    purses: dict[int, Purse] = field(default_factory=dict)
    sums: dict[int, Sum] = field(default_factory=dict)
    lots_count: int = 0
    reached: dict[int, dict[int, None]] = field(default_factory=dict)
    """By claim every pocket where its money ever lay."""

    def copy(self) -> Picture:
        """Return one that changes apart."""
        purses = {pocket: purse.copy() for pocket, purse in self.purses.items()}
        sums = {label: one.copy() for label, one in self.sums.items()}
        reached = {label: dict(some) for label, some in self.reached.items()}
        return Picture(purses, sums, self.lots_count, reached)

    def pass_row(self, facts: Facts, row: Row) -> list[Told]:
        """Carry out one row; return what it did, claim by claim."""
        reversal = facts.reversals.get(row.number)
        told: list[Told] = []
        pieces = self._take(facts, row, reversal)
        touched = dict.fromkeys(piece.label for piece in pieces)
        root = facts.roots.get(row.number)
        if root is not None:
            pieces = self._dispute(facts, row, root, pieces, told)
            touched[root] = None
        if reversal is not None and pieces:
            pieces = self._undo(facts, row, reversal, pieces, told)
        if pieces:
            self._deliver(facts, row, pieces, told)
        for label in touched:
            self.sums[label].check()
        return told

    def act(self, facts: Facts, entry: Entry) -> None:
        """Carry out one hold or release."""
        purse = self.purses.setdefault(entry.pocket, Purse())
        purse.open_at(entry.out)
        if entry.amount > 0:
            purse.hold(entry.case, entry.amount, entry.into, facts.case_of)
        else:
            purse.give_back(entry.case, -entry.amount, facts.case_of)
        self.tidy(entry.pocket)

    def begin(self, label: int, amount: int) -> Sum:
        """Open the sums of a claim, or widen them."""
        one = self.sums.setdefault(label, Sum())
        one.loss += amount
        return one

    def put(self, facts: Facts, pocket: int, lot: Lot) -> Fate:
        """Put a lot where it lies now; return what that means for it."""
        one, units = self.sums[lot.label], lot.high - lot.low
        if pocket in facts.ends.get(facts.case_of(lot.label), ()):
            one.lose(Fate.GOOD_FAITH, pocket, units)
            return Fate.EXITED
        if self.lots_count >= limits.STOLEN_LOTS_MAX:
            one.lose(Fate.CROWDED, pocket, units)
            return Fate.UNKNOWN
        lay(self.purses.setdefault(pocket, Purse()).lots, lot)
        self.lots_count += 1
        self.reached.setdefault(lot.label, {})[pocket] = None
        standing = int(facts.standing[pocket])
        one.standing[standing] += units
        return _ARRIVED[standing]

    def end_lots(self, facts: Facts, case: str, pocket: int) -> None:
        """Let the units of a case that lie in a pocket exit there."""
        purse = self.purses.get(pocket)
        if purse is None:
            return
        kept = [lot for lot in purse.lots if facts.case_of(lot.label) != case]
        for lot in purse.lots:
            if facts.case_of(lot.label) == case:
                one = self.sums[lot.label]
                one.standing[facts.standing[pocket]] -= lot.high - lot.low
                one.lose(Fate.GOOD_FAITH, pocket, lot.high - lot.low)
                one.check()
        self.lots_count += len(kept) - len(purse.lots)
        purse.lots = kept
        self.tidy(pocket)

    def drop_label(self, label: int) -> None:
        """Forget a claim: what was its, is nobody's."""
        self.sums.pop(label, None)
        for pocket in self.reached.pop(label, {}):
            purse = self.purses.get(pocket)
            if purse is None:
                continue
            kept = [lot for lot in purse.lots if lot.label != label]
            self.lots_count += len(kept) - len(purse.lots)
            purse.lots = kept
            self.tidy(pocket)

    def tidy(self, pocket: int) -> None:
        """Forget a pocket that became plain."""
        purse = self.purses[pocket]
        purse.close()
        if not purse.lots and purse.is_straight:
            del self.purses[pocket]

    def _take(self, facts: Facts, row: Row, reversal: Reversal | None) -> list[Piece]:
        """Take the row's units from its payer; return what of them is claims'."""
        is_known = facts.standing[row.payer] == KNOWN
        purse = self.purses.get(row.payer)
        if purse is None and is_known and reversal is not None:
            purse = self.purses[row.payer] = Purse()
        if purse is None or not (is_known or reversal is not None):
            return []
        purse.open_at(row.out)
        if reversal is None:
            spans = purse.debit(row.amount)
        elif is_known:
            low = reversal.original.into
            spans = purse.take_back(low, low + reversal.original.amount, row.amount)
        else:  # nobody saw what came there leave: it gives back what it has not given back yet
            low = reversal.original.into + reversal.offset
            spans = [(low, low + row.amount)]
        before = len(purse.lots)
        pieces = purse.lift(spans)
        self.lots_count += len(purse.lots) - before
        standing = int(facts.standing[row.payer])
        for piece in pieces:
            self.sums[piece.label].standing[standing] -= piece.size
        self.tidy(row.payer)
        return pieces

    def _dispute(
        self, facts: Facts, row: Row, root: int, pieces: list[Piece], told: list[Told]
    ) -> list[Piece]:
        """Let a claim begin with its row: others' money has reached its victim or, not admitted, stays theirs."""
        if facts.labels[root].is_admitted:
            for piece in pieces:
                self.sums[piece.label].lose(Fate.TO_VICTIM, row.payer, piece.size)
                told.append(Told(piece.label, piece.size, Fate.TO_VICTIM))
            pieces = []
        out: list[Piece] = []
        position = 0
        for piece in pieces:
            if piece.offset > position:
                out.append(Piece(position, piece.offset - position, root, 0))
            out.append(piece)
            position = piece.offset + piece.size
        if position < row.amount:
            out.append(Piece(position, row.amount - position, root, 0))
        self.begin(root, sum(piece.size for piece in out if piece.label == root))
        return out

    def _undo(
        self, facts: Facts, row: Row, reversal: Reversal, pieces: list[Piece], told: list[Told]
    ) -> list[Piece]:
        """Let what comes back by the reversal of a claim's own transfer leave as reversed; return the rest."""
        own = facts.roots.get(reversal.original.number)
        for piece in pieces:
            if piece.label == own:
                self.sums[own].lose(Fate.REVERSED, row.payer, piece.size)
                told.append(Told(own, piece.size, Fate.REVERSED))
        return [piece for piece in pieces if piece.label != own]

    def _deliver(self, facts: Facts, row: Row, pieces: list[Piece], told: list[Told]) -> None:
        """Put pieces where the row brings them; neighbours of one claim and depth become one lot."""
        joined: list[Piece] = []
        for piece in pieces:
            last = joined[-1] if joined else None
            if last is not None and _follows(last, piece):
                joined[-1] = last._replace(size=last.size + piece.size)
            else:
                joined.append(piece)
        for piece in joined:
            low = row.into + piece.offset
            lot = Lot(low, low + piece.size, piece.label, row.number, row.payer, piece.depth + 1)
            told.append(Told(piece.label, piece.size, self.put(facts, row.payee, lot)))


_ARRIVED = {KNOWN: Fate.MOVED, TERMINAL: Fate.EXITED, UNKNOWN: Fate.UNKNOWN}


def _follows(last: Piece, piece: Piece) -> bool:
    """Whether a piece goes on where another ends, for the same claim, from as far."""
    same = last.label == piece.label and last.depth == piece.depth
    return same and last.offset + last.size == piece.offset
