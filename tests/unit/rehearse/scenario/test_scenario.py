"""A scenario says everything with its unit, refuses all that cannot be played by its place, and is changed by a path."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recoup.errors import ScenarioFault
from recoup.rehearse.scenario import (
    Scenario,
    Step,
    changed,
    duration_text,
    paths,
    read_duration,
    read_scenario,
    scenario_of,
    scenario_schema,
    scenario_text,
    source_of,
)

CITY = Path(__file__).parents[4] / "examples" / "city.toml"
TERMS = dict(paths())


def one_path(path: str) -> str:
    """A path of a real institution or script in the place of the star."""
    first = "river-bank" if path.startswith("institutions") else "impersonation"
    return path.replace("*", first)


def value_at(scenario: Scenario, path: str):
    held = scenario
    for name in path.split("."):
        named = {one.name: one for one in held} if isinstance(held, tuple) else {}
        held = named[name] if named else getattr(held, name)
    return held


def test_the_shipped_city_is_the_default_and_written_as_it_would_be():
    city = read_scenario(CITY)
    assert replace(city, sources=()) == Scenario()
    assert scenario_text(city) == CITY.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", TERMS)
def test_every_term_of_the_city_says_where_it_is_from(path):
    city = read_scenario(CITY)
    assert source_of(city, one_path(path))


def test_every_source_of_the_city_is_of_some_term():
    terms = [one_path(path).split(".") for path in TERMS]
    terms += [["institutions", "village-bank", "answer_median"]]
    for pattern, _ in read_scenario(CITY).sources:
        parts = pattern.split(".")
        assert any(
            len(parts) == len(names) and all(map(fnmatchcase, names, parts)) for names in terms
        ), pattern


@pytest.mark.parametrize("path", TERMS)
def test_every_term_says_what_it_is(path):
    assert TERMS[path].says.endswith(".")


@pytest.mark.parametrize("path", TERMS)
def test_a_term_changed_to_what_it_is_changes_nothing(path):
    term, where = TERMS[path], one_path(path)
    value = value_at(Scenario(), where)
    written = str(value) if term.unit is None else term.unit.write(value, "CNY")
    assert changed(Scenario(), f"{where}={written}") == Scenario()


WRONG = {
    "count": ("1.5", '"3"', "true", "[]"),
    "share": ("-0.1", "1.1", '"0.3"', "nan"),
    "factor": ("true", '"1"', "inf"),
    "time": ("10", '"10"', '"10 m"', '"m"', '"-1m"', '"0.1us"'),
    "times": ('"1h"', "[1]"),
    "amount": ("10", '"10"', '"10 USD"', '"1.001 CNY"', '"-1 CNY"', '"1 XYZ"'),
    "distribution of times": ("10", "[]", '["50% 1h"]', '["100% 2h..1h"]', '["1h", "2h"]'),
    "flag": ("1", '"yes"'),
    "word": ("1", '""'),
    "words": ('"fan_out"', "[1]"),
    "counts": ("1", "[1.5]"),
    "patterns": ('"x: 0>1 0s 1"', '["x"]', '["x: 0>0 0s 1"]', '["x: 0>1 0 1"]', "[1]"),
}


@pytest.mark.parametrize("path", TERMS)
def test_a_wrong_value_is_refused_with_its_place(path):
    term, where = TERMS[path], one_path(path)
    for wrong in WRONG[term.unit.name] if term.unit else ('"nothing"', "1"):
        with pytest.raises(ScenarioFault) as caught:
            changed(Scenario(), f"{where}={wrong}")
        assert caught.value.problems[0].startswith(f"{where}: expected ")
        assert len(caught.value.problems) == 1


@pytest.mark.parametrize("path", [path for path, term in TERMS.items() if term.between])
def test_bounds_are_reached_and_not_passed(path):
    """One past each bound is refused with the place; the bound itself is none of the term's own problems."""
    term, where = TERMS[path], one_path(path)
    for bounds in term.between:
        for bound, step in ((bounds.least, -1), (bounds.most, 1)):
            number = term.unit.read(bound)
            if term.unit.name == "time" and number + step < 0:
                continue
            past = number + step
            written = duration_text(past) if term.unit.name == "time" else past
            with pytest.raises(ScenarioFault, match="expected from"):
                changed(Scenario(), f"{where}={written}")
            try:
                changed(Scenario(), f"{where}={bound}")
            except ScenarioFault as fault:
                assert "expected from" not in str(fault)  # noqa: PT017 - other terms may disagree


DISAGREE = {
    "country.begin=2026-02-30": "country.begin",
    "country.timezone=Asia/Nowhere": "country.timezone",
    "frauds.quiet_at_end=4d": "country.days",
    "country.purchase_median=0.01 CNY": "country.purchase_median",
    "country.merchants_at_payment=0.95": "country: expected merchants_at_payment",
    "habits.purchases=0.5": "habits: expected purchases",
    "habits.note=0 CNY": "habits.note",
    "habits.rent_median=0.5 CNY": "habits.rent_median",
    "frauds.round_to=0 CNY": "frauds.round_to",
    "institutions.east-exchange.kind=bank": "institutions: expected one or more of kind exchange",
    "institutions.quickpay.kind=cash": "institutions: expected one of kind cash",
    "institutions.joint-codes.weight=0": "institutions: expected a weight above 0",
    "institutions.hill-bank.silent_share=1": "institutions.hill-bank",
    "frauds.count=60_000": "frauds.count",
    "frauds.scripts.*.weight=0": "frauds.scripts",
    "frauds.scripts.loan.instalments_least=9": "frauds.scripts.loan",
    "frauds.scripts.loan.amount_median=0.50 CNY": "frauds.scripts.loan.amount_median",
    "launderers.strategies.cash=0.5": "launderers.strategies",
    "launderers.crew_least=41": "launderers: expected crew_least",
    "launderers.mules=60_000": "launderers: expected mules",
    "launderers.shells=50_000": "launderers.shells",
    "launderers.mules=20\nlaunderers.runners=10": "launderers.crew_most",
    'watch.training_strategies=["luck"]': "watch.training_strategies",
    "watch.training_seeds=[-1]": "watch.training_seeds",
}


@pytest.mark.parametrize("change", DISAGREE)
def test_terms_that_cannot_be_played_together_are_refused(change):
    *before, last = change.split("\n")
    scenario = Scenario()
    for one in before:
        scenario = changed(scenario, one)
    with pytest.raises(ScenarioFault) as caught:
        changed(scenario, last)
    assert any(problem.startswith(DISAGREE[change]) for problem in caught.value.problems)


def test_all_problems_of_a_file_are_said_at_once():
    text = '[frauds]\ncount = "x"\ncuont = 3\n[watch]\nhold = 3\n[weather]\n[sources]\nx = 1'
    with pytest.raises(ScenarioFault) as caught:
        scenario_of(text)
    places = [problem.partition(":")[0] for problem in caught.value.problems]
    assert places == ["frauds.count", "frauds.cuont", "watch.hold", "weather", "sources.x"]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("frauds = 3", "frauds"),
        ("institutions = 3", "institutions"),
        ("[institutions]\nriver = 3", "institutions.river"),
        ("[frauds.scripts]", "frauds.scripts"),
        ("sources = 3", "sources"),
    ],
)
def test_what_is_no_table_is_refused(text, place):
    with pytest.raises(ScenarioFault) as caught:
        scenario_of(text)
    assert caught.value.problems[0].startswith(f"{place}: expected a table")


@pytest.mark.parametrize("text", ["frauds.count", "nothing=1", "frauds=1", "frauds.scripts=1", "answer=1",
                                  "frauds.scripts.*=1", "frauds.scripts.luck.weight=1", "frauds.count.x=1"])  # fmt: skip
def test_a_change_of_nothing_is_refused(text):
    with pytest.raises(ScenarioFault, match="expected"):
        changed(Scenario(), text)


def test_an_unknown_currency_is_refused():
    with pytest.raises(ScenarioFault, match=r"country\.currency"):
        scenario_of('[country]\ncurrency = "XYZ"')


def test_a_file_that_is_none_is_refused(tmp_path):
    with pytest.raises(ScenarioFault, match="absent"):
        read_scenario(tmp_path / "absent.toml")
    with pytest.raises(ScenarioFault):
        scenario_of("[")


@pytest.mark.parametrize("text", ["x = " + "[" * 20_000, "x = " + "9" * 5_000])
def test_a_text_without_measure_is_refused(text):
    with pytest.raises(ScenarioFault):
        scenario_of(text)


def test_a_term_is_changed_for_one_or_for_all():
    one = changed(Scenario(), "institutions.hill-bank.answer_median=7s").institutions
    every = changed(Scenario(), "answer_median=7s").institutions
    assert [bank.name for bank in one if bank.answer_median == 7_000_000] == ["hill-bank"]
    assert {bank.answer_median for bank in every} == {7_000_000}
    assert changed(Scenario(), "report_delay=10m").frauds.report_delay == (
        Step(1.0, 600_000_000, 600_000_000),
    )


def test_the_schema_takes_the_city_and_refuses_what_the_reader_refuses():
    schema = scenario_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    check = jsonschema.Draft202012Validator(schema).is_valid
    city = tomllib.loads(CITY.read_text(encoding="utf-8"))
    assert check(city)
    assert not check({**city, "weather": {}})
    assert not check({**city, "frauds": {"cuont": 3}})
    for path, term in TERMS.items():
        if term.unit and "*" not in path and path.count(".") == 1:
            section, name = path.split(".")
            wrong = {"text": "1", "flag": 1}.get(term.unit.name, {})
            assert not check({section: {name: wrong}}), path


@given(st.integers(0, 10**15))
def test_a_time_is_read_as_it_is_written(microseconds):
    assert read_duration(duration_text(microseconds)) == microseconds


@settings(max_examples=40)
@given(st.text(max_size=80))
def test_any_text_is_a_scenario_or_a_fault(text):
    for read in (scenario_of, lambda said: changed(Scenario(), said)):
        try:
            assert isinstance(read(text), Scenario)
        except ScenarioFault as fault:
            assert fault.problems  # noqa: PT017 - either is right
