"""The figures of a running centre: reads the journal as far as it is on disk and asks the room of figures. Adds no figure.

A thread reads on all the time, a little at once, so that a question finds nearly all of it read and only adds up. The book is
kept as a snapshot beside the registers (`keep_figures`): a start reads what was written since. Without one it reads the whole
journal, and a question that comes meanwhile waits for that. Only events that count are decoded.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from recoup.centre.part import Part, unheard
from recoup.centre.registry import EVENT_REGISTRY, EVENTS
from recoup.centre.snapshots import opened, sealed
from recoup.errors import StoreFault
from recoup.figures import READ, Asked, Book, Kind, Tally, sum_up
from recoup.journal.port import Journal

NAMES: Final = frozenset(name for name, _, kind, _ in EVENTS if kind in READ)
"""Names of the events that count."""

KEPT: Final = "figures-4"
"""The name of the snapshot. Another number when what is kept, or what counts, changes: older ones are then never read."""

_ROUND_RECORDS: Final = 256
"""Some milliseconds of work, so that a question or a command waits no longer."""
_BETWEEN_SECONDS: Final = 0.02
_TICK_SECONDS: Final = 1.0
_KEPT_RECORDS_MIN: Final = 1_000


class _Reading:
    """A book and how far it is, over one connection. Belongs to whoever holds its lock."""

    def __init__(self, journal: Journal, *, from_kept: bool = True) -> None:
        self.journal = journal
        self.book, self.read = (_restored(journal) if from_kept else None) or (Book(), 0)
        self.kept = self.read

    def on(self, records: int | None = None) -> bool:
        """Read on, so many records at most; return whether there may be more."""
        last = None if records is None else self.read + records
        before = self.read
        for record in self.journal.records(self.read + 1, last):
            if record.name in NAMES:
                event = EVENT_REGISTRY.decode(record.name, record.version, record.body)
                self.book.note(record.at, record.sequence, record.command, record.subject, event)
            self.read = record.sequence
        is_more = records is not None and self.read - before == records
        if not is_more:  # what is on disk ends with a whole entry
            self.book.finish()
        return is_more

    def whole(self) -> Book:
        """Read all that is on disk and return the book."""
        self.on()
        return self.book

    def keep(self, records_min: int) -> None:
        """Keep the book if so many records were read since it was kept last."""
        book = self.whole()
        last = next(iter(self.journal.records(self.read, self.read)), None) if self.read else None
        if last is not None and self.read - self.kept >= records_min:
            body = b"".join(msgspec.json.encode(row) + b"\n" for row in book.plain())
            self.journal.add_snapshot(sealed(KEPT, body, last))
            self.kept = self.read


def _restored(journal: Journal) -> tuple[Book, int] | None:
    """Return the book that was kept; None if nothing fits this journal."""
    found = opened(journal, KEPT)
    if found is None:
        return None
    try:
        return Book.of(map(msgspec.json.decode, found[0].splitlines())), found[1]
    except (LookupError, TypeError, ValueError):  # of another program: it is made anew
        return None


def keep_figures(journal: Journal) -> None:
    """Bring the kept book to the journal's last record."""
    _Reading(journal).keep(1)


def kept_figures(journal: Journal) -> tuple[int, bool] | None:
    """Return up to which record a book is kept, and whether it says what the whole journal says; None if none fits."""
    kept = _Reading(journal)
    if not kept.kept:
        return None
    at_once = _Reading(journal, from_kept=False)
    return kept.kept, [*kept.whole().plain()] == [*at_once.whole().plain()]


class Figuring(Part):
    """A book of the journal's facts; may be asked from any thread, also before it is started."""

    def __init__(
        self,
        open_journal: Callable[[], Journal],
        told: Callable[[str], None] = unheard,
        tick_seconds: float = _TICK_SECONDS,
    ) -> None:
        """Prepare; the journal is opened at the first look. `told` hears why nothing is read on between questions."""
        super().__init__("figuring", told)
        self._open, self._told, self._tick_seconds = open_journal, told, tick_seconds
        self._reading: _Reading | None = None
        self._asking = threading.Lock()

    def tally(self, asked: Asked) -> Tally:
        """Return the figures after all records that are on disk."""
        with self._asking:
            return sum_up(self._now().whole().facts, asked)

    def answer_seconds(self, bounds: Sequence[int]) -> tuple[list[int], int]:
        """Return how many orders were first answered within each bound and in all, and all the seconds together.

        As far as the journal was read: whoever looks again and again need not wait for the last second.
        """
        with self._asking:
            table = self._now().book.facts.tables.get(Kind.ANSWER)
            if table is None:
                return [0] * (len(bounds) + 1), 0
            seconds = table.column("amount")
            within = [int((seconds <= bound).sum()) for bound in bounds]
            return [*within, len(seconds)], int(seconds.sum())

    def close(self) -> None:
        """Keep the book, if that saves the next start more than a moment, and let go of the journal."""
        with self._asking:
            if self._reading is None:
                return
            journal = self._reading.journal
            last = journal.last()
            left = 0 if last is None else last.sequence - self._reading.read
            if left <= _KEPT_RECORDS_MIN:  # whoever stops a centre does not wait for a long journal
                try:
                    self._reading.keep(_KEPT_RECORDS_MIN)
                except StoreFault as fault:
                    self._told(f"expected to keep the figures: {fault}")
            journal.close()
            self._reading = None

    def _now(self) -> _Reading:
        if self._reading is None:
            self._reading = _Reading(self._open())
        return self._reading

    def _work(self) -> None:
        is_more = True
        while self._pause(_BETWEEN_SECONDS if is_more else self._tick_seconds):
            with self._asking:
                is_more = self._now().on(_ROUND_RECORDS)


__all__ = ["KEPT", "NAMES", "Figuring", "keep_figures", "kept_figures"]
