"""Units, persons, roles and duties: what is looked at, and the two commands that hand out a one-time token."""

from __future__ import annotations

from base64 import urlsafe_b64encode

from fastapi import APIRouter, Response

from recoup.api.bodies import (
    DutyView,
    GrantView,
    Nothing,
    PersonAnswered,
    PersonBody,
    PersonView,
    UnitView,
)
from recoup.api.callers import Caller, Calling, Key, carry_out, hash_of
from recoup.api.problems import ProblemError, responses
from recoup.api.rows import COMMAND_PROBLEMS, STAFF_ROWS, ThingPath, mount
from recoup.clock import instant_text
from recoup.staff import Action, Person, StaffReason, Target
from recoup.staff.commands import AddPerson, OfferEnrolment

router = APIRouter(tags=["staff"])
mount(router, STAFF_ROWS)

_LOOKING = responses(401, 403, 404, 422, 429)


@router.post("/persons", responses=COMMAND_PROBLEMS)
async def add_person(
    body: PersonBody, key: Key, caller: Calling, response: Response
) -> PersonAnswered:
    """Add a person; the answer has the one-time token by which that person enrols."""
    caller.may(Action.PERSON_ADD, Target())
    port = caller.house.port
    person = await port.reserve_person(body.name)
    token = _token(caller, key)
    command = AddPerson(person, hash_of(token), caller.person)
    await carry_out(caller, key, "/persons", {"person": person}, command, response)
    return PersonAnswered(id=person, token=token)


@router.post("/persons/{person}/enrolment", responses=COMMAND_PROBLEMS)
async def offer_enrolment(
    person: ThingPath, body: Nothing, key: Key, caller: Calling, response: Response
) -> PersonAnswered:
    """Let a person set password and second factor anew; sessions are closed, what was set before is void."""
    assert body == Nothing(), "an empty object is empty"
    token = _token(caller, key)
    command = OfferEnrolment(person, hash_of(token), caller.person)
    await carry_out(caller, key, "/persons/{person}/enrolment", {"id": person}, command, response)
    return PersonAnswered(id=person, token=token)


@router.get("/persons", responses=_LOOKING)
async def persons(caller: Calling) -> list[PersonView]:
    """List all persons: ids and roles; names lie in the vault."""
    caller.may(Action.STAFF_READ, Target())
    found = caller.house.port.view().staff.persons
    return [_person_view(found[person]) for person in sorted(found)]


@router.get("/persons/{person}", responses=_LOOKING)
async def one_person(person: ThingPath, caller: Calling) -> PersonView:
    """Show one person."""
    caller.may(Action.STAFF_READ, Target())
    found = caller.house.port.view().staff.persons.get(person)
    if found is None:
        raise ProblemError(StaffReason.PERSON_UNKNOWN)
    return _person_view(found)


@router.get("/units", responses=_LOOKING)
async def units(caller: Calling) -> list[UnitView]:
    """List the tree of units."""
    caller.may(Action.STAFF_READ, Target())
    found = caller.house.port.view().staff.units
    return [
        UnitView(id=x.id, level=x.level.value, parent=x.parent or None)
        for x in (found[unit] for unit in sorted(found))
    ]


@router.get("/units/{unit}/duties", responses=_LOOKING)
async def duties(unit: ThingPath, caller: Calling) -> list[DutyView]:
    """List who is on duty or acts for an approver at a unit, now or later."""
    caller.may(Action.DUTY_READ, Target(unit=unit))
    port = caller.house.port
    staff, now = port.view().staff, port.now()
    if unit not in staff.units:
        raise ProblemError(StaffReason.UNIT_UNKNOWN)
    return [
        DutyView(
            person=x.person,
            role=x.grant.role.value,
            unit=unit,
            begins_at=instant_text(x.begins_at),
            ends_at=instant_text(x.ends_at),
        )
        for x in staff.timed
        if x.grant.unit == unit and x.ends_at > now
    ]


def _person_view(person: Person) -> PersonView:
    return PersonView(
        id=person.id,
        is_suspended=person.is_suspended,
        is_enrolled=bool(person.credential),
        grants=[
            GrantView(role=x.role.value, unit=x.unit or None, institution=x.institution or None)
            for x in person.grants
        ],
    )


def _token(caller: Caller, key: str) -> str:
    """Return the token of this very command: a repeat shows it again, and it is kept nowhere."""
    scope = f"{caller.person}:{key}".encode()
    made = caller.house.port.digest("enrolment", scope)
    return urlsafe_b64encode(made).decode().rstrip("=")


__all__ = ["router"]
