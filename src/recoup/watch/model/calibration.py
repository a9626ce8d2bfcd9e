"""From raw scores to probabilities: fitted with scikit-learn, kept as a table, served by our own kernel.

Two ways: *isotonic* follows what was seen and needs many cases of both sorts; a *sigmoid* (Platt) has two figures only.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from math import isfinite
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from recoup.watch.model.kernels import probabilities
from recoup.watch.model.trees import malformed

ISOTONIC_CASES_MIN: Final = 200
"""Cases of each sort from which on the choice left open is isotonic: below, its steps follow chance."""


class Kind(StrEnum):
    """The way of a calibration."""

    ISOTONIC = "isotonic"
    SIGMOID = "sigmoid"
    NONE = "none"
    """Not enough to fit anything: the score's own log-odds."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """The table. For a sigmoid (and none) `levels` are slope and offset, else the probability at each knot."""

    kind: Kind
    knots: tuple[float, ...]
    levels: tuple[float, ...]

    def __post_init__(self) -> None:
        numbers = (*self.knots, *self.levels)
        is_table = self.kind is Kind.ISOTONIC
        size = len(self.knots) if is_table else 2
        if not size or len(self.levels) != size or not all(map(isfinite, numbers)):
            raise malformed("a calibration that is no table")
        if is_table and not (_rises(self.knots, strictly=True) and _rises(self.levels)):
            raise malformed("a calibration whose table does not rise")
        if is_table and not 0.0 <= self.levels[0] <= self.levels[-1] <= 1.0:
            raise malformed("a calibration with a probability beyond 0 to 1")

    def of(self, raws: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the probabilities of raw scores."""
        knots = np.array(self.knots or (0.0,), np.float64)
        levels = np.array(self.levels, np.float64)
        is_sigmoid = int(self.kind is not Kind.ISOTONIC)
        found: NDArray[np.float64] = probabilities(knots, levels, is_sigmoid, raws)
        return found


def _rises(values: tuple[float, ...], *, strictly: bool = False) -> bool:
    return all(low < high if strictly else low <= high for low, high in pairwise(values))


UNFITTED: Final = Calibration(Kind.NONE, (), (1.0, 0.0))


def fit_calibration(
    raws: NDArray[np.float64], labels: NDArray[np.bool_], kind: Kind | None = None
) -> Calibration:
    """Return the calibration of raw scores whose labels are known; `kind` None leaves the way to how many there are."""
    rare = int(min(labels.sum(), (~labels).sum()))
    if kind is None:
        kind = Kind.ISOTONIC if rare >= ISOTONIC_CASES_MIN else Kind.SIGMOID
    if rare == 0 or kind is Kind.NONE:
        return UNFITTED
    return _isotonic(raws, labels) if kind is Kind.ISOTONIC else _sigmoid(raws, labels)


def _isotonic(raws: NDArray[np.float64], labels: NDArray[np.bool_]) -> Calibration:
    from sklearn.isotonic import IsotonicRegression

    fitted = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip").fit(raws, labels)
    knots, levels = fitted.X_thresholds_, fitted.y_thresholds_
    return Calibration(Kind.ISOTONIC, tuple(knots.tolist()), tuple(levels.tolist()))


def _sigmoid(raws: NDArray[np.float64], labels: NDArray[np.bool_]) -> Calibration:
    """Platt's: targets drawn in from 0 and 1, so that cases without any doubt do not make the slope endless."""
    from scipy.optimize import minimize

    cases = int(labels.sum())
    low, high = 1.0 / (labels.size - cases + 2.0), (cases + 1.0) / (cases + 2.0)
    target = np.where(labels, high, low)

    def loss(at: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        z = at[0] * raws + at[1]
        value = np.mean(np.logaddexp(0.0, z) - target * z)
        gap = 1.0 / (1.0 + np.exp(-np.clip(z, -700.0, 700.0))) - target
        return float(value), np.array([np.mean(gap * raws), np.mean(gap)])

    found: Any = minimize(loss, np.array([1.0, 0.0]), jac=True, method="BFGS")
    slope, offset = found.x.tolist()
    # A slope below 0 would turn the order of scores round: then nothing was learnt that a table could put right.
    return Calibration(Kind.SIGMOID, (), (slope, offset)) if slope > 0 else UNFITTED
