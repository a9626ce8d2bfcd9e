"""What adaptive launderers bring: the shipped weights, and how such weights are learned."""

import dataclasses
import tomllib

import pytest

from recoup.rehearse.laundering import STRATEGIES, learned, written
from recoup.rehearse.laundering.learned import _all
from recoup.rehearse.learning import SEEDS, learn_against, practice
from recoup.rehearse.policies import POLICIES
from recoup.rehearse.policies.none import NonePolicy
from recoup.rehearse.scenario import Scenario, scenario_of, scenario_text


def test_shipped_weights_name_known_policies_and_every_strategy():
    assert set(_all()) <= set(POLICIES) | {"full"}
    assert {"none", "med2", "watch"} <= set(_all())
    for policy, weights in _all().items():
        assert list(weights) == list(STRATEGIES), policy
        assert all(0.02 <= one <= 1.0 for one in weights.values()), policy


def test_what_is_written_is_read():
    assert tomllib.loads(written(_all())) == _all()


def test_a_policy_that_nobody_met_has_no_weights():
    assert learned("a policy of tomorrow") is None


def test_practice_is_elsewhere_and_every_strategy_is_alike():
    scenario = Scenario()
    assert not set(SEEDS) & {1, *scenario.watch.training_seeds}
    shares = practice(scenario).launderers.strategies.by_name()
    assert shares.pop("adaptive") == 0.0
    assert set(shares) == set(STRATEGIES)
    assert len(set(shares.values())) == 1


def test_practice_is_a_scenario_that_can_be_read():
    smaller = practice(Scenario())
    read = scenario_of(scenario_text(smaller))
    assert dataclasses.replace(read, sources=()) == dataclasses.replace(smaller, sources=())


@pytest.mark.slow
def test_the_shipped_weights_against_nobody_are_not_stale():
    assert learn_against(["none"])["none"] == pytest.approx(learned(NonePolicy.name), abs=0.2)
