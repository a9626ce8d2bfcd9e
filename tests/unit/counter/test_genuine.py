"""Whether an order's code and a public notice of a return are this centre's: told to anyone, and nothing else with it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from bureau import Bureau
from correspondents import issue, wire
from httpx import Response

from recoup.api import set_up_logs
from recoup.api.counter_page import WORDS
from recoup.api.genuine import found_out
from recoup.api.rates import Rate
from recoup.centre.order_room import order_message
from recoup.centre.terms import decode_issued
from recoup.messages import NoticeTerms
from recoup.procedure import Notice, Return, Round
from recoup.staff import Role

CARRIED = "bank-8"
NUMBER = "6222020000111122223"
GENUINE, NOT = WORDS["genuine"][1], WORDS["not_genuine"][1]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bureau]:
    set_up_logs(io.StringIO())
    found = Bureau(tmp_path_factory.mktemp("genuine"), wire=wire())
    found.set_up()
    found.hire("ann", (Role.CASE_LEAD, "gd"))
    found.hire("bo", (Role.APPROVER, "gd"))
    found.place("C1", "gd", "ann")
    found.app.state.house.tries = found.app.state.house.tries_each = Rate(1_000_000)
    yield found
    found.close()


def signed(house: Bureau, order: str) -> str:
    """Return what the code on an order's paper says."""
    found = house.desk.view().find(order)
    letters = house.desk._office.letters
    assert found is not None
    assert letters is not None
    issued = decode_issued(order_message(found[1], order, None, None).body)
    return letters.order(issued).decode()


def check(house: Bureau, number: str, scanned: str) -> Response:
    form = {"number": number, "scanned": scanned, "language": "en"}
    return house.client.post("/counter/check", data=form)


def test_a_signed_code_of_an_order_is_genuine_and_names_nobody(house: Bureau) -> None:
    order = issue(house, CARRIED)
    code = signed(house, order)
    for number in (order, ""):
        page = check(house, number, code).text
        assert GENUINE in page
        assert order in page
        assert NUMBER not in page
        assert "Wang" not in page
    assert NOT in check(house, "order-of-another-sheet", code).text


def test_a_code_that_was_changed_is_not(house: Bureau) -> None:
    """The negative control, part by part."""
    code = signed(house, issue(house, CARRIED))
    head, body, seal = code.split(".")
    other = signed(house, issue(house, CARRIED)).split(".")
    for forged in (
        f"{head}.{other[1]}.{seal}",
        f"{head}.{body}.{other[2]}",
        f"{head}.{body}.",
        code[:-4],
    ):
        assert NOT in check(house, "", forged).text


def test_a_public_notice_is_known_by_its_return_and_its_plans_digest(house: Bureau) -> None:
    plan, now = "a" * 64, house.clock.now()
    notice = Notice(now, now, "ann", plan)
    state = house.desk.view()
    state.returns["r1"] = Return("r1", ("C1",), (Round(1, "ann", notices=(notice,)),))
    try:
        found = found_out(house.desk, "", "r1", plan)
        assert found is not None
        assert (found.kind, found.stage) == ("plan", None)
        assert GENUINE in check(house, "r1", plan).text
        assert NOT in check(house, "r2", plan).text
        assert NOT in check(house, "r1", "b" * 64).text
    finally:
        del state.returns["r1"]


def test_a_letter_that_would_get_a_link_is_refused(tmp_path: Path, house: Bureau) -> None:
    where = f"/cases/C1/claims/{house.case('C1').claims[0].id}/letter"
    assert house.get(where, "ann", reason="r").status_code == 200
    settings = replace(wire(), notice=NoticeTerms("police at www.example.cn", (), "110"))
    other = Bureau(tmp_path, wire=settings)
    try:
        other.set_up()
        other.hire("ann", (Role.CASE_LEAD, "gd"))
        other.place("C1", "gd", "ann")
        where = f"/cases/C1/claims/{other.case('C1').claims[0].id}/letter"
        found = other.get(where, "ann", reason="r")
        assert found.status_code == 409
        assert found.json()["type"] == "urn:recoup:problem:letter_has_link"
    finally:
        other.close()
