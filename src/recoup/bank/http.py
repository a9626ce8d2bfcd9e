"""The agent over HTTP: orders pushed to it, its digest, its health. Opens messages through the agent; decides nothing.

Bodies are signed messages (`application/jose`); what goes wrong is a problem document (RFC 9457) whose `type` names it. Nothing
of an order's content stands in a problem document.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from recoup import limits
from recoup.bank.agent import Agent, AnswerLater, OrderIdTaken
from recoup.errors import Fault, MessageFault, MessageProblem, StoreFault
from recoup.messages.transport import PROBLEM, SCHEME, SIGNED, status_of

TICK_SECONDS: Final = 1.0


def problem(status: int, name: str, what: str, **more: str) -> JSONResponse:
    """Return a problem document; `name` is its stable type."""
    body = {
        "type": PROBLEM + name,
        "title": name.replace("_", " "),
        "status": status,
        "detail": what,
    }
    headers = {"WWW-Authenticate": SCHEME.strip()} if status == 401 else None
    return JSONResponse({**body, **more}, status, headers, media_type="application/problem+json")


def application(
    agent: Agent, *, background: Callable[[], object] | None = None, tick: float = TICK_SECONDS
) -> Starlette:
    """Return the agent's HTTP application.

    Args:
        agent: what carries orders out; `recover` is called when the application starts.
        background: called every `tick` seconds beside the agent's own tick, such as a poll of the centre.
        tick: seconds between two looks at ended terms.
    """
    state = {"ready": False}

    async def orders(request: Request) -> Response:
        data = await _body(request)
        replied = await run_in_threadpool(agent.take, data)
        headers = {"Recoup-Repeat": "true"} if replied.is_repeat else None
        return Response(replied.data, 200, headers, SIGNED)

    async def digest(request: Request) -> Response:
        asked = _asked(request)
        return Response(await run_in_threadpool(agent.digest, asked), media_type=SIGNED)

    async def messages(request: Request) -> Response:
        asked = _asked(request)
        return JSONResponse({"messages": await run_in_threadpool(agent.letters, asked)})

    def healthz(_: Request) -> Response:
        return PlainTextResponse("ok\n")

    def readyz(_: Request) -> Response:
        if not state["ready"]:
            return problem(503, "not_ready", "the books are being read, or could not be written")
        return PlainTextResponse("ok\n")

    async def ticking(ending: asyncio.Event) -> None:
        while not await _is_set_within(ending, tick):
            for work in filter(None, (agent.tick, agent.tell_holders, agent.look, background)):
                try:
                    await run_in_threadpool(work)
                except StoreFault:
                    state["ready"] = False
                except Fault:
                    continue  # the core system or the centre is away: the next tick tries again

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await run_in_threadpool(agent.recover)
        state["ready"] = True
        ending = asyncio.Event()
        task = asyncio.create_task(ticking(ending))
        yield
        state["ready"] = False
        ending.set()
        await task  # to be cancelled would leave its thread at work in books that are closed next

    routes = [
        Route("/orders", _guarded(orders, state), methods=["POST"]),
        Route("/digest", _guarded(digest, state), methods=["GET"]),
        Route("/messages", _guarded(messages, state), methods=["GET"]),
        Route("/healthz", healthz),
        Route("/readyz", readyz),
    ]
    return Starlette(
        routes=routes, lifespan=lifespan, exception_handlers={HTTPException: _http_problem}
    )


async def _is_set_within(event: asyncio.Event, seconds: float) -> bool:
    """Wait for an event, no longer than `seconds`; say whether it came."""
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return False
    return True


_Endpoint = Callable[[Request], Awaitable[Response]]


def _guarded(endpoint: _Endpoint, state: dict[str, bool]) -> _Endpoint:
    """Return the endpoint with every fault as a problem document."""

    async def guarded(request: Request) -> Response:
        try:
            return await endpoint(request)
        except MessageFault as fault:
            what = ": ".join(filter(None, (fault.path, fault.what)))
            return problem(status_of(fault.problem), fault.problem.value, what)
        except OrderIdTaken as fault:
            return problem(409, "order_id_taken", str(fault), field=fault.field)
        except AnswerLater:
            return Response(status_code=202)
        except StoreFault:
            state["ready"] = False
            return problem(503, "books_unavailable", "nothing was answered; send the same again")
        except Fault as fault:
            status = 503 if fault.is_transient else 500
            return problem(status, "core_unavailable", "nothing was answered; send the same again")

    return guarded


def _asked(request: Request) -> bytes:
    """Return the signed request that stands in the header, since there is no body."""
    given = request.headers.get("authorization", "")
    if not given.startswith(SCHEME):
        raise MessageFault(MessageProblem.ISSUER_UNKNOWN, f"expected Authorization: {SCHEME}...")
    return given.removeprefix(SCHEME).encode("latin-1")


async def _body(request: Request) -> bytes:
    """Return the body, reading no more of it than a message may have."""
    bound = limits.MESSAGE_BYTES_MAX
    found = bytearray()
    async for chunk in request.stream():
        found += chunk
        if len(found) > bound:
            raise MessageFault(MessageProblem.TOO_LARGE, f"expected at most {bound} bytes")
    return bytes(found)


def _http_problem(_: Request, fault: Exception) -> Response:
    """Return a problem document for a wrong path or method."""
    assert isinstance(fault, HTTPException), "registered for HTTP exceptions"
    return problem(fault.status_code, f"http_{fault.status_code}", fault.detail)


__all__ = ["application", "problem"]
