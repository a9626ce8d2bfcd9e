"""Trees in the flat form that is served: packed nodes and sorted thresholds. Built once from `Tree`s, never changed."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from math import inf
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from recoup import limits
from recoup.watch.model.kernels import RANK_TOP
from recoup.watch.model.trees import Tree, check_trees, malformed

_GROUP: Final = 8  # trees walked side by side; kernels.add_group names each


class Forest(NamedTuple):
    """Flat arrays of a forest; what a kernel of another room takes."""

    nodes: NDArray[np.int64]
    """By node: left child (32 bits), column of ranks (16), rank of the threshold (16). The right child is next to the left."""
    values: NDArray[np.float64]
    """By node: what a leaf adds; 0 for a split."""
    means: NDArray[np.float64]
    """By node: mean of the leaves below it, each as often as rows of training ended there."""
    roots: NDArray[np.int32]
    """By tree, filled up with trees that add nothing to a multiple of eight."""
    depths: NDArray[np.int32]
    """By group of eight trees: steps to the deepest leaf."""
    looked_at: NDArray[np.int32]
    """Features that splits look at, once for each way of taking values for missing."""
    missing: NDArray[np.int8]
    cuts: NDArray[np.float64]
    """Thresholds of the features looked at, ascending, end to end, each feature's filled up with infinity to a power of two."""
    cut_starts: NDArray[np.int32]
    """By feature looked at."""
    cut_steps: NDArray[np.int32]
    """By feature looked at: which power of two; the steps of a search."""


def forest_of(trees: Sequence[Tree], feature_count: int) -> Forest:
    """Return the flat form of `trees`; `ModelFault` for trees that are not whole or past a bound."""
    check_trees(trees, feature_count)
    looked_at, cuts = _cuts(trees)
    places = {key: place for place, key in enumerate(looked_at)}
    nodes, values, means, roots = list[int](), list[float](), list[float](), list[int]()
    depths: list[int] = []
    for tree in trees:
        roots.append(len(nodes))
        depths.append(1 + max(tree.depth_of_splits(), default=-1))
        _lay(tree, places, cuts, (nodes, values, means))
    while len(roots) % _GROUP:
        roots.append(len(nodes))
        depths.append(0)
        nodes.append(_leaf(len(nodes)))
        values.append(0.0)
        means.append(0.0)
    groups = range(0, len(depths), _GROUP)
    steps = [len(cuts[key]).bit_length() for key in looked_at]
    sizes = [1 << power for power in steps]
    filled = [
        cuts[key] + [inf] * (size - len(cuts[key]))
        for key, size in zip(looked_at, sizes, strict=True)
    ]
    return Forest(
        nodes=np.array(nodes, np.int64),
        values=np.array(values, np.float64),
        means=np.array(means, np.float64),
        roots=np.array(roots, np.int32),
        depths=np.array([max(depths[at : at + _GROUP]) for at in groups], np.int32),
        looked_at=np.array([feature for feature, _ in looked_at], np.int32),
        missing=np.array([kind for _, kind in looked_at], np.int8),
        cuts=np.array([cut for part in filled for cut in part], np.float64),
        cut_starts=np.cumsum([0, *sizes], dtype=np.int32)[:-1],
        cut_steps=np.array(steps, np.int32),
    )


_Key = tuple[int, int]


def _cuts(trees: Sequence[Tree]) -> tuple[list[_Key], dict[_Key, list[float]]]:
    """Return the (feature, kind of missing) that splits look at, in order, and the distinct thresholds of each."""
    found: dict[_Key, set[float]] = {}
    for tree in trees:
        keys = zip(tree.features, tree.missing, strict=True)
        for key, threshold in zip(keys, tree.thresholds, strict=True):
            found.setdefault(key, set()).add(threshold)
    cuts = {key: sorted(found[key]) for key in sorted(found)}
    most = max(map(len, cuts.values()), default=0)
    if most > limits.MODEL_CUTS_MAX or 2 * len(cuts) > RANK_TOP:
        raise malformed(f"expected at most {limits.MODEL_CUTS_MAX} thresholds a feature")
    return list(cuts), cuts


def _lay(
    tree: Tree,
    places: dict[_Key, int],
    cuts: dict[_Key, list[float]],
    out: tuple[list[int], list[float], list[float]],
) -> None:
    """Append the nodes of a tree, level by level, the two children of a split side by side."""
    nodes, values, means = out
    averages = _averages(tree)
    start = len(nodes)
    level = [0 if tree.features else -1]
    laid = 1  # nodes of this tree that have a place
    while level:
        below: list[int] = []
        for child in level:
            if child < 0:
                nodes.append(_leaf(len(nodes)))
                values.append(tree.values[-child - 1])
                means.append(tree.values[-child - 1])
                continue
            key = (tree.features[child], tree.missing[child])
            column = 2 * places[key] + (not tree.missing_left[child])
            rank = bisect_left(cuts[key], tree.thresholds[child])
            nodes.append((start + laid) << 32 | column << 16 | rank)
            values.append(0.0)
            means.append(averages[child])
            below += [tree.left[child], tree.right[child]]
            laid += 2
        level = below


def _leaf(place: int) -> int:
    """Return a leaf: its own left child, and no rank is above its threshold's."""
    return place << 32 | RANK_TOP


def _averages(tree: Tree) -> list[float]:
    """Return by split the mean of the leaves below, weighted by their counts; plain where nothing was counted."""
    order = sorted(range(len(tree.features)), key=tree.depth_of_splits().__getitem__, reverse=True)
    weights, sums = [0.0] * len(order), [0.0] * len(order)
    is_counted = any(tree.counts)
    for split in order:
        for child in (tree.left[split], tree.right[split]):
            if child >= 0:
                weights[split] += weights[child]
                sums[split] += sums[child]
            else:
                weight = tree.counts[-child - 1] if is_counted else 1
                weights[split] += weight
                sums[split] += weight * tree.values[-child - 1]
    return [total / weight if weight else 0.0 for total, weight in zip(sums, weights, strict=True)]
