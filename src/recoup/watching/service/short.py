"""The short way of a request: payments that come in the plainest form of HTTP/1.1 pass by without a task of their own.

Only a head that can be read in one way takes it: the two addresses of decisions, headers that are known and stand once, a
stated length, no transfer coding, nothing that waits. Anything else, and whatever comes in pieces before its head is whole,
goes the long way through uvicorn and h11, with the same answers.

What each request would cost again is kept: heads that were read, heads of answers until the second is over, and one timer for
each connection, which looks when it is due whether anything came since.
"""

from __future__ import annotations

import asyncio
import re
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Final, NamedTuple

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from recoup import limits
from recoup.watching.service.app import Service
from recoup.watching.service.replies import Answer, head_of

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
_HEADS_KEPT: Final = 512
_HEAD_BYTES_KEPT: Final = 1_024
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


class Head(NamedTuple):
    """A plain head."""

    path: str
    headers: dict[bytes, bytes]
    """Names in small letters."""
    length: int
    """Of the body."""


def head_read(head: bytes) -> Head | None:
    """Return what a head says, up to and with its empty line; None where it is not plain."""
    found = _HEAD.fullmatch(head)
    headers = None if found is None else headers_of(found[2])
    if found is None or headers is None:
        return None
    return Head(found[1].decode(), headers, int(headers[b"content-length"]))


_head_kept = lru_cache(_HEADS_KEPT)(head_read)


_NO_HEAD: Final = Head("", {}, 0)


class _Answering:
    """Writes answers as bytes; their heads are made once, until the server's own headers change, such as the date."""

    def __init__(self) -> None:
        self._default: list[tuple[bytes, bytes]] = []
        self._made: dict[tuple[int, bytes], bytes] = {}

    def written(
        self, answer: Answer, default: list[tuple[bytes, bytes]], *, is_last: bool
    ) -> bytes:
        """Return an answer whole; after the last one the connection is closed."""
        if default is not self._default:
            self._default = default
            self._made.clear()
        kind = (answer.status, answer.media)
        head = self._made.get(kind)
        if head is None:
            own = [line for line in head_of(answer) if line[0] != b"content-length"]
            lines = b"".join(b"%b: %b\r\n" % line for line in (*default, *own))
            head = self._made[kind] = _STATUS_LINES[answer.status] + lines
        last = b"connection: close\r\n" if is_last else b""
        size = len(answer.body)
        return b"%b%bcontent-length: %d\r\n\r\n%b" % (head, last, size, answer.body)


def protocol_of(service: Service) -> type[H11Protocol]:
    """Return the protocol of connections of this service."""

    class _Bound(ShortWay):
        asked = service
        answering = _Answering()

    return _Bound


_ROOM: Final = memoryview(bytearray(1 << 18))
"""What came last: read at once, by one connection after another. The loop's own way makes and gives back as much for each."""


class ShortWay(H11Protocol, asyncio.BufferedProtocol):
    """A connection. At most one request of it is being answered; what comes meanwhile waits."""

    asked: Service
    answering: _Answering

    def __init__(self, *given: Any, **named: Any) -> None:  # noqa: ANN401 - uvicorn's own
        super().__init__(*given, **named)
        self._head: Head = _NO_HEAD
        self._parts: list[bytes] = []
        self._missing = 0
        """Bytes of the body that have not come."""
        self._is_short = False
        """A request of the short way is coming in, or being answered."""
        self._behind: list[bytes] = []
        self._is_ending = False
        self._was_long = False
        """The long way was taken: it may not be over."""
        self._idle_until = 0.0

    def get_buffer(self, sizehint: int) -> memoryview[int]:  # noqa: ARG002 - the loop's own
        """Return where what comes is written."""
        return _ROOM

    def buffer_updated(self, nbytes: int) -> None:
        """Take what was written there."""
        self.data_received(bytes(_ROOM[:nbytes]))

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
        elif (self._was_long and not self._is_idle) or not self._begin(data):
            self._was_long = True
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
        end = data.find(b"\r\n\r\n", 0, limits.WATCH_HEAD_BYTES_MAX) + 4
        if end < 4:
            return False
        head = _head_kept(data[:end]) if end <= _HEAD_BYTES_KEPT else head_read(data[:end])
        if head is None:
            return False
        self._head, self._is_short, self._missing = head, True, head.length
        if len(data) == end + head.length:  # as most come
            self._missing = 0
            self.asked.ask(head.path, head.headers, data[end:], self._answer)
        else:
            self._gather(data[end:])
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
        self.asked.ask(self._head.path, self._head.headers, body, self._answer)

    def _answer(self, answer: Answer) -> None:
        """Write an answer, and go on with what came meanwhile."""
        self.server_state.total_requests += 1
        self._is_short = False
        if self.transport.is_closing():
            return
        default = self.server_state.default_headers
        self.transport.write(self.answering.written(answer, default, is_last=self._is_ending))
        if self._is_ending:
            self.transport.close()
            return
        self._idle_until = self.loop.time() + self.timeout_keep_alive
        if self.timeout_keep_alive_task is None:
            self._look_at(self._idle_until)
        self.flow.resume_reading()
        if self._behind:
            waiting = b"".join(self._behind)
            self._behind.clear()
            self.data_received(waiting)

    def _look_at(self, when: float) -> None:
        handler = self.timeout_keep_alive_handler
        self.timeout_keep_alive_task = self.loop.call_at(when, handler)

    def timeout_keep_alive_handler(self) -> None:
        """End a connection on which nothing came for too long."""
        now, self.timeout_keep_alive_task = self.loop.time(), None
        if self.transport.is_closing():
            return
        if self._is_short:
            self._look_at(now + self.timeout_keep_alive)
        elif now < self._idle_until:
            self._look_at(self._idle_until)
        else:
            super().timeout_keep_alive_handler()

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
