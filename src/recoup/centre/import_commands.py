"""What an import asks for, row by row, and what is kept of it. Rows have opaque ids and other systems' case numbers only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from recoup.cases.foreign import Foreign, ForeignNoted
from recoup.centre.terms import EnterReport
from recoup.orders import OrderKind


class ImportKind(StrEnum):
    """What the rows of an import are."""

    REPORTS = "reports"
    REGISTER = "register"
    """Stops and freezes that another system began."""


@dataclass(frozen=True, slots=True)
class ForeignHold:
    """A stop or a freeze as the other system has it; the account and the institution are the claim's payee."""

    order: str
    """The id that it has here."""
    kind: OrderKind
    amount: int
    since: datetime
    ends_at: datetime | None
    stops_before: int = 0
    """Stops of the account that were spent before this one."""


@dataclass(frozen=True, slots=True)
class EnterForeign:
    """Take one row in: a report, with the hold that stands for it where there is one."""

    enter: EnterReport
    foreign: Foreign
    hold: ForeignHold | None = None


@dataclass(frozen=True, slots=True)
class RowNoted:
    """What became of one row: `code` is '' for one that was taken, else why not."""

    row: int
    id: str
    code: str
    column: str
    case: str


@dataclass(frozen=True, slots=True)
class ImportNoted:
    """What became of the rows of one part of an import."""

    id: str
    system: str
    kind: ImportKind
    unit: str
    by: str
    digest: str
    """SHA-256 of the bytes that were given."""
    rows: tuple[RowNoted, ...]


@dataclass(frozen=True, slots=True)
class NoteImport:
    """Keep what became of the rows of one part of an import."""

    noted: ImportNoted


__all__ = [
    "EnterForeign",
    "Foreign",
    "ForeignHold",
    "ForeignNoted",
    "ImportKind",
    "ImportNoted",
    "NoteImport",
    "RowNoted",
]
