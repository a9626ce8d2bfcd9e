"""Rules about appeals against decisions of a watch that nobody decided in time: who is asked, and what came of it. Pure.

1. When the limit of an appeal passes, the duty officer of its unit is asked; the appeal stays open, and nothing is let go.
2. Without an outcome in time the unit above is asked; the highest stays asked.
3. What came of it is kept with who said so. What decides the appeal settles the asking.

Who is on duty the centre says, since the roster lies elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from recoup.care.decision_appeal import DecisionAppeal
from recoup.care.escalation import (
    ESCALATION_MOVES,
    Escalation,
    EscalationState,
    EscalationTrigger,
)
from recoup.care.refusals import CareReason, CareRefusal

CLOCK: Final = "decision_appeal"
"""Of an escalation: which clock ran out."""
APPEAL_ESCALATION_REFUSALS: Final[dict[tuple[EscalationState, EscalationTrigger], CareReason]] = {
    (state, trigger): CareReason.APPEAL_ESCALATION_SETTLED
    for state in (EscalationState.PASSED_UP, EscalationState.SETTLED)
    for trigger in EscalationTrigger
}


@dataclass(frozen=True, slots=True)
class SettleAppealEscalation:
    """Say what came of it."""

    escalation: str
    by: str
    outcome: str


@dataclass(frozen=True, slots=True)
class PassAppealEscalation:
    """The time of the unit that was asked is over."""

    escalation: str


AppealEscalationCommand = SettleAppealEscalation | PassAppealEscalation


@dataclass(frozen=True, slots=True)
class AppealEscalationRaised:
    """A unit is asked."""

    escalation: Escalation


@dataclass(frozen=True, slots=True)
class AppealEscalationMoved:
    """It has an outcome, or was passed up."""

    escalation: str
    state: EscalationState
    by: str
    """'' for the clock, and for what settled the appeal itself."""
    at: datetime
    outcome: str


AppealEscalationEvent = AppealEscalationRaised | AppealEscalationMoved


def raise_escalation(
    appeal: DecisionAppeal, asked: tuple[str, str], before: int, now: datetime, seconds: int
) -> AppealEscalationRaised:
    """Return that a unit and its duty officer are asked about an appeal.

    Args:
        appeal: nobody decided it.
        asked: the unit, and who is on duty there; '' for nobody.
        before: how many were asked about it before.
        now: when.
        seconds: after so many the unit above is asked.
    """
    text = f"recoup appeal escalation 1\n{appeal.id}\n{before}"
    key = sha256(text.encode()).hexdigest()[:32]
    due_at = now + timedelta(seconds=seconds)
    return AppealEscalationRaised(Escalation(key, CLOCK, appeal.id, *asked, now, due_at))


def settle_escalation(
    known: Escalation, by: str, outcome: str, now: datetime
) -> AppealEscalationMoved | CareRefusal:
    """Keep what came of it; `by` is '' where the appeal itself was decided."""
    after = _after(known, EscalationTrigger.SETTLE)
    if isinstance(after, CareRefusal):
        return after
    if not outcome:
        return CareRefusal(CareReason.APPEAL_OUTCOME_MISSING, known.id)
    return AppealEscalationMoved(known.id, after, by, now, outcome)


def pass_escalation(
    known: Escalation, above: tuple[str, str], now: datetime
) -> AppealEscalationMoved | CareRefusal | None:
    """Pass it up to `above`, unit and duty officer; None where nobody is above: the highest stays asked."""
    after = _after(known, EscalationTrigger.PASS)
    if isinstance(after, CareRefusal):
        return after
    if now < known.due_at:
        return CareRefusal(CareReason.DECISION_APPEAL_RUNS, known.due_at.isoformat())
    if not above[0]:
        return None
    return AppealEscalationMoved(known.id, after, "", now, "no outcome in time")


def evolve_escalation(known: Escalation, event: AppealEscalationMoved) -> Escalation:
    """Return the escalation after `event`. Holds no rule."""
    return replace(known, state=event.state, settled_by=event.by, outcome=event.outcome)


def _after(known: Escalation, trigger: EscalationTrigger) -> EscalationState | CareRefusal:
    if (known.state, trigger) in ESCALATION_MOVES:
        return ESCALATION_MOVES[known.state, trigger]
    reason = APPEAL_ESCALATION_REFUSALS[known.state, trigger]
    return CareRefusal(reason, f"the escalation is {known.state}")


__all__ = [
    "APPEAL_ESCALATION_REFUSALS",
    "CLOCK",
    "AppealEscalationCommand",
    "AppealEscalationEvent",
    "AppealEscalationMoved",
    "AppealEscalationRaised",
    "PassAppealEscalation",
    "SettleAppealEscalation",
    "evolve_escalation",
    "pass_escalation",
    "raise_escalation",
    "settle_escalation",
]
