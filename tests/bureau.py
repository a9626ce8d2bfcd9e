"""A centre with people in it, over HTTP: the real desk on SQLite, the real app; only passwords are hashed more cheaply."""

from __future__ import annotations

import itertools
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyotp
from fastapi import FastAPI
from httpx import Client, Response

from recoup.api import Passwords, make_app
from recoup.api.callers import at_the_door, hash_of
from recoup.api.serving import Served
from recoup.centre.commands import Command, Done
from recoup.centre.desk import Desk
from recoup.centre.letters import Correspondence
from recoup.centre.office import Setting
from recoup.clock import HandClock
from recoup.ids import CommandId, RandomIds
from recoup.reading.policies import read_case_policy
from recoup.staff import Directory, Role
from recoup.staff.commands import OpenSession
from recoup.stores.vault import LocalKeys

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SETUP = "setup-token-of-this-bureau"
PASSWORD = "correct horse battery"  # noqa: S105 - of nobody
MASTER = bytes(range(32))


def setting(folder: Path, clock: HandClock, wire: Correspondence | None = None) -> Setting:
    """Return how a centre on files in `folder` runs; without a wire it reaches no institution."""
    return Setting(
        folder / "journal.sqlite",
        LocalKeys(MASTER),
        wire,
        read_case_policy("cn-2016"),
        clock,
        RandomIds(),
        vault=folder / "vault.sqlite",
    )


def open_desk(folder: Path, clock: HandClock, wire: Correspondence | None = None) -> Desk:
    """Return a desk on files in `folder`, not started."""
    return Desk(setting(folder, clock, wire))


@dataclass
class Bureau:
    """An app, a clock that the test turns, and whoever is logged in."""

    folder: Path
    clock: HandClock = field(default_factory=lambda: HandClock(START))
    tokens: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    wire: Correspondence | None = None

    def __post_init__(self) -> None:
        self.keys = (f"key-{n:08d}" for n in itertools.count())
        self.desk = open_desk(self.folder, self.clock, self.wire)
        self.desk.start()
        self.app: FastAPI = make_app(
            self.desk,
            setup_token=SETUP,
            passwords=Passwords(memory_kibibytes=64, rounds=1),
            calls_per_minute=1_000_000,
            logins_per_minute=1_000_000,
            failure_seconds=0,
        )
        self.served = Served(self.app)
        self.client = Client(base_url=self.served.address, timeout=30)

    def post(self, path: str, body: Any, by: str = "", key: str = "", **headers: str) -> Response:
        headers = {"Idempotency-Key": key or next(self.keys), **self._as(by), **headers}
        return self.client.post(path, json=body, headers=headers)

    def get(self, path: str, by: str = "", **params: Any) -> Response:
        return self.client.get(path, params=params, headers=self._as(by))

    def _as(self, by: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens[by]}"} if by else {}

    # --- people ---

    def set_up(self) -> None:
        """Make the first administrator `root` at province `gd`."""
        body = {"token": SETUP, "name": "root", "password": PASSWORD, "unit": "gd"}
        found = self.post("/setup", body)
        assert found.status_code == 200, found.text
        self.ids["root"], self.secrets["root"] = found.json()["id"], found.json()["secret"]
        self.log_in("root")

    def log_in(self, name: str) -> None:
        self.clock.move(timedelta(seconds=30))  # a code serves once
        found = self.try_login(name)
        assert found.status_code == 200, found.text
        self.tokens[name] = found.json()["token"]

    def try_login(self, name: str, password: str = PASSWORD, code: str = "") -> Response:
        code = code or self.code(name)
        return self.post("/sessions", {"name": name, "password": password, "code": code})

    def code(self, name: str) -> str:
        return pyotp.TOTP(self.secrets[name]).at(self.clock.now())

    def hire(self, name: str, *roles: tuple[Role, str]) -> str:
        """Add a person, let that person enrol and log in; return the id."""
        added = self.post("/persons", {"name": name}, "root")
        assert added.status_code == 200, added.text
        person, token = added.json()["id"], added.json()["token"]
        body = {"token": token, "name": name, "password": PASSWORD}
        enrolled = self.post("/enrolments", body)
        assert enrolled.status_code == 200, enrolled.text
        self.ids[name], self.secrets[name] = person, enrolled.json()["secret"]
        for role, place in roles:
            self.grant(name, role, place)
        self.log_in(name)
        return person

    def grant(self, name: str, role: Role, place: str) -> None:
        kind = "institution" if role.value.startswith("bank_") else "unit"
        body = {"role": role.value, kind: place}
        found = self.post(f"/persons/{self.ids[name]}/roles/grant", body, "root")
        assert found.status_code == 200, found.text

    def let_in(self, name: str) -> None:
        """Open a session past the door: for tests of rights, not of logins."""
        self.clock.move(timedelta(seconds=30))
        person = self.staff.persons[self.ids[name]]
        token = secrets.token_urlsafe(32)
        value = OpenSession(
            person.id, hash_of(token), person.credential, int(self.clock.now().timestamp()) // 30
        )
        command = Command(CommandId(f"door:{token}"), b"door", at_the_door(value))
        assert isinstance(self.desk._office.submit(command).result(), Done)
        self.tokens[name] = token

    @property
    def staff(self) -> Directory:
        return self.desk.view().staff

    # --- work ---

    def unit(self, unit: str, level: str, parent: str) -> None:
        found = self.post("/units", {"id": unit, "level": level, "parent": parent}, "root")
        assert found.status_code == 200, found.text

    def place(self, case: str, unit: str, by: str) -> None:
        found = self.post("/cases", {"case": case, "unit": unit}, by)
        assert found.status_code == 200, found.text

    def account(self, case: str, by: str, number: str = "6222020000111122223") -> str:
        body = {"case": case, "institution": "bank-1", "number": number, "name": "Wang"}
        found = self.post("/accounts", body, by)
        assert found.status_code == 200, found.text
        return found.json()["account"]

    def draft(self, case: str, account: str, by: str, kind: str = "freeze") -> str:
        found = self.post("/orders", drafted(case, account, kind), by)
        assert found.status_code == 200, found.text
        return found.json()["order"]

    def close(self) -> None:
        self.client.close()
        self.served.stop()
        self.desk.drain()


def drafted(case: str, account: str, kind: str = "freeze", **more: str) -> dict[str, str]:
    """Return the body of a draft."""
    body = {
        "case": case,
        "account": account,
        "kind": kind,
        "currency": "CNY",
        "amount": "201.00",
        "reason": "victim's transfer",
    }
    return body | more
