"""One pocket that is not plain: its free places, the claims' lots on its axis, and what is held there for each case.

A lot says whose a unit is; free and held say whether it may leave. The two are kept apart, so a hold moves no lot, and a
release puts nothing anywhere: the units never lost their place [SEMANTICS 3].
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from recoup.watch.stolen.places import END, Lot, Piece, Span, cut, put, size, take, within

OWN: Final = 0
CLEAN: Final = 1
OTHERS: Final = 2
"""Whose units a hold takes: the case's own first, then what is no claim's, then other cases' (their own holds want those)."""

CaseOf = Callable[[int], str]


@dataclass(slots=True)
class Purse:
    """Free places, lots by place, held places by case; all sorted."""

    free: list[Span] = field(default_factory=lambda: [(0, END)])
    """Of a straight pocket the one span from 0: where its free places begin, its totals say."""
    lots: list[Lot] = field(default_factory=list)
    held: dict[str, list[Span]] = field(default_factory=dict)

    @property
    def is_straight(self) -> bool:
        """Whether units leave in the order of the axis, as if nothing had ever been held or taken back."""
        return len(self.free) == 1 and not self.held

    @property
    def held_total(self) -> int:
        """Units that are held for any case."""
        return sum(size(spans) for spans in self.held.values())

    def copy(self) -> Purse:
        """Return one that changes apart."""
        held = {case: list(spans) for case, spans in self.held.items()}
        return Purse(list(self.free), list(self.lots), held)

    def open_at(self, out: int) -> None:
        """Say where the free places of a straight pocket begin, before something is taken out of their order."""
        if self.is_straight:
            self.free[0] = (out, END)

    def close(self) -> None:
        """Leave that to the totals again where nothing is out of order any more."""
        if self.is_straight:
            self.free[0] = (0, END)

    def debit(self, amount: int) -> list[Span]:
        """Take what a debit takes: the lowest free places."""
        return take(self.free, amount)

    def take_back(self, low: int, high: int, amount: int) -> list[Span]:
        """Take what a reversal takes: of [low, high) what is still there, then by the rule."""
        very = take(self.free, amount, low, high)
        return very + take(self.free, amount - size(very))

    def lift(self, spans: Iterable[Span]) -> list[Piece]:
        """Cut the lots out of places that leave, as pieces at their offsets in the transfer."""
        out: list[Piece] = []
        offset = 0
        for low, high in spans:
            for lot in cut(self.lots, low, high):
                piece = Piece(offset + lot.low - low, lot.high - lot.low, lot.label, lot.depth)
                out.append(piece)
            offset += high - low
        return out

    def hold(self, case: str, amount: int, into: int, case_of: CaseOf) -> None:
        """Take exactly `amount` free places below `into` out of the flow: own lots first, oldest first."""
        parts = self._classed(self.free, case, into, case_of)
        got = _first(sorted(parts), amount)
        for low, high in got:
            take(self.free, high - low, low, high)
        put(self.held.setdefault(case, []), got)

    def give_back(self, case: str, amount: int, case_of: CaseOf) -> None:
        """Put exactly `amount` held places back into the flow at their own age: the case's own lots last, newest first."""
        spans = self.held[case]
        parts = self._classed(spans, case, END, case_of)
        keep = _first(sorted(parts), size(spans) - amount)
        freed = list(spans)
        for low, high in keep:
            take(freed, high - low, low, high)
        put(self.free, freed)
        if keep:
            self.held[case] = sorted(keep)
        else:
            del self.held[case]

    def _classed(
        self, spans: list[Span], case: str, into: int, case_of: CaseOf
    ) -> list[tuple[int, int, int]]:
        """Return (whose, low, high) of the spans below `into`."""
        out: list[tuple[int, int, int]] = []
        for low, high in spans:
            position, end = low, min(high, into)
            for lot in within(self.lots, low, end) if low < end else []:
                out.append((CLEAN, position, lot.low))
                out.append((OWN if case_of(lot.label) == case else OTHERS, lot.low, lot.high))
                position = lot.high
            out.append((CLEAN, position, end))
        return [part for part in out if part[1] < part[2]]


def _first(parts: list[tuple[int, int, int]], amount: int) -> list[Span]:
    """Return the first `amount` places of parts, joined where they touch."""
    out: list[Span] = []
    for _, low, high in parts:
        if amount == 0:
            break
        end = min(high, low + amount)
        put(out, [(low, end)])
        amount -= end - low
    assert amount == 0, "held more than there is"
    return out
