"""An appeal against a watch that nobody decided in time asks the duty officer, then the unit above, until there is an end."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cared import START, TERMS, objected
from sim.office import POLICY, Done, Office, Turned

from recoup.care import CareReason, DecisionAppealState
from recoup.care.appealing import FileDecisionAppeal, SettleDecisionAppeal
from recoup.care.escalating import (
    APPEAL_ESCALATION_REFUSALS,
    PassAppealEscalation,
    SettleAppealEscalation,
)
from recoup.care.escalation import ESCALATION_MOVES, EscalationState, EscalationTrigger
from recoup.cases import Clock
from recoup.centre import appeal_room
from recoup.centre.evolve import evolve
from recoup.centre.snapshots import decode_state, encode_state
from recoup.ids import SubjectId
from recoup.staff import Directory, Level, Unit
from recoup.staff import events as told

LIMIT = timedelta(seconds=TERMS.appeal_seconds)
HALF_HOUR = timedelta(seconds=POLICY.escalation_seconds)
UNITS = (
    Unit("gd", Level.PROVINCE),
    Unit("sz", Level.CITY, "gd"),
    Unit("station-1", Level.STATION, "sz"),
)


class Night:
    """An appeal of a station, and the people on duty."""

    def __init__(self, **on_duty: str) -> None:
        self.office = Office()
        for unit in UNITS:
            self.evolve(told.UnitAdded(unit, "root"))
        for unit, person in on_duty.items():
            self.evolve(told.PersonAdded(person, "root"))
            span = (START - timedelta(hours=1), START + timedelta(days=200))
            place = unit.replace("_", "-")
            self.evolve(told.DutyAssigned(person, place, *span, "root"))
        self.must("cy", FileDecisionAppeal(objected(filed_by="cy")))

    def evolve(self, event: object) -> None:
        evolve(self.office.scribe.state, SubjectId("staff"), event)

    def ask(self, who: str, what: object):
        """Let a person ask, as at a centre that has no sessions yet: what persons may do is tried over HTTP."""
        state = self.office.scribe.state
        roster, state.staff = state.staff, Directory()
        found = self.office.ask(who, what)
        state.staff = roster
        return found

    def must(self, who: str, what: object) -> None:
        found = self.ask(who, what)
        assert isinstance(found, Done), found

    def why(self, who: str, what: object) -> str:
        found = self.ask(who, what)
        assert isinstance(found, Turned), found
        return found.reason

    def later(self, span: timedelta) -> None:
        self.office.clock.move(span)
        self.office.fire()

    @property
    def cared(self):
        return self.office.scribe.state.cared

    @property
    def last(self):
        return list(self.cared.escalations.values())[-1]

    def asked(self) -> list[tuple[str, str, str, str]]:
        rows = self.cared.escalations.values()
        return [(x.clock, x.unit, x.person, x.state.value) for x in rows]

    def due(self) -> list[str]:
        far = START + timedelta(days=9999)
        return sorted(row.kind for row in self.office.journal.due(far, 99))


@pytest.fixture
def night() -> Night:
    return Night(station_1="bo", gd="dai")


def test_the_limit_asks_the_duty_officer_in_one_entry_and_lets_nothing_go(night):
    night.later(LIMIT - timedelta(seconds=1))
    assert night.asked() == []
    night.later(timedelta(seconds=1))
    assert night.asked() == [("decision_appeal", "station-1", "bo", "open")]
    last = list(night.office.journal.records())[-2:]
    assert [record.name for record in last] == ["decision_appeal_moved", "appeal_escalation_raised"]
    assert len({record.command for record in last}) == 1
    (appeal,) = night.cared.appeals.values()
    assert (appeal.state, appeal.is_overdue) == (DecisionAppealState.OPEN, True)
    assert night.due() == ["pass_appeal_escalation"]


def test_without_an_outcome_the_unit_above_is_asked_and_the_highest_stays_asked(night):
    night.later(LIMIT)
    night.later(HALF_HOUR)
    night.later(HALF_HOUR)
    assert night.asked() == [
        ("decision_appeal", "station-1", "bo", "passed_up"),
        ("decision_appeal", "gd", "dai", "open"),
    ], "nobody is on duty at the city: it is passed over"
    assert night.due() == []
    assert night.cared.escalations.keys() == dict.fromkeys(night.cared.escalations).keys()
    assert len({row.id for row in night.cared.escalations.values()}) == 2


def test_where_nobody_is_on_duty_the_record_says_so():
    night = Night()
    night.later(LIMIT)
    assert night.asked() == [("decision_appeal", "station-1", "", "open")]


def test_an_outcome_is_kept_with_who_said_so_and_nobody_above_is_asked(night):
    night.later(LIMIT)
    asked = night.last.id
    assert night.why("bo", SettleAppealEscalation("e-9", "bo", "x")) == "appeal_escalation_unknown"
    assert night.why("bo", SettleAppealEscalation(asked, "dai", "x")) == "actor_differs"
    assert night.why("bo", SettleAppealEscalation(asked, "bo", "")) == "appeal_outcome_missing"
    assert night.why("bo", PassAppealEscalation(asked)) == "actor_differs", "the clock's alone"
    night.must("bo", SettleAppealEscalation(asked, "bo", "decided tomorrow: a paper is awaited"))
    again = SettleAppealEscalation(asked, "bo", "other")
    assert night.why("bo", again) == "appeal_escalation_settled"
    night.later(HALF_HOUR * 2)
    assert night.asked() == [("decision_appeal", "station-1", "bo", "settled")]
    assert (night.last.settled_by, night.last.outcome) == (
        "bo",
        "decided tomorrow: a paper is awaited",
    )
    assert night.due() == []
    # The appeal is open all the same, and decided later; what was said of it stays.
    night.must("dai", SettleDecisionAppeal("appeal-1", False, "dai", "papers seen"))
    assert night.last.outcome == "decided tomorrow: a paper is awaited"


@pytest.mark.parametrize("is_upheld", [True, False])
def test_what_decides_the_appeal_settles_the_asking(night, is_upheld):
    night.later(LIMIT)
    night.must("dai", SettleDecisionAppeal("appeal-1", is_upheld, "dai", "papers seen"))
    outcome = "upheld" if is_upheld else "dismissed"
    assert (night.last.state, night.last.settled_by, night.last.outcome) == (
        EscalationState.SETTLED,
        "",
        outcome,
    )
    night.later(HALF_HOUR)
    assert (len(night.asked()), night.due()) == (1, [])


def test_decided_in_time_nobody_is_asked(night):
    night.must("dai", SettleDecisionAppeal("appeal-1", True, "dai", "papers seen"))
    night.later(LIMIT + HALF_HOUR)
    assert night.asked() == []


def _asked_of(state, unit: str) -> list[str]:
    """Give the appeals whose unit's escalation stands on the list of a unit's shift."""
    return [clock.about for _, clock in state.shift_of(unit) if clock.kind == "escalation"]


def test_the_shift_that_begins_takes_over_what_its_unit_is_asked(night):
    state = night.office.scribe.state
    night.later(LIMIT)
    row = ("", Clock("escalation", night.last.id, night.last.due_at))
    assert row in state.shift_of("station-1")
    assert state.shift_of("gd") == ()
    night.later(HALF_HOUR)
    state = night.office.scribe.state
    assert (_asked_of(state, "station-1"), _asked_of(state, "gd")) == ([], [night.last.id])


def test_it_folds_the_same_after_a_restart_and_from_a_snapshot(night):
    night.later(LIMIT)
    night.later(HALF_HOUR)
    kept = encode_state(night.office.scribe.state)
    assert b"appeal_escalation " in kept
    assert encode_state(decode_state(kept)) == kept
    found = decode_state(kept).cared
    assert found.asked_about("appeal-1") == night.cared.asked_about("appeal-1") == night.last
    before = night.cared
    night.office.restart()
    assert night.cared == before


def test_every_pair_is_a_move_or_a_refusal():
    pairs = {(state, trigger) for state in EscalationState for trigger in EscalationTrigger}
    assert ESCALATION_MOVES.keys() | APPEAL_ESCALATION_REFUSALS.keys() == pairs
    assert not ESCALATION_MOVES.keys() & APPEAL_ESCALATION_REFUSALS.keys()
    assert {*APPEAL_ESCALATION_REFUSALS.values()} == {CareReason.APPEAL_ESCALATION_SETTLED}


def test_a_centre_that_asks_nobody_is_found(night, monkeypatch):
    """Negative control: as it was, an appeal was late and nobody heard of it."""
    monkeypatch.setattr(appeal_room, "with_asking", lambda _, decided, *__: decided)
    monkeypatch.setattr("recoup.centre.care_room.with_asking", lambda _, decided, *__: decided)
    with pytest.raises(AssertionError):
        test_the_limit_asks_the_duty_officer_in_one_entry_and_lets_nothing_go(night)
