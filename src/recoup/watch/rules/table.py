"""Takes the fields of one TOML table apart and collects what is wrong with them. Knows types, not rules."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final, TypeVar

from recoup.errors import RuleProblem
from recoup.watch.rules.limits import RULE_PARTS_MAX
from recoup.watch.rules.problem import shown

_E = TypeVar("_E", bound=StrEnum)
_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
_NAME: Final = re.compile(r"[a-z_][a-z0-9_]{0,63}", re.ASCII)


class Table:
    """One table of a file of rules. A field that is wrong is a problem and has its default from then on."""

    def __init__(
        self, values: object, rule: str, problems: list[RuleProblem], inside: str = ""
    ) -> None:
        self.rule, self._problems, self._inside = rule, problems, inside
        self._asked: set[str] = set()
        self._values: Mapping[str, object] = {}
        if isinstance(values, Mapping):
            self._values = values
        else:
            self.wrong("", "field_type", "expected a table")

    def wrong(self, field: str, code: str, message: str) -> None:
        """Note a problem of one field."""
        place = ".".join(filter(None, (self._inside, field)))
        self._problems.append(RuleProblem(self.rule, place, 0, 0, code, message))

    def raw(self, field: str) -> object:
        """Return a field as it is; None where it is not given."""
        self._asked.add(field)
        return self._values.get(field)

    def text(self, field: str, *, is_needed: bool = True, chars_max: int = 1_000) -> str:
        """Return a text; an empty one counts as not given."""
        value = self.raw(field)
        if value is not None and not isinstance(value, str):
            self._type(field, "a text", value)
        elif isinstance(value, str) and len(value) > chars_max:
            self.wrong(field, "too_long", f"expected at most {chars_max} characters")
        elif value:
            return value
        elif is_needed:
            self.wrong(field, "field_missing", "expected a text, found nothing")
        return ""

    def id(self, field: str, *, is_needed: bool = True) -> str:
        """Return a short name of letters, digits, point, hyphen, underscore."""
        value = self.text(field, is_needed=is_needed)
        if value and not _ID.fullmatch(value):
            message = (
                f"expected letters, digits, . _ - and at most 64 of them, found {shown(value)}"
            )
            self.wrong(field, "name_unfit", message)
            return ""
        return value

    def whole(self, field: str, *, default: int, low: int = 0) -> int:
        """Return a whole number of at least `low`."""
        value = self.raw(field)
        if value is None:
            return default
        if type(value) is not int or not low <= value < 2**31:
            self._type(field, f"a whole number of at least {low}", value)
            return default
        return value

    def choice(self, field: str, kinds: type[_E], default: _E | None = None) -> _E:
        """Return one word of an enumeration."""
        value = self.raw(field)
        words = [kind.value for kind in kinds]
        if value is None and default is not None:
            return default
        if isinstance(value, str) and value in words:
            return kinds(value)
        self._type(field, f"one of {', '.join(words)}", value)
        return default or next(iter(kinds))

    def instant(self, field: str, *, is_needed: bool = False) -> datetime | None:
        """Return an instant, which must state its offset."""
        value = self.raw(field)
        if value is None and not is_needed:
            return None
        if isinstance(value, datetime) and value.tzinfo is not None:
            try:
                return value.astimezone(UTC)
            except OverflowError:
                pass
        self._type(field, "an instant with its offset, as 2026-11-01T00:00:00+08:00", value)
        return None

    def tables(self, field: str, count_max: int) -> list[object]:
        """Return the tables of an array."""
        value = self.raw(field)
        if value is None:
            return []
        if not isinstance(value, list):
            self._type(field, f"tables, each begun with [[{field}]]", value)
            return []
        if len(value) > count_max:
            self.wrong(field, "too_many", f"expected at most {count_max}, found {len(value)}")
        return value[:count_max]

    def texts(self, field: str, count_max: int) -> tuple[str, ...]:
        """Return a list of texts."""
        value = self.raw(field)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            self._type(field, "a list of texts", value)
            return ()
        if len(value) > count_max:
            self.wrong(field, "too_many", f"expected at most {count_max}, found {len(value)}")
        return tuple(value[:count_max])

    def named(self, field: str, reserved: frozenset[str]) -> list[tuple[str, object]]:
        """Return the entries of a table within, whose keys are names that a rule can use."""
        value = self.raw(field)
        if value is None:
            return []
        if not isinstance(value, Mapping):
            self._type(field, "a table", value)
            return []
        good = []
        for name, entry in list(value.items())[:RULE_PARTS_MAX]:
            if _NAME.fullmatch(name) and name not in reserved:
                good.append((name, entry))
            else:
                message = f"expected a small-lettered name of its own, found {shown(name)}"
                self.wrong(field, "name_unfit", message)
        return good

    def close(self) -> None:
        """Note every field that nobody asked for: a misspelt one must not be passed over."""
        for field in self._values:
            if field not in self._asked:
                known = ", ".join(sorted(self._asked))
                message = f"expected one of {known}, found {shown(field)}"
                self.wrong("", "field_unknown", message)

    def _type(self, field: str, expected: str, value: object) -> None:
        found = "nothing" if value is None else shown(_written(value))
        code = "field_missing" if value is None else "field_type"
        self.wrong(field, code, f"expected {expected}, found {found}")


def _written(value: object) -> str:
    """Return what a message shows of a value: never more than its kind where it may be large."""
    if isinstance(value, str | bool | float | datetime):
        return str(value)
    if isinstance(value, int):
        return str(value) if abs(value) < 2**63 else "a number beyond 64 bits"
    return "a table" if isinstance(value, Mapping) else "a list"


__all__ = ["Table"]
