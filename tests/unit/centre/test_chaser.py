"""The chase where one case goes wrong: the others are chased, a person is told, and nothing is traced again and again."""

from __future__ import annotations

from concurrent.futures import Future

import pytest
from docket import claim, report
from sim.office import POLICY, START, Done, Office

from recoup.cases import Mandate
from recoup.cases.commands import (
    AddFacts,
    AgreeToMandate,
    ProposeMandate,
    SettleClaim,
    TakeReport,
)
from recoup.cases.state import ClaimTrigger
from recoup.centre import View, case_trail
from recoup.centre.chaser import ChaseStep, Trails
from recoup.centre.commands import WriterRefusal
from recoup.centre.directory import Directory
from recoup.centre.scribe import turned
from recoup.centre.tracer import trace_facts
from recoup.errors import StoreFault
from recoup.ids import CountedIds
from recoup.stores.memory import MemoryVaultTable
from recoup.stores.vault import LocalKeys, Vault


class Chase:
    """A centre and its chase, step by step; the tracer's work is done at once."""

    def __init__(self):
        self.office, self.ids = Office(), CountedIds()
        self.directory = Directory(Vault(MemoryVaultTable(), LocalKeys(b"k" * 32)), self.ids)
        self.told, self.traced, self.is_full = [], 0, False
        self.trails = Trails(self.submit, self.say)
        self.step = ChaseStep(
            View(self.office.open(), from_snapshot=False),
            self.directory,
            self.trails,
            self.trace,
            self.submit,
            self.office.clock,
            self.ids,
            POLICY,
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

    def reported(self, case):
        told = claim("c1", f"a-{case}", 100, institution="bank-1", paid_at=START)
        until = START.replace(hour=23)
        mandate = Mandate("m1", 5, 1000, "CNY", until, "officer")
        for who, what in (
            ("taker", TakeReport(report(at=START), told, "station-1")),
            ("ann", SettleClaim("c1", ClaimTrigger.ADMIT, "ann")),
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
    assert chase.trails.told(chase.office.scribe.state.case("case-1")) is not None
    chase.trails._told.clear()  # as after a start: the trail is in the journal, what else it told is not
    chase.look()
    case = chase.office.scribe.state.case("case-1")
    assert chase.trails.told(case) is None, "nobody needs it"
    chase.trails.want("case-1")
    chase.look()
    assert ("a", "CNY") in chase.trails.told(case).grounds
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
