"""Which ids were answered, with what content, and where the answer lies. Kept in bulk: no object for each payment.

An id is remembered by the payments' own time: two generations, each as long as ids must be known. A generation that is over
goes as a whole, with the answers that only it needed.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from recoup.watch.names import ABSENT, Table, Texts
from recoup.watching.asked import Plain

if TYPE_CHECKING:
    from recoup.watching.answered import Answered
    from recoup.watching.decisions import Decisions

_NEVER: Final = -(2**63)


class Known(NamedTuple):
    """An id that was answered: its content, and where the answer lies."""

    content: Plain
    decisions: Decisions | Answered
    place: int


class Contents:
    """The contents of some payments of a batch, by their place in it."""

    def __init__(self, some: Mapping[int, Plain]) -> None:
        self._some = some

    def plain(self, place: int) -> Plain:
        """Return the content at a place that was decided."""
        return self._some[place]


class _Generation:
    """The number of each id of one generation: what came one by one in a dictionary, until a column comes."""

    __slots__ = ("alone", "table")

    def __init__(self) -> None:
        self.alone: dict[str, int] = {}
        self.table: Table | None = None

    def get(self, id_: str) -> int | None:
        """Return the number of an id. Any thread may ask: what moves over stands in both for a moment."""
        number = self.alone.get(id_)
        if number is None and self.table is not None and id_.isprintable():
            number = int(self.table.find(Texts.of([id_]))[0])
            return None if number == ABSENT else number
        return number

    def get_all(self, ids: Sequence[str]) -> list[int | None]:
        """Return the number of each."""
        found = list(map(self.alone.get, ids))
        if self.table is None:
            return found
        fit = [at for at, id_ in enumerate(ids) if found[at] is None and id_.isprintable()]
        numbers = self.table.find(Texts.of([ids[at] for at in fit])).tolist()
        for at, number in zip(fit, numbers, strict=True):
            found[at] = None if number == ABSENT else number
        return found

    def find(self, ids: Texts) -> npt.NDArray[np.int64] | None:
        """Return the number of each of a column, ABSENT where it has none; None where there are none at all."""
        self._move()
        return None if self.table is None else self.table.find(ids)

    def put(self, ids: Texts, numbers: npt.NDArray[np.int64]) -> None:
        """Take a column."""
        self._move()
        if self.table is None:
            self.table = Table()
        self.table.put(ids, numbers)

    def _move(self) -> None:
        """Move what came one by one into the table, so that a column need not be spelled to be looked up."""
        if self.alone:
            table = Table() if self.table is None else self.table
            numbers = np.fromiter(self.alone.values(), np.int64, len(self.alone))
            table.put_spelled(list(self.alone), numbers)
            self.table = table
            self.alone = {}

    def drop(self, ids: Iterable[str]) -> None:
        """Forget these."""
        for id_ in ids:
            self.alone.pop(id_, None)
            if self.get(id_) is not None and self.table is not None:
                self.table.put(Texts.of([id_]), np.array([ABSENT]))

    def items(self) -> tuple[list[str], npt.NDArray[np.int64]]:
        """Return all ids, and their numbers."""
        ids, numbers = list(self.alone), np.fromiter(self.alone.values(), np.int64, len(self.alone))
        if self.table is None:
            return ids, numbers
        texts, values = self.table.entries()
        there, is_there = texts.spelled(), values != ABSENT
        if not is_there.all():
            there = [there[at] for at in np.flatnonzero(is_there).tolist()]
        if not ids:
            return there, values[is_there]
        own = self.alone  # what came again one by one stands in both: the later is meant
        fresh = [at for at, id_ in enumerate(there) if id_ not in own]
        return [there[at] for at in fresh] + ids, np.r_[values[is_there][fresh], numbers]


class KnownIds:
    """Ids that were answered. One thread changes it; `in` and `has_any` may be asked by any."""

    def __init__(self, kept_us: int) -> None:
        """Remember each id for at least `kept_us` microseconds of the payments' own time."""
        self.kept_us = kept_us
        self._now, self._before = _Generation(), _Generation()
        self._since = _NEVER
        self._firsts: list[int] = []
        self._batches: list[Decisions | Answered] = []
        self._next = 0
        self._generation = 0
        """Number with which the present generation begins."""

    def __len__(self) -> int:
        return len(self._both()[0])

    def __contains__(self, id_: object) -> bool:
        assert isinstance(id_, str), "ids are texts"
        return self._now.get(id_) is not None or self._before.get(id_) is not None

    def find(self, id_: str) -> Known | None:
        """Return what is known of an id."""
        number = self._now.alone.get(id_)  # written out: of one payment, every call shows
        if number is None and self._now.table is not None:
            number = self._now.get(id_)
        if number is None:
            number = self._before.get(id_)
            if number is None:
                return None
        at = bisect_right(self._firsts, number) - 1
        made, place = self._batches[at], number - self._firsts[at]
        return Known(made.contents.plain(place), made, place)

    def batches(self) -> Iterator[tuple[Decisions | Answered, list[str], list[int]]]:
        """Yield each batch with the ids that are known of it and their places, in the order in which they were added."""
        ids, numbers = self._both()
        if (np.diff(numbers) < 0).any():  # an id that came again when it was forgotten
            order = np.argsort(numbers)
            ids, numbers = [ids[at] for at in order.tolist()], numbers[order]
        ends = np.searchsorted(numbers, [*self._firsts, self._next][1:]).tolist()
        places, begin = numbers.tolist(), 0
        for first, made, end in zip(self._firsts, self._batches, ends, strict=True):
            if begin < end:
                yield made, ids[begin:end], [at - first for at in places[begin:end]]
            begin = end

    def _both(self) -> tuple[list[str], npt.NDArray[np.int64]]:
        """Return all ids and their numbers; of one that is known twice, the later."""
        ids, numbers = self._now.items()
        older, theirs = self._before.items()
        if not older:
            return ids, numbers
        both = dict(zip(older, theirs.tolist(), strict=True))
        both.update(zip(ids, numbers.tolist(), strict=True))
        return list(both), np.fromiter(both.values(), np.int64, len(both))

    def put(self, kept: Answered, ids: Sequence[str], clock_us: int) -> None:
        """Begin with ids that were kept, as of a clock."""
        assert not self._next, "nothing is known yet"
        self._since = clock_us
        self.add(kept, ids, range(len(ids)))

    def none_of(self, ids: Sequence[str]) -> bool:
        """Return whether none of these is known."""
        if isinstance(ids, Texts):
            found = [self._now.find(ids), self._before.find(ids)]
            return all(some is None or bool((some == ABSENT).all()) for some in found)
        generations = (self._now, self._before)
        if any(some.alone and not some.alone.keys().isdisjoint(ids) for some in generations):
            return False
        return all(some.table is None or not any(self._are_in(some, ids)) for some in generations)

    def some_of(self, ids: Sequence[str]) -> Iterator[int]:
        """Yield the places of those that are known."""
        now, before = self._now.get_all(ids), self._before.get_all(ids)
        return (at for at in range(len(ids)) if now[at] is not None or before[at] is not None)

    def has_any(self, ids: Sequence[str]) -> bool:
        """Return whether any of these is known, asked for all at once. Any thread may ask: nothing is moved."""
        return any(True for _ in self.some_of(list(ids)))

    @staticmethod
    def _are_in(some: _Generation, ids: Sequence[str]) -> Iterator[bool]:
        return (number is not None for number in some.get_all(ids))

    def age(self, clock_us: int) -> None:
        """Let a generation end if its time is over."""
        if clock_us <= self._since + self.kept_us:
            return
        gone = bisect_right(self._firsts, self._generation - 1)
        del self._firsts[:gone], self._batches[:gone]
        self._before, self._now = self._now, _Generation()
        self._since, self._generation = clock_us, self._next

    def add(self, made: Decisions | Answered, ids: Iterable[str], places: Iterable[int]) -> None:
        """Remember ids of a batch, each at its place in it."""
        first = self._next
        self._firsts.append(first)
        self._batches.append(made)
        self._next += len(made)
        if isinstance(ids, Texts):
            self._now.put(ids, np.arange(first, first + len(ids)))
            return
        self._now.alone.update(
            zip(ids, places if first == 0 else map(first.__add__, places), strict=True)
        )

    def drop(self, ids: Iterable[str]) -> None:
        """Forget ids of the last batch: those of payments that were refused."""
        self._now.drop(ids)


__all__ = ["Contents", "Known", "KnownIds"]
