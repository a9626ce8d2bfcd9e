"""Statements as they were before a return paid anything: a round after the first is worked out from those (decision 19). Pure.

The procedure knows its payments, and by which number the bank booked each: a row of that number is the payment, and no debit
of the holder's. What came back is the row that undoes it. Rows that no payment explains stay: an excess of what is frozen over
what they show is still refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from recoup.centre.facts import FactRow, Statement
from recoup.procedure import Payment
from recoup.procedure.values import Fact, order_id_of

_When = tuple[datetime, int]


@dataclass(frozen=True, slots=True)
class _Known:
    """A movement of a payment that a statement of its account may show."""

    account: str
    payee: str
    currency: str
    amount: int
    at: datetime
    number: str
    """The keyed digest of the bank's number; '' for what came back, which has another."""
    orders: frozenset[str]
    """Ids of the orders: the reference that the bank was given."""
    is_back: bool = False


def unpaid_statements(
    statements: Sequence[Statement], payments: Iterable[Payment]
) -> list[Statement]:
    """Return the statements without what the return paid and what came back of it, balances as they would stand then.

    A movement is one row of an account, whatever others look like it: a second payment on one order is a debit of nobody's.
    """
    known = [row for payment in payments for row in _known_of(payment)]
    gone: dict[tuple[str, str], dict[str, tuple[_When, int]]] = {}
    shown: dict[tuple[str, int], str] = {}
    for statement in statements:
        for row in statement.rows:
            fits = (at for at, one in enumerate(known) if _shows(row, one))
            if any(shown.setdefault((statement.account, at), row.id) == row.id for at in fits):
                delta = row.amount if row.payer == statement.account else -row.amount
                place = gone.setdefault((statement.account, row.currency), {})
                place[row.id] = ((row.at, row.sequence), delta)
    return [_without(statement, gone) for statement in statements]


def _known_of(payment: Payment) -> Iterable[_Known]:
    orders = frozenset(order_id_of(payment, at) for at in range(1, payment.attempt + 1))
    account, payee = payment.place.account, payment.payee.account

    def movement(fact: Fact) -> _Known:
        is_back = fact.what == "bounced"
        number = "" if is_back else fact.reference
        currency = payment.place.currency
        return _Known(account, payee, currency, fact.amount, fact.at, number, orders, is_back)

    return [movement(fact) for fact in payment.facts if fact.what in {"paid", "bounced"}]


def _shows(row: FactRow, one: _Known) -> bool:
    """Whether a row is that movement: by the bank's number, or by the order's id between the very accounts."""
    sides = (one.payee, one.account) if one.is_back else (one.account, one.payee)
    if (row.amount, row.currency) != (one.amount, one.currency):
        return False
    if one.number and row.id == one.number:
        return row.payer == one.account
    return (row.payer, row.payee) == sides and row.reference in one.orders


def _without(
    statement: Statement, gone: dict[tuple[str, str], dict[str, tuple[_When, int]]]
) -> Statement:
    if not any(account == statement.account for account, _ in gone):
        return statement
    rows = []
    for row in statement.rows:
        place = gone.get((statement.account, row.currency), {})
        if row.id in place:
            continue
        more = sum(delta for when, delta in place.values() if when < (row.at, row.sequence))
        stood = None if row.balance_after is None else row.balance_after + more
        rows.append(replace(row, balance_after=stood))
    return replace(statement, rows=tuple(rows))


__all__ = ["unpaid_statements"]
