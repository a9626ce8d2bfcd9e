"""Letters to victims wait in the worklist until somebody sent them; papers of a return are known by number and digest."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from returning_office import CASE, Returning, award

from recoup.centre import View
from recoup.centre.snapshots import decode_state, encode_state
from recoup.centre.worklist import Waits, todos_of
from recoup.centre.written import Issued, IssuePapers, NoteSent, Paper, Sent, SentBy
from recoup.centre.written_room import looked_at
from recoup.procedure.commands import PublishNotice

NUMBER = "20260105-3-12345678"
ONE, OTHER = "1" * 64, "2" * 64
DECISION = Paper(ONE, "decision-0001.zh", "28125.00 CNY")


def waiting(work: Returning) -> list[tuple[str, str]]:
    """The claims whose victims are to be written to, and of what."""
    row = looked_at(work.scribe.state, work.scribe.state.case(CASE))
    todos = todos_of(row.case, row.orders, work.clock.now(), work.policy, row.beside)
    return [(todo.about, todo.why) for todo in todos if todo.kind is Waits.LETTER]


def sent(stage: str, number: str = NUMBER, by: str = "ann") -> NoteSent:
    return NoteSent(CASE, "c1", stage, number, "zh", SentBy.POST, by)


def issued(*papers: Paper, by: str = "ann") -> IssuePapers:
    return IssuePapers(CASE, "r1", papers, by)


def replayed(work: Returning) -> None:
    before = encode_state(work.scribe.state)
    assert decode_state(before) == work.scribe.state
    work.restart()
    assert encode_state(work.scribe.state) == before
    assert encode_state(View(work.open(), from_snapshot=False).state) == before


def test_a_letter_waits_until_somebody_sent_it_and_again_at_the_next_stage() -> None:
    work = Returning()
    assert waiting(work) == [], "that a report was taken is told at once, by no letter"
    work.holds()
    assert waiting(work) == [("c1", "frozen")]
    work.by("ann", sent("frozen"))
    assert waiting(work) == []
    kept = work.scribe.state.sent[CASE, "c1"]
    expected = Sent(CASE, "c1", "frozen", NUMBER, "zh", SentBy.POST, "ann", work.clock.now())
    assert kept == expected, "who sent it, and how, is on record"
    work.applied().approved(award(60, mode=3))
    assert waiting(work) == [], "nothing is asked of the victim at these steps"
    work.by("ann", PublishNotice("r1", "ann", work.digest))
    assert waiting(work) == [("c1", "published")]
    replayed(work)


def test_a_letter_that_is_out_of_date_is_not_noted() -> None:
    work = Returning().holds().applied().approved(award(60, mode=3))
    assert work.refused("ann", sent("frozen")) == "letter_stale"
    assert (CASE, "c1") not in work.scribe.state.sent


def test_the_same_letter_is_noted_once_and_by_nobody_for_another() -> None:
    work = Returning().holds()
    assert work.refused("ann", sent("frozen", by="bo")) == "actor_differs"
    assert work.refused("ann", replace(sent("frozen"), claim="c9")) == "claim_unknown"
    work.by("ann", sent("frozen"))
    first = work.scribe.state.sent[CASE, "c1"]
    work.by("bo", sent("frozen", by="bo"))
    assert work.scribe.state.sent[CASE, "c1"] == first
    assert work.refused("far", sent("frozen", by="far")) == "not_permitted"


def test_a_later_paper_takes_the_place_of_the_earlier_one_of_its_number() -> None:
    work = Returning().holds().applied()
    work.by("ann", issued(DECISION, Paper("3" * 64, "notice-0001.zh", "")))
    state = work.scribe.state
    assert state.numbered["r1", "decision-0001.zh"] == ONE
    corrected = Paper(OTHER, "decision-0001.zh", "28125.00 CNY")
    work.by("ann", issued(corrected))
    state = work.scribe.state
    assert state.numbered["r1", "decision-0001.zh"] == OTHER
    at = state.papers[ONE].at
    assert state.papers[ONE] == Issued(DECISION, "r1", CASE, "ann", at), "it stays known"
    replayed(work)
    count = len(list(work.journal.records()))
    work.by("ann", issued(corrected))
    names = [record.name for record in list(work.journal.records())[count:]]
    assert "papers_issued" not in names, "the same again is nothing new"


@pytest.mark.parametrize(
    "paper",
    [
        replace(DECISION, digest="x" * 64),
        replace(DECISION, number="decision 1"),
        replace(DECISION, amount="call 0755-1"),
    ],
)
def test_what_no_paper_bears_is_not_issued(paper: Paper) -> None:
    work = Returning().holds().applied()
    assert work.refused("ann", issued(paper)) == "paper_unfit"
    assert work.refused("ann", issued()) == "paper_unfit"
    assert work.refused("ann", issued(DECISION, replace(DECISION, digest=OTHER))) == "paper_unfit"
    assert work.refused("chief", issued(DECISION, by="chief")) == "not_permitted"
    unknown = replace(issued(DECISION), return_id="r9")
    assert work.refused("ann", unknown) == "return_unknown"
    assert work.scribe.state.papers == {}


def extending(work: Returning) -> list[tuple[str, int, bool]]:
    """The returns whose bank cannot be told for want of a calendar: which, how much, whether only later."""
    row = looked_at(work.scribe.state, work.scribe.state.case(CASE))
    todos = todos_of(row.case, row.orders, work.clock.now(), work.policy, row.beside)
    found = [todo for todo in todos if todo.kind is Waits.CALENDAR]
    return [(todo.about, todo.amount, todo.due_at is not None) for todo in found]


def test_a_year_without_a_calendar_waits_for_somebody_before_the_bank_is_to_be_told() -> None:
    work = Returning()
    work.clock.move(datetime(2026, 12, 10, 2, tzinfo=UTC) - work.clock.now())
    work.holds().applied().approved(award(60, mode=3))
    assert extending(work) == []
    work.by("ann", PublishNotice("r1", "ann", work.digest))
    assert extending(work) == [("r1", 60, True)], "the notice ends in a year that nobody told"


def test_what_is_decided_waits_for_the_calendar_only_where_it_ends() -> None:
    work = Returning().holds().applied().approved().decided()
    assert extending(work) == []
    row = looked_at(work.scribe.state, work.scribe.state.case(CASE))
    late = datetime(2026, 12, 30, 2, tzinfo=UTC)
    todos = todos_of(row.case, row.orders, late, work.policy, row.beside)
    assert [todo.why for todo in todos if todo.kind is Waits.CALENDAR] == ["cn"]
