"""Measures, leads and dissuasions over HTTP: two persons, a bank that confirms, a holder who objects, a payer who is warned."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from bureau import START, Bureau
from httpx import Response

from recoup import limits
from recoup.api.lead_tables import read_leads
from recoup.api.problems import ProblemError
from recoup.centre.gateway import Correspondence
from recoup.clock import instant_text
from recoup.messages import CallMessage, KeyRing, NoticeTerms, generate_key, seal
from recoup.staff import Role

CENTRE = generate_key("centre", START, START + timedelta(days=9))
BANK = generate_key("bank-1", START, START + timedelta(days=9))
ACCOUNT = {"kind": "account", "institution": "bank-1", "number": "6222020000111122223"}
_numbers = itertools.count()


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bureau]:
    """A bureau with a police unit and a bank's operator; tests use accounts and leads of their own."""
    folder: Path = tmp_path_factory.mktemp("care")
    ring = KeyRing([BANK.public])
    wire = Correspondence("centre", CENTRE, ring, {}, NoticeTerms("police", ("paper",), "110"))
    found = Bureau(folder, wire=wire)
    found.set_up()
    for name, role, place in (
        ("ann", Role.OFFICER, "gd"),
        ("cy", Role.CASE_LEAD, "gd"),
        ("bo", Role.APPROVER, "gd"),
        ("eve", Role.CALL_TAKER, "gd"),
        ("teller", Role.BANK_OPERATOR, "bank-1"),
        ("stranger", Role.BANK_OPERATOR, "bank-2"),
    ):
        found.hire(name, (role, place))
    yield found
    found.close()


def fresh() -> dict[str, str]:
    return {**ACCOUNT, "number": f"62220200001111{next(_numbers):05d}"}


def wanted(**more: Any) -> dict[str, Any]:
    body = {
        "unit": "gd",
        "kind": "counter_only",
        "account": fresh(),
        "currency": "CNY",
        "ground": "red_flag",
        "about": "3006",
        "reason": "scattered in, concentrated out",
    }
    return body | more


def lead(**more: Any) -> dict[str, Any]:
    account = fresh()
    body = {
        "source": "telecom",
        "system": "operator-1",
        "id": f"W-{next(_numbers)}",
        "unit": "gd",
        "payer": account,
        "institution": "bank-1",
        "accounts": [account["number"]],
        "grade": "high",
        "payment": {"amount": "50000.00", "currency": "CNY"},
        "reason": "an hour on the line with a number that is listed",
        "seen_at": instant_text(START),
        "expires_at": instant_text(START + timedelta(days=2)),
    }
    return body | more


def done(answer: Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    return answer.json()


def problem(answer: Response) -> str:
    return answer.json()["type"].rsplit(":", 1)[1]


def stands(desk: Bureau, **more: Any) -> str:
    made = done(desk.post("/measures", wanted(**more), "ann"))
    if made["state"] == "proposed":
        done(desk.post(f"/measures/{made['measure']}/agree", {"digest": made["digest"]}, "bo"))
    return made["measure"]


def seen(desk: Bureau, measure: str, by: str = "ann") -> dict[str, Any]:
    return done(desk.get(f"/measures/{measure}", by))


def waiting(desk: Bureau, about: str) -> list[str]:
    rows = done(desk.get("/worklist", "ann", limit=100))["items"]
    return [row["kind"] for row in rows if row["about"] == about]


def test_what_is_due_in_care_is_on_the_shift_list_of_its_unit_without_a_case(desk: Bureau) -> None:
    def listed() -> dict[str, str]:
        rows = done(desk.get("/units/gd/shift", "cy"))["open"]
        assert all(row["case"] is None for row in rows), "no case is in this centre"
        return {row["kind"]: row["due_at"] for row in rows if row["about"] == measure}

    measure = stands(desk)
    assert listed()["measure"] == seen(desk, measure)["ends_at"]
    assert "measure_notice" in listed()
    assert problem(desk.get("/units/gd/shift", "teller")) == "not_permitted"


def test_a_measure_goes_from_one_person_to_the_other_to_the_bank_and_to_its_holder(desk):
    made = done(desk.post("/measures", wanted(), "ann"))
    path = f"/measures/{made['measure']}"
    assert (made["state"], waiting(desk, made["measure"])) == ("proposed", ["measure_to_agree"])
    assert problem(desk.get(path, "teller")) == "not_permitted", "nobody outside hears of it yet"
    assert problem(desk.post(f"{path}/agree", {"digest": made["digest"]}, "ann")) == "not_permitted"
    assert problem(desk.post(f"{path}/agree", {"digest": "0" * 64}, "bo")) == "measure_stale"
    assert done(desk.post(f"{path}/agree", {"digest": made["digest"]}, "bo"))["state"] == "standing"
    assert waiting(desk, made["measure"]) == ["measure_to_confirm", "holder_to_tell"]
    lay = {"amount": "812.50", "currency": "CNY"}
    assert problem(desk.post(f"{path}/confirm", lay, "stranger")) == "not_permitted"
    assert problem(desk.post(f"{path}/confirm", {**lay, "currency": "USD"}, "teller")) == (
        "care_currency_unfit"
    )
    done(desk.post(f"{path}/confirm", lay, "teller"))
    done(desk.post(f"{path}/told", {}, "teller"))
    assert waiting(desk, made["measure"]) == []
    found = seen(desk, made["measure"], "teller")
    assert (found["intercepted"], found["ground"], found["about"]) == ("812.50", "red_flag", "3006")
    assert (found["is_lifted_by_proof"], found["agreed_by"]) == (True, [desk.ids["bo"]])
    assert found["told_at"] is not None
    listed = done(desk.get("/measures", "teller", institution="bank-1", limit=100))["items"]
    assert found in listed
    done(desk.post(f"{path}/verified", {"reason": "passport and payslips"}, "teller"))
    assert seen(desk, made["measure"])["state"] == "lifted"


def test_a_holder_objects_and_an_upheld_appeal_ends_the_measure_at_once(desk):
    measure = stands(desk)
    path = f"/measures/{measure}"
    done(desk.post(f"{path}/appeals", {"text": "It is my wages.\nI can show it."}, "eve"))
    assert waiting(desk, measure).count("measure_appeal_to_decide") == 1
    (appeal,) = seen(desk, measure)["appeals"]
    assert (appeal["state"], appeal["is_overdue"]) == ("open", False)
    read = f"{path}/texts/{appeal['text']}/read"
    assert problem(desk.post(read, {"reason": "r"}, "eve")) == "not_permitted"
    words = done(desk.post(read, {"reason": "to decide"}, "bo"))
    assert words["text"] == "It is my wages.\nI can show it."
    journal = b"".join(row.body for row in desk.desk.happened(0, 10_000))
    assert b"wages" not in journal
    assert appeal["text"].encode() in journal, "or the look above proves nothing"
    assert problem(desk.post(f"{path}/appeals/uphold", {"reason": "r"}, "bo")) == "four_eyes"
    done(desk.post(f"{path}/appeals/uphold", {"reason": "they are wages"}, "cy"))
    found = seen(desk, measure)
    assert (found["state"], found["ended_for"]) == ("lifted", "they are wages")


def test_a_measure_that_is_proposed_twice_under_a_key_is_one(desk):
    body = wanted(kind="lower_limits", limit="2000.00")
    first = desk.post("/measures", body, "ann", key="measure-key-1")
    again = desk.post("/measures", body, "ann", key="measure-key-1")
    assert done(first) == done(again)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert problem(desk.post("/measures", body, "ann")) == "measure_stands"
    assert seen(desk, done(first)["measure"])["limit"] == "2000.00"


def test_no_number_of_an_account_reaches_the_journal(desk):
    body = wanted()
    done(desk.post("/measures", body, "ann"))
    given = lead()
    done(desk.post("/leads", given, "ann"))
    journal = b"".join(row.body for row in desk.desk.happened(0, 10_000))
    for account in (body["account"], given["payer"]):
        assert account["number"].encode() not in journal
    assert given["id"].encode() in journal


def test_a_payer_is_warned_and_dissuaded_and_the_account_protected_for_a_day(desk):
    given = lead()
    task = done(desk.post("/leads", given, "eve"))["dissuasion"]
    path = f"/dissuasions/{task}"
    assert waiting(desk, task) == ["payer_to_dissuade"]
    assert done(desk.get(path, "teller"))["step"] == "message"
    assert problem(desk.get(path, "stranger")) == "not_permitted"
    visit = {"step": "visit", "is_reached": True}
    assert problem(desk.post(f"{path}/contacts", visit, "teller")) == "step_differs"
    done(desk.post(f"{path}/contacts", {"step": "message", "is_reached": True}, "teller"))
    protect = wanted(kind="protective_stop", ground="warned_payer", about=task)
    assert problem(desk.post("/measures", protect, "ann")) == "not_own_account"
    measure = stands(desk, **{**protect, "account": given["payer"]})
    found = seen(desk, measure)
    assert found["limit"] == "1000.00", "money to live on stays free"
    assert (found["is_lifted_by_proof"], found["ends_at"][:10]) == (False, "2026-03-03")
    over = {"outcome": "dissuaded", "reason": "rang off"}
    more = {**over, "averted": {"amount": "50000.01", "currency": "CNY"}}
    assert problem(desk.post(f"{path}/outcome", more, "ann")) == "averted_unfit"
    all_of_it = {**over, "averted": {"amount": "50000.00", "currency": "CNY"}}
    done(desk.post(f"{path}/outcome", all_of_it, "ann"))
    shown = done(desk.get(path, "ann"))
    assert (shown["state"], shown["averted"], shown["step"]) == ("dissuaded", "50000.00", None)
    assert problem(desk.post(f"{path}/outcome", over, "ann")) == "dissuasion_ended"
    figures = done(desk.get("/figures", "cy", unit="gd"))
    assert (figures["warned"] >= 1, figures["dissuaded"]) == (True, 1)
    assert (figures["protected"], figures["money"]["CNY"]["averted"]) == (0, "50000.00")
    assert figures["money"]["CNY"]["stopped_gross"] == "0.00"


def test_leads_of_one_payer_meet_whoever_gives_them(desk):
    given = lead(grade="low")
    first = done(desk.post("/leads", given, "ann"))
    again = done(desk.post("/leads", given, "eve"))
    assert (again["dissuasion"], again["lead"]) == (first["dissuasion"], first["lead"])
    assert problem(desk.post("/leads", {**given, "grade": "high"}, "ann")) == "lead_differs"
    more = {**given, "id": "W-other", "source": "police", "system": "city-1", "grade": "high"}
    assert done(desk.post("/leads", more, "ann"))["dissuasion"] == first["dissuasion"]
    shown = done(desk.get(f"/dissuasions/{first['dissuasion']}", "ann"))
    assert (shown["grade"], len(shown["leads"])) == ("high", 2)


def test_another_banks_machine_gives_leads_under_its_own_name(desk):
    def call(body: dict[str, Any]) -> Response:
        sent, name = json.dumps(body).encode(), f"lead-{next(_numbers):08d}"
        message = CallMessage("bank-1", "/leads", name, sha256(sent).hexdigest())
        signed = seal(message, BANK, audience="centre", jti=name, now=desk.clock.now()).decode()
        headers = {"Authorization": f"Recoup {signed}", "Idempotency-Key": name}
        headers["Content-Type"] = "application/json"
        return desk.client.post("/leads", content=sent, headers=headers)

    its_own = lead(source="bank", system="bank-1")
    assert done(call(its_own))["state"] == "to_message"
    for other in ({"system": "bank-2"}, {"source": "police"}):
        assert problem(call({**lead(source="bank", system="bank-1"), **other})) == (
            "signature_refused"
        )
    nowhere = lead(source="bank", system="bank-1", unit="nowhere")
    assert problem(call(nowhere)) == "unit_unknown"


def table(desk: Bureau, data: bytes, media: str, key: str = "") -> Response:
    headers = {"Idempotency-Key": key or f"table-{next(_numbers):08d}", "Content-Type": media}
    return desk.client.post(
        "/leads/import?unit=gd", content=data, headers={**headers, **desk._as("ann")}
    )


def test_a_table_of_leads_comes_in_row_by_row_and_again_without_effect(desk):
    head = "source,system,id,unit,institution,payer_account,payer_person,grade,amount,currency,"
    head += "reason,seen_at,expires_at\n"
    at, end = instant_text(START), instant_text(START + timedelta(days=1))
    rows = (
        f"telecom,op-2,A-1,gd,bank-1,6222020000999900001,,high,10.00,CNY,on the line,{at},{end}\n"
        f"police,op-2,A-2,gd,,,id_card 4403,middle,,,seen in a case,{at},{end}\n"
        f"telecom,op-2,A-3,gd,bank-1,6222020000999900003,,urgent,10.00,CNY,r,{at},{end}\n"
        f"telecom,op-2,A-4,gd,bank-1,6222020000999900004,,low,,,r,{at},{at}\n"
    )
    data = (head + rows).encode()
    first = done(table(desk, data, "text/csv"))["rows"]
    assert [(row["row"], row["id"], row["code"]) for row in first] == [
        (2, "A-1", "taken"),
        (3, "A-2", "taken"),
        (4, "A-3", "request_malformed grade"),
        (5, "A-4", "lead_expired"),
    ]
    again = done(table(desk, data, "text/csv"))["rows"]
    assert [row["dissuasion"] for row in again] == [row["dissuasion"] for row in first]
    changed = data.replace(b"10.00", b"11.00")
    assert done(table(desk, changed, "text/csv"))["rows"][0]["code"] == "lead_differs"
    elsewhere = data.replace(b",gd,", b",sz,")
    assert done(table(desk, elsewhere, "text/csv"))["rows"][0]["code"] == "request_malformed unit"
    lines = json.dumps(lead(id="A-9")).encode() + b"\n\n{\n[1]\n"
    found = done(table(desk, lines, "application/x-ndjson"))["rows"]
    assert [row["code"].split()[0] for row in found] == [
        "taken",
        "request_malformed",
        "request_malformed",
    ]
    assert problem(table(desk, b"\xff", "text/csv")) == "import_unreadable"
    assert table(desk, b"{}", "application/json").status_code == 415


def test_a_table_may_have_so_many_rows_and_no_more():
    row = b"{}\n"
    assert len(read_leads(row * limits.IMPORT_ROWS_MAX, is_json=True)) == limits.IMPORT_ROWS_MAX
    with pytest.raises(ProblemError, match="import_too_long"):
        read_leads(row * (limits.IMPORT_ROWS_MAX + 1), is_json=True)


def test_a_column_that_is_not_known_is_not_lost_in_silence():
    (line,) = read_leads(b"source,system,id,colour\nbank,b,1,red\n", is_json=False)
    assert line.lead is None
    (more,) = read_leads(b"source,system\nbank,b,1\n", is_json=False)
    assert more.lead is None


def test_what_a_table_says_twice_is_not_taken_once():
    """A name in an object, a column in a head: whoever reads the other one would take another lead."""
    twice = b'{"source": "bank", "id": "W-1", "grade": "low", "grade": "high"}\n'
    assert [row.lead for row in read_leads(twice, is_json=True)] == [None]
    with pytest.raises(ProblemError, match="import_unreadable"):
        read_leads(b"source,id,grade,grade\nbank,W-1,low,high\n", is_json=False)


def test_a_payer_whose_account_is_elsewhere_than_the_accounts_is_refused(desk):
    elsewhere = {**fresh(), "institution": "bank-2"}
    assert problem(desk.post("/leads", lead(payer=elsewhere), "ann")) == "request_malformed"


def test_accounts_without_an_institution_are_refused(desk):
    body = {name: value for name, value in lead().items() if name != "institution"}
    assert problem(desk.post("/leads", body, "ann")) == "request_malformed"
