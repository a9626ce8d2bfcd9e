"""Every rule about units, persons, sessions and duties: a command becomes events or is refused. Pure; time is an argument.

1. Nobody changes their own rights, and there is always an administrator.
2. Who gives rights, watches, or works for a bank holds no other role (`APART`).
3. A code of the second factor opens one session: it and all older ones are refused afterwards, also when two come at once.
4. After some failed logins a person is locked out for a while; what is tried meanwhile is not written, so nobody can fill
   the journal by guessing.
5. A shift goes from one person to another on one list: what was open when it was given, which both name. It is taken over as
   long as that list still stands, and within minutes of the giving in a unit whose list never stands for so long.
6. Who could give a duty, or a standing for an approver, ends it before its time, with a reason: of others, never their own.
7. A one-time token sets password and second factor together, once, before its end.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import assert_never

from recoup import limits
from recoup.staff.commands import (
    AddPerson,
    AddUnit,
    AssignDuty,
    CloseSession,
    Command,
    EndActing,
    EndDuty,
    Enrol,
    GrantRole,
    HandOverShift,
    LogEscalation,
    NameActingApprover,
    NoteFailure,
    OfferEnrolment,
    OpenSession,
    RestorePerson,
    RevokeRole,
    SetUp,
    SuspendPerson,
    TakeOverShift,
)
from recoup.staff.directory import Directory, Grant, Person, Unit
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
from recoup.staff.refusals import Denial, StaffReason
from recoup.staff.roles import APART, AT_INSTITUTION, Role

Events = tuple[Event, ...]


def decide(
    directory: Directory, command: Command, now: datetime, open_digest: str = ""
) -> Events | Denial:
    """Return what happens when `command` is carried out at `now`; `open_digest` is that of what is open in its unit now."""
    match command:
        case AddUnit(unit, by):
            return _misplaced(directory, unit) or (UnitAdded(unit, by),)
        case SetUp():
            return _set_up(directory, command)
        case LogEscalation(case, asked, by, outcome):
            return _missing(directory, asked) or (EscalationLogged(case, asked, by, outcome),)
        case HandOverShift() | TakeOverShift():
            return _shift(directory, command, now, open_digest)
        case CloseSession(token_hash):
            found = directory.sessions.get(token_hash)
            return () if found is None else (SessionClosed(found.person, token_hash),)
        case AssignDuty() | NameActingApprover():
            return _timed(directory, command, now)
        case EndDuty() | EndActing():
            return _ended(directory, command, now)
        case AddPerson() | SuspendPerson() | RestorePerson() | OfferEnrolment():
            return _person(directory, command, now)
        case GrantRole() | RevokeRole():
            return _role(directory, command, now)
        case Enrol() | OpenSession() | NoteFailure():
            return _way_in(directory, command, now)
        case _:
            assert_never(command)


def _missing(directory: Directory, person: str) -> Denial | None:
    """Refuse a person who is not there, or whose rights rest."""
    found = directory.persons.get(person)
    if found is None:
        return Denial(StaffReason.PERSON_UNKNOWN, person)
    return Denial(StaffReason.PERSON_SUSPENDED, person) if found.is_suspended else None


def _shift(
    directory: Directory, command: HandOverShift | TakeOverShift, now: datetime, open_digest: str
) -> Events | Denial:
    """Give what is open, on the list as it is at that moment; take it, on the list that was given."""
    unit, taker, digest = command.unit, command.taker, command.digest
    if unit not in directory.units:
        return Denial(StaffReason.UNIT_UNKNOWN, unit)
    missing = _missing(directory, taker)
    if missing is not None:
        return missing
    if isinstance(command, HandOverShift):
        if command.giver == taker:
            return Denial(StaffReason.FOUR_EYES)
        if digest != open_digest:
            return Denial(StaffReason.SHIFT_STALE)
        return (ShiftHandedOver(unit, command.giver, taker, digest, now),)
    given = directory.given.get(unit)
    if given is None or given.taker != taker:
        return Denial(StaffReason.SHIFT_NOT_GIVEN, unit)
    if digest != given.digest or given.is_stale(open_digest, now):
        return Denial(StaffReason.SHIFT_STALE)
    return (ShiftTakenOver(unit, given.giver, taker, digest),)


def _misplaced(directory: Directory, unit: Unit) -> Denial | None:
    if unit.id in directory.units:
        return Denial(StaffReason.UNIT_EXISTS, unit.id)
    if not unit.parent:
        return None
    parent = directory.units.get(unit.parent)
    if parent is None:
        return Denial(StaffReason.UNIT_UNKNOWN, unit.parent)
    if unit.level.depth <= parent.level.depth:
        return Denial(StaffReason.LEVEL_NOT_BELOW, f"{unit.level} below {parent.level}")
    return None


def _set_up(directory: Directory, command: SetUp) -> Events | Denial:
    if any(x.role is Role.ADMINISTRATOR for p in directory.persons.values() for x in p.grants):
        return Denial(StaffReason.ADMINISTRATOR_EXISTS)
    person = command.person
    return _misplaced(directory, command.unit) or (
        UnitAdded(command.unit, ""),
        PersonAdded(person, ""),
        RoleGranted(person, Grant(Role.ADMINISTRATOR, command.unit.id), ""),
        CredentialSet(person, command.credential),
        SecondFactorSet(person, command.factor),
    )


def _person(
    directory: Directory,
    command: AddPerson | SuspendPerson | RestorePerson | OfferEnrolment,
    now: datetime,
) -> Events | Denial:
    person, by = command.person, command.by
    found = directory.persons.get(person)
    ends_at = now + timedelta(seconds=limits.ENROLMENT_SECONDS_MAX)
    if isinstance(command, AddPerson):
        if found is not None:
            return Denial(StaffReason.PERSON_EXISTS, person)
        offered = EnrolmentOffered(person, command.token_hash, ends_at, by)
        return (PersonAdded(person, by), offered)
    if found is None:
        return Denial(StaffReason.PERSON_UNKNOWN, person)
    if person == by:
        return Denial(StaffReason.OWN_RIGHTS)
    if isinstance(command, RestorePerson):
        if not found.is_suspended:
            return Denial(StaffReason.PERSON_NOT_SUSPENDED, person)
        return (PersonRestored(person, by, command.reason),)
    if found.is_suspended:
        return Denial(StaffReason.PERSON_SUSPENDED, person)
    if isinstance(command, OfferEnrolment):
        return (EnrolmentOffered(person, command.token_hash, ends_at, by),)
    if directory.administrators() == (person,):
        return Denial(StaffReason.LAST_ADMINISTRATOR)
    return (PersonSuspended(person, by, command.reason),)


def _role(directory: Directory, command: GrantRole | RevokeRole, now: datetime) -> Events | Denial:
    person, grant, by = command.person, command.grant, command.by
    found = directory.persons.get(person)
    if found is None:
        return Denial(StaffReason.PERSON_UNKNOWN, person)
    if person == by:
        return Denial(StaffReason.OWN_RIGHTS)
    if isinstance(command, RevokeRole):
        if grant not in found.grants:
            return Denial(StaffReason.ROLE_NOT_HELD, grant.role.value)
        if grant.role is Role.ADMINISTRATOR and directory.administrators() == (person,):
            return Denial(StaffReason.LAST_ADMINISTRATOR)
        return (RoleRevoked(person, grant, by),)
    return _ungrantable(directory, found, grant, now) or (RoleGranted(person, grant, by),)


def _ungrantable(
    directory: Directory, person: Person, grant: Grant, now: datetime
) -> Denial | None:
    is_bank = grant.role in AT_INSTITUTION
    if bool(grant.institution) is not is_bank or bool(grant.unit) is is_bank:
        return Denial(StaffReason.ROLE_PLACE_WRONG, grant.role.value)
    if grant.unit and grant.unit not in directory.units:
        return Denial(StaffReason.UNIT_UNKNOWN, grant.unit)
    if grant in person.grants:
        return Denial(StaffReason.ROLE_HELD, grant.role.value)
    held = [grant.role for grant in person.grants]
    timed = (x for x in directory.timed if x.person == person.id and not x.is_over(now))
    held += [x.grant.role for x in timed]
    if any(role is not grant.role and (role in APART or grant.role in APART) for role in held):
        return Denial(StaffReason.ROLES_INCOMPATIBLE, grant.role.value)
    if any(x.institution != grant.institution for x in person.grants):
        return Denial(StaffReason.ROLES_INCOMPATIBLE, "another institution")
    return None


def _timed(
    directory: Directory, command: AssignDuty | NameActingApprover, now: datetime
) -> Events | Denial:
    if command.unit not in directory.units:
        return Denial(StaffReason.UNIT_UNKNOWN, command.unit)
    missing = _missing(directory, command.person)
    if missing is not None:
        return missing
    if command.person == command.by:
        return Denial(StaffReason.OWN_RIGHTS)
    if any(grant.role in APART for grant in directory.persons[command.person].grants):
        return Denial(StaffReason.ROLES_INCOMPATIBLE)
    if command.ends_at <= max(command.begins_at, now):
        return Denial(StaffReason.TERM_BACKWARDS)
    if command.ends_at - command.begins_at > timedelta(seconds=limits.DUTY_SECONDS_MAX):
        return Denial(StaffReason.TERM_TOO_LONG, f"at most {limits.DUTY_SECONDS_MAX} seconds")
    fields = (command.person, command.unit, command.begins_at, command.ends_at, command.by)
    if isinstance(command, AssignDuty):
        return (DutyAssigned(*fields),)
    return (ActingApproverNamed(*fields, command.reason),)


def _ended(directory: Directory, command: EndDuty | EndActing, now: datetime) -> Events | Denial:
    """End a duty, or a standing for an approver, that runs or is to come."""
    if command.person == command.by:
        return Denial(StaffReason.OWN_RIGHTS)
    is_duty = isinstance(command, EndDuty)
    grant = Grant(Role.DUTY_OFFICER if is_duty else Role.APPROVER, command.unit)
    about = (command.person, grant, command.begins_at)
    running = (x for x in directory.timed if not x.is_over(now))
    if about not in ((x.person, x.grant, x.begins_at) for x in running):
        return Denial(StaffReason.DUTY_UNKNOWN, command.person)
    fields = (command.person, command.unit, command.begins_at, command.by, command.reason, now)
    return (DutyEnded(*fields) if is_duty else ActingEnded(*fields),)


def _way_in(
    directory: Directory, command: Enrol | OpenSession | NoteFailure, now: datetime
) -> Events | Denial:
    """Enrolling, logging in, failing to."""
    found = directory.persons.get(command.person)
    if found is None:
        return Denial(StaffReason.PERSON_UNKNOWN)
    if found.is_suspended:
        return Denial(StaffReason.PERSON_SUSPENDED)
    if isinstance(command, Enrol):
        offered = found.enrolment
        if offered is None or offered.token_hash != command.token_hash or now >= offered.ends_at:
            return Denial(StaffReason.ENROLMENT_UNKNOWN)
        if not command.credential or not command.factor:
            return Denial(StaffReason.ENROLMENT_UNKNOWN, "nothing to set")
        person = command.person
        return (CredentialSet(person, command.credential), SecondFactorSet(person, command.factor))
    if found.locked_until is not None and now < found.locked_until:
        return Denial(StaffReason.LOGIN_LOCKED)
    if isinstance(command, NoteFailure):
        count = found.failures + 1
        if count < limits.LOGIN_FAILURES_MAX:
            return (LoginFailed(found.id, count, None),)
        return (LoginFailed(found.id, 0, now + timedelta(seconds=limits.LOCKED_SECONDS)),)
    if not found.credential or found.credential != command.credential:
        return Denial(StaffReason.CREDENTIAL_CHANGED)
    if command.factor_step <= found.factor_step:
        return Denial(StaffReason.FACTOR_REPLAYED)
    ends_at = now + timedelta(seconds=limits.SESSION_SECONDS_MAX)
    return (SessionOpened(found.id, command.token_hash, command.factor_step, ends_at, now),)
