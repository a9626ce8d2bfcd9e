"""From a rule's tree to its program: finds names, checks every unit, and writes the operations. Runs nothing.

One walk does both, so that what is checked is what is written. All mistakes of a text are collected, not the first alone; what
is wrong gets the unit `ANY`, so that a mistake is named once. Money is money of the payment's currency: a rule that names an
amount states its currency, applies to payments of that currency only, and is false for others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from fractions import Fraction
from typing import Final

import numpy as np

from recoup.errors import RuleFault, RuleProblem
from recoup.money import AmountError, parse_minor
from recoup.watch.rules.limits import RULE_STACK_MAX
from recoup.watch.rules.parse import parse
from recoup.watch.rules.problem import Place, Unreadable, shown
from recoup.watch.rules.program import Op, Program
from recoup.watch.rules.tree import (
    AnyOf,
    Between,
    Binary,
    Call,
    Chain,
    Duration,
    Listed,
    Name,
    Node,
    Number,
    Text,
    Truth,
    Unary,
)
from recoup.watch.rules.units import FIGURES, WORDS, Unit, alike, product, quotient
from recoup.watch.rules.vocabulary import ACCOUNTS, FUNCTIONS, Vocabulary

_COMPARED: Final = {
    "<": Op.LESS,
    "<=": Op.AT_MOST,
    ">": Op.GREATER,
    ">=": Op.AT_LEAST,
    "==": Op.EQUAL,
    "!=": Op.UNEQUAL,
}
_RECKONED: Final = {"+": Op.ADD, "-": Op.SUBTRACT, "*": Op.MULTIPLY, "/": Op.DIVIDE}
_DOING: Final = {"+": "added to", "-": "subtracted from", "*": "multiplied by", "/": "divided by"}
_NAMED_IN_TEXT: Final = frozenset({Unit.KIND, Unit.CURRENCY})
_EXACT_MAX: Final = 2**53
"""Whole numbers up to here are exact in a float."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A rule's text and what it became."""

    text: str
    currency: str
    """The only currency that it applies to; '' for every one."""
    program: Program
    names: tuple[str, ...]
    """Features, fields and facts that it reads, sorted."""
    lists: tuple[str, ...]
    """Lists that it asks, sorted."""


def compile_expression(
    text: str,
    names: Vocabulary,
    *,
    currency: str = "",
    thresholds: Mapping[str, str] | None = None,
) -> Expression:
    """Return a rule's text compiled; raise `RuleFault` with every problem and its place, and nothing else.

    Args:
        text: one condition.
        names: what it may read.
        currency: of the amounts that it names; it then applies to payments of this currency only.
        thresholds: figures by name, each written as in a rule.

    >>> from recoup.watch.rules.vocabulary import vocabulary
    >>> compile_expression("amount > 2", vocabulary())
    Traceback (most recent call last):
    recoup.errors.RuleFault: expression line 1 column 8: unit_wrong: expected money on both sides of >, found a plain number
    """
    problems: list[RuleProblem] = []
    figures: dict[str, Node] = {}
    for name, written in (thresholds or {}).items():
        try:
            figures[name] = _threshold(written)
        except Unreadable as stop:
            found = stop.problem
            problems.append(
                RuleProblem(
                    "", f"thresholds.{name}", found.line, found.column, found.code, found.message
                )
            )
            figures[name] = _WRONG
    writer = _Writer(names, currency, figures)
    writer.problems = problems
    try:
        writer.whole(parse(text))
    except Unreadable as stop:
        problems.append(stop.problem)
    if problems:
        raise RuleFault(tuple(dict.fromkeys(problems)))
    return Expression(
        text, currency, writer.program(), tuple(sorted(writer.read)), tuple(sorted(writer.asked))
    )


_WRONG: Final = Text(Place(0, 0), "")


def _threshold(text: str) -> Node:
    node = parse(text)
    inner = node.inner if isinstance(node, Unary) and node.sign == "-" else node
    if not isinstance(inner, Number | Duration | Truth):
        raise Unreadable(
            node.place,
            "threshold_not_figure",
            "expected one figure such as 3, 90%, 24h, 500.00 CNY",
        )
    return node


class _Writer:
    """Walks over a tree, writes operations, and collects what is wrong."""

    def __init__(self, names: Vocabulary, currency: str, thresholds: Mapping[str, Node]) -> None:
        self._names, self._currency, self._thresholds = names, currency, thresholds
        self._code: list[tuple[Op, int]] = []
        self._constants: list[float] = []
        self._field = "expression"
        self._height = 0
        self.problems: list[RuleProblem] = []
        self.read: set[str] = set()
        self.asked: set[str] = set()

    def program(self) -> Program:
        """Return what was written."""
        ops = np.array([op for op, _ in self._code], np.int32)
        arguments = np.array([argument for _, argument in self._code], np.int32)
        return Program(ops, arguments, np.array(self._constants, np.float64))

    def whole(self, node: Node) -> None:
        """Write a whole rule: behind a guard, if it is of one currency only."""
        if not self._currency:
            self._condition(node, "the rule")
            return
        if not self._names.digits.knows(self._currency):
            self._wrong(Place(0, 0), "currency_unknown", _code_wanted(self._currency), "currency")
            return
        self._fact(self._names.columns["currency"].index)
        self._constant(float(self._currency_code(self._currency)))
        self._write(Op.EQUAL, -1)
        guard = self._jump(Op.IF_FALSE)
        self._condition(node, "the rule")
        self._write(Op.AND, -1)
        self._land(guard)

    # --- writing ---------------------------------------------------------------------------------------------------

    def _write(self, op: Op, change: int, argument: int = 0) -> None:
        self._code.append((op, argument))
        self._height += change
        if self._height > RULE_STACK_MAX:
            bound = RULE_STACK_MAX
            raise Unreadable(
                Place(1, 1), "too_many_values", f"expected at most {bound} values kept at once"
            )

    def _constant(self, value: float) -> None:
        self._constants.append(value)
        self._write(Op.CONSTANT, 1, len(self._constants) - 1)

    def _fact(self, column: int) -> None:
        self._write(Op.FACT, 1, column)

    def _jump(self, op: Op) -> int:
        self._code.append((op, 0))
        return len(self._code) - 1

    def _land(self, jump: int) -> None:
        self._code[jump] = (self._code[jump][0], len(self._code))

    def _wrong(self, place: Place, code: str, message: str, field: str = "") -> Unit:
        self.problems.append(
            RuleProblem("", field or self._field, place.line, place.column, code, message)
        )
        return Unit.ANY

    # --- conditions ------------------------------------------------------------------------------------------------

    def _condition(self, node: Node, what: str) -> None:
        unit = self._any(node)
        if unit not in {Unit.FLAG, Unit.ANY}:
            self._wrong(
                node.place,
                "not_a_condition",
                f"expected {what} to be a condition, true or false, found {WORDS[unit]}",
            )

    def _any(self, node: Node) -> Unit:
        """Write one node and return its unit."""
        match node:
            case Number():
                return self._number(node)
            case Duration():
                self._constant(float(node.seconds))
                return Unit.SECONDS
            case Truth():
                self._constant(1.0 if node.is_true else 0.0)
                return Unit.FLAG
            case Text():
                self._constant(0.0)
                return Unit.TEXT if node is not _WRONG else Unit.ANY
            case Name():
                return self._name(node)
            case Call():
                return self._call(node)
            case Unary():
                return self._unary(node)
            case Binary():
                return self._compared(node) if node.sign in _COMPARED else self._reckoned(node)
            case Chain():
                return self._chain(node)
            case Between():
                return self._between(node)
            case AnyOf():
                return self._any_of(node)
            case Listed():
                return self._listed(node)

    def _chain(self, node: Chain) -> Unit:
        op, jump = (Op.AND, Op.IF_FALSE) if node.sign == "and" else (Op.OR, Op.IF_TRUE)
        jumps = []
        for i, part in enumerate(node.parts):
            if i:
                jumps.append(self._jump(jump))
            self._condition(part, f"each side of {node.sign}")
            if i:
                self._write(op, -1)
        for place in jumps:
            self._land(place)
        return Unit.FLAG

    def _unary(self, node: Unary) -> Unit:
        if node.sign == "not":
            self._condition(node.inner, "what follows not")
            self._write(Op.NOT, 0)
            return Unit.FLAG
        unit = self._figure(node.inner, "after -")
        self._write(Op.NEGATE, 0)
        return unit

    def _compared(self, node: Binary) -> Unit:
        left = self._side(node.left, node.right)
        right = self._side(node.right, node.left)
        self._write(_COMPARED[node.sign], -1)
        self._alike(node.place, left, right, f"on both sides of {node.sign}")
        for unit, side in ((left, node.left), (right, node.right)):
            is_named = unit in _NAMED_IN_TEXT | {Unit.FLAG} and node.sign in {"==", "!="}
            if unit not in FIGURES | {Unit.ANY} and not is_named:
                return self._no_figure(side, unit, f"beside {node.sign}")
        return Unit.FLAG

    def _between(self, node: Between) -> Unit:
        inner = self._figure(node.inner, "before between")
        for bound in (node.low, node.high):
            found = self._side(bound, node.inner)
            self._alike(bound.place, inner, found, "for value and bounds of between")
        self._write(Op.BETWEEN, -2)
        return Unit.FLAG

    def _any_of(self, node: AnyOf) -> Unit:
        inner = self._side(node.inner, node.items[0])
        if inner in {Unit.ACCOUNT, Unit.TEXT, Unit.FLAG}:
            return self._no_figure(node.inner, inner, "before in; an account is sought in a list")
        for item in node.items:
            found = self._side(item, node.inner)
            self._alike(item.place, inner, found, "before in and in its brackets")
        self._write(Op.ANY_OF, -len(node.items), len(node.items))
        return Unit.FLAG

    def _listed(self, node: Listed) -> Unit:
        side = node.inner.text if isinstance(node.inner, Name) else ""
        if side not in ACCOUNTS:
            return self._wrong(
                node.inner.place, "unit_wrong", "expected payer or payee before in list(...)"
            )
        if node.name not in self._names.lists:
            known = ", ".join(self._names.lists) or "none"
            message = f"expected one of the lists of this set ({known}), found {shown(node.name)}"
            return self._wrong(node.place, "list_unknown", message)
        self.asked.add(node.name)
        self._fact(self._names.listed(side, node.name))
        self._write(Op.TRUTH, 0)
        return Unit.FLAG

    # --- figures ---------------------------------------------------------------------------------------------------

    def _figure(self, node: Node, where: str) -> Unit:
        """Write a node that must be something to reckon with."""
        unit = self._any(node)
        if unit in FIGURES | {Unit.ANY}:
            return unit
        return self._no_figure(node, unit, where)

    def _no_figure(self, node: Node, unit: Unit, where: str) -> Unit:
        return self._wrong(
            node.place, "unit_wrong", f"expected a figure {where}, found {WORDS[unit]}"
        )

    def _side(self, node: Node, other: Node) -> Unit:
        """Write one side of a comparison; a zero fits every unit, a text is what the other side's unit makes of it."""
        if isinstance(node, Number) and node.text.strip("0.") == "" and not node.currency:
            self._constant(0.0)
            return Unit.ANY
        unit = self._unit_of_name(other) if isinstance(node, Text) and node is not _WRONG else None
        if unit not in _NAMED_IN_TEXT or not isinstance(node, Text):
            return self._any(node)
        known = self._names.kinds if unit is Unit.KIND else ()
        if unit is Unit.KIND and node.text not in known:
            message = f"expected one of {', '.join(known)}, found {shown(node.text)}"
            self._wrong(node.place, "kind_unknown", message)
        if unit is Unit.CURRENCY and not self._names.digits.knows(node.text):
            self._wrong(node.place, "currency_unknown", _code_wanted(node.text))
        code = known.index(node.text) if node.text in known else self._currency_code(node.text)
        self._constant(float(code))
        return unit

    def _unit_of_name(self, node: Node) -> Unit | None:
        column = self._names.columns.get(node.text) if isinstance(node, Name) else None
        return column.unit if column else None

    def _currency_code(self, code: str) -> int:
        """Return the number of a currency; one that no payment has equals none of theirs."""
        return self._names.currencies.index(code) if code in self._names.currencies else -1

    def _alike(self, place: Place, left: Unit, right: Unit, where: str) -> Unit:
        unit = alike(left, right)
        if unit is not None:
            return unit
        expected, found = (left, right) if left is not Unit.NUMBER else (right, left)
        message = f"expected {WORDS[expected]} {where}, found {WORDS[found]}"
        return self._wrong(place, "unit_wrong", message)

    def _reckoned(self, node: Binary) -> Unit:
        is_sum = node.sign in {"+", "-"}
        sides = []
        for part, other in ((node.left, node.right), (node.right, node.left)):
            unit = self._side(part, other) if is_sum else self._any(part)
            if unit not in FIGURES | {Unit.ANY}:
                unit = self._no_figure(part, unit, f"beside {node.sign}")
            sides.append(unit)
        left, right = sides
        self._write(_RECKONED[node.sign], -1)
        if is_sum:
            return self._alike(node.place, left, right, f"on both sides of {node.sign}")
        if node.sign == "/" and isinstance(node.right, Number) and not node.right.text.strip("0."):
            message = "expected a divisor that is not zero, found 0"
            return self._wrong(node.right.place, "divisor_zero", message)
        unit_made = product(left, right) if node.sign == "*" else quotient(left, right)
        if unit_made is not None:
            return unit_made
        message = (
            "expected like divided by like, or a plain number or ratio on one side, found"
            f" {WORDS[left]} {_DOING[node.sign]} {WORDS[right]}"
        )
        return self._wrong(node.place, "unit_wrong", message)

    def _call(self, node: Call) -> Unit:
        name, given = node.function, node.arguments
        wanted = {
            "abs": (1, 1),
            "known": (1, 1),
            "otherwise": (2, 2),
            "min": (2, 16),
            "max": (2, 16),
        }
        if name not in wanted:
            known = ", ".join(FUNCTIONS)
            message = f"expected one of {known}, found {shown(name)}"
            return self._wrong(node.place, "function_unknown", message)
        low, high = wanted[name]
        if not low <= len(given) <= high:
            count = str(low) if low == high else f"{low} to {high}"
            message = f"expected {count} arguments of {name}, found {len(given)}"
            return self._wrong(node.place, "arguments_count", message)
        if name == "known":
            self._any(given[0])
            self._write(Op.KNOWN, 0)
            return Unit.FLAG
        if name == "abs":
            unit = self._figure(given[0], "in abs")
            self._write(Op.ABS, 0)
            return unit
        op = {"min": Op.MIN, "max": Op.MAX, "otherwise": Op.OTHERWISE}[name]
        unit = self._argument(given[0], given[1], name)
        for argument in given[1:]:
            found = self._argument(argument, given[0], name)
            self._write(op, -1)
            unit = self._alike(argument.place, unit, found, f"in all arguments of {name}")
        return unit

    def _argument(self, node: Node, other: Node, function: str) -> Unit:
        unit = self._side(node, other)
        is_good = unit in FIGURES | {Unit.ANY} or (function == "otherwise" and unit is Unit.FLAG)
        return unit if is_good else self._no_figure(node, unit, f"in {function}")

    # --- names and figures of the text -----------------------------------------------------------------------------

    def _name(self, node: Name) -> Unit:
        if node.text in self._thresholds:
            before, self._field = self._field, f"thresholds.{node.text}"
            unit = self._any(self._thresholds[node.text])
            self._field = before
            return unit
        column = self._names.columns.get(node.text)
        if column is None:
            self._constant(0.0)
            return self._unknown_name(node)
        self.read.add(node.text)
        self._write(Op.FEATURE if column.is_feature else Op.FACT, 1, column.index)
        if column.unit is Unit.FLAG:
            self._write(Op.TRUTH, 0)
        return column.unit

    def _unknown_name(self, node: Name) -> Unit:
        if node.text in ACCOUNTS:
            message = f'expected an account only before in list("..."), found {node.text} alone'
            return self._wrong(node.place, "unit_wrong", message)
        near = get_close_matches(node.text, [*self._names.columns, *self._thresholds], 1)
        message = f"expected a feature, payment field, fact or threshold, found {shown(node.text)}"
        hint = f"; did you mean {near[0]}?" if near else ""
        return self._wrong(node.place, "name_unknown", message + hint)

    def _number(self, node: Number) -> Unit:
        if node.currency:
            return self._money(node)
        value = Fraction(node.text) / (100 if node.is_percent else 1)
        self._constant(float(value))
        if value > _EXACT_MAX:
            self._wrong(node.place, "number_too_large", "expected at most 2^53")
        return Unit.RATIO if node.is_percent else Unit.NUMBER

    def _money(self, node: Number) -> Unit:
        digits, code, minor = self._names.digits, node.currency, 0
        if not digits.knows(code):
            self._wrong(node.place, "currency_unknown", _code_wanted(code))
        elif not self._currency:
            message = (
                f"expected the rule to name the currency of its amounts, found an amount in {code}"
            )
            self._wrong(node.place, "currency_missing", message)
        elif code != self._currency:
            message = (
                f"expected an amount in {self._currency}, the rule's currency, found one in {code}"
            )
            self._wrong(node.place, "currency_wrong", message)
        else:
            try:
                minor = parse_minor(node.text, digits.of(code))
            except AmountError as error:
                self._wrong(node.place, "amount_wrong", f"{error} in {code}, found {node.text}")
        if minor > _EXACT_MAX:
            self._wrong(node.place, "number_too_large", "expected at most 2^53 minor units")
        self._constant(float(minor))
        return Unit.MINOR


def _code_wanted(code: str) -> str:
    return f"expected a currency of ISO 4217 or a declared one, found {shown(code)}"


__all__ = ["Expression", "compile_expression"]
