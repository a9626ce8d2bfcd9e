"""How much of a statement goes into one answer, and whose it says it is. Reads nothing: the rows are given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from recoup import limits
from recoup.messages import StatementRow

_ROWS_BYTES_MAX: Final = 600_000


def fitting(rows: Sequence[StatementRow]) -> tuple[StatementRow, ...]:
    """Return the first rows that fit into one message."""
    kept: list[StatementRow] = []
    size = 0
    for row in rows[: limits.MESSAGE_ROWS_MAX]:
        size += 300 + 6 * sum(
            len(part) for part in _texts(row)
        )  # at most six bytes a character, escaped
        if size > _ROWS_BYTES_MAX and kept:
            break
        kept.append(row)
    return tuple(kept)


def named(rows: Sequence[StatementRow], number: str, name: str) -> list[StatementRow]:
    """Return rows that say whose account they are of: who asked by a payment's number knows neither number nor name."""
    out = []
    for row in rows:
        if row.payee == number and not row.payee_name:
            row = replace(row, payee_name=name)  # noqa: PLW2901 - the same row, told whole
        elif row.payer == number and not row.payer_name:
            row = replace(row, payer_name=name)  # noqa: PLW2901 - the same
        out.append(row)
    return out


def _texts(row: StatementRow) -> list[str]:
    names = (row.payer_name, row.payee_name, row.payer_institution, row.payee_institution)
    return [row.id, row.payer, row.payee, *names, row.kind, row.reference]


__all__ = ["fitting"]
