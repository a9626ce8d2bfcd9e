"""The desk: office, what is read beside it, and the vault, behind the one port that the API knows. Decides nothing.

Whatever is shown comes from a fold of its own over records that are on disk: the writer's state runs ahead of the disk, and
nobody may hear of what could still be lost. The fold catches up before every look, so what was answered is seen.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from functools import partial
from hashlib import sha256
from typing import Final

from recoup import limits
from recoup.cases import Case, CasePolicy, Task
from recoup.cases.lists import Subject, plain_of
from recoup.centre import scans
from recoup.centre.account_room import TEXTS, EnterAccount
from recoup.centre.backlog import Backlog, backlog_of
from recoup.centre.chaser import held_since
from recoup.centre.clerk import Clerk
from recoup.centre.commands import (
    Command,
    Declined,
    Done,
    Halted,
    Outcome,
    Turned,
    WriterRefusal,
)
from recoup.centre.decide import decider
from recoup.centre.directory import NAME as ACCOUNT_NAME
from recoup.centre.directory import NUMBER as ACCOUNT_NUMBER
from recoup.centre.directory import Entry, Piece
from recoup.centre.exits import asking_abroad
from recoup.centre.facts import Grounds
from recoup.centre.figuring import Figuring
from recoup.centre.intake import (
    Heard,
    HeardClaim,
    HeardForeign,
    Prepared,
    prepare_claim,
    prepare_foreign,
    prepare_report,
)
from recoup.centre.mailbox import ByTheWriter, Mailbox, Waiting
from recoup.centre.office import Office, Setting
from recoup.centre.order_room import order_message
from recoup.centre.ports import ToldOf
from recoup.centre.requests import Request
from recoup.centre.return_planner import Planner
from recoup.centre.scribe import turned
from recoup.centre.sender import Told
from recoup.centre.sheets import Scan
from recoup.centre.state import CentreState
from recoup.centre.terms import decode_issued
from recoup.centre.view import OF_WORK
from recoup.centre.view import View as Looking
from recoup.centre.worklist import Looked, Todo
from recoup.centre.written_room import looked_at
from recoup.errors import MessageFault, MessageProblem, StoreFault, VaultFault
from recoup.figures import Asked, Tally
from recoup.journal.canonical import decode_plain
from recoup.journal.port import Answer as Kept
from recoup.journal.port import Journal
from recoup.journal.record import Record
from recoup.messages import AnswerMessage, CallMessage, NoticeTerms, open_message
from recoup.orders import Answer, Hold, HoldKey, Order
from recoup.paper.abroad import Asking
from recoup.paper.scans import look_at
from recoup.paper.words import Language
from recoup.stores.vault import Purpose

LOGIN_NAME: Final = "login_name"
_FACTOR: Final = "second_factor"


class Desk:
    """Everything that the API asks of the centre."""

    def __init__(
        self,
        setting: Setting,
        told: Told = lambda message, what: None,  # noqa: ARG005 - the parameters' names are the protocol's
        halted: Halted = lambda why: None,  # noqa: ARG005 - the same
        told_of: ToldOf = lambda what, why: None,  # noqa: ARG005 - the same
    ) -> None:
        """Put the desk together; `start` recovers and begins."""
        self._setting = setting
        self._office = Office(setting, told, halted, told_of, told_of)
        self._figuring = Figuring(self._office.open, partial(told_of, "figures"))
        clerk_told = partial(told_of, "worklist")
        self._clerk = Clerk(
            self._changed_cases, self._looked_at, setting.clock, setting.policy, clerk_told
        )
        self._changed: dict[str, None] = {}
        self._looking = threading.Lock()
        self._entering = asyncio.Lock()
        self._scanning = asyncio.Semaphore(limits.SCANS_AT_ONCE_MAX)
        self._planner = Planner(lambda: self._office.directory, setting.policy)
        self._alone_with: dict[str, tuple[asyncio.Lock, int]] = {}
        self._decide = decider(setting.policy)
        self._is_draining = False
        self._reader: Journal | None = None
        self._view: Looking | None = None

    def start(self) -> int:
        """Recover and take commands; return how many records there are."""
        found = self._office.start()
        self._reader = self._office.open()
        self._view = self._office.view()
        self._changed = dict.fromkeys(self._view.state.cases)
        self._clerk.start()
        self._figuring.start()
        return found

    def drain(self) -> None:
        """Take no more commands, finish those that wait, let go of the store."""
        self._is_draining = True
        self._clerk.stop()
        self._office.stop()
        self._figuring.stop()
        self._figuring.close()
        with self._looking:
            if self._reader is not None:
                self._reader.close()
                self._reader = None
            if self._view is not None:
                self._view.close()

    # --- the port ---

    @property
    def is_stopped(self) -> bool:
        """Whether a part of the centre ended by itself: the process must be started again."""
        return self._office.is_stopped or self._office.fault is not None

    @property
    def fault(self) -> BaseException | None:
        """Why a part of it ended by itself; None while all of it runs. The writer tells `halted`."""
        return self._office.fault

    @property
    def is_ready(self) -> bool:
        """Whether commands are taken."""
        return self._reader is not None and not self._is_draining and not self.is_stopped

    @property
    def policy(self) -> CasePolicy:
        """The terms of the jurisdiction."""
        return self._setting.policy

    def now(self) -> datetime:
        """Return the time."""
        return self._setting.clock.now()

    def new_id(self, kind: str) -> str:
        """Return an id that was never given before."""
        return self._setting.ids.new(kind)

    def digest(self, purpose: str, data: bytes) -> bytes:
        """Return a keyed digest that nobody without the master key can make or try values against."""
        return self._setting.keys.digest(f"recoup/desk/{purpose}/1\n".encode() + data)

    async def submit(self, command: Command) -> Outcome:
        """Hand a command to the writer and wait for what becomes of it."""
        return await asyncio.wrap_future(self._office.submit(command))

    def view(self) -> CentreState:
        """Return the state after all records that are on disk. To be read, not kept: the next look changes it."""
        with self._looking:
            self._journal()
            assert self._view is not None, "a desk is looked at between start and drain"
            self._view.catch_up(self._changed, OF_WORK)
            return self._view.state

    def _changed_cases(self) -> Iterable[str]:
        """Return the cases in which something happened since this was asked."""
        self.view()
        with self._looking:
            changed, self._changed = self._changed, {}
            return changed

    def _looked_at(self, ids: Iterable[str]) -> Iterable[Looked]:
        """Return cases with their orders."""
        with self._looking:
            assert self._view is not None, "a desk is looked at between start and drain"
            state = self._view.state
            return [looked_at(state, state.cases[id_]) for id_ in ids if id_ in state.cases]

    def happened(self, after: int, limit: int) -> Sequence[Record]:
        """Return the next records after one."""
        with self._looking:
            return list(self._journal().records(after + 1, after + limit))

    def last(self) -> int:
        """Return the number of the last record."""
        self.view()
        assert self._view is not None, "just looked at"
        return self._view.sequence

    async def figures(self, asked: Asked) -> Tally:
        """Return the figures of all that is on disk."""
        return await asyncio.to_thread(self._figuring.tally, asked)

    async def todos(self, is_reached: Callable[[str], bool], count: int) -> Sequence[Todo]:
        """Return the first so many that wait for persons in the cases of these units, by deadline, then value."""
        return await asyncio.to_thread(self._clerk.todos, is_reached, count)

    def backlog(self) -> Backlog:
        """Return what is late or waits."""
        with self._looking:
            return backlog_of(self._journal(), self.now(), self._office.cosigned)

    def answer_seconds(self, bounds: Sequence[int]) -> tuple[Sequence[int], int]:
        """Return how many orders were first answered within each bound and in all, and all the seconds together."""
        return self._figuring.answer_seconds(bounds)

    async def hand_out(self, institution: str, ask: bytes, after: str) -> Sequence[Waiting]:
        """Return what waits for an institution that polls."""
        return await asyncio.to_thread(self._mailbox().hand_out, institution, ask, after)

    async def take_signed(self, institution: str, data: bytes) -> None:
        """Take in what an institution says."""
        await asyncio.to_thread(self._mailbox().take, institution, data)

    def answer_of(self, message: AnswerMessage) -> Answer:
        """Return an answer in the words of orders."""
        return self._office.answers.words_of(message)

    async def order_paper(self, order_id: str, language: Language, timezone: str) -> bytes | None:
        """Return an issued order as PDF, signed; None where the centre has no signing key."""
        found, letters = self.view().find(order_id), self._office.letters
        if found is None or letters is None:
            return None
        key = found[1].order.key
        told = self.view().case(key.case).held_back(key.account, key.currency)
        issued = decode_issued(order_message(found[1], order_id, None, told).body)
        return await asyncio.to_thread(letters.paper, issued, language, timezone)

    async def look_at_scan(self, order_id: str, data: bytes, media: str) -> Scan:
        """Return what an uploaded scan of an answer sheet is; raise `ScanFault` for one that is not this order's."""
        async with self._scanning:  # no thread waits for another's: those there serve everybody
            looked = await asyncio.to_thread(look_at, data, media)
        has_code = scans.is_of(order_id, looked, self._office.letters)
        name = sha256(data).hexdigest()
        return Scan(name, order_id, looked.media, len(data), looked.pages, has_code)

    def order_in(self, code: str) -> str | None:
        """Return the order that a code on paper says, if this centre signed it; None for anything else."""
        return scans.order_in(code, self._office.letters)

    async def take_scan(self, command: Command, data: bytes) -> Outcome:
        """Keep a scan's bytes, then carry out the command: no record says of a scan that it is kept which is not."""

        def prepare(asked: Request) -> tuple[Request, tuple[Piece, ...]]:
            return asked, scans.pieces_of(asked.what.scan, data)

        return await self._vault_first(command, prepare)

    async def read_scan(self, scan: Scan, purpose: Purpose) -> bytes | None:
        """Return a scan whose reading was journalled; None if it was erased."""
        return await asyncio.to_thread(scans.read, self._office.directory, scan, purpose)

    async def keep_rows(self, order: Order, message: AnswerMessage) -> None:
        """Keep the rows of an answer that was recorded, and tell the case of them."""
        await asyncio.to_thread(self._office.answers.taken, order, message)

    async def enter_account(self, command: Command, number: str, name: str) -> Outcome:
        """Keep number and name of an account, then make it known to a case under the one id that its number has."""
        there = self._office.directory

        def prepare(asked: Request) -> tuple[Request, tuple[Piece, ...]]:
            entering: EnterAccount = asked.what
            known = there.reserve(entering.institution, number)
            entry = Entry(entering.institution, number, name)
            pieces = there.entered_pieces(known, entering.case, entry)
            is_renamed = not there.is_named(known, entering.case, name)
            return replace(
                asked, what=replace(entering, account=known, is_renamed=is_renamed)
            ), pieces

        return await self._vault_first(command, prepare)

    async def key_of_account(self, institution: str, number: str, *, kept: bool) -> str:
        """Return the key under which lists have an account; `kept`: give it one where it has none."""
        there = self._office.directory
        if kept:
            return await asyncio.to_thread(there.account, institution, number)
        unknown = self.key_of(Subject.ACCOUNT, f"{institution} {number}")  # in the same time
        return await asyncio.to_thread(there.known, institution, number) or unknown

    def key_of(self, subject: Subject, value: str) -> str:
        """Return the key of a person or a device: a keyed hash."""
        return self.digest("list", plain_of(subject, value)).hex()

    def open_call(self, data: bytes) -> CallMessage:
        """Return what an institution's machine signed; raise `MessageFault` for anything else.

        That a copy is not taken twice is the writer's to see: what a call asks for has an id that follows from the call.
        """
        wire = self._setting.wire
        if wire is None:
            raise MessageFault(MessageProblem.ISSUER_UNKNOWN)
        opened = open_message(
            data,
            wire.ring,
            audience=wire.centre,
            now=self.now(),
            replays=ByTheWriter(),
            takes=(CallMessage,),
        )
        assert isinstance(opened.message, CallMessage), "nothing else is taken here"
        return opened.message

    async def take_in(self, command: Command, heard: Heard | HeardClaim | HeardForeign) -> Outcome:
        """Keep the pieces of a report, then carry out `command` with the report in the place of its value (`intake`)."""

        def prepare(asked: Request) -> tuple[Request, tuple[Piece, ...]]:
            prepared = self._prepare(command, heard, asked.actor.who)
            return replace(asked, what=prepared.command, case=prepared.case), prepared.pieces

        return await self._vault_first(command, prepare)

    async def plan_return(self, command: Command) -> Outcome:
        """Work a return's awards out beside the writer, keep their files, and bind them as its plan."""
        return await self._planner.bind(command, self.view(), self._vault_first)

    async def _vault_first(
        self, command: Command, prepare: Callable[[Request], tuple[Request, tuple[Piece, ...]]]
    ) -> Outcome:
        """Keep the pieces that a request needs, then carry it out: no event names what is not kept (`intake`)."""
        there = self._office.directory
        async with self.alone(command.id):
            if self._answer_of(command.id) is not None:  # a repeat, or other content: keep nothing
                return await self.submit(command)
            asked, pieces = await asyncio.to_thread(prepare, command.value)
            command = Command(command.id, command.content, asked)
            found = self._decide(self.view(), command, self.now())
            if isinstance(found, Declined):
                return Turned(found.reason, found.what, is_transient=False)
            try:
                await asyncio.to_thread(there.keep_first, pieces, command.id, self.now())
            except StoreFault:  # nothing was kept, and the journal heard of nothing: ask again
                return turned(WriterRefusal.STOPPED)
            outcome = await self.submit(command)
            if isinstance(outcome, Done):
                there.told(command.id)
            return outcome

    def _prepare(
        self, command: Command, heard: Heard | HeardClaim | HeardForeign, by: str
    ) -> Prepared:
        """Return what is to be kept and asked; ids follow from the command's id and content."""

        def new_id(kind: str) -> str:
            seed = b"\n".join((kind.encode(), command.id.encode(), command.content))
            return f"{kind}_{self.digest('intake', seed).hex()[:32]}"

        there = self._office.directory
        if isinstance(heard, HeardClaim):
            return prepare_claim(there, heard, new_id, by)
        if isinstance(heard, HeardForeign):
            return prepare_foreign(there, heard, new_id, by, self.now())
        return prepare_report(there, heard, new_id, by, self.now())

    @asynccontextmanager
    async def alone(self, command: str) -> AsyncIterator[None]:
        """Let nobody else of this process be about the same command: two contents of one key must not both be kept."""
        lock, count = self._alone_with.get(command, (asyncio.Lock(), 0))
        self._alone_with[command] = (lock, count + 1)
        try:
            async with lock:
                yield
        finally:
            lock, count = self._alone_with.pop(command)
            if count > 1:
                self._alone_with[command] = (lock, count - 1)

    def _answer_of(self, command: str) -> Kept | None:
        with self._looking:
            return self._journal().answer_of(command)

    def reaches(self, institution: str) -> bool:
        """Whether orders to an institution go over the wire; else they are carried on paper."""
        wire = self._setting.wire
        return wire is not None and institution in wire.addresses

    async def keep_grounds(self, order_id: str, grounds: Grounds) -> None:
        """Keep by which transfer the money came that an order is about."""
        await asyncio.to_thread(self._office.directory.keep_grounds, order_id, grounds)

    async def ground_order(self, order: Order) -> bool:
        """Keep what an order's paper says of how the money came; False: its case is not traced yet."""
        state = self.view()
        case = state.case(order.key.case)
        since = held_since(case, state)
        holds = {key: state.hold(key) for key in (HoldKey(case.id, *x.hold) for x in case.holds)}

        def hold_of(key: HoldKey) -> Hold:
            return holds.get(key) or Hold(key)

        try:
            async with asyncio.timeout(limits.TRAIL_SECONDS_MAX + 1):
                return await asyncio.to_thread(self._office.ground, order, case, hold_of, since)
        except TimeoutError:  # the thread goes on; what it found is there at the next asking
            return False

    async def keep_text(self, case: str, text: str, words: str) -> None:
        """Keep what somebody wrote in a case under its opaque id."""
        await self._keep(f"{TEXTS} {case}", {text: words})

    async def read_text(self, case: str, text: str, purpose: Purpose) -> str | None:
        """Return a text of a case whose reading was journalled; None if there is none."""
        subject = f"{TEXTS} {case}"
        return await asyncio.to_thread(self._office.directory.read, subject, text, purpose)

    async def read_account(self, account: str, field: str, purpose: Purpose) -> str | None:
        """Return a piece about an account whose reading was journalled; None if there is none."""
        return await asyncio.to_thread(self._read_account, account, field, purpose)

    def _read_account(self, account: str, field: str, purpose: Purpose) -> str | None:
        there = self._office.directory
        name = f"{ACCOUNT_NAME} {purpose.case}" if field == ACCOUNT_NAME else field
        found = there.read(account, name, purpose)
        if found is not None or field not in {ACCOUNT_NAME, ACCOUNT_NUMBER}:
            return found
        try:  # one that the chase met: nobody entered it
            entry = there.entry(account, purpose)
        except VaultFault:
            return None
        return (entry.name if field == ACCOUNT_NAME else entry.number) or None

    @property
    def notice(self) -> NoticeTerms | None:
        """Who the centre is to people and to other countries; None for a centre that is connected with nobody."""
        return self._setting.wire.notice if self._setting.wire is not None else None

    async def asking_abroad(self, case: Case, task: Task, purpose: Purpose) -> Asking:
        """Return all that is known of a payment abroad, for somebody whose reading of it was journalled."""
        there = self._office.directory
        return await asyncio.to_thread(asking_abroad, there, case, task, self.notice, purpose)

    async def find_person(self, login_name: str) -> str | None:
        """Return the person who logs in under this name."""
        found = await asyncio.to_thread(self._office.directory.find, LOGIN_NAME, login_name)
        return found[0] if found else None

    async def reserve_person(self, login_name: str) -> str:
        """Return the id that goes with a login name: the one it has, or a new one that it has from now on."""
        async with self._entering:  # two of one name must not get one id, nor one person two
            known = await self.find_person(login_name)
            if known is not None:
                return known
            person = self.new_id("person")
            await self._keep(person, {LOGIN_NAME: login_name})
            return person

    async def keep_factor(self, reference: str, secret: str) -> None:
        """Keep a second factor's secret."""
        await self._keep(reference, {_FACTOR: secret})

    async def factor(self, reference: str, person: str) -> str | None:
        """Return a second factor's secret, to check a code by it or to show it before its first use; None if there is none."""
        purpose = Purpose(person or "nobody", "login", "second factor")
        return await asyncio.to_thread(self._office.directory.read, reference, _FACTOR, purpose)

    async def _keep(self, subject: str, pieces: dict[str, str]) -> None:
        await asyncio.to_thread(self._office.directory.keep, subject, pieces)

    def _mailbox(self) -> Mailbox:
        if self._office.mailbox is None:  # nobody is connected, so nobody is believed
            raise MessageFault(MessageProblem.ISSUER_UNKNOWN)
        return self._office.mailbox

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
    "Desk",
    "answered",
]
