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
    HoldKey,
    Order,
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


def term_deadline(key: HoldKey, ends_at: datetime) -> Deadline:
    """Return the row that ends a hold."""
    return _row(term_row(key), ends_at, key, EndTerm(key))


def _row(row_id: str, due: datetime, key: HoldKey, what: PassAnswerLimit | EndTerm) -> Deadline:
    body = encode_request(COMMAND_REGISTRY, Request(CLOCK, what, row_id))
    return Deadline(row_id, due, COMMAND_REGISTRY.name_of(what)[0], key.case, body)


__all__ = ["answer_deadline", "answer_row", "term_deadline", "term_row"]
