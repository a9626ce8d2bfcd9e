"""A village: the default city's life with fewer people, quick to make, for tests that need a real country."""

from __future__ import annotations

from dataclasses import replace

from recoup.rehearse.country import Country, make_country
from recoup.rehearse.scenario import Scenario


def village_scenario(people: int = 2_000, frauds: int = 12) -> Scenario:
    """Return the default city's scenario with fewer of everybody."""
    city = Scenario()
    part = people / city.country.people
    return replace(
        city,
        country=replace(city.country, people=people, people_a_desk=people / 5),
        frauds=replace(city.frauds, count=frauds),
        launderers=replace(
            city.launderers,
            mules=max(60, round(city.launderers.mules * part)),
            runners=max(40, round(city.launderers.runners * part)),
            shells=max(6, round(city.launderers.shells * part)),
            crews=max(1, round(city.launderers.crews * part)),
        ),
    )


def village(seed: int = 1, *, people: int = 2_000, frauds: int = 12) -> Country:
    """Return a village of a seed."""
    return make_country(village_scenario(people, frauds), seed)


__all__ = ["village", "village_scenario"]
