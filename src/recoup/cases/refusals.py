"""Why a command about a case is not carried out: business answers, returned as values. Not faults of the outside."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    """What is wrong. A caller may act differently on each."""

    CASE_NOT_OPEN = "case_not_open"
    CASE_OPEN_ALREADY = "case_open_already"
    ID_TAKEN = "id_taken"
    """The id was used before, with other content."""
    LIABILITY_NOT_ACCEPTED = "liability_not_accepted"
    TIMES_DISAGREE = "times_disagree"
    REPORT_UNKNOWN = "report_unknown"
    CLAIM_UNKNOWN = "claim_unknown"
    TRANSFER_DISPUTED = "transfer_disputed"
    """Another live claim disputes the same transfer."""
    AMOUNT_NOT_POSITIVE = "amount_not_positive"
    AMOUNT_EXCEEDS_MISSING = "amount_exceeds_missing"
    MAKER_DECIDES = "maker_decides"
    """Who made a thing, or agreed before, cannot be the other person."""
    DIGEST_STALE = "digest_stale"
    """What was seen is no longer what stands."""
    CLAIM_NOT_LIVE = "claim_not_live"
    CLAIM_ADMITTED = "claim_admitted"
    TRAIL_STALE = "trail_stale"
    TRAIL_DIFFERS = "trail_differs"
    """The same facts gave another trail: one of the two workers is wrong."""
    TRAIL_NOT_CONSERVED = "trail_not_conserved"
    TRAIL_TOO_LONG = "trail_too_long"
    HOLD_UNKNOWN = "hold_unknown"
    DIGEST_TOO_OLD = "digest_too_old"
    """A balance digest from before the answer confirms nothing."""
    PROPOSAL_STALE = "proposal_stale"
    PROTECTION_STANDS = "protection_stands"
    """What an account is for protects others: it is not said to be for less."""
    INSTITUTION_CANNOT = "institution_cannot"
    """An institution of this kind is not given orders of that kind."""
    ORDER_OF_ANOTHER_CASE = "order_of_another_case"
    APPROVAL_MISSING = "approval_missing"
    MANDATE_UNKNOWN = "mandate_unknown"
    MANDATE_ENDED = "mandate_ended"
    MANDATE_STANDS = "mandate_stands"
    MANDATE_TOO_NARROW = "mandate_too_narrow"
    FINDING_UNKNOWN = "finding_unknown"
    FINDING_SETTLED = "finding_settled"
    MOTION_UNKNOWN = "motion_unknown"
    MOTION_SETTLED = "motion_settled"
    MAKER_ONLY = "maker_only"
    """Only who proposed a thing takes it back; others dismiss it."""
    TOO_MANY_OPEN = "too_many_open"
    """So much waits for a second person in this case that something must be settled first."""
    TOO_MANY_KEPT = "too_many_kept"
    """So many of these were kept that one more tells nobody anything: opinions of a case, answers to a request abroad."""
    APPEAL_UNKNOWN = "appeal_unknown"
    APPEAL_SETTLED = "appeal_settled"
    APPEAL_OVERDUE = "appeal_overdue"
    NOTICE_UNKNOWN = "notice_unknown"
    NOTICE_SENT = "notice_sent"
    NOTICE_NOT_DEFERRED = "notice_not_deferred"
    DEFERRAL_TOO_LONG = "deferral_too_long"
    REASON_MISSING = "reason_missing"
    TASK_UNKNOWN = "task_unknown"
    TASK_OVERDUE = "task_overdue"
    CLOCK_RUNS = "clock_runs"
    """The end has not come yet."""
    NOT_SURPLUS = "not_surplus"
    CAP_UNKNOWN = "cap_unknown"
    """No decision limits what is held there."""
    NOT_ENTITLED = "not_entitled"
    """What is known entitles to no more than the decision left."""
    TRAILS_APART = "trails_apart"
    ESCALATION_UNKNOWN = "escalation_unknown"
    ESCALATION_SETTLED = "escalation_settled"
    """It has its outcome, or the unit above was asked."""
    NOBODY_ABOVE = "nobody_above"
    """The unit that was asked is the highest."""
    HANDOVER_UNKNOWN = "handover_unknown"
    HANDOVER_SETTLED = "handover_settled"
    HANDOVER_OPEN = "handover_open"
    """An offer of the case as it stands waits already."""
    HANDOVER_TO_ITSELF = "handover_to_itself"

    @property
    def is_transient(self) -> bool:
        """Whether the same command may succeed later."""
        return self in _TRANSIENT


_TRANSIENT = frozenset(
    {
        Reason.CASE_NOT_OPEN,
        Reason.TRAIL_STALE,
        Reason.DIGEST_TOO_OLD,
        Reason.HOLD_UNKNOWN,
        Reason.PROPOSAL_STALE,
        Reason.APPROVAL_MISSING,
        Reason.CLOCK_RUNS,
        Reason.NOT_SURPLUS,
        Reason.NOT_ENTITLED,
        Reason.TRAILS_APART,
        Reason.TOO_MANY_OPEN,
    }
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """An expected answer: nothing was changed."""

    reason: Reason
    found: str = ""
    """What was found and expected, without personal data."""
