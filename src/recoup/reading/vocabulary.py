"""Words that files use (`vocabulary.toml`), ready for look-up, and the form in which headers are compared. Reads no input."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from importlib.resources import files
from typing import Any, Final

_DATA: Final[dict[str, Any]] = tomllib.loads(
    files("recoup.reading").joinpath("vocabulary.toml").read_text("utf-8")
)

HEADERS: Final[dict[str, list[str]]] = _DATA["headers"]
"""Field to the headers it is known by; their order is the order of preference."""

TITLE_FACTS: Final[dict[str, list[str]]] = _DATA["titles"]
DEBIT: Final = frozenset(_DATA["directions"]["debit"])
CREDIT: Final = frozenset(_DATA["directions"]["credit"])
SUCCEEDED: Final = frozenset(_DATA["statuses"]["ok"])
FAILED: Final = frozenset(_DATA["statuses"]["failed"])
NONE_WORDS: Final[tuple[str, ...]] = tuple(_DATA["none"])
CURRENCIES: Final[dict[str, str]] = {
    word: code for code, words in _DATA["currencies"].items() for word in words
}
KIND_WORDS: Final[dict[str, str]] = {
    word: kind for kind, words in _DATA["kinds"].items() for word in words
}
NOTE_WORDS: Final[tuple[tuple[str, str], ...]] = tuple(
    (note["part"], note["kind"]) for note in _DATA["notes"]
)

TOTAL_ROWS: Final = re.compile(
    r"合计|总计|小计|总额|共\d+笔|本页|第\d+页|打印|以下空白|承前页|过次页|说明|特别提示|证明"
    r"|^total|^page |^-{3,}|^={3,}|^#",
    re.IGNORECASE,
)
"""First words of rows below or between a table's rows that are no rows of it."""

_DROPPED: Final = re.compile(r"[\s_\-:：*#\ufeff'\"`]+")
_UNIT: Final = re.compile(r"[(\[【](.*?)[)\]】]")
_ISO: Final = re.compile(r"[A-Z]{3}")
_MINOR_UNITS: Final = frozenset({"分", "cents", "fen", "minor"})


def normal_header(header: str) -> str:
    """Return the form in which header names are compared.

    Width-folded, lower case, without spaces, underscores, hyphens and a unit in brackets.

    >>> normal_header(" 交易金额（元） "), normal_header("Payer_Account")
    ('交易金额', 'payeraccount')
    """
    folded = unicodedata.normalize("NFKC", header).lower()
    return _DROPPED.sub("", _UNIT.sub("", folded))


def is_minor_header(header: str) -> bool:
    """Return whether a header says that its amounts are in minor units, e.g. `交易金额(分)`."""
    folded = unicodedata.normalize("NFKC", header).lower()
    return any(unit.strip() in _MINOR_UNITS for unit in _UNIT.findall(folded))


def unit_currency(header: str) -> str:
    """Return the currency word that a header's unit says, '' if none.

    >>> unit_currency("交易金额(分)"), unit_currency("Amount (USD)"), unit_currency("金额")
    ('CNY', 'USD', '')
    """
    for unit in _UNIT.findall(unicodedata.normalize("NFKC", header)):
        word = str(unit).strip()
        if word in {"分", "fen"}:
            return "CNY"
        if word.lower() in CURRENCIES or _ISO.fullmatch(word):
            return CURRENCIES.get(word.lower(), word.upper())
    return ""


FIELD_OF: Final[dict[str, tuple[str, int]]] = {
    normal_header(name): (field, rank)
    for field, names in reversed(HEADERS.items())
    for rank, name in enumerate(names)
}
"""Normal header to (field, preference); a name listed twice belongs to the field listed first."""
