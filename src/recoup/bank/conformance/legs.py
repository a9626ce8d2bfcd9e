"""The acceptance cards about what no bank keeps: wallets, settlements, legs passed on, clients' tokens. Numbers 101 to 107.

Each is for institutions of one kind, and is left out for the others: what lies there is another, the life of an order the same.
"""

from __future__ import annotations

from dataclasses import replace

from recoup.bank.conformance.kit import AMOUNT, ARRIVED, Deck, Desk, LeftOut, expect
from recoup.messages import Check, Minor, ResultCode, SerialKind
from recoup.orders import AccountKind, InstitutionKind, OrderKind, Outcome

DECK = Deck()
K, C, A = OrderKind, ResultCode, AccountKind
_WALLET, _SHOP, _CLIENT, _PASSED = 11, 12, 13, 14


def _only(desk: Desk, kind: InstitutionKind) -> None:
    """Leave the card out for an institution of another kind."""
    if desk.kind is not kind:
        raise LeftOut(f"needs an institution of the kind {kind}")


def _is_held(desk: Desk, account: int, kind: AccountKind) -> None:
    """Expect that a stop holds all of its amount, says what lies there, and stands in the digest."""
    order = desk.order(K.STOP, account)
    answer = desk.answer(order)
    expect((Outcome.HELD, AMOUNT), (answer.outcome, answer.held), "outcome and held")
    expect(kind, answer.account_kind, "what lies there")
    held = desk.held_of(order)
    expect(AMOUNT, held.held if held else None, "digest")


def _refused(desk: Desk, kind: OrderKind, account: int) -> None:
    order = desk.order(kind, account)
    answer = desk.answer(order)
    expect((Outcome.REFUSED, C.NOT_SUPPORTED), (answer.outcome, answer.code), "outcome and code")
    expect(None, desk.held_of(order), "digest")


@DECK.card(101, "a wallet is stopped: so much of its balance stays, and the answer says wallet")
def _(desk: Desk) -> None:
    _only(desk, InstitutionKind.PAYMENT)
    _is_held(desk, _WALLET, A.WALLET)


@DECK.card(102, "what is due to a merchant is stopped: so much of it is not settled")
def _(desk: Desk) -> None:
    _only(desk, InstitutionKind.PAYMENT)
    _is_held(desk, _SHOP, A.SETTLEMENT)


@DECK.card(103, "a stop of a settlement where a wallet lies: not stopped, 0399")
def _(desk: Desk) -> None:
    _only(desk, InstitutionKind.PAYMENT)
    order = desk.order(K.STOP, _WALLET, account_kind=A.SETTLEMENT)
    answer = desk.answer(order)
    expect((Outcome.REFUSED, C.ACCOUNT_OTHER), (answer.outcome, answer.code), "outcome and code")
    expect((Check.ACCOUNT,), answer.failed, "what did not match")
    expect(None, desk.held_of(order), "digest")


@DECK.card(104, "query by a payment's number: whose wallet it reached, by number and name")
def _(desk: Desk) -> None:
    _only(desk, InstitutionKind.PAYMENT)
    order = desk.order(K.QUERY, _WALLET, rows_from=ARRIVED)
    asked = replace(order, account_number="", account_name="", serial="SERIAL-0011")
    answer = desk.answer(replace(asked, serial_kind=SerialKind.PAYMENT))
    expect((Outcome.INFORMED, A.WALLET), (answer.outcome, answer.account_kind), "outcome and kind")
    shown = [(row.payee, row.payee_name) for row in answer.rows]
    expect([("6222000000000011", "ACCEPTANCE WALLET")], shown, "whose it is")


@DECK.card(105, "what passes payments on holds nothing: a stop is refused with 1000")
def _(desk: Desk) -> None:
    _only(desk, InstitutionKind.AGGREGATOR)
    _refused(desk, K.STOP, _PASSED)
    _refused(desk, K.FREEZE, _PASSED)


@DECK.card(106, "query by a payment's number: where it was passed on, and under which number there")
def _(desk: Desk) -> None:
    _only(desk, InstitutionKind.AGGREGATOR)
    order = desk.order(K.QUERY, _PASSED, rows_from=ARRIVED)
    asked = replace(order, account_number="", account_name="", serial="SERIAL-0014")
    answer = desk.answer(asked)
    expect(["SERIAL-0014", "SERIAL-0015"], [row.reference for row in answer.rows], "both legs")
    expect("acceptance-elsewhere", answer.rows[-1].payee_institution, "where it went")
    expect((Minor(0), Minor(0)), (answer.held, answer.available), "held and available")


@DECK.card(
    107, "a client's tokens are stopped by their worth; paying back and watching are refused"
)
def _(desk: Desk) -> None:
    _only(desk, InstitutionKind.EXCHANGE)
    _is_held(desk, _CLIENT, A.CUSTODY)
    for kind, amount in ((K.PAY_BACK, AMOUNT), (K.WATCH, Minor(0))):
        answer = desk.answer(desk.order(kind, _CLIENT, amount=amount, disputed=None))
        expect((Outcome.REFUSED, C.NOT_SUPPORTED), (answer.outcome, answer.code), "outcome, code")


__all__ = ["DECK"]
