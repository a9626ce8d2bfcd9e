"""XLSX and XLS workbooks: every sheet a table, title rows above its header. Formulas are their stored values."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from typing import Final

import fastexcel
import polars as pl

from recoup import limits
from recoup.reading.findings import Findings
from recoup.reading.headings import ROWS_SEARCHED_MAX, header_index, title_facts
from recoup.reading.libraries import guarded
from recoup.reading.options import ColumnMap
from recoup.reading.raw import RawTable, unique_names
from recoup.reading.recognise import ACCOUNT_FIELDS
from recoup.reading.vocabulary import FIELD_OF, normal_header

_LONG_NUMBER: Final = r"^\d{16,}$"
_EXCEL_DIGITS: Final = 15
_BINARY_NOISE: Final = r"^-?\d+\.\d{9,}$"


def is_workbook(data: bytes) -> bool:
    """Return whether the bytes begin like XLSX (a ZIP archive) or XLS (an OLE file)."""
    return data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0"))


def read_workbook(
    data: bytes,
    source: int,
    file: str,
    column_map: ColumnMap,
    findings: Findings,
    known: frozenset[str] = frozenset(),
) -> list[RawTable]:
    """Return a table for every sheet with a header, numbered from `source`; others are passed over if one has it."""
    if data.startswith(b"PK") and not _unpacks(data, file, findings):
        return []
    book = guarded(lambda: fastexcel.read_excel(data))
    if isinstance(book, str):
        findings.add_file("file_unreadable", file, book)
        return []
    names = [column_map.sheet] if column_map.sheet else book.sheet_names
    if column_map.sheet and column_map.sheet not in book.sheet_names:
        findings.add_file(
            "column_missing", file, f"sheets {', '.join(book.sheet_names)}", sheet=column_map.sheet
        )
        return []
    tables: list[RawTable] = []
    headless: list[tuple[str, str]] = []
    for name in names:
        cells = guarded(lambda name=name: _cells(book, name))  # type: ignore[misc]
        if isinstance(cells, str):
            findings.add_file("file_unreadable", file, cells, sheet=name)
        elif cells.height:
            table = _table(book, name, cells, source + len(tables), column_map, known)
            if table is None:
                headless.append(
                    (name, " | ".join(str(cell) for cell in cells.row(0) if cell is not None))
                )
            else:
                tables.append(table)
    if not tables:
        for name, first in headless:
            findings.add_file("headers_unrecognised", file, first, sheet=name)
        if not headless:
            findings.add_file("file_empty", file, "sheets without rows")
    return tables


def _unpacks(data: bytes, file: str, findings: Findings) -> bool:
    sizes = guarded(
        lambda: [entry.file_size for entry in zipfile.ZipFile(io.BytesIO(data)).infolist()]
    )
    if isinstance(sizes, str):
        findings.add_file("file_unreadable", file, sizes)
        return False
    if sum(sizes) > limits.UNPACKED_BYTES_MAX:
        findings.add_file("file_too_large", file, f"{sum(sizes)} bytes unpacked")
        return False
    return True


def _cells(book: fastexcel.ExcelReader, name: str) -> pl.DataFrame:
    return book.load_sheet(name, header_row=None, dtypes="string", skip_rows=0).to_polars()


def _table(
    book: fastexcel.ExcelReader,
    name: str,
    cells: pl.DataFrame,
    source: int,
    column_map: ColumnMap,
    known: frozenset[str],
) -> RawTable | None:
    head: list[Sequence[str]] = [
        [str(cell) if cell is not None else "" for cell in row]
        for row in cells.head(ROWS_SEARCHED_MAX).iter_rows()
    ]
    index = header_index(head, column_map, known)
    if index is None:
        return None
    headers = [cell.strip() for cell in head[index]]
    body = cells.slice(index + 1)
    body.columns = unique_names(headers)
    rows = pl.int_range(index + 2, index + 2 + body.height, dtype=pl.Int32, eager=True)
    filled = body.select(~pl.all_horizontal(pl.all().is_null())).to_series()
    numbers = {}
    for place, column in enumerate(body.columns):
        if _is_account(column, column_map):
            lost = _number_rows(book, name, place, index, body[column])
            if lost:
                numbers[column] = lost
    body = body.with_columns(
        pl.col(column).pipe(_without_noise)
        for column in body.columns
        if not _is_account(column, column_map)
    )
    return RawTable(
        source,
        body.filter(filled),
        rows.filter(filled),
        title_facts(head[:index]),
        numbers,
        sheet=name,
    )


def _is_account(column: str, column_map: ColumnMap) -> bool:
    mapped = {header for field, header in column_map.columns.items() if field in ACCOUNT_FIELDS}
    return (
        column in mapped
        or FIELD_OF.get(normal_header(column), ("", 0))[0] in ACCOUNT_FIELDS
        or normal_header(column) in {"from", "to"}
    )


def _without_noise(column: pl.Expr) -> pl.Expr:
    """Numbers at the 15 digits that Excel shows: 0.1 + 0.2 is stored as 0.30000000000000004."""
    rounded = (
        column.str.to_decimal(scale=12)
        .round(_EXCEL_DIGITS - 7)
        .cast(pl.String)
        .str.replace(r"\.?0+$", "")
    )
    return pl.when(column.str.contains(_BINARY_NOISE)).then(rounded).otherwise(column)


def _number_rows(
    book: fastexcel.ExcelReader, name: str, place: int, header: int, column: pl.Series
) -> frozenset[int]:
    """Spreadsheet rows in which a number of 16 digits or more is stored as a number: Excel keeps 15 digits of it.

    The text of such a cell looks like any other, so the column is loaded once more as truth values: a number has one, a text
    has none.
    """
    if not column.str.contains(_LONG_NUMBER).any():
        return frozenset()
    truths = guarded(
        lambda: book.load_sheet(
            name, header_row=None, dtypes={place: "boolean"}, use_columns=[place], skip_rows=0
        ).to_polars()
    )
    if isinstance(truths, str):
        return frozenset()
    rows = set((truths.to_series(0).is_not_null().arg_true() + 1).to_list())
    long = column.str.contains(_LONG_NUMBER).fill_null(value=False).arg_true() + header + 2
    return frozenset(rows & set(long.to_list()))
