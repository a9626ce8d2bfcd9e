"""Signed notes and checkpoints: the published example, quorum of witnesses, and what must be refused."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from recoup import limits
from recoup.errors import NoteFault
from recoup.journal.checkpoint import (
    Checkpoint,
    may_cosign,
    open_checkpoint,
    parse_checkpoint,
    sign_checkpoint,
)
from recoup.journal.notes import (
    Algorithm,
    Note,
    NoteKey,
    Signature,
    cosign,
    parse_note,
    public_key,
    sign,
    signers,
)
from recoup.journal.tree import Tree

# The example in the documentation of Go's golang.org/x/mod/sumdb/note, whose form C2SP signed-note is.
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_NOTE = """\
If you think cryptography is the answer to your problem,
then you don't know what your problem is.

— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=
"""
ORIGIN = "centre.example/journal"


def private(number: int) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)


LOG = public_key(ORIGIN, Algorithm.NOTE, private(1))
WITNESSES = [public_key(f"bank{n}.example", Algorithm.COSIGNATURE, private(n)) for n in (2, 3, 4)]
CHECKPOINT = Checkpoint(ORIGIN, 7, bytes(range(32)))


def cosigned(*witnesses: int) -> Note:
    note = sign_checkpoint(CHECKPOINT, private(1))
    for n in witnesses:
        note = note.with_signature(cosign(note.text, f"bank{n}.example", private(n), 1_767_607_200))
    return note


def opened(note: Note, quorum: int = 0) -> Checkpoint:
    return open_checkpoint(str(note).encode(), LOG, WITNESSES, quorum)


def test_the_published_note_is_accepted_and_written_again_as_it_was():
    key, note = NoteKey.parse(GO_KEY), parse_note(GO_NOTE.encode())
    assert signers(note, [key]) == (key,)
    assert str(note) == GO_NOTE
    assert str(key) == GO_KEY


def test_a_changed_text_is_refused():
    note = parse_note(GO_NOTE.replace("answer", "Answer").encode())
    with pytest.raises(NoteFault):
        signers(note, [NoteKey.parse(GO_KEY)])


def test_a_checkpoint_is_three_lines_and_comes_back():
    root = base64.b64encode(bytes(range(32))).decode()
    assert CHECKPOINT.text == f"{ORIGIN}\n7\n{root}\n"
    assert opened(cosigned()) == CHECKPOINT
    assert parse_checkpoint(CHECKPOINT.text + "an extension\n") == CHECKPOINT


def test_a_quorum_is_of_different_witnesses():
    assert opened(cosigned(2, 3), quorum=2) == CHECKPOINT
    for note, quorum in ((cosigned(2), 2), (cosigned(2, 2), 2), (cosigned(2, 3), 3)):
        with pytest.raises(NoteFault, match="witnesses"):
            opened(note, quorum)


def test_two_names_of_one_witness_key_count_once():
    double = [public_key(name, Algorithm.COSIGNATURE, private(2)) for name in ("a", "b")]
    note = sign_checkpoint(CHECKPOINT, private(1))
    for name in ("a", "b"):
        note = note.with_signature(cosign(note.text, name, private(2), 1))
    assert open_checkpoint(str(note).encode(), LOG, double, 1) == CHECKPOINT
    with pytest.raises(NoteFault, match="witnesses"):
        open_checkpoint(str(note).encode(), LOG, double, 2)


def test_the_signature_of_somebody_unknown_is_ignored_and_counts_for_nothing():
    note = cosigned(2).with_signature(cosign(CHECKPOINT.text, "other.example", private(9), 1))
    assert opened(note, quorum=1) == CHECKPOINT
    with pytest.raises(NoteFault):
        opened(note, quorum=2)


def test_a_wrong_signature_of_somebody_known_is_refused():
    (own,) = cosigned().signatures
    flipped = Signature(own.name, own.key_id, bytes([own.blob[0] ^ 1]) + own.blob[1:])
    late = cosign(CHECKPOINT.text, "bank2.example", private(2), 5)
    moved = Signature(late.name, late.key_id, bytes(8) + late.blob[8:])  # another time than signed
    short = Signature(late.name, late.key_id, late.blob[8:])
    for lines in ((flipped,), (own, moved), (own, short), (own, flipped)):
        with pytest.raises(NoteFault):
            opened(Note(CHECKPOINT.text, lines))


def test_a_log_key_is_no_witness_and_a_witness_no_log():
    as_log = Note(CHECKPOINT.text, (sign(CHECKPOINT.text, "bank2.example", private(2)),))
    with pytest.raises(NoteFault):
        open_checkpoint(str(as_log).encode(), LOG, WITNESSES)
    plain = public_key("bank2.example", Algorithm.NOTE, private(2))
    note = cosigned().with_signature(sign(CHECKPOINT.text, "bank2.example", private(2)))
    with pytest.raises(NoteFault, match="witnesses"):
        open_checkpoint(str(note).encode(), LOG, [plain], 1)


def test_a_checkpoint_of_another_journal_is_refused():
    other = Checkpoint("other.example/journal", 7, bytes(32))
    with pytest.raises(NoteFault, match="another journal"):
        opened(sign_checkpoint(other, private(1)))


@pytest.mark.parametrize(
    "text",
    [
        f"{ORIGIN}\n7\n",
        f"{ORIGIN}\n07\n{'A' * 43}=\n",
        f"{ORIGIN}\n-1\n{'A' * 43}=\n",
        f"\n7\n{'A' * 43}=\n",
        f"{ORIGIN}\n7\n{'A' * 42}\n",
        f"{ORIGIN}\n7\n{'A' * 42}B=\n",
        f"{ORIGIN}\n7\n!\n",
    ],
)
def test_a_text_that_is_no_checkpoint_is_refused(text):
    with pytest.raises(NoteFault):
        parse_checkpoint(text)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"text\n",
        b"text\n\n",
        b"\n\n\xe2\x80\x94 a AAAAAAAA\n",
        b"text\n\n\xe2\x80\x94 a AAAAAAAA",
        b"text\n\n- a AAAAAAAA\n",
        b"text\n\n\xe2\x80\x94 a AAAA\n",
        b"text\n\n\xe2\x80\x94 a AAAAAAB=\n",
        b"text\n\n\xe2\x80\x94 a AAAAA\n",
        b"te\x00xt\n\n\xe2\x80\x94 a AAAAAAAA\n",
        b"\xff\n\n\xe2\x80\x94 a AAAAAAAA\n",
        b"x" * limits.NOTE_BYTES_MAX + b"\n\n\xe2\x80\x94 a AAAAAAAA\n",
        b"text\n\n" + b"\xe2\x80\x94 a AAAAAAAA\n" * (limits.NOTE_SIGNATURES_MAX + 1),
    ],
)
def test_bytes_that_are_no_note_are_refused(data):
    with pytest.raises(NoteFault):
        parse_note(data)


def test_a_note_may_have_as_many_signatures_as_the_bound_says():
    line = "— a AAAAAAAA\n"
    assert len(parse_note(f"text\n\n{line * limits.NOTE_SIGNATURES_MAX}".encode()).signatures) == 64


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "a+00000000",
        f"{GO_KEY}x",
        GO_KEY.replace("c74f20a3", "c74f20a4"),
        GO_KEY.replace("+AR", "+BR"),
    ],
)
def test_text_that_is_no_key_is_refused(text):
    with pytest.raises(NoteFault):
        NoteKey.parse(text)


def test_a_key_with_an_odd_name_or_length_is_refused():
    for name, data in (("two words", bytes(32)), ("a+b", bytes(32)), ("", bytes(32)), ("a", b"")):
        with pytest.raises(NoteFault):
            NoteKey(name, Algorithm.NOTE, data)


def test_a_key_given_twice_counts_once():
    note = cosigned(2)
    assert signers(note, [WITNESSES[0], WITNESSES[0]]) == (WITNESSES[0],)


def test_a_witness_cosigns_only_what_has_grown():
    tree = Tree()
    for n in range(9):
        tree.append(b"%d" % n)
    old, new = (Checkpoint(ORIGIN, size, tree.root(size)) for size in (5, 9))
    assert may_cosign(None, new, ())
    assert may_cosign(old, new, tree.consistency(5, 9))
    assert not may_cosign(new, old, tree.consistency(5, 9))
    assert not may_cosign(Checkpoint(ORIGIN, 5, bytes(32)), new, tree.consistency(5, 9))
    assert not may_cosign(Checkpoint("other", 5, old.root), new, tree.consistency(5, 9))
