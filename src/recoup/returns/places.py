"""How a pocket keeps money while it is followed for a return: lots on an axis (fifo, lifo) or one pool (rolling).

A pocket whose holder is involved spends first what is no claim's [SEMANTICS 5]; the rule then applies among the claims.
Elsewhere the rule applies to all money alike. Claims are numbers in the order of their ids; -1 is money that is no claim's.
What moves is a list of parts (units, claim), for lots in the order of the axis it was taken from [choice 3].
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Final

CLEAN: Final = -1
Part = tuple[int, int]
"""Units and whose they are."""


class Lots:
    """One pocket under fifo or lifo: where its free units lie on its axis."""

    __slots__ = ("claims", "clean", "end", "held", "is_lifo", "own_first")

    def __init__(self, opening: int, *, is_lifo: bool, own_first: bool) -> None:
        self.is_lifo, self.own_first = is_lifo, own_first
        self.end = opening
        self.clean: deque[list[int]] = deque([[0, opening, CLEAN]] if opening else ())
        self.claims: deque[list[int]] = deque()
        self.held: dict[int, list[list[int]]] = {}
        """By hold: lots that no debit takes."""

    def put(self, parts: Sequence[Part]) -> None:
        """Add parts at the end of the axis."""
        end = self.end
        for size, claim in parts:
            lots = self.clean if claim == CLEAN else self.claims
            if lots:
                last = lots[-1]
                if last[2] == claim and last[0] + last[1] == end:
                    last[1] += size
                    end += size
                    continue
            lots.append([end, size, claim])
            end += size
        self.end = end

    def take(self, amount: int) -> list[Part]:
        """Take `amount` units by the rule, in axis order."""
        taken: list[tuple[int, int, int]] = []
        left, end = amount, -1 if self.is_lifo else 0
        while left:
            lots = self._next()
            lot = lots[end]
            start, size, claim = lot
            if size <= left:
                if end:
                    lots.pop()
                else:
                    lots.popleft()
            else:
                lot[1] -= left
                if end:
                    start += size - left
                else:
                    lot[0] += left
                size = left
            taken.append((start, size, claim))
            left -= size
        if len(taken) > 1:
            taken.sort()
        return [(size, claim) for _, size, claim in taken]

    def _next(self) -> deque[list[int]]:
        """Return the lots of which the next unit is taken: own money first, else the lowest (lifo: highest) position."""
        clean, claims = self.clean, self.claims
        if not claims or not clean or self.own_first:
            return clean or claims
        first = clean[-1][0] > claims[-1][0] if self.is_lifo else clean[0][0] < claims[0][0]
        return clean if first else claims

    def take_very(self, low: int, whole: int, amount: int) -> list[Part]:
        """Take up to `amount` of the units in [low, low + whole) that are still free: what a transfer put [choice 13]."""
        inside: list[tuple[int, int, int]] = []
        for lots in (self.clean, self.claims):
            kept: list[list[int]] = []
            for start, size, claim in lots:
                begin, stop = max(start, low), min(start + size, low + whole)
                if begin >= stop:
                    kept.append([start, size, claim])
                    continue
                inside.append((begin, stop - begin, claim))
                if start < begin:
                    kept.append([start, begin - start, claim])
                if stop < start + size:
                    kept.append([stop, start + size - stop, claim])
            lots.clear()
            lots.extend(kept)
        inside.sort()
        there = sum(size for _, size, _ in inside)
        skip = max(0, there - amount) if self.is_lifo else 0
        taken: list[Part] = []
        for start, size, claim in inside:
            before = min(size, skip)
            skip -= before
            got = min(size - before, amount)
            amount -= got
            self._restore(start, before, claim)
            self._restore(start + before + got, size - before - got, claim)
            if got:
                taken.append((got, claim))
        return taken

    def _restore(self, start: int, size: int, claim: int) -> None:
        """Put units back at their own positions."""
        if not size:
            return
        lots = self.clean if claim == CLEAN else self.claims
        at = sum(1 for lot in lots if lot[0] < start)
        lots.insert(at, [start, size, claim])

    def hold(self, slot: int, amount: int) -> None:
        """Set `amount` aside, claims' oldest units first, then what is no claim's; at most what is free [SEMANTICS 3]."""
        kept = self.held.setdefault(slot, [])
        for lots in (self.claims, self.clean):
            while amount and lots:
                start, size, claim = lot = lots[0]
                part = min(size, amount)
                amount -= part
                kept.append([start, part, claim])
                if part == size:
                    lots.popleft()
                else:
                    lot[0] += part
                    lot[1] -= part

    def release(self, slot: int) -> None:
        """Give what a hold kept back to the flow, at its own age."""
        for start, size, claim in self.held.pop(slot, ()):
            self._restore(start, size, claim)

    def take_waiting(self, low: int, amount: int) -> list[Part]:
        """Take the units [low, low + amount) out of a link's one credit that has not crossed; clean ones cross in their place.

        Nothing once it has crossed [choice 19].
        """
        if not self.claims and not self.clean:
            return []
        parts: list[Part] = []
        high, at, kept = low + amount, low, []
        lots, self.claims = self.claims, deque()
        for start, size, claim in lots:
            begin, stop = max(start, low), min(start + size, high)
            if begin >= stop:
                kept.append((start, size, claim))
                continue
            parts += [(begin - at, CLEAN)] * (begin > at) + [(stop - begin, claim)]
            at = stop
            kept += [(start, begin - start, claim), (stop, start + size - stop, claim)]
            self._restore(begin, stop - begin, CLEAN)
        for start, size, claim in kept:
            self._restore(start, size, claim)
        return parts

    def shares(self) -> dict[int, int]:
        """Return what each claim has here, held or free."""
        found: dict[int, int] = {}
        for _, size, claim in self.claims:
            found[claim] = found.get(claim, 0) + size
        for kept in self.held.values():
            for _, size, claim in kept:
                if claim != CLEAN:
                    found[claim] = found.get(claim, 0) + size
        return found


class Pool:
    """One pocket under the rolling charge: how much of each claim, and how much of none."""

    __slots__ = ("claims", "clean", "clock", "held", "own_first", "since", "whole")

    def __init__(self, opening: int, *, own_first: bool, clock: list[int] | None = None) -> None:
        self.own_first = own_first
        self.clock = clock
        """The time of the event under way; None where nothing is held and no arrival matters."""
        self.since: dict[int, int] = {}
        """When the claim's free money came, since there was last none [choice 8]."""
        self.held: dict[int, list[tuple[int, int, int]]] = {}
        """By hold: units, claim, since when."""
        self.whole = 0
        """Of all claims together."""
        self.clean = opening
        self.claims: dict[int, int] = {}

    def put(self, parts: Sequence[Part]) -> None:
        """Add parts."""
        for size, claim in parts:
            if claim == CLEAN:
                self.clean += size
            else:
                if self.clock is not None and claim not in self.claims:
                    self.since[claim] = self.clock[0]
                self.claims[claim] = self.claims.get(claim, 0) + size
                self.whole += size

    def take(self, amount: int) -> list[Part]:
        """Take `amount` rateably by joint cumulative floors in claim order [choice 9]; own money first where it is (10)."""
        own = min(amount, self.clean) if self.own_first else 0
        self.clean -= own
        rest = amount - own
        balance = self.whole if self.own_first else self.whole + self.clean
        taken: list[Part] = []
        given = total = 0
        claims = self.claims if rest else ()
        for claim in sorted(claims):  # `cumulative_floors`, taken out at once
            amount_of = self.claims[claim]
            total += amount_of
            upto = total * rest // balance
            size = upto - given
            if size:
                given = upto
                taken.append((size, claim))
                if size < amount_of:
                    self.claims[claim] = amount_of - size
                else:
                    assert size == amount_of, "a claim gave more than it had"
                    del self.claims[claim]
        self.whole -= given
        self.clean -= rest - given
        assert self.clean >= 0, "a pool gave more than it had"
        return [*taken, (amount - given, CLEAN)] if amount > given else taken

    def take_very(self, carried: dict[int, int], whole: int, amount: int) -> list[Part]:
        """Take what a transfer put in proportion, as far as it is there, own money last [choice 13]."""
        asked = cumulative_floors(sorted(carried.items()), amount, whole)
        taken = self._take_out(
            [(min(size, self.claims.get(claim, 0)), claim) for size, claim in asked]
        )
        own = min(self.clean, amount - sum(size for size, _ in asked))
        self.clean -= own
        return [*taken, (own, CLEAN)] if own else taken

    def _take_out(self, parts: list[Part]) -> list[Part]:
        taken = [(size, claim) for size, claim in parts if size]
        claims = self.claims
        for size, claim in taken:
            left = claims[claim] - size
            assert left >= 0, "a claim gave more than it had"
            self.whole -= size
            if left:
                claims[claim] = left
            else:
                del claims[claim]
        return taken

    def hold(self, slot: int, amount: int) -> None:
        """Set `amount` aside: claims by arrival, then by id; then what is no claim's; at most what is free [choice 15]."""
        kept = self.held.setdefault(slot, [])
        for claim in sorted(self.claims, key=lambda claim: (self.since[claim], claim)):
            part = min(self.claims[claim], amount)
            if part:
                kept.append((part, claim, self.since[claim]))
                self._take_out([(part, claim)])
                amount -= part
        own = min(self.clean, amount)
        self.clean -= own
        kept.append((own, CLEAN, 0))

    def release(self, slot: int) -> None:
        """Give what a hold kept back to the flow, as old as it was."""
        for size, claim, since in self.held.pop(slot, ()):
            if claim == CLEAN:
                self.clean += size
                continue
            self.since[claim] = min(since, self.since[claim]) if claim in self.claims else since
            self.claims[claim] = self.claims.get(claim, 0) + size
            self.whole += size

    def take_waiting(self, carried: dict[int, int], whole: int, amount: int) -> list[Part]:
        """Take `amount` of a link's one credit in proportion, of each claim at most what waits; clean money crosses instead."""
        if not self.clean and not self.whole:
            return []
        asked = cumulative_floors(sorted(carried.items()), amount, whole)
        taken = self._take_out(
            [(min(size, self.claims.get(claim, 0)), claim) for size, claim in asked]
        )
        self.clean += sum(size for size, _ in taken)
        return taken

    def shares(self) -> dict[int, int]:
        """Return what each claim has here, held or free."""
        found = dict(self.claims)
        for kept in self.held.values():
            for size, claim, _ in kept:
                if claim != CLEAN and size:
                    found[claim] = found.get(claim, 0) + size
        return found


def cumulative_floors(amounts: Sequence[tuple[int, int]], asked: int, whole: int) -> list[Part]:
    """Return `asked` of `whole` shared over (claim, amount) in that order by floors of cumulative sums; may be zero.

    >>> cumulative_floors([(0, 1), (1, 1), (2, 1)], 2, 3)
    [(0, 0), (1, 1), (1, 2)]
    """
    parts: list[Part] = []
    total = before = 0
    if not whole:
        return [(0, claim) for claim, _ in amounts]
    for claim, amount in amounts:
        total += amount
        upto = total * asked // whole
        parts.append((upto - before, claim))
        before = upto
    return parts
