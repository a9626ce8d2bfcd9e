"""Drift between the record and an institution's digest: differences planted in 100,000 holds are found in one round, exactly.

Row R15 of the promises: 200 plants here, 20,000 before a release (`make soak`).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from soaking import IS_SOAK

from recoup.centre.drift import Difference, Stands, drift_of
from recoup.orders import HoldKey

ENDS = datetime(2026, 7, 5, 10, tzinfo=UTC)
COUNT = 100_000
PLANTS = 20_000 if IS_SOAK else 200
KINDS = list(Difference)


def some_holds() -> dict[HoldKey, Stands]:
    chance = Random(15)
    return {
        HoldKey(f"case-{n // 3}", f"account-{n}", "CNY"): Stands(
            chance.randrange(1, 10**7), ENDS + timedelta(minutes=n)
        )
        for n in range(COUNT)
    }


def plant(holds: dict[HoldKey, Stands], keys: list[HoldKey], seed: int):
    """Return what the institution shows with 1 to 50 differences, and which they are."""
    chance, shown, planted = Random(seed), dict(holds), {}
    for number, key in enumerate(chance.sample(keys, chance.randint(1, 50))):
        kind, mine = chance.choice(KINDS), holds[key]
        match kind:
            case Difference.MISSING:
                del shown[key]
            case Difference.EXTRA:
                key = replace(key, case=f"unheard-of-{number}")  # noqa: PLW2901 - the planted one
                shown[key] = mine
            case Difference.ALTERED:
                shown[key] = mine._replace(held=mine.held + chance.choice([-1, 1, 10**6]))
            case Difference.STALE:
                off = timedelta(minutes=chance.choice([-10_000, -2, 2, 10_000]))
                shown[key] = mine._replace(ends_at=mine.ends_at + off)
        planted[key] = kind
    return shown, planted


def all_found(compare, plants: int) -> int:
    """Play that many plants; raise at the first difference that is missed, mistaken or made up; return how many there were."""
    holds = some_holds()
    keys, count = list(holds), 0
    for seed in range(plants):
        shown, planted = plant(holds, keys, seed)
        assert {row.key: row.kind for row in compare(holds, shown)} == planted, f"seed {seed}"
        count += len(planted)
    return count


@pytest.mark.slow
def test_every_planted_difference_is_found_in_one_round_and_no_other():
    assert drift_of(some_holds(), some_holds()) == ()
    assert all_found(drift_of, PLANTS) > PLANTS


def of_counts(ours, theirs):
    """A comparison that believes equal numbers of holds."""
    return () if len(ours) == len(theirs) else drift_of(ours, theirs)


def of_amounts(ours, theirs):
    return [row for row in drift_of(ours, theirs) if row.kind is not Difference.STALE]


def of_ours(ours, theirs):
    return [row for row in drift_of(ours, theirs) if row.ours is not None]


@pytest.mark.parametrize("weaker", [of_counts, of_amounts, of_ours])
def test_a_weaker_comparison_misses_some(weaker):
    # The negative control.
    with pytest.raises(AssertionError, match="seed"):
        all_found(weaker, 40)


def test_what_is_on_its_way_is_no_drift():
    key = HoldKey("c", "a", "CNY")
    assert drift_of({}, {key: Stands(5, None)}, frozenset({key})) == ()
    (row,) = drift_of({}, {key: Stands(5, ENDS)})
    assert str(row) == f"drift, extra: c a CNY: expected nothing, was 5 until {ENDS.isoformat()}"
