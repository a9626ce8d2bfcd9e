"""Whether what is scored still looks like what was trained on: counts in bins fixed at training, and how far they moved.

The population stability index of two sets of counts is the sum over bins of (p - q) ln(p / q). Each bin is counted half a row
more than was seen, so that an empty one has a figure. Below 0.1 is taken for the same, from 0.25 on for another population:
the usual convention of credit scoring, *assumed*.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

BINS: Final = 10
MODERATE_FROM: Final = 0.1
LARGE_FROM: Final = 0.25


class Shift(StrEnum):
    """How far a population moved."""

    STABLE = "stable"
    MODERATE = "moderate"
    LARGE = "large"


@dataclass(frozen=True, slots=True)
class Bins:
    """Counts of one column at training. Bin i is above edge i - 1 and at most edge i; the last bin is for what is missing."""

    name: str
    edges: tuple[float, ...]
    counts: tuple[int, ...]

    def count(self, values: NDArray[np.float64]) -> tuple[int, ...]:
        """Return how many of `values` fall into each bin."""
        edges = np.array(self.edges, np.float64)
        there = values[~np.isnan(values)]
        found = np.bincount(np.searchsorted(edges, there, "left"), minlength=len(self.edges) + 1)
        return (*(int(count) for count in found), int(values.size - there.size))


@dataclass(frozen=True, slots=True)
class Moved:
    """How far one column moved from its training."""

    name: str
    psi: float
    shift: Shift


def bins_of(name: str, values: NDArray[np.float64], bins: int = BINS) -> Bins:
    """Return the bins of a column, each with about as many rows as the next; a value that is frequent has a bin of its own."""
    there = values[np.isfinite(values)]
    edges = np.zeros(0)
    if there.size:
        shares = np.arange(1, bins) / bins
        edges = np.unique(np.quantile(there, shares, method="inverted_cdf"))
    empty = Bins(name, tuple(edges.tolist()), ())
    return Bins(name, empty.edges, empty.count(values))


def psi(expected: Sequence[int], actual: Sequence[int]) -> float:
    """Return the population stability index of two sets of counts of the same bins; 0.0 if either has no row."""
    if len(expected) != len(actual):
        raise ValueError("expected counts of the same bins")
    if not sum(expected) or not sum(actual):
        return 0.0
    p, q = (np.array(counts, np.float64) + 0.5 for counts in (expected, actual))
    p, q = p / p.sum(), q / q.sum()
    return float(((p - q) * np.log(p / q)).sum())


def drift_of(bins: Sequence[Bins], columns: Sequence[NDArray[np.float64]]) -> tuple[Moved, ...]:
    """Return how far each column moved from its bins, in their order."""
    return tuple(
        _moved(one.name, psi(one.counts, one.count(column)))
        for one, column in zip(bins, columns, strict=True)
    )


def _moved(name: str, index: float) -> Moved:
    shift = Shift.STABLE if index < MODERATE_FROM else Shift.MODERATE
    return Moved(name, index, Shift.LARGE if index >= LARGE_FROM else shift)
