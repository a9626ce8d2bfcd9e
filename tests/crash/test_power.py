"""A power cut at any moment, any write or sync failing: what was answered is there, whole and once, when the store opens again.

The negative control runs the same with `synchronous=OFF`, and must lose something.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from crash import tally
from crash.disk import (
    FAULTS,
    KINDS,
    DeafConnection,
    Disk,
    DiskConnection,
    Operation,
    cut_everywhere,
    fail_everywhere,
    left_behind,
)

from recoup import limits
from recoup.errors import CommitUnknown, StoreFault
from recoup.journal.port import Answer, Appended, Batch, StoredCheckpoint, digest_of
from recoup.journal.record import Record, seal
from recoup.stores.sqlite import Log, SqliteJournal
from recoup.stores.sqlite import journal as store

COMMANDS = 50


def _script(disk: Disk, journal: SqliteJournal) -> Iterator[str]:
    """Append fifty commands one by one, with messages, deadlines and checkpoints; yield each id that was acknowledged."""
    epoch, last, state = journal.lead(), None, tally.Tally()
    for n in range(COMMANDS):
        given = tally.command(f"c{n}")
        now = tally.START
        decision = tally.decide(state, given, now)
        (noted,) = decision.events
        last = _sealed(last, given.id, noted)
        state = tally.evolve(state, noted.subject, noted.event)
        answer = Answer(given.id, digest_of(given.content), decision.answer)
        batch = Batch(n, (last,), (answer,), decision.messages, decision.deadlines, decision.ended)
        assert journal.append(batch, epoch) == Appended(n + 1)
        disk.operations.append(Operation("told", given.id))
        yield given.id
        if n % 7 == 0:
            journal.add_checkpoint(StoredCheckpoint(n + 1, b"note" * 100))
            journal.sent(f"m_c{n}")


def _sealed(last: Record | None, command: str, noted: object) -> Record:
    name, version = tally.REGISTRY.name_of(noted.event)
    body = tally.REGISTRY.encode(noted.event)
    return seal(
        last,
        at=tally.START,
        command=command,
        subject=noted.subject,
        name=name,
        version=version,
        body=body,
    )


def _recorded(folder: Path, synchronous: str = "FULL") -> Disk:
    """Run the script on a healthy disk. A small log makes SQLite move pages into the main file often."""
    disk = Disk()
    connection = DiskConnection(folder / "journal.sqlite", disk)
    journal = SqliteJournal(connection)
    connection.run(f"PRAGMA synchronous = {synchronous}")
    connection.run("PRAGMA wal_autocheckpoint = 12")
    assert len(list(_script(disk, journal))) == COMMANDS
    connection.close()
    return disk


def _wrong_after(_: int, told: list[str], folder: Path) -> list[str]:
    """Open what a power cut left; return what is wrong with it."""
    journal = SqliteJournal.open(folder / "journal.sqlite")
    wrong = tally.check(journal, {x: b"%d" % (int(x[1:]) + 1) for x in told})
    journal.close()
    return wrong


def _cut_everywhere(folder: Path, kind: str, every: int, synchronous: str = "FULL") -> list[str]:
    disk = _recorded(folder, synchronous)
    return cut_everywhere(disk.operations, kind, every, _wrong_after)


@pytest.mark.parametrize("kind", KINDS)
def test_a_power_cut_loses_nothing_that_was_answered(tmp_path, kind):
    assert _cut_everywhere(tmp_path, kind, every=5) == []


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_a_power_cut_at_every_moment_loses_nothing_that_was_answered(tmp_path, kind):
    assert _cut_everywhere(tmp_path, kind, every=1) == []


@pytest.mark.parametrize("synchronous", ["OFF", "NORMAL"])
def test_with_fewer_syncs_a_power_cut_loses_answers(tmp_path, synchronous):
    """The negative control: the test above can fail."""
    assert _cut_everywhere(tmp_path, "dropped", every=5, synchronous=synchronous)


def _moved_beside(folder: Path, synchronous: str = "FULL") -> Disk:
    """The same, the log moved on a connection of its own and by no commit."""
    disk, path = Disk(), folder / "journal.sqlite"
    connection = DiskConnection(path, disk)
    journal = SqliteJournal(connection, log_pages_max=limits.STORE_LOG_PAGES_MAX)
    log = Log(DiskConnection(path, disk))
    log._connection.run(f"PRAGMA synchronous = {synchronous}")
    for count, _ in enumerate(_script(disk, journal)):
        if count % 3 == 0:
            assert log.move() == 0, "nobody else wrote meanwhile"
    assert (
        sum(x.kind == "write" and x.file.endswith("journal.sqlite") for x in disk.operations) > 50
    )
    log.close()
    connection.close()
    return disk


@pytest.mark.parametrize("kind", KINDS)
def test_a_power_cut_loses_nothing_while_the_log_is_moved_beside(tmp_path, kind):
    disk = _moved_beside(tmp_path)
    assert cut_everywhere(disk.operations, kind, 17, _wrong_after) == []


def test_a_log_that_is_moved_without_syncs_loses_answers(tmp_path):
    """The negative control: the test above can fail."""
    disk = _moved_beside(tmp_path, "OFF")
    assert cut_everywhere(disk.operations, "dropped", 17, _wrong_after)


def test_opening_refuses_a_connection_whose_syncs_are_off(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "_FULL", 3)
    with pytest.raises(StoreFault, match="synchronous"):
        SqliteJournal.open(tmp_path / "journal.sqlite")


def _fail(
    folder: Path, fault: str, nth: int, connect: type[DiskConnection] = DiskConnection
) -> tuple[bool, list[str]]:
    """Run the script on a disk whose n-th operation fails, then open the files on a sound one."""
    disk = Disk(failing=nth, fault=fault)
    path, told, unknown = folder / "journal.sqlite", [], []
    connection = None
    try:
        connection = connect(path, disk)
        journal = SqliteJournal(connection)
        connection.run("PRAGMA wal_autocheckpoint = 12")
        for command in _script(disk, journal):
            told.append(command)
    except CommitUnknown:
        unknown.append(f"c{len(told)}")
    except StoreFault:
        pass
    finally:
        after = left_behind(path)
        if connection is not None:
            connection.close()
    again = SqliteJournal.open(after)
    wrong = tally.check(again, {x: b"%d" % (int(x[1:]) + 1) for x in told})
    last = again.last()
    count = last.sequence if last else 0
    allowed = {len(told), *(len(told) + 1 for _ in unknown)}
    if count not in allowed:  # what was refused for sure must not be there; what is unknown may be
        wrong.append(f"{count} records after {len(told)} answers and {len(unknown)} unknown")
    again.close()
    return disk.has_failed, wrong


@pytest.mark.parametrize("fault", FAULTS)
def test_a_failing_disk_stops_the_store_and_loses_nothing_that_was_answered(fault):
    assert fail_everywhere(fault, 7, _fail) > COMMANDS


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_every_operation_may_fail(fault):
    assert fail_everywhere(fault, 1, _fail) > COMMANDS


def test_a_store_that_takes_a_failed_commit_for_done_is_found(tmp_path):
    """The negative control: the tests above can fail."""
    healthy = Disk(fault="write")
    connection = DiskConnection(tmp_path / "journal.sqlite", healthy)
    SqliteJournal(connection)  # writes that are made before the first command
    connection.close()
    first = healthy.counted + 5
    assert all(_is_found(_new(tmp_path, n), n) for n in range(first, first + 40, 10))


def _is_found(folder: Path, nth: int) -> bool:
    try:
        return bool(_fail(folder, "write", nth, DeafConnection)[1])
    except AssertionError:  # the next append tells that the one before is not there
        return True


def _new(folder: Path, n: int) -> Path:
    (folder / str(n)).mkdir()
    return folder / str(n)
