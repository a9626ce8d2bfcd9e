"""Copies of a centre's journal and vault, taken while it runs and put back. Knows files only, no key and no event.

1. A copy is SQLite's own, of one moment of each file; no writer waits for it. The journal is copied first: whatever it speaks
   of was in the vault by then, or comes with the vault's copy.
2. A backup is whole when its list is there, and the list is written last. It has each file's size and SHA-256; what does not
   fit is refused, so a torn or altered backup is never put back.
3. What is put back leads in a later epoch than the one that was copied can have reached, so that institutions no longer listen
   to a process that still runs on the old files.

Not in a backup: the master key of the vault, which must never lie beside it, the settings, and the window of sendings.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from recoup._version import __version__
from recoup.clock import EPOCH, instant_text
from recoup.errors import StoreFault
from recoup.stores.sqlite.connection import DriverConnection, make_private
from recoup.stores.sqlite.journal import SqliteJournal
from recoup.stores.sqlite.queries import queries
from recoup.stores.sqlite.schema import writing

JOURNAL: Final = "journal.sqlite"
VAULT: Final = "vault.sqlite"
LIST: Final = "backup.json"

_CHUNK_BYTES: Final = 2**20
_KEYS: Final = {"epoch", "files", "hash", "program", "records", "taken_at"}


@dataclass(frozen=True, slots=True)
class Backup:
    """What a backup holds, as its list says."""

    taken_at: str
    records: int
    hash: str
    """Of the last record; '' for an empty journal."""
    epoch: int
    files: dict[str, tuple[int, str]]
    """Size and SHA-256 by name."""


def back_up(data: Path, to: Path, now: datetime) -> Backup:
    """Copy journal and vault of the folder `data` into the new or empty folder `to`; raise `StoreFault` where that fails."""
    if to.exists() and any(to.iterdir()):
        raise StoreFault(f"expected a new or an empty folder, {to} has something in it")
    to.mkdir(parents=True, exist_ok=True)
    for name in (JOURNAL, VAULT):
        if not (data / name).exists():
            raise StoreFault(f"expected {data / name}, was not there")
        _copy_database(data / name, to / name)
    journal = SqliteJournal.read(to / JOURNAL)
    last = journal.last()
    journal.close()
    made = Backup(
        instant_text(now),
        last.sequence if last else 0,
        last.hash.hex() if last else "",
        _epoch(to / JOURNAL),
        {name: _measured(to / name) for name in (JOURNAL, VAULT)},
    )
    files = {name: {"bytes": size, "sha256": digest} for name, (size, digest) in made.files.items()}
    listed = {
        "epoch": made.epoch,
        "files": files,
        "hash": made.hash,
        "program": __version__,
        "records": made.records,
        "taken_at": made.taken_at,
    }
    fresh = to / f"{LIST}.new"
    fresh.write_text(json.dumps(listed, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    _sync(fresh)
    fresh.replace(to / LIST)
    _sync(to)
    return made


def checked(backup: Path) -> Backup:
    """Return what the list of a backup says, if all files are what it says; raise `StoreFault` for a torn or altered one."""
    try:
        listed = json.loads((backup / LIST).read_text(encoding="utf-8"))
        found = _listed(listed)
    except FileNotFoundError as fault:
        raise StoreFault(f"expected {backup / LIST}: without it the backup is not whole") from fault
    except (OSError, ValueError, KeyError, TypeError) as fault:
        raise StoreFault(f"expected the list of a backup, was something else: {fault}") from fault
    for name, expected in found.files.items():
        if not (backup / name).exists():
            raise StoreFault(f"expected {backup / name}, was not there")
        if _measured(backup / name) != expected:
            raise StoreFault(f"expected {backup / name} as it was copied, was changed or cut")
    return found


def put_back(backup: Path, data: Path, now: datetime, epoch_above: int = 0) -> int:
    """Make the folder `data` from a backup and return the epoch from which its writer goes on.

    Args:
        backup: the folder that `back_up` filled.
        data: where the centre will run; must not be there.
        now: seconds of it are the least epoch, so that a later restore of the same backup is fenced from an earlier one too.
        epoch_above: an epoch that must be passed as well, such as one that an institution has seen.
    """
    if data.exists():
        raise StoreFault(f"expected a new folder, {data} is there: nothing is written over")
    found = checked(backup)
    making = data.with_name(data.name + ".restoring")
    if making.exists():
        raise StoreFault(f"expected no {making}: an earlier try left it; look, and take it away")
    making.mkdir(parents=True)
    for name, expected in found.files.items():
        make_private(making / name)
        shutil.copyfile(backup / name, making / name)
        if _measured(making / name) != expected:
            raise StoreFault(f"expected {making / name} as in the backup, was changed on the way")
        _sync(making / name)
    epoch = _raise_epoch(making / JOURNAL, max(int((now - EPOCH).total_seconds()), epoch_above + 1))
    _sync(making)
    making.replace(data)
    _sync(data.absolute().parent)
    return epoch


def _raise_epoch(path: Path, least: int) -> int:
    connection = DriverConnection(path)
    try:
        SqliteJournal(connection)  # sets what must be set, and refuses another schema
        with writing(connection):
            ((epoch,),) = connection.run(queries("queries.sql")["raise_leader"], (least,))
    finally:
        connection.close()
    return int(epoch)


def _epoch(path: Path) -> int:
    connection = DriverConnection(path, is_read_only=True)
    ((epoch,),) = connection.run(queries("queries.sql")["read_leader"])
    connection.close()
    return int(epoch)


def _copy_database(source: Path, to: Path) -> None:
    """Copy one SQLite file as it is at one moment, and look through the copy."""
    make_private(to)
    try:
        with (
            closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as from_,
            closing(sqlite3.connect(to)) as copy,
        ):
            from_.backup(copy)
            copy.execute(
                "PRAGMA journal_mode = DELETE"
            )  # the copy is one file, with no log beside it
            (said,) = copy.execute("PRAGMA integrity_check(1)").fetchone()
    except sqlite3.Error as fault:
        raise StoreFault(f"could not copy {source.name}: {fault}") from fault
    if said != "ok":
        raise StoreFault(f"expected a sound copy of {source.name}, was: {said}")
    _sync(to)


def _measured(path: Path) -> tuple[int, str]:
    """Return size and SHA-256."""
    whole, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            whole.update(chunk)
            size += len(chunk)
    return size, whole.hexdigest()


def _listed(table: Any) -> Backup:  # noqa: ANN401 - whatever JSON gives
    if (
        not isinstance(table, dict)
        or table.keys() != _KEYS
        or table["files"].keys() != {JOURNAL, VAULT}
    ):
        raise ValueError("its fields are others")
    files = {name: (x["bytes"], x["sha256"]) for name, x in table["files"].items()}
    return Backup(table["taken_at"], table["records"], table["hash"], table["epoch"], files)


def _sync(path: Path) -> None:
    """Bring a file, or a folder's names, onto the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


__all__ = ["JOURNAL", "LIST", "VAULT", "Backup", "back_up", "checked", "put_back"]
