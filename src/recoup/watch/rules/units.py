"""What a rule's figures are made of, and which of them may be added, compared, multiplied or divided. Tables, no text."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Unit(StrEnum):
    """The unit of an expression. The first six are those of features."""

    COUNT = "count"
    MINOR = "minor"
    SECONDS = "seconds"
    RATIO = "ratio"
    FLAG = "flag"
    SCORE = "score"
    NUMBER = "number"
    """A plain figure of the text: it fits counts, ratios and scores."""
    KIND = "kind"
    CURRENCY = "currency"
    ACCOUNT = "account"
    TEXT = "text"
    ANY = "any"
    """Of what was found wrong already: fits everything, so that one mistake is named once."""


WORDS: Final = {
    Unit.COUNT: "a count",
    Unit.MINOR: "money",
    Unit.SECONDS: "a duration",
    Unit.RATIO: "a ratio",
    Unit.FLAG: "a condition",
    Unit.SCORE: "a score",
    Unit.NUMBER: "a plain number",
    Unit.KIND: "a kind of payment",
    Unit.CURRENCY: "a currency",
    Unit.ACCOUNT: "an account",
    Unit.TEXT: "a text",
    Unit.ANY: "anything",
}
"""How messages name a unit."""

FIGURES: Final = frozenset(
    {Unit.COUNT, Unit.MINOR, Unit.SECONDS, Unit.RATIO, Unit.SCORE, Unit.NUMBER}
)
"""Units that can be ordered and reckoned with."""

_PLAIN: Final = frozenset({Unit.COUNT, Unit.RATIO, Unit.SCORE, Unit.NUMBER})
"""Units without a dimension."""


def alike(left: Unit, right: Unit) -> Unit | None:
    """Return the unit of two figures side by side (added, compared, chosen from); None where they do not fit.

    >>> alike(Unit.COUNT, Unit.NUMBER)
    <Unit.COUNT: 'count'>
    >>> alike(Unit.COUNT, Unit.MINOR) is None
    True
    """
    if Unit.ANY in {left, right}:
        return right if left is Unit.ANY else left
    if left is right:
        return left
    if left is Unit.NUMBER and right in _PLAIN:
        return right
    if right is Unit.NUMBER and left in _PLAIN:
        return left
    return None


def product(left: Unit, right: Unit) -> Unit | None:
    """Return the unit of a product: one side at least is without dimension; None where it makes no sense."""
    if Unit.ANY in {left, right}:
        return Unit.ANY
    for one, other in ((left, right), (right, left)):
        if one is Unit.NUMBER:
            return other
        if one is Unit.RATIO:
            return other
    if Unit.COUNT in {left, right}:
        other = right if left is Unit.COUNT else left
        return other if other in {Unit.COUNT, Unit.MINOR, Unit.SECONDS} else None
    return None


def quotient(left: Unit, right: Unit) -> Unit | None:
    """Return the unit of a quotient: like by like is a ratio; money or time by a count is its mean."""
    if Unit.ANY in {left, right}:
        return Unit.ANY
    if left is right:
        return Unit.NUMBER if left is Unit.NUMBER else Unit.RATIO
    if right in {Unit.NUMBER, Unit.RATIO}:
        return left
    if right is Unit.COUNT and left in {Unit.MINOR, Unit.SECONDS, Unit.RATIO}:
        return left
    if left is Unit.NUMBER and right is Unit.COUNT:
        return Unit.RATIO
    return None


__all__ = ["FIGURES", "WORDS", "Unit", "alike", "product", "quotient"]
