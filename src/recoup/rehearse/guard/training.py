"""Trains a guard's model on what happened in other, smaller countries under nobody: other seeds, and only some strategies.

A row's label is the truth of a past that was looked into: known a label delay after the last day. Reports reach the state when
they were made. Features are read by the same kernels as when the guard decides, over the same openings; account features
only. Frauds are commoner in training than in the country that is guarded, so that few rows teach enough: the calibrated chance
is brought back by the odds of both.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import log
from typing import Final

import numpy as np

from recoup.rehearse.country.making import make_country
from recoup.rehearse.guard.openings import shard_of
from recoup.rehearse.guard.terms import settings_of
from recoup.rehearse.play.happened import Reported
from recoup.rehearse.play.played import Played
from recoup.rehearse.playing import play
from recoup.rehearse.policies.none import NonePolicy
from recoup.rehearse.scenario import LaundererTerms, PlantedTerms, Scenario, StrategyShares
from recoup.watch.features import FEATURES
from recoup.watch.model import (
    Calibration,
    DataFile,
    Examples,
    Parameters,
    Trained,
    feature_set,
    train,
)
from recoup.watch.model.calibration import Kind
from recoup.watch.state import Payments

PEOPLE: Final = 10_000
"""Of each country that is trained on."""
FRAUDS: Final = 60
LABEL_DELAY_US: Final = 14 * 86_400_000_000
"""Until everything that was fraud is known: two weeks, assumed."""
PARAMETERS: Final = Parameters(
    trees=100, leaves=15, depth=6, learning_rate=0.08, others_share=0.25, seed=1
)
_CHUNK: Final = 1 << 16
_SMALLEST: Final = 1e-9


@dataclass(frozen=True)
class TrainedGuard:
    """A model and what its card is made of."""

    trained: Trained
    """Its model's calibration is that of the country that is guarded; measures of the trial are those of training."""
    strategies: tuple[str, ...]
    seeds: tuple[int, ...]
    odds: float
    """By which the odds of training were multiplied."""


def train_guard(
    scenario: Scenario,
    *,
    people: int = PEOPLE,
    frauds: int = FRAUDS,
    parameters: Parameters = PARAMETERS,
) -> TrainedGuard:
    """Return a model for countries of a scenario; the same scenario gives the same model.

    Raises `TooFewCases` where too few frauds can be learnt from.
    """
    few = smaller(scenario, people, frauds)
    seeds = scenario.watch.training_seeds
    parts, files, until_us = [], [], 0
    for seed in seeds:
        country = make_country(few, seed)
        played = play(country, NonePolicy(), few)
        parts.append(_examples(played))
        files.append(_file(few, seed, played))
        until_us = max(until_us, int(parts[-1].times_us[-1]) + 1)
    examples = _together(parts)
    trained = train(
        examples,
        feature_set(FEATURES),
        until_us + LABEL_DELAY_US,
        LABEL_DELAY_US,
        parameters,
        files,
    )
    odds = odds_of(scenario, few)
    training = replace(trained.model.training, timezone=scenario.country.timezone)
    calibration = rarer(trained.model.calibration, odds)
    model = replace(trained.model, calibration=calibration, training=training)
    strategies = scenario.watch.training_strategies
    return TrainedGuard(replace(trained, model=model), strategies, seeds, odds)


def smaller(scenario: Scenario, people: int, frauds: int) -> Scenario:
    """Return the scenario of training: fewer people, only the strategies of training, crews in proportion."""
    crime = frauds / max(1, scenario.frauds.count)
    terms = scenario.launderers
    shares = terms.strategies.by_name()
    known = set(scenario.watch.training_strategies)
    total = sum(share for name, share in shares.items() if name in known)
    assert total > 0, "expected at least one strategy to train on"
    chosen = {name: share / total if name in known else 0.0 for name, share in shares.items()}
    fewer = {
        name: max(least, round(getattr(terms, name) * crime))
        for name, least in (("mules", 20), ("runners", 10), ("shells", 4), ("crews", 1))
    }
    launderers: LaundererTerms = replace(terms, strategies=StrategyShares(**chosen), **fewer)
    return replace(
        scenario,
        country=replace(scenario.country, people=people),
        frauds=replace(scenario.frauds, count=frauds),
        launderers=launderers,
        planted=PlantedTerms(),  # a watch never met the patterns that it is to find
    )


def odds_of(scenario: Scenario, few: Scenario) -> float:
    """Return by how much rarer fraud is among the payments of a scenario than among those of its training."""
    here = scenario.frauds.count / scenario.country.people / scenario.country.days
    there = few.frauds.count / few.country.people / few.country.days
    return max(here / there, _SMALLEST)


def rarer(calibration: Calibration, odds: float) -> Calibration:
    """Return a calibration whose odds are multiplied: for cases that are so much rarer, all else alike."""
    if calibration.kind is not Kind.ISOTONIC:
        slope, offset = calibration.levels
        return replace(calibration, levels=(slope, offset + log(odds)))
    levels = tuple(odds * p / (odds * p + (1.0 - p)) for p in calibration.levels)
    return replace(calibration, levels=levels)


def _examples(played: Played) -> Examples:
    """Return the rows of a play after its warm-up, features read before each was booked."""
    country, ledger = played.country, played.ledger
    payments = Payments.of(*(ledger[name].to_numpy() for name in _COLUMNS))
    matrix = np.empty((len(payments), len(FEATURES)))
    shard = shard_of(country, settings_of(country))
    begin = 0
    for stop, pocket, time_us in (*_reports(played, payments), (len(payments), -1, 0)):
        while begin < stop:
            end = min(stop, begin + _CHUNK)
            shard.apply(payments.part(begin, end), matrix[begin:end])
            begin = end
        if pocket >= 0:
            shard.report(pocket, time_us)
    later = payments.time_us >= country.begin_us + country.warmup_us
    labels = ledger["fraud"].to_numpy() >= 0
    return Examples(
        matrix[later],
        labels[later],
        payments.time_us[later],
        payments.amount_minor[later],
        np.zeros(int(later.sum()), np.int32),
    )


_COLUMNS: Final = ("time_us", "payer", "payee", "amount", "kind")


def _reports(played: Played, payments: Payments) -> Iterator[tuple[int, int, int]]:
    """Yield before which row, of which account and when a report came in, in the order of time."""
    ledger = played.ledger
    is_named = ((ledger["fraud"] >= 0) & (ledger["instalment"] >= 0)).to_numpy()
    frauds, payees = ledger["fraud"].to_numpy(), ledger["payee"].to_numpy()
    for one in sorted(
        (one for one in played.happened if isinstance(one, Reported)), key=lambda one: one.at_us
    ):
        stop = int(np.searchsorted(payments.time_us, one.at_us, "right"))
        for place in np.flatnonzero(is_named[:stop] & (frauds[:stop] == one.fraud)).tolist():
            yield stop, int(payees[place]), one.at_us


def _together(parts: list[Examples]) -> Examples:
    """Return the rows of several countries in the order of time."""
    columns = [
        np.concatenate([getattr(part, name) for part in parts])
        for name in ("matrix", "labels", "times_us", "money", "currencies")
    ]
    order = np.argsort(columns[2], kind="stable")
    return Examples(*(column[order] for column in columns))


def _file(scenario: Scenario, seed: int, played: Played) -> DataFile:
    """Return what a card says of a country that was trained on."""
    digest = hashlib.sha256()
    for name in (*_COLUMNS, "fraud"):
        digest.update(np.ascontiguousarray(played.ledger[name].to_numpy()).tobytes())
    name = f"country of {scenario.country.people} people, seed {seed}"
    return DataFile(name, digest.hexdigest(), played.ledger.height)


__all__ = ["PARAMETERS", "TrainedGuard", "odds_of", "rarer", "smaller", "train_guard"]
