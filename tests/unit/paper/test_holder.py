"""The notice to a holder says who holds how much, until when, by which papers, and how to object; it shows no whole number."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pypdf
import pytest

from recoup.paper.holder import WORDS, HeldMoney, notice_pdf

AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
TOLD = HeldMoney(
    "A440300-2026-0017",
    "某某",
    "6222020000111122223",
    "bank-8",
    "CNY",
    20_100,
    AT,
    AT + timedelta(hours=48),
    "反诈中心",
    ("紧急止付通知书", "立案决定书"),
    "0755-0000000",
    14_401,
)


def text_of(pdf: bytes) -> str:
    (page,) = pypdf.PdfReader(io.BytesIO(pdf)).pages
    return "".join(page.extract_text().split())


@pytest.mark.parametrize(("language", "within"), [("zh", "5小时"), ("en", "within5hours")])
def test_all_that_the_law_asks_for_stands_in_it(language: str, within: str) -> None:
    seen = text_of(notice_pdf(TOLD, AT, language=language))
    for words in (
        *("A440300-2026-0017", "某某", "bank-8", "201.00CNY", "反诈中心", "0755-0000000", "2223"),
        *("紧急止付通知书", "立案决定书", "2026-03-0217:30:00", "2026-03-0417:30:00", within),
    ):
        assert words in seen, words
    assert "6222" not in seen, "whoever finds the sheet has no number"


def test_what_is_not_known_has_no_line() -> None:
    told = replace(TOLD, name="", since=None, until=None, documents=())
    seen = text_of(notice_pdf(told, AT, language="en"))
    assert "To:theholderoftheaccount" in seen
    for words in ("Since", "Until", "Documents", "None"):
        assert words not in seen


def test_every_phrase_has_both_languages() -> None:
    for words in WORDS.values():
        assert len(words) == 2
        assert all(words)
