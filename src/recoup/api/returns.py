"""A return over HTTP: the rows of `return_rows`, its opening, its plan that the centre works out, and what is seen of it."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Response

from recoup.api.bodies import CASE_PATTERN, HASH_PATTERN, ReasonBody
from recoup.api.callers import Calling, Key, carry_out, command_of, told
from recoup.api.decisions import ReasonAsked
from recoup.api.problems import ProblemError, problem_of, responses
from recoup.api.return_bodies import (
    ROUND_PATTERN,
    OpenBody,
    ReturnAnswered,
    ReturnsView,
    ReturnView,
)
from recoup.api.return_rows import answered, lead_of, mark_of, mount_returns
from recoup.api.return_views import return_view
from recoup.api.rows import COMMAND_PROBLEMS, ThingPath
from recoup.centre.account_room import TEXT, ReadPersonal
from recoup.centre.commands import Turned
from recoup.centre.return_planner import text_of_plan
from recoup.procedure import Reason, Return
from recoup.procedure.commands import BindPlan, OpenReturn
from recoup.staff import Action, Why
from recoup.stores.vault import Purpose

router = APIRouter(tags=["returns"])
mount_returns(router)

ReturnPath = Annotated[str, Path(pattern=CASE_PATTERN)]
_PLAN: Final = "/returns/{return_id}/plan"
_FILES: Final = "/returns/{return_id}/plans/{inputs}/files"
_SOME_DAY: Final = (1980, 1, 1, 0, 0, 0)
"""The time of every file in an archive: equal plans have equal archives."""


@router.post("/cases/{case}/returns", responses=COMMAND_PROBLEMS)
async def open_return(
    case: ThingPath, body: OpenBody, key: Key, caller: Calling, response: Response
) -> ReturnAnswered:
    """Begin to give the money of a case, or of joined cases, back."""
    port = caller.house.port
    made = f"return_{mark_of(port, caller.person, key)}"
    command = OpenReturn(made, (case, *body.others), caller.person)
    content, why = {"case": case, **body.model_dump(mode="json")}, Why(case, body.reason)
    route = "/cases/{case}/returns"
    return answered(await carry_out(caller, key, route, content, command, response, why))


@router.get("/cases/{case}/returns", responses=responses(401, 403, 404, 422, 429))
async def return_of_case(case: ThingPath, caller: Calling, reason: ReasonAsked = "") -> ReturnsView:
    """Say which return a case is in."""
    view = caller.house.port.view()
    caller.may(Action.ORDER_READ, view.target_of_case(case), Why(case, reason))
    return ReturnsView(id=view.returning.get(case))


@router.get("/returns/{return_id}", responses=responses(401, 403, 404, 422, 429))
async def show_return(
    return_id: ReturnPath,
    caller: Calling,
    reason: ReasonAsked = "",
    round_: Annotated[str | None, Query(alias="round", pattern=ROUND_PATTERN)] = None,
) -> ReturnView:
    """Show one round of a return, the newest one unless another is named, its payments, and where the money of all is."""
    known = _seen(caller, return_id, Action.ORDER_READ, reason)
    number = int(round_) if round_ else known.round.number
    if number > known.round.number:
        raise ProblemError("not_found")
    return return_view(known, number)


@router.post(_PLAN, responses=COMMAND_PROBLEMS)
async def plan_return(
    return_id: ReturnPath, body: ReasonBody, key: Key, caller: Calling, response: Response
) -> ReturnAnswered:
    """Work the awards out from what the cases show, and bind them to the round; their files are kept."""
    caller.may_look_for(Action.RETURN_PREPARE)
    port = caller.house.port
    lead = lead_of(port, return_id)
    why = Why(lead, body.reason)
    content = {"return": return_id, **body.model_dump(mode="json")}
    asking = caller.asking(BindPlan(return_id, "", "", "", (), caller.person), why)
    given = command_of(port, caller.person, key, _PLAN, content, asking)
    if lead:
        target = port.view().target_of_case(lead)
        caller.may(Action.RETURN_PREPARE, target, why)  # tracing is not begun for just anybody
        outcome = await port.plan_return(given)
    else:
        outcome = await port.submit(given)  # the writer says what this person may hear of it
    if isinstance(outcome, Turned):
        raise ProblemError(problem_of(outcome.reason), outcome.what)
    return answered(told(outcome, response))


@router.get(_FILES, responses=COMMAND_PROBLEMS, response_class=Response)
async def plan_files(
    return_id: ReturnPath,
    inputs: Annotated[str, Path(pattern=HASH_PATTERN)],
    caller: Calling,
    reason: ReasonAsked = "",
) -> Response:
    """Return a plan's files as `recoup return` writes them, in an archive: unpacked, `recoup return verify` takes them."""
    known = _seen(caller, return_id, Action.TEXT_READ, reason)
    if not any(row.plan and row.plan.inputs == inputs for row in known.rounds):
        raise ProblemError("personal_data_missing")
    port, lead, text = caller.house.port, known.cases[0], text_of_plan(inputs)
    asking = caller.asking(ReadPersonal(text, TEXT), Why(lead, reason))
    key, content = port.new_id("reading"), {"inputs": inputs}
    told(
        await port.submit(command_of(port, caller.person, key, _FILES, content, asking)), Response()
    )
    kept = await port.read_text(lead, text, Purpose(caller.person, lead, reason))
    if kept is None:
        raise ProblemError("personal_data_missing")
    headers = {"Cache-Control": "no-store"}
    return Response(_archive(json.loads(kept)), media_type="application/zip", headers=headers)


def _seen(caller: Calling, return_id: str, action: Action, reason: str) -> Return:
    """Return a return that the caller may look at; who may not is told the same of one that is not there."""
    view = caller.house.port.view()
    known = view.returns.get(return_id)
    lead = known.cases[0] if known else ""
    caller.may(action, view.target_of_case(lead), Why(lead or return_id, reason))
    if known is None:
        raise ProblemError(Reason.RETURN_UNKNOWN)
    return known


def _archive(files: dict[str, Any]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _SOME_DAY)
            archive.writestr(entry, files[name], zipfile.ZIP_DEFLATED)
    return made.getvalue()


__all__ = ["router"]
