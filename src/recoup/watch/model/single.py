"""The score of one row: every threshold is asked once, eight at a time, and a step down a tree looks its answer up.

The same sum, bit for bit, as trees walked by ranks. Ranks are searched for, and a step by ranks reads and compares; here a step
is two reads and an addition, and nothing depends on where values lie. Trees are laid out as if each were full: the two places
below place i are 2i and 2i + 1, and below a leaf the way leads left. A forest whose trees are deeper than eight levels, or that
asks more than some thousand different things, is walked by ranks.
"""

from __future__ import annotations

from itertools import pairwise
from math import inf
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from recoup.trace.kernels.compiled import inner, kernel
from recoup.watch.model import lanes
from recoup.watch.model.forest import Forest
from recoup.watch.model.kernels import score_with

_ask: Any = lanes.ask  # numba gives it to kernels without the first argument
Array = Any  # numba infers types from the call; the docstrings give them

_DEPTH_MAX: Final = 8
_CUTS_MAX: Final = 4_096
"""To ask more takes longer than to walk."""
_PLACES_MAX: Final = 1 << 18
"""3 MiB: more than the processor keeps near."""
_AT_ONCE: Final = 8
_LINE: Final = 64
_NOUGHT: Final = float(np.float32(1e-35))
_MASK: Final = 0x7FFFFFFF
_ONE: Final = np.uint64(1)


class Single(NamedTuple):
    """A forest laid out for one row; empty arrays where it does not fit."""

    cuts: npt.NDArray[np.float64]
    """Thresholds of the features looked at, ascending, end to end, each feature's filled up with infinity to whole eights."""
    starts: npt.NDArray[np.int32]
    """By feature looked at, and the end of the last."""
    ways: npt.NDArray[np.uint16]
    """[trees * 2^depth], by tree and place, 1 the top: which answer is looked up; below a leaf the one that is always no."""
    ends: npt.NDArray[np.float64]
    """[trees * 2^depth]: what is added by who comes out at the n-th place of all below."""
    depth: npt.NDArray[np.int64]
    """(1,)"""


def _begins_a_line(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return a copy that begins where a line of the cache does: what is read eight at a time then lies in one."""
    raw = np.zeros(values.nbytes + _LINE, np.uint8)
    first = -raw.ctypes.data % _LINE
    found = raw[first : first + values.nbytes].view(values.dtype)
    found[:] = values
    return found


def single_of(forest: Forest) -> Single:
    """Return a forest laid out for one row."""
    edges = np.append(forest.cut_starts, len(forest.cuts)).tolist()
    known = [forest.cuts[begin:end] for begin, end in pairwise(edges)]
    cuts, starts = list[float](), [0]
    for some in known:
        real = some[np.isfinite(some)].tolist()
        # A threshold of infinity may be asked too: one place more answers it, with no.
        cuts += real + [inf] * (_AT_ONCE - len(real) % _AT_ONCE)
        starts.append(len(cuts))
    depth = max(1, int(forest.depths.max(initial=0)))
    places = forest.roots.size << min(depth, _DEPTH_MAX)
    if depth > _DEPTH_MAX or len(cuts) > _CUTS_MAX or places > _PLACES_MAX:
        nothing = np.zeros(0)
        return Single(
            nothing, np.zeros(1, np.int32), np.zeros(0, np.uint16), nothing, np.zeros(1, np.int64)
        )
    ways = np.full((forest.roots.size, 1 << depth), 2 * len(cuts), np.uint16)
    ends = np.zeros(ways.shape)
    for tree, root in enumerate(forest.roots.tolist()):
        _lay(forest, root, starts, (ways[tree], ends[tree]))
    return Single(
        _begins_a_line(np.array(cuts, np.float64)),
        np.array(starts, np.int32),
        _begins_a_line(ways.reshape(-1)),
        ends.reshape(-1),
        np.array([depth], np.int64),
    )


def _lay(
    forest: Forest,
    root: int,
    starts: list[int],
    out: tuple[npt.NDArray[np.uint16], npt.NDArray[np.float64]],
) -> None:
    """Write the places of a tree and what its leaves add."""
    ways, ends = out
    level = [(root, 1)]
    for at, place in level:
        node = int(forest.nodes[at])
        child = (node >> 32) & _MASK
        if child == at:
            lowest = place
            while lowest < len(ways):
                lowest *= 2
            ends[lowest - len(ways)] = forest.values[at]
            continue
        column, rank = (node >> 16) & 0xFFFF, node & 0xFFFF
        ways[place] = starts[column >> 1] + rank + (starts[-1] if column & 1 else 0)
        level += [(child, 2 * place), (child + 1, 2 * place + 1)]


def answers_of(single: Single) -> npt.NDArray[np.uint8]:
    """Return room for the answers: of all thresholds where a missing value is below all, where it is above, and one no."""
    return _begins_a_line(np.zeros(2 * single.cuts.size + 1, np.uint8))


@inner
def _ask_all(forest: Forest, single: Single, row: Array, answers: Array) -> None:
    """Write whether a row is above each threshold."""
    cuts, starts = single.cuts, single.starts
    for place in range(np.uint64(forest.looked_at.size)):
        value, kind = row[forest.looked_at[place]], forest.missing[place]
        is_nan = value != value  # noqa: PLR0124
        is_nought = is_nan or abs(value) <= _NOUGHT
        # No branch: which value is nought cannot be foretold.
        is_missing = (is_nan & (kind == 2)) | (is_nought & (kind == 1))
        value = 0.0 if is_nought else value
        for at in range(starts[place], starts[place + _ONE], _AT_ONCE):
            _ask(cuts, at, value, np.uint8(is_missing), answers, at, cuts.size + at)


@inner
def _step(ways: Array, answers: Array, first: int, place: int) -> int:
    """Return the place below one of a tree whose places begin at `first`."""
    return place + place + np.uint64(answers[np.uint64(ways[first + place])])  # type: ignore[return-value]


@inner
def _walk(single: Single, answers: Array) -> float:
    """Return the sum over the trees, in their order; eight are walked side by side."""
    depth = single.depth[0]
    size, eight, total = _ONE << np.uint64(depth), np.uint64(8) << np.uint64(depth), 0.0
    t1, t2, t3 = size, size + size, size + size + size
    t4, t5, t6, t7 = t2 + t2, t2 + t3, t3 + t3, t3 + t2 + t2
    for begin in range(np.uint64(0), np.uint64(single.ways.size), eight):
        ways, ends = single.ways[begin : begin + eight], single.ends[begin : begin + eight]
        a = b = c = d = e = f = g = h = _ONE
        for _ in range(depth):
            a, b = _step(ways, answers, np.uint64(0), a), _step(ways, answers, t1, b)
            c, d = _step(ways, answers, t2, c), _step(ways, answers, t3, d)
            e, f = _step(ways, answers, t4, e), _step(ways, answers, t5, f)
            g, h = _step(ways, answers, t6, g), _step(ways, answers, t7, h)
        total += ends[a - size]  # the first place below all is number `size` of its tree
        total += ends[b]
        total += ends[c + t1]
        total += ends[d + t2]
        total += ends[e + t3]
        total += ends[f + t4]
        total += ends[g + t5]
        total += ends[h + t6]
    return total


@inner
def score_single(forest: Forest, single: Single, row: Array, answers: Array, ranks: Array) -> float:
    """Return the raw score of a row f64[F], as `score_with` gives it; `answers` and u16[2U] `ranks` are room to work in."""
    if single.ways.size == 0:
        return score_with(forest, row, ranks)  # type: ignore[no-any-return]
    _ask_all(forest, single, row, answers)
    return _walk(single, answers)  # type: ignore[no-any-return]


@kernel
def score_singly(forest: Forest, single: Single, rows: Array, answers: Array) -> Array:
    """Return the raw scores f64[n] of rows f64[n, F], one after another; each is what `score` gives, bit for bit."""
    ranks, scores = np.empty(2 * forest.looked_at.size, np.uint16), np.empty(rows.shape[0])
    for at in range(rows.shape[0]):
        scores[at] = score_single(forest, single, rows[at], answers, ranks)
    return scores


__all__ = ["Single", "answers_of", "score_single", "score_singly", "single_of"]
