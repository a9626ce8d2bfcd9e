"""Assumptions in Chinese: the engine states them as English sentences, this module knows their forms. Others stay English."""

from __future__ import annotations

import json
import re
from functools import cache
from importlib import resources


@cache
def _forms() -> list[tuple[re.Pattern[str], str]]:
    """The forms of sentences, as patterns with named parts, and their Chinese."""
    asset = resources.files("recoup.evidence.page").joinpath("assets/assumptions.json")
    pairs = json.loads(asset.read_text("utf-8"))
    return [(re.compile(form), chinese) for form, chinese in pairs]


def in_language(sentence: str, language: str) -> str:
    """Return an assumption in the report's language.

    >>> in_language(
    ...     "Claim C1 disputes a transfer before the since time and was not followed.", "zh"
    ... )
    '涉案款项 C1 的涉案转账早于追踪起始时间，未予追踪。'
    """
    if language != "zh":
        return sentence
    for form, chinese in _forms():
        if match := form.fullmatch(sentence):
            return chinese.format(**match.groupdict())
    return sentence
