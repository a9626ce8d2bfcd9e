"""The launderer that learns: what survived against a policy is chosen more, by one draw of the fraud's own seed."""

import dataclasses
from collections import Counter

import pytest
from rehearsal.guards import ByAmount
from rehearsal.hamlet import hamlet

from recoup.rehearse.laundering import ADAPTIVE, STRATEGIES, chosen, learn, survived
from recoup.rehearse.playing import play
from recoup.rehearse.policies.none import NonePolicy


def village(strategies, seed=1):
    """Return a hamlet whose frauds take these strategies in turn."""
    country = hamlet(seed, frauds=len(strategies), payments=200)
    frauds = zip(country.frauds, strategies, strict=True)
    return dataclasses.replace(
        country, frauds=tuple(dataclasses.replace(one, strategy=name) for one, name in frauds)
    )


class NoCash(ByAmount):
    """Refuses cash machines."""

    def action(self, payments, place):
        return 4 if int(payments.kind[place]) == 2 else 0


def test_weights_follow_what_got_out():
    country = village([*STRATEGIES] * 2)
    weights = learn([play(country, NoCash(4)), play(country, NonePolicy())])
    assert set(weights) == {"by_amount", "none"}
    assert weights["by_amount"]["cash"] < 0.1 < weights["none"]["cash"]
    assert weights["by_amount"]["abroad"] == weights["none"]["abroad"]
    assert all(0 < one <= 1 for of_policy in weights.values() for one in of_policy.values())


def test_the_order_of_plays_is_no_matter():
    plays = [play(village([*STRATEGIES], seed), NonePolicy()) for seed in (1, 2)]
    assert learn(plays) == learn(plays[::-1])


def test_nothing_learned_is_no_weight_of_zero():
    country = village(["cash"])
    assert min(learn([play(country, NonePolicy())])["none"].values()) > 0


def test_what_got_out_is_at_most_what_victims_paid():
    for name, (gone, paid) in survived(play(village([*STRATEGIES]), NonePolicy())).items():
        assert 0 <= gone <= paid, name


@pytest.mark.parametrize("name", STRATEGIES)
def test_a_crew_with_one_strategy_takes_it_whatever_was_learned(name):
    fraud = dataclasses.replace(hamlet().frauds[0], strategy=name)
    assert chosen(fraud, {other: 0.0 for other in STRATEGIES if other != "cash"}) == name


def test_an_adaptive_crew_chooses_by_its_seed_alone_and_by_weight():
    fraud = dataclasses.replace(hamlet().frauds[0], strategy=ADAPTIVE)
    assert chosen(fraud, None) == chosen(fraud, None)
    only = {name: float(name == "otc") for name in STRATEGIES}
    seeds = [dataclasses.replace(fraud, seed=seed) for seed in range(300)]
    assert {chosen(one, only) for one in seeds} == {"otc"}
    heavy = {name: 9.0 if name == "cash" else 0.1 for name in STRATEGIES}
    counts = Counter(chosen(one, heavy) for one in seeds)
    assert counts["cash"] > 0.8 * len(seeds)
    assert set(Counter(chosen(one, None) for one in seeds)) == set(STRATEGIES)


def test_an_adaptive_crew_plays_as_the_strategy_that_it_chose():
    country = village([ADAPTIVE])
    only = {name: float(name == "fan_in") for name in STRATEGIES}
    adaptive = play(country, NonePolicy(), weights=only)
    plain = play(village(["fan_in"]), NonePolicy())
    assert adaptive.ledger.equals(plain.ledger)
