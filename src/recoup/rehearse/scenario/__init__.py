"""What a country is like: a scenario in TOML, each number with a unit and a source, and its JSON Schema.

One module a section (`frauds_terms`, `watch_terms` ...): a new field with its kind, bounds and sentence is all that a new term
needs; reader, writer, schema and sweeps go by it.
"""

from recoup.rehearse.scenario.centre_terms import CentreTerms
from recoup.rehearse.scenario.country_terms import CountryTerms
from recoup.rehearse.scenario.frauds_terms import FraudTerms, ScriptTerms
from recoup.rehearse.scenario.habits_terms import HabitTerms
from recoup.rehearse.scenario.institutions_terms import InstitutionTerms
from recoup.rehearse.scenario.kinds import InstitutionKind
from recoup.rehearse.scenario.launderers_terms import LaundererTerms, StrategyShares
from recoup.rehearse.scenario.planted_terms import (
    PLANTED,
    Pattern,
    PatternMove,
    PlantedTerms,
    pattern_number,
    planted_name,
)
from recoup.rehearse.scenario.quantities import Step, duration_text, read_duration
from recoup.rehearse.scenario.reading import changed, paths, read_scenario, scenario_of
from recoup.rehearse.scenario.returns_terms import ReturnTerms
from recoup.rehearse.scenario.scenario import Scenario
from recoup.rehearse.scenario.sources import ASSUMED, source_of
from recoup.rehearse.scenario.watch_terms import WatchTerms
from recoup.rehearse.scenario.writing import scenario_schema, scenario_text

__all__ = [
    "ASSUMED",
    "PLANTED",
    "CentreTerms",
    "CountryTerms",
    "FraudTerms",
    "HabitTerms",
    "InstitutionKind",
    "InstitutionTerms",
    "LaundererTerms",
    "Pattern",
    "PatternMove",
    "PlantedTerms",
    "ReturnTerms",
    "Scenario",
    "ScriptTerms",
    "Step",
    "StrategyShares",
    "WatchTerms",
    "changed",
    "duration_text",
    "paths",
    "pattern_number",
    "planted_name",
    "read_duration",
    "read_scenario",
    "scenario_of",
    "scenario_schema",
    "scenario_text",
    "source_of",
]
