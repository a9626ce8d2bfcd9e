"""The one composition of the centre: the running centre with vault, gateway and chase. Puts together; adds no rule.

Without a wire nothing is sent and nothing is chased: orders wait for somebody to carry them.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import httpx

from recoup import limits
from recoup.cases import Case, CasePolicy, terminals
from recoup.cases.case import HoldPlace
from recoup.centre.answers import Answers
from recoup.centre.bulletins import Bulletins
from recoup.centre.case_grounds import ground_of, needs_ground
from recoup.centre.chaser import Chaser
from recoup.centre.commands import Command, Halted, Outcome
from recoup.centre.digests import Digests
from recoup.centre.directory import Directory
from recoup.centre.drift import Difference, Drift, gone, told_again, watches
from recoup.centre.facts import Grounds
from recoup.centre.gateway import HTTPGateway, NotConnected
from recoup.centre.keeper import Keeper
from recoup.centre.letters import Correspondence, Letters, Way
from recoup.centre.mailbox import Mailbox
from recoup.centre.mover import Mover
from recoup.centre.order_room import carries_first, is_to_leave
from recoup.centre.part import Part
from recoup.centre.ports import ToldOf
from recoup.centre.registry import COMMAND_REGISTRY
from recoup.centre.requests import SENDER, Actor, Request, command_of, derived_id
from recoup.centre.running import Centre
from recoup.centre.sender import Told
from recoup.centre.snapshots import NAME, restore, snapshot_of
from recoup.centre.state import CentreState
from recoup.centre.sweeping import sweep
from recoup.centre.tail import Tail
from recoup.centre.terms import TellAgain
from recoup.centre.view import View
from recoup.centre.witnessing import Sealing, Witnessing
from recoup.clock import EPOCH, Clock
from recoup.errors import VaultFault
from recoup.ids import Ids
from recoup.journal.port import Journal, Message
from recoup.journal.record import Record
from recoup.orders import Hold, HoldKey, Order
from recoup.orders.commands import NoteGone
from recoup.stores.sqlite import SqliteJournal, SqliteReplays, SqliteVaultTable
from recoup.stores.sqlite.connection import DriverConnection
from recoup.stores.sqlite.schema import connect
from recoup.stores.vault import KeyStore, Purpose, Vault

SWITCH_SECONDS = 0.0005
"""How long a thread may keep the interpreter while others wait; the process that runs a centre sets it. A thread that comes
back from the disk has little to do, and ten times as long at each step would be most of the way to the next order."""

_VIEWS = 3
"""Whoever looks from the start on: the desk, the chase, the gateway for its digests."""
_DRAINED_RECORDS_MIN = 1_000

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
    sealing: Sealing | None = None
    """None: the journal is not signed, and nobody watches it."""
    traces_ahead: bool = True
    """Whether the tracing process starts with the centre; else the first case that is traced waits seconds for it."""


_Connected = tuple[HTTPGateway | None, Chaser | None, Digests | None]


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
        vault = setting.vault or setting.store
        self._vault_rows, self._vault_reader = connect(vault), connect(vault)
        self.directory = Directory(
            self._vault_on(self._vault_rows), ids, reading=self._vault_on(self._vault_reader)
        )
        self._client = httpx.Client(timeout=SEND_SECONDS_MAX)
        self._looking, self._kept = threading.Lock(), 0
        self._folded: list[View] = []
        self._watches_told: dict[tuple[str, int], int] = {}
        self._tail = Tail()
        self._told_of_store = partial(told_of_case, "snapshot")
        self._view: View | None = None
        self._witnessing: Witnessing | None = None
        self.answers = Answers(self.directory, self.submit, clock)
        """Takes in what was typed from paper."""
        self._told = told
        self.mailbox: Mailbox | None = None
        """What institutions reach; None before the start, and where none is connected."""
        self._of_mailbox: tuple[SqliteReplays | SqliteJournal | Bulletins, ...] = ()
        connected: _Connected = (None, None, None)
        if setting.wire is not None:
            connected = self._connected(setting.wire, told_of_case, told_of_institution)
        self._wired, self._chaser, self._digests = connected
        if setting.sealing is not None:
            self._witnessing = Witnessing(
                self.open, setting.sealing, self._client, told_of_institution
            )
        self._centre = Centre(
            self.open,
            setting.policy,
            self._wired or NotConnected(),
            clock,
            told=told,
            halted=halted,
            written=self._chaser.wake if self._chaser is not None else lambda: None,
            begun=self._begun,
            ended=self._ended,
            restored=self._restored,
            carries=self._is_pushed,
            tail=self._tail,
        )
        self._keeper = Keeper(setting.store, self._told_of_store)
        self._mover = Mover((setting.store, vault), partial(told_of_case, "log"))

    def _vault_on(self, rows: DriverConnection) -> Vault:
        table = SqliteVaultTable(rows, log_pages_max=limits.STORE_LOG_PAGES_MAX)
        return Vault(table, self._setting.keys)

    def _connected(
        self, wire: Correspondence, told_of_case: ToldOf, told_of_institution: ToldOf
    ) -> _Connected:
        """Return what is there only where institutions are connected: the gateway, the chase, the rounds of digests."""
        setting = self._setting
        clock, ids = setting.clock, setting.ids
        gateway = HTTPGateway(
            wire,
            self._client,
            self.directory,
            self.submit,
            clock,
            ids,
            self._held_at,
            self._order_of,
            told_of_institution,
            epoch=lambda: self._centre.epoch,
            mend=self._mend,
            stands=self._is_to_leave,
            concerns=self._concerns,
            facts_follow=True,
        )
        chaser = Chaser(
            self.view,
            self.directory,
            self.submit,
            clock,
            ids,
            setting.policy,
            told_of_case,
            self.submit_together,
            traces_ahead=setting.traces_ahead,
        )
        digests = Digests(
            self._round, sorted(wire.addresses), setting.digest_seconds, told_of_institution
        )
        return gateway, chaser, digests

    def start(self) -> int:
        """Recover and begin; return how many records there are."""
        count = self._centre.start()
        self._sweep()
        for part in self._beside():
            part.start()
        if self._setting.wire is not None and self._wired is not None:
            self.mailbox = self._made_mailbox(self._setting.wire, self._wired)
        return count

    def _made_mailbox(self, wire: Correspondence, gateway: HTTPGateway) -> Mailbox:
        clock, path = self._setting.clock, self._setting.store.with_name(SENDINGS)
        replays, journal = SqliteReplays.open(path, clock.now()), self.open()
        setting = self._setting
        given = (self.directory, clock, setting.ids, setting.policy, gateway.letters.sealed)
        bulletins = Bulletins(self.view, *given, wire.notice)
        self._of_mailbox = (replays, journal, bulletins)
        return Mailbox(
            wire,
            gateway.letters,
            gateway.answers,
            replays,
            journal,
            self._order_of,
            self.submit,
            clock,
            self._told,
            self._is_to_leave,
            bulletins,
        )

    def _sweep(self) -> None:
        """Drop what the vault kept for commands that never came to an entry: nobody can be between the two now."""
        view = self.view()
        view.catch_up()
        journal = self.open()
        sweep(self.directory, journal, view.state, self._setting.clock.now())
        journal.close()
        self._folded.append(view)

    def stop(self) -> None:
        """Start nothing new, finish what is under way, and end."""
        for part in reversed(self._beside()):
            part.stop()
        self._centre.stop()
        while self._folded:
            self._folded.pop().close()
        self._client.close()
        for store in self._of_mailbox:
            store.close()
        self._vault_reader.close()
        self._vault_rows.close()

    @property
    def fault(self) -> BaseException | None:
        """Why a part of it ended by itself; None while all of it runs."""
        faults = (self._centre.fault, *(part.fault for part in self._beside()))
        return next((why for why in faults if why is not None), None)

    @property
    def cosigned(self) -> dict[str, int]:
        """How many records each witness has vouched for; nothing where nobody watches the journal."""
        return self._witnessing.cosigned if self._witnessing is not None else {}

    @property
    def is_stopped(self) -> bool:
        """Whether the writer stopped for good."""
        return self._centre.is_stopped

    def _beside(self) -> tuple[Part, ...]:
        """Return what runs beside the centre, as far as institutions are connected and the journal is signed."""
        beside = (self._mover, self._keeper, self._chaser, self._digests, self._witnessing)
        return tuple(part for part in beside if part is not None)

    def view(self) -> View:
        """Return a view of its own: for one thread, to be asked to catch up."""
        try:
            return self._folded.pop()
        except IndexError:
            return View(self.open(), tail=self._tail)

    @property
    def letters(self) -> Letters | None:
        """What writes and signs; None for a centre without a key of its own."""
        return self._wired.letters if self._wired is not None else None

    def _is_pushed(self, institution: str) -> bool:
        """Whether the sender carries messages there; without a wire it says of each that it cannot."""
        wire = self._setting.wire
        return wire is None or wire.way(institution) is Way.PUSH

    # --- the start is one fold for all, the end leaves a snapshot ---

    def _begun(self, state: CentreState, last: Record | None) -> None:
        """Let whoever looks go on from what the writer recovered: nothing is folded or checked twice."""
        for _ in range(_VIEWS):
            view = View(self.open(), folded=(state.copied(), last), tail=self._tail)
            self._folded.append(view)

    def _ended(self, state: CentreState, last: Record | None) -> None:
        """Keep a snapshot of what the last round left, if it saves the next start more than a moment."""
        if last is not None and last.sequence - self._kept >= _DRAINED_RECORDS_MIN:
            journal = self.open()
            journal.add_snapshot(snapshot_of(state, last))
            journal.close()

    def _restored(self, journal: Journal) -> tuple[CentreState, int] | None:
        """Return the snapshot; say it of one that is not used."""
        found = restore(journal)
        if found is None and journal.snapshot(NAME) is not None:
            self._told_of_store(
                "expected a snapshot of this journal, was another or a damaged one: folding all"
            )
        self._kept = found[1] if found else 0
        return found

    def _held_at(self, institution: str) -> list[Hold]:
        """Return the holds at an institution that stand or are on their way, as far as the disk says."""
        with self._looking:
            return [
                hold
                for hold in self._state().every()
                if hold.orders[-1].order.institution == institution
                and (hold.is_live or any(x.is_on_its_way for x in hold.orders))
            ]

    def _mend(self, drift: Drift) -> None:
        """Have an institution that forgot told again, once an hour at most; what it has no hold to release of is gone."""
        with self._looking:
            hold = self._state().hold(drift.key)
        if (
            drift.kind is Difference.MISSING
        ):  # its books are older than ours: it may have lost watches with the hold
            self._tell_watches(hold.orders[-1].order.institution, hours=1)
        orders = told_again(drift, hold)
        if release := gone(drift, hold):
            request = Request(SENDER, NoteGone(release))
            command_id = derived_id("note_gone", release)
            self.submit(command_of(COMMAND_REGISTRY, command_id, request)).result()
        self._tell_again(orders, (self._setting.clock.now() - EPOCH) // timedelta(hours=1))

    def _tell_again(self, orders: Sequence[str], hour: int) -> None:
        for order_id in orders:
            request = Request(SENDER, TellAgain(order_id, hour))
            command_id = derived_id("tell_again", order_id, str(hour))
            self.submit(command_of(COMMAND_REGISTRY, command_id, request)).result()

    def _tell_watches(self, institution: str, *, hours: int) -> None:
        """Have an institution told again of the watches that run there, once in so many hours: no digest shows them."""
        now = self._setting.clock.now()
        hour = (now - EPOCH) // timedelta(hours=hours) * hours
        if self._watches_told.get((institution, hours)) == hour:
            return
        self._watches_told[institution, hours] = hour
        with self._looking:
            orders = [tracked for _, tracked in self._state().of_institution(institution)]
        self._tell_again(watches(reversed(orders), now, self._setting.policy.orders), hour)

    def _is_to_leave(self, message: Message) -> bool:
        """Whether a message is still to leave, as far as the disk says."""
        if carries_first(message):
            return True  # nearly every message: nobody need look
        with self._looking:
            return is_to_leave(self._state(), message)

    def _concerns(self, institution: str, case_id: str) -> bool:
        """Whether a case has a claim, money or an order at an institution, as far as the disk says: so it was told of it."""
        with self._looking:
            state = self._state()
            case = state.case(case_id)
            there = {claim.institution for claim in case.claims}
            there |= {place.institution for place in case.places}
            there |= {tracked.order.institution for _, tracked in state.of_case(case_id)}
            return institution in there

    def _order_of(self, order_id: str) -> Order | None:
        """Return an order that was issued, as far as the disk says."""
        with self._looking:
            found = self._state().find(order_id)
            return None if found is None or found[1].issued_at is None else found[1].order

    def _round(self, institution: str) -> int:
        """Compare an institution's digest, and take in what it says of its own accord; return how many holds it shows."""
        assert self._wired is not None, "asked where institutions are connected"
        count = self._wired.confirm(institution)
        self._tell_watches(institution, hours=24)
        self._wired.collect(institution)
        return count

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

    def submit_together(self, commands: Sequence[Command]) -> list[Future[Outcome]]:
        """Hand commands in that belong in one round."""
        return self._centre.submit_together(commands)

    def ground(
        self,
        order: Order,
        case: Case,
        hold_of: Callable[[HoldKey], Hold],
        since: dict[HoldPlace, datetime],
    ) -> bool:
        """Keep by which transfer the money came that an order is about; False: its case is not traced yet, come again.

        Kept before the order leaves, as the chase does it: the sender may be there at once.
        """
        if not needs_ground(order, hold_of):
            return True
        chaser = self._chaser
        seconds = limits.TRAIL_SECONDS_MAX
        grounds = chaser.grounds(case, seconds) if chaser else self._grounds_of(case, since)
        if grounds is None:
            return False
        ground = ground_of(case, order, grounds, hold_of)
        if ground is not None:
            self.directory.keep_grounds(order.id, ground)
        return True

    def _grounds_of(
        self, case: Case, since: dict[HoldPlace, datetime]
    ) -> Mapping[HoldPlace, Grounds] | None:
        """Trace a case in this thread: where no institution is connected nobody else does, and nothing is in a hurry."""
        # Elsewhere tracing has a process of its own: this one loads tables and kernels only here, where it traces itself.
        from recoup.centre.case_trail import facts_of, told_by
        from recoup.centre.tracer import trace_facts

        try:
            purpose = Purpose("office", case.id, "tracing")
            statements = self.directory.statements(case.id, case.facts, purpose)
        except VaultFault:
            return None
        policy = self._setting.policy
        ends = terminals(case, policy)
        asked = facts_of(case, statements, since, ends, for_value=policy.for_value)
        return told_by(asked, trace_facts(asked.facts).trail).grounds

    def confirm_all(self) -> int:
        """Ask every institution for its digest; return how many holds they show."""
        return self._digests.one_round() if self._digests is not None else 0

    def open(self) -> SqliteJournal:
        """Return a connection of its own to the journal, for one thread."""
        return SqliteJournal.open(
            self._setting.store, log_pages_max=limits.STORE_LOG_PAGES_MAX
        )  # the mover keeps it short


def wait_until(is_done: Callable[[], bool], seconds: float) -> bool:
    """Wait until `is_done`, at most `seconds`; return whether it came to that."""
    until = time.monotonic() + seconds
    while not is_done():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


__all__ = ["SWITCH_SECONDS", "Office", "Setting", "wait_until"]
