"""Running totals of a play, for whoever watches it live. Figures are counted elsewhere, from all that happened."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from recoup.rehearse.play.happened import (
    Averted,
    Happened,
    HeldNow,
    Intercepted,
    Ordered,
    Reported,
    Returned,
)


@dataclass(slots=True)
class Totals:
    """Counts and sums up to `now_us`; money in minor units."""

    policy: str
    begin_us: int
    now_us: int
    end_us: int
    payments: int = 0
    """Rows booked by now."""
    reports: int = 0
    orders: int = 0
    held: int = 0
    """What is held at this moment, all stoppers together."""
    intercepted: int = 0
    """What was caught by the watch."""
    averted: int = 0
    returned: int = 0
    is_over: bool = False
    _held_by: dict[tuple[str, str, int], int] = field(default_factory=dict)

    def take(self, happened: Happened) -> None:
        """Count one more thing that happened."""
        match happened:
            case HeldNow(stopper=stopper, cause=cause, account=account, held=held):
                key = (stopper.value, cause, account)
                self.held += held - self._held_by.pop(key, 0)
                if held:
                    self._held_by[key] = held
            case Ordered():
                self.orders += 1
            case Reported():
                self.reports += 1
            case Averted(amount=amount):
                self.averted += amount
            case Intercepted(amount=amount):
                self.intercepted += amount
            case Returned(amount=amount):
                self.returned += amount
            case _:
                pass


Progress = Callable[[Totals], None]
"""Is called about ten times a second; it may read the totals and must not keep them."""

__all__ = ["Progress", "Totals"]
