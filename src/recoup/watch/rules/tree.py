"""The tree of a rule as it was written: nodes with their places. No types and no columns: `check` finds those."""

from __future__ import annotations

from dataclasses import dataclass

from recoup.watch.rules.problem import Place


@dataclass(frozen=True, slots=True)
class Number:
    """A figure as it was written: plain, percent, or money of `currency`."""

    place: Place
    text: str
    is_percent: bool = False
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of time in seconds."""

    place: Place
    seconds: int


@dataclass(frozen=True, slots=True)
class Text:
    """A text in quotes: a kind, a currency or a list's name."""

    place: Place
    text: str


@dataclass(frozen=True, slots=True)
class Truth:
    """`true` or `false`."""

    place: Place
    is_true: bool


@dataclass(frozen=True, slots=True)
class Name:
    """A feature, a payment field, a fact or a threshold."""

    place: Place
    text: str


@dataclass(frozen=True, slots=True)
class Call:
    """`min`, `max`, `abs`, `known` or `otherwise` of its arguments."""

    place: Place
    function: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Unary:
    """`-` or `not` of one expression."""

    place: Place
    sign: str
    inner: Node


@dataclass(frozen=True, slots=True)
class Binary:
    """Arithmetic or a comparison; the place is the sign's."""

    place: Place
    sign: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Chain:
    """Two or more conditions joined by one of `and`, `or`."""

    place: Place
    sign: str
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Between:
    """`inner between low and high`, both bounds included."""

    place: Place
    inner: Node
    low: Node
    high: Node


@dataclass(frozen=True, slots=True)
class AnyOf:
    """`inner in (a, b, ...)`."""

    place: Place
    inner: Node
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Listed:
    """`payer in list("name")` or the same of the payee."""

    place: Place
    inner: Node
    name: str


Node = (
    Number
    | Duration
    | Text
    | Truth
    | Name
    | Call
    | Unary
    | Binary
    | Chain
    | Between
    | AnyOf
    | Listed
)

__all__ = [
    "AnyOf",
    "Between",
    "Binary",
    "Call",
    "Chain",
    "Duration",
    "Listed",
    "Name",
    "Node",
    "Number",
    "Text",
    "Truth",
    "Unary",
]
