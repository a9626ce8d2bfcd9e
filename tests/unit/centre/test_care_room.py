"""Measures and dissuasions in the centre: deadlines, grounds that are there, machines, snapshots, worklist, figures apart."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cared import TERMS, lead, measure, protective
from sim.office import POLICY, START, Office

from recoup.care import DissuasionState, MeasureGround, MeasureKind, MeasureState, Step
from recoup.care.dissuading import (
    DissuasionOutcome,
    NoteContact,
    PassDissuasionEnd,
    PassStep,
    SettleDissuasion,
    TakeLead,
)
from recoup.care.measuring import (
    AgreeToMeasure,
    AppealMeasure,
    ConfirmMeasure,
    LiftMeasure,
    PassMeasureAppeal,
    PassMeasureEnd,
    ProposeMeasure,
    SettleMeasureAppeal,
    TellHolder,
    WithdrawMeasure,
)
from recoup.cases.lists import Entry, EntryState, Level, Subject
from recoup.centre import Actor, Request, View, command_of
from recoup.centre.care_todos import care_todos
from recoup.centre.commands import Done, Outcome, Turned
from recoup.centre.figuring import Figuring
from recoup.centre.registry import COMMAND_REGISTRY
from recoup.centre.requests import INSTITUTION
from recoup.centre.rights import MACHINES
from recoup.centre.snapshots import decode_state, encode_state
from recoup.figures import Asked

ALWAYS = Asked(datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))


class Desk:
    """An office and the people in it."""

    def __init__(self) -> None:
        self.office = Office()

    @property
    def cared(self):
        return self.office.scribe.state.cared

    def ask(self, who: str, what: Any) -> Outcome:
        return self.office.ask(who, what)

    def must(self, who: str, what: Any) -> None:
        found = self.ask(who, what)
        assert isinstance(found, Done), found

    def why(self, who: str, what: Any) -> str:
        found = self.ask(who, what)
        assert isinstance(found, Turned), found
        return found.reason

    def due(self) -> set[str]:
        far = self.office.clock.now() + timedelta(days=9999)
        return {row.kind for row in self.office.journal.due(far, 100)}

    def until(self, at: datetime) -> None:
        self.office.clock.move(at - self.office.clock.now())
        self.office.fire()

    def stands(self, **changed: Any) -> None:
        self.must("ann", ProposeMeasure(measure(**changed)))

    def warned(self, **changed: Any) -> None:
        self.must("bank-1", TakeLead(lead(**changed), "d1"))

    def story(self) -> None:
        """Two measures, one of them protective, and a payer who is dissuaded."""
        self.stands()
        self.must("bank", ConfirmMeasure("m1", "bank", 700, "CNY"))
        self.must("ann", TellHolder("m1", "ann"))
        self.warned()
        for step in Step:
            self.must("ann", NoteContact("d1", step, step is Step.CALL, "ann"))
        self.must("ann", ProposeMeasure(protective(id="m2")))
        digest = self.cared.measures["m2"].digest
        self.must("bo", AgreeToMeasure("m2", "bo", digest))
        self.must("bank", ConfirmMeasure("m2", "bank", 90, "CNY"))
        self.must("cy", AppealMeasure("m1", "text-1", "cy"))
        outcome = DissuasionOutcome.DISSUADED
        self.must("ann", SettleDissuasion("d1", outcome, 5_000_000, "CNY", "ann", "rang off"))


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_measure_has_a_deadline_at_its_end_and_lapses_there(desk):
    desk.stands()
    ends_at = desk.cared.measures["m1"].ends_at
    assert desk.due() == {"pass_measure_end"}
    desk.until(ends_at - timedelta(seconds=1))
    assert desk.cared.measures["m1"].state is MeasureState.STANDING
    desk.until(ends_at)
    assert desk.cared.measures["m1"].state is MeasureState.LAPSED
    assert desk.due() == set()
    assert desk.cared.live == {}


def test_a_proposal_that_nobody_agrees_to_ends_by_itself(desk):
    desk.stands(kind=MeasureKind.COUNTER_ONLY)
    found = desk.cared.measures["m1"]
    assert (found.state, desk.due()) == (MeasureState.PROPOSED, {"pass_measure_end"})
    desk.until(found.ends_at)
    assert desk.cared.measures["m1"].state is MeasureState.LAPSED


def test_the_end_of_what_was_agreed_to_later_takes_the_place_of_the_proposals(desk):
    desk.stands(kind=MeasureKind.CREDIT_ONLY)
    before = desk.cared.measures["m1"]
    desk.office.clock.move(timedelta(days=3))
    desk.must("bo", AgreeToMeasure("m1", "bo", before.digest))
    desk.until(before.ends_at)
    assert desk.cared.measures["m1"].state is MeasureState.STANDING
    desk.until(before.ends_at + timedelta(days=3))
    assert desk.cared.measures["m1"].state is MeasureState.LAPSED


def test_an_appeal_has_a_deadline_that_goes_with_its_decision(desk):
    desk.stands()
    desk.must("cy", AppealMeasure("m1", "text-1", "cy"))
    assert desk.due() == {"pass_measure_end", "pass_measure_appeal"}
    desk.until(START + timedelta(seconds=TERMS.appeal_seconds))
    assert desk.cared.measures["m1"].appeal.is_overdue
    assert desk.due() == {"pass_measure_end"}
    desk.must("cy", SettleMeasureAppeal("m1", False, "cy", "the papers are false"))
    desk.must("cy", AppealMeasure("m1", "text-2", "cy"))
    desk.must("cy", SettleMeasureAppeal("m1", True, "cy", "the papers are true"))
    assert desk.due() == set()
    assert desk.cared.measures["m1"].state is MeasureState.LIFTED


def test_a_dissuasion_has_the_deadline_of_its_step_and_of_its_end(desk):
    desk.warned()
    assert desk.due() == {"pass_dissuasion_step", "pass_dissuasion_end"}
    at = START
    for step in Step:
        at += timedelta(seconds=TERMS.steps[lead().grade][step])
        desk.until(at)
    found = desk.cared.dissuasions["d1"]
    assert (found.state, found.late) == (DissuasionState.TO_VISIT, tuple(Step))
    assert desk.due() == {"pass_dissuasion_end"}
    desk.until(found.ends_at)
    assert desk.cared.dissuasions["d1"].state is DissuasionState.EXPIRED
    assert (desk.due(), desk.cared.running, desk.cared.warned) == (set(), {}, {})


def test_a_step_that_was_made_takes_its_deadline_along(desk):
    desk.warned()
    desk.must("ann", NoteContact("d1", Step.MESSAGE, True, "ann"))
    desk.until(START + timedelta(seconds=TERMS.steps[lead().grade][Step.MESSAGE]))
    found = desk.cared.dissuasions["d1"]
    assert (found.state, found.late) == (DissuasionState.TO_CALL, ())
    desk.must("ann", SettleDissuasion("d1", DissuasionOutcome.WENT_ON, 0, "", "ann", "paid"))
    assert desk.due() == set()


def test_only_the_clock_passes_and_nobody_speaks_for_another(desk):
    desk.stands()
    desk.warned()
    passing = (
        PassMeasureEnd("m1"),
        PassMeasureAppeal("m1", "x"),
        PassStep("d1"),
        PassDissuasionEnd("d1"),
    )
    for what in passing:
        assert desk.why("deadlines", what) == "actor_differs"
    for what in (
        ProposeMeasure(measure(id="m9")),
        LiftMeasure("m1", "bo", "r"),
        NoteContact("d1", Step.MESSAGE, True, "bo"),
        TakeLead(lead(foreign="W-9"), "d9"),
    ):
        assert desk.why("someone", what) == "actor_differs"


def test_no_machine_decides_what_persons_decide(desk):
    desk.stands()
    for role in sorted(MACHINES):
        for what in (LiftMeasure("m1", "ann", "r"), ConfirmMeasure("m1", "ann", 1, "CNY")):
            found = desk.office.ask("ann", what, role=role)
            assert isinstance(found, Turned)
            assert found.reason == "actor_differs"
    assert isinstance(desk.office.ask("bo", LiftMeasure("m1", "bo", "r")), Done)


def test_a_machine_gives_leads_of_its_own_institution_only(desk):
    def asked(given) -> Outcome:
        request = Request(Actor("bank-1", INSTITUTION, "a payment"), TakeLead(given, "d1"))
        name = f"institution bank-1:{given.system}"
        return desk.office.submit(command_of(COMMAND_REGISTRY, name, request))

    for other in ({"system": "bank-2"}, {"system": "b2", "institution": "bank-2"}):
        found = asked(lead(**other))
        assert isinstance(found, Turned)
        assert found.reason == "other_institution"
    elsewhere = asked(lead(foreign="W-2", institution="bank-2"))
    assert isinstance(elsewhere, Turned), "of another institution's payer"
    assert isinstance(asked(lead()), Done)


def by_machine(desk, wanted, institution="bank-1") -> Outcome:
    request = Request(Actor(institution, INSTITUTION, "its watch"), ProposeMeasure(wanted))
    name = f"institution {institution}:{wanted.id}"
    return desk.office.submit(command_of(COMMAND_REGISTRY, name, request))


@pytest.mark.parametrize(
    ("kind", "names"),
    [(MeasureKind.RE_VERIFY, ("bo",)), (MeasureKind.COUNTER_ONLY, ("bo", "cy"))],
)
def test_what_a_machine_proposes_binds_nobody_until_as_many_persons_agreed(desk, kind, names):
    wanted = measure(kind=kind, made_by="bank-1")
    assert isinstance(by_machine(desk, wanted), Done)
    for name in names:
        found = desk.cared.measures["m1"]
        assert found.state is MeasureState.PROPOSED, name
        assert [todo.about for todo in care_todos(desk.cared, lambda _: True)] == ["m1"]
        desk.must(name, AgreeToMeasure("m1", name, found.digest))
        if name != names[-1]:
            digest = desk.cared.measures["m1"].digest
            assert desk.why(name, AgreeToMeasure("m1", name, digest)) == "measure_same_person"
    assert desk.cared.measures["m1"].state is MeasureState.STANDING
    # A person who proposes the same needs one person fewer beside: two persons stand behind either.
    other = Desk()
    other.must("ann", ProposeMeasure(measure(kind=kind)))
    assert other.cared.measures["m1"].persons == len(names) - 1


def test_a_machine_proposes_for_its_own_accounts_and_for_a_red_flag_only(desk):
    def why(institution="bank-1", **changed) -> str:
        found = by_machine(desk, measure(**{"made_by": "bank-1", **changed}), institution)
        assert isinstance(found, Turned), found
        return found.reason

    assert why("bank-2") == "actor_differs"
    assert why(institution="bank-1", made_by="ann") == "actor_differs"
    assert why(id="m2", ground=MeasureGround.IDENTITY) == "ground_unfit"
    assert why(id="m3", ground=MeasureGround.WARNED_PAYER, kind=MeasureKind.PROTECTIVE_STOP) == (
        "ground_unfit"
    )
    assert why(id="m4", about="") == "ground_unfit"
    wanted = measure(id="m5", made_by="bank-2")  # of another institution's account
    found = by_machine(desk, wanted, "bank-2")
    assert (type(found), found.reason) == (Turned, "other_institution")
    assert not desk.cared.measures


def test_a_machines_proposal_can_be_taken_back_and_is_no_second_one_while_it_lives(desk):
    wanted = measure(made_by="bank-1", kind=MeasureKind.COUNTER_ONLY)
    assert isinstance(by_machine(desk, wanted), Done)
    again = by_machine(desk, replace(wanted, id="m2"))
    assert (type(again), again.reason) == (Turned, "measure_stands")
    desk.must("ann", WithdrawMeasure("m1", "ann", "known to the branch"))
    assert desk.cared.measures["m1"].state is MeasureState.WITHDRAWN
    assert isinstance(by_machine(desk, replace(wanted, id="m3")), Done)


def test_a_lead_is_taken_once_whoever_gives_it_again(desk):
    desk.warned()
    before = list(desk.office.journal.records())
    desk.must("ann", TakeLead(lead(id="l7", taken_by="ann"), "d7"))
    assert list(desk.office.journal.records()) == before
    assert list(desk.cared.dissuasions) == ["d1"]
    assert desk.why("bank-1", TakeLead(lead(amount=1), "d7")) == "lead_differs"
    desk.must("bank-1", TakeLead(lead(id="l2", foreign="W-2"), "d7"))
    assert desk.cared.dissuasions["d1"].leads == ("l1", "l2")
    desk.must("bank-1", TakeLead(lead(id="l3", foreign="W-3", unit="station-2"), "d8"))
    assert list(desk.cared.dissuasions) == ["d1", "d8"], "another unit has a queue of its own"


def test_ids_are_given_once(desk):
    desk.warned()
    taken = TakeLead(lead(foreign="W-2"), "d2"), TakeLead(lead(id="l2", foreign="W-2"), "d1")
    for what in taken:
        assert desk.why("bank-1", what) == "id_unusable"
    desk.must("bank-1", TakeLead(lead(id="l2", foreign="W-2"), "d2"))


def test_what_the_ground_names_is_there(desk):
    for ground in MeasureGround:
        wanted = measure(ground=ground, about="")
        assert desk.why("ann", ProposeMeasure(wanted)) == "ground_unfit"
    listed = replace(measure(), ground=MeasureGround.LISTED, about="e1")
    assert desk.why("ann", ProposeMeasure(listed)) == "ground_unfit"
    entry = Entry(
        "e1",
        Subject.ACCOUNT,
        Level.SUSPECT,
        "a",
        "case-1",
        "",
        "seen",
        "ann",
        START,
        START + timedelta(days=9),
    )
    ended = replace(entry, state=EntryState.LAPSED)
    desk.office.scribe.state.listed.put(ended)
    assert desk.why("ann", ProposeMeasure(listed)) == "ground_unfit"
    desk.office.scribe.state.listed.put(replace(entry, id="e2", state=EntryState.STANDING))
    desk.must("ann", ProposeMeasure(replace(listed, about="e2")))


def test_unknown_things_are_named(desk):
    assert desk.why("ann", LiftMeasure("m0", "ann", "r")) == "measure_unknown"
    assert desk.why("ann", NoteContact("d0", Step.CALL, True, "ann")) == "dissuasion_unknown"
    desk.stands()
    assert desk.why("ann", ProposeMeasure(measure())) == "measure_stands"


def test_a_policy_that_says_nothing_of_it_lets_nothing_happen():
    office = Office(policy=replace(POLICY, care=None))
    found = office.ask("ann", ProposeMeasure(measure()))
    assert isinstance(found, Turned)
    assert found.reason == "care_terms_missing"


def test_registers_are_the_same_after_a_restart_and_from_a_snapshot(desk):
    desk.story()
    office = desk.office
    before = encode_state(office.scribe.state)
    for name in (b"measure ", b"lead ", b"dissuasion "):
        assert name in before
    assert decode_state(before) == office.scribe.state
    copied = office.scribe.state.copied()
    assert copied == office.scribe.state
    office.restart()
    assert encode_state(office.scribe.state) == before
    View(office.open(), from_snapshot=False).keep(office.open())
    assert encode_state(View(office.open()).state) == before
    desk.stands(id="m3", kind=MeasureKind.LOWER_LIMITS, limit=5)
    assert encode_state(copied) == before, "a copy is not changed with what it was made of"


def test_what_waits_is_told_with_its_time(desk):
    def waits() -> dict[str, tuple[str, datetime]]:
        rows = care_todos(desk.cared, lambda unit: unit == "station-1")
        return {row.kind.value: (row.about, row.due_at) for row in rows}

    desk.stands()
    found = desk.cared.measures["m1"]
    assert waits() == {
        "holder_to_tell": ("m1", found.notice_due_at),
        "measure_to_confirm": ("m1", found.began_at),
    }
    desk.must("ann", TellHolder("m1", "ann"))
    desk.must("bank", ConfirmMeasure("m1", "bank", 5, "CNY"))
    assert waits() == {}
    desk.must("cy", AppealMeasure("m1", "text-1", "cy"))
    desk.stands(id="m2", kind=MeasureKind.CREDIT_ONLY)
    desk.warned()
    assert waits() == {
        "measure_appeal_to_decide": ("m1", START + timedelta(seconds=TERMS.appeal_seconds)),
        "measure_to_agree": ("m2", desk.cared.measures["m2"].ends_at),
        "payer_to_dissuade": ("d1", desk.cared.dissuasions["d1"].due_at),
    }
    assert list(care_todos(desk.cared, lambda unit: unit == "station-2")) == []


def test_a_protection_whose_dissuasion_ended_waits_to_be_lifted(desk):
    desk.story()
    found = desk.cared.measures["m2"]
    rows = [row for row in care_todos(desk.cared, lambda _: True) if row.about == "m2"]
    waits = {row.kind.value: row.due_at for row in rows}
    assert waits == {
        "holder_to_tell": found.notice_due_at,
        "protection_to_lift": found.ends_at,
    }
    desk.must("cy", LiftMeasure("m2", "cy", "the payer rang off"))
    assert [row for row in care_todos(desk.cared, lambda _: True) if row.about == "m2"] == []


def test_figures_of_care_are_apart_from_each_other_and_from_what_is_stopped(desk):
    desk.story()
    figuring = Figuring(desk.office.open)
    tally = figuring.tally(ALWAYS)
    assert (tally.warned, tally.dissuaded) == (1, 1)
    assert (tally.reached_message, tally.reached_call, tally.reached_visit) == (0, 1, 0)
    assert (tally.intercepted, tally.protected) == (1, 1)
    money = tally.money["CNY"]
    assert (money.averted, money.intercepted_amount, money.protected_amount) == (5_000_000, 700, 90)
    others = (money.reported, money.stopped_gross, money.stopped_net, money.held_net, money.frozen)
    assert (others, tally.cases, tally.holds, tally.appeals) == ((0, 0, 0, 0, 0), 0, 0, 0)
    elsewhere = figuring.tally(replace(ALWAYS, units=frozenset({"station-2"})))
    assert (elsewhere.warned, elsewhere.money) == (0, {})
    figuring.close()
