"""All that the loop reads and writes beside payments, handed over as one array of whole numbers: where each array lies.

To hand over some eighty arrays takes a call from Python longer than it takes to decide ten payments.
"""

# mypy: disable-error-code="no-untyped-call,no-untyped-def,misc"
from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numba
import numpy as np
import numpy.typing as npt

from recoup.trace.kernels.compiled import kernel, maker, within
from recoup.watch.model.blocks import Blocks, Room
from recoup.watch.model.forest import Forest
from recoup.watch.model.single import Single
from recoup.watch.patterns.kernels import Graph
from recoup.watch.rules.program import Programs
from recoup.watch.state.kernels.handing import pointer_at
from recoup.watch.state.kernels.words import State
from recoup.watch.stolen.booking import Stream as Flow
from recoup.watch.stolen.rows import ROW
from recoup.watch.stream.arrays import DECIDED, Brain, Desk, Given, Ruling, Weighing

_ROW_BYTES: Final = DECIDED.itemsize
WORDS: Final = 4  # of an array: where it begins, and how long it is each way


def flat(whole: Any) -> Iterator[npt.NDArray[Any]]:
    """Yield the arrays of nested tuples in order."""
    for part in whole:
        if isinstance(part, np.ndarray):
            yield part
        else:
            yield from flat(part)


def places_of(*wholes: Any) -> npt.NDArray[np.int64]:
    """Return where the arrays of these lie, in order; it holds as long as somebody keeps them, and none is replaced."""
    words = []
    for array in flat(wholes):
        assert array.flags.c_contiguous, "a kernel counts on C order"
        shape = (*array.shape, 1, 1, 1)[: WORDS - 1]
        words.append((array.ctypes.data, *shape))
    return np.array(words, np.int64).reshape(-1)


def _reader(dtype: Any, dimensions: int) -> Any:
    """Return what reads array number k of a type and so many dimensions."""
    if dimensions == 1:

        @maker
        def one(at, k):
            return numba.carray(pointer_at(at[4 * k]), (at[4 * k + 1],), dtype)

        return one
    if dimensions == 2:

        @maker
        def two(at, k):
            return numba.carray(pointer_at(at[4 * k]), (at[4 * k + 1], at[4 * k + 2]), dtype)

        return two

    @maker
    def three(at, k):
        shape = (at[4 * k + 1], at[4 * k + 2], at[4 * k + 3])
        return numba.carray(pointer_at(at[4 * k]), shape, dtype)

    return three


_f8, _f8_2, _f8_3 = (_reader(np.float64, n) for n in (1, 2, 3))
_i8, _i8_2, _i8_3 = (_reader(np.int64, n) for n in (1, 2, 3))
_i4, _i4_2, _i4_3 = (_reader(np.int32, n) for n in (1, 2, 3))
_i2, _i2_3 = _reader(np.int16, 1), _reader(np.int16, 3)
_i1, _i1_2 = _reader(np.int8, 1), _reader(np.int8, 2)
_u8, _u8_2, _u2 = _reader(np.uint64, 1), _reader(np.uint64, 2), _reader(np.uint16, 1)
_u1, _u1_2 = (_reader(np.uint8, n) for n in (1, 2))
_rows = _reader(ROW, 1)


@maker
def graph_at(at, k):
    """Return the rings whose arrays are those from number k on."""
    return Graph(
        _i8_3(at, k),
        _i8_3(at, k + 1),
        _i4_3(at, k + 2),
        _i2_3(at, k + 3),
        _i8_2(at, k + 4),
        _i4_2(at, k + 5),
        _i4_2(at, k + 6),
        _i8_2(at, k + 7),
        _i8_2(at, k + 8),
        _i8_2(at, k + 9),
    )


@maker
def flow_at(at, k):
    """Return the rows of stolen money."""
    return Flow(
        _i8(at, k),
        _i8(at, k + 1),
        _i8(at, k + 2),
        _i8(at, k + 3),
        _u1(at, k + 4),
        _u1(at, k + 5),
        _rows(at, k + 6),
        _i8(at, k + 7),
    )


@maker
def brain_at(at, k):
    """Return the model."""
    forest = Forest(
        _i8(at, k),
        _f8(at, k + 1),
        _f8(at, k + 2),
        _i4(at, k + 3),
        _i4(at, k + 4),
        _i4(at, k + 5),
        _i1(at, k + 6),
        _f8(at, k + 7),
        _i4(at, k + 8),
        _i4(at, k + 9),
    )
    blocks = Blocks(
        _i4(at, k + 10),
        _u1(at, k + 11),
        _i4(at, k + 12),
        _i4(at, k + 13),
        _i4(at, k + 14),
        _f8(at, k + 15),
        _i4(at, k + 16),
        _i4(at, k + 17),
        Single(_f8(at, k + 18), _i4(at, k + 19), _u2(at, k + 20), _f8(at, k + 21), _i8(at, k + 22)),
    )
    return Brain(forest, blocks, _f8(at, k + 23), _f8(at, k + 24), _i8(at, k + 25))


@maker
def programs_at(at, k):
    """Return the rules' programs."""
    return Programs(_i4(at, k), _i4(at, k + 1), _f8(at, k + 2), _i4(at, k + 3))


@maker
def ruling_at(at, k):
    """Return what belongs to rules beside their programs."""
    return Ruling(
        _i8(at, k),
        _i8(at, k + 1),
        _u1(at, k + 2),
        _u1(at, k + 3),
        _i8(at, k + 4),
        _i8(at, k + 5),
        _i8(at, k + 6),
        _u1_2(at, k + 7),
        _u1(at, k + 8),
        _i8_2(at, k + 9),
    )


@maker
def weighing_at(at, k):
    """Return the policy."""
    return Weighing(
        _f8(at, k),
        _f8(at, k + 1),
        _f8_3(at, k + 2),
        _i8(at, k + 3),
        _f8(at, k + 4),
        _i8(at, k + 5),
    )


@maker
def desk_at(at, k):
    """Return the room to work in."""
    room = Room(
        _f8_2(at, k),
        _f8(at, k + 1),
        _f8_2(at, k + 2),
        _u1(at, k + 3),
        _u8(at, k + 4),
        _u8(at, k + 5),
        _u1(at, k + 6),
    )
    return Desk(
        room,
        _i8(at, k + 7),
        _u8_2(at, k + 8),
        _f8_2(at, k + 9),
        _u8_2(at, k + 10),
        _f8_2(at, k + 11),
        _f8(at, k + 12),
        _f8_2(at, k + 13),
        _i1(at, k + 14),
        _u2(at, k + 15),
        _f8(at, k + 16),
        _i8(at, k + 17),
    )


@maker
def batch_at(own):
    """Return payments, rows DECIDED, verdicts of rules and room for features, as `lay_batch` or `places_of` wrote them."""
    given = Given(
        _i8(own, 0),
        _i4(own, 1),
        _i4(own, 2),
        _i8(own, 3),
        _i1(own, 4),
        _i2(own, 5),
        _f8_2(own, 6),
    )
    rows = numba.carray(pointer_at(own[4 * 7]), (own[4 * 7 + 1] // _ROW_BYTES,), DECIDED)
    return given, rows, _i1_2(own, 8), _f8_2(own, 9)


@within
def _lay(own, k, array):
    """Write where an array of one dimension lies."""
    own[4 * k], own[4 * k + 1] = array.ctypes.data, array.size


@within
def _lay_two(own, k, array):
    """The same of an array of two."""
    own[4 * k], own[4 * k + 1], own[4 * k + 2] = array.ctypes.data, array.shape[0], array.shape[1]


@kernel
def lay_batch(time_us, payer, payee, amount, kind, currency, named, raw, fired, kept, own):
    """Write into i64 `own` [40] where a batch lies: what `places_of` gives, in less time. All are contiguous."""
    _lay(own, 0, time_us)
    _lay(own, 1, payer)
    _lay(own, 2, payee)
    _lay(own, 3, amount)
    _lay(own, 4, kind)
    _lay(own, 5, currency)
    _lay_two(own, 6, named)
    _lay(own, 7, raw)
    _lay_two(own, 8, fired)
    _lay_two(own, 9, kept)


GRAPH: Final = 0
FLOW: Final = GRAPH + 10
BRAIN: Final = FLOW + 8
PROGRAMS: Final = BRAIN + 26
RULING: Final = PROGRAMS + 4
WEIGHING: Final = RULING + 10
DESK: Final = WEIGHING + 6
ARRAYS: Final = DESK + 18
"""Where each begins among the arrays, and how many these are."""

STATE_WORDS: Final = 2 * len(State._fields)
"""Of what `addresses_of` writes: how much it is."""
ROWS: Final = 7 * WORDS
FIRED: Final = 8 * WORDS
BATCH_WORDS: Final = 10 * WORDS
"""Of what `lay_batch` writes: where the addresses of rows and verdicts stand, and how much it is."""

__all__ = [
    "ARRAYS",
    "BATCH_WORDS",
    "BRAIN",
    "DESK",
    "FIRED",
    "FLOW",
    "GRAPH",
    "PROGRAMS",
    "ROWS",
    "RULING",
    "STATE_WORDS",
    "WEIGHING",
    "WORDS",
    "batch_at",
    "brain_at",
    "desk_at",
    "flow_at",
    "graph_at",
    "lay_batch",
    "places_of",
    "programs_at",
    "ruling_at",
    "weighing_at",
]
