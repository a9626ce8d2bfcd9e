"""Stores under the contract suite, and records and batches to give them. One entry a store: PostgreSQL's will be the third."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from recoup.journal.port import Answer, Batch, Journal, digest_of
from recoup.journal.record import Record, seal
from recoup.stores.memory import MemoryDisk, MemoryJournal
from recoup.stores.sqlite import SqliteJournal

START = datetime(2026, 1, 5, 10, tzinfo=UTC)


@dataclass(frozen=True)
class Place:
    """Where a store keeps its journal; each `open` is one more connection to it."""

    open: Callable[[], Journal]


def _memory(_: Path) -> Place:
    disk = MemoryDisk()
    return Place(lambda: MemoryJournal(disk))


def _sqlite(folder: Path) -> Place:
    return Place(lambda: SqliteJournal.open(folder / "journal.sqlite"))


PLACES: dict[str, Callable[[Path], Place]] = {"memory": _memory, "sqlite": _sqlite}


def sealed(previous: Record | None, command: str, *, body: bytes = b'{"amount":1}') -> Record:
    """Return the record after `previous`, a second later."""
    at = START if previous is None else previous.at + timedelta(seconds=1)
    return seal(
        previous, at=at, command=command, subject="case_1", name="noted", version=1, body=body
    )


def answered(command: str, content: bytes = b"content", body: bytes = b'"done"') -> Answer:
    return Answer(command, digest_of(content), body)


def batch_of(journal: Journal, *commands: str, **more: object) -> Batch:
    """Return a batch with a record and an answer for each command."""
    last, records = journal.last(), []
    expected = 0 if last is None else last.sequence
    for command in commands:
        last = sealed(last, command)
        records.append(last)
    answers = tuple(answered(command) for command in commands)
    return Batch(expected, tuple(records), answers, **more)
