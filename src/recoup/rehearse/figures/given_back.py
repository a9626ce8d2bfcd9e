"""What could be given back of each fraud without asking anybody else, and what was: the check on the way back. Pure.

Money is *directly traceable* where a fraud's own stolen money lay frozen for that fraud: nobody else's lies between it and its
victim. The truth says where it lies, not the plan: what a centre failed to see in its statements is open here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from recoup.rehearse.figures.truth import Truth
from recoup.rehearse.play.happened import Returned, Stopper
from recoup.rehearse.play.played import Played

_DAY_US: Final = 86_400_000_000
_HANDLING_DAYS: Final = 14
"""Beside the public notice: the application after two days, the plan, approvals, three working days of the bank; assumed."""


@dataclass(frozen=True, slots=True)
class GivenBack:
    """One fraud; minor units."""

    traceable: int
    """Stolen money of the fraud that was frozen for it at the end of its clocks, or that came back."""
    returned: int
    """Of that, what came back."""
    days: float
    """From the end of the country's days, or a report after it, to the last payment back; 0 where there was none."""

    def is_whole(self, notice_days: int) -> bool:
        """Return whether all of it came back, to the minor unit, within the notice's days and two weeks."""
        return self.returned == self.traceable and self.days <= notice_days + _HANDLING_DAYS


def given_back(played: Played, truth: Truth) -> Mapping[int, GivenBack]:
    """Return by fraud what was directly traceable and what of it came back; reported frauds of which anything was."""
    frozen: dict[tuple[int, int], int] = defaultdict(int)
    for hold in truth.holds.holds:
        if hold.stopper is Stopper.ORDER and hold.fraud >= 0:
            frozen[hold.account, hold.fraud] += min(hold.at_end, hold.frozen_most)
    left: dict[int, int] = defaultdict(int)
    for account, fraud, amount in truth.lies.iter_rows():
        left[fraud] += min(amount, frozen[account, fraud])
    last_us: dict[int, int] = {}
    paid: dict[int, int] = defaultdict(int)
    for one in played.happened:
        if isinstance(one, Returned):
            paid[one.fraud] += one.amount
            last_us[one.fraud] = max(last_us.get(one.fraud, 0), one.at_us)
    end_us, back = played.country.end_us, truth.returned_by_fraud
    found = {}
    for fraud in sorted(truth.reported_us):
        # What another fraud's victim was paid of this one's money came back to nobody here.
        returned = min(back.get(fraud, 0), paid[fraud])
        if traceable := left[fraud] + returned:
            since_us = max(end_us, truth.reported_us[fraud])
            days = max(0, last_us.get(fraud, since_us) - since_us) / _DAY_US
            found[fraud] = GivenBack(traceable, returned, days)
    return found


__all__ = ["GivenBack", "given_back"]
