"""Reports and registers of other systems, row by row: what fits is given on, what does not is named with its row and column.

The columns are those of `IMPORT_FIELDS`; a map (`--map`) names other headers. Nothing is looked up and nothing kept here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import polars as pl

from recoup import limits
from recoup.reading.cells import Cells
from recoup.reading.columnar import read_json
from recoup.reading.declared import prepared
from recoup.reading.delimited import read_delimited
from recoup.reading.files import InputFile, Intake, shown_path, take_in
from recoup.reading.options import ReadingOptions
from recoup.reading.vocabulary import normal_header
from recoup.records.problems import Problem
from recoup.records.provenance import Source

_NAMES: Final = {
    "row": ("row",),
    "foreign_id": ("foreign_id", "外部编号", "原系统编号"),
    "foreign_case": ("foreign_case", "原案号", "案件编号"),
    "received_at": ("received_at", "报案时间"),
    "time": ("paid_at", "转账时间"),
    "reporter_name": ("reporter_name", "报案人", "报案人姓名"),
    "reporter_phone": ("reporter_phone", "报案人电话"),
    "reporter_document": ("reporter_document", "报案人证件号"),
    "payer_institution": ("payer_institution", "付款开户机构"),
    "payee_institution": ("payee_institution", "收款开户机构"),
    "reference": ("serial", "交易流水号", "流水号"),
    "text": ("text", "案情"),
    "liability": ("accepts_liability", "承担责任"),
}
_REGISTER_NAMES: Final = {
    **{name: _NAMES[name] for name in ("row", "foreign_id", "foreign_case")},
    "institution": ("institution", "开户机构"),
    "measure": ("measure", "措施", "措施类型"),
    "time": ("started_at", "开始时间"),
    "until": ("ends_at", "到期时间", "截止时间"),
    "stops": ("stops", "止付次数"),
}
IMPORT_FIELDS: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "reports": _NAMES,
    "register": _REGISTER_NAMES,
}
"""Fields beside those that every table knows (payer, payee, account, their names, amount, currency, reference), and headers."""

_NEEDED: Final = {
    "reports": (
        *("foreign_id", "received_at", "time", "reporter_name"),
        *("payee", "payee_name", "payee_institution", "amount", "currency"),
    ),
    "register": (
        *("foreign_id", "institution", "account", "account_name"),
        *("measure", "amount", "currency", "time"),
    ),
}
_MEASURES: Final = {
    **dict.fromkeys(("stop", "紧急止付", "止付"), "stop"),
    **dict.fromkeys(("freeze", "冻结"), "freeze"),
}
_YES: Final = ("yes", "true", "1", "是", "y")
_ID: Final = r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,63}$"
_PLACE: Final = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
_ACCOUNT: Final = r"^[A-Za-z0-9@._-]{4,64}$"
_WORDS: Final = r"^([^\x00-\x1f\x7f\[{][^\x00-\x1f\x7f]{0,199})?$"
"""A name; none begins as a list or an object does."""
_DOCUMENT: Final = r"^([A-Za-z0-9()-]{4,64})?$"
_SERIAL: Final = r"^([A-Za-z0-9_./:-]{1,64})?$"
_TEXT: Final = r"^[^\x00-\x08\x0b-\x1f\x7f]{0,8000}$"


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that was not taken, by the first thing that is wrong with it. What was found is not repeated: it may be a name."""

    row: int
    foreign_id: str
    code: str
    column: str


@dataclass(frozen=True, slots=True)
class ImportRows:
    """The rows of one table: those that fit, as values by field, and those that do not."""

    rows: tuple[Mapping[str, Any], ...]
    refused: tuple[RefusedRow, ...]
    problems: tuple[Problem, ...]
    """What is wrong with the whole: then there are no rows."""


def read_import(data: bytes, kind: str, options: ReadingOptions, *, is_json: bool) -> ImportRows:
    """Return the rows of JSON lines or of a delimited table that somebody sent.

    Args:
        data: the whole of it; the caller bounds its size.
        kind: `reports` or `register`.
        options: map, zone of times that state none, decimals of currencies.
        is_json: whether it is JSON lines.
    """
    intake = Intake()
    headers = _headers(kind)
    intake.sources.append(Source("the body", "", "", 0))
    if is_json:
        tables = read_json(data, 0, "the body", intake.findings)
    else:
        known = frozenset(headers)
        tables = read_delimited(data, 0, "the body", options.map, intake.findings, known)
    intake.tables += tables
    return _rows(intake, kind, options)


def read_import_file(path: str | Path, kind: str, options: ReadingOptions) -> ImportRows:
    """Return the rows of a file of any format that tables are read from."""
    intake, file = Intake(), Path(path)
    if not file.is_file():
        intake.findings.add_file("file_missing", shown_path(path), shown_path(path))
        return _rows(intake, kind, options)
    try:
        known = frozenset(_headers(kind))
        take_in(InputFile(file, inside=False), intake, options.map, known)
    finally:
        intake.workbooks.close()
    return _rows(intake, kind, options)


def _headers(kind: str) -> dict[str, str]:
    fields = IMPORT_FIELDS[kind].items()
    return {normal_header(name): field for field, names in fields for name in names}


def _rows(intake: Intake, kind: str, options: ReadingOptions) -> ImportRows:
    """Return the rows of the table that was taken in."""
    frame = pl.DataFrame()
    cells = None
    if intake.tables:
        cells = prepared(intake, options, _headers(kind)).cells
        absent = [field for field in _NEEDED[kind] if not cells.stated(field)]
        for field in absent:
            cells.absent(field)
        if not absent:
            frame = cells.good(_reports(cells) if kind == "reports" else _register(cells))
    if cells is None or frame.width == 0:
        problems = intake.findings.problems(intake.sources)
        return ImportRows((), (), problems)
    return ImportRows(tuple(frame.iter_rows(named=True)), _refused(intake, cells), ())


def _reports(cells: Cells) -> pl.DataFrame:
    columns = _common(cells, "payee")
    columns["received_at"] = cells.times(field="received_at")[0]
    columns["time"] = cells.times()[0]
    early = (columns["received_at"] < columns["time"]).fill_null(value=False)
    cells.refuse("report_before_payment", "received_at", early, "")
    for field in ("reporter_name", "payee_name", "payer_name", "reporter_phone"):
        columns[field] = _said(cells, field, _WORDS)
    columns["reporter_document"] = _said(cells, "reporter_document", _DOCUMENT)
    columns["reference"] = _said(cells, "reference", _SERIAL)
    columns["text"] = _said(cells, "text", _TEXT)
    columns["payee_institution"] = _said(cells, "payee_institution", _PLACE)
    payer = columns["payer"] = cells.account("payer") if cells.has("payer") else cells.blank()
    bank = columns["payer_institution"] = _said(cells, "payer_institution", rf"({_PLACE})|^$")
    cells.refuse("value_unusable", "payer", (payer != "") & ~payer.str.contains(_ACCOUNT), "")
    cells.refuse("institution_missing", "payer_institution", (payer != "") & (bank == ""), "")
    for field in ("reporter_name", "payee_name"):
        cells.refuse("name_missing", field, columns[field] == "", "")
    columns["liability"] = cells.text("liability").str.to_lowercase().is_in(list(_YES))
    return pl.DataFrame(columns)


def _register(cells: Cells) -> pl.DataFrame:
    columns = _common(cells, "account")
    columns["institution"] = _said(cells, "institution", _PLACE)
    columns["account_name"] = _said(cells, "account_name", _WORDS)
    cells.refuse("name_missing", "account_name", columns["account_name"] == "", "")
    columns["time"] = cells.times()[0]
    columns["until"] = (
        cells.times(required=False, field="until")[0]
        if cells.has("until")
        else pl.repeat(None, cells.height, dtype=pl.Datetime("us", "UTC"), eager=True)
    )
    ends_early = (columns["until"] <= columns["time"]).fill_null(value=False)
    cells.refuse("hold_ends_early", "until", ends_early, "")
    word = cells.text("measure").str.to_lowercase()
    measure = word.replace_strict(_MEASURES, default=None, return_dtype=pl.String)
    cells.refuse("measure_unknown", "measure", measure.is_null(), "")
    columns["measure"] = measure
    columns["stops"] = _stops(cells, measure)
    return pl.DataFrame(columns)


def _stops(cells: Cells, measure: pl.Series) -> pl.Series:
    """Return how often the account was stopped in the case by now, where a row says so; a running stop is one of them."""
    if not cells.has("stops"):
        return pl.repeat(None, cells.height, dtype=pl.Int64, eager=True)
    text = cells.text("stops")
    stops = text.str.extract(r"^([0-9])(?:\.0)?$").cast(pl.Int64)
    too_few = (measure == "stop") & (stops == 0)
    wrong = (text != "") & (stops.is_null() | too_few.fill_null(value=False))
    cells.refuse("value_unusable", "stops", wrong, "")
    return stops


def _common(cells: Cells, account: str) -> dict[str, pl.Series]:
    """Return ids, account, amount and currency; each id stands once in a table."""
    ids = _said(cells, "foreign_id", rf"({_ID})|^$")
    cells.refuse("foreign_missing", "foreign_id", ids == "", "")
    again = ids.is_duplicated() & ~ids.is_first_distinct() & (ids != "")
    cells.refuse("foreign_repeated", "foreign_id", again, "")
    case = _said(cells, "foreign_case", rf"({_ID})|^$")
    number = cells.account(account)
    cells.refuse("account_missing", account, number == "", "")
    cells.refuse("value_unusable", account, ~number.str.contains(_ACCOUNT), "")
    code, digits = cells.currency()
    amount = cells.amount(digits)
    much = (amount > limits.ROW_MINOR_MAX).fill_null(value=False)
    cells.refuse("amount_too_large", "amount", much, "")
    return {
        "number": _numbers(cells),
        "foreign_id": ids,
        "foreign_case": case,
        account: number,
        "currency": code,
        "amount": amount,
    }


def _said(cells: Cells, field: str, pattern: str) -> pl.Series:
    text = cells.text(field)
    cells.refuse("value_unusable", field, ~text.str.contains(pattern), "")
    return text


def _numbers(cells: Cells) -> pl.Series:
    """Return the number of each row: the one that whoever sent it gave, else its own."""
    own = cells.raw.rows.cast(pl.Int64)
    if not cells.has("row"):
        return own
    given = cells.text("row").cast(pl.Int64, strict=False)
    return given.zip_with(given.is_not_null() & (given > 0), own)


def _refused(intake: Intake, cells: Cells) -> tuple[RefusedRow, ...]:
    """Return the rows that do not fit, each once."""
    named = pl.DataFrame(
        {
            "row": cells.raw.rows.cast(pl.Int32),
            "number": _numbers(cells),
            "foreign_id": cells.text("foreign_id").str.slice(0, 64),
        }
    )
    found = (
        intake.findings.rows()
        .unique("row", keep="first", maintain_order=True)
        .join(named, on="row", how="left", maintain_order="left")
        .with_columns(
            pl.coalesce("number", "row").alias("number"), pl.col("foreign_id").fill_null("")
        )
        .sort("number")
    )
    usable = found["foreign_id"].str.contains(_ID)
    found = found.with_columns(foreign_id=found["foreign_id"].zip_with(usable, _blank(found)))
    columns = ("number", "foreign_id", "code", "column")
    return tuple(RefusedRow(*row) for row in found.select(columns).iter_rows())


def _blank(frame: pl.DataFrame) -> pl.Series:
    """Return a text column of nothing, as long as `frame`."""
    return pl.repeat("", frame.height, dtype=pl.String, eager=True)


__all__ = ["IMPORT_FIELDS", "ImportRows", "RefusedRow", "read_import", "read_import_file"]
