"""Amounts in words against slow twins that work another way, and against the printed examples of the rules."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from recoup.amount_words import chinese_words, english_words
from recoup.money import INT64_MAX

# The examples of the rules for filling in bills and vouchers; where they allow two forms, ours is one of them.
PRINTED = {
    140950: {"人民币壹仟肆佰零玖元伍角", "人民币壹仟肆佰零玖元伍角整"},
    600714: {"人民币陆仟零柒元壹角肆分"},
    168032: {"人民币壹仟陆佰捌拾元零叁角贰分", "人民币壹仟陆佰捌拾元叁角贰分"},
    10700053: {"人民币壹拾万柒仟元零伍角叁分", "人民币壹拾万零柒仟元伍角叁分", "人民币壹拾万柒仟元伍角叁分"},
    1640902: {"人民币壹万陆仟肆佰零玖元零贰分"},
    32504: {"人民币叁佰贰拾伍元零肆分"},
}  # fmt: skip
EDGES = {
    0: "人民币零元整",
    5: "人民币伍分",
    50: "人民币伍角整",
    1000: "人民币壹拾元整",
    1005: "人民币壹拾元零伍分",
    1_0000_0001_01: "人民币壹亿零壹元零壹分",
    1_0000_00: "人民币壹万元整",
    10_0500_00: "人民币壹拾万零伍佰元整",
    1_0000_0001_00: "人民币壹亿零壹元整",
    1_0000_5000_00: "人民币壹亿零伍仟元整",
    1_0000_0000_0000_00: "人民币壹万亿元整",
}


@pytest.mark.parametrize("fen", PRINTED)
def test_the_printed_examples_come_out(fen: int) -> None:
    assert chinese_words(fen, "CNY", 2) in PRINTED[fen]


@pytest.mark.parametrize(("fen", "words"), EDGES.items())
def test_edges_of_chinese(fen: int, words: str) -> None:
    assert chinese_words(fen, "CNY", 2) == words


def slow_chinese(fen: int) -> str:
    """Every digit with its place, zeros too, then the zeros struck out by rules on the text."""
    yuan, jiao, last = str(fen // 100), fen // 10 % 10, fen % 10
    places = ["", "拾", "佰", "仟"]
    text = ""
    for left, sign in zip(range(len(yuan) - 1, -1, -1), yuan, strict=True):
        text += "零壹贰叁肆伍陆柒捌玖"[int(sign)] + places[left % 4]
        text += "亿" if left and left % 8 == 0 else "万" if left % 8 == 4 else ""
    text = re.sub("零[仟佰拾]", "零", text)
    # A group of nothing but zeros says neither digit nor unit, and leaves one zero before what follows.
    text = re.sub("(?<=亿)零{4}万", "零", text)
    for _ in range(20):
        text = re.sub("零{2,}", "零", text)
        text = re.sub("零(?=[万亿])", "", text)
    text = re.sub("零$", "", text)
    small = "零壹贰叁肆伍陆柒捌玖"
    if not fen:
        return "零元整"
    text = text + "元" if text else ""
    text += small[jiao] + "角" if jiao else "零" if last and text else ""
    return text + (small[last] + "分" if last else "整")


@settings(max_examples=1_500)
@given(st.one_of(st.integers(0, 10**7), st.integers(0, INT64_MAX), st.integers(0, 10**6).map(lambda n: n * 10**5)))  # fmt: skip
@example(INT64_MAX)
@example(10**16)
def test_chinese_is_what_the_slow_way_gives_and_reads_back(fen: int) -> None:
    words = chinese_words(fen, "CNY", 2).removeprefix("人民币")
    assert fen == read_chinese(words)
    assert "零零" not in words
    assert not re.search("零[拾佰仟万亿]", words)
    assert words.endswith(("整", "分"))
    if fen < 10**18:  # above, 亿 stands twice, which the slow way does not know
        assert slow_chinese(fen) == words


def read_chinese(words: str) -> int:
    """The amount that Chinese words say, by adding up places."""
    yuan, _, rest = words.rpartition("元")
    fen = 100 * whole(yuan)
    for sign, unit in re.findall("([壹贰叁肆伍陆柒捌玖])([角分])", rest):
        fen += "零壹贰叁肆伍陆柒捌玖".index(sign) * (10 if unit == "角" else 1)
    return fen


def whole(words: str) -> int:
    for unit, worth in (("亿", 10**8), ("万", 10**4)):
        high, found, low = words.rpartition(unit)
        if found:
            return whole(high) * worth + whole(low)
    total = 0
    for sign, place in re.findall("([壹贰叁肆伍陆柒捌玖])([仟佰拾]?)", words):
        worth = {"仟": 1000, "佰": 100, "拾": 10, "": 1}[place]
        total += "零壹贰叁肆伍陆柒捌玖".index(sign) * worth
    return total


def read_english(words: str) -> tuple[str, int]:
    """Currency and minor units that English words say, word by word."""
    ones = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen".split()
    worth = {word: n for n, word in enumerate([*ones, "seventeen", "eighteen", "nineteen"])}
    tens = "twenty thirty forty fifty sixty seventy eighty ninety".split()
    worth |= {word: 10 * n for n, word in enumerate(tens, start=2)}
    big = "thousand million billion trillion quadrillion quintillion".split()
    total = group = cents = 0
    currency, *rest = words.replace("-", " ").split()
    for word in rest:
        if word == "hundred":
            group *= 100
        elif word in big:
            total, group = total + group * 1000 ** (big.index(word) + 1), 0
        elif "/" in word:
            cents = int(word.partition("/")[0])
        elif word not in {"and", "only"}:
            group += worth[word]
    return currency, 100 * (total + group) + cents


@settings(max_examples=500)
@given(st.one_of(st.integers(0, 10**6), st.integers(0, INT64_MAX)))
@example(INT64_MAX)
def test_english_reads_back(minor: int) -> None:
    assert ("EUR", minor) == read_english(english_words(minor, "EUR", 2))


def test_currencies_with_other_digits() -> None:
    assert english_words(1200, "JPY", 0) == "JPY one thousand two hundred only"
    assert english_words(1200, "BHD", 3) == "BHD one and 200/1000"
    assert chinese_words(1200, "JPY", 0) == "JPY 壹仟贰佰整"
    assert chinese_words(1205, "BHD", 3) == "BHD 壹点贰零伍"


def test_a_negative_amount_has_no_words() -> None:
    with pytest.raises(ValueError, match="at least zero"):
        chinese_words(-1, "CNY", 2)
