"""A clock that ran out asks the duty officer of the unit, then of the unit above, until somebody says what came of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from docket import claim, report
from sim.office import POLICY, START, Done, Office, Turned

from recoup.cases import Clock, Found, Mandate, Place, plan_orders
from recoup.cases.commands import (
    AgreeToMandate,
    ApplyTrail,
    FileAppeal,
    ProposeMandate,
    SettleAppeal,
    SettleClaim,
    SettleEscalation,
    TakeReport,
    TakeUp,
)
from recoup.cases.decided import digest_of
from recoup.cases.state import AppealTrigger, ClaimTrigger, EscalationState
from recoup.centre import Reply, case_room
from recoup.centre.case_asked import CHASE
from recoup.centre.evolve import evolve
from recoup.centre.roster import shift_digest
from recoup.centre.snapshots import decode_state, encode_state
from recoup.ids import SubjectId
from recoup.orders import Answer, HoldKey, Order, OrderKind, Outcome
from recoup.staff import Level, Unit
from recoup.staff import events as told

CASE = "case-1"
HALF_HOUR = timedelta(seconds=POLICY.escalation_seconds)
UNITS = (
    Unit("gd", Level.PROVINCE),
    Unit("sz", Level.CITY, "gd"),
    Unit("ft", Level.DISTRICT, "sz"),
    Unit("ft-1", Level.STATION, "ft"),
)


class Night:
    """A case of the station `ft-1`, one order of which nobody answers, and the people on duty."""

    def __init__(self, **on_duty: str) -> None:
        self.office = Office()
        for unit in UNITS:
            self.evolve(told.UnitAdded(unit, "root"))
        for unit, person in on_duty.items():
            place = unit.replace("_", "-")
            self.evolve(told.PersonAdded(person, "root"))
            span = (START - timedelta(hours=1), START + timedelta(days=20))
            self.evolve(told.DutyAssigned(person, place, *span, "root"))

    def evolve(self, event: object) -> None:
        evolve(self.office.scribe.state, SubjectId("staff"), event)

    def must(self, who: str, what: object) -> None:
        outcome = self.office.ask(who, what, role=CHASE, case=CASE)
        assert isinstance(outcome, Done), outcome

    def ordered(self) -> Order:
        paid = START - timedelta(hours=1)
        self.must(
            "taker", TakeReport(report(at=START), claim("c1", "a", 100, paid_at=paid), "ft-1")
        )
        self.must("ann", SettleClaim("c1", ClaimTrigger.ADMIT, "ann"))
        places = (Place("c1", "a", "bank-a", "CNY", 100, START, Found.UNKNOWN),)
        version = self.case.facts_version
        self.must("tracer", ApplyTrail(version, digest_of("t", version, places), places))
        mandate = Mandate("m1", 5, 1000, "CNY", START + timedelta(days=9), "officer")
        self.must("officer", ProposeMandate(mandate))
        self.must("chief", AgreeToMandate("m1", "chief", mandate.digest))
        found = plan_orders(self.case, START, POLICY).find(OrderKind.STOP, "a", "CNY")
        assert found is not None
        key = HoldKey(CASE, "a", "CNY")
        order = Order("o1", OrderKind.STOP, key, "bank-a", 100, CHASE, "plan", mandate="m1")
        self.must(CHASE, TakeUp(order))
        return order

    def later(self, span: timedelta) -> None:
        self.office.clock.move(span)
        self.office.fire()

    def unanswered(self) -> Order:
        order = self.ordered()
        self.later(timedelta(seconds=POLICY.orders.answer_seconds[OrderKind.STOP]))
        return order

    @property
    def case(self):
        return self.office.scribe.state.case(CASE)

    def asked(self) -> list[tuple[str, str, str, str]]:
        return [(r.clock, r.unit, r.person, r.state.value) for r in self.case.escalations]


def test_an_order_without_an_answer_asks_the_duty_officer_of_the_unit_that_has_the_case() -> None:
    night = Night(ft_1="bo")
    night.unanswered()
    assert night.asked() == [("answer", "ft-1", "bo", "open")]
    names = [record.name for record in night.office.journal.records()][-2:]
    commands = {record.command for record in list(night.office.journal.records())[-2:]}
    assert "escalation_raised" in names
    assert len(commands) == 1, "one entry with the order that is overdue"


def test_without_an_outcome_the_unit_above_is_asked_and_so_on_up_to_the_root() -> None:
    night = Night(ft_1="bo", ft="chen", gd="dai")
    night.unanswered()
    night.later(HALF_HOUR)
    night.later(HALF_HOUR)
    assert night.asked() == [
        ("answer", "ft-1", "bo", "passed_up"),
        ("answer", "ft", "chen", "passed_up"),
        ("answer", "gd", "dai", "open"),
    ], "nobody is on duty at the city: it is passed over"
    night.later(HALF_HOUR)
    assert len(night.asked()) == 3, "the highest stays asked"
    assert not [
        d
        for d in night.office.journal.due(START + timedelta(days=99), 99)
        if d.kind == "pass_escalation"
    ]


def test_where_nobody_is_on_duty_the_record_says_so() -> None:
    night = Night()
    night.unanswered()
    assert night.asked() == [("answer", "ft-1", "", "open")]


def test_an_outcome_ends_it_and_nobody_above_is_asked() -> None:
    night = Night(ft_1="bo", ft="chen")
    night.unanswered()
    (asked,) = night.case.escalations
    night.must("bo", SettleEscalation(asked.id, "bo", "rang the bank: it answers within the hour"))
    night.later(HALF_HOUR * 2)
    (kept,) = night.case.escalations
    assert (kept.state, kept.settled_by) == (EscalationState.SETTLED, "bo")
    assert kept.outcome == "rang the bank: it answers within the hour"
    again = night.office.ask("bo", SettleEscalation(asked.id, "bo", "x"), role=CHASE, case=CASE)
    assert isinstance(again, Turned)
    assert again.reason == "escalation_settled"


def test_a_late_answer_ends_it_by_itself() -> None:
    night = Night(ft_1="bo", ft="chen")
    order = night.unanswered()
    message = night.office.next_message(0)
    answer = Answer("a1", Outcome.HELD, 100, night.office.clock.now())
    night.office.reply(message, Reply((answer,)))
    assert message.id == order.id
    (kept,) = night.case.escalations
    assert (kept.state, kept.settled_by, kept.outcome) == (EscalationState.SETTLED, "", "answered")
    night.later(HALF_HOUR)
    assert len(night.case.escalations) == 1


def test_an_appeal_that_nobody_decided_goes_up_until_it_is_decided() -> None:
    night = Night(ft_1="bo", ft="chen")
    night.ordered()
    night.must("desk", FileAppeal("ap1", "a", "CNY", True))
    night.later(timedelta(seconds=POLICY.appeal_seconds))
    assert ("appeal", "ft-1", "bo", "open") in night.asked()
    night.later(HALF_HOUR)
    assert ("appeal", "ft", "chen", "open") in night.asked()
    night.must("judge", SettleAppeal("ap1", AppealTrigger.DENY, "judge", 0, "papers seen"))
    settled = [row for row in night.case.escalations if row.clock == "appeal"][-1]
    assert (settled.state, settled.outcome) == (EscalationState.SETTLED, "denied")


def test_what_is_asked_is_in_the_packet_and_in_a_snapshot_and_folds_the_same_again() -> None:
    night = Night(ft_1="bo")
    night.unanswered()
    packet = night.office.scribe.state.packet_of(CASE)
    assert "escalation" in {clock.kind for clock in packet.clocks}
    kept = encode_state(night.office.scribe.state)
    assert encode_state(decode_state(kept)) == kept
    before = night.case
    night.office.restart()
    assert night.case == before


def test_what_the_unit_above_is_asked_is_on_its_shift_list_until_it_has_an_outcome() -> None:
    night = Night(ft_1="bo", ft="chen")
    night.unanswered()
    state = night.office.scribe.state
    empty = shift_digest("ft", state.shift_of("ft"))
    assert state.shift_of("ft") == (), "it is asked about nothing yet"
    night.later(HALF_HOUR)
    asked = night.case.escalations[-1]
    state = night.office.scribe.state
    assert state.shift_of("ft") == ((CASE, Clock("escalation", asked.id, asked.due_at)),)
    assert shift_digest("ft", state.shift_of("ft")) != empty, "who saw the empty list is told"
    assert (CASE, Clock("escalation", asked.id, asked.due_at)) in state.shift_of("ft-1")
    assert state.shift_of("sz") == state.shift_of("gd") == ()
    night.must("chen", SettleEscalation(asked.id, "chen", "rang the bank"))
    assert night.office.scribe.state.shift_of("ft") == ()


def test_a_centre_that_never_looks_above_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: a centre that never looks above leaves the first one asked for ever."""
    monkeypatch.setattr(case_room, "asked_above", lambda *_: ("", ""))
    with pytest.raises(AssertionError):
        test_without_an_outcome_the_unit_above_is_asked_and_so_on_up_to_the_root()
