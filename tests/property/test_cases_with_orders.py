"""Cases and the life of orders side by side: what the one lets leave the other must be able to carry, and both say the same."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest
from docket import PEOPLE, POLICY, START, claim, lies, report

from recoup import cases, orders
from recoup.cases import Case, CasePolicy, Found, note_of, plan_orders, view_of
from recoup.cases.commands import (
    AddFacts,
    AgreeToOrder,
    ApplyTrail,
    ConfirmHold,
    TakeReport,
    TakeUp,
)
from recoup.cases.decided import digest_of
from recoup.orders import Answer, Hold, HoldKey, HoldState, Order, OrderKind, Outcome
from recoup.orders import commands as told
from recoup.orders.kinds import FITTING
from recoup.unrecognised import Unrecognised

SHRINKING = replace(POLICY, orders=replace(POLICY.orders, can_shrink_stop=True))


class Joint:
    """One case and its holds, each under its own rules."""

    def __init__(self, seed: int, policy: CasePolicy) -> None:
        self.chance, self.policy, self.now = Random(seed), policy, START
        self.case = Case("case-1")
        self.holds: dict[str, Hold] = {}
        self.waiting: list[Order] = []
        self.marks: Counter[str] = Counter()
        self.number = 0
        for number, amount in (("c1", 100), ("c2", 70)):
            self.do(TakeReport(report(), claim(number, "a", amount), "u"))

    def do(self, command):
        found = cases.decide(self.case, command, self.now, self.policy)
        assert not isinstance(found, cases.Refusal), (command, found)
        self.case = cases.fold(self.case, found)

    def tell(self, account: str, command) -> orders.Refusal | None:
        hold = self.holds.setdefault(account, Hold(HoldKey("case-1", account, "CNY")))
        found = orders.decide(hold, command, self.now, self.policy.orders)
        if isinstance(found, orders.Refusal):
            return found
        self.holds[account] = orders.fold(hold, found)
        return None

    def trail(self) -> None:
        """Each claim's money, at one or two of four accounts."""
        self.number += 1
        self.do(AddFacts(f"rows-{self.number}", ()))
        places = []
        for one in self.case.claims:
            part = self.chance.choice([0, one.amount // 3])
            for amount in (part, one.amount - part):
                found = self.chance.choice([Found.LOCATED, Found.UNKNOWN])
                account = self.chance.choice("abde")
                if amount:
                    places.append(lies(one.id, account, amount, found, since=self.now))
        version = self.case.facts_version
        self.do(ApplyTrail(version, digest_of("t", version, places), tuple(places)))

    def order(self) -> None:
        """Let one order of the plan leave in both rooms, or in neither."""
        plan = plan_orders(self.case, self.now, self.policy)
        live = [row for row in self.case.holds if self._may_be_frozen(row.account)]
        frozen = [plan.keeping(OrderKind.FREEZE, row) for row in live]
        proposed = [*plan.orders, *(found for found in frozen if found)]
        if not proposed:
            return
        found = self.chance.choice(proposed)
        self.number += 1
        key = HoldKey("case-1", found.account, "CNY")
        order = Order(
            f"o{self.number}", found.kind, key, found.institution, found.amount, "maker", "chase"
        )
        commands = [told.DraftOrder(order), told.SubmitOrder(order.id)]
        needed = orders.approvals_needed(order, self.policy.orders)
        agreed = [told.ApproveOrder(order.id, who, order.digest) for who in PEOPLE[:needed]]
        before = self.holds.get(found.account)
        for command in [*commands, *(agreed or [told.IssueOrder(order.id)])]:
            refusal = self.tell(found.account, command)
            if refusal is not None:
                # At most one of a kind is on its way: the proposal stays, and leaves when that one is answered.
                assert refusal.reason is orders.Reason.ORDER_PENDING, (found, refusal, before)
                self.marks["pending"] += 1
                if before is not None:
                    self.holds[found.account] = before
                return
        for who in PEOPLE[:needed]:
            self.do(AgreeToOrder(order, who, view_of(self.case, order, plan).digest))
        self.do(TakeUp(order))
        self.tell(found.account, told.ConfirmSent(order.id, self.now))
        self.waiting.append(order)
        self.marks[found.kind.value] += 1
        self.marks["frozen for less"] += found.kind is OrderKind.FREEZE and found.change < 0
        is_frozen = self.holds[found.account].basis is OrderKind.FREEZE
        self.marks["raised after"] += found.kind is OrderKind.RAISE and is_frozen

    def _may_be_frozen(self, account: str) -> bool:
        hold = self.holds[account]
        is_running = hold.ends_at is not None and self.now < hold.ends_at
        return hold.is_live and is_running and hold.basis is not OrderKind.FREEZE

    def answer(self) -> None:
        if not self.waiting:
            return
        order = self.waiting.pop(self.chance.randrange(len(self.waiting)))
        outcome = self.chance.choice(sorted(FITTING[order.kind]))
        whole = {Outcome.HELD, Outcome.REDUCED, Outcome.FROZEN}
        held = order.amount if outcome in whole else 0
        if outcome is Outcome.FROZEN:  # as much as lay there, at most what was asked
            held = min(held, self.holds[order.key.account].held or held)
        if outcome is Outcome.HELD_SHORT:
            held = order.amount // 2
        self.number += 1
        answer = Answer(f"a{self.number}", outcome, held, self.now)
        assert self.tell(order.key.account, told.RecordAnswer(order.id, answer)) is None
        self.note(order.key.account)

    def note(self, account: str) -> None:
        self.do(note_of(self.holds[account], "bank-" + account, self.now))

    def lapse(self) -> None:
        """Time passes; what ended ends."""
        self.now += timedelta(hours=self.chance.choice([1, 10, 49]))
        for account in sorted(self.holds):
            if self.tell(account, told.PassTerm()) is None:
                self.note(account)
                self.marks["lapsed"] += 1

    def confirm(self) -> None:
        for row in self.case.holds:
            if row.answered_at is not None and row.held:
                self.now += timedelta(minutes=1)
                self.do(ConfirmHold(row.account, "CNY", row.held, self.now))

    def step(self) -> None:
        tasks = [self.order] * 6 + [self.answer] * 5 + [self.confirm] * 2 + [self.trail, self.lapse]
        self.chance.choice(tasks)()
        for row in self.case.holds:
            hold = self.holds[row.account]
            assert row.held == hold.held or hold.state is HoldState.ASKED, "the rooms differ"
            if not any(order.key.account == row.account for order in self.waiting):
                assert row.asked == (hold.asked if hold.is_live else 0), "asked of one room only"


def walk(seeds: range) -> Counter[str]:
    marks: Counter[str] = Counter()
    for seed in seeds:
        joint = Joint(seed, (POLICY, SHRINKING)[seed % 2])
        for _ in range(60):
            joint.step()
        marks += joint.marks
    return marks


def test_an_answer_in_unknown_words_is_asked_about_and_shown_to_a_person():
    joint = Joint(0, POLICY)
    order = stop_at_a(joint)
    odd = Answer("a1", Unrecognised("seized"), 60)
    assert joint.tell("a", told.RecordAnswer(order.id, odd)) is None
    joint.note("a")
    plan = plan_orders(joint.case, joint.now, POLICY)
    assert plan.find(OrderKind.QUERY, "a", "CNY") is not None
    assert [(row.account, row.why) for row in plan.waiting] == [("a", "unclear")]
    assert plan.find(OrderKind.STOP, "a", "CNY") is None, "it may be stopped already"


def stop_at_a(joint: Joint) -> Order:
    order = Order("o", OrderKind.STOP, HoldKey("case-1", "a", "CNY"), "bank-a", 170, "maker", "x")
    for command in (told.DraftOrder(order), told.IssueOrder("o"), told.ConfirmSent("o", START)):
        assert joint.tell("a", command) is None
    joint.do(TakeUp(order))
    joint.note("a")
    return order


def test_what_a_case_lets_leave_the_life_of_orders_can_carry():
    marks = walk(range(150))
    wanted = "stop extend raise reduce release lapsed pending freeze".split()
    for mark in (*wanted, "frozen for less", "raised after"):
        assert marks[mark], f"never met {mark}: {marks}"


def test_a_plan_that_forgets_the_stops_that_were_spent_is_seen(monkeypatch):
    # The negative control: the case is never told how many stops of the account are spent.
    real = note_of

    def forgetful(hold, institution, at):
        return replace(real(hold, institution, at), stops_spent=0)

    monkeypatch.setitem(globals(), "note_of", forgetful)
    with pytest.raises(AssertionError, match="stops_exhausted"):
        walk(range(150))
