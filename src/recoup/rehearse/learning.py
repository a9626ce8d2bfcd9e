"""Past runs for adaptive launderers: small countries of other seeds, every strategy alike, played against each policy.

`python -m recoup.rehearse.learning POLICY ...` prints what `laundering/learned.toml` holds of those policies.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from recoup.rehearse.country import make_country
from recoup.rehearse.laundering import ADAPTIVE, STRATEGIES, Weights, learn, written
from recoup.rehearse.playing import play
from recoup.rehearse.policies import policy_of
from recoup.rehearse.scenario import Scenario, StrategyShares

SEEDS: Final = (701, 702)
"""Neither the city's nor those that a watch is trained on."""
PEOPLE: Final = 4_000
FRAUDS: Final = 66
"""Six for a strategy in each country."""


def practice(scenario: Scenario) -> Scenario:
    """Return a scenario with fewer people, in which no crew is adaptive and all strategies are as frequent as each other."""
    share = 1.0 / len(STRATEGIES)
    strategies = StrategyShares(**dict.fromkeys(STRATEGIES, share), **{ADAPTIVE: 0.0})
    people, terms = min(PEOPLE, scenario.country.people), scenario.launderers
    part = FRAUDS / max(1, scenario.frauds.count)
    launderers = replace(
        terms,
        strategies=strategies,
        mules=max(100, int(terms.mules * part)),
        runners=max(60, int(terms.runners * part)),
        shells=max(10, int(terms.shells * part)),
        crews=max(4, int(terms.crews * part)),
    )
    return replace(
        scenario,
        country=replace(scenario.country, people=people),
        frauds=replace(scenario.frauds, count=FRAUDS),
        launderers=launderers,
    )


def learn_against(
    names: Iterable[str], scenario: Scenario | None = None, seeds: Iterable[int] = SEEDS
) -> dict[str, Weights]:
    """Return weights by policy, from plays of small countries against each; the same arguments give the same weights."""
    smaller = practice(scenario or Scenario())
    countries = [make_country(smaller, seed) for seed in seeds]
    return {
        name: learn(
            play(country, policy_of(name, smaller, country.seed), smaller) for country in countries
        )[name]
        for name in names
    }


if __name__ == "__main__":
    sys.stdout.write(written(learn_against(sys.argv[1:])))

__all__ = ["learn_against", "practice"]
