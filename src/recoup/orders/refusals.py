"""Why a command about an order is not carried out: business answers, returned as values. Not faults of the outside."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    """What is wrong. A caller may act differently on each."""

    ORDER_UNKNOWN = "order_unknown"
    ORDER_ID_TAKEN = "order_id_taken"
    ORDER_NOT_SUBMITTED = "order_not_submitted"
    ORDER_ALREADY_SUBMITTED = "order_already_submitted"
    ORDER_NOT_ISSUED = "order_not_issued"
    ORDER_ALREADY_ISSUED = "order_already_issued"
    ORDER_ALREADY_UNANSWERED = "order_already_unanswered"
    ORDER_ALREADY_ANSWERED = "order_already_answered"
    ORDER_WITHDRAWN = "order_withdrawn"
    ORDER_PENDING = "order_pending"
    """Another order about the same hold is still on its way."""
    ANSWER_ID_TAKEN = "answer_id_taken"
    ANOTHER_ACCOUNT = "another_account"
    AMOUNT_NOT_POSITIVE = "amount_not_positive"
    AMOUNT_MEANINGLESS = "amount_meaningless"
    """Orders that hold nothing tell no amount."""
    AMOUNT_TOO_LARGE = "amount_too_large"
    AMOUNT_EXCEEDS_HELD = "amount_exceeds_held"
    AMOUNT_NOT_RAISED = "amount_not_raised"
    ACCOUNT_NOT_WHOLE = "account_not_whole"
    """The whole account was asked for without a mandate that says so."""
    APPROVAL_MISSING = "approval_missing"
    APPROVER_IS_MAKER = "approver_is_maker"
    APPROVER_TWICE = "approver_twice"
    APPROVAL_STALE = "approval_stale"
    """The order is no longer what the approver saw."""
    NOTHING_HELD = "nothing_held"
    ALREADY_HELD = "already_held"
    ALREADY_FROZEN = "already_frozen"
    NOT_FROZEN = "not_frozen"
    STOPS_EXHAUSTED = "stops_exhausted"
    RENEWALS_EXHAUSTED = "renewals_exhausted"
    CANNOT_SHRINK = "cannot_shrink"
    HOLD_LAPSED = "hold_lapsed"
    HOLD_RELEASED = "hold_released"
    HOLD_RETURNED = "hold_returned"
    """All of it was paid back."""
    PAYOUT_MISSING = "payout_missing"
    """A payment back names no payee, not on which decision it rests, or no officer who answers for it."""
    PAYOUT_MEANINGLESS = "payout_meaningless"
    """Only a payment back names a payee."""
    PAYOUT_DUE = "payout_due"
    """The time by which it must be paid has passed already."""
    HELD_THEN_DENIED = "held_then_denied"
    REPEATED_BY_RULE = "repeated_by_rule"
    """Only the rule repeats a release, and only where the institution held after it."""
    RELEASE_NOT_DENIED = "release_not_denied"
    """Not the newest word of the institution: it did not say that it knows of no such hold, or more was ordered since."""
    TERM_UNFIT = "term_unfit"
    """A hold that is taken over ends before it begins, begins in the future, or ends later than the law allows from now."""
    TERM_RUNS = "term_runs"
    """The end has not come yet."""

    @property
    def is_transient(self) -> bool:
        """Whether the same command may succeed later."""
        return self in _TRANSIENT


_TRANSIENT = frozenset(
    {
        Reason.ORDER_NOT_SUBMITTED,
        Reason.ORDER_NOT_ISSUED,
        Reason.ORDER_PENDING,
        Reason.APPROVAL_MISSING,
        Reason.NOTHING_HELD,
        Reason.NOT_FROZEN,
        Reason.TERM_RUNS,
    }
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """An expected answer: nothing was changed."""

    reason: Reason
    found: str = ""
    """What was found and expected, without personal data."""
