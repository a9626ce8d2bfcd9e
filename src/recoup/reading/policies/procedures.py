"""Reads the terms of the return procedure and its calendar: the section `procedure` of a policy, and `calendars/NAME.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import fields
from datetime import date
from pathlib import Path
from typing import Any

from recoup.orders import Ground, Level, Standing
from recoup.procedure import Calendar, ReturnTerms, Year

_HERE = Path(__file__).parent / "calendars"


def read_calendar(name_or_path: str | Path) -> Calendar:
    """Return a shipped calendar by name, or one of a file of the same form.

    Raises:
        OSError: there is no such file.
        KeyError, TypeError, ValueError: something in it is missing or makes no sense.

    >>> read_calendar("cn").after(date(2026, 2, 13), 1)
    datetime.date(2026, 2, 14)
    """
    shipped = _HERE / f"{name_or_path}.toml"
    path = shipped if shipped.exists() else Path(name_or_path)
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    return Calendar(str(table["id"]), tuple(map(_year, table["year"])))


def return_terms(entries: Mapping[str, Any], table: Mapping[str, Any]) -> ReturnTerms:
    """Return the terms of a policy's section; `KeyError`, `TypeError` or `ValueError` for what is missing or wrong."""
    names = {f.name for f in fields(ReturnTerms)} - {"id", "timezone", "grounds"}
    if unknown := sorted(set(entries) - names):
        raise ValueError(f"procedure: no such term as {', '.join(unknown)}")
    terms = names - {"calendar"}
    values = {name: entries[name]["value"] for name in terms}
    for name, kind in ((name, int) for name in terms - {"approval_level", "is_notice_repeated"}):
        if type(values[name]) is not kind:
            raise TypeError(f"procedure.{name}: expected a whole number, was {values[name]!r}")
    if not isinstance(values["is_notice_repeated"], bool):
        raise TypeError("procedure.is_notice_repeated: expected true or false")
    values["approval_level"] = Level(values["approval_level"])
    sources = {"timezone": table["timezone"], **{name: entries[name] for name in sorted(terms)}}
    return ReturnTerms(
        id=str(table["id"]),
        timezone=str(table["timezone"]["value"]),
        calendar=_calendar(str(entries["calendar"])),
        grounds=tuple(_ground(name, entry) for name, entry in sources.items()),
        **values,
    )


def _calendar(name: str) -> Calendar:
    try:
        return read_calendar(name)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise ValueError(f"procedure.calendar {name}: {fault}") from fault


def _ground(term: str, entry: Mapping[str, Any]) -> Ground:
    return Ground(term, str(entry["source"]), Standing(entry["standing"]))


def _year(entry: Mapping[str, Any]) -> Year:
    free, worked = _days(entry["free"]), _days(entry["worked"])
    return Year(int(entry["year"]), free, worked, str(entry["source"]), Standing(entry["standing"]))


def _days(days: object) -> tuple[date, ...]:
    if not isinstance(days, list) or any(type(day) is not date for day in days):
        raise TypeError("expected days as 2026-01-05")
    return tuple(days)


__all__ = ["read_calendar", "return_terms"]
