"""Whether innocents who appealed were free within the clock, on plays that can be counted by hand."""

from __future__ import annotations

from random import Random

import polars as pl
import pytest

from recoup.rehearse.figures import appeals_of, late_of, truth_of
from recoup.rehearse.play.happened import Appealed, HeldNow, Judged, Reported, Stopper, WaitEnded
from rehearsal.figures.test_counting import MULE, OTHER, PERSON, VICTIM, _figures, _play
from rehearsal.hamlet import BEGIN, HOUR, MINUTE

CLOCK = 24 * HOUR
REPORT = Reported(BEGIN + 5 * MINUTE, 0)


def _held(at_us, held, account, cause="case", stopper=Stopper.ORDER):
    return HeldNow(BEGIN + at_us, stopper, cause, 0, account, held)


def _filed(at_us, account):
    return Appealed(BEGIN + at_us, BEGIN + at_us, account, is_granted=False)


def _decided(filed_us, at_us, account, *, is_granted):
    return Appealed(BEGIN + filed_us, BEGIN + at_us, account, is_granted)


def _late(happened):
    played = _play(sorted([REPORT, *happened], key=_when))
    appeals = appeals_of(played, truth_of(played))
    return len(appeals), late_of(appeals, CLOCK)


def _when(one):
    return one.decided_us if isinstance(one, Appealed) else one.at_us


@pytest.mark.parametrize(("ends_us", "late"), [(CLOCK, ()), (CLOCK + 1, (PERSON,))])
def test_a_hold_is_gone_by_the_end_of_the_clock_that_begins_with_the_appeal(ends_us, late):
    happened = [_held(HOUR, 9, PERSON), _filed(2 * HOUR, PERSON)]
    assert _late([*happened, _held(2 * HOUR + ends_us, 0, PERSON)]) == (1, late)


def test_a_granted_appeal_frees_nobody_of_whom_something_is_still_held():
    """The books say it and no decision does: of nine, one was forgotten."""
    happened = [
        _held(HOUR, 9, PERSON),
        _filed(2 * HOUR, PERSON),
        _decided(2 * HOUR, 3 * HOUR, PERSON, is_granted=True),
        _held(3 * HOUR, 1, PERSON),
    ]
    assert _late(happened) == (1, (PERSON,))
    assert _late([*happened, _held(4 * HOUR, 0, PERSON)]) == (1, ())


def test_what_another_case_holds_counts_and_what_was_held_later_does_not():
    happened = [
        _held(HOUR, 9, PERSON),
        _filed(2 * HOUR, PERSON),
        _held(3 * HOUR, 0, PERSON),
        _held(4 * HOUR, 5, PERSON, "another"),
    ]
    assert _late(happened) == (1, ())
    assert _late([*happened, _held(HOUR, 5, PERSON, "third")]) == (1, (PERSON,))


def test_a_payment_that_waits_is_free_when_it_ends():
    waits = Judged(BEGIN + HOUR, 50, "hold", "model", PERSON, MULE, 7, BEGIN + 40 * HOUR)
    shown = Appealed(BEGIN + 2 * HOUR, BEGIN + 2 * HOUR, PERSON, is_granted=True)
    ended = WaitEnded(BEGIN + 2 * HOUR, 50, "released")
    assert _late([waits, shown, ended]) == (1, ())
    assert _late([waits, _filed(2 * HOUR, PERSON)]) == (1, (PERSON,))


def test_an_objection_where_a_crimes_own_payment_waits_and_nothing_else_is_none():
    """A desk was to pay stolen money on: that wait did it no wrong. A hold, or a measure, is another thing."""
    crimes = {row["payment"] for row in _stolen_rows()}
    waits = [
        Judged(BEGIN + HOUR, number, "hold", "rule", OTHER, MULE, 7, BEGIN + 40 * HOUR)
        for number in (*sorted(crimes)[:1], 50)
    ]
    refused = _filed(2 * HOUR, OTHER)
    assert _late([waits[0], refused]) == (0, ())
    assert _late([waits[1], refused]) == (1, (OTHER,))
    assert _late([waits[0], refused, _held(HOUR, 5, OTHER)]) == (1, (OTHER,))
    assert _late([waits[0], _filed(41 * HOUR, OTHER)]) == (0, ()), "nobody said that it ended"
    ended = WaitEnded(BEGIN + 40 * HOUR, waits[0].payment, "lapsed")
    assert _late([waits[0], ended, _filed(41 * HOUR, OTHER)]) == (1, (OTHER,))
    weighed = _decided(2 * HOUR, 30 * HOUR, OTHER, is_granted=True)
    assert _late([waits[0], refused, weighed]) == (1, (OTHER,)), "a measure"


def _stolen_rows():
    played = _play([REPORT])
    return played.ledger.filter(pl.col("fraud") >= 0).select("payment").iter_rows(named=True)


@pytest.mark.parametrize(
    ("granted", "decided_us", "late"),
    [(True, CLOCK, ()), (True, CLOCK + 1, (PERSON,)), (False, HOUR, (PERSON,))],
)
def test_where_only_a_measure_bound_the_decision_is_its_end(granted, decided_us, late):
    filed = _filed(HOUR, PERSON)
    decided = _decided(HOUR, HOUR + decided_us, PERSON, is_granted=granted)
    assert _late([filed, decided]) == (1, late)


def test_appeals_of_criminals_are_no_appeals_of_innocents():
    assert _late([_held(HOUR, 9, MULE), _filed(2 * HOUR, MULE)]) == (0, ())


def test_figures_count_appeals_and_name_none():
    happened = [_held(HOUR, 9, PERSON), _held(HOUR, 4, OTHER, "b"), _held(30 * HOUR, 0, OTHER, "b")]
    filed = [_filed(2 * HOUR, PERSON), _filed(7 * HOUR, OTHER)]
    figures = _figures(sorted([REPORT, *happened, *filed], key=_when))
    assert (figures["innocent_appeals"], figures["innocent_appeals_late"]) == (2, 1)


@pytest.mark.parametrize("seed", range(20))
def test_beside_a_slow_twin_that_asks_every_hour(seed):
    """Holds change on whole hours; somebody is late where what was held at the filing fell to no zero until the clock's end."""
    chance = Random(seed)
    holds, heights = [], {}
    for account in (VICTIM, PERSON, OTHER):
        for cause in ("a", "b"):
            hours = sorted(chance.sample(range(1, 60), 2))
            height = chance.randrange(1, 9)
            heights[account, cause] = (*hours, height)
            for hour, held in zip(hours, (height, 0), strict=True):
                holds.append(_held(hour * HOUR, held, account, cause))
    filed = {account: chance.randrange(60) for account in (PERSON, OTHER)}
    appeals = [_filed(hour * HOUR + 1, account) for account, hour in filed.items()]
    late = []
    for account, hour in filed.items():
        there = [one for (who, _), one in heights.items() if who == account]
        asked = [one for one in there if one[0] <= hour < one[1]]
        free = any(
            hour < asking <= hour + 24 and all(one[1] <= asking for one in asked)
            for asking in range(61)
        )
        if not (free if asked else False):
            late.append(account)
    assert _late([*holds, *appeals]) == (2, tuple(sorted(late)))
