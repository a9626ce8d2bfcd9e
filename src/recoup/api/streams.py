"""What happens, as it happens: server-sent events that go on after any number, also after a break.

Each event's id is its record's number in the journal; it tells the kind and an opaque id, never what stands in it. Whether
the listener may still listen is asked again in every round.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Annotated, Final

from fastapi import APIRouter, Header
from fastapi.responses import StreamingResponse

from recoup import limits
from recoup.api.callers import Caller, Calling
from recoup.api.problems import ProblemError, responses
from recoup.clock import instant_text
from recoup.journal.record import Record
from recoup.staff import Action, Target, Why, permit

router = APIRouter(tags=["work"])
_ROUND_SECONDS: Final = 0.2
_ROUNDS_TO_SIGN_OF_LIFE: Final = 75
_PAGE: Final = 500
_WHO: Final = "acted"
"""Who asked stands before what came of it; the listener hears what came of it."""


@router.get(
    "/events",
    responses=responses(401, 403, 409, 422, 429, 503)
    | {200: {"description": "Events.", "content": {"text/event-stream": {}}}},
    response_class=StreamingResponse,
)
async def events(
    caller: Calling,
    last_event_id: Annotated[
        str | None, Header(alias="Last-Event-ID", pattern="^[0-9]{1,18}$")
    ] = None,
    unit: str = "",
) -> StreamingResponse:
    """Tell what happens from now on, or from after `Last-Event-ID`: to all of it, or to one unit's cases."""
    caller.may(Action.STREAM_READ, Target(unit=unit))
    if caller.house.listening >= limits.STREAMS_MAX:
        raise ProblemError("too_many_requests")
    last = caller.house.port.last()
    after = last if last_event_id is None else int(last_event_id)
    if after > last:
        # Seen of a journal that a backup has replaced since: what happens now would be passed over until the numbers meet.
        raise ProblemError("cursor_invalid")
    return StreamingResponse(
        _told(caller, unit, after),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _told(caller: Caller, unit: str, after: int) -> AsyncIterator[str]:
    """Yield what the listener may hear, until it may not, goes away, or the process ends."""
    house, rounds = caller.house, 0
    house.listening += 1
    try:
        yield ": listening\n\n"
        while not house.is_draining and house.port.is_ready and _may_listen(caller, unit):
            records = house.port.happened(after, _PAGE)
            for record in records:
                after = record.sequence
                if record.name == _WHO:
                    continue
                if not unit or _is_of(caller, record, unit):
                    yield _event(record)
            rounds = 0 if records else rounds + 1
            if rounds >= _ROUNDS_TO_SIGN_OF_LIFE:
                rounds = 0
                yield ": still here\n\n"
            if len(records) < _PAGE:
                await asyncio.sleep(_ROUND_SECONDS)
    finally:
        house.listening -= 1


def _may_listen(caller: Caller, unit: str) -> bool:
    port = caller.house.port
    staff, now = port.view().staff, port.now()
    if staff.session(caller.session, now) is None:
        return False
    target = Target(unit=unit)
    return permit(staff, caller.person, Action.STREAM_READ, target, Why(), now) is None


def _is_of(caller: Caller, record: Record, unit: str) -> bool:
    """Whether the record is about a case of that unit or of one below it."""
    view = caller.house.port.view()
    return unit in view.staff.above(view.target_of_case(record.subject).unit)


def _event(record: Record) -> str:
    data = {"at": instant_text(record.at), "name": record.name, "subject": record.subject}
    return f"id: {record.sequence}\nevent: {record.name}\ndata: {json.dumps(data)}\n\n"


__all__ = ["router"]
