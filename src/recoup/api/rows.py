"""Commands of rooms as endpoints: one row each. A row says the path, the body, and how both become the room's command.

Everything else is the same for all: who calls, the key, strict bodies, the writer, repeats, problems.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Response

from recoup.api import bodies
from recoup.api.bodies import CASE_PATTERN, Answered, Body, OrderAnswered, instant_of_text
from recoup.api.callers import Caller, Calling, Key, carry_out
from recoup.api.problems import responses
from recoup.orders.commands import (
    ApproveOrder,
    IssueOrder,
    SendBackOrder,
    SubmitOrder,
    WithdrawOrder,
)
from recoup.staff import Unit
from recoup.staff import commands as staff

ThingPath = Annotated[str, Path(pattern=CASE_PATTERN)]

COMMAND_PROBLEMS: Final = responses(400, 401, 403, 404, 409, 413, 415, 422, 429, 503)


@dataclass(frozen=True, slots=True)
class Row:
    """One command."""

    path: str
    """With a name in braces where the command is about one thing."""
    what: str
    body: type[Body]
    make: Callable[[str, Any, str], object]
    """From the id, the body and the person who calls."""
    answer: type[Body] = Answered
    pattern: str = CASE_PATTERN
    """Of the thing's id."""


def _duty(_: str, body: bodies.DutyBody, by: str) -> object:
    begins_at, ends_at = instant_of_text(body.begins_at), instant_of_text(body.ends_at)
    return staff.AssignDuty(body.person, body.unit, begins_at, ends_at, by)


def _acting(_: str, body: bodies.ActingBody, by: str) -> object:
    begins_at, ends_at = instant_of_text(body.begins_at), instant_of_text(body.ends_at)
    return staff.NameActingApprover(body.person, body.unit, begins_at, ends_at, by, body.reason)


def _duty_end(_: str, body: bodies.DutyEndBody, by: str) -> object:
    begins_at = instant_of_text(body.begins_at)
    return staff.EndDuty(body.person, body.unit, begins_at, by, body.reason)


def _acting_end(_: str, body: bodies.DutyEndBody, by: str) -> object:
    begins_at = instant_of_text(body.begins_at)
    return staff.EndActing(body.person, body.unit, begins_at, by, body.reason)


ORDER_ROWS: Final = (
    Row(
        "/orders/{order}/submit",
        "Ask for the approvals that the order needs.",
        bodies.Nothing,
        lambda order, _, __: SubmitOrder(order),
        OrderAnswered,
    ),
    Row(
        "/orders/{order}/approve",
        "Agree to the order whose digest was seen; the last approval needed issues it.",
        bodies.ApproveBody,
        lambda order, body, by: ApproveOrder(order, by, body.digest),
        OrderAnswered,
    ),
    Row(
        "/orders/{order}/send-back",
        "Do not agree; approvals given before are void.",
        bodies.ReasonBody,
        lambda order, body, by: SendBackOrder(order, by, body.reason),
        OrderAnswered,
    ),
    Row(
        "/orders/{order}/withdraw",
        "Give up an order that was not issued.",
        bodies.Nothing,
        lambda order, _, by: WithdrawOrder(order, by),
        OrderAnswered,
    ),
    Row(
        "/orders/{order}/issue",
        "Issue an order that needs nobody else.",
        bodies.Nothing,
        lambda order, _, __: IssueOrder(order),
        OrderAnswered,
    ),
)

STAFF_ROWS: Final = (
    Row(
        "/units",
        "Add a unit below another one.",
        bodies.UnitBody,
        lambda _, body, by: staff.AddUnit(Unit(body.id, body.level, body.parent), by),
    ),
    Row(
        "/persons/{person}/suspend",
        "Let all rights of a person rest, at once.",
        bodies.ReasonBody,
        lambda person, body, by: staff.SuspendPerson(person, by, body.reason),
    ),
    Row(
        "/persons/{person}/restore",
        "Let them stand again.",
        bodies.ReasonBody,
        lambda person, body, by: staff.RestorePerson(person, by, body.reason),
    ),
    Row(
        "/persons/{person}/roles/grant",
        "Give a role at a unit or an institution.",
        bodies.GrantBody,
        lambda person, body, by: staff.GrantRole(person, body.grant(), by),
    ),
    Row(
        "/persons/{person}/roles/revoke",
        "Take it away.",
        bodies.GrantBody,
        lambda person, body, by: staff.RevokeRole(person, body.grant(), by),
    ),
    Row("/duties", "Put a person on duty for a time.", bodies.DutyBody, _duty),
    Row("/acting", "Let a person stand in for an approver.", bodies.ActingBody, _acting),
    Row(
        "/duties/end",
        "Take a person off duty before its end, at once.",
        bodies.DutyEndBody,
        _duty_end,
    ),
    Row(
        "/acting/end",
        "Let a person no longer stand in for an approver, at once.",
        bodies.DutyEndBody,
        _acting_end,
    ),
    Row(
        "/handovers",
        "Give what is open to the next shift; refused if the list is no longer the one that was seen.",
        bodies.HandoverBody,
        lambda _, body, by: staff.HandOverShift(body.unit, by, body.taker, body.digest),
    ),
    Row(
        "/handovers/take",
        "Take what is open over, on the list that was given: one that still stands, or was given minutes ago.",
        bodies.TakenBody,
        lambda _, body, by: staff.TakeOverShift(body.unit, by, body.digest),
    ),
    Row(
        "/escalations",
        "Write down who was asked beyond the usual way, and the outcome.",
        bodies.EscalationBody,
        lambda _, body, by: staff.LogEscalation(body.case, body.asked, by, body.outcome),
    ),
)


def mount(router: APIRouter, rows: tuple[Row, ...]) -> None:
    """Add an endpoint for each row."""
    for row in rows:
        router.add_api_route(
            row.path,
            _endpoint(row),
            methods=["POST"],
            response_model=row.answer,
            responses=COMMAND_PROBLEMS,
            summary=row.what,
            name=re.sub(r"\W+", "_", row.path).strip("_"),
        )


def _endpoint(row: Row) -> Callable[..., Any]:
    """Return the endpoint; what FastAPI reads the form of path and body from is set by hand."""

    async def about_one(
        thing: str, body: Body, key: Key, caller: Calling, response: Response
    ) -> dict[str, str]:
        return await _carry(row, caller, key, thing, body, response)

    async def about_none(
        body: Body, key: Key, caller: Calling, response: Response
    ) -> dict[str, str]:
        return await _carry(row, caller, key, "", body, response)

    name = re.search(r"\{(\w+)\}", row.path)
    found = about_none if name is None else about_one
    found.__annotations__["body"] = row.body
    if name is not None:
        path = Path(alias=name[1], pattern=row.pattern)
        found.__annotations__["thing"] = Annotated[str, path]
    return found


async def _carry(
    row: Row, caller: Caller, key: str, thing: str, body: Body, response: Response
) -> dict[str, str]:
    content = {"id": thing, **body.model_dump(mode="json")}
    command = row.make(thing, body, caller.person)
    answer = await carry_out(caller, key, row.path, content, command, response)
    return {name: answer[name] for name in row.answer.model_fields}


__all__ = ["COMMAND_PROBLEMS", "ORDER_ROWS", "STAFF_ROWS", "Row", "mount"]
