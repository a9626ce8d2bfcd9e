"""The text of a request abroad says what is known, in both languages, and carries no link."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from recoup.cases import Task
from recoup.paper.abroad import Asking, request_abroad

LEFT = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
TASK = Task(
    "t1",
    "c1",
    "account_1",
    "bank-a",
    "CNY",
    1234567,
    LEFT,
    "serial_1",
    datetime(2026, 3, 4, tzinfo=UTC),
)
ASKING = Asking(
    "反诈中心",
    "+86 000",
    "6222 0001",
    "某某",
    "bank-a",
    "bank-abroad",
    "MT-77",
    "invoice 7",
    2000000,
)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_all_that_is_known_stands_in_it(language):
    text = request_abroad("case-9", TASK, ASKING, language=language)
    for words in (
        "case-9",
        "t1",
        "12345.67 CNY",
        "2026-03-02 07:30:00 Asia/Shanghai (2026-03-01T23:30:00Z)",
        "6222 0001",
        "某某",
        "bank-a",
        "MT-77",
        "bank-abroad",
        "invoice 7",
        "20000.00 CNY",
        "反诈中心",
        "+86 000",
        "2026-03-04T00:00:00Z",
    ):
        assert words in text, words
    assert "http" not in text
    assert text.endswith("\n")


def test_what_nobody_knows_has_no_line():
    text = request_abroad("case-9", TASK, Asking("Centre", "1"), language="en")
    for words in (
        "Number of the payment",
        "Reference",
        "From account",
        "To account",
        "In the name",
    ):
        assert words not in text
    assert "Out of a payment" not in text
    assert "None" not in text
    assert "serial_1" not in text, "an opaque id means nothing abroad"


def test_a_currency_without_decimals_has_none():
    text = request_abroad("c", replace(TASK, currency="JPY"), ASKING, language="en")
    assert "1234567 JPY" in text
