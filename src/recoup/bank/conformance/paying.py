"""The acceptance cards about paying back: only what is frozen, once, to whom the order names. Numbers 71 to 81.

They play on accounts 8 (much lies there), 9 (the payee's) and 10 (a closed one); what they pay is gone, a few hundred a run.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from recoup.bank.conformance.kit import AMOUNT, NAMES, Deck, Desk, expect, expect_that
from recoup.messages import AnswerMessage, Check, Minor, OrderMessage, Paper, Payee, ResultCode
from recoup.orders import OrderKind, Outcome

DECK = Deck()
K, C = OrderKind, ResultCode
PART: Final = Minor(10_000)
_PAYER: Final = 8


def _number(account: int) -> str:
    return f"62220000000000{account:02d}"


def _payment(desk: Desk, amount: Minor = PART, **changes: Any) -> OrderMessage:  # noqa: ANN401 - fields of the payee
    due = desk.clock.now() + timedelta(days=3)
    payee = Payee(
        _number(9), NAMES[9], desk.institution, "decision 1", ("officer 1", "officer 2"), due
    )
    payee = replace(payee, **changes)
    return desk.order(K.PAY_BACK, _PAYER, amount=amount, disputed=None, payee=payee)


def _held(desk: Desk, order: OrderMessage) -> Minor:
    found = desk.held_of(order)
    return found.held if found is not None else Minor(0)


def _frozen(desk: Desk) -> OrderMessage:
    order = desk.order(K.FREEZE, _PAYER, disputed=None)
    expect(Outcome.FROZEN, desk.answer(order).outcome, "outcome of the freeze")
    return order


def _refused(desk: Desk, order: OrderMessage, code: ResultCode, *failed: Check) -> AnswerMessage:
    """Expect a refusal with its code, and that nothing left the hold."""
    before = _held(desk, order)
    answer = desk.answer(order)
    expect((Outcome.REFUSED, code), (answer.outcome, answer.code), "outcome and code")
    expect(None, answer.receipt, "receipt")
    if failed:
        expect(failed, answer.failed, "what did not match")
    expect(before, _held(desk, order), "digest")
    return answer


@DECK.card(71, "frozen: the amount is paid, the receipt says so, and the hold falls by it")
def _(desk: Desk) -> None:
    freeze = _frozen(desk)
    answer = desk.answer(_payment(desk))
    expect(Outcome.PAID, answer.outcome, "outcome")
    expect_that(answer.receipt is not None, "the receipt is missing")
    assert answer.receipt is not None, "asked just now"
    expect(PART, answer.receipt.amount, "amount of the receipt")
    expect_that(bool(answer.receipt.reference), "the payment has no reference")
    expect(Minor(AMOUNT - PART), answer.held, "held")
    expect(Minor(AMOUNT - PART), _held(desk, freeze), "digest")


@DECK.card(72, "the same payment order again: the first answer, and nothing more is paid")
def _(desk: Desk) -> None:
    freeze, order = _frozen(desk), _payment(desk)
    first = desk.answer(order)
    again = desk.send(order)
    expect((first, True), (desk.answer_of(again), again.is_repeat), "answer and Recoup-Repeat")
    expect(Minor(AMOUNT - PART), _held(desk, freeze), "digest")


@DECK.card(73, "merely stopped: not paid, 0499")
def _(desk: Desk) -> None:
    stop = desk.order(K.STOP, _PAYER)
    expect(Outcome.HELD, desk.answer(stop).outcome, "outcome of the stop")
    _refused(desk, _payment(desk), C.ORIGINAL_OTHER)


@DECK.card(74, "more than is held: not paid, 0299")
def _(desk: Desk) -> None:
    _frozen(desk)
    _refused(desk, _payment(desk, Minor(AMOUNT + 1)), C.AMOUNT_OTHER, Check.AMOUNT)


@DECK.card(75, "nothing of the case is held: not paid, 0400")
def _(desk: Desk) -> None:
    _refused(desk, _payment(desk), C.ORIGINAL_UNKNOWN)


@DECK.card(76, "no such account of the payee: not paid, 0300")
def _(desk: Desk) -> None:
    _frozen(desk)
    order = _payment(desk, account_number=_number(99))
    _refused(desk, order, C.ACCOUNT_UNKNOWN, Check.PAYEE_ACCOUNT)


@DECK.card(77, "another name of the payee: not paid, 0301")
def _(desk: Desk) -> None:
    _frozen(desk)
    order = _payment(desk, account_name="SOMEBODY ELSE")
    _refused(desk, order, C.NAME_MISMATCH, Check.PAYEE_NAME)


@DECK.card(78, "the payee's account is closed: not paid, 0399")
def _(desk: Desk) -> None:
    _frozen(desk)
    order = _payment(desk, account_number=_number(10), account_name=NAMES[10])
    _refused(desk, order, C.ACCOUNT_OTHER, Check.PAYEE_STATE)


@DECK.card(
    79, "a notice that two officers do not answer for: not paid, 0600, and which papers are wanted"
)
def _(desk: Desk) -> None:
    _frozen(desk)
    answer = _refused(desk, _payment(desk, officers=("officer 1",)), C.DOCUMENT_MISSING)
    expect_that(Paper.OFFICERS in answer.papers, "the papers that are wanted are not named")


@DECK.card(80, "a payment that names no payee, or no decision: 0500")
def _(desk: Desk) -> None:
    _frozen(desk)
    _refused(desk, replace(_payment(desk), payee=None), C.MANDATORY_MISSING)
    _refused(desk, _payment(desk, decision=""), C.MANDATORY_MISSING)


@DECK.card(81, "two payments out of one freeze: the last cent ends the hold")
def _(desk: Desk) -> None:
    freeze = _frozen(desk)
    rest = Minor(AMOUNT - PART)
    expect(Outcome.PAID, desk.answer(_payment(desk)).outcome, "outcome of the first")
    expect(Outcome.PAID, desk.answer(_payment(desk, rest)).outcome, "outcome of the second")
    expect(Minor(0), _held(desk, freeze), "digest")
    _refused(desk, _payment(desk, Minor(1)), C.ORIGINAL_OTHER)


__all__ = ["DECK"]
