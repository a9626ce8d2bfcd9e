"""An institution's machine calls: one request, signed with the key that is pinned for it. What it may ask, endpoints say.

`Authorization: Recoup <signed>`, where what is signed is a `CallMessage` that binds path, key and body: nothing of the request
can be changed, and a copy of it gets the first answer and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, Final

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from recoup.api.callers import Caller, House, HouseOf, caller_of
from recoup.api.problems import ProblemError
from recoup.errors import MessageFault

SCHEME: Final = "recoup"
_bearer: Final = HTTPBearer(
    auto_error=False,
    description="A session's token; an institution's machine signs instead: Authorization: Recoup ...",
)


@dataclass(frozen=True, slots=True)
class Machine:
    """An institution's machine."""

    house: House
    institution: str


async def asker_of(
    request: Request,
    house: HouseOf,
    bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> Caller | Machine:
    """Return the person or the machine that calls, or raise the problem that it is neither."""
    scheme, _, signed = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != SCHEME:
        return await caller_of(request, house, bearer)
    try:
        call = house.port.open_call(signed.encode("latin-1"))
    except MessageFault as fault:
        raise ProblemError("signature_refused", fault.problem.value) from fault
    is_this = (
        call.path == request.url.path
        and call.key == request.headers.get("idempotency-key", "")
        and call.body == sha256(await request.body()).hexdigest()
    )
    if not is_this:
        raise ProblemError("signature_refused", "expected a signature over this very request")
    return Machine(house, call.institution)


Asking = Annotated[Caller | Machine, Depends(asker_of)]

__all__ = ["SCHEME", "Asking", "Machine", "asker_of"]
