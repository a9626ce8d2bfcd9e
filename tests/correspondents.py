"""Institutions and their keys in a bureau's tests: who polls, who is pushed to, and an order that was issued to one."""

from __future__ import annotations

import itertools
from datetime import timedelta

from bureau import START, Bureau, drafted
from httpx import Response

from recoup.api.problems import PROBLEMS, TYPE
from recoup.centre.letters import Correspondence
from recoup.messages import KeyRing, NoticeTerms, SigningKey

DAYS = timedelta(days=400)
CENTRE = SigningKey("centre", bytes(range(32)), START - DAYS, START + DAYS)
BANK = SigningKey("bank-1", bytes(range(1, 33)), START - DAYS, START + DAYS)
OTHER = SigningKey("bank-2", bytes(range(2, 34)), START - DAYS, START + DAYS)
PUSHED = SigningKey("bank-3", bytes(range(3, 35)), START - DAYS, START + DAYS)
NUMBER = "6222020000111122223"
_numbers = itertools.count(1)


def wire() -> Correspondence:
    ring = KeyRing([BANK.public, OTHER.public, PUSHED.public])
    nowhere = {"bank-3": "http://127.0.0.1:9"}
    notice = NoticeTerms("Centre", (), "0")
    return Correspondence("centre", CENTRE, ring, nowhere, notice, frozenset({"bank-1", "bank-2"}))


def issue(house: Bureau, institution: str = "bank-1", kind: str = "stop", number: str = "") -> str:
    """Have an order issued by two persons; return its id."""
    number = number or f"62220200{next(_numbers):08d}"
    body = {"case": "C1", "institution": institution, "number": number, "name": "Wang"}
    account = house.post("/accounts", body, "ann").json()["account"]
    at = (house.clock.now() - timedelta(minutes=20)).isoformat()
    draft: dict[str, object] = dict(drafted("C1", account, kind))
    if kind in {"query", "release"}:
        draft["amount"] = "0"
    else:
        draft["arrival"] = {"amount": "201.00", "at": at}
    order = house.post("/orders", draft, "ann").json()["order"]
    house.post(f"/orders/{order}/submit", {}, "ann")
    seen = look(house, order)
    if seen["state"] == "awaiting_approval":
        house.post(f"/orders/{order}/approve", {"digest": seen["digest"]}, "bo")
    else:
        house.post(f"/orders/{order}/issue", {}, "ann")
    assert look(house, order)["issued_at"]
    return order


def look(house: Bureau, order: str) -> dict[str, str]:
    return house.get(f"/orders/{order}", "ann", case="C1", reason="look").json()


def name_of(found: Response) -> str:
    name = found.json()["type"].removeprefix(TYPE)
    assert (found.status_code, found.json()["title"]) == PROBLEMS[name]
    return name
