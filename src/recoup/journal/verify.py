"""Recomputes a journal and names the first record that is wrong and how. Reads no file: it is given records and checkpoints.

What is found, and by what:

    edited       a record's hash is not that of its fields, or not the one that the next record follows
    deleted      sequence numbers jump forward
    inserted     a sequence number comes twice
    reordered    a sequence number lies behind
    malformed    a field of a wrong kind, a time that goes back, or a body that is not canonical
    cut_tail     the journal's own checkpoint counts more records than there are
    rolled_back  so does a checkpoint that a witness holds, while the journal's own do not
    fork         the chain is whole, but its root is not the one that a checkpoint has for that size
    swapped_checkpoint  the journal's own checkpoint is not signed, or differs from what the records and the witnesses say

Who owns the disk can make the chain anew; only checkpoints that others hold show that. What came after the last one is not
shown.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from recoup.errors import EventFault
from recoup.journal.canonical import decode_plain
from recoup.journal.checkpoint import Checkpoint
from recoup.journal.events import Registry
from recoup.journal.record import NO_HASH, Record, hash_of
from recoup.journal.tree import Frontier


class Tampering(StrEnum):
    """What is wrong, as a word."""

    EDITED = "edited"
    DELETED = "deleted"
    INSERTED = "inserted"
    REORDERED = "reordered"
    MALFORMED = "malformed"
    CUT_TAIL = "cut_tail"
    ROLLED_BACK = "rolled_back"
    FORK = "fork"
    SWAPPED_CHECKPOINT = "swapped_checkpoint"


@dataclass(frozen=True, slots=True)
class Wrong:
    """The first thing that is wrong."""

    kind: Tampering
    sequence: int
    """The first wrong record; for a fork the first one that is no longer vouched for."""
    what: str
    """A sentence: what was expected and what was found."""


@dataclass(frozen=True, slots=True)
class Verified:
    """All of it holds."""

    records: int
    root: bytes
    vouched: int
    """Up to here witnesses hold checkpoints that agree."""


@dataclass(frozen=True, slots=True)
class OwnCheckpoint:
    """A checkpoint that the journal itself keeps; None where its note does not read or is not signed."""

    size: int
    checkpoint: Checkpoint | None


def verify(
    records: Iterable[Record],
    own: Sequence[OwnCheckpoint] = (),
    held: Sequence[Checkpoint] = (),
    registry: Registry | None = None,
) -> Verified | Wrong:
    """Recompute the chain and the tree; compare with the journal's `own` checkpoints and those that witnesses `held`.

    With a `registry`, each body must also be an event that it knows, in its one form.
    """
    wanted = {x.size for x in own} | {x.size for x in held}
    frontier, roots, last = Frontier(), {0: Frontier().root()}, None
    for record in records:
        wrong = wrong_seal(last, record) or _wrong_body(record, registry)
        if wrong:
            return wrong
        frontier.append(record.hash)
        if frontier.size in wanted:
            roots[frontier.size] = frontier.root()
        last = record
    return _wrong_checkpoints(frontier.size, roots, own, held) or Verified(
        frontier.size,
        frontier.root(),
        max((x.size for x in held), default=0),
    )


def wrong_seal(last: Record | None, record: Record) -> Wrong | None:
    """Return what is wrong with `record` as the one after `last`: its place, its hash, its time. Not its body's form."""
    expected = 1 if last is None else last.sequence + 1
    place = _wrong_place(last, record, expected)
    if place:
        return place
    try:
        is_sealed = hash_of(record) == record.hash
    except (struct.error, TypeError, AttributeError, ValueError) as fault:
        return Wrong(Tampering.MALFORMED, expected, f"a field of a wrong kind: {fault}")
    if not is_sealed:
        return Wrong(Tampering.EDITED, expected, "the hash is not that of the record's fields")
    if record.previous != (NO_HASH if last is None else last.hash):
        # Sound in itself, so made anew: it is the record before this one that is no longer the one this followed.
        at = max(1, expected - 1)
        return Wrong(Tampering.EDITED, at, f"record {expected} was not sealed after this one")
    if last is not None and record.at_us < last.at_us:
        return Wrong(Tampering.MALFORMED, expected, "its time is before that of the record before")
    return None


def _wrong_body(record: Record, registry: Registry | None) -> Wrong | None:
    try:
        if registry is None:
            decode_plain(record.body)
        else:
            registry.check(record.name, record.version, record.body)
    except EventFault as fault:
        return Wrong(Tampering.MALFORMED, record.sequence, str(fault))
    return None


def _wrong_place(last: Record | None, record: Record, expected: int) -> Wrong | None:
    found = record.sequence
    if type(found) is not int:
        return Wrong(Tampering.MALFORMED, expected, "the sequence is no number")
    if found == expected:
        return None
    what = f"expected record {expected}, was {found}"
    if found > expected:
        return Wrong(Tampering.DELETED, expected, what)
    if last is not None and found == last.sequence:
        return Wrong(Tampering.INSERTED, found, f"record {found} is there twice")
    return Wrong(Tampering.REORDERED, expected, what)


def _wrong_checkpoints(
    count: int,
    roots: dict[int, bytes],
    own: Sequence[OwnCheckpoint],
    held: Sequence[Checkpoint],
) -> Wrong | None:
    """Return what the checkpoints say against a chain that is whole in itself."""
    longest_own = max((x.size for x in own), default=0)
    for checkpoint in sorted(held, key=lambda x: (x.size, x.root)):
        size = checkpoint.size
        if size > count:
            kind = Tampering.CUT_TAIL if longest_own > count else Tampering.ROLLED_BACK
            return Wrong(kind, count + 1, f"a witness saw {size} records, there are {count}")
        if checkpoint.root != roots[size]:
            vouched = max((x.size for x in held if x.size < size), default=0)
            what = f"records {vouched + 1} to {size} are not those that a witness saw"
            return Wrong(Tampering.FORK, vouched + 1, what)
    vouched = max((x.size for x in held), default=0)
    for mark in sorted(own, key=lambda x: x.size):
        size, checkpoint_or_none = mark.size, mark.checkpoint
        if checkpoint_or_none is None or checkpoint_or_none.size != size:
            what = f"the checkpoint of {size} records is not signed as it must be"
            return Wrong(Tampering.SWAPPED_CHECKPOINT, size, what)
        if size > count:
            what = f"the journal's checkpoint counts {size} records, there are {count}"
            return Wrong(Tampering.CUT_TAIL, count + 1, what)
        if checkpoint_or_none.root == roots[size]:
            continue
        if size <= vouched:  # witnesses agree with the records: it is the checkpoint that is wrong
            what = f"the checkpoint of {size} records is not of this journal"
            return Wrong(Tampering.SWAPPED_CHECKPOINT, size, what)
        agreed = max((x.size for x in own if x.size < size), default=0)
        what = f"records {max(vouched, agreed) + 1} to {size} are not those that were signed"
        return Wrong(Tampering.FORK, max(vouched, agreed) + 1, what)
    return None


__all__ = ["OwnCheckpoint", "Tampering", "Verified", "Wrong", "verify", "wrong_seal"]
