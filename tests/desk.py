"""A case worked in the words of the trade: `desk` carries out commands, keeps the events and asserts what must always hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from recoup.orders import (
    Answer,
    Hold,
    HoldKey,
    HoldState,
    Order,
    OrderKind,
    Outcome,
    Policy,
    Refusal,
    decide,
    fold,
)
from recoup.orders.commands import (
    ApproveOrder,
    Command,
    ConfirmSent,
    DraftOrder,
    IssueOrder,
    RecordAnswer,
    SubmitOrder,
)
from recoup.orders.events import Event

KEY = HoldKey("case-1", "account-1", "CNY")
START = datetime(2026, 1, 31, 20, 0, tzinfo=UTC)


@dataclass
class Desk:
    """One hold under one policy, at a clock that the test turns."""

    policy: Policy
    now: datetime = START
    hold: Hold = field(default_factory=lambda: Hold(KEY))
    events: list[Event] = field(default_factory=list)

    def do(self, command: Command) -> tuple[Event, ...] | Refusal:
        """Carry out a command."""
        found = decide(self.hold, command, self.now, self.policy)
        if not isinstance(found, Refusal):
            self.events += found
            self.hold = fold(self.hold, found)
            assert self.hold == fold(Hold(KEY), self.events), "the fold of all events is the hold"
        return found

    def wait(self, **span: float) -> None:
        """Let time pass."""
        self.now += timedelta(**span)

    def tell(self, kind: OrderKind, amount: int, order_id: str = "", **more: object) -> str:
        """Draft, approve as often as needed, issue and send an order; return its id."""
        order_id = order_id or f"o{len(self.hold.orders)}"
        order = Order(order_id, kind, KEY, "bank-1", amount, "maker", "a reason", **more)  # type: ignore[arg-type]
        for command in (DraftOrder(order), SubmitOrder(order_id)):
            found = self.do(command)
            assert not isinstance(found, Refusal), found
        for person in ("first", "second", "third"):
            if self.hold.find(order_id).issued_at is None:  # type: ignore[union-attr]
                approve = ApproveOrder(order_id, person, order.digest)
                found = self.do(
                    IssueOrder(order_id) if self.policy.approvals[kind] == 0 else approve
                )
                assert not isinstance(found, Refusal), found
        assert not isinstance(self.do(ConfirmSent(order_id, self.now)), Refusal)
        return order_id

    def hear(
        self,
        order_id: str,
        outcome: Outcome,
        held: int = 0,
        started_at: datetime | None = None,
        answer_id: str = "",
        code: str = "",
    ) -> tuple[Event, ...] | Refusal:
        """Record an institution's answer."""
        count = sum(len(tracked.answers) for tracked in self.hold.orders)
        answer = Answer(answer_id or f"a{count}", outcome, held, started_at, code)
        return self.do(RecordAnswer(order_id, answer))

    def stopped(self, amount: int = 100) -> str:
        """Stop the account; the bank holds all of it at once."""
        order_id = self.tell(OrderKind.STOP, amount)
        self.hear(order_id, Outcome.HELD, amount, self.now)
        assert self.hold.state is HoldState.HELD
        return order_id
