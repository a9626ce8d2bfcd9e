"""What a rule becomes: a flat postfix program of small integers and constants, and what each operation does. No text.

Values are floats: a figure, 1.0 for true, 0.0 for false, NaN for *unknown*. Unknown is what cannot be worked out: a figure that
is not there, a division by zero, anything not finite. It goes through arithmetic and comparisons; `and`, `or` and `not` are
Kleene's: false and unknown is false, true or unknown is true, else unknown stays. A rule that is unknown does not fire.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]


class Op(IntEnum):
    """Operations of a program; `argument` is the second number that goes with each."""

    CONSTANT = 0
    """Push constant number `argument`."""
    FEATURE = 1
    """Push the feature in column `argument`."""
    FACT = 2
    """Push the fact in column `argument`."""
    ADD = 3
    SUBTRACT = 4
    MULTIPLY = 5
    DIVIDE = 6
    MIN = 7
    MAX = 8
    LESS = 9
    AT_MOST = 10
    GREATER = 11
    AT_LEAST = 12
    EQUAL = 13
    UNEQUAL = 14
    AND = 15
    OR = 16
    OTHERWISE = 17
    """The upper of two where the lower is unknown, else the lower."""
    NEGATE = 18
    ABS = 19
    NOT = 20
    TRUTH = 21
    """1.0 of anything but zero: flags of a matrix are not always exactly one."""
    KNOWN = 22
    """1.0 unless unknown; never unknown itself."""
    BETWEEN = 23
    """Of three: whether the lowest lies between the others, bounds included."""
    ANY_OF = 24
    """Of one and `argument` more: whether it equals any of them."""
    IF_FALSE = 25
    """Go on at `argument` if the top is false, which stays."""
    IF_TRUE = 26
    """The same if it is true."""


class Program(NamedTuple):
    """One compiled rule. `argument` of a jump is a place of this program."""

    ops: Ints
    arguments: Ints
    constants: Floats


class Programs(NamedTuple):
    """Several compiled rules one behind the other: rule r is the places `starts[r]` to `starts[r + 1]`."""

    ops: Ints
    arguments: Ints
    constants: Floats
    starts: Ints


def joined(programs: list[Program]) -> Programs:
    """Return several programs as one, constants and jumps moved along."""
    arguments = []
    starts, constants = [0], 0
    for ops, given, own in programs:
        moved = given.copy()
        moved[ops == Op.CONSTANT] += constants
        jumps = (ops == Op.IF_FALSE) | (ops == Op.IF_TRUE)
        moved[jumps] += starts[-1]
        arguments.append(moved)
        starts.append(starts[-1] + len(ops))
        constants += len(own)
    empty, none = np.empty(0, np.int32), np.empty(0, np.float64)
    return Programs(
        np.concatenate([empty, *(p.ops for p in programs)]),
        np.concatenate([empty, *arguments]),
        np.concatenate([none, *(p.constants for p in programs)]),
        np.array(starts, np.int32),
    )


__all__ = ["Floats", "Ints", "Op", "Program", "Programs", "joined"]
