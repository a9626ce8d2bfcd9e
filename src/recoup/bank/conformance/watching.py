"""The acceptance cards about watched accounts: the answer, what is told of its own accord, the end. Numbers 111 to 113.

They play on accounts 8 and 9; to make something move they pay a little back out of a freeze, which is gone then.
"""

from __future__ import annotations

from datetime import timedelta

from recoup.bank.conformance.kit import NAMES, Deck, Desk, Failed, LeftOut, expect
from recoup.messages import AnswerMessage, Check, Minor, OrderMessage, Payee, ResultCode
from recoup.orders import InstitutionKind, OrderKind, Outcome

DECK = Deck()
K, C = OrderKind, ResultCode
_PAYER, _PAYEE, _PART = 8, 9, Minor(100)


def _watched(desk: Desk) -> OrderMessage:
    """Return a watch that was answered; leave the card out for an institution that is given none."""
    if desk.kind is not InstitutionKind.BANK:
        raise LeftOut("needs an institution of the kind bank")
    order = desk.order(K.WATCH, _PAYER)
    answer = desk.answer(order)
    expect((Outcome.INFORMED, C.DONE), (answer.outcome, answer.code), "outcome and code")
    if answer.started_at is None:
        raise Failed("expected from when on the account is watched")
    expect(desk.policy.watch_ends(answer.started_at), answer.ends_at, "end of the watch")
    return order


@DECK.card(111, "watch: answered at once, with begin and end by the policy; nothing is held")
def _(desk: Desk) -> None:
    order = _watched(desk)
    expect(None, desk.held_of(order), "digest")


@DECK.card(112, "what moves on a watched account is told of the bank's own accord, once")
def _(desk: Desk) -> None:
    order = _watched(desk)
    expect(Outcome.FROZEN, desk.answer(desk.order(K.FREEZE, _PAYER, disputed=None)).outcome, "it")
    due = desk.clock.now() + timedelta(days=3)
    number = f"62220000000000{_PAYEE:02d}"
    officers = ("officer 1", "officer 2")
    payee = Payee(number, NAMES[_PAYEE], desk.institution, "decision 1", officers, due)
    paying = desk.order(K.PAY_BACK, _PAYER, amount=_PART, disputed=None, payee=payee)
    expect(Outcome.PAID, desk.answer(paying).outcome, "outcome of the payment")
    for _ in range(2):  # asked again from the beginning, the same messages
        told = [x for x in desk.letters() if isinstance(x, AnswerMessage) and x.order == order.id]
        rows = [(row.payee, row.amount) for message in told for row in message.rows]
        expect([(number, _PART)], rows, "rows that were told")
        expect([Outcome.INFORMED], [message.outcome for message in told], "outcome")


@DECK.card(113, "watch under another's name: 0301, and nothing is told")
def _(desk: Desk) -> None:
    _watched(desk)
    order = desk.order(K.WATCH, _PAYER, account_name="SOMEBODY ELSE")
    answer = desk.answer(order)
    expect((Outcome.REFUSED, C.NAME_MISMATCH), (answer.outcome, answer.code), "outcome and code")
    expect((Check.NAME,), answer.failed, "what did not match")


__all__ = ["DECK"]
