"""The offsets of a time zone as arrays, for kernels. Between the first and the last year; before and after they stay."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

_FIRST, _LAST = datetime(1990, 1, 1, tzinfo=UTC), datetime(2061, 1, 1, tzinfo=UTC)
_DAY: Final = timedelta(days=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

I64 = npt.NDArray[np.int64]


@cache
def offsets_of(timezone: str) -> tuple[I64, I64]:
    """Return since when (microseconds UTC) each offset (seconds) holds; the first for all time before."""
    zone = ZoneInfo(timezone or "UTC")

    def offset(at: datetime) -> int:
        passed = at.astimezone(zone).utcoffset()
        return 0 if passed is None else round(passed.total_seconds())

    since, found = [0], [offset(_FIRST)]
    day = _FIRST
    while day < _LAST:
        if offset(day + _DAY) != found[-1]:
            low, high = 0, 86_400
            while high - low > 1:
                middle = (low + high) // 2
                is_old = offset(day + timedelta(seconds=middle)) == found[-1]
                low, high = (middle, high) if is_old else (low, middle)
            at = day + timedelta(seconds=high)
            since.append((at - _EPOCH) // timedelta(microseconds=1))
            found.append(offset(at))
        day += _DAY
    return np.array(since, np.int64), np.array(found, np.int64)


__all__ = ["offsets_of"]
