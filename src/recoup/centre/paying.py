"""The one way in which a decision to pay a victim becomes an order: a draft like any other, approved and issued by persons.

Whoever decides an award (the procedure of a return, or a person) gives what was decided; what may be paid, and who must agree,
is said by the rules of orders.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from recoup.centre.state import CentreState
from recoup.orders import HoldKey, Order, OrderKind, OrderState, Payout, Tracked
from recoup.procedure import PaymentState, Return
from recoup.procedure.state import IN_FLIGHT, ROUND_ENDED


@dataclass(frozen=True, slots=True)
class Award:
    """What was decided to be paid: out of which hold, how much, to whom, for which claim, on which decision."""

    order_id: str
    """The order's: the same award always has the same, so that it is written once."""
    hold: HoldKey
    amount: int
    payee: str
    """The opaque id of an account that is entered for the case."""
    claim: str
    decision: str
    due_at: datetime
    """By when the institution must have paid: working days are counted by whoever decides."""
    case: str = ""
    """The claim's, where it is another than the hold's."""
    officers: tuple[str, ...] = ()
    """Who is named to the institution."""


def pay_back_order(state: CentreState, award: Award, by: str, reason: str) -> Order | None:
    """Return the order that carries out an award, to be drafted by `by`; None where payee or holder is not known here.

    The institution is the one that the newest order about the hold was told, the payee's the one at which its account was
    entered for the case.
    """
    told = [x.order.institution for x in state.hold(award.hold).orders if x.issued_at is not None]
    cases = {award.hold.case, award.case}
    if not told or not any((case, award.payee) in state.entered for case in cases):
        return None
    other = "" if award.case == award.hold.case else award.case
    payout = Payout(
        award.payee,
        state.accounts[award.payee],
        award.claim,
        award.decision,
        award.due_at,
        other,
        award.officers,
    )
    return Order(
        award.order_id,
        OrderKind.PAY_BACK,
        award.hold,
        told[-1],
        award.amount,
        by,
        reason,
        payout=payout,
    )


def is_payee(state: CentreState, case: str, account: str) -> bool:
    """Whether a case's money is about to be paid to an account: by an order, a payment that was decided, or an application."""
    cases = {case, *state.case(case).joined}
    found = state.returns.get(state.returning.get(case, ""))
    cases |= set(found.cases) if found is not None else set()
    orders = (state.find(order_id) for one in cases for order_id in state.drafted.get(one, ()))
    if any(row is not None and _pays(row[1], case, account) for row in orders):
        return True
    return found is not None and account in _payees(found)


def _pays(tracked: Tracked, case: str, account: str) -> bool:
    order, payout = tracked.order, tracked.order.payout
    if payout is None or tracked.state in {OrderState.ANSWERED, OrderState.WITHDRAWN}:
        return False
    return payout.account == account and case in {order.key.case, payout.case}


def _payees(found: Return) -> Iterator[str]:
    """Yield the accounts that a return may still pay, and those that a second person is to agree to."""
    if found.round.state not in ROUND_ENDED:
        yield from (x.payee.account for x in found.round.applications if not x.is_withdrawn)
    for payment in found.payments:
        if payment.state is PaymentState.DECIDED or payment.state in IN_FLIGHT:
            yield payment.payee.account
        if payment.proposed is not None:
            yield payment.proposed.account


__all__ = ["Award", "is_payee", "pay_back_order"]
