"""Returns under random desks: commands in any order, watched by an auditor that knows only events, holds and the law.

The auditor keeps its own book of the bank's money: a payment takes it out of the frozen account, a bounce puts it back.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from importlib import import_module
from random import Random
from zoneinfo import ZoneInfo

import pytest
from bureau_of_returns import CASE, TERMS, Desk, another, asks, facts, gets, key, own, place

from recoup.centre.registry import COMMAND_REGISTRY, EVENT_REGISTRY
from recoup.centre.snapshots import decode_state, encode_state
from recoup.centre.state import CentreState
from recoup.journal.events import Registry
from recoup.procedure import (
    Capacity,
    Objection,
    Payment,
    PaymentState,
    Plan,
    PriorKind,
    PriorRight,
    Proof,
    Refusal,
    Return,
    ReturnTerms,
    RoundState,
    Seized,
    SeizedKind,
    digest_of_seized,
    fold,
    paying,
    sums_of,
)
from recoup.procedure import commands as c
from recoup.procedure import events as e

PEOPLE = ("ann", "bo", "chen", "dai")
CLAIMS = {"c1": 60, "c2": 80, "c3": 40}
POTS = {"mule": 100, "drop": 50, "stopped": 30}
CUSTODY = {"cash": 40, "gold": 25}
OFFICERS = (("ann", "bo"), ("bo", "chen"), ("ann",))
SHANGHAI = ZoneInfo("Asia/Shanghai")


class Auditor:
    """Watches events in their order and raises where the law is broken. It shares no rule with the code it watches."""

    def __init__(self, approvals: int = 1, days: int = 30) -> None:
        self.approvals, self.days = approvals, days
        self.plan: Plan | None = None
        self.agreed: set[tuple[str, str]] = set()
        self.noticed: dict[str, datetime] = {}
        self.over: set[str] = set()
        self.open: set[str] = set()
        self.proved: set[str] = set()
        self.papers: dict[str, str] = {}
        self.frozen = {name: amount for name, amount in POTS.items() if name != "stopped"}
        self.got: Counter[str] = Counter()
        self.set_aside: dict[str, Payment] = {}
        self.orders: dict[str, int] = {}
        self.first: dict[str, str] = {}
        """The payment that was decided, of each that came in its place."""
        self.net: Counter[str] = Counter()
        self.marks: Counter[str] = Counter()
        self.prior: dict[str, PriorRight] = {}
        self.noted: dict[str, Seized] = {}

    def watch(self, event: e.Event, now: datetime) -> None:
        self.marks[type(event).__name__] += 1
        match event:
            case e.ApplicationTaken(_, application, _):
                self.papers[str(application.key)] = application.id
                if application.capacity is Capacity.VICTIM:
                    self.proved.add(application.id)
            case e.ProofChecked(_, application, by):
                assert by != "desk", "who took the paper looked at it alone"
                self.proved.add(application)
            case e.PlanBound(_, plan, _):
                papers = [self.papers[str(award.key)] for award in plan.awards]
                assert set(papers) <= self.proved, "money on a paper that nobody looked at"
                self.plan, self.agreed = plan, set()
            case e.PlanApproved(_, by, digest, _):
                self.agreed.add((by, digest))
            case e.NoticePublished(_, notice, _):
                first = now.astimezone(SHANGHAI).date()
                last = (notice.ends_at - timedelta(seconds=1)).astimezone(SHANGHAI).date()
                assert (last - first).days >= self.days, "a notice that is too short"
                self.noticed[notice.plan] = notice.ends_at
            case e.NoticePassed():
                assert self.plan is not None
                assert now >= self.noticed[self.plan.digest], "a notice that ended early"
                self.over.add(self.plan.digest)
            case e.ObjectionTaken(_, objection, _):
                self.open.add(objection.id)
            case e.ObjectionSettled(_, objection, outcome, by, reason, _):
                assert self.plan is not None
                assert by != self.plan.made_by, "the maker reviewed its own plan"
                assert reason, "an objection decided without a reason"
                self.open.discard(objection)
                self.marks[f"objection {outcome}"] += 1
                if outcome == "upheld":
                    self.open, self.plan = set(), None
            case e.PlanSentBack() | e.RoundEnded() | e.ApplicationTakenBack():
                self.open, self.plan = set(), None
            case e.RoundDecided():
                self.decided(event)
            case e.PaymentReplaced(_, payment, _, fresh, _):
                self.set_aside[fresh.id] = fresh
                self.first[fresh.id] = self.first.get(payment, payment)
            case e.BankNotified():
                self.notified(event)
            case e.PaymentMoved(_, payment, fact, state, _):
                self.moved(payment, fact.what, fact.amount, state)
            case e.SeizedNoted(_, seized):
                self.noted[seized.id] = seized
            case e.SeizedAgreed(_, seized_id, by):
                assert by != self.noted[seized_id].noted_by, "one person saw the money"
                self.frozen[seized_id] = self.noted[seized_id].amount
            case e.SeizedEnded(_, seized_id, by, _):
                assert by != self.noted[seized_id].noted_by, "one person took the money away"
                self.frozen.pop(seized_id, None)
            case e.PriorRightNoted(_, right):
                self.prior[right.id] = right
            case e.PriorRightEnded(_, right_id, by, _):
                assert by != self.prior.pop(right_id).noted_by, "one person ended a right"

    def decided(self, event: e.RoundDecided) -> None:
        plan = self.plan
        assert plan is not None, "decided without a plan"
        persons = {by for by, digest in self.agreed if digest == plan.digest} - {plan.made_by}
        assert len(persons) >= self.approvals, "decided without approval"
        assert event.by != plan.made_by, "decided by its maker"
        if any(award.mode == 3 for award in plan.awards):
            assert plan.digest in self.over, "decided before its notice ended"
            assert not self.open, "decided over an open objection"
            self.marks["decided after a notice"] += 1
        assert sum(row.amount for row in event.payments) == sum(x.amount for x in plan.awards)
        for payment in event.payments:
            assert payment.id not in self.set_aside, "a payment's id was used twice"
            self.set_aside[payment.id] = payment

    def notified(self, event: e.BankNotified) -> None:
        order = event.pay_back
        assert order.order_id not in self.orders, "an order's id was used twice"
        assert len(set(order.officers)) >= 2, "fewer than two officers"
        assert order.place.account in self.frozen, "an order about money that is not frozen"
        assert order.place.account not in CUSTODY, "a bank was told of money in custody"
        self.orders[order.order_id] = order.amount
        first = self.first.get(event.payment, event.payment)
        chain = [first, *(name for name, of in self.first.items() if of == first)]
        paid = sum(self.net[name] for name in chain)
        assert paid + order.amount <= self.set_aside[first].amount, "told to pay what was paid"

    def moved(self, payment: str, what: str, amount: int, state: PaymentState) -> None:
        self.marks[f"{what} {state}"] += 1
        row = self.set_aside[payment]
        if what == "paid":
            self.net[payment] += amount
            is_right = self.net[payment] == row.amount and state is PaymentState.PAID
            assert is_right or state is PaymentState.DIFFERS, "a wrong receipt passed for a success"
        elif what == "bounced":
            self.net[payment] = max(0, self.net[payment] - amount)

    def leaves(self, desk: Desk, account: str) -> None:
        """Nothing of an account is decided, ordered or handed over that others have a right to first."""
        rows = [row for row in desk.found.payments if row.place == place(account)]
        stray = sum(self.got[row.id] - row.settled for row in rows)
        aside = sum(row.outstanding for row in rows)
        prior = sum(row.amount for row in self.prior.values() if row.place == place(account))
        assert aside + prior <= self.frozen.get(account, 0) + stray, "others' money was given"
        self.marks["beside a right"] += prior > 0

    def check(self, desk: Desk) -> None:
        """What is set aside of an account is never more than is frozen there; awarded money is somewhere."""
        for account, held in self.frozen.items():
            rows = [row for row in desk.found.payments if row.place == place(account)]
            aside = sum(row.outstanding for row in rows)
            # What a bank paid on an order that it had refused, or that was replaced since: its own fault, an incident each.
            stray = sum(self.got[row.id] - row.settled for row in rows)
            assert aside <= held + stray, "more set aside than is frozen"
            self.marks["stray"] += stray > 0
        for claim, loss in CLAIMS.items():
            rows = [row for row in desk.found.payments if row.key == key(claim)]
            due = sum(row.settled + row.outstanding for row in rows)
            assert due <= loss, "a claim gets more than it lost"
        sums = sums_of(desk.found, "CNY")
        assert sums.paid + sums.excess == sum(self.net.values()), "paid money that no bank paid"
        self.marks["excess"] += sums.excess > 0


class Chances:
    """Says what somebody tries next."""

    def __init__(self, seed: int, desk: Desk) -> None:
        self.chance, self.desk, self.number = Random(seed), desk, 0
        self.has_custody = seed % 3 == 2
        """Whether money lies with the office too, and others have rights: elsewhere banks alone are met more often."""

    def command(self) -> c.Command:
        self.number += 1
        found = self.desk.found
        if not found.is_open:
            return c.OpenReturn("r1", (CASE,), "ann")
        if self.has_custody and self.chance.random() < 0.1:
            return self.custody()
        pick = self.chance.random()
        if found.payments and pick < 0.55:
            return self.of_payment(self.chance.choice(found.payments))
        return self.natural() if pick < 0.9 else self.odd()

    def natural(self) -> c.Command:
        """What a desk would do next with the round."""
        round_ = self.desk.found.round
        plan = round_.plan.digest if round_.plan else ""
        match round_.state:
            case RoundState.APPLIED | RoundState.SUPERSEDED:
                waiting = [x for x in round_.applications if x.proof_digest and not x.checked_by]
                if waiting and self.chance.random() < 0.5:
                    paper = waiting[0]
                    return c.CheckProof("r1", paper.id, "paper", self.chance.choice(PEOPLE))
                return self.applies() if self.chance.random() < 0.5 else self.binds()
            case RoundState.TRACED:
                return c.ApprovePlan("r1", self.chance.choice(PEOPLE), plan)
            case RoundState.APPROVED:
                by = self.chance.choice(PEOPLE)
                if self.chance.random() < 0.5:
                    return c.DecideRound("r1", by, plan)
                return c.PublishNotice("r1", by, plan)
            case RoundState.PUBLISHED | RoundState.UNDER_REVIEW:
                return self.of_notice()
            case RoundState.REVIEWED:
                return c.DecideRound("r1", self.chance.choice(PEOPLE), plan)
            case _:
                return c.OpenRound("r1", len(self.desk.found.rounds) + 1, (CASE,), "ann")

    def of_notice(self) -> c.Command:
        round_ = self.desk.found.round
        open_ = [row.id for row in round_.objections if row.state == "open"]
        pick = self.chance.random()
        if open_ and pick < 0.4:
            by, is_upheld = self.chance.choice(PEOPLE), self.chance.random() < 0.4
            return c.SettleObjection("r1", open_[0], is_upheld, by, "seen")
        if pick < 0.6:
            name = f"x{self.number}"
            return c.TakeObjection("r1", Objection(name, "p9", "text", "ann", ""))
        return c.PassNotice("r1", round_.number, len(round_.notices))

    def applies(self) -> c.Command:
        claim = self.chance.choice(list(CLAIMS))
        capacity = self.chance.choice([Capacity.VICTIM, Capacity.VICTIM, Capacity.HEIR])
        proof = Proof.INHERITANCE if capacity is Capacity.HEIR else Proof.NONE
        paper = "paper" if capacity is Capacity.HEIR else ""
        payee = self.chance.choice([own(claim), another(claim)])
        made = {"capacity": capacity, "proof": proof, "proof_digest": paper, "payee": payee}
        return c.TakeApplication("r1", asks(claim, id=f"a{self.number}", **made))

    def binds(self) -> c.Command:
        round_ = self.desk.found.round
        claims = [x.key.claim for x in round_.applications if not x.is_withdrawn] or ["c1"]
        awards = {}
        for _ in range(self.chance.randrange(1, 4)):
            claim, mode = self.chance.choice(claims), self.chance.choice([1, 3])
            custody = CUSTODY if self.has_custody else {}
            account = self.chance.choice([*POTS, "mule", "drop", *custody])
            amount = self.chance.choice([0, 5, 10, 20, 20, 60, 90])
            awards[claim, account, mode] = gets(claim, amount, account, mode)
        rows = tuple(awards.values())
        return c.BindPlan("r1", f"in {self.number}", "out", "p", rows, self.chance.choice(PEOPLE))

    def custody(self) -> c.Command:
        """Somebody says what lies in custody, or who comes before the claims."""
        by, found, name = (
            self.chance.choice(PEOPLE),
            self.desk.found,
            self.chance.choice([*CUSTODY]),
        )
        seized, amount = found.seized_of(name), self.chance.choice([20, 60, 90])
        if seized is None or self.chance.random() < 0.1:
            fresh = Seized(name, CASE, SeizedKind.CASH, "CNY", CUSTODY[name], "paper", by)
            return c.NoteSeized("r1", seized or fresh)
        if not seized.is_shared and self.chance.random() < 0.7:
            return c.AgreeToSeized("r1", name, digest_of_seized(seized), by)
        account = self.chance.choice(["mule", "drop", name])
        right = PriorRight(
            f"p{self.number}", place(account), PriorKind.COURT, amount, "court", "paper", by
        )
        ends = [c.EndPriorRight("r1", row.id, by, "lifted") for row in found.rights if row.stands]
        return self.chance.choice(
            [
                c.NotePriorRight("r1", right),
                *ends[-4:],
                c.NoteInterest("r1", place("mule"), amount, by),
                c.EndSeized("r1", name, by, "to the court"),
            ]
        )

    def hands_over(self, row: Payment) -> c.Command:
        by, number = self.chance.choice(PEOPLE), self.chance.choice(["q1", "q1", "q2"])
        return self.chance.choice(
            [
                c.HandOver("r1", row.id, number, by),
                c.HandOver("r1", row.id, number, by),
                c.ConfirmHandover("r1", row.id, number, by),
                c.ConfirmHandover("r1", row.id, number, by),
                c.TakeHandoverBack("r1", row.id, by, "not at home"),
                c.GivePaymentUp("r1", row.id, by, "nobody"),
            ]
        )

    def of_payment(self, row: Payment) -> c.Command:
        likely = 0.9 if row.place.account in CUSTODY else 0.02
        if self.has_custody and self.chance.random() < likely:
            return self.hands_over(row)
        by, name = self.chance.choice(PEOPLE), f"f{self.number}"
        amount = self.chance.choice([row.amount, row.amount, row.amount, 1, 2 * row.amount])
        payee = row.proposed or another(row.key.claim)
        usual: list[c.Command] = {
            PaymentState.DECIDED: [c.NotifyBank("r1", (row.id,), self.chance.choice(OFFICERS), by)],
            PaymentState.CORRECTING: [c.NotifyBank("r1", (row.id,), OFFICERS[0], by)],
            PaymentState.PAID: [],
        }.get(row.state, [])
        told: list[c.Command] = [
            c.RecordAcceptance("r1", row.order_id),
            c.RecordPaid("r1", row.order_id, name, amount, self.desk.now),
            c.RecordPaid("r1", row.order_id, name, amount, self.desk.now),
            c.RecordDemand("r1", row.order_id, name, "papers"),
            c.RecordRefusal("r1", row.order_id, name, "closed"),
            c.RecordBounce("r1", row.order_id, name, amount, "closed"),
            c.PassPayLimit("r1", row.order_id),
        ]
        after: list[c.Command] = [
            c.SettleIncident("r1", row.id, by, "seen"),
            c.ProposePayee("r1", row.id, another(row.key.claim), by),
            c.AgreeToPayee("r1", row.id, payee, by),
            c.GivePaymentUp("r1", row.id, by, "nobody"),
        ]
        return self.chance.choice([*usual * 6, *told, *after])

    def odd(self) -> c.Command:
        by, round_ = self.chance.choice(PEOPLE), self.desk.found.round
        plan = round_.plan.digest if round_.plan else "none"
        names = [x.id for x in round_.applications] or ["a0"]
        return self.chance.choice(
            [
                c.SendPlanBack("r1", by, "look again"),
                c.EndRound("r1", self.chance.random() < 0.5, by, "in dispute"),
                c.TakeApplicationBack("r1", self.chance.choice(names), by, "changed"),
                c.DecideRound("r1", by, self.chance.choice([plan, "other"])),
                c.ApprovePlan("r1", by, "other"),
                self.applies(),
                self.binds(),
            ]
        )


def run(seed: int, steps: int, terms: ReturnTerms, auditor: Auditor) -> Desk:
    desk = Desk(facts(POTS, **CLAIMS), terms, is_looked_at=False)
    desk.holds("stopped", is_frozen=False)
    chances = Chances(seed, desk)
    for _ in range(steps):
        if chances.chance.random() < 0.2:
            desk.wait(days=chances.chance.choice([0, 1, 3, 16]))
            ends_at = desk.now + timedelta(days=chances.chance.choice([1, 40, 180]))
            desk.holds(chances.chance.choice(["mule", "drop"]), ends_at=ends_at)
        said = desk.do(chances.command())
        if isinstance(said, Refusal):
            auditor.marks[f"refused {said.reason}"] += 1
            continue
        for event in said:
            auditor.watch(event, desk.now)
            follow(desk, auditor, event)
        for account in given_of(said, desk):
            auditor.leaves(desk, account)
        auditor.check(desk)
    desk.look()
    return desk


def given_of(said: tuple[e.Event, ...], desk: Desk) -> set[str]:
    """Return the accounts of which something was just decided, ordered or handed over."""
    found = set()
    for event in said:
        if isinstance(event, e.RoundDecided):
            found |= {row.place.account for row in event.payments}
        if isinstance(event, e.BankNotified | e.HandedOver):
            payment = desk.found.payment(event.payment)
            assert payment is not None
            found.add(payment.place.account)
    return found


def follow(desk: Desk, auditor: Auditor, event: e.Event) -> None:
    """Move the bank's money as it says: out of the frozen account when it pays, back when that bounces."""
    if not isinstance(event, e.PaymentMoved):
        return
    payment = desk.found.payment(event.payment)
    assert payment is not None
    account = payment.place.account
    # What is paid beyond the order the bank pays of its own money, and gets back into it.
    taken = min(payment.paid, payment.amount)
    auditor.frozen[account] -= taken - auditor.got[payment.id]
    auditor.got[payment.id] = taken
    if account not in CUSTODY:
        desk.holds(account, auditor.frozen[account])


def walk(seeds: range, steps: int, terms: ReturnTerms = TERMS, approvals: int = 1) -> Counter[str]:
    marks: Counter[str] = Counter()
    for seed in seeds:
        auditor = Auditor(approvals)
        run(seed, steps, terms, auditor)
        marks += auditor.marks
    return marks


MET = {
    *(kind.__name__ for kind in e.Event.__args__),  # type: ignore[attr-defined]
    *("objection upheld", "objection dismissed", "decided after a notice", "excess"),
    *("stray", "refused incident_open"),
    *("paid paid", "paid differs", "bounced bounced", "refused refused", "demand correcting"),
    *("refused only_stopped", "refused amount_exceeds_frozen", "refused amount_exceeds_missing"),
    *("refused maker_decides", "refused notice_missing", "refused freeze_ends_first"),
    *("beside a right", "refused in_custody", "refused not_in_custody", "refused set_aside"),
    *("refused plan_stale", "refused officers_too_few", "refused proof_missing"),
}


def test_random_desks_break_no_law_and_meet_every_situation() -> None:
    marks = walk(range(80), 150)
    missed = sorted(MET - set(marks))
    assert not missed, f"never met: {missed}; a run that meets no hard case proves nothing"


def test_every_event_and_command_of_a_walk_goes_through_the_journals_bytes() -> None:
    for seed in range(6):
        desk = run(seed, 150, TERMS, Auditor())
        again = [back(EVENT_REGISTRY, event) for event in desk.events]
        assert again == desk.events
        assert fold(Return("r1"), again) == desk.found
        state = CentreState()
        state.put_return(desk.found)
        assert decode_state(encode_state(state)) == state
        chances = Chances(seed, desk)
        for _ in range(60):
            command = chances.command()
            assert back(COMMAND_REGISTRY, command) == command


def back(registry: Registry, value: object) -> object:
    name, version = registry.name_of(value)
    return registry.decode(name, version, registry.encode(value))


@pytest.mark.slow
def test_a_hundred_thousand_steps_break_no_law() -> None:
    assert not MET - set(walk(range(1000, 1500), 200))


@pytest.mark.parametrize(
    ("terms", "broken"),
    [
        (replace(TERMS, notice_days=29), "too short"),
        (replace(TERMS, officers=1), "fewer than two"),
        (replace(TERMS, is_notice_repeated=False), "before its notice ended"),
    ],
)
def test_the_auditor_sees_what_other_terms_would_allow(terms: ReturnTerms, broken: str) -> None:
    # The negative control: the desk works by terms that the auditor does not share.
    with pytest.raises(AssertionError, match=broken):
        walk(range(80), 150, terms)


def test_the_auditor_sees_a_plan_that_too_few_agreed_to() -> None:
    with pytest.raises(AssertionError, match="without approval"):
        walk(range(80), 150, approvals=2)


def test_the_auditor_sees_more_given_than_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    rules = import_module("recoup.procedure.fitting")
    monkeypatch.setattr(rules, "unfit_place", lambda *_: None)
    with pytest.raises(AssertionError, match=r"more set aside|others' money|not frozen"):
        walk(range(80), 150)


def test_the_auditor_sees_others_money_that_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Return, "prior_at", lambda *_: 0)
    with pytest.raises(AssertionError, match="others' money was given"):
        walk(range(2, 1200, 3), 150)


def test_the_auditor_sees_an_order_for_what_was_paid(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paying, "paid_already", lambda *_: "")
    with pytest.raises(AssertionError, match="told to pay what was paid"):
        walk(range(200), 150)


def test_the_auditor_sees_a_receipt_that_passes_for_a_success(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    right = paying._trigger

    def lenient(payment, command):  # type: ignore[no-untyped-def]
        trigger, paid = right(payment, command)
        return ("receipt" if trigger == "receipt_off" else trigger), paid

    monkeypatch.setattr(paying, "_trigger", lenient)
    with pytest.raises(AssertionError, match="passed for a success"):
        walk(range(80), 150)
