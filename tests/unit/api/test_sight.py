"""What can be seen of a running centre: the stream of events, figures, health, and logs that show no account number."""

from __future__ import annotations

import io
import json
import logging
import re
import threading
import time

import pytest
import structlog
from bureau import Bureau, drafted
from httpx import Client

from recoup import limits
from recoup.api import logs, masked
from recoup.journal.port import Journal
from recoup.staff import Role
from recoup.stores.sqlite import SqliteJournal

NUMBER = "6222020000111122223"


def listened(bureau: Bureau, by: str, count: int, last: str = "", unit: str = "") -> list[str]:
    """Return the names of `count` events."""
    headers = bureau._as(by) | ({"Last-Event-ID": last} if last else {})
    found: list[str] = []
    with (
        Client(base_url=bureau.served.address, timeout=20) as client,
        client.stream("GET", "/events", headers=headers, params={"unit": unit}) as stream,
    ):
        for line in stream.iter_lines():
            if line.startswith(("id: ", "event: ")):
                found.append(line.partition(": ")[2])
            if len(found) == 2 * count:
                break
    return found


@pytest.fixture
def desk(bureau: Bureau) -> Bureau:
    """A bureau with two units and somebody who listens."""
    bureau.unit("sz", "city", "gd")
    bureau.hire("ann", (Role.OFFICER, "sz"))
    bureau.hire("far", (Role.CASE_LEAD, "gd"))
    bureau.hire("auditor", (Role.AUDITOR, "gd"))
    return bureau


def test_a_stream_goes_on_after_the_last_event_that_was_seen(desk: Bureau) -> None:
    first = listened(desk, "auditor", 3, "0")
    rest = listened(desk, "auditor", 2, first[-2])
    whole = listened(desk, "auditor", 5, "0")
    assert whole == first + rest
    told = [x.sequence for x in desk.desk.happened(0, 1000) if x.name != "acted"]
    assert whole[0::2] == [str(n) for n in told[:5]]


def test_a_number_that_was_never_given_is_refused_and_not_waited_for(desk: Bureau) -> None:
    """As after a backup was put back: a listener would hear nothing until the numbers meet, and not know it."""
    last = desk.desk.last()
    found = []
    for number in (last, last + 1, 10**18 - 1):
        headers = desk._as("auditor") | {"Last-Event-ID": str(number)}
        with desk.client.stream("GET", "/events", headers=headers) as answer:
            found.append(answer.status_code)
            if answer.status_code != 200:
                assert b"cursor_invalid" in answer.read()
    assert found == [200, 409, 409]


def test_a_listener_hears_what_happens_while_it_listens_and_only_of_its_unit(
    desk: Bureau,
) -> None:
    last = str(desk.desk.last())
    heard: list[str] = []
    thread = threading.Thread(
        target=lambda: heard.extend(listened(desk, "ann", 2, last, "sz")), daemon=True
    )
    thread.start()
    desk.place("far", "gd", "far")
    desk.place("near", "sz", "ann")
    desk.draft("near", desk.account("near", "ann"), "ann")
    thread.join(20)
    assert heard[1::2] == ["case_opened", "report_taken"]


def test_a_listener_who_loses_the_right_hears_no_more(desk: Bureau) -> None:
    headers = desk._as("auditor") | {"Last-Event-ID": "0"}
    with (
        Client(base_url=desk.served.address, timeout=20) as client,
        client.stream("GET", "/events", headers=headers) as stream,
    ):
        lines = stream.iter_lines()
        assert next(lines) == ": listening"
        body = {"role": "auditor", "unit": "gd"}
        path = f"/persons/{desk.ids['auditor']}/roles/revoke"
        assert desk.post(path, body, "root").status_code == 200
        assert list(lines) is not None, "the stream ends by itself"


def test_an_event_tells_nothing_of_what_stands_in_it(desk: Bureau) -> None:
    desk.place("near", "sz", "ann")
    desk.account("near", "ann", NUMBER)
    headers = desk._as("auditor") | {"Last-Event-ID": "0"}
    text = ""
    with (
        Client(base_url=desk.served.address, timeout=20) as client,
        client.stream("GET", "/events", headers=headers) as stream,
    ):
        for line in stream.iter_lines():
            text += line
            if "account_entered" in line and line.startswith("data"):
                break
    assert set(json.loads(text.rpartition("data: ")[2])) == {"at", "name", "subject"}
    assert NUMBER not in text


def test_one_listener_more_than_the_limit_is_told_to_come_again(
    desk: Bureau, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "STREAMS_MAX", 1)
    headers = desk._as("auditor")
    with (
        Client(base_url=desk.served.address, timeout=20) as client,
        client.stream("GET", "/events", headers=headers) as stream,
    ):
        lines = stream.iter_lines()  # kept: an iterator that is dropped closes the stream
        assert next(lines) == ": listening"
        with client.stream("GET", "/events", headers=headers) as second:
            assert second.status_code == 429
    deadline = time.monotonic() + 10
    while desk.app.state.house.listening:
        assert time.monotonic() < deadline, "who went away is counted no more"
        time.sleep(0.05)


def figures(bureau: Bureau) -> dict[str, float]:
    rows = [
        line.rsplit(" ", 1) for line in bureau.get("/metrics").text.splitlines() if line[0] != "#"
    ]
    return {name: float(value) for name, value in rows}


def test_figures_count_answers_by_route_and_say_what_waits(desk: Bureau) -> None:
    desk.get(f"/persons/{NUMBER}", "auditor")
    found = figures(desk)
    route = 'method="GET",route="/persons/{person}",status="404"'
    assert found[f"recoup_answer_seconds_count{{{route}}}"] == 1
    assert found["recoup_ready"] == 1
    assert found["recoup_clocks_overdue"] == found["recoup_outbox_age_seconds"] == 0
    assert found["recoup_records"] == desk.desk.last()
    assert NUMBER not in desk.get("/metrics").text


def test_what_is_late_and_what_waits_is_counted(
    desk: Bureau, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Waiting:
        sequence = 1

    late: Journal = desk.desk._journal()
    assert isinstance(late, SqliteJournal)
    # Of this connection only: the sender and the deadlines look through their own.
    monkeypatch.setattr(late, "due", lambda *_: [1, 2, 3])
    monkeypatch.setattr(late, "pending", lambda *_: [Waiting(), Waiting()])
    found = figures(desk)
    assert (found["recoup_clocks_overdue"], found["recoup_outbox_messages"]) == (3, 2)
    (first,) = late.records(1, 1)
    age = (desk.clock.now() - first.at).total_seconds()
    assert found["recoup_outbox_age_seconds"] == age > 0


def test_a_centre_that_ends_is_alive_but_not_ready(desk: Bureau) -> None:
    assert desk.get("/readyz").status_code == 200
    desk.app.state.house.is_draining = True
    assert desk.get("/readyz").json()["type"] == "urn:recoup:problem:draining"
    desk.app.state.house.is_draining = False
    desk.desk.drain()
    assert desk.get("/readyz").json()["type"] == "urn:recoup:problem:stopped"
    assert desk.get("/healthz").status_code == 200
    assert figures(desk)["recoup_ready"] == 0


def feed(bureau: Bureau) -> None:
    """Put an account number wherever a client, a library or a mistake of ours could."""
    bureau.place("near", "sz", "ann")
    account = bureau.account("near", "ann", NUMBER)
    asked = {"account": account, "field": "account_number", "case": "near", "reason": NUMBER}
    assert bureau.post("/readings", asked, "ann").json()["text"] == NUMBER
    bureau.get(f"/orders/{NUMBER}", "ann", case=NUMBER, reason=NUMBER)
    bureau.get(f"/{NUMBER}")
    bureau.post("/orders", drafted("near", account, reason=NUMBER), "ann", key=NUMBER)
    bureau.post("/orders", {"case": NUMBER, NUMBER: NUMBER}, "ann")
    log = structlog.get_logger("anything")
    log.warning("to %s", NUMBER, number=NUMBER, spaced=" ".join(re.findall("....?", NUMBER)))
    logging.getLogger("httpx").warning("GET /%s", NUMBER)
    logging.getLogger("uvicorn.access").warning("GET /%s", NUMBER)
    try:
        int(NUMBER + "x")
    except ValueError:
        log.exception("failed")


def is_shown(text: str) -> bool:
    return NUMBER in re.sub(r"[ -]", "", text)


def test_a_number_of_19_digits_is_found_nowhere_in_the_log(desk: Bureau, log: io.StringIO) -> None:
    feed(desk)
    lines = log.getvalue().splitlines()
    assert not [line for line in lines if is_shown(line)]
    assert "****2223" in log.getvalue()
    assert all(isinstance(json.loads(line), dict) for line in lines)


def test_without_the_mask_the_number_is_found(
    desk: Bureau, log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control."""
    monkeypatch.setattr(logs, "masked", lambda text: text)
    feed(desk)
    assert is_shown(log.getvalue())


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("6222020000111122223", "****2223"),
        ("a 6222-0200-0011-1122-223.", "a ****2223."),
        ("１２３４５６７８９０１２", "****９０１２"),
        ("1234567890", "1234567890"),
        ("2026-03-02T09:00:00.123456Z", "2026-03-02T09:00:00.123456Z"),
    ],
)
def test_long_numbers_are_masked_and_times_are_not(text: str, shown: str) -> None:
    assert masked(text) == shown
