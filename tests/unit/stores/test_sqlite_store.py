"""What is SQLite's own: settings read back, schema and migrations, read-only opening, lost connections."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from contract.journals import batch_of

from recoup.errors import CommitUnknown, StoreBusy, StoreFault
from recoup.journal.port import Appended, Repeated, StoredCheckpoint
from recoup.stores.sqlite import SqliteJournal, SqliteVaultTable, connection, migrating
from recoup.stores.sqlite.connection import DriverConnection
from recoup.stores.sqlite.queries import queries, read_sql, split_queries, statements
from recoup.stores.sqlite.schema import HEAD, REVISIONS, connect


def _schema(path: Path) -> list[tuple[str, ...]]:
    rows = sqlite3.connect(path).execute(
        "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type, name"
    )
    return [(kind, name, re.sub(r"\s+", "", sql)) for kind, name, sql in rows]


def test_a_new_file_has_the_schema_that_migrations_lead_to(tmp_path):
    SqliteJournal.open(tmp_path / "new.sqlite").close()
    migrating.migrate(tmp_path / "old.sqlite")
    assert _schema(tmp_path / "new.sqlite") == _schema(tmp_path / "old.sqlite")
    assert SqliteJournal.open(tmp_path / "old.sqlite").last() is None


def test_a_schema_that_differs_by_one_column_is_seen(tmp_path):
    """The negative control."""
    SqliteJournal.open(tmp_path / "new.sqlite").close()
    migrating.migrate(tmp_path / "old.sqlite")
    driver = sqlite3.connect(tmp_path / "old.sqlite")
    driver.execute("ALTER TABLE answer ADD COLUMN more TEXT")
    assert _schema(tmp_path / "new.sqlite") != _schema(tmp_path / "old.sqlite")


def test_the_migrations_are_the_listed_ones():
    known = [script.revision for script in migrating.scripts().walk_revisions()]
    assert sorted(known) == sorted(REVISIONS)
    assert migrating.scripts().get_current_head() == HEAD


def test_migrating_twice_changes_nothing(tmp_path):
    migrating.migrate(tmp_path / "a.sqlite")
    before = _schema(tmp_path / "a.sqlite")
    migrating.migrate(tmp_path / "a.sqlite")
    assert _schema(tmp_path / "a.sqlite") == before


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is of POSIX")
@pytest.mark.parametrize("nth", [1, 5, 12])
def test_a_process_killed_while_migrating_leaves_the_file_as_it_was(tmp_path, nth):
    path = tmp_path / "a.sqlite"
    script = f"""
import os, signal, sys
from recoup.stores.sqlite import queries
whole = queries.statements
def some(text):
    for n, statement in enumerate(whole(text), start=1):
        if n == {nth}:
            os.kill(os.getpid(), signal.SIGKILL)
        yield statement
queries.statements = some
from recoup.stores.sqlite.migrating import migrate
from pathlib import Path
migrate(Path({str(path)!r}))
"""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    run = subprocess.run([sys.executable, "-c", script], env=environment, check=False)
    assert run.returncode == -signal.SIGKILL
    assert _schema(path) == []
    migrating.migrate(path)
    assert SqliteJournal.open(path).last() is None


def test_a_newer_programs_file_is_refused(tmp_path):
    path = tmp_path / "a.sqlite"
    SqliteJournal.open(path).close()
    driver = sqlite3.connect(path)
    driver.execute("UPDATE alembic_version SET version_num = '9999'")
    driver.commit()
    for opening in (SqliteJournal.open, SqliteJournal.read):
        with pytest.raises(StoreFault):
            opening(path)


def test_a_file_that_is_no_database_is_refused(tmp_path):
    path = tmp_path / "a.sqlite"
    path.write_bytes(b"not a database" * 100)
    for opening in (SqliteJournal.open, SqliteJournal.read):
        with pytest.raises(StoreFault):
            opening(path)
    with pytest.raises(StoreFault):
        SqliteJournal.read(tmp_path / "absent.sqlite")
    with pytest.raises(StoreFault):
        SqliteJournal.open(tmp_path / "no folder" / "a.sqlite")


def test_reading_changes_nothing_and_cannot_write(tmp_path):
    path = tmp_path / "a.sqlite"
    journal = SqliteJournal.open(path)
    journal.append(batch_of(journal, "c1"), journal.lead())
    journal.close()
    before = path.read_bytes()
    reader = SqliteJournal.read(path)
    assert [x.command for x in reader.records()] == ["c1"]
    with pytest.raises(StoreFault):
        reader.lead()
    reader.close()
    assert path.read_bytes() == before


def test_settings_are_read_back(tmp_path):
    class Deaf(DriverConnection):
        """Takes no setting of syncs, as a driver that runs pragmas too late."""

        def run(self, sql, values=()):
            return [] if sql == "PRAGMA synchronous = FULL" else super().run(sql, values)

    driver = Deaf(tmp_path / "a.sqlite")
    driver.run("PRAGMA synchronous = NORMAL")
    with pytest.raises(StoreFault, match="synchronous"):
        SqliteJournal(driver)
    SqliteJournal(DriverConnection(tmp_path / "b.sqlite"))


class Losing(DriverConnection):
    """Loses the connection at COMMIT: before it is made, or after."""

    loses = ""

    def run(self, sql, values=()):
        if sql == "COMMIT" and self.loses == "before":
            raise StoreFault("lost")
        rows = super().run(sql, values)
        if sql == "COMMIT" and self.loses == "after":
            raise StoreFault("lost")
        return rows


@pytest.mark.parametrize(("loses", "expected"), [("before", Appended(1)), ("after", None)])
def test_a_commit_that_is_unknown_is_settled_by_asking_for_the_id(tmp_path, loses, expected):
    path = tmp_path / "a.sqlite"
    driver = Losing(path)
    journal = SqliteJournal(driver)
    epoch = journal.lead()
    batch = batch_of(journal, "c1")
    driver.loses = loses
    with pytest.raises(CommitUnknown):
        journal.append(batch, epoch)
    with pytest.raises(StoreFault, match="unknown"):  # that connection is never used again
        journal.append(batch, epoch)
    driver.close()
    again = SqliteJournal.open(path)
    result = again.append(batch, epoch)
    assert result == (expected or Repeated(batch.answers))
    assert again.answer_of("c1") == batch.answers[0]
    assert len(list(again.records())) == 1


def test_a_store_where_another_writes_is_busy_and_nothing_was_done(tmp_path, monkeypatch):
    monkeypatch.setattr(connection, "BUSY_SECONDS_MAX", 0.05)
    path = tmp_path / "a.sqlite"
    journal, other = SqliteJournal.open(path), DriverConnection(path)
    epoch = journal.lead()
    other.run("BEGIN IMMEDIATE")
    with pytest.raises(StoreBusy) as fault:
        journal.append(batch_of(journal, "c1"), epoch)
    assert fault.value.is_transient
    other.run("ROLLBACK")
    assert journal.append(batch_of(journal, "c1"), epoch) == Appended(1)


@pytest.mark.parametrize("opened", [SqliteJournal.open, connect])
def test_an_older_file_is_migrated_when_it_is_opened(tmp_path, opened):
    path, old = tmp_path / "a.sqlite", connection.DriverConnection(tmp_path / "a.sqlite")
    made = [x for x in statements(read_sql("schema.sql")) if "alembic_version" in x]
    for statement in [*statements(read_sql("migrations/v0001_first.sql")), *made]:
        old.run(statement)
    old.run("INSERT INTO alembic_version (version_num) VALUES ('0001')")
    old.run("INSERT INTO vault_key (subject, wrapped) VALUES ('s', x'00')")
    old.close()
    opened(path).close()
    SqliteJournal.open(tmp_path / "new.sqlite").close()
    assert _schema(path) == _schema(tmp_path / "new.sqlite")
    assert SqliteVaultTable(connect(path)).wrapped_key("s") == (True, b"\x00")


def test_a_file_that_cannot_be_migrated_is_a_fault(tmp_path):
    (tmp_path / "a.sqlite").write_bytes(b"not a database" * 100)
    with pytest.raises(StoreFault, match="schema"):
        migrating.migrate(tmp_path / "a.sqlite")


def test_a_file_with_two_schema_versions_is_a_fault(tmp_path):
    path = tmp_path / "a.sqlite"
    SqliteJournal.open(path).close()
    driver = sqlite3.connect(path)
    driver.execute("INSERT INTO alembic_version (version_num) VALUES ('0001')")
    driver.commit()
    with pytest.raises(StoreFault, match="one schema version"):
        SqliteJournal.open(path)


def test_a_statement_that_fails_leaves_the_store_as_it_was_and_usable(tmp_path):
    journal = SqliteJournal.open(tmp_path / "a.sqlite")
    with pytest.raises(StoreFault):
        journal.add_checkpoint(StoredCheckpoint("no number", b"note"))
    journal.add_checkpoint(StoredCheckpoint(1, b"note"))
    assert journal.checkpoints() == [StoredCheckpoint(1, b"note")]


def test_a_roll_back_that_fails_ends_the_connection(tmp_path):
    class Broken(DriverConnection):
        def run(self, sql, values=()):
            if sql == "ROLLBACK":
                raise StoreFault("lost")
            return super().run(sql, values)

    journal = SqliteJournal(Broken(tmp_path / "a.sqlite"))
    with pytest.raises(StoreFault):
        journal.add_checkpoint(StoredCheckpoint("no number", b"note"))
    with pytest.raises(StoreFault, match="working connection"):
        journal.add_checkpoint(StoredCheckpoint(1, b"note"))


def test_every_query_says_what_it_is_for():
    text = (Path(connection.__file__).with_name("queries.sql")).read_text(encoding="utf-8")
    assert all(sql.startswith("-- ") for sql in split_queries(text).values())
    assert queries("queries.sql").keys() == split_queries(text).keys()
    with pytest.raises(AssertionError):
        split_queries("-- name: a\nSELECT 1;\n-- name: a\nSELECT 2;\n")
