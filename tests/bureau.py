"""A centre with people in it, over HTTP: the real desk on SQLite, the real app; only passwords are hashed more cheaply."""

from __future__ import annotations

import itertools
import secrets
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pyotp
from fastapi import FastAPI
from httpx import Client, Response
from twin.maker import PLAIN, random_world

from recoup.api import Passwords, make_app
from recoup.api.callers import at_the_door, hash_of
from recoup.api.serving import Served
from recoup.cases import Case, Channel, Claim, Grade, Institution, Report
from recoup.cases.commands import TakeReport
from recoup.centre import COMMAND_REGISTRY, answer_command
from recoup.centre.commands import Command, Done, Outcome
from recoup.centre.desk import Desk
from recoup.centre.letters import Correspondence
from recoup.centre.office import Setting
from recoup.centre.requests import MACHINE, Actor, Request, command_of
from recoup.centre.tracer import CaseFacts
from recoup.clock import HandClock, instant_text
from recoup.ids import CommandId, RandomIds
from recoup.journal.record import Record
from recoup.orders import Answer
from recoup.orders import Outcome as Outcome_
from recoup.reading.policies import read_case_policy
from recoup.staff import Directory, Role
from recoup.staff.commands import OpenSession
from recoup.stores.vault import LocalKeys

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SETUP = "setup-token-of-this-bureau"
PASSWORD = "correct horse battery"  # noqa: S105 - of nobody
MASTER = bytes(range(32))
PATIENCE_SECONDS = 200


def setting(
    folder: Path,
    clock: HandClock,
    wire: Correspondence | None = None,
    declared: tuple[Institution, ...] = (),
) -> Setting:
    """Return how a centre on files in `folder` runs; without a wire it reaches no institution."""
    return Setting(
        folder / "journal.sqlite",
        LocalKeys(MASTER),
        wire,
        replace(read_case_policy("cn-2016"), institutions={one.id: one for one in declared}),
        clock,
        RandomIds(),
        vault=folder / "vault.sqlite",
        traces_ahead=False,  # most tests trace nothing: the process would take seconds of processor time for naught
    )


def open_desk(
    folder: Path,
    clock: HandClock,
    wire: Correspondence | None = None,
    declared: tuple[Institution, ...] = (),
) -> Desk:
    """Return a desk on files in `folder`, not started."""
    return Desk(setting(folder, clock, wire, declared))


@cache
def _load_kernels() -> None:
    """Have what traces compiled before anybody waits: on a cold cache it takes longer than a request may."""
    world = random_world(1, 30, PLAIN)
    CaseFacts("case", 1, world.dossier(), world.claim_table()).traced()


@dataclass
class Bureau:
    """An app, a clock that the test turns, and whoever is logged in."""

    folder: Path
    clock: HandClock = field(default_factory=lambda: HandClock(START))
    tokens: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    wire: Correspondence | None = None
    declared: tuple[Institution, ...] = ()
    """What institutions said of themselves."""
    is_patient: bool = True
    """Whether it comes again when it is asked to, because a case is being traced."""

    def __post_init__(self) -> None:
        _load_kernels()
        self.keys = (f"key-{n:08d}" for n in itertools.count())
        self.desk = open_desk(self.folder, self.clock, self.wire, self.declared)
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
        self.client = Client(base_url=self.served.address, timeout=240)

    def post(self, path: str, body: Any, by: str = "", key: str = "", **headers: str) -> Response:
        headers = {"Idempotency-Key": key or next(self.keys), **self._as(by), **headers}
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            found = self.client.post(path, json=body, headers=headers)
            is_awaited = found.status_code == 503 and b"trail_awaited" in found.content
            if not (is_awaited and self.is_patient) or time.monotonic() > until:
                return found
            time.sleep(int(found.headers["retry-after"]))

    def get(self, path: str, by: str = "", **params: Any) -> Response:
        return self.client.get(path, params=params, headers=self._as(by))

    def _as(self, by: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens[by]}"} if by else {}

    # --- the journal ---

    def records_of_persons(self, since: int = 0) -> list[Record]:
        """Return the records after `since`, without those that the chase wrote of its own accord in the meantime."""
        found, is_by_person = [], True
        for record in self.desk.happened(since, 10_000):
            if record.name == "acted":
                is_by_person = b'"role":"chase"' not in record.body
            if is_by_person:
                found.append(record)
        return found

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

    # --- a case, worked through Python by somebody who is no person of this bureau ---

    def outside(self, case: str, what: Any, who: str = "taker") -> Outcome:
        """Let one of the centre's own parts ask: what reaches cases by other ways than these persons' requests."""
        request = Request(Actor(who, MACHINE, "a test"), what, case=case)
        command = command_of(COMMAND_REGISTRY, f"outside-{next(self.keys)}", request)
        return self.desk._office.submit(command).result()

    def told(self, case: str, what: Any, who: str = "taker") -> None:
        found = self.outside(case, what, who)
        assert isinstance(found, Done), found

    def case(self, case: str) -> Case:
        return self.desk.view().case(case)

    def reported(self, case: str, unit: str, *claims: Claim) -> None:
        """Have a report taken with these claims by the taker."""
        for claim in claims:
            now = self.clock.now()
            took = (Grade.PLAUSIBLE, Channel.EMERGENCY_CALL, True, now, now, "taker")
            known = [row for row in self.case(case).reports if row.id == claim.report]
            report = known[0] if known else Report(claim.report, "reporter", *took)
            self.told(case, TakeReport(report, claim, unit))

    def answered(self, order: str, outcome: Outcome_, held: int) -> None:
        """Let the institution answer an order that left."""
        found = self.desk.view().find(order)
        assert found is not None
        institution = found[1].order.institution
        answer = Answer(f"a-{order}", outcome, held, self.clock.now())
        done = self.desk._office.submit(answer_command(institution, order, answer)).result()
        assert isinstance(done, Done), done

    # --- work ---

    def unit(self, unit: str, level: str, parent: str) -> None:
        found = self.post("/units", {"id": unit, "level": level, "parent": parent}, "root")
        assert found.status_code == 200, found.text

    def place(self, case: str, unit: str, by: str) -> None:
        found = self.post("/reports", reported(case, unit), by)
        assert found.status_code == 200, found.text

    def report_of(self, case: str) -> str:
        """Return the id of a case's first report."""
        return self.desk.view().case(case).reports[0].id

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


def reported(case: str, unit: str, **more: Any) -> dict[str, Any]:
    """Return the body of a report that opens a case at a unit; its payment is of an hour before the bureau opened."""
    body = {
        "case": case,
        "unit": unit,
        "channel": "emergency_call",
        "accepts_liability": True,
        "received_at": instant_text(START),
        "reporter": {"name": "Zhao", "phone": "13800000001", "document": "11010519491231002X"},
        "payment": paid(),
        "text": "Somebody who said he was from the bank.",
    }
    return body | more


def paid(**more: Any) -> dict[str, Any]:
    """Return a disputed payment of 300.00 to an account at bank-7."""
    body = {
        "payer": {"institution": "bank-9", "number": "6222029999000011117", "name": "Zhao"},
        "payee": {"institution": "bank-7", "number": "6222027777000011117", "name": "Sun"},
        "amount": "300.00",
        "currency": "CNY",
        "paid_at": instant_text(START - timedelta(hours=1)),
        "kind": "transfer",
        "serial": "SN-0001",
    }
    return body | more


def disputed(claim: str, payee: str, amount: int, bank: str = "bank-1", **more: Any) -> Claim:
    """Return a claim of one payment, an hour before the bureau opened."""
    values: dict[str, Any] = {"report": "r1", "victim": "victim-1", "transfer": f"t-{claim}"}
    values |= {"payer": f"payer-{claim}", "institution": bank, "currency": "CNY"}
    values |= {"paid_at": START - timedelta(hours=1), "made_by": "taker"} | more
    return Claim(id=claim, payee=payee, amount=amount, **values)


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
