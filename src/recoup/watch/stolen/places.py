"""Places on a pocket's axis: which are free, which are some claim's. Arithmetic on sorted lists; no rule of tracing is here.

Every unit that enters a pocket takes the next place of its axis and keeps it. `free` is a sorted list of half-open spans whose
last one has no end: places that nothing has filled yet are free too, and lowest first never reaches them before time.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import Final, NamedTuple

END: Final = 2**62
"""Past every place of every axis."""

Span = tuple[int, int]
"""Places [low, high)."""


class Lot(NamedTuple):
    """Neighbouring units of one claim that came together."""

    low: int
    high: int
    label: int
    row: int
    """Row by which they arrived."""
    payer: int
    """Pocket that they came from."""
    depth: int
    """Hops from the victim: 1 in the first account."""


class Piece(NamedTuple):
    """Units of one claim within a transfer, at an offset from its first unit."""

    offset: int
    size: int
    label: int
    depth: int


def take(free: list[Span], amount: int, low: int = 0, high: int = END) -> list[Span]:
    """Remove up to `amount` free places of [low, high), lowest first; return them in order of the axis.

    >>> free = [(10, 20), (30, END)]
    >>> take(free, 15), free == [(35, END)]
    ([(10, 20), (30, 35)], True)
    """
    out: list[Span] = []
    at = max(0, bisect_right(free, (low, END)) - 1)
    while amount and at < len(free) and free[at][0] < high:
        start, stop = free[at]
        begin = max(start, low)
        end = min(stop, high, begin + amount)
        if end <= begin:
            at += 1
            continue
        out.append((begin, end))
        amount -= end - begin
        kept = [span for span in ((start, begin), (end, stop)) if span[0] < span[1]]
        free[at : at + 1] = kept
        at += start < begin
    return out


def put(free: list[Span], spans: list[Span]) -> None:
    """Make places free again that were not, joining neighbours."""
    merged: list[Span] = []
    for low, high in sorted([*free, *spans]):
        if merged and merged[-1][1] >= low:
            assert merged[-1][1] == low, "a place was freed twice"
            merged[-1] = (merged[-1][0], high)
        else:
            merged.append((low, high))
    free[:] = merged


def _reaching(lots: list[Lot], low: int) -> int:
    """Return where the first lot stands that reaches past `low`."""
    at = bisect_left(lots, (low,))
    return at - 1 if at and lots[at - 1].high > low else at


def within(lots: list[Lot], low: int, high: int) -> list[Lot]:
    """Return what of the lots lies in [low, high); changes nothing."""
    at = _reaching(lots, low)
    out: list[Lot] = []
    while at < len(lots) and lots[at].low < high:
        lot = lots[at]
        out.append(lot._replace(low=max(lot.low, low), high=min(lot.high, high)))
        at += 1
    return out


def cut(lots: list[Lot], low: int, high: int) -> list[Lot]:
    """Remove what of the lots lies in [low, high), and return it."""
    inside = within(lots, low, high)
    if not inside:
        return inside
    at = _reaching(lots, low)
    first, last = lots[at], lots[at + len(inside) - 1]
    kept = [first._replace(high=low)] if first.low < low else []
    if last.high > high:
        kept.append(last._replace(low=high))
    lots[at : at + len(inside)] = kept
    return inside


def lay(lots: list[Lot], lot: Lot) -> None:
    """Put a lot in its place; no other may lie there."""
    at = bisect_left(lots, lot)
    assert at == 0 or lots[at - 1].high <= lot.low, "two claims have one unit"
    assert at == len(lots) or lots[at].low >= lot.high, "two claims have one unit"
    lots.insert(at, lot)


def overlap(spans: list[Span], low: int, high: int) -> int:
    """Return how many places of [low, high) the sorted spans cover."""
    at = max(0, bisect_right(spans, (low, END)) - 1)
    covered = 0
    while at < len(spans) and spans[at][0] < high:
        covered += max(0, min(spans[at][1], high) - max(spans[at][0], low))
        at += 1
    return covered


def size(spans: list[Span]) -> int:
    """Return how many places the spans have."""
    return sum(high - low for low, high in spans)
