"""The worklist that the clerk keeps against one that is made anew of every case, after each thing that happens at random."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta

import pytest
from sim.office import POLICY
from wards import UNITS, Wards

from recoup.centre import View
from recoup.centre.clerk import LOOKED_FOR, Clerk
from recoup.centre.view import OF_WORK
from recoup.centre.worklist import Looked, Todo, todos_of
from recoup.centre.written_room import looked_at

MANY = 10**6


class Kept:
    """Wards, a view of their journal, and a clerk who keeps the worklist of it."""

    def __init__(self, seed: int, by: frozenset[type] = OF_WORK) -> None:
        self.wards, self.by = Wards(seed), by
        self.view = View(self.wards.office.open())
        self.clerk = Clerk(self.changed, self.look, self.wards.office.clock, POLICY)
        self.looked_at: list[str] = []

    def changed(self) -> Iterable[str]:
        found: dict[str, None] = {}
        self.view.catch_up(found, self.by)
        return found

    def look(self, ids: Iterable[str]) -> Iterable[Looked]:
        state = self.view.state
        known = [x for x in ids if x in state.cases]
        self.looked_at += known
        return [looked_at(state, state.case(x)) for x in known]

    def anew(self, is_reached: Callable[[str], bool]) -> list[Todo]:
        state, now = self.view.state, self.wards.now
        cases = [case for case in state.cases.values() if is_reached(case.unit)]
        seen = [looked_at(state, case) for case in cases]
        found = [x for row in seen for x in todos_of(row.case, row.orders, now, POLICY, row.beside)]
        return sorted(found, key=lambda todo: todo.rank)


def _plainly(todos: Iterable[Todo]) -> Counter[Todo]:
    """Return what waits without the chances, which may be as old as a look."""
    return Counter(replace(todo, value=0) for todo in todos)


def walk(kept: Kept, steps: int) -> Counter[str]:
    marks: Counter[str] = Counter()
    for step in range(steps):
        kept.wards.step()
        unit = UNITS[step % len(UNITS)]
        for is_reached in (lambda _: True, lambda x, unit=unit: x == unit):
            found, expected = kept.clerk.todos(is_reached, MANY), kept.anew(is_reached)
            assert _plainly(found) == _plainly(expected), step
            assert found == sorted(found, key=lambda todo: todo.rank)
            assert kept.clerk.todos(is_reached, 3) == found[:3]
            marks += Counter(todo.kind.value for todo in found)
    return marks


def test_what_is_kept_is_what_is_found_anew() -> None:
    marks: Counter[str] = Counter()
    for seed in range(3):
        kept = Kept(seed)
        marks += walk(kept, 160)
        marks += kept.wards.marks
        kept.wards.office.clock.move(LOOKED_FOR)
        everywhere = kept.clerk.todos(lambda _: True, MANY)
        assert everywhere == kept.anew(lambda _: True), "with the chances of now"
    for kind in (
        "AcceptHandover",
        "order_to_let_go",
        "hold_ends",
        "appeal_to_decide",
        "notice_to_send",
    ):
        assert marks[kind], f"never met {kind}: {marks}"


def test_after_a_clock_is_set_back_nothing_is_shown_as_it_was_ahead_of_it() -> None:
    """It was a month fast for a moment: what ends within that month waits again."""
    kept, month = Kept(0), timedelta(days=30)
    everybody = (lambda _: True, MANY)
    seen = 0
    for _ in range(120):
        kept.wards.step()
        kept.clerk.todos(*everybody)
        expected = kept.anew(everybody[0])
        kept.wards.office.clock.move(month)
        ahead = kept.clerk.todos(*everybody)
        kept.wards.office.clock.move(-month)
        assert _plainly(expected) == _plainly(kept.clerk.todos(*everybody))
        seen += _plainly(ahead) != _plainly(expected)
    assert seen, "the clock alone never changed anything"


def test_a_question_looks_only_at_cases_that_changed() -> None:
    kept = Kept(3)
    kept.wards.work(60)
    kept.clerk.todos(lambda _: True, 1)
    assert len(set(kept.looked_at)) == len(kept.wards.cases) > 2
    kept.looked_at.clear()
    kept.clerk.todos(lambda _: True, 1)
    assert kept.looked_at == [], "nothing happened"
    kept.wards.report()
    kept.clerk.todos(lambda _: True, 1)
    assert kept.looked_at == [kept.wards.cases[-1].id]


def test_the_clerk_looks_by_itself_before_somebody_asks() -> None:
    kept = Kept(3)
    kept.wards.work(60)
    kept.clerk.start()
    for _ in range(200):
        if len(kept.looked_at) >= len(kept.wards.cases):
            break
        kept.clerk._thread.join(0.05)
    kept.clerk.stop()
    assert kept.clerk.fault is None
    assert sorted(kept.looked_at) == sorted(case.id for case in kept.wards.cases)
    kept.wards.office.clock.move(timedelta(minutes=1))
    kept.looked_at.clear()
    assert kept.clerk.todos(lambda _: True, MANY)
    assert len(kept.looked_at) < len(kept.wards.cases), "what the clock changed at most"


def test_a_clerk_who_does_not_hear_of_what_happens_is_found() -> None:
    """Negative control."""
    with pytest.raises(AssertionError):
        walk(Kept(0, by=frozenset()), 80)
