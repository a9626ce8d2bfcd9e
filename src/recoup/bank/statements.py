"""How much of a statement goes into one answer, and whose it says it is. Reads nothing: the rows are given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from recoup import limits
from recoup.messages import StatementRow
from recoup.records.kinds import FOR_VALUE

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


def shown_from(rows: Sequence[StatementRow], number: str, since: datetime) -> datetime:
    """Return from when on an account's statement is shown: earlier where it was paid as the price of something.

    Whether it sells, and the money ends there in good faith, only earlier rows say; without them its till would be held.
    """
    is_sold = any(row.payee == number and row.kind in FOR_VALUE for row in rows)
    return since - timedelta(seconds=limits.SELLER_HISTORY_SECONDS) if is_sold else since


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
