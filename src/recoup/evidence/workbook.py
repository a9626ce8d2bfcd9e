"""The workbook `trail.xlsx`: a trail for people who work in a spreadsheet. Other programs read the CSV files instead.

Account numbers and ids are text cells, whatever they begin with: a spreadsheet keeps 15 digits of a number and would read =
as a formula. An amount is a number cell as long as those 15 digits hold it, text beyond. Times are date cells in the zone that
the first sheet names. Headers are in Chinese and English, so one file serves both readers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

import polars as pl
import xlsxwriter

from recoup import limits
from recoup.evidence.assumed import in_language
from recoup.evidence.overview import Line, overview_lines, rule_told
from recoup.evidence.rows import PARTS, Rows, flows_told, rows_of
from recoup.evidence.summary import data_time
from recoup.evidence.texts import both
from recoup.money import Digits, format_minor
from recoup.trace.trail import Trail

FLOWS_MAX: Final = 20_000
"""Flows written, the heaviest: a cell takes five to ten microseconds, and a row has a dozen."""

ROWS_MAX: Final = 5_000
"""The same for every other sheet."""

DIGITS_EXACT: Final = 15
"""Decimal digits of a number that a spreadsheet keeps."""

_EPOCH_DAYS: Final = 25_569
"""1970-01-01 as a spreadsheet counts days."""

_DAY_MICROSECONDS: Final = 86_400_000_000

Sort = Literal["text", "money", "time", "count"]

_MONEY: Final = frozenset(
    "amount held loss located exited unknown residual recoverable opening assumed_credit balance".split()
) | frozenset(PARTS)
_TIMES: Final = frozenset(("time", "since", "reported_at"))
_COUNTS: Final = frozenset(("depth", "accounts", "rows"))
_WIDTHS: Final = {"account": 24, "payer": 24, "payee": 24, "transfer": 22, "cites": 40, "text": 100}
_WIDTHS_BY_SORT: Final = {"text": 14, "money": 16, "time": 20, "count": 8}


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table to write: its name, its rows, and how many there were before the heaviest were chosen."""

    name: str
    rows: pl.DataFrame
    rows_count: int


def write_workbook(
    trail: Trail,
    path: Path | str,
    *,
    timezone: str = "UTC",
    made_at: datetime | None = None,
    rows: Rows | None = None,
    flows_max: int = FLOWS_MAX,
) -> None:
    """Write the trail as one workbook to `path`; the same trail gives the same bytes.

    A sheet with more rows than it may hold gets the heaviest, in their order; the first sheet says what was left out.
    Raises `OSError` when the file cannot be written.

    Args:
        trail: what was traced.
        path: the file.
        timezone: IANA name of the zone in which times are written.
        made_at: the date of the file; the latest time of the data if it is not given.
        rows: `rows_of(trail)`, if it is at hand.
        flows_max: most flows to write.
    """
    sheets = _sheets(trail, rows or rows_of(trail), flows_max)
    options = {"constant_memory": True, "default_date_format": "yyyy-mm-dd hh:mm:ss"}
    with xlsxwriter.Workbook(str(path), options) as book:
        stamp = (made_at or data_time(trail)).replace(tzinfo=None, microsecond=0)
        book.set_properties({"title": both("report"), "author": "recoup", "created": stamp})
        writer = _Writer(book, trail.dossier.digits, ZoneInfo(timezone))
        left_out = [(sheet.name, sheet.rows.height, sheet.rows_count) for sheet in sheets]
        writer.overview(overview_lines(trail, left_out, timezone))
        for sheet in sheets:
            writer.table(sheet)


def _sheets(trail: Trail, rows: Rows, flows_max: int) -> list[Sheet]:
    """Return the tables in the order of their sheets."""
    claims = trail.summary.join(
        trail.claims.select("claim", "transfer", "payer", "payee", "time", "reported_at"),
        on="claim", how="left", maintain_order="left",
    )  # fmt: skip
    flows = _heaviest("flows", rows.flows, flows_max)
    spoken = [f"{in_language(words, 'zh')} {words}" for words in trail.assumptions]
    assumptions = pl.DataFrame({"text": spoken}, schema={"text": pl.String})
    sources = [
        (s.file, s.sheet, s.rows_count, s.sha256, s.supplied_by, s.supplied_at, s.document)
        for s in trail.dossier.sources
    ]
    names = ("file", "sheet", "rows", "sha256", "supplied_by", "supplied_at", "document")
    kinds = {name: pl.Int64 if name == "rows" else pl.String for name in names}
    return [
        _heaviest("claims", claims, ROWS_MAX, by="loss"),
        _heaviest("positions", rows.positions, ROWS_MAX),
        Sheet("flows", flows_told(flows.rows, rows.told), flows.rows_count),
        _heaviest("exits", rows.exits, ROWS_MAX),
        _heaviest("unknown", rows.unknown, ROWS_MAX),
        _heaviest("accounts", rows.accounts, ROWS_MAX, by="balance"),
        _heaviest("leads", rows.leads, ROWS_MAX),
        Sheet("assumptions", assumptions.head(ROWS_MAX), assumptions.height),
        Sheet("inputs", pl.DataFrame(sources, schema=kinds, orient="row"), len(sources)),
    ]


def _heaviest(name: str, frame: pl.DataFrame, rows_max: int, by: str = "amount") -> Sheet:
    """Return the rows with most in `by`, in the order they had (minor units, whatever the currency); ties to the earlier."""
    most = min(rows_max, limits.SHEET_ROWS_MAX - 1)
    if frame.height <= most:
        return Sheet(name, frame, frame.height)
    order = frame.with_row_index("_place").select("_place", by)
    kept = order.sort([by, "_place"], descending=[True, False], nulls_last=True).head(most)
    return Sheet(name, frame[kept["_place"].sort()], frame.height)


class _Writer:
    """Writes sheets row by row, since the workbook keeps one row at a time in memory."""

    def __init__(self, book: xlsxwriter.Workbook, digits: Digits, zone: ZoneInfo) -> None:
        self.book, self.digits, self.zone = book, digits, zone
        self.head = book.add_format(
            {"bold": True, "bg_color": "#E8ECF1", "bottom": 1, "text_wrap": True, "valign": "top"}
        )
        self.bold = book.add_format({"bold": True})
        self.time = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss", "align": "left"})
        self.text = book.add_format({"num_format": "@"})
        self.money: dict[int, Any] = {}

    def money_format(self, digits: int) -> Any:  # noqa: ANN401 - XlsxWriter has no types
        """Return the cell format of a currency with so many digits."""
        if digits not in self.money:
            pattern = "#,##0" + ("." + "0" * digits if digits else "")
            self.money[digits] = self.book.add_format({"num_format": pattern})
        return self.money[digits]

    def overview(self, lines: Sequence[Line]) -> None:
        """Write the first sheet: what was asked, the sums, what is not in this file."""
        sheet = self.book.add_worksheet(both("sheet_summary"))
        sheet.set_column(0, 0, 34)
        sheet.set_column(1, 9, 18)
        for number, line in enumerate(lines):
            for column, cell in enumerate(line.cells):
                if isinstance(cell, int):
                    sheet.write_number(number, column, cell)
                elif isinstance(cell, tuple):
                    self.write_money(sheet, number, column, *cell)
                else:
                    style = self.head if line.is_head else self.bold if column == 0 else None
                    sheet.write_string(number, column, cell, style)

    def table(self, table: Sheet) -> None:
        """Write one table with a frozen header and a filter."""
        sheet = self.book.add_worksheet(both(f"sheet_{table.name}"))
        frame = self._shown(table.rows)
        sorts = [_sort_of(name) for name in frame.columns]
        sheet.freeze_panes(1, 0)
        for column, (name, sort) in enumerate(zip(frame.columns, sorts, strict=True)):
            sheet.set_column(column, column, _WIDTHS.get(name, _WIDTHS_BY_SORT[sort]))
            sheet.write_string(0, column, both(name), self.head)
        if frame.height:
            sheet.autofilter(0, 0, frame.height, len(sorts) - 1)
        place = frame.columns.index("currency") if "currency" in frame.columns else 0
        for number, row in enumerate(frame.iter_rows(), start=1):
            for column, value in enumerate(row):
                if value is None:
                    continue
                sort = sorts[column]
                if sort == "text":
                    # Formatted as text, else editing a card number would make a number of it and lose digits.
                    sheet.write_string(number, column, value[: limits.CELL_CHARS_MAX], self.text)
                elif sort == "money":
                    self.write_money(sheet, number, column, value, row[place])
                else:
                    sheet.write_number(number, column, value, self.time if sort == "time" else None)

    def write_money(self, sheet: Any, row: int, column: int, minor: int, currency: str) -> None:  # noqa: ANN401
        """Write an amount as a number if the spreadsheet keeps every digit of it, as text if not."""
        digits = self.digits.of(currency)
        if abs(minor) < 10**DIGITS_EXACT:
            sheet.write_number(row, column, minor / 10**digits, self.money_format(digits))
        else:
            sheet.write_string(row, column, format_minor(minor, digits), self.text)

    def _shown(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return the frame as read: times as a spreadsheet counts days, in the zone; rules marked; no empty parts."""
        shown = [
            pl.col(name).dt.convert_time_zone(self.zone.key).dt.replace_time_zone(None)
            .cast(pl.Int64).truediv(_DAY_MICROSECONDS).add(_EPOCH_DAYS)
            for name in frame.columns
            if name in _TIMES
        ]  # fmt: skip
        if "rule" in frame.columns:
            marks = {rule: rule_told(rule) for rule in frame["rule"].unique()}
            shown.append(pl.col("rule").replace(marks))
        nothing = [name for name in PARTS if name in frame.columns and not frame[name].sum()]
        return frame.with_columns(shown).drop(nothing)


def _sort_of(name: str) -> Sort:
    if name in _MONEY:
        return "money"
    return "time" if name in _TIMES else "count" if name in _COUNTS else "text"
