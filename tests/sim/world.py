"""A country in virtual time: officers, a centre, twenty faulty banks, a bad wire, a clock that steps, and crashes.

One heap of things to come; one seed decides everything. The centre is the real one without its threads (`office`). `run` works
for some events and then lets everything come to rest, since what must happen in the end can only be asked of an end.
"""

from __future__ import annotations

import hmac
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from random import Random
from typing import Any

from recoup.centre import Reply, answer_command
from recoup.centre.commands import Done, Turned
from recoup.centre.terms import decode_issued
from recoup.journal.port import Message
from recoup.orders import HoldKey, HoldState, Order, OrderKind
from sim.auditor import Auditor
from sim.banks import Bank, Said, make_banks, seal
from sim.office import START, Office, some_order

LOSS = DOUBLE = 0.1
TICK = 5.0
DAY = 86_400.0
LATE_SECONDS_MAX = 60.0
FAR = datetime(2999, 1, 1, tzinfo=UTC)
_NEXT = {
    HoldState.HELD: (
        OrderKind.POSTPONE,
        OrderKind.FREEZE,
        OrderKind.RELEASE,
        OrderKind.RAISE,
        None,
        None,
    ),
    HoldState.HELD_SHORT: (OrderKind.POSTPONE, OrderKind.FREEZE, OrderKind.RELEASE, None),
    HoldState.POSTPONED: (OrderKind.FREEZE, OrderKind.RELEASE, None),
    HoldState.FROZEN: (OrderKind.RENEW, OrderKind.REDUCE, OrderKind.RELEASE, None),
    HoldState.REDUCED: (OrderKind.RENEW, OrderKind.RELEASE, None),
    HoldState.LAPSED: (OrderKind.STOP, None),
    HoldState.REFUSED: (OrderKind.STOP, None),
    HoldState.ASKED: (OrderKind.RELEASE, OrderKind.QUERY, None),
    HoldState.RELEASED: (OrderKind.STOP, None, None),
}


@dataclass
class World:
    """One run. The fields after `office` are switches that a negative control turns."""

    seed: int
    office: Office = field(default_factory=Office)
    checks_seals: bool = True
    fires_deadlines: bool = True
    is_restless: bool = False
    """The clock steps, leaps and stands still often."""
    pause_seconds: float = 3600.0
    """Between two acts of one of the five officers, in the mean."""
    marks: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    """True time since the beginning; the centre's clock may say something else."""

    def __post_init__(self) -> None:
        self.chance = Random(self.seed)
        self.banks: dict[str, Bank] = make_banks(Random(self.chance.random()))
        self.auditor = Auditor(self.office.policy, self.marks)
        self.heap: list[tuple[float, int, Callable[..., None], tuple[Any, ...]]] = []
        self.number = self.orders = self.events = self.life = 0
        self.down_until = self.stands_until = 0.0
        self.behind = timedelta(0)
        self.is_calm = False
        self.given: dict[tuple[str, str, str], Said] = {}
        self.taken: set[tuple[str, str, str]] = set()
        self.delivered: set[str] = set()
        self.overdue: dict[HoldKey, float] = {}
        self.ticks = float("inf")

    # --- time ---

    def later(self, seconds: float, what: Callable[..., None], *given: Any) -> None:
        self.number += 1
        heappush(self.heap, (self.seconds + seconds, self.number, what, given))

    def run(self, events: int, days: float = 0) -> Counter[str]:
        """Work for some events and some days, then come to rest; return how often each rare situation was met."""
        for _ in range(5):
            self.later(self.chance.uniform(0, 600), self.officer)
        while self.events < events or self.seconds < days * DAY:
            self._step()
        self.calm()
        return self.marks

    def _step(self) -> None:
        look = self._next_look()
        if look is not None and (not self.heap or look <= self.heap[0][0]):
            self._pass(look)
            self._fire()
        else:
            at, _, what, given = heappop(self.heap)
            self._pass(at)
            what(*given)
        self.events += 1
        if self.is_up:
            self._pump()
            self.auditor.catch_up(self.office.journal)
        self._watch_overdue()

    def _pass(self, at: float) -> None:
        by = timedelta(seconds=at - self.seconds)
        self.seconds = at
        if at < self.stands_until:
            self.behind += by  # the clock stands still: it will leap when it goes again
        else:
            self.office.clock.move(by + self.behind)
            self.behind = timedelta(0)

    @property
    def is_up(self) -> bool:
        return self.seconds >= self.down_until

    def _next_look(self) -> float | None:
        """Return the true time of the next look for what is due that finds something: looks lie on a grid of ticks."""
        due = self.office.journal.due(FAR, 1)
        if not due or not self.fires_deadlines:
            return None
        wait = max(0.0, (due[0].due_at - self.office.clock.now()) / timedelta(seconds=1))
        at = max(self.seconds + wait, self.down_until)
        grid = at - at % TICK + TICK
        return grid if grid > self.ticks or self.ticks == float("inf") else self.ticks + TICK

    def _fire(self) -> None:
        self.ticks = self.seconds
        if self.is_up:
            self.office.fire()

    def _watch_overdue(self) -> None:
        """Nothing stays over its end for longer than a minute of being up, by the centre's own clock."""
        now, holds = self.office.clock.now(), self.office.scribe.state.holds
        self.overdue = {k: at for k, at in self.overdue.items() if (holds[k].ends_at or now) <= now}
        for key, hold in holds.items():
            if hold.ends_at is None or hold.ends_at > now:
                continue
            if not self.is_up or not (hold.is_live or hold.state is HoldState.ASKED):
                self.overdue.pop(key, None)
                continue
            since = self.overdue.setdefault(key, self.seconds)
            assert self.seconds - since <= LATE_SECONDS_MAX, f"{key} should have lapsed"

    # --- officers ---

    def officer(self) -> None:
        """Do one thing, and something else later."""
        if not self.is_calm:
            self.later(self.chance.expovariate(1 / self.pause_seconds), self.officer)
        if not self.is_up or self.is_calm:
            return
        roll = self.chance.random()
        holds = list(self.office.scribe.state.holds)
        if self.is_restless and roll < 0.2:
            self._turn_clock()
        elif roll < 0.35 or not holds:
            self._open(holds)
        elif roll < 0.85:
            self._follow(self.chance.choice(holds[-40:]))
        elif roll < 0.90:
            self._race(holds)
        elif roll < 0.96:
            self._turn_clock()
        elif roll < 0.975:
            self._crash()
        else:
            bank = self.banks[f"bank-{self.chance.randrange(20)}"]
            if bank.trait == "forgetful" or roll > 0.99:
                bank.forget()
                self.marks["bank forgot"] += 1

    def _turn_clock(self) -> None:
        """Let the clock step; a restless one leaps by hours, steps back by hours, or stands still for a while."""
        minutes = [-10, -1, 1, 10, *([-120, 240, 600] if self.is_restless else [])]
        if self.is_restless and self.chance.random() < 0.3:
            self.stands_until = self.seconds + self.chance.uniform(60, 7200)
        else:
            self.office.clock.move(timedelta(minutes=self.chance.choice(minutes)))

    def _open(self, holds: list[HoldKey]) -> None:
        """Stop an account that is new, or one that another case has stopped."""
        self.orders += 1
        if holds and self.chance.random() < 0.2:
            key = self.chance.choice(holds)
            self._tell(OrderKind.STOP, HoldKey(f"case-{self.orders}", key.account, "CNY"), 100)
            return
        account = f"account-{self.orders}@bank-{self.chance.randrange(20)}"
        self._tell(OrderKind.STOP, HoldKey(f"case-{self.orders}", account, "CNY"), 100)

    def _follow(self, key: HoldKey) -> None:
        """Do what a desk would do next with a hold."""
        hold = self.office.scribe.state.hold(key)
        if hold.state is HoldState.MOVED:
            self.orders += 1
            account = f"account-{self.orders}@bank-{self.chance.randrange(20)}"
            self._tell(OrderKind.EXTEND, HoldKey(key.case, account, "CNY"), 80)
            return
        kind = self.chance.choice(_NEXT[hold.state])
        if kind is None:
            return
        nothing = kind in {OrderKind.RELEASE, OrderKind.QUERY}
        amount = 0 if nothing else max(1, hold.held // 2) if kind is OrderKind.REDUCE else 100
        self._tell(kind, key, amount + 20 * (kind is OrderKind.RAISE))

    def _race(self, holds: list[HoldKey]) -> None:
        """Order a renewal so that it is issued, or answered, within milliseconds of the end."""
        ends = [(k, self.office.scribe.state.hold(k)) for k in holds]
        running = [(k, h) for k, h in ends if h.is_live and h.ends_at is not None]
        if not running:
            return
        key, hold = self.chance.choice(running)
        assert hold.ends_at is not None
        wait = (hold.ends_at - self.office.clock.now()) / timedelta(seconds=1)
        kind = OrderKind.FREEZE if hold.state in {HoldState.HELD, HoldState.POSTPONED} else None
        kind = kind or OrderKind.RENEW
        off = self.chance.choice([-2.0, -0.001, 0.0, 0.001])
        if wait + off > 0:
            self.later(wait + off, self._tell, kind, key, 100)

    def _tell(self, kind: OrderKind, key: HoldKey, amount: int) -> None:
        if not self.is_up:
            return
        self.number += 1
        institution = key.account.partition("@")[2]
        order = some_order(f"o{self.number}", kind, amount, key, institution=institution)
        self.office.tell(order)

    def _crash(self) -> None:
        """Lose everything but the store; sometimes stay down for hours."""
        self.life += 1
        if self.chance.random() < 0.3:
            self.down_until = self.seconds + self.chance.uniform(60, 4 * 3600)
        self.office.restart()

    # --- the wire ---

    def _pump(self) -> None:
        """Send what the dispatcher lets go."""
        while (message := self.office.next_message(self.seconds)) is not None:
            is_lost = self.chance.random() < LOSS and not self.is_calm
            if is_lost:
                self.marks["lost order"] += 1
                self.later(30.0, self._failed, self.life, message)
            else:
                self.later(self.chance.uniform(0.01, 0.3), self._arrives, self.life, message)

    def _failed(self, life: int, message: Message) -> None:
        if life == self.life:
            self.office.dispatcher.failed(message, self.seconds, is_transient=True)

    def _arrives(self, life: int, message: Message) -> None:
        """Let the bank act, and what it says set out."""
        issued, bank = decode_issued(message.body), self.banks[message.destination]
        said = bank.take(issued, self._bank_time())
        self.delivered.add(issued.order.id)
        self._note(said)
        self._oddities(bank, issued.order, said)
        replies: list[Said] = []
        if bank.trait == "silent" and self.chance.random() < 0.5:
            pass  # it never says anything of it
        elif self.chance.random() < 0.4 and bank.trait not in {"late", "slow"}:
            replies = [said]
        else:
            self._speaks(said, bank.delay())
        if self.chance.random() < LOSS and not self.is_calm:
            self.marks["lost ack"] += 1
            self.later(30.0, self._failed, life, message)
        else:
            self.later(self.chance.uniform(0.01, 0.2), self._replied, life, message, replies)

    def _bank_time(self) -> datetime:
        """Return true time: banks' clocks are right unless their trait says otherwise."""
        return START + timedelta(seconds=self.seconds)

    def _oddities(self, bank: Bank, order: Order, said: Said) -> None:
        more = bank.second_thoughts(said, self._bank_time())
        if more is not None:
            self._note(more)
            self._speaks(more, bank.delay() + 60)
        if bank.trait == "forging":
            other = self.banks[f"bank-{self.chance.randrange(20)}"]
            self._speaks(other.forgery(order.id, self._bank_time()), bank.delay())
            self._speaks(bank.forgery(order.id, self._bank_time()), bank.delay())
        if bank.trait == "wrong" and self.orders:
            self.later(60.0, self._speaks_for_another, bank)

    def _speaks_for_another(self, bank: Bank) -> None:
        """A bank answers, with its own good signature, an order that another one was given."""
        order_id = self.chance.choice(sorted(self.delivered))
        if self.auditor.orders[order_id].institution == bank.name:
            return
        said = bank.say(order_id, bank.forgery(order_id, self._bank_time()).answer)
        self._speaks(said, 0.0)

    def _note(self, said: Said) -> None:
        self.given[said.bank, said.order_id, said.answer.id] = said

    def _speaks(self, said: Said, delay: float) -> None:
        """Let an answer of its own set out, twice at times."""
        self.later(delay, self._heard, said)
        if self.chance.random() < DOUBLE:
            self.later(delay + self.chance.uniform(0, 7200), self._heard, said)

    def _opens(self, said: Said) -> bool:
        """Return whether the centre's gateway believes whose answer it is."""
        secret = self.banks[said.bank].secret
        good = seal(secret, said.bank, said.order_id, said.answer)
        if hmac.compare_digest(good, said.seal):
            return True
        self.marks["forged ack"] += 1
        return not self.checks_seals

    def _heard(self, said: Said) -> None:
        """An institution comes by itself; while the centre is away it tries again."""
        if not self.is_up or (self.chance.random() < LOSS and not self.is_calm):
            self.later(3600.0, self._heard, said)
            return
        if not self._opens(said):
            return
        outcome = self.office.submit(answer_command(said.bank, said.order_id, said.answer))
        self._count(said, outcome)

    def _replied(self, life: int, message: Message, replies: list[Said]) -> None:
        """The institution's answer on the same line; a centre that died meanwhile hears nothing."""
        if life != self.life:
            return
        if not self.is_up:
            self.later(3600.0, self._failed, life, message)
            return
        good = [said for said in replies if self._opens(said)]
        outcomes = self.office.reply(message, Reply(tuple(x.answer for x in good)))
        for said, outcome in zip(good, outcomes[1:], strict=True):
            self._count(said, outcome)

    def _count(self, said: Said, outcome: Done | Turned | Any) -> None:
        place = said.bank, said.order_id, said.answer.id
        if isinstance(outcome, Done):
            self.taken.add(place)
            if outcome.is_repeat:
                self.marks["duplicate ack"] += 1
        else:
            reasons = {"other_institution", "order_not_issued", "order_unknown"}
            assert outcome.reason in reasons, f"an answer was turned away: {outcome}"
            self.marks["wrong bank"] += 1

    # --- the end ---

    def calm(self) -> None:
        """No more orders and no more loss: everything on its way arrives, every term runs out."""
        self.is_calm = True
        while self.heap or self._next_look() is not None:
            self._step()
            if not self.heap and self.office.dispatcher.held:
                self.later(600.0, lambda: None)
            assert self.events < 10**6, "never comes to rest"
        self._pump()
        self.auditor.end(self.office.journal)
        assert not list(self.office.journal.pending(10)), "the outbox is not empty"
        undelivered = set(self.auditor.issued) - self.delivered
        assert not undelivered, f"never reached its institution: {sorted(undelivered)[:3]}"
        self._compare_answers()

    def _compare_answers(self) -> None:
        """What the journal says was answered is what institutions really said, no more, and nothing that was taken is lost."""
        said = {(order_id, answer_id) for _, order_id, answer_id in self.given}
        kept = {(o, a) for o, answers in self.auditor.answered.items() for a in answers}
        assert kept <= said, f"nobody said this: {sorted(kept - said)[:3]}"
        taken = {(order_id, answer_id) for _, order_id, answer_id in self.taken}
        assert kept == taken, f"taken and not kept: {sorted(taken ^ kept)[:3]}"
        for bank in self.banks.values():
            assert all(count == 1 for count in bank.done.values()), "an order had two effects"


__all__ = ["World"]
