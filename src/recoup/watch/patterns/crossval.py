"""Scores every account by a model that never saw it: folds over accounts, with its neighbours' scores in a second stage.

**What may be used of neighbours.** Never their labels. The first stage scores every account from its measures; the second adds
what the first says of its payers and payees. Within a fold, accounts of the training part get first scores from models
that did not see them either (inner folds over the training part), and accounts held out get the mean of those models: so no
label of a held-out account, nor its own label, reaches any row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from recoup.watch.model import Parameters
from recoup.watch.model.training import fit_weighted, scored
from recoup.watch.patterns.accounts import steps_of
from recoup.watch.patterns.sums import F64, I64, over_neighbours

Flags = npt.NDArray[np.bool_]

ACCOUNT_PARAMETERS: Final = Parameters(
    trees=150,
    leaves=12,
    depth=-1,
    learning_rate=0.06,
    leaf_rows_min=20,
    feature_share=0.25,
    l2=5.0,
    seed=1,
)
"""Small trees on a quarter of the columns each: there are hundreds of measures and few bad accounts."""
INNER_FOLDS: Final = 4


@dataclass(frozen=True, slots=True)
class Accounts:
    """What is known of accounts: measures, who paid whom, and labels."""

    matrix: F64
    """[accounts, F]"""
    paid: Any
    """Sparse [accounts, accounts]."""
    labels: Flags


class Chance(Protocol):
    """What folds are drawn by: numpy's generators are such; a pure room has none of its own."""

    def permutation(self, x: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
        """Return the rows in an order drawn."""


Draw = Callable[[int], Chance]
"""Makes one of a seed: `numpy.random.default_rng`."""


def folds_of(labels: Flags, folds: int, chance: Chance) -> I64:
    """Return the fold of each row, drawn so that each has its share of either label (within one row)."""
    fold = np.empty(labels.size, np.int64)
    for label in (False, True):
        places = np.flatnonzero(labels == label)
        fold[chance.permutation(places)] = np.arange(len(places)) % folds
    return fold


def cross_scores(
    accounts: Accounts,
    folds: int,
    seed: int,
    draw: Draw,
    *,
    stages: int = 2,
    parameters: Parameters | None = None,
) -> F64:
    """Return the raw score of every account, by the model of the fold that held it out.

    Args:
        accounts: matrix, links and labels.
        folds: how many.
        seed: of folds and trees.
        draw: makes what folds are drawn by.
        stages: 1 for measures alone, 2 with the neighbours' first scores.
        parameters: of the trees.
    """
    chosen = replace(parameters or ACCOUNT_PARAMETERS, seed=seed)
    fold = folds_of(accounts.labels, folds, draw(seed))
    scores = np.empty(accounts.labels.size, np.float64)
    for held_out in range(folds):
        learns = fold != held_out
        matrix = accounts.matrix
        if stages > 1:
            first = _first_scores(accounts, learns, chosen, draw)
            matrix = np.column_stack([matrix, *_near(first, accounts.paid)])
        scores[~learns] = _fitted(matrix, accounts.labels, learns, ~learns, chosen)
    return scores


def _first_scores(accounts: Accounts, learns: Flags, parameters: Parameters, draw: Draw) -> F64:
    """Return a chance for every account from models that saw neither it nor, of those held out, any label."""
    inner = np.full(learns.size, -1, np.int64)
    inner[learns] = folds_of(accounts.labels[learns], INNER_FOLDS, draw(parameters.seed + 7))
    raw = np.zeros(learns.size, np.float64)
    fewer = replace(parameters, trees=max(parameters.trees * 2 // 3, 1))
    for part in range(INNER_FOLDS):
        seen = learns & (inner != part)
        asked = ~seen
        found = _fitted(accounts.matrix, accounts.labels, seen, asked, fewer)
        is_own = inner[asked] == part
        raw[asked] += np.where(is_own, found, np.where(learns[asked], 0.0, found / INNER_FOLDS))
    return 1 / (1 + np.exp(-raw))


def _fitted(matrix: F64, labels: Flags, learns: Flags, asked: Flags, parameters: Parameters) -> F64:
    ones = np.ones(int(learns.sum()), np.float64)
    return scored(fit_weighted(matrix[learns], labels[learns], ones, parameters), matrix[asked])


def _near(first: F64, paid: Any) -> Iterator[F64]:  # noqa: ANN401  # scipy's matrices have no stubs that fit
    """Yield the columns of the second stage: own first score, and what it is around each account."""
    paid_by = paid.T.tocsr()
    _, tie = steps_of(paid)
    yield first
    for matrix, among in ((paid, paid_by), (paid_by, paid)):
        mean, largest, _ = over_neighbours(matrix, first[:, None])
        yield mean[:, 0]
        yield largest[:, 0]
        yield matrix @ first
        yield matrix @ (first / np.maximum(np.diff(among.indptr), 1))
    yield tie @ first
    yield tie.T @ first
    yield tie @ (tie.T @ first)
    yield tie.T @ (tie @ first)


__all__ = ["ACCOUNT_PARAMETERS", "Accounts", "cross_scores", "folds_of"]
