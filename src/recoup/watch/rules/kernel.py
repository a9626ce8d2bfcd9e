"""Runs compiled rules: one loop over the operations of a program, for one row. No rule is compiled to code.

Every figure is a float64; each operation is one of IEEE 754 in the order in which the program has them, so one row in a batch
of n gives what it gives alone. Whatever is not finite becomes unknown (NaN) at once. Jumps only lead forward: a program ends.
"""

# mypy: disable-error-code="no-any-return"
from __future__ import annotations

from typing import Any, Final

import numpy as np

from recoup.trace.kernels.compiled import inner, kernel
from recoup.watch.rules.limits import RULE_STACK_MAX
from recoup.watch.rules.program import Floats, Op, Program, Programs

NO: Final = 0
"""The rule does not fire."""
FIRES: Final = 1
UNKNOWN: Final = 2
"""It cannot be worked out for this payment: it does not fire, and is counted."""

# The compiler takes plain numbers of the module, not members of an enumeration.
_CONSTANT, _FEATURE, _FACT = int(Op.CONSTANT), int(Op.FEATURE), int(Op.FACT)
_ADD, _SUBTRACT, _MULTIPLY, _DIVIDE = (
    int(Op.ADD),
    int(Op.SUBTRACT),
    int(Op.MULTIPLY),
    int(Op.DIVIDE),
)
_MIN, _MAX, _LESS, _AT_MOST = int(Op.MIN), int(Op.MAX), int(Op.LESS), int(Op.AT_MOST)
_GREATER, _AT_LEAST, _EQUAL = int(Op.GREATER), int(Op.AT_LEAST), int(Op.EQUAL)
_UNEQUAL, _AND, _OR, _OTHERWISE = int(Op.UNEQUAL), int(Op.AND), int(Op.OR), int(Op.OTHERWISE)
_NEGATE, _ABS, _NOT, _TRUTH = int(Op.NEGATE), int(Op.ABS), int(Op.NOT), int(Op.TRUTH)
_KNOWN, _BETWEEN, _ANY_OF = int(Op.KNOWN), int(Op.BETWEEN), int(Op.ANY_OF)
_IF_FALSE, _IF_TRUE = int(Op.IF_FALSE), int(Op.IF_TRUE)
_ONE = np.uint64(1)


@inner
def figure(value: float) -> float:
    """Return `value`, or unknown where it is not finite."""
    return value if abs(value) < np.inf else np.nan


@inner
def of_two(op: int, low: float, high: float) -> float:
    """Return what an operation makes of two values."""
    if op == _AND:
        if low == 0.0 or high == 0.0:
            return 0.0
        return np.nan if np.isnan(low) or np.isnan(high) else 1.0
    if op == _OR:
        if low == 1.0 or high == 1.0:
            return 1.0
        return np.nan if np.isnan(low) or np.isnan(high) else 0.0
    if op == _OTHERWISE:
        return high if np.isnan(low) else low
    if np.isnan(low) or np.isnan(high):
        return np.nan
    return _of_known(op, low, high)


@inner
def _of_known(op: int, low: float, high: float) -> float:
    """Return what arithmetic or a comparison makes of two figures. One chain of equalities: it becomes one jump."""
    found = np.nan
    if op == _ADD:
        found = low + high
    elif op == _SUBTRACT:
        found = low - high
    elif op == _MULTIPLY:
        found = low * high
    elif op == _DIVIDE:
        found = low / high if high != 0.0 else np.nan
    elif op == _MIN:
        found = min(low, high)
    elif op == _MAX:
        found = max(low, high)
    elif op == _LESS:
        found = 1.0 if low < high else 0.0
    elif op == _AT_MOST:
        found = 1.0 if low <= high else 0.0
    elif op == _GREATER:
        found = 1.0 if low > high else 0.0
    elif op == _AT_LEAST:
        found = 1.0 if low >= high else 0.0
    elif op == _EQUAL:
        found = 1.0 if low == high else 0.0
    elif op == _UNEQUAL:
        found = 1.0 if low != high else 0.0
    return figure(found)


@inner
def of_one(op: int, value: float) -> float:
    """Return what an operation makes of one value."""
    if op == _KNOWN:
        return 0.0 if np.isnan(value) else 1.0
    if np.isnan(value):
        return np.nan
    if op == _NEGATE:
        return -value
    if op == _ABS:
        return abs(value)
    if op == _NOT:
        return 0.0 if value != 0.0 else 1.0
    return 1.0 if value != 0.0 else 0.0


@inner
def between(value: float, low: float, high: float) -> float:
    """Return whether `value` lies between: false as soon as one bound says so, though the other is unknown."""
    if value < low or value > high:
        return 0.0
    return np.nan if np.isnan(value) or np.isnan(low) or np.isnan(high) else 1.0


@inner
def any_of(stack: Floats, first: int, count: int) -> float:
    """Return whether the value at `first` equals any of the `count` above it."""
    found = 0.0
    for i in range(first + _ONE, first + _ONE + count):
        if stack[i] == stack[first]:
            return 1.0
        if np.isnan(stack[i]) or np.isnan(stack[first]):
            found = np.nan
    return found


@inner
def _run(
    ops: Any,  # noqa: ANN401 - arrays of numba
    arguments: Any,  # noqa: ANN401
    constants: Floats,
    begin: int,
    end: int,
    row: Floats,
    facts: Floats,
    stack: Floats,
) -> int:
    """Return NO, FIRES or UNKNOWN of the places `begin` to `end`; `stack` holds what is worked on.

    Indices are unsigned: a signed one is looked at for counting from the end, at every step.
    """
    at, stop, top = (
        np.uint64(begin),
        np.uint64(end),
        np.uint64(0),
    )  # `top`: how many values there are
    while at < stop:
        op, argument = ops[at], np.uint64(arguments[at])
        at += _ONE
        if op == _CONSTANT:
            stack[top] = constants[argument]
            top += _ONE
        elif op == _FEATURE:
            stack[top] = figure(row[argument])
            top += _ONE
        elif op == _FACT:
            stack[top] = figure(facts[argument])
            top += _ONE
        elif op == _IF_FALSE:
            if stack[top - _ONE] == 0.0:
                at = argument
        elif op == _IF_TRUE:
            if stack[top - _ONE] == 1.0:
                at = argument
        elif op <= _OTHERWISE:
            top -= _ONE
            stack[top - _ONE] = of_two(op, stack[top - _ONE], stack[top])
        elif op <= _KNOWN:
            stack[top - _ONE] = of_one(op, stack[top - _ONE])
        elif op == _BETWEEN:
            top -= np.uint64(2)
            stack[top - _ONE] = between(stack[top - _ONE], stack[top], stack[top + _ONE])
        else:
            top -= argument
            stack[top - _ONE] = any_of(stack, top - _ONE, argument)
    if np.isnan(stack[0]):
        return UNKNOWN
    return FIRES if stack[0] != 0.0 else NO


@kernel
def evaluate(program: Program, row: Floats, facts: Floats, stack: Floats) -> int:
    """Return NO, FIRES or UNKNOWN of one rule for one payment.

    Args:
        program: the compiled rule.
        row: float64 [F], the features, read before the payment is booked.
        facts: float64 [G], the facts in the order of the vocabulary.
        stack: float64 [RULE_STACK_MAX], to work on.
    """
    return _run(
        program.ops,
        program.arguments,
        program.constants,
        0,
        len(program.ops),
        row,
        facts,
        stack,
    )


@inner
def verdict(programs: Programs, rule: int, row: Floats, facts: Floats, stack: Floats) -> int:
    """Return NO, FIRES or UNKNOWN of one rule of several for one payment: for kernels that decide payment by payment."""
    return _run(
        programs.ops,
        programs.arguments,
        programs.constants,
        programs.starts[rule],
        programs.starts[rule + 1],
        row,
        facts,
        stack,
    )


def new_stack() -> Floats:
    """Return room for the values of any rule that compiles."""
    return np.empty(RULE_STACK_MAX, np.float64)


__all__ = [
    "FIRES",
    "NO",
    "UNKNOWN",
    "any_of",
    "between",
    "evaluate",
    "figure",
    "new_stack",
    "of_one",
    "of_two",
    "verdict",
]
