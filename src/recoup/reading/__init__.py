"""Files and frames into canonical records, refusing what is wrong row by row. Tracing does not happen here."""

from recoup.reading.claims import ClaimsReading, read_claims
from recoup.reading.declared import Declared, DeclaredAccounts, read_accounts, read_holds, read_links, read_openings
from recoup.reading.options import ColumnMap, ReadingOptions
from recoup.reading.transfers import Reading, is_fatal, read_transfers

__all__ = [
    "ClaimsReading",
    "ColumnMap",
    "Declared",
    "DeclaredAccounts",
    "Reading",
    "ReadingOptions",
    "is_fatal",
    "read_accounts",
    "read_claims",
    "read_holds",
    "read_links",
    "read_openings",
    "read_transfers",
]
