"""Sender and deadlines as threads on a real file: what they bring back, what they survive, what they do not wait for."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import pytest
from sim.office import POLICY, START, some_order

from recoup.centre import Actor, Centre, Reply, Request, View
from recoup.clock import HandClock
from recoup.errors import Fault
from recoup.orders import Answer, HoldKey, HoldState, OrderState, Outcome
from recoup.orders.commands import DraftOrder, IssueOrder
from recoup.stores.sqlite import SqliteJournal


class Lost(Fault):
    is_transient = True


class Refused(Fault):
    pass


class Bank:
    """Holds whatever it is told; some institutions are slow, dead or odd."""

    def __init__(self):
        self.seen, self.gate, self.faults = [], threading.Event(), []

    def send(self, message):
        if message.destination == "slow":
            assert self.gate.wait(20)
        self.seen.append(message.id)
        if self.faults:
            raise self.faults.pop(0)
        return Reply((Answer(f"a_{message.id}", Outcome.HELD, 100, START),))


class House:
    """A running centre over one file, and its bank."""

    def __init__(self, path):
        self.clock, self.bank, self.told = HandClock(START), Bank(), []
        self.open = lambda: SqliteJournal.open(path)
        self.centre = Centre(
            self.open,
            POLICY,
            self.bank,
            self.clock,
            told=lambda message, what: self.told.append((message.id, what)),
            tick_seconds=0.01,
        )

    def start(self):
        self.centre.start()
        return self

    def stop(self):
        self.bank.gate.set()
        self.centre.stop()
        assert self.centre.fault is None
        assert not self.centre.is_stopped

    def issue(self, name, **more):
        order = some_order(name, key=HoldKey("case-1", f"account-{name}", "CNY"), **more)
        for number, what in enumerate((DraftOrder(order), IssueOrder(name))):
            request = Request(Actor("maker", "officer", "why"), what)
            self.centre.ask(f"{name}_{number}", request).result(10)

    def hold(self, name):
        view = View(self.open())
        return view.state.hold(HoldKey("case-1", f"account-{name}", "CNY"))

    def wait(self, name, state, seconds=15.0):
        until = time.monotonic() + seconds
        while (hold := self.hold(name)).word != state:
            assert time.monotonic() < until, f"expected {state}, was {hold.word}"
        return hold


@pytest.fixture
def centre(tmp_path):
    made = House(tmp_path / "journal.sqlite").start()
    yield made
    made.stop()


def test_an_order_is_sent_and_its_answer_recorded(centre):
    centre.issue("o1")
    hold = centre.wait("o1", "held")
    assert hold.find("o1").sent_at == START
    assert list(centre.open().pending(10)) == []
    assert centre.bank.seen == ["o1"]


def test_a_new_order_wakes_the_sender(tmp_path, monkeypatch):
    monkeypatch.setattr("recoup.centre.sender._TICK_SECONDS", 20.0)
    house = House(tmp_path / "journal.sqlite").start()
    house.issue("o1")
    house.wait("o1", "held", 10.0)
    house.stop()
    assert house.bank.seen == ["o1"], "long before the tick"


def test_what_did_not_get_through_is_sent_again_under_the_same_id(centre):
    centre.bank.faults = [Lost("timeout"), Lost("timeout")]
    centre.issue("o1")
    centre.wait("o1", "held")
    assert centre.bank.seen == ["o1"] * 3


def test_a_bug_of_an_adapter_is_told_and_the_message_sent_again(centre):
    centre.bank.faults = [ZeroDivisionError("a bug")]
    centre.issue("o1")
    centre.wait("o1", "held")
    assert centre.told == [("o1", "ZeroDivisionError: a bug")]


def test_a_slow_institution_does_not_delay_another(centre):
    for number in range(9):
        centre.issue(f"s{number}", institution="slow")
    centre.issue("o1")
    centre.wait("o1", "held")
    assert centre.hold("s0").state is HoldState.ASKED
    centre.bank.gate.set()
    for number in range(9):
        centre.wait(f"s{number}", "held")


def test_an_answer_that_is_not_taken_is_told(centre):
    centre.bank.send = lambda _: Reply((Answer("a1", Outcome.HELD, -1, START),))
    centre.issue("o1")
    centre.wait("o1", "sent")
    until = time.monotonic() + 10
    while not centre.told:
        assert time.monotonic() < until
    assert centre.told == [("o1", "amount_not_positive")]


def test_what_is_due_is_fired_and_what_fell_due_while_nobody_looked_at_the_next_start(tmp_path):
    path = tmp_path / "journal.sqlite"
    first = House(path).start()
    first.issue("o1")
    first.wait("o1", "held")
    first.stop()
    second = House(path)
    second.clock.move(timedelta(hours=48))
    second.start()
    second.wait("o1", "lapsed")
    assert second.hold("o1").ends_at == START + timedelta(hours=48)
    second.stop()


def test_a_hold_does_not_lapse_before_its_end(centre):
    centre.issue("o1")
    centre.wait("o1", "held")
    centre.clock.move(timedelta(hours=48) - timedelta(milliseconds=1))
    time.sleep(0.2)  # many looks: none may end it
    assert centre.hold("o1").state is HoldState.HELD
    centre.clock.move(timedelta(milliseconds=1))
    centre.wait("o1", "lapsed")


def test_a_clock_set_back_leaves_deadlines_for_when_it_comes_again(centre):
    centre.issue("o1")
    centre.wait("o1", "held")
    centre.clock.move(timedelta(hours=-3))
    centre.issue("o2")
    centre.wait("o2", "held")
    end = START + timedelta(hours=48)
    assert {hold.ends_at for hold in map(centre.hold, ("o1", "o2"))} == {end}
    written = [record.at for record in centre.open().records()]
    assert written == sorted(written), "the journal's time does not go back with the clock"
    for span in (timedelta(hours=48), timedelta(hours=3) - timedelta(milliseconds=1)):
        centre.clock.move(span)  # 48 hours have gone by, and the clock has not come there yet
        time.sleep(0.2)  # many looks: none may end a hold, or lose its row
        assert [centre.hold(name).state for name in ("o1", "o2")] == [HoldState.HELD] * 2
        assert len([row for row in centre.open().due(end, 9) if row.due_at == end]) == 2
    centre.clock.move(timedelta(milliseconds=1))
    for name in ("o1", "o2"):
        assert centre.wait(name, "lapsed").ends_at == end
    assert not [row for row in centre.open().due(end, 9) if row.due_at == end]


def test_an_order_that_an_institution_refuses_to_take_becomes_unanswered(centre):
    centre.bank.faults = [Refused("malformed")] * 9
    centre.issue("o1")
    until = time.monotonic() + 10
    while not centre.bank.seen:
        assert time.monotonic() < until
    centre.clock.move(timedelta(hours=1))
    centre.wait("o1", "unanswered")
    assert centre.hold("o1").find("o1").state is OrderState.UNANSWERED
    assert [x.message.id for x in centre.open().pending(9)] == ["o1"]


def test_when_the_writer_has_stopped_nothing_is_settled(tmp_path):
    centre = House(tmp_path / "journal.sqlite")
    centre.centre._writer.start()
    centre.issue("o1")
    centre.centre._writer.drain()
    centre.centre._sender.start()
    until = time.monotonic() + 10
    while not centre.bank.seen:
        assert time.monotonic() < until
    centre.centre._sender.stop()
    assert [x.message.id for x in centre.open().pending(9)] == ["o1"]
