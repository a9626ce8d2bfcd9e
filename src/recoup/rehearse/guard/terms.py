"""What a guard is given: its model, policy, rules, terms of care and of catching. Values; read at the edge."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from recoup.care import CareTerms
from recoup.reading.policies import read_case_policy
from recoup.rehearse.country import Country
from recoup.watch.decision import Policy
from recoup.watch.model import Model
from recoup.watch.rules import Mode, RuleSet
from recoup.watch.state import Settings
from recoup.watching.local_time import LocalTime
from recoup.watching.policy_files import read_policy
from recoup.watching.rule_files import read_rules

AUTHOR, APPROVER = "risk-officer", "second-risk-officer"
"""Roles: who wrote the decision policy, and who switched it on."""

LINES: Final = (20_000_000, 5_000_000)
"""Minor units that people stay below: transfers and cash of 200,000 and 50,000 yuan that institutions report."""


@dataclass(frozen=True)
class GuardTerms:
    """How a guard works."""

    policy: Policy
    """Live, with budgets of the whole country."""
    rules: RuleSet | None
    model: Model | None
    settings: Settings
    care: CareTerms
    catch_seconds: int = 86_400
    """Stolen money that is to be moved on is held so long without an order; the cap of a hold in the decision policy."""
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
    model: Model | None,
    *,
    policy: Policy | None = None,
    rules: str | None = None,
    **others: int,
) -> GuardTerms:
    """Return the terms of a country's guard: the shipped decision policy, switched on by two, and the terms of care.

    Args:
        country: whose zone and currency are read, and how many institutions have a team that looks at alerts.
        model: trained on the features of the state; None: rules and stolen money only.
        policy: of decisions; None: the shipped one, with a day's alerts and saved-up innocents for each institution.
        rules: a shipped set of rules or a file; None: no rules.
        others: fields of `GuardTerms`.
    """
    chosen = policy or _for_all(read_policy("cn"), country)
    digest = "" if model is None else model.digest
    live = replace(chosen, mode=Mode.LIVE, author=AUTHOR, approver=APPROVER)
    live = replace(live, approved=live.to_approve(digest))
    assert live.is_live(digest), "two roles approved this policy with this model"
    currencies, care = (country.currency,), read_case_policy("cn-2016").care
    assert care is not None, "the shipped policy has terms of care"
    return GuardTerms(
        policy=live,
        rules=None if rules is None else read_rules(rules, currencies=currencies),
        model=model,
        settings=settings_of(country),
        care=care,
        **others,
    )


def settings_of(country: Country) -> Settings:
    """Return what night, a line and a window are there: the same in training and in a play."""
    return LocalTime(country.timezone).settings(Settings(limits_minor=LINES))


def _for_all(policy: Policy, country: Country) -> Policy:
    """Return a policy whose budgets are those of every institution together: the guard stands before all of them."""
    inside = sum(one.is_connected for one in country.institutions)
    figures = dict(policy.figures)
    for name in ("alerts_per_day", "innocents_most"):
        figures[name] = replace(figures[name], value=figures[name].value * max(1, inside))
    return replace(policy, figures=figures)


__all__ = ["GuardTerms", "guard_terms", "settings_of"]
