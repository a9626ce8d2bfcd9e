"""What institutions reach without a session: the mailbox, and a place for answers. A signed message is their authority.

Not for persons: a bank's person sees the bank's orders in a session of their own. The form of messages is the wire's, not this
API's (docs/reference/messages.md).
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Annotated, Final, TypeVar

from fastapi import APIRouter, Header, Path, Query, Request, Response

from recoup.api.bodies import CASE_PATTERN, Body
from recoup.api.callers import HouseOf
from recoup.api.problems import ProblemError, problem_of, responses
from recoup.centre.mailbox import Turnaway
from recoup.errors import GatewayFault, MessageFault, MessageProblem
from recoup.messages.transport import SCHEME, SIGNED

router = APIRouter(tags=["institutions"])

InstitutionPath = Annotated[str, Path(pattern=CASE_PATTERN)]
_PROBLEMS: Final = responses(400, 401, 404, 409, 413, 415, 422, 503)
_SIGNED_BODY: Final = {
    "requestBody": {
        "required": True,
        "content": {
            SIGNED: {"schema": {"type": "string", "description": "A JWS in compact form."}}
        },
    }
}
Found = TypeVar("Found")


class WaitingView(Body):
    """A message that waits, and the cursor that says that it was taken."""

    cursor: str
    message: str


class Mail(Body):
    """What waits, oldest first."""

    messages: list[WaitingView]


@router.get("/institutions/{institution}/messages", responses=_PROBLEMS)
async def messages(
    institution: InstitutionPath,
    house: HouseOf,
    authorization: Annotated[
        str | None, Header(description=f"`{SCHEME}` and a signed request.")
    ] = None,
    after: Annotated[str, Query(max_length=256, description="Cursor of the last one taken.")] = "",
) -> Mail:
    """Hand out what waits for an institution that polls, each message signed anew."""
    given = authorization or ""
    if not given.startswith(SCHEME):
        raise ProblemError("issuer_unknown", f"expected Authorization: {SCHEME}...")
    ask = given.removeprefix(SCHEME).encode("latin-1", errors="replace")
    waiting = await _believed(house.port.hand_out(institution, ask, after))
    return Mail(messages=[WaitingView(cursor=x.cursor, message=x.message) for x in waiting])


@router.post(
    "/institutions/{institution}/answers",
    status_code=204,
    responses=_PROBLEMS,
    openapi_extra=_SIGNED_BODY,
)
async def answers(institution: InstitutionPath, house: HouseOf, request: Request) -> Response:
    """Take a signed answer, refusal or page of a digest; success says that it is on disk."""
    await _believed(house.port.take_signed(institution, await request.body()))
    return Response(status_code=204)


async def _believed(asked: Awaitable[Found]) -> Found:
    """Return what comes of a signed message, or raise its problem."""
    try:
        return await asked
    except MessageFault as fault:
        where = ": ".join(filter(None, (fault.path, fault.what)))
        is_shape = fault.problem in _OF_SHAPE  # said of what was signed; of the rest less is more
        raise ProblemError(fault.problem, where if is_shape else "") from fault
    except Turnaway as fault:
        raise ProblemError(problem_of(fault.reason)) from fault
    except GatewayFault as fault:
        raise ProblemError("outcome_unknown") from fault


_OF_SHAPE: Final = frozenset(
    {MessageProblem.FIELD_MISSING, MessageProblem.FIELD_UNKNOWN, MessageProblem.FIELD_WRONG}
)

__all__ = ["router"]
