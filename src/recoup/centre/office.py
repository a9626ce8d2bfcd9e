"""A centre that chases: the running centre with vault, gateway and chase over one file. Puts together; adds no rule."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

import httpx

from recoup.cases import CasePolicy
from recoup.centre.chaser import Chaser, ToldOfTrail
from recoup.centre.commands import Command, Outcome
from recoup.centre.directory import Directory
from recoup.centre.gateway import Correspondence, HTTPGateway
from recoup.centre.registry import COMMAND_REGISTRY
from recoup.centre.requests import Actor, Request, command_of
from recoup.centre.running import Centre
from recoup.centre.sender import Told
from recoup.centre.view import View
from recoup.clock import Clock
from recoup.ids import Ids
from recoup.stores.sqlite import SqliteJournal, SqliteVaultTable
from recoup.stores.sqlite.connection import DriverConnection
from recoup.stores.vault import KeyStore, Vault

SEND_SECONDS_MAX = 30.0
"""How long one institution may take to answer one message."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What a centre needs to run."""

    store: Path
    """The file of journal and vault."""
    keys: KeyStore
    wire: Correspondence
    policy: CasePolicy
    clock: Clock
    ids: Ids


class Office:
    """The centre's threads; start is recovery."""

    def __init__(
        self,
        setting: Setting,
        told: Told = lambda message, what: None,  # noqa: ARG005 - the parameters' names are the protocol's
        told_of_case: ToldOfTrail = lambda case, why: None,  # noqa: ARG005 - the same
    ) -> None:
        """Put the parts together; `told` hears of messages, `told_of_case` why a case's chase stands still."""
        self._setting = setting
        clock, ids = setting.clock, setting.ids
        self._vault_rows = DriverConnection(setting.store)
        self.directory = Directory(Vault(SqliteVaultTable(self._vault_rows), setting.keys), ids)
        self._client = httpx.Client(timeout=SEND_SECONDS_MAX)
        self._gateway = HTTPGateway(
            setting.wire, self._client, self.directory, self.submit, clock, ids
        )
        self._centre = Centre(self._open, setting.policy, self._gateway, clock, told=told)
        self._chaser = Chaser(
            self._open, self.directory, self.submit, clock, ids, setting.policy, told_of_case
        )

    def start(self) -> int:
        """Recover and begin; return how many records there are."""
        count = self._centre.start()
        self._chaser.start()
        return count

    def stop(self) -> None:
        """Start nothing new, finish what is under way, and end."""
        self._chaser.stop()
        self._centre.stop()
        self._client.close()
        self._vault_rows.close()

    @property
    def fault(self) -> BaseException | None:
        """Why a part of it ended by itself; None while all of it runs."""
        return self._centre.fault or self._chaser.fault

    def view(self) -> View:
        """Return a view of its own: for one thread, to be asked to catch up."""
        return View(self._open())

    def ask(self, actor: Actor, what: object, case_id: str = "") -> Future[Outcome]:
        """Hand a command in under a fresh id."""
        request = Request(actor, what, case=case_id)
        return self.submit(command_of(COMMAND_REGISTRY, self._setting.ids.new("command"), request))

    def submit(self, command: Command) -> Future[Outcome]:
        """Hand a command in."""
        return self._centre.submit(command)

    def confirm_all(self) -> int:
        """Ask every institution for its digest; return how many holds they show."""
        return sum(map(self._gateway.confirm, sorted(self._setting.wire.addresses)))

    def _open(self) -> SqliteJournal:
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
