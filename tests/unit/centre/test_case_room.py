"""Cases and orders in one centre: what one does to the other is in the same entry, and nobody speaks for another."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta
from zoneinfo import ZoneInfo

import pytest
from casework import CASE, PAID, Work
from docket import claim, report
from sim.office import POLICY, START, Done, Turned

from recoup.cases import (
    Found,
    Matter,
    Meeting,
    Motion,
    meetings_of,
    plan_orders,
    view_of,
)
from recoup.cases.commands import (
    AddFacts,
    AgreeToMandate,
    AgreeToOrder,
    ApplyTrail,
    DecideSurplus,
    DeferNotice,
    FileAppeal,
    GrantHardship,
    JoinCase,
    MakeMotion,
    NoteOpinion,
    SettleAppeal,
    SettleClaim,
    SettleMotion,
    SwapAccount,
    TakeReport,
    TakeUp,
    WriteOrder,
)
from recoup.cases.decided import digest_of
from recoup.cases.entitlements import current
from recoup.cases.state import (
    AppealState,
    AppealTrigger,
    ClaimTrigger,
    MotionTrigger,
)
from recoup.centre import answer_command
from recoup.centre.case_asked import BY_MOTION, CHASE
from recoup.centre.snapshots import decode_state, encode_state
from recoup.centre.terms import PassHardshipDay
from recoup.orders import Answer, HoldKey, HoldState, Order, OrderKind, OrderState, Outcome
from recoup.orders.commands import DraftOrder


def test_an_order_that_is_taken_up_leaves_in_the_same_entry():
    work = Work().reported().under_mandate()
    before = work.office.scribe.count
    order = work.leaves(OrderKind.STOP, "a")
    assert work.records(before) == [
        "acted",
        "order_taken_up",
        "entitlements_changed",
        "hold_noted",
        "order_drafted",
        "order_submitted",
        "order_issued",
    ]
    commands = {record.command for record in work.office.journal.records(before + 1)}
    assert len(commands) == 1, "one command, one batch"
    assert [pending.message.id for pending in work.office.journal.pending(10)] == [order.id]
    assert work.tracked(order).state is OrderState.ISSUED
    assert current(work.case) == {("a", "CNY"): {"c1": 100}}


def test_what_an_institution_answers_its_case_hears_in_the_same_entry():
    work = Work().reported().under_mandate()
    order = work.leaves(OrderKind.STOP, "a")
    work.answered(order, Outcome.HELD_SHORT, 60)
    standing = work.case.standing("a", "CNY")
    assert (standing.held, standing.word) == (60, "held_short")
    noted = [r for r in work.office.journal.records() if r.name == "hold_noted"][-1]
    changed = [r for r in work.office.journal.records() if r.name == "hold_changed"][-1]
    assert noted.command == changed.command
    assert not work.case.has_current_trail(), "what is held takes lots: the trail is another"


def test_what_speaks_against_a_claim_is_noted_with_it_seen_and_asks_for_another_person():
    work = Work()
    others = [f"other-{n}" for n in range(POLICY.reports_max)]
    for case in others:
        one = claim("c1", "z", 50_000, paid_at=PAID, report=case)
        taken = TakeReport(report(case, START), one, "station-1")
        assert isinstance(work.office.ask("taker", taken, case=case), Done)
    assert not any(work.office.scribe.state.case(case).signs for case in others)
    taken = TakeReport(report(at=START), claim("c1", "a", 50_000, paid_at=PAID), "station-1")
    before = work.office.scribe.count
    work.must("taker", taken)
    names = ["acted", "case_opened", "report_taken", "claim_made"]
    assert work.records(before)[:4] == names
    assert "signs_noted" in work.records(before)
    assert work.case.signs == (("c1", "repeated_reporter"),)
    work.trace(work.lies("a", 50_000, Found.UNKNOWN))
    work.under_mandate(100_000)
    order = work.order(OrderKind.STOP, "a", mandate="m1")
    plan = plan_orders(work.case, work.office.clock.now(), POLICY)
    seen = view_of(work.case, order, plan)
    assert seen.signs == ("repeated_reporter",)
    assert view_of(replace(work.case, signs=()), order, plan).digest != seen.digest
    alone = work.office.ask("chase", TakeUp(order), case=CASE)
    assert isinstance(alone, Turned)
    assert alone.reason == "approval_missing"
    kept = encode_state(work.office.scribe.state)
    assert decode_state(kept) == work.office.scribe.state


def test_a_small_payment_is_a_sign_and_a_larger_one_is_none():
    for amount, signs in ((POLICY.small_amount, ["small_payment"]), (POLICY.small_amount + 1, [])):
        work = Work()
        taken = TakeReport(report(at=START), claim("c1", "a", amount, paid_at=PAID), "station-1")
        work.must("taker", taken)
        assert [sign for _, sign in work.case.signs] == signs


def test_a_lapse_reaches_the_case_in_its_own_entry():
    work = Work().reported().under_mandate()
    order = work.leaves(OrderKind.STOP, "a")
    work.answered(order, Outcome.HELD, 100)
    work.office.clock.move(timedelta(hours=49))
    work.office.fire()
    assert work.office.scribe.state.hold(order.key).state is HoldState.LAPSED
    standing = work.case.standing("a", "CNY")
    assert (standing.held, standing.word) == (0, "lapsed")


def test_the_next_order_lowers_the_one_before_in_one_entry():
    work = Work().reported().under_mandate()
    first = work.leaves(OrderKind.STOP, "a")
    work.answered(first, Outcome.HELD_SHORT, 30)
    work.must("bank-a", AddFacts("rows-1", ("t2",)))
    work.trace(work.lies("a", 30), work.lies("b", 70, Found.UNKNOWN, hop=2))
    before = work.office.scribe.count
    work.leaves(OrderKind.EXTEND, "b")
    commands = {record.command for record in work.office.journal.records(before + 1)}
    assert len(commands) == 1
    assert current(work.case) == {("a", "CNY"): {"c1": 30}, ("b", "CNY"): {"c1": 70}}


def test_the_chase_itself_orders_only_within_a_standing_authority():
    work = Work().reported()
    stop = work.order(OrderKind.STOP, "a")
    refused = work.office.ask("chase", TakeUp(stop), role=CHASE, case=CASE)
    assert isinstance(refused, Turned)
    assert refused.reason == "mandate_missing"
    officers = replace(stop, made_by="officer")
    work.must("officer", TakeUp(officers))
    assert work.tracked(officers).issued_at is not None, "an officer decides for himself"


def test_a_freeze_leaves_when_a_second_person_saw_its_gain_and_harm():
    work = Work().reported().under_mandate()
    work.answered(work.leaves(OrderKind.STOP, "a"), Outcome.HELD, 100)
    freeze = replace(work.order(OrderKind.STOP, "a"), id="f1", kind=OrderKind.FREEZE, amount=100)
    refused = work.office.ask("chase", TakeUp(freeze), case=CASE)
    assert isinstance(refused, Turned)
    assert refused.reason == "approval_missing"
    plan = plan_orders(work.case, work.office.clock.now(), POLICY)
    seen = view_of(work.case, freeze, plan)
    work.must("approver", AgreeToOrder(freeze, "approver", seen.digest))
    work.must("chase", TakeUp(freeze))
    assert work.tracked(freeze).approvers == ("approver",)
    assert work.tracked(freeze).issued_at is not None


def test_nothing_of_a_refused_order_is_written():
    work = Work().reported().under_mandate(amount=50)
    before = work.office.scribe.count
    order = work.order(OrderKind.STOP, "a", mandate="m1")
    outcome = work.office.ask("chase", TakeUp(order), case=CASE)
    assert isinstance(outcome, Turned)
    assert outcome.reason == "mandate_too_narrow"
    assert work.office.scribe.count == before
    assert order.id not in work.office.scribe.state.places


@pytest.mark.parametrize(
    ("who", "what"),
    [
        ("bo", SettleClaim("c1", ClaimTrigger.ADMIT, "ann")),
        ("bo", AgreeToMandate("m1", "approver", "")),
        ("bo", TakeReport(report(at=START), claim("c2", "a", 10, paid_at=PAID), "station-1")),
    ],
)
def test_nobody_speaks_for_another(who, what):
    outcome = Work().reported().office.ask(who, what, case=CASE)
    assert isinstance(outcome, Turned)
    assert outcome.reason == "actor_differs"


@pytest.mark.parametrize("case", ["", "a#b", "x" * 300, "a\nb"])
def test_a_command_about_no_case_is_refused(case):
    outcome = Work().office.ask("ann", AddFacts("d", ()), case=case)
    assert isinstance(outcome, Turned)
    assert outcome.reason == "id_unusable"


BOTH = {"by": "officer", "agreed_by": "approver"}


@pytest.mark.parametrize(
    "what",
    [
        DecideSurplus("a", "CNY", 1, reason="r", **BOTH),
        GrantHardship("a", "CNY", 1, reason="r", **BOTH),
        SwapAccount("a", "CNY", "a2", "bank-a", 1, **BOTH),
        DeferNotice("a", "CNY", START + timedelta(hours=1), "r", **BOTH),
        JoinCase("case-2", "a", **BOTH),
    ],
)
def test_nobody_names_the_second_person(what):
    assert isinstance(what, BY_MOTION)
    work = Work().reported().under_mandate()
    work.answered(work.leaves(OrderKind.STOP, "a"), Outcome.HELD, 100)
    before = work.office.scribe.count
    for who in ("officer", "approver"):
        outcome = work.office.ask(who, what, case=CASE)
        assert isinstance(outcome, Turned)
        assert outcome.reason == "second_person_absent"
    assert work.office.scribe.count == before


def test_hardship_is_freed_by_two_acts_of_two_persons():
    work = Work().reported().under_mandate()
    work.answered(work.leaves(OrderKind.STOP, "a"), Outcome.HELD, 100)
    motion = Motion("m", Matter.HARDSHIP, "duty", "a", "CNY", 30, reason="food")
    work.must("duty", MakeMotion(motion))
    digest = work.case.motions[0].digest
    refused = work.office.ask(
        "duty", SettleMotion("m", MotionTrigger.AGREE, "lead", digest), case=CASE
    )
    assert (refused.reason, work.case.caps) == ("actor_differs", ())
    work.must("lead", SettleMotion("m", MotionTrigger.AGREE, "lead", digest))
    assert [cap.amount for cap in work.case.caps] == [70]
    assert {"duty", "lead"} <= set(work.case.standing("a", "CNY").makers)
    work.office.restart()
    assert work.case.motions[0].settled_by == "lead"


def test_hardship_that_nobody_decides_on_its_day_asks_who_is_on_duty():
    work = Work().reported().under_mandate()
    work.answered(work.leaves(OrderKind.STOP, "a"), Outcome.HELD, 100)
    for number in ("m", "n"):
        motion = Motion(number, Matter.HARDSHIP, "duty", "a", "CNY", 30, reason="food")
        work.must("duty", MakeMotion(motion))
    digest = work.case.motions[1].digest
    work.must("lead", SettleMotion("n", MotionTrigger.AGREE, "lead", digest))
    midnight = POLICY.orders.day_ends(START)
    assert midnight.astimezone(ZoneInfo(POLICY.orders.timezone)).time() == time(0)
    assert START < midnight <= START + timedelta(hours=24)
    spoken = work.office.ask("duty", PassHardshipDay("m"), case=CASE)
    assert isinstance(spoken, Turned), "the clock's word is the clock's"
    work.office.restart()
    work.office.clock.move(midnight - work.office.clock.now() - timedelta(seconds=1))
    work.office.fire()
    assert work.case.escalations == ()
    work.office.clock.move(timedelta(seconds=1))
    work.office.fire()
    asked = sorted((row.clock, row.about, row.state.value) for row in work.case.escalations)
    # The stop cannot be made smaller: what two persons agreed to give is still held, and somebody is asked for it.
    assert asked == [("hardship", "m", "open"), ("hardship", "n", "open")]
    digest = work.case.motions[0].digest
    work.must("lead", SettleMotion("m", MotionTrigger.DISMISS, "lead", digest))
    states = {row.about: row.state.value for row in work.case.escalations}
    assert states == {"m": "settled", "n": "open"}


def test_hardship_that_was_agreed_to_is_asked_about_until_its_institution_has_freed_it():
    work = Work().reported().under_mandate()
    work.answered(work.leaves(OrderKind.STOP, "a"), Outcome.HELD, 100)
    work.must("duty", MakeMotion(Motion("m", Matter.HARDSHIP, "duty", "a", "CNY", 30, reason="x")))
    day = timedelta(days=1)
    work.office.clock.move(POLICY.orders.day_ends(START) - work.office.clock.now())
    work.office.fire()
    assert [row.state.value for row in work.case.escalations] == ["open"], "nobody decided"
    digest = work.case.motions[0].digest
    work.must("lead", SettleMotion("m", MotionTrigger.AGREE, "lead", digest))
    assert [row.state.value for row in work.case.escalations] == ["settled"]
    work.office.clock.move(day)
    work.office.fire()
    assert [row.state.value for row in work.case.escalations] == ["settled", "open"], "not freed"
    # The freeze that follows the stop asks for what must stay, and frees the rest.
    keeping = plan_orders(work.case, work.office.clock.now(), POLICY).keeping(
        OrderKind.FREEZE, work.case.standing("a", "CNY")
    )
    assert keeping.amount == 70
    freeze = Order(
        "f", OrderKind.FREEZE, HoldKey(CASE, "a", "CNY"), "bank-a", 70, "writer", "filed"
    )
    assert isinstance(work.office.tell(freeze), Done)
    work.answered(freeze, Outcome.FROZEN, 70)
    assert [row.state.value for row in work.case.escalations] == ["settled", "settled"]
    assert work.case.escalations[-1].outcome == "freed"


def test_hardship_that_is_freed_on_its_day_asks_nobody():
    work = Work().reported().under_mandate()
    work.answered(work.leaves(OrderKind.STOP, "a"), Outcome.HELD, 100)
    work.must("duty", MakeMotion(Motion("m", Matter.HARDSHIP, "duty", "a", "CNY", 30, reason="x")))
    digest = work.case.motions[0].digest
    work.must("lead", SettleMotion("m", MotionTrigger.AGREE, "lead", digest))
    freeze = Order(
        "f", OrderKind.FREEZE, HoldKey(CASE, "a", "CNY"), "bank-a", 70, "writer", "filed"
    )
    assert isinstance(work.office.tell(freeze), Done)
    work.answered(freeze, Outcome.FROZEN, 70)
    work.office.clock.move(POLICY.orders.day_ends(START) - work.office.clock.now())
    work.office.fire()
    assert work.case.escalations == ()
    assert not list(work.office.journal.due(work.office.clock.now(), 99))


def test_an_account_is_offered_that_was_entered_for_the_case_where_it_lies():
    work = Work().reported().under_mandate()
    work.answered(work.leaves(OrderKind.STOP, "a"), Outcome.HELD, 100)
    state = work.office.scribe.state
    state.accounts["a2"], state.entered[CASE, "a2"] = "bank-2", None
    made = {"id": "m", "matter": Matter.SWAP, "by": "officer", "account": "a", "currency": "CNY"}
    motion = Motion(**made, amount=40, offered="a2", institution="bank-2", reason="offered")

    def said(motion):
        outcome = work.office.ask("officer", MakeMotion(motion), case=CASE)
        return outcome.reason if isinstance(outcome, Turned) else "done"

    assert said(replace(motion, offered="a3")) == "account_unknown"
    assert said(replace(motion, institution="bank-3")) == "institution_differs"
    assert said(motion) == "done"


def test_cases_are_joined_where_both_trails_go():
    work = Work().reported()
    motion = Motion("m", Matter.JOINING, "officer", "a", other="case-2", reason="one gang")

    def said(number):
        outcome = work.office.ask("officer", MakeMotion(replace(motion, id=number)), case=CASE)
        return outcome.reason if isinstance(outcome, Turned) else "done"

    assert said("m1") == "case_not_open"
    for number, payee in (("c1", "z"), ("c2", "a")):
        told = claim(number, payee, 100, paid_at=PAID)
        outcome = work.office.ask(
            "taker", TakeReport(report(at=START), told, "station-1"), case="case-2"
        )
        assert isinstance(outcome, Done)
        assert said(f"m-{number}") == ("trails_apart" if payee == "z" else "done")


def test_an_opinion_is_of_an_institution_that_is_known():
    outcome = Work().reported().office.ask("officer", NoteOpinion("o", "z", "", "text"), case=CASE)
    assert isinstance(outcome, Turned)
    assert outcome.reason == "account_unknown"


def test_who_ordered_or_set_the_authority_does_not_decide_the_appeal():
    """Whichever way the order went: through the case, under a standing authority, or through the room of orders."""
    work = Work().reported().under_mandate()
    work.answered(work.leaves(OrderKind.STOP, "a"), Outcome.HELD, 100)
    freeze = Order(
        "f", OrderKind.FREEZE, HoldKey(CASE, "a", "CNY"), "bank-a", 100, "writer", "filed"
    )
    assert isinstance(work.office.tell(freeze), Done)
    work.must("teller", FileAppeal("x", "a", "CNY", is_through_bank=True))
    for who in ("chase", "officer", "approver", "writer", "approver-0"):
        deny = SettleAppeal("x", AppealTrigger.DENY, who, reason="r")
        outcome = work.office.ask(who, deny, case=CASE)
        assert isinstance(outcome, Turned), who
        assert outcome.reason == "maker_decides"
    work.must("judge", SettleAppeal("x", AppealTrigger.DENY, "judge", reason="r"))


def test_an_appeal_that_was_upheld_is_asked_about_until_its_institution_has_freed_it():
    work = Work().reported().under_mandate()
    work.answered(work.leaves(OrderKind.STOP, "a"), Outcome.HELD, 100)
    work.must("operator", FileAppeal("x", "a", "CNY", is_through_bank=True))
    work.must("judge", SettleAppeal("x", AppealTrigger.UPHOLD, "judge", keep=70, reason="r"))
    appeal_time = timedelta(seconds=POLICY.appeal_seconds)
    work.office.clock.move(appeal_time - timedelta(seconds=1))
    work.office.fire()
    assert work.case.escalations == (), "its time runs"
    work.office.clock.move(timedelta(seconds=1))
    work.office.fire()
    asked = [(row.clock, row.about, row.state.value) for row in work.case.escalations]
    assert asked == [("appeal", "x", "open")], "the stop cannot be made smaller"
    freeze = Order(
        "f", OrderKind.FREEZE, HoldKey(CASE, "a", "CNY"), "bank-a", 70, "writer", "filed"
    )
    assert isinstance(work.office.tell(freeze), Done)
    work.answered(freeze, Outcome.FROZEN, 70)
    settled = [(row.state.value, row.outcome) for row in work.case.escalations]
    assert settled == [("settled", "freed")]


@pytest.mark.parametrize("held_then", [70, 0])
def test_an_appeal_that_was_upheld_and_freed_in_time_asks_nobody(held_then):
    work = Work().reported().under_mandate()
    work.answered(work.leaves(OrderKind.STOP, "a"), Outcome.HELD, 100)
    work.must("operator", FileAppeal("x", "a", "CNY", is_through_bank=True))
    keep = SettleAppeal("x", AppealTrigger.UPHOLD, "judge", keep=held_then, reason="r")
    work.must("judge", keep)
    kind, outcome = (
        (OrderKind.FREEZE, Outcome.FROZEN) if held_then else (OrderKind.RELEASE, Outcome.RELEASED)
    )
    key = HoldKey(CASE, "a", "CNY")
    order = Order("f", kind, key, "bank-a", held_then, "writer", "filed")
    assert isinstance(work.office.tell(order), Done)
    work.answered(order, outcome, held_then)
    work.office.clock.move(timedelta(seconds=POLICY.appeal_seconds))
    work.office.fire()
    assert work.case.escalations == ()
    assert not list(work.office.journal.due(work.office.clock.now(), 99))


@pytest.mark.parametrize("held", [100, 0])
def test_an_appeal_that_was_upheld_before_its_institution_answered_has_its_clock_from_the_answer(
    held,
):
    """A first answer of 60 is within what was left; only a later one holds more, or, as a control, does not."""
    work = Work().reported().under_mandate()
    stop = work.leaves(OrderKind.STOP, "a")
    work.answered(stop, Outcome.HELD_SHORT, 60)
    work.must("operator", FileAppeal("x", "a", "CNY", is_through_bank=True))
    work.must("judge", SettleAppeal("x", AppealTrigger.UPHOLD, "judge", keep=70, reason="r"))
    appeal_time = timedelta(seconds=POLICY.appeal_seconds)
    work.office.clock.move(appeal_time)
    work.office.fire()
    assert work.case.escalations == (), "no more is held than was left"
    if held:
        late = Answer("late", Outcome.HELD, held, work.office.clock.now())
        work.office.submit(answer_command("bank-a", stop.id, late))
    work.office.clock.move(appeal_time - timedelta(seconds=1))
    work.office.fire()
    assert work.case.escalations == (), "its time runs"
    work.office.clock.move(timedelta(seconds=1))
    work.office.fire()
    asked = [(row.clock, row.about) for row in work.case.escalations]
    assert asked == ([("appeal", "x")] if held else []), "by then the stop has ended as well"


def test_an_appeal_has_a_clock_that_ends_with_it():
    work = Work().reported().under_mandate()
    work.answered(work.leaves(OrderKind.STOP, "a"), Outcome.HELD, 100)
    for name in ("ap1", "ap2"):
        work.must("operator", FileAppeal(name, "a", "CNY", is_through_bank=True))
        if name == "ap1":
            work.must("judge", SettleAppeal("ap1", AppealTrigger.DENY, "judge", reason="r"))
    work.office.clock.move(timedelta(hours=47))
    outcomes = work.office.fire()
    assert len(outcomes) == 1, "the clock of the appeal that was decided is gone"
    states = {appeal.id: appeal.state for appeal in work.case.appeals}
    assert states == {"ap1": AppealState.DENIED, "ap2": AppealState.OVERDUE}


def test_cases_are_in_snapshots_and_survive_a_restart():
    work = Work().reported().under_mandate()
    work.answered(work.leaves(OrderKind.STOP, "a"), Outcome.HELD_SHORT, 60)
    until = work.office.clock.now() + timedelta(hours=5)
    told = {"id": "m", "by": "officer", "account": "a", "currency": "CNY", "reason": "r"}
    work.must("officer", MakeMotion(Motion(matter=Matter.DEFERRAL, until=until, **told)))
    work.must("officer", WriteOrder("w", OrderKind.FREEZE, "a", "CNY", "officer", "filed"))
    assert (len(work.case.motions), len(work.case.written)) == (1, 1)
    state = work.office.scribe.state
    assert decode_state(encode_state(state)) == state
    work.office.restart()
    assert work.office.scribe.state == state
    assert work.case.standing("a", "CNY").held == 60


def test_a_draft_that_names_another_institution_does_not_move_the_hold_there():
    work = Work().reported().under_mandate()
    stop = work.leaves(OrderKind.STOP, "a")
    work.answered(stop, Outcome.HELD_SHORT, 60)
    slip = Order("slip", OrderKind.FREEZE, stop.key, "bank-b", 60, "officer", "why")
    work.must("officer", DraftOrder(slip))
    standing = work.case.standing("a", "CNY")
    assert (standing.institution, standing.held) == ("bank-a", 60)


def test_an_answered_order_teaches_how_fast_money_leaves_and_a_restart_knows_it():
    work = Work().reported().under_mandate()
    work.office.clock.move(timedelta(minutes=10))
    work.answered(work.leaves(OrderKind.STOP, "a"), Outcome.HELD_SHORT, 60)
    state = work.office.scribe.state
    taught = [(one.seconds, one.asked, one.there) for one in state.lessons["bank-a"]]
    assert taught == [(600, 100, 60)]
    assert decode_state(encode_state(state)).lessons == state.lessons
    work.office.restart()
    assert work.office.scribe.state.lessons == state.lessons


def test_cases_meet_where_both_have_money_and_no_longer_when_one_has_none():
    work = Work().reported()
    for other, there in (("case-2", "a"), ("case-3", "b")):
        taken = TakeReport(report(at=START), claim("c1", there, 70, paid_at=PAID), "station-1")
        assert isinstance(work.office.ask("taker", taken, case=other), Done)
        place = replace(Work.lies(there, 70, Found.UNKNOWN), claim="c1")
        version = work.office.scribe.state.case(other).facts_version
        traced = ApplyTrail(version, digest_of("test", version, place), (place,))
        assert isinstance(work.office.ask("chase", traced, case=other), Done)
    state = work.office.scribe.state
    meeting = Meeting("a", "CNY", (CASE, "case-2"))
    assert state.meetings(CASE) == state.meetings("case-2") == (meeting,)
    assert state.meetings("case-3") == ()
    assert tuple(meetings_of(state.cases.values())) == (meeting,), "the slow way agrees"
    assert decode_state(encode_state(state)).reached == state.reached
    assert isinstance(
        work.office.ask("ann", SettleClaim("c1", ClaimTrigger.WITHDRAW, "ann"), case="case-2"), Done
    )
    version = state.case("case-2").facts_version
    work.office.ask("chase", ApplyTrail(version, digest_of("test", version), ()), case="case-2")
    assert state.meetings(CASE) == ()
    assert state.reached == {("a", "CNY"): {CASE: None}, ("b", "CNY"): {"case-3": None}}
