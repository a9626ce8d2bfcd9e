"""What persons decide in a case: who may, of what they saw, how long they have, and what exactly it frees."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from docket import CN_2016, START, Docket, claim, lies, report

from recoup.cases import (
    Case,
    Claim,
    Finding,
    FindingKind,
    Found,
    Grade,
    Harm,
    Mandate,
    Refusal,
    Sign,
    covers,
    decide,
    signs_of,
    terminals,
    view_of,
)
from recoup.cases.commands import (
    AddFacts,
    AgreeToMandate,
    AgreeToOrder,
    ConfirmHold,
    DecideSurplus,
    DeferNotice,
    EndDeferral,
    FileAppeal,
    GrantHardship,
    JoinCase,
    LiftCap,
    MakeClaim,
    NoteHarm,
    NoteHold,
    NoteOpinion,
    NoteRepaid,
    PassAppealClock,
    PassForeignClock,
    ProposeFinding,
    ProposeMandate,
    RecordForeignAnswer,
    RevokeMandate,
    SendNotice,
    SettleAppeal,
    SettleClaim,
    SettleFinding,
    SwapAccount,
    TakeReport,
    TakeUp,
)
from recoup.cases.refusals import Reason
from recoup.cases.state import AppealTrigger, ClaimTrigger, FindingTrigger
from recoup.cases.terms import CasePolicy, Downstream
from recoup.orders import AccountKind, Extent, HoldKey, Order, OrderKind


def why(found) -> Reason:
    assert isinstance(found, Refusal), found
    return found.reason


def held_at_a(amount: int = 100, policy: CasePolicy | None = None) -> Docket:
    case = (Docket() if policy is None else Docket(policy=policy)).reported(
        claim("c1", "a", amount)
    )
    case.holds("a", amount)
    return case


def second_hop() -> Docket:
    case = held_at_a()
    case.trace(lies("c1", "b", 100, Found.UNKNOWN, hop=2))
    return case


# --- reports and claims --------------------------------------------------------------------------------------------------


def test_a_report_without_liability_or_from_the_future_is_not_taken():
    case, one = Docket(), claim("c1", "a", 100)
    refused = replace(report(), accepts_liability=False)
    assert why(case.do(TakeReport(refused, one, "u"))) is Reason.LIABILITY_NOT_ACCEPTED
    late = replace(report(), entered_at=START + timedelta(seconds=1))
    assert why(case.do(TakeReport(late, one, "u"))) is Reason.TIMES_DISAGREE
    early = claim("c1", "a", 100, paid_at=START + timedelta(seconds=1))
    assert why(case.do(TakeReport(report(), early, "u"))) is Reason.TIMES_DISAGREE
    assert case.case == Case("case-1")


def test_nothing_is_done_in_a_case_that_no_report_opened():
    assert why(Docket().do(AddFacts("d", ()))) is Reason.CASE_NOT_OPEN


def test_the_same_report_twice_is_one_and_another_under_its_id_is_refused():
    case, one = Docket(), claim("c1", "a", 100)
    case.must(TakeReport(report(), one, "u"))
    assert case.do(TakeReport(report(), one, "u")) == ()
    other = replace(report(), text="other")
    assert why(case.do(TakeReport(other, one, "u"))) is Reason.ID_TAKEN
    assert why(case.do(MakeClaim(claim("c1", "a", 101)))) is Reason.ID_TAKEN
    assert why(case.do(MakeClaim(claim("c2", "a", 1, transfer="t-c1")))) is Reason.TRANSFER_DISPUTED
    assert why(case.do(MakeClaim(claim("c2", "a", 0)))) is Reason.AMOUNT_NOT_POSITIVE
    assert why(case.do(MakeClaim(claim("c2", "a", 1, report="r9")))) is Reason.REPORT_UNKNOWN
    assert why(case.do(TakeReport(report("r2"), claim("c2", "a", 1), "u"))) is Reason.REPORT_UNKNOWN


def test_a_claim_is_admitted_by_others_than_its_maker_as_many_as_the_policy_says():
    case = Docket(policy=replace(CN_2016, admission_persons=2))
    case.must(TakeReport(report(), claim("c1", "a", 100), "u"))
    admit = lambda by: case.do(SettleClaim("c1", ClaimTrigger.ADMIT, by))  # noqa: E731
    assert why(admit("taker")) is Reason.MAKER_DECIDES
    admit("ann")
    assert why(admit("ann")) is Reason.MAKER_DECIDES
    assert case.case.claim("c1").state == "reported"
    admit("bo")
    assert case.case.claim("c1").state == "admitted"
    assert why(admit("chen")) is Reason.CLAIM_ADMITTED
    assert why(case.do(SettleClaim("c1", ClaimTrigger.VOID, "chen"))) is Reason.FINDING_UNKNOWN
    assert why(case.do(SettleClaim("c9", ClaimTrigger.ADMIT, "bo"))) is Reason.CLAIM_UNKNOWN
    case.must(SettleClaim("c1", ClaimTrigger.WITHDRAW, "chen"))
    assert why(case.do(SettleClaim("c1", ClaimTrigger.ADMIT, "dai"))) is Reason.CLAIM_NOT_LIVE


def test_money_that_came_back_counts_once():
    case = held_at_a()
    case.must(NoteRepaid("p1", "c1", returned=30))
    assert case.do(NoteRepaid("p1", "c1", returned=30)) == ()
    assert why(case.do(NoteRepaid("p1", "c1", returned=31))) is Reason.ID_TAKEN
    assert why(case.do(NoteRepaid("p2", "c1"))) is Reason.AMOUNT_NOT_POSITIVE
    assert why(case.do(NoteRepaid("p2", "c9", 1))) is Reason.CLAIM_UNKNOWN
    assert case.case.claim("c1").missing == 70
    case.found(FindingKind.CLAIM_VOID, "c1")
    assert why(case.do(NoteRepaid("p2", "c1", 1))) is Reason.CLAIM_NOT_LIVE


# --- approvals and mandates ----------------------------------------------------------------------------------------------


def test_an_extension_waits_for_a_person_who_saw_gain_and_harm():
    case = second_hop()
    order = case.order(OrderKind.EXTEND, "b")
    assert why(case.do(TakeUp(order))) is Reason.APPROVAL_MISSING
    seen = view_of(case.case, order, case.plan)
    assert why(case.do(AgreeToOrder(order, "maker", seen.digest))) is Reason.MAKER_DECIDES
    assert why(case.do(AgreeToOrder(order, "ann", "other"))) is Reason.DIGEST_STALE
    case.must(AgreeToOrder(order, "ann", seen.digest))
    assert why(case.do(AgreeToOrder(order, "ann", seen.digest))) is Reason.MAKER_DECIDES
    case.must(
        NoteHarm(Harm("b", "CNY", own_money=5000, salary_on=(date(2026, 3, 10),), merchants=7))
    )
    assert why(case.do(TakeUp(order))) is Reason.APPROVAL_MISSING, "the approval went stale"
    again = view_of(case.case, order, case.plan)
    assert (again.change, again.own_money, again.salary_on) == (100, 5000, (date(2026, 3, 10),))
    assert (again.merchants, again.located, again.is_innocent) == (7, 0, False)
    case.must(AgreeToOrder(order, "ann", again.digest))
    case.must(TakeUp(order))
    assert case.do(TakeUp(order)) == ()
    assert why(case.do(TakeUp(replace(order, amount=99)))) is Reason.ID_TAKEN


def test_an_order_that_the_plan_no_longer_has_does_not_leave():
    case = second_hop()
    order = case.order(OrderKind.EXTEND, "b")
    assert why(case.do(TakeUp(replace(order, amount=101)))) is Reason.PROPOSAL_STALE
    other = replace(order, key=replace(order.key, case="case-2"))
    assert why(case.do(TakeUp(other))) is Reason.ORDER_OF_ANOTHER_CASE
    case.must(AddFacts("rows", ()))
    case.trace(lies("c1", "d", 100, Found.UNKNOWN, hop=3))
    assert why(case.do(TakeUp(order))) is Reason.PROPOSAL_STALE
    assert why(case.do(AgreeToOrder(order, "ann", "x"))) is Reason.PROPOSAL_STALE


def mandate(**more: object) -> Mandate:
    values = {"hops_max": 3, "amount_max": 150, "until": START + timedelta(days=1)}
    values.update(more)
    return Mandate("m1", currency="CNY", proposed_by="lead", **values)  # type: ignore[arg-type]


def test_a_standing_authority_is_set_by_two_persons_and_covers_its_limits_only():
    case = second_hop()
    case.must(ProposeMandate(mandate()))
    assert case.do(ProposeMandate(mandate())) == ()
    assert why(case.do(ProposeMandate(mandate(hops_max=9)))) is Reason.ID_TAKEN
    order = replace(case.order(OrderKind.EXTEND, "b"), mandate="m1")
    assert why(case.do(TakeUp(order))) is Reason.MANDATE_ENDED
    digest = mandate().digest
    assert why(case.do(AgreeToMandate("m1", "lead", digest))) is Reason.MAKER_DECIDES
    assert why(case.do(AgreeToMandate("m1", "judge", "other"))) is Reason.DIGEST_STALE
    assert why(case.do(AgreeToMandate("m9", "judge", digest))) is Reason.MANDATE_UNKNOWN
    case.must(AgreeToMandate("m1", "judge", digest))
    assert why(case.do(AgreeToMandate("m1", "judge", digest))) is Reason.MANDATE_STANDS
    protected = replace(order, account_kind=AccountKind.PAYROLL)
    assert why(case.do(TakeUp(protected))) is Reason.MANDATE_TOO_NARROW
    whole = replace(order, extent=Extent.WHOLE_ACCOUNT, extent_ground="the bank can do no other")
    assert why(case.do(TakeUp(whole))) is Reason.MANDATE_TOO_NARROW
    assert why(case.do(TakeUp(replace(order, mandate="m9")))) is Reason.MANDATE_UNKNOWN
    stands, found = case.case.mandates[0], case.plan.orders[0]
    assert covers(stands, order, found, case.now)
    assert not covers(replace(stands, hops_max=1), order, found, case.now)
    assert not covers(replace(stands, currency="USD"), order, found, case.now)
    assert not covers(stands, order, found, stands.until)
    case.must(TakeUp(order))
    assert case.case.mandates[0].spent == 100
    case.must(AddFacts("rows", ()))
    case.trace(lies("c1", "d", 100, Found.UNKNOWN, hop=3))
    third = replace(case.order(OrderKind.EXTEND, "d"), mandate="m1")
    assert why(case.do(TakeUp(third))) is Reason.MANDATE_TOO_NARROW, "150 in all, 100 spent"
    case.must(RevokeMandate("m1", "lead"))
    assert why(case.do(RevokeMandate("m1", "lead"))) is Reason.MANDATE_ENDED


def test_a_standing_authority_never_covers_what_frees_money():
    case = second_hop()
    case.holds("b", 100)
    case.must(ProposeMandate(mandate(amount_max=9999)))
    case.must(AgreeToMandate("m1", "judge", mandate(amount_max=9999).digest))
    order = replace(case.order(OrderKind.RELEASE, "a"), mandate="m1")
    assert why(case.do(TakeUp(order))) is Reason.MANDATE_TOO_NARROW


def test_a_mandate_of_nothing_or_of_the_past_is_refused():
    case = held_at_a()
    assert why(case.do(ProposeMandate(mandate(until=START)))) is Reason.MANDATE_ENDED
    assert why(case.do(ProposeMandate(mandate(amount_max=0)))) is Reason.AMOUNT_NOT_POSITIVE
    case.must(ProposeMandate(mandate()))
    case.wait(days=1)
    assert why(case.do(AgreeToMandate("m1", "judge", mandate().digest))) is Reason.MANDATE_ENDED


def test_a_freeze_keeps_what_is_asked_and_no_more():
    case = held_at_a()
    order = replace(_stop_like(), kind=OrderKind.FREEZE)
    assert why(case.do(TakeUp(replace(order, amount=101)))) is Reason.PROPOSAL_STALE
    assert why(case.do(TakeUp(order))) is Reason.APPROVAL_MISSING
    case.must(AgreeToOrder(order, "ann", view_of(case.case, order, case.plan).digest))
    case.must(TakeUp(order))
    assert case.stands() == {"a": {"c1": 100}}


def _stop_like():
    key = HoldKey("case-1", "a", "CNY")
    return Order("o-freeze", OrderKind.STOP, key, "bank-a", 100, "maker", "filed")


# --- guards against abuse ------------------------------------------------------------------------------------------------


def test_a_small_payment_alone_stops_nobody_without_a_second_person():
    case = Docket(policy=CN_2016)
    case.must(TakeReport(report(), claim("c1", "a", 9_999), "u"))
    order = case.order(OrderKind.STOP, "a")
    assert why(case.do(TakeUp(order))) is Reason.APPROVAL_MISSING
    case.must(SettleClaim("c1", ClaimTrigger.ADMIT, "ann"))
    case.must(TakeUp(order))
    large = Docket(policy=CN_2016)
    large.must(TakeReport(report(), claim("c1", "a", 10_001), "u"))
    large.must(TakeUp(large.order(OrderKind.STOP, "a")))


def test_signs_of_abuse_are_named():
    many = [report(f"r{n}") for n in range(2, 5)]
    one = replace(report(), grade=Grade.DOUBTFUL)
    assert signs_of(one, claim("c1", "a", 10_000), many, START, CN_2016) == tuple(Sign)
    assert signs_of(report(), claim("c1", "a", 10_001), many[:2], START, CN_2016) == ()
    later = START + timedelta(days=31)
    assert signs_of(report(), claim("c1", "a", 10_001), many, later, CN_2016) == ()


@pytest.mark.parametrize("days", [0, 29, 31, 900])
def test_a_report_that_is_dated_back_counts_by_when_it_was_entered(days: int):
    """What the taker types cannot hide a reporter who comes again and again; what the clock said can age."""
    dated = [replace(report(f"r{n}"), received_at=START - timedelta(days=days)) for n in (2, 3, 4)]
    found = signs_of(report(), claim("c1", "a", 10_001), dated, START, CN_2016)
    assert found == (Sign.REPEATED_REPORTER,)
    then = START - timedelta(days=days)
    old = [replace(row, received_at=then, entered_at=then) for row in dated]
    is_again = bool(signs_of(report(), claim("c1", "a", 10_001), old, START, CN_2016))
    assert is_again is (days <= 30)


# --- findings ------------------------------------------------------------------------------------------------------------


def test_a_finding_is_never_its_makers_decision_and_binds_what_was_seen():
    case = held_at_a()
    found = Finding("f1", FindingKind.INNOCENT_CONDUIT, "a", "lead", "papers")
    assert why(case.do(ProposeFinding(replace(found, reason="")))) is Reason.REASON_MISSING
    case.must(ProposeFinding(found))
    assert case.do(ProposeFinding(found)) == ()
    assert why(case.do(ProposeFinding(replace(found, subject="b")))) is Reason.ID_TAKEN
    agree = FindingTrigger.AGREE
    assert why(case.do(SettleFinding("f1", agree, "lead", found.digest))) is Reason.MAKER_DECIDES
    assert why(case.do(SettleFinding("f1", agree, "judge", "other"))) is Reason.DIGEST_STALE
    assert why(case.do(SettleFinding("f9", agree, "judge", ""))) is Reason.FINDING_UNKNOWN
    case.must(SettleFinding("f1", FindingTrigger.DISMISS, "judge", found.digest))
    assert why(case.do(SettleFinding("f1", agree, "judge", found.digest))) is Reason.FINDING_SETTLED
    assert not case.case.is_innocent("a")


def test_void_is_found_of_a_live_claim_only():
    case = held_at_a()
    void = Finding("f1", FindingKind.CLAIM_VOID, "c9", "lead", "papers")
    assert why(case.do(ProposeFinding(void))) is Reason.CLAIM_UNKNOWN
    first, second = replace(void, subject="c1"), replace(void, id="f2", subject="c1")
    case.must(ProposeFinding(first))
    case.must(ProposeFinding(second))
    case.must(SettleFinding("f1", FindingTrigger.AGREE, "judge", first.digest))
    late = case.do(SettleFinding("f2", FindingTrigger.AGREE, "judge", second.digest))
    assert why(late) is Reason.CLAIM_NOT_LIVE
    third = replace(void, id="f3", subject="c1")
    assert why(case.do(ProposeFinding(third))) is Reason.CLAIM_NOT_LIVE


def test_an_innocent_conduit_keeps_the_traced_part_only():
    case = held_at_a(100)
    case.trace(lies("c1", "a", 30), lies("c1", "b", 70, Found.UNKNOWN, hop=2))
    case.holds("b", 70)
    case.hears("a", 100, "frozen", basis=OrderKind.FREEZE)
    case.confirms("a", 100)
    case.trace(lies("c1", "a", 30), lies("c1", "b", 70, Found.UNKNOWN, hop=2))
    case.found(FindingKind.INNOCENT_CONDUIT, "a")
    assert case.kinds() == [("reduce", "a", 30)]
    assert case.stands() == {"a": {"c1": 30}, "b": {"c1": 70}}


def test_where_the_policy_says_so_the_trail_goes_on_behind_good_faith():
    case = Docket(
        policy=replace(CN_2016, small_amount=0, good_faith_downstream=Downstream.CONTINUES)
    )
    case.reported(claim("c1", "a", 100))
    case.trace(lies("c1", "shop", 70), lies("c1", "d", 30, hop=3))
    case.holds("shop", 70)
    case.found(FindingKind.GOOD_FAITH_VALUE, "shop")
    assert terminals(case.case, case.policy) == ()
    assert terminals(case.case, CN_2016) == ("shop",)
    case.trace(lies("c1", "shop", 70), lies("c1", "d", 30, hop=3))
    assert {(p.account, p.found.value, p.kind) for p in case.case.places} == {
        ("shop", "exited", "good_faith"),
        ("d", "located", ""),
    }


def test_an_opinion_is_kept_once():
    case = held_at_a()
    case.must(NoteOpinion("n1", "a", "bank-a", "t"))
    assert case.do(NoteOpinion("n1", "a", "bank-a", "t")) == ()
    assert why(case.do(NoteOpinion("n1", "b", "bank-a", "t"))) is Reason.ID_TAKEN


def test_only_so_many_opinions_are_kept_and_victims_are_still_paid(monkeypatch):
    monkeypatch.setattr("recoup.cases.settling.CASE_OPINIONS_MAX", 2)
    case = held_at_a()
    for opinion in ("n1", "n2"):
        case.must(NoteOpinion(opinion, "a", "bank-a", "t"))
    assert why(case.do(NoteOpinion("n3", "a", "bank-a", "t"))) is Reason.TOO_MANY_KEPT
    assert case.do(NoteOpinion("n2", "a", "bank-a", "t")) == (), "the same again is no more"
    case.must(NoteRepaid("p1", "c1", 10))
    assert (len(case.case.noted), case.case.opinions) == (3, 2)


# --- hardship, another account -------------------------------------------------------------------------------------------


def test_hardship_frees_a_part_that_is_not_asked_for_again():
    case = held_at_a()
    case.hears("a", 100, "frozen", basis=OrderKind.FREEZE)
    case.confirms("a", 100)
    grant = GrantHardship("a", "CNY", 40, "lead", "judge", "rent")
    assert why(case.do(replace(grant, agreed_by="lead"))) is Reason.MAKER_DECIDES
    assert why(case.do(replace(grant, reason=""))) is Reason.REASON_MISSING
    assert why(case.do(replace(grant, amount=101))) is Reason.AMOUNT_NOT_POSITIVE
    assert why(case.do(replace(grant, account="z"))) is Reason.HOLD_UNKNOWN
    case.must(grant)
    assert case.stands() == {"a": {"c1": 60}}
    assert case.kinds() == [("reduce", "a", 60)]
    case.send(OrderKind.REDUCE, "a")
    case.hears("a", 60, "reduced", basis=OrderKind.FREEZE)
    assert case.kinds() == [], "the 40 are the holder's to live on"


def test_a_cap_is_lifted_by_two_persons_when_more_is_due_than_it_leaves():
    case = held_at_a()
    case.must(GrantHardship("a", "CNY", 40, "lead", "judge", "rent"))
    assert [(w.why, w.amount) for w in case.plan.waiting if w.why == "capped"] == [("capped", 40)]
    lift = LiftCap("a", "CNY", 80, "lead", "judge", "a second claim was admitted")
    assert why(case.do(replace(lift, agreed_by="lead"))) is Reason.MAKER_DECIDES
    assert why(case.do(replace(lift, reason=""))) is Reason.REASON_MISSING
    assert why(case.do(replace(lift, account="z"))) is Reason.CAP_UNKNOWN
    for amount in (60, 101):
        assert why(case.do(replace(lift, amount=amount))) is Reason.NOT_ENTITLED
    case.must(lift)
    assert case.stands() == {"a": {"c1": 80}}, "the stop that is still asked stands for it again"
    case.must(replace(lift, amount=None))
    assert case.stands() == {"a": {"c1": 100}}
    assert why(case.do(lift)) is Reason.CAP_UNKNOWN
    assert {"lead", "judge"} <= set(case.case.standing("a", "CNY").makers), "not of its appeal"


def test_what_was_given_up_under_a_cap_is_asked_for_again_once_it_is_lifted():
    case = held_at_a()
    case.hears("a", 100, "frozen", basis=OrderKind.FREEZE)
    case.confirms("a", 100)
    case.must(GrantHardship("a", "CNY", 40, "lead", "judge", "rent"))
    case.send(OrderKind.REDUCE, "a")
    case.hears("a", 60, "reduced", basis=OrderKind.FREEZE)
    case.trace(lies("c1", "a", 100))
    assert case.kinds() == [], "the negative control: facts alone lift nothing"
    case.must(LiftCap("a", "CNY", None, "lead", "judge", "the finding was overturned"))
    assert case.kinds() == [("raise", "a", 100)]


def test_another_account_is_held_before_the_first_is_let_go():
    case = held_at_a()
    swap = SwapAccount("a", "CNY", "a2", "bank-a2", 100, "lead", "judge")
    assert why(case.do(replace(swap, agreed_by="lead"))) is Reason.MAKER_DECIDES
    assert why(case.do(replace(swap, amount=101))) is Reason.AMOUNT_NOT_POSITIVE
    assert why(case.do(replace(swap, account="z"))) is Reason.HOLD_UNKNOWN
    case.must(swap)
    assert case.kinds() == [("extend", "a2", 100)]
    assert case.stands() == {"a": {"c1": 100}}, "until a2 is ordered a stands for it"
    case.holds("a2", 100, twice=False)
    assert case.stands() == {"a2": {"c1": 100}}
    assert case.kinds() == []
    case.confirms("a2", 100)
    assert case.kinds() == [("release", "a", 0)]
    case.trace(lies("c1", "a", 100))
    assert case.stands() == {"a2": {"c1": 100}}, "the next trail knows of the exchange"


# --- appeals -------------------------------------------------------------------------------------------------------------


def test_an_appeal_is_decided_by_somebody_who_did_not_make_the_hold():
    case = second_hop()
    case.holds("b", 100)
    case.must(FileAppeal("x1", "b", "CNY", True, "papers"))
    assert case.do(FileAppeal("x1", "b", "CNY", True, "papers")) == ()
    assert why(case.do(FileAppeal("x1", "b", "CNY", False, "papers"))) is Reason.ID_TAKEN
    assert why(case.do(FileAppeal("x2", "z", "CNY", False))) is Reason.HOLD_UNKNOWN
    uphold = SettleAppeal("x1", AppealTrigger.UPHOLD, "maker", 40, "salary")
    assert why(case.do(uphold)) is Reason.MAKER_DECIDES
    assert why(case.do(replace(uphold, by="ann"))) is Reason.MAKER_DECIDES, "ann agreed to it"
    assert why(case.do(replace(uphold, by="judge", reason=""))) is Reason.REASON_MISSING
    assert why(case.do(replace(uphold, by="judge", keep=100))) is Reason.AMOUNT_NOT_POSITIVE
    assert why(case.do(replace(uphold, trigger=AppealTrigger.MISS))) is Reason.CLOCK_RUNS
    assert why(case.do(replace(uphold, appeal="x9"))) is Reason.APPEAL_UNKNOWN
    case.must(replace(uphold, by="judge", keep=0))
    assert case.plan.find(OrderKind.RELEASE, "b", "CNY")
    assert case.plan.find(OrderKind.EXTEND, "b", "CNY") is None, "it is not asked for again"
    assert why(case.do(replace(uphold, by="judge"))) is Reason.APPEAL_SETTLED


def test_an_appeal_that_nobody_decides_is_overdue_and_can_still_be_decided():
    case = held_at_a()
    case.must(FileAppeal("x1", "a", "CNY", False))
    assert why(case.do(PassAppealClock("x1"))) is Reason.CLOCK_RUNS
    case.wait(seconds=case.policy.appeal_seconds)
    case.must(PassAppealClock("x1"))
    assert why(case.do(PassAppealClock("x1"))) is Reason.APPEAL_OVERDUE
    assert why(case.do(PassAppealClock("x9"))) is Reason.APPEAL_UNKNOWN
    case.must(SettleAppeal("x1", AppealTrigger.DENY, "judge", reason="the money is traced"))
    assert case.stands() == {"a": {"c1": 100}}
    assert why(case.do(PassAppealClock("x1"))) is Reason.APPEAL_SETTLED


def test_a_holder_may_withdraw_an_appeal_but_no_maker_of_the_hold_says_so():
    case = held_at_a()
    case.must(FileAppeal("x1", "a", "CNY", False))
    withdraw = SettleAppeal("x1", AppealTrigger.WITHDRAW, "maker")
    assert why(case.do(withdraw)) is Reason.MAKER_DECIDES
    case.must(replace(withdraw, by="operator"))
    assert case.case.appeals[0].state == "withdrawn"


# --- notices -------------------------------------------------------------------------------------------------------------


def test_every_hold_makes_a_notice_due_and_a_new_period_another():
    case = held_at_a()
    notice = case.case.notices[0]
    assert (notice.account, notice.amount, notice.state) == ("a", 100, "due")
    assert why(case.do(EndDeferral("a", "CNY"))) is Reason.NOTICE_NOT_DEFERRED
    assert why(case.do(SendNotice("a", "CNY", "", "110"))) is Reason.REASON_MISSING
    assert why(case.do(SendNotice("z", "CNY", "d", "110"))) is Reason.NOTICE_UNKNOWN
    case.must(SendNotice("a", "CNY", "docs-1", "phone-1"))
    assert why(case.do(SendNotice("a", "CNY", "docs-1", "phone-1"))) is Reason.NOTICE_SENT
    case.hears("a", 100, "frozen", basis=OrderKind.FREEZE)
    assert len(case.case.notices) == 1
    case.hears("a", 100, "held", period=1)
    assert case.case.notices[0].state == "due"


def test_a_deferral_has_a_reason_two_persons_and_an_end():
    case = held_at_a()
    defer = DeferNotice("a", "CNY", START + timedelta(days=2), "he would flee", "lead", "judge")
    assert why(case.do(replace(defer, reason=""))) is Reason.REASON_MISSING
    assert why(case.do(replace(defer, agreed_by="lead"))) is Reason.MAKER_DECIDES
    too_late = START + timedelta(days=9)
    assert why(case.do(replace(defer, until=too_late))) is Reason.DEFERRAL_TOO_LONG
    assert why(case.do(replace(defer, until=START))) is Reason.DEFERRAL_TOO_LONG
    case.must(defer)
    assert why(case.do(EndDeferral("a", "CNY"))) is Reason.CLOCK_RUNS
    case.wait(days=2)
    case.must(EndDeferral("a", "CNY"))
    assert case.case.notices[0].state == "due"


@pytest.mark.parametrize("is_renewed", [False, True], ids=["one period", "a period each week"])
def test_deferrals_have_an_end_in_all_however_often_they_are_agreed_to_anew(*, is_renewed: bool):
    case = held_at_a()
    first, most = case.case.notices[0].due_at, CN_2016.deferral_total_seconds_max
    ends: list[datetime] = []
    for week in range(9):
        until = case.now + timedelta(days=6)
        found = case.do(DeferNotice("a", "CNY", until, "he would flee", "lead", "judge"))
        if isinstance(found, Refusal):
            assert found.reason is Reason.DEFERRAL_TOO_LONG
            break
        ends.append(until)
        case.wait(days=6)
        case.must(EndDeferral("a", "CNY"))
        if is_renewed:
            case.hears("a", 100, "held", period=week + 1)
            assert case.case.notices[0].first_due_at == first
    assert ends
    assert ends[-1] <= first + timedelta(seconds=most) < ends[-1] + timedelta(days=6)
    case.must(SendNotice("a", "CNY", "docs-1", "phone-1"))
    case.hears("a", 100, "held", period=99)
    assert case.case.notices[0].first_due_at is None, "who was told waits by no deferral"
    case.must(DeferNotice("a", "CNY", case.now + timedelta(days=6), "r", "lead", "judge"))


def test_the_end_of_all_deferrals_is_met_to_the_microsecond():
    policy = replace(CN_2016, deferral_total_seconds_max=CN_2016.deferral_seconds_max)
    case = held_at_a(policy=policy)
    latest = case.case.notices[0].due_at + timedelta(seconds=policy.deferral_total_seconds_max)
    case.wait(days=2)
    past = DeferNotice("a", "CNY", latest + timedelta(microseconds=1), "r", "lead", "judge")
    assert why(case.do(past)) is Reason.DEFERRAL_TOO_LONG
    case.must(replace(past, until=latest))
    assert case.case.notices[0].due_at == latest


def test_a_bound_of_all_deferrals_below_that_of_one_is_refused():
    with pytest.raises(ValueError, match="deferral_total_seconds_max"):
        replace(CN_2016, deferral_total_seconds_max=CN_2016.deferral_seconds_max - 1)


def test_a_deferral_before_anything_is_held_waits_for_the_hold_and_tells_nobody_of_nothing():
    case = Docket().reported(claim("c1", "a", 100))
    case.trace(lies("c1", "a", 100))
    case.send(OrderKind.STOP, "a")
    defer = DeferNotice("a", "CNY", START + timedelta(days=2), "he would flee", "lead", "judge")
    case.must(defer)
    assert why(case.do(SendNotice("a", "CNY", "docs-1", "phone-1"))) is Reason.NOTICE_UNKNOWN
    case.hears("a", 60, "held_short")
    (notice,) = case.case.notices
    assert (notice.state, notice.amount, notice.due_at) == ("deferred", 60, defer.until)
    case.must(SendNotice("a", "CNY", "docs-1", "phone-1"))
    assert why(case.do(defer)) is Reason.NOTICE_SENT


# --- exits ---------------------------------------------------------------------------------------------------------------


def test_money_that_left_the_country_opens_one_request_with_a_clock():
    case = held_at_a()
    abroad = lies("c1", "b", 100, Found.EXITED, kind="abroad", serial="s1", hop=2)
    case.trace(abroad)
    task = case.case.tasks[0]
    assert (task.account, task.amount, task.serial) == ("b", 100, "s1")
    assert task.due_at - case.now == timedelta(hours=72)
    case.must(AddFacts("rows", ()))
    case.trace(abroad)
    assert len(case.case.tasks) == 1
    assert why(case.do(PassForeignClock(task.id))) is Reason.CLOCK_RUNS
    assert why(case.do(PassForeignClock("x"))) is Reason.TASK_UNKNOWN
    case.wait(hours=72)
    case.must(PassForeignClock(task.id))
    assert why(case.do(PassForeignClock(task.id))) is Reason.TASK_OVERDUE
    case.must(RecordForeignAnswer(task.id, "text-1"))
    assert case.do(RecordForeignAnswer(task.id, "text-1")) == ()
    assert why(case.do(PassForeignClock(task.id))) is Reason.CLOCK_RUNS
    assert (case.case.tasks[0].state, case.case.tasks[0].answers) == ("answered", ("text-1",))


def test_only_so_many_answers_from_abroad_are_kept(monkeypatch):
    monkeypatch.setattr("recoup.cases.telling.ABROAD_ANSWERS_MAX", 2)
    case = held_at_a()
    case.trace(lies("c1", "b", 100, Found.EXITED, kind="abroad", serial="s1", hop=2))
    task = case.case.tasks[0].id
    for text in ("text-1", "text-2"):
        case.must(RecordForeignAnswer(task, text))
    assert why(case.do(RecordForeignAnswer(task, "text-3"))) is Reason.TOO_MANY_KEPT
    assert case.do(RecordForeignAnswer(task, "text-2")) == (), "the same again is no more"
    assert case.case.tasks[0].answers == ("text-1", "text-2")


@pytest.mark.parametrize("kind", ["exchange", "wallet", "purchase"])
def test_an_exit_into_another_house_is_asked_by_its_serial_number_once(kind):
    case = held_at_a()
    case.trace(lies("c1", "pay", 100, Found.EXITED, kind=kind, serial="s1", institution="psp"))
    assert case.kinds() == [("query", "s1", 0)]
    case.send(OrderKind.QUERY, "s1")
    assert case.kinds() == []


def test_an_account_from_which_the_money_moved_is_asked_for_its_rows_and_not_stopped_again():
    case = Docket().reported(claim("c1", "a", 100))
    case.send(OrderKind.STOP, "a")
    case.hears("a", 0, "moved")
    assert case.kinds() == [("query", "a", 0)]
    assert [row.why for row in case.plan.waiting] == ["moved"]
    case.send(OrderKind.QUERY, "a")
    assert case.kinds() == []
    case.wait(minutes=9)
    case.trace(lies("c1", "a", 100, since=case.now))
    assert case.kinds() == [("stop", "a", 100)], "money that came later is asked for"


# --- holds, joining ------------------------------------------------------------------------------------------------------


def test_a_digest_from_before_the_answer_confirms_nothing():
    case = Docket().reported(claim("c1", "a", 100))
    case.holds("a", 100, twice=False)
    assert why(case.do(ConfirmHold("a", "CNY", 100, case.now))) is Reason.DIGEST_TOO_OLD
    assert why(case.do(ConfirmHold("z", "CNY", 100, case.now))) is Reason.HOLD_UNKNOWN
    after = case.now + timedelta(seconds=1)
    assert why(case.do(ConfirmHold("a", "CNY", -1, after))) is Reason.AMOUNT_NOT_POSITIVE
    case.must(ConfirmHold("a", "CNY", 60, after))
    assert case.case.standing("a", "CNY").confirmed == 60
    assert case.do(ConfirmHold("a", "CNY", 60, after)) == ()


def test_a_hold_that_says_the_same_again_is_no_new_fact():
    case = held_at_a()
    row = case.case.standing("a", "CNY")
    note = NoteHold("a", "CNY", "bank-a", 100, 100, "held", row.basis, 0, case.now)
    assert case.do(note) == ()
    assert why(case.do(replace(note, held=-1))) is Reason.AMOUNT_NOT_POSITIVE


def test_cases_are_joined_by_two_persons_where_their_trails_meet():
    case = held_at_a()
    join = JoinCase("case-2", "a", "lead", "judge")
    assert why(case.do(replace(join, agreed_by="lead"))) is Reason.MAKER_DECIDES
    assert why(case.do(replace(join, account="z"))) is Reason.TRAILS_APART
    case.must(join)
    assert case.do(join) == ()
    assert case.case.joined == ("case-2",)


def test_a_claim_is_made_fresh_whatever_its_sender_wrote_into_it():
    case = Docket()
    forged = replace(claim("c1", "a", 100), state="admitted", returned=5, agreed_by=("ann",))
    case.must(TakeReport(report(), forged, "u"))
    made = case.case.claim("c1")
    assert isinstance(made, Claim)
    assert (made.state, made.returned, made.agreed_by) == ("reported", 0, ())


def test_the_same_command_gives_the_same_events():
    case = Docket()
    command = TakeReport(report(), claim("c1", "a", 100), "u")
    assert decide(case.case, command, START, CN_2016) == decide(case.case, command, START, CN_2016)


def test_a_surplus_may_be_kept_or_partly_given_up_after_its_clock():
    case = second_hop()
    case.holds("b", 100, twice=False)
    keep = DecideSurplus("a", "CNY", 100, "lead", "judge", "the bank of b is slow")
    assert why(case.do(replace(keep, account="z"))) is Reason.HOLD_UNKNOWN
    assert why(case.do(replace(keep, reason=""))) is Reason.REASON_MISSING
    assert why(case.do(replace(keep, keep=101))) is Reason.NOT_SURPLUS
    assert why(case.do(replace(keep, account="b"))) is Reason.NOT_SURPLUS
    case.wait(seconds=case.policy.overlap_seconds_max)
    case.must(keep)
    assert case.case.standing("a", "CNY").surplus_since == case.now, "the clock begins again"
    case.wait(seconds=case.policy.overlap_seconds_max)
    case.must(replace(keep, keep=30))
    assert case.case.standing("a", "CNY").stood == (("c1", 30),)


def test_an_upheld_appeal_against_what_ended_already_changes_nothing():
    case = held_at_a()
    case.must(FileAppeal("x1", "a", "CNY", False))
    case.hears("a", 0, "lapsed")
    case.must(SettleAppeal("x1", AppealTrigger.UPHOLD, "judge", reason="it was wrong"))
    assert case.case.appeals[0].state == "upheld"
    assert case.case.caps == ()


def test_a_sent_notice_is_not_deferred():
    case = held_at_a()
    case.must(SendNotice("a", "CNY", "docs-1", "phone-1"))
    late = DeferNotice("a", "CNY", START + timedelta(days=1), "r", "lead", "judge")
    assert why(case.do(late)) is Reason.NOTICE_SENT
