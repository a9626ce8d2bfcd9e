"""The return procedure in the words of the trade: each rule and each refusal, given what happened, when somebody asks."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from bureau_of_returns import (
    CASE,
    OTHER,
    START,
    TERMS,
    Desk,
    another,
    asks,
    facts,
    gets,
    key,
    own,
    place,
)

from recoup import limits
from recoup.procedure import (
    Capacity,
    Objection,
    ObjectionState,
    PayeeKind,
    PaymentState,
    Proof,
    Refusal,
    RoundState,
    sums_of,
)
from recoup.procedure.commands import (
    AgreeToPayee,
    ApprovePlan,
    BindPlan,
    CheckProof,
    DecideRound,
    EndRound,
    GivePaymentUp,
    NotifyBank,
    OpenReturn,
    OpenRound,
    PassNotice,
    PassPayLimit,
    ProposePayee,
    PublishNotice,
    RecordAcceptance,
    RecordBounce,
    RecordDemand,
    RecordPaid,
    RecordRefusal,
    SendPlanBack,
    SettleIncident,
    SettleObjection,
    TakeApplication,
    TakeApplicationBack,
    TakeObjection,
)
from recoup.procedure.events import BankNotified
from recoup.procedure.state import PAYMENT_MOVES

PRO_RATA = 3


def objection(name: str = "x1", **more) -> Objection:
    values = {"by": "person-9", "about": "text-9", "taken_by": "desk", "plan": ""} | more
    return Objection(name, **values)


def heir(claim: str = "c1", **more):
    values = {"capacity": Capacity.HEIR, "applicant": "heir-1", "proof": Proof.INHERITANCE}
    values |= {"proof_digest": "paper", "payee": another(claim, PayeeKind.APPLICANTS, "died")}
    return asks(claim, **(values | more))


# --- the usual way ---


def test_a_single_credit_goes_from_application_to_receipt() -> None:
    desk = Desk().opened("c1").decided(gets("c1", 60)).told()
    (payment,) = desk.found.payments
    assert payment.id == "r1#1.1"
    told = desk.events[-1]
    assert isinstance(told, BankNotified)
    assert (told.pay_back.order_id, told.pay_back.amount) == ("r1-1.1.1", 60)
    assert (told.pay_back.payee, told.pay_back.officers) == (own("c1"), ("ann", "bo"))
    desk.must(RecordAcceptance("r1", "r1-1.1.1"))
    desk.pays(payment)
    assert desk.last.state is PaymentState.PAID
    assert sums_of(desk.found, "CNY").paid == 60
    assert desk.found.paid_of(key("c1")) == 60


def test_the_money_of_each_currency_is_counted_by_itself() -> None:
    desk = Desk().opened("c1").decided(gets("c1", 60))
    (payment,) = desk.found.payments
    dollars = replace(payment, id="r1#1.2", place=replace(payment.place, currency="USD"), amount=7)
    found = replace(desk.found, payments=(payment, dollars))
    assert (sums_of(found, "CNY").awarded, sums_of(found, "USD").awarded) == (60, 7)
    assert sums_of(found, "EUR").awarded == 0


def test_both_modes_of_one_award_are_one_payment() -> None:
    desk = Desk().opened("c1").published(gets("c1", 20), gets("c1", 30, mode=PRO_RATA))
    desk.ends_notice()
    desk.must(DecideRound("r1", "chief", desk.digest))
    assert [row.amount for row in desk.found.payments] == [50]


def test_three_working_days_leave_out_weekends_and_holidays_and_count_days_made_up_for() -> None:
    desk = Desk().opened("c1").decided(gets("c1", 60))
    desk.now = START.replace(month=2, day=12)  # Thursday; Friday, Saturday made up, then the feast
    desk.told()
    assert desk.last.due_at == START.replace(month=2, day=24, hour=16)
    assert TERMS.calendar.is_worked(date(2026, 2, 14)) is True
    assert TERMS.calendar.is_worked(date(2026, 2, 23)) is False
    assert TERMS.calendar.is_worked(date(2026, 2, 21)) is False
    assert TERMS.calendar.is_worked(date(2027, 1, 4)) is None


def test_days_beyond_the_calendar_are_said_and_not_guessed() -> None:
    desk = Desk().opened("c1").decided(gets("c1", 60))
    tell = NotifyBank("r1", ("r1#1.1",), ("ann", "bo"), "officer")
    desk.now = START.replace(month=12, day=29)
    assert desk.refuses(tell) == "calendar_ends"
    desk.now = START.replace(month=12, day=28)
    desk.must(tell)


# --- applications ---


def test_who_acts_for_another_shows_a_paper_and_somebody_else_looks_at_it() -> None:
    desk = Desk().opened()
    assert desk.refuses(TakeApplication("r1", heir(proof=Proof.NONE))) == "proof_unfit"
    assert desk.refuses(TakeApplication("r1", heir(proof_digest=""))) == "proof_missing"
    assert desk.refuses(TakeApplication("r1", heir(checked_by="bo"))) == "proof_unfit"
    desk.must(TakeApplication("r1", heir()))
    bind = BindPlan("r1", "in", "out", "cn-2016", (gets("c1", 60),), "officer")
    assert desk.refuses(bind) == "proof_missing"
    assert desk.refuses(CheckProof("r1", "a-c1", "paper", "desk")) == "maker_decides"
    assert desk.refuses(CheckProof("r1", "a-c1", "other", "bo")) == "proof_unfit"
    assert desk.refuses(CheckProof("r1", "a-c9", "paper", "bo")) == "application_unknown"
    desk.must(CheckProof("r1", "a-c1", "paper", "bo"))
    assert desk.do(CheckProof("r1", "a-c1", "paper", "bo")) == ()
    assert desk.refuses(CheckProof("r1", "a-c1", "paper", "chen")) == "return_id_taken"
    desk.must(bind)
    assert desk.do(bind) == ()
    assert desk.found.round.plan.awards[0].payee == another("c1", PayeeKind.APPLICANTS, "died")


@pytest.mark.parametrize(
    ("capacity", "payee", "said"),
    [
        (Capacity.VICTIM, own("c1"), "taken"),
        (Capacity.VICTIM, own("c2"), "payee_unfit"),
        (Capacity.VICTIM, another("c1"), "taken"),
        (Capacity.VICTIM, another("c1", reason=""), "payee_unfit"),
        (Capacity.VICTIM, another("c1", PayeeKind.APPLICANTS), "payee_unfit"),
        (Capacity.VICTIM, replace(own("c1"), institution="bank-x"), "payee_unfit"),
        (Capacity.VICTIM, replace(another("c1"), account="nowhere"), "payee_unfit"),
        (Capacity.AGENT, own("c1"), "taken"),
        (Capacity.AGENT, another("c1", PayeeKind.APPLICANTS), "payee_unfit"),
        (Capacity.GUARDIAN, another("c1", PayeeKind.APPLICANTS), "taken"),
        (Capacity.HEIR, another("c1", PayeeKind.APPLICANTS, ""), "payee_unfit"),
    ],
)
def test_money_goes_to_the_account_it_came_from_or_to_one_with_a_reason(
    capacity, payee, said
) -> None:
    proofs = {Capacity.AGENT: Proof.AUTHORITY, Capacity.HEIR: Proof.INHERITANCE}
    proofs |= {Capacity.GUARDIAN: Proof.GUARDIANSHIP}
    more = {"capacity": capacity, "payee": payee, "proof": proofs.get(capacity, Proof.NONE)}
    asked = asks("c1", **more, proof_digest="paper" if capacity in proofs else "")
    found = Desk().opened().do(TakeApplication("r1", asked))
    assert (found.reason if isinstance(found, Refusal) else "taken") == said


def test_a_deposit_has_no_account_to_go_back_to() -> None:
    desk = Desk()
    claim = replace(desk.facts.claims[key("c1")], payer="")
    desk.facts = replace(desk.facts, claims={key("c1"): claim})
    desk.opened()
    assert desk.refuses(TakeApplication("r1", asks("c1"))) == "payee_unfit"
    empty = replace(own("c1"), account="")
    assert desk.refuses(TakeApplication("r1", asks("c1", payee=empty))) == "payee_unfit"
    desk.must(TakeApplication("r1", asks("c1", payee=another("c1", reason="paid in cash"))))


def test_only_an_admitted_claim_of_the_returns_cases_is_applied_for_once() -> None:
    desk = Desk()
    unheard = replace(desk.facts.claims[key("c2")], is_admitted=False)
    desk.facts = replace(desk.facts, claims={**desk.facts.claims, key("c2"): unheard})
    desk.opened("c1")
    assert desk.refuses(TakeApplication("r1", asks("c2"))) == "claim_not_admitted"
    elsewhere = asks("c1", id="a9", key=key("c1", OTHER))
    assert desk.refuses(TakeApplication("r1", elsewhere)) == "claim_not_admitted"
    assert desk.do(TakeApplication("r1", asks("c1"))) == ()
    assert desk.refuses(TakeApplication("r1", asks("c1", applicant="p9"))) == "return_id_taken"
    assert desk.refuses(TakeApplication("r1", asks("c1", id="a9"))) == "claim_applied"


def test_an_application_taken_back_takes_the_plan_with_it_and_makes_room() -> None:
    desk = Desk().opened("c1", "c2").bound(gets("c1", 60), gets("c2", 40))
    assert desk.refuses(TakeApplicationBack("r1", "a-c1", "bo", "")) == "reason_missing"
    assert desk.refuses(TakeApplicationBack("r1", "a9", "bo", "r")) == "application_unknown"
    desk.must(TakeApplicationBack("r1", "a-c1", "bo", "closed account"))
    assert (desk.found.round.state, desk.found.round.plan) == (RoundState.APPLIED, None)
    assert desk.do(TakeApplicationBack("r1", "a-c1", "bo", "closed account")) == ()
    assert desk.refuses(CheckProof("r1", "a-c1", "", "bo")) == "application_unknown"
    desk.must(TakeApplication("r1", asks("c1", id="a9", payee=another("c1"))))


def test_an_application_after_tracing_takes_the_plan_and_after_approval_it_is_too_late() -> None:
    desk = Desk().opened("c1").bound(gets("c1", 60))
    desk.must(TakeApplication("r1", asks("c2")))
    assert desk.found.round.plan is None
    desk.approved(gets("c1", 60), gets("c2", 40))
    for late in (
        TakeApplication("r1", asks("c3")),
        CheckProof("r1", "a-c1", "", "bo"),
        TakeApplicationBack("r1", "a-c1", "bo", "r"),
    ):
        assert desk.refuses(late) == "applications_closed"


# --- the plan ---


@pytest.mark.parametrize(
    ("awards", "said"),
    [
        ((), "plan_empty"),
        ((gets("c1", 0),), "amount_not_positive"),
        ((gets("c1", -1),), "amount_not_positive"),
        ((gets("c3", 10),), "not_applied"),
        ((gets("c1", 30), gets("c1", 30)), "award_twice"),
        ((gets("c1", 61),), "amount_exceeds_missing"),
        ((gets("c1", 40), gets("c1", 21, "cash")), "amount_exceeds_missing"),
        ((gets("c1", 60), gets("c2", 41)), "amount_exceeds_frozen"),
        ((gets("c1", 10, "stopped"),), "only_stopped"),
        ((gets("c1", 10, "nowhere"),), "nothing_held"),
        ((replace(gets("c1", 10), place=place("mule", OTHER)),), "nothing_held"),
        ((gets("c1", 10, "lapsed"),), "nothing_held"),
        (
            (replace(gets("c1", 10), place=replace(place("mule"), currency="USD")),),
            "currency_differs",
        ),
    ],
)
def test_a_plan_that_cannot_be_given_is_refused_by_name(awards, said) -> None:
    desk = Desk(facts({"mule": 100, "stopped": 100, "cash": 50, "lapsed": 9}))
    desk.holds("stopped", is_frozen=False)
    desk.holds("lapsed", ends_at=START)
    desk.opened("c1", "c2")
    assert desk.refuses(BindPlan("r1", "in", "out", "cn-2016", awards, "officer")) == said
    assert desk.found.round.plan is None


def test_a_claim_that_fell_is_in_no_plan() -> None:
    desk = Desk().opened("c1").bound(gets("c1", 60))
    void = replace(desk.facts.claims[key("c1")], is_admitted=False)
    desk.facts = replace(desk.facts, claims={**desk.facts.claims, key("c1"): void})
    assert desk.refuses(ApprovePlan("r1", "chief", desk.digest)) == "claim_not_admitted"


@pytest.mark.parametrize("count", [limits.RETURN_AWARDS_MAX, limits.RETURN_AWARDS_MAX + 1])
def test_a_plan_has_so_many_awards_and_no_more(count) -> None:
    awards = tuple(gets("c1", 1, f"x{n}") for n in range(count))
    desk = Desk(facts(dict.fromkeys((f"x{n}" for n in range(count)), 1), c1=count)).opened("c1")
    said = desk.do(BindPlan("r1", "in", "out", "p", awards, "officer"))
    is_past = count > limits.RETURN_AWARDS_MAX
    assert (isinstance(said, Refusal) and said.reason == "return_too_many") is is_past


def test_who_made_a_plan_agrees_to_nothing_of_it() -> None:
    desk = Desk().opened("c1").bound(gets("c1", 60))
    assert desk.refuses(ApprovePlan("r1", "officer", desk.digest)) == "maker_decides"
    assert desk.refuses(SendPlanBack("r1", "officer", "no")) == "maker_decides"
    desk.must(ApprovePlan("r1", "chief", desk.digest))
    assert desk.refuses(DecideRound("r1", "officer", desk.digest)) == "maker_decides"


def test_as_many_agree_as_the_terms_ask_each_once() -> None:
    desk = Desk(terms=replace(TERMS, approvals=2)).opened("c1").bound(gets("c1", 60))
    desk.must(ApprovePlan("r1", "chief", desk.digest))
    assert desk.found.round.state is RoundState.TRACED
    assert desk.refuses(ApprovePlan("r1", "chief", desk.digest)) == "maker_decides"
    assert desk.refuses(DecideRound("r1", "chief", desk.digest)) == "not_approved"
    desk.must(ApprovePlan("r1", "mayor", desk.digest))
    assert desk.found.round.state is RoundState.APPROVED


def test_an_approval_binds_payees_and_amounts_and_goes_stale_with_the_plan() -> None:
    desk = Desk().opened("c1").approved(gets("c1", 60))
    seen = desk.digest
    desk.bound(gets("c1", 59))
    assert desk.found.round.state is RoundState.TRACED
    assert desk.refuses(ApprovePlan("r1", "chief", seen)) == "plan_stale"
    plan = desk.found.round.plan
    moved = replace(plan, awards=(replace(plan.awards[0], payee=another("c1")),))
    assert len({plan.digest, seen, moved.digest, replace(plan, inputs="i2").digest}) == 4


def test_a_plan_that_no_longer_fits_what_is_frozen_is_not_decided() -> None:
    desk = Desk().opened("c1").approved(gets("c1", 60))
    desk.holds("mule", 59)
    assert desk.refuses(DecideRound("r1", "chief", desk.digest)) == "amount_exceeds_frozen"
    desk.approved(gets("c1", 59))
    desk.must(DecideRound("r1", "chief", desk.digest))


def test_a_plan_sent_back_falls_with_a_reason() -> None:
    desk = Desk().opened("c1").bound(gets("c1", 60))
    assert desk.refuses(SendPlanBack("r1", "chief", "")) == "reason_missing"
    desk.must(SendPlanBack("r1", "chief", "the second statement is missing"))
    assert desk.found.round.state is RoundState.SUPERSEDED
    assert desk.refuses(ApprovePlan("r1", "chief", "")) == "not_traced"
    assert desk.refuses(SendPlanBack("r1", "chief", "r")) == "not_traced"


@pytest.mark.parametrize(("is_refused", "state"), [(True, "refused"), (False, "withdrawn")])
def test_a_round_ends_before_it_is_decided_and_not_after(is_refused, state) -> None:
    desk = Desk().opened("c1")
    assert desk.refuses(EndRound("r1", is_refused, "chief", "")) == "reason_missing"
    desk.must(EndRound("r1", is_refused, "chief", "the owner is in dispute"))
    assert desk.found.round.state == state
    assert desk.refuses(EndRound("r1", is_refused, "chief", "r")) == "round_ended"
    bind = BindPlan("r1", "in", "out", "p", (gets("c1", 1),), "officer")
    assert desk.refuses(bind) == "round_ended"
    decided = Desk().opened("c1").decided(gets("c1", 60))
    assert decided.refuses(EndRound("r1", is_refused, "chief", "r")) == "round_ended"


# --- the public notice ---


def test_what_is_shared_pro_rata_waits_for_the_notice() -> None:
    desk = Desk().opened("c1").approved(gets("c1", 60, mode=PRO_RATA))
    assert desk.refuses(DecideRound("r1", "chief", desk.digest)) == "notice_missing"
    assert desk.refuses(PublishNotice("r1", "officer", "other")) == "plan_stale"
    desk.must(PublishNotice("r1", "officer", desk.digest))
    ends_at = desk.found.round.notices[0].ends_at
    assert ends_at == START.replace(month=2, day=4, hour=16)
    assert desk.refuses(PublishNotice("r1", "officer", desk.digest)) == "published_already"
    bind = BindPlan("r1", "in", "out", "p", (gets("c1", 1),), "officer")
    assert desk.refuses(bind) == "notice_runs"
    desk.now = ends_at - timedelta(microseconds=1)
    assert desk.refuses(PassNotice("r1", 1, 1)) == "term_runs"
    assert desk.refuses(DecideRound("r1", "chief", desk.digest)) == "notice_runs"
    desk.now = ends_at
    assert desk.refuses(PassNotice("r1", 1, 2)) == "notice_over"
    desk.must(PassNotice("r1", 1, 1))
    assert desk.refuses(PassNotice("r1", 1, 1)) == "notice_over"
    assert desk.refuses(TakeObjection("r1", objection())) == "notice_over"
    desk.must(DecideRound("r1", "chief", desk.digest))


def test_what_is_returned_directly_needs_no_notice() -> None:
    desk = Desk().opened("c1").approved(gets("c1", 60, mode=2))
    assert desk.refuses(PublishNotice("r1", "officer", desk.digest)) == "notice_needless"


def test_an_objection_that_fails_leaves_the_plan_and_one_that_succeeds_takes_it() -> None:
    desk = Desk().opened("c1", "c2")
    desk.published(gets("c1", 50, mode=PRO_RATA), gets("c2", 50, mode=PRO_RATA))
    first = desk.digest
    for name in ("x1", "x2", "x3"):
        desk.must(TakeObjection("r1", objection(name)))
    assert desk.do(TakeObjection("r1", objection("x1"))) == ()
    assert desk.refuses(TakeObjection("r1", objection("x1", by="p8"))) == "return_id_taken"
    assert desk.refuses(TakeObjection("r1", objection("x4", about=""))) == "reason_missing"
    assert desk.refuses(SettleObjection("r1", "x9", True, "judge", "r")) == "objection_unknown"
    assert desk.refuses(SettleObjection("r1", "x1", False, "officer", "r")) == "maker_decides"
    assert desk.refuses(SettleObjection("r1", "x1", False, "judge", "")) == "reason_missing"
    desk.must(SettleObjection("r1", "x1", False, "judge", "no claim of that person"))
    assert desk.refuses(SettleObjection("r1", "x1", True, "judge", "r")) == "objection_settled"
    desk.must(SettleObjection("r1", "x2", True, "judge", "a credit was left out"))
    states = {row.id: row.state for row in desk.found.round.objections}
    assert states == {"x1": "dismissed", "x2": "upheld", "x3": "moot"}
    assert (desk.found.round.state, desk.found.round.plan) == (RoundState.SUPERSEDED, None)
    assert desk.refuses(PassNotice("r1", 1, 1)) == "not_published"
    # Another plan, agreed to anew and made public anew.
    desk.approved(gets("c1", 40, mode=PRO_RATA), gets("c2", 60, mode=PRO_RATA))
    assert desk.digest != first
    assert desk.refuses(DecideRound("r1", "chief", desk.digest)) == "notice_missing"
    desk.must(PublishNotice("r1", "officer", desk.digest))
    assert desk.refuses(PassNotice("r1", 1, 1)) == "notice_over"
    desk.ends_notice()
    desk.must(DecideRound("r1", "chief", desk.digest))
    assert sums_of(desk.found, "CNY").awarded == 100


def test_an_objection_open_at_the_notices_end_is_decided_first() -> None:
    desk = Desk().opened("c1").published(gets("c1", 60, mode=PRO_RATA))
    desk.must(TakeObjection("r1", objection("x1")))
    desk.must(TakeObjection("r1", objection("x2")))
    desk.ends_notice()
    assert desk.found.round.state is RoundState.UNDER_REVIEW
    assert desk.refuses(DecideRound("r1", "chief", desk.digest)) == "objection_open"
    desk.must(SettleObjection("r1", "x1", False, "judge", "too late a claim"))
    assert desk.found.round.state is RoundState.UNDER_REVIEW
    desk.must(SettleObjection("r1", "x2", False, "judge", "no ground"))
    assert desk.found.round.state is RoundState.REVIEWED
    desk.must(DecideRound("r1", "chief", desk.digest))


@pytest.mark.parametrize("is_over", [True, False])
def test_terms_may_let_a_changed_plan_go_without_a_second_notice_if_the_first_ran(is_over) -> None:
    desk = Desk(terms=replace(TERMS, is_notice_repeated=False)).opened("c1")
    desk.published(gets("c1", 60, mode=PRO_RATA))
    desk.must(TakeObjection("r1", objection("x1")))
    if is_over:
        desk.ends_notice()
    desk.must(SettleObjection("r1", "x1", True, "judge", "right"))
    desk.approved(gets("c1", 50, mode=PRO_RATA))
    said = desk.do(DecideRound("r1", "chief", desk.digest))
    assert (not isinstance(said, Refusal)) is is_over
    if is_over:
        return
    assert said.reason == "notice_missing"


def test_a_plan_that_cuts_an_objection_off_is_made_public_again_whatever_the_terms_say() -> None:
    desk = Desk(terms=replace(TERMS, is_notice_repeated=False)).opened("c1")
    desk.published(gets("c1", 60, mode=PRO_RATA))
    for name in ("x1", "x2"):
        desk.must(TakeObjection("r1", objection(name)))
    desk.ends_notice()
    desk.must(SettleObjection("r1", "x1", True, "judge", "right"))
    assert desk.found.round.objections[1].state is ObjectionState.MOOT
    desk.approved(gets("c1", 50, mode=PRO_RATA))
    assert desk.refuses(DecideRound("r1", "chief", desk.digest)) == "notice_missing"


# --- payments ---


@pytest.mark.parametrize("officers", [(), ("ann",), ("ann", "ann"), ("ann", "")])
def test_two_officers_are_named_to_the_bank(officers) -> None:
    desk = Desk().opened("c1").decided(gets("c1", 60))
    assert desk.refuses(NotifyBank("r1", ("r1#1.1",), officers, "o")) == "officers_too_few"


def test_a_notice_is_about_decided_payments_each_once() -> None:
    desk = Desk().opened("c1").decided(gets("c1", 60))
    for ids in ((), ("r1#1.9",), ("r1#1.1", "r1#1.1")):
        assert desk.refuses(NotifyBank("r1", ids, ("ann", "bo"), "o")) == "payment_unknown"
    desk.told()
    again = NotifyBank("r1", ("r1#1.1",), ("ann", "bo"), "o")
    assert desk.refuses(again) == "notified_already"


def test_what_held_at_the_decision_is_asked_again_before_the_bank_is_told() -> None:
    tell = NotifyBank("r1", ("r1#1.1",), ("ann", "bo"), "o")
    desk = Desk().opened("c1").decided(gets("c1", 60))
    desk.holds("mule", ends_at=desk.now + timedelta(days=2))
    assert desk.refuses(tell) == "freeze_ends_first"
    desk.holds("mule", 59, ends_at=desk.now + timedelta(days=99))
    assert desk.refuses(tell) == "amount_exceeds_frozen"
    desk.holds("mule", 60, is_frozen=False)
    assert desk.refuses(tell) == "only_stopped"
    desk.holds("mule", is_frozen=True)
    void = replace(desk.facts.claims[key("c1")], is_admitted=False)
    whole = desk.facts
    desk.facts = replace(whole, claims={key("c1"): void})
    assert desk.refuses(tell) == "claim_not_admitted"
    desk.facts = whole
    desk.must(tell)


def test_a_bank_that_demands_papers_is_told_again_by_another_order() -> None:
    desk = Desk().opened("c1").decided(gets("c1", 60)).told()
    desk.must(RecordDemand("r1", "r1-1.1.1", "d1", "the copy of a police card"))
    assert desk.last.state is PaymentState.CORRECTING
    desk.told()
    assert desk.last.order_id == "r1-1.1.2"
    assert desk.refuses(RecordRefusal("r1", "r1-1.1.1", "d2", "x")) == "notified_already"
    desk.pays(desk.last)
    assert desk.last.state is PaymentState.PAID


def test_the_same_receipt_counts_once_and_another_content_under_its_id_is_refused() -> None:
    desk = Desk().opened("c1").decided(gets("c1", 60)).told()
    receipt = RecordPaid("r1", "r1-1.1.1", "q1", 60, START)
    desk.must(receipt)
    assert desk.do(receipt) == ()
    assert desk.refuses(replace(receipt, amount=1)) == "return_id_taken"
    assert desk.refuses(replace(receipt, receipt="q2", amount=0)) == "amount_not_positive"
    for wrong in ("r1-1.1.2", "r1-1.1.0", "r1-1.1.01", "r1-1.9.1", "r1#1.1", "nothing"):
        assert desk.refuses(replace(receipt, order_id=wrong)) == "payment_unknown"
    assert desk.refuses(RecordAcceptance("r1", "r1-1.1.1")) == "paid_already"


@pytest.mark.parametrize(("amount", "open_"), [(59, 1), (61, 0), (1, 59)])
def test_a_receipt_that_differs_is_an_incident_and_no_success(amount, open_) -> None:
    desk = Desk().opened("c1").decided(gets("c1", 60)).told()
    desk.pays(desk.last, amount)
    payment = desk.last
    assert (payment.state, payment.has_incident) == (PaymentState.DIFFERS, True)
    sums = sums_of(desk.found, "CNY")
    assert (sums.paid, sums.unpaid, sums.excess) == (min(amount, 60), open_, max(0, amount - 60))
    proposal = ProposePayee("r1", payment.id, own("c1"), "officer")
    assert desk.refuses(proposal) == "incident_open"
    assert desk.refuses(SettleIncident("r1", payment.id, "chief", "")) == "reason_missing"
    desk.must(SettleIncident("r1", payment.id, "chief", "the bank kept a fee"))
    assert desk.refuses(SettleIncident("r1", payment.id, "chief", "r")) == "no_incident"
    if not open_:
        assert desk.refuses(proposal) == "nothing_open"
        return
    desk.must(proposal)
    desk.must(AgreeToPayee("r1", payment.id, own("c1"), "chief"))
    assert desk.last.amount == open_
    desk.told(desk.last)
    desk.pays(desk.last)
    assert sums_of(desk.found, "CNY").paid == 60


def test_a_bank_that_pays_twice_and_gets_it_back_is_right_again() -> None:
    desk = Desk().opened("c1").decided(gets("c1", 60)).told()
    desk.pays(desk.last)
    desk.must(RecordPaid("r1", "r1-1.1.1", "q2", 60, START))
    assert (desk.last.state, desk.last.excess) == (PaymentState.DIFFERS, 60)
    desk.must(RecordBounce("r1", "r1-1.1.1", "b1", 60, "reversed"))
    assert (desk.last.state, desk.last.has_incident) == (PaymentState.PAID, False)


def test_a_payment_that_bounces_goes_to_another_account_that_two_persons_chose() -> None:
    desk = Desk().opened("c1").decided(gets("c1", 60)).told()
    desk.pays(desk.last)
    desk.must(RecordBounce("r1", "r1-1.1.1", "b1", 60, "account closed"))
    desk.holds("mule", 100)  # it lies in the frozen account again
    payment = desk.last
    assert (payment.state, sums_of(desk.found, "CNY").bounced) == (PaymentState.BOUNCED, 60)
    assert desk.found.paid_of(key("c1")) == 0
    to = another("c1")
    agree = AgreeToPayee("r1", payment.id, to, "chief")
    assert desk.refuses(agree) == "payee_not_proposed"
    unfit = replace(to, reason="")
    assert desk.refuses(ProposePayee("r1", payment.id, unfit, "officer")) == "payee_unfit"
    assert desk.refuses(ProposePayee("r1", "r9", to, "officer")) == "payment_unknown"
    desk.must(ProposePayee("r1", payment.id, to, "officer"))
    assert desk.do(ProposePayee("r1", payment.id, to, "officer")) == ()
    assert desk.refuses(replace(agree, by="officer")) == "maker_decides"
    assert desk.refuses(replace(agree, payee=own("c1"))) == "plan_stale"
    desk.must(agree)
    assert (desk.last.id, desk.last.replaces, desk.last.amount) == ("r1#1.2", "r1#1.1", 60)
    assert desk.refuses(ProposePayee("r1", payment.id, to, "officer")) == "payment_ended"
    desk.told(desk.last)
    desk.pays(desk.last)
    sums = sums_of(desk.found, "CNY")
    assert (sums.awarded, sums.paid, sums.bounced) == (60, 60, 0)
    # The first bank pays the old order after all: money is where it is.
    desk.must(RecordPaid("r1", "r1-1.1.1", "q9", 60, START))
    assert sums_of(desk.found, "CNY").excess == 60
    assert desk.found.payment("r1#1.1").has_incident


def test_what_a_bank_paid_after_all_is_not_paid_once_more() -> None:
    desk = Desk(facts({"mule": 200})).opened("c1").decided(gets("c1", 30)).told()
    desk.must(RecordRefusal("r1", "r1-1.1.1", "f1", "name differs"))
    desk.must(ProposePayee("r1", "r1#1.1", another("c1"), "officer"))
    desk.must(AgreeToPayee("r1", "r1#1.1", another("c1"), "chief"))
    desk.must(RecordPaid("r1", "r1-1.1.1", "q1", 30, START))
    tell = NotifyBank("r1", ("r1#1.2",), ("ann", "bo"), "o")
    assert desk.refuses(tell) == "incident_open"
    desk.must(SettleIncident("r1", "r1#1.1", "chief", "the bank asks the payee"))
    assert desk.refuses(tell) == "incident_open"
    desk.must(RecordBounce("r1", "r1-1.1.1", "b1", 30, "given back"))
    assert desk.found.payments[0].excess == 0
    desk.must(tell)


def test_a_claim_that_fell_is_not_paid_anew() -> None:
    desk = Desk().opened("c1").decided(gets("c1", 60)).told()
    desk.must(RecordRefusal("r1", "r1-1.1.1", "f1", "name differs"))
    desk.must(ProposePayee("r1", "r1#1.1", another("c1"), "officer"))
    void = replace(desk.facts.claims[key("c1")], is_admitted=False)
    desk.facts = replace(desk.facts, claims={key("c1"): void})
    agree = AgreeToPayee("r1", "r1#1.1", another("c1"), "chief")
    assert desk.refuses(agree) == "claim_not_admitted"


def test_a_part_that_bounces_is_an_incident() -> None:
    desk = Desk().opened("c1").decided(gets("c1", 60)).told()
    desk.pays(desk.last)
    desk.must(RecordBounce("r1", "r1-1.1.1", "b1", 20, "fee"))
    assert (desk.last.state, desk.last.paid) == (PaymentState.DIFFERS, 40)
    assert desk.refuses(RecordBounce("r1", "r1-1.1.1", "b2", 0, "fee")) == "amount_not_positive"


def test_a_payment_that_could_not_be_made_is_given_up_only_after_its_term() -> None:
    desk = Desk().opened("c1").decided(gets("c1", 60)).told()
    give_up = GivePaymentUp("r1", "r1#1.1", "chief", "no heir is known")
    assert desk.refuses(give_up) == "payment_in_flight"
    desk.must(RecordRefusal("r1", "r1-1.1.1", "f1", "account closed"))
    assert desk.refuses(replace(give_up, reason="")) == "reason_missing"
    desk.wait(days=TERMS.unclaimed_days, seconds=-1)
    assert desk.refuses(give_up) == "unclaimed_term_runs"
    assert desk.found.set_aside_at(place("mule")) == 60
    desk.wait(seconds=1)
    desk.must(give_up)
    assert (desk.last.state, sums_of(desk.found, "CNY").given_up) == (PaymentState.WITHDRAWN, 60)
    assert desk.found.set_aside_at(place("mule")) == 0


def test_a_payment_nobody_was_told_of_is_given_up_at_once() -> None:
    desk = Desk().opened("c1").decided(gets("c1", 60))
    desk.must(GivePaymentUp("r1", "r1#1.1", "chief", "the claim was a mistake"))
    tell = NotifyBank("r1", ("r1#1.1",), ("ann", "bo"), "o")
    assert desk.refuses(tell) == "payment_ended"


def test_a_bank_that_lets_its_days_pass_is_overdue_once() -> None:
    desk = Desk().opened("c1").decided(gets("c1", 60)).told()
    limit = PassPayLimit("r1", "r1-1.1.1")
    desk.now = desk.last.due_at - timedelta(microseconds=1)
    assert desk.refuses(limit) == "term_runs"
    desk.now = desk.last.due_at
    desk.must(limit)
    assert desk.last.is_overdue
    assert desk.do(limit) == ()
    desk.must(RecordAcceptance("r1", "r1-1.1.1"))
    assert desk.last.is_overdue
    desk.pays(desk.last)
    assert not desk.last.is_overdue
    assert desk.refuses(limit) == "payment_ended"
    assert desk.refuses(PassPayLimit("r1", "r1-1.2.1")) == "payment_unknown"


def test_a_bank_says_so_much_about_one_payment_and_no_more() -> None:
    desk = Desk().opened("c1").decided(gets("c1", 60)).told()
    for number in range(limits.RETURN_FACTS_MAX):
        desk.must(RecordPaid("r1", "r1-1.1.1", f"q{number}", 60, START))
    past = RecordPaid("r1", "r1-1.1.1", "past", 60, START)
    assert desk.refuses(past) == "return_too_many"


# --- rounds ---


def test_a_new_victim_opens_a_round_that_respects_what_was_paid_and_set_aside() -> None:
    desk = Desk(facts({"mule": 100}, c1=60, c2=80, c3=40)).opened("c1", "c2")
    fresh = OpenRound("r1", 2, (CASE,), "officer")
    assert desk.refuses(fresh) == "round_open"
    desk.decided(gets("c1", 30), gets("c2", 40)).told()
    desk.pays(desk.found.payments[0])  # 30 of c1; the hold is 70, 40 of it set aside for c2
    desk.must(fresh)
    assert desk.do(fresh) == ()
    assert desk.refuses(replace(fresh, by="another")) == "return_id_taken"
    for claim in ("c1", "c2", "c3"):
        desk.must(TakeApplication("r1", asks(claim, id=f"b-{claim}")))

    def said(*awards):
        found = desk.do(BindPlan("r1", "in", "out", "p", awards, "officer"))
        return found.reason if isinstance(found, Refusal) else "bound"

    assert said(gets("c3", 31)) == "amount_exceeds_frozen"
    desk.holds("mule", 200)
    assert said(gets("c1", 31)) == "amount_exceeds_missing"
    assert said(gets("c2", 41)) == "amount_exceeds_missing"
    assert said(gets("c1", 30), gets("c2", 40), gets("c3", 40)) == "bound"


def test_a_round_may_take_a_joined_case_in_and_leaves_none_out() -> None:
    desk = Desk().opened("c1")
    desk.must(EndRound("r1", True, "chief", "r"))
    assert desk.refuses(OpenRound("r1", 2, (OTHER,), "o")) == "return_id_taken"
    assert desk.refuses(OpenRound("r1", 3, (CASE, OTHER), "o")) == "return_too_many"
    assert desk.refuses(OpenRound("r1", 2, (CASE, CASE), "o")) == "return_too_many"
    desk.must(OpenRound("r1", 2, (CASE, OTHER), "o"))
    assert desk.found.cases == (CASE, OTHER)


def test_a_return_is_opened_once_and_nothing_happens_to_one_that_is_not() -> None:
    desk = Desk()
    assert desk.refuses(OpenRound("r1", 1, (CASE,), "o")) == "return_unknown"
    many = tuple(f"case-{n}" for n in range(limits.RETURN_CASES_MAX + 1))
    for cases in ((), (CASE, CASE), many):
        assert desk.refuses(OpenReturn("r1", cases, "o")) == "return_too_many"
    desk.must(OpenReturn("r1", (CASE,), "o"))
    assert desk.do(OpenReturn("r1", (CASE,), "o")) == ()
    assert desk.refuses(OpenReturn("r1", (OTHER,), "o")) == "return_id_taken"


def test_bounds_on_rounds_applications_and_objections_hold(monkeypatch) -> None:
    monkeypatch.setattr(limits, "RETURN_ROUNDS_MAX", 1)
    monkeypatch.setattr(limits, "RETURN_APPLICATIONS_MAX", 1)
    monkeypatch.setattr(limits, "RETURN_OBJECTIONS_MAX", 1)
    desk = Desk().opened("c1")
    assert desk.refuses(TakeApplication("r1", asks("c2"))) == "return_too_many"
    desk.published(gets("c1", 60, mode=PRO_RATA))
    desk.must(TakeObjection("r1", objection("x1")))
    assert desk.refuses(TakeObjection("r1", objection("x2"))) == "return_too_many"
    desk.must(EndRound("r1", False, "officer", "r"))
    assert desk.found.round.objections[0].state is ObjectionState.MOOT
    assert desk.refuses(OpenRound("r1", 2, (CASE,), "o")) == "return_too_many"


def test_what_comes_late_is_kept_for_every_payment_that_ended() -> None:
    for state in (PaymentState.REFUSED, PaymentState.BOUNCED, PaymentState.WITHDRAWN):
        assert PAYMENT_MOVES[state, "receipt_off"] is PaymentState.DIFFERS
    desk = Desk().opened("c1").decided(gets("c1", 60)).told()
    desk.must(RecordBounce("r1", "r1-1.1.1", "b1", 60, "closed"))  # its receipt never came
    assert desk.last.state is PaymentState.BOUNCED
    assert desk.refuses(RecordBounce("r1", "r1-1.1.1", "b2", 60, "closed")) == "nothing_paid"
    desk.must(RecordPaid("r1", "r1-1.1.1", "q1", 60, START))
    assert (desk.last.state, desk.last.has_incident) == (PaymentState.DIFFERS, True)


def test_one_notice_counts_its_own_payments_of_a_claim_together() -> None:
    """30 and 30 were decided; 10 came back otherwise since. Each payment alone still fits, both do not, and no bank is told."""
    desk = Desk(facts({"mule": 100, "side": 30}, c1=60)).opened("c1")
    desk.decided(gets("c1", 30), gets("c1", 30, "side"))
    first, second = (payment.id for payment in desk.found.payments)
    desk.facts = replace(
        desk.facts, claims={key("c1"): replace(desk.facts.claims[key("c1")], missing=50)}
    )
    tell = NotifyBank("r1", (first, second), ("ann", "bo"), "officer")
    assert desk.refuses(tell) == "amount_exceeds_missing"
    assert {payment.state for payment in desk.found.payments} == {PaymentState.DECIDED}
    desk.must(replace(tell, payments=(first,)))
    assert desk.refuses(replace(tell, payments=(second,))) == "amount_exceeds_missing"
