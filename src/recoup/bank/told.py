"""Who an agent is, what it replies, and what it says instead of an answer. Values and faults; decides nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from recoup.errors import Fault
from recoup.messages import AnswerMessage, KeyRing, OrderMessage, SigningKey


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


__all__ = ["AnswerLater", "Identity", "OrderIdTaken", "Replied"]
