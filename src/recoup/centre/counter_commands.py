"""What is asked of the counter. Whether it may be is settled before."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Seen(StrEnum):
    """By what the person at the counter knew for whom the code is."""

    IDENTITY_DOCUMENT = "identity_document"
    AUTHORITY = "authority"
    """A power of attorney, with the agent's own document."""


@dataclass(frozen=True, slots=True)
class IssueCode:
    """Give a victim a code for a claim."""

    case: str
    claim: str
    digest: str
    """Of the code, keyed."""
    seen: Seen
    by: str


@dataclass(frozen=True, slots=True)
class WriteToVictim:
    """Make a letter that says how a claim stands: whoever does it sees that."""

    case: str
    claim: str


@dataclass(frozen=True, slots=True)
class ShowClaim:
    """Somebody with a code asks how the claim stands."""

    digest: str


__all__ = ["IssueCode", "Seen", "ShowClaim", "WriteToVictim"]
