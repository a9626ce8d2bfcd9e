"""Files and frames into canonical records, refusing what is wrong row by row. Tracing does not happen here.

Names are imported when they are first asked for: who reads a policy's TOML (a bank's agent, the centre) loads no tables.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
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
    from recoup.reading.labels import LabelsReading, read_labels
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
    "LabelsReading",
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
    "read_labels",
    "read_links",
    "read_openings",
    "read_transfers",
    "save_map",
]

_HOMES = {
    "claims": "ClaimsReading read_claims",
    "codes": "ADVICE FATAL OPTIONS",
    "combine": "STATEMENT_ROWS Statements",
    "declared": "Declared DeclaredAccounts read_accounts read_holds read_links read_openings",
    "findings": "REJECTED",
    "frames": "claims_of from_frames",
    "labels": "LabelsReading read_labels",
    "mapfile": "load_map map_source save_map",
    "options": "ColumnMap ReadingOptions parse_digits",
    "transfers": "Reading is_fatal read_transfers",
}
_HOME = {name: home for home, names in _HOMES.items() for name in names.split()}


def __getattr__(name: str) -> object:
    """Import a public name when it is first asked for."""
    if name not in _HOME:
        raise AttributeError(f"module 'recoup.reading' has no attribute {name!r}")
    from importlib import import_module

    value: object = getattr(import_module(f"recoup.reading.{_HOME[name]}"), name)
    globals()[name] = value
    return value
