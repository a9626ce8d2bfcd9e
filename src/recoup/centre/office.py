"""The one composition of the centre: the running centre with vault, gateway and chase. Puts together; adds no rule.

Without a wire nothing is sent and nothing is chased: orders wait for somebody to carry them.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

import httpx

from recoup.cases import CasePolicy
from recoup.centre.answers import Answers
from recoup.centre.chaser import Chaser
from recoup.centre.commands import Command, Halted, Outcome
from recoup.centre.digests import Digests
from recoup.centre.directory import Directory
from recoup.centre.gateway import HTTPGateway, NotConnected
from recoup.centre.letters import Correspondence, Letters, Way
from recoup.centre.mailbox import Mailbox
from recoup.centre.ports import BankGateway, ToldOf
from recoup.centre.registry import COMMAND_REGISTRY
from recoup.centre.requests import Actor, Request, command_of
from recoup.centre.running import Centre
from recoup.centre.sender import Told
from recoup.centre.state import CentreState
from recoup.centre.view import View
from recoup.clock import Clock
from recoup.ids import Ids
from recoup.orders import HoldKey, Order
from recoup.stores.sqlite import SqliteJournal, SqliteReplays, SqliteVaultTable
from recoup.stores.sqlite.connection import DriverConnection
from recoup.stores.vault import KeyStore, Vault

SENDINGS = "sendings.sqlite"
"""The file beside the journal with the ids of messages that were taken: a window of minutes, which a backup does not need."""

SEND_SECONDS_MAX = 30.0
"""How long one institution may take to answer one message."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What a centre needs to run."""

    store: Path
    """The file of the journal."""
    keys: KeyStore
    wire: Correspondence | None
    """None: no institution is connected."""
    policy: CasePolicy
    clock: Clock
    ids: Ids
    digest_seconds: float = 300.0
    """Between two rounds of asking institutions for their balance digests."""
    vault: Path | None = None
    """The file of the vault; None: the journal's."""


class Office:
    """The centre's threads; start is recovery."""

    def __init__(
        self,
        setting: Setting,
        told: Told = lambda message, what: None,  # noqa: ARG005 - the parameters' names are the protocol's
        halted: Halted = lambda why: None,  # noqa: ARG005 - the same
        told_of_case: ToldOf = lambda case, why: None,  # noqa: ARG005 - the same
        told_of_institution: ToldOf = lambda institution, why: None,  # noqa: ARG005 - the same
    ) -> None:
        """Put the parts together; `told` hears of messages, `told_of_case` why a case's chase stands still."""
        self._setting = setting
        clock, ids = setting.clock, setting.ids
        self._vault_rows = DriverConnection(setting.vault or setting.store)
        self.directory = Directory(Vault(SqliteVaultTable(self._vault_rows), setting.keys), ids)
        self._client = httpx.Client(timeout=SEND_SECONDS_MAX)
        self._looking = threading.Lock()
        self._view: View | None = None
        self._chaser: Chaser | None = None
        self._digests: Digests | None = None
        self._wired: HTTPGateway | None = None
        self.answers = Answers(self.directory, self.submit, clock)
        """Takes in what was typed from paper."""
        self._told = told
        self.mailbox: Mailbox | None = None
        """What institutions reach; None before the start, and where none is connected."""
        self._of_mailbox: tuple[SqliteReplays | SqliteJournal, ...] = ()
        gateway: BankGateway = NotConnected()
        if setting.wire is not None:
            gateway = self._wired = wired = HTTPGateway(
                setting.wire,
                self._client,
                self.directory,
                self.submit,
                clock,
                ids,
                self._held_at,
                lambda: self._centre.epoch,
            )
            self._chaser = Chaser(
                self.open, self.directory, self.submit, clock, ids, setting.policy, told_of_case
            )
            self._digests = Digests(
                wired.confirm,
                sorted(setting.wire.addresses),
                setting.digest_seconds,
                told_of_institution,
            )
        self._centre = Centre(
            self.open,
            setting.policy,
            gateway,
            clock,
            told=told,
            halted=halted,
            carries=self._is_pushed,
        )

    def start(self) -> int:
        """Recover and begin; return how many records there are."""
        count = self._centre.start()
        for part in self._beside():
            part.start()
        if self._setting.wire is not None and self._wired is not None:
            self.mailbox = self._made_mailbox(self._setting.wire, self._wired)
        return count

    def _made_mailbox(self, wire: Correspondence, gateway: HTTPGateway) -> Mailbox:
        clock, path = self._setting.clock, self._setting.store.with_name(SENDINGS)
        replays, journal = SqliteReplays.open(path, clock.now()), self.open()
        self._of_mailbox = (replays, journal)
        return Mailbox(
            wire,
            gateway.letters,
            gateway.answers,
            replays,
            journal,
            self._issued,
            self.submit,
            clock,
            self._told,
        )

    def stop(self) -> None:
        """Start nothing new, finish what is under way, and end."""
        for part in reversed(self._beside()):
            part.stop()
        self._centre.stop()
        self._client.close()
        for store in self._of_mailbox:
            store.close()
        self._vault_rows.close()

    @property
    def fault(self) -> BaseException | None:
        """Why a part of it ended by itself; None while all of it runs."""
        faults = (self._centre.fault, *(part.fault for part in self._beside()))
        return next((why for why in faults if why is not None), None)

    @property
    def is_stopped(self) -> bool:
        """Whether the writer stopped for good."""
        return self._centre.is_stopped

    def _beside(self) -> tuple[Chaser | Digests, ...]:
        """Return what runs beside the centre where institutions are connected."""
        return tuple(part for part in (self._chaser, self._digests) if part is not None)

    def view(self) -> View:
        """Return a view of its own: for one thread, to be asked to catch up."""
        return View(self.open())

    @property
    def letters(self) -> Letters | None:
        """What writes and signs; None for a centre without a key of its own."""
        return self._wired.letters if self._wired is not None else None

    def _is_pushed(self, institution: str) -> bool:
        """Whether the sender carries messages there; without a wire it says of each that it cannot."""
        wire = self._setting.wire
        return wire is None or wire.way(institution) is Way.PUSH

    def _held_at(self, institution: str) -> list[HoldKey]:
        """Return the live holds at an institution, as far as the disk says."""
        with self._looking:
            return [
                key
                for key, hold in self._state().holds.items()
                if hold.is_live and hold.orders[-1].order.institution == institution
            ]

    def _issued(self, order_id: str) -> Order | None:
        """Return an order that was issued, as far as the disk says."""
        with self._looking:
            found = self._state().find(order_id)
        return found[1].order if found is not None and found[1].issued_at is not None else None

    def _state(self) -> CentreState:
        if self._view is None:
            self._view = self.view()
        self._view.catch_up()
        return self._view.state

    def ask(self, actor: Actor, what: object, case_id: str = "") -> Future[Outcome]:
        """Hand a command in under a fresh id."""
        request = Request(actor, what, case=case_id)
        return self.submit(command_of(COMMAND_REGISTRY, self._setting.ids.new("command"), request))

    def submit(self, command: Command) -> Future[Outcome]:
        """Hand a command in."""
        return self._centre.submit(command)

    def confirm_all(self) -> int:
        """Ask every institution for its digest; return how many holds they show."""
        return self._digests.one_round() if self._digests is not None else 0

    def open(self) -> SqliteJournal:
        """Return a connection of its own to the journal, for one thread."""
        return SqliteJournal.open(self._setting.store)


def wait_until(is_done: Callable[[], bool], seconds: float) -> bool:
    """Wait until `is_done`, at most `seconds`; return whether it came to that."""
    until = time.monotonic() + seconds
    while not is_done():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


__all__ = ["Office", "Setting", "wait_until"]
