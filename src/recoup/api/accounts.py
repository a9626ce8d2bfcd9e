"""Ways in and out: setup, enrolment, login, logout, oneself.

A failed login tells nothing of why: an unknown name, a wrong password, a wrong or used code and a locked person get the same
answer after the same work. A locked person's tries are not written, so nobody fills the journal by guessing.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from typing import Final

from fastapi import APIRouter, Request, Response

from recoup.api.bodies import (
    EnrolBody,
    Enrolled,
    GrantView,
    LoginBody,
    MeView,
    SessionAnswered,
    SetupBody,
)
from recoup.api.callers import Calling, House, HouseOf, Key, at_the_door, command_of, hash_of, told
from recoup.api.passwords import address_of, new_secret, step_of
from recoup.api.problems import ProblemError, responses
from recoup.centre.commands import Command, Done, Turned
from recoup.clock import instant_text
from recoup.ids import CommandId
from recoup.staff import Person, StaffReason, Unit
from recoup.staff.commands import CloseSession, Enrol, NoteFailure, OpenSession, SetUp

router = APIRouter(tags=["ways in"])
_NO_SECRET: Final = "A" * 32
"""Compared with when a person has no second factor: the same work, and no code of it is taken."""

_WRONG = responses(400, 409, 413, 415, 422, 429, 503)


def _admit(request: Request, house: House) -> None:
    """Count a try to come in, by address."""
    address = request.client.host if request.client else ""
    if not house.logins.take(address):
        raise ProblemError("too_many_requests")


@router.post("/setup", responses=_WRONG | responses(403))
async def set_up(
    body: SetupBody, key: Key, request: Request, response: Response, house: HouseOf
) -> Enrolled:
    """Make the first administrator, once, with the token that the first start printed."""
    _admit(request, house)
    if not house.setup or hash_of(body.token) != house.setup:
        raise ProblemError("setup_refused")
    person = await house.port.reserve_person(body.name)
    reference = await _new_factor(house)
    credential = await house.passwords.hash(body.password)
    value = SetUp(person, Unit(body.unit, body.level), credential, reference)
    content = {
        "person": person,
        "unit": body.unit,
        "level": body.level.value,
        "password": await _hidden(house, key, body.password),
    }
    given = command_of(house.port, "setup", key, "/setup", content, at_the_door(value))
    told(await house.port.submit(given), response)
    return await _enrolled(house, person, body.name)


@router.post("/enrolments", responses=_WRONG)
async def enrol(
    body: EnrolBody, key: Key, request: Request, response: Response, house: HouseOf
) -> Enrolled:
    """Set a password and get a second factor, with the one-time token that an administrator handed over."""
    _admit(request, house)
    person = await house.port.find_person(body.name)
    found = house.port.view().staff.persons.get(person or "")
    if person is None or found is None:  # a name may be reserved for a person who was never added
        raise ProblemError(StaffReason.ENROLMENT_UNKNOWN)
    token_hash, offered = hash_of(body.token), found.enrolment
    # Whoever guesses fills no vault; a repeat of what was done needs no secret, the writer has its answer.
    is_offered = offered is not None and offered.token_hash == token_hash
    reference = await _new_factor(house) if is_offered else ""
    credential = await house.passwords.hash(body.password)
    content = {
        "person": person,
        "token": token_hash,
        "password": await _hidden(house, key, body.password),
    }
    scope = f"enrol:{token_hash[:16]}"
    value = at_the_door(Enrol(person, token_hash, credential, reference))
    given = command_of(house.port, scope, key, "/enrolments", content, value)
    told(await house.port.submit(given), response)
    return await _enrolled(house, person, body.name)


@router.post("/sessions", responses=_WRONG | responses(401))
async def log_in(body: LoginBody, key: Key, request: Request, house: HouseOf) -> SessionAnswered:
    """Open a session; the token is shown this once."""
    _admit(request, house)
    port, began = house.port, time.monotonic()
    name = await port.find_person(body.name)
    person = port.view().staff.persons.get(name or "") or Person("")
    is_password = await house.passwords.is_right(person.credential, body.password)
    secret = await port.factor(person.factor, person.id)
    step = step_of(secret or _NO_SECRET, body.code, port.now())
    if not (is_password and secret and step > person.factor_step):
        await _fail(house, person, began)
    token = secrets.token_urlsafe(32)
    value = OpenSession(person.id, hash_of(token), person.credential, step)
    scope = f"login:{person.id}"
    given = command_of(port, scope, key, "/sessions", {"person": person.id}, at_the_door(value))
    outcome = await port.submit(given)
    if isinstance(outcome, Turned) and outcome.reason in set(StaffReason):
        await _fail(house, person, began)
    if isinstance(outcome, Done) and outcome.is_repeat:
        raise ProblemError("session_shown_once")
    told(outcome, Response())
    session = port.view().staff.sessions[hash_of(token)]
    return SessionAnswered(token=token, ends_at=instant_text(session.ends_at))


@router.delete("/sessions/current", status_code=204, responses=responses(401, 429, 503))
async def log_out(caller: Calling) -> None:
    """Close the session of this token."""
    value = at_the_door(CloseSession(caller.session))
    port = caller.house.port
    given = command_of(port, "logout", caller.session, "/sessions/current", {}, value)
    told(await port.submit(given), Response())


@router.get("/me", responses=responses(401, 429))
async def me(caller: Calling) -> MeView:
    """Show who calls, and what that person holds now."""
    port = caller.house.port
    staff, now = port.view().staff, port.now()
    return MeView(
        id=caller.person,
        is_suspended=False,
        is_enrolled=True,
        grants=[
            GrantView(role=x.role.value, unit=x.unit or None, institution=x.institution or None)
            for x in staff.grants_of(caller.person, now)
        ],
        ends_at=instant_text(staff.sessions[caller.session].ends_at),
    )


async def _fail(house: House, person: Person, began: float) -> None:
    """Count the failure against a person who is there, then end the request, always as long after its begin.

    Counting syncs a disk, which takes longer than not counting: without the wait, time would tell who exists.
    """
    if person.id:
        command_id = CommandId(house.port.new_id("failure"))
        value = at_the_door(NoteFailure(person.id))
        await house.port.submit(Command(command_id, b"failure", value))
    await asyncio.sleep(max(0.0, began + house.failure_seconds - time.monotonic()))
    raise ProblemError("login_failed")


async def _new_factor(house: House) -> str:
    """Keep a fresh secret; return the name under which the vault has it."""
    reference = house.port.new_id("factor")
    await house.port.keep_factor(reference, new_secret())
    return reference


async def _enrolled(house: House, person: str, name: str) -> Enrolled:
    """Return the second factor until its first use: an answer that was lost can be asked for again, but not for ever."""
    found = house.port.view().staff.persons[person]
    if found.factor_step or not found.factor:
        return Enrolled(id=person, secret=None, address=None)
    secret = await house.port.factor(found.factor, person)
    assert secret is not None, "a second factor was kept before it was set"
    return Enrolled(id=person, secret=secret, address=address_of(secret, name))


async def _hidden(house: House, key: str, password: str) -> str:
    """Return what stands for the password in the command's content: as hard to guess as the kept hash."""
    return await house.passwords.content(house.port.digest("password", key.encode()), password)


__all__ = ["router"]
