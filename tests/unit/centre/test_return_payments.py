"""A notice to the bank writes the order that pays, and what the bank answers is what the payment hears: one entry each."""

from __future__ import annotations

from dataclasses import replace

import pytest
from returning_office import BANK, CASE, MADE, ORIGINAL, OTHER, PLACE, Returning, award
from sim.office import START, Done, Turned

from recoup.cases import Finding, FindingKind
from recoup.cases.commands import (
    AddFacts,
    ProposeFinding,
    SettleFinding,
)
from recoup.cases.decided import Appeal
from recoup.cases.state import FindingTrigger
from recoup.centre import answer_command
from recoup.centre.registry import COMMAND_REGISTRY
from recoup.centre.requests import MACHINE, Actor, Request, command_of
from recoup.centre.snapshots import decode_state, encode_state
from recoup.orders import Answer, HoldState, OrderKind, OrderState, Outcome, Receipt
from recoup.orders.commands import ApproveOrder, WithdrawOrder
from recoup.procedure import ClaimKey, PaymentState
from recoup.procedure.commands import (
    BindPlan,
    FactsSeen,
    NotifyBank,
    OpenReturn,
    OpenRound,
    TakeApplication,
    Wanted,
)

ORDER, AGAIN = "r1-1.1.1", "r1-1.1.2"


@pytest.fixture
def office():
    return Returning().holds().applied().approved().decided()


def payment(office):
    return office.found.payments[0]


def order(office, order_id=ORDER):
    return office.scribe.state.hold(PLACE).find(order_id)


def agreed(office, order_id=ORDER):
    """Let two persons agree, so that the order leaves."""
    digest = order(office, order_id).order.digest
    for person in ("chief", "mayor"):
        office.by(person, ApproveOrder(order_id, person, digest))


def answers(office, outcome, *, amount=0, held=0, number="1", order_id=ORDER, **more):
    receipt = Receipt(amount, f"ref-{number}", office.clock.now()) if amount else None
    said = Answer(f"answer-{number}", outcome, held, receipt=receipt, **more)
    assert isinstance(office.submit(answer_command(BANK, order_id, said)), Done)


def missing(office):
    return office.scribe.state.case(CASE).claim("c1").missing


def test_a_notice_drafts_the_order_and_two_persons_let_it_leave(office):
    office.notifies()
    row = order(office)
    assert row.state is OrderState.AWAITING_APPROVAL
    assert (row.order.amount, row.order.made_by, row.order.institution) == (60, "ann", BANK)
    assert row.order.payout.account == "card-c1"
    assert row.order.payout.due_at == payment(office).due_at
    agreed(office)
    assert order(office).issued_at is not None
    assert payment(office).state is PaymentState.NOTIFIED


def test_a_receipt_moves_payment_hold_and_claim_in_one_entry(office):
    office.notifies()
    agreed(office)
    assert missing(office) == 100
    answers(office, Outcome.PAID, amount=60)
    assert payment(office).state is PaymentState.PAID
    hold = office.scribe.state.hold(PLACE)
    assert (hold.held, hold.returned, hold.state) == (0, 60, HoldState.RETURNED)
    assert missing(office) == 40
    assert office.due() == [], "nobody waits for it any more"
    answers(office, Outcome.PAID, amount=60)
    assert missing(office) == 40, "told again, it is the same payment"
    assert payment(office).paid == 60


def test_what_was_paid_is_counted_once_when_a_new_round_gives_the_rest(office):
    office.notifies()
    agreed(office)
    answers(office, Outcome.PAID, amount=60)
    office.by("ann", OpenRound("r1", 2, (CASE,), "ann"))
    office.by("ann", TakeApplication("r1", replace(MADE, id="app-2")))
    office.holds(OrderKind.FREEZE, 50, "second")
    too_much = BindPlan("r1", "in", "out", "cn-2016", (award(41),), "ann")
    assert office.refused("ann", too_much) == "amount_exceeds_missing"
    office.approved(award(40))
    office.decided()
    assert office.found.payments[-1].amount == 40


def test_a_receipt_of_less_is_an_incident_and_no_success(office):
    office.notifies()
    agreed(office)
    answers(office, Outcome.PAID, amount=50, held=10)
    assert payment(office).state is PaymentState.DIFFERS
    assert payment(office).has_incident
    assert missing(office) == 50


def test_papers_that_are_wanted_are_given_with_a_second_notice(office):
    office.notifies()
    agreed(office)
    answers(office, Outcome.REFUSED, code="papers", papers=("copy of a police card",))
    assert payment(office).state is PaymentState.CORRECTING
    office.notifies()
    agreed(office, AGAIN)
    answers(office, Outcome.PAID, amount=60, number="2", order_id=AGAIN)
    assert (payment(office).state, payment(office).paid, missing(office)) == ("paid", 60, 40)


def test_a_refusal_ends_the_payment_and_what_came_back_is_open_again(office):
    office.notifies()
    agreed(office)
    answers(office, Outcome.REFUSED, code="closed")
    assert payment(office).state is PaymentState.REFUSED


def test_a_payment_that_bounces_is_missed_again(office):
    office.notifies()
    agreed(office)
    answers(office, Outcome.PAID, amount=60)
    said = Answer("b", Outcome.BOUNCED, 60, receipt=Receipt(60, "ref-1", office.clock.now()))
    assert isinstance(office.submit(answer_command(BANK, ORDER, said)), Done)
    assert payment(office).state is PaymentState.BOUNCED
    assert missing(office) == 100
    assert office.scribe.state.hold(PLACE).held == 60


def test_an_order_that_was_taken_back_is_a_notice_that_can_be_given_again(office):
    office.notifies()
    office.by("ann", WithdrawOrder(ORDER, "ann"))
    assert payment(office).state is PaymentState.CORRECTING
    office.notifies()
    assert order(office, AGAIN).state is OrderState.AWAITING_APPROVAL


def test_an_order_nobody_can_write_leaves_the_notice_ungiven(office):
    state = office.scribe.state
    state.entered.pop((CASE, "card-c1"))
    ids = (payment(office).id,)
    refused = office.tries("ann", NotifyBank("r1", ids, ("ann", "bo"), "ann"))
    assert isinstance(refused, Turned)
    assert payment(office).state is PaymentState.DECIDED
    assert order(office) is None


def test_what_was_heard_is_in_a_snapshot(office):
    office.notifies()
    agreed(office)
    answers(office, Outcome.PAID, amount=60)
    state = office.scribe.state
    again = decode_state(encode_state(state))
    assert again.returns == state.returns
    assert again.hold(PLACE) == state.hold(PLACE)
    other = replace(office.found, payments=())
    assert again.returns["r1"] != other, "the control"


def asks(office, case, who, what):
    """Let one of the centre's own parts ask something of a case."""
    request = Request(Actor(who, MACHINE, "a call"), what, case=case)
    told = office.submit(command_of(COMMAND_REGISTRY, f"{case} {type(what).__name__}", request))
    assert isinstance(told, Done), told


def joined():
    """A return of two joined cases, decided: a claim of the second is paid out of the first's hold."""
    office = Returning().holds().joined_with_other()
    office.by("ann", OpenReturn("r1", (CASE, OTHER), "ann"))
    payee = replace(ORIGINAL, account="card-d1", name="victim-d1")
    key = ClaimKey(OTHER, "d1")
    office.by("ann", TakeApplication("r1", replace(MADE, key=key, payee=payee)))
    return office.approved(Wanted(key, PLACE, 1, 50)).decided()


def test_a_claim_is_paid_out_of_the_hold_of_a_case_that_is_joined_with_its_own():
    office = joined()
    office.notifies()
    assert order(office).order.payout.case == OTHER
    assert order(office).order.key == PLACE
    agreed(office)
    answers(office, Outcome.PAID, amount=50, held=10)
    cases = office.scribe.state
    assert payment(office).state is PaymentState.PAID
    assert cases.case(OTHER).claim("d1").missing == 0
    assert missing(office) == 100, "the claim of the hold's own case got nothing"
    assert (cases.hold(PLACE).held, cases.hold(PLACE).returned) == (10, 50)
    assert decode_state(encode_state(cases)).cases == cases.cases
    said = Answer("b", Outcome.BOUNCED, 60, receipt=Receipt(50, "ref-1", office.clock.now()))
    assert isinstance(office.submit(answer_command(BANK, ORDER, said)), Done)
    assert payment(office).state is PaymentState.BOUNCED
    assert office.scribe.state.case(OTHER).claim("d1").missing == 50
    assert office.scribe.state.hold(PLACE).held == 60


def test_what_went_to_a_claim_of_another_case_is_no_more_to_be_given_there():
    office = joined()
    office.notifies()
    agreed(office)
    answers(office, Outcome.PAID, amount=50, held=10)
    office.by("ann", OpenRound("r1", 2, (CASE, OTHER), "ann"))
    payee = replace(ORIGINAL, account="card-d1", name="victim-d1")
    again = replace(MADE, id="app-2", key=ClaimKey(OTHER, "d1"), payee=payee)
    office.by("ann", TakeApplication("r1", again))
    more = BindPlan("r1", "in", "out", "cn-2016", (Wanted(again.key, PLACE, 1, 1),), "ann")
    assert office.refused("ann", more) == "amount_exceeds_missing"


def test_a_plan_of_facts_that_a_case_has_outrun_is_not_bound():
    office = Returning().holds().applied()
    version = office.scribe.state.case(CASE).facts_version
    plan = BindPlan("r1", "in", "out", "cn-2016", (award(),), "ann", (FactsSeen(CASE, version),))
    office.sent(Actor("taker", MACHINE, "an answer"), AddFacts("d" * 64, ()))
    assert office.scribe.state.case(CASE).facts_version > version
    assert office.refused("ann", plan) == "facts_newer"
    seen = (FactsSeen(CASE, office.scribe.state.case(CASE).facts_version),)
    office.by("ann", replace(plan, facts=seen))


@pytest.mark.parametrize(
    ("kind", "why"),
    [(FindingKind.GOOD_FAITH_VALUE, "holder_cleared"), (FindingKind.INNOCENT_CONDUIT, "")],
)
def test_what_a_joined_case_found_about_the_holder_counts_for_the_money_of_all(kind, why):
    """A shop's money is not paid because the finding stands in the other case; of a conduit the traced part still is."""
    office = joined()
    office.notifies()
    finding = Finding("n1", kind, "a", "ann", "a shop")
    asks(office, OTHER, "ann", ProposeFinding(finding))
    settled = SettleFinding("n1", FindingTrigger.AGREE, "judge", finding.digest)
    asks(office, OTHER, "judge", settled)
    digest = order(office).order.digest
    office.by("chief", ApproveOrder(ORDER, "chief", digest))
    said = office.tries("mayor", ApproveOrder(ORDER, "mayor", digest))
    assert (said.reason if isinstance(said, Turned) else "") == why


def test_an_objection_in_a_joined_case_keeps_the_money_waiting():
    office = joined()
    office.notifies()
    state = office.scribe.state
    filed = Appeal("x1", "a", "CNY", True, START, START)
    state.put_case(replace(state.case(OTHER), appeals=(filed,)))
    digest = order(office).order.digest
    office.by("chief", ApproveOrder(ORDER, "chief", digest))
    assert office.refused("mayor", ApproveOrder(ORDER, "mayor", digest)) == "holder_appeals"
