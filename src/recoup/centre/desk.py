"""The desk: the writer, what is read beside it, and the vault, behind the one port that the API knows. Sends nothing to banks.

Whatever is shown comes from a fold of its own over records that are on disk: the writer's state runs ahead of the disk, and
nobody may hear of what could still be lost. The fold catches up before every look, so what was answered is seen.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from recoup import limits, staff
from recoup.centre.asking import AccountEntered, DeskState, EnterAccount, deciding, evolve
from recoup.centre.commands import Command, Done, Halted, Outcome
from recoup.centre.writer import Writer
from recoup.clock import Clock
from recoup.errors import VaultFault
from recoup.ids import RandomIds, SubjectId
from recoup.journal.canonical import decode_plain
from recoup.journal.events import Registry
from recoup.journal.port import Journal
from recoup.journal.record import Record
from recoup.orders import Policy
from recoup.orders import events as order_events
from recoup.stores.vault import (
    KeyStore,
    PersonalDataErased,
    PersonalDataRead,
    Purpose,
    Vault,
)

LOGIN_NAME: Final = "login_name"
ACCOUNT_NUMBER: Final = "account_number"
ACCOUNT_NAME: Final = "account_name"
_ACCOUNT_KEY: Final = "account_key"
_FACTOR: Final = "second_factor"

_EVENTS: Final = {
    "order_drafted": order_events.OrderDrafted,
    "order_submitted": order_events.OrderSubmitted,
    "order_approved": order_events.OrderApproved,
    "order_sent_back": order_events.OrderSentBack,
    "order_withdrawn": order_events.OrderWithdrawn,
    "order_issued": order_events.OrderIssued,
    "order_sent": order_events.OrderSent,
    "order_unanswered": order_events.OrderUnanswered,
    "answer_recorded": order_events.AnswerRecorded,
    "hold_changed": order_events.HoldChanged,
    "account_entered": AccountEntered,
    "personal_data_read": PersonalDataRead,
    "personal_data_erased": PersonalDataErased,
}


def desk_registry() -> Registry:
    """Return the events that the desk writes and folds."""
    registry = Registry()
    for name, event in {**_EVENTS, **staff.EVENT_NAMES}.items():
        registry.register(name, 1, event)
    return registry


@dataclass(frozen=True, slots=True)
class Backlog:
    """What is late or waits, for the operator."""

    overdue: int
    """Deadlines that have passed and are not carried out; at most a page is counted."""
    unsent: int
    """Messages not known to be sent; at most a page is counted."""
    unsent_seconds: float
    """Age of the oldest of them."""


class Desk:
    """Everything that the API asks of the centre."""

    def __init__(
        self,
        open_journal: Callable[[], Journal],
        vault: Vault,
        keys: KeyStore,
        policy: Policy,
        clock: Clock,
        halted: Halted = lambda why: None,  # noqa: ARG005 - the parameter's name is the protocol's
    ) -> None:
        """Put the desk together; `start` recovers and begins."""
        self._registry = desk_registry()
        self._open, self._clock = open_journal, clock
        self._vault, self._keys, self._ids = vault, keys, RandomIds()
        self._writer = Writer(
            open_journal,
            self._registry,
            clock,
            state=DeskState(),
            decide=deciding(policy),
            evolve=evolve,
            halted=halted,
        )
        self._seen, self._last = DeskState(), 0
        self._looking = threading.Lock()
        self._filing = threading.Lock()  # the vault's connection belongs to one thread at a time
        self._entering = asyncio.Lock()
        self._is_draining = False
        self._reader: Journal | None = None

    def start(self) -> int:
        """Recover and take commands; return how many records there are."""
        found = self._writer.start()
        self._reader = self._open()
        self.view()
        return found

    def drain(self) -> None:
        """Take no more commands, finish those that wait, let go of the store."""
        self._is_draining = True
        self._writer.drain()
        with self._looking:
            if self._reader is not None:
                self._reader.close()
                self._reader = None

    # --- the port ---

    @property
    def is_stopped(self) -> bool:
        """Whether the writer stopped for good: the process must be started again."""
        return self._writer.is_stopped

    @property
    def is_ready(self) -> bool:
        """Whether commands are taken."""
        return self._reader is not None and not self._is_draining and not self._writer.is_stopped

    def now(self) -> datetime:
        """Return the time."""
        return self._clock.now()

    def new_id(self, kind: str) -> str:
        """Return an id that was never given before."""
        return self._ids.new(kind)

    def digest(self, purpose: str, data: bytes) -> bytes:
        """Return a keyed digest that nobody without the master key can make or try values against."""
        return self._keys.digest(f"recoup/desk/{purpose}/1\n".encode() + data)

    async def submit(self, command: Command) -> Outcome:
        """Hand a command to the writer and wait for what becomes of it."""
        return await asyncio.wrap_future(self._writer.submit(command))

    def view(self) -> DeskState:
        """Return the state after all records that are on disk. To be read, not kept: the next look changes it."""
        with self._looking:
            journal = self._journal()
            for record in journal.records(self._last + 1):
                event = self._registry.decode(record.name, record.version, record.body)
                evolve(self._seen, SubjectId(record.subject), event)
                self._last = record.sequence
            return self._seen

    def happened(self, after: int, limit: int) -> Sequence[Record]:
        """Return the next records after one."""
        with self._looking:
            return list(self._journal().records(after + 1, after + limit))

    def last(self) -> int:
        """Return the number of the last record."""
        self.view()
        return self._last

    def backlog(self) -> Backlog:
        """Return what is late or waits."""
        now, page = self.now(), limits.PAGE_ROWS_MAX
        with self._looking:
            journal = self._journal()
            pending = journal.pending(page)
            age = 0.0
            if pending:
                (record,) = journal.records(pending[0].sequence, pending[0].sequence)
                age = max(0.0, (now - record.at).total_seconds())
            return Backlog(len(journal.due(now, page)), len(pending), age)

    async def enter_account(
        self, command: Command, number: str, name: str, command_of: Callable[[EnterAccount], object]
    ) -> Outcome:
        """Make an account known to a case, under the one id that its number has; then keep number and name in the vault.

        The vault is filled after the command: a repeat fills it again, and another content under the same id never does.
        """
        entering: EnterAccount = command.value
        async with self._entering:  # two first entries of one number must not get two ids
            key = f"{entering.institution}\n{number}"
            known = await asyncio.to_thread(self._find, _ACCOUNT_KEY, key)
            if known:
                entering = EnterAccount(known[0], entering.institution, entering.case)
            asked = Command(command.id, command.content, command_of(entering))
            outcome = await self.submit(asked)
            if isinstance(outcome, Done):
                account = answered(outcome)["account"]
                pieces = {
                    _ACCOUNT_KEY: key,
                    ACCOUNT_NUMBER: number,
                    f"{ACCOUNT_NAME} {entering.case}": name,
                }
                await asyncio.to_thread(self._put, account, pieces)
            return outcome

    async def read_account(self, account: str, field: str, purpose: Purpose) -> str | None:
        """Return a piece about an account whose reading was journalled; None if there is none."""
        name = f"{ACCOUNT_NAME} {purpose.case}" if field == ACCOUNT_NAME else field
        return await asyncio.to_thread(self._read, account, name, purpose)

    async def find_person(self, login_name: str) -> str | None:
        """Return the person who logs in under this name."""
        found = await asyncio.to_thread(self._find, LOGIN_NAME, login_name)
        return found[0] if found else None

    async def reserve_person(self, login_name: str) -> str:
        """Return the id that goes with a login name: the one it has, or a new one that it has from now on."""
        async with self._entering:
            known = await self.find_person(login_name)
            if known is not None:
                return known
            person = self._ids.new("person")
            await asyncio.to_thread(self._put, person, {LOGIN_NAME: login_name})
            return person

    async def keep_factor(self, reference: str, secret: str) -> None:
        """Keep a second factor's secret."""
        await asyncio.to_thread(self._put, reference, {_FACTOR: secret})

    async def factor(self, reference: str, person: str) -> str | None:
        """Return a second factor's secret, to check a code by it or to show it before its first use; None if there is none."""
        purpose = Purpose(person or "nobody", "login", "second factor")
        return await asyncio.to_thread(self._read, reference, _FACTOR, purpose)

    # --- the vault's one thread at a time ---

    def _find(self, field: str, text: str) -> list[str]:
        with self._filing:
            return self._vault.find(field, text)

    def _put(self, subject: str, pieces: dict[str, str]) -> None:
        with self._filing:
            for field, text in pieces.items():
                self._vault.put(subject, field, text)

    def _read(self, subject: str, field: str, purpose: Purpose) -> str | None:
        with self._filing:
            try:
                return self._vault.read(subject, field, purpose).text
            except VaultFault:
                return None  # erased, or entered by a process that died before it filled the vault

    def _journal(self) -> Journal:
        assert self._reader is not None, "a desk is looked at between start and drain"
        return self._reader


def answered(done: Done) -> dict[str, str]:
    """Return what a command of the desk was told."""
    found = decode_plain(done.answer)
    assert isinstance(found, dict), "the desk answers with an object"
    return found


__all__ = [
    "ACCOUNT_NAME",
    "ACCOUNT_NUMBER",
    "LOGIN_NAME",
    "Backlog",
    "Desk",
    "answered",
    "desk_registry",
]
