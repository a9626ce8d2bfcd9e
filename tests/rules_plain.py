"""The plain twin of the rule language: walks the tree as written, in fractions, with None for unknown. No program, no kernel.

It shares the parser with the program (which examples test) and nothing that gives a text its meaning: names, units,
unknown, currencies and thresholds are worked out here once more.
"""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass, field
from fractions import Fraction

from recoup.watch.rules.parse import parse
from recoup.watch.rules.tree import (
    AnyOf,
    Between,
    Binary,
    Call,
    Chain,
    Duration,
    Listed,
    Name,
    Number,
    Text,
    Truth,
    Unary,
)

COMPARED = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
NEAR = Fraction(1, 10**9)


class Tight(Exception):
    """Two figures are so near that rounding decides: the fractions say one thing, floats may say another."""


@dataclass(frozen=True)
class Rounded:
    """A figure, and whether a float holds it exactly, and held all that led to it."""

    value: Fraction
    is_exact: bool


@dataclass
class Plain:
    """Works one rule out for one payment; `values` by name, None or a float that is not finite where unknown."""

    values: dict[str, float | str | None]
    on_lists: frozenset[tuple[str, str]] = frozenset()
    thresholds: dict[str, str] = field(default_factory=dict)
    currency: str = ""
    digits: int = 2

    def fires(self, text: str) -> bool | None:
        """Return True, False, or None where it cannot be worked out."""
        if self.currency and self.values["currency"] != self.currency:
            return False
        return self.of(parse(text))

    def of(self, node):
        match node:
            case Number(text=text, is_percent=is_percent, currency=currency):
                factor = Fraction(10) ** (self.digits if currency else -2 if is_percent else 0)
                return exact(Fraction(text) * factor)
            case Duration(seconds=seconds):
                return exact(Fraction(seconds))
            case Truth(is_true=is_true):
                return is_true
            case Text(text=text):
                return text
            case Name(text=text) if text in self.thresholds:
                return self.of(parse(self.thresholds[text]))
            case Name(text=text):
                return self.named(text)
            case Listed(inner=inner, name=name):
                return (inner.text, name) in self.on_lists
            case Unary(sign="not", inner=inner):
                return self.negated(self.of(inner))
            case Unary(inner=inner):
                found = self.of(inner)
                return None if found is None else Rounded(-found.value, found.is_exact)
            case Chain(sign=sign, parts=parts):
                return self.chained(sign, [self.of(part) for part in parts])
            case Between(inner=inner, low=low, high=high):
                x, a, b = self.of(inner), self.of(low), self.of(high)
                return self.chained("and", [self.compared(">=", x, a), self.compared("<=", x, b)])
            case AnyOf(inner=inner, items=items):
                x = self.of(inner)
                return self.chained("or", [self.compared("==", x, self.of(i)) for i in items])
            case Binary(sign=sign, left=left, right=right) if sign in COMPARED:
                return self.compared(sign, self.of(left), self.of(right))
            case Binary(sign=sign, left=left, right=right):
                return self.reckoned(sign, self.of(left), self.of(right))
            case Call(function=function, arguments=arguments):
                return self.called(function, [self.of(argument) for argument in arguments])

    def named(self, name):
        value = self.values[name]
        if isinstance(value, str | bool):
            return value
        if value is None or not math.isfinite(value):
            return None
        return exact(Fraction(value))

    def negated(self, value):
        return None if value is None else not value

    def chained(self, sign, parts):
        deciding = sign == "or"
        if any(part is deciding for part in parts):
            return deciding
        return None if None in parts else not deciding

    def compared(self, sign, left, right):
        if left is None or right is None:
            return None
        if isinstance(left, str | bool):
            return COMPARED[sign](left, right)
        if not (left.is_exact and right.is_exact):
            size = max(abs(left.value), abs(right.value))
            if abs(left.value - right.value) <= NEAR * size:
                raise Tight
        return COMPARED[sign](left.value, right.value)

    def reckoned(self, sign, left, right):
        if left is None or right is None or (sign == "/" and right.value == 0):
            return None
        sums = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}
        found = exact(sums[sign](left.value, right.value))
        if found.value and abs(found.value) < NEAR * max(abs(left.value), abs(right.value)):
            raise Tight  # a difference of nearly equal figures: what rounding left of it
        return Rounded(found.value, found.is_exact and left.is_exact and right.is_exact)

    def called(self, function, given):
        if function == "known":
            return given[0] is not None
        if function == "otherwise":
            return given[1] if given[0] is None else given[0]
        if None in given:
            return None
        if function == "abs":
            return Rounded(abs(given[0].value), given[0].is_exact)
        choose = {"min": min, "max": max}[function]
        return choose(given, key=lambda one: one.value)


def exact(value: Fraction) -> Rounded:
    """Return a figure that follows exactly, and say whether a float holds it."""
    return Rounded(value, Fraction(float(value)) == value)
