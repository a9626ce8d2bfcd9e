"""Codes of the counter as values and events. No rule is here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Code:
    """A code that opens one claim to whoever has it."""

    digest: str
    """A keyed digest of case number and code; the code itself is kept nowhere."""
    case: str
    claim: str
    seen: str
    """By what the person at the counter knew for whom it is."""
    by: str
    ends_at: datetime
    uses_left: int


@dataclass(frozen=True, slots=True)
class CodeIssued:
    """A person gave a victim a code; the claim's code before it ends."""

    code: Code


@dataclass(frozen=True, slots=True)
class CodeUsed:
    """Somebody looked with it."""

    digest: str


__all__ = ["Code", "CodeIssued", "CodeUsed"]
