"""Orders in the centre: what leaves, what is waited for, who may speak for whom, and that odd input stops nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sim.office import START, Office, some_order

from recoup import limits
from recoup.centre import COMMAND_REGISTRY, Actor, Reply, Request, View, answer_command
from recoup.centre.commands import Done, Turned
from recoup.centre.order_room import again_id
from recoup.centre.order_rows import answer_row, term_row
from recoup.centre.registry import COMMANDS, EVENT_REGISTRY, EVENTS
from recoup.centre.requests import (
    CLOCK,
    Acted,
    command_of,
    decode_request,
    derived_id,
    encode_request,
)
from recoup.centre.rooms import ROOM_OF_COMMAND, ROOM_OF_EVENT
from recoup.centre.terms import EndTerm, decode_issued
from recoup.errors import EventFault
from recoup.orders import Answer, HoldKey, HoldState, OrderKind, OrderState, Outcome
from recoup.orders.commands import ApproveOrder, ConfirmSent, DraftOrder, IssueOrder, SubmitOrder
from recoup.unrecognised import Unrecognised

KEY = HoldKey("case-1", "account-1", "CNY")
FAR = datetime(2999, 1, 1, tzinfo=UTC)


@pytest.fixture
def office():
    return Office()


def _due(office):
    return {row.id: row.due_at for row in office.journal.due(FAR, 100)}


def _events(office):
    return [EVENT_REGISTRY.decode(r.name, r.version, r.body) for r in office.journal.records()]


def _hear(office, order_id, outcome, held=0, answer_id="a1", institution="bank-1"):
    answer = Answer(answer_id, outcome, held, office.clock.now())
    return office.submit(answer_command(institution, order_id, answer))


def test_an_issued_order_is_in_the_outbox_and_its_answer_is_waited_for(office):
    assert isinstance(office.tell(some_order("o1")), Done)
    (waiting,) = office.journal.pending(10)
    issued = decode_issued(waiting.message.body)
    assert (waiting.message.id, waiting.message.destination) == ("o1", "bank-1")
    assert issued.order == some_order("o1")
    assert issued.digest == some_order("o1").digest
    assert _due(office) == {answer_row("o1"): START + timedelta(hours=1)}


def test_who_acted_stands_before_what_it_led_to(office):
    office.ask("maker", DraftOrder(some_order("o1")))
    first, second = _events(office)
    assert first == Acted("maker", "officer", "case file 1", "draft_order")
    assert second.order.id == "o1"


def test_what_an_order_is_told_about_says_where_it_and_its_hold_stand(office):
    outcome = office.tell(some_order("o1"))
    told = {"held": 0, "hold": "asked", "order": "o1", "state": "issued", "word": "issued"}
    assert json.loads(outcome.answer) == told


def test_an_answer_ends_the_wait_for_it_and_begins_the_wait_for_the_holds_end(office):
    office.tell(some_order("o1"))
    assert isinstance(_hear(office, "o1", Outcome.HELD, 100), Done)
    assert _due(office) == {term_row(KEY): START + timedelta(hours=48)}
    assert office.scribe.state.hold(KEY).state is HoldState.HELD


def test_a_hold_that_ends_is_waited_for_no_more(office):
    office.tell(some_order("o1"))
    _hear(office, "o1", Outcome.HELD, 100)
    office.tell(some_order("o2", OrderKind.RELEASE, 0))
    _hear(office, "o2", Outcome.RELEASED, 0, "a2")
    assert _due(office) == {}


def test_a_stop_that_nobody_answers_is_sent_once_more_and_lapses_in_its_time(office):
    office.tell(some_order("o1"))
    office.ask("sender", ConfirmSent("o1", START))
    office.clock.move(timedelta(hours=1))
    assert all(isinstance(x, Done) for x in office.fire())
    assert office.scribe.state.hold(KEY).find("o1").state is OrderState.UNANSWERED
    again = [x.message for x in office.journal.pending(10)][-1]
    assert again.id == again_id("o1")
    assert decode_issued(again.body).order.id == "o1"
    office.clock.move(timedelta(hours=47))
    office.fire()
    assert office.scribe.state.hold(KEY).state is HoldState.LAPSED
    assert _due(office) == {}


def test_an_order_that_never_left_is_not_put_into_the_outbox_twice(office):
    office.tell(some_order("o1"))
    office.clock.move(timedelta(hours=2))
    office.fire()
    assert [x.message.id for x in office.journal.pending(10)] == ["o1"]


def late(office):
    """Let an order leave for the first time after the time for its answer."""
    office.tell(some_order("o1"))
    office.clock.move(timedelta(hours=2))
    office.fire()
    office.ask("sender", ConfirmSent("o1", office.clock.now()))


def test_an_order_that_first_leaves_after_its_time_and_gets_no_answer_is_told_once_more(office):
    late(office)
    assert [x.message.id for x in office.journal.pending(10)] == ["o1"]
    office.clock.move(timedelta(hours=1) - timedelta(seconds=1))
    office.fire()
    assert [x.message.id for x in office.journal.pending(10)] == ["o1"], "its answer has time"
    office.clock.move(timedelta(seconds=1))
    office.restart()
    assert all(isinstance(x, Done) for x in office.fire())
    assert [x.message.id for x in office.journal.pending(10)] == ["o1", again_id("o1")]
    office.ask("sender", ConfirmSent("o1", office.clock.now()))
    office.clock.move(timedelta(hours=9))
    assert office.fire() == [], "once more, and not again and again"


def test_an_order_that_left_late_and_was_answered_is_not_told_again(office):
    late(office)
    _hear(office, "o1", Outcome.HELD, 100)
    office.clock.move(timedelta(hours=3))
    office.fire()
    assert [x.message.id for x in office.journal.pending(10)] == ["o1"]


def test_a_deadline_fired_twice_has_one_effect(office):
    office.tell(some_order("o1"))
    office.clock.move(timedelta(hours=2))
    due = list(office.journal.due(office.clock.now(), 10))
    commands = office.rows.commands(due)
    first, second = office.scribe.write([*commands, *commands])
    assert (first.is_repeat, second.is_repeat) == (False, True)


def test_a_deadline_that_comes_too_early_is_refused_and_stays(office):
    office.tell(some_order("o1"))
    _hear(office, "o1", Outcome.HELD, 100)
    (row,) = office.journal.due(FAR, 10)
    (outcome,) = office.scribe.write(office.rows.commands([row]))
    assert outcome.reason == "term_runs"
    assert _due(office) == {row.id: row.due_at}


def test_a_deadline_that_no_longer_fits_goes_away_instead_of_coming_for_ever(office):
    office.tell(some_order("o1"))
    request = Request(CLOCK, EndTerm(KEY), answer_row("o1"))
    outcome = office.submit(command_of(COMMAND_REGISTRY, "x", request))
    assert isinstance(outcome, Turned), "the hold was not sent: it has no end yet"
    _hear(office, "o1", Outcome.MOVED)
    office.submit(command_of(COMMAND_REGISTRY, "y", replace(request, deadline="row")))
    assert office.journal.answer_of("y").body == b'{"declined":"nothing_held"}'


@pytest.mark.parametrize("rows", [{"deadline": "row"}, {"message": "o1"}])
def test_nobody_but_the_machines_takes_deadlines_and_messages_away(office, rows):
    office.tell(some_order("o1"))
    request = Request(Actor("maker", "officer", "why"), SubmitOrder("o1"), **rows)
    outcome = office.submit(command_of(COMMAND_REGISTRY, "x", request))
    assert outcome.reason == "actor_differs"
    assert len(office.journal.pending(10)) == len(office.journal.due(FAR, 10)) == 1


def test_a_row_that_stands_again_at_the_time_it_was_fired_is_fired_again(office):
    office.tell(some_order("o1"))
    (row,) = office.journal.due(FAR, 10)
    office.clock.move(timedelta(hours=2))
    (first,) = office.rows.commands([row])
    outcome = office.submit(first)
    office.rows.heard(row, outcome)
    assert office.rows.commands([row])[0].id == first.id
    office.rows.heard(row, office.submit(first))
    assert office.rows.commands([row])[0].id != first.id


@pytest.mark.parametrize(
    ("who", "what", "reason"),
    [
        ("other", DraftOrder(some_order("o2")), "actor_differs"),
        ("maker", ApproveOrder("o1", "approver", "0"), "actor_differs"),
        ("maker", DraftOrder(some_order("")), "id_unusable"),
        ("maker", DraftOrder(some_order("o1#again")), "id_unusable"),
        ("maker", DraftOrder(some_order("o\n")), "id_unusable"),
        ("maker", DraftOrder(some_order("o" * (limits.ID_BYTES_MAX + 1))), "id_unusable"),
        ("maker", DraftOrder(some_order("o2", key=HoldKey("", "a", "CNY"))), "id_unusable"),
        ("maker", DraftOrder(some_order("o2", Unrecognised("seize"))), "word_unknown"),
        ("maker", SubmitOrder("o9"), "order_unknown"),
        ("maker", IssueOrder("o1"), "order_already_issued"),
    ],
)
def test_what_is_refused_is_named_and_writes_nothing(office, who, what, reason):
    office.tell(some_order("o1"))
    before = office.scribe.count
    assert office.ask(who, what).reason == reason
    assert office.scribe.count == before


def test_ids_are_taken_up_to_their_bound(office):
    order = some_order("o" * limits.ID_BYTES_MAX)
    assert isinstance(office.tell(order), Done)


def test_an_order_id_is_used_once_in_the_whole_centre(office):
    office.tell(some_order("o1"))
    other = some_order("o1", key=HoldKey("case-2", "account-9", "CNY"))
    assert office.ask("maker", DraftOrder(other)).reason == "order_id_taken"


def test_an_institution_answers_its_own_orders_only(office):
    office.tell(some_order("o1"))
    outcome = _hear(office, "o1", Outcome.HELD, 100, institution="bank-2")
    assert outcome.reason == "other_institution"
    assert office.scribe.state.hold(KEY).state is HoldState.ASKED


def test_an_answer_in_words_that_nobody_knows_is_kept_and_is_no_answer(office):
    office.tell(some_order("o1"))
    assert isinstance(_hear(office, "o1", Unrecognised("eaten"), 60), Done)
    for _ in range(2):
        hold = office.scribe.state.hold(KEY)
        assert hold.find("o1").unclear[0].outcome == Unrecognised("eaten")
        assert (hold.word, hold.asked, hold.held) == ("unclear", 100, 0), "money may be held"
        office.restart()
    assert answer_row("o1") in _due(office), "it is still to be answered"
    assert isinstance(_hear(office, "o1", Outcome.HELD_SHORT, 60, "a2"), Done)
    assert (office.scribe.state.hold(KEY).word, office.scribe.state.hold(KEY).held) == (
        "held_short",
        60,
    )


def test_a_query_settles_what_an_unclear_answer_left_open(office):
    office.tell(some_order("o1"))
    _hear(office, "o1", Unrecognised("eaten"), 60)
    office.tell(some_order("q1", OrderKind.QUERY, 0))
    _hear(office, "q1", Outcome.INFORMED, 60, "a2")
    hold = office.scribe.state.hold(KEY)
    assert (hold.state, hold.held, hold.word) == (HoldState.HELD_SHORT, 60, "held_short")
    office.tell(some_order("q2", OrderKind.QUERY, 0))
    _hear(office, "q2", Outcome.INFORMED, 10, "a3")
    assert office.scribe.state.hold(KEY).held == 60, (
        "only where it was unclear: else it contradicts"
    )


def test_a_reply_settles_its_message_and_a_repeat_of_it_changes_nothing(office):
    office.tell(some_order("o1"))
    message = office.next_message(0)
    reply = Reply((Answer("a1", Outcome.HELD, 100, START),))
    first = office.reply(message, reply)
    assert [x.is_repeat for x in first] == [False, False]
    assert list(office.journal.pending(10)) == []
    before = office.scribe.count
    office.clock.move(timedelta(minutes=1))  # so that the second note of the sending differs
    office.restart()
    office.dispatcher.load([message])
    second = office.reply(office.dispatcher.start(0), reply)
    assert second[0].reason == "content_differs"
    assert second[1].is_repeat
    assert office.scribe.count == before
    assert office.told == []


def test_a_senders_clock_never_puts_the_sending_before_the_issue_or_after_now(office):
    office.tell(some_order("o1"))
    office.ask("sender", ConfirmSent("o1", FAR))
    assert office.scribe.state.hold(KEY).find("o1").sent_at == START
    office.tell(some_order("o2", key=HoldKey("case-1", "account-2", "CNY")))
    office.ask("sender", ConfirmSent("o2", START - timedelta(days=9)))
    key = office.scribe.state.places["o2"]
    assert office.scribe.state.hold(key).find("o2").sent_at == START


def test_a_view_reads_what_is_on_disk_and_catches_up(office):
    view = View(office.open())
    office.tell(some_order("o1"))
    assert view.state.holds == {}
    assert view.catch_up() == office.scribe.count == view.sequence
    assert view.state == office.scribe.state
    assert view.catch_up() == 0


def test_a_request_comes_back_from_its_bytes():
    for what in (DraftOrder(some_order("o1")), EndTerm(KEY), ConfirmSent("o1", START)):
        request = Request(Actor("ann", "officer", "why"), what, "row", "message")
        assert (
            decode_request(COMMAND_REGISTRY, encode_request(COMMAND_REGISTRY, request)) == request
        )


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"{}",
        b'{"actor":1,"command":"submit_order","content":{},"deadline":"","message":"","version":1}',
        b'{"actor":{},"command":"submit_order","content":{},"deadline":"","message":"","version":1}',
        b'{"actor":{"reason":"","role":"","who":""},"command":"submit_order","content":{},"deadline":"","message":"","version":1}',
    ],
)
def test_bytes_that_are_no_request_are_a_fault(body):
    with pytest.raises(EventFault):
        decode_request(COMMAND_REGISTRY, body)


def test_a_request_past_its_bound_is_a_fault():
    def sized(count):
        return Request(Actor("ann", "officer", "r" * count), SubmitOrder("o1"))

    spent = len(encode_request(COMMAND_REGISTRY, sized(0)))
    encode_request(COMMAND_REGISTRY, sized(limits.REQUEST_BYTES_MAX - spent))
    with pytest.raises(EventFault, match="REQUEST_BYTES_MAX"):
        encode_request(COMMAND_REGISTRY, sized(limits.REQUEST_BYTES_MAX - spent + 1))


def test_every_registered_command_and_event_has_a_room():
    assert {kind for _, _, kind, _ in COMMANDS} == set(ROOM_OF_COMMAND)
    assert {kind for _, _, kind, _ in EVENTS} == {*ROOM_OF_EVENT, Acted}


def test_derived_ids_keep_their_parts_apart():
    assert derived_id("sent", "a", "b") != derived_id("sent", "ab")
    assert derived_id("sent", "a") == derived_id("sent", "a")
