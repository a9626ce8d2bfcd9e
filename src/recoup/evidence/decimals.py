"""Columns of minor units as decimal text, for millions of rows at once. One amount alone: `recoup.money.format_minor`."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from recoup.money import Digits

_WHOLE = pl.Decimal(38, 0)


def with_decimals(
    frame: pl.DataFrame, columns: Sequence[str], digits: Digits, *, currency: str = "currency"
) -> pl.DataFrame:
    """Return `frame` with `columns` (int64 minor units) as decimals that print with the digits of each row's currency.

    The columns become `Decimal` where one number of digits serves all rows, text otherwise; both are written alike. Null stays
    null. A currency that `digits` does not know raises `KeyError`.
    """
    by_digits: dict[int, list[str]] = {}
    for code in frame[currency].unique().sort().to_list():
        by_digits.setdefault(digits.of(code), []).append(code)
    if len(by_digits) < 2:
        shift = next(iter(by_digits), 0)
        return frame.with_columns(_decimal(name, shift).alias(name) for name in columns)
    return frame.with_columns(_mixed(name, by_digits, currency) for name in columns)


def _decimal(name: str, digits: int) -> pl.Expr:
    """Exact: int64 has 19 digits, six decimals need 25 of the 38."""
    if digits == 0:
        return pl.col(name).cast(_WHOLE)
    kind = pl.Decimal(38, digits)
    return (pl.col(name).cast(kind) / int(10**digits)).cast(kind)


def _mixed(name: str, by_digits: dict[int, list[str]], currency: str) -> pl.Expr:
    """One text column over currencies with different digits."""
    parts = [
        pl.when(pl.col(currency).is_in(codes)).then(_decimal(name, digits).cast(pl.String))
        for digits, codes in sorted(by_digits.items())
    ]
    return pl.coalesce(parts).alias(name)
