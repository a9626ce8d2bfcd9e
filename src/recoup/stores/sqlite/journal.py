"""The journal in one SQLite file: write-ahead log, every commit synced. Keeps the promises of the port; decides nothing.

1. `synchronous=FULL` and the write-ahead log are set at opening and read back: a setting that did not take is a fault, since
   with less a power cut loses commands that were answered.
2. `append` checks the epoch inside its own transaction, which is begun as a writing one: no other writer can come between.
3. A fault while committing is *unknown*, never taken for a failure; the connection is not used again.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from recoup import limits
from recoup.clock import instant_of, microseconds_of
from recoup.errors import CommitUnknown, StoreFault
from recoup.journal.port import (
    Answer,
    Appended,
    AppendRefusal,
    Batch,
    Deadline,
    Message,
    PendingMessage,
    Refused,
    Repeated,
    Snapshot,
    StoredCheckpoint,
    check_batch,
)
from recoup.journal.record import Record
from recoup.stores.memory import bounded_page, refusal_of_repeats
from recoup.stores.sqlite.connection import Connection, DriverConnection
from recoup.stores.sqlite.queries import queries
from recoup.stores.sqlite.schema import REVISIONS, connect, ensure_schema, schema_version

_FULL: Final = 2
_SEQUENCE_MAX: Final = 2**63 - 1


class SqliteJournal:
    """A journal in a SQLite file."""

    def __init__(
        self,
        connection: Connection,
        *,
        is_read_only: bool = False,
        log_pages_max: int = limits.STORE_LOG_PAGES,
    ) -> None:
        """Take a connection and set it up; an empty file gets the present schema, unless it is for looking only.

        A commit that makes the log longer than `log_pages_max` moves it into the file before it returns.
        """
        self._connection = connection
        self._sql = queries("queries.sql")
        self._is_lost = False
        if not is_read_only:
            set_up(connection, log_pages_max)
            ensure_schema(connection)
        elif schema_version(connection) not in REVISIONS:
            raise StoreFault("expected a journal, was an empty file or a newer program's")

    @classmethod
    def read(cls, path: Path) -> SqliteJournal:
        """Open the file at `path` for looking only: nothing is made, set or migrated."""
        return cls(DriverConnection(path, is_read_only=True), is_read_only=True)

    @classmethod
    def open(cls, path: Path, *, log_pages_max: int = limits.STORE_LOG_PAGES) -> SqliteJournal:
        """Open the file at `path`, or make it; an older program's file is brought to the present schema first."""
        return cls(connect(path), log_pages_max=log_pages_max)

    def lead(self) -> int:
        """Return a new epoch."""
        self._begin()
        try:
            ((epoch,),) = self._connection.run(self._sql["lead"])
        except StoreFault:
            self._undo()
            raise
        self._commit()
        return int(epoch)

    def append(self, batch: Batch, epoch: int) -> Appended | Repeated | Refused:
        """Make a batch durable in one transaction."""
        self._begin()
        try:
            refusal = self._refusal(batch, epoch)
            if refusal is not None:
                self._undo()
                return refusal
            self._write(batch, epoch)
        except BaseException:
            self._undo()
            raise
        self._commit()
        return Appended(batch.expected_last + len(batch.records))

    def _refusal(self, batch: Batch, epoch: int) -> Repeated | Refused | None:
        """Return why the batch is not for this journal, in the order of the port's promises."""
        ((newest,),) = self._connection.run(self._sql["read_leader"])
        if epoch != newest:
            what = f"expected epoch {newest}, was {epoch}"
            return Refused(AppendRefusal.EPOCH_NOT_NEWEST, what)
        known = self.answers_of([x.command for x in batch.answers])
        repeated = refusal_of_repeats(batch, known)
        if repeated is not None:
            return repeated
        last = self.last()
        found = 0 if last is None else last.sequence
        if found != batch.expected_last:
            what = f"expected record {batch.expected_last} last, was {found}"
            return Refused(AppendRefusal.LAST_DIFFERS, what)
        check_batch(batch, last)
        return None

    def _write(self, batch: Batch, epoch: int) -> None:
        run_many, sql = self._connection.run_many, self._sql
        last = batch.expected_last + len(batch.records)
        if batch.records:
            run_many(sql["add_record"], batch.records)
        if batch.answers:
            run_many(sql["add_answer"], [(x.command, x.digest, x.body) for x in batch.answers])
        if batch.messages:
            run_many(
                sql["add_message"],
                [(x.id, x.destination, x.kind, x.body, epoch, last) for x in batch.messages],
            )
        if batch.settled:
            run_many(sql["settle_message"], [(x,) for x in batch.settled])
        if batch.ended:
            run_many(sql["end_deadline"], [(x,) for x in batch.ended])
        if batch.deadlines:
            run_many(
                sql["set_deadline"],
                [
                    (x.id, microseconds_of(x.due_at), x.kind, x.subject, x.body)
                    for x in batch.deadlines
                ],
            )

    def last(self) -> Record | None:
        """Return the last record."""
        rows = self._connection.run(self._sql["read_last"])
        return Record(*rows[0]) if rows else None

    def records(self, first: int = 1, last: int | None = None) -> Iterator[Record]:
        """Yield records as they are read; a field of a wrong kind is left for `verify` to name."""
        end = _SEQUENCE_MAX if last is None else last
        return map(Record._make, self._connection.stream(self._sql["read_records"], (first, end)))

    def answers_of(self, commands: Sequence[str]) -> dict[str, Answer]:
        """Return what those that were answered were told."""
        if not commands:
            return {}
        rows = self._connection.run(self._sql["read_answers"], (json.dumps(list(commands)),))
        return {row[0]: Answer(*row) for row in rows}

    def answer_of(self, command: str) -> Answer | None:
        """Return what a command was told."""
        return self.answers_of([command]).get(command)

    def pending(
        self, limit: int, after: str = "", destination: str = ""
    ) -> Sequence[PendingMessage]:
        """Return messages not known to be sent."""
        page = bounded_page(limit)
        if destination:
            values = (destination, after, page)
            rows = self._connection.run(self._sql["read_pending_to"], values)
        else:
            rows = self._connection.run(self._sql["read_pending"], (after, page))
        return [PendingMessage(Message(*row[:4]), *row[4:]) for row in rows]

    def sent(self, message: str) -> bool:
        """Note that a message was sent."""
        return bool(self._alone("mark_sent", (message,)))

    def due(self, now: datetime, limit: int) -> Sequence[Deadline]:
        """Return deadlines due at `now` or before."""
        values = (microseconds_of(now), bounded_page(limit))
        rows = self._connection.run(self._sql["read_due"], values)
        return [Deadline(row[0], instant_of(row[1]), *row[2:]) for row in rows]

    def add_checkpoint(self, checkpoint: StoredCheckpoint) -> None:
        """Keep a checkpoint."""
        self._alone("add_checkpoint", (checkpoint.size, checkpoint.note))

    def checkpoints(self) -> Sequence[StoredCheckpoint]:
        """Return all checkpoints by size."""
        rows = self._connection.run(self._sql["read_checkpoints"])
        return [StoredCheckpoint(*row) for row in rows]

    def add_snapshot(self, snapshot: Snapshot) -> None:
        """Keep a snapshot, packed: it is a tenth then, and whoever writes meanwhile waits that much less."""
        packed = zlib.compress(snapshot.body, 1)
        self._alone("add_snapshot", (snapshot.name, snapshot.sequence, packed))

    def snapshot(self, name: str) -> Snapshot | None:
        """Return the newest snapshot of that name."""
        rows = self._connection.run(self._sql["read_snapshot"], (name,))
        if not rows:
            return None
        name_kept, sequence, body = rows[0]
        return Snapshot(name_kept, sequence, _unpacked(body))

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _alone(self, name: str, values: Sequence[object]) -> list[tuple[object, ...]]:
        """Run one writing statement in a transaction of its own."""
        self._begin()
        try:
            rows = self._connection.run(self._sql[name], values)
        except StoreFault:
            self._undo()
            raise
        self._commit()
        return rows

    def _begin(self) -> None:
        if self._is_lost:
            raise StoreFault("expected a working connection, was one whose commit is unknown")
        self._connection.run("BEGIN IMMEDIATE")

    def _commit(self) -> None:
        try:
            self._connection.run("COMMIT")
        except StoreFault as fault:
            # A failed sync may have written all the same; what a second try would say is worth nothing.
            self._is_lost = True
            raise CommitUnknown(f"expected a commit, was {fault}: ask by command id") from fault

    def _undo(self) -> None:
        try:
            self._connection.run("ROLLBACK")
        except StoreFault:
            self._is_lost = (
                True  # SQLite rolled back by itself, or cannot: either way nothing is committed
            )


def _unpacked(body: bytes) -> bytes:
    """Return what was packed; what was not, or was damaged, as it lies there: whoever reads a snapshot checks it."""
    unpacking = zlib.decompressobj()
    try:
        found = unpacking.decompress(body, limits.SNAPSHOT_BYTES_MAX)
    except zlib.error:
        return body
    return found if unpacking.eof else body


def set_up(connection: Connection, log_pages_max: int = limits.STORE_LOG_PAGES) -> None:
    """Set what the promises rest on, and read each setting back."""
    for setting, value, expected in (
        ("journal_mode", "WAL", "wal"),
        ("synchronous", "FULL", _FULL),
        ("foreign_keys", "ON", 1),
        ("secure_delete", "ON", 1),
        ("wal_autocheckpoint", log_pages_max, log_pages_max),
    ):
        connection.run(f"PRAGMA {setting} = {value}")
        ((found,),) = connection.run(f"PRAGMA {setting}")
        if found != expected:
            raise StoreFault(f"expected {setting} = {expected}, was {found}")


__all__ = ["SqliteJournal", "set_up"]
