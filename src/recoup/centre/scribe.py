"""Decides commands one at a time and makes many durable together, synchronously: the writer's thread or a simulation drives it.

It owns the state and a journal. A round takes some commands, lets `decide` and `evolve` work in memory, appends everything in
one transaction and only then tells the outcomes. Whatever is raised from a round leaves the state ahead of the disk: the
scribe is then of no more use, and a new one recovers from the journal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Generic

from recoup import limits
from recoup.centre.commands import (
    Command,
    Decide,
    Decision,
    Declined,
    Done,
    Evolve,
    Outcome,
    Restore,
    State,
    Turned,
    WriterRefusal,
)
from recoup.centre.tail import Tail
from recoup.clock import Clock, microseconds_of
from recoup.errors import StoreBusy, StoreFault
from recoup.ids import SubjectId
from recoup.journal.events import Registry
from recoup.journal.port import Answer, Appended, Batch, Deadline, Journal, Message, digest_of
from recoup.journal.record import Record, seal
from recoup.journal.verify import wrong_seal


@dataclass(slots=True)
class _Round:
    """What one sync will make durable."""

    last: Record | None
    expected_last: int
    records: list[Record] = field(default_factory=list)
    answers: dict[str, Answer] = field(default_factory=dict)
    messages: list[Message] = field(default_factory=list)
    deadlines: dict[str, Deadline] = field(default_factory=dict)
    ended: list[str] = field(default_factory=list)
    settled: list[str] = field(default_factory=list)
    events: list[object] = field(default_factory=list)
    """Beside `records`."""

    def batch(self) -> Batch:
        return Batch(
            self.expected_last,
            tuple(self.records),
            tuple(self.answers.values()),
            tuple(self.messages),
            tuple(self.deadlines.values()),
            tuple(self.ended),
            tuple(self.settled),
        )

    def take(self, decision: Decision) -> None:
        """Add what a decision sets and ends; the later word on a deadline stands."""
        self.messages += decision.messages
        self.settled += decision.settled
        for ended in decision.ended:
            self.deadlines.pop(ended, None)
            self.ended.append(ended)
        self.deadlines |= {x.id: x for x in decision.deadlines}


class Scribe(Generic[State]):
    """Writes one journal; see the module."""

    def __init__(
        self,
        journal: Journal,
        registry: Registry,
        clock: Clock,
        *,
        state: State,
        decide: Decide[State],
        evolve: Evolve[State],
        restore: Restore[State] | None = None,
        tail: Tail | None = None,
    ) -> None:
        """Lead the journal, check every record's seal and fold it: `state` is that of an empty journal.

        What a round has made durable is put into `tail`, for views that follow.
        """
        self._tail = tail
        self._journal, self._registry, self._clock = journal, registry, clock
        self._decide, self._evolve = decide, evolve
        self._epoch = journal.lead()
        kept = None if restore is None else restore(journal)
        state, folded = kept or (state, 0)
        self.state, self._last = replay(journal, registry, state, evolve, folded=folded)

    @property
    def last(self) -> Record | None:
        """The last record that is on disk and folded."""
        return self._last

    @property
    def epoch(self) -> int:
        """The epoch in which it leads."""
        return self._epoch

    @property
    def count(self) -> int:
        """How many records there are."""
        return 0 if self._last is None else self._last.sequence

    def write(self, commands: Sequence[Command]) -> list[Outcome]:
        """Decide all of `commands`, make it durable, and return their outcomes in order."""
        done = _Round(self._last, self.count)
        known = self._journal.answers_of(sorted({command.id for command in commands}))
        outcomes = [self._one_command(known, done, command) for command in commands]
        if done.answers:
            self._append(done.batch())
        self._last = done.last
        if self._tail is not None:
            self._tail.put(list(zip(done.records, done.events, strict=True)))
        return outcomes

    def _one_command(self, known: dict[str, Answer], done: _Round, command: Command) -> Outcome:
        digest = digest_of(command.content)
        kept = done.answers.get(command.id) or known.get(command.id)
        if kept is not None:
            if kept.digest != digest:
                return turned(WriterRefusal.CONTENT_DIFFERS, f"id {command.id}: content")
            return Done(kept.body, is_repeat=True)
        now = self._clock.now()
        if done.last is not None and microseconds_of(now) < done.last.at_us:
            now = done.last.at  # a clock set back does not turn the journal's time
        decision = self._decide(self.state, command, now)
        if isinstance(decision, Declined):
            return Turned(decision.reason, decision.what, is_transient=False)
        for noted in decision.events:
            name, version = self._registry.name_of(noted.event)
            done.last = seal(
                done.last,
                at=now,
                command=command.id,
                subject=noted.subject,
                name=name,
                version=version,
                body=self._registry.encode(noted.event),
            )
            done.records.append(done.last)
            done.events.append(noted.event)
            self.state = self._evolve(self.state, noted.subject, noted.event)
        done.take(decision)
        done.answers[command.id] = Answer(command.id, digest, decision.answer)
        return Done(decision.answer, is_repeat=False)

    def _append(self, batch: Batch) -> None:
        """Append; a busy store is asked again, since nothing was done then. Anything but success is raised."""
        for _ in range(limits.BUSY_TRIES_MAX):
            try:
                result = self._journal.append(batch, self._epoch)
            except StoreBusy:
                continue
            if isinstance(result, Appended):
                return
            raise StoreFault(f"expected to append, was {result}: another writer leads")
        raise StoreFault("expected to append, was busy each time")


def replay(
    journal: Journal,
    registry: Registry,
    state: State,
    evolve: Evolve[State],
    last: Record | None = None,
    *,
    folded: int = 0,
) -> tuple[State, Record | None]:
    """Check all records after `last` and fold those after number `folded`; return the state at the end and the last record."""
    for record in journal.records(1 if last is None else last.sequence + 1):
        wrong = wrong_seal(last, record)
        if wrong:
            raise StoreFault(f"record {wrong.sequence}: {wrong.kind}: {wrong.what}")
        if record.sequence > folded:
            event = registry.decode(record.name, record.version, record.body)
            state = evolve(state, SubjectId(record.subject), event)
        last = record
    return state, last


def turned(reason: WriterRefusal, what: str = "") -> Turned:
    """Return the outcome of a command that the writer did not take to its rooms."""
    return Turned(reason.value, what, reason.is_transient)


__all__ = ["Scribe", "replay", "turned"]
