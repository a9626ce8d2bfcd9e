"""The words of a rule's text, each with its place. Knows no grammar: `parse` does, and no meaning: `check` does."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final, NamedTuple

from recoup.watch.rules.limits import RULE_CHARS_MAX
from recoup.watch.rules.problem import Place, Unreadable, shown

KEYWORDS: Final = frozenset({"and", "or", "not", "in", "between", "true", "false"})
"""Words that no feature, fact or threshold may be named."""


class Word(StrEnum):
    """What kind of word a token is."""

    NUMBER = "a number"
    DURATION = "a duration"
    TEXT = "a text in quotes"
    NAME = "a name"
    CODE = "a currency"
    KEYWORD = "a keyword"
    SIGN = "a sign"
    END = "the end"


class Token(NamedTuple):
    """One word of the text."""

    word: Word
    text: str
    place: Place


# No two alternatives of one pattern begin alike, and none repeats a repetition: matching takes time linear in the text.
_NUMBER: Final = r"[0-9][0-9_]*(?:\.[0-9]+)?"
_DURATION: Final = r"(?:[0-9]+[dhms])+(?![0-9A-Za-z_])"
_PATTERN: Final = re.compile(
    rf"""(?P<space>[ \t\r]+|\#[^\n]*)
    |(?P<line>\n)
    |(?P<duration>{_DURATION})
    |(?P<number>{_NUMBER})
    |(?P<text>"[^"\n]*")
    |(?P<name>[a-z_][a-z0-9_]*)
    |(?P<code>[A-Z][A-Z0-9]*)
    |(?P<sign><=|>=|==|!=|[-+*/%<>(),])""",
    re.VERBOSE | re.ASCII,
)
_KINDS: Final = {
    "duration": Word.DURATION,
    "number": Word.NUMBER,
    "text": Word.TEXT,
    "code": Word.CODE,
    "sign": Word.SIGN,
}


def tokens(text: str) -> list[Token]:
    """Return the words of `text`, the end included; raise `Unreadable` at the first sign that belongs to none."""
    if len(text) > RULE_CHARS_MAX:
        found = f"expected at most {RULE_CHARS_MAX} characters, found {len(text)}"
        raise Unreadable(Place(1, 1), "too_long", found)
    found_words: list[Token] = []
    at, line, line_start = 0, 1, 0
    while at < len(text):
        place = Place(line, at - line_start + 1)
        match = _PATTERN.match(text, at)
        if match is None:
            raise _strange(text[at], place)
        kind, word = str(match.lastgroup), match.group()
        at = match.end()
        if kind == "line":
            line, line_start = line + 1, at
        elif kind == "name":
            found_words.append(Token(Word.KEYWORD if word in KEYWORDS else Word.NAME, word, place))
        elif kind != "space":
            found_words.append(Token(_KINDS[kind], word, place))
    found_words.append(Token(Word.END, "", Place(line, at - line_start + 1)))
    return found_words


def _strange(sign: str, place: Place) -> Unreadable:
    """Return what is said of a sign that begins no word."""
    if sign == '"':
        return Unreadable(place, "text_unfinished", 'expected a closing " on the same line')
    if sign == "=":
        return Unreadable(place, "sign_unknown", "expected == for a comparison, found '='")
    if sign == "!":
        return Unreadable(place, "sign_unknown", "expected != or the word not, found '!'")
    return Unreadable(
        place, "sign_unknown", f"expected a name, a figure or an operator, found {shown(sign)}"
    )


__all__ = ["KEYWORDS", "Token", "Word", "tokens"]
