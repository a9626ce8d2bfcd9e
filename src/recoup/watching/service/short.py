"""The short way of a request: payments that come in the plainest form of HTTP/1.1 pass by without a task of their own.

Only a head that can be read in one way takes it: the two addresses of decisions, headers that are known and stand once, a
stated length, no transfer coding, nothing that waits. Anything else, and whatever comes in pieces before its head is whole,
goes the long way through uvicorn and h11, with the same answers.
"""

from __future__ import annotations

import asyncio
import re
from http import HTTPStatus
from typing import Any, Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from recoup import limits
from recoup.watching.service.app import Answer, Service, head_of

_HEAD: Final = re.compile(
    rb"POST (/v1/decisions(?:\.arrow)?) HTTP/1\.1\r\n((?:[A-Za-z0-9-]{1,64}: ?[!-~](?:[ -~]*[!-~])?\r\n)+)\r\n"
)
_PLAIN: Final = frozenset(
    {
        b"accept",
        b"accept-encoding",
        b"authorization",
        b"connection",
        b"content-length",
        b"content-type",
        b"host",
        b"user-agent",
    }
)
_LENGTH_DIGITS_MAX: Final = 9
_STATUS_LINES: Final = {
    one.value: f"HTTP/1.1 {one.value} {one.phrase}\r\n".encode() for one in HTTPStatus
}


def headers_of(lines: bytes) -> dict[bytes, bytes] | None:
    """Return the headers of a plain head, names in small letters; None where the head is not plain."""
    headers = {}
    for line in lines.split(b"\r\n")[:-1]:
        name, _, value = line.partition(b":")
        name = name.lower()
        if name in headers or name not in _PLAIN:
            return None
        headers[name] = value.strip()
    length = headers.get(b"content-length", b"")
    fits = length.isdigit() and len(length) <= _LENGTH_DIGITS_MAX and b"host" in headers
    if not fits or int(length) > limits.WATCH_BODY_BYTES_MAX:
        return None
    return headers if headers.get(b"connection", b"keep-alive").lower() == b"keep-alive" else None


def protocol_of(service: Service) -> type[H11Protocol]:
    """Return the protocol of connections of this service."""

    class _Bound(ShortWay):
        asked = service

    return _Bound


class ShortWay(H11Protocol):
    """A connection. At most one request of it is being answered; what comes meanwhile waits."""

    asked: Service

    def __init__(self, *given: Any, **named: Any) -> None:  # noqa: ANN401 - uvicorn's own
        super().__init__(*given, **named)
        self._path = ""
        self._given: dict[bytes, bytes] = {}
        self._parts: list[bytes] = []
        self._missing = 0
        """Bytes of the body that have not come."""
        self._is_short = False
        """A request of the short way is coming in, or being answered."""
        self._behind: list[bytes] = []
        self._is_ending = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin; while the service ends nobody is let in any more."""
        super().connection_made(transport)
        if self.asked.is_ending:
            transport.close()

    def data_received(self, data: bytes) -> None:
        """Take bytes: the short way where the head allows it."""
        if self._missing:
            self._gather(data)
        elif self._is_short:
            self._behind.append(data)
            self.flow.pause_reading()
        elif not self._is_idle or not self._begin(data):
            super().data_received(data)

    @property
    def _is_idle(self) -> bool:
        """Whether nothing of the long way is going on, nor has begun."""
        return (
            self.conn.our_state is h11.IDLE
            and self.conn.their_state is h11.IDLE
            and not self.conn.trailing_data[0]
        )

    def _begin(self, data: bytes) -> bool:
        """Begin a request whose head is whole and plain; return whether it was."""
        found = _HEAD.match(data, 0, limits.WATCH_HEAD_BYTES_MAX)
        if found is None:
            return False
        headers = headers_of(found[2])
        if headers is None:
            return False
        self._unset_keepalive_if_required()
        self._path, self._given, self._is_short = found[1].decode(), headers, True
        self._missing = int(headers[b"content-length"])
        self._gather(data[found.end() :])
        return True

    def _gather(self, data: bytes) -> None:
        if len(data) > self._missing:
            self._behind.append(data[self._missing :])
            data = data[: self._missing]
        self._missing -= len(data)
        self._parts.append(data)
        if self._missing:
            return
        body = b"".join(self._parts)
        self._parts.clear()
        self.asked.ask(self._path, self._given, body, self._answer)

    def _answer(self, answer: Answer) -> None:
        """Write an answer, and go on with what came meanwhile."""
        self.server_state.total_requests += 1
        self._is_short = False
        if self.transport.is_closing():
            return
        lines = [*self.server_state.default_headers, *head_of(answer)]
        if self._is_ending:
            lines.append((b"connection", b"close"))
        head = b"".join(b"%b: %b\r\n" % line for line in lines)
        self.transport.write(_STATUS_LINES[answer.status] + head + b"\r\n" + answer.body)
        if self._is_ending:
            self.transport.close()
            return
        later = self.timeout_keep_alive
        self.timeout_keep_alive_task = self.loop.call_later(later, self.timeout_keep_alive_handler)
        self.flow.resume_reading()
        if self._behind:
            waiting = b"".join(self._behind)
            self._behind.clear()
            self.data_received(waiting)

    def shutdown(self) -> None:
        """End after the answer that is due."""
        if self._is_short:
            self._is_ending = True
            return
        cycle: RequestResponseCycle | None = self.cycle  # None before the first request
        if cycle is not None and not cycle.response_started:
            # Said in the answer, so that nobody sends the next request into a connection that closes.
            cycle.default_headers = [*cycle.default_headers, (b"connection", b"close")]
        super().shutdown()


__all__ = ["ShortWay", "headers_of", "protocol_of"]
