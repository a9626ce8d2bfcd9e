"""An institution whose digest lacks a hold, or brings back one that was released: which orders it hears again, how often."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from desk import KEY, Desk
from sim.office import START, Office, some_order

from recoup.centre.commands import Done, Turned
from recoup.centre.drift import Difference, Drift, told_again, watches
from recoup.centre.order_room import carries, carries_first, is_to_leave
from recoup.centre.ports import Reply
from recoup.centre.terms import TellAgain, decode_issued
from recoup.journal.canonical import encode_plain
from recoup.journal.port import Message
from recoup.orders import Answer, Hold, OrderKind, Outcome
from recoup.orders.commands import DraftOrder
from recoup.reading.policies import read_policy

MISSING, EXTRA = (Drift(kind, KEY, None, None) for kind in (Difference.MISSING, Difference.EXTRA))


@pytest.fixture
def desk() -> Desk:
    return Desk(read_policy("cn-2016"))


def frozen(desk: Desk) -> Hold:
    desk.stopped()
    desk.hear(desk.tell(OrderKind.FREEZE, 100), Outcome.FROZEN, 100, desk.now)
    return desk.hold


def test_a_lost_hold_is_told_again_by_all_that_made_it_in_their_order(desk):
    assert told_again(MISSING, frozen(desk)) == ("o0", "o1")


def test_what_was_refused_or_holds_nothing_is_not_told_again(desk):
    desk.stopped()
    desk.hear(desk.tell(OrderKind.QUERY, 0), Outcome.INFORMED)
    desk.hear(desk.tell(OrderKind.FREEZE, 100), Outcome.REFUSED)
    assert told_again(MISSING, desk.hold) == ("o0",)


def test_a_hold_that_came_back_is_told_its_release_again_and_nothing_else(desk):
    frozen(desk)
    desk.hear(desk.tell(OrderKind.RELEASE, 0), Outcome.RELEASED)
    assert told_again(EXTRA, desk.hold) == ("o2",)
    assert told_again(MISSING, desk.hold) == (), "what was released is not held again"


def test_while_an_order_is_on_its_way_nobody_is_told_again(desk):
    frozen(desk)
    desk.tell(OrderKind.RELEASE, 0)
    assert told_again(MISSING, desk.hold) == ()


@pytest.mark.parametrize("kind", [Difference.ALTERED, Difference.STALE])
def test_another_amount_or_end_is_for_a_person(desk, kind):
    assert told_again(Drift(kind, KEY, None, None), frozen(desk)) == ()


def test_what_persons_let_go_is_not_held_again_though_who_forgot_it_refused_the_release(desk):
    frozen(desk)
    desk.hear(desk.tell(OrderKind.RELEASE, 0), Outcome.REFUSED)
    assert desk.hold.is_live
    assert told_again(MISSING, desk.hold) == ()


def test_of_a_hold_that_nobody_here_knows_nothing_is_told():
    assert told_again(EXTRA, Hold(KEY)) == ()
    assert told_again(MISSING, Hold(KEY)) == ()


# --- in the room ---


@pytest.fixture
def office() -> Office:
    made = Office()
    made.tell(some_order("o1"))
    message = made.next_message(0)
    assert message is not None
    made.reply(message, Reply((Answer("a1", Outcome.HELD, 100, START),)))
    return made


def again(office: Office, order_id: str = "o1", hour: int = 1, command: str = "") -> object:
    return office.ask("sender", TellAgain(order_id, hour), command)


def waiting(office: Office) -> list[str]:
    return [pending.message.id for pending in office.journal.pending(10)]


def test_an_order_that_is_told_again_leaves_under_its_own_id_and_asks_for_no_second_approval(
    office,
):
    assert isinstance(again(office), Done)
    (pending,) = office.journal.pending(10)
    assert decode_issued(pending.message.body).order.id == "o1"
    assert carries(pending.message.id, "o1")
    assert not carries(pending.message.id, "o")


def test_an_order_that_is_told_again_says_when_its_hold_ends_and_the_first_sending_did_not(office):
    """The institution's first start, as it was journalled, binds: who forgot it would count from now."""
    office.clock.move(timedelta(hours=40))
    again(office)
    (pending,) = office.journal.pending(10)
    hold = office.scribe.state.hold(KEY)
    assert (
        decode_issued(pending.message.body).ends_at == hold.ends_at == START + timedelta(hours=48)
    )
    office.tell(some_order("o2", OrderKind.FREEZE))
    freeze = office.journal.pending(10)[-1].message
    assert decode_issued(freeze.body).ends_at is None


def test_a_message_that_an_older_program_left_in_the_outbox_is_still_read(office):
    again(office)
    body = office.journal.pending(10)[0].message.body
    now = decode_issued(body)
    plain = json.loads(body)
    del plain["ends_at"], plain["tell_from"]
    assert decode_issued(encode_plain(plain)) == replace(now, ends_at=None, tell_from=None)


def test_an_institution_that_remembers_changes_nothing_by_its_first_answer(office):
    again(office)
    before = office.scribe.state.hold(KEY)
    message = office.next_message(0)
    office.clock.move(timedelta(hours=1))
    office.reply(message, Reply((Answer("a1", Outcome.HELD, 100, START),)))
    after = office.scribe.state.hold(KEY)
    assert (after.state, after.held, after.ends_at) == (before.state, before.held, before.ends_at)
    assert len(after.orders[0].answers) == 1
    assert waiting(office) == []


def test_an_institution_that_forgot_and_finds_nothing_is_put_on_record_and_frees_nothing(office):
    again(office)
    office.reply(office.next_message(0), Reply((Answer("a2", Outcome.MOVED),)))
    hold = office.scribe.state.hold(KEY)
    assert hold.held == 100
    assert [x.outcome for x in hold.orders[0].answers] == [Outcome.HELD, Outcome.MOVED]


def test_an_institution_that_forgot_and_holds_anew_holds_no_longer_for_that(office):
    """It counts from its own stop time again; one stop of the law's two is still one term."""
    before = office.scribe.state.hold(KEY)
    office.clock.move(timedelta(hours=40))
    again(office)
    held_anew = Answer("a2", Outcome.HELD, 100, office.clock.now())
    office.reply(office.next_message(0), Reply((held_anew,)))
    hold = office.scribe.state.hold(KEY)
    assert (before.since, before.ends_at) == (hold.since, hold.ends_at)
    assert hold.held == 100


def test_what_lapsed_is_not_held_again_by_an_answer_to_what_was_told_again_before(office):
    again(office)
    message = office.next_message(0)
    office.clock.move(timedelta(hours=49))
    office.fire()
    held_anew = Answer("a2", Outcome.HELD, 100, office.clock.now())
    office.reply(message, Reply((held_anew,)))
    hold = office.scribe.state.hold(KEY)
    assert (hold.is_live, len(hold.orders[0].answers)) == (False, 2), "kept as a fact"


def test_what_was_released_before_the_writer_comes_to_it_is_not_told_again(office):
    office.tell(some_order("o2", OrderKind.RELEASE, 0))
    assert isinstance(again(office), Turned), "its release is on its way"
    office.reply(office.next_message(0), Reply((Answer("a2", Outcome.RELEASED),)))
    assert isinstance(again(office), Turned), "it is released"
    assert isinstance(again(office, "o2"), Done), "the release itself may be told again"


def test_what_lapsed_before_the_writer_comes_to_it_is_not_told_again(office):
    office.clock.move(timedelta(hours=49))
    office.fire()
    assert isinstance(again(office), Turned)
    assert waiting(office) == []


def leaves(office: Office, message: Message) -> bool:
    return carries_first(message) or is_to_leave(office.scribe.state, message)


def test_what_waits_to_be_told_again_does_not_leave_once_its_hold_has_lapsed(office):
    """The institution could be asked and not told: days later its stop would begin a term of its own."""
    again(office)
    (pending,) = office.journal.pending(10)
    assert leaves(office, pending.message)
    office.clock.move(timedelta(hours=49))
    office.fire()
    assert not leaves(office, pending.message)


def test_what_waits_to_be_told_again_does_not_leave_before_the_release_that_came_after_it(office):
    again(office)
    office.tell(some_order("o2", OrderKind.RELEASE, 0))
    told, release = (pending.message for pending in office.journal.pending(10))
    assert not leaves(office, told)
    assert leaves(office, release), "the first sending of an order always leaves"
    assert office.next_message(0) == told
    office.reply(told, Reply())
    assert waiting(office) == [release.id], "not sent, and settled"


def test_it_is_told_once_an_hour_however_often_it_is_asked(office):
    """Whoever asks gives the command an id that follows from order and hour; the next hour is the control."""
    assert not again(office, command="t1").is_repeat
    assert again(office, command="t1").is_repeat
    assert len(waiting(office)) == 1
    again(office, hour=2)
    assert len(waiting(office)) == 2


def test_what_never_left_is_not_told_again(office):
    office.ask("maker", DraftOrder(some_order("o2", OrderKind.FREEZE)))
    for order_id, reason in (("nobodys", "order_unknown"), ("o2", "order_not_issued")):
        found = again(office, order_id)
        assert isinstance(found, Turned)
        assert found.reason == reason
    assert waiting(office) == []


def test_what_is_told_again_is_pending_after_a_restart(office):
    again(office)
    before = waiting(office)
    office.restart()
    assert waiting(office) == before != []


# --- watches ---


def watched(office: Office, *answers: Answer) -> None:
    """Have an account watched, and its institution say these."""
    office.tell(some_order("w1", OrderKind.WATCH, amount=0))
    message = office.next_message(1)
    assert message is not None
    office.reply(message, Reply(answers))


BEGUN = Answer("a-w", Outcome.INFORMED, 0, START, "0000")
RUNS = read_policy("cn-2016").watch_ends(START)


def running(office: Office) -> tuple[str, ...]:
    every = [tracked for _, tracked in office.scribe.state.of_institution("bank-1")]
    return watches(reversed(every), office.clock.now(), read_policy("cn-2016"))


def test_a_watch_that_runs_is_told_again_until_the_end_that_it_had(office):
    watched(office, BEGUN)
    office.clock.move(RUNS - START - timedelta(seconds=1))
    assert running(office) == ("w1",)
    assert isinstance(again(office, "w1"), Done)
    (pending,) = office.journal.pending(10)
    assert decode_issued(pending.message.body).ends_at == RUNS
    assert is_to_leave(office.scribe.state, pending.message)
    office.clock.move(timedelta(seconds=1))
    assert running(office) == ()
    assert isinstance(again(office, "w1", 2, "later"), Turned)


@pytest.mark.parametrize(
    "answers",
    [
        (),
        (replace(BEGUN, outcome=Outcome.REFUSED, started_at=None, code="0301"),),
        (BEGUN, replace(BEGUN, id="a-x", code="1099")),
    ],
    ids=["unanswered", "refused", "flooded"],
)
def test_a_watch_that_does_not_run_is_not_told_again(office, answers):
    watched(office, *answers)
    assert running(office) == ()
    assert isinstance(again(office, "w1"), Turned)
