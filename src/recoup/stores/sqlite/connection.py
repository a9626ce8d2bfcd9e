"""A small port between the SQLite store and its driver, so that tests can put a failing disk under it; and the real driver.

Every error of the driver becomes a fault of ours here, and nowhere else. A connection begins no transaction by itself.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Final, Protocol

from recoup.errors import StoreBusy, StoreFault

BUSY_SECONDS_MAX: Final = 5.0
"""How long a connection waits for another one that writes."""

_FAULTS: Final = (sqlite3.Error, UnicodeDecodeError)
"""What the driver raises; the second for messages and names of a damaged file that are no text."""

Row = tuple[Any, ...]


class Connection(Protocol):
    """A connection to one SQLite file; whatever goes wrong is a `StoreFault`."""

    def run(self, sql: str, values: Sequence[object] = ()) -> list[Row]:
        """Run one statement and return all rows it gives."""
        ...

    def run_many(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        """Run one statement for each of `rows`."""
        ...

    def stream(self, sql: str, values: Sequence[object] = ()) -> Iterator[Row]:
        """Yield the rows of a question as they are read."""
        ...

    def close(self) -> None:
        """Close the file."""
        ...


def make_private(path: Path) -> None:
    """Make a file that its owner alone can read, if there is none; SQLite's log beside it gets the same rights."""
    with suppress(OSError):  # whoever opens it says why it cannot be
        # Never one that is there: closing it would let go the locks that this process holds on it.
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


class DriverConnection:
    """The standard library's driver. A read-only one shows text that is no UTF-8 in a form that no hash accepts.

    Closing waits for the statement that another thread is in: the driver itself would free what that thread uses, and the
    process would die of it. Whoever comes later is told that the file is closed.
    """

    def __init__(self, path: Path | None, *, is_read_only: bool = False) -> None:
        """Open the file at `path`; None: a store in memory, which goes with the process."""
        self._lock = threading.RLock()
        address = "file::memory:"
        if path is not None:
            address = f"{path.absolute().as_uri()}?mode={'ro' if is_read_only else 'rwc'}"
            if not is_read_only:
                make_private(path)
        try:
            self._driver = sqlite3.connect(
                address,
                uri=True,
                timeout=BUSY_SECONDS_MAX,
                isolation_level=None,  # transactions begin where we say so, pragmas run at once
                check_same_thread=False,  # one thread at a time, not always the same
            )
        except _FAULTS as fault:
            raise _translated(fault, "open the store") from fault
        if is_read_only:  # so that `verify` names the record instead of failing at it
            self._driver.text_factory = partial(str, encoding="utf-8", errors="surrogateescape")

    def run(self, sql: str, values: Sequence[object] = ()) -> list[Row]:
        """Run one statement."""
        try:
            with self._lock:
                return self._driver.execute(sql, values).fetchall()
        except _FAULTS as fault:
            raise _translated(fault, sql) from fault

    def run_many(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        """Run one statement for each of `rows`."""
        try:
            with self._lock:
                self._driver.executemany(sql, rows)
        except _FAULTS as fault:
            raise _translated(fault, sql) from fault

    def stream(self, sql: str, values: Sequence[object] = ()) -> Iterator[Row]:
        """Yield rows as they are read."""
        try:
            yield from self._driver.execute(sql, values)
        except _FAULTS as fault:
            raise _translated(fault, sql) from fault

    def close(self) -> None:
        """Close the file."""
        try:
            with self._lock:
                self._driver.close()
        except _FAULTS as fault:
            raise _translated(fault, "close the store") from fault


def _translated(fault: Exception, attempted: str) -> StoreFault:
    """Return our fault; names the statement's first words, never its values."""
    code = getattr(fault, "sqlite_errorcode", None) or sqlite3.SQLITE_ERROR
    kind = StoreBusy if code & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED} else StoreFault
    lines = (line for line in attempted.splitlines() if not line.startswith("--"))  # what it is for
    words = " ".join(" ".join(lines).split()[:4])
    return kind(f"could not {words!r}: {fault}")


__all__ = ["BUSY_SECONDS_MAX", "Connection", "DriverConnection", "Row"]
