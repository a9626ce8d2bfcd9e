"""Whether an order's code and a public notice of a return are this centre's: told to anyone, and nothing else with it."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from bureau import Bureau
from correspondents import issue, wire
from httpx import Response
from pypdf import PdfReader

from recoup.api import set_up_logs
from recoup.api.counter_page import WORDS
from recoup.api.genuine import found_out
from recoup.api.rates import Rate
from recoup.centre.order_room import order_message
from recoup.centre.terms import decode_issued
from recoup.centre.written import Issued, Paper
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


def test_an_order_on_paper_is_known_by_its_number_and_the_digest_beside_it(house: Bureau) -> None:
    order, other = issue(house, CARRIED), issue(house, CARRIED)
    paper = house.get(f"/orders/{order}/paper", "ann", case="C1", reason="to carry it")
    assert paper.status_code == 200, paper.text
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(paper.content)).pages)
    printed = re.findall(r"\b[0-9a-f]{64}\b", text)
    digests = {
        name: house.desk.view().find(name)[1].order.digest  # type: ignore[index]
        for name in (order, other)
    }
    assert digests[order] in printed
    assert GENUINE in typed(house, order, digests[order]).text
    assert NUMBER not in typed(house, order, digests[order]).text
    assert NOT in typed(house, order, digests[other]).text
    assert NOT in typed(house, other, digests[order]).text
    assert NOT in typed(house, "", digests[order]).text


def test_a_paper_of_a_return_is_known_by_number_and_digest_and_says_its_sum(house: Bureau) -> None:
    state, now = house.desk.view(), house.clock.now()
    first = Issued(Paper("d" * 64, "decision-0001.zh", "28125.00 CNY"), "r1", "C1", "ann", now)
    later = replace(first, paper=replace(first.paper, digest="e" * 64, amount="20000.00 CNY"))
    state.put_paper(first)
    try:
        page = typed(house, "decision-0001.zh", "d" * 64).text
        assert GENUINE in page
        assert "28125.00 CNY" in page, "whoever printed another sum is found out"
        assert NOT in typed(house, "decision-0002.zh", "d" * 64).text
        assert NOT in typed(house, "decision-0001.zh", "f" * 64).text
        state.put_paper(later)
        assert "a later one took its place" in typed(house, "decision-0001.zh", "d" * 64).text
        assert "a later one" not in typed(house, "decision-0001.zh", "e" * 64).text
    finally:
        state.papers.clear()
        state.numbered.clear()


def typed(house: Bureau, number: str, digest: str) -> Response:
    """What the page says of what stands on a paper."""
    form = {"number": number, "check": digest, "language": "en"}
    return house.client.post("/counter/check", data=form)
