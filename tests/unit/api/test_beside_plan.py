"""Orders drafted beside the plan over HTTP: what one person cannot do alone, and what protects an account on every way."""

from __future__ import annotations

from typing import Any

import pytest
from bureau import Bureau, disputed, drafted

from recoup.cases import Found, Place
from recoup.cases.commands import ApplyTrail
from recoup.centre import beside_plan
from recoup.staff import Role


@pytest.fixture
def desk(bureau: Bureau) -> Bureau:
    """An officer, an approver of the province, and a case with an account that no claim was paid to."""
    bureau.hire("ann", (Role.OFFICER, "gd"))
    bureau.hire("bo", (Role.APPROVER, "gd"))
    bureau.place("C1", "gd", "ann")
    bureau.ids["account"] = bureau.account("C1", "ann")
    return bureau


def answer(desk: Bureau, path: str, by: str, **body: Any) -> str:
    """Return the problem's name, or the state that the order has then."""
    found = desk.post(path, body, by)
    assert found.status_code < 500, found.text
    told = found.json()
    return told.get("type", told.get("state", "done")).rsplit(":", 1)[-1]


def look(desk: Bureau, order: str) -> dict[str, Any]:
    shown = desk.get(f"/orders/{order}", "ann", case="C1", reason="look")
    assert shown.status_code == 200, shown.text
    return shown.json()


def agrees(desk: Bureau, order: str) -> str:
    return answer(desk, f"/orders/{order}/approve", "bo", digest=look(desk, order)["digest"])


def is_payroll(desk: Bureau, kind: str = "payroll") -> str:
    return answer(desk, "/cases/C1/account-kinds", "ann", account=desk.ids["account"], kind=kind)


def test_nobody_stops_an_account_beside_the_plan_alone(desk: Bureau) -> None:
    stop = desk.draft("C1", desk.ids["account"], "ann", "stop")
    assert look(desk, stop)["needs"]["persons"] == 1
    assert answer(desk, f"/orders/{stop}/issue", "ann") == "approval_missing"
    assert answer(desk, f"/orders/{stop}/submit", "ann") == "awaiting_approval"
    assert answer(desk, f"/orders/{stop}/issue", "ann") == "approval_missing"
    assert agrees(desk, stop) == "issued"
    assert answer(desk, f"/orders/{stop}/issue", "ann") == "order_already_issued"


def test_to_ask_where_money_lies_takes_nobody_else(desk: Bureau) -> None:
    body = drafted("C1", desk.ids["account"], "query", amount="0")
    query = desk.post("/orders", body, "ann").json()["order"]
    assert look(desk, query)["needs"]["persons"] == 0
    assert answer(desk, f"/orders/{query}/issue", "ann") == "issued"


def test_a_rule_that_finds_no_burden_in_a_stop_is_found(
    desk: Bureau, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The negative control.
    monkeypatch.setattr(beside_plan, "BURDENING", frozenset())
    stop = desk.draft("C1", desk.ids["account"], "ann", "stop")
    assert answer(desk, f"/orders/{stop}/issue", "ann") == "issued"


@pytest.mark.parametrize("kind", ["stop", "freeze"])
def test_an_account_that_pays_wages_is_drafted_as_one(desk: Bureau, kind: str) -> None:
    assert is_payroll(desk) == "done"
    body = drafted("C1", desk.ids["account"], kind)
    assert answer(desk, "/orders", "ann", **body) == "proposal_stale"
    protected = desk.post("/orders", body | {"account_kind": "payroll"}, "ann").json()["order"]
    assert look(desk, protected)["needs"] == {"persons": 2, "level": "city"}


def test_what_was_drafted_before_anybody_knew_of_the_wages_does_not_leave(desk: Bureau) -> None:
    stop = desk.draft("C1", desk.ids["account"], "ann", "stop")
    assert answer(desk, f"/orders/{stop}/submit", "ann") == "awaiting_approval"
    assert is_payroll(desk) == "done"
    assert agrees(desk, stop) == "proposal_stale"
    assert look(desk, stop)["state"] == "awaiting_approval"
    assert answer(desk, f"/orders/{stop}/withdraw", "ann") == "withdrawn"


def test_nobody_says_of_an_account_that_pays_wages_that_it_is_for_less(desk: Bureau) -> None:
    assert is_payroll(desk) == "done"
    assert is_payroll(desk, "ordinary") == "protection_stands"
    assert is_payroll(desk, "treasury") == "done"
    assert is_payroll(desk) == "protection_stands"


def test_what_an_order_beside_the_plan_does_to_others_is_shown_and_agreed_to(desk: Bureau) -> None:
    lies = Place("0", desk.ids["account"], "bank-1", "CNY", 100, desk.clock.now(), Found.UNKNOWN)
    claim = disputed("0", desk.ids["account"], 100)
    desk.reported("C1", "gd", claim)
    version = desk.case("C1").facts_version
    desk.told("C1", ApplyTrail(version, "0" * 64, (lies,)))
    stop = desk.draft("C1", desk.ids["account"], "ann", "stop")
    assert answer(desk, f"/orders/{stop}/submit", "ann") == "awaiting_approval"
    before = look(desk, stop)
    assert before["seen"]["own_money"] == "0.00"
    assert before["seen"]["change"] == before["seen"]["unclaimed"] == before["amount"]
    harm = {"account": desk.ids["account"], "currency": "CNY", "own_money": "12.34"}
    harm |= {"salary_on": ["2026-01-05"], "merchants": "2"}
    assert answer(desk, "/cases/C1/harms", "ann", **harm) == "done"
    stale = answer(desk, f"/orders/{stop}/approve", "bo", digest=before["digest"])
    assert stale == "approval_stale"
    seen = look(desk, stop)["seen"]
    assert (seen["own_money"], seen["salary_on"], seen["merchants"]) == (
        "12.34",
        ["2026-01-05"],
        2,
    )
    assert agrees(desk, stop) == "issued"
    assert look(desk, stop)["seen"] is None
