"""The vault's table in a SQLite file. Freed pages are overwritten, and the log is emptied when a key is destroyed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from recoup.errors import StoreBusy
from recoup.stores.sqlite.connection import Connection
from recoup.stores.sqlite.journal import set_up
from recoup.stores.sqlite.queries import queries
from recoup.stores.sqlite.schema import ensure_schema, writing
from recoup.stores.vault import Sealed


class SqliteVaultTable:
    """Rows of the vault on a connection of its own."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._sql = queries("vault.sql")
        self._is_together = False
        set_up(connection)
        ensure_schema(connection)

    def wrapped_key(self, subject: str) -> tuple[bool, bytes | None]:
        """Return whether the subject is known, and its wrapped key."""
        rows = self._connection.run(self._sql["read_key"], (subject,))
        return (True, rows[0][0]) if rows else (False, None)

    def add_key(self, subject: str, wrapped: bytes) -> None:
        """Keep a new subject's wrapped key."""
        with self._writing():
            self._connection.run(self._sql["add_key"], (subject, wrapped))

    def destroy(self, subject: str) -> None:
        """Destroy key and pieces; raise `StoreBusy` while another connection still needs old pages: try again."""
        with writing(self._connection):
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

    @contextmanager
    def together(self) -> Iterator[None]:
        """Run what is put within as one transaction."""
        with writing(self._connection):
            self._is_together = True
            try:
                yield
            finally:
                self._is_together = False

    def _writing(self) -> AbstractContextManager[None]:
        """Return a transaction; within `together` there is one already."""
        return nullcontext() if self._is_together else writing(self._connection)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()


__all__ = ["SqliteVaultTable"]
