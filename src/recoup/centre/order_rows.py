"""The deadlines of orders and holds: an order's answer, a hold's end. Each follows from what it is of, so it stands once."""

from __future__ import annotations

from datetime import datetime

from recoup.centre.registry import COMMAND_REGISTRY
from recoup.centre.requests import (
    CLOCK,
    Request,
    derived_id,
    encode_request,
)
from recoup.centre.terms import (
    EndTerm,
)
from recoup.journal.port import Deadline
from recoup.orders import (
    Hold,
    HoldKey,
    Order,
    OrderState,
    Tracked,
)
from recoup.orders.commands import (
    PassAnswerLimit,
)


def answer_row(order_id: str) -> str:
    """Return the id of the deadline of an order's answer."""
    return derived_id("answer_due", order_id)


def term_row(key: HoldKey) -> str:
    """Return the id of the deadline of a hold's end."""
    return derived_id("term", key.case, key.account, key.currency)


def answer_deadline(order: Order, due: datetime) -> Deadline:
    """Return the row that makes an order unanswered."""
    return _row(answer_row(order.id), due, order.key, PassAnswerLimit(order.id))


def late_deadline(tracked: Tracked, now: datetime) -> Deadline:
    """Return the row of an order that first left after its time: its answer may be lost like any other's."""
    assert tracked.issued_at is not None, "what was sent was issued"
    assert tracked.answer_due_at is not None, "an issued order has a time for its answer"
    return answer_deadline(tracked.order, now + (tracked.answer_due_at - tracked.issued_at))


def leaves_late(before: Hold, order_id: str) -> bool:
    """Whether an order that is sent leaves for the first time after its time: nobody told it once more then."""
    tracked = before.find(order_id)
    return tracked is not None and _is_silent(tracked) and tracked.sent_at is None


def is_lost(hold: Hold, order_id: str) -> bool:
    """Whether an order that left late got no answer either: only such a one has a time for it again."""
    tracked = hold.find(order_id)
    return tracked is not None and _is_silent(tracked) and tracked.sent_at is not None


def _is_silent(tracked: Tracked) -> bool:
    return tracked.state is OrderState.UNANSWERED


def term_deadline(key: HoldKey, ends_at: datetime) -> Deadline:
    """Return the row that ends a hold."""
    return _row(term_row(key), ends_at, key, EndTerm(key))


def _row(row_id: str, due: datetime, key: HoldKey, what: PassAnswerLimit | EndTerm) -> Deadline:
    body = encode_request(COMMAND_REGISTRY, Request(CLOCK, what, row_id))
    return Deadline(row_id, due, COMMAND_REGISTRY.name_of(what)[0], key.case, body)


__all__ = [
    "answer_deadline",
    "answer_row",
    "is_lost",
    "late_deadline",
    "leaves_late",
    "term_deadline",
    "term_row",
]
