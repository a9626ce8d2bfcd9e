"""The service is told to end: who waits for nothing holds nothing up, and what it took it answers. Over real sockets."""

from __future__ import annotations

import socket
import threading
import time

import httpx
import msgspec
import pytest
from plain_watch import PlainCore
from watch_service import Running, payment

from recoup import limits
from recoup.watching.service import Terms
from recoup.watching.service.short import ShortWay

PATIENT = Terms(shed_seconds=60.0, early_seconds=60.0)
LONG = b"X-Long: way\r\n"
"""A header that the short way does not know."""
CLIENTS = 6
ANSWERS = 5
"""That each client has before the end: so all their connections stand."""


class Line:
    """A connection, in bytes."""

    def __init__(self, running: Running) -> None:
        self.socket = socket.create_connection(("127.0.0.1", running.port), timeout=30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.socket.makefile("rb")

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def answer(self) -> tuple[int, dict[str, str], bytes]:
        """Return status, headers and body of the next answer; status 0 where the connection ended."""
        status = self.file.readline()
        if not status:
            return 0, {}, b""
        headers = {}
        while (line := self.file.readline()) != b"\r\n":
            name, _, value = line.decode().partition(":")
            headers[name.lower()] = value.strip()
        return int(status.split()[1]), headers, self.file.read(int(headers["content-length"]))

    def close(self) -> None:
        self.file.close()
        self.socket.close()


def request(id_: str, more: bytes = b"") -> bytes:
    body = msgspec.json.encode(payment(id=id_))
    head = b"POST /v1/decisions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    return head + more + b"Content-Length: %d\r\n\r\n" % len(body) + body


def ended(running: Running) -> float:
    """End the service and return how long it took."""
    began = time.monotonic()
    running.close()
    return time.monotonic() - began


def ending(running: Running) -> threading.Thread:
    """Begin to end the service; return once it lets nobody in any more."""
    thread = threading.Thread(target=running.close)
    thread.start()
    until = time.monotonic() + 30
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", running.port), timeout=1).close()
        except OSError:
            return thread
        time.sleep(0.01)
    raise AssertionError("it goes on listening")


def test_who_waits_for_nothing_holds_nothing_up(tmp_path):
    running = Running(tmp_path, terms=PATIENT)
    lines = [Line(running) for _ in range(5)]
    _, short, long, half, looked = lines  # the first says nothing
    short.send(request("a"))
    long.send(request("b", LONG))
    looked.send(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    assert {line.answer()[0] for line in (short, long, looked)} == {200}
    half.send(request("c")[:20])
    running.pay(id="d")  # so the half head has come
    assert ended(running) < limits.DRAIN_SECONDS_MAX / 2
    for line in lines:
        assert line.answer()[0] == 0, "it ends and says nothing"
        line.close()


@pytest.mark.parametrize("more", [b"", LONG], ids=["short", "long"])
def test_a_request_whose_body_still_comes_is_answered_and_its_connection_ends(tmp_path, more):
    running = Running(tmp_path, terms=PATIENT)
    whole = request("late", more)
    with httpx.Client(base_url=f"http://127.0.0.1:{running.port}") as other:
        line = Line(running)
        line.send(whole[:-9])
        assert other.get("/healthz").status_code == 200, "so the head has come"
        thread = ending(running)
        time.sleep(0.3)  # past the moment at which all connections are asked to end
        line.send(whole[-9:])
        status, headers, body = line.answer()
        assert (status, headers["connection"]) == (200, "close")
        assert msgspec.json.decode(body)["id"] == "late"
        assert line.answer()[0] == 0
        line.close()
    thread.join(30)
    with Running(tmp_path, terms=PATIENT) as again:
        assert again.pay(id="late").json()["is_repeat"] is True, "it was kept"


@pytest.mark.parametrize("more", [b"", LONG], ids=["short", "long"])
def test_what_is_being_decided_when_the_service_is_told_to_end_is_answered(tmp_path, more):
    core = PlainCore()
    core.going.clear()
    running = Running(tmp_path, core, PATIENT)
    line = Line(running)
    line.send(request("one", more))
    assert core.is_asked.wait(30)
    thread = ending(running)
    time.sleep(0.3)
    core.going.set()
    status, headers, _ = line.answer()
    assert (status, headers["connection"]) == (200, "close")
    line.close()
    thread.join(30)


def test_what_is_broken_off_is_told_so_and_no_mistake_of_the_program(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "DRAIN_SECONDS_MAX", 1)
    core = PlainCore()
    core.going.clear()
    running = Running(tmp_path, core, PATIENT)
    line = Line(running)
    line.send(request("one", LONG))
    assert core.is_asked.wait(30)
    thread = ending(running)
    status, _, body = line.answer()
    assert (status, msgspec.json.decode(body)["type"]) == (503, "urn:recoup:problem:not_ready")
    core.going.set()
    thread.join(30)
    line.close()
    with Running(tmp_path, terms=PATIENT) as again:
        assert again.pay(id="one").status_code == 200, "the same again is answered"


class Busy:
    """A client that asks again and again over one connection until it ends."""

    def __init__(self, running: Running, number: int) -> None:
        self.line, self.number = Line(running), number
        self.told: list[tuple[str, int, bytes]] = []
        self.thread = threading.Thread(target=self._work)
        self.thread.start()

    def _work(self) -> None:
        more = LONG if self.number % 2 else b""
        for count in range(100_000):
            id_ = f"p-{self.number}-{count}"
            try:
                self.line.send(request(id_, more))
                status, _, body = self.line.answer()
            except OSError:
                return
            if not status:
                return
            self.told.append((id_, status, body))
            time.sleep(0.005)


def test_busy_clients_keep_nothing_open_and_what_they_were_told_stands(tmp_path):
    running = Running(tmp_path, terms=PATIENT)
    clients = [Busy(running, number) for number in range(CLIENTS)]
    until = time.monotonic() + 30
    while min(len(one.told) for one in clients) < ANSWERS and time.monotonic() < until:
        time.sleep(0.01)
    seconds = ended(running)
    for one in clients:
        one.thread.join(30)
        assert not one.thread.is_alive()
        one.line.close()
    told = [row for one in clients for row in one.told]
    assert seconds < limits.DRAIN_SECONDS_MAX / 2, "clients ended by themselves"
    assert len(told) >= CLIENTS * ANSWERS
    assert {status for _, status, _ in told} == {200}
    with Running(tmp_path, terms=PATIENT) as again:
        for id_, _, body in told[-3 * CLIENTS :]:
            found = again.pay(id=id_).json()
            assert found["is_repeat"] is True
            assert found["decision"] == msgspec.json.decode(body)["decision"]


def test_a_connection_that_is_told_too_late_to_be_asked_to_end_ends_by_itself(tmp_path):
    with Running(tmp_path, terms=PATIENT) as running:
        running.service.is_ending = True
        line = Line(running)
        assert line.answer()[0] == 0
        line.close()
        running.service.is_ending = False


def test_a_connection_that_nobody_asks_to_end_is_found(tmp_path, monkeypatch):
    """Negative control: it holds the stop up for as long as it stands."""
    later = 2.0
    monkeypatch.setattr(
        ShortWay, "shutdown", lambda one: one.loop.call_later(later, one.transport.close)
    )
    running = Running(tmp_path, terms=PATIENT)
    line = Line(running)
    line.send(request("a"))
    assert line.answer()[0] == 200
    assert ended(running) >= later
    line.close()
