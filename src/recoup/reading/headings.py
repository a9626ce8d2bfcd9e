"""Finds the header row of a table among title rows, and what the title rows say. Works on rows of text cells only."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from recoup.reading.options import ColumnMap
from recoup.reading.vocabulary import FIELD_OF, TITLE_FACTS, normal_header

ROWS_SEARCHED_MAX: Final = 100
"""Rows in which a header is looked for."""

_WALLETS: Final = (
    "支付宝",
    "微信支付",
    "财付通",
)  # their exports name no currency; they hold yuan only
_FACT_OF: Final = {
    normal_header(word): fact for fact, words in TITLE_FACTS.items() for word in words
}
_PAIR: Final = re.compile(
    r"([\w/][\w/ ]{0,30}?)\s*[:：]\s*\[?(\d[\d ]{8,30}\d(?!\S)|[^\s,，;；:：\]]+)\]?"
)
_PARTY_FIELDS: Final = frozenset(
    {"account", "card", "account_name", "account_institution", "currency"}
)


def header_index(
    rows: Sequence[Sequence[str]], column_map: ColumnMap, known: frozenset[str] = frozenset()
) -> int | None:
    """Return the index of the row that reads most like a header; None if no row has a known name.

    A map that names the header row (as a spreadsheet counts) decides alone.
    """
    return header_found(rows, column_map, known)[0]


def header_found(
    rows: Sequence[Sequence[str]], column_map: ColumnMap, known: frozenset[str] = frozenset()
) -> tuple[int | None, int]:
    """Return `header_index`, and how many names of that row are known (those of the map count more)."""
    if column_map.header_row:
        index = column_map.header_row - 1
        if index >= len(rows):
            return None, 0
        return index, _score(rows[index], set(column_map.columns.values()), known)
    wanted = set(column_map.columns.values())
    best, best_score = None, 0
    for index, row in enumerate(rows[:ROWS_SEARCHED_MAX]):
        score = _score(row, wanted, known)
        if score > best_score:
            best, best_score = index, score
    return best, best_score


def _score(row: Sequence[str], wanted: set[str], known: frozenset[str]) -> int:
    names = [normal_header(cell) for cell in row]
    fields = {FIELD_OF[name][0] for name in names if name in FIELD_OF} | {
        name for name in names if name in known
    }
    mapped = sum(cell.strip() in wanted for cell in row)
    return len(fields) + 2 * mapped


def title_facts(rows: Sequence[Sequence[str]]) -> dict[str, str]:
    """Return what rows above a header say about the account: `账号：622...`, or a word and its value in neighbouring cells."""
    facts: dict[str, str] = {}
    for row in rows:
        cells = [cell.strip() for cell in row]
        for cell in cells:
            for word, value in _PAIR.findall(cell):
                _keep(facts, word, value)
        for cell, following in pairwise(cells):
            if following and not _PAIR.search(following):
                _keep(facts, cell, following)
        if any(wallet in cell for cell in cells for wallet in _WALLETS):
            facts.setdefault("currency", "CNY")
    return facts


def _keep(facts: dict[str, str], word: str, value: str) -> None:
    last = word.rsplit(maxsplit=1)[-1] if word.split() else ""
    fact = _FACT_OF.get(normal_header(word)) or _FACT_OF.get(normal_header(last))
    if fact and normal_header(value) not in _FACT_OF:
        facts.setdefault(fact, "".join(value.split()) if fact in {"account", "card"} else value)
