"""`recoup serve` as an operator runs it: a process over loopback, its first start, its end by signal, its second start."""

from __future__ import annotations

import signal
import socket
import stat
import time
from pathlib import Path

import httpx
import pyotp
import pytest
from serving import PASSWORD, running

NUMBER = "6222020000111122223"


def _post(client: httpx.Client, path: str, body: dict[str, str], key: str) -> httpx.Response:
    return client.post(path, json=body, headers={"Idempotency-Key": key})


def test_a_centre_starts_serves_ends_on_a_signal_and_remembers(tmp_path: Path) -> None:
    data = tmp_path / "centre"
    options = ("--data", str(data), "--port", "0")
    with running(*options, is_cold=True) as first:
        token = first.wait_for("setup token")
        address = first.wait_for("Listening")
        with httpx.Client(base_url=address, timeout=30) as client:
            assert client.get("/readyz").json() == {"status": "ready"}
            body = {"token": token, "name": "root", "password": PASSWORD, "unit": "gd"}
            made = _post(client, "/setup", body, "setup-0001")
            assert made.status_code == 200, made.text
            secret = made.json()["secret"]
            code = pyotp.TOTP(secret).now()
            body = {"name": "root", "password": PASSWORD, "code": code}
            found = _post(client, "/sessions", body, "login-0001")
            assert found.status_code == 200, found.text
            bearer = {"Authorization": f"Bearer {found.json()['token']}"}
            assert client.get("/me", headers=bearer).status_code == 200
            # What a client puts into an address must not reach the log.
            assert client.get(f"/orders/{NUMBER}", headers=bearer).status_code == 403
            assert client.get(f"/nowhere/{NUMBER}").status_code == 404
        assert first.end() == 0
        assert any('"event": "stopped"' in line for line in first.logged)
    assert first.logged, "nothing was logged: the next line would prove nothing"
    assert not [line for line in first.logged if NUMBER in line]
    key = data.with_name("centre.key")
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    with running(*options) as second:
        address = second.wait_for("Listening")
        assert not [line for line in second.printed if "setup token" in line]
        assert httpx.get(f"{address}/me", headers=bearer).status_code == 200, "the session stands"
        assert second.end() == 0


def test_an_open_stream_does_not_keep_the_process_from_ending(tmp_path: Path) -> None:
    data = tmp_path / "centre"
    with running("--data", str(data), "--port", "0") as centre:
        token = centre.wait_for("setup token")
        address = centre.wait_for("Listening")
        with httpx.Client(base_url=address, timeout=30) as client:
            body = {"token": token, "name": "root", "password": PASSWORD, "unit": "gd"}
            made = _post(client, "/setup", body, "setup-0001").json()
            login = {
                "name": "root",
                "password": PASSWORD,
                "code": pyotp.TOTP(made["secret"]).now(),
            }
            bearer = _post(client, "/sessions", login, "login-0001").json()["token"]
            client.headers["Authorization"] = f"Bearer {bearer}"
            added = _post(client, "/persons", {"name": "auditor"}, "person-0001").json()
            grant = {"role": "auditor", "unit": "gd"}
            path = f"/persons/{added['id']}/roles/grant"
            assert _post(client, path, grant, "grant-0001").status_code == 200
            enrol = {"token": added["token"], "name": "auditor", "password": PASSWORD}
            enrolled = _post(client, "/enrolments", enrol, "enrol-0001").json()
            login = {
                "name": "auditor",
                "password": PASSWORD,
                "code": pyotp.TOTP(enrolled["secret"]).now(),
            }
            bearer = _post(client, "/sessions", login, "login-0002").json()["token"]
            headers = {"Authorization": f"Bearer {bearer}", "Last-Event-ID": "0"}
            with client.stream("GET", "/events", headers=headers) as stream:
                lines = stream.iter_lines()
                assert any(line == "event: person_added" for line in lines)
                began = time.monotonic()
                centre.process.send_signal(signal.SIGTERM)
                assert list(lines) is not None, "the stream ends by itself"
            assert centre.process.wait(30) == 0
            assert time.monotonic() - began < 9, "ended before the server would have cut it off"


def test_the_process_that_lost_the_lead_ends_and_says_that_it_must_be_started_again(
    tmp_path: Path,
) -> None:
    options = ("--data", str(tmp_path / "centre"), "--port", "0")
    with running(*options) as first:
        token = first.wait_for("setup token")
        address = first.wait_for("Listening")
        with running(*options) as second:
            second.wait_for("Listening")
            with httpx.Client(base_url=address, timeout=30) as client:
                body = {"token": token, "name": "root", "password": PASSWORD, "unit": "gd"}
                found = _post(client, "/setup", body, "setup-0001")
                assert found.status_code == 503, "nothing was done, and nothing was promised"
            assert first.process.wait(30) == 1
            assert second.end() == 0


def test_a_port_that_is_taken_is_said(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with running("--data", str(tmp_path / "centre"), "--port", port) as centre:
            assert centre.process.wait(60) == 2
            centre._log.join()
            assert "address already in use" in "".join(centre.logged)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "folder for the data"),
        (("--data", "DIR", "--config", "DIR/wrong.toml"), "no such setting as hots"),
        (("--data", "DIR/held"), "master key"),
    ],
    ids=["no folder", "an unknown setting", "data without their key"],
)
def test_what_cannot_run_says_why(tmp_path: Path, arguments: tuple[str, ...], words: str) -> None:
    (tmp_path / "wrong.toml").write_text('hots = "127.0.0.1"\n', encoding="utf-8")
    (tmp_path / "held").mkdir()
    (tmp_path / "held/vault.sqlite").write_bytes(b"")
    given = [x.replace("DIR", str(tmp_path)) for x in arguments]
    with running(*given) as centre:
        assert centre.process.wait(60) == 2
        centre._log.join()
        assert words in "".join(centre.logged)
