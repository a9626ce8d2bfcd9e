"""Folds events into the directory. It holds no rule and cannot refuse: what an event says is so."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from recoup.staff.directory import (
    Directory,
    Enrolment,
    Grant,
    Person,
    Session,
    Shift,
    TimedGrant,
)
from recoup.staff.events import (
    ActingApproverNamed,
    ActingEnded,
    CredentialSet,
    DutyAssigned,
    DutyEnded,
    EnrolmentOffered,
    EscalationLogged,
    Event,
    LoginFailed,
    PersonAdded,
    PersonRestored,
    PersonSuspended,
    RoleGranted,
    RoleRevoked,
    SecondFactorSet,
    SessionClosed,
    SessionOpened,
    ShiftHandedOver,
    ShiftTakenOver,
    UnitAdded,
)
from recoup.staff.roles import Role


def evolve(directory: Directory, event: Event) -> Directory:
    """Return the directory after `event`."""
    match event:
        case UnitAdded(unit):
            return replace(directory, units={**directory.units, unit.id: unit})
        case PersonAdded(person):
            return replace(directory, persons={**directory.persons, person: Person(person)})
        case SessionOpened():
            return _opened(directory, event)
        case SessionClosed(_, token_hash):
            kept = {key: x for key, x in directory.sessions.items() if key != token_hash}
            return replace(directory, sessions=kept)
        case DutyAssigned() | ActingApproverNamed():
            role = Role.DUTY_OFFICER if isinstance(event, DutyAssigned) else Role.APPROVER
            timed = TimedGrant(
                event.person, Grant(role, event.unit), event.begins_at, event.ends_at
            )
            return replace(directory, timed=(*directory.timed, timed))
        case DutyEnded() | ActingEnded():
            return _ended(directory, event)
        case ShiftHandedOver(unit_id, giver, taker, digest, at):
            shift = Shift(unit_id, giver, taker, digest, at)
            return replace(directory, given={**directory.given, unit_id: shift})
        case ShiftTakenOver(unit_id):
            left = {key: shift for key, shift in directory.given.items() if key != unit_id}
            return replace(directory, given=left)
        case EscalationLogged():
            return directory  # a fact for the record
        case PersonSuspended() | EnrolmentOffered():
            return _without_sessions(_changed(directory, event), event.person)
        case _:
            return _changed(directory, event)


def fold(directory: Directory, events: Iterable[Event]) -> Directory:
    """Return the directory after all `events` in their order."""
    for event in events:
        directory = evolve(directory, event)
    return directory


def _changed(
    directory: Directory,
    event: PersonSuspended
    | PersonRestored
    | RoleGranted
    | RoleRevoked
    | EnrolmentOffered
    | CredentialSet
    | SecondFactorSet
    | LoginFailed,
) -> Directory:
    """Return the directory with the one person changed that the event is about."""
    person = _person_after(directory.persons[event.person], event)
    return replace(directory, persons={**directory.persons, person.id: person})


def _person_after(
    person: Person,
    event: PersonSuspended
    | PersonRestored
    | RoleGranted
    | RoleRevoked
    | EnrolmentOffered
    | CredentialSet
    | SecondFactorSet
    | LoginFailed,
) -> Person:
    match event:
        case PersonSuspended():
            return replace(person, is_suspended=True)
        case PersonRestored():
            return replace(person, is_suspended=False)
        case RoleGranted(_, grant):
            return replace(person, grants=(*person.grants, grant))
        case RoleRevoked(_, grant):
            return replace(person, grants=tuple(x for x in person.grants if x != grant))
        case EnrolmentOffered(_, token_hash, ends_at):
            offered = Enrolment(token_hash, ends_at)
            return replace(person, enrolment=offered, credential="", factor="", factor_step=0)
        case CredentialSet(_, credential):
            return replace(
                person, credential=credential, enrolment=None, failures=0, locked_until=None
            )
        case SecondFactorSet(_, reference):
            return replace(person, factor=reference, factor_step=0)
        case LoginFailed(_, failures, locked_until):
            return replace(person, failures=failures, locked_until=locked_until)


def _ended(directory: Directory, event: DutyEnded | ActingEnded) -> Directory:
    """Return the directory with the standing cut at the instant of the event, or without it where it had not begun."""
    role = Role.DUTY_OFFICER if isinstance(event, DutyEnded) else Role.APPROVER
    about = (event.person, Grant(role, event.unit), event.begins_at)
    left = (
        replace(x, ends_at=min(x.ends_at, event.at))
        if (x.person, x.grant, x.begins_at) == about
        else x
        for x in directory.timed
    )
    return replace(directory, timed=tuple(x for x in left if not x.is_over(event.at)))


def _opened(directory: Directory, event: SessionOpened) -> Directory:
    person = replace(
        directory.persons[event.person],
        factor_step=event.factor_step,
        failures=0,
        locked_until=None,
    )
    standing = {key: x for key, x in directory.sessions.items() if x.ends_at > event.at}
    session = Session(event.token_hash, event.person, event.ends_at)
    return replace(
        directory,
        persons={**directory.persons, person.id: person},
        sessions={**standing, event.token_hash: session},
        timed=tuple(x for x in directory.timed if not x.is_over(event.at)),
    )


def _without_sessions(directory: Directory, person: str) -> Directory:
    kept = {key: x for key, x in directory.sessions.items() if x.person != person}
    return replace(directory, sessions=kept)
