"""Copies of a centre's files: whole and of one moment while others write, refused when torn, fenced when put back."""

from __future__ import annotations

import json
import sqlite3
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from contract.journals import batch_of
from typer.testing import CliRunner

from recoup.cli import app
from recoup.errors import StoreFault
from recoup.journal import Verified, verify
from recoup.stores.sqlite import SqliteJournal, SqliteVaultTable
from recoup.stores.sqlite.backup import JOURNAL, LIST, VAULT, back_up, checked, put_back
from recoup.stores.sqlite.connection import DriverConnection
from recoup.stores.vault import LocalKeys, Purpose, Vault

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
KEYS = LocalKeys(b"k" * 32)
WHY = Purpose("test", "case-1", "a test")


def _vault(folder: Path) -> Vault:
    return Vault(SqliteVaultTable(DriverConnection(folder / VAULT)), KEYS)


@pytest.fixture
def centre(tmp_path: Path) -> Path:
    """A folder with three records and a piece in the vault; its writer led twice."""
    folder = tmp_path / "centre"
    folder.mkdir()
    journal = SqliteJournal.open(folder / JOURNAL)
    journal.lead()
    epoch = journal.lead()
    journal.append(batch_of(journal, "a", "b", "c"), epoch)
    journal.close()
    _vault(folder).put("account-1", "number", "6222")
    return folder


@pytest.fixture
def copy(centre: Path, tmp_path: Path) -> Path:
    back_up(centre, tmp_path / "copy", NOW)
    return tmp_path / "copy"


def test_what_was_copied_comes_back_in_a_later_epoch(copy: Path, tmp_path: Path) -> None:
    made = checked(copy)
    assert (made.records, made.epoch, set(made.files)) == (3, 2, {JOURNAL, VAULT})
    assert put_back(copy, tmp_path / "new", NOW) == SECONDS
    journal = SqliteJournal.open(tmp_path / "new" / JOURNAL)
    assert journal.last().hash.hex() == made.hash
    assert journal.lead() == SECONDS + 1
    assert _vault(tmp_path / "new").read("account-1", "number", WHY).text == "6222"
    assert {x.name for x in copy.iterdir()} == {JOURNAL, VAULT, LIST}, "one file each, no log"


def test_a_second_restore_of_the_same_backup_leads_later_than_the_first(copy, tmp_path) -> None:
    first = put_back(copy, tmp_path / "one", NOW)
    second = put_back(copy, tmp_path / "two", NOW + timedelta(hours=1))
    assert second > first > checked(copy).epoch


def test_an_epoch_that_was_seen_is_passed_and_a_clock_of_long_ago_lowers_none(copy, tmp_path):
    assert put_back(copy, tmp_path / "one", NOW, epoch_above=SECONDS + 9) == SECONDS + 10
    long_ago = datetime(1970, 1, 1, tzinfo=UTC)
    assert put_back(copy, tmp_path / "two", long_ago) == 3, "at least one more than was copied"


def test_a_copy_taken_while_others_write_is_whole(centre: Path, tmp_path: Path) -> None:
    is_done = threading.Event()

    def write() -> None:
        journal = SqliteJournal.open(centre / JOURNAL)
        epoch, n = journal.lead(), 0
        while not is_done.is_set():
            n += 1
            journal.append(batch_of(journal, f"w{n}"), epoch)
        journal.close()

    thread = threading.Thread(target=write)
    thread.start()
    try:
        made = [back_up(centre, tmp_path / f"copy-{n}", NOW).records for n in range(5)]
    finally:
        is_done.set()
        thread.join()
    assert made == sorted(made)
    assert made[-1] > made[0], "nobody waited for the copying"
    for n, records in enumerate(made):
        journal = SqliteJournal.read(tmp_path / f"copy-{n}" / JOURNAL)
        found = verify(journal.records())
        journal.close()
        assert isinstance(found, Verified)
        assert found.records == records


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))


TORN = {
    "a journal that was cut": lambda x: _cut(x / JOURNAL),
    "a vault with a flipped bit": lambda x: _flip(x / VAULT),
    "no vault": lambda x: (x / VAULT).unlink(),
    "no list": lambda x: (x / LIST).unlink(),
    "a list that was cut": lambda x: _cut(x / LIST),
    "a list of something else": lambda x: (x / LIST).write_text("[]"),
}


@pytest.mark.parametrize("name", TORN)
def test_a_torn_backup_is_not_put_back(name: str, copy: Path, tmp_path: Path) -> None:
    TORN[name](copy)
    with pytest.raises(StoreFault):
        put_back(copy, tmp_path / "new", NOW)
    assert not (tmp_path / "new").exists()
    words = ["centre", "restore", "--from", str(copy), "--data", str(tmp_path / "new")]
    assert CliRunner().invoke(app, words).exit_code == 2


def test_a_backup_whose_list_was_made_to_fit_is_found_by_the_chain(copy, tmp_path) -> None:
    """Who alters a record and the list as well is found by the journal's own hashes."""
    with sqlite3.connect(copy / JOURNAL) as altered:
        altered.execute("UPDATE record SET subject = 'case_2' WHERE sequence = 2")
    altered.close()
    listed = json.loads((copy / LIST).read_text())
    (copy / LIST).unlink()
    from recoup.stores.sqlite.backup import _measured

    size, digest = _measured(copy / JOURNAL)
    listed["files"][JOURNAL] = {"bytes": size, "sha256": digest}
    (copy / LIST).write_text(json.dumps(listed))
    checked(copy)
    words = ["centre", "restore", "--from", str(copy), "--data", str(tmp_path / "new")]
    found = CliRunner().invoke(app, words)
    assert found.exit_code == 2
    assert "record 2: edited" in found.output
    assert not (tmp_path / "new").exists()


def test_nothing_is_written_over(centre: Path, copy: Path, tmp_path: Path) -> None:
    with pytest.raises(StoreFault, match="empty folder"):
        back_up(centre, copy, NOW)
    with pytest.raises(StoreFault, match="new folder"):
        put_back(copy, centre, NOW)
    with pytest.raises(StoreFault, match="was not there"):
        back_up(tmp_path, tmp_path / "none", NOW)
    (tmp_path / "new.restoring").mkdir()
    with pytest.raises(StoreFault, match="earlier try"):
        put_back(copy, tmp_path / "new", NOW)
