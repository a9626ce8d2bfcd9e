"""A witness cosigns what continues and nothing else, whatever it is given, also after a restart."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from recoup.clock import HandClock
from recoup.errors import NoteFault
from recoup.journal.checkpoint import Checkpoint, sign_checkpoint
from recoup.journal.notes import Algorithm, Note, NoteKey, NoteSecret, parse_note, signers
from recoup.journal.submission import Submission, parse_submission
from recoup.journal.tree import Tree
from recoup.limits import PROOF_HASHES_MAX, SUBMISSION_BYTES_MAX
from recoup.witness import Refused, Turned, Witness

START = datetime(2026, 3, 1, tzinfo=UTC)
JOURNAL = NoteSecret.make("centre.example/journal", Algorithm.NOTE, b"\1" * 32)
OWN = NoteSecret.make("bank.example", Algorithm.COSIGNATURE, b"\2" * 32)


class Log:
    """A journal's tree; `twist` makes another past from a record on."""

    def __init__(self, count: int, twist: int | None = None) -> None:
        self.tree = Tree()
        for number in range(count):
            is_other = twist is not None and number >= twist
            self.tree.append(b"%d%s" % (number, b"x" if is_other else b""))

    def note(self, size: int, secret: NoteSecret = JOURNAL) -> Note:
        checkpoint = Checkpoint(JOURNAL.name, size, self.tree.root(size))
        return sign_checkpoint(checkpoint, secret.private)

    def given(self, older: int, size: int) -> bytes:
        proof = self.tree.consistency(older, size)
        return str(Submission(older, proof, self.note(size))).encode()


@pytest.fixture
def witness(tmp_path):
    return Witness(OWN, [JOURNAL.key], tmp_path, HandClock(START))


def test_what_continues_is_cosigned_and_kept_as_verify_reads_it(witness):
    log = Log(20)
    for older, size in ((0, 3), (3, 3), (3, 20)):
        line = witness.add(log.given(older, size))
        assert not isinstance(line, Refused), line
        kept = parse_note(witness.path(JOURNAL.name).read_bytes())
        assert signers(kept, (JOURNAL.key, OWN.key)) == (JOURNAL.key, OWN.key)
        assert kept.text == log.note(size).text
        assert line in kept.signatures


def test_every_size_after_every_other_is_cosigned_and_no_other_past_ever(tmp_path):
    honest = Log(17)
    count = 0
    for older in range(18):
        for size in range(older, 18):
            folder = tmp_path / f"{older}-{size}"
            witness = Witness(OWN, [JOURNAL.key], folder, HandClock(START))
            if older:
                assert not isinstance(witness.add(honest.given(0, older)), Refused)
            for twist in range(older):
                other = Log(17, twist).given(older, size)
                found = witness.add(other)
                assert isinstance(found, Refused), (older, size, twist)
                assert found.why is Turned.NOT_CONSISTENT
                count += 1
            assert not isinstance(witness.add(honest.given(older, size)), Refused)
    assert count > 500, "another past was tried"


def test_a_restart_forgets_nothing(witness, tmp_path):
    witness.add(Log(9).given(0, 9))
    again = Witness(OWN, [JOURNAL.key], tmp_path, HandClock(START))
    assert again.add(Log(9, 2).given(0, 9)) == Refused(Turned.OTHER_SIZE, 9)
    assert again.add(Log(9).given(0, 5)) == Refused(Turned.OTHER_SIZE, 9)
    assert not isinstance(again.add(Log(12).given(9, 12)), Refused)


def test_a_kept_file_that_cannot_be_read_is_no_beginning_from_nothing(witness, tmp_path):
    witness.add(Log(9).given(0, 9))
    witness.path(JOURNAL.name).write_bytes(b"")
    with pytest.raises(NoteFault):
        Witness(OWN, [JOURNAL.key], tmp_path, HandClock(START))


def test_who_does_not_sign_or_is_not_watched_gets_nothing(witness):
    log = Log(4)
    stranger = NoteSecret.make(JOURNAL.name, Algorithm.NOTE, b"\3" * 32)
    forged = str(Submission(0, (), log.note(4, stranger))).encode()
    assert witness.add(forged) == Refused(Turned.NOT_SIGNED)
    other = Checkpoint("other.example/journal", 4, log.tree.root())
    unknown = str(Submission(0, (), sign_checkpoint(other, JOURNAL.private))).encode()
    assert witness.add(unknown) == Refused(Turned.UNKNOWN_JOURNAL)
    assert not witness.path(JOURNAL.name).exists()


def test_a_cut_journal_is_refused(witness):
    witness.add(Log(9).given(0, 9))
    short = Submission(9, (), Log(9).note(5))
    assert witness.add(str(short).encode()) == Refused(Turned.NOT_CONSISTENT, 9)


GOOD = Log(6).given(4, 6)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"old 4\n",
        GOOD.replace(b"old 4", b"old 04"),
        GOOD.replace(b"old 4", b"old -1"),
        GOOD.replace(b"old 4", b"size 4"),
        GOOD.replace(b"\n\n", b"\nAAAA\n\n", 1),
        GOOD.replace(b"\n\n", b"\n!\n\n", 1),
        b"old 0\n"
        + b"A" * 43
        + b"=\n" * (PROOF_HASHES_MAX + 1)
        + b"\n"
        + GOOD.split(b"\n\n", 1)[1],
        GOOD[:-3],
        b"\xff" + GOOD,
        GOOD + b"x" * SUBMISSION_BYTES_MAX,
    ],
)
def test_anything_but_the_exact_form_is_malformed(witness, body):
    assert witness.add(body) == Refused(Turned.MALFORMED)


def test_a_submission_comes_back_as_it_was():
    assert str(parse_submission(GOOD)).encode() == GOOD


def test_a_private_key_comes_back_and_is_never_shown():
    for secret in (JOURNAL, OWN):
        assert NoteSecret.parse(f"{secret}\n") == secret
        assert NoteKey.parse(str(secret.key)) == secret.key
        assert str(secret).rsplit("+", 1)[1] not in repr(secret)
    for wrong in (str(OWN)[12:], str(OWN).replace("bank", "bonk"), str(OWN.key), "", str(OWN)[:-4]):
        with pytest.raises(NoteFault):
            NoteSecret.parse(wrong)
    with pytest.raises(NoteFault):
        NoteSecret.make("two words", Algorithm.NOTE, b"\1" * 32)
    assert replace(OWN, name="x").key.name == "x"
