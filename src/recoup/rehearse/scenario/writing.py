"""A scenario as TOML text, each term with what it says; and the JSON Schema of such text. Reads nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from recoup.rehearse.scenario.fields import Term, defaults_of, terms_of
from recoup.rehearse.scenario.scenario import Scenario
from recoup.rehearse.scenario.sources import source_of


def scenario_text(scenario: Scenario) -> str:
    """Return the scenario as TOML that `scenario_of` reads to an equal one; every term is written, with what it means.

    >>> scenario_text(Scenario()).splitlines()[2]
    '# How many people live there, when it is played, and what they pay.'
    """
    lines = [
        "# A scenario of `recoup rehearse`. Every number has a unit; [sources] says where it is from.",
        "",
    ]
    for term in terms_of(Scenario):
        lines.extend(_section(term, getattr(scenario, term.name), term.name, scenario))
    if scenario.sources:
        lines += [
            "# Where the terms are from; * stands for any name, and the first that fits speaks.",
            "[sources]",
        ]
        lines += [f'"{path}" = "{source}"' for path, source in scenario.sources]
    return "\n".join(lines).rstrip() + "\n"


def _section(term: Term, held: Any, path: str, scenario: Scenario) -> Iterator[str]:  # noqa: ANN401 - any section
    if term.is_named:
        yield f"# {term.says}"
        for one in held:
            yield from _table(one, f"{path}.{one.name}", scenario, is_said=one is held[0])
        return
    yield f"# {term.says}"
    yield from _table(held, path, scenario)


def _table(held: Any, path: str, scenario: Scenario, *, is_said: bool = True) -> Iterator[str]:  # noqa: ANN401 - any section
    yield f"[{path}]"
    terms = terms_of(type(held))
    for term in (term for term in terms if term.section is None):
        value = getattr(held, term.name)
        written = f'"{value}"'
        if term.unit is not None:
            written = term.unit.write(value, scenario.country.currency)
        source = source_of(scenario, f"{path}.{term.name}")
        said = " ".join(filter(None, (term.says if is_said else "", source and f"({source})")))
        yield f"{term.name} = {written}" + (f"  # {said}" if said else "")
    yield ""
    for term in (term for term in terms if term.section is not None):
        yield from _section(term, getattr(held, term.name), f"{path}.{term.name}", scenario)


def scenario_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a scenario, of what TOML gives; defaults are those of the default city."""
    schema = _object(Scenario)
    schema["properties"]["sources"] = {
        "description": "Where a number comes from: a dotted path, * for any name, and a source or the word assumed.",
        "type": "object",
        "additionalProperties": {"type": "string", "minLength": 1},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Scenario of a rehearsal",
        **schema,
    }


def _object(section: type) -> dict[str, Any]:
    return {
        "description": (section.__doc__ or "").splitlines()[0],
        "type": "object",
        "additionalProperties": False,
        "properties": {term.name: _property(term, section) for term in terms_of(section)},
    }


def _property(term: Term, section: type) -> dict[str, Any]:
    if term.section is not None:
        one = _object(term.section)
        if not term.is_named:
            return one
        return {
            "description": f"{term.says} One table each.",
            "type": "object",
            "minProperties": 1,
            "additionalProperties": one,
        }
    if term.words is not None:
        return {"description": term.says, "enum": [word.value for word in term.words]}
    assert term.unit is not None
    made = {"description": term.says, "x-unit": term.unit.name, **term.unit.schema}
    for bounds in term.between:
        is_number = not isinstance(bounds.least, str)
        names = ("minimum", "maximum") if is_number else ("x-minimum", "x-maximum")
        made.update(zip(names, (bounds.least, bounds.most), strict=True))
    default = defaults_of(section)[term.name]
    if isinstance(default, int | float) and term.unit.name not in {"time", "amount"}:
        made["default"] = default
    return made


__all__ = ["scenario_schema", "scenario_text"]
