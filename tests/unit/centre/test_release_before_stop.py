"""A release that leaves before its stop is answered: whatever comes in which order, nothing stays held at the institution."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations

import pytest
from sim.office import Done, Office, some_order

from recoup.centre import answer_command, order_room
from recoup.centre.terms import decode_issued
from recoup.orders import Answer, HoldKey, HoldState, OrderKind, Outcome, Reason
from recoup.orders.commands import DraftOrder

KEY = HoldKey("case-1", "account-1", "CNY")


class Bank:
    """Does what it is told in the order in which it gets round to it, and says so; it is told each order once."""

    def __init__(self, office, *, says_when):
        self.office, self.says_when = office, says_when
        self.held, self.taken, self.answers = 0, set(), {}

    def carry_out(self, order):
        self.office.clock.move(MINUTE)
        now = self.office.clock.now() if self.says_when else None
        if order.kind is OrderKind.RELEASE:
            was, self.held = self.held, 0
            outcome = Outcome.RELEASED if was else Outcome.REFUSED
            answer = Answer(f"a-{order.id}", outcome, code="0000" if was else "0400")
        else:
            self.held = order.amount
            outcome = Outcome.FROZEN if order.kind is OrderKind.FREEZE else Outcome.HELD
            answer = Answer(f"a-{order.id}", outcome, order.amount, now)
        self.answers[order.id] = answer

    def answer(self, order_id):
        command = answer_command("bank-1", order_id, self.answers[order_id])
        assert isinstance(self.office.submit(command), Done)

    def later(self):
        """Carry out and answer whatever was sent besides."""
        for waiting in self.office.journal.pending(50):
            order = decode_issued(waiting.message.body).order
            if order.id not in self.answers:
                self.carry_out(order)
                self.answer(order.id)


def play(kind, carried, heard, *, says_when):
    """Issue an opening order and a release before its answer; return the bank and the hold in the end."""
    office = Office()
    bank = Bank(office, says_when=says_when)
    office.tell(some_order("begin", kind))
    office.clock.move(MINUTE)
    office.tell(some_order("release", OrderKind.RELEASE, 0))
    orders = {x.message.id: decode_issued(x.message.body).order for x in office.journal.pending(50)}
    for order_id in carried:
        bank.carry_out(orders[order_id])
    for order_id in heard:
        bank.answer(order_id)
    bank.later()
    bank.later()
    return bank, office


MINUTE = timedelta(minutes=1)
WAYS = list(permutations(("begin", "release")))


@pytest.mark.parametrize("says_when", [True, False])
@pytest.mark.parametrize("heard", WAYS)
@pytest.mark.parametrize("carried", WAYS)
@pytest.mark.parametrize("kind", [OrderKind.STOP, OrderKind.FREEZE])
def test_nothing_stays_held_in_whatever_order_things_happen(kind, carried, heard, says_when):
    bank, office = play(kind, carried, heard, says_when=says_when)
    assert bank.held == 0
    assert office.scribe.state.hold(KEY).state is HoldState.RELEASED
    office.restart()
    assert office.scribe.state.hold(KEY).state is HoldState.RELEASED


def test_without_the_repeat_innocent_money_would_stay_held(monkeypatch):
    # The negative control.
    monkeypatch.setattr(order_room, "release_to_repeat", lambda *_: None)
    bank, _ = play(OrderKind.STOP, *[("release", "begin")] * 2, says_when=True)
    assert bank.held == 100


def test_a_refused_release_of_what_is_not_there_yet_leaves_nothing_asked():
    office = Office()
    office.tell(some_order("begin"))
    office.tell(some_order("release", OrderKind.RELEASE, 0))
    office.submit(answer_command("bank-1", "release", Answer("a", Outcome.REFUSED, code="0400")))
    hold = office.scribe.state.hold(KEY)
    assert (hold.state, hold.asked) == (HoldState.ASKED, 0)


def test_a_release_is_repeated_once_and_never_by_a_person():
    office = Office()
    office.tell(some_order("begin"))
    office.submit(answer_command("bank-1", "begin", Answer("a1", Outcome.HELD, 100)))
    office.tell(some_order("release", OrderKind.RELEASE, 0))
    for order_id in ("release", order_room.repeated_id("release")):
        answer = Answer(f"a-{order_id}", Outcome.REFUSED, code="1000")
        assert isinstance(office.submit(answer_command("bank-1", order_id, answer)), Done)
    hold = office.scribe.state.hold(KEY)
    assert [t.order.id for t in hold.orders] == [
        "begin",
        "release",
        order_room.repeated_id("release"),
    ]
    assert (hold.state, hold.asked) == (HoldState.HELD, 100), "still held, as the institution says"
    again = some_order("mine", OrderKind.RELEASE, 0, repeats="release")
    turned = office.ask("maker", DraftOrder(again))
    assert turned.reason == Reason.REPEATED_BY_RULE


def test_an_id_that_somebody_took_is_not_taken_twice():
    office = Office()
    office.tell(some_order(order_room.repeated_id("release"), key=HoldKey("c", "other", "CNY")))
    office.tell(some_order("begin"))
    office.submit(answer_command("bank-1", "begin", Answer("a1", Outcome.HELD, 100)))
    office.tell(some_order("release", OrderKind.RELEASE, 0))
    refused = answer_command("bank-1", "release", Answer("a2", Outcome.REFUSED))
    assert isinstance(office.submit(refused), Done)
    assert office.scribe.state.hold(KEY).orders[-1].order.repeats == "release"


def test_what_was_decided_after_a_release_is_not_released_by_it():
    office = Office()
    office.tell(some_order("begin"))
    office.tell(some_order("release", OrderKind.RELEASE, 0))
    office.submit(answer_command("bank-1", "release", Answer("a1", Outcome.REFUSED, code="0400")))
    office.tell(some_order("freeze", OrderKind.FREEZE))
    office.submit(answer_command("bank-1", "freeze", Answer("a2", Outcome.FROZEN, 100)))
    hold = office.scribe.state.hold(KEY)
    assert [t.order.id for t in hold.orders] == ["begin", "release", "freeze"]
    assert hold.state is HoldState.FROZEN
