"""The literal table of a dissuasion (劝阻), and what it is made of: leads, contacts, outcome. No rule is here.

A *lead* says that a payer is likely being defrauded now; whoever gives it, it comes into the one queue. A *dissuasion* is the
task that follows: message, then call, then visit, as far as its grade goes. Every pair of a state and a trigger is a move or a
refusal.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Final

from recoup.care.refusals import CareReason
from recoup.care.terms import RiskGrade, Step


class LeadSource(StrEnum):
    """Who says so."""

    WATCH = "watch"
    """The stream's own scoring."""
    TELECOM = "telecom"
    POLICE = "police"
    BANK = "bank"
    PERSON = "person"
    """The payer's family, a teller, a passer-by."""


class DissuasionState(StrEnum):
    """Where a dissuasion stands: the step that is due, or how it ended."""

    TO_MESSAGE = "to_message"
    TO_CALL = "to_call"
    TO_VISIT = "to_visit"
    DISSUADED = "dissuaded"
    WENT_ON = "went_on"
    """The payer was reached, and paid."""
    NO_VICTIM = "no_victim"
    """The warning was wrong."""
    UNREACHED = "unreached"
    EXPIRED = "expired"
    """Nobody said how it ended."""


class DissuasionTrigger(StrEnum):
    """What can happen to a dissuasion."""

    NEXT = "next"
    """A step was made, or its limit passed, and the grade has a further one."""
    STAY = "stay"
    """The same at the last step: the outcome is awaited."""
    FAIL = "fail"
    """Nobody was reached at the last step."""
    DISSUADE = "dissuade"
    GO_ON = "go_on"
    CLEAR = "clear"
    PASS_END = "pass_end"  # noqa: S105 - a word of the trade, no password
    JOIN = "join"
    """Another lead about the same payer."""


_S, _T, _R = DissuasionState, DissuasionTrigger, CareReason

DISSUASION_MOVES: Final = {
    (_S.TO_MESSAGE, _T.NEXT): _S.TO_CALL,
    (_S.TO_MESSAGE, _T.STAY): _S.TO_MESSAGE,
    (_S.TO_MESSAGE, _T.FAIL): _S.UNREACHED,
    (_S.TO_MESSAGE, _T.DISSUADE): _S.DISSUADED,
    (_S.TO_MESSAGE, _T.GO_ON): _S.WENT_ON,
    (_S.TO_MESSAGE, _T.CLEAR): _S.NO_VICTIM,
    (_S.TO_MESSAGE, _T.PASS_END): _S.EXPIRED,
    (_S.TO_MESSAGE, _T.JOIN): _S.TO_MESSAGE,
    (_S.TO_CALL, _T.NEXT): _S.TO_VISIT,
    (_S.TO_CALL, _T.STAY): _S.TO_CALL,
    (_S.TO_CALL, _T.FAIL): _S.UNREACHED,
    (_S.TO_CALL, _T.DISSUADE): _S.DISSUADED,
    (_S.TO_CALL, _T.GO_ON): _S.WENT_ON,
    (_S.TO_CALL, _T.CLEAR): _S.NO_VICTIM,
    (_S.TO_CALL, _T.PASS_END): _S.EXPIRED,
    (_S.TO_CALL, _T.JOIN): _S.TO_CALL,
    (_S.TO_VISIT, _T.STAY): _S.TO_VISIT,
    (_S.TO_VISIT, _T.FAIL): _S.UNREACHED,
    (_S.TO_VISIT, _T.DISSUADE): _S.DISSUADED,
    (_S.TO_VISIT, _T.GO_ON): _S.WENT_ON,
    (_S.TO_VISIT, _T.CLEAR): _S.NO_VICTIM,
    (_S.TO_VISIT, _T.PASS_END): _S.EXPIRED,
    (_S.TO_VISIT, _T.JOIN): _S.TO_VISIT,
}
DISSUASION_REFUSALS: Final = {
    (_S.TO_VISIT, _T.NEXT): _R.STEP_DIFFERS,
    **{
        (ended, trigger): _R.DISSUASION_ENDED
        for ended in (_S.DISSUADED, _S.WENT_ON, _S.NO_VICTIM, _S.UNREACHED, _S.EXPIRED)
        for trigger in _T
    },
}

STEP_OF: Final = {
    _S.TO_MESSAGE: Step.MESSAGE,
    _S.TO_CALL: Step.CALL,
    _S.TO_VISIT: Step.VISIT,
}
"""The step that is due in a state."""
OPEN_DISSUASIONS: Final = frozenset(STEP_OF)


@dataclass(frozen=True, slots=True)
class Lead:
    """What somebody says of a payer, and whence it is. Numbers and names lie in the vault."""

    id: str
    source: LeadSource
    system: str
    """Who gives it: an institution, an operator, another system."""
    foreign: str
    """Its id there: the same lead is taken once."""
    unit: str
    institution: str
    """Where the payer's accounts lie; '' where that is not known."""
    key: str
    """The payer, as lists know it: an account's id, or the keyed hash of a number."""
    accounts: tuple[str, ...]
    """The payer's own."""
    grade: RiskGrade
    currency: str
    """'' where no payment was seen."""
    amount: int
    """Of the payment that is about to be made, in minor units; 0 where none was seen."""
    reason: str
    seen_at: datetime
    expires_at: datetime
    taken_by: str

    @property
    def digest(self) -> str:
        """Of what it says: the same id with another digest is refused. Who took it in, and under which id here, is left out."""
        parts: tuple[str, ...] = (
            self.source,
            self.system,
            self.foreign,
            self.unit,
            self.institution,
            self.key,
        )
        parts += (*self.accounts, self.grade, self.currency, str(self.amount), self.reason)
        parts += (self.seen_at.isoformat(),)
        whole = sha256(b"recoup lead 1\n")
        for part in parts:
            whole.update(len(part.encode()).to_bytes(4, "big") + part.encode())
        return whole.hexdigest()


@dataclass(frozen=True, slots=True)
class Contact:
    """One attempt to speak to the payer."""

    step: Step
    is_reached: bool
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Dissuasion:
    """One task: a likely victim, what was tried, and what came of it."""

    id: str
    unit: str
    institution: str
    key: str
    accounts: tuple[str, ...]
    grade: RiskGrade
    currency: str
    amount: int
    leads: tuple[str, ...]
    opened_at: datetime
    due_at: datetime | None
    """When the step is to have been made; None: it was made, or its limit has passed."""
    ends_at: datetime
    state: DissuasionState = DissuasionState.TO_MESSAGE
    contacts: tuple[Contact, ...] = ()
    late: tuple[Step, ...] = ()
    """Steps whose limit passed before anybody made them."""
    averted: int = 0
    ended_at: datetime | None = None
    ended_by: str = ""
    ended_for: str = ""

    @property
    def is_reached(self) -> bool:
        """Whether anybody reached the payer."""
        return any(row.is_reached for row in self.contacts)


__all__ = [
    "DISSUASION_MOVES",
    "DISSUASION_REFUSALS",
    "OPEN_DISSUASIONS",
    "STEP_OF",
    "Contact",
    "Dissuasion",
    "DissuasionState",
    "DissuasionTrigger",
    "Lead",
    "LeadSource",
]
