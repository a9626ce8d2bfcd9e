"""The desk: what it asks before it carries a command out, and that what it shows is what is on disk."""

from __future__ import annotations

import asyncio
import io
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from bureau import Bureau, drafted, open_desk

from recoup.api import set_up_logs
from recoup.api.callers import hash_of
from recoup.centre.account_room import EnterAccount
from recoup.centre.commands import Command, Done, Outcome, Turned
from recoup.centre.requests import Actor, Request
from recoup.centre.rights import ACTIONS
from recoup.centre.roster import shift_digest
from recoup.centre.sheets import Scan
from recoup.errors import StoreFault
from recoup.ids import CommandId
from recoup.orders.commands import ConfirmSent, PassTerm
from recoup.paper.scans import Looked
from recoup.staff import Action, Level, Role, Unit, Why
from recoup.staff import commands as staff
from recoup.stores.vault import Purpose


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Bureau]:
    """A bureau with an officer who has a case, an account and an order."""
    set_up_logs(io.StringIO())
    found = Bureau(tmp_path)
    found.set_up()
    found.hire("ann", (Role.OFFICER, "gd"))
    found.place("C1", "gd", "ann")
    found.ids["account"] = found.account("C1", "ann")
    found.ids["order"] = found.draft("C1", found.ids["account"], "ann")
    yield found
    found.close()


def ask(
    desk: Bureau, by: str, command: object, session: str = "", why: Why | None = None
) -> Outcome:
    """Hand a command straight to the desk, past the API."""
    session = hash_of(desk.tokens[session or by])
    why = why or Why()
    asked = Request(Actor(desk.ids[by], "", why.reason), command, case=why.case, session=session)
    command_id = CommandId(f"test:{desk.desk.new_id('c')}")
    return asyncio.run(desk.desk.submit(Command(command_id, b"content", asked)))


def test_nobody_gives_or_takes_a_shift_under_another_name(desk):
    desk.hire("day", (Role.DUTY_OFFICER, "gd"))
    desk.hire("night", (Role.DUTY_OFFICER, "gd"))
    day, night = desk.ids["day"], desk.ids["night"]
    seen = shift_digest("gd", desk.desk.view().shift_of("gd"))
    give, take = staff.HandOverShift("gd", day, night, seen), staff.TakeOverShift("gd", night, seen)
    assert reason_of(ask(desk, "night", give)) == "actor_differs"
    assert isinstance(ask(desk, "day", give), Done)
    assert reason_of(ask(desk, "day", take)) == "actor_differs"
    assert isinstance(ask(desk, "night", take), Done)


def test_many_scans_at_once_leave_the_threads_to_whoever_else_needs_one(desk, monkeypatch):
    """A report would else wait until all scans before it were looked at."""
    go_on = threading.Event()

    def look(_: bytes, media: str) -> Looked:
        go_on.wait(30)
        return Looked(media, 1, ())

    monkeypatch.setattr("recoup.centre.desk.look_at", look)

    async def crowd() -> list[Scan]:
        one = partial(desk.desk.look_at_scan, desk.ids["order"], b"scan", "image/png")
        scans = [asyncio.create_task(one()) for _ in range(64)]
        try:
            await asyncio.sleep(0)
            async with asyncio.timeout(5):
                await asyncio.to_thread(len, b"")
        finally:
            go_on.set()
        return await asyncio.gather(*scans)

    assert len(asyncio.run(crowd())) == 64


def test_another_name_of_an_account_is_in_the_journal_and_refused_it_is_not_kept(desk, monkeypatch):
    body = {"case": "C1", "institution": "bank-1", "number": "6222020000111122223"}

    def enter(name: str) -> tuple[int, list[str], str]:
        last = desk.desk.last()
        status = desk.post("/accounts", {**body, "name": name}, "ann").status_code
        records = desk.records_of_persons(last)
        names = [x.name for x in records if x.name != "acted"]
        why = Purpose("test", "C1", "a test")
        kept = desk.desk._office.directory.entry(desk.ids["account"], why).name
        return status, names, kept

    assert enter("Wang") == (200, [], "Wang")
    assert enter("Wang Wu") == (200, ["account_entered"], "Wang Wu")
    monkeypatch.setattr("recoup.centre.account_room.is_payee", lambda *_: True)
    assert enter("Thief") == (409, [], "Wang Wu")
    assert enter("Wang Wu") == (200, [], "Wang Wu")


def reason_of(outcome: Outcome) -> str:
    assert isinstance(outcome, Turned), outcome
    return outcome.reason


@pytest.mark.parametrize(
    "command",
    [
        staff.SetUp("eve", Unit("x", Level.PROVINCE), "h", "f"),
        staff.Enrol("eve", "t", "h", "f"),
        staff.OpenSession("eve", "t", "h", 1),
        staff.NoteFailure("root"),
    ],
    ids=["set up", "enrol", "open session", "note failure"],
)
def test_no_person_can_ask_for_what_is_in_no_row(desk: Bureau, command: object) -> None:
    assert type(command) not in ACTIONS
    last = desk.desk.last()
    assert reason_of(ask(desk, "root", command)) == "not_permitted"
    assert desk.desk.last() == last


def test_what_only_the_program_says_of_orders_is_in_no_row() -> None:
    assert not {ConfirmSent, PassTerm} & set(ACTIONS)
    assert Action.STREAM_READ not in ACTIONS.values(), "looking is no command"


def test_the_session_of_another_person_or_one_that_ended_serves_nobody(desk: Bureau) -> None:
    command = staff.AddUnit(Unit("sz", desk.staff.units["gd"].level, "gd"), "root")
    assert reason_of(ask(desk, "root", command, session="ann")) == "session_ended"
    desk.client.delete("/sessions/current", headers=desk._as("root"))
    assert reason_of(ask(desk, "root", command)) == "session_ended"


def test_what_is_shown_is_the_writers_state_now_and_after_a_new_start(desk: Bureau) -> None:
    desk.post(f"/orders/{desk.ids['order']}/submit", {}, "ann")
    desk.post("/readings", reading(desk), "ann")
    shown = desk.desk.view()
    assert shown == desk.desk._office._centre._writer._state
    last = desk.desk.last()
    desk.desk.drain()
    again = open_desk(desk.folder, desk.clock)
    assert again.start() == last
    assert again.view() == shown
    again.drain()


def reading(desk: Bureau) -> dict[str, str]:
    return {"account": desk.ids["account"], "field": "account_name", "case": "C1", "reason": "r"}


def test_a_reading_is_in_the_journal_before_it_is_shown_and_once_for_one_key(desk: Bureau) -> None:
    def readings() -> list[str]:
        records = desk.desk.happened(0, 1000)
        return [record.subject for record in records if record.name == "personal_data_read"]

    assert readings() == []
    for _ in range(2):
        found = desk.post("/readings", reading(desk), "ann", key="reading-1")
        assert found.json()["text"] == "Wang"
        assert readings() == ["C1"]
    desk.post("/readings", reading(desk), "ann")
    assert readings() == ["C1", "C1"]


def test_a_repeat_of_a_reading_shows_nothing_to_who_lost_the_right(desk: Bureau) -> None:
    assert desk.post("/readings", reading(desk), "ann", key="reading-1").status_code == 200
    body = {"role": "officer", "unit": "gd"}
    desk.post(f"/persons/{desk.ids['ann']}/roles/revoke", body, "root")
    assert desk.post("/readings", reading(desk), "ann", key="reading-1").status_code == 403


def test_an_account_of_another_case_or_of_none_is_not_there(desk: Bureau) -> None:
    desk.hire("court", (Role.COURT, "gd"))
    desk.place("C2", "gd", "ann")
    for case in ("C2", "C9"):
        answer = desk.post("/readings", reading(desk) | {"case": case}, "court")
        assert answer.json()["type"] == "urn:recoup:problem:account_unknown"
    elsewhere = desk.post("/orders", drafted("C2", desk.ids["account"]), "ann")
    assert elsewhere.json()["type"] == "urn:recoup:problem:account_unknown"


def test_an_account_whose_number_never_reached_the_vault_is_told_as_missing(desk: Bureau) -> None:
    """The vault is filled before the journal hears of an account: only its loss leaves this, and it is told."""
    assert isinstance(ask(desk, "ann", EnterAccount("account_x", "bank-1", "C1")), Done)
    body = reading(desk) | {"account": "account_x"}
    answer = desk.post("/readings", body, "ann")
    assert answer.json()["type"] == "urn:recoup:problem:personal_data_missing"


def test_a_name_belongs_to_the_case_for_which_it_was_given(desk: Bureau) -> None:
    desk.place("C2", "gd", "ann")
    body = {"case": "C2", "institution": "bank-1", "number": "6222020000111122223"}
    found = desk.post("/accounts", body | {"name": "Wang Fang"}, "ann")
    assert found.json()["account"] == desk.ids["account"], "one number, one id"
    names = [
        desk.post("/readings", reading(desk) | {"case": case}, "ann").json()["text"]
        for case in ("C1", "C2")
    ]
    assert names == ["Wang", "Wang Fang"]


def test_a_bank_reads_what_was_issued_to_it_and_not_before(desk: Bureau) -> None:
    desk.hire("bank", (Role.BANK_OPERATOR, "bank-1"))
    desk.hire("other", (Role.BANK_OPERATOR, "bank-2"))
    desk.hire("bo", (Role.APPROVER, "gd"))
    order = desk.ids["order"]
    desk.post(f"/orders/{order}/submit", {}, "ann")
    assert desk.post("/readings", reading(desk), "bank").status_code == 403
    digest = desk.get(f"/orders/{order}", "bo", case="C1", reason="r").json()["digest"]
    desk.post(f"/orders/{order}/approve", {"digest": digest}, "bo")
    assert desk.post("/readings", reading(desk), "bank").json()["text"] == "Wang"
    assert desk.post("/readings", reading(desk), "other").status_code == 403
    assert desk.get("/institutions/bank-1/orders", "other").status_code == 403


def test_the_journal_and_its_answers_hold_no_number_and_no_secret(desk: Bureau) -> None:
    desk.post("/readings", reading(desk), "ann")
    secret = desk.secrets["ann"]
    files = [path.read_bytes() for path in desk.folder.glob("journal.sqlite*")]
    assert b"personal_data_read" in b"".join(files)
    for data in files:
        for word in ("6222020000111122223", "Wang", secret, desk.tokens["ann"]):
            assert word.encode() not in data


def test_a_centre_of_which_a_part_ended_by_itself_takes_nothing_more(desk: Bureau) -> None:
    assert desk.get("/readyz").status_code == 200
    desk.desk._office._centre._sender._why = StoreFault("expected the disk, was gone")
    assert desk.get("/readyz").json()["type"] == "urn:recoup:problem:stopped"
    assert desk.desk.is_stopped
    assert isinstance(desk.desk.fault, StoreFault)


def test_one_number_has_one_id_whoever_asks_first(desk: Bureau) -> None:
    """The chase may meet an account in a statement while an officer enters it."""
    directory = desk.desk._office.directory
    reserved = directory.reserve("bank-1", "6222020000999900001")
    assert directory.reserve("bank-1", "6222020000999900001") == reserved
    assert directory.reserve("bank-2", "6222020000999900001") != reserved
    assert directory.account("bank-1", "6222020000999900001", "Li") == reserved
    assert directory.reserve("bank-1", "6222020000999900001") == reserved
    assert desk.account("C1", "ann", "6222020000999900001") == reserved


def test_an_institution_is_told_the_name_that_the_case_gave(desk: Bureau) -> None:
    directory = desk.desk._office.directory
    account = directory.account("bank-1", "6222020000999900001", "Li")
    assert desk.account("C1", "ann", "6222020000999900001") == account
    names = [
        directory.entry(account, Purpose("sender", case, "an order")).name for case in ("C1", "C2")
    ]
    assert names == ["Wang", "Li"], "a name belongs to its case; another knows the statement's"
