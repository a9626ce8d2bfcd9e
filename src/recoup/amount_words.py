"""Amounts in words, as cheques and legal papers have them: Chinese capitals (大写) and English. Knows no currency's digits.

The Chinese way follows the rules for filling in bills and settlement vouchers. Where these leave a choice, no 零 is written
for a zero that only closes a group of four, and 整 stands after 角 too, so that nothing can be added behind it.
"""

from __future__ import annotations

from typing import Final

_DIGITS: Final = "零壹贰叁肆伍陆柒捌玖"
_PLACES: Final = ("仟", "佰", "拾", "")
_TEN_THOUSAND: Final = 10**4
_HUNDRED_MILLION: Final = 10**8

_SMALL: Final = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen"
    " nineteen"
).split()
_TENS: Final = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_THOUSANDS: Final = (
    "",
    " thousand",
    " million",
    " billion",
    " trillion",
    " quadrillion",
    " quintillion",
)


def chinese_words(minor: int, currency: str, digits: int) -> str:
    """Return an amount of at least zero in Chinese capitals; yuan with 角 and 分, any other currency with 点 and its digits.

    >>> chinese_words(140950, "CNY", 2)
    '人民币壹仟肆佰零玖元伍角整'
    """
    _check(minor, digits)
    whole, part = divmod(minor, 10**digits)
    if currency == "CNY" and digits == 2:
        return "人民币" + _yuan(whole, *divmod(part, 10))
    fraction = "".join(_DIGITS[int(sign)] for sign in f"{part:0{digits}d}") if part else ""
    return f"{currency} {_whole(whole)}" + (f"点{fraction}" if fraction else "整")


def english_words(minor: int, currency: str, digits: int) -> str:
    """Return an amount of at least zero in English, its fraction as a cheque has it.

    >>> english_words(140950, "CNY", 2)
    'CNY one thousand four hundred nine and 50/100'
    """
    _check(minor, digits)
    whole, part = divmod(minor, 10**digits)
    end = f" and {part:0{digits}d}/{10**digits}" if part else " only"
    return f"{currency} {_english(whole)}{end}"


def _check(minor: int, digits: int) -> None:
    if minor < 0 or digits < 0:
        raise ValueError("expected an amount and a number of decimals of at least zero")


def _yuan(whole: int, tenths: int, hundredths: int) -> str:
    """Return yuan, 角 and 分: 零 where the 角 between the two is missing, 整 unless there are 分."""
    words = f"{_whole(whole)}元" if whole or not (tenths or hundredths) else ""
    if tenths:
        words += f"{_DIGITS[tenths]}角"
    elif hundredths and words:
        words += "零"
    return words + (f"{_DIGITS[hundredths]}分" if hundredths else "整")


def _whole(number: int) -> str:
    """Return a whole number in capitals: groups of four under 万 and 亿, one 零 for what is missing between two digits."""
    if number < _TEN_THOUSAND:
        return _group(number) or _DIGITS[0]
    bound, unit = (_TEN_THOUSAND, "万") if number < _HUNDRED_MILLION else (_HUNDRED_MILLION, "亿")
    high, low = divmod(number, bound)
    words = f"{_whole(high)}{unit}"
    if not low:
        return words
    return words + (_DIGITS[0] if low < bound // 10 else "") + _whole(low)


def _group(number: int) -> str:
    """Return a number below ten thousand; nothing for zero."""
    words, is_gap = "", False
    for sign, place in zip(f"{number:04d}", _PLACES, strict=True):
        if sign == "0":
            is_gap = bool(words)
            continue
        words += (_DIGITS[0] if is_gap else "") + _DIGITS[int(sign)] + place
        is_gap = False
    return words


def _english(number: int) -> str:
    if number == 0:
        return _SMALL[0]
    parts: list[str] = []
    for unit in _THOUSANDS:
        number, group = divmod(number, 1000)
        if group:
            parts.append(_below_thousand(group) + unit)
    assert number == 0, "larger than any amount of 64 bits"
    return " ".join(reversed(parts))


def _below_thousand(number: int) -> str:
    hundreds, rest = divmod(number, 100)
    words = [f"{_SMALL[hundreds]} hundred"] if hundreds else []
    if rest >= 20:
        tens, ones = divmod(rest, 10)
        words.append(_TENS[tens - 2] + (f"-{_SMALL[ones]}" if ones else ""))
    elif rest:
        words.append(_SMALL[rest])
    return " ".join(words)


__all__ = ["chinese_words", "english_words"]
