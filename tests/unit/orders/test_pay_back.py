"""Paying back: only frozen money, each cent once, and whatever the institution says that it paid has left the hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from desk import KEY, START, Desk

from recoup.orders import (
    Answer,
    HoldState,
    Order,
    OrderKind,
    OrderState,
    Outcome,
    Payout,
    Reason,
    Receipt,
    Refusal,
    fold,
)
from recoup.orders.commands import DraftOrder, PassAnswerLimit, PassTerm, RecordAnswer
from recoup.orders.events import Amiss, AnswerRecorded, Bearing, PaidBack, PaymentBounced
from recoup.reading.policies import read_policy

POLICY = read_policy("cn-2016")
DUE = START + timedelta(days=3)
PAYOUT = Payout("account-9", "bank-9", "claim-1", "award-1", DUE, officers=("ann", "bo"))
K = OrderKind


@pytest.fixture
def desk() -> Desk:
    """A desk with 100 frozen."""
    found = Desk(POLICY)
    found.stopped(100)
    found.hear(found.tell(K.FREEZE, 100), Outcome.FROZEN, 100, found.now)
    return found


def pay(desk: Desk, amount: int, order_id: str = "p1", **changes: object) -> str:
    return desk.tell(K.PAY_BACK, amount, order_id, payout=replace(PAYOUT, **changes))


def say(
    desk: Desk, order_id: str, outcome: Outcome, amount: int, held: int, ref: str = "r1"
) -> object:
    count = sum(len(t.answers) + len(t.unclear) for t in desk.hold.orders)
    receipt = Receipt(amount, ref, desk.now) if amount else None
    return desk.do(RecordAnswer(order_id, Answer(f"a{count}", outcome, held, receipt=receipt)))


def pot(desk: Desk) -> tuple[int, int, int, int, int]:
    """Frozen in all, returned, lifted, frozen now, paid beyond."""
    hold = desk.hold
    live = hold.frozen_live
    assert hold.frozen_total == hold.returned + hold.lifted + live
    return (hold.frozen_total, hold.returned, hold.lifted, live, hold.beyond)


def refused(desk: Desk, kind: OrderKind, amount: int, **more: object) -> Reason:
    order = Order("x", kind, KEY, "bank-1", amount, "maker", "r", **more)
    found = desk.do(DraftOrder(order))
    assert isinstance(found, Refusal), found
    return found.reason


def test_what_was_paid_leaves_the_hold_and_the_rest_stays_frozen(desk):
    said = say(desk, pay(desk, 60), Outcome.PAID, 60, 40)
    assert isinstance(said[-1], PaidBack)
    assert (desk.hold.state, desk.hold.held, desk.hold.asked) == (HoldState.FROZEN, 40, 40)
    assert pot(desk) == (100, 60, 0, 40, 0)
    assert said[-1].amiss == ()


def test_the_last_cent_ends_the_hold_and_its_term_ends_nothing(desk):
    say(desk, pay(desk, 60), Outcome.PAID, 60, 40)
    say(desk, pay(desk, 40, "p2"), Outcome.PAID, 40, 0)
    assert (desk.hold.state, desk.hold.held) == (HoldState.RETURNED, 0)
    assert pot(desk) == (100, 100, 0, 0, 0)
    desk.wait(days=400)
    assert desk.do(PassTerm()).reason is Reason.HOLD_RETURNED


def test_only_frozen_money_is_paid_back_and_no_cent_on_two_orders():
    desk = Desk(POLICY)
    assert refused(desk, K.PAY_BACK, 60, payout=PAYOUT) is Reason.NOTHING_HELD
    desk.stopped(100)
    assert refused(desk, K.PAY_BACK, 60, payout=PAYOUT) is Reason.NOT_FROZEN
    desk.hear(desk.tell(K.FREEZE, 100), Outcome.FROZEN, 100, desk.now)
    assert refused(desk, K.PAY_BACK, 101, payout=PAYOUT) is Reason.AMOUNT_EXCEEDS_HELD
    pay(desk, 60)
    assert refused(desk, K.PAY_BACK, 41, payout=PAYOUT) is Reason.AMOUNT_EXCEEDS_HELD
    pay(desk, 40, "p2")  # two victims of one pot are paid at once
    assert refused(desk, K.PAY_BACK, 1, payout=PAYOUT) is Reason.AMOUNT_EXCEEDS_HELD
    desk.wait(days=400)
    assert refused(desk, K.PAY_BACK, 1, payout=PAYOUT) is Reason.HOLD_LAPSED


def test_what_is_held_beyond_what_was_asked_for_is_the_holders_own_and_pays_nobody():
    desk = Desk(POLICY)
    desk.stopped(100)
    desk.hear(desk.tell(K.FREEZE, 100), Outcome.FROZEN, 1000, desk.now)  # it blocks accounts only
    assert desk.hold.excess == 900
    assert refused(desk, K.PAY_BACK, 101, payout=PAYOUT) is Reason.AMOUNT_EXCEEDS_HELD
    say(desk, pay(desk, 60), Outcome.PAID, 60, 940)
    assert refused(desk, K.PAY_BACK, 41, payout=PAYOUT) is Reason.AMOUNT_EXCEEDS_HELD
    pay(desk, 40, "p2")
    assert refused(desk, K.PAY_BACK, 1, payout=PAYOUT) is Reason.AMOUNT_EXCEEDS_HELD


def test_a_payment_names_its_payee_and_decision_and_nothing_else_does(desk):
    assert refused(desk, K.PAY_BACK, 60) is Reason.PAYOUT_MISSING
    for name in ("account", "institution", "claim", "decision"):
        lacking = replace(PAYOUT, **{name: ""})
        assert refused(desk, K.PAY_BACK, 60, payout=lacking) is Reason.PAYOUT_MISSING
    for officers in ((), ("ann", "")):
        lacking = replace(PAYOUT, officers=officers)
        assert refused(desk, K.PAY_BACK, 60, payout=lacking) is Reason.PAYOUT_MISSING
    assert refused(desk, K.REDUCE, 60, payout=PAYOUT) is Reason.PAYOUT_MEANINGLESS
    late = replace(PAYOUT, due_at=desk.now)
    assert refused(desk, K.PAY_BACK, 60, payout=late) is Reason.PAYOUT_DUE


def test_an_approval_binds_payee_claim_decision_time_and_officers():
    plain = Order("x", K.PAY_BACK, KEY, "bank-1", 60, "maker", "r", payout=PAYOUT)
    changes = ({"account": "a"}, {"institution": "b"}, {"claim": "c"}, {"decision": "d"})
    others = [*changes, {"due_at": DUE + timedelta(days=1)}, {"officers": ("ann", "cy")}]
    digests = {replace(plain, payout=replace(PAYOUT, **x)).digest for x in others}
    assert len(digests | {plain.digest}) == 7


def test_what_changes_the_hold_waits_for_the_payment_and_the_payment_for_it(desk):
    pay(desk, 60)
    for kind, amount in ((K.RELEASE, 0), (K.REDUCE, 50), (K.RAISE, 120)):
        assert refused(desk, kind, amount) is Reason.ORDER_PENDING
    desk.tell(K.RENEW, 100)  # a freeze must not lapse because a bank is silent
    say(desk, "p1", Outcome.PAID, 60, 40)
    desk.tell(K.REDUCE, 30)
    assert refused(desk, K.PAY_BACK, 10, payout=PAYOUT) is Reason.ORDER_PENDING


def test_a_renewal_that_crosses_a_payment_asks_for_what_is_left(desk):
    pay(desk, 60)
    desk.tell(K.RENEW, 100)
    say(desk, "p1", Outcome.PAID, 60, 40)
    assert desk.hold.asked == 40
    assert desk.hold.excess == 0


def test_the_answer_is_due_when_the_money_is(desk):
    order_id = pay(desk, 60)
    assert desk.hold.find(order_id).answer_due_at == DUE
    assert desk.do(PassAnswerLimit(order_id)).reason is Reason.TERM_RUNS
    desk.now = DUE
    desk.do(PassAnswerLimit(order_id))
    assert desk.hold.find(order_id).state is OrderState.UNANSWERED
    say(desk, order_id, Outcome.PAID, 60, 40)  # late is paid all the same
    assert pot(desk) == (100, 60, 0, 40, 0)


def test_a_refusal_with_its_papers_is_kept_and_leaves_everything(desk):
    order_id = pay(desk, 60)
    said = Answer("a9", Outcome.REFUSED, code="0600", failed=("payee_name",), papers=("decision",))
    desk.do(RecordAnswer(order_id, said))
    assert desk.hold.find(order_id).answers == (said,)
    assert pot(desk) == (100, 0, 0, 100, 0)
    assert not desk.hold.paying


@pytest.mark.parametrize("paid", [50, 70])
def test_another_amount_leaves_the_hold_and_is_amiss(desk, paid):
    said = say(desk, pay(desk, 60), Outcome.PAID, paid, 100 - paid)
    assert said[-1].amiss == (Amiss.AMOUNT,)
    assert pot(desk) == (100, paid, 0, 100 - paid, 0)


def test_more_than_was_frozen_is_beyond(desk):
    said = say(desk, pay(desk, 60), Outcome.PAID, 130, 0)
    assert set(said[-1].amiss) == {Amiss.AMOUNT, Amiss.BEYOND}
    assert pot(desk) == (100, 100, 0, 0, 30)


def test_the_same_payment_told_again_leaves_once_and_a_second_payment_is_amiss(desk):
    order_id = pay(desk, 40)
    say(desk, order_id, Outcome.PAID, 40, 60)
    again = say(desk, order_id, Outcome.PAID, 40, 60)
    assert [x.bearing for x in again] == [Bearing.SUPERSEDED]
    twice = say(desk, order_id, Outcome.PAID, 40, 20, "r2")
    assert twice[-1].amiss == (Amiss.TWICE,)
    assert pot(desk) == (100, 80, 0, 20, 0)


def test_paid_and_then_denied_is_a_contradiction(desk):
    order_id = pay(desk, 40)
    say(desk, order_id, Outcome.PAID, 40, 60)
    (denied,) = say(desk, order_id, Outcome.REFUSED, 0, 0)
    assert denied.bearing is Bearing.CONTRADICTS
    assert pot(desk) == (100, 40, 0, 60, 0)


def test_refused_and_then_paid_is_paid(desk):
    order_id = pay(desk, 40)
    say(desk, order_id, Outcome.REFUSED, 0, 0)
    say(desk, order_id, Outcome.PAID, 40, 60)
    assert pot(desk) == (100, 40, 0, 60, 0)


def test_paid_without_a_receipt_is_no_answer(desk):
    order_id = pay(desk, 40)
    (heard,) = say(desk, order_id, Outcome.PAID, 0, 60)
    assert heard.bearing is Bearing.UNCLEAR
    assert desk.hold.find(order_id).is_on_its_way
    assert refused(desk, K.PAY_BACK, 61, payout=PAYOUT) is Reason.AMOUNT_EXCEEDS_HELD


def test_what_came_back_lies_frozen_again_and_can_be_paid_anew(desk):
    order_id = pay(desk, 100)
    say(desk, order_id, Outcome.PAID, 100, 0)
    said = say(desk, order_id, Outcome.BOUNCED, 100, 100)
    assert isinstance(said[-1], PaymentBounced)
    assert said[-1].amiss == ()
    assert (desk.hold.state, desk.hold.held, desk.hold.asked) == (HoldState.FROZEN, 100, 100)
    assert pot(desk) == (100, 0, 0, 100, 0)
    again = say(desk, order_id, Outcome.BOUNCED, 100, 100)
    assert [x.bearing for x in again] == [Bearing.SUPERSEDED]
    say(desk, pay(desk, 100, "p2", account="account-8"), Outcome.PAID, 100, 0, "r2")
    assert pot(desk) == (100, 100, 0, 0, 0)


def test_what_came_back_and_is_not_held_again_is_lifted_and_amiss(desk):
    order_id = pay(desk, 60)
    say(desk, order_id, Outcome.PAID, 60, 40)
    said = say(desk, order_id, Outcome.BOUNCED, 60, 40)
    assert said[-1].amiss == (Amiss.NOT_HELD,)
    assert pot(desk) == (100, 0, 60, 40, 0)


def test_a_bounce_that_is_told_before_its_payment_leaves_everything(desk):
    order_id = pay(desk, 60)
    say(desk, order_id, Outcome.BOUNCED, 60, 100)
    late = say(desk, order_id, Outcome.PAID, 60, 40)
    assert [x.bearing for x in late] == [Bearing.SUPERSEDED]
    assert pot(desk) == (100, 0, 0, 100, 0)


def test_a_receipt_after_the_hold_lapsed_is_returned_all_the_same(desk):
    order_id = pay(desk, 60, due_at=START + timedelta(days=900))
    desk.wait(days=300)
    desk.do(PassTerm())
    assert pot(desk) == (100, 0, 100, 0, 0)
    said = say(desk, order_id, Outcome.PAID, 60, 0)
    assert said[-1].amiss == (Amiss.LEFT,)
    assert desk.hold.state is HoldState.LAPSED
    assert pot(desk) == (100, 60, 40, 0, 0)


def test_a_bank_that_holds_less_than_the_payment_leaves_is_amiss(desk):
    said = say(desk, pay(desk, 60), Outcome.PAID, 60, 10)
    assert said[-1].amiss == (Amiss.LEFT,)
    assert pot(desk) == (100, 60, 0, 40, 0)  # the next digest says what is


def test_answers_that_cross_each_other_are_not_amiss(desk):
    pay(desk, 60)
    pay(desk, 5, "p2")
    said = say(desk, "p2", Outcome.PAID, 5, 35, "r2")
    assert said[-1].amiss == ()
    assert pot(desk) == (100, 5, 0, 95, 0)
    said = say(desk, "p1", Outcome.PAID, 60, 40)
    assert said[-1].amiss == ()
    assert pot(desk) == (100, 65, 0, 35, 0)


def test_money_that_comes_in_after_all_was_paid_fills_a_short_freeze_for_the_next_payment(desk):
    desk = Desk(POLICY)
    desk.stopped(100)
    desk.hear(desk.tell(K.FREEZE, 100), Outcome.FROZEN, 60, desk.now)
    order_id = pay(desk, 60)
    say(desk, order_id, Outcome.PAID, 60, 0)
    assert (desk.hold.state, desk.hold.held) == (HoldState.FROZEN, 0)
    twice = say(desk, order_id, Outcome.PAID, 10, 30, "r2")
    assert Amiss.TWICE in twice[-1].amiss
    assert pot(desk) == (90, 60, 0, 30, 10)


def test_a_bank_that_says_the_money_is_still_there_is_not_believed(desk):
    said = say(desk, pay(desk, 60), Outcome.PAID, 60, 100)
    assert said[-1].amiss == (Amiss.LEFT,)
    assert pot(desk) == (100, 60, 0, 40, 0)


def test_money_that_came_in_meanwhile_fills_a_short_freeze(desk):
    desk = Desk(POLICY)
    desk.stopped(100)
    desk.hear(desk.tell(K.FREEZE, 100), Outcome.FROZEN, 60, desk.now)
    said = say(desk, pay(desk, 60), Outcome.PAID, 60, 20)
    assert said[-1].amiss == ()
    assert pot(desk) == (80, 60, 0, 20, 0)


def test_a_new_period_does_not_take_an_older_ones_payment(desk):
    order_id = pay(desk, 100)
    say(desk, order_id, Outcome.PAID, 100, 0)
    desk.hear(desk.tell(K.FREEZE, 70), Outcome.FROZEN, 70, desk.now)
    assert (desk.hold.period, desk.hold.asked) == (1, 70)
    said = say(desk, order_id, Outcome.BOUNCED, 100, 170)
    assert said[-1].amiss == (Amiss.NOT_HELD,)
    assert pot(desk) == (170, 0, 100, 70, 0)


def test_another_kinds_answer_moves_nothing(desk):
    (heard,) = say(desk, pay(desk, 60), Outcome.FROZEN, 60, 60)
    assert isinstance(heard, AnswerRecorded)
    assert heard.bearing is Bearing.UNFITTING
    assert fold(desk.hold, ()) == desk.hold


def test_no_word_of_an_institution_makes_a_sum_that_the_journal_cannot_carry(desk):
    order_id, most = pay(desk, 60), 2**63 - 1
    for number in range(3):  # each alone would fit
        said = say(desk, order_id, Outcome.PAID, most, 0, f"r{number}")
        assert said.reason is Reason.AMOUNT_TOO_LARGE
    for number, held in enumerate((most, 0, most)):
        answer = Answer(f"again-{number}", Outcome.FROZEN, held, desk.now)
        desk.do(RecordAnswer(desk.hold.orders[1].order.id, answer))
    said = say(desk, order_id, Outcome.PAID, 2**60, 0)
    assert isinstance(said[-1], PaidBack), "the control: what fits is kept, odd as it is"
    assert max(desk.hold.frozen_total, desk.hold.lifted, desk.hold.beyond) < 2**62
