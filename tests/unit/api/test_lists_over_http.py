"""Lists over HTTP: two persons for an involved subject, what a check tells and leaves, and an institution's own calls."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from bureau import START, Bureau
from httpx import Response

from recoup.api.rates import Rate
from recoup.centre.gateway import Correspondence
from recoup.centre.list_commands import ListsChecked
from recoup.centre.registry import EVENT_REGISTRY
from recoup.messages import Asked, AskMessage, CallMessage, KeyRing, NoticeTerms, generate_key, seal
from recoup.staff import Role

CENTRE = generate_key("centre", START, START + timedelta(days=9))
BANK = generate_key("bank-1", START, START + timedelta(days=9))
OTHER = generate_key("bank-2", START, START + timedelta(days=9))
ACCOUNT = {"kind": "account", "institution": "bank-1", "number": "6222020000111122223"}
PERSON = {"kind": "person", "value": "id_card 4403 0119 9001 011234"}
_numbers = itertools.count()


@pytest.fixture
def desk(tmp_path: Path, log: StringIO) -> Iterator[Bureau]:
    """A bureau whose centre knows the keys of two banks, with a case."""
    assert log.getvalue() == ""
    ring = KeyRing([BANK.public, OTHER.public])
    wire = Correspondence("centre", CENTRE, ring, {}, NoticeTerms("police", ("paper",), "110"))

    found = Bureau(tmp_path, wire=wire)
    found.set_up()
    for name, role in (("ann", Role.OFFICER), ("cy", Role.CASE_LEAD), ("bo", Role.APPROVER)):
        found.hire(name, (role, "gd"))
    found.place("C1", "gd", "ann")
    yield found
    found.close()


def wanted(subject: Any, level: str = "suspect", **more: str) -> dict[str, Any]:
    return {"case": "C1", "level": level, "reason": "seen", "subject": subject, **more}


def listed(desk: Bureau, body: dict[str, Any], by: str = "ann") -> dict[str, str]:
    found = desk.post("/lists/entries", body, by)
    assert found.status_code == 200, found.text
    return found.json()


def move(desk: Bureau, entry: str, step: str, body: dict[str, str], by: str) -> Response:
    return desk.post(f"/lists/entries/{quote(entry, safe='')}/{step}", body, by)


def checked(desk: Bureau, subject: Any, by: str = "ann", **more: str) -> list[dict[str, str]]:
    body = {"case": "C1", "reason": "a call", "subject": subject, **more}
    found = desk.post("/lists/check", body, by)
    assert found.status_code == 200, found.text
    return found.json()["subject"]["entries"]


def problem(answer: Response) -> str:
    return answer.json()["type"].rsplit(":", 1)[1]


def call(desk: Bureau, body: Any, key=BANK, path: str = "/lists/check", **changed: str) -> Response:
    """Send what a bank's machine signed; `changed` is what is not as it was signed."""
    sent = json.dumps(body).encode()
    name = f"call-{next(_numbers):08d}"
    message = CallMessage(
        changed.get("signed_speaks_for", key.owner),
        changed.get("signed_path", path),
        changed.get("signed_key", name),
        changed.get("signed_body", sha256(sent).hexdigest()),
    )
    return post_signed(desk, path, sent, name, sealed(desk, message, key))


def sealed(desk: Bureau, message: Any, key=BANK) -> str:
    jti, now = f"s{next(_numbers)}", desk.clock.now()
    return seal(message, key, audience="centre", jti=jti, now=now).decode()


def post_signed(desk: Bureau, path: str, sent: bytes, name: str, signed: str) -> Response:
    headers = {"Authorization": f"Recoup {signed}", "Idempotency-Key": name}
    headers["Content-Type"] = "application/json"
    return desk.client.post(path, content=sent, headers=headers)


def asked_by_bank(subject: Any = ACCOUNT, payment: str = "p1") -> dict[str, Any]:
    return {"subject": subject, "reason": "a payment", "payment": payment}


def records(desk: Bureau) -> list[ListsChecked]:
    found = [x for x in desk.desk.happened(0, 10_000) if x.name == "lists_checked"]
    return [EVENT_REGISTRY.decode(x.name, x.version, x.body) for x in found]


# --- persons -------------------------------------------------------------------------------------------------------------


def test_a_suspect_is_found_however_it_was_typed_and_no_text_of_it_is_told_or_journalled(desk):
    made = listed(desk, wanted(PERSON, origin="old register"))
    assert made["state"] == "standing"
    (found,) = checked(desk, {"kind": "person", "value": "ID_CARD４４０３01199001011234"})
    assert (found["entry"], found["list"]) == (made["entry"], "suspect")
    assert (found["unit"], found["ground"]) == ("gd", "stated")
    assert checked(desk, {"kind": "device", "value": PERSON["value"]}) == []
    journal = b"".join(record.body for record in desk.desk.happened(0, 10_000))
    journal = re.sub(rb"[0-9a-f]{32,}", b"", journal)  # four digits may stand in any digest
    for text in (b"4403", "４４０３".encode(), b"011234"):
        assert text not in journal
    assert b"old register" in journal, "what was said is there, or the look above proves nothing"


def test_an_involved_account_is_told_of_only_when_another_person_agreed(desk):
    made = listed(desk, wanted(ACCOUNT, "involved"))
    assert made["state"] == "proposed"
    assert checked(desk, ACCOUNT) == []
    alone = move(desk, made["entry"], "agree", {"digest": made["digest"]}, "ann")
    assert (alone.status_code, problem(alone)) == (403, "not_permitted")
    stale = move(desk, made["entry"], "agree", {"digest": "0" * 64}, "bo")
    assert problem(stale) == "entry_stale"
    done = move(desk, made["entry"], "agree", {"digest": made["digest"]}, "bo")
    assert done.json()["state"] == "standing"
    (found,) = checked(desk, ACCOUNT)
    assert (found["list"], found["ground"]) == ("involved", "decided")
    assert problem(move(desk, made["entry"], "agree", {"digest": made["digest"]}, "bo")) == (
        "entry_stands"
    )


def test_who_asked_does_not_agree_whatever_roles_that_person_holds(desk):
    desk.grant("cy", Role.APPROVER, "gd")
    made = listed(desk, wanted(ACCOUNT, "involved"), "cy")
    own = move(desk, made["entry"], "agree", {"digest": made["digest"]}, "cy")
    assert (own.status_code, problem(own)) == (403, "four_eyes")
    stands = move(desk, made["entry"], "agree", {"digest": made["digest"]}, "bo").json()
    leaving = move(desk, made["entry"], "withdraw", {"reason": "a mistake"}, "bo").json()
    assert (stands["state"], leaving["state"]) == ("standing", "leaving")
    assert len(checked(desk, ACCOUNT)) == 1, "it stands until another agrees"
    own = move(desk, made["entry"], "agree", {"digest": leaving["digest"]}, "bo")
    assert problem(own) == "four_eyes"
    gone = move(desk, made["entry"], "agree", {"digest": leaving["digest"]}, "cy")
    assert gone.json()["state"] == "withdrawn"
    assert checked(desk, ACCOUNT) == []


def test_an_entry_that_is_known_ended_or_nowhere_is_named(desk):
    made = listed(desk, wanted(PERSON))
    met = {
        "entry_stands": desk.post("/lists/entries", wanted(PERSON), "cy"),
        "entry_end_passed": desk.post(
            "/lists/entries", wanted(ACCOUNT, until="2020-01-01T00:00:00Z"), "ann"
        ),
        "entry_unknown": move(desk, "none", "withdraw", {"reason": "r"}, "ann"),
        "account_unknown": desk.post(
            "/lists/entries", wanted({"kind": "account_of_case", "account": "a9"}), "ann"
        ),
        "purpose_missing": desk.get("/lists/entries", "ann", case="C1"),
    }
    assert {name: problem(answer) for name, answer in met.items()} == {name: name for name in met}
    assert move(desk, made["entry"], "withdraw", {"reason": "r"}, "cy").json()["state"] == (
        "withdrawn"
    )
    assert problem(move(desk, made["entry"], "withdraw", {"reason": "r"}, "cy")) == "entry_ended"
    leaving = listed(desk, wanted(ACCOUNT, "involved"))
    move(desk, leaving["entry"], "agree", {"digest": leaving["digest"]}, "bo")
    for name in ("", "entry_leaving"):
        again = move(desk, leaving["entry"], "withdraw", {"reason": "r"}, "ann")
        assert (problem(again) if again.status_code == 409 else "") == name


def test_an_account_of_the_case_is_listed_by_its_id_and_found_by_its_number(desk):
    account = desk.account("C1", "ann", ACCOUNT["number"])
    listed(desk, wanted({"kind": "account_of_case", "account": account}))
    assert len(checked(desk, ACCOUNT)) == 1
    assert checked(desk, {**ACCOUNT, "institution": "bank-2"}) == []


def test_both_sides_of_a_payment_are_asked_in_one_call(desk):
    listed(desk, wanted(ACCOUNT))
    body = {"case": "C1", "reason": "r", "payer": PERSON, "payee": ACCOUNT}
    found = desk.post("/lists/check/payment", body, "ann").json()
    assert [len(found[side]["entries"]) for side in ("payer", "payee")] == [0, 1]
    (event,) = records(desk)
    assert [row.side for row in event.subjects] == ["payer", "payee"]


def test_who_checked_for_which_case_and_why_is_in_the_journal_and_nothing_else_is_told(desk):
    assert checked(desk, ACCOUNT) == []
    (event,) = records(desk)
    assert (event.by, event.case, event.reason) == (desk.ids["ann"], "C1", "a call")
    assert event.found == ()
    without = desk.post("/lists/check", {"reason": "r", "subject": ACCOUNT}, "ann")
    assert problem(without) in {"not_permitted", "purpose_missing"}
    elsewhere = desk.post("/lists/check", {"case": "C9", "reason": "r", "subject": ACCOUNT}, "ann")
    assert problem(elsewhere) == "not_permitted"
    assert len(records(desk)) == 1


def test_the_list_of_a_case_shows_ended_entries_and_goes_on_under_its_cursor(desk):
    made = [listed(desk, wanted({"kind": "device", "value": f"imei {n}"})) for n in range(3)]
    move(desk, made[0]["entry"], "withdraw", {"reason": "a mistake"}, "ann")
    params = {"case": "C1", "reason": "r", "limit": 2}
    first = desk.get("/lists/entries", "bo", **params).json()
    second = desk.get("/lists/entries", "bo", **params, cursor=first["next"]).json()
    rows = first["items"] + second["items"]
    assert [row["id"] for row in rows] == [row["entry"] for row in made]
    assert (rows[0]["state"], rows[0]["ended_for"]) == ("withdrawn", "a mistake")
    assert second["next"] is None


def test_an_entry_ends_by_itself(desk):
    soon = (desk.clock.now() + timedelta(hours=1)).isoformat()
    listed(desk, wanted(ACCOUNT, until=soon))
    assert len(checked(desk, ACCOUNT)) == 1
    desk.clock.move(timedelta(hours=1))
    assert checked(desk, ACCOUNT) == []


def test_checks_have_a_rate_of_their_own_for_each_asker(desk):
    now = [0.0]
    desk.app.state.house.checks = Rate(2, lambda: now[0])
    desk.app.state.house.checks_each = Rate(1, lambda: now[0])
    body = {"case": "C1", "reason": "r", "subject": ACCOUNT}
    assert [desk.post("/lists/check", body, "ann").status_code for _ in range(3)] == [200, 200, 429]
    assert desk.post("/lists/check", body, "cy").status_code == 200
    assert [call(desk, asked_by_bank()).status_code for _ in range(2)] == [200, 429]
    assert call(desk, asked_by_bank(), OTHER).status_code == 200
    assert len(records(desk)) == 5, "what was turned away told nothing"


# --- institutions --------------------------------------------------------------------------------------------------------


def test_an_institution_asks_about_its_payment_and_hears_the_same_as_a_person(desk):
    made = listed(desk, wanted(ACCOUNT))
    found = call(desk, asked_by_bank())
    assert found.status_code == 200, found.text
    assert found.json()["subject"]["entries"][0]["entry"] == made["entry"]
    (event,) = records(desk)
    assert (event.by, event.payment, event.case) == ("bank-1", "p1", "")
    sides = {"payer": PERSON, "payee": ACCOUNT, "reason": "a payment", "payment": "p2"}
    both = call(desk, sides, path="/lists/check/payment").json()
    assert [len(both[side]["entries"]) for side in ("payer", "payee")] == [0, 1]


@pytest.mark.parametrize(
    "changed",
    [
        {"signed_body": "0" * 64},
        {"signed_path": "/lists/check/payment"},
        {"signed_key": "another-key"},
        {"signed_speaks_for": "bank-2"},
    ],
)
def test_what_is_not_what_was_signed_is_refused(desk, changed):
    answer = call(desk, asked_by_bank(), **changed)
    assert (answer.status_code, problem(answer)) == (401, "signature_refused")
    assert records(desk) == []


def test_a_strangers_an_old_and_another_kind_of_signature_are_refused(desk):
    stranger = generate_key("bank-1", START, START + timedelta(days=9))
    assert problem(call(desk, asked_by_bank(), stranger)) == "signature_refused"
    sent = json.dumps(asked_by_bank()).encode()
    path, name = "/lists/check", "call-old-0001"
    message = CallMessage("bank-1", path, name, sha256(sent).hexdigest())
    signed = sealed(desk, message)
    for text in (
        "none",
        "no.jws.here",
        signed[:-4],
        sealed(desk, AskMessage("bank-1", Asked.DIGEST)),
    ):
        assert problem(post_signed(desk, path, sent, name, text)) == "signature_refused"
    desk.clock.move(timedelta(seconds=301))
    assert problem(post_signed(desk, path, sent, name, signed)) == "signature_refused"
    assert records(desk) == []


def test_a_copied_call_gets_the_first_answer_and_no_newer_one(desk):
    sent = json.dumps(asked_by_bank()).encode()
    message = CallMessage("bank-1", "/lists/check", "call-once-1", sha256(sent).hexdigest())
    signed = sealed(desk, message)
    first = post_signed(desk, "/lists/check", sent, "call-once-1", signed)
    listed(desk, wanted(ACCOUNT))
    again = post_signed(desk, "/lists/check", sent, "call-once-1", signed)
    assert again.json() == first.json()
    assert again.headers["idempotency-replayed"] == "true"
    assert len(records(desk)) == 1


def test_an_institution_names_its_payment_and_asks_for_no_case(desk):
    for more in ({}, {"case": "C1"}, {"case": "C1", "payment": "p1"}):
        body = {"subject": ACCOUNT, "reason": "r", **more}
        assert problem(call(desk, body)) == "purpose_missing"
    listing = call(desk, wanted(PERSON), path="/lists/entries")
    assert problem(listing) == "login_needed", "it asks, and lists nothing"
