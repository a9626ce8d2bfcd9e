"""Reads a table of leads: lines of JSON objects, or CSV with a header. Each row is the body of a lead, or says why it is none.

CSV has the fields of a lead as columns; `payer_account` or `payer_person` names the payer, `accounts` has spaces between
numbers, `amount` and `currency` are the payment's.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError

from recoup import limits
from recoup.api.care_bodies import LeadBody
from recoup.api.problems import ProblemError

_PLAIN: Final = ("source", "system", "id", "unit", "grade", "reason", "seen_at", "expires_at")


@dataclass(frozen=True, slots=True)
class LeadLine:
    """One row: the lead that it is, or which of its fields do not fit."""

    number: int
    id: str
    lead: LeadBody | None
    wrong: str = ""


def read_leads(data: bytes, *, is_json: bool) -> tuple[LeadLine, ...]:
    """Return the rows; raise the problem that it is no table, or too long a one."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        raise ProblemError("import_unreadable") from fault
    rows: list[LeadLine] = []
    for number, found in _objects(text, is_json=is_json):
        if len(rows) >= limits.IMPORT_ROWS_MAX:
            raise ProblemError("import_too_long")
        rows.append(_line(number, found))
    return tuple(rows)


def _objects(text: str, *, is_json: bool) -> Iterator[tuple[int, Any]]:
    if not is_json:
        try:
            table = csv.DictReader(io.StringIO(text), strict=True)
            names = table.fieldnames or ()
            if len(set(names)) != len(names):  # the last would be taken, and the others lost
                raise ProblemError("import_unreadable", "expected each column once")
            for number, row in enumerate(table, 2):
                yield number, _nested(row)
        except csv.Error as fault:
            raise ProblemError("import_unreadable") from fault
        return
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                yield number, json.loads(line, object_pairs_hook=_once)
            except (ValueError, RecursionError):
                yield number, None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the object; one that has a name twice would say one amount to us and another to others."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("expected each name once")
    return found


def _nested(row: dict[Any, Any]) -> dict[str, Any] | None:
    """Return a flat row as the body that it stands for; None for one with more cells than the header has."""
    if None in row:
        return None
    cells = {str(name): (cell or "").strip() for name, cell in row.items()}
    found: dict[str, Any] = {name: cells.pop(name, "") for name in _PLAIN}
    institution, numbers = cells.pop("institution", ""), cells.pop("accounts", "").split()
    account, person = cells.pop("payer_account", ""), cells.pop("payer_person", "")
    amount, currency = cells.pop("amount", ""), cells.pop("currency", "")
    if any(cells.values()):
        return None  # what no column is known for would be lost
    if account:
        found["payer"] = {"kind": "account", "institution": institution, "number": account}
        numbers = [account, *(number for number in numbers if number != account)]
    elif person:
        found["payer"] = {"kind": "person", "value": person}
    if institution:
        found["institution"] = institution
    if amount or currency:
        found["payment"] = {"amount": amount, "currency": currency}
    return {**found, "accounts": numbers}


def _line(number: int, found: Any) -> LeadLine:  # noqa: ANN401 - whatever a line holds
    name = found.get("id") if isinstance(found, dict) else None
    known = name if isinstance(name, str) and len(name) <= limits.ID_BYTES_MAX else ""
    try:
        return LeadLine(number, known, LeadBody.model_validate(found))
    except ValidationError as fault:
        places = {".".join(map(str, error["loc"])) or "row" for error in fault.errors()}
        return LeadLine(number, known, None, " ".join(sorted(places))[:200])


__all__ = ["LeadLine", "read_leads"]
