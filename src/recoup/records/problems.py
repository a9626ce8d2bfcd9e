"""A problem of the input: where it is, what was found, what to do. Problems are values; only the shell raises them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong in one place. `row` is the number a spreadsheet shows (header included), 0 for the whole file."""

    file: str
    sheet: str
    row: int
    column: str
    code: str
    """Stable name of the kind of problem, e.g. `amount_not_positive`; listed in docs/reference/problems.md."""
    found: str
    advice: str
    """What to do, as a sentence without the final stop."""

    def __str__(self) -> str:
        """Return one line: file, sheet, row, column, what was found, what to do."""
        place = self.file + (f" [{self.sheet}]" if self.sheet else "")
        place += f" row {self.row}" if self.row else ""
        place += f" column {self.column}" if self.column else ""
        return f"{place}: {self.code}: found {self.found!r}; {self.advice}"
