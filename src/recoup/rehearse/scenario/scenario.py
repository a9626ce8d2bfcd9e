"""A scenario: one dataclass a section, in the order of the file. What it says of a field stands in the section's module."""

from __future__ import annotations

from dataclasses import dataclass, field

from recoup.rehearse.scenario.centre_terms import CentreTerms
from recoup.rehearse.scenario.country_terms import CountryTerms
from recoup.rehearse.scenario.frauds_terms import FraudTerms
from recoup.rehearse.scenario.habits_terms import HabitTerms
from recoup.rehearse.scenario.institutions_terms import CITY, InstitutionTerms
from recoup.rehearse.scenario.launderers_terms import LaundererTerms
from recoup.rehearse.scenario.planted_terms import PlantedTerms
from recoup.rehearse.scenario.returns_terms import ReturnTerms
from recoup.rehearse.scenario.watch_terms import WatchTerms


@dataclass(frozen=True)
class Scenario:
    """What a country is like and what happens in it; without arguments the default city.

    Money is in minor units of `country.currency`, times are in microseconds.

    >>> Scenario().frauds.count
    300
    """

    country: CountryTerms = field(default_factory=CountryTerms)
    habits: HabitTerms = field(default_factory=HabitTerms)
    institutions: tuple[InstitutionTerms, ...] = CITY
    frauds: FraudTerms = field(default_factory=FraudTerms)
    launderers: LaundererTerms = field(default_factory=LaundererTerms)
    centre: CentreTerms = field(default_factory=CentreTerms)
    watch: WatchTerms = field(default_factory=WatchTerms)
    returns: ReturnTerms = field(default_factory=ReturnTerms)
    planted: PlantedTerms = field(default_factory=PlantedTerms)
    sources: tuple[tuple[str, str], ...] = ()
    """Where numbers come from: a dotted path, in which `*` stands for any name, and a source or the word *assumed*."""


__all__ = ["Scenario"]
