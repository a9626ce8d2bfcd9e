"""The vault's table in a SQLite file. Freed pages are overwritten, and the log is emptied when a key is destroyed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from recoup import limits
from recoup.clock import instant_of, microseconds_of
from recoup.errors import StoreBusy
from recoup.stores.sqlite.connection import Connection
from recoup.stores.sqlite.journal import set_up
from recoup.stores.sqlite.queries import queries
from recoup.stores.sqlite.schema import ensure_schema, writing
from recoup.stores.vault import Sealed, Waiting


class SqliteVaultTable:
    """Rows of the vault on a connection of its own."""

    def __init__(
        self, connection: Connection, *, log_pages_max: int = limits.STORE_LOG_PAGES
    ) -> None:
        """Take a connection and set it up; `log_pages_max` as for a journal."""
        self._connection = connection
        self._sql = queries("vault.sql")
        self._is_together = False
        set_up(connection, log_pages_max)
        ensure_schema(connection)

    @contextmanager
    def together(self) -> Iterator[None]:
        """Run a block as one transaction."""
        assert not self._is_together, "one block at a time"
        with writing(self._connection):
            self._is_together = True
            try:
                yield
            finally:
                self._is_together = False

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Run one statement in a transaction of its own, or in that of the block around it."""
        if self._is_together:
            yield
            return
        with writing(self._connection):
            yield

    def wrapped_key(self, subject: str) -> tuple[bool, bytes | None]:
        """Return whether the subject is known, and its wrapped key."""
        rows = self._connection.run(self._sql["read_key"], (subject,))
        return (True, rows[0][0]) if rows else (False, None)

    def add_key(self, subject: str, wrapped: bytes) -> None:
        """Keep a new subject's wrapped key."""
        with self._writing():
            self._connection.run(self._sql["add_key"], (subject, wrapped))

    def destroy(self, subject: str) -> None:
        """Destroy key and pieces, in no block; raise `StoreBusy` while another connection still needs old pages: try again."""
        assert not self._is_together, "the log is emptied after the commit"
        with writing(self._connection):
            self._connection.run(self._sql["rely_on"], (subject,))
            self._connection.run(self._sql["drop_pieces"], (subject,))
            self._connection.run(self._sql["destroy_key"], (subject,))
        ((is_busy, *_),) = self._connection.run(self._sql["empty_log"])
        if is_busy:
            raise StoreBusy(
                "expected to empty the log, was in use: the key is gone from the file only"
            )

    def put(self, subject: str, field: str, piece: Sealed) -> None:
        """Keep a piece."""
        values = (subject, field, piece.nonce, piece.sealed, piece.lookup)
        with self._writing():
            self._connection.run(self._sql["put_piece"], values)

    def piece(self, subject: str, field: str) -> Sealed | None:
        """Return a piece."""
        rows = self._connection.run(self._sql["read_piece"], (subject, field))
        return Sealed(*rows[0]) if rows else None

    def find(self, field: str, lookup: bytes) -> list[str]:
        """Return the subjects whose piece has this digest."""
        return [row[0] for row in self._connection.run(self._sql["find_subjects"], (field, lookup))]

    def wait_for(self, waiting: Waiting) -> None:
        """Remember that a new piece waits for a command's entry."""
        at = microseconds_of(waiting.at)
        with self._writing():
            self._connection.run(
                self._sql["wait_for"], (waiting.subject, waiting.field, waiting.command, at)
            )

    def waiting(self) -> list[Waiting]:
        """Return what waits, oldest first."""
        rows = self._connection.run(self._sql["read_waiting"])
        return [
            Waiting(subject, field, command, instant_of(at)) for subject, field, command, at in rows
        ]

    def is_waiting(self, subject: str) -> bool:
        """Return whether anything of a subject waits."""
        ((found,),) = self._connection.run(self._sql["has_waiting"], (subject,))
        return bool(found)

    def stop_waiting(self, command: str) -> None:
        """Let the pieces of a command stand."""
        with self._writing():
            self._connection.run(self._sql["stop_waiting"], (command,))

    def rely_on(self, subject: str) -> None:
        """Let everything of a subject stand."""
        with self._writing():
            self._connection.run(self._sql["rely_on"], (subject,))

    def settle(self, subject: str, field: str, *, drops: bool) -> None:
        """Let a piece that waits stand, or drop it."""
        with self._writing():
            self._connection.run(self._sql["stop_waiting_for"], (subject, field))
            if drops:
                self._connection.run(self._sql["drop_piece"], (subject, field))
                self._connection.run(self._sql["drop_bare_key"], (subject,))

    def find_all(self, field: str, lookups: Sequence[bytes]) -> dict[bytes, list[str]]:
        """Return the same of several digests, with one question."""
        found: dict[bytes, list[str]] = {}
        if lookups:
            values = (b"".join(lookups), field)
            for lookup, subject in self._connection.run(self._sql["find_all"], values):
                found.setdefault(lookup, []).append(subject)
        return found

    def wrapped_keys(self, subjects: Sequence[str]) -> dict[str, bytes | None]:
        """Return the keys of those that are known, with one question."""
        asked = (json.dumps(list(subjects)),)
        return dict(self._connection.run(self._sql["read_keys"], asked))

    def add_all(
        self, keys: Sequence[tuple[str, bytes]], pieces: Sequence[tuple[str, str, Sealed]]
    ) -> None:
        """Keep keys and pieces."""
        rows = [
            (subject, field, piece.nonce, piece.sealed, piece.lookup)
            for subject, field, piece in pieces
        ]
        with self._writing():
            self._connection.run_many(self._sql["add_key"], keys)
            self._connection.run_many(self._sql["put_piece"], rows)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()


__all__ = ["SqliteVaultTable"]
