"""The section `launderers`: who they are, how fast they are, and what they know of those who look for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from recoup.rehearse.scenario.quantities import (
    Amount,
    Between,
    Count,
    Duration,
    Durations,
    Factor,
    Share,
)

_SECOND: Final = 1_000_000
_MINUTE: Final = 60 * _SECOND
_HOUR: Final = 60 * _MINUTE


@dataclass(frozen=True)
class StrategyShares:
    """Which part of the frauds is laundered how; together one."""

    fan_out: Annotated[Share, "Layers of mules, split at each."] = 0.16
    fan_in: Annotated[Share, "Of many accounts into one, then out."] = 0.08
    cycle: Annotated[Share, "Around in a circle before it leaves."] = 0.05
    mixing: Annotated[Share, "Mixed with money of the mules' own."] = 0.07
    score_running: Annotated[Share, "Through a score-running pool (跑分)."] = 0.12
    third_party: Annotated[Share, "Through merchants of third and fourth parties."] = 0.08
    wallets: Annotated[Share, "Through wallets."] = 0.07
    otc: Annotated[Share, "Into virtual currency at a desk."] = 0.09
    matched_trades: Annotated[Share, "Against clean money elsewhere (对敲)."] = 0.05
    cash: Annotated[Share, "Drawn as cash."] = 0.08
    abroad: Annotated[Share, "Paid abroad."] = 0.05
    adaptive: Annotated[Share, "By what survived in past runs."] = 0.10

    def by_name(self) -> dict[str, float]:
        """Return the shares by the strategy's name, in the order above."""
        return {name: float(getattr(self, name)) for name in self.__dataclass_fields__}


@dataclass(frozen=True)
class LaundererTerms:
    """Who launders, how fast, and which limits and windows they know."""

    strategies: Annotated[StrategyShares, "Which part of the frauds is laundered how."] = (
        StrategyShares()
    )
    mules: Annotated[Count, Between(20, 1_000_000), "Lent or sold accounts' holders."] = 1_500
    runners: Annotated[Count, Between(10, 1_000_000), "Members of score-running pools."] = 800
    shells: Annotated[Count, Between(4, 1_000_000), "Firms and merchants made for it."] = 120
    crew_least: Annotated[Count, Between(4, 500), "Accounts that one fraud may use, least."] = 10
    crew_most: Annotated[Count, Between(4, 500), "Accounts that one fraud may use, most."] = 40
    crews: Annotated[
        Count, Between(1, 10_000), "Pools that mules and runners are drawn from; frauds share them."
    ] = 40
    from_other_pools: Annotated[Share, "Accounts of a crew that come of another pool."] = 0.1
    own_money_half: Annotated[
        Amount, "With so much of its holder's own on it, an account is used half as readily."
    ] = 5_000
    dwell_median: Annotated[
        Duration, Between("0s", "30d"), "How long money rests on an account, the median."
    ] = 1 * _MINUTE
    dwell_sigma: Annotated[Factor, Between(0, 4), "Its spread: sigma of the logarithm."] = 1.0
    exit_share: Annotated[Share, "Of money at a hop that leaves the system there."] = 0.25
    hops_most: Annotated[Count, Between(1, 50), "Layers, at most."] = 6
    split_most: Annotated[Count, Between(1, 200), "Parts that a sum is split into, at most."] = 8
    part_least: Annotated[Amount, "A part that is not split further."] = 50_000
    cut: Annotated[Share, "What a mule or runner keeps."] = 0.01
    small_sum: Annotated[Amount, "They pay below this where small sums are not followed."] = 20_000
    cash_most: Annotated[Amount, "Cash drawn at one machine and time, at most."] = 500_000
    cash_line: Annotated[Amount, "Cash a day of one account, below the reporting line."] = 5_000_000
    abroad_line: Annotated[Amount, "Paid abroad a day, below the reporting line."] = 20_000_000
    waits_out: Annotated[Durations, "Windows that they know, and wait out."] = (24 * _HOUR,)
    waiting: Annotated[Share, "Launderers that wait a window out."] = 0.08
    notice_median: Annotated[
        Duration, Between("0s", "10d"), "Until they notice that something is held, the median."
    ] = 4 * _MINUTE
    notice_sigma: Annotated[Factor, Between(0, 4), "Its spread: sigma of the logarithm."] = 1.0
    drains: Annotated[Share, "Those who, noticing, drain what is left elsewhere at once."] = 0.5
    tries_most: Annotated[Count, Between(0, 100), "Payments tried again after a refusal."] = 3


__all__ = ["LaundererTerms", "StrategyShares"]
