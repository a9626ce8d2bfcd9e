"""R3, R6, R17: a real centre against twenty faulty banks in virtual time; every control is a bug that a run must find.

A failing run is replayed by its seed: `World(seed).run(events)`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from soaking import IS_SOAK

from recoup.centre import CentreState, decider
from recoup.centre.commands import Declined
from recoup.centre.dispatch import Dispatcher
from recoup.centre.terms import EndTerm
from recoup.orders.commands import RecordAnswer
from sim.auditor import MARKS, missing
from sim.office import Office
from sim.world import World

PROGRAM = Path(__file__).with_name("digest.py")
SEEDS_IN_PART = 500 if IS_SOAK else 50
"""The long halves come in parts, so that runners share them; a soak takes ten times as many seeds of each."""


def _runs(seeds: range, events: int, days: float = 0, **how: Any) -> tuple[Counter, Counter]:
    """Return how often each rare situation and each ending was met; `how` are fields of `World`."""
    marks, endings, count = Counter(), Counter(), 0
    for seed in seeds:
        world = World(seed, **how)
        try:
            marks += world.run(events, days)
        except AssertionError as wrong:
            raise AssertionError(f"World({seed}, **{how}).run({events}, {days})") from wrong
        endings += world.auditor.endings
        count += world.events
    print(count, "events", dict(marks), dict(endings))
    return marks, endings


def test_twenty_faulty_banks_break_no_promise_and_every_situation_is_met():
    marks, _ = _runs(range(40), 500)
    assert missing(marks) == [], "a run that never meets the hard case proves nothing"


@pytest.mark.slow
@pytest.mark.parametrize("part", range(10))
def test_a_million_events_break_no_promise(part):
    """Five hundred worlds over all parts, five thousand in a soak; each part meets every situation often."""
    first = 1_000 + part * SEEDS_IN_PART
    marks, _ = _runs(range(first, first + SEEDS_IN_PART), 2_000)
    assert {mark for mark in MARKS if marks[mark] < 100} == set()


def test_stops_end_in_one_way_and_in_their_time_while_the_clock_steps_leaps_and_stands_still():
    _, endings = _runs(range(20), 500, is_restless=True)
    assert set(endings) == {"renewed", "frozen", "lifted", "lapsed"}
    assert endings.total() > 400


@pytest.mark.slow
@pytest.mark.parametrize("part", range(4))
def test_ten_thousand_stops_end_in_their_time(part):
    """Two hundred worlds of thirty days over all parts, of which each ends a quarter of ten thousand stops."""
    first = 2_000_000 + part * SEEDS_IN_PART
    seeds = range(first, first + SEEDS_IN_PART)
    _, endings = _runs(seeds, 0, days=30, is_restless=True, pause_seconds=6 * 3600.0)
    assert min(endings[x] for x in ("renewed", "frozen", "lifted", "lapsed")) > 100
    assert endings.total() >= 2_500


# --- negative controls: each bug must be found, by its own name ---


def _early(policy):
    """A planted bug: its terms end an hour before their end."""
    right, hour = decider(policy), timedelta(hours=1)

    def decide(state, command, now):
        found = right(state, command, now + hour * isinstance(command.value.what, EndTerm))
        if isinstance(found, Declined):
            return found
        rows = [
            replace(x, due_at=x.due_at - hour * (x.kind == "end_term")) for x in found.deadlines
        ]
        return replace(found, deadlines=tuple(rows))

    return decide


def _twice(policy):
    """A planted bug: every delivery of an answer counts as another one."""
    right, count = decider(policy), iter(range(10**9))

    def decide(state, command, now):
        what = command.value.what
        if isinstance(what, RecordAnswer):
            answer = replace(what.answer, id=f"{what.answer.id}-{next(count)}")
            value = replace(command.value, what=replace(what, answer=answer))
            command = replace(command, value=value)
        return right(state, command, now)

    return decide


def _without_approvals(policy):
    orders = replace(policy.orders, approvals=dict.fromkeys(policy.orders.approvals, 0))
    return replace(policy, orders=orders)


def _alone(policy):
    """A planted bug: one person is enough for anything."""
    return decider(_without_approvals(policy))


def _dropping(policy):
    """A planted bug: an order is issued and nothing is put into the outbox."""
    right = decider(policy)

    def decide(state: CentreState, command, now):
        found = right(state, command, now)
        odd = not isinstance(found, Declined) and len(state.holds) % 5 == 4
        return replace(found, messages=()) if odd else found

    return decide


class _GivingUp(Dispatcher):
    """A planted bug: takes what did not get through for done."""

    def failed(self, message, now, *, is_transient):  # noqa: ARG002 - it does not care
        self.got_through(message)


def _first_fault(make) -> str:
    for seed in range(40):
        try:
            make(seed).run(500)
        except AssertionError as wrong:
            return str(wrong)
    return "nothing"


@pytest.mark.parametrize(
    ("bug", "found"),
    [
        (_early, "lapsed before its end"),
        (_twice, "nobody said this"),
        (_dropping, "never reached its institution"),
    ],
)
def test_a_bug_of_the_rooms_is_found(bug, found):
    assert found in _first_fault(lambda seed: World(seed, Office(make_decide=bug)))


def test_deadlines_that_nobody_fires_are_found():
    assert "should have lapsed" in _first_fault(lambda seed: World(seed, fires_deadlines=False))


def test_a_gateway_that_believes_anybody_is_found():
    assert "nobody said this" in _first_fault(lambda seed: World(seed, checks_seals=False))


def test_a_sender_that_gives_up_is_found(monkeypatch):
    monkeypatch.setattr("sim.office.Dispatcher", _GivingUp)
    found = _first_fault(World)
    assert "never reached its institution" in found or "outbox" in found


def test_an_approval_that_is_not_asked_for_is_found():
    class Lax(World):
        def __post_init__(self):
            super().__post_init__()
            self.office.policy = _without_approvals(self.office.policy)

    assert "issued without approval" in _first_fault(
        lambda seed: Lax(seed, Office(make_decide=_alone))
    )


def test_a_run_that_meets_no_forger_is_no_proof():
    """The control of the marks: a world without one of the faults is seen to be too kind."""

    class Kind(World):
        def _oddities(self, bank, order, said):
            pass

    marks = Counter()
    for seed in range(3):
        marks += Kind(seed).run(300)
    assert "forged ack" in missing(marks)


# --- determinism ---


def _digests(seeds: range, events: int, store: str, hash_seeds: range, *more: str) -> set[str]:
    """Return what processes say of all these seeds, each under a hash seed of its own."""
    found = set()
    words = [str(seeds.start), str(len(seeds)), str(events), store, *more]
    for hash_seed in hash_seeds:
        run = subprocess.run(
            [sys.executable, str(PROGRAM), *words],
            env=os.environ | {"PYTHONHASHSEED": str(hash_seed)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 0, run.stderr
        assert len(set(run.stdout.splitlines())) == len(seeds)
        found.add(run.stdout)
    return found


def test_one_seed_gives_one_journal_whatever_the_process_and_the_store():
    in_memory = _digests(range(7, 9), 200, "memory", range(3))
    assert len(in_memory) == 1
    assert _digests(range(7, 9), 200, "sqlite", range(3, 4)) == in_memory
    ((seven, eight),) = [text.splitlines() for text in in_memory]
    assert seven.split()[1:] != eight.split()[1:]


@pytest.mark.slow
def test_twenty_seeds_give_one_journal_each_under_ten_hash_seeds_and_on_both_stores():
    """At its full figure in every run; a soak takes fifty times as many seeds."""
    seeds = range(1_000 if IS_SOAK else 20)
    in_memory = _digests(seeds, 300, "memory", range(10))
    assert len(in_memory) == 1
    assert _digests(seeds, 300, "sqlite", range(10, 11)) == in_memory


def test_a_rule_that_depends_on_the_order_of_a_set_is_found():
    """The negative control."""
    assert len(_digests(range(7, 8), 60, "memory", range(4), "--bug")) > 1
