"""Words, money and account numbers as pictures and page show them, in Chinese and English. No other document's words."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Final, Literal

from recoup.money import format_minor

Language = Literal["zh", "en"]
LANGUAGES: Final = ("zh", "en")

SIGNS: Final = {
    "CNY": "¥",
    "CNH": "¥",
    "USD": "US$",
    "EUR": "€",
    "GBP": "£",
    "HKD": "HK$",
    "JPY": "JP¥",
}
"""Signs that nobody misreads; other currencies are written with their code."""

_NUMERALS: Final = "零一二三四五六七八九十"


@cache
def words() -> dict[str, list[str]]:
    """Return every phrase by key as [Chinese, English]."""
    text = resources.files("recoup.evidence.page").joinpath("assets/words.json").read_text("utf-8")
    loaded: dict[str, list[str]] = json.loads(text)
    return loaded


def say(key: str, language: str, **values: object) -> str:
    """Return the phrase `key` with `{name}` replaced; an unknown key is shown as it is (a kind of a later version)."""
    pair = words().get(key)
    if pair is None:
        return key.partition("_")[2] or key
    return pair[LANGUAGES.index(language)].format(**values)


def numeral(number: int, language: str) -> str:
    """Return a small number as a layer's name has it.

    >>> numeral(12, "zh"), numeral(12, "en")
    ('十二', '12')
    """
    if language != "zh" or number > 19 or number < 1:
        return str(number)
    return _NUMERALS[number] if number <= 10 else "十" + _NUMERALS[number - 10]


def money_text(minor: int, currency: str, digits: int) -> str:
    """Return an amount with its currency and thousands separators.

    >>> money_text(123456789, "CNY", 2), money_text(-5, "TRY", 0)
    ('¥1,234,567.89', '−TRY 5')
    """
    whole, point, fraction = format_minor(abs(minor), digits).partition(".")
    sign = "−" if minor < 0 else ""
    return f"{sign}{SIGNS.get(currency, currency + ' ')}{int(whole):,}{point}{fraction}"


def account_text(account: str) -> str:
    """Return a long all-digit account number in groups of four; others as they are.

    >>> account_text("6240187801759898"), account_text("wx-1")
    ('6240 1878 0175 9898', 'wx-1')
    """
    if len(account) < 12 or not (account.isascii() and account.isdigit()):
        return account
    return " ".join(account[i : i + 4] for i in range(0, len(account), 4))
