"""Snapshots that a centre makes by itself: used at the next start, by all who look, and left aside when they do not fit."""

from __future__ import annotations

import threading
from contextlib import closing
from pathlib import Path

import pytest
from sim.office import POLICY

from recoup.bench.replaying import write_stops
from recoup.centre import CentreState, View
from recoup.centre.keeper import Keeper, keep_snapshot
from recoup.centre.office import Office, Setting
from recoup.centre.snapshots import NAME, encode_state, restore
from recoup.clock import SystemClock
from recoup.ids import RandomIds
from recoup.stores.sqlite import SqliteJournal
from recoup.stores.vault import LocalKeys


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A journal of two hundred stops."""
    path = tmp_path / "journal.sqlite"
    with closing(SqliteJournal.open(path)) as journal:
        write_stops(journal, 200)
    return path


def kept(file: Path) -> int:
    with closing(SqliteJournal.open(file)) as journal:
        found = journal.snapshot(NAME)
        return 0 if found is None else found.sequence


def office(file: Path, told: list[str]) -> Office:
    keys = LocalKeys(b"k" * 32)
    setting = Setting(file, keys, None, POLICY, SystemClock(), RandomIds())
    return Office(setting, told_of_case=lambda _, why: told.append(why))


def test_a_snapshot_goes_on_from_the_one_before(file: Path) -> None:
    assert keep_snapshot(file) == 2_000
    with closing(SqliteJournal.open(file)) as journal:
        write_stops(journal, 10)
    assert keep_snapshot(file) == 2_100
    with closing(SqliteJournal.open(file)) as journal:
        found = restore(journal)
        assert found is not None
        assert found[1] == 2_100
        assert encode_state(found[0]) == encode_state(View(journal, from_snapshot=False).state)


def test_a_keeper_makes_one_when_enough_was_written(file: Path) -> None:
    told: list[str] = []
    keeper = Keeper(file, told.append, records_max=1_000, tick_seconds=0.05)
    keeper.start()
    waiting = threading.Event()
    for _ in range(600):
        if kept(file):
            break
        waiting.wait(0.05)
    keeper.stop()
    assert (kept(file), told, keeper.fault) == (2_000, [], None)


def test_a_keeper_waits_until_enough_was_written(file: Path) -> None:
    keeper = Keeper(file, lambda _: None, records_max=3_000, tick_seconds=0.01)
    keeper.start()
    threading.Event().wait(0.3)
    keeper.stop()
    assert kept(file) == 0


def test_a_centre_leaves_a_snapshot_when_it_ends_and_begins_with_it(file: Path) -> None:
    told: list[str] = []
    for _ in range(2):
        centre = office(file, told)
        assert centre.start() == 2_000
        seen = centre.view()
        full = View(centre.open(), from_snapshot=False)
        assert seen.state == full.state
        assert seen.sequence == 2_000
        assert seen.state.drafted is not full.state.drafted
        centre.stop()
        assert kept(file) == 2_000
    assert told == []


def test_a_snapshot_that_does_not_fit_is_said_and_everything_folded(file: Path) -> None:
    keep_snapshot(file)
    with closing(SqliteJournal.open(file)) as journal:
        journal._alone("add_snapshot", (NAME, 2_000, b"\x78\x01damaged"))
    told: list[str] = []
    centre = office(file, told)
    assert centre.start() == 2_000
    assert len(list(centre.view().state.every())) == 200
    centre.stop()
    assert len(told) == 1
    assert "folding all" in told[0]


def test_views_of_one_start_do_not_share_what_is_changed_in_place(file: Path) -> None:
    with closing(SqliteJournal.open(file)) as journal:
        state = View(journal).state
    copy = state.copied()
    assert copy == state
    before = encode_state(copy)
    state.holds.clear()
    for orders in (*state.drafted.values(), *state.told.values()):
        orders.clear()
    assert encode_state(copy) == before
    assert state != CentreState()
