"""One record of the journal and its seal: the hash that ties it to all records before it. Not how it is stored.

The hash is SHA-256 over a fixed tag, numbers of fixed width and texts that carry their length, so that no two different records
give the same bytes to hash; docs/reference/journal.md gives the bytes one by one.
"""

from __future__ import annotations

import struct
from datetime import datetime
from hashlib import sha256
from typing import Final, NamedTuple

from recoup import limits
from recoup.clock import instant_of, microseconds_of

HASH_BYTES: Final = 32
NO_HASH: Final = bytes(HASH_BYTES)
"""What stands for the previous hash in the first record."""

_TAG: Final = b"recoup/journal/record/1\n"
_FIXED: Final = struct.Struct(">QqI32s")
_LENGTHS: Final = struct.Struct(">IIII")


class Record(NamedTuple):
    """One event as it stands in the journal."""

    sequence: int
    """From 1, without a gap."""
    at_us: int
    """Microseconds since 1970 in UTC; never less than in the record before."""
    command: str
    """Id of the command that made it; several records may share one."""
    subject: str
    """What it is about: an opaque id."""
    name: str
    version: int
    body: bytes
    """The event in its canonical form."""
    previous: bytes
    """Hash of the record before."""
    hash: bytes

    @property
    def at(self) -> datetime:
        """The instant in UTC."""
        return instant_of(self.at_us)


def hash_of(record: Record) -> bytes:
    """Return the hash that `record` should have; a field of a wrong kind raises, as `struct` and `str` do."""
    sequence, at_us, command, subject, name, version, body, previous, _ = record
    texts = (command.encode(), subject.encode(), name.encode(), body)
    return _hash_of(sequence, at_us, version, previous, texts)


def _hash_of(
    sequence: int, at_us: int, version: int, previous: bytes, texts: tuple[bytes, ...]
) -> bytes:
    """Return the hash over fixed numbers and texts with their lengths: command, subject, name, body."""
    if len(previous) != HASH_BYTES:  # struct would fill it up without a word
        raise ValueError(f"expected a hash of {HASH_BYTES} bytes, was {len(previous)}")
    return sha256(
        b"".join(
            (
                _TAG,
                _FIXED.pack(sequence, at_us, version, previous),
                _LENGTHS.pack(*map(len, texts)),
                *texts,
            )
        )
    ).digest()


def seal(
    previous: Record | None,
    *,
    at: datetime,
    command: str,
    subject: str,
    name: str,
    version: int,
    body: bytes,
) -> Record:
    """Return the record that comes after `previous` (None: the first one)."""
    at_us = microseconds_of(at)
    assert previous is None or at_us >= previous.at_us, "the journal's time never goes back"
    ids = (command.encode(), subject.encode(), name.encode())
    for text in ids:
        assert 0 < len(text) <= limits.TEXT_BYTES_MAX, "an id is empty or too long"
    assert len(body) <= limits.EVENT_BYTES_MAX, "an event is too long"
    sequence = 1 if previous is None else previous.sequence + 1
    before = NO_HASH if previous is None else previous.hash
    found = _hash_of(sequence, at_us, version, before, (*ids, body))
    return Record(sequence, at_us, command, subject, name, version, body, before, found)


__all__ = ["HASH_BYTES", "NO_HASH", "Record", "hash_of", "seal"]
