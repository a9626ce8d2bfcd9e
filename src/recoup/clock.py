"""Instants: the port that gives them, and their one text and number form. Pure rooms take `now` as an argument instead.

An instant is an aware `datetime` in UTC with microseconds. In records it is a whole number of microseconds since 1970, in
events the text `2026-01-05T10:00:00.000000Z`: each instant has exactly one of both.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final, Protocol

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_KEPT_MAX: Final = 8192
"""Instants whose text is kept, and texts whose instant is."""
_MICROSECOND: Final = timedelta(microseconds=1)
_TEXT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII)


class Clock(Protocol):
    """Says what time it is. May jump either way; the journal's own time is the later of this and the last record's."""

    def now(self) -> datetime:
        """Return an aware instant in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the machine's time in UTC."""
        return datetime.now(UTC)


class HandClock:
    """A clock that is moved by hand, for tests and rehearsals: time passes when they say so."""

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        """Return the time it was set to."""
        return self._now

    def move(self, by: timedelta) -> None:
        """Move the hands; a negative `by` is a clock set back."""
        self._now += by


def microseconds_of(at: datetime) -> int:
    """Return whole microseconds since 1970; exact, no float on the way.

    >>> microseconds_of(datetime(1970, 1, 1, 0, 0, 1, 5, tzinfo=UTC))
    1000005
    """
    return (at - EPOCH) // _MICROSECOND


def instant_of(microseconds: int) -> datetime:
    """Return the instant of whole microseconds since 1970."""
    return EPOCH + timedelta(microseconds=microseconds)


def instant_text(at: datetime) -> str:
    """Return RFC 3339 in UTC with six digits, whatever zone `at` is in; a naive `at` raises `ValueError`.

    >>> instant_text(datetime(2026, 1, 5, 10, tzinfo=UTC))
    '2026-01-05T10:00:00.000000Z'
    """
    if at.tzinfo is None:
        raise ValueError("expected an aware instant, was a naive one")
    return _text_of(at)


@lru_cache(maxsize=_KEPT_MAX)
def _text_of(at: datetime) -> str:
    """Return the text of an aware instant; one case's instants are written again and again."""
    there = at if at.tzinfo is UTC else at.astimezone(UTC)
    return there.isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def parse_instant(text: str) -> datetime:
    """Return the instant of its one text form; any other form raises `ValueError`."""
    return _told(text)


@lru_cache(maxsize=_KEPT_MAX)
def _told(text: str) -> datetime:
    if not _TEXT.fullmatch(text):
        raise ValueError(f"expected an instant as 2026-01-05T10:00:00.000000Z, was {text!r}")
    return datetime.fromisoformat(text)


__all__ = [
    "EPOCH",
    "Clock",
    "HandClock",
    "SystemClock",
    "instant_of",
    "instant_text",
    "microseconds_of",
    "parse_instant",
]
