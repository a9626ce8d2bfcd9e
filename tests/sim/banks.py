"""Twenty banks, each faulty in its own way. A bank says what it did: late, twice, wrongly or never."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random

from recoup.centre.terms import IssuedOrder
from recoup.orders import Answer, OrderKind, Outcome

STOPS = {OrderKind.STOP, OrderKind.EXTEND, OrderKind.RAISE}
TRAITS = (
    "honest",
    "slow",
    "short",
    "moved",
    "refusing",
    "denying",  # first held, then denied
    "changing",  # first denied, then held
    "late",  # after the stop has lapsed
    "forgetful",
    "wrong",  # answers for others
    "forging",
    "twice",
    "silent",
    "timeless",  # never says when it stopped
    "skewed",  # its clock is wrong
    "early",  # races the end of the term
)


@dataclass(frozen=True)
class Said:
    """An answer on its way, with what proves whose it is."""

    bank: str
    order_id: str
    answer: Answer
    seal: bytes


def seal(secret: bytes, bank: str, order_id: str, answer: Answer) -> bytes:
    return hmac.digest(secret, repr((bank, order_id, answer)).encode(), "sha256")


@dataclass
class Bank:
    """One institution: its accounts, what it holds, what it remembers having answered."""

    name: str
    trait: str
    chance: Random
    secret: bytes = b""
    memory: dict[str, Said] = field(default_factory=dict)
    held: dict[tuple[str, str], int] = field(default_factory=dict)
    done: dict[str, int] = field(default_factory=dict)
    """How often an order had an effect here since the last loss of memory."""
    count: int = 0

    def __post_init__(self) -> None:
        self.secret = f"key of {self.name}".encode()

    def forget(self) -> None:
        self.memory.clear()
        self.held.clear()
        self.done.clear()

    def take(self, issued: IssuedOrder, now: datetime) -> Said:
        """Carry an order out, once, and say what was done; a repeat gets the first answer."""
        order = issued.order
        assert issued.digest == order.digest, "an order that was changed on its way"
        assert order.institution == self.name, "another bank's order"
        if order.id not in self.memory:
            self.done[order.id] = self.done.get(order.id, 0) + 1
            self.memory[order.id] = self.say(order.id, self._answer(issued, now))
        return self.memory[order.id]

    def say(self, order_id: str, answer: Answer) -> Said:
        return Said(self.name, order_id, answer, seal(self.secret, self.name, order_id, answer))

    def _id(self) -> str:
        self.count += 1
        return f"{self.name}-a{self.count}"

    def _answer(self, issued: IssuedOrder, now: datetime) -> Answer:
        order, place = issued.order, (issued.order.key.case, issued.order.key.account)
        kind, amount, held = order.kind, order.amount, self.held.get(place, 0)
        started = None if self.trait == "timeless" else now
        if self.trait == "skewed":
            started = now + timedelta(hours=self.chance.choice([-30, -2, 2, 30]))
        if kind in STOPS or (kind is OrderKind.FREEZE and not held):
            return self._begin(order.kind, place, amount, started)
        if kind in {OrderKind.POSTPONE, OrderKind.RENEW, OrderKind.FREEZE}:
            outcome = Outcome.POSTPONED if kind is OrderKind.POSTPONE else Outcome.FROZEN
            if self.chance.random() < 0.1:
                return Answer(self._id(), Outcome.REFUSED, code="1014")
            return Answer(self._id(), outcome, held, started)
        if kind is OrderKind.REDUCE:
            self.held[place] = min(held, amount)
            return Answer(self._id(), Outcome.REDUCED, min(held, amount), started)
        if kind is OrderKind.RELEASE:
            self.held.pop(place, None)
            return Answer(self._id(), Outcome.RELEASED)
        return Answer(self._id(), Outcome.INFORMED)

    def _begin(
        self, kind: OrderKind, place: tuple[str, str], amount: int, started: datetime | None
    ) -> Answer:
        roll = self.chance.random()
        odd = 0.6 if self.trait in {"short", "moved", "refusing", "changing"} else 0.15
        if roll > odd:
            self.held[place] = amount
            outcome = Outcome.FROZEN if kind is OrderKind.FREEZE else Outcome.HELD
            return Answer(self._id(), outcome, amount, started)
        if self.trait == "refusing" or (self.trait != "moved" and roll < odd / 3):
            return Answer(self._id(), Outcome.REFUSED, code="1008")
        if (self.trait == "moved" or roll < 2 * odd / 3) and self.trait != "short":
            return Answer(self._id(), Outcome.MOVED)
        part = self.chance.randrange(1, amount + 1)
        self.held[place] = part
        outcome = Outcome.FROZEN if kind is OrderKind.FREEZE else Outcome.HELD_SHORT
        return Answer(self._id(), outcome, part, started)

    def second_thoughts(self, said: Said, now: datetime) -> Said | None:
        """Return what a bank says of its own accord after its answer."""
        answer = said.answer
        is_stop = answer.outcome in {Outcome.HELD, Outcome.HELD_SHORT}
        if self.trait == "denying" and is_stop:
            outcome = self.chance.choice([Outcome.MOVED, Outcome.REFUSED])
            return self.say(said.order_id, Answer(self._id(), outcome))
        if self.trait == "changing" and answer.outcome in {Outcome.MOVED, Outcome.REFUSED}:
            return self.say(said.order_id, Answer(self._id(), Outcome.HELD, 50, now))
        if self.trait == "twice":
            return self.say(said.order_id, replace(answer, id=self._id()))
        return None

    def forgery(self, order_id: str, now: datetime) -> Said:
        """Return an answer in this bank's name that it never gave."""
        answer = Answer(self._id() + "-forged", Outcome.HELD, 1, now)
        return Said(self.name, order_id, answer, seal(b"a guess", self.name, order_id, answer))

    def delay(self) -> float:
        """Return the seconds until an answer comes, from at once to three days."""
        if self.trait == "late":
            return self.chance.uniform(46, 72) * 3600
        if self.trait == "slow":
            return self.chance.uniform(0, 72) * 3600
        return self.chance.choice([0.05, 2.0, 60.0, 1800.0, 3 * 3600.0, 20 * 3600.0])


def make_banks(chance: Random, count: int = 20) -> dict[str, Bank]:
    """Return banks whose faults differ; the first ones have one each, whatever the seed."""
    traits = [*TRAITS, *(chance.choice(TRAITS) for _ in range(count - len(TRAITS)))]
    return {
        f"bank-{n}": Bank(f"bank-{n}", trait, Random(chance.random()))
        for n, trait in enumerate(traits)
    }


__all__ = ["Bank", "Said", "make_banks", "seal"]
