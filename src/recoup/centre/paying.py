"""The one way in which a decision to pay a victim becomes an order: a draft like any other, approved and issued by persons.

Whoever decides an award (the procedure of a return, or a person) gives what was decided; what may be paid, and who must agree,
is said by the rules of orders.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from recoup.centre.state import CentreState
from recoup.orders import HoldKey, Order, OrderKind, Payout


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
        award.payee, state.accounts[award.payee], award.claim, award.decision, award.due_at, other
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


__all__ = ["Award", "pay_back_order"]
