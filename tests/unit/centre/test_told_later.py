"""A holder who is told later: what reaches the institution of it, and when it does not."""

from __future__ import annotations

from datetime import timedelta

from casework import Work
from sim.office import POLICY, START, Done

from recoup.cases import Matter, Motion
from recoup.cases.commands import MakeMotion, SendNotice, SettleMotion
from recoup.cases.state import MotionTrigger, NoticeState
from recoup.centre.order_room import is_to_leave
from recoup.centre.paper_room import decide_paper
from recoup.centre.requests import Actor, Request
from recoup.centre.sheets import HandOverOrder
from recoup.centre.terms import decode_issued
from recoup.orders import Order, OrderKind, Outcome


def deferred(work: Work, until, name="m"):
    told = {"id": name, "by": "officer", "account": "a", "currency": "CNY", "reason": "he flees"}
    motion = Motion(matter=Matter.DEFERRAL, until=until, **told)
    work.must("officer", MakeMotion(motion))
    digest = next(x.digest for x in work.case.motions if x.id == name)
    work.must("lead", SettleMotion(name, MotionTrigger.AGREE, "lead", digest))


def leaving(work: Work):
    """Return what waits for the institution and is still to leave: the order, and until when its holder is not told."""
    state = work.office.scribe.state
    messages = [row.message for row in work.office.journal.pending(10)]
    issued = [decode_issued(x.body) for x in messages if is_to_leave(state, x)]
    return [(x.order.id, x.tell_from) for x in issued]


def test_a_deferral_reaches_the_institution_with_the_orders_that_it_has_once_more():
    work = Work().reported().under_mandate()
    stop = work.leaves(OrderKind.STOP, "a")
    work.answered(stop, Outcome.HELD, 100)
    until = START + timedelta(hours=5)
    deferred(work, until)
    assert leaving(work) == [(stop.id, until)]
    deferred(work, until + timedelta(hours=1), "m2")
    assert leaving(work) == [(stop.id, until), (stop.id, until + timedelta(hours=1))]
    freeze = Order("f", OrderKind.FREEZE, stop.key, "bank-a", 100, "writer", "filed")
    assert isinstance(work.office.tell(freeze), Done)
    assert leaving(work)[2:] == [("f", until + timedelta(hours=1))], "the next order says it too"


def test_a_holder_who_was_told_after_all_is_no_longer_held_back_at_the_institution():
    work = Work().reported().under_mandate()
    stop = work.leaves(OrderKind.STOP, "a")
    work.answered(stop, Outcome.HELD, 100)
    work.must("clerk", SendNotice("a", "CNY", "paper", "110"))
    assert leaving(work) == [], "nobody held it back"
    work = Work().reported().under_mandate()
    stop = work.leaves(OrderKind.STOP, "a")
    work.answered(stop, Outcome.HELD, 100)
    deferred(work, START + timedelta(hours=5))
    work.must("clerk", SendNotice("a", "CNY", "paper", "110"))
    assert leaving(work)[1:] == [(stop.id, None)]


def test_a_deferral_that_is_agreed_before_the_institution_answers_goes_before_the_holder_is_told():
    work = Work().reported().under_mandate()
    stop = work.leaves(OrderKind.STOP, "a")
    until = START + timedelta(hours=5)
    deferred(work, until)
    assert leaving(work) == [(stop.id, None), (stop.id, until)]
    work.answered(stop, Outcome.HELD, 100)
    (notice,) = work.case.notices
    assert (notice.state, notice.amount, notice.due_at) == (NoticeState.DEFERRED, 100, until)
    state = work.office.scribe.state
    work.office.restart()
    assert work.office.scribe.state == state


def test_a_deferral_of_a_hold_that_was_let_go_is_told_to_nobody():
    work = Work().reported().under_mandate()
    stop = work.leaves(OrderKind.STOP, "a")
    work.answered(stop, Outcome.HELD, 100)
    deferred(work, START + timedelta(hours=5))
    release = Order("r", OrderKind.RELEASE, stop.key, "bank-a", 0, "writer", "innocent")
    assert isinstance(work.office.tell(release), Done)
    assert leaving(work) == [("r", START + timedelta(hours=5))]


def test_handing_an_order_over_on_paper_carries_what_was_decided_about_its_notice_too():
    work = Work().reported().under_mandate()
    stop = work.leaves(OrderKind.STOP, "a")
    work.answered(stop, Outcome.HELD, 100)
    deferred(work, START + timedelta(hours=5))
    deferred(work, START + timedelta(hours=6), "m2")
    assert len(leaving(work)) == 2
    state = work.office.scribe.state
    asked = Request(Actor("clerk", "officer", "carried"), HandOverOrder(stop.id))
    found = decide_paper(state, asked, work.office.clock.now(), POLICY)
    waiting = {row.message.id for row in work.office.journal.pending(10)}
    assert waiting <= set(found.settled)
