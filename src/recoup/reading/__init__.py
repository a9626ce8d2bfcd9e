"""Files and frames into canonical records, refusing what is wrong row by row. Tracing does not happen here."""

from recoup.reading.claims import ClaimsReading, read_claims
from recoup.reading.codes import ADVICE, FATAL, OPTIONS
from recoup.reading.combine import STATEMENT_ROWS, Statements
from recoup.reading.declared import (
    Declared,
    DeclaredAccounts,
    read_accounts,
    read_holds,
    read_links,
    read_openings,
)
from recoup.reading.findings import REJECTED
from recoup.reading.frames import claims_of, from_frames
from recoup.reading.mapfile import load_map, map_source, save_map
from recoup.reading.options import ColumnMap, ReadingOptions, parse_digits
from recoup.reading.transfers import Reading, is_fatal, read_transfers

__all__ = [
    "ADVICE",
    "FATAL",
    "OPTIONS",
    "REJECTED",
    "STATEMENT_ROWS",
    "ClaimsReading",
    "ColumnMap",
    "Declared",
    "DeclaredAccounts",
    "Reading",
    "ReadingOptions",
    "Statements",
    "claims_of",
    "from_frames",
    "is_fatal",
    "load_map",
    "map_source",
    "parse_digits",
    "read_accounts",
    "read_claims",
    "read_holds",
    "read_links",
    "read_openings",
    "read_transfers",
    "save_map",
]
