"""A request abroad over HTTP: it names payment and account as the statements do, and its answers are kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from bureau import START, Bureau
from correspondents import name_of

from recoup.cases.commands import AddFacts
from recoup.centre.case_trail import facts_of, told_by
from recoup.centre.exits import row_of
from recoup.centre.facts import FactRow, Statement
from recoup.centre.tracer import trace_facts
from recoup.staff import Role
from recoup.stores.vault import Purpose

LEFT = START - timedelta(minutes=30)


@pytest.fixture
def house(bureau: Bureau) -> Bureau:
    bureau.hire("ann", (Role.CASE_LEAD, "gd"))
    bureau.hire("dee", (Role.REGULATOR, "gd"))
    bureau.place("C1", "gd", "ann")
    return bureau


def statement(house: Bureau) -> Statement:
    """Return the statement of the account to which the victim paid: own money, the victim's, then a payment abroad."""
    claim, there = house.case("C1").claims[0], house.desk._office.directory

    def row(at: object, payer: str, payee: str, amount: int, serial: str, kind: str) -> FactRow:
        banks = ("bank-9", "bank-7") if payee == claim.payee else ("bank-7", "bank-abroad")
        words = ("INV 7" if kind == "abroad" else "", *banks)
        named = (there.row_id(serial), at, 0, payer, payee, amount, "CNY", kind)
        return FactRow(*named, *words, None, serial)

    rows = (
        row(claim.paid_at - timedelta(hours=2), "", claim.payee, 5_000, "S-1", "deposit"),
        row(claim.paid_at, claim.payer, claim.payee, 30_000, "SN-0001", "transfer"),
        row(LEFT, claim.payee, "", 20_000, "FX-77", "abroad"),
    )
    return Statement(claim.payee, "bank-7", rows, START)


def traced(house: Bureau, *statements: Statement) -> str:
    """Keep statements, let the case be traced as the chase does it; return the one task that was opened."""
    there = house.desk._office.directory
    for one in statements:
        digest = there.keep_statement("C1", one)
        house.told("C1", AddFacts(digest, tuple(row.id for row in one.rows)))
    case = house.case("C1")
    read: Sequence[Statement] = there.statements("C1", case.facts, Purpose("t", "C1", "tracing"))
    asked = facts_of(case, read, {})
    house.told("C1", told_by(asked, trace_facts(asked.facts).trail).command)
    (task,) = house.case("C1").tasks
    return task.id


def request(house: Bureau, task: str, language: str, by: str = "ann") -> object:
    body = {"language": language, "reason": "to be sent"}
    return house.post(f"/cases/C1/abroad/{task}/request", body, by)


@pytest.mark.parametrize(
    ("language", "lines"),
    [
        (
            "en",
            (
                "The victim's part: 150.00 CNY",
                "Out of a payment of: 200.00 CNY",
                "Number of the payment at the sending institution: FX-77",
                "Reference that went with it: INV 7",
                "From account: 6222027777000011117",
                "In the name of: Sun",
                "At: bank-7",
                "To institution: bank-abroad",
            ),
        ),
        (
            "zh",
            (
                "其中被害人资金：150.00 CNY",
                "该笔汇款总额：200.00 CNY",
                "交易流水号：FX-77",
                "汇款附言或参考号：INV 7",
                "汇出账户：6222027777000011117",
                "汇出户名：Sun",
                "汇出机构：bank-7",
                "收款机构：bank-abroad",
            ),
        ),
    ],
)
def test_the_request_names_the_payment_and_its_account(house: Bureau, language, lines) -> None:
    task, last = traced(house, statement(house)), house.desk.last()
    found = request(house, task, language)
    assert found.status_code == 200, found.text
    text = found.json()["text"].splitlines()
    assert [line for line in lines if line not in text] == []
    records = house.records_of_persons(last)
    assert [x.name for x in records] == ["acted", "personal_data_read"]
    assert b"request_abroad" in records[1].body
    assert name_of(request(house, task, language, "dee")) == "not_permitted"


def test_what_another_country_answers_is_kept_and_closes_the_clock(house: Bureau) -> None:
    task = traced(house, statement(house))
    answer = house.post(f"/cases/C1/tasks/{task}/answers", {"text": "80.00 stopped"}, "ann")
    assert answer.status_code == 200, answer.text
    (row,) = house.get("/cases/C1/abroad", "ann", reason="r").json()["items"]
    assert (row["id"], row["state"], len(row["answers"])) == (task, "answered", 1)
    read = house.post(f"/cases/C1/texts/{row['answers'][0]}/read", {"reason": "r"}, "ann")
    assert read.json()["text"] == "80.00 stopped"


def test_what_was_erased_has_no_line(house: Bureau) -> None:
    task = traced(house, statement(house))
    house.desk._office.directory._vault.erase("statements C1", "root", "kept long enough")
    text = request(house, task, "en").json()["text"]
    assert "From account: 6222027777000011117" in text
    assert "To institution: bank-abroad" in text, "the case itself knows where it went"
    assert "FX-77" not in text


def test_a_payment_that_cannot_be_told_from_another_is_not_named(house: Bureau) -> None:
    one = statement(house)
    traced(house, one)
    task = house.case("C1").tasks[0]
    *others, left = one.rows
    assert row_of(task, [one]) == left
    unnamed = replace(task, serial="")
    assert row_of(unnamed, [one]) == left, "the only one at that time"
    twin = replace(left, id="row-other", number="FX-78")
    assert row_of(unnamed, [replace(one, rows=(*others, left, twin))]) is None
    assert row_of(task, [replace(one, rows=(*others, twin))]) is None
    assert row_of(replace(unnamed, left_at=START), [one]) is None
    assert row_of(replace(task, amount=left.amount + 1), [one]) is None
    assert row_of(replace(task, currency="USD"), [one]) is None
