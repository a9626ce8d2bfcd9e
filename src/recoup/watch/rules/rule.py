"""Rules as data: what a rule is, when it is in force, who stands behind it, and what of it an approval binds. Reads no text.

A rule begins in **shadow**: it is worked out and counted, and nothing is done. It is **live** only where a second person
approved the very content that the first wrote: the approval names the digest of that content, so any change makes it stale.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Action(StrEnum):
    """What a rule that fires asks for."""

    WARN = "warn"
    DELAY = "delay"
    HOLD = "hold"
    REFUSE = "refuse"

    @property
    def stops_money(self) -> bool:
        """Whether the payment does not go on at once."""
        return self is not Action.WARN


class Mode(StrEnum):
    """Whether a rule only counts, or acts."""

    SHADOW = "shadow"
    LIVE = "live"


class Standing(StrEnum):
    """How sure a threshold is: its source was read, or it is ours."""

    KNOWN = "known"
    ASSUMED = "assumed"


@dataclass(frozen=True, slots=True)
class Threshold:
    """A figure of a rule by name, as text of the rule language, and where it comes from."""

    name: str
    value: str
    source: str
    standing: Standing


@dataclass(frozen=True, slots=True)
class Page:
    """What the documentation says of a rule."""

    title_en: str
    title_zh: str
    meaning_en: str
    meaning_zh: str
    data: str
    """Which data it needs, and from whom."""
    source: str
    innocent: tuple[str, ...]
    """What looks the same and is innocent."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule."""

    id: str
    version: int
    expression: str
    action: Action
    reason: str
    """Code that goes with a decision: an official one, or one of the institution's own."""
    author: str
    clock: str = ""
    """Time zone and night of its set: they decide what `hour` and `is_night` are."""
    currency: str = ""
    thresholds: tuple[Threshold, ...] = ()
    words: str = ""
    """The reason in words; must be given for a code that is not official."""
    effective_from: datetime | None = None
    effective_until: datetime | None = None
    budget: int = 0
    """Alerts a day that somebody can look at; 0: not stated."""
    mode: Mode = Mode.SHADOW
    approver: str = ""
    approved: str = ""
    """The digest that the approver saw."""
    page: Page | None = None

    @property
    def digest(self) -> str:
        """SHA-256 of all that decides what the rule does; not of mode, approval and page."""
        content = {
            "id": self.id,
            "version": self.version,
            "expression": self.expression,
            "currency": self.currency,
            "thresholds": [[t.name, t.value, t.source, t.standing] for t in self.thresholds],
            "action": self.action,
            "reason": self.reason,
            "words": self.words,
            "author": self.author,
            "clock": self.clock,
            "from": _instant(self.effective_from),
            "until": _instant(self.effective_until),
            "budget": self.budget,
        }
        return digest_of(content)

    def mode_at(self, at: datetime) -> Mode | None:
        """Return the rule's mode at an instant; None where it is not in force yet, or no longer."""
        begun = self.effective_from is None or self.effective_from <= at
        ended = self.effective_until is not None and self.effective_until <= at
        return self.mode if begun and not ended else None


@dataclass(frozen=True, slots=True)
class Snooze:
    """One rule says nothing of one account for a while, since two persons know why it fires."""

    rule: str
    account: str
    reason: str
    author: str
    approver: str
    begins_at: datetime
    ends_at: datetime

    def covers(self, at: datetime) -> bool:
        """Return whether it holds at an instant; its end is not within."""
        return self.begins_at <= at < self.ends_at


def digest_of(content: object) -> str:
    """Return the SHA-256 of a value of texts, numbers, lists and tables, keys sorted, as UTF-8."""
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _instant(at: datetime | None) -> str:
    return "" if at is None else str(round(at.timestamp() * 1_000_000))


__all__ = ["Action", "Mode", "Page", "Rule", "Snooze", "Standing", "Threshold", "digest_of"]
