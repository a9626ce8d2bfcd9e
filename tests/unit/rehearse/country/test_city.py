"""The default city whole: as many as its scenario says, funded to the end, and its frauds as its scenario has them."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from recoup.rehearse.country import HolderKind, make_country
from recoup.rehearse.country.funding import needed
from recoup.rehearse.scenario import Scenario

pytestmark = pytest.mark.slow


def test_the_default_city_is_as_its_scenario_says():
    scenario = Scenario()
    country = make_country(scenario, 11)
    accounts, rows, frauds = country.accounts, country.schedule, country.frauds
    assert len(country.institutions) == 12
    assert 1_200_000 < len(rows) < 1_500_000
    assert len(frauds) == scenario.frauds.count
    kinds = accounts.holder_kind
    holders = Counter(kinds[np.unique(accounts.holder, return_index=True)[1]].tolist())
    assert holders[HolderKind.MULE] == scenario.launderers.mules
    assert holders[HolderKind.RUNNER] == scenario.launderers.runners
    assert holders[HolderKind.SHELL] == scenario.launderers.shells
    people = sum(holders[one] for one in (HolderKind.PERSON, HolderKind.MULE, HolderKind.RUNNER))
    assert people == scenario.country.people
    assert (accounts.opening_minor >= needed(rows, len(accounts))).all()
    inside = accounts.opening_minor[~country.is_outside]
    assert np.median(inside) < 200_000, "most people own little"
    assert sum(int(one) for one in accounts.opening_minor) < 2**61


def test_shares_and_delays_of_many_frauds_are_those_of_the_scenario():
    """Six thousand frauds: shares within a hundredth and a half, delays as Xiamen had them."""
    city = Scenario()

    scenario = replace(
        city,
        country=replace(city.country, payments_a_day=0.1),
        frauds=replace(city.frauds, count=6_000),
    )
    frauds = make_country(scenario, 4).frauds
    drawn = Counter(one.strategy for one in frauds)
    for name, share in city.launderers.strategies.by_name().items():
        assert abs(drawn[name] / len(frauds) - share) < 0.015
    late = [
        (one.reported_us - one.instalments[-1].time_us) / 3.6e9
        for one in frauds
        if one.reported_us is not None
    ]
    assert abs(len(late) / len(frauds) - 0.95) < 0.015
    assert abs(np.mean([hours <= 1 for hours in late]) - 0.177) < 0.015
    assert abs(np.mean([hours > 24 for hours in late]) - 0.23) < 0.015
