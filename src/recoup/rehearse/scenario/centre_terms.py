"""The section `centre`: who takes reports in and sends orders, and what a mandate allows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from recoup.rehearse.scenario.quantities import Amount, Between, Count, Duration, Factor, Share

_MINUTE: Final = 60_000_000
_HOUR: Final = 60 * _MINUTE


@dataclass(frozen=True)
class CentreTerms:
    """How the centre is staffed and what it may do by itself."""

    entry_median: Annotated[
        Duration, Between("0s", "10d"), "From the report to its entry, the median."
    ] = 3 * _MINUTE
    entry_sigma: Annotated[Factor, Between(0, 4), "Its spread: sigma of the logarithm."] = 0.5
    officers: Annotated[Count, Between(1, 10_000), "Officers at work at a time."] = 20
    hop_by_officer: Annotated[
        Duration, Between("1s", "10d"), "What an officer without the chase takes for a hop."
    ] = 30 * _MINUTE
    hops_most: Annotated[Count, Between(1, 50), "Hops that a mandate covers."] = 12
    mandate_amount: Annotated[Amount, "What a mandate covers at most, of one loss."] = 10**12
    mandate_time: Annotated[Duration, Between("1m", "365d"), "How long a mandate holds."] = (
        30 * 24 * _HOUR
    )
    approval_median: Annotated[
        Duration, Between("0s", "30d"), "Until a second person approves, the median."
    ] = 10 * _MINUTE
    approval_sigma: Annotated[Factor, Between(0, 4), "Its spread: sigma of the logarithm."] = 0.5
    appeal_clock: Annotated[
        Duration, Between("1m", "60d"), "By when an objection to a hold is decided."
    ] = 24 * _HOUR
    appealing: Annotated[Share, "Innocent holders who object to what is held of theirs."] = 0.7
    appeal_after: Annotated[
        Duration, Between("0s", "60d"), "When they object, after they were held; the median."
    ] = 2 * _HOUR


__all__ = ["CentreTerms"]
