"""The chase of many cases: one that goes wrong keeps no other back, and all share what an institution takes in a minute."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import replace
from datetime import timedelta

import pytest
from docket import claim, report
from sim.office import POLICY, START, Done, Office

from recoup.cases import Mandate, Matter, Motion, Rest
from recoup.cases.commands import (
    AddFacts,
    AgreeToMandate,
    MakeMotion,
    ProposeMandate,
    SettleClaim,
    SettleMotion,
    TakeReport,
)
from recoup.cases.state import ClaimTrigger, MotionTrigger
from recoup.centre import Reply, View, answer_command, case_trail
from recoup.centre.chaser import ChaseStep, Trails
from recoup.centre.commands import WriterRefusal
from recoup.centre.directory import Directory
from recoup.centre.facts import Statement
from recoup.centre.scribe import turned
from recoup.centre.terms import decode_issued
from recoup.centre.tracer import trace_facts
from recoup.errors import StoreFault
from recoup.ids import CountedIds
from recoup.orders import Answer, OrderKind, Outcome
from recoup.stores.memory import MemoryVaultTable
from recoup.stores.vault import LocalKeys, Purpose, Vault


class Chase:
    """A centre and its chase, step by step; the tracer's work is done at once."""

    def __init__(self, policy=POLICY):
        self.policy = policy
        self.office, self.ids = Office(), CountedIds()
        self.directory = Directory(Vault(MemoryVaultTable(), LocalKeys(b"k" * 32)), self.ids)
        self.told, self.traced, self.is_full = [], 0, False
        self.begin()

    def begin(self):
        """Begin as a new process does: with what the disk says and no more."""
        self.trails = Trails(self.say)
        self.step = ChaseStep(
            View(self.office.open(), from_snapshot=False),
            self.directory,
            self.trails,
            self.trace,
            self.submit,
            self.office.clock,
            self.ids,
            self.policy,
            self.say,
        )

    def say(self, case, why):
        self.told.append((case, why))

    def trace(self, case):
        self.traced += 1
        self.trails.take(trace_facts(self.trails.newest(case)))

    def submit(self, command):
        future = Future()
        future.set_result(
            turned(WriterRefusal.QUEUE_FULL) if self.is_full else self.office.submit(command)
        )
        return future

    def reported(self, case, amount=100, *, is_standing=True):
        told = claim("c1", f"a-{case}", amount, institution="bank-1", paid_at=START)
        for who, what in (
            ("taker", TakeReport(report(at=START), told, "station-1")),
            ("ann", SettleClaim("c1", ClaimTrigger.ADMIT, "ann")),
        ):
            assert isinstance(self.office.ask(who, what, case=case), Done)
        return self.authorised(case) if is_standing else self

    def authorised(self, case):
        """Give the chase of a case standing authority."""
        until = START.replace(hour=23)
        mandate = Mandate("m1", 5, 1000, "CNY", until, "officer")
        for who, what in (
            ("officer", ProposeMandate(mandate)),
            ("approver", AgreeToMandate("m1", "approver", mandate.digest)),
        ):
            assert isinstance(self.office.ask(who, what, case=case), Done)
        return self

    def look(self, count=6):
        return sum(self.step.run() for _ in range(count))


@pytest.fixture
def chase():
    return Chase()


def test_a_case_whose_rows_cannot_be_read_keeps_no_other_from_being_chased(chase):
    chase.reported("case-1").reported("case-2")
    outcome = chase.office.ask("officer", AddFacts("never kept", ()), case="case-1")
    assert isinstance(outcome, Done)
    assert chase.look() == 1
    assert [case for case, _ in chase.told] == ["case-1"], "told once, not at each look"


def test_a_store_that_fails_ends_the_chase(chase, monkeypatch):
    def fails(*_):
        raise StoreFault("expected a disk")

    monkeypatch.setattr(chase.directory, "statements", fails)
    with pytest.raises(StoreFault):
        chase.reported("case-1").look()


def test_a_trail_that_is_refused_is_not_traced_again_until_something_changes(chase, monkeypatch):
    monkeypatch.setattr(case_trail, "_places", lambda *_: ())  # money is lost: never conserved
    chase.reported("case-1").look(20)
    assert chase.traced == 1
    ((case, why),) = chase.told
    assert case == "case-1"
    assert "trail_not_conserved" in why


def test_a_case_is_traced_for_a_person_whom_no_standing_authority_spares_the_order(chase):
    told = claim("c1", "a", 100, institution="bank-1", paid_at=START)
    for who, what in (
        ("taker", TakeReport(report(at=START), told, "station-1")),
        ("ann", SettleClaim("c1", ClaimTrigger.ADMIT, "ann")),
    ):
        assert isinstance(chase.office.ask(who, what, case="case-1"), Done)
    chase.look()
    assert chase.trails.grounds(chase.office.scribe.state.case("case-1")) is not None
    chase.trails._grounds.clear()  # as after a start: the trail is in the journal, what else it told is not
    chase.look()
    case = chase.office.scribe.state.case("case-1")
    assert chase.trails.grounds(case) is None, "nobody needs it"
    chase.trails.want("case-1")
    chase.look()
    assert ("a", "CNY") in chase.trails.grounds(case)
    traced = chase.traced
    chase.look()
    assert chase.traced == traced, "once for each time that it is wanted"


def test_a_writer_without_room_is_asked_again_for_the_trail_and_for_the_order(chase):
    chase.reported("case-1")
    chase.is_full = True
    chase.look(2)
    chase.is_full = False
    assert chase.look(1) == 0
    assert chase.step._view.state.case("case-1").has_current_trail() is False
    chase.is_full = True
    chase.look(2)  # the trail is there, the order finds no room
    chase.is_full = False
    assert chase.look() == 1


def test_orders_of_all_cases_share_what_an_institution_takes_in_a_minute():
    chase = Chase(replace(POLICY, orders_per_minute=1))
    chase.reported("case-1", 50).reported("case-2", 900).reported("case-3", 300)
    assert chase.look() == 1

    def ordered():
        return [row.message.id for row in chase.office.journal.pending(10)]

    def cases():
        state = chase.office.scribe.state
        return [state.find(number)[0].key.case for number in state.told["bank-1"]]

    assert cases() == ["case-2"], "the most money first"
    assert chase.step.is_waiting
    chase.begin()  # another process: what left within the minute is known to it
    assert chase.look() == 0
    chase.office.clock.move(timedelta(seconds=60))
    assert chase.look() == 1
    chase.office.clock.move(timedelta(seconds=60))
    assert chase.look() == 1
    assert cases() == ["case-2", "case-3", "case-1"]
    assert not chase.step.is_waiting
    assert len(ordered()) == 3


def test_an_order_that_waited_until_its_case_changed_does_not_leave():
    chase = Chase(replace(POLICY, orders_per_minute=1))
    chase.reported("case-1", 50).reported("case-2", 900).look()
    assert isinstance(
        chase.office.ask("bob", SettleClaim("c1", ClaimTrigger.WITHDRAW, "bob"), case="case-1"),
        Done,
    )
    chase.office.clock.move(timedelta(seconds=60))
    assert chase.look() == 0
    assert not chase.step.is_waiting


def test_an_account_that_a_holder_offered_is_held_on_the_grounds_of_the_exchange(chase):
    chase.reported("case-1").look()
    (stop,) = [x.message for x in chase.office.journal.pending(9)]
    answers = (Answer("a1", Outcome.HELD, 100, START),)
    chase.office.reply(chase.office.next_message(0), Reply(answers))
    state = chase.office.scribe.state
    state.entered["case-1", "offered"], state.accounts["offered"] = None, "bank-2"
    swap = Motion(
        "m1", Matter.SWAP, "lead", "a-case-1", "CNY", 100, "offered", "bank-2", reason="r"
    )
    assert isinstance(chase.office.ask("lead", MakeMotion(swap), case="case-1"), Done)
    (made,) = state.case("case-1").motions
    agree = SettleMotion("m1", MotionTrigger.AGREE, "judge", made.digest)
    assert isinstance(chase.office.ask("judge", agree, case="case-1"), Done)
    chase.look()
    (left,) = [x.message for x in chase.office.journal.pending(9)]
    assert (left.destination, left.id != stop.id) == ("bank-2", True)
    kept = chase.directory.grounds(left.id, Purpose("test", "case-1", "a test"))
    assert (kept.original, kept.swapped_from, kept.agreed_by, kept.at) == (
        stop.id,
        "a-case-1",
        ("lead", "judge"),
        START,
    )


def test_the_rest_of_a_statement_is_asked_for_from_its_last_row_on(chase):
    chase.reported("case-1").look()
    since = START + timedelta(minutes=5)
    rest = Rest("a-case-1", "CNY", "bank-1", since, 7)
    part = Statement("a-case-1", "bank-1", (), START)
    digest = chase.directory.keep_statement("case-1", part)
    told = AddFacts(digest, (), START, rest)
    assert isinstance(chase.office.ask("bank-1", told, role="institution", case="case-1"), Done)
    chase.look()
    sent = [decode_issued(x.message.body).order for x in chase.office.journal.pending(9)]
    query = next(order for order in sent if order.kind is OrderKind.QUERY)
    kept = chase.directory.grounds(query.id, Purpose("test", "case-1", "a test"))
    assert (query.key.account, kept.rows_from) == ("a-case-1", since)
    more, later = replace(part, until=since), since + timedelta(minutes=5)
    digest = chase.directory.keep_statement("case-1", more)
    told = AddFacts(digest, (), since, replace(rest, since=later, left=3))
    assert isinstance(chase.office.ask("bank-1", told, role="institution", case="case-1"), Done)
    assert chase.look() == 0, "the rows are in, their answer is not yet"
    said = answer_command("bank-1", query.id, Answer("a1", Outcome.INFORMED))
    assert isinstance(chase.office.submit(said), Done)
    assert chase.look() == 1, "and so on to the end"
