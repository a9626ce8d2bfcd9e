"""Served scores are the trained trees': LightGBM's own predictions, and a plain walk over trees of any shape, bit for bit."""

from __future__ import annotations

import math

import lightgbm
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recoup.watch.model import Missing, Tree, contributions, forest_of, parse_trees, score_many
from recoup.watch.model import score as score_one

NOUGHT = float(np.float32(1e-35))
ODD = (math.nan, math.inf, -math.inf, 0.0, -0.0, NOUGHT, -NOUGHT, 1e-36, 1e-34, -1e-34)


def plain_score(trees, row, is_left=lambda value, threshold: value <= threshold) -> float:
    """The sum of the leaves that a row ends in, one comparison after another."""
    return sum((tree.values[plain_leaf(tree, row, is_left)] for tree in trees), 0.0)


def plain_leaf(tree: Tree, row, is_left) -> int:
    at = 0 if tree.features else -1
    while at >= 0:
        value = row[tree.features[at]]
        kind = tree.missing[at]
        if abs(value) <= NOUGHT or (math.isnan(value) and kind != Missing.NAN):
            value = 0.0
        is_missing = math.isnan(value) or (kind == Missing.ZERO and value == 0)
        goes_left = tree.missing_left[at] if is_missing else is_left(value, tree.thresholds[at])
        at = tree.left[at] if goes_left else tree.right[at]
    return -at - 1


def grown(draw: np.random.Generator, splits: int, width: int) -> Tree:
    """A tree of a random shape with thresholds that come again."""
    children = {"left": [], "right": []}
    open_ends: list[tuple[int, str]] = []
    for split in range(splits):
        if split:
            parent, side = open_ends.pop(int(draw.integers(len(open_ends))))
            children[side][parent] = split
        children["left"].append(0)
        children["right"].append(0)
        open_ends += [(split, "left"), (split, "right")]
    for leaf, (parent, side) in enumerate(open_ends):
        children[side][parent] = -leaf - 1
    leaves = splits + 1
    marks = (-2.5, -1.0, 0.0, NOUGHT, 0.1, 1.0, 7.0, math.inf)
    return Tree(
        tuple(draw.integers(0, width, splits).tolist()),
        tuple(float(draw.choice(marks)) for _ in range(splits)),
        tuple(draw.integers(0, 3, splits).tolist()),
        tuple(draw.random(splits) < 0.5),
        tuple(children["left"]),
        tuple(children["right"]),
        tuple(draw.normal(size=leaves).tolist()),
        tuple(draw.integers(0, 50, leaves).tolist()),
    )


def rows_at(trees, draw: np.random.Generator, count: int, width: int) -> np.ndarray:
    """Rows that lie on thresholds, a hair beside them, and at odd values."""
    marks = [mark for tree in trees for mark in tree.thresholds] or [0.0]
    beside = [math.nextafter(mark, way) for mark in marks for way in (-math.inf, math.inf)]
    return draw.choice(np.array([*marks, *beside, *ODD]), (count, width))


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32), trees=st.integers(1, 20), width=st.integers(1, 6))
def test_a_forest_of_any_shape_gives_what_a_plain_walk_gives(seed, trees, width) -> None:
    draw = np.random.default_rng(seed)
    forest = tuple(grown(draw, int(draw.integers(0, 12)), width) for _ in range(trees))
    rows = rows_at(forest, draw, 40, width)
    flat = forest_of(forest, width)
    expected = np.array([plain_score(forest, row) for row in rows])
    assert np.array_equal(expected, score_many(flat, rows))
    assert [score_one(flat, row) for row in rows] == expected.tolist()  # a batch of n is n of 1
    added = contributions(flat, rows)
    assert np.allclose(added.sum(axis=1), expected, atol=1e-12, rtol=0)


def trained(
    draw: np.random.Generator, width: int, leaves: int
) -> tuple[lightgbm.Booster, np.ndarray]:
    """A small model of LightGBM, and the rows it learnt from: holes, noughts, values that come again."""
    rows = np.round(draw.normal(size=(300, width)) * 3, int(draw.integers(0, 4)))
    rows[draw.random(rows.shape) < draw.choice([0.0, 0.2])] = math.nan
    rows[draw.random(rows.shape) < draw.choice([0.0, 0.3])] = 0.0
    target = np.nan_to_num(rows).sum(axis=1) + draw.normal(size=300) > 0
    options = {
        "objective": "binary",
        "num_leaves": leaves,
        "min_data_in_leaf": 3,
        "min_data_in_bin": 1,
        "zero_as_missing": bool(draw.random() < 0.3),
        "use_missing": bool(draw.random() < 0.8),
        "num_threads": 1,
        "deterministic": True,
        "verbosity": -1,
    }
    return lightgbm.train(options, lightgbm.Dataset(rows, target), 11), rows


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32), width=st.integers(1, 8), leaves=st.integers(2, 40))
def test_scores_are_those_of_lightgbm(seed, width, leaves) -> None:
    draw = np.random.default_rng(seed)
    booster, learnt = trained(draw, width, leaves)
    trees, count = parse_trees(booster.model_to_string())
    rows = np.vstack([learnt, rows_at(trees, draw, 200, width)])
    expected = booster.predict(rows, raw_score=True, num_threads=1)
    found = score_many(forest_of(trees, count), rows)
    assert np.abs(expected - found).max() <= 1e-6
    assert np.array_equal(expected, found)  # more than is promised: the sums run alike


def test_a_walk_that_sends_equal_values_the_other_way_is_found_out() -> None:
    """The negative control: rows on thresholds tell <= from <."""
    draw = np.random.default_rng(5)
    booster, _ = trained(draw, 4, 20)
    trees, count = parse_trees(booster.model_to_string())
    rows = rows_at(trees, draw, 200, 4)
    wrong = [plain_score(trees, row, lambda value, mark: value < mark) for row in rows]
    found = score_many(forest_of(trees, count), rows)
    assert np.abs(found - wrong).max() > 1e-6
    assert [plain_score(trees, row) for row in rows] == found.tolist()


@pytest.mark.parametrize("count", [1, 7, 8, 9])
def test_trees_that_do_not_fill_a_group_of_eight_are_all_counted(count) -> None:
    stump = Tree((0,), (1.0,), (0,), (True,), (-1,), (-2,), (0.25, -0.5), (3, 1))
    flat = forest_of([stump] * count, 1)
    assert score_many(flat, np.array([[1.0], [2.0]])).tolist() == [0.25 * count, -0.5 * count]
    # 3 of 4 rows of training ended in 0.25, the others in -0.5.
    base = count * 0.0625
    assert np.allclose(contributions(flat, np.array([[2.0]])), [[-0.5 * count - base, base]])
