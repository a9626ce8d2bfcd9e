"""A dossier (案卷): everything that was given for one investigation, checked and in canonical form. Not yet traced."""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

from recoup.money import ISO_DIGITS, Digits
from recoup.records import tables
from recoup.records.provenance import Source

DOUBTFUL = pl.Schema(
    {
        "payer_file": pl.String,
        "payer_row": pl.Int32,
        "payee_file": pl.String,
        "payee_row": pl.Int32,
        "reason": pl.String,
    }
)


@dataclass(frozen=True, slots=True)
class Dossier:
    """Transfers in total order with what is declared about their accounts."""

    transfers: pl.DataFrame
    """Schema `tables.TRANSFERS`, sorted by (time, sequence, id)."""
    sources: tuple[Source, ...]
    digits: Digits = ISO_DIGITS
    known: frozenset[str] | None = None
    """Accounts whose statement was given; None: every account of the ledger."""
    terminal: frozenset[str] = frozenset()
    """Accounts declared exits; overrides `known`."""
    openings: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=tables.OPENINGS))
    holds: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=tables.HOLDS))
    links: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=tables.LINKS))
    doubtful: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=DOUBTFUL))
    """Matches of two statements' rows that a person should look at."""
    rows_failed: int = 0
    """Rows skipped because the platform says that the payment failed."""
    timezone: str = ""
    """IANA zone in which times that state none were read; '' if none was given."""
    rows_rejected: int = 0
    """Rows refused and written to the rejects file."""
