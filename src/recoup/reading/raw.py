"""A table as a file holds it: header names and cells, before anything is understood. Not yet a ledger or a statement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl


@dataclass(frozen=True, slots=True)
class RawTable:
    """One sheet: cells as text (or as typed columns from Parquet and Arrow) and the row numbers a spreadsheet shows."""

    source: int
    """Index into the reading's sources."""
    frame: pl.DataFrame
    """One column a header, names made unique."""
    rows: pl.Series
    """Int32, as long as `frame`."""
    facts: Mapping[str, str] = field(default_factory=dict)
    """What title rows say: account, card, account_name, currency, account_institution."""
    number_rows: Mapping[str, frozenset[int]] = field(default_factory=dict)
    """Column to the rows whose long number is a spreadsheet number, not text: its digits are lost."""
    sheet: str = ""
    """Name of the sheet; '' in files without sheets."""
    integers_are_minor: bool = False
    """Whether whole-number columns are minor units: in frames they are, in files that is not known."""
    inside: bool = False
    """Whether the file came from a folder, where tables of no interest are passed over."""
    shape: str = ""
    """Set by formats that know it: `ledger` or `statement`."""

    def with_row(self) -> pl.DataFrame:
        """Return the cells with their row numbers as column `row`, for the table of refused rows."""
        return self.frame.rename(
            {"row": "row_"} if "row" in self.frame.columns else {}
        ).with_columns(self.rows.alias("row"))


def unique_names(names: list[str]) -> list[str]:
    """Return header names made unique: a repeated one gets `_2`, `_3`; an empty one its place.

    >>> unique_names(["a", "", "a"])
    ['a', 'column_2', 'a_2']
    """
    seen: dict[str, int] = {}
    taken = set(names)
    unique: list[str] = []
    for place, given in enumerate(names, start=1):
        name = given or f"column_{place}"
        seen[name] = seen.get(name, 0) + 1
        while seen[name] > 1 or (not given and name in taken):
            candidate = f"{name}_{seen[name]}"
            if candidate not in taken:
                name = candidate
                break
            seen[name] += 1
        taken.add(name)
        unique.append(name)
    return unique
