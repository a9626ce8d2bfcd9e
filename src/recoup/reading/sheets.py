"""XLSX and XLS workbooks: every sheet a table, title rows above its header. Formulas are their stored values.

The parsing itself runs in `workbook_worker`, a process of its own with bounded memory.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
import threading
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from recoup import limits
from recoup.reading import workbook_worker
from recoup.reading.findings import Findings
from recoup.reading.headings import ROWS_SEARCHED_MAX, header_index, title_facts
from recoup.reading.libraries import guarded
from recoup.reading.options import ColumnMap
from recoup.reading.raw import RawTable, unique_names
from recoup.reading.recognise import ACCOUNT_FIELDS
from recoup.reading.vocabulary import (
    FIELD_OF,
    TRANSFER_FIELDS,
    normal_header,
    seen_and_sought,
)

_EXCEL_DIGITS: Final = 15
_BINARY_NOISE: Final = r"^-?\d+\.\d{9,}$"


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet as text cells, and by column place the spreadsheet rows whose long number is stored as a number."""

    name: str
    cells: pl.DataFrame
    numbers: dict[int, frozenset[int]]


class Workbooks:
    """Takes workbooks apart in one worker process, started with the first of them and again after one that broke it."""

    def __init__(self) -> None:
        self._worker: subprocess.Popen[bytes] | None = None

    def sheets(self, data: bytes) -> list[Sheet] | str:
        """Return the sheets of a workbook, or in words why there are none."""
        answer = self._ask(data)
        if answer is None:
            return "the workbook breaks its reader: it is damaged, or unpacks to more than memory"
        head, _, rest = answer.partition(b"\n")
        told = json.loads(head)
        if "error" in told:
            return str(told["error"])
        found = []
        for sheet in told["sheets"]:
            part, rest = rest[: sheet["bytes"]], rest[sheet["bytes"] :]
            cells = pl.read_ipc_stream(part) if part else pl.DataFrame()
            numbers = {int(place): frozenset(rows) for place, rows in sheet["numbers"].items()}
            found.append(Sheet(sheet["name"], cells, numbers))
        return found

    def close(self) -> None:
        """End the worker."""
        if self._worker is not None:
            self._worker.kill()
            self._worker.communicate()
            self._worker = None

    def _ask(self, data: bytes) -> bytes | None:
        """The worker's answer; None if the workbook ended it or it does not answer in time."""
        if self._worker is None:
            self._worker = subprocess.Popen(  # noqa: S603 (our own module, by our own interpreter)
                [sys.executable, "-P", workbook_worker.__file__],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        worker = self._worker
        assert worker.stdin is not None
        assert worker.stdout is not None
        alarm = threading.Timer(limits.WORKBOOK_SECONDS_MAX, worker.kill)
        alarm.start()
        try:
            workbook_worker.give(worker.stdin, data)  # type: ignore[arg-type]
            answer = workbook_worker.take(worker.stdout)  # type: ignore[arg-type]
        except OSError:
            answer = None
        finally:
            alarm.cancel()
        if answer is None:
            self.close()
        return answer


def is_workbook(data: bytes) -> bool:
    """Return whether the bytes begin like XLSX (a ZIP archive) or XLS (an OLE file)."""
    return data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0"))


def read_workbook(
    data: bytes,
    source: int,
    file: str,
    column_map: ColumnMap,
    findings: Findings,
    workbooks: Workbooks,
    known: frozenset[str] = frozenset(),
) -> list[RawTable]:
    """Return a table for every sheet with a header, numbered from `source`; others are passed over if one has it."""
    if data.startswith(b"PK") and not _unpacks(data, file, findings):
        return []
    book = workbooks.sheets(data)
    if isinstance(book, str):
        findings.add_file("file_unreadable", file, book)
        return []
    if column_map.sheet and column_map.sheet not in {sheet.name for sheet in book}:
        names = ", ".join(sheet.name for sheet in book)
        findings.add_file("sheet_missing", file, f"sheets {names}", sheet=column_map.sheet)
        return []
    tables: list[RawTable] = []
    headless: list[tuple[str, str]] = []
    for sheet in book:
        if not sheet.cells.height or (column_map.sheet and sheet.name != column_map.sheet):
            continue
        table = _table(sheet, source + len(tables), column_map, known)
        if table is None:
            cells = [str(cell) for cell in sheet.cells.row(0) if cell is not None]
            headless.append((sheet.name, seen_and_sought(cells, () if known else TRANSFER_FIELDS)))
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


def _table(
    sheet: Sheet, source: int, column_map: ColumnMap, known: frozenset[str]
) -> RawTable | None:
    head: list[Sequence[str]] = [
        [str(cell) if cell is not None else "" for cell in row]
        for row in sheet.cells.head(ROWS_SEARCHED_MAX).iter_rows()
    ]
    index = header_index(head, column_map, known)
    if index is None:
        return None
    body = sheet.cells.slice(index + 1)
    body.columns = unique_names([cell.strip() for cell in head[index]])
    rows = pl.int_range(index + 2, index + 2 + body.height, dtype=pl.Int32, eager=True)
    filled = body.select(~pl.all_horizontal(pl.all().is_null())).to_series()
    accounts = [column for column in body.columns if _is_account(column, column_map)]
    numbers = {
        column: sheet.numbers[place]
        for place, column in enumerate(body.columns)
        if column in accounts and place in sheet.numbers
    }
    body = body.with_columns(
        _without_noise(pl.col(column)) for column in body.columns if column not in accounts
    )
    facts = title_facts(_titles(sheet, head[:index]))
    return RawTable(
        source, body.filter(filled), rows.filter(filled), facts, numbers, sheet=sheet.name
    )


def _titles(sheet: Sheet, rows: list[Sequence[str]]) -> list[list[str]]:
    """Title rows as text; a long number that is stored as a number is shown as what Excel kept of it."""
    return [
        [
            f"{float(cell):.5E}" if number in sheet.numbers.get(place, ()) else cell
            for place, cell in enumerate(row)
        ]
        for number, row in enumerate(rows, start=1)
    ]


def _is_account(column: str, column_map: ColumnMap) -> bool:
    mapped = {header for field, header in column_map.columns.items() if field in ACCOUNT_FIELDS}
    name = normal_header(column)
    return (
        column in mapped
        or FIELD_OF.get(name, ("", 0))[0] in ACCOUNT_FIELDS
        or name in {"from", "to"}
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
