"""What a rehearsed centre is given: its mandate, and how long people, wires and paper take. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from recoup.rehearse.scenario import Scenario

MILLISECOND: Final = 1_000
SECOND: Final = 1_000_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE


class Mandate(StrEnum):
    """Who lets orders beyond the first leave."""

    FIRST_HOP = "first-hop"
    """Nobody: the reported payment is recalled, and that is all."""
    MANUAL = "manual"
    """An officer, hop by hop, and a second person for each order that the law gives one."""
    CHASE = "chase"
    """The standing authority of two persons, at once."""


@dataclass(frozen=True, slots=True)
class OfficeTerms:
    """Times in microseconds, amounts in minor units; times of people are lognormal, median and sigma of the logarithm."""

    policy: str = "cn-2016"
    """A shipped policy: terms of stops, freezes, approvals, clocks and returns."""
    entry_median_us: int = 3 * MINUTE
    entry_sigma: float = 0.5
    """From the report to its entry, with admission and standing authority."""
    officers: int = 20
    hop_us: int = 30 * MINUTE
    """What an officer without the chase takes for a hop."""
    hops_most: int = 12
    mandate_minor: int = 10**12
    mandate_us: int = 30 * 24 * HOUR
    approval_median_us: int = 10 * MINUTE
    approval_sigma: float = 0.5
    """From an officer's orders of a hop to a second person's agreement."""
    appealing: float = 0.7
    """Share of innocent holders who object."""
    appeal_after_us: int = 2 * HOUR
    appeal_clock_us: int = 24 * HOUR
    wire_us: int = 50 * MILLISECOND
    """One way between centre and institution, and what either takes to read and sign."""
    tick_us: int = 500 * MILLISECOND
    """What came in meanwhile is taken in together."""
    slow_tick_us: int = 15 * MINUTE
    """The same of answers for which nothing races: freezes, releases, payments back."""
    digest_us: int = 3 * HOUR
    """From a hold's answer to the balance digest that shows it; an institution with nothing new is not asked."""
    freeze_before_us: int = 24 * HOUR
    """How long before a stop's end it is turned into a freeze."""
    round_us: int = 6 * HOUR
    """Between two looks of an officer at a case: what is to be given up, what is to be frozen."""
    notice_days: int | None = None
    """Of a return that is shared pro rata; None: as the policy says."""
    return_approvals: int = 1
    """Persons who agree to a return's plan, beside its maker; two at most."""
    return_approval_median_us: int = 24 * HOUR
    return_approval_sigma: float = 0.5


def terms_of(scenario: Scenario) -> OfficeTerms:
    """Return what a scenario says of centre and returns."""
    centre, returns = scenario.centre, scenario.returns
    return OfficeTerms(
        policy=returns.policy,
        entry_median_us=centre.entry_median,
        entry_sigma=centre.entry_sigma,
        officers=centre.officers,
        hop_us=centre.hop_by_officer,
        hops_most=centre.hops_most,
        mandate_minor=centre.mandate_amount,
        mandate_us=centre.mandate_time,
        approval_median_us=centre.approval_median,
        approval_sigma=centre.approval_sigma,
        appealing=centre.appealing,
        appeal_after_us=centre.appeal_after,
        appeal_clock_us=centre.appeal_clock,
        notice_days=returns.notice_days,
        return_approvals=returns.approvals,
        return_approval_median_us=returns.approval_median,
        return_approval_sigma=returns.approval_sigma,
    )


__all__ = ["HOUR", "MILLISECOND", "MINUTE", "SECOND", "Mandate", "OfficeTerms", "terms_of"]
