"""What could be given back of each fraud without asking anybody else, and what was: the check on the way back. Pure.

Money is *directly traceable* where a fraud's own stolen money lay frozen for that fraud: nobody else's lies between it and its
victim. The truth says where it lies, not the plan: what a centre failed to see in its statements is open here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from recoup.rehearse.figures.truth import Truth
from recoup.rehearse.play.happened import HeldNow, Returned, Stopper
from recoup.rehearse.play.played import CLOCKS_US, Played

_DAY_US: Final = 86_400_000_000
_HANDLING_DAYS: Final = 14
"""Beside the public notice: the application after two days, the plan, approvals, three working days of the bank; assumed."""


class Due(StrEnum):
    """How what is directly traceable of one fraud stands against the term of policy."""

    IN_TIME = "in_time"
    """All of it came back, to the minor unit, within the term."""
    LATE = "late"
    """All of it came back, some of it after the term."""
    NOT_YET = "not_yet"
    """Some is still frozen, and was for less than the term when the clocks stood still: nobody can say that it failed."""
    OPEN = "open"
    """Some did not come back within the term, nor after it."""


@dataclass(frozen=True, slots=True)
class GivenBack:
    """One fraud; minor units."""

    traceable: int
    """Stolen money of the fraud that was frozen for it at the end of its clocks, or that came back."""
    returned: int
    """Of that, what came back."""
    days: float
    """The longest that a payment back took: from the latest of the end of the country's days, the report, and the last time
    that the hold grew that it was paid out of; 0 where there was none."""
    waited_days: float = 0.0
    """The longest that anything of it which did not come back had been frozen when the clocks stood still, counted alike."""

    def due(self, notice_days: int) -> Due:
        """Return how it stands against a term of the notice's days and two weeks."""
        term = notice_days + _HANDLING_DAYS
        if self.returned < self.traceable:
            return Due.OPEN if self.waited_days > term else Due.NOT_YET
        return Due.IN_TIME if self.days <= term else Due.LATE

    def is_whole(self, notice_days: int) -> bool:
        """Return whether all of it came back, to the minor unit, within the notice's days and two weeks."""
        return self.due(notice_days) is Due.IN_TIME


def given_back(played: Played, truth: Truth) -> Mapping[int, GivenBack]:
    """Return by fraud what was directly traceable and what of it came back; reported frauds of which anything was."""
    end_us, back, since = played.country.end_us, truth.returned_by_fraud, _since(played)
    stood_us = end_us + CLOCKS_US
    frozen: dict[tuple[int, int], int] = defaultdict(int)
    for hold in truth.holds.holds:
        if hold.stopper is Stopper.ORDER and hold.fraud >= 0:
            frozen[hold.account, hold.fraud] += min(hold.at_end, hold.frozen_most)

    def begun_us(account: int, fraud: int) -> int:
        reported_us = truth.reported_us.get(fraud, end_us)
        return max(end_us, reported_us, since.get((account, fraud), end_us))

    left: dict[int, int] = defaultdict(int)
    waited: dict[int, int] = defaultdict(int)
    for account, fraud, amount in truth.lies.iter_rows():
        if part := min(amount, frozen[account, fraud]):
            left[fraud] += part
            waited[fraud] = max(waited[fraud], stood_us - begun_us(account, fraud))
    took: dict[int, int] = defaultdict(int)
    paid: dict[int, int] = defaultdict(int)
    for one in played.happened:
        if isinstance(one, Returned):
            paid[one.fraud] += one.amount
            took[one.fraud] = max(took[one.fraud], one.at_us - begun_us(one.account, one.fraud))
    found = {}
    for fraud in sorted(truth.reported_us):
        # What another fraud's victim was paid of this one's money came back to nobody here.
        returned = min(back.get(fraud, 0), paid[fraud])
        if traceable := left[fraud] + returned:
            found[fraud] = GivenBack(
                traceable, returned, took[fraud] / _DAY_US, max(0, waited[fraud]) / _DAY_US
            )
    return found


def _since(played: Played) -> dict[tuple[int, int], int]:
    """Return by account and fraud when what is frozen there for it last grew, or was frozen with nothing less in it."""
    held: dict[tuple[int, int], tuple[int, bool]] = {}
    grew: dict[tuple[int, int], int] = {}
    for one in played.happened:
        if isinstance(one, HeldNow) and one.stopper is Stopper.ORDER:
            key = (one.account, one.fraud)
            before, was_frozen = held.get(key, (0, False))
            is_new = one.held > before or (one.held == before and not was_frozen)
            if one.is_frozen and one.held and is_new:
                grew[key] = one.at_us
            held[key] = one.held, one.is_frozen
    return grew


__all__ = ["Due", "GivenBack", "given_back"]
