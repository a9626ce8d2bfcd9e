"""Which orders of all cases leave now: by expected value, as many as an institution takes in a minute, whoever sent them."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

from docket import START
from sim.office import POLICY

from recoup import limits
from recoup.cases import Institution, Lesson, Proposal, Ready
from recoup.centre import CentreState
from recoup.centre.departures import Departures
from recoup.orders import Hold, HoldKey, Order, OrderKind, Tracked

TWO = replace(POLICY, institutions={"b": Institution("b", orders_per_minute=2)})


def _ready(case: str, amount: int, institution: str = "b", account: str = "a") -> Ready:
    kind = OrderKind.STOP
    return Ready(
        case, Proposal(kind, account, "CNY", institution, amount, amount, arrived_at=START)
    )


def _issued(state: CentreState, number: str, at) -> None:
    key = HoldKey("somebody", number, "CNY")
    order = Order(number, OrderKind.STOP, key, "b", 1, "officer", "why")
    state.holds[key] = Hold(key, orders=(Tracked(order, issued_at=at),))
    state.places[number] = key
    state.told.setdefault("b", []).append(number)


def _amounts(found: tuple[Ready, ...]) -> list[int]:
    return [one.proposal.amount for one in found]


def test_the_most_valuable_leave_first_and_the_rest_waits_for_the_next_minute():
    state, departures = CentreState(), Departures(TWO)
    for number, amount in enumerate((10, 30, 20)):
        departures.put(f"case-{number}", [_ready(f"case-{number}", amount)])
    assert _amounts(departures.leave(state, START)) == [30, 20]
    _issued(state, "o1", START)
    _issued(state, "o2", START)
    assert departures.is_waiting
    assert departures.leave(state, START + timedelta(seconds=59)) == ()
    assert departures.is_waiting
    assert _amounts(departures.leave(state, START + timedelta(seconds=60))) == [10]
    assert not departures.is_waiting


def test_what_persons_sent_counts_and_other_institutions_do_not_wait():
    state, departures = CentreState(), Departures(TWO)
    _issued(state, "o0", START - timedelta(minutes=2))
    _issued(state, "o1", START - timedelta(seconds=30))
    rows = [_ready("c", 10), _ready("c", 9, account="z"), _ready("c", 1, "other")]
    departures.put("c", rows)
    assert _amounts(departures.leave(state, START)) == [10, 1]


def test_what_a_case_no_longer_plans_does_not_leave():
    departures = Departures(TWO)
    departures.put("c", [_ready("c", 10)])
    departures.put("c", [_ready("c", 7)])
    departures.put("d", [_ready("d", 5)])
    departures.put("d", [])
    assert _amounts(departures.leave(CentreState(), START)) == [7]


def test_a_clock_set_back_by_hours_neither_holds_orders_back_nor_lets_more_leave_in_a_minute():
    """What is written meanwhile bears the later instant, as the journal's time does not go back."""
    state, departures = CentreState(), Departures(TWO)
    late = START + timedelta(hours=5)
    _issued(state, "o0", START - timedelta(seconds=30))
    _issued(state, "o1", late)
    _issued(state, "o2", late)
    left: list[tuple[int, int]] = []
    for second in range(0, 200, 10):
        for number in range(3):
            case = f"case-{second}-{number}"
            departures.put(case, [_ready(case, 10)])
        for one in departures.leave(state, START + timedelta(seconds=second)):
            _issued(state, one.case, late)
            left.append((second, one.proposal.amount))
    times = [second for second, _ in left]
    assert times == [0, 30, 60, 90, 120, 150, 180]
    for begin in times:
        assert len([x for x in times if begin <= x < begin + 60]) <= 2, "two in any minute"
    assert max(later - one for one, later in pairwise(times)) <= 60, "none waits for hours"


def test_what_was_learned_decides_between_two_institutions():
    one = replace(POLICY, institutions={}, orders_per_minute=1)
    state, departures = CentreState(), Departures(one)
    now = START + timedelta(minutes=10)
    departures.put("c1", [_ready("c1", 100, "empty"), _ready("c1", 100, "empty", "z")])
    departures.put("c2", [_ready("c2", 90, "full")])
    gone = Lesson("empty", 600, 100, 0)
    state.lessons["empty"] = deque([gone] * limits.LESSONS_MAX)
    found = departures.leave(state, now)
    assert [row.proposal.institution for row in found] == ["full", "empty"]
    assert departures.is_waiting


def test_a_case_that_waits_at_two_institutions_is_forgotten_at_both():
    state, departures = CentreState(), Departures(TWO)
    _issued(state, "o1", START)
    _issued(state, "o2", START)
    departures.put("c", [_ready("c", 10), _ready("c", 5, "other")])
    departures.put("d", [_ready("d", 3)])
    assert _amounts(departures.leave(state, START)) == [5]
    departures.put("c", [])
    assert _amounts(departures.leave(state, START + timedelta(minutes=1))) == [3]
    assert not departures.is_waiting
