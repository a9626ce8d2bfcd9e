"""Makes the policy `watch` of a scenario: a model trained on other countries, and the terms of the one that it guards."""

from __future__ import annotations

from functools import lru_cache

from recoup.rehearse.guard.guard import Guard
from recoup.rehearse.guard.terms import guard_terms
from recoup.rehearse.guard.training import TrainedGuard, train_guard
from recoup.rehearse.scenario import Scenario


@lru_cache(maxsize=4)
def trained_for(scenario: Scenario) -> TrainedGuard:
    """Return the model of a scenario; trained once a process."""
    return train_guard(scenario)


def watch(scenario: Scenario, seed: int) -> Guard:
    """Return a guard that has not begun; the seed of the country is not used: the model knows other ones."""
    assert seed not in scenario.watch.training_seeds, (
        "a watch is not judged on what it was trained on"
    )
    model = trained_for(scenario).trained.model
    return Guard(lambda stage: guard_terms(stage.country, scenario, model))


__all__ = ["trained_for", "watch"]
