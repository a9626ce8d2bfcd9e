"""Makes the policy `watch` of a scenario: a model trained on other countries, and the terms of the one that it guards.

A model is kept in the user's cache under the digest of all that it depends on: the scenario, the terms of training, and the
sources of whatever makes, plays and reads a country. What is kept there may be removed at any time.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Final

from recoup.errors import ModelFault
from recoup.rehearse.guard.guard import Guard
from recoup.rehearse.guard.terms import guard_terms
from recoup.rehearse.guard.training import FRAUDS, PARAMETERS, PEOPLE, train_guard
from recoup.rehearse.scenario import Scenario
from recoup.watch.features import FEATURES
from recoup.watch.model import Model, feature_set
from recoup.watching.models import load_model, save_model

_REHEARSE: Final = Path(__file__).parents[1]
_SOURCES: Final = (
    *(_REHEARSE / name for name in ("country", "guard", "laundering", "play", "scenario")),
    *(_REHEARSE.parent / "watch" / name for name in ("model", "state")),
)


@lru_cache(maxsize=4)
def model_for(scenario: Scenario) -> Model:
    """Return the model of a scenario: the kept one, else one that is trained now and kept."""
    path = _folder() / f"guard-{_digest(scenario)}.model"
    features = feature_set(FEATURES)
    try:
        return load_model(path, features)
    except ModelFault:
        model = train_guard(scenario).trained.model
    with suppress(OSError):  # a cache that cannot be written is none
        save_model(model, path)
    return model


def _folder() -> Path:
    home = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    return Path(home or Path.home() / ".cache") / "recoup" / "guards"


def _digest(scenario: Scenario) -> str:
    whole = hashlib.sha256(repr((scenario, PEOPLE, FRAUDS, PARAMETERS)).encode())
    for path in (path for folder in _SOURCES for path in sorted(folder.rglob("*.py"))):
        whole.update(path.name.encode() + b"\0" + path.read_bytes())
    return whole.hexdigest()[:32]


def watch(scenario: Scenario, seed: int) -> Guard:
    """Return a guard that has not begun; `ValueError` for the seed of a country that its model has seen."""
    if seed in scenario.watch.training_seeds:
        raise ValueError(f"seed {seed} is one that the watch is trained on: choose another")
    model = model_for(scenario)
    return Guard(lambda stage: guard_terms(stage.country, scenario, model))


__all__ = ["model_for", "watch"]
