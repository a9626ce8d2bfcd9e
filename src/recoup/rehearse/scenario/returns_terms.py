"""The section `returns`: the terms by which frozen money goes back to victims."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from recoup.rehearse.scenario.quantities import Between, Count, Duration, Factor, Word

_HOUR: Final = 3_600_000_000


@dataclass(frozen=True)
class ReturnTerms:
    """By which policy money is returned, and how long its steps take."""

    policy: Annotated[Word, "A shipped policy, whose other terms hold."] = "cn-2016"
    notice_days: Annotated[Count, Between(0, 365), "How long holders may object, in days."] = 30
    approvals: Annotated[
        Count, Between(1, 2), "Persons who approve a return, beside its maker."
    ] = 1
    approval_median: Annotated[
        Duration, Between("0s", "60d"), "Until one of them approves, the median."
    ] = 24 * _HOUR
    approval_sigma: Annotated[Factor, Between(0, 4), "Its spread: sigma of the logarithm."] = 0.5


__all__ = ["ReturnTerms"]
