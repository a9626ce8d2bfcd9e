"""What passes between the writer and the rest: commands in, decisions of the pure rooms, outcomes out. No rule of any room."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol, TypeVar

from recoup.frozen import quickly_made
from recoup.ids import CommandId, SubjectId
from recoup.journal.port import Deadline, Journal, Message
from recoup.journal.record import Record

State = TypeVar("State")


@dataclass(frozen=True, slots=True)
class Command:
    """Something that somebody wants done. `content` is its canonical bytes: a repeat has the same."""

    id: CommandId
    content: bytes
    value: Any
    """What `decide` reads: a command of one of the rooms."""


@dataclass(frozen=True, slots=True)
class Noted:
    """An event and what it is about."""

    subject: SubjectId
    event: object


@quickly_made
@dataclass(frozen=True, slots=True)
class Decision:
    """What a command leads to; all of it becomes durable together."""

    answer: bytes
    events: tuple[Noted, ...] = ()
    messages: tuple[Message, ...] = ()
    deadlines: tuple[Deadline, ...] = ()
    ended: tuple[str, ...] = ()
    """Deadlines that no longer stand."""
    settled: tuple[str, ...] = ()
    """Messages that got through."""


@dataclass(frozen=True, slots=True)
class Declined:
    """A room's refusal. Nothing is written and the id stays free: the same command may be decided otherwise later."""

    reason: str
    what: str = ""


Decide = Callable[[State, Command, datetime], "Decision | Declined"]
Evolve = Callable[[State, SubjectId, object], State]
"""Takes the state, what the event is about, and the event."""
Restore = Callable[[Journal], "tuple[State, int] | None"]
"""Gives the state as it was after a record, and that record's number; None: there is none, everything is folded."""


Passed = Callable[[State, "Record | None"], None]
"""Is shown the state and the last record folded into it; to be read at once, not kept."""


class WriterRefusal(StrEnum):
    """Why the writer did not take a command to its rooms."""

    CONTENT_DIFFERS = "content_differs"
    """The id was used before, with other content."""
    QUEUE_FULL = "queue_full"
    """Too many commands wait; come again."""
    DRAINING = "draining"
    """The process ends; come again, to its successor."""
    STOPPED = "stopped"
    """The store failed or another writer leads; nothing of this command was written."""

    @property
    def is_transient(self) -> bool:
        """Whether the same command may succeed later."""
        return self is not WriterRefusal.CONTENT_DIFFERS


@dataclass(frozen=True, slots=True)
class Done:
    """The command took effect, once, and is on disk."""

    answer: bytes
    is_repeat: bool
    """The answer was given before; nothing was done now."""


@dataclass(frozen=True, slots=True)
class Turned:
    """The command had no effect."""

    reason: str
    what: str
    is_transient: bool


@dataclass(frozen=True, slots=True)
class Unknown:
    """The store was lost while committing: ask again with the same id when the writer is back."""


Outcome = Done | Turned | Unknown


class Halted(Protocol):
    """Hears why the writer stopped for good."""

    def __call__(self, why: BaseException) -> None:
        """Take note: tell a person, end the process."""
        ...


__all__ = [
    "Command",
    "Decide",
    "Decision",
    "Declined",
    "Done",
    "Evolve",
    "Halted",
    "Noted",
    "Outcome",
    "Passed",
    "Restore",
    "State",
    "Turned",
    "Unknown",
    "WriterRefusal",
]
