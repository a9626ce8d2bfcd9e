"""rolling and lowest-balance in exact integers, one number for every (claim, mark) of a pocket. Slow on purpose."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from twin.facts import Pocket
from twin.walk import Content, Parcel, Portion

Colour = tuple[str, int]
"""A claim and a mark. Within one claim the marks lie in the order plain, inferred, asserted, both (choice 9)."""


@dataclass
class Pool:
    """The money of one pocket."""

    clean: int = 0
    free: dict[Colour, int] = field(default_factory=lambda: defaultdict(int))
    held_clean: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    held: dict[int, dict[Colour, int]] = field(default_factory=dict)
    depth: dict[str, int] = field(default_factory=dict)
    since: dict[str, datetime] = field(default_factory=dict)
    """Of each claim's free money (choice 8)."""
    held_depth: dict[tuple[int, str], int] = field(default_factory=dict)
    held_since: dict[tuple[int, str], datetime] = field(default_factory=dict)
    """Of what each hold keeps of each claim."""

    def claims(self) -> list[str]:
        return sorted({claim for (claim, _), amount in self.free.items() if amount})

    def free_of(self, claim: str) -> int:
        return sum(amount for (c, _), amount in self.free.items() if c == claim)

    def free_balance(self) -> int:
        return self.clean + sum(self.free.values())


class PoolStore:
    """Pockets as pools."""

    def __init__(self, rule: str) -> None:
        assert rule in ("rolling", "lowest-balance")
        self.rule = rule
        self.pools: dict[Pocket, Pool] = defaultdict(Pool)
        self.brought: dict[str, tuple[Pocket, dict[str, int], int]] = {}
        """What every transfer put: the pocket, the amount of each claim, and in all."""

    def clean(self, amount: int, kind: str, key: str) -> list[Portion]:
        del kind, key
        return [Portion(amount)] if amount else []

    def take(self, pocket: Pocket, amount: int) -> list[Portion]:
        pool = self.pools[pocket]
        if self.rule == "rolling":
            return self._take_rateably(pool, amount, pool.free_balance())
        own = min(amount, pool.clean)  # choice 10: the holder's own money first
        pool.clean -= own
        rest = self._take_rateably(pool, amount - own, sum(pool.free.values()))
        return rest + self.clean(own, "", "")

    def _take_rateably(self, pool: Pool, amount: int, balance: int) -> list[Portion]:
        """Choice 9: claims in order of id by cumulative floors, clean money the rest."""
        taken: list[Portion] = []
        cumulative, before = 0, 0
        for colour in sorted(pool.free):
            cumulative += pool.free[colour]
            upto = cumulative * amount // balance if balance else 0
            taken += self._out(pool, colour, upto - before)
            before = upto
        pool.clean -= amount - before
        assert pool.clean >= 0
        return taken + self.clean(amount - before, "", "")

    def _out(self, pool: Pool, colour: Colour, amount: int) -> list[Portion]:
        assert 0 <= amount <= pool.free[colour]
        pool.free[colour] -= amount
        claim, mark = colour
        return (
            [Portion(amount, claim, mark, pool.depth[claim], pool.since[claim])] if amount else []
        )

    def take_back(self, pocket: Pocket, amount: int, original: str) -> list[Portion]:
        """Choice 13, pooled: what the original carried in proportion, as far as it is there, then the rest by the rule."""
        portions = self.take_very(pocket, amount, original)
        return portions + self.take(pocket, amount - sum(portion.count for portion in portions))

    def take_very(self, pocket: Pocket, amount: int, original: str) -> list[Portion]:
        """What the original carried in proportion, clean money last, as far as it is there."""
        where, carried, whole = self.brought.get(original, (None, {}, 0))
        if where != pocket or not whole:
            return []
        pool = self.pools[pocket]
        portions: list[Portion] = []
        cumulative, before = 0, 0
        for claim in sorted(carried):
            cumulative += carried[claim]
            upto = cumulative * amount // whole
            portions += self._out_of_claim(pool, claim, min(pool.free_of(claim), upto - before))
            before = upto
        own = min(pool.clean, amount - before)
        pool.clean -= own
        return portions + self.clean(own, "", "")

    def undo(self, parcel: Parcel, amount: int, stays: Callable[[str], bool]) -> list[Portion]:
        """By the same cumulative floors, of each claim at most what has not come back, clean money last (choice 13)."""
        back: list[Portion] = []
        cumulative, before = 0, 0
        for claim in sorted(parcel.carried):
            cumulative += parcel.carried[claim]
            upto = cumulative * amount // parcel.whole
            left = sorted((p for p in parcel.portions if p.owner == claim), key=lambda p: p.mark)
            there = sum(p.count for p in left)
            back += _by_marks(left, min(there, upto - before))
            before = upto
        for part in back:
            assert part.owner is not None
            if not stays(part.owner):
                _make_clean(parcel, part)
        return back + self.clean(amount - sum(p.count for p in back), "", "")

    def _out_of_claim(self, pool: Pool, claim: str, amount: int) -> list[Portion]:
        """Within one claim its marks share by cumulative floors (choice 13)."""
        have = pool.free_of(claim)
        portions: list[Portion] = []
        cumulative, before = 0, 0
        for colour in sorted(colour for colour in pool.free if colour[0] == claim):
            cumulative += pool.free[colour]
            upto = cumulative * amount // have if have else 0
            portions += self._out(pool, colour, upto - before)
            before = upto
        return portions

    def put(self, pocket: Pocket, portions: list[Portion], row: str, time: datetime | None) -> None:
        pool = self.pools[pocket]
        carried: dict[str, int] = defaultdict(int)
        depths: dict[str, int] = {}
        for portion in portions:
            if portion.owner is not None:
                carried[portion.owner] += portion.count
                depths[portion.owner] = min(portion.depth, depths.get(portion.owner, portion.depth))
        for claim in carried:
            self._note_arrival(pool, claim, depths[claim], time)
        for portion in portions:
            if portion.owner is None:
                pool.clean += portion.count
            else:
                pool.free[portion.owner, portion.mark] += portion.count
        if row:
            self.brought[row] = (pocket, dict(carried), sum(portion.count for portion in portions))

    def _note_arrival(self, pool: Pool, claim: str, depth: int, time: datetime | None) -> None:
        """Choice 8: one depth and one arrival for a claim's free money since there was last none."""
        assert time is not None
        if pool.free_of(claim) == 0:
            pool.depth[claim], pool.since[claim] = depth, time
        pool.depth[claim] = min(pool.depth[claim], depth)
        pool.since[claim] = min(pool.since[claim], time)

    def convert(self, portions: list[Portion], old: int, new: int) -> list[Portion]:
        """Cumulative floors in order of claim id (choice 14)."""
        assert sum(portion.count for portion in portions) == old
        owned = sorted(
            (p for p in portions if p.owner is not None), key=lambda p: (p.owner or "", p.mark)
        )
        after: list[Portion] = []
        cumulative, before = 0, 0
        for p in owned:
            cumulative += p.count
            upto = cumulative * new // old
            if upto > before:
                after.append(Portion(upto - before, p.owner, p.mark, p.depth, p.since))
            before = upto
        return after + self.clean(new - before, "", "")

    def hold(self, number: int, pocket: Pocket, amount: int) -> None:
        """Claims by (since, claim id), then clean (choice 15)."""
        pool = self.pools[pocket]
        kept: dict[Colour, int] = {}
        for claim in sorted(pool.claims(), key=lambda claim: (pool.since[claim], claim)):
            pool.held_depth[number, claim] = pool.depth[claim]
            pool.held_since[number, claim] = pool.since[claim]
            for colour in sorted(colour for colour in pool.free if colour[0] == claim):
                part = min(pool.free[colour], amount)
                pool.free[colour] -= part
                amount -= part
                kept[colour] = part
        pool.held[number] = kept
        pool.held_clean[number] = min(pool.clean, amount)
        pool.clean -= pool.held_clean[number]

    def release(self, number: int, pocket: Pocket) -> None:
        pool = self.pools[pocket]
        kept = pool.held.pop(number, {})
        for claim in sorted({claim for (claim, _), amount in kept.items() if amount}):
            depth, since = pool.held_depth[number, claim], pool.held_since[number, claim]
            self._note_arrival(pool, claim, depth, since)
        for colour, amount in kept.items():
            pool.free[colour] += amount
        pool.clean += pool.held_clean.pop(number, 0)

    def contents(self, pocket: Pocket) -> list[Content]:
        pool = self.pools[pocket]
        found = [Content(Portion(pool.clean), None, None)]
        found += [
            _content(colour, amount, pool.depth[colour[0]], pool.since[colour[0]], None)
            for colour, amount in pool.free.items()
            if amount
        ]
        for number, lots in pool.held.items():
            for colour, amount in lots.items():
                if amount:
                    place = (number, colour[0])
                    depth, since = pool.held_depth[place], pool.held_since[place]
                    found.append(_content(colour, amount, depth, since, number))
            found.append(Content(Portion(pool.held_clean[number]), None, number))
        return found


def _by_marks(portions: list[Portion], amount: int) -> list[Portion]:
    """Within one claim its marks share by cumulative floors (choice 13)."""
    have = sum(portion.count for portion in portions)
    after: list[Portion] = []
    cumulative, before = 0, 0
    for portion in portions:
        cumulative += portion.count
        upto = cumulative * amount // have if have else 0
        if upto > before:
            after.append(replace(portion, count=upto - before))
        before = upto
    return after


def _make_clean(parcel: Parcel, part: Portion) -> None:
    """Take a part out of a parcel and leave clean money in its place."""
    rest = part.count
    for index, portion in enumerate(parcel.portions):
        if (portion.owner, portion.mark) == (part.owner, part.mark):
            gone = min(rest, portion.count)
            parcel.portions[index] = replace(portion, count=portion.count - gone)
            rest -= gone
    assert rest == 0, (parcel, part)
    parcel.portions.append(Portion(part.count))


def _content(colour: Colour, amount: int, depth: int, since: datetime, hold: int | None) -> Content:
    claim, mark = colour
    return Content(Portion(amount, claim, mark, depth, since), since, hold)
