"""The port `Journal`: what the centre asks of a store, and the values that pass. One contract suite tests all stores.

1. `append` is one transaction: all of a batch or nothing of it, on disk before it returns.
2. A command id is answered once. The same id with the same content gives the first answer; with other content it is refused.
3. A writer whose epoch is not the newest is refused, in the append's own transaction: there are never two leaders.
4. `CommitUnknown` means that it may have happened: open the store anew and ask `answer_of`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Protocol

from recoup.journal.record import Record


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command was told, kept as long as the record."""

    command: str
    digest: bytes
    """SHA-256 of the command's content: tells a repeat from another command under the same id."""
    body: bytes


def digest_of(content: bytes) -> bytes:
    """Return the digest of a command's content."""
    return sha256(b"recoup/journal/command/1\n" + content).digest()


@dataclass(frozen=True, slots=True)
class Message:
    """Something that must be sent: written with the records that decided it, sent afterwards as often as it takes."""

    id: str
    destination: str
    kind: str
    body: bytes


@dataclass(frozen=True, slots=True)
class PendingMessage:
    """A message not known to be sent, with the epoch of the writer that decided it."""

    message: Message
    epoch: int
    sequence: int
    """The last record of its batch: messages are sent in this order."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """A time at which a command is due."""

    id: str
    due_at: datetime
    kind: str
    subject: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A projection as it was after a record: only saves time, can be dropped."""

    name: str
    sequence: int
    body: bytes


@dataclass(frozen=True, slots=True)
class StoredCheckpoint:
    """A checkpoint as the store keeps it: the note's bytes, signatures and all."""

    size: int
    note: bytes


@dataclass(frozen=True, slots=True)
class Batch:
    """What one sync makes durable."""

    expected_last: int
    """Sequence of the last record that the writer knows of."""
    records: tuple[Record, ...] = ()
    answers: tuple[Answer, ...] = ()
    messages: tuple[Message, ...] = ()
    deadlines: tuple[Deadline, ...] = ()
    ended: tuple[str, ...] = ()
    """Ids of deadlines that no longer stand; one that is not there is no fault. Taken away before `deadlines` are set."""
    settled: tuple[str, ...] = ()
    """Ids of messages that got through: no longer pending. One that is not there is no fault."""


class AppendRefusal(StrEnum):
    """Why a batch was not appended; nothing of it was."""

    EPOCH_NOT_NEWEST = "epoch_not_newest"
    """Another writer leads now: this one must stop."""
    LAST_DIFFERS = "last_differs"
    """The journal's last record is another one than the writer knows of."""
    CONTENT_DIFFERS = "content_differs"
    """A command id was used before, with other content."""


@dataclass(frozen=True, slots=True)
class Appended:
    """The batch is on disk."""

    last: int


@dataclass(frozen=True, slots=True)
class Repeated:
    """Nothing was appended: these commands of the batch were answered before, with the same content."""

    answers: tuple[Answer, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing was appended."""

    reason: AppendRefusal
    what: str


class Journal(Protocol):
    """A store of one journal. An instance belongs to one thread at a time; open one for each thread."""

    def lead(self) -> int:
        """Become the writer: return a new epoch, which shuts out every writer before."""
        ...

    def append(self, batch: Batch, epoch: int) -> Appended | Repeated | Refused:
        """Make a batch durable."""
        ...

    def last(self) -> Record | None:
        """Return the last record."""
        ...

    def records(self, first: int = 1, last: int | None = None) -> Iterator[Record]:
        """Yield the records from `first` to `last`, both included (None: to the end), in order."""
        ...

    def answers_of(self, commands: Sequence[str]) -> dict[str, Answer]:
        """Return what those of `commands` were told that were answered, in one question."""
        ...

    def answer_of(self, command: str) -> Answer | None:
        """Return what a command was told; None if it was never answered, and so had no effect."""
        ...

    def pending(
        self, limit: int, after: str = "", destination: str = ""
    ) -> Sequence[PendingMessage]:
        """Return messages not known to be sent, in the order in which they were decided.

        Those after message `after` only; those to one `destination` only, unless it is ''.
        """
        ...

    def sent(self, message: str) -> bool:
        """Note that a message was sent; return False if it was noted already, or is not known."""
        ...

    def due(self, now: datetime, limit: int) -> Sequence[Deadline]:
        """Return deadlines due at `now` or before, the earliest first, ties by id."""
        ...

    def add_checkpoint(self, checkpoint: StoredCheckpoint) -> None:
        """Keep a checkpoint; a second one of the same size replaces the first (it has more cosignatures)."""
        ...

    def checkpoints(self) -> Sequence[StoredCheckpoint]:
        """Return all checkpoints by size."""
        ...

    def add_snapshot(self, snapshot: Snapshot) -> None:
        """Keep a snapshot and drop those of the same name before it."""
        ...

    def snapshot(self, name: str) -> Snapshot | None:
        """Return the newest snapshot of that name."""
        ...

    def close(self) -> None:
        """Let go of the store. Nothing is lost without it."""
        ...


def check_batch(batch: Batch, last: Record | None) -> None:
    """Assert what a batch must be: whatever breaks this is our own mistake."""
    assert batch.records or batch.answers or batch.ended or batch.deadlines, "an empty batch"
    commands = [answer.command for answer in batch.answers]
    assert len(commands) == len(set(commands)), "a command is answered twice in one batch"
    for record in batch.records:
        before = 0 if last is None else last.sequence
        assert record.sequence == before + 1, "records of a batch follow one another"
        assert last is None or record.previous == last.hash, "a record follows another one"
        last = record


__all__ = [
    "Answer",
    "AppendRefusal",
    "Appended",
    "Batch",
    "Deadline",
    "Journal",
    "Message",
    "PendingMessage",
    "Refused",
    "Repeated",
    "Snapshot",
    "StoredCheckpoint",
    "check_batch",
    "digest_of",
]
