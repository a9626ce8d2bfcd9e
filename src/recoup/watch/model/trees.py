"""Decision trees as they were trained: splits and leaves of each, in the order of their sum. Not the form that is served.

A split sends a value to the left when it is at most the threshold. What happens to a value that is missing is the split's
`missing` and `missing_left`, as LightGBM has it: under `NONE` a missing value is a nought; under `ZERO` noughts and missing
values go the stated way; under `NAN` missing values do. A number no further from nought than 1e-35 (of 32 bits) is a nought.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from math import inf, isfinite
from typing import Final

from recoup import limits
from recoup.errors import ModelFault, ModelProblem


class Missing(IntEnum):
    """Which values a split takes for missing."""

    NONE = 0
    ZERO = 1
    NAN = 2


@dataclass(frozen=True, slots=True)
class Tree:
    """One tree. A child of at least 0 is a split, of less than 0 the leaf `-child - 1`; a tree without splits is leaf 0."""

    features: tuple[int, ...]
    """By split: the column it looks at."""
    thresholds: tuple[float, ...]
    """Infinity where every value goes to the left, and what is missing to the right."""
    missing: tuple[int, ...]
    """By split: a `Missing`."""
    missing_left: tuple[bool, ...]
    left: tuple[int, ...]
    right: tuple[int, ...]
    values: tuple[float, ...]
    """By leaf: what it adds to the score."""
    counts: tuple[int, ...]
    """By leaf: the rows of training that ended there."""

    def depth_of_splits(self) -> list[int]:
        """Return the depth of every split; `ModelFault` unless the children make one tree of all splits and leaves."""
        splits, leaves = len(self.features), len(self.values)
        depths, leaves_seen = [-1] * splits, 0
        pending = [(0, 0)] if splits else []
        while pending:
            split, depth = pending.pop()
            if not 0 <= split < splits or depths[split] >= 0:
                raise malformed(f"split {split} is no child, or two splits'")
            depths[split] = depth
            for child in (self.left[split], self.right[split]):
                if child >= 0:
                    pending.append((child, depth + 1))
                elif -child > leaves:
                    raise malformed(f"leaf {-child - 1} is not there")
                else:
                    leaves_seen += 1
        named = {-child for side in (self.left, self.right) for child in side if child < 0}
        whole = leaves_seen == len(named) == leaves if splits else leaves == 1
        if not whole or -1 in depths:
            raise malformed("the children do not make one tree of all splits and leaves")
        return depths


def malformed(what: str) -> ModelFault:
    """Return the fault of trees that are none."""
    return ModelFault(ModelProblem.MALFORMED, what)


def check_trees(trees: Sequence[Tree], feature_count: int) -> None:
    """Raise `ModelFault` unless every tree is whole, looks at features that are there, and is within the bounds."""
    if not 1 <= len(trees) <= limits.MODEL_TREES_MAX:
        raise malformed(f"expected 1 to {limits.MODEL_TREES_MAX} trees, was {len(trees)}")
    for number, tree in enumerate(trees):
        splits, leaves = len(tree.features), len(tree.values)
        columns = (tree.thresholds, tree.missing, tree.missing_left, tree.left, tree.right)
        if any(len(column) != splits for column in columns) or len(tree.counts) != leaves:
            raise malformed(f"tree {number}: columns of unequal length")
        if leaves > limits.MODEL_LEAVES_MAX:
            raise malformed(f"tree {number}: expected at most {limits.MODEL_LEAVES_MAX} leaves")
        if not all(0 <= feature < feature_count for feature in tree.features):
            raise malformed(f"tree {number}: a split of a feature that is not there")
        if not all(map(isfinite, tree.values)) or not all(map(_is_threshold, tree.thresholds)):
            raise malformed(f"tree {number}: a threshold or value that is no number")
        if not all(kind in _KINDS for kind in tree.missing) or min(tree.counts) < 0:
            raise malformed(f"tree {number}: missing values of no known kind, or a count below 0")
        if max(tree.depth_of_splits(), default=0) >= limits.MODEL_DEPTH_MAX:
            raise malformed(f"tree {number}: deeper than {limits.MODEL_DEPTH_MAX}")


def _is_threshold(value: float) -> bool:
    return value > -inf  # not NaN either


_KINDS: Final = frozenset(Missing)
_CATEGORICAL, _DEFAULT_LEFT, _MISSING_SHIFT = 1, 2, 2


def parse_trees(text: str) -> tuple[tuple[Tree, ...], int]:
    """Return the trees of a model that LightGBM wrote as text, and how many features it takes."""
    head, *parts = text.partition("\nend of trees")[0].split("\nTree=")
    fields = _fields(head)
    if fields.get("num_class") != "1" or fields.get("num_tree_per_iteration") != "1":
        raise malformed("expected one score a row, was a model of several classes")
    if "average_output" in head.split("\n"):
        raise malformed("expected trees whose sum is the score, was a mean of trees")
    trees = tuple(_tree(_fields(part)) for part in parts)
    count = int(fields["max_feature_idx"]) + 1
    check_trees(trees, count)
    return trees, count


def _fields(text: str) -> dict[str, str]:
    pairs = (line.split("=", 1) for line in text.split("\n") if "=" in line)
    return {pair[0]: pair[1] for pair in pairs}


def _tree(fields: Mapping[str, str]) -> Tree:
    kinds = _whole(fields, "decision_type")
    if any(kind & _CATEGORICAL for kind in kinds) or fields.get("is_linear", "0") != "0":
        raise malformed("expected numerical splits and constant leaves")
    values = _numbers(fields, "leaf_value")
    return Tree(
        features=_whole(fields, "split_feature"),
        thresholds=_numbers(fields, "threshold"),
        missing=tuple(kind >> _MISSING_SHIFT & 3 for kind in kinds),
        missing_left=tuple(bool(kind & _DEFAULT_LEFT) for kind in kinds),
        left=_whole(fields, "left_child"),
        right=_whole(fields, "right_child"),
        values=values,
        counts=_whole(fields, "leaf_count") or (0,) * len(values),
    )


def _whole(fields: Mapping[str, str], name: str) -> tuple[int, ...]:
    return tuple(int(word) for word in fields.get(name, "").split())


def _numbers(fields: Mapping[str, str], name: str) -> tuple[float, ...]:
    return tuple(float(word) for word in fields.get(name, "").split())
