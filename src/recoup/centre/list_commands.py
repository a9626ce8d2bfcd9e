"""What is asked of the lists, and what a check leaves in the record. Whether it may be is settled before."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from recoup.cases.lists import Entry


class Side(StrEnum):
    """As what a subject is checked."""

    SUBJECT = "subject"
    PAYER = "payer"
    PAYEE = "payee"


@dataclass(frozen=True, slots=True)
class ListSubject:
    """List a suspect, or propose to list an involved subject."""

    entry: Entry


@dataclass(frozen=True, slots=True)
class AgreeToEntry:
    """Agree, as the second person, to an involved entry or to taking it off."""

    entry: str
    by: str
    digest: str


@dataclass(frozen=True, slots=True)
class WithdrawEntry:
    """Take an entry off, or ask another person to agree to that."""

    entry: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class PassEntryEnd:
    """The end of an entry has come."""

    entry: str


@dataclass(frozen=True, slots=True)
class Checked:
    """One subject of a check under its key; an account that the vault does not know under a keyed hash, which no list has."""

    side: Side
    key: str


@dataclass(frozen=True, slots=True)
class CheckLists:
    """Ask which lists have any of these subjects, for the request's case or for a payment of an institution's."""

    subjects: tuple[Checked, ...]
    payment: str = ""


@dataclass(frozen=True, slots=True)
class ListsChecked:
    """Somebody asked; what was found was told."""

    by: str
    case: str
    payment: str
    reason: str
    subjects: tuple[Checked, ...]
    found: tuple[str, ...]
    """Ids of the entries that were told."""


__all__ = [
    "AgreeToEntry",
    "CheckLists",
    "Checked",
    "ListSubject",
    "ListsChecked",
    "PassEntryEnd",
    "Side",
    "WithdrawEntry",
]
