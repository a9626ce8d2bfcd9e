"""Collects what a reading finds wrong, cheaply for many rows, and turns it into problems and a table of refused rows."""

from __future__ import annotations

from typing import Final

import polars as pl

from recoup.reading.codes import ADVICE
from recoup.records.problems import Problem
from recoup.records.provenance import Source

REJECTED: Final = pl.Schema(
    {
        "file": pl.String,
        "sheet": pl.String,
        "row": pl.Int32,
        "code": pl.String,
        "column": pl.String,
        "found": pl.String,
        "advice": pl.String,
        "raw": pl.String,
    }
)
"""One row a refused row and reason; `raw` is the row as it was read, as JSON."""

_FOUND: Final = pl.Schema(
    {
        "source": pl.Int32,
        "row": pl.Int32,
        "column": pl.String,
        "code": pl.String,
        "found": pl.String,
    }
)
_FOUND_CHARS_MAX: Final = 200


class Findings:
    """A list that grows while reading; whole-file problems as values, problems of rows as frames."""

    def __init__(self) -> None:
        self._files: list[Problem] = []
        self._rows: list[pl.DataFrame] = []
        self._columns: list[pl.DataFrame] = []

    def add_file(
        self, code: str, file: str, found: str, *, sheet: str = "", row: int = 0, column: str = ""
    ) -> None:
        """Note a problem of a whole file, sheet or column, at `row` if one place stands for it."""
        self._files.append(
            Problem(file, sheet, row, column, code, found[:_FOUND_CHARS_MAX], ADVICE[code])
        )

    def add_rows(self, code: str, column: str, bad: pl.DataFrame, found: str | pl.Expr) -> None:
        """Note one problem for every row of `bad`, which has `source` and `row`; `found` names a column or is an expression."""
        if not bad.is_empty():
            self._rows.append(_found(code, column, bad, found))

    def add_column(self, code: str, column: str, bad: pl.DataFrame, found: str | pl.Expr) -> None:
        """Note one problem that all rows of `bad` share: it is said once, and every row counts as refused."""
        if not bad.is_empty():
            self._columns.append(_found(code, column, bad, found))

    def any(self) -> bool:
        """Return whether anything was found."""
        return bool(self._files or self._rows or self._columns)

    def merge(self, other: Findings, except_codes: tuple[str, ...] = ()) -> None:
        """Take over what `other` holds, but not whole-file problems of `except_codes`."""
        self._files += [problem for problem in other._files if problem.code not in except_codes]
        self._rows += other._rows
        self._columns += other._columns

    def rows(self) -> pl.DataFrame:
        """Return every refused row and reason: source, row, column, code, found."""
        return pl.concat([pl.DataFrame(schema=_FOUND), *self._rows, *self._columns])

    def problems(self, sources: list[Source]) -> tuple[Problem, ...]:
        """Return every problem, sorted by file, sheet and row."""
        found = list(self._files)
        told = [row for frame in self._rows for row in frame.iter_rows()]
        for frame in self._columns:
            source, row, column, code, text = frame.row(0)
            more = f" (and {frame.height - 1} more rows)" if frame.height > 1 else ""
            told.append((source, row, column, code, text + more))
        for source, row, column, code, text in told:
            place = sources[source]
            found.append(Problem(place.file, place.sheet, row, column, code, text, ADVICE[code]))
        return tuple(sorted(found))

    def rejected(self, sources: list[Source], raws: dict[int, pl.DataFrame]) -> pl.DataFrame:
        """Return the refused rows with their raw content; `raws` holds each source's raw rows with a column `row`."""
        parts: list[pl.DataFrame] = []
        for (index,), bad in (
            self.rows().sort("source", "row").group_by(["source"], maintain_order=True)
        ):
            place = sources[int(str(index))]
            wanted = bad.with_columns(
                pl.lit(place.file).alias("file"),
                pl.lit(place.sheet).alias("sheet"),
                pl.col("code").replace_strict(ADVICE, return_dtype=pl.String).alias("advice"),
            )
            if int(str(index)) in raws:
                raw = _as_json(raws[int(str(index))], wanted["row"])
                wanted = wanted.join(raw, on="row", how="left", maintain_order="left")
            else:
                wanted = wanted.with_columns(raw=pl.lit(None, pl.String))
            # A row that could not be taken apart into cells has only its text.
            whole = pl.struct("found").struct.json_encode()
            parts.append(wanted.with_columns(raw=pl.coalesce("raw", whole)).select(list(REJECTED)))
        return pl.concat(parts) if parts else pl.DataFrame(schema=REJECTED)


def _found(code: str, column: str, bad: pl.DataFrame, found: str | pl.Expr) -> pl.DataFrame:
    value = pl.col(found) if isinstance(found, str) else found
    return bad.select(
        pl.col("source").cast(pl.Int32),
        pl.col("row").cast(pl.Int32),
        pl.lit(column).alias("column"),
        pl.lit(code).alias("code"),
        value.cast(pl.String).fill_null("").str.slice(0, _FOUND_CHARS_MAX).alias("found"),
    )


def _as_json(raw: pl.DataFrame, rows: pl.Series) -> pl.DataFrame:
    """The wanted raw rows as JSON text, one line a row number."""
    wanted = raw.filter(pl.col("row").is_in(rows.unique().implode())).unique("row", keep="first")
    names = [name for name in wanted.columns if name != "row"]
    if not names:
        return wanted.select("row", pl.lit("{}").alias("raw"))
    return wanted.select("row", pl.struct(names).struct.json_encode().alias("raw"))
