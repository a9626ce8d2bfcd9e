"""`awards.xlsx`: who gets what, with the inputs and digests it can be recomputed from. For people who work in a spreadsheet.

The CSV files are the proof; the workbook repeats them. Account numbers and ids are text cells, amounts are numbers as long as a
spreadsheet keeps every digit.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

import xlsxwriter

from recoup import limits
from recoup.evidence.workbook import DIGITS_EXACT
from recoup.paper.returning.wording import SHEETS

_MONEY: Final = frozenset(
    "amount frozen direct pro_rata holders_own remaining loss returned compensated".split()
)
_NUMBER: Final = "#,##0.00######"


def awards_workbook(tables: Mapping[str, str], document: Mapping[str, Any], made_on: date) -> bytes:
    """Return the tables of a return as one workbook; same tables, same bytes.

    Args:
        tables: `evidence.returns.return_tables`, as text by file name.
        document: `evidence.returns.return_document`.
        made_on: the date of the workbook.
    """
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        stamp = datetime(made_on.year, made_on.month, made_on.day)  # noqa: DTZ001 - the format has no zones
        book.set_properties({"title": "awards", "author": "recoup", "created": stamp})
        head = book.add_format({"bold": True, "bg_color": "#E8ECF1", "bottom": 1})
        number = book.add_format({"num_format": _NUMBER})
        text = book.add_format({"num_format": "@"})
        left_out = []
        for name, words in SHEETS.items():
            header, *rows = csv.reader(io.StringIO(tables[name]))
            sheet = book.add_worksheet(" ".join(words))
            kept = rows[: limits.SHEET_ROWS_MAX - 1]
            _table(sheet, header, kept, (head, number, text))
            if len(kept) < len(rows):
                left_out.append(f"{name}: {len(rows) - len(kept)}")
        _proof(book.add_worksheet("核验 proof"), document, left_out, (head, text))
    return out.getvalue()


def _table(sheet: Any, header: Sequence[str], rows: Sequence[Sequence[str]], styles: Any) -> None:  # noqa: ANN401
    head, number, text = styles
    sheet.freeze_panes(1, 0)
    for column, name in enumerate(header):
        sheet.set_column(column, column, 60 if name == "reason" else 20)
        sheet.write_string(0, column, name, head)
    for at, row in enumerate(rows, start=1):
        for column, (name, value) in enumerate(zip(header, row, strict=True)):
            digits = sum(sign.isdigit() for sign in value)
            if name in _MONEY and value and digits <= DIGITS_EXACT:
                sheet.write_number(at, column, float(value), number)
            else:
                sheet.write_string(at, column, value[: limits.CELL_CHARS_MAX], text)


def _proof(sheet: Any, document: Mapping[str, Any], left_out: Sequence[str], styles: Any) -> None:  # noqa: ANN401
    """Write what the tables rest on: policy, digests of the files and of the inputs, how to recompute."""
    head, text = styles
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, 2, 70)
    policy = document["policy"]
    lines = [
        ("recoup return verify DIR", "the awards are worked out again from these files", ""),
        ("policy", str(policy["id"]), ""),
        *(("assumed", words, "") for words in document["assumed"]),
        *(("assumption", words, "") for words in document["assumptions"]),
        *(("file", name, digest) for name, digest in document["files"].items()),
        *(("input", x["file"], x["sha256"]) for x in document["inputs"]),
        *(("rows left out", words, "") for words in left_out),
    ]
    for column, name in enumerate(("what", "which", "SHA-256")):
        sheet.write_string(0, column, name, head)
    for at, line in enumerate(lines, start=1):
        for column, words in enumerate(line):
            sheet.write_string(at, column, words[: limits.CELL_CHARS_MAX], text)


__all__ = ["awards_workbook"]
