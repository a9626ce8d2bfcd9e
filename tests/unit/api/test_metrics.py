"""What a running centre counts for Prometheus: every metric is in the reference with its unit, and no caller makes new rows."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from banks import listened
from bureau import START, Bureau, drafted, setting
from prometheus_client.parser import text_string_to_metric_families

from recoup.api.operations import Figures
from recoup.centre import COMMAND_REGISTRY
from recoup.centre.commands import Done
from recoup.centre.desk import Desk
from recoup.centre.requests import MACHINE, Actor, Request, command_of
from recoup.centre.witnessing import Sealing, WitnessAddress
from recoup.clock import HandClock
from recoup.journal.notes import Algorithm, NoteSecret
from recoup.orders import Outcome
from recoup.staff import Level, Role, Unit
from recoup.staff.commands import SetUp
from recoup.witness import Witness
from recoup.witness.http import application

ROOT = next(p for p in Path(__file__).parents if (p / "pyproject.toml").exists())
LABELS = {"method", "route", "status", "le", "witness"}
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "other"}
NUMBER = "6222020000111122223"

JOURNAL = NoteSecret.make("centre.example/journal", Algorithm.NOTE, b"\1" * 32)
NEAR = NoteSecret.make("near.example", Algorithm.COSIGNATURE, b"\2" * 32)
AWAY = NoteSecret.make("away.example", Algorithm.COSIGNATURE, b"\3" * 32)


def _rows(text: str) -> Iterator[tuple[str, dict[str, str], float]]:
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            yield sample.name, sample.labels, sample.value


def _documented() -> dict[str, str]:
    """Return each metric of the reference and its unit."""
    page = (ROOT / "docs/reference/metrics.md").read_text(encoding="utf-8").split("## The watch")[0]
    rows = re.findall(r"^\| `(recoup_\w+)` \| (\w+) \| ([\w ]+) \|", page, re.MULTILINE)
    return {name: unit for name, _, unit in rows}


def test_every_metric_is_in_the_reference_with_its_unit(bureau: Bureau) -> None:
    bureau.get("/healthz")
    families = list(text_string_to_metric_families(bureau.get("/metrics").text))
    found = {family.name: family for family in families}
    assert set(found) == set(_documented())
    for name, unit in _documented().items():
        ending = name.rpartition("_")[2]
        expected = {"seconds": "seconds", "messages": "messages", "records": "records"}
        assert unit == expected.get(ending, unit), name
        assert found[name].documentation


def test_whatever_callers_send_makes_no_new_rows_and_shows_nothing_of_it(bureau: Bureau) -> None:
    odd = [("BREW", f"/{NUMBER}"), ("GET", "/metrics"), ("GET", f"/cases/{NUMBER}")]
    for method, path in (*odd, ("POST", f"/accounts?number={NUMBER}")):
        bureau.client.request(method, path)

    def labels() -> set[tuple[tuple[str, str], ...]]:
        rows = _rows(bureau.get("/metrics").text)
        return {tuple(sorted(labels.items())) for _, labels, _ in rows}

    before = labels()
    for number in range(20):
        bureau.client.request(f"BREW{number}", f"/{number}")
        bureau.client.get(f"/cases/case-{number}")
    assert labels() == before
    routes = {*bureau.app.openapi()["paths"], "/metrics", "/openapi.json", "unknown"}
    for row in before:
        for name, value in row:
            assert name in LABELS
            assert NUMBER not in value
            assert name != "route" or value in routes
            assert name != "method" or value in METHODS
            assert name != "status" or re.fullmatch(r"[1-5][0-9]{2}", value)


def test_institutions_answers_are_counted_by_how_long_they_took(bureau: Bureau) -> None:
    bureau.hire("ann", (Role.OFFICER, "gd"))
    bureau.place("C1", "gd", "ann")
    account = bureau.account("C1", "ann")
    for seconds in (5, 600):
        body = drafted("C1", account, "query", amount="0")
        order = bureau.post("/orders", body, "ann").json()["order"]
        assert bureau.post(f"/orders/{order}/issue", {}, "ann").status_code == 200
        bureau.clock.move(timedelta(seconds=seconds))
        bureau.answered(order, Outcome.REFUSED, 0)
    until = time.monotonic() + 10
    while True:
        rows = list(_rows(bureau.get("/metrics").text))
        found = {
            labels["le"]: value
            for name, labels, value in rows
            if name == "recoup_order_answer_seconds_bucket"
        }
        if found["+Inf"] == 2:
            break
        assert time.monotonic() < until, found
        time.sleep(0.05)
    assert (found["1.0"], found["10.0"], found["300.0"], found["900.0"]) == (0, 1, 1, 2)
    assert ("recoup_order_answer_seconds_sum", {}, 605.0) in rows


def test_how_far_witnesses_are_behind_is_told_of_each(tmp_path: Path) -> None:
    clock = HandClock(START)
    near = Witness(NEAR, [JOURNAL.key], tmp_path / "near", clock)
    with listened(application(near)) as url:
        witnesses = (WitnessAddress(NEAR.key, url), WitnessAddress(AWAY.key, "http://127.0.0.1:9"))
        desk = Desk(replace(setting(tmp_path, clock), sealing=Sealing(JOURNAL, witnesses, 0.05)))
        desk.start()
        try:
            grown = _grown(desk)
            clock.move(timedelta(seconds=40))
            near_rows = _until(desk, lambda rows: rows["near.example"] == (0, 0))
            assert near_rows["away.example"] == (grown, 40)
        finally:
            desk.drain()


def _grown(desk: Desk) -> int:
    """Write something; return how many records there are."""
    what = SetUp("root", Unit("gd", Level.PROVINCE), "credential", "factor")
    command = command_of(COMMAND_REGISTRY, "first", Request(Actor("way in", MACHINE, ""), what))
    assert isinstance(desk._office.submit(command).result(10), Done)
    return desk.last()


def _until(
    desk: Desk, is_so: Callable[[dict[str, tuple[float, float]]], bool]
) -> dict[str, tuple[float, float]]:
    """Return records and seconds behind by witness, once it is so."""
    until = time.monotonic() + 10
    while True:
        rows = list(_rows(Figures(desk).text().decode()))
        by_name = {(name, labels.get("witness", "")): value for name, labels, value in rows}
        found = {
            witness: (value, by_name["recoup_witness_behind_seconds", witness])
            for (name, witness), value in by_name.items()
            if name == "recoup_witness_behind_records"
        }
        if found and is_so(found):
            return found
        assert time.monotonic() < until, found
        time.sleep(0.05)
