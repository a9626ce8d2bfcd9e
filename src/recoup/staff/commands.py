"""What can be asked about units, persons, sessions and duties: imperatives. Whether the asker may is settled before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from recoup.staff.directory import Grant, Unit


@dataclass(frozen=True, slots=True)
class AddUnit:
    """Add a unit to the tree."""

    unit: Unit
    by: str


@dataclass(frozen=True, slots=True)
class AddPerson:
    """Add a person and offer the way in."""

    person: str
    token_hash: str
    by: str


@dataclass(frozen=True, slots=True)
class SuspendPerson:
    """Let all rights of a person rest."""

    person: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class RestorePerson:
    """Let them stand again."""

    person: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class GrantRole:
    """Give a role at a place."""

    person: str
    grant: Grant
    by: str


@dataclass(frozen=True, slots=True)
class RevokeRole:
    """Take it away."""

    person: str
    grant: Grant
    by: str


@dataclass(frozen=True, slots=True)
class OfferEnrolment:
    """Let a person set password and second factor anew."""

    person: str
    token_hash: str
    by: str


@dataclass(frozen=True, slots=True)
class Enrol:
    """Use the one-time token."""

    person: str
    token_hash: str
    credential: str
    factor: str


@dataclass(frozen=True, slots=True)
class SetUp:
    """Make the first administrator and the root of the tree, once."""

    person: str
    unit: Unit
    credential: str
    factor: str


@dataclass(frozen=True, slots=True)
class OpenSession:
    """Log in: password and code were found right against `credential`."""

    person: str
    token_hash: str
    credential: str
    factor_step: int


@dataclass(frozen=True, slots=True)
class CloseSession:
    """Log out."""

    token_hash: str


@dataclass(frozen=True, slots=True)
class NoteFailure:
    """A login of this person failed."""

    person: str


@dataclass(frozen=True, slots=True)
class AssignDuty:
    """Put a person on duty."""

    person: str
    unit: str
    begins_at: datetime
    ends_at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class NameActingApprover:
    """Let a person stand in for an approver."""

    person: str
    unit: str
    begins_at: datetime
    ends_at: datetime
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class EndDuty:
    """Take a person off duty before the end: of the duty that begins at that instant."""

    person: str
    unit: str
    begins_at: datetime
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class EndActing:
    """Let a person no longer stand in for an approver: of the standing that begins at that instant."""

    person: str
    unit: str
    begins_at: datetime
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class HandOverShift:
    """Give what is open to the next shift; it is the taker's once that person names the same list."""

    unit: str
    giver: str
    taker: str
    digest: str
    """Of the list that the giver saw."""


@dataclass(frozen=True, slots=True)
class TakeOverShift:
    """Take what is open over, on the list as the taker saw it."""

    unit: str
    taker: str
    digest: str


@dataclass(frozen=True, slots=True)
class LogEscalation:
    """Write down who was asked beyond the usual way, and the outcome."""

    case: str
    asked: str
    by: str
    outcome: str


Command = (
    AddUnit
    | AddPerson
    | SuspendPerson
    | RestorePerson
    | GrantRole
    | RevokeRole
    | OfferEnrolment
    | Enrol
    | SetUp
    | OpenSession
    | CloseSession
    | NoteFailure
    | AssignDuty
    | NameActingApprover
    | EndDuty
    | EndActing
    | HandOverShift
    | TakeOverShift
    | LogEscalation
)
