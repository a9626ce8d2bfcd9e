"""Lists of accounts, persons and devices that are involved or suspect: keyed hashes with provenance and an end. Pure.

A list says nothing in clear: who holds it without the key can neither read nor try it. Two persons put an entry on it and two
take it off; every entry ends by itself.
"""

from __future__ import annotations

import hmac
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from recoup.cases.refusals import Reason, Refusal
from recoup.cases.terms import CasePolicy


class Subject(StrEnum):
    """What is listed."""

    ACCOUNT = "account"
    PERSON = "person"
    DEVICE = "device"


class Level(StrEnum):
    """How sure it is, and so what follows: refuse, or verify and warn."""

    INVOLVED = "involved"
    SUSPECT = "suspect"


@dataclass(frozen=True, slots=True)
class Entry:
    """One listed subject."""

    key: str
    """Keyed hash (`hash_of`)."""
    subject: Subject
    level: Level
    source: str
    """Case or institution that it comes from."""
    added_by: str
    agreed_by: str
    added_at: datetime
    ends_at: datetime

    def stands(self, now: datetime) -> bool:
        """Whether it has not ended."""
        return self.added_at <= now < self.ends_at


@dataclass(frozen=True, slots=True)
class EntryAdded:
    """A subject was listed."""

    entry: Entry


@dataclass(frozen=True, slots=True)
class EntryEnded:
    """A subject was taken off before the end of its entry."""

    key: str
    source: str
    at: datetime
    persons: tuple[str, ...]


Listing = tuple[Entry, ...]


def hash_of(secret: bytes, subject: Subject, value: str) -> str:
    """Return the keyed hash of a number, name or device: the same however it was typed.

    >>> hash_of(b"k", Subject.ACCOUNT, "6222 0001") == hash_of(
    ...     b"k", Subject.ACCOUNT, "６２２２0001"
    ... )
    True
    """
    plain = "".join(unicodedata.normalize("NFKC", value).casefold().split())
    return hmac.new(secret, f"{subject}\n{plain}".encode(), "sha256").hexdigest()


def add_entry(
    listing: Listing, wanted: Entry, now: datetime, policy: CasePolicy
) -> tuple[EntryAdded, ...] | Refusal:
    """List a subject; the end is the policy's where none sooner is given."""
    if wanted.added_by == wanted.agreed_by:
        return Refusal(Reason.MAKER_DECIDES, wanted.added_by)
    if not wanted.source:
        return Refusal(Reason.REASON_MISSING, "an entry names where it comes from")
    known = (wanted.key, wanted.source, wanted.level)
    if any((row.key, row.source, row.level) == known and row.stands(now) for row in listing):
        return ()
    latest = now + timedelta(seconds=policy.listing_seconds)
    entry = replace(wanted, added_at=now, ends_at=min(wanted.ends_at, latest))
    return (EntryAdded(entry),)


def end_entry(
    listing: Listing, key: str, source: str, by: str, agreed_by: str, now: datetime
) -> tuple[EntryEnded, ...] | Refusal:
    """Take a subject off, by two persons."""
    if by == agreed_by:
        return Refusal(Reason.MAKER_DECIDES, by)
    if not any(row.key == key and row.source == source and row.stands(now) for row in listing):
        return ()
    return (EntryEnded(key, source, now, (by, agreed_by)),)


def evolve_listing(listing: Listing, event: EntryAdded | EntryEnded) -> Listing:
    """Return the list after `event`; ended entries stay, as history."""
    if isinstance(event, EntryAdded):
        return (*listing, event.entry)
    return tuple(
        replace(row, ends_at=event.at)
        if (row.key, row.source) == (event.key, event.source) and row.stands(event.at)
        else row
        for row in listing
    )


def check_listing(listing: Listing, keys: Iterable[str], now: datetime) -> tuple[Entry, ...]:
    """Return the standing entries of any of these keys, involved before suspect: one key, or a payer's and a payee's."""
    wanted = frozenset(keys)
    found = [row for row in listing if row.key in wanted and row.stands(now)]
    return tuple(sorted(found, key=lambda row: (row.level, row.key, row.source)))
