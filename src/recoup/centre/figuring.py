"""The figures of a running centre: reads the journal as far as it is on disk and asks the room of figures. Adds no figure.

The first question reads the journal from its first record, later ones go on from there; only events that count are decoded. The
facts are a projection: they are kept in memory, in no snapshot, and are made anew at the next start.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

from recoup.centre.registry import EVENT_REGISTRY, EVENTS
from recoup.figures import READ, Asked, Book, Tally, sum_up
from recoup.journal.port import Journal

NAMES: Final = frozenset(name for name, _, kind, _ in EVENTS if kind in READ)
"""Names of the events that count."""


class Figuring:
    """A book of the journal's facts; may be asked from any thread."""

    def __init__(self, open_journal: Callable[[], Journal]) -> None:
        self._open = open_journal
        self._journal: Journal | None = None
        self._book, self._read = Book(), 0
        self._asking = threading.Lock()

    def tally(self, asked: Asked) -> Tally:
        """Return the figures after all records that are on disk."""
        with self._asking:
            self._catch_up()
            return sum_up(self._book.facts, asked)

    def close(self) -> None:
        """Let go of the journal."""
        with self._asking:
            if self._journal is not None:
                self._journal.close()
                self._journal = None

    def _catch_up(self) -> None:
        if self._journal is None:
            self._journal = self._open()
        for record in self._journal.records(self._read + 1):
            if record.name in NAMES:
                event = EVENT_REGISTRY.decode(record.name, record.version, record.body)
                self._book.note(record.at, record.sequence, record.command, record.subject, event)
            self._read = record.sequence
        self._book.finish()


__all__ = ["NAMES", "Figuring"]
