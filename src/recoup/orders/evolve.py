"""Folds events into a hold. It holds no rule and cannot refuse: what an event says is so."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from recoup.orders.events import (
    AnswerRecorded,
    Bearing,
    Event,
    HoldChanged,
    OrderApproved,
    OrderDrafted,
    OrderIssued,
    OrderSent,
    OrderSentBack,
    OrderSubmitted,
    OrderUnanswered,
    OrderWithdrawn,
)
from recoup.orders.hold import Hold, Tracked
from recoup.orders.state import ORDER_MOVES, OrderState, OrderTrigger


def evolve(hold: Hold, event: Event) -> Hold:
    """Return the hold after `event`."""
    match event:
        case OrderDrafted(order, period):
            return hold.with_order(Tracked(order, period=period))
        case HoldChanged():
            return replace(
                hold,
                state=event.state,
                held=event.held,
                basis=event.basis,
                since=event.since,
                ends_at=event.ends_at,
                period=event.period,
                renewals=event.renewals,
            )
        case _:
            tracked = hold.find(event.order_id)
            assert tracked is not None, "an event about an order that was never drafted"
            return hold.with_order(_order_after(tracked, event))


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
        case OrderApproved(_, by, _):
            return replace(tracked, approvers=(*tracked.approvers, by))
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
