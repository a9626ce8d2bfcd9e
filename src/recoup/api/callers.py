"""Who calls: a session's token becomes a person, a command becomes the writer's, an outcome becomes an answer.

The token itself is kept nowhere; its hash is looked up in what is on disk at that moment, so a session that was closed, or a
person who was suspended, is out at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Annotated, Any

from fastapi import Depends, Header, Request, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from recoup import limits
from recoup.api.bodies import KEY_PATTERN
from recoup.api.passwords import Passwords
from recoup.api.port import CentrePort
from recoup.api.problems import ProblemError, problem_of
from recoup.api.rates import Rate
from recoup.centre.commands import Command, Done, Outcome, Turned
from recoup.centre.desk import answered
from recoup.centre.requests import DOOR, Actor
from recoup.centre.requests import Request as Asking
from recoup.ids import CommandId
from recoup.journal.canonical import encode_plain
from recoup.staff import (
    Action,
    StaffReason,
    Target,
    Why,
    hears_of_absence,
    permit,
    roles_for,
)
from recoup.staff.roles import AT_INSTITUTION

_bearer = HTTPBearer(auto_error=False, description="The token that POST /sessions gave.")


@dataclass(slots=True)
class House:
    """What every endpoint works with; one for each app."""

    port: CentrePort
    passwords: Passwords
    setup: str = ""
    """Hash of the one-time setup token; '' when there was an administrator at the start."""
    calls: Rate = field(default_factory=lambda: Rate(limits.CALLS_PER_MINUTE_MAX))
    logins: Rate = field(default_factory=lambda: Rate(limits.LOGINS_PER_MINUTE_MAX))
    checks: Rate = field(default_factory=lambda: Rate(limits.LIST_CHECKS_PER_MINUTE_MAX))
    checks_each: Rate = field(default_factory=lambda: Rate(limits.LIST_CHECKS_EACH_PER_MINUTE_MAX))
    """Of one institution."""
    tries: Rate = field(default_factory=lambda: Rate(limits.COUNTER_TRIES_PER_MINUTE_MAX))
    """At the public page, by address."""
    tries_each: Rate = field(default_factory=lambda: Rate(limits.COUNTER_TRIES_EACH_PER_MINUTE_MAX))
    """The same, by case number."""
    failure_seconds: float = limits.LOGIN_FAILED_SECONDS
    """How long a failed login takes."""
    is_draining: bool = False
    """Set when the process is told to stop: streams end, nothing new is taken."""
    listening: int = 0
    """Clients that listen to the stream of events."""


@dataclass(frozen=True, slots=True)
class Caller:
    """A person in a session."""

    house: House
    person: str
    session: str
    """Hash of the token."""

    def may(self, action: Action, target: Target, why: Why | None = None) -> None:
        """Raise the problem unless the table of rights lets this person do it now."""
        port = self.house.port
        staff = port.view().staff
        denial = permit(staff, self.person, action, target, why or Why(), port.now())
        if denial is not None:
            raise ProblemError(denial.reason)

    def is_at_a_bank(self, action: Action, target: Target) -> bool:
        """Return whether this person reaches the target for an institution, and not for the police."""
        port = self.house.port
        held = roles_for(port.view().staff, self.person, action, target, port.now())
        return all(role in AT_INSTITUTION for role in held)

    def may_look_for(self, action: Action) -> None:
        """Raise the problem unless this person may be told that what they do this with does not exist."""
        port = self.house.port
        if not hears_of_absence(port.view().staff, self.person, action, port.now()):
            raise ProblemError(StaffReason.NOT_PERMITTED)

    def asking(self, command: object, why: Why | None = None) -> Asking:
        """Return a command as this person's, in this session; the writer says in which role it is permitted."""
        why = why or Why()
        return Asking(
            Actor(self.person, "", why.reason), command, case=why.case, session=self.session
        )


def house_of(request: Request) -> House:
    """Return the app's house."""
    house: House = request.app.state.house
    return house


HouseOf = Annotated[House, Depends(house_of)]


def hash_of(token: str) -> str:
    """Return what is kept of a token."""
    return sha256(b"recoup token 1\n" + token.encode()).hexdigest()


async def caller_of(
    request: Request,
    house: HouseOf,
    bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> Caller:
    """Return who calls, or raise the problem that no session stands."""
    if bearer is None:
        raise ProblemError("login_needed")
    token_hash = hash_of(bearer.credentials)
    session = house.port.view().staff.session(token_hash, house.port.now())
    if session is None:
        raise ProblemError("session_ended")
    if not house.calls.take(token_hash):
        raise ProblemError("too_many_requests")
    request.state.person = session.person  # for the log's line
    return Caller(house, session.person, token_hash)


Calling = Annotated[Caller, Depends(caller_of)]

Key = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        pattern=KEY_PATTERN,
        description="Chosen by the caller, one for each command: the same key with the same content gives the first answer.",
    ),
]


async def carry_out(
    caller: Caller,
    key: str,
    route: str,
    content: Mapping[str, Any],
    command: object,
    response: Response,
    why: Why | None = None,
) -> dict[str, str]:
    """Carry out a person's command under the key; return what it was told, or raise its problem."""
    asking = caller.asking(command, why)
    given = command_of(caller.house.port, caller.person, key, route, content, asking)
    return told(await caller.house.port.submit(given), response)


def at_the_door(command: object) -> Asking:
    """Return what the program itself asks for on somebody's way in or out."""
    return Asking(DOOR, command)


def command_of(
    port: CentrePort, scope: str, key: str, route: str, content: Mapping[str, Any], value: Asking
) -> Command:
    """Return the writer's command: its id is the caller's key within `scope`, its content a keyed digest of the request."""
    plain = encode_plain({"route": route, "body": dict(content)})
    return Command(CommandId(f"{scope}:{key}"), port.digest("content", plain), value)


def told(outcome: Outcome, response: Response) -> dict[str, str]:
    """Return what a command was told, mark a repeat, or raise why it had no effect."""
    if isinstance(outcome, Done):
        if outcome.is_repeat:
            response.headers["Idempotency-Replayed"] = "true"
        return answered(outcome)
    if isinstance(outcome, Turned):
        raise ProblemError(problem_of(outcome.reason))
    raise ProblemError("outcome_unknown")


__all__ = [
    "Caller",
    "Calling",
    "House",
    "HouseOf",
    "Key",
    "at_the_door",
    "caller_of",
    "carry_out",
    "command_of",
    "hash_of",
    "house_of",
    "told",
]
