"""The state handed over as one array of whole numbers: where each of its arrays begins and how long it is.

To hand over a dozen arrays of records takes a call from Python several microseconds: more than a payment takes.
"""

# mypy: disable-error-code="no-untyped-call,no-untyped-def,misc"
from __future__ import annotations

from typing import Final

import numba
import numpy as np
import numpy.typing as npt
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from recoup.trace.kernels.compiled import maker
from recoup.watch.state.kernels.words import EXTRA_SIZE, PAIR, POCKET, ROW, TOLD, State

_FIELDS: Final = len(State._fields)


@intrinsic
def pointer_at(typingctx, address):  # noqa: ARG001
    """Return the pointer to an address."""

    def generate(context, builder, signature, args):  # noqa: ARG001
        return builder.inttoptr(args[0], cgutils.voidptr_t)

    return types.voidptr(types.int64), generate


def addresses_of(state: State) -> npt.NDArray[np.int64]:
    """Return (2 * fields,): address and length of each array; they hold as long as somebody keeps the state."""
    assert all(array.flags.c_contiguous for array in state)
    return np.array([(array.ctypes.data, len(array)) for array in state], np.int64).reshape(-1)


@maker
def words_at(address, count):
    """Return the `count` whole numbers that begin at an address."""
    return numba.carray(pointer_at(address), (count,), np.int64)


@maker
def state_at(at):
    """Return the state whose arrays begin at the addresses `at`."""
    return State(
        numba.carray(pointer_at(at[0]), (at[1],), POCKET),
        numba.carray(pointer_at(at[2]), (at[3],), np.int64),
        numba.carray(pointer_at(at[4]), (at[5],), np.int32),
        numba.carray(pointer_at(at[6]), (at[7],), ROW),
        numba.carray(pointer_at(at[8]), (at[9],), PAIR),
        numba.carray(pointer_at(at[10]), (at[11],), TOLD),
        numba.carray(pointer_at(at[12]), (at[13], EXTRA_SIZE), np.int64),
        numba.carray(pointer_at(at[14]), (at[15],), np.int64),
        numba.carray(pointer_at(at[16]), (at[17],), np.int64),
        numba.carray(pointer_at(at[18]), (at[19],), np.int64),
        numba.carray(pointer_at(at[20]), (at[21],), np.int64),
        numba.carray(pointer_at(at[22]), (at[23],), np.int64),
    )


assert _FIELDS == 12, "a field of the state is not handed over"
