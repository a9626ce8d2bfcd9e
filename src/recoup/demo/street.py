"""Three sandbox banks of this process for a case in virtual time: they share the centre's clock, which is moved by hand.

The wire is the real one: signed messages over HTTP on this machine. One account of a swindler lies at river, one at lake, which
gives no statement; the victims' own accounts lie at harbour, so what is paid back can be seen to arrive. All invented.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import uvicorn

from recoup.bank import BankStore, Identity, Terms
from recoup.bank.http import application
from recoup.bank.sandbox import Behaviour, Clearing, Do, FaultyAgent, Payment, SandboxCore
from recoup.bank.serving import listening
from recoup.clock import Clock
from recoup.errors import GatewayFault
from recoup.ids import RandomIds
from recoup.messages import KeyRing, SigningKey, generate_key
from recoup.reading.policies import read_policy

CURRENCY: Final = "CNY"
BANKS: Final = ("harbour", "river", "lake")
_MATCH_SECONDS: Final = 600
_START_SECONDS: Final = 60.0
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Held:
    """One account of the play."""

    bank: str
    number: str
    name: str
    opening: int = 0


@dataclass(frozen=True, slots=True)
class Move:
    """A payment made before the first report: so many minutes before it."""

    id: str
    minutes: int
    payer: str
    payee: str
    amount: int
    kind: str = "transfer"


ACCOUNTS: Final = {
    "victim 1": Held("harbour", "6222000000000001015", "Victim 1", 9_000_000),
    "victim 2": Held("harbour", "6222000000000001023", "Victim 2", 5_000_000),
    "victim 3": Held("harbour", "6222000000000001031", "Victim 3", 2_000_000),
    "first": Held("river", "6222000000000001049", "Holder 1"),
    "second": Held("lake", "6222000000000001056", "Holder 2"),
}

MOVES: Final = (
    Move("S1", 60, "victim 3", "second", 1_600_000),
    Move("S2", 40, "victim 1", "first", 6_000_000),
    Move("S3", 35, "victim 2", "first", 4_000_000),
    Move("S4", 30, "first", "", 3_000_000, "cash_out"),
    Move("S5", 25, "first", "second", 5_000_000),
    Move("S6", 20, "second", "", 2_100_000, "purchase"),
)
"""In minor units. What lake has left is 45,000.00 of which nobody can say whose it is."""


class Street:
    """The banks while they are open."""

    def __init__(self, folder: Path, clock: Clock, at: datetime, own: SigningKey) -> None:
        """Prepare; the first report comes `at`, `own` is the centre's key."""
        self._folder, self._clock, self._at = folder, clock, at
        self._trusted = KeyRing([own.public])
        self._cores: dict[str, SandboxCore] = {}
        self.addresses: dict[str, str] = {}
        self.ring = KeyRing(())

    @contextmanager
    def open(self, centre: str) -> Iterator[Street]:
        """Serve all banks, each in a thread, until the end."""
        clearing, public = Clearing(), []
        with ExitStack() as stack:
            for bank in BANKS:
                key = generate_key(bank, self._at - _DAY, self._at + 400 * _DAY)
                public.append(key.public)
                agent, store = self._agent(bank, centre, key, clearing)
                stack.callback(store.close)
                self.addresses[bank] = stack.enter_context(_served(agent, bank))
            self._book()
            self.ring = KeyRing(public)
            yield self

    def balance(self, name: str) -> int:
        """Return what lies on an account of the play, in minor units."""
        held = ACCOUNTS[name]
        (account,) = self._cores[held.bank].find(held.number)
        return account.balance

    def _agent(
        self, bank: str, centre: str, key: SigningKey, clearing: Clearing
    ) -> tuple[FaultyAgent, BankStore]:
        core = SandboxCore(self._clock, institution=bank, clearing=clearing)
        for held in ACCOUNTS.values():
            if held.bank == bank:
                core.add_account(held.number, held.name, CURRENCY, held.opening)
        self._cores[bank] = core
        identity = Identity(bank, centre, lambda _: key, lambda: self._trusted)
        store = BankStore.open(self._folder / f"{bank}.db")
        terms = Terms(read_policy("cn-2016"), _MATCH_SECONDS, core.can_stop_amounts)
        ways = (Behaviour(Do.NO_ROWS),) if bank == "lake" else ()
        given = (identity, store, core, terms, self._clock, RandomIds())
        return FaultyAgent(*given, behaviours=ways), store

    def _book(self) -> None:
        """Book what was paid before the report, at both banks of each payment."""
        for move in MOVES:
            payment = self._payment(move)
            for bank in sides(move):
                if not self._cores[bank].pay(payment):
                    raise GatewayFault(f"expected {move.id} to be booked at {bank}")

    def _payment(self, move: Move) -> Payment:
        source, target = ACCOUNTS[move.payer], ACCOUNTS.get(move.payee)
        return Payment(
            move.id,
            self._at - timedelta(minutes=move.minutes),
            source.number,
            target.number if target else "",
            move.amount,
            CURRENCY,
            payer_name=source.name,
            payee_name=target.name if target else "",
            payer_institution=source.bank,
            payee_institution=target.bank if target else "",
            kind=move.kind,
        )


def sides(move: Move) -> Sequence[str]:
    """Return the banks that book a move, each once."""
    return tuple(dict.fromkeys(ACCOUNTS[name].bank for name in (move.payer, move.payee) if name))


@contextmanager
def _served(agent: FaultyAgent, bank: str) -> Iterator[str]:
    """Serve an agent over HTTP on a free port of this machine; give its address."""
    on = listening("127.0.0.1", 0)
    config = uvicorn.Config(application(agent), log_config=None, access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([on],), name=bank, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{on.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(_START_SECONDS)
        on.close()


__all__ = ["ACCOUNTS", "BANKS", "CURRENCY", "MOVES", "Held", "Move", "Street", "sides"]
