"""Lists in the centre: in the entry that makes them so, with deadlines, in the snapshot, and every check in the record."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path

import pytest
from sim.office import POLICY, START

from recoup.cases.commands import ProposeFinding, SettleFinding
from recoup.cases.decided import Finding, FindingKind
from recoup.cases.lists import Entry, EntryState, Level, Subject
from recoup.cases.state import FindingTrigger
from recoup.centre import Actor, Request, View, command_of
from recoup.centre.commands import Done, Turned
from recoup.centre.list_commands import (
    AgreeToEntry,
    Checked,
    CheckLists,
    ListsChecked,
    ListSubject,
    PassEntryEnd,
    Side,
    WithdrawEntry,
)
from recoup.centre.registry import COMMAND_REGISTRY, EVENT_REGISTRY
from recoup.centre.requests import CLOCK, INSTITUTION
from recoup.centre.rights import IN_SESSIONS_ONLY
from recoup.centre.snapshots import decode_state, encode_state
from recoup.journal.canonical import decode_plain
from recoup.orders import OrderKind, Outcome

sys.path.insert(0, str(Path(__file__).parent))
from test_case_room import CASE, Work


def held() -> Work:
    work = Work().reported().under_mandate()
    work.answered(work.leaves(OrderKind.STOP, "a"), Outcome.HELD_SHORT, 60)
    return work


def entries(work: Work) -> list[Entry]:
    return list(work.office.scribe.state.listed.entries.values())


def innocent(work: Work) -> None:
    finding = Finding("f1", FindingKind.INNOCENT_CONDUIT, "a", "lead", "papers seen")
    work.must("lead", ProposeFinding(finding))
    work.must("judge", SettleFinding("f1", FindingTrigger.AGREE, "judge", finding.digest))


def looked(work: Work, *keys: str) -> dict[str, object]:
    what = CheckLists(tuple(Checked(Side.SUBJECT, key) for key in keys))
    return decode_plain(work.must("ann", what).answer)["subject"]


def test_the_answer_that_money_is_held_lists_the_account_in_its_own_entry():
    work = held()
    (one,) = entries(work)
    assert (one.key, one.case, one.state) == ("a", CASE, EntryState.STANDING)
    records = list(work.office.journal.records())
    (listed,) = [r for r in records if r.name == "entry_added"]
    noted = [r for r in records if r.name == "hold_noted"][-1]
    assert listed.command == noted.command
    (due,) = [d for d in work.office.journal.due(one.ends_at, 100) if d.kind == "pass_entry_end"]
    assert (
        due.due_at
        == one.ends_at
        == work.office.clock.now() + timedelta(seconds=POLICY.listing_seconds)
    )


def test_a_finding_clears_it_in_its_own_entry_and_takes_the_deadline_away():
    work = held()
    innocent(work)
    (one,) = entries(work)
    assert (one.state, one.ended_for) == (EntryState.CLEARED, "finding f1")
    due = work.office.journal.due(one.ends_at, 100)
    assert "pass_entry_end" not in {row.kind for row in due}
    assert looked(work, "a") == {"entries": [], "left": 0}


def test_a_check_tells_list_unit_and_ground_and_stands_in_the_journal():
    work = held()
    (one,) = entries(work)
    found = looked(work, "a")
    (shown,) = found["entries"]
    assert shown == {
        "entry": one.id,
        "ground": "proven",
        "list": "suspect",
        "since": shown["since"],
        "unit": "station-1",
        "until": shown["until"],
    }
    record = list(work.office.journal.records())[-1]
    event = EVENT_REGISTRY.decode(record.name, record.version, record.body)
    asked = (Checked(Side.SUBJECT, "a"),)
    assert event == ListsChecked("ann", CASE, "", "case file 1", asked, (one.id,))


def test_registers_with_lists_are_the_same_after_a_restart_and_from_a_snapshot():
    work = held()
    innocent(work)
    before = encode_state(work.office.scribe.state)
    assert b"\nentry " in before
    assert decode_state(before) == work.office.scribe.state
    work.office.restart()
    assert encode_state(work.office.scribe.state) == before
    View(work.office.open(), from_snapshot=False).keep(work.office.open())
    assert encode_state(View(work.office.open()).state) == before


def test_an_entry_goes_on_while_money_is_held_and_lapses_after():
    work = held()
    (one,) = entries(work)
    work.office.clock.move(timedelta(hours=49))
    work.office.fire()
    assert entries(work) == [one], "the stop lapsed, the claim stands"
    work.office.clock.move(one.ends_at - work.office.clock.now())
    work.office.fire()
    (after,) = entries(work)
    assert after.state is EntryState.LAPSED


def test_only_the_clock_passes_an_end_and_nobody_without_a_session_lists():
    work = held()
    (one,) = entries(work)
    command = command_of(COMMAND_REGISTRY, "x1", Request(CLOCK, PassEntryEnd(one.id)))
    early = work.office.submit(command)
    assert isinstance(early, Turned)
    assert early.reason == "term_runs"
    alike = work.office.ask("deadlines", PassEntryEnd(one.id), role="machine")
    assert isinstance(alike, Turned)
    assert alike.reason == "actor_differs"
    assert {ListSubject, AgreeToEntry, WithdrawEntry} <= IN_SESSIONS_ONLY
    for what in (AgreeToEntry(one.id, "bo", ""), WithdrawEntry(one.id, "bo", "r")):
        found = work.office.ask("bo", what, role=INSTITUTION)
        assert isinstance(found, Turned)
        assert found.reason == "session_ended"


def test_a_check_under_the_same_id_gives_the_first_answer():
    work = held()
    what = CheckLists((Checked(Side.PAYEE, "a"),), "p1")
    request = Request(Actor("bank-1", INSTITUTION, "a payment"), what)
    command = command_of(COMMAND_REGISTRY, "institution bank-1:k1", request)
    first = work.office.submit(command)
    innocent(work)
    again = work.office.submit(command)
    assert isinstance(first, Done)
    assert again == Done(first.answer, is_repeat=True)


@pytest.mark.parametrize("count", [20, 21])
def test_a_check_tells_so_many_entries_and_counts_the_rest(count):
    work = held()
    state = work.office.scribe.state
    for number in range(count):
        state.listed.put(
            Entry(
                f"e{number}",
                Subject.PERSON,
                Level.INVOLVED,
                "k1",
                CASE,
                *("", "r", "ann", START, START + timedelta(days=9), EntryState.STANDING),
            )
        )
    found = looked(work, "k1")
    assert (len(found["entries"]), found["left"]) == (20, count - 20)
