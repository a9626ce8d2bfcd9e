"""What the centre knows, as far as it is on disk: for whoever only looks. The writer's own state is ahead of the disk."""

from __future__ import annotations

from typing import Final, get_args

from recoup.cases import events as case_events
from recoup.centre.evolve import evolve
from recoup.centre.registry import EVENT_REGISTRY
from recoup.centre.scribe import replay
from recoup.centre.snapshots import restore, snapshot_of
from recoup.centre.state import CentreState
from recoup.centre.tail import Tail
from recoup.centre.written import LetterSent
from recoup.ids import SubjectId
from recoup.journal.port import Journal
from recoup.journal.record import Record
from recoup.orders import events as order_events
from recoup.procedure import events as return_events

_OF_CASES: Final = frozenset(get_args(case_events.Event))
OF_WORK: Final = _OF_CASES | {
    *get_args(order_events.Event),
    *get_args(return_events.Event),
    LetterSent,
}
"""Events that change what waits for persons in the case that they are about."""


class View:
    """The centre's registers as far as the journal went at the last `catch_up`. Belongs to one thread at a time."""

    def __init__(
        self,
        journal: Journal,
        *,
        from_snapshot: bool = True,
        folded: tuple[CentreState, Record | None] | None = None,
        tail: Tail | None = None,
    ) -> None:
        """Check everything that there is, and fold what no snapshot has folded.

        With `folded`, registers of its own and the last record in them, go on from there: somebody has checked all up to it.
        With `tail`, of the writer of the same journal in this process, what is there is not read and checked once more.
        """
        self._journal, self._tail = journal, tail
        self._last: Record | None
        if folded is not None:
            self.state, self._last = folded
            return
        kept = restore(journal) if from_snapshot else None
        state, count = kept or (CentreState(), 0)
        self.state, self._last = replay(journal, EVENT_REGISTRY, state, evolve, folded=count)

    @property
    def sequence(self) -> int:
        """The last record that was folded; 0 before the first."""
        return 0 if self._last is None else self._last.sequence

    def catch_up(
        self, changed: dict[str, None] | None = None, by: frozenset[type] = _OF_CASES
    ) -> int:
        """Fold what was written since; return how many records that were.

        The cases that events of these kinds changed are added to `changed`.
        """
        before = self.sequence

        def noting(state: CentreState, subject: SubjectId, event: object) -> CentreState:
            if changed is not None and type(event) in by:
                changed[subject] = None
            return evolve(state, subject, event)

        fresh = self._tail.after(self._last) if self._tail is not None else []
        for record, event in fresh:
            self.state, self._last = noting(self.state, SubjectId(record.subject), event), record
        if not fresh:
            self.state, self._last = replay(
                self._journal, EVENT_REGISTRY, self.state, noting, self._last
            )
        return self.sequence - before

    def close(self) -> None:
        """Let go of the journal."""
        self._journal.close()

    def keep(self, journal: Journal) -> bool:
        """Keep a snapshot of what was folded, through a connection that may write; False for an empty journal."""
        if self._last is not None:
            journal.add_snapshot(snapshot_of(self.state, self._last))
        return self._last is not None


__all__ = ["View"]
