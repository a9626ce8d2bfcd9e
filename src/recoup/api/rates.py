"""How often somebody may ask: a bucket of tokens each, in memory. A bound for the program's sake, not a right."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

_MINUTE = 60.0
_KEPT_MAX = 100_000


@dataclass(slots=True)
class Rate:
    """At most `per_minute` in a minute for each key, and no more than that at once."""

    per_minute: int
    clock: Callable[[], float] = time.monotonic
    _buckets: dict[str, tuple[float, float]] = field(default_factory=dict)

    def take(self, key: str) -> bool:
        """Return whether one more is allowed now, and count it."""
        now = self.clock()
        if len(self._buckets) >= _KEPT_MAX:
            self._forget(now)
        left, then = self._buckets.get(key, (float(self.per_minute), now))
        left = min(float(self.per_minute), left + (now - then) * self.per_minute / _MINUTE)
        is_allowed = left >= 1.0
        self._buckets[key] = (left - 1.0 if is_allowed else left, now)
        return is_allowed

    def _forget(self, now: float) -> None:
        """Drop buckets that are full again; all of them if none is."""
        kept = {key: x for key, x in self._buckets.items() if now - x[1] < _MINUTE}
        self._buckets = kept if len(kept) < _KEPT_MAX else {}


__all__ = ["Rate"]
