"""Who works with the centre and who may do what: units, persons, roles, sessions, duties. Pure: decide, then evolve."""

from recoup.staff.decide import decide
from recoup.staff.directory import Directory, Grant, Level, Person, Session, Shift, TimedGrant, Unit
from recoup.staff.events import EVENT_NAMES
from recoup.staff.evolve import evolve, fold
from recoup.staff.refusals import Denial, StaffReason
from recoup.staff.rights import (
    Target,
    Why,
    hears_of_absence,
    permit,
    roles_anywhere,
    roles_for,
)
from recoup.staff.roles import Action, Role, Scope, scope_of

__all__ = [
    "EVENT_NAMES",
    "Action",
    "Denial",
    "Directory",
    "Grant",
    "Level",
    "Person",
    "Role",
    "Scope",
    "Session",
    "Shift",
    "StaffReason",
    "Target",
    "TimedGrant",
    "Unit",
    "Why",
    "decide",
    "evolve",
    "fold",
    "hears_of_absence",
    "permit",
    "roles_anywhere",
    "roles_for",
    "scope_of",
]
