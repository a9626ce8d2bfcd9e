"""An order that somebody carries: printed, handed over, its answer sheet typed by two persons. Over HTTP, on a real desk."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pypdf
import pytest
from bureau import Bureau
from correspondents import BANK, OTHER, issue, look, name_of, wire
from httpx import Response

from recoup.centre import View, answer_command
from recoup.centre.commands import Done
from recoup.centre.snapshots import decode_state, encode_state
from recoup.clock import instant_text
from recoup.limits import ANSWERS_SHOWN_MAX, SHEET_FORMER_MAX
from recoup.orders import Answer, Outcome
from recoup.staff import Role
from recoup.stores.sqlite import SqliteJournal
from recoup.unrecognised import Unrecognised

CARRIED = "bank-8"
"""An institution that nobody connected."""


@pytest.fixture
def house(tmp_path: Path, log: object) -> Iterator[Bureau]:
    assert log is not None
    assert CARRIED not in {BANK.owner, OTHER.owner}
    found = Bureau(tmp_path, wire=wire())
    found.set_up()
    for name in ("ann", "cy"):
        found.hire(name, (Role.CASE_LEAD, "gd"))
    found.hire("bo", (Role.APPROVER, "gd"))
    found.place("C1", "gd", "ann")
    yield found
    found.close()


def sheet(house: Bureau, **more: object) -> dict[str, object]:
    now = instant_text(house.clock.now())
    return {"outcome": "held", "answered_at": now, "held": "201.00", "started_at": now, **more}


def typed(house: Bureau, order: str, body: dict[str, object], by: str = "ann") -> Response:
    return house.post(f"/orders/{order}/answers/typed", body, by)


def confirmed(house: Bureau, order: str, body: dict[str, object], by: str = "cy") -> Response:
    return house.post(f"/orders/{order}/answers/confirm", body, by)


def carried(house: Bureau, kind: str = "stop") -> str:
    """Return an order that was handed over."""
    order = issue(house, CARRIED, kind)
    assert house.post(f"/orders/{order}/handed-over", {}, "ann").status_code == 200
    return order


@pytest.mark.parametrize(("language", "words"), [("zh", "紧急止付通知书"), ("en", "Order: Stop")])
def test_an_order_is_printed_and_that_it_was_seen_is_journalled(house, language, words) -> None:
    order = issue(house, CARRIED)
    path, asked = f"/orders/{order}/paper", {"case": "C1", "reason": "to be carried"}
    last = house.desk.last()
    found = house.get(path, "ann", **asked, language=language)
    assert (found.status_code, found.headers["content-type"]) == (200, "application/pdf")
    text = "".join(x.extract_text() for x in pypdf.PdfReader(io.BytesIO(found.content)).pages)
    assert words.replace(" ", "") in text.replace(" ", "")
    assert order in text.replace("\n", "").replace(" ", "")
    names = [record.name for record in house.records_of_persons(last)]
    assert names == ["acted", "order_printed"]
    assert name_of(house.get(path, "ann", case="C1")) == "purpose_missing"
    assert name_of(house.get(path, "bo", **asked)) == "not_permitted"
    assert house.get(path, "ann", **asked, timezone="Mars/Olympus").status_code == 422
    assert len(house.records_of_persons(last)) == 2, "what was refused was not seen"


def test_an_order_that_was_not_issued_is_not_printed(house: Bureau) -> None:
    account = house.account("C1", "ann")
    draft = house.draft("C1", account, "ann")
    found = house.get(f"/orders/{draft}/paper", "ann", case="C1", reason="r")
    assert name_of(found) == "order_not_issued"
    assert name_of(house.post(f"/orders/{draft}/handed-over", {}, "ann")) == "order_not_issued"


def test_handing_over_sends_the_order_and_empties_the_outbox(house: Bureau) -> None:
    order = issue(house, CARRIED)
    journal = SqliteJournal.read(house.folder / "journal.sqlite")
    assert [x.message.id for x in journal.pending(10)] == [order]
    assert house.post(f"/orders/{order}/handed-over", {}, "ann").status_code == 200
    assert look(house, order)["state"] == "sent"
    assert list(journal.pending(10)) == []
    journal.close()


def test_a_sheet_that_two_persons_typed_alike_is_the_answer(house: Bureau) -> None:
    order = carried(house)
    body = sheet(house)
    first = typed(house, order, body)
    assert first.status_code == 200, first.text
    assert look(house, order)["state"] == "sent", "one person is none"
    again = {**body, "sheet": first.json()["sheet"], "held": "201.00"}
    second = confirmed(house, order, again)
    assert second.status_code == 200, second.text
    seen = look(house, order)
    assert (seen["state"], seen["hold"], seen["held"]) == ("answered", "held", "201.00")
    assert seen["ends_at"] is not None, "the term runs as for any other"
    assert name_of(confirmed(house, order, again)) == "sheet_confirmed"
    records = [x.name for x in house.desk.happened(0, 10_000)]
    assert records.count("sheet_confirmed") == 1, "where else it stands: a trail may follow at once"


def test_earlier_holds_and_what_did_not_match_are_typed_too_and_shown(house: Bureau) -> None:
    order = carried(house)
    former = {"authority": "Court of Longhua", "amount": "50.00", "ends_at": "2026-09-01T00:00:00Z"}
    body = {**sheet(house), "outcome": "held_short", "held": "1.00", "code": "1200"}
    body["former"] = [former, {"authority": "Tax office", "amount": "7.00"}]
    made = typed(house, order, body).json()["sheet"]
    assert name_of(confirmed(house, order, {**body, "former": [former], "sheet": made})) == (
        "sheet_differs"
    )
    assert confirmed(house, order, {**body, "sheet": made}).status_code == 200
    (said,) = look(house, order)["said"]
    assert (said["outcome"], said["held"], said["queued_behind"]) == ("held_short", "1.00", 2)
    other = carried(house)
    refused = {
        **sheet(house),
        "outcome": "refused",
        "held": "0",
        "code": "0301",
        "failed": ["name"],
    }
    made = typed(house, other, refused).json()["sheet"]
    assert confirmed(house, other, {**refused, "sheet": made}).status_code == 200
    (said,) = look(house, other)["said"]
    assert (said["code"], said["failed"], said["queued_behind"]) == ("0301", ["name"], 0)


@pytest.mark.parametrize(
    ("count", "status"), [(SHEET_FORMER_MAX, 200), (SHEET_FORMER_MAX + 1, 422)]
)
def test_a_sheet_has_room_for_so_many_earlier_holds(house: Bureau, count: int, status: int) -> None:
    order = carried(house)
    former = {"authority": "Court of Longhua", "amount": "50.00"}
    body = {**sheet(house), "former": [former] * count}
    assert typed(house, order, body).status_code == status


@pytest.mark.parametrize("count", [ANSWERS_SHOWN_MAX, ANSWERS_SHOWN_MAX + 1])
def test_of_very_many_answers_the_newest_are_shown(house: Bureau, count: int) -> None:
    order = carried(house)
    for number in range(count):
        answer = Answer(f"a-{number}", Outcome.REFUSED, code=f"{number:04}")
        done = house.desk._office.submit(answer_command(CARRIED, order, answer)).result()
        assert isinstance(done, Done), done
    said = [row["code"] for row in look(house, order)["said"]]
    assert said == [f"{number:04}" for number in range(count)][-ANSWERS_SHOWN_MAX:]


def test_words_of_an_institution_that_nobody_knows_are_shown_as_they_are(house: Bureau) -> None:
    order = carried(house)
    answer = Answer("a", Unrecognised("eaten"))
    assert isinstance(
        house.desk._office.submit(answer_command(CARRIED, order, answer)).result(), Done
    )
    assert [row["outcome"] for row in look(house, order)["said"]] == ["eaten"]
    assert look(house, order)["state"] == "sent"


def test_the_holder_of_what_is_held_gets_a_notice_whose_reading_is_journalled(
    house: Bureau,
) -> None:
    order = carried(house)
    found = house.desk.view().find(order)
    assert found is not None
    account = found[1].order.key.account
    path = "/cases/C1/notices/paper"
    asked = {"account": account, "currency": "CNY", "reason": "to be sent"}
    assert name_of(house.get(path, "ann", **asked)) == "notice_unknown", "nothing is held yet"
    body = sheet(house)
    made = typed(house, order, body).json()["sheet"]
    assert confirmed(house, order, {**body, "sheet": made}).status_code == 200
    last = house.desk.last()
    answer = house.get(path, "ann", **asked, language="en")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    text = pypdf.PdfReader(io.BytesIO(answer.content)).pages[0].extract_text()
    for words in ("Wang", "201.00 CNY", CARRIED, "Centre"):
        assert words in text
    assert "62220200" not in text
    records = house.records_of_persons(last)
    assert [x.name for x in records] == ["acted", "personal_data_read"]
    assert b"holder_notice" in records[1].body
    assert name_of(house.get(path, "ann", **{**asked, "reason": ""})) == "purpose_missing"


@pytest.mark.parametrize(
    "slip",
    [{"held": "210.00"}, {"outcome": "held_short"}, {"code": "1200"}, {"started_at": None}],
)
def test_a_slip_of_the_second_person_is_found_and_nothing_is_held(house, slip) -> None:
    order = carried(house)
    body = sheet(house)
    made = typed(house, order, body).json()["sheet"]
    last = house.desk.last()
    assert name_of(confirmed(house, order, {**body, **slip, "sheet": made})) == "sheet_differs"
    assert house.records_of_persons(last) == []
    assert confirmed(house, order, {**body, "sheet": made}).status_code == 200


def test_nobody_confirms_their_own_typing(house: Bureau) -> None:
    order = carried(house)
    body = sheet(house)
    made = typed(house, order, body).json()["sheet"]
    assert name_of(confirmed(house, order, {**body, "sheet": made}, "ann")) == "four_eyes"
    assert look(house, order)["state"] == "sent"


def test_what_does_not_fit_is_named(house: Bureau) -> None:
    order = issue(house, CARRIED)
    body = sheet(house)
    assert name_of(typed(house, order, body)) == "not_handed_over"
    assert name_of(typed(house, "nobody", body)) == "order_unknown"
    assert name_of(confirmed(house, order, {**body, "sheet": "none"})) == "sheet_unknown"
    assert name_of(typed(house, order, {**body, "held": "1.001"})) == "amount_unfit"
    assert typed(house, order, {**body, "iban": "x"}).status_code == 422


def test_rows_of_a_sheet_reach_the_case_and_their_numbers_stay_in_the_vault(house: Bureau) -> None:
    order = carried(house, "query")
    at = instant_text(house.clock.now() - timedelta(minutes=5))
    row = {"at": at, "payee": "6222029999999", "amount": "9.00", "payee_institution": "bank-9"}
    body = sheet(house, outcome="informed", held="0", started_at=None, rows=[row])
    made = typed(house, order, body).json()["sheet"]
    other = {**row, "payee": "6222029999998"}
    differs = confirmed(house, order, {**body, "rows": [other], "sheet": made})
    assert name_of(differs) == "sheet_differs"
    assert confirmed(house, order, {**body, "sheet": made}).status_code == 200
    assert house.desk._office.directory.account("bank-9", "6222029999999") != ""
    for file in house.folder.glob("journal.sqlite*"):
        assert b"6222029999999" not in file.read_bytes()


def test_sheets_are_folded_alike_from_the_journal_and_from_a_snapshot(house: Bureau) -> None:
    order = carried(house)
    body = sheet(house)
    made = typed(house, order, body).json()["sheet"]
    typed(house, order, {**body, "held": "5.00"}, "cy")
    confirmed(house, order, {**body, "sheet": made})
    state = View(SqliteJournal.read(house.folder / "journal.sqlite")).state
    assert [(x.typed_by, bool(x.confirmed_by)) for x in state.sheets.values()] == [
        (house.ids["ann"], True),
        (house.ids["cy"], False),
    ]
    assert state.sheets[made].answer.outcome is Outcome.HELD
    assert decode_state(encode_state(state)).sheets == state.sheets


def test_a_centre_without_a_key_prints_nothing(bureau: Bureau) -> None:
    bureau.hire("ann", (Role.CASE_LEAD, "gd"))
    bureau.hire("bo", (Role.APPROVER, "gd"))
    bureau.place("C1", "gd", "ann")
    order = issue(bureau, CARRIED)
    found = bureau.get(f"/orders/{order}/paper", "ann", case="C1", reason="r")
    assert name_of(found) == "signing_key_missing"
