"""What an institution's watch tells of its own accord, as values: stolen money, likely victims, suspect accounts, objections.

All of it is what somebody saw or says, and nothing of it binds: the centre decides, persons agree.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from recoup.care import DecisionGround, DecisionKind, MeasureKind, RiskGrade
from recoup.messages.values import Minor, StatementRow
from recoup.unrecognised import Unrecognised


class SightingKind(StrEnum):
    """What a watch saw of stolen money."""

    MOVED = "moved"
    """It was paid on."""
    HELD = "held"
    """A payment would have moved it, and it was held instead, until `until`."""
    PASSED = "passed"
    """It had passed through the account before the claim was known."""


@dataclass(frozen=True, slots=True)
class SightingMessage:
    """Stolen money was seen in the stream of payments; the rows show the account since it came there."""

    id: str
    institution: str
    kind: SightingKind | Unrecognised
    case: str
    claim: str
    """Empty where it is more than one claim's."""
    at: datetime
    account_number: str
    """The institution's own account from which it moved, or where it lies."""
    currency: str
    amount: Minor
    payee_number: str = ""
    payee_institution: str = ""
    payment: str = ""
    """The institution's own number of the payment."""
    until: datetime | None = None
    rows: tuple[StatementRow, ...] = ()
    rows_left: int = 0


@dataclass(frozen=True, slots=True)
class LeadMessage:
    """A payer is likely being defrauded at this moment: the payment was not simply let go on."""

    id: str
    institution: str
    unit: str
    """Whose task it is to dissuade the payer."""
    at: datetime
    expires_at: datetime
    account_number: str
    """The payer's, at the institution."""
    currency: str
    amount: Minor
    """Of the payment."""
    grade: RiskGrade | Unrecognised
    code: str
    """Why the payment was not simply let go on: the decision's first reason."""


@dataclass(frozen=True, slots=True)
class SuspicionMessage:
    """Several payments spoke against one account: a measure is asked for, which persons agree to or not."""

    id: str
    institution: str
    unit: str
    at: datetime
    account_number: str
    currency: str
    kind: MeasureKind | Unrecognised
    code: str
    """The red flag: the reason that most of the payments had."""
    payments: int
    others: int
    """How many different accounts were on the other side of them."""
    since: datetime
    """Of the first of them."""


@dataclass(frozen=True, slots=True)
class DecisionAppealMessage:
    """A holder objects to what the watch decided of a payment: the institution passes it on, the centre decides."""

    id: str
    """Follows from the decision: the same is appealed against once."""
    institution: str
    unit: str
    """Whose task it is to decide."""
    decision: str
    """The number of the decision, which is its payment's at the institution."""
    account_number: str
    """The payer's, at the institution."""
    currency: str
    amount: Minor
    """Of the payment."""
    kind: DecisionKind | Unrecognised
    ground: DecisionGround | Unrecognised
    decided_at: datetime
    filed_at: datetime
    statement: str
    """What the holder says."""
    codes: tuple[str, ...] = ()
    """Of the reasons that the holder was shown, the first foremost."""
    waits_until: datetime | None = None
    """When what waits ends by itself; none: nothing waits."""


__all__ = [
    "DecisionAppealMessage",
    "LeadMessage",
    "SightingKind",
    "SightingMessage",
    "SuspicionMessage",
]
