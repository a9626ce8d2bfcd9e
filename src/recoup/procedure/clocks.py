"""When something of a return ends by itself: a public notice, a bank's time to pay. Pure; who is told is not decided here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from recoup.procedure.state import IN_FLIGHT, RoundState
from recoup.procedure.values import Return


@dataclass(frozen=True, slots=True)
class NoticeRuns:
    """A public notice, within which somebody may object."""

    round: int
    count: int
    """Which notice of the round: the first is 1."""
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class PaymentRuns:
    """A payment that a bank was told of and has not paid, refused or let pass its time."""

    order_id: str
    due_at: datetime


def clocks_of(found: Return) -> Iterator[NoticeRuns | PaymentRuns]:
    """Yield what ends by itself in a return as it stands."""
    if found.is_open and found.round.state is RoundState.PUBLISHED:
        notices = found.round.notices
        yield NoticeRuns(found.round.number, len(notices), notices[-1].ends_at)
    for payment in found.payments:
        if payment.state in IN_FLIGHT and payment.due_at and not payment.is_overdue:
            yield PaymentRuns(payment.order_id, payment.due_at)


__all__ = ["NoticeRuns", "PaymentRuns", "clocks_of"]
