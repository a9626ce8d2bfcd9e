"""Says what a table is (ledger, statement, list of accounts or persons) and which column holds which field. No cell is read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from recoup.reading.options import NO_MAP, ColumnMap
from recoup.reading.raw import RawTable
from recoup.reading.vocabulary import (
    CLAIM_HEADERS,
    DECLARED_HEADERS,
    FIELD_OF,
    normal_header,
)

ACCOUNT_FIELDS: Final = (
    "account",
    "card",
    "counterparty",
    "counterparty_card",
    "payer",
    "payee",
    "from",
    "to",
)
"""Fields whose values are account numbers: text always, never numbers."""

_LISTS: Final = frozenset({"accounts", "persons", "declared"})


@dataclass(frozen=True, slots=True)
class Recognised:
    """What a table was taken for."""

    shape: str
    """`ledger`, `statement`, `accounts`, `persons`, `declared` (claims, links, holds), or '' if it is none of them."""
    fields: Mapping[str, str]
    """Field to column name."""
    ignored: tuple[str, ...]
    """Columns that no field takes."""
    absent: tuple[str, ...] = ()
    """Headers that the map names and the table lacks."""


def recognise(
    raw: RawTable, column_map: ColumnMap, extra: Mapping[str, str] | None = None
) -> Recognised:
    """Return what `raw` is, by its map, else by its headers; `extra` adds headers that only this reading knows.

    A map says what the transfers look like. A list beside them (of accounts, persons, claims) lacks its headers and is taken
    as it stands.
    """
    columns = raw.frame.columns
    fields = _fields(columns, extra or {})
    own = raw.shape or _shape(fields, raw)
    if own in _LISTS or (raw.inside and not own):
        mapped = column_map.columns.values()
        if not mapped or any(_column(columns, header) is None for header in mapped):
            column_map = NO_MAP
    absent = []
    for field, header in column_map.columns.items():
        column = _column(columns, header)
        if column is None:
            absent.append(header)
        else:
            fields = {known: name for known, name in fields.items() if name != column}
            fields[field] = column
    shape = column_map.shape or raw.shape or _shape(fields, raw)
    used = set(fields.values())
    ignored = tuple(name for name in columns if name not in used)
    return Recognised(shape, dict(sorted(fields.items())), ignored, tuple(absent))


def _fields(columns: Iterable[str], extra: Mapping[str, str]) -> dict[str, str]:
    best: dict[str, tuple[int, str]] = {}
    for column in columns:
        name = normal_header(column)
        field, rank = (extra[name], -1) if name in extra else FIELD_OF.get(name, ("", 0))
        if field and (field not in best or rank < best[field][0]):
            best[field] = (rank, column)
    return {field: column for field, (_, column) in best.items()}


def _column(columns: Iterable[str], header: str) -> str | None:
    names = list(columns)
    if header in names:
        return header
    wanted = normal_header(header)
    return next((name for name in names if normal_header(name) == wanted), None)


def _shape(fields: Mapping[str, str], raw: RawTable) -> str:
    """A table given by itself that lacks one column of a shape has that shape all the same, so that the column can be named."""
    if _is_declared(fields, raw.frame.columns):
        return "declared"
    strict = raw.inside
    timed = "time" in fields or "date" in fields
    valued = "amount" in fields or "debit" in fields or "credit" in fields
    sides = ("payer" in fields) + ("payee" in fields)
    if (timed and "amount" in fields and sides) or (
        not strict and sides + timed + ("amount" in fields) == 3
    ):
        return "ledger"
    held = {"account", "card", "account_and_name"} & (set(fields) | set(raw.facts))
    sided = {
        "direction",
        "debit",
        "credit",
        "balance",
        "counterparty",
        "counterparty_name",
        "counterparty_and_name",
    } & set(fields)
    if (timed and valued and (sided or held)) or (
        not strict and (timed or valued) and sided - {"counterparty_name"} and held
    ):
        return "statement"
    if not timed and ("account" in fields or "card" in fields) and not valued:
        return "accounts"
    return "persons" if "person_id" in fields and "account_name" in fields and not timed else ""


def _is_declared(fields: Mapping[str, str], columns: Iterable[str]) -> bool:
    """Whether the table declares claims, links or holds, which a folder of statements may hold too, and moves nothing."""
    names = {normal_header(column) for column in columns}
    told = {
        words[name] for words in (CLAIM_HEADERS, DECLARED_HEADERS) for name in names & set(words)
    }
    # A ledger may say which claim each row belongs to; then its rows have parties and an id as well.
    ledger = "id" in fields and ("payer" in fields or "payee" in fields)
    claims = {"claim", "victim"} <= told and not ledger
    moves = {"direction", "balance", "counterparty"} & set(fields)
    return claims or {"evidence", "grade", "author"} <= told or ("until" in told and not moves)
