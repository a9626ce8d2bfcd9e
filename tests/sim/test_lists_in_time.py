"""R3, R6 for lists: agreement, ends and signed checks in virtual time; every control is a bug that a run must find.

A failing run is replayed by its seed: `ListWorld(seed).run(events)`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from recoup.cases.lists import LIVE_ENTRIES, EntryTrigger, ListReason, ListRefusal, _moved
from recoup.centre import decider, list_room, rights
from recoup.centre.commands import Declined
from recoup.centre.list_commands import PassEntryEnd
from sim.lists import LIST_MARKS, ListOffice, ListWorld


def _runs(seeds: range, events: int, *, is_restless: bool = False) -> Counter[str]:
    """Return how often each situation was met."""
    marks: Counter[str] = Counter()
    for seed in seeds:
        try:
            marks += ListWorld(seed, is_restless=is_restless).run(events)
        except AssertionError as wrong:
            what = f"ListWorld({seed}, is_restless={is_restless}).run({events})"
            raise AssertionError(what) from wrong
    print({mark: marks[mark] for mark in LIST_MARKS})
    return marks


def test_lists_keep_their_promises_and_every_situation_is_met():
    marks = _runs(range(4), 400) + _runs(range(4, 8), 400, is_restless=True)
    assert [mark for mark in LIST_MARKS if not marks[mark]] == []


@pytest.mark.slow
def test_lists_keep_their_promises_over_many_worlds():
    marks = _runs(range(100, 130), 1_000) + _runs(range(130, 145), 1_000, is_restless=True)
    assert [mark for mark in LIST_MARKS if marks[mark] < 30] == []


# --- negative controls: each bug must be found, by its own name ---


def _first_fault(make) -> str:
    for seed in range(20):
        try:
            make(seed).run(400)
        except AssertionError as wrong:
            return str(wrong)
    return "nothing"


def _early(policy):
    """A planted bug: an entry ends an hour before its end."""
    right, hour = decider(policy), timedelta(hours=1)

    def decide(state, command, now):
        found = right(state, command, now + hour * isinstance(command.value.what, PassEntryEnd))
        if isinstance(found, Declined):
            return found
        rows = [
            replace(x, due_at=x.due_at - hour * (x.kind == "pass_entry_end"))
            for x in found.deadlines
        ]
        return replace(found, deadlines=tuple(rows))

    return decide


def _endless(policy):
    """A planted bug: nobody writes down when an entry ends."""
    right = decider(policy)

    def decide(state, command, now):
        found = right(state, command, now)
        if isinstance(found, Declined):
            return found
        rows = [x for x in found.deadlines if x.kind != "pass_entry_end"]
        return replace(found, deadlines=tuple(rows))

    return decide


@pytest.mark.parametrize(
    ("bug", "found"), [(_early, "it lapsed before its end"), (_endless, "should have ended")]
)
def test_a_bug_about_ends_is_found(bug, found):
    assert found in _first_fault(lambda seed: ListWorld(seed, ListOffice(make_decide=bug)))


def test_a_person_who_agrees_with_himself_is_found(monkeypatch):
    """Both guards are taken away: the room's, and that of the table of rights."""
    owned = rights._target_of_entry

    def nobodys(state, entry_id):
        target = owned(state, entry_id)
        return target if isinstance(target, Declined) else replace(target, owner="nobody")

    def alone(entry, by, digest, now):
        if digest != entry.digest:
            return ListRefusal(ListReason.ENTRY_STALE)
        return _moved(entry, EntryTrigger.AGREE, by, "", now)

    monkeypatch.setattr(rights, "_target_of_entry", nobodys)
    monkeypatch.setattr(list_room, "agree_to_entry", alone)
    found = _first_fault(ListWorld)
    assert "one person agreed with himself" in found


def test_a_check_that_tells_what_does_not_stand_is_found(monkeypatch):
    def all_live(entries, _):
        return tuple(x for x in entries if x.state in LIVE_ENTRIES)

    monkeypatch.setattr(list_room, "found_of", all_live)
    assert "told something else than what stands" in _first_fault(ListWorld)


def test_a_desk_that_believes_anybody_is_found():
    assert "nobody asked this" in _first_fault(lambda seed: ListWorld(seed, checks_calls=False))


def test_a_desk_that_does_not_know_a_repeat_is_found():
    found = _first_fault(lambda seed: ListWorld(seed, knows_repeats=False))
    assert "asked once, noted twice" in found


def test_a_run_in_which_nothing_ends_is_no_proof():
    """The control of the marks."""

    class Young(ListWorld):
        def _race(self, live):
            pass

    marks = Young(0).run(60)
    assert [mark for mark in LIST_MARKS if not marks[mark]]
