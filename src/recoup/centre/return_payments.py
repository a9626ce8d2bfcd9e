"""Payments of returns and the orders that carry them out: each hears of the other in the same entry. Adds no law.

1. A bank that is given notice has an order to pay back drafted and submitted for it: persons approve it like any other.
2. What the bank answers is what the payment hears: a receipt, a refusal, papers that it wants, money that came back.
3. An order that persons took back before it left is a notice that can be given again.
4. What the payment cannot take moves nothing here: hold and case have it, and the money is where the bank says it is.
5. Between the notice and the last approval days pass: an order leaves only while the claim stands and misses so much, and
   while the payment is still to be made.
6. No other way leads to an order to pay back: one that a person writes by hand is refused, and one that no payment of a return
   asked for does not leave.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from recoup.cases import CasePolicy
from recoup.cases.entitlements import current
from recoup.cases.state import AppealState, ClaimState
from recoup.centre.account_room import ACCOUNT_UNKNOWN
from recoup.centre.commands import Decision, Declined, Noted
from recoup.centre.order_room import OrderWork
from recoup.centre.paying import Award, pay_back_order
from recoup.centre.reasons import CentreReason
from recoup.centre.registry import COMMAND_REGISTRY
from recoup.centre.requests import CLOCK, OWN_MARK, Actor, Request, derived_id, encode_request
from recoup.ids import SubjectId
from recoup.journal.port import Deadline
from recoup.orders import Hold, Order, OrderKind, Outcome, Payout, is_back_unpaid
from recoup.orders.commands import DraftOrder, SubmitOrder
from recoup.orders.events import (
    AnswerRecorded,
    Bearing,
    OrderIssued,
    OrderWithdrawn,
    PaidBack,
    PaymentBounced,
)
from recoup.procedure import (
    ClaimKey,
    Facts,
    NoticeRuns,
    Reason,
    Refusal,
    Return,
    clocks_of,
    decide,
    fold,
    kept_back,
    paid_already,
)
from recoup.procedure import commands as asked
from recoup.procedure.events import BankNotified
from recoup.procedure.state import IN_FLIGHT

_NOTICE, _PAYMENT = "return_notice", "pay_back_due"
_WITHDRAWN: Final = "withdrawn"
"""The code of a notice that was taken back before it left."""
_NO_FACTS: Final = Facts({}, {}, {})
"""What a bank says of a payment is taken whatever else is known."""


@dataclass(slots=True)
class Followed:
    """What happens to returns because of what happened to orders."""

    events: list[Noted] = field(default_factory=list)
    deadlines: dict[str, Deadline] = field(default_factory=dict)
    ended: list[str] = field(default_factory=list)

    def added_to(self, decision: Decision) -> Decision:
        """Return a decision with all of it, in the same entry."""
        if not (self.events or self.deadlines or self.ended):
            return decision
        return replace(
            decision,
            events=(*decision.events, *self.events),
            deadlines=(*decision.deadlines, *self.deadlines.values()),
            ended=(*decision.ended, *self.ended),
        )


def draft_payments(
    orders: OrderWork, actor: Actor, told: Iterable[BankNotified]
) -> Declined | None:
    """Draft and submit the orders of a notice, all of them or none."""
    for row in told:
        pay = row.pay_back
        decision = pay.decision.replace(
            OWN_MARK, "-"
        )  # an order's texts are none of the centre's own ids
        award = Award(
            pay.order_id,
            pay.place,
            pay.amount,
            pay.payee.account,
            pay.key.claim,
            decision,
            pay.due_at,
            pay.key.case,
            pay.officers,
        )
        order = pay_back_order(orders.state, award, actor.who, actor.reason or decision)
        if order is None:
            return Declined(ACCOUNT_UNKNOWN, pay.payee.account)
        for command in (DraftOrder(order), SubmitOrder(order.id)):
            declined = orders.carry_out(actor, command)
            if declined is not None:
                return declined
    return None


def by_hand(command: object) -> Declined | None:
    """Refuse an order to pay back that somebody writes without a notice to the bank: no decision would be behind it."""
    if isinstance(command, DraftOrder) and command.order.kind is OrderKind.PAY_BACK:
        return Declined(CentreReason.RETURN_MISSING, command.order.id)
    return None


def follow_payments(orders: OrderWork, policy: CasePolicy) -> Followed:
    """Return what the payments of returns hear of what was carried out about orders."""
    followed = Followed()
    if policy.procedure is None:
        return followed
    for noted in orders.events:
        for found, command in _heard(orders, noted):
            said = decide(found, command, _NO_FACTS, orders.now, policy.procedure)
            if isinstance(said, Refusal) or not said:
                continue
            before, after = _clocks_of(found), _clocks_of(fold(found, said))
            followed.events += [Noted(SubjectId(found.cases[0]), event) for event in said]
            fresh = (name for name in after if name not in before)
            followed.deadlines |= {name: _deadline(name, *after[name]) for name in fresh}
            followed.ended += [name for name in before if name not in after]
    return followed


def unfit_to_leave(orders: OrderWork) -> Declined | None:
    """Say why a payment back that was just issued is not to leave: what held when it was written may hold no longer.

    A claim may have fallen or been paid by others, and a bank may have paid on an order of before that it had refused.
    """
    for noted in orders.events:
        if not isinstance(noted.event, OrderIssued):
            continue
        tracked = orders.tracked(noted.event.order_id)
        assert tracked is not None, "what is issued was drafted"
        order, payout = tracked.order, tracked.order.payout
        if payout is None:
            continue
        declined = _unfit_payment(orders, order) or _unfit_claim(orders, order, payout)
        declined = declined or _unfit_holder(orders, order)
        if declined is not None:
            return declined
    return None


def _unfit_claim(orders: OrderWork, order: Order, payout: Payout) -> Declined | None:
    case = payout.case or order.key.case
    claim = orders.state.case(case).claim(payout.claim)
    if claim is None or claim.state is not ClaimState.ADMITTED:
        return Declined(Reason.CLAIM_NOT_ADMITTED.value, payout.claim)
    if claim.currency != order.key.currency:
        return Declined(Reason.CURRENCY_DIFFERS.value, payout.claim)
    found = _return_of(orders, order.id)
    handed = found.handed_to(ClaimKey(case, payout.claim)) if found is not None else 0
    left = claim.missing - _on_its_way(orders, order, (case, payout.claim)) - handed
    if order.amount > left:
        return Declined(Reason.AMOUNT_EXCEEDS_MISSING.value, f"expected at most {left}")
    return None


def _unfit_holder(orders: OrderWork, order: Order) -> Declined | None:
    """Say why money of this holder is not to go: somebody still decides on it, or decided, and the hold is not lowered yet.

    Asked of all cases that are given back together: what one of them found about a holder holds for the money of all.
    """
    key, own = order.key, orders.state.case(order.key.case)
    others = [orders.state.case(case) for case in _together(orders, own.id) if case != own.id]
    appeals = [
        [x for x in case.appeals if (x.account, x.currency) == (key.account, key.currency)]
        for case in (own, *others)
    ]
    if any(x.state in {AppealState.FILED, AppealState.OVERDUE} for rows in appeals for x in rows):
        return Declined(CentreReason.HOLDER_APPEALS, key.account)
    # Value given in good faith makes the money the holder's. The hold's own case lowers what stands behind it once it finds so
    # itself; until then nothing of it is the victims' beyond doubt.
    if any(x.is_paid_for(key.account) for x in others) and not own.is_paid_for(key.account):
        return Declined(CentreReason.HOLDER_CLEARED, key.account)
    is_upheld = any(x.state is AppealState.UPHELD for x in appeals[0])
    is_innocent = any(case.is_innocent(key.account) for case in (own, *others))
    if not (is_upheld or is_innocent or own.is_paid_for(key.account)):
        return None
    behind = sum(current(own).get((key.account, key.currency), {}).values())
    left = behind - (orders.hold(key).paying - order.amount)
    if order.amount <= left:
        return None
    return Declined(CentreReason.HOLDER_CLEARED, f"expected at most {max(0, left)}")


def _together(orders: OrderWork, case: str) -> tuple[str, ...]:
    """Return the cases whose money is given back together with a case's, and those that it was joined with."""
    state = orders.state
    together = state.returns.get(state.returning.get(case, ""), Return("")).cases
    return tuple(dict.fromkeys((case, *state.case(case).joined, *together)))


def _on_its_way(orders: OrderWork, order: Order, claim: tuple[str, str]) -> int:
    """Return what other orders, of holds of this case and of those that it was joined with, are about to pay a claim."""
    state = orders.state
    cases = {order.key.case, *_together(orders, claim[0])}
    drafted = (found for case in cases for found in state.drafted.get(case, ()))
    holds = dict.fromkeys(state.places[found] for found in drafted)
    return sum(
        row.order.amount
        for row in (row for key in holds for row in orders.hold(key).orders)
        if row.order.kind is OrderKind.PAY_BACK
        and row.order.id != order.id
        and row.order.id in state.places
        and row.is_on_its_way
        and row.order.payout is not None
        and (row.order.payout.case or row.order.key.case, row.order.payout.claim) == claim
    )


def _unfit_payment(orders: OrderWork, order: Order) -> Declined | None:
    found = _return_of(orders, order.id)
    payment = found.payment_of(order.id) if found is not None else None
    if found is None or payment is None:
        return Declined(CentreReason.RETURN_MISSING, order.id)
    if payment.order_id != order.id or payment.state not in IN_FLIGHT:
        return Declined(Reason.PAYMENT_ENDED.value, f"{payment.id} is {payment.state}")
    if paid := paid_already(found, payment):
        return Declined(Reason.INCIDENT_OPEN.value, paid)
    # Others' right that was noted since the decision comes first; what is set aside has this payment in it.
    pot = {place: _payable(orders.hold(place), orders.now) for place in found.pot_of(order.key)}
    left = orders.hold(order.key).payable - kept_back(found, order.key, pot)
    if found.set_aside_at(order.key) > left:
        return Declined(Reason.AMOUNT_EXCEEDS_FROZEN.value, f"expected at most {max(0, left)}")
    return None


def _payable(hold: Hold, now: datetime) -> int:
    """Return what is frozen of a hold and asked for; what is only stopped, or has ended, covers nobody's right."""
    is_over = hold.ends_at is None or now >= hold.ends_at
    return 0 if is_over else min(hold.frozen_live, hold.payable)


def _heard(orders: OrderWork, noted: Noted) -> Iterator[tuple[Return, asked.Outcome]]:
    """Yield what an event about an order is to the payment that it carries out, if it is one's."""
    event = noted.event
    if not isinstance(event, AnswerRecorded | PaidBack | PaymentBounced | OrderWithdrawn):
        return
    found = _return_of(orders, event.order_id)
    if found is None:
        return
    order, name = event.order_id, found.id
    match event:
        case PaidBack(receipt=receipt):
            fact = f"{order} paid {receipt.reference}"
            amount, at, reference = receipt.amount, receipt.at, receipt.reference
            yield found, asked.RecordPaid(name, order, fact, amount, at, reference)
        case PaymentBounced(receipt=receipt):
            fact, code = f"{order} back {receipt.reference}", Outcome.BOUNCED.value
            yield found, asked.RecordBounce(name, order, fact, receipt.amount, code)
        case OrderWithdrawn():
            yield found, asked.RecordDemand(name, order, f"{order} {_WITHDRAWN}", _WITHDRAWN)
        case AnswerRecorded(answer=answer, bearing=Bearing.APPLIED):
            if answer.outcome is Outcome.REFUSED and answer.papers:
                yield found, asked.RecordDemand(name, order, answer.id, " ".join(answer.papers))
            elif answer.outcome is Outcome.REFUSED:
                yield found, asked.RecordRefusal(name, order, answer.id, answer.code)
        case AnswerRecorded(answer=answer) if is_back_unpaid(orders.tracked(order), event):
            back = answer.receipt
            assert back is not None, "what came back has a receipt"
            fact, code = f"{order} back {back.reference}", Outcome.BOUNCED.value
            yield found, asked.RecordBounce(name, order, fact, back.amount, code)


def _return_of(orders: OrderWork, order_id: str) -> Return | None:
    """Return the return whose payment an order carries out."""
    tracked = orders.tracked(order_id)
    if tracked is None or tracked.order.payout is None:
        return None
    case = tracked.order.payout.case or tracked.order.key.case
    found = orders.state.returns.get(orders.state.returning.get(case, ""))
    return found if found is not None and found.payment_of(order_id) is not None else None


def deadlines_of(found: Return) -> dict[str, Deadline]:
    """Return the deadlines that a return has as it stands; each follows from what it is of."""
    return {name: _deadline(name, *clock) for name, clock in _clocks_of(found).items()}


def _clocks_of(found: Return) -> dict[str, tuple[datetime, str, asked.Command]]:
    """Return by the name of its deadline when each clock ends, whose it is, and what is asked for then."""
    rows: dict[str, tuple[datetime, str, asked.Command]] = {}
    for row in clocks_of(found):
        if isinstance(row, NoticeRuns):
            name = derived_id(_NOTICE, found.id, str(row.round), str(row.count))
            ended = asked.PassNotice(found.id, row.round, row.count)
            rows[name] = row.ends_at, found.id, ended
        else:
            name = derived_id(_PAYMENT, row.order_id)
            rows[name] = row.due_at, found.id, asked.PassPayLimit(found.id, row.order_id)
    return rows


def _deadline(name: str, at: datetime, about: str, command: asked.Command) -> Deadline:
    body = encode_request(COMMAND_REGISTRY, Request(CLOCK, command, name))
    return Deadline(name, at, COMMAND_REGISTRY.name_of(command)[0], about, body)


__all__ = [
    "Followed",
    "by_hand",
    "deadlines_of",
    "draft_payments",
    "follow_payments",
    "unfit_to_leave",
]
