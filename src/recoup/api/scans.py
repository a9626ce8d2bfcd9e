"""Scans of answer sheets: uploaded, listed, and read again by whoever types from them."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Request, Response

from recoup.api.bodies import HASH_PATTERN, Body
from recoup.api.callers import Calling, Key, carry_out, command_of, told
from recoup.api.problems import ProblemError, responses
from recoup.api.rows import COMMAND_PROBLEMS, ThingPath
from recoup.centre.reasons import CentreReason
from recoup.centre.sheets import ReadScan, Scan, TakeScan
from recoup.errors import ScanFault, VaultFault
from recoup.orders import Reason
from recoup.paper.forms import MEDIA, SUFFIX
from recoup.staff import Action, Why
from recoup.stores.vault import Purpose

router = APIRouter(tags=["paper"])

_LOOKING: Final = responses(401, 403, 404, 409, 422, 429)
_FILE: Final[dict[str, Any]] = {"schema": {"type": "string", "format": "binary"}}
_UPLOAD: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "description": "The scan itself: a PDF of at most eight pages, or one picture.",
        "content": dict.fromkeys(MEDIA, _FILE),
    }
}
CaseAsked = Annotated[str, Query(max_length=64)]
ReasonAsked = Annotated[str, Query(max_length=500, description="Why one asks.")]


class ScanAnswered(Body):
    """A scan that is kept: both persons name it when they type from it."""

    scan: str
    """SHA-256 of the file."""
    pages: int
    has_code: bool
    """The order's own code was read from it; else look whose sheet it is."""


class ScanView(ScanAnswered):
    """A scan of an order's answer sheet."""

    media: str
    size: int


@router.post("/orders/{order}/scans", responses=COMMAND_PROBLEMS, openapi_extra=_UPLOAD)
async def take_scan(
    order: ThingPath, request: Request, key: Key, caller: Calling, response: Response
) -> ScanAnswered:
    """Keep a scan or photograph of an order's answer sheet; one of another order, or with a forged code, is refused."""
    caller.may_look_for(Action.ANSWER_TYPE)
    port, view = caller.house.port, caller.house.port.view()
    found = view.find(order)
    if found is None:
        raise ProblemError(Reason.ORDER_UNKNOWN)
    caller.may(Action.ANSWER_TYPE, view.target_of_order(found[1].order))
    if found[1].sent_at is None:  # before anything is looked at
        raise ProblemError(CentreReason.NOT_HANDED_OVER)
    media = request.headers.get("content-type", "").split(";")[0].strip().lower()
    data = await request.body()
    try:
        scan = await port.look_at_scan(order, data, media)
    except ScanFault as fault:
        raise ProblemError(fault.problem, fault.what) from fault
    content = {"order": order, "scan": scan.id}
    asking = caller.asking(TakeScan(scan))
    given = command_of(port, caller.person, key, "/orders/{order}/scans", content, asking)
    try:
        told(await port.take_scan(given, data), response)
    except VaultFault as fault:  # what is known of the order was erased: nothing more is kept of it
        raise ProblemError("personal_data_missing") from fault
    return ScanAnswered(scan=scan.id, pages=scan.pages, has_code=scan.has_code)


@router.get("/orders/{order}/scans", responses=_LOOKING)
async def scans(
    order: ThingPath, caller: Calling, case: CaseAsked = "", reason: ReasonAsked = ""
) -> list[ScanView]:
    """List the scans of an order's answer sheets; nothing of what stands on them."""
    return [
        ScanView(
            scan=row.id,
            pages=row.pages,
            has_code=row.has_code,
            media=row.media,
            size=row.size,
        )
        for row in _scans(caller, order, Why(case, reason), Action.ORDER_READ)
    ]


@router.get(
    "/orders/{order}/scans/{scan}",
    responses={**COMMAND_PROBLEMS, 200: {"content": dict.fromkeys(MEDIA, _FILE)}},
    response_class=Response,
)
async def read_scan(
    order: ThingPath,
    scan: Annotated[str, Path(pattern=HASH_PATTERN)],
    caller: Calling,
    case: CaseAsked = "",
    reason: ReasonAsked = "",
) -> Response:
    """Return a scan as it was uploaded; that it was read is in the journal before."""
    port, why = caller.house.port, Why(case, reason)
    mine = _scans(caller, order, why, Action.SCAN_READ)
    found = next((row for row in mine if row.id == scan), None)
    if found is None:
        raise ProblemError(CentreReason.SCAN_UNKNOWN)
    command, where = ReadScan(order, scan), "/orders/{order}/scans/{scan}"
    content = {"order": order, "scan": scan}
    await carry_out(caller, port.new_id("reading"), where, content, command, Response(), why)
    data = await port.read_scan(found, Purpose(caller.person, case, reason))
    if data is None:
        raise ProblemError("personal_data_missing")
    headers = {
        "Cache-Control": "no-store",
        "Content-Disposition": f'attachment; filename="{order}-{scan[:8]}.{SUFFIX[found.media]}"',
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(data, media_type=found.media, headers=headers)


def _scans(caller: Calling, order: str, why: Why, action: Action) -> tuple[Scan, ...]:
    view = caller.house.port.view()
    caller.may(action, view.target_of_case(why.case), why)
    found = view.find(order)
    if found is None or found[0].key.case != why.case:
        raise ProblemError(Reason.ORDER_UNKNOWN)
    return view.scans_of(order)


__all__ = ["router"]
