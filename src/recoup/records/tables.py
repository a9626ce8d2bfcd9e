"""The canonical tables: column names, types and units of transfers, claims, openings, holds and links. No checks here.

Money is int64 minor units, time is microseconds UTC, text is never null ('' means none), provenance is (source, row) with
`source` an index into the reading's tuple of `Source`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import polars as pl

ColumnType = pl.DataType | type[pl.DataType]

INSTANT: Final = pl.Datetime("us", "UTC")


def schema_of(columns: Mapping[str, ColumnType]) -> pl.Schema:
    """Return the schema of a table from its columns."""
    return pl.Schema(columns)


TRANSFERS: Final = schema_of(
    {
        "id": pl.String,
        "time": INSTANT,
        "sequence": pl.Int64,
        "payer": pl.String,
        "payee": pl.String,
        "amount": pl.Int64,
        "currency": pl.String,
        "rail": pl.String,
        "kind": pl.String,
        "reference": pl.String,
        "payer_name": pl.String,
        "payee_name": pl.String,
        "payer_institution": pl.String,
        "payee_institution": pl.String,
        "payer_balance": pl.Int64,  # null: not stated; running balance after the row, may be negative
        "payee_balance": pl.Int64,
        "reverses": pl.String,
        "source": pl.Int32,
        "row": pl.Int32,
        "other_source": pl.Int32,  # null unless two statements were matched into one transfer: the payee's side
        "other_row": pl.Int32,
    }
)
"""One row a transfer, sorted by the total order (time, sequence, id)."""

CLAIMS: Final = schema_of(
    {
        "claim": pl.String,
        "victim": pl.String,
        "transfer": pl.String,  # id of the disputed transfer, resolved
        "reported_at": INSTANT,  # null: not stated
        "admitted": pl.Boolean,  # on files always true
    }
)
"""One row a claim, sorted by claim id (code points)."""

OPENINGS: Final = schema_of(
    {"account": pl.String, "currency": pl.String, "time": INSTANT, "balance": pl.Int64}
)
"""Balance of a pocket just before every row at or after `time`."""

HOLDS: Final = schema_of(
    {
        "account": pl.String,
        "currency": pl.String,
        "amount": pl.Int64,
        "time": INSTANT,
        "until": INSTANT,  # null: no end
    }
)
"""A hold acts after every transfer of its own instant, and ends after every transfer of `until`."""

LINKS: Final = schema_of(
    {
        "from": pl.String,
        "to": pl.String,
        "amount": pl.Int64,
        "currency": pl.String,
        "time": INSTANT,
        "evidence": pl.String,
        "grade": pl.String,
        "author": pl.String,
        "source": pl.Int32,
        "row": pl.Int32,
    }
)
"""A bridge that no statement shows, asserted by its author."""
