"""The literal table of an appeal against a decision of a watch, and the appeal itself. No rule is here.

An institution's watch warned, delayed, held or refused a payment by a rule or a model, and the payer's account holder objects.
Orders and measures are the centre's own: who objects to one of those appeals against it, and never against the decision.

Every pair of a state and a trigger stands in the table of moves or of refusals; a test counts them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from recoup.care.refusals import CareReason


class DecisionKind(StrEnum):
    """What the watch decided of the payment."""

    WARN = "warn"
    """It went on."""
    DELAY = "delay"
    HOLD = "hold"
    REFUSE = "refuse"
    """It was over at once."""

    @property
    def is_interception(self) -> bool:
        """Whether the payment did not simply go on."""
        return self is not DecisionKind.WARN


class DecisionGround(StrEnum):
    """What spoke against the payment."""

    RULE = "rule"
    MODEL = "model"


class DecisionAppealState(StrEnum):
    """Where an appeal stands."""

    OPEN = "open"
    UPHELD = "upheld"
    """The payment goes on, if it still waits and nothing else binds its payer."""
    DISMISSED = "dismissed"
    """The decision stands; what waits ends by itself."""


class DecisionAppealTrigger(StrEnum):
    """What can happen to an appeal."""

    UPHOLD = "uphold"
    DISMISS = "dismiss"
    PASS_LIMIT = "pass_limit"  # noqa: S105 - a word of the trade, no password
    """It is not decided within its limit."""


_S, _T, _R = DecisionAppealState, DecisionAppealTrigger, CareReason

DECISION_APPEAL_MOVES: Final[
    dict[tuple[DecisionAppealState, DecisionAppealTrigger], DecisionAppealState]
] = {
    (_S.OPEN, _T.UPHOLD): _S.UPHELD,
    (_S.OPEN, _T.DISMISS): _S.DISMISSED,
    (_S.OPEN, _T.PASS_LIMIT): _S.OPEN,  # it is told to whoever is late, and stays open
}
DECISION_APPEAL_REFUSALS: Final[
    dict[tuple[DecisionAppealState, DecisionAppealTrigger], CareReason]
] = {
    (ended, trigger): _R.DECISION_APPEAL_SETTLED
    for ended in (_S.UPHELD, _S.DISMISSED)
    for trigger in _T
}


@dataclass(frozen=True, slots=True)
class DecisionAppeal:
    """A holder's objection to one decision; its words lie in the vault."""

    id: str
    institution: str
    """Whose watch decided, and where the account lies."""
    decision: str
    """The number of the decision there, which is its payment's."""
    account: str
    """The payer's, under which the vault has it."""
    currency: str
    amount: int
    """Minor units of the payment."""
    kind: DecisionKind
    ground: DecisionGround
    codes: tuple[str, ...]
    """Of the reasons that the holder was shown, the first foremost."""
    decided_at: datetime
    waits_until: datetime | None
    """When what waits ends by itself; None where nothing waits."""
    unit: str
    """Whose task it is to decide."""
    filed_by: str
    """The institution, or the person there who passed it on."""
    filed_at: datetime
    due_at: datetime
    text: str
    """Under this id the vault has the holder's words."""
    state: DecisionAppealState = DecisionAppealState.OPEN
    is_overdue: bool = False
    settled_by: str = ""
    settled_for: str = ""
    settled_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether nobody decided on it yet."""
        return self.state is DecisionAppealState.OPEN


__all__ = [
    "DECISION_APPEAL_MOVES",
    "DECISION_APPEAL_REFUSALS",
    "DecisionAppeal",
    "DecisionAppealState",
    "DecisionAppealTrigger",
    "DecisionGround",
    "DecisionKind",
]
