"""A report over HTTP: what is kept and where, once however often it is asked for, and what is not taken."""

from __future__ import annotations

import json
import re
import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from bureau import START, Bureau, drafted, paid, reported
from httpx import Response

from recoup import limits
from recoup.api.problems import PROBLEMS, TYPE
from recoup.centre.commands import Outcome
from recoup.centre.desk import Desk
from recoup.centre.directory import Directory
from recoup.clock import instant_text
from recoup.errors import StoreFault
from recoup.staff import Role

ROOT = Path(__file__).parents[3]
SECRETS = ("Zhao", "Sun", "13800000001", "11010519491231002X", "6222027777000011117", "SN-0001")
WHY = {"reason": "the call"}


@pytest.fixture
def desk(bureau: Bureau) -> Bureau:
    """A bureau with a call taker and somebody who may read."""
    bureau.hire("taker", (Role.CALL_TAKER, "gd"))
    bureau.hire("lead", (Role.CASE_LEAD, "gd"))
    return bureau


def take(desk: Bureau, key: str = "", **more: Any) -> Response:
    return desk.post("/reports", reported("C1", "gd") | more, "taker", key)


def name_of(answer: Response) -> str:
    assert PROBLEMS[answer.json()["type"].removeprefix(TYPE)][0] == answer.status_code
    return answer.json()["type"].removeprefix(TYPE)


def rows_of_vault(desk: Bureau) -> list[tuple[str, str]]:
    with sqlite3.connect(desk.folder / "vault.sqlite") as vault:
        found = vault.execute("SELECT subject, field FROM vault_item ORDER BY subject, field")
        rows = [(subject, name) for subject, name in found if not name.startswith("login")]
    vault.close()
    return [row for row in rows if "factor" not in row[1]]


def piece(desk: Bureau, subject: str, name: str, by: str = "lead", case: str = "C1") -> str:
    body = {"subject": subject, "field": name, **WHY}
    found = desk.post(f"/cases/{case}/readings", body, by)
    assert found.status_code == 200, found.text
    return found.json()["text"]


def test_a_report_opens_a_case_and_says_with_which_order_to_go_on(desk: Bureau) -> None:
    answer = take(desk).json()
    case = desk.get("/cases/C1", "lead", **WHY).json()
    (claim,), (report,) = case["claims"]["items"], case["reports"]["items"]
    assert (claim["id"], report["id"]) == (answer["claim"], answer["report"])
    assert (case["unit"], claim["state"], claim["amount"]) == ("gd", "reported", "300.00")
    assert claim["victim"] == report["reporter"], "the reporter is the victim"
    plan = desk.get("/cases/C1/plan", "taker", **WHY).json()
    first = answer["first"]
    assert first["kind"] == "stop"
    assert first == {name: plan["orders"]["items"][0][name] for name in first}
    assert first["account"] == answer["account"] == claim["payee"]
    assert answer["is_connected"] is False


def test_what_was_told_is_in_the_vault_only_and_is_shown_to_who_may_read_it(desk: Bureau) -> None:
    answer = take(desk, text="He said:\ncall 110.").json()
    (claim,) = desk.get("/cases/C1/claims", "lead", **WHY).json()["items"]
    told = {
        (answer["report"], "report_text"): "He said:\ncall 110.",
        (claim["victim"], "person_name"): "Zhao",
        (claim["victim"], "person_phone"): "13800000001",
        (claim["victim"], "person_document"): "11010519491231002X",
        (claim["transfer"], "payment_serial"): "SN-0001",
        (claim["transfer"], "payment_kind"): "transfer",
        (claim["transfer"], "payee_name"): "Sun",
        (claim["payee"], "account_number"): "6222027777000011117",
        (claim["payer"], "account_name"): "Zhao",
    }
    assert {place: piece(desk, *place) for place in told} == told
    for data in desk.folder.glob("journal.sqlite*"):
        assert not [word for word in SECRETS if word.encode() in data.read_bytes()]
    read = [x for x in desk.desk.happened(0, 1000) if x.name == "personal_data_read"]
    assert len(read) == len(told)


def test_a_piece_is_shown_for_its_own_case_only_and_not_to_a_call_taker(desk: Bureau) -> None:
    report = take(desk).json()["report"]
    desk.place("C2", "gd", "taker")
    body = {"subject": report, "field": "report_text", **WHY}
    elsewhere = desk.post("/cases/C2/readings", body, "lead")
    assert elsewhere.status_code == 403, "what is none of the case is nobody's to see"
    assert desk.post("/cases/C1/readings", body, "taker").status_code == 403
    desk.hire("bank", (Role.BANK_OPERATOR, "bank-7"))
    assert desk.post("/cases/C1/readings", body, "bank").status_code == 403


def test_the_same_key_gives_the_first_answer_and_keeps_nothing_twice(desk: Bureau) -> None:
    first = take(desk, "report-1")
    kept, last = rows_of_vault(desk), desk.desk.last()
    again = take(desk, "report-1")
    assert again.json() == first.json()
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (rows_of_vault(desk), desk.desk.last()) == (kept, last)


def test_other_content_under_a_used_key_reaches_neither_journal_nor_vault(desk: Bureau) -> None:
    answer = take(desk, "report-1").json()
    kept, last = rows_of_vault(desk), desk.desk.last()
    other = take(desk, "report-1", text="something else", reporter={"name": "Wu"})
    assert name_of(other) == "idempotency_key_reused"
    assert (rows_of_vault(desk), desk.desk.last()) == (kept, last)
    assert piece(desk, answer["report"], "report_text").startswith("Somebody")


def test_what_is_refused_leaves_nothing_in_the_vault(desk: Bureau) -> None:
    kept = rows_of_vault(desk)
    assert name_of(take(desk, accepts_liability=False)) == "liability_not_accepted"
    assert desk.post("/reports", reported("C1", "elsewhere"), "taker").status_code == 403
    assert rows_of_vault(desk) == kept
    assert not desk.desk._office.directory.find("account_number", "6222027777000011117")


def dies_before_the_journal(monkeypatch: pytest.MonkeyPatch) -> None:
    async def dead(_: Desk, __: object) -> Outcome:
        raise StoreFault("expected to go on, died between vault and journal")

    monkeypatch.setattr(Desk, "submit", dead)


def test_a_report_whose_process_died_between_vault_and_journal_is_taken_once(
    desk: Bureau, monkeypatch: pytest.MonkeyPatch
) -> None:
    last = desk.desk.last()
    with monkeypatch.context() as dying:
        dies_before_the_journal(dying)
        assert take(desk, "report-1").status_code == 500, "it died"
    assert desk.records_of_persons(last) == [], "the journal heard of nothing"
    kept = rows_of_vault(desk)
    assert kept, "the vault came first"
    desk.close()
    again = Bureau(desk.folder, desk.clock, desk.tokens, desk.secrets, desk.ids)
    answer = take(again, "report-1")
    assert answer.status_code == 200
    assert rows_of_vault(again) == kept, "the same ids, the same pieces"
    assert piece(again, answer.json()["report"], "report_text").startswith("Somebody")
    desk.served, desk.desk, desk.client = again.served, again.desk, again.client


def test_a_vault_whose_disk_is_full_is_told_and_the_report_taken_when_there_is_room(
    desk: Bureau, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise StoreFault("expected to write, the disk is full")

    last = desk.desk.last()
    with monkeypatch.context() as filled:
        filled.setattr(Directory, "keep_first", full)
        assert name_of(take(desk, "report-1")) == "stopped"
    assert desk.records_of_persons(last) == []
    assert take(desk, "report-1").status_code == 200


def test_the_other_order_would_be_found(desk: Bureau, monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: with the journal first, the same death leaves a claim about an account that nobody can name."""

    def dead(*_: object) -> None:
        raise StoreFault("expected to go on, died between journal and vault")

    take_in = Desk.take_in

    async def journal_first(self: Desk, command: Any, heard: Any) -> Outcome:
        with monkeypatch.context() as later:
            later.setattr(Directory, "keep_first", lambda *_: None)
            outcome = await take_in(self, command, heard)
        dead()
        return outcome

    with monkeypatch.context() as dying:
        dying.setattr(Desk, "take_in", journal_first)
        assert take(desk, "report-1").status_code == 500, "it died"
    (claim,) = desk.desk.view().case("C1").claims
    directory = desk.desk._office.directory
    assert not directory.has(claim.payee, "account_number")
    answer = take(desk, "report-1")
    assert answer.headers["Idempotency-Replayed"] == "true"
    assert not directory.has(claim.payee, "account_number"), "and no repeat would bring it back"


def test_a_person_and_an_account_are_known_again_by_document_and_number(desk: Bureau) -> None:
    take(desk)
    desk.post("/reports", reported("C2", "gd", payment=paid(serial="SN-2")), "taker")
    nobody = {"name": "Zhao", "phone": "13800000001"}
    for case in ("C3", "C4"):
        desk.post("/reports", reported(case, "gd", reporter=nobody), "taker")
    cases = [desk.desk.view().case(case) for case in ("C1", "C2", "C3", "C4")]
    persons = [case.reports[0].reporter for case in cases]
    assert persons[0] == persons[1]
    assert len(set(persons)) == 3, "without a document nobody is recognised"
    assert len({case.claims[0].payee for case in cases}) == 1
    assert cases[0].claims[0].transfer == cases[2].claims[0].transfer, "one number, one payment"


def test_another_payment_of_the_report_is_the_same_victims(desk: Bureau) -> None:
    victim = {"name": "Qian", "document": "11010519491231003A"}
    report = take(desk, victim=victim).json()["report"]
    body = {"report": report, "payment": paid(serial="SN-2", amount="20.00", payer=None)}
    answer = desk.post("/cases/C1/claims", body, "taker", key="claim-001")
    assert answer.json()["first"]["amount"] == "320.00"
    again = desk.post("/cases/C1/claims", body, "taker", key="claim-001")
    assert again.json() == answer.json()
    first, second = desk.desk.view().case("C1").claims
    assert (first.victim, first.report) == (second.victim, second.report)
    assert second.payer == "", "a deposit is disputed"
    assert first.victim != desk.desk.view().case("C1").reports[0].reporter
    refused = desk.post("/cases/C1/claims", body, "taker")
    assert name_of(refused) == "transfer_disputed"
    unknown = desk.post("/cases/C1/claims", body | {"report": "none"}, "taker")
    assert name_of(unknown) == "report_unknown"


def test_a_report_without_a_unit_is_taken_where_its_taker_works(desk: Bureau) -> None:
    body = reported("", "") | {"case": None, "unit": None}
    answer = desk.post("/reports", body, "taker").json()
    assert desk.desk.view().case(answer["case"]).unit == "gd"
    desk.unit("sz", "city", "gd")
    desk.grant("taker", Role.OFFICER, "sz")
    assert name_of(desk.post("/reports", body, "taker")) == "unit_unclear"
    named = desk.post("/reports", body | {"unit": "sz"}, "taker").json()
    assert desk.desk.view().case(named["case"]).unit == "sz"


def test_a_second_report_of_a_case_stays_with_its_unit(desk: Bureau) -> None:
    take(desk)
    desk.unit("sz", "city", "gd")
    desk.hire("far", (Role.CALL_TAKER, "sz"))
    body = reported("C1", "sz", payment=paid(serial="SN-2"))
    assert desk.post("/reports", body, "far").status_code == 403
    assert desk.post("/reports", body, "taker").status_code == 200
    case = desk.desk.view().case("C1")
    assert (case.unit, len(case.reports), len(case.claims)) == ("gd", 2, 2)


def later(**span: float) -> str:
    return instant_text(START + timedelta(**span))


BIG = limits.ROW_MINOR_MAX
PARTY = {"institution": "bank-7", "number": "6222027777000011117", "name": "Sun"}


@pytest.mark.parametrize(
    ("more", "name"),
    [
        ({"payment": paid(amount="0.00")}, "amount_not_positive"),
        ({"payment": paid(amount="-1.00")}, "request_malformed"),
        ({"payment": paid(amount="1e3")}, "request_malformed"),
        ({"payment": paid(amount="1.001")}, "amount_unfit"),
        ({"payment": paid(amount=str(2**63))}, "request_malformed"),
        ({"payment": paid(amount="9999999999999999.99")}, "amount_unfit"),
        ({"payment": paid(amount=f"{BIG // 100}.{BIG % 100 + 1:02d}")}, "amount_unfit"),
        ({"payment": paid(currency="ZZZ")}, "currency_unknown"),
        ({"payment": paid(currency="cny")}, "request_malformed"),
        ({"payment": paid(paid_at=later(minutes=1))}, "times_disagree"),
        ({"payment": paid(paid_at="0001-01-01T00:00:00Z")}, "time_unfit"),
        ({"payment": paid(paid_at="2026-02-30T00:00:00Z")}, "request_malformed"),
        ({"payment": paid(paid_at="2026-03-02 08:00:00")}, "request_malformed"),
        ({"payment": paid(payee=PARTY | {"institution": "bank 7"})}, "request_malformed"),
        ({"payment": paid(payee=PARTY | {"number": "622"})}, "request_malformed"),
        ({"payment": paid(payee=PARTY | {"name": "Su\u0000n"})}, "request_malformed"),
        ({"payment": paid(kind="Transfer!")}, "request_malformed"),
        ({"received_at": later(days=1)}, "times_disagree"),
        ({"reporter": {"name": "Zhao", "phone": "call me"}}, "request_malformed"),
        ({"reporter": {"name": "Zhao\nWu"}}, "request_malformed"),
        ({"reporter": {}}, "request_malformed"),
        ({"text": "\u0007"}, "request_malformed"),
        ({"text": "x" * 8001}, "request_malformed"),
        ({"case": "C#1"}, "request_malformed"),
        ({"grade": "certain"}, "request_malformed"),
        ({"accepts_liability": "yes"}, "request_malformed"),
        ({"accepts_liability": False}, "liability_not_accepted"),
    ],
)
def test_a_bad_report_is_refused_by_its_name(desk: Bureau, more: dict[str, Any], name: str) -> None:
    last, kept = desk.desk.last(), rows_of_vault(desk)
    assert name_of(take(desk, **more)) == name
    assert (desk.desk.last(), rows_of_vault(desk)) == (last, kept)


def test_amounts_and_texts_at_their_bounds_are_taken(desk: Bureau) -> None:
    most = paid(amount=f"{BIG // 100}.{BIG % 100:02d}")
    assert take(desk, payment=most, text="x" * 8000).status_code == 200


def test_a_body_too_large_or_too_deep_is_refused_before_it_is_read(desk: Bureau) -> None:
    headers = {"Idempotency-Key": "raw-body-1", "Content-Type": "application/json"}
    headers |= desk._as("taker")
    body = json.dumps(reported("C1", "gd")).encode()
    large = body.ljust(limits.HTTP_BODY_BYTES_MAX + 1)
    deep = b'{"payment":' * 40 + b"1" + b"}" * 40
    for bad, name in ((large, "body_too_large"), (deep, "body_too_deep")):
        assert name_of(desk.client.post("/reports", content=bad, headers=headers)) == name
    fits = body.ljust(limits.HTTP_BODY_BYTES_MAX)
    assert desk.client.post("/reports", content=fits, headers=headers).status_code == 200


def test_the_page_shows_a_report_that_is_taken(desk: Bureau) -> None:
    page = (ROOT / "docs/how-to/run-a-centre.md").read_text(encoding="utf-8")
    shown = re.search(r"/reports .*?-d '(.*?)'\n(\{.*?)\n```", page, re.DOTALL)
    assert shown is not None
    answer = desk.post("/reports", json.loads(shown[1]), "taker")
    assert answer.status_code == 200, answer.text
    assert all(f'"{name}": ' in shown[2] for name in answer.json())


def test_an_account_of_a_report_is_known_to_its_case_under_the_first_name(desk: Bureau) -> None:
    answer = take(desk).json()
    other = PARTY | {"name": "Sun Wu"}
    take(desk, payment=paid(payee=other, serial="SN-2"))
    assert piece(desk, answer["account"], "account_name") == "Sun"
    transfers = [claim.transfer for claim in desk.desk.view().case("C1").claims]
    assert [piece(desk, x, "payee_name") for x in transfers] == ["Sun", "Sun Wu"]
    order = desk.post("/orders", drafted("C1", answer["account"]), "lead")
    assert order.status_code == 200, order.text
