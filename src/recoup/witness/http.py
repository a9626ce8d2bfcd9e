"""A witness over HTTP, as C2SP tlog-witness says: `POST /add-checkpoint` gives a cosignature or why there is none."""

from __future__ import annotations

from typing import Final

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from recoup import limits
from recoup.witness import STATUS, Refused, Turned, Witness

SIZE_TYPE: Final = "text/x.tlog.size"


def application(witness: Witness) -> Starlette:
    """Return the witness's HTTP application."""

    async def add(request: Request) -> Response:
        body = await _body(request)
        if body is None:
            return PlainTextResponse("too_large\n", 413)
        found = await run_in_threadpool(witness.add, body)
        if not isinstance(found, Refused):
            return PlainTextResponse(f"{found}\n")
        if found.why is Turned.OTHER_SIZE:
            return Response(f"{found.size}\n", 409, media_type=SIZE_TYPE)
        return PlainTextResponse(f"{found.why}\n", STATUS[found.why])

    async def healthz(_: Request) -> Response:
        return PlainTextResponse("ok\n")

    return Starlette(
        routes=[Route("/add-checkpoint", add, methods=["POST"]), Route("/healthz", healthz)]
    )


async def _body(request: Request) -> bytes | None:
    """Return the body; None for one that is too large, of which no more is read."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > limits.SUBMISSION_BYTES_MAX:
            return None
        parts.append(part)
    return b"".join(parts)


__all__ = ["SIZE_TYPE", "application"]
