"""The tracing worker on real worlds and real processes: the trail it hands on, newer facts, deaths, what it does not delay."""

from __future__ import annotations

import os
import signal
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime

import polars as pl
import pytest
from crash import dying, tally
from kept_tracing import apart
from twin.maker import PLAIN, random_world

from recoup import limits
from recoup.bench.six_hops import six_hop_facts
from recoup.centre import Writer
from recoup.centre.tracer import CaseFacts, Tracer, TracerFault, trace_facts
from recoup.records.dossier import Dossier
from recoup.stores.sqlite import SqliteJournal

START = datetime(2026, 1, 5, 10, tzinfo=UTC)


def _world(seed: int) -> tuple[Dossier, pl.DataFrame]:
    world = random_world(seed, 30, PLAIN)
    return world.dossier(), world.claim_table()


class Desk:
    """Facts of cases in memory, by version, and what came of them."""

    def __init__(self):
        self.facts, self.found, self.told = {}, [], []
        self.came = threading.Condition()
        self.before = lambda: None
        self.tracer = Tracer(self, self.take, lambda case, why: self.told.append((case, why)))

    def newest(self, case):
        facts = self.facts[case]
        self.before()
        return facts

    def take(self, traced):
        with self.came:
            self.found.append(traced)
            self.came.notify()

    def learn(self, case, seed):
        dossier, claims = _world(seed)
        known = self.facts.get(case)
        version = 1 if known is None else known.version + 1
        self.facts[case] = CaseFacts(case, version, dossier, claims)
        self.tracer.changed(case)

    def wait(self, count):
        with self.came:
            assert self.came.wait_for(lambda: len(self.found) >= count, 60), self.told


@pytest.fixture(scope="module")
def started():
    """One desk for all tests: a process takes seconds to start."""
    with apart():
        made = Desk()
        made.tracer.start()
        yield made
        made.tracer.stop()


@pytest.fixture
def desk(started):
    started.facts, started.found, started.told = {}, [], []
    started.before = lambda: None
    return started


def test_the_trail_is_that_of_the_newest_facts(desk):
    desk.learn("case-1", 3)
    desk.wait(1)
    expected = trace_facts(desk.facts["case-1"])
    (found,) = desk.found
    assert (found.case, found.version) == ("case-1", 1)
    assert found.trail.positions.equals(expected.trail.positions)
    assert found.trail.unknown.equals(expected.trail.unknown)
    assert found.trail.options.bridge


def test_of_several_changes_only_the_newest_is_traced(desk):
    gate, asked = threading.Event(), threading.Event()

    def hold() -> None:
        asked.set()
        assert gate.wait(60)

    desk.before = hold
    desk.learn("case-1", 3)
    assert asked.wait(60)
    for seed in range(4, 8):
        desk.learn("case-1", seed)
    desk.learn("case-2", 9)
    gate.set()
    desk.wait(3)
    assert [(x.case, x.version) for x in desk.found] == [
        ("case-1", 1),
        ("case-1", 5),
        ("case-2", 1),
    ]


def test_a_case_that_cannot_be_traced_is_told_and_keeps_no_other_back(desk):
    dossier, claims = _world(3)
    nowhere = claims.with_columns(transfer=pl.lit("no such transfer"))
    desk.facts["bad"] = CaseFacts("bad", 1, dossier, nowhere)
    desk.tracer.changed("bad")
    desk.tracer.changed("unknown")
    desk.learn("good", 3)
    desk.wait(1)
    assert [case for case, _ in desk.told] == ["bad", "unknown"]
    assert [x.case for x in desk.found] == ["good"]


def test_a_worker_that_is_killed_is_replaced_and_its_case_traced(desk):
    desk.learn("case-1", 3)
    desk.wait(1)
    os.kill(desk.tracer._process.pid, signal.SIGKILL)
    desk.learn("case-1", 4)
    desk.wait(2)
    assert desk.found[-1].version == 2
    assert desk.told == []


def test_a_case_whose_process_dies_each_time_is_told_and_the_next_is_traced(desk, monkeypatch):
    monkeypatch.setattr(limits, "TRACE_TRIES_MAX", 2)
    desk.facts["case-1"] = dying.Doomed("case-1")
    desk.tracer.changed("case-1")
    until = time.monotonic() + 60
    while not desk.told:
        assert time.monotonic() < until
        time.sleep(0.01)
    ((case, why),) = desk.told
    assert case == "case-1"
    assert isinstance(why, TracerFault)
    desk.learn("case-2", 3)
    desk.wait(1)


def _parted(desk, version, names, *, forgets=False):
    parts = {name: name.encode() * 3 for name in names}
    desk.facts["case-1"] = dying.Parted("case-1", version, parts, forgets)
    desk.tracer.changed("case-1")
    desk.wait(version)
    return desk.found[-1]


def test_what_a_process_was_given_is_not_given_again_and_one_that_forgot_is_given_all(desk):
    assert _parted(desk, 1, "ab") == (b"aaabbb", ["a", "b"])
    assert _parted(desk, 2, "abc") == (b"aaabbbccc", ["c"])
    assert _parted(desk, 3, "abcd", forgets=True) == (b"aaabbbcccddd", ["a", "b", "c", "d"])
    assert desk.told == []


def test_so_many_parts_are_remembered_as_given_and_no_more(desk, monkeypatch):
    monkeypatch.setattr(limits, "TRACE_PARTS_GIVEN_MAX", 3)
    desk.tracer._process._given.clear()
    _parted(desk, 1, "efg")
    assert _parted(desk, 2, "efgh") == (b"eeefffggghhh", ["h"])
    assert desk.tracer._process._given == {}
    assert _parted(desk, 3, "efgh") == (b"eeefffggghhh", ["e", "f", "g", "h"])


def test_an_answer_that_cannot_be_sent_is_told_and_keeps_no_other_back(desk):
    desk.facts["case-1"] = dying.Unsendable("case-1")
    desk.tracer.changed("case-1")
    desk.learn("case-2", 3)
    desk.wait(1)
    ((case, why),) = desk.told
    assert case == "case-1"
    assert "can be sent" in str(why)


ROUNDS = 10


def test_a_six_hop_trail_over_ten_thousand_accounts_does_not_delay_commands(tmp_path):
    """Were a trail traced between two commands, each trail would let one through. The figures are printed, not tested."""
    desk, facts = Desk(), six_hop_facts()
    desk.facts["case-1"] = facts
    desk.tracer.start(["case-1"])
    desk.wait(1)  # the process is there and its kernels are compiled
    writer = Writer(
        lambda: SqliteJournal.open(tmp_path / "journal.sqlite"),
        tally.REGISTRY,
        tally.clock(),
        state=tally.Tally(),
        decide=tally.decide,
        evolve=tally.evolve,
    )
    writer.start()
    begin, waits = time.perf_counter(), []
    for version in range(2, 2 + ROUNDS):
        desk.facts["case-1"] = replace(facts, version=version)
        desk.tracer.changed("case-1")
        while len(desk.found) < version:
            before = time.perf_counter()
            writer.submit(tally.command(f"c{len(waits)}")).result(10)
            waits.append(time.perf_counter() - before)
            assert time.perf_counter() - begin < 60, desk.told
    seconds = (time.perf_counter() - begin) / ROUNDS
    writer.drain()
    desk.tracer.stop()
    trail = desk.found[-1].trail
    print(
        f"{seconds:.3f} s, {len(waits)} commands beside, slowest {max(waits):.3f} s, {len(trail.flows)} flows"
    )
    assert trail.summary["depth"].max() == 6
    assert trail.flows.height == 10_000
    assert len(waits) > 2 * ROUNDS, "a command waited for the tracer"
