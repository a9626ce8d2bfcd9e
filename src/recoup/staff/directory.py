"""Units, persons, sessions and who is on duty, as values. Persons are opaque ids: names lie in the vault. No rule is here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from recoup.limits import SHIFT_TAKEN_SECONDS_MAX
from recoup.orders.levels import Level
from recoup.staff.roles import Role


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of the police; a root has no parent."""

    id: str
    level: Level
    parent: str = ""


@dataclass(frozen=True, slots=True)
class Grant:
    """A role and where it is held: at a unit, or at an institution."""

    role: Role
    unit: str = ""
    institution: str = ""


@dataclass(frozen=True, slots=True)
class TimedGrant:
    """A role that a person holds at a unit from one instant until another: on duty, or acting for an approver."""

    person: str
    grant: Grant
    begins_at: datetime
    ends_at: datetime

    def holds(self, at: datetime) -> bool:
        """Whether it stands at that instant; its end is not part of it."""
        return self.begins_at <= at < self.ends_at

    def is_over(self, at: datetime) -> bool:
        """Whether it stands neither then nor later."""
        return at >= self.ends_at


@dataclass(frozen=True, slots=True)
class Enrolment:
    """The one-time way in by which a person sets a password and a second factor."""

    token_hash: str
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who works with the centre."""

    id: str
    grants: tuple[Grant, ...] = ()
    is_suspended: bool = False
    credential: str = ""
    """Argon2 hash of the password; '' before enrolment."""
    factor: str = ""
    """Under what name the vault keeps the second factor's secret."""
    factor_step: int = 0
    """Time step of the newest code used: it and older ones are refused."""
    failures: int = 0
    """Failed logins since the last one that succeeded, or since the last lock."""
    locked_until: datetime | None = None
    enrolment: Enrolment | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """A login that stands; the token itself is kept nowhere."""

    token_hash: str
    person: str
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Shift:
    """What is open in a unit, given to somebody who has not taken it over yet."""

    unit: str
    giver: str
    taker: str
    digest: str
    given_at: datetime | None = None
    """None: before that was kept."""

    def is_stale(self, open_digest: str, now: datetime) -> bool:
        """Whether it must be given anew: something happened to the list, and it was given too long ago to be taken as is."""
        if self.digest == open_digest:
            return False
        seconds = timedelta(seconds=SHIFT_TAKEN_SECONDS_MAX)
        return self.given_at is None or now > self.given_at + seconds


@dataclass(frozen=True, slots=True)
class Directory:
    """All of it."""

    units: Mapping[str, Unit] = field(default_factory=dict)
    persons: Mapping[str, Person] = field(default_factory=dict)
    sessions: Mapping[str, Session] = field(default_factory=dict)
    timed: tuple[TimedGrant, ...] = ()
    """Those that run or are to come; what is over goes with the next login."""
    given: Mapping[str, Shift] = field(default_factory=dict)
    """Shifts that wait to be taken over, at most one of a unit: the last that was given."""

    def above(self, unit: str) -> Iterator[str]:
        """Yield the unit and all above it; nothing for one that is not known."""
        while unit in self.units:
            yield unit
            unit = self.units[unit].parent

    def grants_of(self, person: str, at: datetime) -> tuple[Grant, ...]:
        """Return what a person holds at that instant; nothing while suspended."""
        found = self.persons.get(person)
        if found is None or found.is_suspended:
            return ()
        timed = (x.grant for x in self.timed if x.person == person and x.holds(at))
        return (*found.grants, *timed)

    def session(self, token_hash: str, at: datetime) -> Session | None:
        """Return the session of a token if it stands at that instant."""
        found = self.sessions.get(token_hash)
        if found is None or at >= found.ends_at or self.persons[found.person].is_suspended:
            return None
        return found

    def administrators(self) -> tuple[str, ...]:
        """Return those who can give rights, sorted."""
        held = {
            person.id
            for person in self.persons.values()
            if not person.is_suspended and any(g.role is Role.ADMINISTRATOR for g in person.grants)
        }
        return tuple(sorted(held))


__all__ = [
    "Directory",
    "Enrolment",
    "Grant",
    "Level",
    "Person",
    "Session",
    "Shift",
    "TimedGrant",
    "Unit",
]
