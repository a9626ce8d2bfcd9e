"""An escalation: a unit was asked about a clock that ran out. The value and its literal table; no rule is here.

The same for clocks of cases (`cases.escalating`) and for appeals against decisions of a watch (`care.escalating`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final


class EscalationState(StrEnum):
    """How far the asking about a clock that ran out is."""

    OPEN = "open"
    PASSED_UP = "passed_up"
    """The unit above was asked instead."""
    SETTLED = "settled"


class EscalationTrigger(StrEnum):
    """What can happen to it."""

    SETTLE = "settle"
    PASS = "pass"  # noqa: S105 - no password


ESCALATION_MOVES: Final[dict[tuple[EscalationState, EscalationTrigger], EscalationState]] = {
    (EscalationState.OPEN, EscalationTrigger.SETTLE): EscalationState.SETTLED,
    (EscalationState.OPEN, EscalationTrigger.PASS): EscalationState.PASSED_UP,
}


@dataclass(frozen=True, slots=True)
class Escalation:
    """A unit was asked about a clock that ran out."""

    id: str
    clock: str
    """answer, payment, appeal, hardship, abroad or decision_appeal."""
    about: str
    """The order, the appeal, the motion or the request."""
    unit: str
    person: str
    """Who was on duty; '' for nobody."""
    asked_at: datetime
    due_at: datetime
    """When the unit above is asked."""
    state: EscalationState = EscalationState.OPEN
    settled_by: str = ""
    """'' where the clock settled it, or nobody did."""
    outcome: str = ""

    @property
    def is_open(self) -> bool:
        """Whether it has no outcome yet and was not passed up."""
        return self.state is EscalationState.OPEN


__all__ = ["ESCALATION_MOVES", "Escalation", "EscalationState", "EscalationTrigger"]
