"""Reads the terms of measures of accounts and of warnings of payers: the section `care` of a policy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Final

from recoup.care import CareTerms, MeasureKind, MeasureTerm, RiskGrade, Step
from recoup.orders import Ground, Standing

_APART: Final = {"id", "currency", "grounds", "measures", "steps"}
_SAID: Final = {"source", "standing"}


def care_terms(entries: Mapping[str, Any], table: Mapping[str, Any]) -> CareTerms:
    """Return the terms of a policy's section; `KeyError`, `TypeError` or `ValueError` for what is missing or wrong."""
    single = {f.name for f in fields(CareTerms)} - _APART
    if unknown := sorted(set(entries) - single - {"currency", "measures", "steps"}):
        raise ValueError(f"care: no such term as {', '.join(unknown)}")
    measures, steps = entries["measures"], entries["steps"]
    sources = {name: entries[name] for name in sorted(single)}
    sources |= {kind.value: measures[kind.value] for kind in MeasureKind}
    sources |= {grade.value: steps[grade.value] for grade in RiskGrade}
    values = {
        name: _whole(name, entries[name]["value"]) for name in sorted(single - {"protection_grade"})
    }
    return CareTerms(
        id=str(table["id"]),
        currency=str(entries["currency"]),
        protection_grade=RiskGrade(entries["protection_grade"]["value"]),
        measures={MeasureKind(name): _measure(name, row) for name, row in measures.items()},
        steps={RiskGrade(name): _steps(name, row) for name, row in steps.items()},
        grounds=tuple(
            Ground(name, str(row["source"]), Standing(row["standing"]))
            for name, row in sources.items()
        ),
        **values,
    )


def _measure(name: str, row: Mapping[str, Any]) -> MeasureTerm:
    if unknown := sorted(set(row) - _SAID - {"seconds", "persons", "is_lifted_by_proof"}):
        raise ValueError(f"care.measures.{name}: no such term as {', '.join(unknown)}")
    if not isinstance(row["is_lifted_by_proof"], bool):
        raise TypeError(f"care.measures.{name}.is_lifted_by_proof: expected true or false")
    seconds, persons = _whole(name, row["seconds"]), _whole(name, row["persons"])
    return MeasureTerm(seconds, persons, row["is_lifted_by_proof"])


def _steps(name: str, row: Mapping[str, Any]) -> dict[Step, int]:
    return {Step(step): _whole(name, limit) for step, limit in row.items() if step not in _SAID}


def _whole(name: str, value: object) -> int:
    if type(value) is not int:
        raise TypeError(f"care.{name}: expected a whole number, was {value!r}")
    return value


__all__ = ["care_terms"]
