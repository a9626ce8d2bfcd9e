"""Sweeps: terms of a scenario changed, several seeds, every point kept in a folder, so that a second run goes on.

A point is one scenario and one seed under all policies; it is played in one process, several points at a time. Its file is
named after all that it follows from, so that a point of another scenario, seed, list of policies or version is never taken.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from itertools import product
from math import sqrt
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

from scipy.stats import t as student

from recoup._version import __version__
from recoup.rehearse.running import rehearse
from recoup.rehearse.scenario import Scenario, changed, scenario_text

CONFIDENCE: Final = 0.95
POINTS_MAX: Final = 10_000

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Term:
    """A term that a sweep changes, and the values it is given, as they were written."""

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Point:
    """One scenario and seed of a sweep."""

    values: tuple[str, ...]
    """One a term."""
    seed: int
    scenario: Scenario

    def key(self, policies: Sequence[str]) -> str:
        """Return the name of its file: a digest of all that its figures follow from."""
        text = json.dumps(
            [__version__, scenario_text(self.scenario), self.seed, list(policies)], sort_keys=True
        )
        return hashlib.sha256(text.encode()).hexdigest()[:24]


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean over seeds and the interval of Student's t around it; equal ends where there is one seed."""

    mean: float
    low: float
    high: float
    seeds: int


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep found."""

    terms: tuple[Term, ...]
    points: tuple[Mapping[str, Any], ...]
    """values, seed, policies, limits and loss (of the play of `none`) of each."""

    def values(self) -> list[tuple[str, ...]]:
        """Return the values that were tried, in order."""
        return list(dict.fromkeys(tuple(point["values"]) for point in self.points))

    def share(self, values: Sequence[str], policy: str) -> Interval:
        """Return what a policy or limit keeps of what is lost when nobody acts, over seeds."""
        shares = [
            point[kind][policy]["kept"] / max(1, point["loss"])
            for point in self.points
            if tuple(point["values"]) == tuple(values)
            for kind in ("policies", "limits")
            if policy in point[kind]
        ]
        return interval(shares)

    @property
    def policies(self) -> tuple[str, ...]:
        """Return policies and limits, in the order of the pages."""
        first = self.points[0]
        return (*first["policies"], *first["limits"])


def interval(values: Sequence[float]) -> Interval:
    """Return the mean and its interval at `CONFIDENCE`; of one value there is no interval.

    >>> interval([1.0, 1.0, 1.0])
    Interval(mean=1.0, low=1.0, high=1.0, seeds=3)
    """
    count = len(values)
    mean = sum(values) / count
    if count < 2:
        return Interval(mean, mean, mean, count)
    spread = sqrt(sum((value - mean) ** 2 for value in values) / (count - 1))
    reach = float(student.ppf((1 + CONFIDENCE) / 2, count - 1)) * spread / sqrt(count)
    return Interval(mean, mean - reach, mean + reach, count)


def points_of(scenario: Scenario, terms: Sequence[Term], seeds: Sequence[int]) -> Iterator[Point]:
    """Yield every point, in order; raises `ScenarioFault` where a value is none of its term."""
    for values in product(*(term.values for term in terms)):
        made = scenario
        for term, value in zip(terms, values, strict=True):
            made = changed(made, f"{term.name}={value}")
        for seed in seeds:
            yield Point(values, seed, made)


def sweep(
    points: Sequence[Point],
    terms: Sequence[Term],
    policies: Sequence[str],
    folder: Path,
    *,
    workers: int | None = None,
    progress: Progress = lambda _doing, _done, _total: None,
) -> Swept:
    """Play every point that the folder does not have yet, on all cores, and return all of them.

    A point is written when it is done, beside its final name first: one that was cut off is played again.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / f"{point.key(policies)}.json" for point in points]
    missing = [
        (point, file) for point, file in zip(points, files, strict=True) if not file.exists()
    ]
    done = len(points) - len(missing)
    progress("playing", done, len(points))
    if missing:
        count = min(workers or os.cpu_count() or 1, len(missing))
        with ProcessPoolExecutor(count, mp_context=get_context("spawn")) as pool:
            futures = [pool.submit(_play, point, tuple(policies), file) for point, file in missing]
            for future in as_completed(futures):
                future.result()
                done += 1
                progress("playing", done, len(points))
    found = tuple(json.loads(file.read_text(encoding="utf-8")) for file in files)
    return Swept(tuple(terms), found)


def _play(point: Point, policies: tuple[str, ...], file: Path) -> None:
    """Play one point in this process and write it."""
    run = rehearse(point.scenario, point.seed, policies, workers=0)
    broken = [f"{policy}: {one.name}" for policy, one in run.failures]
    assert not broken, f"seed {point.seed}, {point.values}: {'; '.join(broken)}"
    text = json.dumps(
        {
            "values": list(point.values),
            "seed": point.seed,
            "loss": run.reference.figures["loss"],
            "policies": {name: one.figures for name, one in run.results.items()},
            "limits": {name: dict(figures) for name, figures in run.limits.items()},
        }
    )
    beside = file.with_suffix(f".{os.getpid()}.part")
    beside.write_text(text, encoding="utf-8")
    beside.replace(file)


def swept_document(swept: Swept) -> dict[str, Any]:
    """Return what OUT says of a sweep: its terms, its points, and kept shares with intervals."""
    return {
        "terms": [{"name": term.name, "values": list(term.values)} for term in swept.terms],
        "confidence": CONFIDENCE,
        "points": [dict(point) for point in swept.points],
        "kept_share": [
            {
                "values": list(values),
                "policies": {
                    name: {"mean": one.mean, "low": one.low, "high": one.high, "seeds": one.seeds}
                    for name in swept.policies
                    for one in (swept.share(values, name),)
                },
            }
            for values in swept.values()
        ],
    }


__all__ = [
    "CONFIDENCE",
    "POINTS_MAX",
    "Interval",
    "Point",
    "Swept",
    "Term",
    "interval",
    "points_of",
    "sweep",
    "swept_document",
]
