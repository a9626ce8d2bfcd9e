"""The notary signs what continues its past, proves it to witnesses, keeps their signatures, and signs nothing else."""

from __future__ import annotations

import pytest
from contract.journals import batch_of
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from recoup.centre import Notary
from recoup.errors import NoteFault, StoreFault
from recoup.journal import Verified, open_checkpoint, verify
from recoup.journal.checkpoint import may_cosign, parse_checkpoint
from recoup.journal.notes import Algorithm, Note, cosign, public_key
from recoup.stores.memory import MemoryDisk, MemoryJournal

ORIGIN, LOG = "centre.example/journal", Ed25519PrivateKey.from_private_bytes(b"1" * 32)
PRIVATE = {
    f"bank{n}.example": Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (2, 3)
}
WITNESSES = [public_key(name, Algorithm.COSIGNATURE, key) for name, key in PRIVATE.items()]


@pytest.fixture
def journal():
    return MemoryJournal(MemoryDisk())


def grow(journal, count):
    epoch, start = journal.lead(), len(list(journal.records()))
    for n in range(start, start + count):
        journal.append(batch_of(journal, f"c{n}"), epoch)


def notary(journal):
    return Notary(journal, ORIGIN, LOG, WITNESSES)


def cosigned(note, *names):
    for name in names:
        note = note.with_signature(cosign(note.text, name, PRIVATE[name], 1_767_607_200))
    return str(note).encode()


def test_each_checkpoint_is_proved_to_continue_the_last(journal):
    signer, held = notary(journal), None
    assert signer.sign() is None
    for count in (5, 1, 10):
        grow(journal, count)
        new = open_checkpoint(str(signer.sign()).encode(), signer.key)
        proof = () if held is None else signer.proof(held.size, new.size)
        assert may_cosign(held, new, proof)
        held = new
    assert signer.sign() is None
    assert isinstance(verify(journal.records(), held=[held]), Verified)


def test_cosignatures_are_kept_and_counted_once(journal):
    grow(journal, 3)
    signer = notary(journal)
    note = signer.sign()
    assert signer.add_cosignatures(cosigned(note, "bank2.example")) == 1
    assert signer.add_cosignatures(cosigned(note, "bank2.example")) == 1
    assert signer.add_cosignatures(cosigned(note, "bank3.example")) == 2
    (kept,) = journal.checkpoints()
    assert open_checkpoint(kept.note, signer.key, WITNESSES, 2).size == 3


def test_a_cosignature_of_a_stranger_is_not_kept_and_a_wrong_one_is_refused(journal):
    grow(journal, 3)
    signer = notary(journal)
    note = signer.sign()
    stranger = cosign(note.text, "other.example", LOG, 1)
    assert signer.add_cosignatures(str(note.with_signature(stranger)).encode()) == 0
    wrong = cosign("other\n", "bank2.example", PRIVATE["bank2.example"], 1)
    with pytest.raises(NoteFault):
        signer.add_cosignatures(str(note.with_signature(wrong)).encode())
    assert journal.checkpoints()[0].note == str(note).encode()


def test_a_checkpoint_that_was_not_signed_here_is_refused(journal):
    grow(journal, 3)
    signer, other = notary(journal), MemoryJournal(MemoryDisk())
    grow(other, 4)
    with pytest.raises(NoteFault):
        signer.add_cosignatures(str(notary(other).sign()).encode())
    note = signer.sign()
    with pytest.raises(NoteFault):
        signer.add_cosignatures(str(Note(note.text + "more\n", note.signatures)).encode())
    for sizes in ((0, 4), (3, 2), (-1, 3)):
        with pytest.raises(NoteFault):
            signer.proof(*sizes)


@pytest.mark.parametrize("keeps", [2, 5])
def test_nothing_is_signed_that_does_not_continue_what_was_signed(journal, keeps):
    grow(journal, 5)
    notary(journal).sign()
    del journal._disk.records[:]
    journal._disk.answers.clear()
    epoch = journal.lead()
    for n in range(keeps):  # another history, sound in itself
        journal.append(batch_of(journal, f"other{n}"), epoch)
    with pytest.raises(StoreFault, match="5 records that were signed"):
        notary(journal)


def test_nothing_is_signed_over_a_record_that_was_changed(journal):
    grow(journal, 3)
    signer = notary(journal)
    signer.sign()
    grow(journal, 2)
    journal._disk.records[4] = journal._disk.records[4]._replace(subject="other")
    with pytest.raises(StoreFault, match="record 5: edited"):
        signer.sign()
    assert [parse_checkpoint(x.note.decode()).size for x in journal.checkpoints()] == [3]
