"""What can be asked of a hold: imperatives, each with all that `decide` needs. Who may ask is settled before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from recoup.orders.hold import Answer, Order


@dataclass(frozen=True, slots=True)
class DraftOrder:
    """Write an order down."""

    order: Order


@dataclass(frozen=True, slots=True)
class SubmitOrder:
    """Ask for the approvals it needs."""

    order_id: str


@dataclass(frozen=True, slots=True)
class ApproveOrder:
    """Agree to the order whose digest was seen; the last approval needed issues it."""

    order_id: str
    by: str
    digest: str
    shown: str = ""
    """The digest of what is shown of the order by now, where that is more than the order: the centre's own to say."""


@dataclass(frozen=True, slots=True)
class SendBackOrder:
    """Do not agree: its maker may change it by a new one, submit it again, or withdraw it."""

    order_id: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class WithdrawOrder:
    """Give up an order that was not issued."""

    order_id: str
    by: str


@dataclass(frozen=True, slots=True)
class IssueOrder:
    """Issue an order that needs nobody else: a standing authority covers it."""

    order_id: str


@dataclass(frozen=True, slots=True)
class ConfirmSent:
    """Note that the sender handed the order to the institution."""

    order_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PassAnswerLimit:
    """The time within which an answer was due has passed."""

    order_id: str


@dataclass(frozen=True, slots=True)
class RecordAnswer:
    """Take in what an institution says."""

    order_id: str
    answer: Answer


@dataclass(frozen=True, slots=True)
class RepeatRelease:
    """Tell an approved release once more, under another id: the rule's own, nobody asks for it."""

    order_id: str
    again: str


@dataclass(frozen=True, slots=True)
class NoteGone:
    """A whole digest shows nothing of a hold whose release the institution refused because it knows of none."""

    order_id: str
    """The release."""


@dataclass(frozen=True, slots=True)
class PassTerm:
    """The end of the stop or freeze has come."""


Command = (
    DraftOrder
    | SubmitOrder
    | ApproveOrder
    | SendBackOrder
    | WithdrawOrder
    | IssueOrder
    | ConfirmSent
    | PassAnswerLimit
    | RecordAnswer
    | RepeatRelease
    | NoteGone
    | PassTerm
)
