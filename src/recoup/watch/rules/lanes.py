"""Runs a rule for sixty-four payments at once: each operation for all of them before the next. The answers of one by one.

What an operation does stands in `kernel`; here it is only repeated. `and` and `or` give, with a side that a jump would have
left out, what they give without it; so a jump is taken only where every payment takes it, and costs nobody an answer.
"""

# mypy: disable-error-code="no-untyped-call,no-untyped-def,misc"
from __future__ import annotations

from typing import Any, Final

import numpy as np

from recoup.trace.kernels.compiled import inner, kernel
from recoup.watch.rules.kernel import (
    FIRES,
    NO,
    UNKNOWN,
    any_of,
    between,
    figure,
    of_one,
    of_two,
    verdict,
)
from recoup.watch.rules.program import Op

ROWS: Final = 64
"""Payments that one run looks at."""


def _each_two(op: int) -> Any:
    """Return what does one operation of two values for all payments, into the lower."""

    @inner
    def each(low, high):
        for lane in range(ROWS):
            low[lane] = of_two(op, low[lane], high[lane])

    return each


def _each_one(op: int) -> Any:
    """Return what does one operation of one value for all payments."""

    @inner
    def each(values):
        for lane in range(ROWS):
            values[lane] = of_one(op, values[lane])

    return each


_CONSTANT, _FEATURE, _FACT = int(Op.CONSTANT), int(Op.FEATURE), int(Op.FACT)
_ADD, _SUBTRACT, _MULTIPLY, _DIVIDE = map(int, (Op.ADD, Op.SUBTRACT, Op.MULTIPLY, Op.DIVIDE))
_MIN, _MAX, _LESS, _AT_MOST = map(int, (Op.MIN, Op.MAX, Op.LESS, Op.AT_MOST))
_GREATER, _AT_LEAST, _EQUAL = map(int, (Op.GREATER, Op.AT_LEAST, Op.EQUAL))
_UNEQUAL, _AND, _OR, _OTHERWISE = map(int, (Op.UNEQUAL, Op.AND, Op.OR, Op.OTHERWISE))
_NEGATE, _ABS, _NOT, _TRUTH = map(int, (Op.NEGATE, Op.ABS, Op.NOT, Op.TRUTH))
_KNOWN, _BETWEEN, _ANY_OF = map(int, (Op.KNOWN, Op.BETWEEN, Op.ANY_OF))
_IF_FALSE, _IF_TRUE = int(Op.IF_FALSE), int(Op.IF_TRUE)

_add, _subtract, _multiply, _divide = map(_each_two, (_ADD, _SUBTRACT, _MULTIPLY, _DIVIDE))
_min, _max, _less, _at_most = map(_each_two, (_MIN, _MAX, _LESS, _AT_MOST))
_greater, _at_least, _equal = map(_each_two, (_GREATER, _AT_LEAST, _EQUAL))
_unequal, _and, _or, _otherwise = map(_each_two, (_UNEQUAL, _AND, _OR, _OTHERWISE))
_negate, _abs, _not = map(_each_one, (_NEGATE, _ABS, _NOT))
_truth, _known = map(_each_one, (_TRUTH, _KNOWN))


@inner
def _combine(op, low, high):
    """Do an operation of two values for all payments."""
    if op == _ADD:
        _add(low, high)
    elif op == _SUBTRACT:
        _subtract(low, high)
    elif op == _MULTIPLY:
        _multiply(low, high)
    elif op == _DIVIDE:
        _divide(low, high)
    elif op == _MIN:
        _min(low, high)
    elif op == _MAX:
        _max(low, high)
    elif op == _LESS:
        _less(low, high)
    elif op == _AT_MOST:
        _at_most(low, high)
    elif op == _GREATER:
        _greater(low, high)
    elif op == _AT_LEAST:
        _at_least(low, high)
    elif op == _EQUAL:
        _equal(low, high)
    elif op == _UNEQUAL:
        _unequal(low, high)
    elif op == _AND:
        _and(low, high)
    elif op == _OR:
        _or(low, high)
    else:
        _otherwise(low, high)


@inner
def _change(op, values):
    """Do an operation of one value for all payments."""
    if op == _NEGATE:
        _negate(values)
    elif op == _ABS:
        _abs(values)
    elif op == _NOT:
        _not(values)
    elif op == _TRUTH:
        _truth(values)
    else:
        _known(values)


@inner
def _all_are(values, wanted):
    """Return whether every payment has a value."""
    count = 0
    for lane in range(ROWS):
        count += values[lane] == wanted
    return count == ROWS


@inner
def _push(op, given, table, argument, values):
    """Take a line of a table [columns, 64], or one constant, as the values of all payments."""
    if op == _CONSTANT:
        for lane in range(ROWS):
            values[lane] = given
    else:
        for lane in range(ROWS):
            values[lane] = figure(table[argument, lane])


@inner
def verdicts(programs, rule, columns, facts, stack, found):
    """Write NO, FIRES or UNKNOWN of one rule for each of 64 payments into int8 `found` [64].

    Args:
        programs: the rules.
        rule: which.
        columns: float64 [F, 64], C order: features, each of all payments.
        facts: float64 [G, 64], C order.
        stack: float64 [RULE_STACK_MAX, 64], to work on.
        found: where to.
    """
    at, stop, top = programs.starts[rule], programs.starts[rule + 1], 0
    while at < stop:
        op, argument = programs.ops[at], programs.arguments[at]
        at += 1
        if op <= _FACT:
            given = programs.constants[argument] if op == _CONSTANT else 0.0
            _push(op, given, facts if op == _FACT else columns, argument, stack[top])
            top += 1
        elif op in (_IF_FALSE, _IF_TRUE):
            if _all_are(stack[top - 1], 0.0 if op == _IF_FALSE else 1.0):
                at = argument
        elif op <= _OTHERWISE:
            top -= 1
            _combine(op, stack[top - 1], stack[top])
        elif op <= _KNOWN:
            _change(op, stack[top - 1])
        elif op == _BETWEEN:
            top -= 2
            for lane in range(ROWS):
                low, high = stack[top, lane], stack[top + 1, lane]
                stack[top - 1, lane] = between(stack[top - 1, lane], low, high)
        else:
            top -= argument
            for lane in range(ROWS):
                stack[top - 1, lane] = any_of(
                    stack[:, lane], np.uint64(top - 1), np.uint64(argument)
                )
    for lane in range(ROWS):
        value = stack[0, lane]
        found[lane] = UNKNOWN if np.isnan(value) else (FIRES if value != 0.0 else NO)


@inner
def _lay(rows, first, columns):
    """Write 64 rows column by column."""
    for lane in range(ROWS):
        for column in range(len(columns)):
            columns[column, lane] = rows[first + lane, column]


@kernel
def evaluate_many(programs, rows, facts, stack, out):
    """Write NO, FIRES or UNKNOWN of every rule for every payment: out int8 [n, R], rows [n, F], facts [n, G], C order."""
    stacks, found = np.zeros((len(stack), ROWS)), np.empty(ROWS, np.int8)
    columns, known = np.empty((rows.shape[1], ROWS)), np.empty((facts.shape[1], ROWS))
    whole, count = rows.shape[0] // ROWS * ROWS, len(programs.starts) - 1
    for i in range(0, whole, ROWS):
        _lay(rows, i, columns)
        _lay(facts, i, known)
        for r in range(count):
            verdicts(programs, r, columns, known, stacks, found)
            out[i : i + ROWS, r] = found
    for r in range(count):
        for i in range(whole, rows.shape[0]):
            out[i, r] = verdict(programs, r, rows[i], facts[i], stack)


__all__ = ["ROWS", "evaluate_many", "verdicts"]
