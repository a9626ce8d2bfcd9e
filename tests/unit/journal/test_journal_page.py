"""A verifier written from docs/reference/journal.md alone agrees with the program, and the page's example is true."""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from recoup.journal import Checkpoint, Frontier, open_checkpoint, seal
from recoup.journal.notes import NoteKey
from recoup.journal.record import hash_of

PAGE = (Path(__file__).parents[3] / "docs/reference/journal.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)
BODIES = (b'{"amount_fen":6000}', '{"text":"止付"}'.encode())


def their_hash(sequence, at_us, command, subject, name, version, body, previous) -> bytes:
    """The table of the page, row by row."""
    texts = [command.encode(), subject.encode(), name.encode(), body]
    data = b"recoup/journal/record/1\x0a"
    data += sequence.to_bytes(8, "big") + at_us.to_bytes(8, "big", signed=True)
    data += version.to_bytes(4, "big") + previous
    for text in texts:
        data += len(text).to_bytes(4, "big")
    return hashlib.sha256(data + b"".join(texts)).digest()


def our_records():
    first = seal(
        None,
        at=datetime(2026, 1, 5, 10, tzinfo=UTC),
        command="c_1",
        subject="case_1",
        name="noted",
        version=1,
        body=BODIES[0],
    )
    second = seal(
        first,
        at=datetime(2026, 1, 5, 10, 0, 1, tzinfo=UTC),
        command="c_2",
        subject="case_1",
        name="noted",
        version=1,
        body=BODIES[1],
    )
    return first, second


def test_the_example_of_the_page_is_what_both_compute():
    first, second = our_records()
    one = their_hash(1, 1767607200000000, "c_1", "case_1", "noted", 1, BODIES[0], bytes(32))
    two = their_hash(2, 1767607201000000, "c_2", "case_1", "noted", 1, BODIES[1], one)
    leaves = [hashlib.sha256(b"\x00" + x).digest() for x in (one, two)]
    root = hashlib.sha256(b"\x01" + leaves[0] + leaves[1]).digest()
    frontier = Frontier()
    frontier.append(first.hash)
    frontier.append(second.hash)
    assert (first.hash, second.hash, frontier.root()) == (one, two, root)
    shown = dict(line.split("  ", 1) for line in BLOCKS[0].splitlines())
    assert [x.strip() for x in shown.values()] == [x.hex() for x in (one, two, leaves[0], root)]
    assert base64.b64encode(root).decode() in BLOCKS[1]
    assert all(f"`{body.decode()}`" in PAGE for body in BODIES)


def test_the_checkpoint_of_the_page_is_signed_by_both_keys_of_the_page():
    log, witness = (NoteKey.parse(line) for line in BLOCKS[2].splitlines())
    found = open_checkpoint(BLOCKS[1].encode(), log, [witness], quorum=1)
    assert (found.origin, found.size) == ("centre.example/journal", 2)
    assert isinstance(found, Checkpoint)


def test_every_field_is_under_the_seal():
    _, record = our_records()
    changed = {
        "sequence": 3,
        "at_us": record.at_us + 1,
        "command": "c_3",
        "subject": "case_2",
        "name": "noted2",
        "version": 2,
        "body": b"{}",
        "previous": bytes(32),
    }
    hashes = {hash_of(record._replace(**{name: value})) for name, value in changed.items()}
    assert len(hashes | {record.hash}) == len(changed) + 1
    assert record.at == datetime(2026, 1, 5, 10, 0, 1, tzinfo=UTC)


def test_moving_text_from_one_field_to_the_next_changes_the_seal():
    _, record = our_records()
    a = record._replace(command="ab", subject="c")
    b = record._replace(command="a", subject="bc")
    assert hash_of(a) != hash_of(b)


@pytest.mark.parametrize(
    "wrong", [{"command": ""}, {"subject": "x" * 1_025}, {"body": b"x" * 2**21}]
)
def test_what_may_not_be_sealed_is_our_own_mistake(wrong):
    fields = {"command": "c", "subject": "s", "name": "n", "version": 1, "body": b"{}"}
    with pytest.raises(AssertionError):
        seal(None, at=datetime(2026, 1, 5, tzinfo=UTC), **(fields | wrong))
