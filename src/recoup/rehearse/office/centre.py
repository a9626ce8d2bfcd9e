"""The real centre in virtual time: scribe, rooms, journal, deadlines, outbox, chase and tracing, driven by the play's clock.

The parts are those of `centre.office`, without its threads: what threads do there is done here at instants of the play. The
chase looks at the writer's own registers, since on a disk in memory nothing lies between the two.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final, cast

from recoup import limits
from recoup.cases import CasePolicy
from recoup.cases import Institution as Declared
from recoup.centre import COMMAND_REGISTRY, EVENT_REGISTRY, CentreState, View, decider
from recoup.centre.answers import Answers
from recoup.centre.case_sheets import Decoded, Kept
from recoup.centre.chaser import ChaseStep, Trails
from recoup.centre.commands import Command, Outcome
from recoup.centre.deadlines import DueRows
from recoup.centre.directory import Directory
from recoup.centre.dispatch import Dispatcher
from recoup.centre.drift import Drift, gone, told_again
from recoup.centre.evolve import evolve
from recoup.centre.facts import statement_of
from recoup.centre.letters import Correspondence, Letters
from recoup.centre.order_room import carries_first, is_to_leave
from recoup.centre.requests import SENDER, Request, command_of, derived_id
from recoup.centre.scribe import Scribe
from recoup.centre.sender import answer_command, confirm_command, lane_of
from recoup.centre.terms import TellAgain, decode_issued
from recoup.clock import EPOCH, instant_of, microseconds_of
from recoup.errors import MessageFault
from recoup.ids import CountedIds, SubjectId
from recoup.journal.port import Journal, Message
from recoup.messages import (
    AnswerMessage,
    KeyRing,
    NoticeTerms,
    OrderMessage,
    SigningKey,
    encode,
)
from recoup.orders import Hold, HoldKey, Order, OrderKind
from recoup.orders.commands import NoteGone
from recoup.rehearse.country import Country
from recoup.rehearse.office.branch import KINDS, Branch
from recoup.rehearse.office.core import Names
from recoup.rehearse.office.terms import OfficeTerms
from recoup.rehearse.play.ports import Stage
from recoup.stores.memory import MemoryJournal, MemoryVaultTable
from recoup.stores.vault import LocalKeys, Purpose, Vault

CENTRE: Final = "centre"
_FAR: Final = datetime(2999, 1, 1, tzinfo=UTC)
_DAY: Final = timedelta(days=1)
_RACING: Final = frozenset(
    {OrderKind.STOP, OrderKind.EXTEND, OrderKind.RAISE, OrderKind.QUERY, OrderKind.POSTPONE}
)
"""Orders whose answers let others leave."""
_ROWS_KEPT_MAX: Final = 500_000
"""Rows kept for the next trace: one process traces a whole country, hundreds of cases at a time; some hundred megabytes."""
_VALID: Final = timedelta(days=2_000)

Heard = Callable[[SubjectId, object], None]
Taken = Callable[[Branch, OrderMessage, AnswerMessage], None]
Sent = Callable[[Branch, Order, OrderMessage], None]


class PlayClock:
    """The play's time as the centre and the agents read it."""

    def __init__(self, stage: Stage) -> None:
        self._stage, self._at, self._now = stage, -1, EPOCH

    def now(self) -> datetime:
        """Return the present instant."""
        if self._stage.now_us != self._at:
            self._at = self._stage.now_us
            self._now = instant_of(self._at)
        return self._now


class _Read(Directory):
    """The directory, which keeps the statements that it has opened: a trace reads all of its case each time."""

    def __init__(self, vault: Vault, ids: CountedIds, decoded: Decoded) -> None:
        """Open; a statement that was traced is in `decoded` already."""
        super().__init__(vault, ids)
        self._opened: dict[tuple[str, str], bytes] = {}
        self._decoded = decoded

    def statements(  # type: ignore[override]
        self,
        case_id: str,
        digests: Sequence[str],
        purpose: Purpose,
        read: Callable[[bytes], object] = statement_of,
    ) -> tuple[object, ...]:
        """Return the statements of a case in the order of `digests`."""
        fresh = [digest for digest in digests if (case_id, digest) not in self._opened]
        found = super().statements(case_id, fresh, purpose, bytes)
        self._opened |= {(case_id, x): body for x, body in zip(fresh, found, strict=True)}
        bodies = {digest: self._opened[case_id, digest] for digest in digests}
        if read is statement_of:
            return tuple(self._decoded.statement(digest, bodies[digest]) for digest in digests)
        return tuple(read(bodies[digest]) for digest in digests)


class _WriterView:
    """What the chase looks at: the writer's registers, and which cases changed since the last look."""

    def __init__(self) -> None:
        self.state = CentreState()
        self.changed: dict[str, None] = {}

    def catch_up(self, changed: dict[str, None] | None = None) -> int:
        """Hand over which cases changed; return how many."""
        found, self.changed = self.changed, {}
        if changed is not None:
            changed |= found
        return len(found)


def policy_of(policy: CasePolicy, country: Country, terms: OfficeTerms) -> CasePolicy:
    """Return a policy with what the country's institutions declare, and the clocks that a scenario sets."""
    declared = {
        one.name: Declared(
            one.name,
            orders_per_minute=one.orders_a_minute,
            can_stop_amounts=one.can_stop_amounts,
            kind=KINDS[one.kind],
        )
        for one in country.institutions
        if one.kind in KINDS
    }
    procedure = policy.procedure
    if procedure is not None:
        days = procedure.notice_days if terms.notice_days is None else terms.notice_days
        procedure = replace(procedure, notice_days=days, approvals=terms.return_approvals)
    clock = max(1, terms.appeal_clock_us // 1_000_000)
    return replace(policy, institutions=declared, procedure=procedure, appeal_seconds=clock)


class Centre:
    """One centre and its institutions."""

    def __init__(
        self,
        stage: Stage,
        policy: CasePolicy,
        terms: OfficeTerms,
        journal: Journal | None = None,
        *,
        chases: bool = True,
    ) -> None:
        """Open with an empty journal, in memory unless another is given.

        `chases`: cases are traced as their facts change. Else one is traced when a person looks into it.
        """
        country = stage.country
        self._chases = chases
        self.stage, self.terms, self.policy = stage, terms, policy
        self.clock, self.ids, self.names = PlayClock(stage), CountedIds(), Names(country)
        chance = Random(f"{country.seed}/keys")  # noqa: S311 - a seed, not secrecy
        self._kept = Kept(_ROWS_KEPT_MAX)
        self.directory: Directory = _Read(
            Vault(MemoryVaultTable(), LocalKeys(chance.randbytes(32))),
            self.ids,
            self._kept.decoded,
        )
        self.journal: Journal = journal or MemoryJournal()
        self._view = _WriterView()
        self.on_event: list[Heard] = []
        self.on_taken: list[Taken] = []
        self.on_sent: list[Sent] = []
        self.on_rest: list[Callable[[], None]] = []
        self.told: dict[tuple[str, str], None] = {}
        """What a person should know, by case or institution."""
        self.scribe = Scribe(
            self.journal,
            EVENT_REGISTRY,
            self.clock,
            state=self._view.state,
            decide=decider(policy),
            evolve=self._evolve,
        )
        self._connect(chance)
        self._is_called = False
        self.trails = Trails(self._say, self._call)
        self._step = ChaseStep(
            cast("View", self._view),
            self.directory,
            self.trails,
            self._trace,
            self._submit,
            self.clock,
            self.ids,
            policy,
            self._say,
            self._together,
        )
        self._dispatcher, self._rows, self._cursor = Dispatcher(lane_of), DueRows(), ""
        self._fires_at = self._looks_at = -1
        self._inbox: list[tuple[Branch, OrderMessage, AnswerMessage]] = []
        self._takes_at = -1
        self._numbers: dict[str, int] = {}

    def _connect(self, chance: Random) -> None:
        """Open the institutions, and what writes to them and takes in what they say."""
        stage, country = self.stage, self.stage.country
        begin = instant_of(country.begin_us)
        key = SigningKey(CENTRE, chance.randbytes(32), begin - _DAY, begin + _VALID)
        notice = NoticeTerms("Centre", ("notice of a stop",), "000")
        wire = Correspondence(CENTRE, key, KeyRing([key.public]), {}, notice)
        self._letters = Letters(wire, self.directory, self.clock, self.ids, lambda: 1)
        self.answers = Answers(
            self.directory,
            self._submit,
            self.clock,
            self._held_at,
            self._order_of,
            self._say,
            notice,
            self._mend,
            self._concerns,
            is_news=self._is_news,
        )
        given = {"policy": self.policy, "clock": self.clock, "ids": self.ids, "key": key}
        self.branches = {
            one.name: Branch(stage, self.names, place, **given)  # type: ignore[arg-type]
            for place, one in enumerate(country.institutions)
            if one.kind in KINDS
        }

    @property
    def state(self) -> CentreState:
        """The registers."""
        return self.scribe.state

    def number_of(self, account: str) -> int:
        """Return the play's number of an account that the directory knows by an id; -1 for one that no order was about."""
        return self._numbers.get(account, -1)

    # --- commands ---

    def write(self, commands: Sequence[Command]) -> list[Outcome]:
        """Decide commands in one round, and let follow what follows at this instant."""
        outcomes = self.scribe.write(commands)
        self.settle()
        return outcomes

    def settle(self) -> None:
        """Trace what changed, let orders leave, send them, until nothing more follows at this instant."""
        while True:
            self._is_called = False
            left = self._step.run()
            sent = self._send()
            if not (left or sent or self._is_called or self._view.changed):
                break
        for heard in self.on_rest:
            heard()
        if self._step.is_waiting:
            self._look_again()
        self._wait()

    def look_into(self, case_id: str) -> None:
        """Have a case traced whose facts changed since it was: a person is about to read its plan."""
        if not (self._chases or self.state.case(case_id).has_current_trail()):
            self.trails.want(case_id)
            self.settle()

    def _submit(self, command: Command) -> Future[Outcome]:
        return self._together([command])[0]

    def _together(self, commands: Sequence[Command]) -> list[Future[Outcome]]:
        futures: list[Future[Outcome]] = []
        for outcome in self.scribe.write(commands) if commands else ():
            future: Future[Outcome] = Future()
            future.set_result(outcome)
            futures.append(future)
        return futures

    def _evolve(self, state: CentreState, subject: SubjectId, event: object) -> CentreState:
        state = evolve(state, subject, event)
        if self._chases and subject in state.cases:
            self._view.changed[subject] = None
        for heard in self.on_event:
            heard(subject, event)
        return state

    def _call(self) -> None:
        self._is_called = True

    def _say(self, what: str, why: str) -> None:
        self.told[what, why] = None

    def _trace(self, case: str) -> None:
        """Trace a case at once: the tracing process's work, done here."""
        sheets = self.trails.newest(case)
        if sheets is None:
            return
        try:
            self.trails.take(sheets.traced(self._kept))
        except Exception as why:  # noqa: BLE001 - told, as the tracer tells it; other cases go on
            self.trails.drop(case)
            self._say(case, f"no trail: {type(why).__name__}: {why}")

    # --- the outbox and the wire ---

    def _send(self) -> int:
        """Send what is in the outbox; return how many messages left."""
        confirmed: list[Command] = []
        while True:
            found = self.journal.pending(limits.PAGE_ROWS_MAX, self._cursor)
            if not found:
                break
            self._dispatcher.load([row.message for row in found])
            self._cursor = found[-1].message.id
        now = self.stage.now_us / 1_000_000
        while (message := self._dispatcher.start(now)) is not None:
            if carries_first(message) or is_to_leave(self.state, message):
                self._leaves(message)
            confirmed.append(confirm_command(message, self.clock.now()))
            self._dispatcher.got_through(message)
        if confirmed:
            self.scribe.write(confirmed)
        return len(confirmed)

    def _leaves(self, message: Message) -> None:
        issued = decode_issued(message.body)
        branch = self.branches[message.destination]
        order = self._letters.written(issued)
        self._numbers[issued.order.key.account] = self.names.number(order.account_number)
        for heard in self.on_sent:
            heard(branch, issued.order, order)
        draw, body = branch.drawn(order), encode(order)
        if draw.is_silent:
            return
        at = branch.arrives_us(self.stage.now_us + self.terms.wire_us) + draw.answer_us

        def carry_out() -> None:
            self._inbox.append((branch, order, branch.carry_out(body, draw)))
            terms = self.terms
            tick = terms.tick_us if order.kind in _RACING else terms.slow_tick_us
            back = self.stage.now_us + terms.wire_us
            due = -(-back // tick) * tick
            if self._takes_at < self.stage.now_us or due < self._takes_at:
                self._takes_at = due
                self.stage.at(due, self._take_in)

        self.stage.at(at, carry_out)

    def _take_in(self) -> None:
        """Take in the answers that came, all in one round."""
        self._takes_at = -1
        inbox, self._inbox = self._inbox, []
        if not inbox:
            return
        commands: list[Command] = []
        for branch, message, answer in inbox:
            order = self._order_of(message.id)
            assert order is not None, "an answer to what was issued"
            try:
                commands += self.answers.facts(order, answer)
            except MessageFault as fault:
                self._say(branch.name, str(fault))
                continue
            said = self.answers.words_of(answer)
            commands.append(answer_command(branch.name, order.id, said))
        self.scribe.write(commands)
        for branch, message, answer in inbox:
            for heard in self.on_taken:
                heard(branch, message, answer)
        self.settle()

    # --- clocks ---

    def _wait(self) -> None:
        """Have the next deadline fired when it comes."""
        due = self.journal.due(_FAR, 1)
        if not due:
            return
        at = max(self.stage.now_us, microseconds_of(due[0].due_at))
        if self._fires_at < self.stage.now_us or at < self._fires_at:
            self._fires_at = at
            self.stage.at(at, self._fire)

    def _fire(self) -> None:
        """Fire what is due, as often as something comes of it."""
        is_due = False
        while due := list(self.journal.due(self.clock.now(), limits.DEADLINES_ROUND_MAX)):
            is_due = True
            outcomes = self.scribe.write(self._rows.commands(due))
            for row, outcome in zip(due, outcomes, strict=True):
                self._rows.heard(row, outcome)
            left = {row.id for row in self.journal.due(self.clock.now(), limits.PAGE_ROWS_MAX)}
            if {row.id for row in due} <= left:
                break
        self._fires_at = -1
        if is_due:
            self.settle()
        else:
            self._wait()

    def _look_again(self) -> None:
        """Look again in a second: an institution takes no more orders in this minute."""
        if self._looks_at > self.stage.now_us:
            return
        self._looks_at = self.stage.now_us + 1_000_000
        self.stage.at(self._looks_at, self.settle)

    # --- digests ---

    def confirm(self, branch: Branch) -> None:
        """Ask an institution for its balance digest and tell the cases what it shows."""
        shown = self.answers.shown(branch.name)
        while not shown.is_whole:
            shown.take(branch.agent.digest_page(shown.page + 1))
        self.settle()

    def _held_at(self, institution: str) -> list[Hold]:
        return [
            hold
            for hold in self.state.every()
            if hold.orders[-1].order.institution == institution
            and (hold.is_live or any(x.is_on_its_way for x in hold.orders))
        ]

    def _concerns(self, institution: str, case_id: str) -> bool:
        """Whether a case has a claim, money or an order at an institution, as at an office."""
        case = self.state.case(case_id)
        there = {claim.institution for claim in case.claims}
        there |= {place.institution for place in case.places}
        there |= {tracked.order.institution for _, tracked in self.state.of_case(case_id)}
        return institution in there

    def _is_news(self, key: HoldKey, held: int) -> bool:
        """Whether a case would note what a digest shows of a hold; its own rule says the same of what is not."""
        standing = self.state.case(key.case).standing(key.account, key.currency)
        return standing is not None and standing.confirmed != min(held, standing.held)

    def _order_of(self, order_id: str) -> Order | None:
        found = self.state.find(order_id)
        return None if found is None or found[1].issued_at is None else found[1].order

    def _mend(self, drift: Drift) -> None:
        """Have an institution that forgot told again; what it has no hold to release of is gone."""
        hold = self.state.hold(drift.key)
        if release := gone(drift, hold):
            request = Request(SENDER, NoteGone(release))
            command_id = derived_id("note_gone", release)
            self._submit(command_of(COMMAND_REGISTRY, command_id, request))
        hour = (self.clock.now() - EPOCH) // timedelta(hours=1)
        for order_id in told_again(drift, hold):
            request = Request(SENDER, TellAgain(order_id, hour))
            command_id = derived_id("tell_again", order_id, str(hour))
            self._submit(command_of(COMMAND_REGISTRY, command_id, request))


__all__ = ["CENTRE", "Centre", "PlayClock", "policy_of"]
