"""fifo and lifo, unit by unit: every minor unit is an object with a position on its pocket's axis. Slow on purpose."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from twin.facts import Pocket
from twin.walk import Content, Parcel, Portion


@dataclass(slots=True)
class Unit:
    """One minor unit in a pocket."""

    position: int
    portion: Portion
    arrival: datetime | None
    put_by: str
    hold: int | None = None


class LotStore:
    """Pockets as lists of units (choice 3)."""

    def __init__(self, rule: str) -> None:
        assert rule in ("fifo", "lifo")
        self.is_lifo = rule == "lifo"
        self.pockets: dict[Pocket, list[Unit]] = {}
        self.entered: dict[Pocket, int] = {}
        """How many units ever entered: the next position."""

    def clean(self, amount: int, kind: str, key: str) -> list[Portion]:
        return [Portion(1, origin=(kind, key)) for _ in range(amount)]

    def take(self, pocket: Pocket, amount: int) -> list[Portion]:
        return self._remove(pocket, self._chosen(self._free(pocket), amount))

    def take_back(self, pocket: Pocket, amount: int, original: str) -> list[Portion]:
        """The very units first, then the rest by the rule (choice 13)."""
        first = self.take_very(pocket, amount, original)
        return first + self.take(pocket, amount - len(first))

    def take_very(self, pocket: Pocket, amount: int, original: str) -> list[Portion]:
        """The units that the original put and that are still free, `amount` at most."""
        very = [unit for unit in self._free(pocket) if unit.put_by == original]
        return self._remove(pocket, self._chosen(very, amount))

    def undo(self, parcel: Parcel, amount: int, stays: Callable[[str], bool]) -> list[Portion]:
        """Offsets not asked back yet, the lowest, for lifo the highest, in order (choice 13)."""
        offsets = [x for x in range(parcel.whole) if x not in parcel.asked]
        chosen = offsets[len(offsets) - amount :] if self.is_lifo else offsets[:amount]
        back = [parcel.portions[x] for x in chosen]
        parcel.asked |= set(chosen)
        for x in chosen:
            owner = parcel.portions[x].owner
            if owner is not None and not stays(owner):
                parcel.portions[x] = Portion(1, origin=("returned", ""))
        return back

    def put(self, pocket: Pocket, portions: list[Portion], row: str, time: datetime | None) -> None:
        units = self.pockets.setdefault(pocket, [])
        for portion in portions:
            assert portion.count == 1
            position = self.entered.get(pocket, 0)
            self.entered[pocket] = position + 1
            units.append(Unit(position, replace(portion, is_expired=False), time, row))

    def convert(self, portions: list[Portion], old: int, new: int) -> list[Portion]:
        """Unit x of the old becomes the units [floor(x*new/old), floor((x+1)*new/old)) of the new (choice 14)."""
        assert len(portions) == old
        after: list[Portion] = []
        for x, portion in enumerate(portions):
            after += [portion] * ((x + 1) * new // old - x * new // old)
        return after

    def hold(self, number: int, pocket: Pocket, amount: int) -> None:
        free = self._free(pocket)
        chosen = [u for u in free if u.portion.owner is not None] + [
            u for u in free if u.portion.owner is None
        ]
        for unit in chosen[:amount]:
            unit.hold = number

    def release(self, number: int, pocket: Pocket) -> None:
        for unit in self.pockets.get(pocket, []):
            if unit.hold == number:
                unit.hold = None

    def contents(self, pocket: Pocket) -> list[Content]:
        return [
            Content(unit.portion, unit.arrival, unit.hold) for unit in self.pockets.get(pocket, [])
        ]

    def _free(self, pocket: Pocket) -> list[Unit]:
        free = [unit for unit in self.pockets.get(pocket, []) if unit.hold is None]
        return sorted(free, key=lambda unit: unit.position)

    def _chosen(self, free: list[Unit], amount: int) -> list[Unit]:
        """The lowest positions, for lifo the highest, in axis order."""
        if amount >= len(free):
            return free
        return free[len(free) - amount :] if self.is_lifo else free[:amount]

    def _remove(self, pocket: Pocket, chosen: list[Unit]) -> list[Portion]:
        gone = {unit.position for unit in chosen}
        self.pockets[pocket] = [
            unit for unit in self.pockets.get(pocket, []) if unit.position not in gone
        ]
        return [replace(unit.portion, since=unit.arrival) for unit in chosen]
