"""Parquet, Arrow IPC and JSON lines: tables whose columns may have types. Numbers of JSON stay text, so no digit is lost."""

from __future__ import annotations

import io
import json
from collections.abc import Callable

import polars as pl

from recoup.reading.findings import Findings
from recoup.reading.libraries import guarded
from recoup.reading.raw import RawTable, unique_names

_FIRST_ROW = 1


def columnar_reader(data: bytes) -> Callable[[], pl.DataFrame] | None:
    """Return what reads the bytes if they begin like Parquet or Arrow IPC, else None."""
    if data.startswith(b"PAR1"):
        return lambda: pl.read_parquet(io.BytesIO(data))
    if data.startswith(b"ARROW1"):
        return lambda: pl.read_ipc(io.BytesIO(data))
    if data.startswith(b"\xff\xff\xff\xff"):
        return lambda: pl.read_ipc_stream(io.BytesIO(data))
    return None


def read_columnar(
    reader: Callable[[], pl.DataFrame], source: int, file: str, findings: Findings
) -> list[RawTable]:
    """Return the table; rows are numbered from 1, since such files have no header row."""
    frame = guarded(reader)
    if isinstance(frame, str):
        findings.add_file("file_unreadable", file, frame)
        return []
    if not frame.height or not frame.width:
        findings.add_file("file_empty", file, "no rows")
        return []
    return [typed_table(frame, source)]


def typed_table(frame: pl.DataFrame, source: int) -> RawTable:
    """Return a table of typed columns: categories become text, nested columns JSON text."""
    plain = frame.select(_plain(column) for column in frame.get_columns())
    rows = pl.int_range(_FIRST_ROW, frame.height + _FIRST_ROW, dtype=pl.Int32, eager=True)
    return RawTable(source, plain, rows)


def _plain(column: pl.Series) -> pl.Series:
    if column.dtype in (pl.Categorical, pl.Enum, pl.Boolean):
        return column.cast(pl.String)
    if column.dtype in (pl.Binary, pl.Null, pl.Object):
        return pl.repeat(None, len(column), dtype=pl.String, eager=True).alias(column.name)
    if column.dtype.is_nested():
        return pl.Series(
            column.name,
            [None if value is None else str(value) for value in column.to_list()],
            dtype=pl.String,
        )
    return column


def is_json(data: bytes) -> bool:
    """Return whether the bytes begin like JSON lines, or an array of objects."""
    head = data[:256].lstrip(b"\xef\xbb\xbf \t\r\n")
    return head.startswith((b"{", b"[")) and not head.startswith(b"{1:")


def read_json(data: bytes, source: int, file: str, findings: Findings) -> list[RawTable]:
    """Return the table of JSON lines (row numbers are line numbers) or of an array (places in it)."""
    text = data.decode("utf-8-sig", errors="replace")
    array = guarded(lambda: list(_loads(text) or [])) if text.lstrip().startswith("[") else "lines"
    lines: list[object] = array if isinstance(array, list) else list(text.split("\n"))
    records: list[dict[str, object]] = []
    numbers: list[int] = []
    bad: list[tuple[int, str]] = []
    for number, line in enumerate(lines, start=1):
        if isinstance(line, str) and not line.strip():
            continue
        value = guarded(lambda line=line: _loads(line)) if isinstance(line, str) else line  # type: ignore[misc]
        if isinstance(value, dict):
            records.append(value)
            numbers.append(number)
        else:
            bad.append((number, str(line)[:200]))
    found = pl.DataFrame(bad, schema={"row": pl.Int32, "found": pl.String}, orient="row")
    findings.add_rows(
        "row_not_json", "", found.with_columns(source=pl.lit(source, pl.Int32)), "found"
    )
    if not records:
        if not bad:
            findings.add_file("file_empty", file, "no JSON object")
        return []
    names = list(dict.fromkeys(name for record in records for name in record))
    columns = {name: [_text(record.get(name)) for record in records] for name in names}
    frame = pl.DataFrame(columns, schema=dict.fromkeys(names, pl.String))
    frame.columns = unique_names(names)
    return [RawTable(source, frame, pl.Series(numbers, dtype=pl.Int32))]


def _loads(text: str) -> list[object] | dict[str, object] | None:
    value = json.loads(text, parse_float=_Number, parse_int=_Number, object_pairs_hook=_once)
    return value if isinstance(value, list | dict) else None


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Return the object; one that has a name twice would say one amount to us and another to others."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("expected each name once")
    return found


class _Number(str):
    """A JSON number kept as its own text."""

    __slots__ = ()


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return None if value is None else str(value)
    return json.dumps(value, ensure_ascii=False)
