"""The journal and the vault in memory: the public fakes that pass the same suites as the real stores."""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import islice

from recoup import limits
from recoup.errors import LimitFault
from recoup.journal.port import (
    Answer,
    Appended,
    AppendRefusal,
    Batch,
    Deadline,
    PendingMessage,
    Refused,
    Repeated,
    Snapshot,
    StoredCheckpoint,
    check_batch,
)
from recoup.journal.record import Record
from recoup.stores.vault import Sealed, Waiting


@dataclass(slots=True)
class MemoryDisk:
    """What outlives one opening of a `MemoryJournal`, as a file outlives a process."""

    epoch: int = 0
    records: list[Record] = field(default_factory=list)
    answers: dict[str, Answer] = field(default_factory=dict)
    messages: dict[str, PendingMessage] = field(default_factory=dict)
    sent: set[str] = field(default_factory=set)
    deadlines: dict[str, Deadline] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    """Of messages, in the order of their coming."""
    unsent: dict[str, None] = field(default_factory=dict)
    """Messages not known to be sent, in that order. Follows from `messages` and `sent`."""
    due: list[tuple[datetime, str]] = field(default_factory=list)
    """Deadlines by time and id, sorted; what no longer stands, or at another time, is passed over and dropped as it comes."""
    checkpoints: dict[int, StoredCheckpoint] = field(default_factory=dict)
    snapshots: dict[str, Snapshot] = field(default_factory=dict)


class MemoryJournal:
    """A journal on a `MemoryDisk`."""

    def __init__(self, disk: MemoryDisk | None = None) -> None:
        self._disk = MemoryDisk() if disk is None else disk

    def lead(self) -> int:
        """Return a new epoch."""
        self._disk.epoch += 1
        return self._disk.epoch

    def append(self, batch: Batch, epoch: int) -> Appended | Repeated | Refused:
        """Keep a batch."""
        disk = self._disk
        if epoch != disk.epoch:
            what = f"expected epoch {disk.epoch}, was {epoch}"
            return Refused(AppendRefusal.EPOCH_NOT_NEWEST, what)
        known = self.answers_of([x.command for x in batch.answers])
        repeated = refusal_of_repeats(batch, known)
        if repeated is not None:
            return repeated
        if batch.expected_last != len(disk.records):
            what = f"expected record {batch.expected_last} last, was {len(disk.records)}"
            return Refused(AppendRefusal.LAST_DIFFERS, what)
        check_batch(batch, self.last())
        for message in batch.messages:
            assert message.id not in disk.messages, "a message id is used twice"
        disk.records += batch.records
        disk.answers |= {x.command: x for x in batch.answers}
        last = len(disk.records)
        for message in batch.messages:
            disk.messages[message.id] = PendingMessage(message, epoch, last)
            disk.numbers[message.id] = len(disk.numbers)
            disk.unsent[message.id] = None
        for settled in batch.settled:
            self.sent(settled)
        for ended in batch.ended:
            disk.deadlines.pop(ended, None)
        for deadline in batch.deadlines:
            disk.deadlines[deadline.id] = deadline
            insort(disk.due, (deadline.due_at, deadline.id))
        return Appended(last)

    def last(self) -> Record | None:
        """Return the last record."""
        return self._disk.records[-1] if self._disk.records else None

    def records(self, first: int = 1, last: int | None = None) -> Iterator[Record]:
        """Yield records in order."""
        yield from self._disk.records[max(0, first - 1) : last]

    def answers_of(self, commands: Sequence[str]) -> dict[str, Answer]:
        """Return what those that were answered were told."""
        kept = self._disk.answers
        return {x: kept[x] for x in commands if x in kept}

    def answer_of(self, command: str) -> Answer | None:
        """Return what a command was told."""
        return self.answers_of([command]).get(command)

    def pending(
        self, limit: int, after: str = "", destination: str = ""
    ) -> Sequence[PendingMessage]:
        """Return messages not known to be sent."""
        page = bounded_page(limit)
        disk = self._disk
        last = disk.numbers.get(after, -1)
        rows = (disk.messages[x] for x in disk.unsent if disk.numbers[x] > last)
        to = (row for row in rows if destination in {"", row.message.destination})
        return list(islice(to, page))

    def sent(self, message: str) -> bool:
        """Note that a message was sent."""
        is_new = message in self._disk.messages and message not in self._disk.sent
        if is_new:
            self._disk.sent.add(message)
            del self._disk.unsent[message]
        return is_new

    def due(self, now: datetime, limit: int) -> Sequence[Deadline]:
        """Return deadlines due at `now` or before."""
        page = bounded_page(limit)
        disk = self._disk
        found: list[Deadline] = []
        before, passed = None, 0
        for at, row in enumerate(disk.due):
            if row[0] > now or len(found) >= page:
                break
            deadline = disk.deadlines.get(row[1])
            if deadline is not None and deadline.due_at == row[0] and row != before:
                found.append(deadline)
                before = row
            elif not found:
                passed = at + 1
        del disk.due[:passed]
        return found

    def add_checkpoint(self, checkpoint: StoredCheckpoint) -> None:
        """Keep a checkpoint."""
        self._disk.checkpoints[checkpoint.size] = checkpoint

    def checkpoints(self) -> Sequence[StoredCheckpoint]:
        """Return all checkpoints by size."""
        return [self._disk.checkpoints[size] for size in sorted(self._disk.checkpoints)]

    def add_snapshot(self, snapshot: Snapshot) -> None:
        """Keep a snapshot."""
        kept = self._disk.snapshots.get(snapshot.name)
        if kept is None or snapshot.sequence >= kept.sequence:
            self._disk.snapshots[snapshot.name] = snapshot

    def snapshot(self, name: str) -> Snapshot | None:
        """Return the newest snapshot of that name."""
        return self._disk.snapshots.get(name)

    def close(self) -> None:
        """Do nothing: the disk belongs to the caller."""


class MemoryVaultTable:
    """Rows of a vault in memory."""

    def __init__(self) -> None:
        self._keys: dict[str, bytes | None] = {}
        self._pieces: dict[tuple[str, str], Sealed] = {}
        self._waiting: dict[tuple[str, str], Waiting] = {}
        self._found: dict[tuple[str, bytes], dict[str, None]] = {}
        """Subjects by field and digest. Follows from the pieces."""
        self._undo: list[Callable[[], None]] | None = None
        """What puts everything back as it was before the block that runs, the newest last."""

    @contextmanager
    def together(self) -> Iterator[None]:
        """Run a block whole, or as if it had not been."""
        self._undo = []
        waiting = dict(self._waiting)
        try:
            yield
        except BaseException:
            undo, self._undo = self._undo, None
            for step in reversed(undo):
                step()
            self._waiting = waiting
            raise
        finally:
            self._undo = None

    def _set_key(self, subject: str, wrapped: bytes | None) -> None:
        if self._undo is not None:
            self._undo.append(partial(self._put_back_key, subject, *self.wrapped_key(subject)))
        self._keys[subject] = wrapped

    def _put_back_key(self, subject: str, is_known: bool, wrapped: bytes | None) -> None:  # noqa: FBT001 - as the row has it
        if is_known:
            self._keys[subject] = wrapped
        else:
            self._keys.pop(subject, None)

    def _set_piece(self, place: tuple[str, str], piece: Sealed | None) -> None:
        """Set a piece, or drop it, here and where it is found by its digest."""
        before = self._pieces.pop(place, None)
        if self._undo is not None:
            self._undo.append(partial(self._set_piece, place, before))
        if before is not None:
            del self._found[place[1], before.lookup][place[0]]
        if piece is not None:
            self._pieces[place] = piece
            self._found.setdefault((place[1], piece.lookup), {})[place[0]] = None

    def wrapped_key(self, subject: str) -> tuple[bool, bytes | None]:
        """Return whether the subject is known, and its wrapped key."""
        return subject in self._keys, self._keys.get(subject)

    def add_key(self, subject: str, wrapped: bytes) -> None:
        """Keep a new subject's wrapped key."""
        assert subject not in self._keys, "a subject has one key"
        self._set_key(subject, wrapped)

    def destroy(self, subject: str) -> None:
        """Destroy key and pieces."""
        self.rely_on(subject)
        self._set_key(subject, None)
        for place in [place for place in self._pieces if place[0] == subject]:
            self._set_piece(place, None)

    def put(self, subject: str, field: str, piece: Sealed) -> None:
        """Keep a piece."""
        self._set_piece((subject, field), piece)

    def piece(self, subject: str, field: str) -> Sealed | None:
        """Return a piece."""
        return self._pieces.get((subject, field))

    def find(self, field: str, lookup: bytes) -> list[str]:
        """Return the subjects whose piece has this digest."""
        return sorted(self._found.get((field, lookup), ()))

    def wait_for(self, waiting: Waiting) -> None:
        """Remember that a new piece waits for a command's entry."""
        self._waiting.setdefault((waiting.subject, waiting.field), waiting)

    def waiting(self) -> list[Waiting]:
        """Return what waits, oldest first."""
        return sorted(self._waiting.values(), key=lambda x: (x.at, x.subject, x.field))

    def is_waiting(self, subject: str) -> bool:
        """Return whether anything of a subject waits."""
        return any(place[0] == subject for place in self._waiting)

    def stop_waiting(self, command: str) -> None:
        """Let the pieces of a command stand."""
        self._waiting = {at: x for at, x in self._waiting.items() if x.command != command}

    def rely_on(self, subject: str) -> None:
        """Let everything of a subject stand."""
        self._waiting = {at: x for at, x in self._waiting.items() if x.subject != subject}

    def settle(self, subject: str, field: str, *, drops: bool) -> None:
        """Let a piece that waits stand, or drop it."""
        self._waiting.pop((subject, field), None)
        if drops:
            self._set_piece((subject, field), None)
            is_bare = all(place[0] != subject for place in self._pieces)
            if is_bare and self._keys.get(subject) is not None:
                if self._undo is not None:
                    self._undo.append(
                        partial(self._put_back_key, subject, *self.wrapped_key(subject))
                    )
                del self._keys[subject]

    def find_all(self, field: str, lookups: Sequence[bytes]) -> dict[bytes, list[str]]:
        """Return the same of several digests."""
        found = {lookup: self.find(field, lookup) for lookup in lookups}
        return {lookup: subjects for lookup, subjects in found.items() if subjects}

    def wrapped_keys(self, subjects: Sequence[str]) -> dict[str, bytes | None]:
        """Return the keys of those that are known."""
        return {subject: self._keys[subject] for subject in subjects if subject in self._keys}

    def add_all(
        self, keys: Sequence[tuple[str, bytes]], pieces: Sequence[tuple[str, str, Sealed]]
    ) -> None:
        """Keep keys and pieces."""
        for subject, wrapped in keys:
            self.add_key(subject, wrapped)
        for piece in pieces:
            self.put(*piece)


def refusal_of_repeats(batch: Batch, known: dict[str, Answer]) -> Repeated | Refused | None:
    """Return why a batch with commands that were answered before is not appended."""
    for answer in batch.answers:
        if answer.command in known and known[answer.command].digest != answer.digest:
            return Refused(AppendRefusal.CONTENT_DIFFERS, answer.command)
    return (
        Repeated(tuple(known[x.command] for x in batch.answers if x.command in known))
        if known
        else None
    )


def bounded_page(limit: int) -> int:
    """Return `limit`; raise `LimitFault` past what one question may ask for."""
    if not 0 <= limit <= limits.PAGE_ROWS_MAX:
        raise LimitFault("PAGE_ROWS_MAX", limits.PAGE_ROWS_MAX, limit)
    return limit


__all__ = ["MemoryDisk", "MemoryJournal", "MemoryVaultTable", "bounded_page", "refusal_of_repeats"]
