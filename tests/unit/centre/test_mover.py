"""The mover on real files: a log that nobody's commit moves is moved beside, one that fails is told of once and tried again."""

from __future__ import annotations

import threading

import pytest
from crash import tally

from recoup import limits
from recoup.centre import Writer
from recoup.centre.mover import Mover
from recoup.errors import StoreFault
from recoup.stores.sqlite import Log, SqliteJournal

SECONDS_MAX = 60


class Told:
    """What a mover says, and what its logs were asked."""

    def __init__(self):
        self.words, self.moves = [], 0
        self.changed = threading.Condition()

    def __call__(self, why):
        with self.changed:
            self.words.append(why)
            self.changed.notify()

    def until(self, is_so):
        with self.changed:
            assert self.changed.wait_for(is_so, SECONDS_MAX), self.words


class _Noted:
    """A log that says how often it was moved, and fails the first times."""

    def __init__(self, path, told, failing):
        self._log, self._told, self._failing = Log.of(path), told, failing

    def move(self):
        with self._told.changed:
            self._told.moves += 1
            self._told.changed.notify()
            if self._told.moves <= self._failing:
                raise StoreFault("expected a disk, was none")
        return self._log.move()

    def close(self):
        self._log.close()


@pytest.fixture
def path(tmp_path):
    found = tmp_path / "journal.sqlite"
    SqliteJournal.open(found).close()
    return found


def _written(path, count):
    writer = Writer(
        lambda: SqliteJournal.open(path, log_pages_max=limits.STORE_LOG_PAGES_MAX),
        tally.REGISTRY,
        tally.clock(),
        state=tally.Tally(),
        decide=tally.decide,
        evolve=tally.evolve,
    )
    writer.start()
    for number in range(count):
        writer.submit(tally.command(f"c{number}")).result(SECONDS_MAX)
    return writer


def test_what_was_written_is_moved_into_the_file_beside_the_writer(path):
    told, before = Told(), path.read_bytes()
    writer = _written(path, 40)
    assert path.read_bytes() == before, "no commit moved the log"
    mover = Mover((path, path), told, 0.01, lambda one: _Noted(one, told, 0))
    mover.start()
    told.until(lambda: told.moves >= 2)
    mover.stop()
    assert path.read_bytes() != before
    assert mover.fault is None
    assert told.words == []
    log = Log.of(path)
    assert log.move() == 0, "nothing is left to move"
    log.close()
    writer.drain()


def test_a_log_that_cannot_be_moved_is_told_of_once_and_tried_again(path):
    told = Told()
    mover = Mover((path,), told, 0.01, lambda one: _Noted(one, told, 3))
    mover.start()
    told.until(lambda: told.moves >= 5)
    mover.stop()
    assert mover.fault is None
    (why,) = told.words
    assert "expected a disk" in why


def test_a_log_that_nobody_moves_is_moved_by_a_commit_when_it_is_too_long(path, monkeypatch):
    monkeypatch.setattr(limits, "STORE_LOG_PAGES_MAX", 20)
    before = path.read_bytes()
    writer = _written(path, 40)
    assert path.read_bytes() != before
    writer.drain()


def test_a_reader_that_stays_keeps_its_pages_in_the_log_and_holds_nobody_up(path):
    writer = _written(path, 5)
    reader = SqliteJournal.read(path)
    rows = reader.records()
    next(rows)
    for number in range(5):
        writer.submit(tally.command(f"d{number}")).result(SECONDS_MAX)
    log = Log.of(path)
    assert log.move() > 0, "what came after it is not for this reader"
    assert [record.sequence for record in rows] == [2, 3, 4, 5]
    assert log.move() == 0
    log.close()
    reader.close()
    writer.drain()
