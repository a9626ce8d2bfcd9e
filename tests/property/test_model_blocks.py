"""Scores of blocks are scores of rows, bit for bit: forests of every shape, missing values; what does not fit is walked."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recoup.watch.model import Tree, forest_of, score_many
from recoup.watch.model.blocks import blocks_of, room_of, score_in_blocks
from recoup.watch.model.single import answers_of, score_singly, single_of

FEATURES = 7
VALUES = np.array(
    [np.nan, 0.0, -0.0, 1e-36, -1e-36, 0.5, 1.0, 2.0, -3.0, 1e300, -1e300, np.inf, -np.inf]
)


def tree_of(
    draw: np.random.Generator, splits: int, depth: int, cuts: int, width: int = FEATURES
) -> Tree:
    """A tree grown at random: splits of leaves that are not too deep."""
    features, thresholds, missing, missing_left, left, right = [], [], [], [], [], []
    open_leaves, leaf_depth = [(-1, 0)], {-1: 0}
    levels = {0: 0}
    for split in range(splits):
        if not open_leaves:
            break
        at = int(draw.integers(len(open_leaves)))
        parent, side = open_leaves.pop(at)
        level = levels[parent] + 1 if parent >= 0 else 0
        if parent >= 0:
            (left if side == 0 else right)[parent] = split
        levels[split] = level
        features.append(int(draw.integers(width)))
        thresholds.append(float(draw.integers(-cuts, cuts)) / 2)
        missing.append(int(draw.integers(3)))
        missing_left.append(bool(draw.integers(2)))
        left.append(None)
        right.append(None)
        if level + 1 < depth:
            open_leaves += [(split, 0), (split, 1)]
    del leaf_depth
    count = 0
    for children in (left, right):
        for at, child in enumerate(children):
            if child is None:
                count += 1
                children[at] = -count
    leaves = max(1, count)
    return Tree(
        tuple(features),
        tuple(thresholds),
        tuple(missing),
        tuple(missing_left),
        tuple(left),
        tuple(right),
        tuple(draw.normal(size=leaves).tolist()),
        (1,) * leaves,
    )


def rows_of(draw: np.random.Generator, count: int, width: int = FEATURES) -> np.ndarray:
    rows = draw.integers(-40, 40, (count, width)) / 2
    odd = draw.random(rows.shape) < 0.3
    rows[odd] = draw.choice(VALUES, int(odd.sum()))
    return rows


def both(trees, rows):
    width = rows.shape[1]
    forest = forest_of(trees, width)
    blocks = blocks_of(forest)
    room = room_of(forest, blocks, width)
    return score_many(forest, rows), score_in_blocks(forest, blocks, room, rows), blocks


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.integers(0, 20),
    st.sampled_from([1, 5, 16, 17, 63, 64, 65, 200]),
    st.sampled_from([1, FEATURES, 8, 9, 16, 19]),  # columns are laid out eight by eight
)
def test_blocks_give_what_rows_give(seed, trees, count, width):
    draw = np.random.default_rng(seed)
    forest = [
        tree_of(draw, int(draw.integers(0, 40)), int(draw.integers(1, 9)), 40, width)
        for _ in range(trees + 1)
    ]
    alone, together, blocks = both(forest, rows_of(draw, count, width))
    assert len(blocks.table_starts) >= trees + 1
    assert alone.tobytes() == together.tobytes()


@pytest.mark.parametrize(("depth", "cuts"), [(9, 40), (12, 40), (6, 40_000)])
def test_a_forest_that_does_not_fit_is_walked_row_by_row(depth, cuts):
    draw = np.random.default_rng(depth)
    forest = [tree_of(draw, 400, depth, cuts) for _ in range(150)]
    alone, together, blocks = both(forest, rows_of(draw, 100))
    assert len(blocks.table_starts) == 0
    assert alone.tobytes() == together.tobytes()


def test_as_many_thresholds_as_fit_and_one_more():
    def forest(count):
        return [
            Tree((0,), (float(at),), (0,), (False,), (-1,), (-2,), (1.0, 2.0), (1, 1))
            for at in range(1, count + 1)
        ]

    rows = np.tile(np.arange(0, 300, 0.5)[:, None], (1, FEATURES))
    for count, fits in ((254, True), (255, True), (256, False)):
        alone, together, blocks = both(forest(count), rows)
        assert (len(blocks.table_starts) > 0) == fits
        assert alone.tobytes() == together.tobytes()


def test_the_control_a_split_that_goes_the_other_way_is_seen():
    draw = np.random.default_rng(1)
    forest = forest_of([tree_of(draw, 20, 6, 40) for _ in range(9)], FEATURES)
    blocks = blocks_of(forest)
    rows, room = rows_of(draw, 64), room_of(forest, blocks, FEATURES)
    blocks.thresholds[0] = 255
    assert (
        score_many(forest, rows).tobytes() != score_in_blocks(forest, blocks, room, rows).tobytes()
    )


def singly(forest, rows):
    single = single_of(forest)
    return score_singly(forest, single, rows, answers_of(single)), single


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(0, 20), st.sampled_from([1, FEATURES, 19]))
def test_a_row_by_itself_gives_what_ranks_give(seed, trees, width):
    draw = np.random.default_rng(seed)
    forest = forest_of(
        [
            tree_of(draw, int(draw.integers(0, 40)), int(draw.integers(1, 9)), 40, width)
            for _ in range(trees + 1)
        ],
        width,
    )
    rows = rows_of(draw, 30, width)
    found, single = singly(forest, rows)
    assert single.ways.size > 0
    assert score_many(forest, rows).tobytes() == found.tobytes()


@pytest.mark.parametrize(("depth", "cuts"), [(9, 40), (12, 40), (6, 40_000)])
def test_a_forest_that_asks_too_much_of_a_row_is_walked_by_ranks(depth, cuts):
    draw = np.random.default_rng(depth)
    forest = forest_of([tree_of(draw, 400, depth, cuts) for _ in range(150)], FEATURES)
    rows = rows_of(draw, 40)
    found, single = singly(forest, rows)
    assert single.ways.size == 0
    assert score_many(forest, rows).tobytes() == found.tobytes()


@pytest.mark.parametrize("count", [1, 7, 8, 9, 16])
@pytest.mark.parametrize("kind", [0, 1, 2])
@pytest.mark.parametrize("goes_left", [False, True])
def test_every_value_at_every_threshold_infinity_too(count, kind, goes_left):
    thresholds = [*map(float, range(-3, count - 4)), np.inf]
    trees = [
        Tree((0,), (one,), (kind,), (goes_left,), (-1,), (-2,), (1.0, 2.0**-at), (1, 1))
        for at, one in enumerate(thresholds)
    ]
    rows = np.concatenate([VALUES, np.arange(-9, 2 * count + 9) / 2])[:, None]
    forest = forest_of(trees, 1)
    found, _ = singly(forest, rows)
    assert score_many(forest, rows).tobytes() == found.tobytes()


def test_the_control_an_answer_looked_up_elsewhere_is_seen():
    draw = np.random.default_rng(1)
    forest = forest_of([tree_of(draw, 20, 6, 40) for _ in range(9)], FEATURES)
    single, rows = single_of(forest), rows_of(draw, 64)
    single.ways[1] = 2 * single.cuts.size  # the first split of the first tree says no for ever
    found = score_singly(forest, single, rows, answers_of(single))
    assert score_many(forest, rows).tobytes() != found.tobytes()
