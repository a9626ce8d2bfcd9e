"""Decimal text and floats into minor units, against the standard library's Decimal."""

from decimal import Decimal, InvalidOperation

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from recoup.money import INT64_MAX
from recoup.reading.amounts import minor_from_float, minor_from_integer, minor_from_text

DIGITS = st.integers(min_value=0, max_value=6)
NUMBERS = st.from_regex(r"[+-]?[0-9]{0,22}(\.[0-9]{0,10})?", fullmatch=True)


def independent(text: str, digits: int) -> int | str | None:
    """Minor units by Decimal, or the code of what is wrong; None for nothing."""
    if text == "":
        return None
    try:
        value = Decimal(text)
    except InvalidOperation:
        return "amount_unreadable"
    scaled = value.scaleb(digits)
    if scaled != scaled.to_integral_value():
        return "amount_too_fine"
    return int(scaled) if abs(scaled) <= INT64_MAX else "amount_too_large"


def one(text: str, digits: int = 2, **options: bool) -> int | str | None:
    read = minor_from_text(pl.Series([text]), pl.Series([digits], dtype=pl.Int8), **options)
    return read.value[0] if read.value[0] is not None else read.reason[0]


@given(st.lists(st.tuples(NUMBERS, DIGITS), max_size=20))
@example([("92233720368547758.07", 2), ("92233720368547758.08", 2), (".", 2), ("-", 2), ("+.5", 2)])
@example([("0000000000000000000000000001.00000000000000000000", 2), ("9223372036854775807", 0)])
def test_text_becomes_what_decimal_says(rows: list[tuple[str, int]]) -> None:
    read = minor_from_text(
        pl.Series([text for text, _ in rows], dtype=pl.String),
        pl.Series([places for _, places in rows], dtype=pl.Int8),
    )
    found = [
        value if value is not None else reason
        for value, reason in zip(read.value, read.reason, strict=True)
    ]
    assert [independent(text, places) for text, places in rows] == found


@given(st.integers(min_value=-(2**52), max_value=2**52), DIGITS)
def test_a_float_that_stands_for_a_decimal_is_that_decimal(minor: int, digits: int) -> None:
    nearest = float(Decimal(minor).scaleb(-digits))
    read = minor_from_float(pl.Series([nearest]), pl.Series([digits], dtype=pl.Int8))
    assert minor == read.value[0]


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_no_float_is_read_as_another_number(number: float) -> None:
    read = minor_from_float(pl.Series([number]), pl.Series([2], dtype=pl.Int8))
    if read.value[0] is None:
        assert read.reason[0] in {"amount_unreadable", "amount_too_fine", "amount_too_large"}
    else:
        assert float(Decimal(read.value[0]).scaleb(-2)) == number


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1,234.50", 123450),
        ("1,234,567", 123456700),
        ("12,34", "amount_unreadable"),
        ("1,23,456.00", "amount_unreadable"),
        ("¥12.00", 1200),
        ("￥12.00", 1200),
        ("12.00元", 1200),
        ("CNY 12.00", 1200),
        ("１２.３", 1230),
        ("1 234.50", 123450),
        ("1e5", "amount_unreadable"),
        ("0x10", "amount_unreadable"),
        ("NaN", "amount_unreadable"),
        ("inf", "amount_unreadable"),
        ("1_000", "amount_unreadable"),
        ("12.345", "amount_too_fine"),
        ("12.3400", 1234),
    ],
)
def test_spellings_of_amounts(text: str, expected: int | str) -> None:
    assert expected == one(text)


def test_a_decimal_comma_is_read_when_the_map_says_so() -> None:
    assert one("1.234,56", decimal_comma=True) == 123456


def test_unsigned_integers_past_int64_are_too_large() -> None:
    read = minor_from_integer(
        pl.Series([2**63, 5], dtype=pl.UInt64), pl.Series([2, 2], dtype=pl.Int8), major=False
    )
    assert read.value.to_list() == [None, 5]
    assert read.reason[0] == "amount_too_large"


def test_whole_units_are_multiplied_when_the_map_says_major() -> None:
    read = minor_from_integer(pl.Series([5]), pl.Series([2], dtype=pl.Int8), major=True)
    assert read.value[0] == 500


@given(st.lists(st.tuples(NUMBERS, DIGITS), max_size=20))
@example(
    [("0.005", 2), ("0.015", 2), ("-2.5", 0), ("1" * 40 + ".5", 2), ("92233720368547758.075", 2)]
)
def test_rounded_text_is_the_nearest_amount_and_of_two_the_even_one(
    rows: list[tuple[str, int]],
) -> None:
    for text, digits in rows:
        expected = independent(text, digits)
        if expected == "amount_too_fine":
            minor = int(Decimal(text).scaleb(digits).quantize(Decimal(1), "ROUND_HALF_EVEN"))
            expected = minor if abs(minor) <= INT64_MAX else "amount_too_large"
        assert one(text, digits, rounds=True) == expected


def test_rounded_floats_are_the_nearest_amount_and_what_is_none_stays_refused() -> None:
    given_values = pl.Series([1.005, 12.3456789, 0.004, float("nan"), 1e300, None])
    digits = pl.Series([2] * 6, dtype=pl.Int8)
    read = minor_from_float(given_values, digits, rounds=True)
    assert read.value.to_list() == [100, 1235, 0, None, None, None]
    assert read.reason.to_list()[3:] == ["amount_unreadable", "amount_too_large", None]
    assert minor_from_float(given_values, digits).value.to_list() == [None] * 6
