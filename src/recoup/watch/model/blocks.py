"""Scores of sixty-four rows at once: every split is asked of all rows in one step. The same sums, bit for bit, as row by row.

The rows that reach a node are the bits of one number; its split halves them. How a row went right or left at each level is the
number of its leaf. So a tree costs its splits, not its levels times its rows, and nothing depends on where a row goes. A forest
whose trees are deeper than eight levels, or that asks a feature more than 254 different things, is walked row by row.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from recoup.trace.kernels.compiled import inner, kernel
from recoup.watch.model import lanes
from recoup.watch.model.forest import Forest
from recoup.watch.model.lanes import LANES, PLANES
from recoup.watch.model.single import Single, answers_of, score_single, single_of

_above: Any = lanes.above  # numba gives them to kernels without the first argument
_add_leaves: Any = lanes.add_leaves
_rank_column: Any = lanes.rank_column
_turn_tile: Any = lanes.turn_tile
Array = Any  # numba infers types from the call; the docstrings give them

_CUTS_MAX: Final = 254
FEW: Final = 16
"""Rows for which asking every split costs more than walking the trees."""
_NOUGHT: Final = float(np.float32(1e-35))
_MASK: Final = 0x7FFFFFFF
_TILE: Final = 8


class Blocks(NamedTuple):
    """A forest laid out for blocks of rows; empty arrays where it does not fit.

    Splits come level by level, and of one level those of one tree far from each other: none waits for what another just wrote.
    """

    columns: npt.NDArray[np.int32]
    """By split: the column of ranks that it asks."""
    thresholds: npt.NDArray[np.uint8]
    left: npt.NDArray[np.int32]
    """By split: the next split that way; as many as there are splits: a leaf."""
    right: npt.NDArray[np.int32]
    planes: npt.NDArray[np.int32]
    """By split: the plane that keeps who went right there: one a tree and level."""
    tables: npt.NDArray[np.float64]
    """What leaves add: of each tree, by the number of the way to it, 2^k numbers of k levels."""
    table_starts: npt.NDArray[np.int32]
    """By tree."""
    cut_counts: npt.NDArray[np.int32]
    """By feature looked at: its thresholds without what fills them up."""
    single: Single
    """For few rows."""


class Room(NamedTuple):
    """Room to work in."""

    rows: npt.NDArray[np.float64]  # (64, F)
    scores: npt.NDArray[np.float64]  # (64,)
    columns: npt.NDArray[np.float64]  # (F, 64): the same, feature by feature
    ranks: npt.NDArray[np.uint8]  # (2U * 64,): column by column
    reach: npt.NDArray[np.uint64]  # (splits + 1,)
    planes: npt.NDArray[np.uint64]  # (8 * trees,)
    answers: npt.NDArray[np.uint8]  # of one row


def room_of(forest: Forest, blocks: Blocks, width: int) -> Room:
    """Return room for blocks of rows of so many features."""
    return Room(
        np.zeros((LANES, width)),
        np.zeros(LANES),
        np.zeros((width, LANES)),
        np.zeros(max(1, 2 * forest.looked_at.size) * LANES, np.uint8),
        np.full(blocks.columns.size + 1, ~np.uint64(0)),
        np.zeros(max(1, blocks.table_starts.size) * PLANES, np.uint64),
        answers_of(blocks.single),
    )


def blocks_of(forest: Forest) -> Blocks:
    """Return a forest laid out for blocks; without trees where it does not fit."""
    roots = forest.roots.tolist()
    is_fit = int(forest.cut_steps.max(initial=0)) <= 8 and forest.depths.max(initial=0) <= PLANES
    splits, tables, table_starts = list[_Split](), list[float](), list[int]()
    for tree, root in enumerate(roots if is_fit else ()):
        own, table = _tree(forest, tree, root)
        splits += own
        table_starts.append(len(tables))
        tables += table
    if any(one.threshold > _CUTS_MAX for one in splits):
        without = blocks_of(forest._replace(roots=forest.roots[:0]))
        return without._replace(single=single_of(forest))
    order = sorted(splits, key=lambda one: (one.level, one.turn, one.tree))
    places = {one.node: at for at, one in enumerate(order)}
    sizes = np.append(forest.cut_starts, len(forest.cuts))
    counts = [
        int(np.isfinite(forest.cuts[begin:end]).sum()) for begin, end in pairwise(sizes.tolist())
    ]
    return Blocks(
        np.array([one.column for one in order], np.int32),
        np.array([one.threshold for one in order], np.uint8),
        np.array([places.get(one.child, len(order)) for one in order], np.int32),
        np.array([places.get(one.child + 1, len(order)) for one in order], np.int32),
        np.array([one.tree * PLANES + one.level for one in order], np.int32),
        np.array(tables, np.float64),
        np.array(table_starts, np.int32),
        np.array(counts, np.int32),
        single_of(forest),
    )


class _Split(NamedTuple):
    tree: int
    level: int
    turn: int
    """Among those of its level."""
    node: int
    child: int
    column: int
    threshold: int


def _tree(forest: Forest, tree: int, root: int) -> tuple[list[_Split], list[float]]:
    """Return the splits of a tree, and what its leaves add by the way to them."""
    own, leaves, level, depth = list[_Split](), dict[int, float](), [(root, 0)], 0
    while level:
        below = list[tuple[int, int]]()
        for at, way in level:
            node = int(forest.nodes[at])
            child = (node >> 32) & _MASK
            if child == at:
                leaves[way] = float(forest.values[at])
                continue
            column, threshold = (node >> 16) & 0xFFFF, node & 0xFFFF
            own.append(_Split(tree, depth, len(below), at, child, column, threshold))
            below += [(child, way), (child + 1, way | 1 << depth)]
        level, depth = below, depth + 1
    table = [0.0] * (1 << max(0, depth - 1))
    for way, value in leaves.items():
        table[way] = value
    return own, table


@inner
def lay_columns(room: Room) -> None:
    """Write the rows of the room feature by feature: rules and trees ask one feature of all rows at once."""
    rows, columns = room.rows, room.columns
    width = rows.shape[1]
    if width < _TILE:
        for feature in range(width):
            for lane in range(LANES):
                columns[feature, lane] = rows[lane, feature]
        return
    for begin in range(0, width, _TILE):
        feature = min(begin, width - _TILE)  # the last eight may be some of those before
        for lane in range(0, LANES, _TILE):
            _turn_tile(rows, lane * width + feature, width, columns, feature * LANES + lane)


@inner
def _fill_ranks(forest: Forest, blocks: Blocks, room: Room) -> None:
    """Write the ranks of all rows, a column a feature and way of taking missing values."""
    for place in range(forest.looked_at.size):
        start, count = np.int64(forest.cut_starts[place]), np.int64(blocks.cut_counts[place])
        first, kind = np.int64(forest.looked_at[place]) * LANES, np.int64(forest.missing[place])
        at = 2 * place * LANES
        _rank_column(
            *(room.columns, first, _NOUGHT, kind),
            *(forest.cuts, start, count, room.ranks, at),
        )


@inner
def _sum_leaves(blocks: Blocks, room: Room) -> None:
    """Add what the leaves of every tree give, tree by tree."""
    ranks, reach, planes = room.ranks, room.reach, room.planes
    room.scores[:] = 0.0
    planes[:] = np.uint64(0)
    for at in range(len(blocks.columns)):
        here = reach[at]
        column = np.int64(blocks.columns[at]) * LANES
        right = here & _above(ranks, column, blocks.thresholds[at])
        reach[np.uint32(blocks.right[at])] = right
        reach[np.uint32(blocks.left[at])] = here ^ right
        planes[np.uint32(blocks.planes[at])] |= right
    for tree in range(len(blocks.table_starts)):
        at = tree * PLANES
        _add_leaves(
            room.scores,
            blocks.tables,
            np.int64(blocks.table_starts[tree]),
            *(planes[at], planes[at + 1], planes[at + 2], planes[at + 3]),
            *(planes[at + 4], planes[at + 5], planes[at + 6], planes[at + 7]),
        )


@inner
def score_block(forest: Forest, blocks: Blocks, room: Room, count: int, ranks: Array) -> None:
    """Write the raw scores of the first `count` rows of the room; `ranks` u16[2U] is room for rows one by one.

    More than `FEW` rows were laid out by `lay_columns` before.
    """
    if count <= FEW or len(blocks.table_starts) == 0:
        for lane in range(count):
            room.scores[lane] = score_single(
                forest, blocks.single, room.rows[lane], room.answers, ranks
            )
    else:
        _fill_ranks(forest, blocks, room)
        _sum_leaves(blocks, room)


@kernel
def score_in_blocks(forest: Forest, blocks: Blocks, room: Room, rows: Array) -> Array:
    """Return the raw scores f64[n] of rows f64[n, F]; each is what `score` gives, bit for bit."""
    ranks = np.empty(2 * forest.looked_at.size, np.uint16)
    scores = np.empty(rows.shape[0], np.float64)
    for begin in range(0, rows.shape[0], LANES):
        count = min(LANES, rows.shape[0] - begin)
        for lane in range(count):
            for feature in range(rows.shape[1]):
                room.rows[lane, feature] = rows[begin + lane, feature]
        lay_columns(room)
        score_block(forest, blocks, room, count, ranks)
        scores[begin : begin + count] = room.scores[:count]
    return scores


__all__ = [
    "FEW",
    "Blocks",
    "Room",
    "blocks_of",
    "lay_columns",
    "room_of",
    "score_block",
    "score_in_blocks",
]
