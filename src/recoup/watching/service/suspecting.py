"""Letters to the centre about likely victims and suspect accounts, made of what `recoup.watching.suspects` found."""

from __future__ import annotations

from datetime import datetime

from recoup.care import MeasureKind, RiskGrade
from recoup.clock import instant_of
from recoup.messages import LeadMessage, Minor, SuspicionMessage
from recoup.watching.suspects import LikelyVictim, Suspect


def letter_of(
    one: LikelyVictim | Suspect, institution: str, unit: str, now: datetime
) -> LeadMessage | SuspicionMessage | None:
    """Return the letter; None where it comes too late to be acted on, as after a long replay."""
    until = instant_of(one.until_us)
    if until <= now:
        return None
    at = min(instant_of(one.at_us), now)  # a payment may be dated ahead, a letter may not
    if isinstance(one, LikelyVictim):
        return LeadMessage(
            one.id,
            institution,
            unit,
            at,
            until,
            one.account,
            one.currency,
            Minor(one.amount),
            RiskGrade(one.grade),
            one.code,
        )
    return SuspicionMessage(
        one.id,
        institution,
        unit,
        at,
        one.account,
        one.currency,
        MeasureKind(one.kind),
        one.code,
        one.payments,
        one.others,
        min(instant_of(one.since_us), at),
    )


__all__ = ["letter_of"]
