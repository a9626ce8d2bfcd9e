"""Money goes back through the centre: from a freeze to the receipt, with rights, levels, deadlines, restarts, snapshots."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from returning_office import ANOTHER, BANK, CASE, MADE, ORIGINAL, PLACE, Returning, award
from sim.office import POLICY, START, Done, Turned

from recoup.centre import Actor, Request, View, command_of
from recoup.centre.registry import COMMAND_REGISTRY, EVENT_REGISTRY
from recoup.centre.requests import CLOCK, INSTITUTION
from recoup.centre.return_rights import RETURN_ACTIONS
from recoup.centre.rights import MACHINES
from recoup.centre.snapshots import decode_state, encode_state
from recoup.journal.canonical import decode_plain
from recoup.orders import OrderKind
from recoup.procedure import Capacity, Objection, PaymentState, Proof, RoundState, sums_of
from recoup.procedure import commands as asked
from recoup.procedure.commands import (
    AgreeToPayee,
    ApprovePlan,
    BindPlan,
    CheckProof,
    DecideRound,
    EndRound,
    GivePaymentUp,
    NotifyBank,
    OpenReturn,
    OpenRound,
    PassNotice,
    PassPayLimit,
    ProposePayee,
    PublishNotice,
    RecordAcceptance,
    RecordBounce,
    RecordDemand,
    RecordPaid,
    RecordRefusal,
    SendPlanBack,
    SettleIncident,
    SettleObjection,
    TakeApplication,
    TakeApplicationBack,
    TakeObjection,
)
from recoup.procedure.events import BankNotified
from recoup.staff.commands import RestorePerson, SuspendPerson

DAY = timedelta(days=1)


def objection(name: str) -> Objection:
    return Objection(name, "person-9", "text-9", "bo", "")


def paid(order_id: str, amount: int = 60, receipt: str = "q1") -> RecordPaid:
    return RecordPaid("r1", order_id, receipt, amount, START)


def of_journal(work: Returning, kind: type) -> list[object]:
    records = list(work.journal.records())
    events = (EVENT_REGISTRY.decode(r.name, r.version, r.body) for r in records)
    return [event for event in events if type(event) is kind]


def replayed(work: Returning) -> None:
    """After a restart, from a snapshot and from its bytes the registers are the same."""
    before = encode_state(work.scribe.state)
    assert b"\nreturn " in before
    assert decode_state(before) == work.scribe.state
    work.restart()
    assert encode_state(work.scribe.state) == before
    View(work.open(), from_snapshot=False).keep(work.open())
    assert encode_state(View(work.open()).state) == before


def test_money_goes_back_from_the_application_to_the_receipt():
    work = Returning().holds().applied().approved().decided()
    told = decode_plain(work.notifies().answer)
    assert told["orders"] == ["r1-1.1.1"]
    (event,) = of_journal(work, BankNotified)
    order = event.pay_back
    assert (order.order_id, order.place, order.amount, order.payee) == (
        *("r1-1.1.1", PLACE, 60, ORIGINAL),
    )
    assert (order.institution, order.officers, order.decision) == (BANK, ("ann", "bo"), "r1#1")
    assert work.due() == ["pass_return_pay_limit"]
    assert isinstance(work.bank(RecordAcceptance("r1", order.order_id)), Done)
    assert work.due() == ["pass_return_pay_limit"]
    assert isinstance(work.bank(paid(order.order_id)), Done)
    assert work.found.payments[0].state is PaymentState.PAID
    assert work.due() == []
    assert sums_of(work.found, "CNY").paid == 60
    replayed(work)


def test_only_frozen_money_is_given_back():
    work = Returning().holds(OrderKind.EXTEND).applied()
    plan = BindPlan("r1", "in", "out", "cn-2016", (award(),), "ann")
    assert work.refused("ann", plan) == "only_stopped"
    work.holds()
    work.by("ann", plan)


def test_what_is_given_is_bounded_by_the_registers_and_not_by_the_command():
    work = Returning().applied()
    plan = BindPlan("r1", "in", "out", "cn-2016", (award(61),), "ann")
    assert work.refused("ann", plan) == "nothing_held"
    work.holds()
    assert work.refused("ann", plan) == "amount_exceeds_frozen"


def test_a_notice_of_thirty_days_in_which_one_objection_fails_and_one_succeeds():
    work = Returning().holds().applied().approved(award(60, mode=3))
    assert work.refused("chief", DecideRound("r1", "chief", work.digest)) == "notice_missing"
    work.by("ann", PublishNotice("r1", "ann", work.digest))
    first, ends_at = work.digest, work.found.round.notices[0].ends_at
    assert ends_at - work.clock.now() > 30 * DAY
    for name in ("x1", "x2"):
        work.by("bo", TakeObjection("r1", objection(name)))
    assert work.refused("ann", SettleObjection("r1", "x1", False, "ann", "r")) == "not_permitted"
    work.by("mayor", SettleObjection("r1", "x1", False, "mayor", "no money of that person"))
    work.clock.move(20 * DAY)
    work.fire()
    assert work.found.round.state is RoundState.PUBLISHED
    work.by("mayor", SettleObjection("r1", "x2", True, "mayor", "a third person's money"))
    assert work.due() == []
    assert work.found.round.state is RoundState.SUPERSEDED
    replayed(work)
    work.clock.move(20 * DAY)
    work.fire()
    work.approved(award(50, mode=3))
    assert work.digest != first
    assert work.refused("chief", DecideRound("r1", "chief", work.digest)) == "notice_missing"
    work.by("ann", PublishNotice("r1", "ann", work.digest))
    assert work.due() == ["pass_return_notice"]
    work.by("bo", TakeObjection("r1", objection("x3")))
    work.clock.move(work.found.round.notices[-1].ends_at - work.clock.now() - timedelta(seconds=1))
    work.fire()
    assert work.refused("chief", DecideRound("r1", "chief", work.digest)) == "notice_runs"
    work.clock.move(timedelta(seconds=1))
    work.restart()
    work.fire()
    work.fire()
    assert work.due() == []
    assert work.refused("chief", DecideRound("r1", "chief", work.digest)) == "objection_open"
    work.by("mayor", SettleObjection("r1", "x3", False, "mayor", "said before"))
    work.decided().notifies()
    assert work.found.payments[0].amount == 50
    replayed(work)


def test_a_bank_that_lets_its_working_days_pass_is_overdue_by_the_clock():
    work = Returning().holds().applied().approved().decided()
    work.notifies()  # a Monday: until the end of Thursday in Shanghai
    due_at = work.found.payments[0].due_at
    assert due_at == START.replace(day=8, hour=16)
    early = command_of(COMMAND_REGISTRY, "x", Request(CLOCK, PassPayLimit("r1", "r1-1.1.1")))
    found = work.submit(early)
    assert isinstance(found, Turned)
    assert found.reason == "term_runs"
    work.clock.move(due_at - work.clock.now())
    work.fire()
    assert work.found.payments[0].is_overdue
    assert work.due() == []
    assert isinstance(work.bank(paid("r1-1.1.1")), Done)
    assert not work.found.payments[0].is_overdue


def test_a_demand_for_papers_ends_one_term_and_the_next_notice_begins_another():
    work = Returning().holds().applied().approved().decided()
    work.notifies()
    assert isinstance(work.bank(RecordDemand("r1", "r1-1.1.1", "d1", "a card's copy")), Done)
    work.clock.move(DAY)
    work.notifies()
    assert [event.pay_back.order_id for event in of_journal(work, BankNotified)] == [
        *("r1-1.1.1", "r1-1.1.2"),
    ]
    assert work.due() == ["pass_return_pay_limit"]
    work.clock.move(work.found.payments[0].due_at - work.clock.now())
    work.fire()
    assert work.found.payments[0].is_overdue


def test_a_payment_that_bounces_is_paid_anew_once_two_persons_chose_an_account():
    work = Returning().holds().applied().approved().decided()
    work.notifies()
    work.bank(paid("r1-1.1.1"))
    assert isinstance(work.bank(RecordBounce("r1", "r1-1.1.1", "b1", 60, "closed")), Done)
    unknown = replace(ANOTHER, account="never-entered")
    assert work.refused("ann", ProposePayee("r1", "r1#1.1", unknown, "ann")) == "payee_unfit"
    work.by("ann", ProposePayee("r1", "r1#1.1", ANOTHER, "ann"))
    work.by("chief", AgreeToPayee("r1", "r1#1.1", ANOTHER, "chief"))
    work.notifies()
    work.bank(paid("r1-1.2.1", receipt="q2"))
    assert sums_of(work.found, "CNY").paid == 60
    replayed(work)


def test_a_receipt_that_differs_is_an_incident_until_a_person_settles_it():
    work = Returning().holds().applied().approved().decided()
    work.notifies()
    work.bank(paid("r1-1.1.1", 59))
    assert work.found.payments[0].has_incident
    work.by("chief", SettleIncident("r1", "r1#1.1", "chief", "a fee"))
    assert not work.found.payments[0].has_incident


def test_the_same_command_under_its_id_counts_once_and_other_content_is_refused():
    work = Returning().holds().applied().approved().decided()
    tell = NotifyBank("r1", ("r1#1.1",), ("ann", "bo"), "ann")
    first = work.by("ann", tell, "once")
    again = work.tries("ann", tell, "once")
    assert again == Done(first.answer, is_repeat=True)
    assert len(of_journal(work, BankNotified)) == 1
    other = work.tries("ann", replace(tell, officers=("ann", "chief")), "once")
    assert isinstance(other, Turned)
    assert other.reason == "content_differs"
    assert work.refused("ann", tell) == "notified_already"


@pytest.mark.parametrize(
    ("who", "said"),
    [("low", "level_too_low"), ("far", "not_permitted"), ("ann", "not_permitted")],
)
def test_a_plan_is_approved_at_a_city_above_the_case_and_decided_there(who, said):
    work = Returning().holds().applied()
    work.by("ann", BindPlan("r1", "in", "out", "cn-2016", (award(),), "ann"))
    assert work.refused(who, ApprovePlan("r1", who, work.digest)) == said
    work.by("mayor", ApprovePlan("r1", "mayor", work.digest))
    assert work.refused(who, DecideRound("r1", who, work.digest)) == said
    work.by("chief", DecideRound("r1", "chief", work.digest))


def test_a_level_is_what_the_policy_says():
    work = Returning(policy=replace(POLICY, procedure=None)).holds()
    assert work.refused("ann", OpenReturn("r1", (CASE,), "ann")) == "return_terms_missing"
    terms = replace(POLICY.procedure, approval_level=work.scribe.state.staff.units["gd"].level)
    work = Returning(policy=replace(POLICY, procedure=terms)).holds().applied()
    work.by("ann", BindPlan("r1", "in", "out", "cn-2016", (award(),), "ann"))
    assert work.refused("chief", ApprovePlan("r1", "chief", work.digest)) == "level_too_low"
    work.by("mayor", ApprovePlan("r1", "mayor", work.digest))


def test_a_paper_is_looked_at_by_another_officer():
    work = Returning().holds()
    work.by("ann", OpenReturn("r1", (CASE,), "ann"))
    agent = replace(
        MADE, capacity=Capacity.AGENT, proof=Proof.AUTHORITY, proof_digest="p", applicant="agent-1"
    )
    work.by("ann", TakeApplication("r1", agent))
    assert work.refused("ann", CheckProof("r1", "app-1", "p", "ann")) == "four_eyes"
    work.by("bo", CheckProof("r1", "app-1", "p", "bo"))
    work.approved()


def test_officers_named_to_a_bank_work_on_cases_here():
    work = Returning().holds().applied().approved().decided()
    work.by("root", SuspendPerson("bo", "root", "leave"))
    for other in ("nobody", "root", "bo"):
        tell = NotifyBank("r1", ("r1#1.1",), ("ann", other), "ann")
        assert work.refused("ann", tell) == "officers_too_few"
    work.by("root", RestorePerson("bo", "root", "back"))
    work.by("ann", NotifyBank("r1", ("r1#1.1",), ("ann", "bo"), "ann"))


def test_a_case_is_in_one_return_and_cases_go_together_only_when_joined():
    work = Returning().applied()
    assert work.refused("ann", OpenReturn("r2", (CASE,), "ann")) == "return_open_already"
    assert work.refused("ann", OpenReturn("r2", (), "ann")) == "not_permitted"
    assert work.refused("ann", OpenReturn("#r2", (CASE,), "ann")) == "id_unusable"
    assert work.refused("ann", TakeApplication("r1", replace(MADE, id="#"))) == "id_unusable"
    bad = replace(objection("x"), id="")
    assert work.refused("bo", TakeObjection("r1", bad)) == "id_unusable"
    work.by("chief", EndRound("r1", True, "chief", "the owner is in dispute"))
    unknown = OpenRound("r1", 2, (CASE, "case-9"), "ann")
    assert work.refused("ann", unknown) == "case_unknown"
    state = work.scribe.state
    state.put_case(replace(state.case(CASE), id="case-9"))
    assert work.refused("ann", unknown) == "cases_apart"
    state.put_case(replace(state.case(CASE), joined=("case-9",)))
    work.by("ann", unknown)
    assert state.returning == {CASE: "r1", "case-9": "r1"}


def test_who_prepared_a_round_takes_it_back_and_who_approves_refuses_it():
    work = Returning().holds().applied()
    assert work.refused("bo", EndRound("r1", True, "bo", "r")) == "not_permitted"
    work.by("bo", EndRound("r1", False, "bo", "the victim asks for it"))
    assert work.found.round.state is RoundState.WITHDRAWN


@pytest.mark.parametrize("role", sorted(MACHINES))
def test_a_persons_part_is_no_machines_and_nobodys_without_a_session(role):
    work = Returning().holds().applied().approved()
    for what in (
        DecideRound("r1", "chief", work.digest),
        EndRound("r1", True, "chief", "r"),
        TakeApplication("r1", replace(MADE, id="app-2", taken_by="chief")),
    ):
        found = work.submit(
            command_of(COMMAND_REGISTRY, f"x {what}", Request(Actor("chief", role, "r"), what))
        )
        assert isinstance(found, Turned)
        assert found.reason == "actor_differs"


def test_nobody_speaks_for_another_bank_or_for_the_clock():
    work = Returning().holds().applied().approved(award(60, mode=3))
    work.by("ann", PublishNotice("r1", "ann", work.digest))
    wrong = work._asked(Request(Actor("x", INSTITUTION, "r"), PassNotice("r1", 1, 1)))
    assert isinstance(wrong, Turned)
    assert wrong.reason == "actor_differs"
    assert work.refused("bo", TakeApplicationBack("r1", "app-1", "ann", "r")) == "actor_differs"
    work.clock.move(31 * DAY)
    work.fire()
    work.decided().notifies()
    other = work.bank(paid("r1-1.1.1"), "bank-b")
    assert isinstance(other, Turned)
    assert other.reason == "other_institution"
    for what in (paid("r1-1.1.1"), RecordRefusal("r1", "r1-1.1.1", "f1", "x")):
        assert work.refused("ann", what) == "not_permitted"
        machine = work._asked(Request(Actor("chase", "chase", "r"), what))
        assert isinstance(machine, Turned)
        assert machine.reason == "actor_differs"


def test_what_is_not_known_is_refused_by_name():
    work = Returning().holds()
    assert work.refused("ann", EndRound("r9", False, "ann", "r")) == "return_unknown"
    assert work.refused("ann", EndRound("r9", True, "ann", "r")) == "not_permitted"
    assert work.refused("chief", EndRound("r9", True, "chief", "r")) == "return_unknown"
    for who, what in (
        ("ann", TakeApplication("r9", MADE)),
        ("chief", SendPlanBack("r9", "chief", "r")),
    ):
        assert work.refused(who, what) == "return_unknown"
    work.applied().approved().decided()
    for what in (
        AgreeToPayee("r1", "r1#1.9", ANOTHER, "chief"),
        SettleIncident("r1", "r1#1.9", "chief", "r"),
        GivePaymentUp("r1", "r1#1.9", "chief", "r"),
    ):
        assert work.refused("chief", what) == "payment_unknown"
    assert work.refused("bo", CheckProof("r1", "a9", "", "bo")) == "round_ended"


def test_every_command_of_returns_is_a_persons_a_banks_or_the_clocks():
    persons, banks = set(RETURN_ACTIONS), set(asked.Outcome.__args__)
    assert persons | banks | {PassNotice, PassPayLimit} == set(asked.Command.__args__)
    assert not persons & banks
