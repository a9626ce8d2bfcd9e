"""What was written to victims and issued as papers of a return: values, commands and events. No rule is here.

A letter itself is kept nowhere, nor is a paper: of a letter stand here what it told and how it was sent, of a paper its number
and the digest of what stands in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class SentBy(StrEnum):
    """How a letter went to the victim. A message has the letter's words, which have no link."""

    POST = "post"
    HANDED_OVER = "handed_over"
    MESSAGE = "message"
    READ_OUT = "read_out"
    """By telephone, to a number that the case has."""


@dataclass(frozen=True, slots=True)
class Sent:
    """The newest letter that was sent about a claim."""

    case: str
    claim: str
    stage: str
    """What it told."""
    number: str
    language: str
    how: SentBy
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Paper:
    """A document of a return as it was issued."""

    digest: str
    """SHA-256 of what stands in it; the paper bears it."""
    number: str
    """Its kind, running number and language; the paper bears that too."""
    amount: str
    """The sum that it is about, as it stands there; '' where it is about none or several."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A paper that the centre knows as its own."""

    paper: Paper
    of: str
    """The return."""
    case: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class NoteSent:
    """Say that a letter was sent to a victim, and how."""

    case: str
    claim: str
    stage: str
    number: str
    language: str
    how: SentBy
    by: str


@dataclass(frozen=True, slots=True)
class IssuePapers:
    """Make papers of a return known as the centre's own."""

    case: str
    """The one that leads the return."""
    return_id: str
    papers: tuple[Paper, ...]
    by: str


@dataclass(frozen=True, slots=True)
class LetterSent:
    """A person sent a victim a letter."""

    sent: Sent


@dataclass(frozen=True, slots=True)
class PapersIssued:
    """Papers of a return were issued; a later one of the same number takes the place of an earlier one."""

    issued: tuple[Issued, ...]


Command = NoteSent | IssuePapers
Event = LetterSent | PapersIssued

__all__ = [
    "Command",
    "Event",
    "IssuePapers",
    "Issued",
    "LetterSent",
    "NoteSent",
    "Paper",
    "PapersIssued",
    "Sent",
    "SentBy",
]
