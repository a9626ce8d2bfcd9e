"""A bank pays back: out of what the case has frozen, once for an order, and what comes back is held again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from banks import BANK, NUMBER, PAYEE, START, bank, order, payment

from recoup.bank.holds import Ended
from recoup.bank.sandbox import Behaviour, Clearing, Do, SandboxCore
from recoup.clock import HandClock
from recoup.messages import AnswerMessage, Check, Minor, Paper, ResultCode
from recoup.orders import OrderKind, Outcome

K, C = OrderKind, ResultCode


def frozen(a, amount=60_000):
    a.tell(order(K.STOP, amount))
    assert a.tell(order(K.FREEZE, amount)).outcome is Outcome.FROZEN
    return a


@pytest.fixture
def a(tmp_path):
    return frozen(bank(tmp_path))


def balance(a):
    return a.core.find(NUMBER)[0].balance


def bounces(a):
    return [x for _, x in a.agent.waiting(100) if isinstance(x, AnswerMessage)]


def test_what_is_paid_leaves_the_account_and_the_hold(a):
    told = payment(45_000)
    answer = a.tell(told)
    assert (answer.outcome, answer.held) == (Outcome.PAID, 15_000)
    assert (answer.receipt.amount, answer.receipt.at) == (45_000, START)
    assert balance(a) == 15_000
    assert a.held() == {"a": 15_000}
    (row,) = [x for x in a.core.statement(NUMBER, "CNY", START, START) if x.reference == told.id]
    assert (row.id, row.payee, row.amount) == (
        answer.receipt.reference,
        PAYEE.account_number,
        45_000,
    )
    assert not a.pay(1)


def test_a_receipt_shows_what_came_in_since_the_freeze_where_something_is_still_held(tmp_path):
    """Money filled the hold after the freeze: without its row nobody could give it back."""
    a = bank(tmp_path)
    a.tell(order(K.STOP, 60_000))
    a.tell(order(K.FREEZE, 80_000))
    a.clock.move(timedelta(hours=1))
    a.receive(20_000)
    first, second, last = (a.tell(payment(amount)) for amount in (45_000, 15_000, 20_000))
    assert [answer.held for answer in (first, second, last)] == [35_000, 20_000, 0]
    for answer in (first, second):
        (row,) = answer.rows
        assert (row.payee, row.amount, row.balance_after) == (NUMBER, 20_000, 80_000)
        assert answer.rows_left == 0
    assert last.rows == (), "nothing is held any more"


def test_the_last_payment_ends_the_hold(a):
    a.tell(payment(45_000))
    assert a.tell(payment(15_000)).held == 0
    assert a.held() == {}
    assert a.core.own_blocks() == []
    assert a.store.holds(NUMBER, "CNY")[0].ended is Ended.PAID
    assert a.tell(payment(1)).code is C.ORIGINAL_OTHER


def test_the_same_order_pays_once_however_often_it_comes(a):
    told = payment(20_000)
    first = a.tell(told)
    assert a.tell(told) == first
    assert balance(a) == 40_000


def test_a_bank_that_forgot_the_order_does_not_pay_it_twice(a):
    told = payment(20_000)
    first = a.tell(told)
    a.store.forget(told.id, "")
    again = a.tell(told)
    assert again.receipt == first.receipt
    assert balance(a) == 40_000
    a.store.forget(told.id, "")
    other = replace(told, payee=replace(PAYEE, account_number="6333000000000008"))
    assert a.tell(other).code is C.ALREADY_PROCESSED


def test_only_frozen_money_is_paid_and_no_more_than_is_held(tmp_path):
    a = bank(tmp_path, opening=10_000)
    assert a.tell(payment(100)).code is C.ORIGINAL_UNKNOWN
    a.tell(order(K.STOP, 60_000))
    assert a.tell(payment(100)).code is C.ORIGINAL_OTHER
    a.tell(order(K.FREEZE, 60_000))
    refused = a.tell(payment(60_001))
    assert (refused.code, refused.failed) == (C.AMOUNT_OTHER, (Check.AMOUNT,))
    assert balance(a) == 70_000


def test_a_payment_takes_nothing_from_an_earlier_hold_of_another_case(tmp_path):
    a = bank(tmp_path)
    a.tell(order(K.FREEZE, 40_000, "b"))
    a.clock.move(timedelta(seconds=1))
    a.tell(order(K.FREEZE, 60_000, "a"))
    assert a.held() == {"a": 20_000, "b": 40_000}
    assert a.tell(payment(20_001)).code is C.AMOUNT_OTHER
    assert a.tell(payment(20_000)).outcome is Outcome.PAID
    assert a.held() == {"a": 0, "b": 40_000}


def test_papers_are_demanded_and_a_payee_must_be_named(a):
    one = replace(PAYEE, officers=("officer one", "officer one"))
    refused = a.tell(payment(100, payee=one))
    assert (refused.code, refused.papers) == (C.DOCUMENT_MISSING, (Paper.NOTICE, Paper.OFFICERS))
    for missing in ("account_number", "institution", "decision"):
        nobody = replace(PAYEE, **{missing: ""})
        assert a.tell(payment(100, payee=nobody)).code is C.MANDATORY_MISSING
    assert a.tell(payment(100, payee=None)).code is C.MANDATORY_MISSING
    assert a.tell(payment(100, account_name="other")).failed == (Check.NAME,)
    assert a.tell(payment(0)).code is C.AMOUNT_MALFORMED
    assert balance(a) == 60_000


def at_home(**changes):
    """A payee at the paying bank itself, whose books can be looked at."""
    return replace(PAYEE, institution=BANK.owner, **changes)


def test_a_payee_that_is_unknown_named_otherwise_or_closed_is_not_paid(a):
    a.core.add_account("7", "victim", "CNY", 0)
    wrong = (
        ({"account_number": "8"}, C.ACCOUNT_UNKNOWN, Check.PAYEE_ACCOUNT),
        ({"account_number": "7", "account_name": "x"}, C.NAME_MISMATCH, Check.PAYEE_NAME),
    )
    for changes, code, check in wrong:
        refused = a.tell(payment(100, payee=at_home(**changes)))
        assert (refused.outcome, refused.code, refused.failed) == (Outcome.REFUSED, code, (check,))
    good = at_home(account_number="7")
    assert a.tell(payment(100, payee=good)).outcome is Outcome.PAID
    a.core.close_account("7", "CNY")
    assert a.tell(payment(100, payee=good)).failed == (Check.PAYEE_STATE,)
    assert (balance(a), a.core.find("7")[0].balance) == (59_900, 100)


def test_what_came_back_is_held_again_and_the_centre_hears_of_it_once(a):
    told = payment(60_000)
    paid = a.tell(told)
    assert a.held() == {}
    a.core.bounce(told.id)
    assert not a.pay(1)  # from the very moment it lies there
    a.agent.tick()
    assert a.held() == {"a": 60_000}
    (back,) = bounces(a)
    assert (back.order, back.outcome, back.held) == (told.id, Outcome.BOUNCED, 60_000)
    assert back.receipt == replace(paid.receipt, at=START)
    a.agent.tick()
    a.agent.recover()
    assert len(bounces(a)) == 1
    assert a.tell(payment(60_000)).outcome is Outcome.PAID


def test_what_came_back_is_held_before_what_queued_meanwhile(a):
    told = payment(60_000)
    a.tell(told)
    a.clock.move(timedelta(hours=1))
    a.receive(5_000)
    a.tell(order(K.FREEZE, 50_000, "b", disputed=None))
    a.core.bounce(told.id)
    a.agent.tick()
    assert a.held() == {"a": 60_000, "b": 5_000}


def test_what_came_back_after_the_end_of_the_freeze_is_not_held(a):
    told = payment(45_000)
    a.tell(told)
    a.clock.move(timedelta(days=400))
    a.core.bounce(told.id)
    a.agent.tick()
    assert a.held() == {}
    assert a.core.own_blocks() == []
    assert [x.held for x in bounces(a)] == [0]


def test_books_from_before_a_payment_follow_the_core_system(tmp_path):
    a = frozen(bank(tmp_path))
    (tmp_path / "old.sqlite").write_bytes(b"")
    a.store.keep("x", "y")
    import sqlite3

    with (
        sqlite3.connect(tmp_path / "books.sqlite") as db,
        sqlite3.connect(tmp_path / "old.sqlite") as old,
    ):
        db.backup(old)
    told = payment(45_000)
    first = a.tell(told)
    a.store.close()
    (tmp_path / "b").mkdir()
    (tmp_path / "old.sqlite").rename(tmp_path / "b" / "books.sqlite")
    b = bank(tmp_path / "b", core=a.core)
    b.agent.recover()
    assert b.held() == {"a": 15_000}
    assert [x.amount for x in a.core.blocks(NUMBER, "CNY")] == [15_000]
    assert b.tell(told).receipt == first.receipt
    assert balance(a) == 15_000


def test_no_cent_is_made_or_lost_between_banks(tmp_path):
    clearing = Clearing()
    a = frozen(bank(tmp_path, clearing=clearing))
    there = SandboxCore(HandClock(START), institution="bank-9", clearing=clearing)
    there.add_account(PAYEE.account_number, PAYEE.account_name, "CNY", 7)
    total = a.core.total + there.total
    told = [payment(10_000), payment(20_000), payment(99_999)]
    outcomes = [a.tell(x).outcome for x in told]
    assert outcomes == [Outcome.PAID, Outcome.PAID, Outcome.REFUSED]
    assert (a.core.total, there.total) == (30_000, 30_007)
    a.core.bounce(told[1].id)
    a.core.bounce(told[1].id)
    a.agent.tick()
    assert (a.core.total, there.total) == (50_000, 10_007)
    assert a.core.total + there.total == total
    assert a.held() == {"a": 50_000}


@pytest.mark.parametrize(
    ("behaviour", "paid", "said", "held"),
    [
        (Behaviour(Do.PAY_AMOUNT, amount="300.00"), 30_000, 30_000, 30_000),
        (Behaviour(Do.PAY_TWICE), 40_000, 20_000, 20_000),
        (Behaviour(Do.PAY_NEVER), 0, 20_000, 60_000),
        (Behaviour(Do.BOUNCE, seconds=60), 20_000, 20_000, 40_000),
        (Behaviour(Do.PAY_ANEW), 20_000, 20_000, 40_000),
    ],
)
def test_the_script_pays_wrongly(tmp_path, behaviour, paid, said, held):
    a = frozen(bank(tmp_path, behaviours=[behaviour]))
    answer = a.tell(payment(20_000))
    assert (60_000 - balance(a), answer.receipt.amount) == (paid, said)
    assert a.held() == {"a": held}


def test_the_script_lets_a_payment_come_back_later(tmp_path):
    a = frozen(bank(tmp_path, behaviours=[Behaviour(Do.BOUNCE, seconds=60)]))
    a.tell(payment(20_000))
    a.clock.move(timedelta(seconds=60))
    a.agent.tick()
    assert (a.held(), len(bounces(a))) == ({"a": 60_000}, 1)


def test_a_bank_that_forgets_what_it_paid_pays_again(tmp_path):
    # The negative control: what keeps an order from being paid twice is its reference.
    a = frozen(
        bank(tmp_path, behaviours=[Behaviour(Do.PAY_ANEW), Behaviour(Do.FORGET, (K.PAY_BACK,))])
    )
    told = payment(20_000)
    a.tell(told)
    a.tell(told)
    assert balance(a) == 20_000


def test_a_whole_account_is_paid_out_of_and_stays_closed(tmp_path):
    a = bank(tmp_path, opening=10_000, can_stop_amounts=False)
    a.tell(order(K.STOP))
    a.tell(order(K.FREEZE))
    assert a.tell(payment(20_000)).held == Minor(50_000)
    assert not a.pay(1)


def test_what_a_whole_account_holds_beyond_the_order_pays_nobody(tmp_path):
    a = bank(tmp_path, opening=10_000, can_stop_amounts=False)
    a.tell(order(K.STOP, 50_000))
    a.tell(order(K.FREEZE, 50_000))
    refused = a.tell(payment(50_001))
    assert (refused.code, refused.failed) == (C.AMOUNT_OTHER, (Check.AMOUNT,))
    assert a.tell(payment(50_000)).outcome is Outcome.PAID
    assert balance(a) == 20_000
