"""Who may read a store's files: their owner alone, whatever the process lets others read of what it makes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from recoup.stores.sqlite.connection import DriverConnection, make_private


@pytest.fixture(autouse=True)
def _generous():
    """Let others read what is made, as is usual."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def rights(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.mark.skipif(os.name != "posix", reason="rights of files as POSIX has them")
def test_a_store_and_its_log_are_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    connection = DriverConnection(path)
    connection.run("PRAGMA journal_mode = WAL")
    connection.run("CREATE TABLE t (a)")
    assert {file.name: rights(file) for file in tmp_path.iterdir()} == dict.fromkeys(
        ("store.sqlite", "store.sqlite-wal", "store.sqlite-shm"), 384
    )
    connection.close()
    (tmp_path / "plain").touch()  # negative control
    assert rights(tmp_path / "plain") == 0o644


def test_a_file_that_is_there_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "there"
    path.write_bytes(b"what it has")
    path.chmod(0o640)
    make_private(path)
    assert (path.read_bytes(), rights(path)) == (b"what it has", 0o640)


def test_where_nothing_can_be_made_the_store_says_so(tmp_path: Path) -> None:
    make_private(tmp_path / "no folder" / "store.sqlite")
    assert not (tmp_path / "no folder").exists()
