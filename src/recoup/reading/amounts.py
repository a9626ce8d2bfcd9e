"""Decimal text into int64 minor units, a column at a time and without floats. Currencies are only digits here."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from typing import Final

import numpy as np
import polars as pl

from recoup.money import INT64_MAX, AmountError, parse_minor

_LENGTH_MAX: Final = 19  # digits and point; longer text is rare and goes one by one
_SYMBOLS: Final = r"[\s\u00a0\u3000]|^(?:¥|￥|RMB|CNY|US\$|\$|€|£)|(?:元|圆|RMB|CNY)$"
_GROUPED: Final = r"^[+-]?\d{1,3}(,\d{3})+(\.\d*)?$"

_POWERS: Final = np.array([10.0**places for places in range(19)])
_EXACT_MAX: Final = 2.0**53  # beyond it not every whole number is a double


@dataclass(frozen=True, slots=True)
class Minor:
    """`value` is Int64, null where the text is no amount; `reason` then holds a problem code (null for empty text)."""

    value: pl.Series
    reason: pl.Series


def minor_from_text(
    text: pl.Series, digits: pl.Series, *, decimal_comma: bool = False, rounds: bool = False
) -> Minor:
    """Return the minor units, sign kept, of decimal `text` with `digits` decimals (Int8; null is read as 2).

    Thousands separators in the right places, currency signs and blanks are understood; anything else is refused. More
    decimals are refused too, unless `rounds`: then the nearest amount is taken, of two as near the even one.
    """
    frame = pl.DataFrame({"text": text, "digits": digits.cast(pl.Int64).fill_null(2)})
    if decimal_comma:
        frame = frame.with_columns(text=_swap_comma())
    value = _fast(frame)
    missed = value.is_null() & (text.fill_null("") != "")
    if not missed.any():
        return Minor(value, pl.repeat(None, len(value), dtype=pl.String, eager=True))
    at = missed.arg_true()
    tidy = frame[at].with_columns(text=_tidy())
    again = _fast(tidy)
    reasons: list[str | None] = []
    minors: list[int | None] = []
    for got, raw, places in zip(again, tidy["text"], tidy["digits"], strict=True):
        minor, code = (got, None) if got is not None else _one(raw, places, rounds=rounds)
        minors.append(minor)
        reasons.append(code)
    value = value.scatter(at, pl.Series(minors, dtype=pl.Int64))
    reason = pl.repeat(None, len(value), dtype=pl.String, eager=True).scatter(
        at, pl.Series(reasons, dtype=pl.String)
    )
    return Minor(value, reason)


def minor_from_float(values: pl.Series, digits: pl.Series, *, rounds: bool = False) -> Minor:
    """Return minor units of floats that are the nearest double of a decimal with `digits` decimals; others are too fine.

    With `rounds` the others become the nearest amount, of two as near the even one.

    In NumPy: its division is correctly rounded, so it gives back the float exactly when that is the double nearest to the
    decimal. polars multiplies by the reciprocal where it divides by one value, which is another number.
    """
    given = values.is_not_null().to_numpy()
    x = values.cast(pl.Float64).fill_null(0.0).to_numpy()
    power = _POWERS[digits.fill_null(2).to_numpy().astype(np.int64)]
    finite = np.isfinite(x)
    with np.errstate(over="ignore", invalid="ignore"):
        minor = np.rint(np.where(finite, x, 0.0) * power)
        small = np.abs(minor) < _EXACT_MAX
        exact = finite & small & (rounds | (minor / power == x))
    value = pl.Series(np.where(exact, minor, 0.0).astype(np.int64))
    code = np.select([~given | exact, ~finite, ~small], [0, 1, 2], 3)
    frame = pl.DataFrame({"value": value, "good": exact & given, "code": code})
    names = {1: "amount_unreadable", 2: "amount_too_large", 3: "amount_too_fine"}
    return Minor(
        frame.select(pl.when("good").then("value")).to_series(),
        frame["code"].replace_strict(names, default=None, return_dtype=pl.String),
    )


def minor_from_decimal(values: pl.Series, digits: pl.Series, *, rounds: bool = False) -> Minor:
    """Return minor units of a Decimal column."""
    return minor_from_text(values.cast(pl.String), digits, rounds=rounds)


def minor_from_integer(values: pl.Series, digits: pl.Series, *, major: bool) -> Minor:
    """Return an integer column as minor units, or as whole units of the currency if `major`."""
    if major:
        return minor_from_text(values.cast(pl.String), digits)
    value = values.cast(pl.Int64, strict=False)
    lost = (value.is_null() & values.is_not_null()).alias("lost")
    reason = lost.to_frame().select(pl.when("lost").then(pl.lit("amount_too_large"))).to_series()
    return Minor(value, reason)


def _fast(frame: pl.DataFrame) -> pl.Series:
    """Int64 of plain decimals; null for all else. Digits without the point, moved by the missing decimals.

    In stages: an eager select computes a repeated subexpression every time it occurs.
    """
    text = pl.col("text")
    point = text.str.find(".", literal=True).cast(pl.Int64)
    length = text.str.len_bytes().cast(pl.Int64)
    staged = frame.select(
        whole=text.str.replace(".", "", literal=True).cast(pl.Int64, strict=False),
        move=pl.col("digits") - (length - 1 - point).fill_null(0),
        long=length > _LENGTH_MAX,
    )
    whole, move = pl.col("whole"), pl.col("move")
    if staged.select((move == 0).all() & pl.col("long").not_().all()).item():
        return staged["whole"]
    staged = staged.with_columns(
        up=pl.lit(10, pl.Int64).pow(move.clip(0, 18)),
        down=pl.lit(10, pl.Int64).pow((-move).clip(0, 18)),
    )
    value = (
        pl.when("long")
        .then(None)
        .when((move >= 0) & (whole.abs() <= INT64_MAX // pl.col("up")))
        .then(whole * pl.col("up"))
        .when((move < 0) & (whole % pl.col("down") == 0))
        .then(whole // pl.col("down"))
    )
    return staged.select(value.alias("value")).to_series()


def _tidy() -> pl.Expr:
    plain = (
        pl.col("text")
        .str.normalize("NFKC")
        .str.replace_all(_SYMBOLS, "")
        .str.replace_all(_SYMBOLS, "")
    )
    return (
        pl.when(plain.str.contains(_GROUPED))
        .then(plain.str.replace_all(",", "", literal=True))
        .otherwise(plain)
    )


def _swap_comma() -> pl.Expr:
    return (
        pl.col("text")
        .str.replace_all(".", "", literal=True)
        .str.replace_all(",", ".", literal=True)
    )


def _one(text: str, digits: int, *, rounds: bool) -> tuple[int | None, str | None]:
    if "," in text:
        return None, "amount_unreadable"
    try:
        return parse_minor(text, digits), None
    except AmountError as error:
        if "decimals" in str(error):
            return _rounded(text, digits) if rounds else (None, "amount_too_fine")
        return None, "amount_too_large" if "64 bits" in str(error) else "amount_unreadable"


def _rounded(text: str, digits: int) -> tuple[int | None, str | None]:
    """Return the nearest minor units of a decimal text that has more decimals; of two as near the even ones."""
    with localcontext(prec=len(text) + digits):
        minor = int(Decimal(text).scaleb(digits).to_integral_value(ROUND_HALF_EVEN))
    return (minor, None) if abs(minor) <= INT64_MAX else (None, "amount_too_large")
