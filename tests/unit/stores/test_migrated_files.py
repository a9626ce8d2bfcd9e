"""Files of every older schema, full of a centre's work, are brought to the present one: nothing lost, nothing told twice.

A file of an older schema is made by the migrations up to it, and filled with the rows that the present centre wrote into the
tables that it had. What is compared is what a centre sees through its ports, not the tables.
"""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from agreeing import to_agree_to
from sim.office import START, Office, some_order

from recoup.centre import EVENT_REGISTRY, CentreState, Reply
from recoup.centre.commands import Done, Turned
from recoup.centre.evolve import evolve
from recoup.centre.snapshots import encode_state
from recoup.errors import StoreFault
from recoup.journal import Verified, verify
from recoup.journal.port import Snapshot, StoredCheckpoint
from recoup.journal.record import Record
from recoup.orders import Answer, HoldKey, HoldState, OrderKind, Outcome
from recoup.orders.commands import ApproveOrder, DraftOrder, SubmitOrder
from recoup.stores.sqlite import SqliteJournal, SqliteVaultTable, migrating, queries
from recoup.stores.sqlite.queries import read_sql, statements
from recoup.stores.sqlite.schema import HEAD, REVISIONS, connect
from recoup.stores.vault import LocalKeys, Purpose, Vault

OLDER = sorted(set(REVISIONS) - {HEAD})
OLDEST = OLDER[0]
KEYS = LocalKeys(bytes(range(32)))
LOOK = Purpose("test", "case-1", "look")
NAMES = ("holder", "payer")
CASE_1, CASE_2, CASE_3 = (HoldKey(f"case-{n}", f"account-{n}", "CNY") for n in (1, 2, 3))
ALONE = {"alembic_version"}
"""Alembic's own table: it says which schema a file has, and is what changes."""


def office_on(path: Path, clock: Any = None) -> Office:
    more = {} if clock is None else {"clock": clock}
    return Office(open=lambda: SqliteJournal.open(path), **more)


def worked(path: Path) -> Office:
    """Return a centre whose file has rows in every table: what is held, on its way, silent, due, kept and erased."""
    office = office_on(path)
    office.tell(some_order("stop-1", key=CASE_1))
    message = office.next_message(0)
    office.reply(message, Reply((Answer("a1", Outcome.HELD_SHORT, 60, office.clock.now()),)))
    freeze = some_order("freeze-1", OrderKind.FREEZE, key=CASE_1)
    office.ask("maker", DraftOrder(freeze))
    office.ask("maker", SubmitOrder("freeze-1"), "submits")
    seen = to_agree_to(office.scribe.state, "freeze-1")
    office.ask("approver", ApproveOrder("freeze-1", "approver", seen), "agrees")
    message = office.next_message(0)
    office.reply(message, Reply((Answer("a2", Outcome.FROZEN, 60, office.clock.now()),)))
    office.tell(some_order("stop-2", key=CASE_2))
    office.reply(office.next_message(0), Reply())
    office.clock.move(timedelta(hours=2))
    office.fire()  # no answer to stop-2: it waits to leave once more
    office.tell(some_order("stop-3", key=CASE_3))
    vault = Vault(SqliteVaultTable(connect(path)), KEYS)
    vault.put("account-1", "number", "6222020000111122223")
    for name in NAMES:
        vault.put("account-1", name, f"the {name}'s name")
    vault.put("account-9", "number", "6222020000111199999")
    vault.erase("account-9", "officer", "the term is over")
    kept = encode_state(office.scribe.state)
    office.journal.add_snapshot(Snapshot("state", office.journal.last().sequence, kept))
    office.journal.add_checkpoint(StoredCheckpoint(3, b"three records"))
    office.journal.close()
    return office


def older(path: Path, revision: str, present: Path) -> set[str]:
    """Make a file of an older schema with all the rows of `present` that it has tables for; return those tables."""
    driver = sqlite3.connect(path)
    for number in sorted(REVISIONS):
        if number > revision:
            break
        name = REVISIONS[number].rsplit(".", 1)[1]
        driver.executescript(read_sql(f"migrations/{name}.sql"))
    made = [x for x in statements(read_sql("schema.sql")) if "TABLE alembic_version" in x]
    driver.execute(made[0])
    driver.execute("INSERT INTO alembic_version (version_num) VALUES (?)", (revision,))
    driver.commit()
    driver.execute("ATTACH ? AS present", (str(present),))
    found = driver.execute("SELECT name FROM main.sqlite_schema WHERE type = 'table'").fetchall()
    tables = {name for (name,) in found} - ALONE
    for table in tables:
        columns = ", ".join(x[1] for x in driver.execute(f"PRAGMA main.table_info({table})"))
        said = f"{table} ({columns}) SELECT {columns} FROM present.{table}"  # noqa: S608 - our own names
        driver.execute(f"INSERT OR REPLACE INTO main.{said}")
    driver.commit()
    driver.close()
    return tables


def counts(path: Path, tables: set[str]) -> dict[str, int]:
    driver = sqlite3.connect(path)
    try:
        return {
            name: driver.execute(f"SELECT count(*) FROM {name}").fetchone()[0]  # noqa: S608
            for name in sorted(tables)
        }
    finally:
        driver.close()


def folded(records: list[Record]) -> bytes:
    state = CentreState()
    for record in records:
        event = EVENT_REGISTRY.decode(record.name, record.version, record.body)
        state = evolve(state, record.subject, event)
    return encode_state(state)


def seen(path: Path) -> dict[str, object]:
    """Return all that a centre sees of a file through its ports; looking leads once."""
    journal, table = SqliteJournal.open(path), SqliteVaultTable(connect(path))
    vault, records = Vault(table, KEYS), list(journal.records())
    ids = sorted({x.command for x in records} | {"submits", "agrees"})
    try:
        return {
            "verified": verify(records, registry=EVENT_REGISTRY),
            "state": folded(records),
            "last": journal.last(),
            "answers": journal.answers_of(ids),
            "pending": list(journal.pending(100)),
            "sent anew": [journal.sent(x) for x in ("stop-1", "freeze-1", "stop-2")],
            "due": list(journal.due(START + timedelta(days=3_650), 100)),
            "checkpoints": list(journal.checkpoints()),
            "snapshot": journal.snapshot("state"),
            "texts": [vault.read("account-1", x, LOOK).text for x in ("number", *NAMES)],
            "found": vault.find("number", "6222020000111122223"),
            "erased": table.wrapped_key("account-9"),
            "epoch": journal.lead(),
        }
    finally:
        journal.close()


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return worked(tmp_path / "present.sqlite")


@pytest.mark.parametrize("revision", OLDER)
def test_nothing_of_a_full_file_of_an_older_schema_is_lost(tmp_path, office, revision):
    path, present = tmp_path / "old.sqlite", tmp_path / "present.sqlite"
    tables = older(path, revision, present)
    before = counts(path, tables)
    assert min(before.values()) > 0, before
    expected, found = seen(present), seen(path)
    assert isinstance(found["verified"], Verified)
    assert found["state"] == encode_state(office.scribe.state)
    assert found["sent anew"] == [False, False, False]
    assert found == expected
    assert counts(path, tables) == before


@pytest.mark.parametrize("revision", OLDER)
def test_a_centre_goes_on_where_the_older_program_left_off(tmp_path, office, revision):
    path = tmp_path / "old.sqlite"
    older(path, revision, tmp_path / "present.sqlite")
    again = office_on(path, office.clock)
    last = again.journal.last().sequence
    told = again.ask("maker", SubmitOrder("freeze-1"), "submits")
    assert isinstance(told, Done)
    assert told.is_repeat
    other = again.ask("maker", SubmitOrder("stop-3"), "submits")
    assert isinstance(other, Turned), "an id is kept with its content"
    assert again.journal.last().sequence == last, "nothing happened twice"
    left = []
    while (message := again.next_message(0)) is not None:
        left.append(message.id)
        again.reply(message, Reply())
    assert left == ["stop-2#again", "stop-3"]
    again.clock.move(timedelta(days=200))
    again.fire()
    assert again.scribe.state.hold(CASE_1).state is HoldState.LAPSED, "six months are over"
    assert isinstance(verify(list(again.journal.records()), registry=EVENT_REGISTRY), Verified)
    again.journal.close()


TABLES = sorted(
    {*("record", "answer", "message", "deadline", "checkpoint", "snapshot")}
    | {*("leader", "vault_key", "vault_item")}
)


@pytest.mark.usefixtures("office")
@pytest.mark.parametrize("table", TABLES)
def test_a_step_that_loses_a_row_is_seen(tmp_path, monkeypatch, table):
    """The negative control, for each table that the oldest schema had."""
    path, present = tmp_path / "old.sqlite", tmp_path / "present.sqlite"
    assert older(path, OLDEST, present) == set(TABLES)
    whole = queries.statements
    lossy = f"DELETE FROM {table} WHERE rowid IN (SELECT max(rowid) FROM {table})"  # noqa: S608
    if table in {"answer", "deadline", "snapshot", "vault_key", "vault_item"}:  # without a rowid
        lossy = f"DELETE FROM {table}"  # noqa: S608
    monkeypatch.setattr(queries, "statements", lambda text: [*whole(text), lossy])
    migrating.migrate(path)
    monkeypatch.undo()
    expected = seen(present)
    try:
        found = seen(path)
    except Exception:  # noqa: BLE001 - whatever breaks is seen
        return
    assert found != expected


@pytest.mark.usefixtures("office")
@pytest.mark.parametrize("nth", [1, 2])
def test_a_step_that_fails_leaves_a_full_older_file_as_it_was(tmp_path, monkeypatch, nth):
    path, whole = tmp_path / "old.sqlite", queries.statements
    tables = older(path, OLDEST, tmp_path / "present.sqlite")
    before = counts(path, tables)

    def broken(text: str) -> list[str]:
        return [*list(whole(text))[:nth], "SELECT nothing FROM nowhere"]

    monkeypatch.setattr(queries, "statements", broken)
    with pytest.raises(StoreFault, match="schema"):
        connect(path)
    monkeypatch.undo()
    assert counts(path, tables) == before
    assert seen(path) == seen(tmp_path / "present.sqlite")
