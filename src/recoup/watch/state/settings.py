"""What a shard is told when it is made: its zone, what counts as night, round, small, and how long rows are kept. No law here:
lines that a law or a bank draws come from policy as `limits_minor`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from recoup.errors import StateFault, StateProblem
from recoup.watch.state.kernels import words
from recoup.watch.state.kernels.words import DAY, SECOND

_LIMITS_MAX: Final = 16
_LARGER_MAX: Final = 10_000


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of a shard; they are part of every snapshot, because features mean something else under others."""

    late_seconds: int = 3_600
    """A payment that is older than the stream's clock by more is refused; a younger one counts at the clock."""
    ahead_seconds: int = 366 * 86_400
    """A payment that is ahead of the clock by more is refused: one wrong time would make all others late."""
    retention_days: int = 30
    """How long rows are kept to follow old money; at least the longest window."""
    zone: tuple[tuple[int, int], ...] = ((0, 28_800),)
    """Offsets from UTC in seconds, each from an instant (UTC microseconds) on; the first holds for all time before."""
    night: tuple[int, int] = (22 * 3_600, 6 * 3_600)
    """Local seconds of the day from which and until which it is night."""
    round_minor: int = 10_000
    """A round amount is a multiple of it."""
    limits_minor: tuple[int, ...] = ()
    """Lines that people stay below."""
    below_per_mille: int = 50
    """How close below such a line is just below it."""
    small_minor: int = 1_000
    """A test payment is at most so much."""
    times_larger: int = 100
    """A payment of so many times `small_minor` after a test payment to the same payee is a large one."""

    def __post_init__(self) -> None:
        """Refuse what kernels could not count with."""
        bounds = (
            (0 <= self.late_seconds <= 7 * 86_400, "late_seconds: 0 to 7 days"),
            (1 <= self.ahead_seconds <= 36_600 * 86_400, "ahead_seconds: 1 to a century"),
            (7 <= self.retention_days <= 36_600, "retention_days: 7 to a century"),
            (1 <= len(self.zone) <= 1_000, "zone: 1 to 1,000 offsets"),
            (list(self.zone) == sorted(self.zone), "zone: in order of time"),
            (all(abs(offset) <= 86_400 for _, offset in self.zone), "zone: at most a day"),
            (all(0 <= second <= 86_400 for second in self.night), "night: seconds of a day"),
            (1 <= self.round_minor <= 2**50, "round_minor: at least 1"),
            (len(self.limits_minor) <= _LIMITS_MAX, f"limits_minor: at most {_LIMITS_MAX}"),
            (all(0 < line <= 2**50 for line in self.limits_minor), "limits_minor: at least 1"),
            (0 <= self.below_per_mille <= 1_000, "below_per_mille: 0 to 1,000"),
            (1 <= self.small_minor <= 2**40, "small_minor: at least 1"),
            (1 <= self.times_larger <= _LARGER_MAX, f"times_larger: 1 to {_LARGER_MAX}"),
        )
        for fits, what in bounds:
            if not fits:
                raise StateFault(StateProblem.SETTING_WRONG, f"expected {what}")

    def terms(self) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """Return the numbers that kernels read, by their places in words."""
        terms = np.zeros(8, np.int64)
        terms[words.LATE] = self.late_seconds * SECOND
        terms[words.AHEAD] = self.ahead_seconds * SECOND
        terms[words.RETENTION] = self.retention_days * DAY
        terms[words.ROUND] = self.round_minor
        terms[words.NIGHT_FROM], terms[words.NIGHT_UNTIL] = self.night
        terms[words.SMALL] = self.small_minor
        terms[words.TIMES_LARGER] = self.times_larger
        return terms

    def limits(self) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """Return from and up to where an amount lies just below each line."""
        parts = [
            (line - line * self.below_per_mille // 1_000, line)
            for line in sorted(self.limits_minor)
        ]
        return np.array(parts, np.int64).reshape(-1)


__all__ = ["Settings"]
