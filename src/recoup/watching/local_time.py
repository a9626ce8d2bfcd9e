"""The wall clock that features, facts and rules read: one time zone, and which hours of it are night.

A set of rules states its own; a model remembers the one it was trained under, so that serving reads the same clock.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from recoup.watch.model import Training
from recoup.watch.rules import RuleSet
from recoup.watch.state import Settings

DEFAULT_ZONE: Final = "Asia/Shanghai"
_FROM: Final = datetime(1970, 1, 1, tzinfo=UTC)
_UNTIL: Final = datetime(2100, 1, 1, tzinfo=UTC)
_HOUR: Final = 3_600
_STEPS: Final = (86_400, _HOUR, 60, 1)
"""A change of offset is looked for by the day, then by the hour, minute and second."""
_SECOND_US: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class LocalTime:
    """An IANA zone and the hours of its night.

    >>> LocalTime("Asia/Tokyo", (23, 5)).settings().zone
    ((0, 32400),)
    """

    timezone: str = DEFAULT_ZONE
    night: tuple[int, int] = (22, 6)
    """From the first hour, through midnight where it is the later one, up to the second."""

    @classmethod
    def of_rules(cls, rules: RuleSet) -> LocalTime:
        """Return the clock that a set of rules states."""
        return cls(rules.timezone, rules.night)

    @classmethod
    def of_training(cls, training: Training) -> LocalTime:
        """Return the clock that a model was trained under."""
        return cls(training.timezone or DEFAULT_ZONE, training.night)

    def settings(self, others: Settings | None = None) -> Settings:
        """Return the settings of a stream that reads this clock, else as `others` say."""
        first, last = self.night
        return replace(
            others or Settings(),
            zone=zone_offsets(self.timezone),
            night=(first * _HOUR, last * _HOUR),
        )


@cache
def zone_offsets(timezone: str) -> tuple[tuple[int, int], ...]:
    """Return a zone's offsets from UTC in seconds, each from an instant (UTC microseconds) on, from 1970 to 2100."""
    first, last = int(_FROM.timestamp()), int(_UNTIL.timestamp())
    since = _changes(timezone, np.array([first]), last - first)
    at = np.concatenate([[first], since])
    offsets = _offsets(timezone, at)
    return tuple(zip((at * _SECOND_US).tolist(), offsets.tolist(), strict=True))


def _changes(timezone: str, begins: NDArray[np.int64], width: int) -> NDArray[np.int64]:
    """Return the first seconds of other offsets inside the stretches of so many seconds from `begins`."""
    for step in _STEPS:
        steps = np.arange(0, width + 1, step)
        grid = (begins[:, None] + steps[None, :]).reshape(-1)
        offsets = _offsets(timezone, grid).reshape(len(begins), len(steps))
        row, place = np.nonzero(np.diff(offsets, axis=1))
        begins, width = begins[row] + steps[place], step
    changed: NDArray[np.int64] = begins + 1
    return changed


def _offsets(timezone: str, seconds: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the offset at each instant, by the same tables that the hours of facts come from."""
    local = (
        pl.Series(seconds * _SECOND_US)
        .cast(pl.Datetime("us", "UTC"))
        .dt.convert_time_zone(timezone)
    )
    total = local.dt.base_utc_offset() + local.dt.dst_offset()
    found: NDArray[np.int64] = total.dt.total_seconds().to_numpy()
    return found


__all__ = ["DEFAULT_ZONE", "LocalTime", "zone_offsets"]
