"""What adaptive launderers learned from past runs against each policy: weights that ship with the package."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files

from recoup.rehearse.laundering.adaptive import Weights
from recoup.rehearse.laundering.strategies import STRATEGIES


def learned(policy: str) -> Weights | None:
    """Return the weights learned against a policy; None where nobody met it yet, and a crew chooses evenly.

    >>> learned("no such policy") is None
    True
    """
    return _all().get(policy)


@lru_cache(maxsize=1)
def _all() -> Mapping[str, Weights]:
    text = files("recoup.rehearse.laundering").joinpath("learned.toml").read_text("utf-8")
    return {policy: dict(of_policy) for policy, of_policy in tomllib.loads(text).items()}


def written(weights: Mapping[str, Weights]) -> str:
    """Return weights as `learned.toml` has them, three digits each."""
    parts = []
    for policy, of_policy in sorted(weights.items()):
        rows = [f"{name} = {of_policy[name]:.3f}" for name in STRATEGIES]
        parts.append("\n".join([f'["{policy}"]', *rows]))
    return "\n\n".join(parts) + "\n"


__all__ = ["learned", "written"]
