"""Words that files use (`vocabulary.toml`), ready for look-up, and the form in which headers are compared. Reads no input."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable
from importlib.resources import files
from typing import Any, Final

_DATA: Final[dict[str, Any]] = tomllib.loads(
    files("recoup.reading").joinpath("vocabulary.toml").read_text("utf-8")
)

HEADERS: Final[dict[str, list[str]]] = _DATA["headers"]
"""Field to the headers it is known by; their order is the order of preference."""

TRANSFER_FIELDS: Final = ("time", "amount", "payer", "payee", "account", "direction")
"""What is looked for in a table of transfers, be it a ledger or a statement."""

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
_SEEN_CHARS_MAX: Final = 90  # of the headers in a message; what was looked for needs the rest
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


def seen_and_sought(headers: Iterable[str], fields: Iterable[str]) -> str:
    """Return, for a message, the headers of a table and some of those by which `fields` would have been known.

    >>> seen_and_sought(["ref", "betrag"], ["clock"])
    'headers ref, betrag; looked for clock, timeofday, 交易时刻, 时刻'
    """
    seen = ", ".join(header for header in headers if header.strip())
    if len(seen) > _SEEN_CHARS_MAX:
        seen = seen[: _SEEN_CHARS_MAX - 3] + "..."
    wanted = list(fields)
    sought = "; ".join(_some_of(field, 2 if len(wanted) <= 3 else 1) for field in wanted)
    return f"headers {seen}; looked for {sought}" if sought else f"headers {seen}"


def _some_of(field: str, count: int) -> str:
    names = HEADERS.get(field, [field])
    latin = [name for name in names if name.isascii()]
    other = [name for name in names if not name.isascii()]
    return ", ".join([*latin[:count], *other[:count]])


FIELD_OF: Final[dict[str, tuple[str, int]]] = {
    normal_header(name): (field, rank)
    for field, names in reversed(HEADERS.items())
    for rank, name in enumerate(names)
}
"""Normal header to (field, preference); a name listed twice belongs to the field listed first."""

CLAIM_HEADERS: Final[dict[str, str]] = {
    **dict.fromkeys(
        ("claim", "claimid", "claimno", "案件编号", "报案编号", "主张编号", "编号"), "claim"
    ),
    **dict.fromkeys(
        ("victim", "victimname", "victimid", "受害人", "被害人", "报案人", "受害人姓名"), "victim"
    ),
    **dict.fromkeys(
        (
            "transfer",
            "transferid",
            "disputedtransfer",
            "交易流水号",
            "流水号",
            "交易单号",
            "transactionid",
            "txid",
        ),
        "transfer",
    ),
    **dict.fromkeys(("reportedat", "报案时间", "举报时间"), "reported_at"),
    **dict.fromkeys(("admitted", "已认定"), "admitted"),
}
"""Normal header to field of claims, beside the fields that every table knows."""

DECLARED_HEADERS: Final[dict[str, str]] = {
    "until": "until",
    "释放时间": "until",
    "到期时间": "until",
    "evidence": "evidence",
    "证据": "evidence",
    "grade": "grade",
    "等级": "grade",
    "author": "author",
    "作者": "author",
    "openingbalance": "balance",
    "opening": "balance",
}
"""The same for accounts, openings, holds and links."""
