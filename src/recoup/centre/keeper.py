"""Makes a new snapshot now and then, beside a centre that works: in a process of its own that gives way. It decides nothing.

The process goes on from the snapshot before and folds what was written since; whoever starts checks every record's seal all the
same. One that fails is told of and tried again after as many records more: without a snapshot a start only takes longer.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path
from typing import Final

from recoup import limits
from recoup.centre.child import end_with_parent
from recoup.centre.evolve import evolve
from recoup.centre.figuring import keep_figures
from recoup.centre.part import Part
from recoup.centre.registry import EVENT_REGISTRY
from recoup.centre.scribe import replay
from recoup.centre.snapshots import NAME, restore, snapshot_of
from recoup.centre.state import CentreState
from recoup.stores.sqlite import SqliteJournal

_TICK_SECONDS: Final = 5.0
_NICENESS: Final = 19


def keep_snapshot(path: Path) -> int:
    """Bring the snapshots of a journal's file, of registers and of figures, to its last record; return which one that is."""
    journal = SqliteJournal.open(path)
    state, folded = restore(journal) or (CentreState(), 0)
    last = next(iter(journal.records(folded, folded)), None) if folded else None
    state, last = replay(journal, EVENT_REGISTRY, state, evolve, last)
    if last is not None and last.sequence > folded:
        journal.add_snapshot(snapshot_of(state, last))
    keep_figures(journal)
    journal.close()
    return 0 if last is None else last.sequence


def _keep(path: Path) -> None:
    """Do it, in the process."""
    end_with_parent()
    if hasattr(os, "nice"):
        os.nice(_NICENESS)
    keep_snapshot(path)


class Keeper(Part):
    """Looks how much was written since the last snapshot. Stopped, it breaks off what is being made: nothing is lost by it."""

    def __init__(
        self,
        path: Path,
        told: Callable[[str], None],
        records_max: int = limits.SNAPSHOT_RECORDS_MAX,
        tick_seconds: float = _TICK_SECONDS,
    ) -> None:
        """Prepare; `told` hears that a snapshot could not be made."""
        super().__init__("keeper")
        self._path, self._told = path, told
        self._records_max, self._tick_seconds = records_max, tick_seconds

    def _work(self) -> None:
        journal = SqliteJournal.open(self._path)
        found = journal.snapshot(NAME)
        kept = 0 if found is None else found.sequence
        del found
        while self._pause(self._tick_seconds):
            last = journal.last()
            if last is not None and last.sequence >= kept + self._records_max:
                kept = last.sequence
                self._make()
        journal.close()

    def _make(self) -> None:
        process = get_context("spawn").Process(target=_keep, args=(self._path,), daemon=True)
        process.start()
        while process.is_alive() and not self._is_stopping.is_set():
            process.join(0.1)
        if process.is_alive():
            process.kill()
        process.join()
        if process.exitcode and not self._is_stopping.is_set():
            self._told(f"expected a snapshot, its process ended with {process.exitcode}")


__all__ = ["Keeper", "keep_snapshot"]
