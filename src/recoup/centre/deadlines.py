"""Fires what is due as commands, through the writer like any other. Knows nothing of what is due: a row carries its command.

1. A deadline's command has an id that follows from the row and its time: fired twice, it has one effect. The row goes in the
   transaction of that effect.
2. What fell due while the process was down is found at the first look after its start.
3. The clock may step. Too early, the room refuses (`term_runs`) and the row stays; the time that counts is the journal's, which
   never goes back. After a step back a row waits for the clock, and is due again when it comes.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future

from recoup import limits
from recoup.centre.commands import Command, Done, Outcome, Turned
from recoup.centre.part import Part
from recoup.centre.registry import COMMAND_REGISTRY
from recoup.centre.requests import command_of, decode_request, derived_id
from recoup.clock import Clock, instant_text
from recoup.journal.port import Deadline, Journal


class DueRows:
    """Turns due rows into commands and remembers which time each was tried; driven by `Deadlines` or by a simulation."""

    def __init__(self) -> None:
        self._repeats: dict[str, int] = {}

    def commands(self, due: list[Deadline]) -> list[Command]:
        """Return one command for each row."""
        return [self._command(row) for row in due]

    def heard(self, row: Deadline, outcome: Outcome) -> None:
        """Take note of an outcome: a row that stands again at the very time at which it was fired before gets a new id."""
        key = _base(row)
        if isinstance(outcome, Done) and outcome.is_repeat:
            self._repeats[key] = self._repeats.get(key, 0) + 1
        elif not isinstance(outcome, Turned):
            self._repeats.pop(key, None)

    def _command(self, row: Deadline) -> Command:
        base = _base(row)
        command_id = derived_id("due", base, str(self._repeats.get(base, 0)))
        return command_of(COMMAND_REGISTRY, command_id, decode_request(COMMAND_REGISTRY, row.body))


def _base(row: Deadline) -> str:
    return f"{row.id} {instant_text(row.due_at)}"


class Deadlines(Part):
    """Looks for what is due, with a connection of its own; begins with what fell due while nobody looked."""

    def __init__(
        self,
        open_journal: Callable[[], Journal],
        submit: Callable[[Command], Future[Outcome]],
        clock: Clock,
        tick_seconds: float = 0.5,
    ) -> None:
        super().__init__("deadlines")
        assert 0 < tick_seconds <= limits.DEADLINE_TICK_SECONDS_MAX, "looks too seldom"
        self._open, self._submit, self._clock = open_journal, submit, clock
        self._tick_seconds = tick_seconds

    def _work(self) -> None:
        journal, rows = self._open(), DueRows()
        while not self._is_stopping.is_set():
            if self._look(journal, rows) < limits.DEADLINES_ROUND_MAX:
                self._pause(self._tick_seconds)
        journal.close()

    def _look(self, journal: Journal, rows: DueRows) -> int:
        """Fire what is due now; return how many had an effect, so that a full round is followed by another at once."""
        due = list(journal.due(self._clock.now(), limits.DEADLINES_ROUND_MAX))
        futures = [self._submit(command) for command in rows.commands(due)]
        outcomes = [future.result() for future in futures]
        for row, outcome in zip(due, outcomes, strict=True):
            rows.heard(row, outcome)
        return sum(isinstance(outcome, Done) for outcome in outcomes)


__all__ = ["Deadlines", "DueRows"]
