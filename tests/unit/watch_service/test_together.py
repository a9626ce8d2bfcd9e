"""Payments that come in one turn of the loop go together, and nobody can tell: the same answers, and nobody kept waiting."""

from __future__ import annotations

import threading
import time
from types import SimpleNamespace

import h11
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from plain_watch import LARGE_MINOR, PlainCore
from watch_service import Running, payment

from recoup import limits
from recoup.watch.names import Texts
from recoup.watching.service import Terms
from recoup.watching.service.core import WatchCore
from recoup.watching.service.keeping import states
from recoup.watching.service.log import read_log
from recoup.watching.service.plain import read_each, read_plain
from recoup.watching.service.port import Answers, Batch, Extra
from recoup.watching.service.replies import Answer
from recoup.watching.service.short import ShortWay, _Answering

PATIENT = Terms(shed_seconds=3_600.0, early_seconds=3_600.0)
HEADERS = {b"content-type": b"application/json"}
LARGE = f"{LARGE_MINOR // 100}.00"


def body(id_: str, **changed: object) -> bytes:
    return msgspec.json.encode(payment(id=id_, **changed))


class Said:
    """What requests were answered, by their place, however late."""

    def __init__(self, count: int) -> None:
        self.answers: list[list[Answer]] = [[] for _ in range(count)]
        self._change = threading.Condition()

    def hear(self, at: int, answer: Answer) -> None:
        with self._change:
            self.answers[at].append(answer)
            self._change.notify_all()

    def wait(self, places) -> None:
        with self._change:
            assert self._change.wait_for(lambda: all(self.answers[at] for at in places), 60)

    def told(self) -> list[tuple[int, bytes]]:
        assert {len(some) for some in self.answers} == {1}, "each is answered once"
        return [(some[0].status, some[0].body) for some in self.answers]


def ask(running: Running, bodies: list[bytes]) -> Said:
    """Ask all in one turn of the loop."""
    said = Said(len(bodies))

    def turn() -> None:
        for at, one in enumerate(bodies):
            running.service.ask(
                "/v1/decisions", HEADERS, one, lambda answer, at=at: said.hear(at, answer)
            )

    running.loop.call_soon_threadsafe(turn)
    return said


def one_by_one(running: Running, bodies: list[bytes]) -> list[tuple[int, bytes]]:
    found = []
    for one in bodies:
        said = ask(running, [one])
        said.wait([0])
        found += said.told()
    return found


PLAIN = [body(f"p-{at}", payer=f"acc-{at % 5}") for at in range(12)]
ODD = [
    body("zero", amount="0"),
    b"{",
    b"",
    body("eur", currency="EUR"),
    body("zh", payer="甲"),
    body("p-3", payer="acc-3"),
    body("p-4", amount="99.00"),
    body("counter", channel="counter"),
    PLAIN[0] + b"," + PLAIN[1],
    b" " + body("space") + b"\n",
]
MIXED = [*PLAIN[:6], *ODD[:4], *PLAIN[6:], *ODD[4:], body("large", amount=LARGE)]


@pytest.mark.parametrize("make", [PlainCore, WatchCore])
@pytest.mark.parametrize("bodies", [PLAIN, MIXED, PLAIN[:2], [*PLAIN, *PLAIN]])
def test_a_group_is_answered_as_its_payments_one_by_one(tmp_path, make, bodies):
    with Running(tmp_path / "alone", make(), PATIENT) as running:
        alone = one_by_one(running, bodies)
    with Running(tmp_path / "together", make(), PATIENT) as running:
        said = ask(running, bodies)
        said.wait(range(len(bodies)))
        together = said.told()
        assert running.figure("recoup_watch_answers") == len(bodies)
    assert together == alone
    for snapshot in states(tmp_path / "together"):
        snapshot.unlink()  # so that the log alone brings it back, and compares the answers
    with Running(tmp_path / "together", make(), PATIENT) as running:
        again = one_by_one(running, bodies)
    for before, after in zip(together, again, strict=True):
        if before[0] == 200:
            assert {**msgspec.json.decode(before[1]), "is_repeat": True} == msgspec.json.decode(
                after[1]
            )
        else:
            assert before == after


def test_plain_payments_do_go_together(tmp_path):
    with Running(tmp_path, WatchCore(), PATIENT) as running:
        ask(running, PLAIN).wait(range(len(PLAIN)))
    ((form, is_scored, columns, _),) = read_log(tmp_path / "log-000000000000.bin", is_last=False)
    assert (form, is_scored, len(Batch.unpacked(columns))) == ("packed", True, len(PLAIN))


@pytest.fixture
def hanging(tmp_path):
    core = PlainCore()
    with Running(tmp_path, core, Terms(early_seconds=0.2)) as running:
        yield running
        core.going.set()


def test_while_the_model_hangs_a_known_id_keeps_no_other_of_its_group_waiting(hanging):
    assert hanging.pay(id="p-3", payer="acc-3").status_code == 200
    hanging.inform("stop", b"acc-2")
    hanging.core.going.clear()
    hanging.core.is_asked.clear()
    stuck = ask(hanging, [body("stuck", payer="acc-stuck")])
    assert hanging.core.is_asked.wait(60)
    said = ask(hanging, PLAIN)
    others = [at for at in range(len(PLAIN)) if at != 3]
    said.wait(others)
    assert not said.answers[3], "its repeat waits for the thread, which knows with what"
    hanging.core.going.set()
    said.wait([3])
    stuck.wait([0])
    answers = [msgspec.json.decode(one) for _, one in said.told()]
    assert answers[3]["is_repeat"] is True
    assert {answers[at]["decision"] for at in (2, 7)} == {"hold"}
    assert {answers[at]["decision"] for at in others if at % 5 != 2} == {"allow"}
    assert not any(answers[at]["is_scored"] for at in others)


def test_what_gathers_while_others_are_decided_is_known_to_the_desk_soon(hanging):
    """The desk answers early only what it has: nobody gathers for longer than a moment, however long the thread takes."""
    hanging.core.going.clear()
    hanging.core.is_asked.clear()
    ask(hanging, [body("stuck", payer="acc-stuck")])
    assert hanging.core.is_asked.wait(60)
    ask(hanging, PLAIN)
    until = time.monotonic() + 60
    while hanging.desk.waiting < 1 + len(PLAIN) and time.monotonic() < until:
        time.sleep(0.001)
    assert hanging.desk.waiting == 1 + len(PLAIN)


def test_past_the_bound_of_the_queue_each_of_a_group_is_told_to_come_again(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "WATCH_QUEUE_ROWS_MAX", 6)
    with Running(tmp_path, PlainCore(), PATIENT) as running:
        said = ask(running, PLAIN)
        said.wait(range(len(PLAIN)))
        assert {status for status, _ in said.told()} == {503}
        assert running.figure("recoup_watch_full") == len(PLAIN)


PIECES = st.sampled_from(
    [*PLAIN[:3], *ODD, b"{},{}", PLAIN[0][:20], PLAIN[0][20:], b'"', b'","id":"', PLAIN[1] + b"]}"]
)


@given(st.lists(PIECES, min_size=1, max_size=6))
def test_a_body_is_read_by_itself_whatever_stands_beside_it(bodies):
    """Pieces that make payments only together are none: each is what a batch of it alone says."""
    alone = [read_plain(b'{"payments":[' + one + b"]}") for one in bodies]
    read, fits = read_each(bodies)
    is_one = [one is not None and len(one.ids) == 1 for one in alone]
    for at, one in enumerate(bodies):
        if one.endswith(b"]}"):
            is_one[at] = False
    if read is None:
        assert not all(is_one)
        return
    assert all(is_one)
    assert fits.all()
    for name in ("ids", "payers", "payees", "currencies", "amounts", "kinds"):
        assert list(getattr(read, name)) == [getattr(one, name)[0] for one in alone]
    assert read.times_us.tolist() == [int(one.times_us[0]) for one in alone]


def test_answers_at_places_are_those_of_the_whole():
    whole = Answers.blank(4)
    whole.decisions[:] = [0, 1, 2, 3]
    whole.extras = {1: Extra("a"), 3: Extra("b")}
    some = whole.rows([3, 0])
    assert some.decisions.tolist() == [3, 0]
    assert some.extras == {0: Extra("b")}
    batch = Batch(Texts.of(["a", "b"]), ["x", "y"], ["y", "x"], ["CNY"] * 2, [1, 2], [3, 4], [0, 0])
    assert batch.rows([1]).ids == ["b"]


def test_the_head_of_an_answer_is_made_anew_when_the_second_is_over():
    answering, first, later = _Answering(), [(b"date", b"now")], [(b"date", b"then")]
    ok = Answer(b"{}")
    one = answering.written(ok, first, is_last=False)
    assert one == answering.written(ok, first, is_last=False)
    assert b"date: now\r\n" in one
    assert b"date: then\r\n" in answering.written(ok, later, is_last=False)
    assert b"retry-after: 1\r\n" in answering.written(Answer(b"", status=503), later, is_last=True)
    assert b"connection: close\r\n" in answering.written(ok, later, is_last=True)


class _Clock:
    def __init__(self) -> None:
        self.now, self.due = 100.0, []

    def time(self) -> float:
        return self.now

    def call_at(self, when, _):
        self.due.append(when)
        return SimpleNamespace(cancel=lambda: None)


def test_a_connection_ends_when_nothing_came_for_so_long_and_no_sooner():
    """One timer a connection: when it is due it looks whether anything came since."""
    line, clock, closed = object.__new__(ShortWay), _Clock(), []
    line.loop, line.timeout_keep_alive, line._is_short, line._idle_until = clock, 5.0, False, 103.0
    line.transport = SimpleNamespace(
        is_closing=lambda: bool(closed), close=lambda: closed.append(1)
    )
    line.conn = h11.Connection(h11.SERVER)
    line.timeout_keep_alive_handler()
    assert clock.due == [103.0]
    clock.now, line._is_short = 103.0, True
    line.timeout_keep_alive_handler()
    assert clock.due == [103.0, 108.0]
    line._is_short = False
    line.timeout_keep_alive_handler()
    assert closed == [1]
    line.timeout_keep_alive_handler()  # of a connection that is gone: nothing goes on for ever
    assert clock.due == [103.0, 108.0]
