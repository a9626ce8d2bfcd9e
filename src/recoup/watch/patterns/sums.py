"""Sums over rows by account, and over neighbours by account: the arithmetic under `accounts`. Plain arrays only."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy import sparse

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
NAN: Final = float("nan")


def counted(keys: I64, accounts: int, weights: F64 | None = None) -> F64:
    """Return how many rows, or how much weight, each account has."""
    return np.bincount(keys, weights, minlength=accounts).astype(np.float64)


def ratio(above: F64, below: F64) -> F64:
    """Return above / below, NaN where there is nothing below."""
    found: F64 = np.divide(above, below, out=np.full(len(above), NAN), where=below != 0)
    return found


def spread(keys: I64, values: F64, accounts: int) -> tuple[F64, F64]:
    """Return mean and standard deviation of the values of each account, NaN without any."""
    count = counted(keys, accounts)
    mean = ratio(counted(keys, accounts, values), count)
    away = values - mean[keys]
    return mean, np.sqrt(ratio(counted(keys, accounts, away * away), count))


def extremes(keys: I64, values: F64, accounts: int) -> tuple[F64, F64]:
    """Return the smallest and the largest value of each account, NaN without any."""
    low, high = np.full(accounts, np.inf), np.full(accounts, -np.inf)
    np.minimum.at(low, keys, values)
    np.maximum.at(high, keys, values)
    return np.where(np.isinf(low), NAN, low), np.where(np.isinf(high), NAN, high)


def commonest(keys: I64, marks: I64, accounts: int) -> F64:
    """Return how often the commonest mark of each account comes, NaN without any."""
    _, dense = np.unique(marks, return_inverse=True)
    both, count = np.unique(keys * (int(dense.max(initial=0)) + 1) + dense, return_counts=True)
    return extremes(both // (int(dense.max(initial=0)) + 1), count.astype(np.float64), accounts)[1]


def gaps(keys: I64, times: I64, accounts: int) -> tuple[F64, F64]:
    """Return mean and standard deviation of the time between two rows of each account."""
    order = np.lexsort((times, keys))
    apart = np.diff(times[order]).astype(np.float64)
    follows = keys[order][1:] == keys[order][:-1]
    return spread(keys[order][1:][follows], apart[follows], accounts)


def links(payer: I64, payee: I64, accounts: int) -> Any:  # noqa: ANN401  # scipy's matrices have no stubs that fit
    """Return the sparse matrix of who paid whom: 1 for each pair, once."""
    pairs = np.unique(payer * accounts + payee)
    ends = (pairs // accounts, pairs % accounts)
    return sparse.csr_matrix((np.ones(len(pairs)), ends), (accounts, accounts))


def over_neighbours(matrix: Any, values: F64) -> tuple[F64, F64, F64]:  # noqa: ANN401
    """Return mean, largest and smallest of the values [accounts, F] over the columns linked in each row, NaN without any.

    A neighbour's NaN is left out of the extremes, and counts as zero in the mean.
    """
    count = np.diff(matrix.indptr)
    has = count > 0
    mean = np.full(values.shape, NAN)
    mean[has] = (matrix @ np.nan_to_num(values))[has] / count[has, None]
    largest, smallest = np.full(values.shape, NAN), np.full(values.shape, NAN)
    begins = matrix.indptr[:-1][has]
    if begins.size:
        near = values[matrix.indices]
        largest[has] = np.fmax.reduceat(near, begins, axis=0)
        smallest[has] = np.fmin.reduceat(near, begins, axis=0)
    return mean, largest, smallest


def returning(steps: Any) -> list[F64]:  # noqa: ANN401
    """Return, for 2 to 6 steps, the weight of the ways of that many steps that lead from each account back to itself.

    The diagonal of a power is the sum of one half of the way times the other, so that no higher power than the third is made.
    """
    second = steps @ steps
    third = second @ steps
    halves = ((steps, steps), (steps, second), (second, second), (second, third), (third, third))
    return [np.asarray(there.multiply(back.T).sum(1)).ravel() for there, back in halves]


__all__ = [
    "F64",
    "I64",
    "NAN",
    "commonest",
    "counted",
    "extremes",
    "gaps",
    "links",
    "over_neighbours",
    "ratio",
    "returning",
    "spread",
]
