"""When people pay: the rhythm of a day and a week, and how exactly a time is kept."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from recoup.rehearse.country.chance import F64, I64
from recoup.rehearse.scenario import CountryTerms

SECOND: Final = 1_000_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

HOURS: Final = (
    *(0.35, 0.2, 0.12, 0.1, 0.12, 0.3, 0.9, 2.2, 3.6, 4.4, 4.9, 6.2),
    *(6.6, 5.0, 4.4, 4.5, 4.8, 5.9, 6.6, 6.4, 5.8, 4.6, 2.9, 1.2),
)
"""How much is paid in each hour of a day, against the others: two meals, an evening, a quiet night."""

OFFICE: Final = tuple(1.0 if 9 <= hour < 18 else 0.0 for hour in range(24))
"""Hours in which firms pay."""


def begin_us(terms: CountryTerms) -> int:
    """Return the first midnight in microseconds of UTC."""
    local = datetime.combine(date.fromisoformat(terms.begin), time(), ZoneInfo(terms.timezone))
    return round(local.timestamp()) * SECOND


def weekdays(terms: CountryTerms) -> list[int]:
    """Return the weekday of each day, Monday being 0."""
    first = date.fromisoformat(terms.begin)
    return [(first + timedelta(days=day)).weekday() for day in range(terms.days)]


def day_shares(terms: CountryTerms) -> F64:
    """Return the running sum of the days' shares of what is paid; the last is one."""
    weights = [terms.weekend if weekday >= 5 else 1.0 for weekday in weekdays(terms)]
    total = np.cumsum(np.array(weights, np.float64))
    return np.asarray(total / total[-1])


def times_of_day(draw: np.random.Generator, count: int, hours: tuple[float, ...] = HOURS) -> I64:
    """Return `count` times since midnight in microseconds, by the rhythm of a day."""
    ends = np.concatenate([[0.0], np.cumsum(np.array(hours, np.float64))])
    hour = np.interp(draw.random(count) * ends[-1], ends, np.arange(25.0))
    return np.asarray(hour * HOUR, np.int64)


def kept(draw: np.random.Generator, times: I64, seconds_share: float) -> I64:
    """Return times as they are kept: some in whole seconds, the others in milliseconds; never later than they were."""
    step = np.where(draw.random(len(times)) < seconds_share, SECOND, 1_000)
    return times - times % step


__all__ = [
    "DAY",
    "HOUR",
    "HOURS",
    "MINUTE",
    "OFFICE",
    "SECOND",
    "begin_us",
    "day_shares",
    "kept",
    "times_of_day",
    "weekdays",
]
