"""The section `frauds`: how many, by which script, for how much, and when the centre hears of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from recoup.rehearse.scenario.quantities import (
    Amount,
    Between,
    Count,
    Duration,
    Factor,
    Share,
    Step,
    Steps,
)

_MINUTE: Final = 60_000_000
_HOUR: Final = 60 * _MINUTE


@dataclass(frozen=True)
class ScriptTerms:
    """One way to deceive; its table's name is its name."""

    name: str
    weight: Annotated[Factor, Between(0, 1_000), "How many frauds go by it, against others."] = 1.0
    amount_median: Annotated[Amount, "What a victim is to pay in all, the median."] = 1_500_000
    amount_sigma: Annotated[Factor, Between(0, 3), "Its spread: sigma of the logarithm."] = 1.0
    instalments_least: Annotated[Count, Between(1, 50), "Payments of a victim, at least."] = 1
    instalments_most: Annotated[Count, Between(1, 50), "Payments of a victim, at most."] = 3
    gap_median: Annotated[
        Duration, Between("1s", "10d"), "From one instalment to the next, the median."
    ] = 10 * _MINUTE
    gap_sigma: Annotated[Factor, Between(0, 3), "Its spread: sigma of the logarithm."] = 0.8
    growth: Annotated[
        Factor, Between(0.1, 10), "The next instalment against the one before, in the mean."
    ] = 1.0


SCRIPTS: Final = (
    ScriptTerms("impersonation", 22.0, 3_000_000, 1.0, 1, 4, 12 * _MINUTE),
    ScriptTerms("investment", 18.0, 4_000_000, 1.1, 2, 5, 90 * _MINUTE, growth=1.8),
    ScriptTerms("customer_service", 20.0, 1_200_000, 0.9, 1, 3, 6 * _MINUTE),
    ScriptTerms("brushing", 22.0, 800_000, 1.0, 3, 6, 15 * _MINUTE, growth=2.2),
    ScriptTerms("loan", 10.0, 900_000, 0.8, 1, 4, 20 * _MINUTE),
    ScriptTerms("romance", 8.0, 3_500_000, 1.1, 1, 4, 180 * _MINUTE, growth=1.3),
)
"""The scripts of the default city."""

XIAMEN: Final = (
    Step(0.177, 5 * _MINUTE, _HOUR),
    Step(0.593, _HOUR, 24 * _HOUR),
    Step(0.23, 24 * _HOUR, 72 * _HOUR),
)
"""Xiamen 2015 H1: of 513 cases 17.7 % were reported within an hour and 23 % after 24 hours."""


@dataclass(frozen=True)
class FraudTerms:
    """How many frauds there are and how they go."""

    count: Annotated[Count, Between(0, 100_000), "Frauds in all."] = 300
    quiet_at_end: Annotated[
        Duration, Between("0s", "30d"), "No fraud begins so late before the end."
    ] = 12 * _HOUR
    report_delay: Annotated[Steps, "From the last instalment to the report."] = XIAMEN
    unreported: Annotated[Share, "Frauds of which the centre never hears."] = 0.05
    loss_over_savings: Annotated[
        Share, "What a victim loses at most, of what lies on the account by then."
    ] = 0.95
    round_to: Annotated[Amount, "Most instalments are multiples of it."] = 10_000
    rounded: Annotated[Share, "Instalments that are, if they are twice as much."] = 0.7
    scripts: Annotated[tuple[ScriptTerms, ...], "The scripts, by name."] = SCRIPTS


__all__ = ["SCRIPTS", "XIAMEN", "FraudTerms", "ScriptTerms"]
