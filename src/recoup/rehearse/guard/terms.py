"""What a guard is given: its model, policy, rules, terms of care and of catching. Values; read at the edge."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from recoup.care import CareTerms
from recoup.reading.policies import read_case_policy
from recoup.rehearse.country import Country
from recoup.rehearse.guard.holders import Answering
from recoup.rehearse.guard.rules import APPROVER, guard_rules
from recoup.rehearse.scenario import Scenario, WatchTerms
from recoup.watch.decision import Policy
from recoup.watch.decision.policy import Figure
from recoup.watch.model import Model
from recoup.watch.rules import Mode, RuleSet, Standing
from recoup.watch.state import Settings
from recoup.watching.local_time import LocalTime
from recoup.watching.policy_files import read_policy

_SECOND: Final = 1_000_000
_DAY_US: Final = 86_400 * _SECOND
_MILLION: Final = 1_000_000.0
PRICES: Final = (20_000, 5_000_000)
"""What an alert is to save, minor units: 200 yuan on an empty budget of a day, 50,000 on a full one; assumed."""
INNOCENT: Final = 150_000
"""What may be expected to be an innocent's of one payment that waits, minor units: 1,500 yuan; assumed."""
AUTHOR: Final = "risk-officer"
"""The role that wrote the decision policy; a second one switched it on."""

LINES: Final = (20_000_000, 5_000_000)
"""Minor units that people stay below: transfers and cash of 200,000 and 50,000 yuan that institutions report."""


@dataclass(frozen=True)
class GuardTerms:
    """How a guard works."""

    policy: Policy
    """Live, with budgets of the whole country."""
    rules: RuleSet
    model: Model | None
    settings: Settings
    care: CareTerms
    called: float
    """Share of warned payers who are called, and of called ones who are visited."""
    visited: float
    answering: Answering
    """How often holders show what a payment that waits is, or come about a measure."""
    strong_most: int = 2
    """So many delays or holds of an account's own payments, while it passes money on, and it gets a measure."""
    agree_seconds: int = 1_800
    """Until the second person agreed to a measure that needs one; assumed."""
    confirm_seconds: int = 60
    """From a standing measure until its institution carries it out and says so; assumed."""
    limit_minor: int = 100_000
    """What may leave an account under lower limits, a day, in minor units: 1,000 yuan; assumed."""
    reach_seconds: int = 300
    """From a lead until the payer is called; at most the limit of the step; assumed."""


def guard_terms(
    country: Country,
    scenario: Scenario,
    model: Model | None,
) -> GuardTerms:
    """Return the terms of a country's guard: the shipped decision policy, switched on by two, and the terms of care.

    Args:
        country: whose zone, currency and number of payments are read.
        scenario: how long a delay and a hold last, how many there may be, who is called and visited.
        model: trained on the features of the state; None: rules and stolen money only.
    """
    watch = scenario.watch
    chosen = _budgeted(read_policy("cn"), country, watch)
    digest = "" if model is None else model.digest
    live = replace(chosen, mode=Mode.LIVE, author=AUTHOR, approver=APPROVER)
    live = replace(live, approved=live.to_approve(digest))
    assert live.is_live(digest), "two roles approved this policy with this model"
    care = read_case_policy("cn-2016").care
    rules = guard_rules(country.currency, country.timezone, has_new_payee=watch.new_payee_wait > 0)
    assert care is not None, "the shipped policy has terms of care"
    return GuardTerms(
        policy=live,
        rules=rules,
        model=model,
        settings=settings_of(country),
        care=care,
        called=watch.called,
        visited=watch.visited,
        answering=Answering(watch.explained, watch.explained_falsely),
    )


def _budgeted(policy: Policy, country: Country, watch: WatchTerms) -> Policy:
    """Return a policy with a scenario's times and budgets: so many a million payments, on a day and saved up at most."""
    wait = max(watch.new_payee_wait or watch.delay, _SECOND) / _SECOND
    days = max(1.0, (country.end_us - country.begin_us) / _DAY_US)
    a_day = len(country.schedule) / days
    waits = watch.delays_a_million + watch.holds_a_million
    figures = dict(policy.figures)
    for name, value in (
        ("delay.seconds", wait),
        ("delay.seconds_max", wait),
        ("hold.seconds", max(1.0, watch.hold / _SECOND)),
        ("hold.seconds_max", max(1.0, watch.hold / _SECOND)),
        ("alerts_per_day", (watch.warnings_a_million + waits) / _MILLION * a_day),
        ("innocents_share", min(1.0, waits / _MILLION)),
    ):
        figures[name] = Figure(value, "the scenario", figures[name].standing)
    for name, value in zip(("least", "most"), PRICES, strict=True):
        figures[f"{country.currency}.alert.{name}"] = Figure(
            value, "choice of this project", Standing.ASSUMED
        )
    figures[f"{country.currency}.wait.innocent"] = Figure(
        INNOCENT, "choice of this project", Standing.ASSUMED
    )
    return replace(policy, figures=figures)


def settings_of(country: Country) -> Settings:
    """Return what night, a line and a window are there: the same in training and in a play."""
    return LocalTime(country.timezone).settings(Settings(limits_minor=LINES))


__all__ = ["GuardTerms", "guard_terms", "settings_of"]
