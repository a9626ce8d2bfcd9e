"""What happened to units, persons, sessions and duties: with everything that `evolve` sets. No name, no secret, no token."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from recoup.staff.directory import Grant, Unit


@dataclass(frozen=True, slots=True)
class UnitAdded:
    """A unit joined the tree."""

    unit: Unit
    by: str


@dataclass(frozen=True, slots=True)
class PersonAdded:
    """Somebody can be given roles."""

    person: str
    by: str
    """'' for the first administrator, whom nobody added."""


@dataclass(frozen=True, slots=True)
class PersonSuspended:
    """All rights rest and all sessions are closed."""

    person: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class PersonRestored:
    """The rights stand again."""

    person: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class RoleGranted:
    """A person holds a role at a place."""

    person: str
    grant: Grant
    by: str


@dataclass(frozen=True, slots=True)
class RoleRevoked:
    """A person no longer holds it."""

    person: str
    grant: Grant
    by: str


@dataclass(frozen=True, slots=True)
class EnrolmentOffered:
    """A one-time token was given out; what was set before is void from here on, and sessions are closed."""

    person: str
    token_hash: str
    ends_at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class CredentialSet:
    """The person set a password: its argon2 hash."""

    person: str
    hash: str


@dataclass(frozen=True, slots=True)
class SecondFactorSet:
    """The person has a second factor; the secret lies in the vault under `reference`."""

    person: str
    reference: str


@dataclass(frozen=True, slots=True)
class SessionOpened:
    """Password and code were right."""

    person: str
    token_hash: str
    factor_step: int
    ends_at: datetime
    at: datetime


@dataclass(frozen=True, slots=True)
class SessionClosed:
    """A session no longer stands."""

    person: str
    token_hash: str


@dataclass(frozen=True, slots=True)
class LoginFailed:
    """A password or a code of a person who exists was wrong."""

    person: str
    failures: int
    locked_until: datetime | None


@dataclass(frozen=True, slots=True)
class DutyAssigned:
    """A person is the unit's duty officer for a time."""

    person: str
    unit: str
    begins_at: datetime
    ends_at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class ActingApproverNamed:
    """A person stands in for an approver of the unit for a time."""

    person: str
    unit: str
    begins_at: datetime
    ends_at: datetime
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class DutyEnded:
    """A duty that begins at `begins_at` ended at `at`, before its time; one that had not begun never does."""

    person: str
    unit: str
    begins_at: datetime
    by: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ActingEnded:
    """The same of somebody who stood in for an approver."""

    person: str
    unit: str
    begins_at: datetime
    by: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ShiftHandedOver:
    """One person gives what is open to another; `digest` is that of the list as it was then, which the giver saw."""

    unit: str
    giver: str
    taker: str
    digest: str
    at: datetime | None = None
    """None: of before it was kept."""


@dataclass(frozen=True, slots=True)
class ShiftTakenOver:
    """The other person names the same list, which still stood or was given minutes ago, and answers for what is open."""

    unit: str
    giver: str
    taker: str
    digest: str


@dataclass(frozen=True, slots=True)
class EscalationLogged:
    """Somebody was asked beyond the usual way, and what came of it."""

    case: str
    asked: str
    by: str
    outcome: str


Event = (
    UnitAdded
    | PersonAdded
    | PersonSuspended
    | PersonRestored
    | RoleGranted
    | RoleRevoked
    | EnrolmentOffered
    | CredentialSet
    | SecondFactorSet
    | SessionOpened
    | SessionClosed
    | LoginFailed
    | DutyAssigned
    | ActingApproverNamed
    | DutyEnded
    | ActingEnded
    | ShiftHandedOver
    | ShiftTakenOver
    | EscalationLogged
)

EVENT_NAMES: Final[Mapping[str, type]] = {
    "unit_added": UnitAdded,
    "person_added": PersonAdded,
    "person_suspended": PersonSuspended,
    "person_restored": PersonRestored,
    "role_granted": RoleGranted,
    "role_revoked": RoleRevoked,
    "enrolment_offered": EnrolmentOffered,
    "credential_set": CredentialSet,
    "second_factor_set": SecondFactorSet,
    "session_opened": SessionOpened,
    "session_closed": SessionClosed,
    "login_failed": LoginFailed,
    "duty_assigned": DutyAssigned,
    "acting_approver_named": ActingApproverNamed,
    "duty_ended": DutyEnded,
    "acting_ended": ActingEnded,
    "shift_handed_over": ShiftHandedOver,
    "shift_taken_over": ShiftTakenOver,
    "escalation_logged": EscalationLogged,
}
"""The names under which a journal keeps them, all of version 1."""
