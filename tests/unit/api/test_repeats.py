"""The same key again: the same answer, once done; other content is refused; also when eight clients come at once."""

from __future__ import annotations

import threading
from collections import Counter

import pytest
from bureau import Bureau, drafted, reported
from httpx import Client, Response

from recoup.centre.commands import Done
from recoup.centre.desk import Desk
from recoup.staff import Role

CLIENTS = 8


@pytest.fixture
def desk(bureau: Bureau) -> Bureau:
    """A bureau with two officers, a case and an account."""
    bureau.hire("ann", (Role.OFFICER, "gd"))
    bureau.hire("bo", (Role.OFFICER, "gd"))
    bureau.place("C1", "gd", "ann")
    bureau.ids["account"] = bureau.account("C1", "ann")
    return bureau


def at_once(bureau: Bureau, path: str, bodies: list[dict[str, str]], key: str) -> list[Response]:
    """Send all of `bodies` at the same time, each through a client of its own."""
    barrier, answers = threading.Barrier(len(bodies)), []

    def send(body: dict[str, str]) -> None:
        headers = {"Idempotency-Key": key, **bureau._as("ann")}
        with Client(base_url=bureau.served.address, timeout=30) as client:
            barrier.wait()
            answers.append(client.post(path, json=body, headers=headers))

    threads = [threading.Thread(target=send, args=(body,)) for body in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


@pytest.mark.parametrize("run", range(5))
def test_eight_clients_with_one_key_draft_one_order(desk: Bureau, run: int) -> None:
    body = drafted("C1", desk.ids["account"])
    answers = at_once(desk, "/orders", [body] * CLIENTS, f"race-{run:04d}")
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    replayed = Counter(answer.headers.get("Idempotency-Replayed") for answer in answers)
    assert replayed == {None: 1, "true": CLIENTS - 1}
    assert len(list(desk.desk.view().of_case("C1"))) == 1


def test_eight_clients_with_one_key_and_two_contents_get_one_order(desk: Bureau) -> None:
    one = drafted("C1", desk.ids["account"])
    bodies = [one, one | {"amount": "202.00"}] * (CLIENTS // 2)
    answers = at_once(desk, "/orders", bodies, "race-mixed")
    assert Counter(answer.status_code for answer in answers) == {200: 4, 409: 4}
    refused = {answer.json()["type"] for answer in answers if answer.status_code == 409}
    assert refused == {"urn:recoup:problem:idempotency_key_reused"}
    assert len(list(desk.desk.view().of_case("C1"))) == 1


def test_eight_clients_enter_one_account_under_one_id(desk: Bureau) -> None:
    body = {"case": "C1", "institution": "bank-2", "number": "62220000", "name": "Li"}
    answers = at_once(desk, "/accounts", [body] * CLIENTS, "race-account")
    assert len({answer.json()["account"] for answer in answers}) == 1
    other = desk.post("/accounts", body, "bo")
    assert other.json() == answers[0].json(), "the same number at the same institution"


@pytest.mark.parametrize("run", range(3))
def test_eight_clients_with_one_key_take_one_report(desk: Bureau, run: int) -> None:
    body = reported("C9", "gd")
    answers = at_once(desk, "/reports", [body] * CLIENTS, f"race-{run:04d}")
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    case = desk.desk.view().case("C9")
    assert (len(case.reports), len(case.claims)) == (1, 1)


def test_eight_clients_with_one_key_and_two_reports_keep_what_one_of_them_told(
    desk: Bureau,
) -> None:
    bodies = [reported("C9", "gd", text=text) for text in ("one", "two")] * (CLIENTS // 2)
    answers = at_once(desk, "/reports", bodies, "race-mixed")
    assert Counter(answer.status_code for answer in answers) == {200: 4, 409: 4}
    (report,) = desk.desk.view().case("C9").reports
    directory = desk.desk._office.directory
    texts = [directory.find("report_text", text) for text in ("one", "two")]
    assert sorted(texts) == [[], [report.id]], "of the others nothing is kept"


def test_another_name_under_a_used_key_does_not_reach_the_vault(desk: Bureau) -> None:
    body = {"case": "C1", "institution": "bank-2", "number": "62220000", "name": "Li"}
    account = desk.post("/accounts", body, "ann", key="enter-1-").json()["account"]
    changed = desk.post("/accounts", body | {"name": "Wu"}, "ann", key="enter-1-")
    assert changed.status_code == 409
    asked = {"account": account, "field": "account_name", "case": "C1", "reason": "r"}
    assert desk.post("/readings", asked, "ann").json()["text"] == "Li"


def test_keys_of_two_persons_and_of_two_routes_are_told_apart(desk: Bureau) -> None:
    body = drafted("C1", desk.ids["account"], "query", amount="0")
    first = desk.post("/orders", body, "ann", key="same-key")
    second = desk.post("/orders", body, "bo", key="same-key")
    assert first.status_code == second.status_code == 200
    assert first.json()["order"] != second.json()["order"]
    elsewhere = desk.post(f"/orders/{first.json()['order']}/submit", {}, "ann", key="same-key")
    assert elsewhere.status_code == 409


def test_a_repeat_is_answered_after_a_new_start(desk: Bureau) -> None:
    body = drafted("C1", desk.ids["account"])
    first = desk.post("/orders", body, "ann", key="lasting-1")
    desk.close()
    again = Bureau(desk.folder, desk.clock, desk.tokens, desk.secrets, desk.ids)
    repeat = again.post("/orders", body, "ann", key="lasting-1")
    assert repeat.json() == first.json()
    assert repeat.headers["Idempotency-Replayed"] == "true"
    desk.served, desk.desk, desk.client = again.served, again.desk, again.client


def test_a_refused_command_leaves_its_key_free(desk: Bureau) -> None:
    body = drafted("C1", "account-unknown")
    assert desk.post("/orders", body, "ann", key="free-key").status_code == 404
    body["account"] = desk.ids["account"]
    assert desk.post("/orders", body, "ann", key="free-key").status_code == 200


def test_a_centre_that_forgets_keys_is_found(desk: Bureau, monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: with a fresh id for each command the race drafts more than one order."""
    submit, count = Desk.submit, iter(range(1000))

    async def forgetful(self, command) -> Done:  # type: ignore[no-untyped-def]
        fresh = type(command)(f"{command.id}:{next(count)}", command.content, command.value)
        return await submit(self, fresh)

    monkeypatch.setattr(Desk, "submit", forgetful)
    body = drafted("C1", desk.ids["account"])
    answers = at_once(desk, "/orders", [body] * CLIENTS, "race-0000")
    assert len({answer.text for answer in answers}) > 1
