"""Who is on duty sees every clock that will run out: what fires by itself is on a unit's list, at the very same instant."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from cared import lead, measure, objected
from casework import CASE, Work
from returning_office import CASE as RETURNED
from returning_office import STATION, Returning, award
from sim.office import POLICY, START, Done, Office
from wards import Wards

from recoup.care.appealing import FileDecisionAppeal, SettleDecisionAppeal
from recoup.care.dissuading import TakeLead
from recoup.care.measuring import AgreeToMeasure, AppealMeasure, ProposeMeasure, TellHolder
from recoup.cases import Clock, Matter, Motion, packet
from recoup.cases.commands import FileAppeal, MakeMotion, SettleAppeal, SettleMotion
from recoup.cases.state import AppealTrigger, MotionTrigger
from recoup.centre import due
from recoup.centre import state as centre_state
from recoup.centre.commands import Decision, Declined
from recoup.centre.registry import COMMANDS
from recoup.centre.requests import Actor, Request
from recoup.centre.roster import shift_digest, still_due
from recoup.centre.snapshots import decode_state, encode_state
from recoup.centre.staff_room import decide_staff
from recoup.orders import HoldKey, Order, OrderKind, Outcome
from recoup.procedure.commands import PublishNotice
from recoup.staff import Directory, Level, Person, StaffReason, Unit
from recoup.staff.commands import HandOverShift

FAR = timedelta(days=9999)
ON_THE_LIST = {
    "end_term": {"term"},
    "pass_answer_limit": {"answer"},
    "pass_hardship_day": {"hardship"},
    "pass_appeal_clock": {"appeal"},
    "end_deferral": {"notice"},
    "pass_foreign_clock": {"abroad"},
    "pass_escalation": {"escalation"},
    "pass_return_notice": {"return_notice"},
    "pass_return_pay_limit": {"return_payment"},
    "pass_measure_appeal": {"measure_appeal"},
    "pass_measure_end": {"measure", "measure_proposal"},
    "pass_dissuasion_step": {"dissuasion_step"},
    "pass_dissuasion_end": {"dissuasion"},
    "pass_decision_appeal": {"decision_appeal"},
    "pass_appeal_escalation": {"escalation"},
}
"""The commands by which a clock fires, and what the list calls each."""
NOT_ON_IT = {"pass_entry_end"}
"""An entry of a list ends by itself and asks nobody for anything: it is made anew where there is a new ground."""
BY_PERSONS = {
    *("end_duty", "end_acting"),
    *("end_return_round", "end_return_seized", "end_return_prior_right"),
}


def missing(office: Office) -> set[tuple[str, str]]:
    """Return the rows that will fire by themselves and stand on no unit's list at that instant."""
    state = office.scribe.state
    units = {case.unit for case in state.cases.values()} | set(state.staff.units) | {"station-1"}
    units |= {row.unit for case in state.cases.values() for row in case.escalations}
    listed = {(clock.kind, clock.due_at) for unit in units for _, clock in state.shift_of(unit)}
    return {
        (row.kind, row.subject)
        for row in office.journal.due(office.clock.now() + FAR, 10_000)
        if row.kind not in NOT_ON_IT
        and not any((kind, row.due_at) in listed for kind in ON_THE_LIST[row.kind])
    }


def kinds(office: Office, unit: str = "station-1") -> list[str]:
    """Return what the list of the unit has, the soonest first."""
    return [clock.kind for _, clock in office.scribe.state.shift_of(unit)]


def held(work: Work) -> Work:
    work.reported().under_mandate()
    work.answered(work.leaves(OrderKind.STOP, "a"), Outcome.HELD, 100)
    return work


def hardship(work: Work) -> None:
    motion = Motion("m", Matter.HARDSHIP, "duty", "a", "CNY", 30, reason="food")
    work.must("duty", MakeMotion(motion))


def agreed(work: Work) -> None:
    digest = work.case.motions[0].digest
    work.must("lead", SettleMotion("m", MotionTrigger.AGREE, "lead", digest))


def clocks(work: Work, kind: str) -> list[Clock]:
    """Return the clocks of a kind, which the packet and the shift have alike."""
    state = work.office.scribe.state
    given = [row for row in state.packet_of(CASE).clocks if row.kind == kind]
    assert given == [row for _, row in state.shift_of("station-1") if row.kind == kind]
    return given


def test_every_command_of_a_clock_has_a_place_on_the_list_or_a_reason_not_to() -> None:
    fired = {name for name, *_ in COMMANDS if name.startswith(("pass_", "end_"))}
    assert fired == set(ON_THE_LIST) | NOT_ON_IT | BY_PERSONS


def test_hardship_is_on_the_list_until_its_institution_has_freed_it() -> None:
    work = held(Work())
    before = work.office.scribe.state.packet_of(CASE).digest
    hardship(work)
    midnight = POLICY.orders.day_ends(START)
    assert clocks(work, "hardship") == [Clock("hardship", "m", midnight)]
    assert work.office.scribe.state.packet_of(CASE).digest != before
    work.office.clock.move(midnight - work.office.clock.now())
    work.office.fire()
    assert clocks(work, "hardship") == [Clock("hardship", "m", midnight)], "overdue, not gone"
    agreed(work)
    morrow = POLICY.orders.day_ends(work.office.clock.now())
    assert clocks(work, "hardship") == [Clock("hardship", "m", morrow)], "agreed to, not freed"
    kept = encode_state(work.office.scribe.state)
    assert encode_state(decode_state(kept)) == kept
    before = work.case
    work.office.restart()
    assert work.case == before
    key = HoldKey(CASE, "a", "CNY")
    freeze = Order("f", OrderKind.FREEZE, key, "bank-a", 70, "writer", "filed")
    assert isinstance(work.office.tell(freeze), Done)
    work.answered(freeze, Outcome.FROZEN, 70)
    assert clocks(work, "hardship") == []
    assert missing(work.office) == set()


def test_a_standing_authority_is_on_the_list_until_it_ends_and_not_for_ever() -> None:
    """No event says that it ended: the list that a shift is given and shown goes by the clock."""
    work = held(Work())
    until = work.case.mandates[0].until
    rows = work.office.scribe.state.shift_of("station-1")
    least = timedelta(microseconds=1)
    assert still_due(rows, until - least) == rows
    ended = still_due(rows, until)
    assert ended == tuple(row for row in rows if row[1].kind != "mandate") != rows
    assert still_due(rows, until + FAR) == ended, "what is overdue asks somebody, so it stays"


def test_the_digest_of_a_shift_is_that_of_the_list_without_what_ended() -> None:
    work = held(Work())
    until, state = work.case.mandates[0].until, work.office.scribe.state
    unit = Unit("station-1", Level.STATION)
    state.staff = Directory({unit.id: unit}, {who: Person(who) for who in ("ann", "bo")})
    for now in (until - timedelta(hours=1), until + FAR):
        whole = shift_digest("station-1", state.shift_of("station-1"))
        shown = shift_digest("station-1", still_due(state.shift_of("station-1"), now))
        assert (whole == shown) is (now < until)

        def given(digest: str, now: datetime = now) -> Decision | Declined:
            gives = HandOverShift("station-1", "ann", "bo", digest)
            return decide_staff(state, Request(Actor("ann", "", "a test"), gives), now, POLICY)

        assert isinstance(given(shown), Decision)
        if now >= until:
            assert given(whole) == Declined(StaffReason.SHIFT_STALE)


def test_hardship_that_is_dismissed_is_on_no_list() -> None:
    work = held(Work())
    hardship(work)
    digest = work.case.motions[0].digest
    work.must("lead", SettleMotion("m", MotionTrigger.DISMISS, "lead", digest))
    assert clocks(work, "hardship") == []
    assert missing(work.office) == set()


def test_an_appeal_that_was_upheld_is_on_the_list_until_it_is_freed() -> None:
    work = held(Work())
    work.must("desk", FileAppeal("ap1", "a", "CNY", True))
    filed = clocks(work, "appeal")
    work.office.clock.move(timedelta(minutes=5))
    work.must("judge", SettleAppeal("ap1", AppealTrigger.UPHOLD, "judge", 40, "papers seen"))
    due_at = work.office.clock.now() + timedelta(seconds=POLICY.appeal_seconds)
    assert clocks(work, "appeal") == [Clock("appeal", "ap1", due_at)] != filed
    assert missing(work.office) == set()


def returning() -> Returning:
    work = Returning().holds().applied().approved(award(60, mode=3))
    work.by("ann", PublishNotice("r1", "ann", work.digest))
    return work


def test_a_public_notice_and_a_payment_of_a_return_go_with_the_first_of_its_cases() -> None:
    work = returning()
    before = work.scribe.state.packet_of(RETURNED)
    assert "return_notice" in {clock.kind for clock in before.clocks}
    assert "return_notice" in kinds(work, STATION)
    assert missing(work) == set()
    work.clock.move(timedelta(days=45))
    work.fire()
    assert "return_notice" not in kinds(work, STATION), "it was passed"
    paying = Returning().holds().applied().approved().decided()
    seen = paying.scribe.state.packet_of(RETURNED)
    paying.notifies()
    after = paying.scribe.state.packet_of(RETURNED)
    (clock,) = [row for row in after.clocks if row.kind == "return_payment"]
    assert (clock.about, clock.due_at) == ("r1-1.1.1", paying.found.payments[0].due_at)
    assert after.digest != seen.digest, "who would take the case over sees it first"
    assert missing(paying) == set()


def test_a_return_of_two_cases_is_the_first_ones() -> None:
    work = Returning().joined_with_other().holds().applied()
    led = work.scribe.state.returns["r1"]
    assert list(due.due_in_return(led, RETURNED)) == []
    published = returning().found
    (clock,) = due.due_in_return(published, RETURNED)
    assert clock.kind == "return_notice"
    assert list(due.due_in_return(published, "another")) == []
    assert list(due.due_in_return(None, RETURNED)) == []


def caring() -> Office:
    office = Office()
    story = (
        ("ann", ProposeMeasure(measure())),
        ("ann", ProposeMeasure(measure(id="m2", account="b"))),
        ("bank-1", TakeLead(lead(), "d1")),
        ("bank-1", FileDecisionAppeal(objected())),
    )
    for who, what in story:
        found = office.ask(who, what)
        assert isinstance(found, Done), found
    return office


def test_what_is_due_in_care_is_on_the_list_of_its_unit_and_in_no_packet() -> None:
    office = caring()
    assert set(kinds(office)) >= {"dissuasion_step", "dissuasion", "decision_appeal"}
    assert {case for case, _ in office.scribe.state.shift_of("station-1")} == {""}
    assert kinds(office, "station-2") == []
    assert missing(office) == set()
    standing = office.scribe.state.cared.measures["m2"]
    if standing.state.value == "proposed":
        office.ask("bo", AgreeToMeasure("m2", "bo", standing.digest))
    assert "measure_notice" in kinds(office)
    assert isinstance(office.ask("ann", TellHolder("m2", "ann")), Done)
    assert isinstance(office.ask("cy", AppealMeasure("m2", "text-1", "cy")), Done)
    assert {"measure", "measure_appeal"} <= set(kinds(office))
    assert missing(office) == set()
    appeal = office.scribe.state.cared.appeals["appeal-1"]
    settled = SettleDecisionAppeal(appeal.id, False, "judge", "seen")
    office.ask("judge", settled)
    office.clock.move(timedelta(days=40))
    office.fire()
    assert missing(office) == set()


@pytest.mark.parametrize("seed", range(6))
def test_whatever_happens_nothing_fires_that_no_list_had(seed: int) -> None:
    wards = Wards(seed)
    for _ in range(6):
        wards.work(10)
        assert missing(wards.office) == set(), seed


def _no_hardship() -> Office:
    work = held(Work())
    hardship(work)
    return work.office


@pytest.mark.parametrize(
    ("module", "name", "story"),
    [
        (packet, "running", _no_hardship),
        (centre_state, "due_in_return", returning),
        (centre_state, "due_in_care", caring),
    ],
)
def test_a_list_that_leaves_one_room_out_is_found(
    monkeypatch: pytest.MonkeyPatch, module: object, name: str, story: Callable[[], Office]
) -> None:
    """Negative control."""
    monkeypatch.setattr(module, name, lambda *_: ())
    assert missing(story()) != set()
