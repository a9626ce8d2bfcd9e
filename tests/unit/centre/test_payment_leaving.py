"""An order to pay back leaves only while the decision that it carries out still holds; what a bank says of it in odd order."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from returning_office import ANOTHER, BANK, CASE, MADE, ORIGINAL, PLACE, Returning, award
from sim.office import START, Done, Turned

from recoup.cases.commands import NoteRepaid, SettleClaim
from recoup.cases.state import ClaimTrigger
from recoup.centre import answer_command
from recoup.centre.account_room import EnterAccount
from recoup.centre.paying import Award, pay_back_order
from recoup.orders import Answer, OrderState, Outcome, Receipt
from recoup.orders.commands import ApproveOrder, DraftOrder, WithdrawOrder
from recoup.procedure import PaymentState
from recoup.procedure.commands import (
    AgreeToPayee,
    BindPlan,
    GivePaymentUp,
    NotifyBank,
    OpenRound,
    ProposePayee,
    TakeApplication,
)

ORDER, AGAIN = "r1-1.1.1", "r1-1.1.2"


@pytest.fixture
def office():
    # More is frozen than is awarded: that the hold is used up protects nobody here.
    office = Returning().holds(held=200).applied().approved().decided()
    office.notifies()
    return office


def order(office, order_id=ORDER):
    return office.scribe.state.hold(PLACE).find(order_id)


def agree(office, order_id=ORDER):
    """Let two persons agree; return what the second is told where it may not leave."""
    digest = order(office, order_id).order.digest
    office.by("chief", ApproveOrder(order_id, "chief", digest))
    said = office.tries("mayor", ApproveOrder(order_id, "mayor", digest))
    return said.reason if isinstance(said, Turned) else ""


def answers(office, outcome, order_id=ORDER, *, amount=0, held=0, number="1", **more):
    receipt = Receipt(amount, f"ref-{number}", office.clock.now()) if amount else None
    said = Answer(f"answer-{number}", outcome, held, receipt=receipt, **more)
    assert isinstance(office.submit(answer_command(BANK, order_id, said)), Done)


def another_round(office, amount):
    """Decide on more for the same claim, and give the bank notice of it."""
    office.by("ann", OpenRound("r1", 2, (CASE,), "ann"))
    office.by("ann", TakeApplication("r1", replace(MADE, id="app-2")))
    office.approved(award(amount)).decided()
    office.notifies()
    return "r1-2.2.1"


def test_what_was_decided_and_still_stands_leaves(office):
    assert agree(office) == ""
    assert order(office).issued_at is not None


def test_a_second_notice_does_not_leave_once_the_first_was_paid_after_all(office):
    assert agree(office) == ""
    answers(office, Outcome.REFUSED, code="papers", papers=("copy of a police card",))
    office.notifies()
    answers(office, Outcome.PAID, amount=60, held=140, number="2")
    assert office.found.payments[0].state is PaymentState.PAID
    assert agree(office, AGAIN) == "payment_ended"
    assert order(office, AGAIN).state is OrderState.AWAITING_APPROVAL


def test_a_payment_in_the_place_of_another_does_not_leave_once_that_was_paid_after_all(office):
    assert agree(office) == ""
    answers(office, Outcome.REFUSED, code="closed")
    first = office.found.payments[0].id
    office.by("ann", ProposePayee("r1", first, ANOTHER, "ann"))
    office.by("chief", AgreeToPayee("r1", first, ANOTHER, "chief"))
    office.notifies()
    answers(office, Outcome.PAID, amount=60, held=140, number="2")
    assert agree(office, "r1-1.2.1") == "incident_open"
    assert order(office, "r1-1.2.1").issued_at is None


def test_a_claim_that_fell_after_the_notice_is_not_paid(office):
    office.by("ann", SettleClaim("c1", ClaimTrigger.WITHDRAW, "ann"))
    assert agree(office) == "claim_not_admitted"
    assert order(office).issued_at is None


def test_what_the_victim_got_elsewhere_after_the_notice_is_not_paid_once_more(office):
    office.by("ann", NoteRepaid("insurer", "c1", compensated=50))
    assert agree(office) == "amount_exceeds_missing"
    office.by("ann", WithdrawOrder(ORDER, "ann"))
    told = NotifyBank("r1", (office.found.payments[0].id,), ("ann", "bo"), "ann")
    assert office.refused("ann", told) == "amount_exceeds_missing"


def test_two_orders_for_one_claim_are_together_no_more_than_it_misses(office):
    """Both were decided while it missed 100; an insurer has paid since."""
    second = another_round(office, 40)
    office.by("ann", NoteRepaid("insurer", "c1", compensated=30))
    assert agree(office) == ""
    assert agree(office, second) == "amount_exceeds_missing"


def test_two_orders_of_all_that_a_claim_misses_both_leave(office):
    second = another_round(office, 40)
    assert (agree(office), agree(office, second)) == ("", "")


def test_an_order_that_a_person_writes_beside_the_return_is_refused(office):
    due = START + timedelta(days=3)
    for order_id, case in (("by-hand", ""), (AGAIN, ""), ("by-hand", "case-2")):
        given = Award(order_id, PLACE, 40, "new-card", "c1", "a judgment", due, case)
        written = pay_back_order(office.scribe.state, given, "bo", "by hand")
        assert office.refused("bo", DraftOrder(written)) == "return_missing"


def test_a_payment_of_a_claim_that_fell_while_its_notice_was_taken_back_can_be_given_up(office):
    office.by("ann", WithdrawOrder(ORDER, "ann"))
    office.by("ann", SettleClaim("c1", ClaimTrigger.WITHDRAW, "ann"))
    payment = office.found.payments[0]
    refused = office.refused("ann", NotifyBank("r1", (payment.id,), ("ann", "bo"), "ann"))
    assert refused == "claim_not_admitted"
    office.by("chief", GivePaymentUp("r1", payment.id, "chief", "the victim took it back"))
    assert office.found.set_aside_at(PLACE) == 0


def test_what_a_bank_pays_after_it_was_given_up_is_an_incident_and_stops_the_next_round(office):
    assert agree(office) == ""
    answers(office, Outcome.REFUSED, code="papers", papers=("copy of a police card",))
    payment = office.found.payments[0]
    office.by("chief", GivePaymentUp("r1", payment.id, "chief", "no such paper"))
    second = another_round(office, 60)
    answers(office, Outcome.PAID, amount=60, held=140, number="2")
    assert office.found.payments[0].has_incident
    assert agree(office, second) == "incident_open"


def renamed(office, account="card-c1", bank="bank-home"):
    """Enter the account once more, under another name; return why not."""
    said = office.tries("ann", EnterAccount(account, bank, CASE, is_renamed=True))
    return said.reason if isinstance(said, Turned) else ""


def test_nobody_gives_a_payee_another_name_once_others_have_seen_it(office):
    """Who agreed saw the victim's name; the bank would compare the one that came after."""
    assert renamed(office) == "payee_named"
    assert agree(office) == ""
    assert renamed(office) == "payee_named", "on its way"
    answers(office, Outcome.REFUSED, code="closed")
    assert renamed(office) == "", "nothing is about to be paid there: the name may be put right"
    payment = office.found.payments[0]
    office.by("ann", ProposePayee("r1", payment.id, ORIGINAL, "ann"))
    assert renamed(office) == "payee_named", "somebody else is to agree to it"
    office.by("chief", AgreeToPayee("r1", payment.id, ORIGINAL, "chief"))
    assert renamed(office) == "payee_named"


def test_an_application_keeps_the_payees_name_too():
    office = Returning().holds(held=200)
    assert renamed(office) == ""
    office.applied()
    assert renamed(office) == "payee_named"
    assert renamed(office, "new-card", "bank-new") == ""


def test_what_a_bank_holds_beyond_what_was_asked_for_is_in_no_plan():
    office = Returning().holds(held=1000, asked=60).applied()
    too_much = BindPlan("r1", "in", "out", "cn-2016", (award(61),), "ann")
    assert office.refused("ann", too_much) == "amount_exceeds_frozen"
    office.approved(award(60))


def returned(office, reference):
    receipt = Receipt(60, reference, office.clock.now())
    said = Answer("back", Outcome.BOUNCED, 200, receipt=receipt)
    assert isinstance(office.submit(answer_command(BANK, ORDER, said)), Done)


def test_a_payment_whose_coming_back_is_told_before_it_is_open_again(office):
    """The reply to the order was lost, the letter of the bounce was not; the order told again brings the receipt."""
    assert agree(office) == ""
    returned(office, "ref-1")
    assert office.found.payments[0].state is PaymentState.BOUNCED
    case = office.scribe.state.case(CASE)
    asked = [(x.clock, x.about) for x in case.escalations]
    assert asked == [("payment", ORDER)], "a person finds another account"
    answers(office, Outcome.PAID, amount=60, held=200)
    payment = office.found.payments[0]
    assert (payment.state, payment.outstanding) == (PaymentState.BOUNCED, 60)
    assert office.scribe.state.case(CASE).claim("c1").missing == 100
    assert office.scribe.state.hold(PLACE).held == 200


def test_the_coming_back_of_what_nobody_paid_opens_no_payment_that_was_made(office):
    assert agree(office) == ""
    answers(office, Outcome.PAID, amount=60, held=140)
    returned(office, "ref-9")
    assert office.found.payments[0].state is PaymentState.PAID
    assert office.scribe.state.hold(PLACE).held == 140
