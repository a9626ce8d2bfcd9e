"""What a victim is told at each step of a return, and of each sum; through a real return of the centre."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from agreeing import to_agree_to
from returning_office import ANOTHER, BANK, CASE, MADE, PLACE, Returning, award
from sim.office import START, Done

from recoup.cases import Claim, Found, Place
from recoup.cases.commands import ApplyTrail, SettleClaim
from recoup.cases.decided import digest_of
from recoup.cases.state import ClaimTrigger
from recoup.centre import answer_command
from recoup.centre.case_room import CHASE
from recoup.centre.requests import Actor
from recoup.centre.victim_view import VictimView, victim_view
from recoup.clock import instant_of
from recoup.orders import Answer, Order, OrderKind, Outcome, Receipt
from recoup.orders.commands import ApproveOrder, DraftOrder, SubmitOrder
from recoup.paper.victim_words import NEXT, STANDS, Stage
from recoup.procedure import ClaimKey, Seized, SeizedKind, digest_of_seized
from recoup.procedure.commands import (
    AgreeToPayee,
    AgreeToSeized,
    ConfirmHandover,
    HandOver,
    NoteSeized,
    OpenRound,
    ProposePayee,
    PublishNotice,
    TakeApplication,
    Wanted,
)

ORDER = "r1-1.1.1"


def view(office: Returning) -> VictimView:
    state = office.scribe.state
    case = state.case(CASE)
    claim = case.claim("c1")
    assert claim is not None
    return victim_view(case, claim, state.returns.get(state.returning.get(CASE, "")))


def located(office: Returning) -> Returning:
    """Let the trail say that all of the claim lies at the account."""
    case = office.scribe.state.case(CASE)
    places = (Place("c1", "a", BANK, "CNY", 100, START, Found.LOCATED),)
    digest = digest_of("test", case.facts_version, places)
    office.sent(Actor("chase", CHASE, "x"), ApplyTrail(case.facts_version, digest, places))
    return office


def decided() -> Returning:
    return located(Returning()).holds().applied().approved().decided()


def answers(office: Returning, outcome: Outcome, held: int, amount: int, order: str) -> None:
    receipt = Receipt(amount, f"ref-{outcome}", office.clock.now()) if amount else None
    said = Answer(f"answer-{outcome}", outcome, held, receipt=receipt)
    assert isinstance(office.submit(answer_command(BANK, order, said)), Done)


def agreed(office: Returning) -> None:
    tracked = office.scribe.state.hold(PLACE).find(ORDER)
    assert tracked is not None
    for person in ("chief", "mayor"):
        office.by(person, ApproveOrder(ORDER, person, tracked.order.digest))


def test_before_anything_is_held_the_money_is_searched_for() -> None:
    assert view(Returning()) == VictimView(Stage.SEARCHING, "CNY", 100, 0, 0, 0, 0)


def test_what_is_stopped_and_what_is_frozen_are_told_apart() -> None:
    office = located(Returning())
    stop = Order("s1", OrderKind.STOP, PLACE, BANK, 60, "ann", "a call")
    for command in (DraftOrder(stop), SubmitOrder("s1")):
        office.by("ann", command)
    office.by("chief", ApproveOrder("s1", "chief", to_agree_to(office.scribe.state, "s1")))
    said = Answer("answer-stop", Outcome.HELD, 60, office.clock.now())
    assert isinstance(office.submit(answer_command(BANK, "s1", said)), Done)
    assert (view(office).stage, view(office).stopped, view(office).frozen) == (Stage.HELD, 60, 0)
    office.holds(OrderKind.FREEZE, name="f")
    assert (view(office).stage, view(office).stopped, view(office).frozen) == (Stage.FROZEN, 0, 60)


def test_a_return_is_told_step_by_step_to_the_receipt() -> None:
    office = located(Returning()).holds()
    seen = [view(office).stage]
    for step in (office.applied, office.approved, office.decided):
        step()
        seen.append(view(office).stage)
    assert seen == [Stage.FROZEN, Stage.APPLIED, Stage.APPROVED, Stage.DECIDED]
    assert view(office).decided == 60
    office.notifies()
    agreed(office)
    assert view(office).stage is Stage.PAYING
    answers(office, Outcome.PAID, 0, 60, ORDER)
    assert view(office) == VictimView(Stage.RETURNED_PART, "CNY", 100, 0, 0, 0, 60)


def test_a_notice_is_told_as_one() -> None:
    office = located(Returning()).holds().applied().approved(award(mode=3))
    office.by("ann", PublishNotice("r1", "ann", office.digest))
    assert view(office).stage is Stage.PUBLISHED


def test_what_cannot_be_paid_is_told_until_it_is_replaced() -> None:
    office = decided()
    office.notifies()
    agreed(office)
    said = Answer("answer-no", Outcome.REFUSED, 60, code="4000")
    assert isinstance(office.submit(answer_command(BANK, ORDER, said)), Done)
    assert view(office).stage is Stage.DELAYED
    payment = office.found.payments[0].id
    office.by("ann", ProposePayee("r1", payment, ANOTHER, "ann"))
    office.by("chief", AgreeToPayee("r1", payment, ANOTHER, "chief"))
    assert view(office).stage is Stage.DECIDED


def test_a_new_round_is_told_before_what_was_paid() -> None:
    office = decided()
    office.notifies()
    agreed(office)
    answers(office, Outcome.PAID, 0, 60, ORDER)
    office.by("ann", OpenRound("r1", 2, (CASE,), "ann"))
    assert view(office).stage is Stage.RETURNED_PART, "nobody applied in it"
    office.by("ann", TakeApplication("r1", replace(MADE, id="app-2")))
    assert view(office).stage is Stage.APPLIED


CASH = Seized("cash", CASE, SeizedKind.CASH, "CNY", 40, "list", "ann")


def test_who_gets_only_seized_money_is_nowhere_told_that_a_bank_was_told_to_pay() -> None:
    """No bank is told of money that lies with the office: each step is worded so that it is true of it."""
    office = Returning().holds().applied()
    office.by("ann", NoteSeized("r1", CASH))
    office.by("bo", AgreeToSeized("r1", "cash", digest_of_seized(CASH), "bo"))
    office.approved(Wanted(ClaimKey(CASE, "c1"), CASH.place, 1, 40)).decided()
    seen = [view(office).stage]
    office.by("ann", HandOver("r1", "r1#1.1", "q1", "ann"))
    seen.append(view(office).stage)
    assert seen == [Stage.DECIDED, Stage.PAYING]
    assert office.found.payments[0].institution == "", "no bank is asked"
    office.by("bo", ConfirmHandover("r1", "r1#1.1", "q1", "bo"))
    assert view(office).stage is Stage.RETURNED_PART
    for stage in (*seen, Stage.DELAYED, Stage.RETURNED_PART, Stage.RETURNED):
        assert not _ONLY_A_BANK.search(" ".join((*STANDS[stage], *NEXT[stage]))), stage
    for stage in seen:
        for word in ("冻结", "扣押") if stage is Stage.DECIDED else ("银行", "当面"):
            assert word in NEXT[stage][0], stage
        for word in ("bank", "hand"):
            assert word in NEXT[stage][1], stage


_ONLY_A_BANK = re.compile(
    r"通知银行|bank (?:has been|will be|is) told|下一步：银行付款至|Next: the bank pays into"
)


@pytest.mark.parametrize(
    "words",
    [
        "已决定向您返还资金，即将通知银行付款。",
        "The bank has been told to pay you.",
        "The bank will be told next.",
        "Next: the bank pays into the account that you gave when you applied.",
        "下一步：银行付款至您申请时登记的账户。",
    ],
)
def test_words_that_are_true_of_frozen_money_only_are_known(words: str) -> None:
    """The negative control."""
    assert _ONLY_A_BANK.search(words)


def test_a_claim_that_does_not_stand_is_told_as_closed() -> None:
    office = Returning()
    office.by("ann", SettleClaim("c1", ClaimTrigger.WITHDRAW, "ann"))
    assert view(office).stage is Stage.CLOSED


def test_a_claim_that_nobody_admitted_is_told_as_reported() -> None:
    made = Claim(*("c9", "r", "v", "t", "p", "q", BANK, "CNY"), 5, instant_of(0), "ann")
    case = Returning().scribe.state.case(CASE)
    assert victim_view(case, made, None).stage is Stage.REPORTED


def test_every_stage_has_words() -> None:
    assert set(STANDS) == set(NEXT) == set(Stage)


@pytest.mark.parametrize("table", [STANDS, NEXT])
def test_words_are_short(table: dict[Stage, tuple[str, str]]) -> None:
    assert all(len(zh) <= 40 and len(en.split()) <= 25 for zh, en in table.values())
