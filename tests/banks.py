"""A bank in a test: an agent on real books and a sandbox core, at a clock that the test turns; and the same over real HTTP."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import uvicorn

from recoup.bank import Agent, BankStore, Identity, Terms
from recoup.bank.conformance import Desk, accounts_text
from recoup.bank.http import application
from recoup.bank.sandbox import Behaviour, Clearing, FaultyAgent, Payment, SandboxCore, parse_script
from recoup.bank.serving import listening
from recoup.clock import Clock, HandClock
from recoup.ids import CountedIds, RandomIds
from recoup.messages import (
    AnswerMessage,
    Disputed,
    KeyRing,
    OrderMessage,
    Payee,
    SigningKey,
    seal,
)
from recoup.orders import InstitutionKind, OrderKind
from recoup.reading.policies import read_policy

START = datetime(2026, 1, 5, 10, tzinfo=UTC)
ARRIVED = START - timedelta(hours=1)
YEARS = timedelta(days=3_000)
CENTRE = SigningKey("centre", bytes(range(32)), START - YEARS, START + YEARS)
BANK = SigningKey("bank-under-test", bytes(range(1, 33)), START - YEARS, START + YEARS)
POLICY = read_policy("cn-2016")
NUMBER, NAME = "6222000000000001", "holder one"


def identity() -> Identity:
    ring = KeyRing([CENTRE.public])
    return Identity(BANK.owner, CENTRE.owner, lambda _: BANK, lambda: ring)


def order(
    kind: OrderKind, amount: int = 60_000, case: str = "a", **changes: object
) -> OrderMessage:
    """Return an order about the first account; its id is new each time."""
    holds_nothing = kind in {OrderKind.RELEASE, OrderKind.QUERY}
    made = OrderMessage(
        id=f"{kind}-{case}-{next(_NUMBERS)}",
        kind=kind,
        case=case,
        institution=BANK.owner,
        account_number=NUMBER,
        account_name=NAME,
        currency="CNY",
        amount=0 if holds_nothing else amount,
        issued_at=START,
        reason="reported",
        disputed=None if holds_nothing else Disputed(60_000, ARRIVED),
    )
    return replace(made, **changes)


PAYEE = Payee(
    "6333000000000009", "victim", "bank-9", "award-1", ("officer one", "officer two"), START + YEARS
)


def payment(amount: int, case: str = "a", **changes: object) -> OrderMessage:
    """Return an order that pays out of a case's frozen hold to the victim's account at another bank."""
    return order(OrderKind.PAY_BACK, amount, case, **{"disputed": None, "payee": PAYEE, **changes})


_NUMBERS = iter(range(1, 10**9))


@dataclass
class Bank:
    """An agent and what lies under it."""

    agent: Agent
    store: BankStore
    core: SandboxCore
    clock: HandClock

    def tell(self, told: OrderMessage) -> AnswerMessage:
        return self.agent.take(self.sealed(told)).answer

    def sealed(self, told: object, **changes: object) -> bytes:
        given = {
            "audience": BANK.owner,
            "jti": f"j{next(_NUMBERS)}",
            "now": self.clock.now(),
            **changes,
        }
        return seal(told, CENTRE, **given)

    def held(self) -> dict[str, int]:
        """Return what the digest says that each case has."""
        return {hold.case: hold.held for hold in self.agent.digest_page(1).holds}

    def pay(self, amount: int) -> bool:
        """Let the holder pay somebody elsewhere."""
        number = next(_NUMBERS)
        return self.core.pay(Payment(f"p{number}", self.clock.now(), NUMBER, "x", amount, "CNY"))

    def receive(self, amount: int) -> None:
        number = next(_NUMBERS)
        assert self.core.pay(Payment(f"r{number}", self.clock.now(), "x", NUMBER, amount, "CNY"))


def bank(
    folder: Path,
    *,
    opening: int = 0,
    behaviours: Sequence[Behaviour] = (),
    can_stop_amounts: bool = True,
    core: SandboxCore | None = None,
    clearing: Clearing | None = None,
) -> Bank:
    """Return a bank at ten o'clock whose first account got 600.00 at nine."""
    clock = HandClock(START)
    if core is None:
        core = SandboxCore(
            clock, can_stop_amounts=can_stop_amounts, institution=BANK.owner, clearing=clearing
        )
        core.add_account(NUMBER, NAME, "CNY", opening)
        assert core.pay(Payment("t1", ARRIVED, "victim", NUMBER, 60_000, "CNY"))
    store = BankStore.open(folder / "books.sqlite")
    terms = Terms(POLICY, 600, can_stop_amounts)
    agent = FaultyAgent(identity(), store, core, terms, clock, RandomIds(), behaviours=behaviours)
    return Bank(agent, store, core, clock)


@contextlib.contextmanager
def served(
    folder: Path,
    clock: Clock,
    behaviours: Sequence[Behaviour] = (),
    kind: InstitutionKind = InstitutionKind.BANK,
) -> Iterator[Desk]:
    """Serve a bank with the acceptance accounts on loopback; give the centre's end of it."""
    import tomllib

    script = parse_script(tomllib.loads(accounts_text()))
    core = script.core(clock)
    store = BankStore.open(folder / "books.sqlite")
    terms = Terms(POLICY, script.match_seconds, core.can_stop_amounts, kind=kind)
    agent = FaultyAgent(identity(), store, core, terms, clock, RandomIds(), behaviours=behaviours)
    with listened(application(agent)) as url, httpx.Client(base_url=url, timeout=30) as client:
        yield Desk(
            client,
            CENTRE,
            KeyRing([BANK.public]),
            BANK.owner,
            POLICY,
            clock,
            CountedIds(),
            "t",
            epoch=7,
            object_to=agent.file_appeal,
            kind=kind,
        )
    store.close()


@contextlib.contextmanager
def listened(app: object) -> Iterator[str]:
    """Serve an application in a thread until the block ends; give its address."""
    on = listening("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [on]})
    thread.start()
    url = f"http://127.0.0.1:{on.getsockname()[1]}"
    try:
        for _ in range(200):
            with contextlib.suppress(httpx.HTTPError):
                if httpx.get(f"{url}/healthz", timeout=5).status_code < 500:
                    break
        yield url
    finally:
        server.should_exit = True
        thread.join()
