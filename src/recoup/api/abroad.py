"""The text of a request to another country where money went. It names accounts, so reading it is journalled first."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from fastapi import APIRouter, Path, Response

from recoup.api.bodies import Body, Said
from recoup.api.callers import Calling, Key, carry_out
from recoup.api.problems import ProblemError
from recoup.api.rows import COMMAND_PROBLEMS, ThingPath
from recoup.cases import Reason
from recoup.centre.account_room import ReadPersonal
from recoup.centre.exits import REQUEST
from recoup.paper.abroad import request_abroad
from recoup.staff import Action, Target, Why
from recoup.stores.vault import Purpose

router = APIRouter(tags=["cases"])

_WHERE: Final = "/cases/{case}/abroad/{task}/request"


class RequestBody(Body):
    """In which language, and why somebody asks for the text."""

    language: Literal["zh", "en"] = "en"
    reason: Said


class RequestView(Body):
    """A text that is ready to be sent."""

    task: str
    text: str


@router.post(_WHERE, responses=COMMAND_PROBLEMS)
async def request_text(
    case: ThingPath,
    task: Annotated[str, Path(max_length=128)],
    body: RequestBody,
    key: Key,
    caller: Calling,
    response: Response,
) -> RequestView:
    """Write the request abroad for money that left the country; that its account was read is on disk before."""
    port, why = caller.house.port, Why(case, body.reason)
    caller.may(Action.TEXT_READ, port.view().target_of_case(case), why)
    seen = port.view().case(case)
    found = next((row for row in seen.tasks if row.id == task), None)
    if found is None:
        raise ProblemError(Reason.TASK_UNKNOWN)
    content = {"id": case, "task": task, **body.model_dump(mode="json")}
    command = ReadPersonal(found.account, REQUEST)
    await carry_out(caller, key, _WHERE, content, command, response, why)
    if response.headers.get("Idempotency-Replayed"):
        target = port.view().target_of_subject(case, found.account) or Target()
        caller.may(Action.PERSONAL_READ, target, why)
    asking = await port.asking_abroad(seen, found, Purpose(caller.person, case, body.reason))
    text = request_abroad(case, found, asking, language=body.language)
    return RequestView(task=task, text=text)


__all__ = ["router"]
