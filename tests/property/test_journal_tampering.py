"""Somebody with the whole disk, but no witness's copy, changes the journal in every way: it shows, and where is named.

The tamperer may make the hash chain anew and sign the journal's own checkpoints anew. Two thousand changes in all; each kind is
counted, so that none can drop out unseen. The controls show that without witnesses the cleverer changes would pass.
"""

from __future__ import annotations

import random
import shutil
import sys
from collections import Counter
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from contract.journals import START, sealed

from recoup.errors import StoreFault
from recoup.journal import (
    Checkpoint,
    Frontier,
    OwnCheckpoint,
    Record,
    Registry,
    Verified,
    seal,
    verify,
)
from recoup.journal.port import Answer, Batch, digest_of
from recoup.journal.record import hash_of
from recoup.journal.verify import Tampering, Wrong
from recoup.stores.sqlite import SqliteJournal

COUNT = 60
ORIGIN = "centre.example/journal"


@dataclass(frozen=True)
class Copy:
    """A journal as a thief finds it on the disk."""

    records: list[Record]
    own: list[OwnCheckpoint]


def checkpoint(records: list[Record], size: int) -> Checkpoint:
    frontier = Frontier()
    for record in records[:size]:
        frontier.append(record.hash)
    return Checkpoint(ORIGIN, size, frontier.root())


def whole() -> Copy:
    records: list[Record] = []
    for n in range(COUNT):
        body = b'{"amount":%d}' % n
        records.append(sealed(records[-1] if records else None, f"c{n}", body=body))
    own = [OwnCheckpoint(size, checkpoint(records, size)) for size in range(10, COUNT + 1, 10)]
    return Copy(records, own)


WHOLE = whole()
HELD = [checkpoint(WHOLE.records, size) for size in (20, 40, 60)]


def resealed(records: list[Record]) -> list[Record]:
    """Make numbers and hashes anew, as if the records had always been these."""
    made: list[Record] = []
    for record in records:
        last = made[-1] if made else None
        at = record.at if last is None else max(record.at, last.at)
        made.append(
            seal(
                last,
                at=at,
                command=record.command,
                subject=record.subject,
                name=record.name,
                version=record.version,
                body=record.body,
            )
        )
    return made


def resigned(records: list[Record]) -> Copy:
    """Sign checkpoints of the changed journal anew: the journal's key lies on the same machine."""
    sizes = range(10, len(records) + 1, 10)
    return Copy(records, [OwnCheckpoint(size, checkpoint(records, size)) for size in sizes])


def edited(record: Record, chance: random.Random) -> Record:
    """Change one field a little."""
    field = chance.choice(
        ["at_us", "command", "subject", "name", "version", "body", "previous", "hash"]
    )
    value = getattr(record, field)
    if isinstance(value, int):
        value += chance.choice([-1, 1])
    elif isinstance(value, str):
        value += chance.choice("xyz")
    elif field == "body":
        value = b'{"amount":%d}' % (chance.randrange(1_000) + 1_000)
    else:
        at = chance.randrange(len(value))
        value = value[:at] + bytes([value[at] ^ 1 << chance.randrange(8)]) + value[at + 1 :]
    return record._replace(**{field: value})


def edit(chance: random.Random) -> tuple[Copy, int]:
    records, at = list(WHOLE.records), chance.randrange(COUNT)
    records[at] = edited(records[at], chance)
    return replace(WHOLE, records=records), at + 1


def edit_and_reseal_one(chance: random.Random) -> tuple[Copy, int]:
    records, at = list(WHOLE.records), chance.randrange(COUNT - 1)
    records[at] = seal(
        records[at - 1] if at else None,
        at=records[at].at,
        command="c",
        subject="s",
        name="n",
        version=1,
        body=b"{}",
    )
    return replace(WHOLE, records=records), at + 1


def delete(chance: random.Random) -> tuple[Copy, int]:
    records, at = list(WHOLE.records), chance.randrange(COUNT - 1)
    del records[at]
    return replace(WHOLE, records=records), at + 1


def insert(chance: random.Random) -> tuple[Copy, int]:
    records, at = list(WHOLE.records), chance.randrange(COUNT)
    records.insert(at + 1, edited(records[at], chance))
    return replace(WHOLE, records=records), at + 1


def reorder(chance: random.Random) -> tuple[Copy, int]:
    records, at = list(WHOLE.records), chance.randrange(COUNT - 1)
    other = chance.randrange(at + 1, COUNT)
    records[at], records[other] = records[other], records[at]
    return replace(WHOLE, records=records), at + 1


def cut_tail(chance: random.Random) -> tuple[Copy, int]:
    keep = chance.randrange(COUNT)
    return replace(WHOLE, records=WHOLE.records[:keep]), keep + 1


def roll_back(chance: random.Random) -> tuple[Copy, int]:
    keep = chance.randrange(COUNT)
    own = [x for x in WHOLE.own if x.size <= keep]
    return Copy(WHOLE.records[:keep], own), keep + 1


def _first_unvouched(at: int) -> int:
    return max((x.size for x in HELD if x.size <= at), default=0) + 1


def fork(chance: random.Random) -> tuple[Copy, int]:
    """Rewrite history from some record on, chain, checkpoints and all."""
    records, at = list(WHOLE.records), chance.randrange(COUNT)
    way = chance.randrange(4)
    if way == 0:
        records[at] = records[at]._replace(body=b'{"amount":999999}')
    elif way == 1:
        records[at:] = [x._replace(command=f"other{x.command}") for x in records[at:]]
    elif way == 2:
        records.insert(at, records[at]._replace(command="slipped in"))
    else:
        at = min(at, COUNT - 2)
        records[at], records[at + 1] = (
            records[at + 1]._replace(at_us=records[at].at_us),
            records[at],
        )
    return resigned(resealed(records)), _first_unvouched(at)


def delete_and_reseal(chance: random.Random) -> tuple[Copy, int]:
    records, at = list(WHOLE.records), chance.randrange(COUNT)
    del records[at]
    records.append(sealed(WHOLE.records[-1], "one more"))  # so that the number is right again
    return resigned(resealed(records)), _first_unvouched(at)


def swap_checkpoint(chance: random.Random) -> tuple[Copy, int]:
    own, at = list(WHOLE.own), chance.randrange(len(WHOLE.own))
    way = chance.randrange(3)
    if way == 0:  # its note is no longer signed, or not readable
        own[at] = OwnCheckpoint(own[at].size, None)
    elif way == 1:  # another size's
        own[at] = OwnCheckpoint(own[at].size, own[at - 1].checkpoint)
    else:
        other = Checkpoint(ORIGIN, own[at].size, chance.randbytes(32))
        own[at] = OwnCheckpoint(own[at].size, other)
    return replace(WHOLE, own=own), own[at].size


KINDS = {
    edit: {Tampering.EDITED, Tampering.MALFORMED},
    edit_and_reseal_one: {Tampering.EDITED},
    delete: {Tampering.DELETED},
    insert: {Tampering.INSERTED},
    reorder: {Tampering.DELETED},  # a record from further on stands here
    cut_tail: {Tampering.CUT_TAIL},
    roll_back: {Tampering.ROLLED_BACK},
    fork: {Tampering.FORK},
    delete_and_reseal: {Tampering.FORK},
    swap_checkpoint: {Tampering.SWAPPED_CHECKPOINT},
}


def _walk(per_kind: int, seed: int) -> Counter[str]:
    chance, found = random.Random(seed), Counter[str]()
    for change, kinds in KINDS.items():
        for _ in range(per_kind):
            copy, expected = change(chance)
            wrong = verify(copy.records, copy.own, HELD)
            assert isinstance(wrong, Wrong), change.__name__
            assert wrong.kind in kinds, (change.__name__, wrong)
            assert wrong.sequence == expected, (change.__name__, wrong)
            found[change.__name__] += 1
    return found


def test_an_untouched_journal_verifies():
    found = verify(WHOLE.records, WHOLE.own, HELD)
    assert found == Verified(COUNT, HELD[-1].root, COUNT)
    assert verify([]) == Verified(0, Frontier().root(), 0)


def test_two_thousand_changes_of_all_kinds_are_found_and_placed():
    found = _walk(200, seed=1)
    assert found == Counter({change.__name__: 200 for change in KINDS})
    assert found.total() == 2_000


@pytest.mark.slow
def test_a_hundred_thousand_changes_are_found_and_placed():
    assert _walk(10_000, seed=2).total() == 100_000


@pytest.mark.parametrize("change", [fork, roll_back, delete_and_reseal])
def test_without_witnesses_the_cleverer_changes_pass(change):
    """The negative control, and the reason why checkpoints are handed out."""
    copy, _ = change(random.Random(3))
    assert isinstance(verify(copy.records, copy.own, ()), Verified)


def test_without_recomputing_hashes_an_edit_would_pass(monkeypatch):
    module = sys.modules["recoup.journal.verify"]  # the package shows the function under this name
    monkeypatch.setattr(module, "hash_of", lambda record: record.hash)
    records = list(WHOLE.records)
    records[5] = records[5]._replace(body=b'{"amount":999}')
    assert isinstance(verify(records, WHOLE.own, HELD), Verified)


def test_a_sound_chain_with_a_body_that_is_not_canonical_or_time_going_back_is_malformed():
    first = sealed(None, "c0")
    odd = sealed(first, "c1", body=b'{"b":1, "a":2}')
    assert verify([first, odd]).kind is Tampering.MALFORMED
    early = sealed(first, "c1")._replace(at_us=first.at_us - 1)
    early = early._replace(hash=hash_of(early))
    assert verify([first, early]).kind is Tampering.MALFORMED
    at = START - timedelta(seconds=1)
    with pytest.raises(AssertionError):
        seal(first, at=at, command="c", subject="s", name="n", version=1, body=b"{}")
    for field, value in (
        ("at_us", "text"),
        ("body", None),
        ("sequence", "1"),
        ("previous", b"short"),
        ("command", b"bytes"),
    ):
        assert verify([first._replace(**{field: value})]).kind is Tampering.MALFORMED


def test_a_checkpoint_that_was_signed_but_is_of_other_records_is_a_fork():
    other = resealed([x._replace(subject="other") for x in WHOLE.records])
    found = verify(other, WHOLE.own)
    assert found == Wrong(Tampering.FORK, 1, found.what)


def test_a_record_from_before_in_the_place_of_a_later_one_is_reordered():
    records = [*WHOLE.records[:9], WHOLE.records[3], *WHOLE.records[10:]]
    found = verify(records, WHOLE.own, HELD)
    assert (found.kind, found.sequence) == (Tampering.REORDERED, 10)


def test_a_cut_that_only_the_journals_own_checkpoint_shows():
    found = verify(WHOLE.records[:25], WHOLE.own)
    assert (found.kind, found.sequence) == (Tampering.CUT_TAIL, 26)


def test_with_a_registry_every_body_is_an_event_that_it_knows():
    @dataclass(frozen=True, slots=True)
    class Noted:
        amount: int

    registry = Registry()
    assert verify(WHOLE.records, registry=registry).kind is Tampering.MALFORMED
    registry.register("noted", 1, Noted)
    assert isinstance(verify(WHOLE.records, WHOLE.own, HELD, registry), Verified)


def _stored(path: Path) -> SqliteJournal:
    journal = SqliteJournal.open(path)
    answers = tuple(Answer(x.command, digest_of(b""), b"") for x in WHOLE.records)
    journal.append(Batch(0, tuple(WHOLE.records), answers), journal.lead())
    journal.close()
    return journal


def _flip(folder: Path, flips: int, seed: int) -> Counter[str]:
    """Flip single bits of the file; return what became of it: found, or in a place that holds no record."""
    path, chance, seen = folder / "journal.sqlite", random.Random(seed), Counter[str]()
    _stored(path)
    data = path.read_bytes()
    for _ in range(flips):
        for rest in folder.glob("copy.sqlite*"):
            rest.unlink()
        at = chance.randrange(len(data))
        copy = folder / "copy.sqlite"
        copy.write_bytes(data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :])
        try:
            journal = SqliteJournal.read(copy)
            found = verify(journal.records(), held=HELD)
            is_same = list(journal.records()) == WHOLE.records
            journal.close()
        except StoreFault:
            seen["not read"] += 1
            continue
        if isinstance(found, Wrong):
            seen["found"] += 1
        else:
            assert is_same, f"believed: byte {at}"
            seen["elsewhere"] += 1
    return seen


def test_a_bit_flip_in_the_file_is_found_or_touches_no_record(tmp_path):
    seen = _flip(tmp_path, 400, seed=4)
    assert seen["found"] > 20  # most of a small file is empty
    assert seen.total() == 400


def test_flips_that_nobody_hashes_would_be_believed(tmp_path, monkeypatch):
    """The negative control."""
    module = sys.modules["recoup.journal.verify"]  # the package shows the function under this name
    monkeypatch.setattr(module, "hash_of", lambda record: record.hash)
    with pytest.raises(AssertionError, match="believed: byte"):
        _flip(tmp_path, 400, seed=4)


@pytest.mark.slow
def test_ten_thousand_bit_flips(tmp_path):
    assert _flip(tmp_path, 10_000, seed=5).total() == 10_000


def test_a_rolled_back_file_is_found(tmp_path):
    path = tmp_path / "journal.sqlite"
    journal = SqliteJournal.open(path)
    epoch = journal.lead()
    half = WHOLE.records[:30]
    journal.append(Batch(0, tuple(half), (Answer("a", digest_of(b""), b""),)), epoch)
    journal.close()
    shutil.copy(path, tmp_path / "old.sqlite")
    journal = SqliteJournal.open(path)
    journal.append(Batch(30, tuple(WHOLE.records[30:])), journal.lead())
    assert isinstance(verify(journal.records(), held=HELD), Verified)
    old = SqliteJournal.read(tmp_path / "old.sqlite")
    assert verify(old.records(), held=HELD).kind is Tampering.ROLLED_BACK
