"""Which ids were answered, with what content, and where the answer lies. Kept in bulk: no object for each payment.

An id is remembered by the payments' own time: two generations, each as long as ids must be known. A generation that is over
goes as a whole, with the answers that only it needed.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

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


class KnownIds:
    """Ids that were answered. One thread changes it; `in` may be asked by any."""

    def __init__(self, kept_us: int) -> None:
        """Remember each id for at least `kept_us` microseconds of the payments' own time."""
        self.kept_us = kept_us
        self._now: dict[str, int] = {}
        self._before: dict[str, int] = {}
        self._since = _NEVER
        self._firsts: list[int] = []
        self._batches: list[Decisions | Answered] = []
        self._next = 0
        self._generation = 0
        """Number with which the present generation begins."""

    def __len__(self) -> int:
        return len(self._now) + sum(id_ not in self._now for id_ in self._before)

    def __contains__(self, id_: object) -> bool:
        return id_ in self._now or id_ in self._before

    def find(self, id_: str) -> Known | None:
        """Return what is known of an id."""
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
        both = {**self._before, **self._now} if self._before else self._now
        ids, numbers = list(both), np.fromiter(both.values(), np.int64, len(both))
        if (np.diff(numbers) < 0).any():  # an id that came again when it was forgotten
            order = np.argsort(numbers)
            ids, numbers = [ids[at] for at in order.tolist()], numbers[order]
        ends = np.searchsorted(numbers, [*self._firsts, self._next][1:]).tolist()
        places, begin = numbers.tolist(), 0
        for first, made, end in zip(self._firsts, self._batches, ends, strict=True):
            if begin < end:
                yield made, ids[begin:end], [at - first for at in places[begin:end]]
            begin = end

    def put(self, kept: Answered, ids: Sequence[str], clock_us: int) -> None:
        """Begin with ids that were kept, as of a clock."""
        assert not self._next, "nothing is known yet"
        self._since = clock_us
        self.add(kept, ids, range(len(ids)))

    def none_of(self, ids: Sequence[str]) -> bool:
        """Return whether none of these is known."""
        return self._now.keys().isdisjoint(ids) and (
            not self._before or self._before.keys().isdisjoint(ids)
        )

    def some_of(self, ids: Sequence[str]) -> Iterator[int]:
        """Yield the places of those that are known."""
        return (at for at, id_ in enumerate(ids) if id_ in self)

    def age(self, clock_us: int) -> None:
        """Let a generation end if its time is over."""
        if clock_us <= self._since + self.kept_us:
            return
        gone = bisect_right(self._firsts, self._generation - 1)
        del self._firsts[:gone], self._batches[:gone]
        self._before, self._now = self._now, {}
        self._since, self._generation = clock_us, self._next

    def add(self, made: Decisions | Answered, ids: Iterable[str], places: Iterable[int]) -> None:
        """Remember ids of a batch, each at its place in it."""
        first = self._next
        self._firsts.append(first)
        self._batches.append(made)
        self._next += len(made)
        self._now.update(
            zip(ids, places if first == 0 else map(first.__add__, places), strict=True)
        )

    def drop(self, ids: Iterable[str]) -> None:
        """Forget ids of the last batch: those of payments that were refused."""
        for id_ in ids:
            self._now.pop(id_, None)


__all__ = ["Contents", "Known", "KnownIds"]
