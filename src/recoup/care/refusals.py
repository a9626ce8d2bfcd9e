"""Why a command about a measure, a lead or a dissuasion is not carried out: business answers, returned as values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class CareReason(StrEnum):
    """What is wrong. A caller may act differently on each."""

    TERMS_MISSING = "care_terms_missing"
    """The policy of this centre says nothing of measures and warnings."""
    MEASURE_UNKNOWN = "measure_unknown"
    MEASURE_PROPOSED = "measure_proposed"
    """It waits for another person and binds nobody yet."""
    MEASURE_STANDS = "measure_stands"
    """It was agreed to; or a live one of this kind stands at the account."""
    MEASURE_APPEALED = "measure_appealed"
    """An appeal against it is open."""
    MEASURE_NOT_APPEALED = "measure_not_appealed"
    MEASURE_ENDED = "measure_ended"
    MEASURE_RUNS = "measure_runs"
    """Its end, or the limit of its appeal, has not come yet."""
    MEASURE_STALE = "measure_stale"
    """It is no longer what the second person saw."""
    MEASURE_SAME_PERSON = "measure_same_person"
    """Who had a part in it does not decide on it."""
    MEASURE_TERM_UNFIT = "measure_term_unfit"
    GROUND_UNFIT = "ground_unfit"
    """A measure of this kind does not rest on such a ground, or the ground is not there."""
    LIMIT_UNFIT = "limit_unfit"
    """Lower limits need an amount a day; other measures have none."""
    PROOF_LIFTS_NOT = "proof_lifts_not"
    """A measure of this kind does not end because the holder was verified."""
    CURRENCY_UNFIT = "care_currency_unfit"
    """Not the measure's currency; or the policy does not say what people need to live on in it."""
    PROTECTION_SPENT = "protection_spent"
    """The account was protected before in this dissuasion, as often as the policy lets."""
    NOT_OWN_ACCOUNT = "not_own_account"
    """A protective stop is of an account of the warned person only."""
    DECISION_APPEAL_UNKNOWN = "decision_appeal_unknown"
    DECISION_APPEALED = "decision_appealed"
    """An appeal against this decision of a watch was filed before: it is open, or was decided."""
    DECISION_APPEAL_SETTLED = "decision_appeal_settled"
    DECISION_APPEAL_RUNS = "decision_appeal_runs"
    """Its limit has not come yet."""
    DECISION_APPEAL_SAME_PERSON = "decision_appeal_same_person"
    """Who filed it does not decide on it."""
    DECISION_UNFIT = "decision_unfit"
    """No decision is like this: what waits has an end, nothing else has one, and an amount is above zero."""
    APPEAL_ESCALATION_UNKNOWN = "appeal_escalation_unknown"
    APPEAL_ESCALATION_SETTLED = "appeal_escalation_settled"
    """It has an outcome, or the unit above was asked instead."""
    APPEAL_OUTCOME_MISSING = "appeal_outcome_missing"
    """Nothing was said of what came of it."""
    LEAD_DIFFERS = "lead_differs"
    """The lead was given before under this id, with other content."""
    LEAD_EXPIRED = "lead_expired"
    LEAD_TIME_UNFIT = "lead_time_unfit"
    """It says of itself that it comes from a later time."""
    TOO_MANY = "care_too_many"
    """More accounts than a lead may name, or leads, contacts or appeals than one thing may have."""
    DISSUASION_UNKNOWN = "dissuasion_unknown"
    DISSUASION_ENDED = "dissuasion_ended"
    DISSUASION_RUNS = "dissuasion_runs"
    """The limit of its step, or its end, has not come yet."""
    STEP_DIFFERS = "step_differs"
    """Another step is to be made now."""
    NOT_REACHED = "not_reached"
    """Nobody reached the payer, so nobody dissuaded."""
    AVERTED_UNFIT = "averted_unfit"
    """More than the payment that was seen."""


@dataclass(frozen=True, slots=True)
class CareRefusal:
    """An expected answer: nothing was changed."""

    reason: CareReason
    found: str = ""


__all__ = ["CareReason", "CareRefusal"]
