"""What a layout is asked for and what it answers: plain values, no method of arranging."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Route = Literal["forward", "level", "back"]
"""Towards a later column, within one, or to an earlier one (money that goes round)."""


@dataclass(frozen=True, slots=True)
class LayoutNode:
    """A thing to place. `weight` is the money that passed it; nodes of a higher `rank` stand below the others of the column."""

    key: str
    column: int
    weight: float
    rank: int = 0


@dataclass(frozen=True, slots=True)
class LayoutEdge:
    """Money from one node (by key) to another."""

    source: str
    target: str
    weight: float


@dataclass(frozen=True, slots=True)
class Box:
    """The bar of a node; `lines` is how many lines of label fit beside it without touching another label (0, 1 or 2)."""

    x: float
    y: float
    width: float
    height: float
    lines: int


@dataclass(frozen=True, slots=True)
class Ribbon:
    """The course of an edge: `y0` and `y1` are the middles of its ends. `lane` is the height at which a back edge returns."""

    route: Route
    x0: float
    y0: float
    x1: float
    y1: float
    width: float
    lane: float = 0.0
    offset: float = 0.0
    """How far outside the columns a back edge turns."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Boxes and ribbons in the order of the nodes and edges given; `columns` holds (column, x) from left to right."""

    width: float
    height: float
    scale: float
    columns: tuple[tuple[int, float], ...]
    boxes: tuple[Box, ...]
    ribbons: tuple[Ribbon, ...]


@dataclass(frozen=True, slots=True)
class Canvas:
    """Sizes of the drawing, in its own units. The last column leaves `label_room` free on its right."""

    width: float = 1200.0
    height: float = 640.0
    bar_width: float = 12.0
    bar_min: float = 2.0
    gap_max: float = 26.0
    lane_pitch: float = 6.0
    lane_band_max: float = 64.0
    label_room: float = 150.0
    line_height: float = 14.0


STANDARD: Final = Canvas()
