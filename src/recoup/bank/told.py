"""Who an agent is, what it replies, and what it says instead of an answer. Values and faults; decides nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from recoup.errors import Fault
from recoup.messages import AnswerMessage, KeyRing, OrderMessage, SigningKey, decode


class OrderIdTaken(Fault):
    """The id was used for an order with other content; `field` is the first that differs."""

    def __init__(self, field: str) -> None:
        self.field = field
        super().__init__(f"expected the order that came under this id before, differs in {field}")


class AnswerLater(Fault):
    """The order was taken and written down; its answer comes later, as another message."""

    is_transient = True


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the agent is and whom it believes."""

    institution: str
    centre: str
    key: Callable[[datetime], SigningKey]
    """The agent's own key for a time: read anew each time, so that a rotation needs no restart."""
    ring: Callable[[], KeyRing]


@dataclass(frozen=True, slots=True)
class Replied:
    """A signed answer, and whether it was given before."""

    data: bytes
    order: OrderMessage
    answer: AnswerMessage
    is_repeat: bool


def difference(body: bytes, order: OrderMessage) -> str:
    """Return the name of the first field that differs."""
    first, now = ordered(body), order.as_ordered
    names = type(order).__dataclass_fields__
    return next(name for name in names if getattr(first, name) != getattr(now, name))


def ordered(body: bytes) -> OrderMessage:
    """Return what was ordered, as it is compared with what comes again."""
    found = decode("recoup.order.v1", body)
    assert isinstance(found, OrderMessage), "books of orders hold orders"
    return found.as_ordered


__all__ = ["AnswerLater", "Identity", "OrderIdTaken", "Replied", "difference", "ordered"]
