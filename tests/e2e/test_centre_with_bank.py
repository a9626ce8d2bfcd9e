"""One stop from a person's hand to the bank's answer: `recoup serve` and a sandbox bank as processes, everything over HTTP."""

from __future__ import annotations

import itertools
import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pyotp
import pytest
from serving import PASSWORD, PROGRAM, Running, running

from recoup.centre import View
from recoup.centre.office import wait_until
from recoup.stores.sqlite import SqliteJournal

NUMBER = "6222020000111122223"
NAME = "Holder 1"


def _recoup(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
    )


@contextmanager
def sandbox(folder: Path, at: datetime, *more: str, script_end: str = "") -> Iterator[str]:
    """Run a bank on whose one account 300.00 of the victim's came at `at`."""
    script = folder / "bank-1.toml"
    account = {"number": NUMBER, "name": NAME, "currency": "CNY", "opening": "5.00"}
    moved = {"id": "T1", "payer": "6222029999", "payee": NUMBER, "amount": "300.00"}
    moved |= {"currency": "CNY", "payer_name": "Holder 9", "payee_name": NAME}
    moved |= {"payer_institution": "bank-9", "payee_institution": "bank-1", "kind": "transfer"}
    tables = (("accounts", account), ("transfers", moved))
    text = 'institution = "bank-1"\n' + "".join(
        f"[[{table}]]\n" + "".join(f"{key} = {json.dumps(x)}\n" for key, x in row.items())
        for table, row in tables
    )
    script.write_text(text + f"at = {at.isoformat()}\n" + script_end, encoding="utf-8")
    words = ["--script", script, "--centre", "centre", "--books", folder / "books.sqlite"]
    words += ["--key", *folder.glob("bank-1-*.key.json"), "--port", 0]
    words += ["--trust", *folder.glob("centre-*.public.json")]
    bank = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "bank", "sandbox", *map(str, words), *more],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert bank.stdout is not None
    try:
        yield bank.stdout.readline().split()[-1]
    finally:
        bank.terminate()
        bank.wait(20)
        bank.stdout.close()


def settings(folder: Path, url: str) -> Path:
    """Write the centre's file with its one connection; without an address the institution polls."""
    (own,), (theirs,) = folder.glob("centre-*.key.json"), folder.glob("bank-1-*.public.json")
    file = folder / "centre.toml"
    file.write_text(
        f'name = "centre"\nsigning_key = {json.dumps(str(own))}\n'
        '[notice]\nauthority = "Centre"\ndocuments = ["notice of a stop"]\nphone = "000"\n'
        f"[institutions.bank-1]\nkeys = [{json.dumps(str(theirs))}]\n"
        + (f"url = {json.dumps(url)}\n" if url else 'mode = "poll"\n'),
        encoding="utf-8",
    )
    return file


class People:
    """Who works with one centre over HTTP."""

    def __init__(self, address: str) -> None:
        self.client = httpx.Client(base_url=address, timeout=30)
        self.keys = (f"key-{n:06d}" for n in itertools.count())
        self.tokens: dict[str, str] = {}

    def post(self, path: str, body: dict[str, object], by: str = "") -> dict[str, str]:
        headers = {"Idempotency-Key": next(self.keys)}
        if by:
            headers["Authorization"] = f"Bearer {self.tokens[by]}"
        found = self.client.post(path, json=body, headers=headers)
        assert found.status_code == 200, (path, found.text)
        return found.json()

    def get(self, path: str, by: str, **asked: str) -> dict[str, str]:
        headers = {"Authorization": f"Bearer {self.tokens[by]}"}
        found = self.client.get(path, params=asked, headers=headers)
        assert found.status_code == 200, (path, found.text)
        return found.json()

    def set_up(self, token: str) -> None:
        body = {"token": token, "name": "root", "password": PASSWORD, "unit": "gd"}
        self._log_in("root", self.post("/setup", body)["secret"])

    def hire(self, name: str, role: str) -> None:
        added = self.post("/persons", {"name": name}, "root")
        body = {"token": added["token"], "name": name, "password": PASSWORD}
        secret = self.post("/enrolments", body)["secret"]
        path = f"/persons/{added['id']}/roles/grant"
        self.post(path, {"role": role, "unit": "gd"}, "root")
        self._log_in(name, secret)

    def _log_in(self, name: str, secret: str) -> None:
        body = {"name": name, "password": PASSWORD, "code": pyotp.TOTP(secret).now()}
        self.tokens[name] = self.post("/sessions", body)["token"]


def stopped(people: People, at: datetime) -> str:
    """Have the victim's 300.00 stopped by two persons; return the order."""
    people.post("/cases", {"case": "C1", "unit": "gd"}, "ann")
    body: dict[str, object] = {"case": "C1", "institution": "bank-1"}
    account = people.post("/accounts", body | {"number": NUMBER, "name": NAME}, "ann")["account"]
    arrival = {"amount": "300.00", "at": at.isoformat()}
    body = {"case": "C1", "account": account, "kind": "stop", "currency": "CNY"}
    body |= {"amount": "300.00", "reason": "the victim's transfer", "arrival": arrival}
    order = people.post("/orders", body, "ann")["order"]
    people.post(f"/orders/{order}/submit", {}, "ann")
    seen = people.get(f"/orders/{order}", "bo", case="C1", reason="asked to agree")
    if seen["state"] == "awaiting_approval":
        people.post(f"/orders/{order}/approve", {"digest": seen["digest"]}, "bo")
        seen = people.get(f"/orders/{order}", "bo", case="C1", reason="did it leave")
    if seen["state"] == "drafted":
        people.post(f"/orders/{order}/issue", {}, "ann")
    return order


@pytest.fixture
def keyed(tmp_path: Path) -> Path:
    """A folder with a key of the centre and one of the bank."""
    for owner in ("centre", "bank-1"):
        assert _recoup("bank", "keys", owner, "--out", tmp_path).returncode == 0
    return tmp_path


def _staffed(centre: Running) -> People:
    token = centre.wait_for("setup token")
    people = People(centre.wait_for("Listening"))
    people.set_up(token)
    people.hire("ann", "officer")
    people.hire("bo", "approver")
    return people


def test_a_stop_that_two_persons_agreed_on_is_sent_answered_and_held(keyed: Path) -> None:
    at = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=20)
    with sandbox(keyed, at) as url:
        options = ("--data", str(keyed / "data"), "--port", "0")
        with running(*options, "--config", str(settings(keyed, url))) as centre:
            people = _staffed(centre)
            order = stopped(people, at)

            def state() -> str:
                return people.get(f"/orders/{order}", "ann", case="C1", reason="wait")["state"]

            wait_until(lambda: state() == "answered", 20)
            seen = people.get(f"/orders/{order}", "ann", case="C1", reason="what became of it")
            assert seen["state"] == "answered"
            people.client.close()
            assert centre.end() == 0
    file = keyed / "data" / "journal.sqlite"
    (hold,) = View(SqliteJournal.read(file)).state.every()
    assert (hold.state.value, hold.held) == ("held", 30_000)
    verified = _recoup("verify", file)
    assert verified.returncode == 0, verified.stdout + verified.stderr
    replayed = _recoup("centre", "replay", file)
    assert replayed.returncode == 0, replayed.stdout + replayed.stderr
    assert "held      30000 minor units of CNY" in replayed.stdout
    assert "to send   0" in replayed.stdout
    for data in keyed.glob("data/journal.sqlite*"):
        assert NUMBER.encode() not in data.read_bytes(), "numbers lie in the vault only"


def _state(people: People, order: str) -> str:
    return people.get(f"/orders/{order}", "ann", case="C1", reason="wait")["state"]


def test_a_bank_that_polls_gets_the_order_and_its_answer_holds(keyed: Path) -> None:
    """Nobody reaches the bank: it asks, also after the centre was killed, and its answer is the same as on a push."""
    at = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=20)
    options = ("--data", str(keyed / "data"), "--config", str(settings(keyed, "")))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    with running(*options, "--port", port) as centre:
        people = _staffed(centre)
        order = stopped(people, at)
        assert _state(people, order) == "issued"
        people.client.close()
        centre.process.kill()
        centre.process.wait()
    with (
        running(*options, "--port", port) as centre,
        sandbox(keyed, at, "--poll", f"http://127.0.0.1:{port}"),
    ):
        people.client = httpx.Client(base_url=centre.wait_for("Listening"), timeout=30)
        wait_until(lambda: _state(people, order) == "answered", 20)
        assert _state(people, order) == "answered"
        people.client.close()
        assert centre.end() == 0
    file = keyed / "data" / "journal.sqlite"
    (hold,) = View(SqliteJournal.read(file)).state.every()
    assert (hold.state.value, hold.held) == ("held", 30_000)
    assert "to send   0" in _recoup("centre", "replay", file).stdout


def test_a_bank_that_takes_an_order_with_202_posts_its_answer_later(keyed: Path) -> None:
    at = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=20)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    later = '[[behaviour]]\ndo = "later"\nseconds = 1\n'
    where = ("--answers-to", f"http://127.0.0.1:{port}")
    with sandbox(keyed, at, *where, script_end=later) as url:
        options = ("--data", str(keyed / "data"), "--config", str(settings(keyed, url)))
        with running(*options, "--port", port) as centre:
            people = _staffed(centre)
            order = stopped(people, at)
            seen = []

            def is_answered() -> bool:
                seen.append(_state(people, order))
                return seen[-1] == "answered"

            assert wait_until(is_answered, 20)
            assert "sent" in seen, "it was taken before it was answered"
            people.client.close()
            assert centre.end() == 0


def test_a_centre_that_was_restored_leads_and_the_old_one_commands_nobody(keyed: Path) -> None:
    """Backed up while it runs, killed, restored elsewhere; started again on its old files, the bank refuses it by name."""
    at = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=20)
    old, new, copy = keyed / "data", keyed / "new", keyed / "copy"
    with sandbox(keyed, at) as url:
        more = ("--port", "0", "--config", str(settings(keyed, url)))
        with running("--data", str(old), *more) as centre:
            people = _staffed(centre)
            taken = _recoup("centre", "backup", "--data", old, "--to", copy)
            assert taken.returncode == 0, taken.stderr
            people.client.close()
            centre.process.kill()
            centre.process.wait()
        assert _recoup("verify", copy / "journal.sqlite").returncode == 0
        assert _recoup("centre", "restore", "--from", copy, "--data", old).returncode == 2
        restored = _recoup("centre", "restore", "--from", copy, "--data", new)
        assert restored.returncode == 0, restored.stderr
        (keyed / "new.key").write_bytes((keyed / "data.key").read_bytes())
        with running("--data", str(new), *more) as centre:
            people.client = httpx.Client(base_url=centre.wait_for("Listening"), timeout=30)
            order = stopped(people, at)
            assert wait_until(lambda: _state(people, order) == "answered", 20)
            people.client.close()
            assert centre.end() == 0
        with running("--data", str(old), *more) as centre:
            people.client = httpx.Client(base_url=centre.wait_for("Listening"), timeout=30)
            order = stopped(people, at)
            assert wait_until(lambda: any("409 epoch_old" in x for x in centre.logged), 20)
            assert _state(people, order) == "issued"
            people.client.close()
            assert centre.end() == 0


def test_a_centre_that_reaches_nobody_keeps_the_order_until_somebody_carries_it(
    keyed: Path,
) -> None:
    """The negative control of the other: without a connection nothing is answered, and the log says why once."""
    at = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=20)
    options = ("--data", str(keyed / "data"), "--port", "0")
    with running(*options) as centre:
        people = _staffed(centre)
        order = stopped(people, at)
        seen = people.get(f"/orders/{order}", "ann", case="C1", reason="wait")
        assert seen["state"] == "issued"
        people.client.close()
        assert centre.end() == 0
        assert len([x for x in centre.logged if "no institution is connected" in x]) == 1
    replayed = _recoup("centre", "replay", keyed / "data" / "journal.sqlite")
    assert "to send   1" in replayed.stdout
