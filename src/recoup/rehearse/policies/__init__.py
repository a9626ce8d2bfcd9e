"""What stops money: nobody, a recall, an officer a hop, MED 2.0, the chase, the watch, and both.

Only names are here: each is loaded when it is asked for.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from typing import TYPE_CHECKING, Final

from recoup.errors import ScenarioFault

if TYPE_CHECKING:
    from recoup.rehearse.play.ports import Policy
    from recoup.rehearse.scenario import Scenario

POLICIES: Final = {
    "none": "recoup.rehearse.policies.none:none",
    "first-hop": "recoup.rehearse.office:first_hop",
    "manual": "recoup.rehearse.office:manual",
    "chase": "recoup.rehearse.office:chase",
    "med2": "recoup.rehearse.policies.med2:med2",
    "watch": "recoup.rehearse.guard:watch",
    "full": "recoup.rehearse.policies.full:full",
}
"""By name, a function of a scenario and the country's seed that makes the policy."""


TRAINED: Final = frozenset({"watch", "full"})
"""Those with a model, which has seen the countries of some seeds."""


def require_unseen(scenario: Scenario, policies: Iterable[str], seeds: Iterable[int]) -> None:
    """Raise `ScenarioFault` where a policy would be shown a country that its model was trained on."""
    names = [name for name in policies if name in TRAINED]
    seen = sorted(set(scenario.watch.training_seeds) & set(seeds)) if names else []
    if seen:
        raise ScenarioFault(
            [
                f"seed {seed}: the model of {' and '.join(names)} was trained on this country "
                "(watch.training_seeds): expected another seed"
                for seed in seen
            ]
        )


def policy_of(name: str, scenario: Scenario, seed: int) -> Policy:
    """Return a policy that has done nothing yet; `KeyError` for a name that none has."""
    module, _, function = POLICIES[name].partition(":")
    made: Policy = getattr(import_module(module), function)(scenario, seed)
    return made


__all__ = ["POLICIES", "TRAINED", "policy_of", "require_unseen"]
