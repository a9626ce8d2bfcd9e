"""One centre and one sandbox bank as processes, and people who work with the centre over HTTP."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pyotp
from program import recoup, start
from serving import PASSWORD

NUMBER = "6222020000111122223"
NAME = "Holder 1"


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
    bank = start("bank", "sandbox", *words, *more, is_quiet=True)
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


def report(at: datetime, name: str = NAME, **more: Any) -> dict[str, Any]:
    """What the victim of the sandbox's one payment tells; the payment came at `at`."""
    told = {
        "channel": "emergency_call",
        "accepts_liability": True,
        "received_at": datetime.now(UTC).isoformat(),
        "reporter": {"name": "Holder 9", "phone": "13800000001"},
        "payment": {
            "payer": {"institution": "bank-9", "number": "6222029999", "name": "Holder 9"},
            "payee": {"institution": "bank-1", "number": NUMBER, "name": name},
            "amount": "300.00",
            "currency": "CNY",
            "paid_at": at.isoformat(),
            "kind": "transfer",
            "serial": "SN-0001",
        },
        "text": "The caller said that the account was not safe.",
    }
    return told | more


def keys(folder: Path) -> Path:
    """Make a key of the centre and one of the bank."""
    for owner in ("centre", "bank-1"):
        assert recoup("bank", "keys", owner, "--out", folder).returncode == 0
    return folder
