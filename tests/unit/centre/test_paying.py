"""Paying back at the centre: the order leaves as any other, its receipt moves hold and claim, what is amiss is asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import decided
import pytest
from decided import RETURN
from sim.office import START, Done, Office, Turned, some_order

from recoup.cases import Found, Place
from recoup.cases.commands import (
    ApplyTrail,
    FileAppeal,
    ProposeFinding,
    SettleAppeal,
    SettleFinding,
    TakeUp,
    WriteOrder,
)
from recoup.cases.decided import Finding, FindingKind, digest_of
from recoup.cases.entitlements import current
from recoup.cases.state import AppealTrigger, FindingTrigger
from recoup.centre import EVENT_REGISTRY, CentreState, Reply, answer_command, evolve
from recoup.centre.paying import Award, pay_back_order
from recoup.centre.snapshots import decode_state, encode_state
from recoup.centre.terms import decode_issued
from recoup.orders import (
    Answer,
    HoldKey,
    HoldState,
    OrderKind,
    OrderState,
    Outcome,
    Receipt,
)
from recoup.orders.events import Amiss, OrderDrafted, OrderSubmitted
from recoup.procedure import ClaimKey

CASE, BANK = "case-1", "bank-a"
KEY = HoldKey(CASE, "a", "CNY")
DUE = START.replace(day=8, hour=16)
"""The end of the third working day in Shanghai."""
P1, P2 = f"{RETURN}-1.1.1", f"{RETURN}-2.2.1"
"""The orders of the first and of the second payment."""


class Work:
    """A case of two claims whose 100 lie frozen on one account."""

    def __init__(self):
        self.office = Office()
        for number, amount in (("c1", 60), ("c2", 40)):
            decided.claimed(self.office, CASE, number, "a", amount, START)
        places = tuple(
            Place(number, "a", BANK, "CNY", amount, START, Found.LOCATED, hop=1)
            for number, amount in (("c1", 60), ("c2", 40))
        )
        version = self.case.facts_version
        self.must("chase", ApplyTrail(version, digest_of("test", version, places), places))
        decided.enter(self.office, CASE, "victim-account", "bank-9")
        freeze = some_order("f1", OrderKind.FREEZE, 100, KEY, institution=BANK)
        assert isinstance(self.office.tell(freeze), Done)
        self.told("f1", Answer("a1", Outcome.FROZEN, 100, self.office.clock.now()))

    def must(self, who, what):
        outcome = self.office.ask(who, what, case=CASE)
        assert isinstance(outcome, Done), outcome

    @property
    def state(self):
        return self.office.scribe.state

    @property
    def case(self):
        return self.state.case(CASE)

    @property
    def hold(self):
        return self.state.hold(KEY)

    def told(self, order_id, answer):
        """Let the institution answer the order that leaves next."""
        message = self.office.next_message(0)
        assert message.id == order_id
        self.office.reply(message, Reply((answer,)))

    def says(self, order_id, outcome, amount, held, ref="r1"):
        number = len(self.hold.find(order_id).answers)
        receipt = Receipt(amount, ref, self.office.clock.now())
        answer = Answer(f"a-{order_id}-{number}", outcome, held, receipt=receipt)
        assert isinstance(self.office.submit(answer_command(BANK, order_id, answer)), Done)

    def noticed(self, amount=60, claim_id="c1"):
        """Decide to pay and give the bank notice; return the order, which waits for those who must agree."""
        key = ClaimKey(CASE, claim_id)
        order_id, outcome = decided.noticed(self.office, KEY, amount, "victim-account", key)
        assert isinstance(outcome, Done), outcome
        return order_id

    def agree(self, order_id):
        """Let two persons agree; return why it may not leave."""
        outcome = decided.agreed(self.office, order_id)
        return outcome.reason if isinstance(outcome, Turned) else ""

    def ordered(self, amount=60, claim_id="c1"):
        order_id = self.noticed(amount, claim_id)
        assert self.agree(order_id) == ""
        return self.hold.find(order_id).order

    def by_hand(self, order_id="p1"):
        award = Award(order_id, KEY, 60, "victim-account", "c1", "award-1", DUE)
        return pay_back_order(self.state, award, "maker", "decision 1")

    def asked(self):
        return [(x.clock, x.about) for x in self.case.escalations if x.state.value == "open"]

    def missing(self):
        return {x.id: x.missing for x in self.case.claims}


@pytest.fixture
def work():
    return Work()


def test_the_order_names_payee_claim_and_decision_and_leaves_with_two_who_agreed(work):
    order = work.ordered()
    assert order.institution == BANK
    assert order.payout.institution == "bank-9"
    issued = decode_issued(work.office.next_message(0).body)
    assert issued.order == order
    assert len(issued.approvers) == 2
    assert issued.answer_due_at == DUE


def test_an_award_to_an_account_that_the_case_does_not_know_becomes_no_order(work):
    award = Award("p1", KEY, 60, "stranger", "c1", "award-1", DUE)
    assert pay_back_order(work.state, award, "maker", "r") is None
    elsewhere = replace(award, payee="victim-account", hold=replace(KEY, account="b"))
    assert pay_back_order(work.state, elsewhere, "maker", "r") is None


def test_a_receipt_moves_hold_and_claim_in_one_entry(work):
    work.ordered()
    before = work.office.scribe.count
    work.says(P1, Outcome.PAID, 60, 40)
    names = [x.name for x in work.office.journal.records(before + 1)]
    assert {"answer_recorded", "paid_back", "claim_repaid"} <= set(names)
    assert len({x.command for x in work.office.journal.records(before + 1)}) == 1
    assert (work.hold.state, work.hold.held, work.hold.returned) == (HoldState.FROZEN, 40, 60)
    assert work.missing() == {"c1": 0, "c2": 40}
    assert current(work.case) == {("a", "CNY"): {"c2": 40}}
    assert work.asked() == []


def test_the_same_receipt_by_two_ways_counts_once(work):
    work.ordered()
    work.says(P1, Outcome.PAID, 60, 40)
    work.says(P1, Outcome.PAID, 60, 40)
    assert (work.hold.held, work.missing()["c1"]) == (40, 0)


def test_what_comes_back_is_missed_again_and_somebody_is_asked(work):
    work.ordered()
    work.says(P1, Outcome.PAID, 60, 40)
    work.says(P1, Outcome.BOUNCED, 60, 100)
    assert (work.hold.held, work.hold.returned) == (100, 0)
    assert work.missing() == {"c1": 60, "c2": 40}
    assert current(work.case) == {("a", "CNY"): {"c1": 60, "c2": 40}}
    assert work.asked() == [("payment", P1)]


def test_the_last_payment_ends_the_hold_and_its_clock_and_a_bounce_begins_both_again(work):
    end = work.hold.ends_at
    work.ordered(60, "c1")
    work.ordered(40, "c2")
    work.says(P1, Outcome.PAID, 60, 40)
    work.says(P2, Outcome.PAID, 40, 0, "r2")
    assert work.hold.state is HoldState.RETURNED
    terms = [x for x in work.office.journal.due(end, 100) if x.kind == "end_term"]
    assert terms == []
    work.says(P2, Outcome.BOUNCED, 40, 40, "r2")
    assert [x.due_at for x in work.office.journal.due(end, 100) if x.kind == "end_term"] == [end]


@pytest.mark.parametrize(
    ("paid", "held", "amiss"), [(50, 50, {Amiss.AMOUNT}), (70, 30, {Amiss.AMOUNT})]
)
def test_another_amount_is_an_incident_and_leaves_the_hold_all_the_same(work, paid, held, amiss):
    work.ordered()
    before = work.office.scribe.count
    work.says(P1, Outcome.PAID, paid, held)
    (event,) = [
        EVENT_REGISTRY.decode(x.name, x.version, x.body)
        for x in work.office.journal.records(before + 1)
        if x.name == "paid_back"
    ]
    assert set(event.amiss) == amiss
    assert (work.hold.held, work.hold.returned) == (held, paid)
    assert work.missing()["c1"] == max(0, 60 - paid)
    assert work.asked() == [("payment", P1)]


def test_a_refused_payment_is_asked_about_until_it_is_paid(work):
    work.ordered()
    refused = Answer("a9", Outcome.REFUSED, code="0600", papers=("decision",))
    work.office.submit(answer_command(BANK, P1, refused))
    assert work.asked() == [("payment", P1)]
    work.says(P1, Outcome.PAID, 60, 40)
    assert work.asked() == []


def test_a_payment_that_is_overdue_is_told_once_more_and_asked_about(work):
    work.ordered()
    work.office.reply(work.office.next_message(0), Reply())
    work.office.clock.move(DUE - work.office.clock.now() - timedelta(seconds=1))
    work.office.fire()
    assert work.hold.find(P1).state is OrderState.SENT
    work.office.clock.move(timedelta(seconds=1))
    work.office.fire()
    assert work.hold.find(P1).state is OrderState.UNANSWERED
    assert ("answer", P1) in work.asked()
    again = work.office.next_message(10**9)
    assert decode_issued(again.body).order.id == P1
    work.says(P1, Outcome.PAID, 60, 40)
    assert work.asked() == []


def test_more_than_is_frozen_is_in_no_plan(work):
    work.ordered()
    key = ClaimKey(CASE, "c2")
    found = decided.noticed(work.office, KEY, 41, "victim-account", key)[1]
    assert isinstance(found, Turned)
    assert found.reason == "amount_exceeds_frozen"


def test_an_order_to_pay_back_that_somebody_writes_by_hand_is_refused(work):
    """An officer and two who approve are no decision: only the notice of a return writes such an order."""
    for order in (work.by_hand(), work.by_hand(P1)):
        found = work.office.tell(order)
        assert isinstance(found, Turned)
        assert found.reason == "return_missing"
    assert work.hold.find("p1") is None
    work.ordered()
    again = work.office.tell(work.hold.find(P1).order)
    assert again.reason == "return_missing", "the very order of a notice, once more"


def test_the_room_of_cases_is_no_other_way_to_an_order_to_pay_back(work):
    by_chase = replace(work.by_hand(), made_by="chase", mandate="m1")
    for who, role, what in (
        ("maker", "officer", WriteOrder("p1", OrderKind.PAY_BACK, "a", "CNY", "maker", "r")),
        ("maker", "officer", TakeUp(work.by_hand())),
        ("chase", "chase", TakeUp(by_chase)),
    ):
        found = work.office.ask(who, what, role=role, case=CASE)
        assert isinstance(found, Turned)
        assert found.reason == "proposal_stale"
    assert work.hold.find("p1") is None


def test_an_order_to_pay_back_that_is_there_without_a_return_does_not_leave(work):
    """As an older program, or somebody at the store, could have left it."""
    order = work.by_hand()
    drafted = (OrderDrafted(order, work.hold.period), OrderSubmitted(order.id))
    for event in drafted:
        evolve(work.state, CASE, event)
    assert work.agree("p1") == "return_missing"
    assert work.hold.find("p1").issued_at is None


def test_payments_replay_and_are_in_the_snapshot(work):
    work.ordered()
    work.says(P1, Outcome.PAID, 60, 40)
    work.says(P1, Outcome.BOUNCED, 60, 100)
    kept = encode_state(work.state)
    assert decode_state(kept) == work.state
    state = CentreState()
    state.accounts["victim-account"] = "bank-9"
    state.entered[CASE, "victim-account"] = None
    for record in work.office.journal.records():
        event = EVENT_REGISTRY.decode(record.name, record.version, record.body)
        state = evolve(state, record.subject, event)
    assert encode_state(state) == kept


def test_an_answer_of_before_payments_still_decodes():
    old = (
        b'{"answer":{"code":"","held":1,"id":"a","outcome":"held","queued_behind":0,'
        b'"started_at":null},"bearing":"applied","order_id":"o","why":""}'
    )
    event = EVENT_REGISTRY.decode("answer_recorded", 1, old)
    assert event.answer == Answer("a", Outcome.HELD, 1)


def test_money_waits_while_its_holder_objects(work):
    work.must("ann", FileAppeal("x1", "a", "CNY", is_through_bank=False))
    order_id = work.noticed()
    assert work.agree(order_id) == "holder_appeals"
    work.must("judge", SettleAppeal("x1", AppealTrigger.DENY, "judge", reason="it is traced"))
    assert work.agree(order_id) == ""


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        (FindingKind.GOOD_FAITH_VALUE, "holder_cleared"),
        (FindingKind.INNOCENT_CONDUIT, ""),
    ],
)
def test_what_was_found_to_be_the_holders_is_not_paid_before_the_hold_is_lowered(work, kind, why):
    """A conduit's traced part is the victims' still; of value given in good faith nothing is."""
    finding = Finding("n1", kind, "a", "bo", "a shop")
    work.must("bo", ProposeFinding(finding))
    work.must("judge", SettleFinding("n1", FindingTrigger.AGREE, "judge", finding.digest))
    assert work.hold.held == 100, "the bank has not let go yet"
    assert work.agree(work.noticed()) == why


def test_an_upheld_objection_leaves_for_victims_what_is_kept(work):
    work.must("ann", FileAppeal("x1", "a", "CNY", is_through_bank=False))
    upheld = SettleAppeal("x1", AppealTrigger.UPHOLD, "judge", keep=59, reason="salary")
    work.must("judge", upheld)
    assert work.agree(work.noticed()) == "holder_cleared"
