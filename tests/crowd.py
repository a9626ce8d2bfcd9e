"""Eight clients at one centre over HTTP, all at once on the same accounts and orders, and what each of them was told when.

They draft freezes, agree to each other's, take them back, agree to what they have not seen, and say things twice. Whoever gets
no answer asks again under the same key until there is one.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from recoup.limits import HTTP_PAGE_ROWS_MAX as PAGE

AGAIN_SECONDS = 0.05
ANSWER_SECONDS_MAX = 120.0
BUSY = {429, 503}


@dataclass(frozen=True)
class Said:
    """One command of a client, and what came of it."""

    person: str
    key: str
    path: str
    status: int
    told: dict[str, Any]
    began: float
    """When it was first sent."""
    ended: float
    is_repeat: bool
    """Sent again on purpose, after its answer."""
    is_other: bool = False
    """Sent again on purpose with other content."""

    @property
    def command(self) -> str:
        """Return the id that the journal has for it."""
        return f"{self.person}:{self.key}"


@dataclass(frozen=True)
class Looked:
    """How many holds a client was shown, and when it asked and was answered."""

    holds: int
    began: float
    ended: float


@dataclass
class Crowd:
    """Clients and what they share."""

    address: Callable[[], str]
    case: str
    officers: dict[str, str]
    """Token by person's id; likewise the approvers'."""
    approvers: dict[str, str]
    regulators: dict[str, str]
    """Who may count."""
    seed: int = 1
    said: list[Said] = field(default_factory=list)
    looked: list[Looked] = field(default_factory=list)
    accounts: list[str] = field(default_factory=list)
    makers: dict[str, str] = field(default_factory=dict)
    """By order."""
    open: dict[str, str] = field(default_factory=dict)
    """The state last heard of, by order; those that somebody else was quicker with are forgotten now and then."""
    faults: list[BaseException] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.lock, self.over = threading.Lock(), threading.Event()

    def run(self, seconds: float, commands: int, meanwhile: Callable[[], None]) -> None:
        """Let all clients work for so long, and until they have said so much; `meanwhile` is called again and again."""
        threads = [
            threading.Thread(target=self._client, args=(number, person))
            for number, person in enumerate(self.officers)
        ]
        begin = time.monotonic()
        for thread in threads:
            thread.start()
        while time.monotonic() < begin + seconds or len(self.said) < commands:
            assert time.monotonic() < begin + 20 * seconds + 60, "too slow to be a test"
            if self.faults:
                break
            meanwhile()
            time.sleep(0.05)
        self.over.set()
        for thread in threads:
            thread.join()
        if self.faults:
            raise self.faults[0]

    def _client(self, number: int, officer: str) -> None:
        try:
            chance = random.Random(self.seed * 1000 + number)
            with httpx.Client(timeout=10) as client:
                worker = _Worker(self, client, chance, officer, number)
                while not self.over.is_set():
                    worker.act()
        except BaseException as why:  # noqa: BLE001 - handed to the thread that waits
            self.faults.append(why)


@dataclass
class _Worker:
    """One client: an officer, who borrows an approver's session to agree."""

    crowd: Crowd
    client: httpx.Client
    chance: random.Random
    officer: str
    number: int
    count: int = 0

    def act(self) -> None:
        """Do one thing, chosen by chance."""
        doing = self.chance.choices(
            (
                self.enter,
                self.draft,
                self.submit,
                self.agree,
                self.agree_blind,
                self.undo,
                self.look,
            ),
            (10, 30, 25, 30, 3, 5, 6),
        )[0]
        doing()

    def enter(self) -> None:
        body = {"case": self.crowd.case, "institution": "bank-1", "name": "holder"}
        body["number"] = f"62{self.number:02}{self.count:08}"
        told = self.say(self.officer, "/accounts", body)
        if told is not None:
            self.crowd.accounts.append(told["account"])

    def draft(self) -> None:
        if not self.crowd.accounts:
            return self.enter()
        account = self.chance.choice(self.crowd.accounts[-12:])
        body = {"case": self.crowd.case, "account": account, "kind": "freeze", "currency": "CNY"}
        body |= {"amount": f"{self.chance.randrange(1, 900)}.00", "reason": "crowd"}
        told = self.say(self.officer, "/orders", body)
        if told is not None:
            self.crowd.makers[told["order"]] = self.officer
            self.moved(told["order"], told)
        return None

    def submit(self) -> None:
        order = self.some("drafted", lambda maker: maker == self.officer)
        if order:
            self.moved(order, self.say(self.officer, f"/orders/{order}/submit", {}))

    def agree(self) -> None:
        order = self.some("awaiting_approval", lambda _: True)
        approver = self.chance.choice(list(self.crowd.approvers))
        if order:
            seen = self.get(approver, f"/orders/{order}", case=self.crowd.case, reason="to agree")
            if seen:
                body = {"digest": seen["digest"]}
                self.moved(order, self.say(approver, f"/orders/{order}/approve", body))

    def agree_blind(self) -> None:
        order = self.some("awaiting_approval", lambda _: True)
        approver = self.chance.choice(list(self.crowd.approvers))
        if order:
            body = {"digest": "0" * 64}
            assert self.say(approver, f"/orders/{order}/approve", body) is None, "taken unseen"

    def undo(self) -> None:
        order = self.some("awaiting_approval", lambda _: True)
        if order and self.chance.random() < 0.5:
            approver = self.chance.choice(list(self.crowd.approvers))
            body = {"reason": "not yet"}
            self.moved(order, self.say(approver, f"/orders/{order}/send-back", body))
        elif order:
            maker = self.crowd.makers[order]
            self.moved(order, self.say(maker, f"/orders/{order}/withdraw", {}))

    def look(self) -> None:
        began, accounts, cursor = time.monotonic(), set(), ""
        asked = {"case": self.crowd.case, "reason": "to count", "limit": str(PAGE)}
        while cursor is not None:
            more = {"cursor": cursor} if cursor else {}
            page = self.get(self.officer, "/orders", **asked, **more)
            if page is None:
                return
            accounts |= {(row["account"], row["currency"]) for row in page["items"]}
            cursor = page["next"]
        self.crowd.looked.append(Looked(len(accounts), began, time.monotonic()))

    # --- what all of it rests on ---

    def some(self, state: str, fits: Callable[[str], bool]) -> str:
        with self.crowd.lock:
            makers = self.crowd.makers
            found = [x for x, at in self.crowd.open.items() if at == state and fits(makers[x])]
        return self.chance.choice(found[-20:]) if found else ""

    def moved(self, order: str, told: dict[str, Any] | None) -> None:
        if told is not None:
            with self.crowd.lock:
                self.crowd.open[order] = told["state"]
        elif self.chance.random() < 0.3:  # somebody else was quicker: look at something else
            with self.crowd.lock:
                self.crowd.open.pop(order, None)

    def say(self, person: str, path: str, body: dict[str, str]) -> dict[str, Any] | None:
        """Say something, now and then twice; return what was told, None where it was refused."""
        self.count += 1
        key = f"crowd-{self.number}-{self.count:06}"
        first = self._answered(person, path, body, key)
        if self.chance.random() < 0.1:
            again = self._answered(person, path, body, key, is_repeat=True)
            if first.status == 200:
                assert (again.status, again.told) == (first.status, first.told), "told otherwise"
        if first.status == 200 and self.chance.random() < 0.05:
            other = {**body, "reason": "something else"} if body else {"reason": "x"}
            route = path if body else "/orders/other/withdraw"
            answer = self._answered(person, route, other if body else {}, key, is_other=True)
            assert answer.status in {403, 404, 409, 422}, answer
        return first.told if first.status == 200 else None

    def _answered(
        self, person: str, path: str, body: dict[str, str], key: str, **how: bool
    ) -> Said:
        began = time.monotonic()
        headers = {"Idempotency-Key": key} | self._as(person)
        while True:
            response = self._send(
                lambda: self.client.post(self._at(path), json=body, headers=headers)
            )
            if response is not None and response.status_code not in BUSY:
                break
            assert time.monotonic() < began + ANSWER_SECONDS_MAX, "never answered"
            time.sleep(AGAIN_SECONDS)
        assert response.status_code < 500, response.text
        is_repeat = how.get("is_repeat", False)
        said = Said(
            person,
            key,
            path,
            response.status_code,
            response.json(),
            began,
            time.monotonic(),
            is_repeat,
            how.get("is_other", False),
        )
        self.crowd.said.append(said)
        return said

    def get(self, person: str, path: str, **asked: str) -> dict[str, Any] | None:
        headers = self._as(person)
        response = self._send(
            lambda: self.client.get(self._at(path), params=asked, headers=headers)
        )
        return response.json() if response is not None and response.status_code == 200 else None

    def _send(self, call: Callable[[], httpx.Response]) -> httpx.Response | None:
        try:
            return call()
        except httpx.TransportError:  # the process was killed: nobody knows what came of it
            return None

    def _at(self, path: str) -> str:
        return self.crowd.address() + path

    def _as(self, person: str) -> dict[str, str]:
        token = (self.crowd.officers | self.crowd.approvers | self.crowd.regulators)[person]
        return {"Authorization": f"Bearer {token}"}
