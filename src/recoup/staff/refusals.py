"""Why a person may not do something, or why a command about persons is not carried out: values, not faults of the outside."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class StaffReason(StrEnum):
    """What is wrong. A caller may act differently on each."""

    NOT_PERMITTED = "not_permitted"
    """No role of the person reaches this action on this thing."""
    PURPOSE_MISSING = "purpose_missing"
    """No case number, or no reason."""
    FOUR_EYES = "four_eyes"
    """Who made it does not decide on it."""
    LEVEL_TOO_LOW = "level_too_low"
    """The role is held at a unit that stands too low for this decision."""
    SESSION_ENDED = "session_ended"
    PERSON_UNKNOWN = "person_unknown"
    PERSON_EXISTS = "person_exists"
    PERSON_SUSPENDED = "person_suspended"
    PERSON_NOT_SUSPENDED = "person_not_suspended"
    UNIT_UNKNOWN = "unit_unknown"
    UNIT_EXISTS = "unit_exists"
    LEVEL_NOT_BELOW = "level_not_below"
    """A unit lies below one of a higher level; only a province, or a root, stands alone."""
    ROLE_HELD = "role_held"
    ROLE_NOT_HELD = "role_not_held"
    ROLE_PLACE_WRONG = "role_place_wrong"
    """A bank's role is held at an institution, any other at a unit."""
    ROLES_INCOMPATIBLE = "roles_incompatible"
    OWN_RIGHTS = "own_rights"
    """Nobody changes their own rights."""
    LAST_ADMINISTRATOR = "last_administrator"
    ADMINISTRATOR_EXISTS = "administrator_exists"
    """The first administrator is there: the setup token is spent."""
    ENROLMENT_UNKNOWN = "enrolment_unknown"
    """Never offered, used already, or too late."""
    CREDENTIAL_CHANGED = "credential_changed"
    FACTOR_REPLAYED = "factor_replayed"
    """A code that was used, or one older than it."""
    LOGIN_LOCKED = "login_locked"
    TERM_BACKWARDS = "term_backwards"
    """It ends before it begins, or has ended."""
    TERM_TOO_LONG = "term_too_long"
    DUTY_UNKNOWN = "duty_unknown"
    """No such duty, or standing for an approver, runs or is to come."""
    SHIFT_NOT_GIVEN = "shift_not_given"
    """Nobody gave this unit's open work to this person."""
    SHIFT_STALE = "shift_stale"
    """What is open is no longer what was seen: look again."""

    @property
    def is_transient(self) -> bool:
        """Whether the same command may succeed later."""
        return self is StaffReason.LOGIN_LOCKED

    @property
    def is_denial(self) -> bool:
        """Whether the person, not the thing, is why."""
        return self in _DENIALS


_DENIALS = frozenset(
    {
        StaffReason.NOT_PERMITTED,
        StaffReason.PURPOSE_MISSING,
        StaffReason.FOUR_EYES,
        StaffReason.LEVEL_TOO_LOW,
        StaffReason.OWN_RIGHTS,
    }
)


@dataclass(frozen=True, slots=True)
class Denial:
    """An expected answer: nothing was changed or shown."""

    reason: StaffReason
    found: str = ""


__all__ = ["Denial", "StaffReason"]
