"""Where a row came from: file, sheet, row, who supplied it, when, under which document. Not how it was read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Source:
    """One sheet of one input file (a file without sheets has one, named ''). Rows cite it by its index."""

    file: str
    """As given on the command line; a name made up by the caller for frames."""
    sheet: str
    sha256: str
    """Hex digest of the whole file; of the canonical rows for frames."""
    rows_count: int
    supplied_by: str = ""
    supplied_at: str = ""
    document: str = ""
    """The paper under which it was supplied, e.g. a query notice's number."""

    def cite(self, row: int) -> str:
        """Return `file:row` or `file[sheet]:row`, the form used in every output."""
        return f"{self.file}[{self.sheet}]:{row}" if self.sheet else f"{self.file}:{row}"
