"""Compiled loops that read a forest: scores, what each feature adds, and the probability of a score. No objects of ours.

A row's values are turned into ranks among the thresholds of their feature once; the trees then compare small whole numbers.
Nothing is lost by it: a value is at most the k-th threshold exactly when at most k thresholds lie below the value. Each feature
has two ranks, which differ only for a missing value: the first is then 0 and at most every threshold, the second is above every
one; a split looks at the rank that sends missing values its way.

Eight trees are walked side by side, so that the processor waits for the memory of none of them; a leaf leads back to itself, so
that trees of one group take equally many steps. Sums run in the order of the trees, for one row as for many.
"""

from __future__ import annotations

from math import exp
from typing import TYPE_CHECKING, Any

import numpy as np

from recoup.trace.kernels.compiled import inner, kernel

if TYPE_CHECKING:
    from recoup.watch.model.forest import Forest

Array = Any  # numba infers types from the call; the docstrings give them

RANK_TOP = 65_535
_NOUGHT = float(np.float32(1e-35))  # LightGBM takes what is no further from 0 for 0
_LEFT_MASK = 0x7FFFFFFF
_HALF = 0xFFFF


@inner
def fill_ranks(forest: Forest, row: Array, ranks: Array) -> None:
    """Write the ranks of a row f64[F] into u16[2U]; U are the features that are looked at. 8 steps a feature."""
    for place in range(forest.looked_at.size):
        value = row[forest.looked_at[place]]
        kind = forest.missing[place]
        is_nan = value != value  # noqa: PLR0124
        if is_nan or (-_NOUGHT <= value <= _NOUGHT):
            if (is_nan and kind == 2) or kind == 1:
                ranks[2 * place] = 0
                ranks[2 * place + 1] = RANK_TOP
                continue
            value = 0.0
        low = start = np.int64(forest.cut_starts[place])
        for power in range(forest.cut_steps[place] - 1, -1, -1):
            # A shift, where compilers make a branch of a choice: which way a value goes cannot be foretold.
            below = np.int64(forest.cuts[(low + (1 << power) - 1) & _LEFT_MASK] < value)
            low += below << power
        rank = low - start
        ranks[2 * place] = rank
        ranks[2 * place + 1] = rank


@inner
def step(nodes: Array, ranks: Array, at: int) -> int:
    """Return the child of node `at` to which a row goes; a leaf is its own."""
    node = nodes[at]
    rank = ranks[(node >> 16) & _HALF]
    return ((node >> 32) & _LEFT_MASK) + (1 if rank > (node & _HALF) else 0)  # type: ignore[no-any-return]


@inner
def sum_leaves(forest: Forest, ranks: Array) -> float:
    """Return the sum over the trees of the leaves that ranks u16[2U] end in. One step a level of a tree."""
    nodes, roots, values = forest.nodes, forest.roots, forest.values
    total = 0.0
    for group in range(forest.depths.size):
        first = 8 * group
        a, b = np.int64(roots[first]), np.int64(roots[first + 1])
        c, d = np.int64(roots[first + 2]), np.int64(roots[first + 3])
        e, f = np.int64(roots[first + 4]), np.int64(roots[first + 5])
        g, h = np.int64(roots[first + 6]), np.int64(roots[first + 7])
        for _ in range(forest.depths[group]):
            a, b = step(nodes, ranks, a), step(nodes, ranks, b)
            c, d = step(nodes, ranks, c), step(nodes, ranks, d)
            e, f = step(nodes, ranks, e), step(nodes, ranks, f)
            g, h = step(nodes, ranks, g), step(nodes, ranks, h)
        total += values[a]
        total += values[b]
        total += values[c]
        total += values[d]
        total += values[e]
        total += values[f]
        total += values[g]
        total += values[h]
    return total


@inner
def score_with(forest: Forest, row: Array, ranks: Array) -> float:
    """Return the raw score of a row f64[F]; `ranks` u16[2U] is room to work in, for loops that call it often."""
    fill_ranks(forest, row, ranks)
    return sum_leaves(forest, ranks)  # type: ignore[no-any-return]


@kernel
def score(forest: Forest, row: Array) -> float:
    """Return the raw score (log-odds before calibration) of one row f64[F]."""
    ranks = np.empty(2 * forest.looked_at.size, np.uint16)
    return score_with(forest, row, ranks)  # type: ignore[no-any-return]


@kernel
def score_many(forest: Forest, rows: Array) -> Array:
    """Return the raw scores f64[n] of rows f64[n, F]; each is what `score` gives, bit for bit."""
    ranks = np.empty(2 * forest.looked_at.size, np.uint16)
    scores = np.empty(rows.shape[0], np.float64)
    for at in range(rows.shape[0]):
        scores[at] = score_with(forest, rows[at], ranks)
    return scores


@kernel
def contributions(forest: Forest, rows: Array) -> Array:
    """Return what each feature adds to the score of each row, f64[n, F + 1] of rows f64[n, F]; the last column is the base.

    Every split that a row passes changes the mean of the leaves that it can still reach; the change counts for the split's
    feature. The sum of a line is the row's raw score, as far as sums of floats agree.
    """
    ranks = np.empty(2 * forest.looked_at.size, np.uint16)
    added = np.zeros((rows.shape[0], rows.shape[1] + 1), np.float64)
    for at in range(rows.shape[0]):
        fill_ranks(forest, rows[at], ranks)
        for tree in range(forest.roots.size):
            place = np.int64(forest.roots[tree])
            added[at, rows.shape[1]] += forest.means[place]
            for _ in range(forest.depths[tree >> 3]):
                below = step(forest.nodes, ranks, place)
                if below == place:
                    break
                feature = forest.looked_at[((forest.nodes[place] >> 16) & _HALF) >> 1]
                added[at, feature] += forest.means[below] - forest.means[place]
                place = below
    return added


@inner
def probability_at(knots: Array, levels: Array, is_sigmoid: int, raw: float) -> float:
    """Return the probability of a raw score: between two knots f64[k] in proportion, beyond the ends as at the end.

    Of a sigmoid, `levels` are slope and offset: 1 / (1 + exp(-(slope * raw + offset))).
    """
    if is_sigmoid:
        return 1.0 / (1.0 + exp(-min(max(levels[0] * raw + levels[1], -700.0), 700.0)))
    last = knots.size - 1
    if raw <= knots[0]:
        return levels[0]  # type: ignore[no-any-return]
    if raw >= knots[last]:
        return levels[last]  # type: ignore[no-any-return]
    low, high = 0, last
    while high - low > 1:
        middle = (low + high) >> 1
        if knots[middle] <= raw:
            low = middle
        else:
            high = middle
    share = (raw - knots[low]) / (knots[high] - knots[low])
    return levels[low] + share * (levels[high] - levels[low])  # type: ignore[no-any-return]


@kernel
def probabilities(knots: Array, levels: Array, is_sigmoid: int, raws: Array) -> Array:
    """Return the probabilities f64[n] of raw scores f64[n]."""
    out = np.empty(raws.size, np.float64)
    for at in range(raws.size):
        out[at] = probability_at(knots, levels, is_sigmoid, raws[at])
    return out
