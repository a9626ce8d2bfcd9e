"""The lists in the same country: persons who list, agree and take off, banks whose machines ask, over the same wire and clock.

The auditor reads the journal only. It knows who must agree and when a term ends, and shares no rule with the centre.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256
from random import Random
from typing import Any

from docket import claim, report

from recoup.cases.commands import TakeReport
from recoup.cases.lists import Entry, EntryAdded, EntryMoved, EntryRenewed, Level, Subject
from recoup.centre import COMMAND_REGISTRY, EVENT_REGISTRY
from recoup.centre.commands import Done, Outcome, Turned
from recoup.centre.list_commands import (
    AgreeToEntry,
    Checked,
    CheckLists,
    ListsChecked,
    ListSubject,
    Side,
    WithdrawEntry,
)
from recoup.centre.requests import DOOR, INSTITUTION, MACHINE, Acted, Actor, Request, command_of
from recoup.errors import MessageFault
from recoup.journal.port import Journal
from recoup.journal.record import Record
from recoup.messages import CallMessage, KeyRing, SigningKey, open_message, seal
from recoup.staff import Grant, Role, Unit
from recoup.staff import Level as UnitLevel
from recoup.staff.commands import AddPerson, Enrol, GrantRole, OpenSession, SetUp
from sim.office import START, Office
from sim.world import DOUBLE, FAR, LATE_SECONDS_MAX, LOSS, World

CASE, UNIT = "L1", "gd"
HOUR = timedelta(hours=1)
PATH = "/lists/check/payment"
PERSONS = ("ann", "bo", "chen", "dai")
KEYS = tuple(f"account-{n}" for n in range(8))
TRIES_MAX = 12
WAITING = {"proposed", "leaving"}
TOLD = {"standing", "leaving"}
LIVE = WAITING | TOLD
LIST_MARKS = (
    "entry proposed",
    "entry agreed to",
    "entry taken off by one",
    "entry taken off by two",
    "entry lapsed proposed",
    "entry lapsed standing",
    "entry lapsed leaving",
    "check tells an entry",
    "check tells nothing",
    "check within a moment of an end",
    "check repeated",
    "four_eyes",
    "entry_stale",
    "entry_ended",
    "message_stale",
    "message_early",
    "call forged",
    "call altered",
)


@dataclass
class _Listed:
    """What the auditor knows of one entry."""

    level: str
    key: str
    asked_by: str
    ends_at: datetime
    state: str


@dataclass
class ListAuditor:
    """Fed with every record in order; raises at the first broken promise about lists."""

    marks: Counter[str]
    asked: dict[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)
    """What banks really asked: by payment, the bank and the keys."""
    entries: dict[str, _Listed] = field(default_factory=dict)
    noted: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """What was told of a payment."""
    command: str = ""
    acted: Acted | None = None
    read: int = 0

    def catch_up(self, journal: Journal) -> None:
        for record in journal.records(self.read + 1):
            self.watch(record)
            self.read = record.sequence

    def watch(self, record: Record) -> None:
        if record.command != self.command:
            event = EVENT_REGISTRY.decode(record.name, record.version, record.body)
            self.command, self.acted = record.command, event
        elif record.name.startswith(("entry_", "lists_")):
            match EVENT_REGISTRY.decode(record.name, record.version, record.body):
                case EntryAdded(entry):
                    self._added(entry, record.at)
                case EntryMoved() as moved:
                    self._moved(moved, record.at)
                case EntryRenewed():
                    raise AssertionError("an entry went on for which no case holds money")
                case ListsChecked() as checked:
                    self._checked(checked, record.at)

    def _who(self) -> str:
        assert self.acted is not None
        return self.acted.who

    def _added(self, entry: Entry, at: datetime) -> None:
        state = {"involved": "proposed", "suspect": "standing"}[entry.level]
        assert entry.state == state, "one person listed an involved subject"
        assert entry.id not in self.entries, "twice: added"
        assert entry.added_by == self._who(), "listed in another's name"
        assert entry.ends_at > at, "it ended before it began"
        self.entries[entry.id] = _Listed(
            entry.level, entry.key, entry.added_by, entry.ends_at, state
        )
        self.marks["entry proposed"] += state == "proposed"

    def _moved(self, moved: EntryMoved, at: datetime) -> None:
        entry = self.entries[moved.entry]
        assert entry.state in LIVE, "an entry that ended moved"
        step, needs_two = (entry.state, moved.state.value), entry.level == "involved"
        if moved.state == "lapsed":
            assert self._who() == "deadlines", "a person let an entry lapse"
            assert at >= entry.ends_at, "it lapsed before its end"
            self.marks[f"entry lapsed {entry.state}"] += 1
        elif step in {("proposed", "standing"), ("leaving", "withdrawn")}:
            assert moved.by == self._who() != entry.asked_by, "one person agreed with himself"
            self.marks["entry taken off by two" if step[0] == "leaving" else "entry agreed to"] += 1
        elif step == ("standing", "leaving"):
            entry.asked_by = moved.by
        else:
            assert step in {("proposed", "withdrawn"), ("standing", "withdrawn")}, step
            assert step[0] == "proposed" or not needs_two, "one person took an involved subject off"
            self.marks["entry taken off by one"] += 1
        entry.state = moved.state.value

    def _checked(self, checked: ListsChecked, at: datetime) -> None:
        keys = tuple(subject.key for subject in checked.subjects)
        known = self.asked.get(checked.payment)
        assert known == (checked.by, keys), f"nobody asked this: {checked.payment}"
        assert checked.payment not in self.noted, "asked once, noted twice"
        told = tuple(
            sorted(
                entry_id
                for key in keys  # of each side
                for entry_id, entry in self.entries.items()
                if entry.key == key and entry.state in TOLD and at < entry.ends_at
            )
        )
        assert tuple(sorted(checked.found)) == told, "told something else than what stands"
        self.noted[checked.payment] = told
        self.marks["check tells an entry" if told else "check tells nothing"] += 1
        ends = [entry.ends_at for entry in self.entries.values() if entry.key in keys]
        near = timedelta(milliseconds=2)
        self.marks["check within a moment of an end"] += any(abs(at - x) <= near for x in ends)

    def live(self) -> list[str]:
        return [entry_id for entry_id, entry in self.entries.items() if entry.state in LIVE]

    def end(self) -> None:
        """Check what must hold when everything has come to rest."""
        assert not self.live(), "an entry without an end"


class ListOffice(Office):
    """The centre with staff: persons act in sessions, and whatever else asks is a machine."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.sessions: dict[str, str] = {}
        self.logins = 0
        root = SetUp("root", Unit(UNIT, UnitLevel.PROVINCE), "c", "f")
        self._must(DOOR, root)
        for person in PERSONS:
            self.as_root(AddPerson(person, f"token {person}", "root"))
            self._must(DOOR, Enrol(person, f"token {person}", "c", "f"))
            for role in (Role.OFFICER, Role.APPROVER):
                self.as_root(GrantRole(person, Grant(role, UNIT), "root"))
        taken = TakeReport(report(at=START), claim("c1", "a", 100, paid_at=START - HOUR), UNIT)
        self._must(Actor("taker", MACHINE, "a call"), taken, case=CASE)

    def ask(
        self,
        who: str,
        what: Any,
        command_id: str = "",
        role: str = MACHINE,  # noqa: ARG002 - a session says it
        case: str = "",
    ) -> Outcome:
        """Let somebody ask: a person in a session, after a new login where the last one ended."""
        if who not in PERSONS:
            return super().ask(who, what, command_id, MACHINE, case)
        outcome = self._in_session(who, what)
        if isinstance(outcome, Turned) and outcome.reason == "session_ended":
            self._log_in(who)
            outcome = self._in_session(who, what)
        return outcome

    def as_root(self, what: Any) -> None:
        self._log_in("root")
        done = self._in_session("root", what)
        assert isinstance(done, Done), done

    def _in_session(self, who: str, what: Any) -> Outcome:
        actor = Actor(who, "", "case file 1")
        return self._sent(Request(actor, what, case=CASE, session=self.sessions.get(who, "none")))

    def _log_in(self, who: str) -> None:
        self.logins += 1
        self.sessions[who] = f"session {self.logins}"
        self._must(DOOR, OpenSession(who, self.sessions[who], "c", self.logins))

    def _must(self, actor: Actor, what: Any, case: str = "") -> None:
        done = self._sent(Request(actor, what, case=case))
        assert isinstance(done, Done), done

    def _sent(self, request: Request) -> Outcome:
        self.count += 1
        return self.submit(command_of(COMMAND_REGISTRY, f"c{self.count}", request))


class _ByTheWriter:
    """As the desk has it: a copy of a call gets the first answer."""

    def remember(self, *_: object) -> bool:
        return True


def _key(bank: str, secret: int = 0) -> SigningKey:
    seed = sha256(f"{bank} {secret}".encode()).digest()
    return SigningKey(bank, seed, START - timedelta(days=9_000), FAR)


@dataclass
class ListWorld(World):
    """One run with lists. The last two fields are switches that a negative control turns."""

    office: ListOffice = field(default_factory=ListOffice)
    checks_calls: bool = True
    knows_repeats: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        self.luck = Random(f"{self.seed} lists")
        self.lists = ListAuditor(self.marks)
        self.keys = {bank: _key(bank) for bank in self.banks}
        self.ring = KeyRing([key.public for key in self.keys.values()])
        self.said: dict[str, bytes] = {}
        self.digests: dict[str, str] = {}
        self.late: dict[str, float] = {}
        self.calls = 0

    def run(self, events: int) -> Counter[str]:
        for _ in range(4):
            self.later(self.luck.uniform(0, 600), self.lister)
        return super().run(events)

    def _step(self) -> None:
        super()._step()
        if self.is_up:
            self.lists.catch_up(self.office.journal)
        self._watch_ends()

    def calm(self) -> None:
        super().calm()
        self.lists.end()
        assert set(self.said) == set(self.lists.noted), "an answer that is not in the journal"

    def _watch_ends(self) -> None:
        """No entry stays over its end for longer than a minute of being up, by the centre's own clock."""
        now, over = self.office.clock.now(), {}
        for entry_id in self.lists.live() if self.is_up else ():
            if self.lists.entries[entry_id].ends_at <= now:
                over[entry_id] = self.late.get(entry_id, self.seconds)
                assert self.seconds - over[entry_id] <= LATE_SECONDS_MAX, "should have ended"
        self.late = over

    # --- persons ---

    def lister(self) -> None:
        """Do one thing with the lists, and something else later."""
        if self.is_calm:
            return
        self.later(self.luck.expovariate(1 / 1800), self.lister)
        if not self.is_up:
            return
        live, roll = self.lists.live(), self.luck.random()
        if roll < 0.25 or not live:
            self._list()
        elif roll < 0.55:
            self._agree(self.luck.choice([*live, *self.lists.entries]))
        elif roll < 0.65:
            self._withdraw(self.luck.choice(live))
        elif roll < 0.75:
            self._race(live)
        else:
            self._calls(self.luck.choice(KEYS), self.luck.choice(KEYS))

    def _list(self) -> None:
        """List something, mostly with an end that comes soon."""
        self.number += 1
        who, now = self.luck.choice(PERSONS), self.office.clock.now()
        hours = self.luck.choice([0.1, 2, 8, 30, 90])
        entry = Entry(
            id=f"e{self.number}",
            subject=Subject.ACCOUNT,
            level=self.luck.choice([Level.INVOLVED, Level.INVOLVED, Level.SUSPECT]),
            key=self.luck.choice(KEYS),
            case=CASE,
            origin=f"register-{self.number}",
            reason="seen",
            added_by=who,
            added_at=now,
            ends_at=FAR if self.luck.random() < 0.1 else now + timedelta(hours=hours),
        )
        self._tells(self.office.ask(who, ListSubject(entry)))

    def _agree(self, entry_id: str) -> None:
        """Agree to what somebody saw, now or some time ago."""
        who = self.luck.choice(PERSONS)
        entry = self.office.scribe.state.listed.entries[entry_id]
        seen = self.digests.get(entry_id, entry.digest)
        self.digests[entry_id] = entry.digest
        outcome = self.office.ask(who, AgreeToEntry(entry_id, who, seen))
        assert seen == entry.digest or isinstance(outcome, Turned), "agreed to what is no more"
        self._tells(outcome)

    def _withdraw(self, entry_id: str) -> None:
        who = self.luck.choice(PERSONS)
        self._tells(self.office.ask(who, WithdrawEntry(entry_id, who, "not so")))

    def _race(self, live: list[Any]) -> None:
        """Do something within milliseconds of an end; of holds, what the world does."""
        if live and not isinstance(live[0], str):
            super()._race(live)
            return
        entry_id = self.luck.choice(live)
        entry = self.lists.entries[entry_id]
        wait = (entry.ends_at - self.office.clock.now()) / timedelta(seconds=1)
        off = self.luck.choice([-0.001, 0.0, 0.001])
        if wait + off > 0:
            self.later(wait + off, self._if_up, self._arrive_now, entry.key)
            self.later(wait + off, self._if_up, self._agree, entry_id)

    def _if_up(self, what: Callable[[str], None], given: str) -> None:
        if self.is_up:
            what(given)

    def _tells(self, outcome: Any) -> None:
        if isinstance(outcome, Turned):
            self.marks[outcome.reason] += 1

    # --- machines ---

    def _arrive_now(self, key: str) -> None:
        """A call about a key that is there this very moment."""
        bank, call, body = self._asks(key, key)
        self._arrives_call(self._signed(bank, call, body, 0.0), body, bank, call, TRIES_MAX)

    def _asks(self, payer: str, payee: str) -> tuple[str, str, bytes]:
        self.calls += 1
        bank, call = f"bank-{self.luck.randrange(20)}", f"pay-{self.calls}"
        self.lists.asked[call] = (bank, (payer, payee))
        return bank, call, json.dumps([payer, payee, call]).encode()

    def _calls(self, payer: str, payee: str) -> None:
        bank, call, body = self._asks(payer, payee)
        self._send(body, bank, call, 0)
        trait = self.banks[bank].trait
        if trait in {"forging", "wrong"}:
            self._forges(bank, call, body)

    def _forges(self, bank: str, call: str, body: bytes) -> None:
        """Ask in the name of another with one's own key; send other content under a true signature."""
        other = f"bank-{(int(bank[5:]) + 1) % 20}"
        lie = json.dumps([KEYS[0], KEYS[1], f"forged-{call}"]).encode()
        theirs = replace(self.keys[other], secret=self.keys[bank].secret)
        data = self._signed(other, f"forged-{call}", lie, 0.0, theirs)
        self.later(1.0, self._arrives_call, data, lie, other, f"forged-{call}", TRIES_MAX)
        changed = json.dumps([KEYS[2], KEYS[3], call]).encode()
        data = self._signed(bank, call, body, 0.0)
        self.later(2.0, self._arrives_call, data, changed, bank, call, TRIES_MAX)

    def _signed(
        self, bank: str, call: str, body: bytes, off: float, key: SigningKey | None = None
    ) -> bytes:
        self.number += 1
        now = self.office.clock.now() + timedelta(seconds=off)
        told = CallMessage(bank, PATH, call, sha256(body).hexdigest())
        jti = f"{call}-{self.number}"
        return seal(told, key or self.keys[bank], audience="centre", jti=jti, now=now)

    def _send(self, body: bytes, bank: str, call: str, tries: int) -> None:
        """Sign a call afresh by a clock that may be wrong, and let it set out: lost, late or twice at times."""
        if tries >= TRIES_MAX:
            return
        data = self._signed(bank, call, body, self.luck.choice([0, 0, 0, -200, 30, -400, 120]))
        if self.luck.random() < LOSS:
            self.later(60.0, self._send, body, bank, call, tries + 1)
            return
        self.later(self.luck.uniform(0.01, 5), self._arrives_call, data, body, bank, call, tries)
        if self.luck.random() < DOUBLE:
            late = self.luck.choice([1.0, 30.0, 7200.0])
            self.later(late, self._arrives_call, data, body, bank, call, TRIES_MAX)

    def _arrives_call(self, data: bytes, body: bytes, bank: str, call: str, tries: int) -> None:
        """What the desk and the endpoint do with a signed call."""
        if not self.is_up:
            self.later(600.0, self._send, body, bank, call, tries + 1)
            return
        if not self._is_believed(data, body, bank, call):
            self.later(60.0, self._send, body, bank, call, tries + 1)
            return
        payer, payee, payment = json.loads(body)
        subjects = (Checked(Side.PAYER, payer), Checked(Side.PAYEE, payee))
        asking = Request(Actor(bank, INSTITUTION, "a payment"), CheckLists(subjects, payment))
        self.number += 1
        key = call if self.knows_repeats else f"{call} {self.number}"
        command = command_of(COMMAND_REGISTRY, f"institution {bank}:{key}", asking)
        outcome = self.office.submit(command)
        assert isinstance(outcome, Done), outcome
        assert self.said.setdefault(call, outcome.answer) == outcome.answer, "another answer"
        self.marks["check repeated"] += outcome.is_repeat
        if self.luck.random() < LOSS:  # the answer is lost on its way
            self.later(60.0, self._send, body, bank, call, tries + 1)

    def _is_believed(self, data: bytes, body: bytes, bank: str, call: str) -> bool:
        if not self.checks_calls:
            return True
        now = self.office.clock.now()
        try:
            told = open_message(
                data,
                self.ring,
                audience="centre",
                now=now,
                replays=_ByTheWriter(),
                takes=(CallMessage,),
            ).message
        except MessageFault as fault:
            of_key = {"key_unknown", "signature_wrong"}
            self.marks["call forged" if fault.problem in of_key else fault.problem.value] += 1
            return False
        if told == CallMessage(bank, PATH, call, sha256(body).hexdigest()):
            return True
        self.marks["call altered"] += 1
        return False


__all__ = ["LIST_MARKS", "ListAuditor", "ListWorld"]
