"""Whether a person may carry out an action on a thing, now: the table of `roles.py` applied. Pure; deny is the default.

Rights are asked at the moment of the act and from the state as it then is, so a changed right works at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from recoup.orders.levels import Level
from recoup.staff.directory import Directory, Grant
from recoup.staff.refusals import Denial, StaffReason
from recoup.staff.roles import (
    AT_INSTITUTION,
    FOUR_EYES,
    NEEDS_PURPOSE,
    Action,
    Role,
    Scope,
    scope_of,
)


@dataclass(frozen=True, slots=True)
class Target:
    """What an action is about. A part that is '' matches nothing: what is not known is not reached."""

    unit: str = ""
    institution: str = ""
    owner: str = ""
    """The person who made it."""
    makers: tuple[str, ...] = ()
    """Others who had a part in it: its four eyes are none of theirs."""


@dataclass(frozen=True, slots=True)
class Why:
    """For which case somebody asks, and the reason."""

    case: str = ""
    reason: str = ""

    @property
    def is_told(self) -> bool:
        """Whether both are there."""
        return bool(self.case.strip() and self.reason.strip())


def permit(
    directory: Directory,
    person: str,
    action: Action,
    target: Target,
    why: Why,
    now: datetime,
    level: Level | None = None,
) -> Denial | None:
    """Return None if `person` may do it now, else why not; with a level, the role is held at a unit that stands so high."""
    if not roles_for(directory, person, action, target, now):
        return Denial(StaffReason.NOT_PERMITTED, action.value)
    if action in FOUR_EYES and (not target.owner or person in (target.owner, *target.makers)):
        return Denial(StaffReason.FOUR_EYES, action.value)
    if action in NEEDS_PURPOSE and not why.is_told:
        return Denial(StaffReason.PURPOSE_MISSING, action.value)
    if level is not None and not roles_for(directory, person, action, target, now, level):
        return Denial(StaffReason.LEVEL_TOO_LOW, level.value)
    return None


def roles_for(
    directory: Directory,
    person: str,
    action: Action,
    target: Target,
    now: datetime,
    level: Level | None = None,
) -> tuple[Role, ...]:
    """Return the roles by which `person` reaches the target with the action now, in the order in which they were given.

    With a level, only those that are held at a unit of that level or a higher one.
    """
    grants = directory.grants_of(person, now)
    reaching = (x for x in grants if reaches(directory, person, x, action, target))
    return tuple(x.role for x in reaching if level is None or _stands(directory, x, level))


def roles_anywhere(
    directory: Directory, person: str, action: Action, now: datetime
) -> frozenset[Role]:
    """Return the roles by which `person` may carry out the action on anything at all."""
    grants = directory.grants_of(person, now)
    return frozenset(x.role for x in grants if scope_of(x.role, action) is not Scope.NONE)


def hears_of_absence(directory: Directory, person: str, action: Action, now: datetime) -> bool:
    """Whether `person` is told that a thing does not exist: all others are refused it as they are refused another's.

    Those are who could not do it with any thing, and institutions: one must not learn which things another has.
    """
    return bool(roles_anywhere(directory, person, action, now) - AT_INSTITUTION)


def _stands(directory: Directory, grant: Grant, level: Level) -> bool:
    unit = directory.units.get(grant.unit)
    return unit is not None and unit.level.reaches(level)


def reaches(
    directory: Directory, person: str, grant: Grant, action: Action, target: Target
) -> bool:
    """Whether one role, held where it is held, reaches the target."""
    match scope_of(grant.role, action):
        case Scope.NONE:
            return False
        case Scope.OWN:
            # Made by the person, and still in the unit where the role is held: who moves on leaves the work behind.
            return bool(person) and target.owner == person and _is_at(grant, target)
        case Scope.UNIT:
            return _is_at(grant, target)
        case Scope.UNIT_AND_BELOW:
            return bool(grant.unit) and grant.unit in directory.above(target.unit)
        case Scope.OWN_INSTITUTION:
            return bool(grant.institution) and grant.institution == target.institution
        case Scope.ALL:
            return True


def _is_at(grant: Grant, target: Target) -> bool:
    return bool(grant.unit) and grant.unit == target.unit


__all__ = [
    "Target",
    "Why",
    "hears_of_absence",
    "permit",
    "reaches",
    "roles_anywhere",
    "roles_for",
]
