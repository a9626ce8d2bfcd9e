"""Motions and orders that persons write down: two acts of two persons, of what stands there now and of nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from docket import Docket, claim, lies

from recoup.cases import (
    Finding,
    FindingKind,
    Found,
    Harm,
    Mandate,
    Matter,
    Motion,
    Refusal,
    agreement_of,
)
from recoup.cases.commands import (
    AgreeToOrder,
    FileAppeal,
    MakeMotion,
    NoteHarm,
    ProposeFinding,
    ProposeMandate,
    RevokeMandate,
    SettleAppeal,
    SettleFinding,
    SettleMotion,
    TakeUp,
    WriteOrder,
)
from recoup.cases.refusals import Reason
from recoup.cases.state import AppealTrigger, FindingTrigger, MotionState, MotionTrigger
from recoup.orders import AccountKind, Extent, OrderKind

AGREE, DISMISS, WITHDRAW = MotionTrigger.AGREE, MotionTrigger.DISMISS, MotionTrigger.WITHDRAW


def why(found) -> Reason:
    assert isinstance(found, Refusal), found
    return found.reason


def held() -> Docket:
    """A case whose 100 are held at `a`, all of it confirmed."""
    case = Docket().reported(claim("c1", "a", 100))
    case.holds("a", 100)
    return case


def with_surplus() -> Docket:
    """A case of which 60 moved on to `b`, unanswered there, and whose surplus at `a` nobody confirmed in time."""
    case = held()
    case.trace(lies("c1", "a", 40), lies("c1", "b", 60, Found.UNKNOWN, hop=2))
    case.send(OrderKind.EXTEND, "b")
    case.wait(seconds=case.policy.overlap_seconds_max)
    return case


def motions(case: Docket) -> dict[Matter, Motion]:
    """Return a motion of each matter that fits `case`."""
    until = case.now + timedelta(hours=5)
    made = {"id": "m1", "by": "ann", "account": "a", "currency": "CNY", "reason": "seen"}
    return {
        Matter.SURPLUS: Motion(matter=Matter.SURPLUS, amount=70, **made),
        Matter.HARDSHIP: Motion(matter=Matter.HARDSHIP, amount=30, **made),
        Matter.SWAP: Motion(matter=Matter.SWAP, amount=40, offered="a2", institution="b", **made),
        Matter.DEFERRAL: Motion(matter=Matter.DEFERRAL, until=until, **made),
        Matter.JOINING: Motion(matter=Matter.JOINING, other="case-2", **(made | {"currency": ""})),
    }


EFFECTS = {
    Matter.SURPLUS: "StoodLowered",
    Matter.HARDSHIP: "StoodLowered",
    Matter.SWAP: "AccountSwapped",
    Matter.DEFERRAL: "NoticeMoved",
    Matter.JOINING: "CaseJoined",
}


def made(case: Docket, motion: Motion) -> Motion:
    """Propose; return the motion as the case keeps it."""
    case.must(MakeMotion(motion))
    return case.case.motions[-1]


@pytest.mark.parametrize("matter", EFFECTS)
def test_a_motion_takes_effect_when_another_agrees_to_it_and_names_both(matter):
    case = with_surplus()
    motion = made(case, motions(case)[matter])
    assert motion.state is MotionState.PROPOSED
    assert why(case.do(SettleMotion("m1", AGREE, "ann", motion.digest))) is Reason.MAKER_DECIDES
    assert why(case.do(SettleMotion("m1", AGREE, "bo", "0" * 64))) is Reason.DIGEST_STALE
    events = case.must(SettleMotion("m1", AGREE, "bo", motion.digest))
    (effect,) = [event for event in events if type(event).__name__ == EFFECTS[matter]]
    assert effect.persons == ("ann", "bo")
    kept = case.case.motions[-1]
    assert (kept.state, kept.settled_by) == (MotionState.AGREED, "bo")
    again = SettleMotion("m1", AGREE, "chen", motion.digest)
    assert why(case.do(again)) is Reason.MOTION_SETTLED, "it takes effect at most once"


@pytest.mark.parametrize("matter", EFFECTS)
def test_nobody_agrees_once_the_case_shows_something_else(matter):
    case = with_surplus()
    motion = made(case, motions(case)[matter])
    if matter is Matter.JOINING:  # shows where the trail goes, not what is held
        case.trace_again(lies("c1", "a", 30), lies("c1", "b", 70, Found.UNKNOWN, hop=2))
    else:
        case.must(NoteHarm(Harm("a", "CNY", merchants=4)))
    before = case.case
    agree = SettleMotion("m1", AGREE, "bo", motion.digest)
    assert why(case.do(agree)) is Reason.DIGEST_STALE
    assert case.case == before
    case.must(SettleMotion("m1", DISMISS, "bo", motion.digest))
    fresh = made(case, replace(motions(case)[matter], id="m2"))
    case.must(SettleMotion("m2", AGREE, "bo", fresh.digest))


@pytest.mark.parametrize("matter", EFFECTS)
def test_a_motion_without_a_reason_is_not_made(matter):
    case = with_surplus()
    motion = replace(motions(case)[matter], reason="")
    assert why(case.do(MakeMotion(motion))) is Reason.REASON_MISSING


def test_what_could_not_be_decided_now_is_not_proposed():
    case = held()
    wanted = motions(case)
    late = replace(wanted[Matter.DEFERRAL], until=case.now + timedelta(days=400))
    for motion, reason in (
        (wanted[Matter.SURPLUS], Reason.NOT_SURPLUS),
        (replace(wanted[Matter.HARDSHIP], account="z"), Reason.HOLD_UNKNOWN),
        (replace(wanted[Matter.HARDSHIP], amount=101), Reason.AMOUNT_NOT_POSITIVE),
        (replace(wanted[Matter.SWAP], offered="a"), Reason.AMOUNT_NOT_POSITIVE),
        (late, Reason.DEFERRAL_TOO_LONG),
        (replace(late, until=None), Reason.DEFERRAL_TOO_LONG),
        (replace(wanted[Matter.JOINING], account="z"), Reason.TRAILS_APART),
    ):
        assert why(case.do(MakeMotion(motion))) is reason
    assert case.case.motions == ()
    itself = replace(wanted[Matter.JOINING], other="case-1")
    assert why(case.do(MakeMotion(itself))) is Reason.MOTION_SETTLED


def test_the_same_motion_twice_is_one_and_another_under_its_id_is_refused():
    case = held()
    motion = motions(case)[Matter.HARDSHIP]
    made(case, motion)
    assert case.do(MakeMotion(motion)) == ()
    assert why(case.do(MakeMotion(replace(motion, amount=31)))) is Reason.ID_TAKEN


def test_a_motion_is_taken_back_by_its_maker_and_dismissed_by_others():
    case = held()
    motion = made(case, motions(case)[Matter.HARDSHIP])
    assert why(case.do(SettleMotion("m1", WITHDRAW, "bo"))) is Reason.MAKER_ONLY
    assert why(case.do(SettleMotion("m1", DISMISS, "ann", motion.digest))) is Reason.MAKER_DECIDES
    assert why(case.do(SettleMotion("m9", DISMISS, "bo"))) is Reason.MOTION_UNKNOWN
    case.must(SettleMotion("m1", WITHDRAW, "ann"))
    assert case.case.motions[0].state is MotionState.WITHDRAWN
    assert case.case.caps == ()


def test_what_time_forbids_meanwhile_is_refused_and_stays_open():
    case = held()
    until = case.now + timedelta(hours=1)
    motion = made(case, replace(motions(case)[Matter.DEFERRAL], until=until))
    case.wait(hours=1)
    agree = SettleMotion("m1", AGREE, "bo", motion.digest)
    assert why(case.do(agree)) is Reason.DEFERRAL_TOO_LONG
    assert case.case.motions[0].state is MotionState.PROPOSED


def test_only_so_many_mandates_findings_and_appeals_wait_in_one_case(monkeypatch):
    for room in ("ordering", "settling", "telling"):
        monkeypatch.setattr(f"recoup.cases.{room}.CASE_OPEN_MAX", 1)
    case = held()
    mandate = Mandate("x1", 3, 100, "CNY", case.now + timedelta(hours=1), "ann")
    finding = Finding("x1", FindingKind.INNOCENT_CONDUIT, "a", "ann", "papers")
    for first, second, done in (
        (
            ProposeMandate(mandate),
            ProposeMandate(replace(mandate, id="x2")),
            RevokeMandate("x1", "ann"),
        ),
        (
            ProposeFinding(finding),
            ProposeFinding(replace(finding, id="x2")),
            SettleFinding("x1", FindingTrigger.DISMISS, "bo", finding.digest),
        ),
        (
            FileAppeal("x1", "a", "CNY", is_through_bank=True),
            FileAppeal("x2", "a", "CNY", is_through_bank=True),
            SettleAppeal("x1", AppealTrigger.DENY, "judge", reason="r"),
        ),
    ):
        case.must(first)
        assert case.do(first) == (), "the same again is no more"
        assert why(case.do(second)) is Reason.TOO_MANY_OPEN
        case.must(done)
        case.must(second)


def test_harm_is_noted_of_accounts_that_the_case_has_to_do_with():
    case = held()
    assert why(case.do(NoteHarm(Harm("z", "CNY", merchants=1)))) is Reason.TRAILS_APART
    case.must(NoteHarm(Harm("a", "CNY", merchants=1)))


def test_only_so_many_motions_and_orders_wait_in_one_case(monkeypatch):
    for room in ("motions", "ordering"):
        monkeypatch.setattr(f"recoup.cases.{room}.CASE_OPEN_MAX", 1)
    case = held()
    motion = made(case, motions(case)[Matter.HARDSHIP])
    second = replace(motion, id="m2", amount=2)
    assert why(case.do(MakeMotion(second))) is Reason.TOO_MANY_OPEN
    case.must(SettleMotion("m1", WITHDRAW, "ann"))
    made(case, second)
    freeze = WriteOrder("w1", OrderKind.FREEZE, "a", "CNY", "ann", "filed")
    case.must(freeze)
    assert why(case.do(replace(freeze, order="w2"))) is Reason.TOO_MANY_OPEN


# --- orders that persons write down ----------------------------------------------------------------------------------------


def second_hop() -> Docket:
    case = held()
    case.trace(lies("c1", "b", 100, Found.UNKNOWN, hop=2))
    return case


def test_an_order_is_written_as_the_plan_has_it_and_leaves_when_others_agreed():
    case = second_hop()
    write = WriteOrder("w1", OrderKind.EXTEND, "b", "CNY", "ann", "the plan has it")
    case.must(write)
    (order,) = case.case.written
    assert (order.amount, order.institution, order.extent) == (100, "bank-b", Extent.AMOUNT)
    agreement = agreement_of(case.case, order, case.now, case.policy)
    assert (agreement.persons, agreement.needed) == ((), 1)
    assert why(case.do(TakeUp(order))) is Reason.APPROVAL_MISSING
    digest = agreement.view.digest
    assert why(case.do(AgreeToOrder(order, "ann", digest))) is Reason.MAKER_DECIDES
    case.must(AgreeToOrder(order, "bo", digest))
    assert agreement_of(case.case, order, case.now, case.policy).persons == ("bo",)
    case.must(TakeUp(order))
    assert case.case.written == ()
    assert why(case.do(write)) is Reason.ID_TAKEN


def test_nobody_writes_what_the_plan_does_not_have():
    case = second_hop()
    write = WriteOrder("w1", OrderKind.EXTEND, "z", "CNY", "ann", "why")
    assert why(case.do(write)) is Reason.PROPOSAL_STALE
    for kind in set(OrderKind) - {OrderKind.EXTEND}:
        found = case.do(replace(write, kind=kind, account="b"))
        assert why(found) is Reason.PROPOSAL_STALE, kind
    assert why(case.do(replace(write, reason=""))) is Reason.REASON_MISSING


def test_an_order_that_the_plan_no_longer_has_is_shown_as_such_and_does_not_leave():
    case = second_hop()
    case.must(WriteOrder("w1", OrderKind.EXTEND, "b", "CNY", "ann", "why"))
    (order,) = case.case.written
    digest = agreement_of(case.case, order, case.now, case.policy).view.digest
    case.must(AgreeToOrder(order, "bo", digest))
    case.trace_again(lies("c1", "b", 90, Found.UNKNOWN, hop=2), lies("c1", "a", 10))
    agreement = agreement_of(case.case, order, case.now, case.policy)
    assert (agreement.view, agreement.persons) == (None, ())
    assert why(case.do(TakeUp(order))) is Reason.PROPOSAL_STALE


def test_a_person_writes_one_order_of_a_kind_anew_and_others_theirs_beside_it():
    case = second_hop()
    write = WriteOrder("w1", OrderKind.EXTEND, "b", "CNY", "ann", "why")
    case.must(write)
    case.must(replace(write, order="w2", account_kind=AccountKind.PAYROLL))
    case.must(replace(write, order="w3", by="bo"))
    assert [order.id for order in case.case.written] == ["w2", "w3"]
    assert agreement_of(case.case, case.case.written[0], case.now, case.policy).needed == 2


def test_what_is_held_is_frozen_for_what_was_asked():
    case = held()
    case.must(WriteOrder("w1", OrderKind.FREEZE, "a", "CNY", "ann", "the case was filed"))
    (order,) = case.case.written
    assert (order.amount, order.institution) == (100, "bank-a")
    digest = agreement_of(case.case, order, case.now, case.policy).view.digest
    case.must(AgreeToOrder(order, "bo", digest))
    case.must(TakeUp(order))


def test_two_persons_lift_what_hardship_capped():
    case = held()
    hardship = made(case, motions(case)[Matter.HARDSHIP])
    case.must(SettleMotion("m1", AGREE, "bo", hardship.digest))
    assert [cap.account for cap in case.case.caps] == ["a"]
    wanted = replace(motions(case)[Matter.HARDSHIP], id="m2", matter=Matter.CAP, amount=0)
    motion = made(case, wanted)
    assert why(case.do(SettleMotion("m2", AGREE, "ann", motion.digest))) is Reason.MAKER_DECIDES
    case.must(SettleMotion("m2", AGREE, "bo", motion.digest))
    assert case.case.caps == ()
