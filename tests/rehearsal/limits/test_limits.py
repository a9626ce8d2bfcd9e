"""The limits against a twin that follows single units, and what they must never do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from recoup.rehearse.limits import limits_of
from rehearsal.hamlet import BEGIN, MINUTE
from rehearsal.hand import Line, crossroads, played_by_hand, wander
from rehearsal.unit_twin import inside_at_report, latency_bound

SEEDS = range(60)


def _play(seed, *, median=600.0):
    country = crossroads(seed)
    slow = tuple(
        replace(one, answer_median_seconds=median, answer_sigma=1.0)
        for one in country.institutions[:4]
    )
    country = replace(country, institutions=(*slow, *country.institutions[4:]))
    return played_by_hand(country, wander(country, seed))


@pytest.mark.parametrize("seed", SEEDS)
def test_both_limits_are_what_a_twin_of_single_units_finds(seed):
    played = _play(seed)
    found = limits_of(played)
    assert inside_at_report(played) == {n: one.kept for n, one in found.instant.items()}
    assert latency_bound(played) == {n: one.kept for n, one in found.latency_bound.items()}


@pytest.mark.parametrize("seed", SEEDS)
def test_no_limit_keeps_more_than_instantly_frozen_and_none_less_than_nothing(seed):
    found = limits_of(_play(seed))
    for number, bound in found.latency_bound.items():
        assert 0 <= bound.kept <= found.instant[number].kept <= found.instant[number].loss


def test_the_twin_meets_the_hard_cases():
    """The seeds would prove nothing if money never left between a report and an answer, or never stayed."""
    lost = kept = late = 0
    for seed in SEEDS:
        found = limits_of(_play(seed))
        for number, bound in found.latency_bound.items():
            kept += bound.kept > 0
            lost += bound.left > 0
            late += bound.kept < found.instant[number].kept
    assert min(kept, lost, late) >= 15


@pytest.mark.parametrize("seed", range(20))
def test_faster_answers_never_keep_less(seed):
    slow, fast = (limits_of(_play(seed, median=m)).latency_bound for m in (3600.0, 60.0))
    assert all(slow[number].kept <= fast[number].kept for number in slow)


@pytest.mark.parametrize("seed", range(20))
def test_answers_in_no_time_keep_what_the_instant_freeze_keeps_of_what_is_known(seed):
    found = limits_of(_play(seed, median=0.0))
    assert {n: b.kept for n, b in found.latency_bound.items()} == {
        n: b.kept for n, b in found.instant.items()
    }


def test_a_single_way_by_hand():
    """Stolen 10 at 0:00, on to the next at 0:10, out at 0:40; reported 0:05: the first answers at 0:15, the next at 0:25."""
    country = crossroads(1, frauds=1)
    first, second, cash = 6, 7, 12
    crime = replace(
        country.frauds[0],
        instalments=(
            replace(
                country.frauds[0].instalments[0],
                time_us=BEGIN,
                payer=0,
                payee=first,
                amount_minor=10,
            ),
        ),
        reported_us=BEGIN + 5 * MINUTE,
    )
    banks = tuple(
        replace(one, answer_median_seconds=600.0, answer_sigma=0.0) for one in country.institutions
    )
    country = replace(country, frauds=(crime,), institutions=banks)
    lines = [
        Line(BEGIN, 0, first, 10, 0, 0),
        Line(BEGIN + 10 * MINUTE, first, second, 15),
        Line(BEGIN + 40 * MINUTE, second, cash, 20),
    ]
    assert limits_of(played_by_hand(country, lines)).latency_bound[0].kept == 10
    early = [*lines[:2], replace(lines[2], time_us=BEGIN + 24 * MINUTE)]
    assert limits_of(played_by_hand(country, early)).latency_bound[0].kept == 0
    assert limits_of(played_by_hand(country, early)).instant[0].kept == 10
    at_the_answer = [*lines[:2], replace(lines[2], time_us=BEGIN + 25 * MINUTE)]
    assert limits_of(played_by_hand(country, at_the_answer)).latency_bound[0].kept == 10
