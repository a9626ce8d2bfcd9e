"""What a user says about how to read: the parsed map, the time zone, decimals of currencies, the matching window. No files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final, Literal

from recoup.money import ISO_DIGITS, Digits

Shape = Literal["ledger", "statement"]

_DIGITS_MAX: Final = 12


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """A parsed `map.toml`: what a user says about files that no header names."""

    columns: Mapping[str, str] = field(default_factory=dict)
    """Field to the header that holds it."""
    shape: Shape | None = None
    timezone: str | None = None
    time_formats: tuple[str, ...] = ()
    """strptime formats, tried before the known ones."""
    kinds: Mapping[str, str] = field(default_factory=dict)
    directions: Mapping[str, str] = field(default_factory=dict)
    """Word to `debit`, `credit` or `skip`."""
    statuses: Mapping[str, str] = field(default_factory=dict)
    """Word to `ok` or `failed`."""
    defaults: Mapping[str, str] = field(default_factory=dict)
    """Field to the value of rows that leave it empty: `currency`, `account`, `kind`, `rail`, ..."""
    sheet: str = ""
    header_row: int = 0
    """Row of the header as a spreadsheet counts it; 0: found by its names."""
    amount_unit: Literal["", "major", "minor"] = ""
    decimal_comma: bool = False
    supplied_by: str = ""
    supplied_at: str = ""
    document: str = ""


NO_MAP = ColumnMap()


@dataclass(frozen=True, slots=True)
class ReadingOptions:
    """How to read; the defaults read what says everything itself."""

    mapping: ColumnMap | None = None
    timezone: str | None = None
    """IANA zone of times that state none; goes before the map's."""
    digits: Digits = ISO_DIGITS
    match_window: timedelta = field(default=timedelta(minutes=5))
    left_out: frozenset[Path] = frozenset()
    """Resolved paths of files that folders of statements may hold and that are something else (the claims)."""
    """How far apart the two ends' clocks may be for their rows to be one transfer."""
    rounds_amounts: bool = False
    """Take the nearest amount of one that is finer than its currency; else it is refused. For watching, never for tracing."""
    ids_once: bool = False
    """Refuse an id that one file gives twice, even where both rows say the same. For returns: they pay out."""

    @property
    def map(self) -> ColumnMap:
        """Return the map, an empty one if none was given."""
        return self.mapping or NO_MAP

    @property
    def zone(self) -> str | None:
        """Return the zone of times that state none: the option's, else the map's."""
        return self.timezone or self.map.timezone


def parse_digits(declared: Iterable[str]) -> Digits:
    """Return the decimals that texts like `JPY=2` declare; raise `ValueError` for anything else.

    >>> parse_digits(["JPY=2"]).of("JPY")
    2
    """
    exceptions: dict[str, int] = {}
    for text in declared:
        code, _, places = text.partition("=")
        if not code.strip() or not places.strip().isdecimal() or int(places) > _DIGITS_MAX:
            raise ValueError(f"expected a currency and its decimals such as JPY=2, was {text!r}")
        name = code.strip().upper()
        if exceptions.setdefault(name, int(places)) != int(places):
            raise ValueError(f"expected one number of decimals for {name}, was also {places}")
    return Digits(exceptions)
