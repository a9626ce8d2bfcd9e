"""How long stolen money stays where it arrived: a curve of steps, integers only. Learned from answers or given; never law."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class Dwell:
    """Points (seconds since arrival, chance in 1,000 that the money is still there), from (0, 1000) on, never rising.

    Between two points the chance falls in a straight line; after the last it stays. It never reaches 0: an order that might
    still find something is sent last, not never.
    """

    points: tuple[tuple[int, int], ...]

    def __post_init__(self) -> None:
        """Refuse a curve that begins elsewhere, rises, or reaches nothing."""
        if not self.points or self.points[0] != (0, 1000):
            raise ValueError("expected a curve that begins at (0, 1000)")
        if any(a[0] >= b[0] or a[1] < b[1] for a, b in pairwise(self.points)):
            raise ValueError("expected later points with no greater chance")
        if self.points[-1][1] < 1:
            raise ValueError("expected a chance of at least 1 in 1,000")

    def chance(self, since: timedelta) -> int:
        """Return the chance in 1,000 that money is still there `since` it arrived; a time before arrival counts as 0.

        >>> Dwell(((0, 1000), (600, 250))).chance(timedelta(minutes=5))
        625
        """
        seconds = max(0, since // timedelta(seconds=1))
        for (begin, high), (end, low) in pairwise(self.points):
            if seconds < end:
                return high - (high - low) * (seconds - begin) // (end - begin)
        return self.points[-1][1]


def learn(prior: Dwell, seen: Iterable[tuple[int, int, int]], weight: int) -> Dwell:
    """Return a curve learned from answered orders, between those that were given.

    Args:
        prior: the curve to begin with; its seconds stay.
        seen: per answered order the seconds from arrival to stop, what was asked, and what was there.
        weight: how many orders the prior counts as, at each of its points.

    >>> learn(Dwell(((0, 1000), (600, 500))), [(700, 100, 0), (900, 100, 0)], weight=2).points
    ((0, 1000), (600, 250))
    """
    orders = [row for row in seen if row[1] > 0]
    points = [prior.points[0]]
    for at, (second, chance) in enumerate(prior.points[1:], start=1):
        # An order tells of the point it lies nearest to, whatever its size: many small thefts teach as much as one large one.
        after = prior.points[at + 1][0] if at + 1 < len(prior.points) else None
        begin = (prior.points[at - 1][0] + second) // 2
        end = None if after is None else (second + after) // 2
        near = [row for row in orders if begin <= row[0] and (end is None or row[0] < end)]
        found = sum(1000 * max(0, min(there, asked)) // asked for _, asked, there in near)
        learned = (chance * weight + found) // max(1, weight + len(near))
        points.append((second, max(1, min(points[-1][1], learned))))
    return Dwell(tuple(points))
