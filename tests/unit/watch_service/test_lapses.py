"""What waits ends by the clock of a served watch, though no payment comes; a restart gives the same."""

from __future__ import annotations

import threading
import time
from itertools import count

import pytest
from waiting_payments import CALLERS, NOON, PATIENT, SECOND, configuration, core, end, outcome, pay
from watch_service import OPEN_SECONDS_MAX, Running

from recoup.clock import instant_of
from recoup.watching.service import Terms
from recoup.watching.service.bodies import instant_text
from recoup.watching.service.port import CONFIGURE

QUICK = Terms(shed_seconds=60.0, early_seconds=60.0, lapse_seconds=0.01)


class Hand:
    """A clock that is moved by hand, and knows how often it was asked."""

    def __init__(self) -> None:
        self.now_us, self.asked = NOON, threading.Semaphore(0)

    def __call__(self) -> int:
        self.asked.release()
        return self.now_us

    def looked(self, times: int = 2) -> None:
        """Wait until the service looked at it again, and did what followed."""
        while self.asked.acquire(blocking=False):
            pass
        for _ in range(times):
            assert self.asked.acquire(timeout=OPEN_SECONDS_MAX)


@pytest.fixture(scope="module", autouse=True)
def warm() -> None:
    """Have the compiled parts there before anything waits for an answer: on a fresh clone they take a minute."""
    core().warm()


@pytest.fixture
def hand() -> Hand:
    return Hand()


def delayed(running: Running, folder) -> int:
    """Have three payments wait; return until when."""
    running.inform(CONFIGURE, configuration(folder))
    for id_ in ("p-1", "p-2", "p-3"):
        told = pay(running, id_)
        assert told["decision"] == "delay"
    (until_us,) = {one.expires_us for one in running.core.watch.stream.waiting.values()}
    assert told["expires_at"] == instant_text(until_us)
    return until_us


def left(running: Running) -> list[list[int]]:
    return running.core.watch.stream.shard.peek([0, 1]).tolist()


def test_a_delay_is_over_at_its_end_and_not_a_microsecond_before_without_another_payment(
    tmp_path, hand
):
    with Running(tmp_path, core(), QUICK, callers=CALLERS, now_us=hand) as running:
        until_us = delayed(running, tmp_path)
        stream = running.core.watch.stream
        hand.now_us = until_us - 1
        hand.looked()
        assert (len(stream.waiting), stream.shard.clock) == (3, NOON)
        hand.now_us = until_us + 3600 * SECOND
        hand.looked()
        assert len(stream.waiting) == 0
        assert stream.shard.clock == until_us, "no further than needed"
        assert outcome(end(running, "release", "ann-token")) == "not_waiting"
        assert running.figure("recoup_watch_lapses") == 1, "three at once are one record"
        hand.looked()
        assert running.figure("recoup_watch_lapses") == 1
        then = left(running)
    again = core()
    with Running(tmp_path, again, QUICK, callers=CALLERS) as running:
        assert left(running) == then
        assert again.watch.stream.shard.clock == until_us
        assert len(again.watch.stream.waiting) == 0


def test_ended_by_the_clock_is_ended_by_the_next_payment(tmp_path, hand):
    """The twin: the same payments, the next of which comes at that end; same features, same bytes of state."""
    found = []
    for name in ("clock", "payment"):
        folder = tmp_path / name
        folder.mkdir()
        given = hand if name == "clock" else None
        with Running(folder, core(), QUICK, callers=CALLERS, now_us=given) as running:
            until_us = delayed(running, folder)
            if name == "clock":
                hand.now_us = until_us
                hand.looked()
                assert len(running.core.watch.stream.waiting) == 0
            told = pay(running, "p-4", "acc-c", instant_text(until_us))
            assert told["decision"] == "delay"
            assert [one.payer for one in running.core.watch.stream.waiting.values()] == [2]
            found.append((left(running), told, running.core.watch.stream.shard.clock))
    assert found[0] == found[1]


def test_a_kill_after_it_leaves_a_log_that_gives_the_same(tmp_path, hand):
    with Running(tmp_path / "one", core(), QUICK, callers=CALLERS, now_us=hand) as running:
        until_us = delayed(running, tmp_path)
        hand.now_us = until_us
        hand.looked()
        copy = tmp_path / "two"
        copy.mkdir()
        for path in (tmp_path / "one").iterdir():  # the disk as SIGKILL would leave it now
            (copy / path.name).write_bytes(path.read_bytes())
        kept = running.core.snapshot()
    again = core()
    with Running(copy, again, QUICK, callers=CALLERS) as running:
        assert running.records == 5, "the configuration, three payments, one lapse"
        assert again.snapshot() == kept


@pytest.mark.parametrize("terms", [None, Terms(lapse_seconds=0)])
def test_the_control_without_a_clock_or_when_told_not_to_only_payments_tell_the_time(
    tmp_path, hand, terms
):
    given = hand if terms else None
    with Running(tmp_path, core(), terms or PATIENT, callers=CALLERS, now_us=given) as running:
        until_us = delayed(running, tmp_path)
        hand.now_us = until_us + SECOND
        deadline = time.monotonic() + 0.2
        for at in count():
            pay(running, f"again-{at}")
            if time.monotonic() > deadline:
                break
        assert len(running.core.watch.stream.waiting) == 4 + at
        assert not hand.asked.acquire(blocking=False)


def test_a_clock_that_goes_back_ends_nothing_and_moves_nothing(tmp_path, hand):
    with Running(tmp_path, core(), QUICK, callers=CALLERS, now_us=hand) as running:
        until_us = delayed(running, tmp_path)
        hand.now_us = until_us
        hand.looked()
        hand.now_us = NOON - 10**12
        assert pay(running, "p-5", "acc-a", instant_text(until_us))["decision"] == "delay"
        hand.looked()
        stream = running.core.watch.stream
        assert (len(stream.waiting), stream.shard.clock) == (1, until_us)


def test_the_holder_is_told_until_when_in_both_languages_and_a_repeat_says_the_same(tmp_path):
    with Running(tmp_path, core(), PATIENT, callers=CALLERS) as running:
        until_us = delayed(running, tmp_path)
        told = pay(running, "p-1")
        until = instant_of(until_us).isoformat().replace("+00:00", "Z")
        assert set(told["remedy"]) == {"en", "zh"}
        for said in told["remedy"].values():
            assert until in said
            assert "p-1" in said
        assert pay(running, "p-1")["remedy"] == told["remedy"]
    with Running(tmp_path, core(), PATIENT, callers=CALLERS) as running:
        assert pay(running, "p-1")["remedy"] == told["remedy"], "after a restart too"
