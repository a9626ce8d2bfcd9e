"""R9 for leads and checks: a bank speaks of its own payers under its own name, and learns of no number of another bank."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from bureau import START, Bureau
from httpx import Response
from noted import Noted

from recoup.api import care
from recoup.centre.cared import Cared
from recoup.centre.directory import Directory, Entry
from recoup.centre.gateway import Correspondence
from recoup.clock import instant_text
from recoup.messages import CallMessage, KeyRing, NoticeTerms, SigningKey, generate_key, seal
from recoup.staff import Role

CENTRE = generate_key("centre", START, START + timedelta(days=9))
BANKS = {
    name: generate_key(name, START, START + timedelta(days=9)) for name in ("bank-1", "bank-2")
}
KNOWN, NEVER_SEEN = "6222020000111122223", "6222020000111199999"
_numbers = itertools.count()
Call = Callable[[dict[str, Any]], Response]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bureau]:
    """A centre that knows an account of bank-2, asked by the persons and the machines of two banks."""
    folder: Path = tmp_path_factory.mktemp("leads")
    ring = KeyRing([key.public for key in BANKS.values()])
    wire = Correspondence("centre", CENTRE, ring, {}, NoticeTerms("police", ("paper",), "110"))
    found = Bureau(folder, wire=wire)
    found.set_up()
    found.hire("ann", (Role.OFFICER, "gd"))
    found.hire("one", (Role.BANK_OPERATOR, "bank-1"))
    found.hire("two", (Role.BANK_OPERATOR, "bank-2"))
    known = lead("bank-2", payer=account("bank-2", KNOWN), source="police", system="city-1")
    assert found.post("/leads", known, "ann").status_code == 200
    yield found
    found.close()


def account(institution: str, number: str = "") -> dict[str, str]:
    number = number or f"62220200001111{next(_numbers):05d}"
    return {"kind": "account", "institution": institution, "number": number}


def lead(bank: str, **more: Any) -> dict[str, Any]:
    """Return what a bank says of a payer of its own."""
    body = {
        "source": "bank",
        "system": bank,
        "id": f"W-{next(_numbers)}",
        "unit": "gd",
        "payer": account(bank),
        "institution": bank,
        "accounts": [],
        "grade": "high",
        "reason": "an hour on the line",
        "seen_at": instant_text(START),
        "expires_at": instant_text(START + timedelta(days=2)),
    }
    return body | more


def by_machine(
    desk: Bureau, institution: str, key: SigningKey, body: dict[str, Any], path: str = "/leads"
) -> Response:
    sent, name = json.dumps(body).encode(), f"lead-{next(_numbers):08d}"
    message = CallMessage(institution, path, name, sha256(sent).hexdigest())
    signed = seal(message, key, audience="centre", jti=name, now=desk.clock.now()).decode()
    headers = {"Authorization": f"Recoup {signed}", "Idempotency-Key": name}
    headers["Content-Type"] = "application/json"
    return desk.client.post(path, content=sent, headers=headers)


def by_table(desk: Bureau, person: str, body: dict[str, Any]) -> Response:
    headers = {"Idempotency-Key": f"table-{next(_numbers):08d}"}
    headers |= {"Content-Type": "application/x-ndjson", **desk._as(person)}
    path = f"/leads/import?unit=gd&institution={body['institution'] or ''}"
    return desk.client.post(path, content=json.dumps(body).encode(), headers=headers)


def ways(desk: Bureau) -> dict[str, Call]:
    """Return the ways in which bank-1 gives leads."""
    return {
        "machine": partial(by_machine, desk, "bank-1", BANKS["bank-1"]),
        "person": lambda body: desk.post("/leads", body, "one"),
        "table": partial(by_table, desk, "one"),
    }


def done(answer: Response) -> dict[str, str]:
    assert answer.status_code == 200, answer.text
    found: dict[str, str] = answer.json()
    return found


def refused(answer: Response) -> str:
    """Return the problem; of a table, that of its row; '' where it was taken."""
    body = answer.json()
    if "rows" in body:
        (row,) = body["rows"]
        return "" if row["code"] == "taken" else row["code"]
    return body["type"].rsplit(":", 1)[1] if "type" in body else ""


ASKING = ("payer", "institution", "accounts")


def about(way: str, number: str) -> dict[str, Any]:
    """Return a lead of bank-1 that speaks of a number at bank-2, in one of the places where it could."""
    if way == "payer":
        return lead("bank-1", payer=account("bank-2", number))
    if way == "institution":
        return lead("bank-1", institution="bank-2", payer=account("bank-2", number))
    return lead("bank-1", institution="bank-2", payer=account("bank-1"), accounts=[number])


@pytest.mark.parametrize("by", ["machine", "person", "table"])
@pytest.mark.parametrize("asking", ASKING)
def test_a_number_at_another_bank_is_refused_alike_whether_it_is_known_or_not(
    desk: Bureau, monkeypatch: pytest.MonkeyPatch, by: str, asking: str
) -> None:
    known = desk.desk._office.directory.known
    assert known("bank-2", KNOWN) is not None, "or nothing is compared"
    assert known("bank-2", NEVER_SEEN) is None, "the same"
    call, noted = ways(desk)[by], Noted(monkeypatch)
    said, took = [], []
    for number in (KNOWN, NEVER_SEEN) * 3:
        answer, statements = noted.of(partial(call, about(asking, number)))
        said.append((answer.status_code, refused(answer)))
        took.append(statements)
    assert len(set(said)) == 1
    assert said[0][1]
    assert any(row in took[1::2] for row in took[::2])
    assert known("bank-2", NEVER_SEEN) is None, "to ask gave it an id"


def test_a_way_that_looks_before_it_refuses_is_found(
    desk: Bureau, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: what was done for a number that nobody knew is more than for one that is known."""
    monkeypatch.setattr(care, "_one_place", lambda *_: None)
    looked: list[str] = []
    account_of = Directory.account

    def noted(self: Directory, institution: str, number: str) -> str:
        looked.append(institution)
        return account_of(self, institution, number)

    monkeypatch.setattr(Directory, "account", noted)
    done(ways(desk)["person"](about("payer", "6222020000111188888")))
    assert "bank-2" in looked


@pytest.mark.parametrize("by", ["machine", "person", "table"])
def test_a_bank_gives_leads_under_its_own_name_only(desk: Bureau, by: str) -> None:
    """Else it would hear which ids another bank's leads have, or use them up."""
    call = ways(desk)[by]
    theirs = lead("bank-2")
    done(desk.post("/leads", theirs, "two"))
    wrong = {"signature_refused", "other_institution"}
    for more in (
        {"system": "bank-2", "id": theirs["id"]},
        {"system": "bank-2"},
        {"source": "police"},
    ):
        assert refused(call(lead("bank-1", **more))) in wrong
    assert refused(call(lead("bank-1"))) == ""
    assert (
        refused(desk.post("/leads", lead("bank-2", system="city-1", source="police"), "ann")) == ""
    )


PERSON = {"kind": "person", "value": "id_card 44030119"}


def test_a_person_whom_two_banks_know_has_a_task_at_each_and_neither_hears_of_the_other(
    desk: Bureau,
) -> None:
    first = done(desk.post("/leads", lead("bank-2", payer=PERSON), "two"))
    path = f"/dissuasions/{first['dissuasion']}"
    done(desk.post(f"{path}/contacts", {"step": "message", "is_reached": True}, "two"))
    mine = done(desk.post("/leads", lead("bank-1", payer=PERSON), "one"))
    assert (mine["dissuasion"] != first["dissuasion"], mine["state"]) == (True, "to_message")
    assert desk.get(f"/dissuasions/{mine['dissuasion']}", "one").status_code == 200
    again = done(ways(desk)["machine"](lead("bank-1", payer=PERSON)))
    assert again["dissuasion"] == mine["dissuasion"]
    # The police see both; a lead of theirs that names no bank joins the first, one that does joins that bank's.
    police = {"source": "police", "system": "city-1", "payer": PERSON}
    nowhere = done(desk.post("/leads", lead("bank-1", **police, institution=None), "ann"))
    assert nowhere["dissuasion"] == first["dissuasion"]
    there = done(desk.post("/leads", lead("bank-1", **police), "ann"))
    assert there["dissuasion"] == mine["dissuasion"]


def test_a_task_that_the_police_opened_without_a_bank_is_no_banks_to_hear_of(desk: Bureau) -> None:
    someone = {"kind": "person", "value": "id_card 44030120"}
    theirs = lead("bank-1", source="police", system="city-1", institution=None, payer=someone)
    first = done(desk.post("/leads", theirs, "ann"))
    mine = done(desk.post("/leads", lead("bank-1", payer=someone), "one"))
    assert mine["dissuasion"] != first["dissuasion"]


def test_leads_that_meet_across_banks_are_found(
    desk: Bureau, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: joined, the second bank hears that somebody spoke to the payer already."""
    right = Cared.running_of
    monkeypatch.setattr(Cared, "running_of", lambda self, unit, key, _: right(self, unit, key, ""))
    someone = {"kind": "person", "value": "id_card 44030121"}
    first = done(desk.post("/leads", lead("bank-2", payer=someone), "two"))
    joined = done(desk.post("/leads", lead("bank-1", payer=someone), "one"))
    assert joined["dissuasion"] == first["dissuasion"]


def check(desk: Bureau, payee: str) -> Response:
    """Have bank-1 ask about a payment to a number at bank-2."""
    sides = {"payer": account("bank-1"), "payee": account("bank-2", payee)}
    body = {**sides, "payment": f"P-{next(_numbers)}", "reason": "a payment is under way"}
    return by_machine(desk, "bank-1", BANKS["bank-1"], body, "/lists/check/payment")


def just_reported(desk: Bureau) -> str:
    """Return a number at bank-2 whose pieces wait for the entry of the command that named it, as of the last report."""
    there, number = desk.desk._office.directory, f"62220200002222{next(_numbers):05d}"
    entry = Entry("bank-2", number, "Li")
    pieces = there.entered_pieces(there.reserve("bank-2", number), "C1", entry)
    there.keep_first(pieces, f"ann:key-{next(_numbers)}", desk.clock.now())
    return number


def looks(desk: Bureau, noted: Noted, number: str) -> Counter[str]:
    """Return the statements of a check; the writer's turns and the clocks' beside it are its own."""
    answer, statements = noted.of(partial(check, desk, number))
    assert done(answer)["payee"] == {"entries": [], "left": 0}
    return statements


def told_apart(desk: Bureau, noted: Noted) -> bool:
    known = [looks(desk, noted, KNOWN) for _ in range(3)]
    fresh = [looks(desk, noted, just_reported(desk)) for _ in range(3)]
    unseen = [looks(desk, noted, f"62220200003333{next(_numbers):05d}") for _ in range(3)]
    return not all(any(row in unseen for row in rows) for rows in (known, fresh))


def test_a_check_takes_the_same_look_for_a_number_that_is_known_and_not_listed(
    desk: Bureau, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not told_apart(desk, Noted(monkeypatch))


def test_a_check_that_writes_of_what_it_found_is_told_apart(
    desk: Bureau, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: as it was, with a sync for what was only just reported."""
    right = Directory.known

    def known(self: Directory, institution: str, number: str) -> str | None:
        found = right(self, institution, number)
        if found is not None and self._vault.waiting_among([found]):
            self._vault.put_all((), [found])
        return found

    monkeypatch.setattr(Directory, "known", known)
    assert told_apart(desk, Noted(monkeypatch))
