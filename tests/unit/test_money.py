"""Decimals become minor units and back without a float in between; sharing loses nothing."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recoup.money import (
    INT64_MAX,
    ISO_DIGITS,
    AmountError,
    Digits,
    format_minor,
    parse_minor,
    split,
)

MINOR = st.integers(-INT64_MAX, INT64_MAX)
DIGITS = st.integers(0, 18)


@given(MINOR, DIGITS)
def test_what_is_printed_reads_back(minor: int, digits: int) -> None:
    assert parse_minor(format_minor(minor, digits), digits) == minor


@given(MINOR, DIGITS)
def test_printing_is_exact(minor: int, digits: int) -> None:
    text = format_minor(minor, digits)
    assert Decimal(text) == Decimal(minor).scaleb(-digits)
    assert len(text.partition(".")[2]) == digits


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("1", 100),
        ("1.", 100),
        (".5", 50),
        ("+1.50", 150),
        ("-0.01", -1),
        (" 1,234.5 ", 123450),
        ("1.500", 150),
    ],
)
def test_ways_to_write_an_amount(text: str, minor: int) -> None:
    assert parse_minor(text, 2) == minor


@pytest.mark.parametrize(
    "text", ["", ".", "-", "1e3", "0x1", "NaN", "inf", "1.2.3", "--1", "1 2", "1.005"]
)
def test_what_is_no_amount(text: str) -> None:
    with pytest.raises(AmountError):
        parse_minor(text, 2)


def test_the_largest_amount_fits_and_one_more_does_not() -> None:
    assert parse_minor("92233720368547758.07", 2) == INT64_MAX
    with pytest.raises(AmountError):
        parse_minor("92233720368547758.08", 2)


@pytest.mark.parametrize(
    ("code", "digits"), [("CNY", 2), ("JPY", 0), ("KWD", 3), ("CLF", 4), ("USDT", 6)]
)
def test_digits_of_currencies(code: str, digits: int) -> None:
    assert ISO_DIGITS.knows(code)
    assert ISO_DIGITS.of(code) == digits


def test_declared_digits_come_first_and_make_a_currency_known() -> None:
    declared = Digits({"JPY": 2, "ABC": 5})
    assert [declared.of(code) for code in ("JPY", "ABC", "CNY")] == [2, 5, 2]
    assert declared.knows("ABC")
    assert not ISO_DIGITS.knows("ABC")
    with pytest.raises(KeyError):
        ISO_DIGITS.of("ABC")


@given(
    st.integers(0, INT64_MAX),
    st.lists(st.integers(0, INT64_MAX), min_size=1, max_size=20).filter(any),
)
def test_shares_sum_to_the_whole_and_are_within_one_of_fair(total: int, weights: list[int]) -> None:
    parts = split(total, weights)
    assert sum(parts) == total
    whole = sum(weights)
    for part, weight in zip(parts, weights, strict=True):
        assert total * weight // whole <= part <= total * weight // whole + 1
        assert weight or not part


def test_ties_go_to_the_earlier() -> None:
    assert split(5, [1, 1, 1]) == [2, 2, 1]
    assert split(0, [0, 0]) == [0, 0]


@pytest.mark.parametrize(("total", "weights"), [(1, [0, 0]), (1, []), (1, [2, -1])])
def test_what_cannot_be_shared(total: int, weights: list[int]) -> None:
    with pytest.raises(ValueError, match="expected weights"):
        split(total, weights)
