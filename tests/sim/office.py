"""A centre without threads: the real scribe, rooms, dispatcher and due rows, driven step by step on any store."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from agreeing import to_agree_to

from recoup.cases import CasePolicy
from recoup.centre import COMMAND_REGISTRY, EVENT_REGISTRY, Actor, CentreState, Request, decider
from recoup.centre.commands import Command, Decide, Done, Outcome, Turned
from recoup.centre.deadlines import DueRows
from recoup.centre.dispatch import Dispatcher
from recoup.centre.evolve import evolve
from recoup.centre.requests import command_of
from recoup.centre.scribe import Scribe
from recoup.centre.sender import follow_ups, lane_of, untaken, wrong_outcome
from recoup.clock import HandClock
from recoup.journal.port import Journal, Message
from recoup.orders import HoldKey, Order, OrderKind
from recoup.orders.commands import ApproveOrder, DraftOrder, IssueOrder, SubmitOrder
from recoup.reading.policies import read_case_policy
from recoup.stores.memory import MemoryDisk, MemoryJournal

START = datetime(2026, 1, 5, 10, tzinfo=UTC)
POLICY = read_case_policy("cn-2016")
PAGE = 1_000


def memory() -> Callable[[], Journal]:
    """Return what opens one and the same memory store again and again."""
    disk = MemoryDisk()
    return lambda: MemoryJournal(disk)


@dataclass
class Office:
    """One centre; `restart` is what a crash leaves: the store, and nothing else."""

    open: Callable[[], Journal] = field(default_factory=memory)
    policy: CasePolicy = POLICY
    clock: HandClock = field(default_factory=lambda: HandClock(START))
    make_decide: Callable[[CasePolicy], Decide[CentreState]] = decider
    told: list[str] = field(default_factory=list)
    count: int = 0

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        self.journal = self.open()
        self.scribe = Scribe(
            self.journal,
            EVENT_REGISTRY,
            self.clock,
            state=CentreState(),
            decide=self.make_decide(self.policy),
            evolve=evolve,
        )
        self.dispatcher, self.rows, self.cursor = Dispatcher(lane_of), DueRows(), ""

    # --- what people do ---

    def submit(self, command: Command) -> Outcome:
        return self.scribe.write([command])[0]

    def ask(
        self, who: str, what: Any, command_id: str = "", role: str = "officer", case: str = ""
    ) -> Outcome:
        """Let a person ask for something."""
        self.count += 1
        request = Request(Actor(who, role, "case file 1"), what, case=case)
        return self.submit(command_of(COMMAND_REGISTRY, command_id or f"c{self.count}", request))

    def tell(self, order: Order) -> Outcome:
        """Draft, approve and issue an order; the first refusal is returned."""
        outcome = self.ask(order.made_by, DraftOrder(order))
        if isinstance(outcome, Turned):
            return outcome
        needed = self.policy.orders.approvals[order.kind]
        if not needed:
            return self.ask(order.made_by, IssueOrder(order.id))
        self.ask(order.made_by, SubmitOrder(order.id))
        for number in range(needed):
            who = f"approver-{number}"
            digest = to_agree_to(self.scribe.state, order.id)
            outcome = self.ask(who, ApproveOrder(order.id, who, digest))
        return outcome

    # --- what machines do ---

    def load(self) -> None:
        """Read on in the outbox."""
        found = self.journal.pending(PAGE, self.cursor)
        if found:
            self.dispatcher.load([x.message for x in found])
            self.cursor = found[-1].message.id

    def next_message(self, seconds: float) -> Message | None:
        self.load()
        return self.dispatcher.start(seconds)

    def reply(self, message: Message, reply: Any) -> list[Outcome]:
        """Take in what an institution said at once."""
        commands = follow_ups(message, reply, self.clock.now())
        outcomes = self.scribe.write(commands)
        assert wrong_outcome(outcomes) is None
        self.told += untaken(outcomes)
        for overtaken in self.dispatcher.got_through(message):
            self.journal.sent(overtaken.id)
            self.told.append(f"given up: {overtaken.id}")
        return outcomes

    def fire(self) -> list[Outcome]:
        """Fire what is due, once."""
        due = list(self.journal.due(self.clock.now(), PAGE))
        outcomes = self.scribe.write(self.rows.commands(due))
        for row, outcome in zip(due, outcomes, strict=True):
            self.rows.heard(row, outcome)
        return outcomes


def some_order(
    order_id: str,
    kind: OrderKind = OrderKind.STOP,
    amount: int = 100,
    key: HoldKey | None = None,
    **more: Any,
) -> Order:
    key = key or HoldKey("case-1", "account-1", "CNY")
    values = {"institution": "bank-1", "made_by": "maker", "reason": "a reason"} | more
    return Order(order_id, kind, key, amount=amount, **values)


__all__ = ["POLICY", "START", "Done", "Office", "Turned", "memory", "some_order"]
