"""A letter to a victim as PDF: the words of the letter's text in the same order, set for paper. No name, no sum, no link."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Final

from recoup.paper.printing import printed
from recoup.paper.victim_words import WORDS, Stage, letter_parts, told
from recoup.paper.words import Language

_SEAL: Final = ("单位（盖章）", "Seal of the unit")


def letter_pdf(
    language: Language,
    stage: Stage,
    on: date,
    *,
    case: str,
    number: str,
    check: str,
    authority: str = "",
    phone: str = "",
) -> bytes:
    """Return the letter of a stage as PDF/A-2b; same letter and day, same bytes."""
    parts = letter_parts(
        language, stage, case=case, number=number, check=check, authority=authority, phone=phone
    )
    title = told(WORDS["letter_title"], language)
    content = {
        "title": title,
        "author": authority or title,
        "lang": language,
        "rows": parts.heads,
        "hello": parts.hello,
        "words": parts.words,
        "careful": parts.careful,
        "ask": parts.ask,
        "seal": told(_SEAL, language),
        "on": on.isoformat(),
        "footer": f"{title} · {number}",
    }
    return printed("letter.typ", content, datetime.combine(on, time(), UTC))


__all__ = ["letter_pdf"]
