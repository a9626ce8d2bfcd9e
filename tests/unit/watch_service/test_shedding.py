"""When scoring is late: payments go on without a score and it is said; stops are enforced all the same; nothing is lost."""

from __future__ import annotations

import threading
import time

import pytest
from plain_watch import LARGE_MINOR, PlainCore
from watch_service import Running, payment

from recoup import limits
from recoup.watching.service import Terms

PATIENT = Terms(shed_seconds=3_600.0, early_seconds=3_600.0)
LARGE = f"{LARGE_MINOR // 100}.00"


def hang(running) -> threading.Thread:
    """Make the model hang, and give it a payment to hang on; return the thread that waits for the answer."""
    running.core.going.clear()
    running.core.is_asked.clear()
    thread = threading.Thread(target=lambda: running.pay(id="stuck", payer="acc-stuck"))
    thread.start()
    assert running.core.is_asked.wait(60)
    return thread


@pytest.fixture
def hanging(tmp_path):
    core = PlainCore()
    with Running(tmp_path, core, Terms(early_seconds=0.2)) as running:
        running.inform("stop", b"acc-stopped")
        yield running
        core.going.set()


def test_while_the_model_hangs_payments_go_on_and_stops_are_enforced(hanging):
    thread = hang(hanging)
    free = hanging.pay(id="free", amount=LARGE).json()
    stopped = hanging.pay(id="stopped", payer="acc-stopped").json()
    assert (free["decision"], free["is_scored"], "score" in free) == ("allow", False, False)
    assert (stopped["decision"], stopped["is_scored"]) == ("hold", False)
    assert stopped["reasons"][0]["code"] == "order-binds"
    assert not hanging.core.going.is_set(), "the model hung all the while"
    hanging.core.going.set()
    thread.join()
    assert hanging.figure("recoup_watch_early") >= 2


def test_what_was_answered_early_is_booked_once_and_repeated_as_it_was_told(hanging):
    thread = hang(hanging)
    first = hanging.pay(id="free", amount=LARGE, payee="acc-early").json()
    hanging.core.going.set()
    thread.join()
    again = hanging.pay(id="free", amount=LARGE, payee="acc-early").json()
    assert again == {**first, "is_repeat": True}
    assert hanging.core.paid["acc-early"] == LARGE_MINOR
    other = hanging.pay(id="free", amount="1.00", payee="acc-early")
    assert other.status_code == 409


def test_a_patient_service_shows_that_the_early_answer_is_what_lets_payments_go_on(tmp_path):
    core = PlainCore()
    with Running(tmp_path, core, PATIENT) as running:
        thread = hang(running)
        answers: list[dict] = []
        other = threading.Thread(target=lambda: answers.append(running.pay(id="free").json()))
        other.start()
        deadline = time.monotonic() + 60
        while running.desk.waiting < 2 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert answers == []
        core.going.set()
        thread.join()
        other.join()
        assert answers[0]["decision"] == "allow"
        assert running.figure("recoup_watch_early") == 0


def test_what_waited_too_long_is_decided_without_scoring_and_orders_still_bind(tmp_path):
    core = PlainCore()
    with Running(tmp_path, core, Terms(shed_seconds=0.0, early_seconds=3_600.0)) as running:
        running.inform("stop", b"acc-stopped")
        large = running.pay(id="large", amount=LARGE).json()
        stopped = running.pay(id="stopped", payer="acc-stopped").json()
        assert (large["decision"], large["is_scored"]) == ("allow", False)
        assert (stopped["decision"], stopped["is_scored"]) == ("refuse", False)
        assert running.figure("recoup_watch_shed") == 2
        assert {is_scored for is_scored, _ in core.calls} == {False}


def test_in_time_the_same_payment_is_scored_and_held(tmp_path):
    with Running(tmp_path, PlainCore(), PATIENT) as running:
        large = running.pay(id="large", amount=LARGE).json()
        assert large["decision"] == "hold"
        assert running.figure("recoup_watch_shed") == 0


def test_past_the_bound_of_the_queue_the_caller_is_told_to_come_again(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "WATCH_QUEUE_ROWS_MAX", 3)
    core = PlainCore()
    with Running(tmp_path, core, PATIENT) as running:
        thread = hang(running)
        rows = [payment(id=f"more-{at}") for at in range(3)]
        answer = running.client.post("/v1/decisions", json={"payments": rows})
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        assert answer.json()["type"] == "urn:recoup:problem:queue_full"
        core.going.set()
        thread.join()
        answer = running.client.post("/v1/decisions", json={"payments": rows})
        assert answer.status_code == 200
        assert not any(row.get("is_repeat") for row in answer.json()["decisions"])


def test_a_log_that_cannot_be_written_stops_the_service_and_nobody_is_answered(
    tmp_path, monkeypatch
):
    with Running(tmp_path, PlainCore(), PATIENT) as running:
        assert running.pay(id="before").status_code == 200
        from recoup.errors import StoreFault
        from recoup.watching.service.log import Log

        def full(_):
            raise StoreFault("no space left")

        with monkeypatch.context() as patch:
            patch.setattr(Log, "sync", full)
            assert running.pay(id="after").json()["type"] == "urn:recoup:problem:not_ready"
        assert running.client.get("/readyz").status_code == 503
        assert running.pay(id="later").status_code == 503
        halted = time.monotonic() + 30  # the desk tells why it ended first
        while not running.halts and time.monotonic() < halted:
            time.sleep(0.01)
        assert len(running.halts) == 1
