"""What stops money: nobody, a recall, an officer a hop, MED 2.0, the chase, the watch, and both.

Only names are here: each is loaded when it is asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

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


def policy_of(name: str, scenario: Scenario, seed: int) -> Policy:
    """Return a policy that has done nothing yet; `KeyError` for a name that none has."""
    module, _, function = POLICIES[name].partition(":")
    made: Policy = getattr(import_module(module), function)(scenario, seed)
    return made


__all__ = ["POLICIES", "policy_of"]
