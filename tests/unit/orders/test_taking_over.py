"""Holds of other systems: whose term the law gives, and what one that has ended leaves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from recoup.limits import CLOCK_SKEW_SECONDS_MAX
from recoup.orders import Hold, HoldKey, HoldState, Order, OrderKind, Refusal, fold
from recoup.orders import decide as decide_order
from recoup.orders.commands import DraftOrder, PassTerm
from recoup.orders.refusals import Reason
from recoup.orders.taking_over import TakeOver, take_over
from recoup.reading.policies import read_policy

POLICY = read_policy("cn-2016")
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
SKEW = timedelta(seconds=CLOCK_SKEW_SECONDS_MAX)
TINY = timedelta(microseconds=1)
KEY = HoldKey("C1", "acc", "CNY")


def order(kind: OrderKind = OrderKind.STOP, name: str = "o1") -> Order:
    return Order(name, kind, KEY, "bank-1", 100, "feed", "taken over from old: K-1")


def taken(since: datetime, ends_at: datetime | None, before: int = 0, kind=OrderKind.STOP):
    return take_over(Hold(KEY), TakeOver(order(kind), since, ends_at, before), NOW, POLICY)


def is_unfit(found: object) -> bool:
    return isinstance(found, Refusal) and found.reason is Reason.TERM_UNFIT


@pytest.mark.parametrize("before", [0, 1])
@pytest.mark.parametrize("began", range(0, 200, 8))
def test_a_stop_runs_no_longer_than_the_stops_that_were_spent_on_it(before: int, began: int):
    """Each end in hours from now: 48 hours a stop from its start, and one from now by the fastest clock believed."""
    since = NOW - began * HOUR
    for ends in range(-began - 8, 120, 8):
        is_allowed = (
            0 < began + ends <= 48 * (before + 1) and NOW + ends * HOUR <= NOW + SKEW + 48 * HOUR
        )
        assert is_unfit(taken(since, NOW + ends * HOUR, before)) is not is_allowed, (began, ends)


def test_a_single_stop_of_80_hours_is_none_and_its_bound_is_met_to_the_microsecond():
    since = NOW - 35 * HOUR
    assert is_unfit(taken(since, since + 80 * HOUR))
    assert is_unfit(taken(since, since + 48 * HOUR + TINY))
    assert not is_unfit(taken(since, since + 48 * HOUR))
    assert not is_unfit(taken(since, since + 80 * HOUR, 1)), "two stops may be that long"
    assert is_unfit(taken(since - 24 * HOUR, since + 72 * HOUR + TINY, 1))
    assert not is_unfit(taken(since - 24 * HOUR, since + 72 * HOUR, 1))
    assert not is_unfit(taken(NOW + SKEW, None)), "the institution's clock may go fast"
    assert is_unfit(taken(NOW + SKEW + TINY, None))


def test_a_term_that_no_calendar_has_is_unfit_and_no_fault():
    last = datetime(9999, 12, 31, 23, tzinfo=UTC)
    first = datetime(1, 1, 1, 1, tzinfo=UTC)
    for kind in (OrderKind.STOP, OrderKind.FREEZE):
        assert is_unfit(taken(last, None, 0, kind))
        assert is_unfit(taken(NOW, last, 0, kind))
        found = taken(first, None, 0, kind)
        assert is_unfit(found) or fold(Hold(KEY), found).state is HoldState.LAPSED


@pytest.mark.parametrize(("kind", "frozen"), [(OrderKind.STOP, 0), (OrderKind.FREEZE, 100)])
def test_what_has_ended_is_taken_over_as_lapsed_and_its_stop_is_spent(kind: OrderKind, frozen: int):
    events = taken(NOW - 5_000 * HOUR, None, 0, kind)
    assert not isinstance(events, Refusal)
    hold = fold(Hold(KEY), events)
    assert (hold.state, hold.held, hold.is_live) == (HoldState.LAPSED, 0, False)
    assert (hold.frozen_total, hold.lifted, hold.frozen_live) == (frozen, frozen, 0)
    assert hold.stops_spent == (kind is OrderKind.STOP)
    assert isinstance(decide_order(hold, PassTerm(), NOW, POLICY), Refusal), "it ends once"
    again = decide_order(hold, DraftOrder(order(OrderKind.STOP, "o2")), NOW, POLICY)
    assert not isinstance(again, Refusal), "the account may be stopped anew, once"


def test_the_end_itself_is_over():
    since = NOW - 48 * HOUR
    found = taken(since, NOW), taken(since, NOW + TINY - TINY), taken(since + TINY, NOW + TINY)
    states = [fold(Hold(KEY), events).state for events in found]
    assert states == [HoldState.LAPSED, HoldState.LAPSED, HoldState.HELD]
