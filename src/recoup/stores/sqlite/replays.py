"""Which signed messages were taken, in a SQLite file of its own: the port `Replays`, durable. Opens no message.

1. What was remembered is on disk before the message acts, so a restart takes nothing a second time.
2. A window that begins anew (a first start, a file that was lost, a copy without it) takes nothing that was signed before it
   began: it cannot know what was taken then. Whoever sent it signs anew, as for each sending.
"""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from recoup import limits
from recoup.clock import microseconds_of
from recoup.errors import StoreFault
from recoup.stores.sqlite.connection import Connection, DriverConnection
from recoup.stores.sqlite.journal import set_up
from recoup.stores.sqlite.queries import queries, read_sql, statements
from recoup.stores.sqlite.schema import writing

_VERSION: Final = 1
_REMEMBERED: Final = timedelta(
    seconds=limits.MESSAGE_AGE_SECONDS_MAX + limits.MESSAGE_AHEAD_SECONDS_MAX
)
"""How long after its signing a message is remembered."""


class SqliteReplays:
    """The ids of sendings that were taken. Safe to call from several threads."""

    def __init__(self, connection: Connection, now: datetime) -> None:
        self._connection, self._sql = connection, queries("replays.sql")
        self._lock = threading.Lock()
        set_up(connection)
        with writing(connection):
            ((version,),) = connection.run("PRAGMA user_version")
            if version == 0:
                for statement in statements(read_sql("replays_schema.sql")):
                    connection.run(statement)
                connection.run(self._sql["begin"], (microseconds_of(now),))
                connection.run(f"PRAGMA user_version = {_VERSION}")
            elif version != _VERSION:
                raise StoreFault(f"expected a window of version {_VERSION}, was {version}")
        ((self._since,),) = connection.run(self._sql["read_since"])

    @classmethod
    def open(cls, path: Path, now: datetime) -> SqliteReplays:
        """Open the file at `path`; a new one is a window that begins `now`."""
        return cls(DriverConnection(path), now)

    def remember(self, issuer: str, jti: str, until: datetime, now: datetime) -> bool:
        """Keep a sending's id and return True; False if it was taken before, or may have been."""
        since_us = self._since // 1_000_000 * 1_000_000  # times of signing are whole seconds
        if microseconds_of(until - _REMEMBERED) < since_us:
            return False
        with self._lock, writing(self._connection):
            self._connection.run(self._sql["forget_taken"], (microseconds_of(now),))
            values = (issuer, jti, microseconds_of(until))
            return bool(self._connection.run(self._sql["add_taken"], values))

    def close(self) -> None:
        """Close the file."""
        self._connection.close()


__all__ = ["SqliteReplays"]
