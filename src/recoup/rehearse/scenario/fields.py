"""What a scenario's dataclasses say of their fields: kind, unit, bounds, meaning. Read once, used by reader, writer, schema."""

from __future__ import annotations

from dataclasses import MISSING, dataclass, fields, is_dataclass
from enum import StrEnum
from functools import cache
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from recoup.rehearse.scenario.quantities import Between, Unit


@dataclass(frozen=True, slots=True)
class Term:
    """One field of a section."""

    name: str
    says: str
    unit: Unit | None = None
    between: tuple[Between, ...] = ()
    section: type | None = None
    """A dataclass: the field is a table, or with `is_named` a table of tables."""
    is_named: bool = False
    words: type[StrEnum] | None = None
    """The field is one of these."""


def terms_of(section: type) -> tuple[Term, ...]:
    """Return the fields that a table of `section` may have: not the name, which is the table's own, and not the sources."""
    return _terms(section)


@cache
def _terms(section: type) -> tuple[Term, ...]:
    hints = get_type_hints(section, include_extras=True)
    return tuple(
        _term(field.name, hints[field.name])
        for field in fields(section)
        if field.name not in {"name", "sources"}
    )


@cache
def defaults_of(section: type) -> dict[str, Any]:
    """Return what fields are if nothing is said."""
    made = {}
    for field in fields(section):
        if field.default is not MISSING:
            made[field.name] = field.default
        elif field.default_factory is not MISSING:
            made[field.name] = field.default_factory()
    return made


def _term(name: str, hint: Any) -> Term:  # noqa: ANN401 - a type, or what typing makes of one
    inner, *extras = get_args(hint) if get_origin(hint) is Annotated else (hint,)
    says = next((extra for extra in extras if isinstance(extra, str)), "")
    unit = next((extra for extra in extras if isinstance(extra, Unit)), None)
    between = tuple(extra for extra in extras if isinstance(extra, Between))
    if unit is not None:
        return Term(name, says, unit, between)
    if get_origin(inner) is tuple and is_dataclass(section := get_args(inner)[0]):
        assert isinstance(section, type)
        return Term(name, says or _first_line(section), section=section, is_named=True)
    if is_dataclass(inner):
        assert isinstance(inner, type)
        return Term(name, says or _first_line(inner), section=inner)
    assert isinstance(inner, type), name
    assert issubclass(inner, StrEnum), name
    return Term(name, says, words=inner)


def _first_line(section: object) -> str:
    return (section.__doc__ or "").splitlines()[0]


__all__ = ["Term", "defaults_of", "terms_of"]
