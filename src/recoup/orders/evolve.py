"""Folds events into a hold. It holds no rule and cannot refuse: what an event says is so."""

from __future__ import annotations

from collections.abc import Iterable

from recoup.frozen import replace
from recoup.orders.events import (
    AnswerRecorded,
    Bearing,
    Event,
    HoldChanged,
    HoldTakenOver,
    OrderApproved,
    OrderDrafted,
    OrderIssued,
    OrderSent,
    OrderSentBack,
    OrderSubmitted,
    OrderUnanswered,
    OrderWithdrawn,
    PaidBack,
    PaymentBounced,
    Pot,
)
from recoup.orders.hold import Answer, Hold, Tracked
from recoup.orders.kinds import OrderKind, Outcome
from recoup.orders.state import ORDER_MOVES, HoldState, OrderState, OrderTrigger


def evolve(hold: Hold, event: Event) -> Hold:
    """Return the hold after `event`."""
    match event:
        case OrderDrafted(order, period):
            return hold.with_order(Tracked(order, period=period))
        case HoldTakenOver():
            return _with_pot(hold, _taken_over(hold, event))
        case HoldChanged():
            after = replace(
                hold,
                state=event.state,
                held=event.held,
                basis=event.basis,
                since=event.since,
                ends_at=event.ends_at,
                period=event.period,
                renewals=event.renewals,
            )
            return _with_pot(hold, after)
        case PaidBack() | PaymentBounced():
            return _in_pot(replace(hold, state=event.state, held=event.held), event.pot)
        case _:
            tracked = hold.find(event.order_id)
            assert tracked is not None, "an event about an order that was never drafted"
            moved = _order_after(tracked, event)
            if isinstance(event, OrderIssued):
                moved = replace(moved, gone_before=hold.gone)
            return hold.with_order(moved)


def _with_pot(before: Hold, after: Hold) -> Hold:
    """Return the hold with what was frozen or lifted by a change that was no payment."""
    pot = Pot(before.frozen_total, before.returned, before.lifted, before.beyond)
    return _in_pot(after, pot.moved(after.frozen_live - before.frozen_live))


def _in_pot(hold: Hold, pot: Pot) -> Hold:
    return replace(
        hold,
        frozen_total=pot.frozen_total,
        returned=pot.returned,
        lifted=pot.lifted,
        beyond=pot.beyond,
    )


def _taken_over(hold: Hold, event: HoldTakenOver) -> Hold:
    """Return the hold as the other system left it: one order, answered."""
    order, is_freeze = event.order, event.order.kind is OrderKind.FREEZE
    answer = Answer(
        order.id, Outcome.FROZEN if is_freeze else Outcome.HELD, order.amount, event.since
    )
    tracked = Tracked(
        order, OrderState.ANSWERED, issued_at=event.at, sent_at=event.at, answers=(answer,)
    )
    return replace(
        hold.with_order(tracked),
        state=HoldState.FROZEN if is_freeze else HoldState.HELD,
        held=order.amount,
        basis=order.kind,
        since=event.since,
        ends_at=event.ends_at,
        stops_before=event.stops_before,
    )


def fold(hold: Hold, events: Iterable[Event]) -> Hold:
    """Return the hold after all `events` in their order."""
    for event in events:
        hold = evolve(hold, event)
    return hold


def _order_after(
    tracked: Tracked,
    event: OrderSubmitted
    | OrderApproved
    | OrderSentBack
    | OrderWithdrawn
    | OrderIssued
    | OrderSent
    | OrderUnanswered
    | AnswerRecorded,
) -> Tracked:
    """Return the order after an event about it."""
    match event:
        case OrderSubmitted():
            return replace(tracked, state=_next(tracked, OrderTrigger.SUBMIT))
        case OrderApproved(_, by, digest):
            approvers = (*tracked.approvers_of(digest), by)
            return replace(tracked, approvers=approvers, agreed_to=digest)
        case OrderSentBack():
            return replace(tracked, state=_next(tracked, OrderTrigger.SEND_BACK), approvers=())
        case OrderWithdrawn():
            return replace(tracked, state=_next(tracked, OrderTrigger.WITHDRAW))
        case OrderIssued(_, at, answer_due_at):
            state = _next(tracked, OrderTrigger.ISSUE)
            return replace(tracked, state=state, issued_at=at, answer_due_at=answer_due_at)
        case OrderSent(_, at):
            return replace(tracked, state=_next(tracked, OrderTrigger.SEND), sent_at=at)
        case OrderUnanswered():
            return replace(tracked, state=_next(tracked, OrderTrigger.MISS))
        case AnswerRecorded(_, answer, Bearing.UNCLEAR):
            return replace(tracked, unclear=(*tracked.unclear, answer))
        case AnswerRecorded(_, answer):
            answers = (*tracked.answers, answer)
            return replace(tracked, state=_next(tracked, OrderTrigger.ANSWER), answers=answers)


def _next(tracked: Tracked, trigger: OrderTrigger) -> OrderState:
    """Return the state that the table names; `decide` has asked it before."""
    return ORDER_MOVES[tracked.state, trigger]
