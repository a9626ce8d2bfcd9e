"""Reads a journal and says where it breaks a promise. It knows events and the law, and shares no rule with the centre."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from recoup.cases import CasePolicy
from recoup.cases.events import MandateProposed, MandateSettled
from recoup.cases.state import MandateState
from recoup.centre import EVENT_REGISTRY
from recoup.centre.requests import Acted
from recoup.journal import Verified, verify
from recoup.journal.port import Journal
from recoup.journal.record import Record
from recoup.orders import HoldKey, Order, OrderKind
from recoup.orders.events import (
    AnswerRecorded,
    HoldChanged,
    OrderApproved,
    OrderDrafted,
    OrderIssued,
    OrderSent,
    OrderSentBack,
    OrderUnanswered,
)

LIVE = {"held", "held_short", "postponed", "frozen", "reduced"}
STOPS = {OrderKind.STOP, OrderKind.EXTEND, OrderKind.POSTPONE}
STOPPED = {"held", "held_short", "reduced"}
ENDINGS = {"postponed": "renewed", "frozen": "frozen", "released": "lifted", "lapsed": "lapsed"}
MARKS = (
    "lost order",
    "lost ack",
    "duplicate ack",
    "partial hold",
    "refusal",
    "ack after lapse",
    "ack after lift",
    "held-then-denied",
    "denied-then-held",
    "balance moved before arrival",
    "same account hit by two cases",
    "renew races lapse",
    "bank forgot",
    "forged ack",
)


@dataclass
class _Book:
    """What the auditor knows of one hold."""

    state: str = "asked"
    ends_at: Any = None
    period: int = 0
    basis: Any = None
    stop_runs: bool = False
    """A 48-hour stop holds money and has not ended yet."""


@dataclass
class Auditor:
    """Fed with every record in order; raises at the first broken promise, counts the rare situations."""

    policy: CasePolicy
    marks: Counter[str] = field(default_factory=Counter)
    endings: Counter[str] = field(default_factory=Counter)
    orders: dict[str, Order] = field(default_factory=dict)
    books: dict[HoldKey, _Book] = field(default_factory=dict)
    agreed: dict[str, set[str]] = field(default_factory=dict)
    issued: dict[str, Any] = field(default_factory=dict)
    once: set[tuple[Any, ...]] = field(default_factory=set)
    answered: dict[str, list[str]] = field(default_factory=dict)
    mandates: dict[tuple[str, str], Any] = field(default_factory=dict)
    """Standing authorities that a second person agreed to, and until when each stands."""
    proposed: dict[tuple[str, str], Any] = field(default_factory=dict)
    in_vain: set[str] = field(default_factory=set)
    """Stops that were answered by not stopping."""
    command: str = ""
    acted: Acted | None = None
    cause: Any = None
    read: int = 0

    def catch_up(self, journal: Journal) -> None:
        for record in journal.records(self.read + 1):
            self.watch(record)
            self.read = record.sequence

    def watch(self, record: Record) -> None:
        event = EVENT_REGISTRY.decode(record.name, record.version, record.body)
        if record.command != self.command:
            assert isinstance(event, Acted), "nobody acted"
            self.command, self.acted, self.cause = record.command, event, None
            return
        match event:
            case MandateProposed(mandate):
                self.proposed[record.subject, mandate.id] = mandate
            case MandateSettled(mandate_id) if event.state is MandateState.STANDING:
                mandate = self.proposed[record.subject, mandate_id]
                assert self.acted is not None
                assert self.acted.who != mandate.proposed_by, "a standing authority of one person"
                self.mandates[record.subject, mandate_id] = mandate.until
            case MandateSettled(mandate_id):
                self.mandates.pop((record.subject, mandate_id), None)
            case OrderDrafted(order):
                self._only("drafted", order.id)
                self.orders[order.id] = order
            case OrderApproved(order_id, by, digest):
                assert digest == self.orders[order_id].digest, "an approval of something else"
                self.agreed.setdefault(order_id, set()).add(by)
            case OrderSentBack(order_id):
                self.agreed.pop(order_id, None)
            case OrderIssued(order_id):
                self._issue(order_id, record)
            case OrderSent(order_id):
                self._only("sent", order_id)
                assert order_id in self.issued, "sent before it was issued"
                self.cause = event
            case OrderUnanswered(order_id):
                self._only("unanswered", order_id)
                due = self.issued[order_id] + timedelta(
                    seconds=self.policy.orders.answer_seconds[self.orders[order_id].kind]
                )
                assert record.at >= due, "called unanswered before its time"
            case AnswerRecorded():
                self._answer(event)
            case HoldChanged():
                self._change(event, record)

    def _only(self, *what: Any) -> None:
        assert what not in self.once, f"twice: {what}"
        self.once.add(what)

    def _issue(self, order_id: str, record: Record) -> None:
        self._only("issued", order_id)
        order = self.orders[order_id]
        agreed_to = order.repeats or order_id
        if order.repeats:
            assert order.kind is OrderKind.RELEASE, "something else than a release was repeated"
            assert order.repeats in self.issued, "a release was repeated that nobody agreed to"
            self._only("repeated", order.repeats)
            self.marks["release repeated"] += 1
        persons = self.agreed.get(agreed_to, set()) - {order.made_by}
        if order.mandate:
            assert record.at < self.mandates[order.key.case, order.mandate], "no standing authority"
        else:
            least = self.policy.orders.approvals[order.kind]
            assert len(persons) >= least, "issued without approval"
        self.issued[order_id] = record.at
        self.cause = ("issued", order_id)
        others = [k for k in self.books if k.account == order.key.account and k != order.key]
        if any(self.books[k].state in LIVE for k in others):
            self.marks["same account hit by two cases"] += 1
        if order.kind is OrderKind.EXTEND and any(b.state == "moved" for b in self.books.values()):
            self.marks["balance moved before arrival"] += 1
        self.books.setdefault(order.key, _Book())

    def _answer(self, event: AnswerRecorded) -> None:
        order_id, answer = event.order_id, event.answer
        self._only("answer", order_id, answer.id)
        assert order_id in self.issued, "an answer to what was never told"
        known = self.answered.setdefault(order_id, [])
        if not known and answer.outcome in {"moved", "refused"}:
            self.in_vain.add(order_id)
        known.append(answer.id)
        self.cause = event
        book = self.books[self.orders[order_id].key]
        if book.state == "lapsed":
            self.marks["ack after lapse"] += 1
            if self.orders[order_id].kind in {
                OrderKind.RENEW,
                OrderKind.POSTPONE,
                OrderKind.FREEZE,
            }:
                self.marks["renew races lapse"] += 1
        if book.state == "released":
            self.marks["ack after lift"] += 1
        if event.why == "held_then_denied":
            self.marks["held-then-denied"] += 1

    def _change(self, event: HoldChanged, record: Record) -> None:
        book, state = self.books[event.key], event.state.value
        self._cause_of(event)
        assert event.held >= 0
        assert state in LIVE or event.held == 0, "money held in a state that holds none"
        if state in LIVE:
            assert event.ends_at is not None, "a hold without an end"
        if state == "lapsed":
            assert book.ends_at is not None, "lapsed without an end"
            assert record.at >= book.ends_at, "lapsed before its end"
        if state == "held_short":
            self.marks["partial hold"] += 1
        if state == "refused":
            self.marks["refusal"] += 1
        if book.state in {"moved", "refused"} and state in STOPPED and event.period == book.period:
            self.marks["denied-then-held"] += 1
        if book.stop_runs and state in ENDINGS:
            self.endings[ENDINGS[state]] += 1
            book.stop_runs = False
        elif book.stop_runs:
            assert state in STOPPED, f"a stop that ended as {state}"
        if state in STOPPED and event.basis is OrderKind.STOP:
            book.stop_runs = True
        assert book.state != "released" or state == "released" or event.period > book.period, (
            "a released hold came back without a new order"
        )
        book.state, book.ends_at, book.period = state, event.ends_at, event.period

    def _cause_of(self, event: HoldChanged) -> None:
        """A hold changes once for one answer, one sending, one new order, or one end of a term."""
        cause, self.cause = self.cause, None
        match cause:
            case AnswerRecorded(order_id, _, bearing):
                assert bearing == "applied", f"an answer that {bearing} moved the hold"
                assert self.orders[order_id].key == event.key, "an answer moved another hold"
            case OrderSent(order_id):
                assert self.orders[order_id].key == event.key
            case ("issued", order_id):
                assert self.orders[order_id].key == event.key
            case _:
                assert self.acted is not None
                assert self.acted.command == "end_term", "a hold changed without a cause"
                assert event.state == "lapsed", "a deadline did something else than end a term"

    def end(self, journal: Journal) -> None:
        """Check what must hold when everything has come to rest."""
        found = verify(journal.records(), registry=EVENT_REGISTRY)
        assert isinstance(found, Verified), found
        for key, book in self.books.items():
            assert book.state not in LIVE, f"{key} is still {book.state}"
            assert not book.stop_runs, f"{key}: a stop without an end"
        self._count_stops()
        for order_id in self.issued:
            done = order_id in self.answered or ("unanswered", order_id) in self.once
            assert done, f"{order_id} neither answered nor unanswered"

    def _count_stops(self) -> None:
        """No account is stopped more often in one case than the law allows."""
        spent = Counter(
            self.orders[order_id].key
            for order_id in self.issued
            if self.orders[order_id].kind in STOPS and order_id not in self.in_vain
        )
        for key, count in spent.items():
            assert count <= self.policy.orders.stops_max, f"{key} was stopped {count} times"


def missing(marks: Counter[str]) -> list[str]:
    """Return the rare situations that a run never met: it proves nothing of them."""
    return [mark for mark in MARKS if not marks[mark]]


__all__ = ["MARKS", "Auditor", "missing"]
