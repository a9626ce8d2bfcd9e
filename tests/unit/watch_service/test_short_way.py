"""The short way of a request gives the answers of the long one, and takes no head that could be read in two ways."""

from __future__ import annotations

import socket

import msgspec
import pytest
from watch_service import Running, payment

from recoup import limits
from recoup.watching.service import Terms
from recoup.watching.service.short import headers_of

PATIENT = Terms(shed_seconds=60.0, early_seconds=60.0)
LONG = b"X-Long: way\r\n"
"""A header that the short way does not know."""


@pytest.fixture
def running(tmp_path):
    with Running(tmp_path, terms=PATIENT) as found:
        yield found


def request(body: bytes, more: bytes = b"", path: bytes = b"/v1/decisions") -> bytes:
    head = b"POST " + path + b" HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    return head + more + b"Content-Length: %d\r\n\r\n" % len(body) + body


def said(running, *parts: bytes, count: int = 1) -> list[tuple[bytes, bytes]]:
    """Return status line and body of each answer."""
    with (
        socket.create_connection(("127.0.0.1", running.port), timeout=60) as line,
        line.makefile("rb") as file,
    ):
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for part in parts:
            line.sendall(part)
        found = []
        for _ in range(count):
            status, length = file.readline(), 0
            while (header := file.readline()) != b"\r\n":
                name, _, value = header.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
            found.append((status.rstrip(), file.read(length)))
        return found


def body_of(*ids: str, **changed) -> bytes:
    rows = [payment(id=one, **changed) for one in ids]
    return msgspec.json.encode(rows[0] if len(rows) == 1 else {"payments": rows})


@pytest.mark.parametrize(
    "body",
    [
        body_of("one"),
        body_of("a", "b", "c"),
        body_of("a", "a"),
        body_of("one", amount="0"),
        body_of("a", "b", amount="1.234"),
        b'{"payments": []}',
        b"{",
        b"",
    ],
)
def test_both_ways_say_the_same(tmp_path, body):
    found = []
    for way in (b"", LONG):
        with Running(tmp_path / str(len(way)), terms=PATIENT) as running:
            found.append(said(running, request(body, way)))
    assert found[0] == found[1]


def test_pieces_and_requests_behind_each_other_are_answered_in_order(running):
    first, second, third = (request(body_of(one)) for one in "abc")
    long = request(body_of("d"), LONG)
    whole = first + second + long + third
    cut = len(first) - 5
    found = said(running, whole[:cut], whole[cut:], count=4)
    assert [msgspec.json.decode(body)["id"] for _, body in found] == ["a", "b", "d", "c"]
    in_head = said(running, first[:20], first[20:])
    assert msgspec.json.decode(in_head[0][1])["is_repeat"] is True


@pytest.mark.parametrize(
    ("more", "status"),
    [
        (b"Content-Length: 3\r\n", b"400"),
        (b"Authorization : x\r\n", b"400"),
        (b"Connection: close\r\n", b"200"),
    ],
)
def test_what_is_not_plain_goes_the_long_way(running, more, status):
    ((line, _),) = said(running, request(body_of("one"), more))
    assert line.split()[1] == status


@pytest.mark.parametrize(
    "lines",
    [
        b"Content-Length: 5\r\n",
        b"Host: x\r\n",
        b"Host: x\r\nContent-Length: 5\r\nContent-Length: 5\r\n",
        b"Host: x\r\nContent-Length: +5\r\n",
        b"Host: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        b"Host: x\r\nContent-Length: 5\r\nUpgrade: h2c\r\n",
        b"Host: x\r\nContent-Length: 5\r\nConnection: close\r\n",
        b"Host: x\r\nContent-Length: %d\r\n" % (limits.WATCH_BODY_BYTES_MAX + 1),
    ],
)
def test_a_head_that_is_not_plain_is_not_taken(lines):
    assert headers_of(lines) is None


def test_a_plain_head_is_taken():
    lines = b"HOST: x\r\nContent-length:5\r\nConnection: Keep-Alive\r\nAccept: */*\r\n"
    wanted = {b"host": b"x", b"content-length": b"5", b"connection": b"Keep-Alive"}
    assert headers_of(lines) == {**wanted, b"accept": b"*/*"}
