"""Cases as they stand, their plans, and what waits for a person. Who asks for a case says why; there is no other way to one.

Lists that a new trail may put in another order have cursors that hold as long as the list does: after that, one begins anew.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from heapq import nsmallest
from typing import Annotated, Any, Final, TypeVar

from fastapi import APIRouter, Query, Response

from recoup.api import case_views as views
from recoup.api.bodies import Body, OrderView, Page, order_view
from recoup.api.callers import Caller, Calling, Key, carry_out
from recoup.api.case_bodies import (
    AbroadView,
    AppealView,
    CaseReadingBody,
    CaseView,
    ClaimView,
    FindingView,
    HoldView,
    MandateView,
    NoticeView,
    PieceView,
    PlaceView,
    PlanView,
    ReportView,
    TodoView,
)
from recoup.api.cursors import page_of, place_of
from recoup.api.port import View
from recoup.api.problems import ProblemError, responses
from recoup.api.rows import COMMAND_PROBLEMS, ThingPath
from recoup.api.work import Cursor, Limit, ReasonAsked
from recoup.cases import Case, CasePolicy, Found, Ready, dispatch, plan_orders
from recoup.centre.account_room import ReadPersonal
from recoup.centre.care_todos import care_todos
from recoup.centre.planning import items_of
from recoup.centre.reasons import CentreReason
from recoup.clock import instant_text
from recoup.orders import HoldKey
from recoup.staff import Action, Scope, Target, Why, permit, scope_of
from recoup.stores.vault import Purpose

router = APIRouter(tags=["cases"])

_LOOKING: Final = responses(401, 403, 404, 409, 422, 429)
_FIRST_ROWS: Final = 50
_Row = TypeVar("_Row", bound=Body)


@dataclass(frozen=True, slots=True)
class _Part:
    """One list of a case."""

    name: str
    what: str
    row: type[Body]
    values: Callable[[View, Case], Sequence[Any]]
    show: Callable[[View, Case, Any, CasePolicy], Body]
    is_moving: bool = False
    """Whether rows change their places."""


def _exits(_: View, case: Case) -> Sequence[Any]:
    return [row for row in case.places if row.found is Found.EXITED]


def _staying(_: View, case: Case) -> Sequence[Any]:
    return [row for row in case.places if row.found is not Found.EXITED]


def _hold(view: View, case: Case, row: Any, _: CasePolicy) -> Body:  # noqa: ANN401 - a row of the part's own list
    return views.hold_view(row, view.hold(HoldKey(case.id, *row.hold)))


def _plainly(show: Callable[[Any], Body]) -> Callable[[View, Case, Any, CasePolicy], Body]:
    return lambda _, __, row, ___: show(row)


_PARTS: Final = (
    _Part(
        "reports",
        "reports of a case",
        ReportView,
        lambda _, x: x.reports,
        _plainly(views.report_view),
    ),
    _Part(
        "claims",
        "disputed payments of a case",
        ClaimView,
        lambda _, x: x.claims,
        _plainly(views.claim_view),
    ),
    _Part(
        "places",
        "places where money of a case lies or was last seen",
        PlaceView,
        _staying,
        _plainly(views.place_view),
        is_moving=True,
    ),
    _Part(
        "exits",
        "ways on which money of a case left",
        PlaceView,
        _exits,
        _plainly(views.place_view),
        is_moving=True,
    ),
    _Part("holds", "holds of a case", HoldView, lambda _, x: x.holds, _hold, is_moving=True),
    _Part(
        "orders",
        "orders of a case in the order of drafting",
        OrderView,
        lambda view, x: list(view.of_case(x.id)),
        lambda _, case, found, policy: order_view(found[0], found[1], policy, case),
    ),
    _Part(
        "mandates",
        "standing authorities of a case",
        MandateView,
        lambda _, x: x.mandates,
        _plainly(views.mandate_view),
    ),
    _Part(
        "findings",
        "findings of a case",
        FindingView,
        lambda _, x: x.findings,
        _plainly(views.finding_view),
    ),
    _Part(
        "appeals",
        "appeals against holds of a case",
        AppealView,
        lambda _, x: x.appeals,
        _plainly(views.appeal_view),
    ),
    _Part(
        "notices",
        "notices to holders",
        NoticeView,
        lambda _, x: x.notices,
        _plainly(views.notice_view),
        is_moving=True,
    ),
    _Part(
        "abroad",
        "requests to other countries",
        AbroadView,
        lambda _, x: x.tasks,
        _plainly(views.abroad_view),
    ),
)


@router.get("/cases/{case}", responses=_LOOKING)
async def one_case(case: ThingPath, caller: Calling, reason: ReasonAsked = "") -> CaseView:
    """Show how a case stands, with the first rows of each of its lists."""
    view, found = _asked(caller, case, reason)
    assert found.opened_at is not None, "a case that is shown was opened"
    return CaseView(
        id=found.id,
        unit=found.unit,
        opened_at=instant_text(found.opened_at),
        facts=found.facts_version,
        is_traced=found.has_current_trail(),
        joined=list(found.joined),
        money=views.money_views(found),
        found=views.found_views(found),
        **{part.name: _rows(caller, part, view, found, _FIRST_ROWS, None) for part in _PARTS},
    )


def _mount(part: _Part) -> None:
    """Add the endpoint of one list."""

    async def listed(
        case: ThingPath,
        caller: Calling,
        reason: ReasonAsked = "",
        limit: Limit = _FIRST_ROWS,
        cursor: Cursor = None,
    ) -> Page[Any]:
        view, found = _asked(caller, case, reason)
        return _rows(caller, part, view, found, limit, cursor)

    router.add_api_route(
        f"/cases/{{case}}/{part.name}",
        listed,
        methods=["GET"],
        response_model=Page[part.row],  # type: ignore[name-defined] # made here, once for each row
        responses=_LOOKING,
        summary=f"List {part.what}.",
        name=f"case_{part.name}",
    )


for _part in _PARTS:
    _mount(_part)


@router.get("/cases/{case}/plan", responses=_LOOKING)
async def plan_of_case(
    case: ThingPath,
    caller: Calling,
    reason: ReasonAsked = "",
    limit: Limit = _FIRST_ROWS,
    cursor: Cursor = None,
) -> PlanView:
    """Show what would be ordered now, in the order of dispatch, each with gain, harm, and who lets it leave."""
    _, found = _asked(caller, case, reason)
    port = caller.house.port
    now, policy = port.now(), port.policy
    plan = plan_orders(found, now, policy)
    items = {
        (x.proposal.kind, x.proposal.account, x.proposal.currency): x
        for x in items_of(found, now, policy, caller.person, plan)
    }
    ready = [Ready(case, item.proposal, item.mandate) for item in items.values()]
    fitting, later = dispatch(ready, {}, now, policy)
    ordered = [
        views.plan_item(
            items[found.kind, found.account, found.currency],
            is_connected=port.reaches(found.institution),
            fits_the_minute=fits,
        )
        for rows, fits in ((fitting, True), (later, False))
        for found in (row.proposal for row in rows)
    ]
    listed = _named(caller, "plan", case, ordered)
    return PlanView(
        case=case,
        is_traced=found.has_current_trail(),
        orders=_page(caller, listed, ordered, limit, cursor),
        waiting=[views.waiting_view(x) for x in plan.waiting],
    )


@router.get("/worklist", responses=_LOOKING)
async def worklist(
    caller: Calling,
    unit: Annotated[str, Query(max_length=64, description="This unit and those below.")] = "",
    limit: Limit = _FIRST_ROWS,
    cursor: Cursor = None,
) -> Page[TodoView]:
    """List what waits for a person in all cases that one may see, by deadline, then value. It moves as work is done."""
    port = caller.house.port
    staff, now = port.view().staff, port.now()
    if unit:
        caller.may(Action.WORKLIST_READ, Target(unit=unit))
    held = staff.grants_of(caller.person, now)
    if all(scope_of(x.role, Action.WORKLIST_READ) is Scope.NONE for x in held):
        caller.may(Action.WORKLIST_READ, Target())

    def is_reached(at: str) -> bool:
        is_there = not unit or unit in staff.above(at)
        denied = permit(staff, caller.person, Action.WORKLIST_READ, Target(unit=at), Why(), now)
        return is_there and denied is None

    name = f"worklist {caller.person} {unit}"
    count = place_of(port, name, cursor) + limit + 1  # one more says that the list goes on
    todos = await port.todos(is_reached, count)
    cared = care_todos(port.view().cared, is_reached)
    todos = nsmallest(count, (*todos, *cared), key=lambda row: row.rank)
    return _page(caller, name, todos, limit, cursor, views.todo_view)


@router.post("/cases/{case}/readings", responses=COMMAND_PROBLEMS)
async def read_piece(
    case: ThingPath, body: CaseReadingBody, key: Key, caller: Calling, response: Response
) -> PieceView:
    """Show a piece of a report; that it was read, by whom and why is on disk before."""
    why = Why(case, body.reason)
    command = ReadPersonal(body.subject, body.field)
    content = {"id": case, **body.model_dump(mode="json")}
    await carry_out(caller, key, "/cases/{case}/readings", content, command, response, why)
    port = caller.house.port
    if response.headers.get("Idempotency-Replayed"):
        # The reading stands in the journal; whether the person may still see it is asked again.
        target = port.view().target_of_subject(case, body.subject) or Target()
        caller.may(Action.PERSONAL_READ, target, why)
    purpose = Purpose(caller.person, case, body.reason)
    text = await port.read_account(body.subject, body.field, purpose)
    if text is None:
        raise ProblemError("personal_data_missing")
    return PieceView(subject=body.subject, field=body.field, text=text)


def _asked(caller: Caller, case: str, reason: str) -> tuple[View, Case]:
    """Return a case to whoever may see it and says why."""
    view = caller.house.port.view()
    caller.may(Action.CASE_READ, view.target_of_case(case), Why(case, reason))
    found = view.case(case)
    if not found.is_open:
        raise ProblemError(CentreReason.CASE_UNKNOWN)
    return view, found


def _rows(
    caller: Caller, part: _Part, view: View, case: Case, limit: int, cursor: str | None
) -> Page[Any]:
    values = part.values(view, case)
    of = values if part.is_moving else ()
    name = _named(caller, part.name, case.id, of)
    policy = caller.house.port.policy
    return _page(
        caller, name, values, limit, cursor, lambda row: part.show(view, case, row, policy)
    )


def _named(caller: Caller, name: str, case: str, of: Sequence[Any]) -> str:
    """Return the name of a list as its cursors know it; `of` is what may come to stand elsewhere."""
    keys = [(row.account, row.currency, getattr(row, "claim", "")) for row in of]
    which = sha256(repr(keys).encode()).hexdigest()[:16] if keys else ""
    return f"{name} {caller.person} {case} {which}"


def _page(
    caller: Caller,
    listed: str,
    rows: Sequence[Any],
    limit: int,
    cursor: str | None,
    show: Callable[[Any], _Row] = lambda row: row,
) -> Page[_Row]:
    """Return the rows from the cursor on."""
    return page_of(caller.house.port, listed, rows, limit, cursor, show)


__all__ = ["router"]
