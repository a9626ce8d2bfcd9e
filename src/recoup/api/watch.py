"""Measures and logs every request under its route, never under its address: that may hold what is not for logs. Plain ASGI.

While the process ends, every answer also ends its connection, so that a client that asks again and again does not keep it open
until its work is broken off; work that is broken off all the same is answered as what it is, not known to be done.
"""

from __future__ import annotations

import asyncio
import time

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from recoup.api.callers import House
from recoup.api.operations import Figures
from recoup.api.problems import document

_log = structlog.get_logger("recoup.api")


class Watch:
    """Around everything else: whatever goes wrong inside becomes a problem document and a line in the log."""

    def __init__(self, app: ASGIApp, figures: Figures, house: House) -> None:
        self._app, self._figures, self._house = app, figures, house

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request on and note how it went."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status, seconds = time.perf_counter(), 0, 0.0

        async def noting(message: Message) -> None:
            nonlocal status, seconds
            if message["type"] == "http.response.start":
                status, seconds = message["status"], time.perf_counter() - began
                if self._house.is_draining:
                    headers = [*message.get("headers", ()), (b"connection", b"close")]
                    message = {**message, "headers": headers}
            await send(message)

        try:
            await self._app(scope, receive, noting)
        except asyncio.CancelledError:  # the time for open requests is over
            if status:
                raise
            await document("outcome_unknown")(scope, receive, noting)
        except Exception:  # the caller gets a problem, the log the whole of it
            _log.exception("request failed")
            if status:
                raise  # the answer has begun: all that is left is to break it off
            await document("internal")(scope, receive, noting)
        self._note(scope, status, seconds)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        method = scope["method"] if scope["method"] in _METHODS else "other"
        route = getattr(scope.get("route"), "path", "unknown")
        self._figures.answers.labels(method, route, str(status)).observe(seconds)
        _log.info(
            "request",
            method=method,
            route=route,
            status=status,
            milliseconds=round(seconds * 1000, 2),
            person=scope.get("state", {}).get("person", ""),
        )


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""Others are counted as one: a caller must not make new rows of figures at will."""


__all__ = ["Watch"]
