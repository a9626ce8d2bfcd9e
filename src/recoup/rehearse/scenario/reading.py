"""A scenario out of TOML, whole or one key changed. Everything that is wrong is named with its place; nothing is guessed."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from recoup.errors import ScenarioFault
from recoup.rehearse.scenario.checks import disagreements
from recoup.rehearse.scenario.fields import Term, defaults_of, terms_of
from recoup.rehearse.scenario.quantities import Between
from recoup.rehearse.scenario.scenario import Scenario


def read_scenario(path: str | Path) -> Scenario:
    """Return the scenario of a TOML file.

    Raises:
        ScenarioFault: it cannot be read, or says something that cannot be played; every place is named.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        raise ScenarioFault([f"{path}: {fault}"]) from fault
    return scenario_of(text)


def scenario_of(text: str) -> Scenario:
    r"""Return the scenario of TOML text; what is not said is as in the default city.

    Raises:
        ScenarioFault: as `read_scenario`.

    >>> scenario_of("[frauds]\ncount = 7").frauds.count
    7
    """
    try:
        table = tomllib.loads(text)
    except (
        ValueError,
        RecursionError,
    ) as fault:  # a number of thousands of digits, a list of thousands of lists
        raise ScenarioFault([str(fault)]) from fault
    sources = table.pop("sources", {})
    reader = _Reader(_currency(table))
    values = reader.table(Scenario, table, "")
    values["sources"] = tuple(reader.sources(sources))
    if reader.problems:
        raise ScenarioFault(reader.problems)
    return _agreeing(Scenario(**values))


def changed(scenario: Scenario, text: str) -> Scenario:
    """Return the scenario with one term changed, such as `frauds.report_delay=1h`.

    `*` stands for every institution or script: `institutions.*.answer_median=10s`. A term whose name there is
    only once needs no section: `report_delay=1h`. Texts and times need no quotes.

    Raises:
        ScenarioFault: there is no such term, or the value is not one of it.

    >>> changed(Scenario(), "frauds.count=20").frauds.count
    20
    """
    path, equals, value = (part.strip() for part in text.partition("="))
    if not equals:
        raise ScenarioFault([f"expected term=value, was {text!r}"])
    if "." not in path:
        path = _whole_path(path)
    reader = _Reader(scenario.country.currency)
    made = reader.changed(scenario, path.split("."), _value(value), path)
    if reader.problems:
        raise ScenarioFault(reader.problems)
    assert isinstance(made, Scenario)
    return _agreeing(made)


def paths(section: type = Scenario, before: str = "") -> Iterator[tuple[str, Term]]:
    """Yield every term that has a value, with its dotted path; `*` stands for a name."""
    for term in terms_of(section):
        path = f"{before}{term.name}"
        if term.section is None:
            yield path, term
        else:
            yield from paths(term.section, f"{path}.*." if term.is_named else f"{path}.")


def _whole_path(name: str) -> str:
    found = [path for path, _ in paths() if path.rpartition(".")[2] == name]
    if len(found) != 1:
        what = f"one of {', '.join(found)}" if found else "a term of a scenario"
        raise ScenarioFault([f"{name}: expected {what}"])
    return found[0]


def _value(text: str) -> object:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except (ValueError, RecursionError):
        return text


def _currency(table: Mapping[str, Any]) -> str:
    country = table.get("country")
    said = country.get("currency") if isinstance(country, dict) else None
    return said if isinstance(said, str) else Scenario().country.currency


def _agreeing(scenario: Scenario) -> Scenario:
    if found := tuple(disagreements(scenario)):
        raise ScenarioFault(found)
    return scenario


class _Reader:
    """Collects problems while values are made."""

    def __init__(self, currency: str) -> None:
        self.currency = currency
        self.problems: list[str] = []

    def table(self, section: type, given: object, where: str) -> dict[str, Any]:
        """Return the section's values; where something is wrong, the default and a problem."""
        values = dict(defaults_of(section))
        if not isinstance(given, dict):
            self.problems.append(f"{where or 'scenario'}: expected a table, was {given!r}")
            return values
        terms = {term.name: term for term in terms_of(section)}
        for name, said in given.items():
            path = f"{where}.{name}" if where else name
            if name in terms:
                values[name] = self.term(terms[name], said, path, values.get(name))
            else:
                self.problems.append(f"{path}: expected one of {', '.join(terms)}")
        return values

    def term(self, term: Term, said: object, path: str, default: Any) -> Any:  # noqa: ANN401 - of any kind
        """Return the value of one term."""
        if term.section is not None and term.is_named:
            if not isinstance(said, dict) or not said:
                self.problems.append(f"{path}: expected a table of tables, was {said!r}")
                return default
            return tuple(
                term.section(**{**self.table(term.section, one, f"{path}.{name}"), "name": name})
                for name, one in said.items()
            )
        if term.section is not None:
            return term.section(**self.table(term.section, said, path))
        try:
            return self._single(term, said)
        except ValueError as fault:
            self.problems.append(f"{path}: {fault}")
            return default

    def _single(self, term: Term, said: object) -> Any:  # noqa: ANN401 - of any kind
        if term.words is not None:
            if said not in {word.value for word in term.words}:
                raise ValueError(f"expected one of {', '.join(term.words)}, was {said!r}")
            return term.words(str(said))
        assert term.unit is not None
        value = term.unit.read(said)
        for bounds in term.between:
            _bound(value, bounds, term)
        if term.unit.name != "amount":
            return value
        minor, currency = value
        if currency != self.currency:
            raise ValueError(f"expected an amount in {self.currency}, was {said!r}")
        return minor

    def sources(self, given: object) -> Iterator[tuple[str, str]]:
        """Yield path and source."""
        if not isinstance(given, dict):
            self.problems.append(f"sources: expected a table, was {given!r}")
            return
        for path, source in given.items():
            if isinstance(source, str) and source:
                yield path, source
            else:
                self.problems.append(f"sources.{path}: expected a text, was {source!r}")

    def changed(self, held: Any, path: list[str], said: object, whole: str) -> Any:  # noqa: ANN401 - of any kind
        """Return a section with what lies at `path` replaced."""
        name, *rest = path
        terms = {term.name: term for term in terms_of(type(held))}
        term = terms.get(name)
        if term is None:
            self.problems.append(f"{whole}: expected one of {', '.join(terms)}, was {name!r}")
            return held
        now = getattr(held, name)
        if term.section is None and not rest:
            return replace(held, **{name: self.term(term, said, whole, now)})
        if term.section is None or len(rest) < 1 + term.is_named:
            self.problems.append(f"{whole}: expected the path of a single term")
            return held
        if not term.is_named:
            return replace(held, **{name: self.changed(now, rest, said, whole)})
        if rest[0] != "*" and rest[0] not in {one.name for one in now}:
            self.problems.append(f"{whole}: expected * or a name of {name}, was {rest[0]!r}")
            return held
        made = (
            self.changed(one, rest[1:], said, whole) if rest[0] in {"*", one.name} else one
            for one in now
        )
        return replace(held, **{name: tuple(made)})


def _bound(value: Any, bounds: Between, term: Term) -> None:  # noqa: ANN401 - of any kind that has an order
    assert term.unit is not None
    least, most = term.unit.read(bounds.least), term.unit.read(bounds.most)
    if not least <= value <= most:
        raise ValueError(f"expected from {bounds.least} to {bounds.most}, was {value!r}")


__all__ = ["changed", "paths", "read_scenario", "scenario_of"]
