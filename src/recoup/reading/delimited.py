"""Text tables: CSV with any usual separator and encoding, title rows above the header. Nothing is understood beyond cells.

The straight way is polars' own reader. Files that it refuses (ragged rows, null bytes, odd quotes) go row by row through the
standard library's, which says exactly which row is wrong.
"""

from __future__ import annotations

import csv
import io
from typing import Final

import polars as pl

from recoup import limits
from recoup.reading.findings import Findings
from recoup.reading.headings import ROWS_SEARCHED_MAX, header_found, title_facts
from recoup.reading.options import ColumnMap
from recoup.reading.raw import RawTable, unique_names
from recoup.reading.vocabulary import TRANSFER_FIELDS, seen_and_sought

_SEPARATORS: Final = (",", "\t", ";", "|")
_HEAD_BYTES: Final = 1 << 18
_SAMPLE_BYTES: Final = 64


def to_utf8(data: bytes) -> bytes | None:
    """Return `data` as UTF-8 without a byte order mark, or None if it is neither UTF-8, UTF-16 with a mark, nor GB18030."""
    if data[:3] == b"\xef\xbb\xbf":
        data = data[3:]
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return _recoded(data, "utf-16")
    head = data[:_SAMPLE_BYTES]
    if max(head[::2].count(0), head[1::2].count(0)) > len(head) // 4:
        return None  # UTF-16 without a mark: every other byte is null
    if data.isascii():
        return data
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return _recoded(data, "gb18030")
    return data


def _recoded(data: bytes, encoding: str) -> bytes | None:
    try:
        return data.decode(encoding).encode("utf-8")
    except UnicodeError:
        return None


def read_delimited(
    data: bytes,
    source: int,
    file: str,
    column_map: ColumnMap,
    findings: Findings,
    headers: frozenset[str] = frozenset(),
) -> list[RawTable]:
    """Return the table of one CSV file, or none with the reason in `findings`."""
    text = to_utf8(data)
    if text is None:
        findings.add_file("encoding_unreadable", file, data[:16].hex(" "))
        return []
    if b"\n" not in text:
        text = text.replace(b"\r", b"\n")
    if not text[:_HEAD_BYTES].strip() and not text.strip():
        findings.add_file("file_empty", file, "no rows")
        return []
    separator, header, names, facts = _heading(text, column_map, headers)
    if header is None:
        findings.add_file(
            "headers_unrecognised", file, seen_and_sought(names, () if headers else TRANSFER_FIELDS)
        )
        return []
    table = _straight(text, separator, header, names)
    rows = None
    if table is None:
        table, rows = _by_row(text, separator, header, names, source, file, findings)
        if table is None:
            return []
    if rows is None:
        rows = pl.int_range(header + 2, header + 2 + table.height, dtype=pl.Int32, eager=True)
    return [RawTable(source, table, rows, facts)]


def _heading(
    text: bytes, column_map: ColumnMap, headers: frozenset[str]
) -> tuple[str, int | None, list[str], dict[str, str]]:
    """The separator, header row, header names and title facts; without a header, the first row's cells."""
    head = text[:_HEAD_BYTES].decode("utf-8", errors="replace").split("\n")[:ROWS_SEARCHED_MAX]
    best: tuple[tuple[int, int], str, int, list[list[str]]] | None = None
    for separator in _SEPARATORS:
        rows = [_cells(line, separator) for line in head]
        index, known = header_found(rows, column_map, headers)
        # Not by the count of cells alone: exports have a stray tab beside every comma.
        if index is not None and (best is None or (known, len(rows[index])) > best[0]):
            best = ((known, len(rows[index])), separator, index, rows)
    if best is None:
        return ",", None, _cells(head[0], ","), {}
    _, separator, index, rows = best
    names = [name.strip().strip("\ufeff") for name in rows[index]]
    while names and not names[-1]:
        names.pop()
    return separator, index, unique_names(names), title_facts(rows[:index])


def _cells(line: str, separator: str) -> list[str]:
    try:
        return next(csv.reader([line.rstrip("\r\n")], delimiter=separator), [])
    except csv.Error:
        return []


def _straight(text: bytes, separator: str, header: int, names: list[str]) -> pl.DataFrame | None:
    """The table by polars' reader; None if it refuses the file."""
    if b"\0" in text:
        return None
    try:
        table = pl.read_csv(
            text,
            separator=separator,
            skip_lines=header + 1,
            has_header=False,
            infer_schema=False,
            schema=dict.fromkeys([*names, "\x00spare"], pl.String),
            missing_columns="insert",
            raise_if_empty=False,
        )
    except (pl.exceptions.PolarsError, OSError):
        return None
    spare = table["\0spare"]
    if spare.null_count() < spare.len() and (spare.fill_null("").str.strip_chars() != "").any():
        return None
    return table.drop("\0spare")


def _by_row(
    text: bytes,
    separator: str,
    header: int,
    names: list[str],
    source: int,
    file: str,
    findings: Findings,
) -> tuple[pl.DataFrame | None, pl.Series]:
    """The table by the standard library's reader, refusing the rows that are not well formed."""
    if text.count(b'"') % 2:
        findings.add_file(
            "quote_unclosed", file, _unclosed(text, separator, header), row=header + 1
        )
        return None, pl.Series(dtype=pl.Int32)
    lines = text.decode("utf-8").split("\n")[header + 1 :]
    kept: list[list[str]] = []
    numbers: list[int] = []
    bad: dict[str, list[tuple[int, str]]] = {
        "row_ragged": [],
        "row_null_bytes": [],
        "cell_too_large": [],
    }
    reader = csv.reader(io.StringIO("\n".join(lines), newline=""), delimiter=separator)
    csv.field_size_limit(limits.CELL_CHARS_MAX)
    number = header + 1
    while True:
        number += 1
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error:
            bad["cell_too_large"].append((number, "a cell too large or a stray line end"))
            continue
        reason = _malformed(cells, len(names))
        if reason:
            bad[reason].append((number, separator.join(cells)))
        elif cells:
            kept.append((cells + [""] * len(names))[: len(names)])
            numbers.append(number)
    for code, places in bad.items():
        frame = pl.DataFrame(
            {"row": [place for place, _ in places], "found": [found for _, found in places]},
            schema={"row": pl.Int32, "found": pl.String},
        )
        findings.add_rows(code, "", frame.with_columns(source=pl.lit(source, pl.Int32)), "found")
    table = pl.DataFrame(kept, schema=dict.fromkeys(names, pl.String), orient="row")
    return table, pl.Series(numbers, dtype=pl.Int32)


def _malformed(cells: list[str], width: int) -> str:
    if any(cell.strip() for cell in cells[width:]):
        return "row_ragged"
    return "row_null_bytes" if any("\0" in cell for cell in cells) else ""


def _unclosed(text: bytes, separator: str, header: int) -> str:
    """The row in which the quotation mark opens that swallows the rest, for the message."""
    last: list[str] = []
    reader = csv.reader(io.StringIO(text.decode("utf-8"), newline=""), delimiter=separator)
    try:
        for last in reader:  # noqa: B007 (the last one is wanted)
            pass
    except csv.Error:
        return "an unclosed quotation mark"
    return separator.join(last)[:200] + f" (after the header in row {header + 1})"
