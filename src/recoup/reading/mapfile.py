"""Reads and writes `map.toml`, in which a user says what headers do not. docs/reference/map.md lists its keys."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Final, cast

from recoup.errors import InputFault
from recoup.reading.codes import ADVICE
from recoup.reading.options import ColumnMap, Shape
from recoup.reading.times import is_format, zone_exists
from recoup.reading.vocabulary import HEADERS
from recoup.records.kinds import KINDS
from recoup.records.problems import Problem
from recoup.records.provenance import Source

_TABLES: Final = (
    "columns",
    "kinds",
    "directions",
    "statuses",
    "defaults",
    "time",
    "amount",
    "source",
)
_PLAIN: Final = ("shape", "timezone", "sheet", "header_row")
_FIELDS: Final = frozenset(HEADERS)
_ALLOWED: Final[Mapping[str, frozenset[str]]] = {
    "kinds": frozenset(KINDS),
    "directions": frozenset({"debit", "credit", "skip"}),
    "statuses": frozenset({"ok", "failed"}),
}


def load_map(path: str | Path, more: Iterable[str] = ()) -> ColumnMap:
    """Return a parsed `map.toml`; raise `InputFault` naming every key that is wrong. `more` are fields beside the usual ones.

    `[columns]` gives a field's header; `[kinds]`, `[directions]` and `[statuses]` translate words; `[defaults]`
    fills empty fields; then `[time] formats`, `[amount] unit` and `decimal`, `[source]` who supplied the files;
    `shape`, `timezone`, `sheet` and `header_row` stand at the top.
    """
    shown = str(path)
    try:
        text = Path(path).read_text("utf-8")
        data = tomllib.loads(text)
    except FileNotFoundError:
        raise InputFault(
            [Problem(shown, "", 0, "", "file_missing", shown, ADVICE["file_missing"])]
        ) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputFault([_problem(shown, "", str(error))]) from None
    problems = [_problem(shown, key, found) for key, found in _wrong(data, (*_FIELDS, *more))]
    if problems:
        raise InputFault(problems)
    return _parsed(data)


def _problem(file: str, key: str, found: str) -> Problem:
    return Problem(file, "", 0, key, "map_invalid", found, ADVICE["map_invalid"])


def _wrong(data: Mapping[str, object], fields: Iterable[str]) -> list[tuple[str, str]]:
    """Key and what is wrong with it."""
    wrong = [(key, "an unknown key") for key in data if key not in (*_TABLES, *_PLAIN)]
    tables: dict[str, Mapping[str, object]] = {}
    for name in _TABLES:
        table = data.get(name, {})
        if isinstance(table, dict):
            tables[name] = table
        else:
            wrong.append((name, "no table"))
            tables[name] = {}
    known = frozenset(fields)
    wrong += [(f"columns.{key}", "no field") for key in tables["columns"] if key not in known]
    wrong += [(f"defaults.{key}", "no field") for key in tables["defaults"] if key not in known]
    for name, allowed in _ALLOWED.items():
        wrong += [
            (f"{name}.{word}", str(value))
            for word, value in tables[name].items()
            if not isinstance(value, str) or value not in allowed
        ]
    for name in ("columns", "defaults"):
        wrong += [
            (f"{name}.{key}", "no text")
            for key, value in tables[name].items()
            if not isinstance(value, str)
        ]
    if data.get("shape", "ledger") not in ("ledger", "statement"):
        wrong.append(("shape", str(data["shape"])))
    zone = data.get("timezone", "UTC")
    if not isinstance(zone, str) or not zone_exists(zone):
        wrong.append(("timezone", str(zone)))
    header = data.get("header_row", 0)
    if not isinstance(header, int) or isinstance(header, bool) or header < 0:
        wrong.append(("header_row", str(header)))
    if not isinstance(data.get("sheet", ""), str):
        wrong.append(("sheet", str(data["sheet"])))
    kind = tables["defaults"].get("kind", "")
    if isinstance(kind, str) and kind not in ("", *KINDS):
        wrong.append(("defaults.kind", kind))
    return wrong + _wrong_settings(tables)


def _wrong_settings(tables: Mapping[str, Mapping[str, object]]) -> list[tuple[str, str]]:
    wrong: list[tuple[str, str]] = []
    formats = tables["time"].get("formats", [])
    if not isinstance(formats, list) or not all(isinstance(form, str) for form in formats):
        wrong.append(("time.formats", str(formats)))
    else:
        wrong += [("time.formats", form) for form in formats if not is_format(form)]
    if tables["amount"].get("unit", "major") not in ("major", "minor"):
        wrong.append(("amount.unit", str(tables["amount"]["unit"])))
    if tables["amount"].get("decimal", ".") not in (".", ","):
        wrong.append(("amount.decimal", str(tables["amount"]["decimal"])))
    wrong += [
        (f"source.{key}", "no text")
        for key, value in tables["source"].items()
        if not isinstance(value, str | date)
    ]
    known = {
        "time": {"formats"},
        "amount": {"unit", "decimal"},
        "source": {"supplied_by", "supplied_at", "document"},
    }
    return wrong + [
        (f"{name}.{key}", "an unknown key")
        for name, keys in known.items()
        for key in tables[name]
        if key not in keys
    ]


def _parsed(data: Mapping[str, object]) -> ColumnMap:
    def table(name: str) -> dict[str, object]:
        return cast("dict[str, object]", data.get(name, {}))

    def words(name: str) -> dict[str, str]:
        return {key: str(value) for key, value in table(name).items()}

    source = table("source")
    return ColumnMap(
        columns=words("columns"),
        shape=cast("Shape | None", data.get("shape")),
        timezone=cast("str | None", data.get("timezone")),
        time_formats=tuple(cast("list[str]", table("time").get("formats", []))),
        kinds=words("kinds"),
        directions=words("directions"),
        statuses=words("statuses"),
        defaults=words("defaults"),
        sheet=str(data.get("sheet", "")),
        header_row=cast("int", data.get("header_row", 0)),
        amount_unit=table("amount").get("unit", ""),  # type: ignore[arg-type]  # checked above
        decimal_comma=table("amount").get("decimal", ".") == ",",
        supplied_by=str(source.get("supplied_by", "")),
        supplied_at=_instant_text(source.get("supplied_at", "")),
        document=str(source.get("document", "")),
    )


def _instant_text(value: object) -> str:
    return value.isoformat() if isinstance(value, date | datetime) else str(value)


def map_source(path: str | Path) -> Source:
    """Return a map as one of the inputs that a result rests on; it holds no rows."""
    return Source(str(path), "", hashlib.sha256(Path(path).read_bytes()).hexdigest(), 0)


def save_map(path: str | Path, column_map: ColumnMap) -> None:
    """Write a map that `load_map` reads back as it is."""
    lines: list[str] = []
    top = {"shape": column_map.shape, "timezone": column_map.timezone, "sheet": column_map.sheet}
    lines += [f"{key} = {_quoted(value)}" for key, value in top.items() if value]
    if column_map.header_row:
        lines.append(f"header_row = {column_map.header_row}")
    for name in ("columns", "kinds", "directions", "statuses", "defaults"):
        table: Mapping[str, str] = getattr(column_map, name)
        if table:
            lines += [
                "",
                f"[{name}]",
                *(f"{_quoted(key)} = {_quoted(value)}" for key, value in table.items()),
            ]
    if column_map.time_formats:
        lines += ["", "[time]", f"formats = [{', '.join(map(_quoted, column_map.time_formats))}]"]
    if column_map.amount_unit or column_map.decimal_comma:
        lines += ["", "[amount]"]
        lines += [f"unit = {_quoted(column_map.amount_unit)}"] if column_map.amount_unit else []
        lines += ['decimal = ","'] if column_map.decimal_comma else []
    source = {key: getattr(column_map, key) for key in ("supplied_by", "supplied_at", "document")}
    if any(source.values()):
        lines += [
            "",
            "[source]",
            *(f"{key} = {_quoted(value)}" for key, value in source.items() if value),
        ]
    # Beside its place first: a full disk leaves the map of before, not half of one.
    draft = Path(path).with_name(f".{Path(path).name}.part")
    try:
        draft.write_text("\n".join(lines).lstrip("\n") + "\n", encoding="utf-8", newline="\n")
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _quoted(text: str) -> str:
    """TOML basic string; control characters escaped."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return (
        '"'
        + "".join(char if char.isprintable() else f"\\U{ord(char):08x}" for char in escaped)
        + '"'
    )
