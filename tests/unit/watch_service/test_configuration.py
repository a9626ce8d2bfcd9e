"""The configuration is changed while payments go on: by two operators, or by SIGHUP; what cannot be used leaves the former."""

from __future__ import annotations

import asyncio

import pytest
from watch_service import OPEN_SECONDS_MAX, Running, token_digest

from recoup.errors import SettingsFault
from recoup.watching.service import Callers

ANN, BO = ({"authorization": f"Bearer {name}-token"} for name in ("ann", "bo"))


@pytest.fixture
def running(tmp_path):
    said = [b"version 2"]

    def read():
        if said[0] == b"unreadable":
            raise SettingsFault("rules: expected a set")
        return said[0]

    with Running(tmp_path, read=read) as found:
        found.said = said
        yield found


def put_forward(running, who=ANN):
    return running.client.post("/v1/configuration", headers=who)


def approve(running, digest, who=BO):
    return running.client.post("/v1/configuration/approval", json={"digest": digest}, headers=who)


def test_what_one_operator_puts_forward_another_switches_on(running):
    digest = put_forward(running).json()["digest"]
    assert running.core.version == "none"
    answer = approve(running, digest)
    assert (answer.status_code, answer.json()) == (200, {"versions": {"rules": "version 2"}})
    assert running.core.version == "version 2"


def test_the_same_operator_cannot_approve(running):
    digest = put_forward(running).json()["digest"]
    answer = approve(running, digest, ANN)
    assert answer.json()["type"] == "urn:recoup:problem:second_person_needed"
    assert running.core.version == "none"


def test_files_that_changed_since_must_be_put_forward_anew(running):
    digest = put_forward(running).json()["digest"]
    running.said[0] = b"version 3"
    assert approve(running, digest).json()["type"] == "urn:recoup:problem:approval_stale"
    assert approve(running, "0" * 64).json()["type"] == "urn:recoup:problem:approval_stale"
    assert running.core.version == "none"


def test_who_is_no_operator_changes_nothing(running):
    assert put_forward(running, {}).status_code == 403
    assert put_forward(running, {"authorization": "Bearer guess"}).status_code == 403
    assert approve(running, "x", {}).status_code == 403


@pytest.mark.parametrize("content", [b"unreadable", b"bad"])
def test_a_configuration_that_cannot_be_used_leaves_the_former(running, content):
    running.said[0] = content  # one is refused when it is read, the other by the core
    answer = put_forward(running)
    if answer.status_code == 202:
        answer = approve(running, answer.json()["digest"])
    assert answer.json()["type"] == "urn:recoup:problem:configuration_unfit"
    assert running.core.version == "none"
    assert running.pay().status_code == 200


def test_a_reload_takes_the_files_and_a_start_decides_by_what_was_last_told(running, tmp_path):
    def reload():
        future = asyncio.run_coroutine_threadsafe(running.changes.reload(), running.loop)
        return future.result(OPEN_SECONDS_MAX)

    assert reload()
    running.said[0] = b"bad"
    assert not reload()
    assert running.core.version == "version 2"
    copy = tmp_path.with_name(f"{tmp_path.name}-copy")
    copy.mkdir()
    for path in tmp_path.iterdir():
        (copy / path.name).write_bytes(path.read_bytes())
    with Running(copy) as again:
        assert again.core.version == "version 2"


def test_with_callers_named_nobody_else_is_answered(tmp_path):
    callers = Callers({token_digest("bank-token"): "core-banking"})
    with Running(tmp_path, callers=callers) as running:
        answer = running.pay()
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
        running.client.headers["authorization"] = "Bearer bank-token"
        assert running.pay().status_code == 200
        assert running.client.get("/healthz").status_code == 200
