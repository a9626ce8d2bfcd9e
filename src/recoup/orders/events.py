"""What happened to a hold and its orders: with everything that `evolve` sets. Legal ends are computed once and kept here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from recoup.orders.hold import Answer, HoldKey, Order
from recoup.orders.kinds import OrderKind
from recoup.orders.payout import Receipt
from recoup.orders.state import HoldState


class Bearing(StrEnum):
    """What an answer does to the hold."""

    APPLIED = "applied"
    SUPERSEDED = "superseded"
    """A later order about the hold was answered before: this one tells of what was."""
    CONTRADICTS = "contradicts"
    """It cannot follow what the institution said before: a person decides."""
    UNFITTING = "unfitting"
    """No answer to this kind of order."""
    UNCLEAR = "unclear"
    """Its word is not known: no answer yet, and money may be held. A person and a query find out."""
    ENDED = "ended"
    """Its own term is over already."""


@dataclass(frozen=True, slots=True)
class OrderDrafted:
    """An order was written down."""

    order: Order
    period: int


@dataclass(frozen=True, slots=True)
class OrderSubmitted:
    """Approvals were asked for."""

    order_id: str


@dataclass(frozen=True, slots=True)
class OrderApproved:
    """A person agreed to what the digest stands for."""

    order_id: str
    by: str
    digest: str


@dataclass(frozen=True, slots=True)
class OrderSentBack:
    """A person did not agree; approvals given before are void."""

    order_id: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class OrderWithdrawn:
    """It was given up before it was issued."""

    order_id: str
    by: str


@dataclass(frozen=True, slots=True)
class OrderIssued:
    """It may leave the house; nothing can take it back from here on."""

    order_id: str
    at: datetime
    answer_due_at: datetime


@dataclass(frozen=True, slots=True)
class OrderSent:
    """It left for the first time."""

    order_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class OrderUnanswered:
    """No answer came in time; one may still come."""

    order_id: str


@dataclass(frozen=True, slots=True)
class AnswerRecorded:
    """An institution said something; what it does to the hold follows as an event of its own."""

    order_id: str
    answer: Answer
    bearing: Bearing
    why: str = ""
    """The refusal's name where the answer contradicts."""


@dataclass(frozen=True, slots=True)
class HoldChanged:
    """What stands at the institution is now this."""

    key: HoldKey
    state: HoldState
    held: int
    basis: OrderKind | None
    since: datetime | None
    ends_at: datetime | None
    period: int
    renewals: int


@dataclass(frozen=True, slots=True)
class HoldTakenOver:
    """Another system's hold is watched here from now on."""

    order: Order
    since: datetime
    ends_at: datetime
    at: datetime
    stops_before: int = 0
    """Stops that the other system had spent before."""


class Amiss(StrEnum):
    """What is wrong with a payment that an institution says it made: a person looks."""

    AMOUNT = "amount_differs"
    """Not what was ordered."""
    TWICE = "paid_twice"
    """A second payment on one order."""
    BEYOND = "beyond_hold"
    """More than was frozen."""
    LEFT = "held_differs"
    """What is held afterwards is not what the payment leaves."""
    NOT_HELD = "not_held_again"
    """It came back, and not all of it is held again."""


@dataclass(frozen=True, slots=True)
class Pot:
    """What became of all that a hold ever froze; what is frozen now is in no field."""

    frozen_total: int
    returned: int
    lifted: int
    beyond: int
    """Paid and never frozen."""

    def moved(self, more: int) -> Pot:
        """Return it after so much more lies frozen than before, or less: that was frozen anew, or lifted."""
        return Pot(
            self.frozen_total + max(0, more),
            self.returned,
            self.lifted + max(0, -more),
            self.beyond,
        )


@dataclass(frozen=True, slots=True)
class PaidBack:
    """Money left the hold for a victim: what the institution says that it paid, whatever was ordered."""

    key: HoldKey
    order_id: str
    claim: str
    receipt: Receipt
    state: HoldState
    held: int
    """What it holds after the payment."""
    pot: Pot
    amiss: tuple[Amiss, ...] = ()


@dataclass(frozen=True, slots=True)
class PaymentBounced:
    """A payment came back."""

    key: HoldKey
    order_id: str
    claim: str
    receipt: Receipt
    """Of the payment that came back, with the amount and the time of its coming back."""
    state: HoldState
    held: int
    """What is held now: that what came back is held again is the institution's word."""
    pot: Pot
    amiss: tuple[Amiss, ...] = ()


Event = (
    OrderDrafted
    | OrderSubmitted
    | OrderApproved
    | OrderSentBack
    | OrderWithdrawn
    | OrderIssued
    | OrderSent
    | OrderUnanswered
    | AnswerRecorded
    | HoldChanged
    | HoldTakenOver
    | PaidBack
    | PaymentBounced
)
