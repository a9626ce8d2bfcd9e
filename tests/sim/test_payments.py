"""R3, R6 for paying back: a real centre, a real agent and its core system in virtual time, a bad wire, a bank that forgets.

Nothing is paid twice, never more than is frozen, and in the end the record says what the core system did. The controls are an
agent that asks its core system anew each time, and a centre that believes each receipt to be another payment.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random

import decided
import pytest
from payhouse import BANK, CASE, House

from recoup.bank import Agent
from recoup.bank.core import CorePayment, Transfer, Unpaid
from recoup.centre import Reply
from recoup.centre.order_room import carries_first
from recoup.centre.terms import decode_issued
from recoup.journal.port import Message
from recoup.orders import OrderKind, OrderState, Outcome
from recoup.procedure import ClaimKey, PaymentState, sums_of

PARTS = 40
MARKS = (
    "lost order",
    "lost receipt",
    "forgot",
    "restarted",
    "bounced",
    "overdue",
    "refused",
    "turned away",
    "paid anew",
)
UNPAID = {PaymentState.BOUNCED, PaymentState.REFUSED}


class AnewAgent(Agent):
    """A planted bug: asks the core system under a reference of its own each time."""

    def ask_core(self, transfer: Transfer) -> CorePayment | Unpaid:
        return super().ask_core(replace(transfer, reference=self._ids.new(transfer.reference)))


class World(House):
    """One run; its seed decides everything."""

    def __init__(self, folder: Path, seed: int, made: type[Agent] = Agent) -> None:
        super().__init__(folder)
        self.chance, self.marks, self.made = Random(seed), Counter(), made
        self.ordered: list[str] = []
        self.seconds = 0.0
        self.agent = made(*self.given)
        assert self.tell("f1", OrderKind.FREEZE, 100).outcome is Outcome.FROZEN

    def run(self, steps: int) -> None:
        for _ in range(steps):
            step = self.chance.choice(
                [self.order, self.order, self.wire, self.wire, self.wire, *self.odd]
            )
            step()
            self.check()
        for _ in range(14):  # everything on its way arrives
            self.office.clock.move(timedelta(hours=24))
            self.office.fire()
            self.wire(is_bad=False)
        self.gateway._cursors.clear()
        self.gateway.collect(BANK)
        self.check()
        self.compare()

    @property
    def odd(self):
        return [self.forget, self.restart, self.bounce, self.wait, self.collect]

    def order(self) -> None:
        """Decide to pay somebody, now and then somebody whom the bank does not know; or pay anew what came back."""
        number = self.chance.choice(["999", "999", "999", "998"])
        account = self.directory.account("bank-9", number, "victim")
        amount = self.chance.choice([5, 10, 30, 60])
        decided.enter(self.office, CASE, account, "bank-9")
        unpaid = [row for row in decided.found(self.office).payments if row.state in UNPAID]
        if unpaid and self.chance.random() < 0.5:
            order_id = decided.anew(self.office, self.chance.choice(unpaid), account)[0]
            self.marks["paid anew"] += bool(order_id)
        else:
            key = ClaimKey(CASE, "c1")
            order_id = decided.noticed(self.office, self.key, amount, account, key)[0]
        if order_id:
            decided.agreed(self.office, order_id)
            self.ordered.append(order_id)
        tracked = self.hold.find(order_id)
        self.marks["turned away"] += tracked is None or tracked.issued_at is None

    def wire(self, *, is_bad: bool = True) -> None:
        """Carry what waits. Orders are lost and tried again; a receipt is lost where the bank took the order and no more."""
        self.seconds += 10.0**6
        while (message := self.office.next_message(self.seconds)) is not None:
            roll = self.chance.random() if is_bad else 1.0
            if roll < 0.2:
                self.marks["lost order"] += 1
                self.office.dispatcher.failed(message, self.seconds, is_transient=True)
                continue
            reply = self.gateway.send(message)
            self.marks["refused"] += any(x.outcome is Outcome.REFUSED for x in reply.answers)
            is_overdue = self.hold.find(order_of(message)).state is OrderState.UNANSWERED
            if roll < 0.4 and carries_first(message) and not is_overdue:  # told once more, then
                self.marks["lost receipt"] += 1
                reply = Reply()
            self.office.reply(message, reply)

    def forget(self) -> None:
        if self.ordered:
            self.store.forget(self.chance.choice(self.ordered), "")
            self.marks["forgot"] += 1

    def restart(self) -> None:
        self.agent = self.made(*self.given)
        self.agent.recover()
        self.marks["restarted"] += 1

    def bounce(self) -> None:
        made = self.core.payments(0)
        if made:
            self.core.bounce(self.chance.choice(list(made)).transfer.reference)
            self.marks["bounced"] += 1

    def wait(self) -> None:
        self.office.clock.move(timedelta(hours=self.chance.choice([1, 30, 97])))
        self.office.fire()
        self.marks["overdue"] += any(t.state is OrderState.UNANSWERED for t in self.hold.orders)

    def collect(self) -> None:
        self.gateway.collect(BANK)

    def check(self) -> None:
        """What holds at every moment."""
        hold = self.hold
        assert hold.frozen_total == hold.returned + hold.lifted + hold.frozen_live, "frozen is lost"
        assert self.core.total + self.there.total == 100, "money was made or lost"
        assert self.there.total <= 100, "more was paid than was frozen"
        asked = [tracked.order.id for tracked in hold.orders]
        by_order: Counter[str] = Counter()
        for made in self.core.payments(0):
            reference = made.transfer.reference
            by_order[max((x for x in asked if reference.startswith(x)), key=len)] += 1
        assert max(by_order.values(), default=0) <= 1, "an order was paid twice"

    def compare(self) -> None:
        """In the end the record says what the core system did."""
        paid = sum(x.transfer.amount for x in self.core.payments(0) if x.came_back_at is None)
        assert (self.hold.returned, self.hold.beyond) == (paid, 0), "not what was paid"
        assert self.there.total == paid
        assert self.hold.held == 100 - paid, "not what is left"
        sums = sums_of(decided.found(self.office), "CNY")
        assert (sums.paid, sums.excess) == (paid, 0), "the return says another sum"


def order_of(message: Message) -> str:
    return decode_issued(message.body).order.id


def _runs(folder: Path, seeds: range, steps: int, made: type[Agent] = Agent) -> Counter[str]:
    marks: Counter[str] = Counter()
    for seed in seeds:
        place = folder / str(seed)
        place.mkdir()
        world = World(place, seed, made)
        try:
            world.run(steps)
        except AssertionError as wrong:
            raise AssertionError(f"World(seed={seed}).run({steps}): {wrong}") from wrong
        marks += world.marks
        world.store.close()
    print(dict(marks))
    return marks


def test_a_forgetful_bank_on_a_bad_wire_pays_each_order_once_and_no_more_than_is_frozen(tmp_path):
    marks = _runs(tmp_path, range(6), PARTS)
    assert [mark for mark in MARKS if not marks[mark]] == []


@pytest.mark.slow
def test_many_runs_of_payments(tmp_path):
    marks = _runs(tmp_path, range(100, 160), 80)
    assert [mark for mark in MARKS if not marks[mark]] == []


def test_an_agent_that_asks_anew_is_found(tmp_path):
    with pytest.raises(AssertionError, match="paid"):
        _runs(tmp_path, range(6), PARTS, AnewAgent)
