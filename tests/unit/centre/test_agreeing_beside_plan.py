"""Whoever agrees to an order beside the plan agrees to what it does as it was shown: what changes makes an approval void."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from agreeing import to_agree_to
from casework import CASE, Work
from sim.office import Done, Turned

from recoup.cases import Found
from recoup.cases.case import Harm
from recoup.cases.commands import (
    AcceptHandover,
    NoteHarm,
    NoteOpinion,
    OfferHandover,
    WithdrawHandover,
)
from recoup.centre import beside_plan
from recoup.orders import AccountKind, HoldKey, Order, OrderKind, OrderState, Outcome
from recoup.orders.commands import ApproveOrder, DraftOrder, SubmitOrder

FREEZE = Order(
    "f",
    OrderKind.FREEZE,
    HoldKey(CASE, "a", "CNY"),
    "bank-a",
    100,
    "writer",
    "a reason",
    account_kind=AccountKind.PAYROLL,
)
"""One that two persons must agree to."""


def waiting() -> Work:
    """Return a case whose stop holds 100, and a freeze of it that somebody drafted and asks approvals for."""
    work = Work().reported().under_mandate()
    work.answered(work.leaves(OrderKind.STOP, "a"), Outcome.HELD, 100)
    work.must("writer", DraftOrder(FREEZE))
    work.must("writer", SubmitOrder("f"))
    return work


def digest(work: Work) -> str:
    return to_agree_to(work.office.scribe.state, "f")


def agrees(work: Work, who: str, seen: str = "") -> str:
    """Return why it is refused, or the state that the order has then."""
    outcome = work.office.ask(who, ApproveOrder("f", who, seen or digest(work)), case=CASE)
    if isinstance(outcome, Turned):
        return outcome.reason
    assert isinstance(outcome, Done)
    return work.tracked(FREEZE).state.value


def view(work: Work) -> beside_plan.View:
    hold = work.office.scribe.state.hold(FREEZE.key)
    found = beside_plan.view_by_hand(work.case, hold, work.tracked(FREEZE))
    assert found is not None
    return found


def hand_over(work: Work, name: str, unit: str) -> None:
    packet = work.office.scribe.state.packet_of(CASE).digest
    work.must("lead", OfferHandover(name, unit, packet, "lead", "lives there"))
    work.must("other", AcceptHandover(name, packet, "other"))


def test_two_who_saw_the_same_let_it_leave() -> None:
    work = waiting()
    assert agrees(work, "one") == "awaiting_approval"
    assert agrees(work, "two") == "issued"


def test_its_gain_and_its_harm_are_shown() -> None:
    work = waiting()
    work.trace(work.lies("a", 60), work.lies("b", 40))
    work.must("officer", NoteHarm(Harm("a", "CNY", 40, (date(2026, 1, 5),), 3)))
    seen = view(work)
    assert (seen.change, seen.stood, seen.located) == (0, (("c1", 100),), 60)
    assert (seen.own_money, seen.salary_on, seen.merchants) == (40, (date(2026, 1, 5),), 3)
    assert seen.order_digest == FREEZE.digest


CHANGES = {
    "somebody's own money is caught": lambda work: work.must(
        "officer", NoteHarm(Harm("a", "CNY", 40))
    ),
    "the trail finds less there": lambda work: work.trace(work.lies("a", 60), work.lies("b", 40)),
    "another unit has the case": lambda work: hand_over(work, "h", "station-2"),
    "it went there and came back": lambda work: [
        hand_over(work, "h", "station-2"),
        hand_over(work, "h2", "station-1"),
    ],
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_an_approval_of_what_is_no_longer_so_is_void(change) -> None:
    work = waiting()
    before = digest(work)
    assert agrees(work, "one") == "awaiting_approval"
    change(work)
    assert agrees(work, "two", before) == "approval_stale"
    assert agrees(work, "two") == "awaiting_approval", "one agreed to something else"
    assert work.tracked(FREEZE).approvers == ("two",)
    assert agrees(work, "two") == "approver_twice"
    assert agrees(work, "one") == "issued", "who agreed before may agree anew"


STAYS = {
    "an opinion frees nothing": lambda work: work.must(
        "officer", NoteOpinion("o", "a", "bank-a", "text")
    ),
    "a handover that nobody accepted": lambda work: [
        work.must(
            "lead",
            OfferHandover(
                "h", "station-2", work.office.scribe.state.packet_of(CASE).digest, "lead", "r"
            ),
        ),
        work.must("lead", WithdrawHandover("h", "lead")),
    ],
    "the same trail again": lambda work: work.trace(work.lies("a", 100, Found.UNKNOWN)),
}


@pytest.mark.parametrize("change", STAYS.values(), ids=STAYS.keys())
def test_what_is_not_seen_leaves_an_approval_as_it_is(change) -> None:
    work = waiting()
    before = digest(work)
    assert agrees(work, "one") == "awaiting_approval"
    change(work)
    assert agrees(work, "two", before) == "issued"


def test_the_digest_of_the_order_alone_is_not_what_is_seen() -> None:
    work = waiting()
    assert agrees(work, "one", FREEZE.digest) == "approval_stale"


def test_a_rule_that_shows_the_order_alone_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    # The negative control: with nothing shown beside the order, a case that changed or went elsewhere makes nothing stale.
    monkeypatch.setattr(beside_plan, "view_by_hand", lambda *_: None)
    work = waiting()
    assert agrees(work, "one") == "awaiting_approval"
    CHANGES["another unit has the case"](work)
    assert agrees(work, "two") == "issued"


def test_nobody_says_themselves_what_is_shown() -> None:
    work = waiting()
    forged = replace(ApproveOrder("f", "one", "anything"), shown="anything")
    outcome = work.office.ask("one", forged, case=CASE)
    assert isinstance(outcome, Turned)
    assert outcome.reason == "approval_stale"
    assert work.tracked(FREEZE).state is OrderState.AWAITING_APPROVAL
