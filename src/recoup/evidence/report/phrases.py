"""Sentences of the report in Chinese and English, kept in `assets/sentences.json` as [Chinese, English] by key.

Terms are those of docs/GLOSSARY.md. What is said of the rules' sources, and how sure of it we are, is what docs/LAW.md says:
[clayton 1816], [re-hallett 1880], [roscoe 1915], [barlow-clowes 1991], [return-rules art. 7], [return-rules art. 8].
"""

from __future__ import annotations

import json
from functools import cache
from importlib import resources

from recoup.evidence.texts import phrase
from recoup.evidence.wording import LANGUAGES


@cache
def sentences() -> dict[str, list[str]]:
    """Return every sentence by key as [Chinese, English]."""
    asset = resources.files("recoup.evidence.report").joinpath("assets/sentences.json")
    loaded: dict[str, list[str]] = json.loads(asset.read_text("utf-8"))
    return loaded


def sentence(key: str, language: str, **values: object) -> str:
    """Return a sentence of the report, else a word that documents or pictures share, with `{name}` replaced.

    >>> sentence("title", "en")
    'Report on the trail of the money'
    """
    pair = sentences().get(key)
    if pair is None:
        return phrase(key, language, **values)
    return pair[LANGUAGES.index(language)].format(**values)
