"""One feature: its name, what it means, its unit, window, side and cost. A value; nothing is measured here."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from recoup.watch.features.chinese import chinese_of


class Unit(StrEnum):
    """What a number counts; rules compare like with like."""

    COUNT = "count"
    MINOR = "minor"
    """Minor units of the payment's currency."""
    SECONDS = "seconds"
    RATIO = "ratio"
    FLAG = "flag"
    """0 or 1."""
    SCORE = "score"


class Side(StrEnum):
    """Whose number it is."""

    PAYER = "payer"
    PAYEE = "payee"
    PAIR = "pair"
    PAYMENT = "payment"


class Cost(StrEnum):
    """What reading it takes."""

    RECORD = "record"
    """A number of the pocket's own record."""
    WINDOW = "window"
    """An exact window: a number of the record too, kept right by taking out what leaves it."""
    GRAPH = "graph"
    """A look at other pockets."""


@dataclass(frozen=True, slots=True)
class Feature:
    """A column of the matrix that rules and models read."""

    name: str
    meaning: str
    unit: Unit
    window: int | None
    """Seconds, where there is a window."""
    side: Side
    cost: Cost

    @property
    def meaning_zh(self) -> str:
        """What it means in Chinese; the English words where nobody has said it."""
        return chinese_of(self.name, self.side) or self.meaning


__all__ = ["Cost", "Feature", "Side", "Unit"]
