"""Takes frames (polars, pandas, Arrow) into canonical records with the checks that files get. pandas is never imported here."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import polars as pl

from recoup.reading.claims import ClaimsReading, resolve_claims
from recoup.reading.columnar import typed_table
from recoup.reading.declared import prepared
from recoup.reading.files import Intake
from recoup.reading.options import NO_MAP, ReadingOptions
from recoup.reading.times import zone_exists
from recoup.reading.transfers import Reading, assemble
from recoup.reading.vocabulary import CLAIM_HEADERS
from recoup.records.provenance import Source
from recoup.records.tables import TRANSFERS


def from_frames(
    transfers: object,
    claims: object = None,
    options: ReadingOptions | None = None,
    name: str = "transfers",
) -> tuple[Reading, ClaimsReading | None]:
    """Return transfers and claims of data frames, checked like files; rows count from 1.

    Columns have the names of the files' columns. `amount` and balances: text or Decimal are decimal amounts,
    whole-number columns are minor units, floats are decimal amounts that must be exact to the currency's digits.
    `time`: zoned datetimes, or naive ones and text with a time zone in the options.

    Args:
        transfers: a ledger or statement as a polars DataFrame or LazyFrame, a pandas DataFrame, or a pyarrow Table.
        claims: likewise; None for none.
        options: how to read.
        name: what provenance calls the frame.

    Raises:
        TypeError: an object is none of these frames.
    """
    chosen = options or ReadingOptions()
    intake = _taken(transfers, name)
    if chosen.zone is not None and not zone_exists(chosen.zone):
        intake.findings.add_file("timezone_unknown", "timezone", chosen.zone)
        return Reading(pl.DataFrame(schema=TRANSFERS), None, (), intake.findings.problems([])), None
    reading = assemble(intake, chosen)
    return reading, None if claims is None else claims_of(claims, reading.transfers, chosen)


def claims_of(
    claims: object, transfers: pl.DataFrame, options: ReadingOptions, name: str = "claims"
) -> ClaimsReading:
    """Return the claims of a data frame, resolved to `transfers` like those of a file; whole-number amounts are minor units."""
    taken = _taken(claims, name)
    own = replace(options, mapping=NO_MAP, timezone=options.zone)
    table = prepared(taken, own, CLAIM_HEADERS) if taken.tables else None
    return resolve_claims(table, transfers, taken)


def _taken(frame: object, name: str) -> Intake:
    intake = Intake()
    table = as_polars(frame)
    if not table.width:
        intake.findings.add_file("file_empty", name, "no columns")
        return intake
    intake.sources.append(Source(name, "", frame_digest(table), table.height))
    intake.tables.append(replace(typed_table(table, 0), integers_are_minor=True))
    return intake


def as_polars(frame: object) -> pl.DataFrame:
    """Return any supported frame as a polars DataFrame; raise `TypeError` for anything else."""
    if isinstance(frame, pl.DataFrame):
        return frame
    if isinstance(frame, pl.LazyFrame):
        return frame.collect()
    module = type(frame).__module__.partition(".")[0]
    if module == "pandas":
        return _from_pandas(frame)
    if module == "pyarrow":
        table = pl.from_arrow(frame)
        if isinstance(table, pl.DataFrame):
            return table
    raise TypeError(f"expected a polars, pandas or pyarrow frame, was {type(frame).__name__}")


def _from_pandas(frame: Any) -> pl.DataFrame:  # noqa: ANN401 (pandas is not imported, not even for its type)
    """A pandas frame; columns of mixed objects become text, Decimals keep their digits."""
    columns = {}
    for label in frame.columns:
        column = frame[label]
        if str(column.dtype) == "object":
            columns[str(label)] = pl.Series(
                [None if _is_missing(value) else str(value) for value in column], dtype=pl.String
            )
        else:
            columns[str(label)] = pl.from_pandas(column)
    return pl.DataFrame(columns)


def _is_missing(value: object) -> bool:
    return value is None or value != value  # noqa: PLR0124 (NaN and NaT differ from themselves)


def frame_digest(frame: pl.DataFrame) -> str:
    """Return the SHA-256 of a frame's content: names, types and values column by column, equal for equal frames."""
    digest = hashlib.sha256()
    for column in frame.get_columns():
        digest.update(f"{column.name}\x1f{column.dtype}\x1f{len(column)}\x1f".encode())
        if column.null_count():
            digest.update(column.is_null().cast(pl.UInt8).to_numpy().tobytes())
        if (
            column.dtype.is_numeric() and not column.dtype.is_decimal()
        ) or column.dtype.is_temporal():
            digest.update(column.to_physical().fill_null(0).to_numpy().tobytes())
            continue
        text = (
            pl.Series([str(value) for value in column.to_list()])
            if column.dtype.is_nested()
            else column.cast(pl.String).fill_null("")
        )
        digest.update(text.str.len_bytes().to_numpy().tobytes())
        digest.update(str(text.str.join("").first() or "").encode())
    return digest.hexdigest()
