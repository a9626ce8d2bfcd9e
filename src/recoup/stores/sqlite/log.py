"""The write-ahead log of a store's file, moved into the file on a connection of its own: no commit has to do it on its way.

What is moved was committed and synced before, and nobody who writes or reads waits for it. A log is used again from its
beginning once all of it was moved and nobody reads it any more; one that is never quiet long enough for that is moved by
whoever writes, when it has grown to `limits.STORE_LOG_PAGES_MAX`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from recoup.stores.sqlite.connection import Connection, DriverConnection
from recoup.stores.sqlite.journal import set_up

_MOVE: Final = "PRAGMA wal_checkpoint(PASSIVE)"


class Log:
    """The log of one file."""

    def __init__(self, connection: Connection) -> None:
        """Take a connection and set it up: what is moved is synced as whoever wrote it syncs."""
        self._connection = connection
        set_up(connection)

    @classmethod
    def of(cls, path: Path) -> Log:
        """Return the log of the file at `path`, which is there."""
        return cls(DriverConnection(path))

    def move(self) -> int:
        """Move what nobody needs in the log any more; return how many pages are left in it."""
        ((_, pages, moved),) = self._connection.run(_MOVE)
        return max(0, int(pages) - int(moved))

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()


__all__ = ["Log"]
