"""Why a command about a return is not carried out: business answers, returned as values. Not faults of the outside."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    """What is wrong. A caller may act differently on each."""

    RETURN_UNKNOWN = "return_unknown"
    RETURN_ID_TAKEN = "return_id_taken"
    """The id was used before, with other content."""
    RETURN_OPEN_ALREADY = "return_open_already"
    """One of the cases is in a return already: a new round of that one is opened."""
    TERMS_MISSING = "return_terms_missing"
    """The policy of this centre says nothing of giving money back."""
    ROUND_OPEN = "round_open"
    """The round before is not decided."""
    ROUND_ENDED = "round_ended"
    TOO_MANY = "return_too_many"
    """More rounds, applications, objections or awards than a return may have."""
    APPLICATIONS_CLOSED = "applications_closed"
    """The plan was approved: who comes now objects, or waits for the next round."""
    APPLICATION_UNKNOWN = "application_unknown"
    CLAIM_NOT_ADMITTED = "claim_not_admitted"
    CLAIM_APPLIED = "claim_applied"
    """Somebody applied for this claim in this round already."""
    PAYEE_UNFIT = "payee_unfit"
    """Not the account that the money was taken from, without a reason; or not the applicant's to name."""
    PROOF_MISSING = "proof_missing"
    """Who acts for another shows a paper, and somebody else than who took it in looked at it."""
    PROOF_UNFIT = "proof_unfit"
    """A paper of another kind than this applicant needs."""
    NOT_TRACED = "not_traced"
    NOT_APPLIED = "not_applied"
    """The plan gives money for a claim of which nobody applied."""
    PLAN_EMPTY = "plan_empty"
    AMOUNT_NOT_POSITIVE = "amount_not_positive"
    AWARD_TWICE = "award_twice"
    """A claim has two awards of one pot in one mode."""
    ONLY_STOPPED = "only_stopped"
    """The money is stopped and not frozen: only frozen money is given back [return-details-2016]."""
    NOTHING_HELD = "nothing_held"
    CURRENCY_DIFFERS = "currency_differs"
    AMOUNT_EXCEEDS_FROZEN = "amount_exceeds_frozen"
    AMOUNT_EXCEEDS_MISSING = "amount_exceeds_missing"
    NOT_APPROVED = "not_approved"
    APPROVED_ALREADY = "approved_already"
    MAKER_DECIDES = "maker_decides"
    """Who made the plan, or agreed before, cannot be the other person."""
    PLAN_STALE = "plan_stale"
    """The plan is no longer what was seen."""
    REASON_MISSING = "reason_missing"
    NOTICE_MISSING = "notice_missing"
    """What is shared pro rata is made public first [return-rules art. 8]."""
    NOTICE_NEEDLESS = "notice_needless"
    """Nothing of the plan is shared pro rata, or its notice ran already."""
    NOTICE_RUNS = "notice_runs"
    NOTICE_OVER = "notice_over"
    NOT_PUBLISHED = "not_published"
    PUBLISHED_ALREADY = "published_already"
    OBJECTION_UNKNOWN = "objection_unknown"
    OBJECTION_OPEN = "objection_open"
    OBJECTION_SETTLED = "objection_settled"
    PAYMENT_UNKNOWN = "payment_unknown"
    OFFICERS_TOO_FEW = "officers_too_few"
    """As many different officers as the terms ask for are named to the bank [return-rules art. 10]."""
    CALENDAR_ENDS = "calendar_ends"
    """The calendar does not tell the working days that the bank has: its next year must be given first."""
    FREEZE_ENDS_FIRST = "freeze_ends_first"
    """The freeze ends before the bank must have paid: it is renewed first."""
    SEIZED_UNKNOWN = "seized_unknown"
    RIGHT_UNKNOWN = "right_unknown"
    PLACE_UNKNOWN = "place_unknown"
    """Neither a hold nor seized money of the return's cases."""
    SET_ASIDE = "set_aside"
    """A payment of it is still to be made, or to be given up."""
    IN_CUSTODY = "in_custody"
    """It lies with the office: it is handed over, and no bank is told."""
    NOT_IN_CUSTODY = "not_in_custody"
    """A bank holds it: the bank is given notice."""
    NOT_NOTIFIED = "not_notified"
    NOTIFIED_ALREADY = "notified_already"
    IN_FLIGHT = "payment_in_flight"
    """The bank may pay at any moment: what it says comes first."""
    NOTHING_PAID = "nothing_paid"
    PAID_ALREADY = "paid_already"
    PAYMENT_ENDED = "payment_ended"
    INCIDENT_OPEN = "incident_open"
    """What was paid differs: persons settle that first."""
    NO_INCIDENT = "no_incident"
    NOTHING_OPEN = "nothing_open"
    """Nothing is left to be paid of it."""
    PAYEE_NOT_PROPOSED = "payee_not_proposed"
    UNCLAIMED_TERM_RUNS = "unclaimed_term_runs"
    TERM_RUNS = "term_runs"
    """The end has not come yet."""

    @property
    def is_transient(self) -> bool:
        """Whether the same command may succeed later."""
        return self in _TRANSIENT


_TRANSIENT = frozenset(
    {
        Reason.ROUND_OPEN,
        Reason.CLAIM_NOT_ADMITTED,
        Reason.PROOF_MISSING,
        Reason.NOT_TRACED,
        Reason.ONLY_STOPPED,
        Reason.NOTHING_HELD,
        Reason.NOT_APPROVED,
        Reason.NOTICE_MISSING,
        Reason.NOTICE_RUNS,
        Reason.NOT_PUBLISHED,
        Reason.OBJECTION_OPEN,
        Reason.CALENDAR_ENDS,
        Reason.FREEZE_ENDS_FIRST,
        Reason.SET_ASIDE,
        Reason.NOT_NOTIFIED,
        Reason.IN_FLIGHT,
        Reason.INCIDENT_OPEN,
        Reason.UNCLAIMED_TERM_RUNS,
        Reason.TERM_RUNS,
    }
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """An expected answer: nothing was changed."""

    reason: Reason
    found: str = ""
    """What was found and expected, without personal data."""


__all__ = ["Reason", "Refusal"]
