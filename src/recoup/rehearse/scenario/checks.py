"""What terms of a scenario ask of each other: each alone may be right, and together they cannot be played."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from recoup.money import ISO_DIGITS
from recoup.rehearse.scenario.fields import terms_of
from recoup.rehearse.scenario.habits_terms import HabitTerms
from recoup.rehearse.scenario.kinds import InstitutionKind
from recoup.rehearse.scenario.quantities import MICROSECONDS
from recoup.rehearse.scenario.scenario import Scenario

_MEDIANS = tuple(term.name for term in terms_of(HabitTerms) if term.name.endswith("_median"))


def disagreements(scenario: Scenario) -> Iterator[str]:
    """Yield one line for each thing that cannot be played."""
    yield from _country(scenario)
    yield from _institutions(scenario)
    yield from _frauds(scenario)
    yield from _launderers(scenario)
    yield from _planted(scenario)
    known = scenario.launderers.strategies.by_name()
    for name in scenario.watch.training_strategies:
        if name not in known:
            yield f"watch.training_strategies: expected some of {', '.join(known)}, was {name!r}"
    if any(seed < 0 for seed in scenario.watch.training_seeds):
        yield "watch.training_seeds: expected whole numbers from 0 on"


def _country(scenario: Scenario) -> Iterator[str]:
    country = scenario.country
    try:
        date.fromisoformat(country.begin)
    except ValueError:
        yield f"country.begin: expected a day as YYYY-MM-DD, was {country.begin!r}"
    try:
        ZoneInfo(country.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        yield f"country.timezone: expected a name of the time zone database, was {country.timezone!r}"
    if not ISO_DIGITS.knows(country.currency):
        yield f"country.currency: expected a currency of ISO 4217, was {country.currency!r}"
    if country.days * MICROSECONDS["d"] <= country.warmup + scenario.frauds.quiet_at_end:
        yield "country.days: expected more than country.warmup and frauds.quiet_at_end together"
    habits = scenario.habits
    shares = (habits.purchases, habits.gifts, habits.strangers, habits.top_ups)
    if abs(sum(shares) - 1.0) > 1e-9:
        yield "habits: expected purchases, gifts, strangers and top_ups to make 1"
    if habits.note < 1:
        yield "habits.note: expected more than nothing"
    for name in _MEDIANS:
        if getattr(habits, name) < 100:
            yield f"habits.{name}: expected at least 100 of the smallest unit"
    if country.merchants_at_payment + country.merchants_at_aggregator > 1.0:
        yield "country: expected merchants_at_payment and merchants_at_aggregator to be 1 at most"
    for name in (
        "purchase_median",
        "gift_median",
        "salary_median",
        "savings_median",
        "large_median",
    ):
        if getattr(country, name) < 100:
            yield f"country.{name}: expected at least 100 of the smallest unit"


def _institutions(scenario: Scenario) -> Iterator[str]:
    kinds = Counter(one.kind for one in scenario.institutions)
    for kind in InstitutionKind:
        if not kinds[kind]:
            yield f"institutions: expected one or more of kind {kind}, was none"
        elif not sum(one.weight for one in scenario.institutions if one.kind is kind):
            yield f"institutions: expected a weight above 0 among those of kind {kind}"
    if kinds[InstitutionKind.ABROAD] > 1 or kinds[InstitutionKind.CASH] > 1:
        yield "institutions: expected one of kind cash and one of kind abroad"
    for one in scenario.institutions:
        if one.error_share + one.refusal_share + one.silent_share > 1.0:
            yield f"institutions.{one.name}: expected error, refusal and silent shares of 1 at most"


def _frauds(scenario: Scenario) -> Iterator[str]:
    scripts = scenario.frauds.scripts
    if scenario.frauds.round_to < 1:
        yield "frauds.round_to: expected more than nothing"
    if scenario.frauds.count > scenario.country.people // 4:
        yield "frauds.count: expected a quarter of country.people at most"
    if not sum(script.weight for script in scripts):
        yield "frauds.scripts: expected a script with a weight above 0"
    for script in scripts:
        if script.instalments_least > script.instalments_most:
            yield f"frauds.scripts.{script.name}: expected instalments_least <= instalments_most"
        if script.amount_median < 100:
            yield f"frauds.scripts.{script.name}.amount_median: expected at least 100 units"


def _launderers(scenario: Scenario) -> Iterator[str]:
    launderers = scenario.launderers
    if abs(sum(launderers.strategies.by_name().values()) - 1.0) > 1e-9:
        yield "launderers.strategies: expected shares that make 1"
    if launderers.crew_least > launderers.crew_most:
        yield "launderers: expected crew_least <= crew_most"
    if launderers.mules + launderers.runners > scenario.country.people // 4:
        yield "launderers: expected mules and runners to be a quarter of country.people at most"
    made_of = sum(
        scenario.country.people / each
        for each in (scenario.country.people_a_firm, scenario.country.people_a_merchant)
    )
    if launderers.shells > made_of / 2:
        yield "launderers.shells: expected half of firms and merchants at most"
    if launderers.crew_most > (launderers.mules + launderers.runners) // 2:
        yield "launderers.crew_most: expected at most half of mules and runners"


def _planted(scenario: Scenario) -> Iterator[str]:
    most = (scenario.launderers.mules + scenario.launderers.runners) // 2
    for place, one in enumerate(scenario.planted.patterns):
        if one.accounts + 1 > most:
            yield (
                f"planted.patterns[{place}]: expected at most {most - 1} accounts, half of mules and runners "
                f"less one, was {one.accounts}"
            )


__all__ = ["disagreements"]
