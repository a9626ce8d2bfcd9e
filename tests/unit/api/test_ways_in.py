"""Setup, enrolment, login and logout, and what an attacker tries with them."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from datetime import timedelta

import pytest
from bureau import PASSWORD, SETUP, Bureau

from recoup import limits
from recoup.api import accounts
from recoup.centre.desk import Desk
from recoup.staff import Role, decide
from recoup.staff import commands as staff_commands
from recoup.staff.directory import Directory

FAILED = "urn:recoup:problem:login_failed"


def test_the_setup_token_works_once_and_only_as_printed(bureau: Bureau) -> None:
    body = {"token": "another-token-than-printed", "name": "eve", "password": PASSWORD}
    wrong = bureau.post("/setup", body | {"unit": "x"})
    assert (wrong.status_code, wrong.json()["type"]) == (403, "urn:recoup:problem:setup_refused")
    again = bureau.post("/setup", body | {"token": SETUP, "unit": "x"})
    assert again.json()["type"] == "urn:recoup:problem:administrator_exists"


def test_a_lost_answer_to_setup_can_be_asked_for_until_the_first_login(bureau: Bureau) -> None:
    added = bureau.post("/persons", {"name": "ann"}, "root", key="add-ann-1")
    again = bureau.post("/persons", {"name": "ann"}, "root", key="add-ann-1")
    assert added.json() == again.json()
    assert again.headers["Idempotency-Replayed"] == "true"
    body = {"token": added.json()["token"], "name": "ann", "password": PASSWORD}
    first = bureau.post("/enrolments", body, key="enrol-ann")
    repeat = bureau.post("/enrolments", body, key="enrol-ann")
    assert first.json()["secret"]
    assert repeat.json() == first.json()
    other = bureau.post("/enrolments", body | {"password": "p" * 12}, key="enrol-ann")
    assert other.json()["type"] == "urn:recoup:problem:idempotency_key_reused"
    bureau.ids["ann"], bureau.secrets["ann"] = first.json()["id"], first.json()["secret"]
    bureau.log_in("ann")
    assert bureau.post("/enrolments", body, key="enrol-ann").json()["secret"] is None


def test_a_guessed_enrolment_token_leaves_nothing_behind(
    bureau: Bureau, monkeypatch: pytest.MonkeyPatch
) -> None:
    added = bureau.post("/persons", {"name": "ann"}, "root").json()
    kept: list[str] = []
    keep = Desk.keep_factor

    async def noting(self: Desk, reference: str, secret: str) -> None:
        kept.append(reference)
        await keep(self, reference, secret)

    monkeypatch.setattr(Desk, "keep_factor", noting)
    last = bureau.desk.last()
    body = {"token": "a-guess-of-twenty-letters", "name": "ann", "password": PASSWORD}
    eve = {"token": SETUP, "name": "eve", "password": PASSWORD, "unit": "x"}
    assert bureau.post("/setup", eve).status_code == 409, "her name is kept, she is not added"
    assert bureau.try_login("eve", code="123456").status_code == 401
    kept.clear()
    for name in ("ann", "nobody", "root", "eve"):
        answer = bureau.post("/enrolments", body | {"name": name})
        assert answer.json()["type"] == "urn:recoup:problem:enrolment_unknown"
    assert (kept, bureau.desk.last()) == ([], last)
    assert bureau.post("/enrolments", body | {"token": added["token"]}).status_code == 200
    assert len(kept) == 1


def test_all_failures_look_alike(bureau: Bureau) -> None:
    bureau.hire("ann")
    bureau.clock.move(timedelta(seconds=30))
    code = bureau.code("ann")
    wrong_code = f"{(int(code) + 1) % 1_000_000:06d}"
    bureau.secrets["nobody"] = bureau.secrets["ann"]
    answers = [
        bureau.try_login("nobody"),
        bureau.try_login("ann", password="another password"),  # noqa: S106 - a wrong one
        bureau.try_login("ann", code=wrong_code),
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.text for answer in answers}) == 1
    assert answers[0].json()["type"] == FAILED


def test_a_code_opens_one_session(bureau: Bureau) -> None:
    bureau.hire("ann")
    bureau.clock.move(timedelta(seconds=30))
    code = bureau.code("ann")
    assert bureau.try_login("ann", code=code).status_code == 200
    assert bureau.try_login("ann", code=code).json()["type"] == FAILED
    bureau.clock.move(timedelta(seconds=30))
    assert bureau.try_login("ann", code=code).json()["type"] == FAILED, "still of the step before"


def test_of_logins_with_one_code_at_once_one_succeeds(bureau: Bureau) -> None:
    bureau.hire("ann")
    bureau.clock.move(timedelta(seconds=30))
    code, statuses = bureau.code("ann"), []
    threads = [
        threading.Thread(
            target=lambda: statuses.append(bureau.try_login("ann", code=code).status_code)
        )
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200, 401, 401, 401]


def test_the_same_login_again_does_not_show_the_token_again(bureau: Bureau) -> None:
    bureau.hire("ann")
    bureau.clock.move(timedelta(seconds=30))
    body = {"name": "ann", "password": PASSWORD, "code": bureau.code("ann")}
    assert bureau.post("/sessions", body, key="login-key-1").status_code == 200
    bureau.clock.move(timedelta(seconds=30))
    body["code"] = bureau.code("ann")
    again = bureau.post("/sessions", body, key="login-key-1")
    assert again.json()["type"] == "urn:recoup:problem:session_shown_once"


def test_a_locked_person_is_out_even_with_the_right_code_and_the_journal_does_not_grow(
    bureau: Bureau,
) -> None:
    bureau.hire("ann")
    bureau.clock.move(timedelta(seconds=30))
    for _ in range(limits.LOGIN_FAILURES_MAX):
        assert bureau.try_login("ann", password="another password").status_code == 401  # noqa: S106
    last = bureau.desk.last()
    for _ in range(3):
        locked = bureau.try_login("ann")
        assert locked.json()["type"] == FAILED
    assert bureau.records_of_persons(last) == []
    bureau.clock.move(timedelta(seconds=limits.LOCKED_SECONDS))
    assert bureau.try_login("ann").status_code == 200


def test_an_unknown_name_takes_the_same_work(
    bureau: Bureau, monkeypatch: pytest.MonkeyPatch
) -> None:
    bureau.hire("ann")
    hasher = bureau.app.state.house.passwords._hasher
    verified: list[str] = []
    steps: list[str] = []
    compare, step_of = type(hasher).verify, accounts.step_of
    monkeypatch.setattr(
        type(hasher),
        "verify",
        lambda self, kept, given: verified.append(kept) or compare(self, kept, given),
    )
    monkeypatch.setattr(
        accounts, "step_of", lambda secret, *more: steps.append(secret) or step_of(secret, *more)
    )
    for name in ("ann", "nobody"):
        bureau.secrets.setdefault(name, bureau.secrets["ann"])
        bureau.try_login(name, password="another password")  # noqa: S106 - a wrong one
    assert (len(verified), len(steps)) == (2, 2)
    assert verified[0] != verified[1], "the hash of nobody is no person's"


def test_every_failure_takes_as_long(bureau: Bureau) -> None:
    bureau.hire("ann")
    bureau.app.state.house.failure_seconds = 0.4
    bureau.secrets["nobody"] = bureau.secrets["ann"]
    for name in ["nobody"] + ["ann"] * (limits.LOGIN_FAILURES_MAX + 1):
        began = time.monotonic()
        answer = bureau.try_login(name, password="another password")  # noqa: S106 - a wrong one
        assert answer.status_code == 401
        assert time.monotonic() - began >= 0.4
    assert bureau.staff.persons[bureau.ids["ann"]].locked_until is not None


def test_a_session_is_out_after_logout_after_its_time_and_when_its_person_is_suspended(
    bureau: Bureau,
) -> None:
    for name in ("ann", "bo", "chen"):
        bureau.hire(name)
        assert bureau.get("/me", name).status_code == 200
    out = bureau.client.delete("/sessions/current", headers=bureau._as("ann"))
    assert out.status_code == 204
    assert bureau.get("/me", "ann").json()["type"] == "urn:recoup:problem:session_ended"
    bureau.post(f"/persons/{bureau.ids['bo']}/suspend", {"reason": "left"}, "root")
    assert bureau.get("/me", "bo").status_code == 401
    assert bureau.get("/me", "chen").status_code == 200
    bureau.clock.move(timedelta(seconds=limits.SESSION_SECONDS_MAX))
    assert bureau.get("/me", "chen").status_code == 401


def test_a_changed_right_works_at_once_in_both_directions(bureau: Bureau) -> None:
    bureau.hire("ann")
    path = f"/persons/{bureau.ids['ann']}/roles"
    body = {"role": "auditor", "unit": "gd"}
    for _ in range(3):
        assert bureau.get("/persons", "ann").status_code == 403
        bureau.post(f"{path}/grant", body, "root")
        assert bureau.get("/persons", "ann").status_code == 200
        bureau.post(f"{path}/revoke", body, "root")


def test_who_has_two_roles_does_not_approve_the_own_order(bureau: Bureau) -> None:
    bureau.hire("ann", (Role.CASE_LEAD, "gd"), (Role.APPROVER, "gd"))
    bureau.hire("bo", (Role.APPROVER, "gd"))
    bureau.place("C1", "gd", "ann")
    order = bureau.draft("C1", bureau.account("C1", "ann"), "ann")
    bureau.post(f"/orders/{order}/submit", {}, "ann")
    digest = bureau.get(f"/orders/{order}", "bo", case="C1", reason="r").json()["digest"]
    own = bureau.post(f"/orders/{order}/approve", {"digest": digest}, "ann")
    assert own.json()["type"] == "urn:recoup:problem:four_eyes"
    stale = bureau.post(f"/orders/{order}/approve", {"digest": "0" * 64}, "bo")
    assert stale.json()["type"] == "urn:recoup:problem:approval_stale"
    other = bureau.post(f"/orders/{order}/approve", {"digest": digest}, "bo")
    assert other.json()["state"] == "issued"


def test_a_used_code_is_found_when_the_memory_of_it_is_lost(bureau: Bureau) -> None:
    """Negative control: the very replay that is refused opens a session for a directory that forgot the code."""
    bureau.hire("ann")
    found = bureau.staff.persons[bureau.ids["ann"]]
    replay = staff_commands.OpenSession(found.id, "t", found.credential, found.factor_step)
    assert not isinstance(decide(bureau.staff, replay, bureau.clock.now()), tuple)
    forgetful = Directory(persons={found.id: replace(found, factor_step=0)})
    assert isinstance(decide(forgetful, replay, bureau.clock.now()), tuple)
