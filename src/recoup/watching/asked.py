"""Payments as they are asked about, in every form: one, several, columns of arrays, polars, Arrow. Decides nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

import numpy as np
import polars as pl

from recoup import limits
from recoup.errors import StateFault, StateProblem
from recoup.records.kinds import KINDS
from recoup.watch.decision import Problem
from recoup.watch.rules.limits import RULE_PARTS_MAX
from recoup.watch.stream.laying import microseconds

ID_CHARS_MAX: Final = 128
ACCOUNT_CHARS_MAX: Final = 128
_COLUMNS: Final = ("id", "time", "payer", "payee", "amount", "currency", "kind")
_INT64: Final = 2**63
_KINDS: Final = {kind: at for at, kind in enumerate(KINDS)} | {"": 0}
_NO_FACTS: Final[Mapping[str, float]] = {}


class Asked(NamedTuple):
    """One payment. What is wrong with it becomes a named refusal, never a fault."""

    id: str
    time: datetime | int
    """An aware instant, or microseconds UTC."""
    payer: str
    """The account; "" is the outside."""
    payee: str
    amount: int
    """Minor units."""
    currency: str
    kind: str = "transfer"
    facts: Mapping[str, float] = _NO_FACTS
    """Named facts of the rules; one that is not given is unknown."""


Batch = pl.DataFrame | Mapping[str, Any] | Sequence[Asked] | Any
"""A polars frame, an Arrow table or record batch, columns by name, or payments."""


def rows_of(batch: Batch) -> Iterator[Asked]:
    """Yield the payments of a batch. Columns that are no field of a payment are named facts.

    Raises `StateFault` where a column is missing or columns are not equally long.
    """
    if isinstance(batch, Sequence):
        yield from batch
        return
    columns = _columns(batch)
    missing = [name for name in _COLUMNS[:-1] if name not in columns]
    lengths = {len(values) for values in columns.values()}
    if missing or len(lengths) != 1:
        what = f"column {missing[0]} is missing" if missing else "columns of different lengths"
        raise StateFault(StateProblem.ARRAY_WRONG, what)
    count = lengths.pop()
    kinds = columns.get("kind", ["transfer"] * count)
    own = [columns[name] for name in _COLUMNS[:-1]]
    facts = [name for name in columns if name not in _COLUMNS]
    if not facts:
        yield from (Asked(*row) for row in zip(*own, kinds, strict=True))
        return
    given = zip(*(columns[name] for name in facts), strict=True)
    for row, values in zip(zip(*own, kinds, strict=True), given, strict=True):
        known = {n: v for n, v in zip(facts, values, strict=True) if v is not None}
        yield Asked(*row)._replace(facts=known)


def _columns(batch: Batch) -> dict[str, list[Any]]:
    if hasattr(batch, "__arrow_c_stream__") and not isinstance(batch, pl.DataFrame):
        batch = pl.DataFrame(batch)
    if isinstance(batch, pl.DataFrame):
        return {name: batch[name].to_list() for name in batch.columns}
    if isinstance(batch, Mapping):
        return {
            name: values.tolist() if isinstance(values, np.ndarray) else list(values)
            for name, values in batch.items()
        }
    raise StateFault(StateProblem.ARRAY_WRONG, "expected a frame, a table, columns or payments")


class Plain(NamedTuple):
    """A payment whose fields are what they must be."""

    time_us: int
    payer: str
    payee: str
    amount: int
    currency: str
    kind: str
    facts: tuple[tuple[str, float], ...]


class Wrong(NamedTuple):
    """Why a payment is none, and which field says so."""

    problem: Problem
    field: str


def plain_of(one: Asked) -> Plain | Wrong:
    """Return a payment's fields, each looked at: whatever comes in, nothing is raised."""
    if not _is_text(one.id, ID_CHARS_MAX) or not one.id:
        return Wrong(Problem.ID_UNFIT, "id")
    time_us = _time(one.time)
    if time_us is None:
        return Wrong(Problem.FIELD_UNFIT, "time")
    for name, account in (("payer", one.payer), ("payee", one.payee)):
        if not _is_text(account, ACCOUNT_CHARS_MAX):
            return Wrong(Problem.FIELD_UNFIT, name)
    if type(one.amount) is not int or not -_INT64 <= one.amount < _INT64:
        is_huge = type(one.amount) is int and one.amount > 0
        return Wrong(Problem.AMOUNT_TOO_LARGE if is_huge else Problem.FIELD_UNFIT, "amount")
    if one.amount <= 0:
        return Wrong(Problem.AMOUNT_NOT_POSITIVE, "amount")
    if one.amount > limits.ROW_MINOR_MAX:
        return Wrong(Problem.AMOUNT_TOO_LARGE, "amount")
    if one.payer == one.payee:
        return Wrong(Problem.SAME_ACCOUNT, "payee")
    if type(one.currency) is not str:
        return Wrong(Problem.FIELD_UNFIT, "currency")
    if type(one.kind) is not str or one.kind not in _KINDS:
        return Wrong(Problem.KIND_UNKNOWN, "kind")
    facts = _facts(one.facts)
    if facts is None:
        return Wrong(Problem.FIELD_UNFIT, "facts")
    return Plain(time_us, one.payer, one.payee, one.amount, one.currency, one.kind, facts)


def kind_number(kind: str) -> int:
    """Return the place of a kind in `KINDS`."""
    return _KINDS[kind]


def _is_text(value: object, chars_max: int) -> bool:
    return type(value) is str and len(value) <= chars_max and (not value or value.isprintable())


def _time(value: object) -> int | None:
    if type(value) is int:
        return value if -_INT64 <= value < _INT64 else None
    if isinstance(value, datetime) and value.tzinfo is not None:
        try:
            return microseconds(value)
        except OverflowError:
            return None
    return None


def _facts(given: object) -> tuple[tuple[str, float], ...] | None:
    if given is _NO_FACTS:
        return ()
    if not isinstance(given, Mapping) or len(given) > RULE_PARTS_MAX:
        return None
    found = []
    for name, value in given.items():
        if type(name) is not str or not isinstance(value, int | float):
            return None
        try:
            found.append((name, float(value)))
        except OverflowError:
            return None
    return tuple(sorted(found))


__all__ = ["Asked", "Batch", "Plain", "Wrong", "kind_number", "plain_of", "rows_of"]
