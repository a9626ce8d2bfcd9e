"""R9: one bank never learns of another's: not by asking, not by a list, not from how it is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from bureau import Bureau, drafted
from httpx import Response

from recoup.api import callers
from recoup.orders.commands import IssueOrder
from recoup.staff import Role

NUMBER = "6222020000111122223"
NOTHING = {"order": "order_none", "account": "account_none", "case": "C9", "bank": "bank-9"}
Asked = tuple[str, str, Any]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bureau]:
    """A centre that issued an order to bank-1, and persons of both banks."""
    found = Bureau(tmp_path_factory.mktemp("banks"))
    found.set_up()
    found.hire("ann", (Role.CASE_LEAD, "gd"))
    found.hire("one", (Role.BANK_OPERATOR, "bank-1"))
    found.hire("two", (Role.BANK_OPERATOR, "bank-2"))
    found.place("C1", "gd", "ann")
    account = found.account("C1", "ann", NUMBER)
    order = found.post("/orders", drafted("C1", account, "stop"), "ann").json()["order"]
    found.told("C1", IssueOrder(order))
    found.ids |= {"order": order, "account": account}
    yield found
    found.close()


def questions(ids: dict[str, str]) -> list[Asked]:
    """Return all that a person of a bank may try, about these things."""
    order, account, case, bank = (ids[x] for x in ("order", "account", "case", "bank"))
    why = {"case": case, "reason": "a question"}
    reading = {"account": account, "field": "account_number", **why}
    return [
        ("GET", f"/orders/{order}", why),
        ("GET", "/orders", why),
        ("GET", f"/orders/{order}/paper", why),
        ("GET", f"/institutions/{bank}/orders", {}),
        ("GET", f"/cases/{case}", {"reason": "a question"}),
        ("GET", f"/cases/{case}/plan", {"reason": "a question"}),
        ("GET", f"/cases/{case}/decisions", {"reason": "a question"}),
        ("GET", f"/cases/{case}/packet", {"reason": "a question"}),
        ("GET", "/lists/entries", why),
        ("GET", "/worklist", {"unit": "gd"}),
        ("GET", "/figures", {"institution": bank}),
        ("POST", "/readings", reading),
        ("POST", f"/orders/{order}/approve", {"digest": "0" * 64}),
        ("POST", f"/orders/{order}/withdraw", {}),
        ("POST", f"/cases/{case}/opinions", {"account": account, "text": "t"}),
        ("POST", f"/cases/{case}/appeals", {"account": account, "currency": "CNY", "text": "t"}),
    ]


def answers(house: Bureau, by: str, ids: dict[str, str]) -> list[tuple[int, Any]]:
    """Return what each question is answered, without what was asked."""
    found = []
    for method, path, given in questions(ids):
        if method == "GET":
            answer: Response = house.get(path, by, **given)
        else:
            answer = house.post(path, given, by)
        text = answer.text
        for name, value in ids.items():
            text = text.replace(value, f"<{name}>")
        found.append((answer.status_code, text))
    return found


def real(house: Bureau) -> dict[str, str]:
    ids = {name: house.ids[name] for name in ("order", "account")}
    return {**ids, "case": "C1", "bank": "bank-1"}


def differences(house: Bureau) -> list[str]:
    """Return the questions that bank-2 is answered otherwise about bank-1's things than about things that do not exist."""
    asked = [f"{method} {path}" for method, path, _ in questions(real(house))]
    there, nowhere = answers(house, "two", real(house)), answers(house, "two", NOTHING)
    return [x for x, a, b in zip(asked, there, nowhere, strict=True) if a != b]


def test_anothers_things_are_refused_like_things_that_do_not_exist(house: Bureau) -> None:
    assert differences(house) == []


def test_each_question_is_one_that_is_answered_by_a_right(house: Bureau) -> None:
    """A path that is nowhere, or a body that nobody reads, is refused alike whatever a bank may see."""
    assert {status for status, _ in answers(house, "two", real(house))} == {403}


def test_a_bank_sees_its_own_orders_and_nothing_of_anothers(house: Bureau) -> None:
    (mine,) = house.get("/institutions/bank-1/orders", "one").json()["items"]
    assert mine["id"] == house.ids["order"], "the question can be answered"
    theirs = house.get("/institutions/bank-2/orders", "two").json()
    assert theirs["items"] == []
    told = json.dumps([theirs, *answers(house, "two", real(house))])
    for word in (NUMBER, "Wang", house.ids["order"], house.ids["account"]):
        assert word not in told


def test_nothing_that_a_bank_asks_of_another_is_written(house: Bureau) -> None:
    last = house.desk.last()
    answers(house, "two", real(house))
    assert house.records_of_persons(last) == []


def test_an_api_that_looks_before_it_asks_for_the_right_is_found(
    house: Bureau, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: what is there is then told apart from what is not."""
    monkeypatch.setattr(callers.Caller, "may", lambda *_: None)
    found = " ".join(differences(house))
    assert "/institutions/bank-1/orders" in found
    assert f"GET /orders/{house.ids['order']}" in found
