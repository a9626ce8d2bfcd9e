"""Checkpoints: "this journal had so many records, and this root over them", in the form of C2SP tlog-checkpoint. No storing.

The centre signs one and hands it to witnesses (banks, a supervisor). Each witness checks the consistency proof from the last
one it saw and adds its cosignature. Whoever holds a cosigned checkpoint can tell later whether the journal was rewritten
before it; the hash chain alone cannot, since who owns the disk can make it anew.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from recoup.errors import NoteFault
from recoup.journal.notes import Algorithm, Note, NoteKey, parse_note, sign, signers
from recoup.journal.tree import is_consistent

_SIZE: Final = re.compile(r"0|[1-9]\d{0,18}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a checkpoint says: of which journal, how many records, which root."""

    origin: str
    """Names the journal, such as centre.example/journal; also the name of the key that signs it."""
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """The text that is signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def parse_checkpoint(text: str) -> Checkpoint:
    """Return what a note's text says; lines after the third are extensions, and are signed but not read."""
    lines = text.split("\n")
    if len(lines) < 4 or not lines[0] or not _SIZE.fullmatch(lines[1]):
        raise NoteFault("expected a checkpoint: origin, size, root, each on a line")
    try:
        root = base64.b64decode(lines[2], validate=True)
    except (binascii.Error, ValueError) as fault:
        raise NoteFault("expected the root in base64") from fault
    if len(root) != 32 or base64.b64encode(root).decode() != lines[2]:
        raise NoteFault("expected a root of 32 bytes in canonical base64")
    return Checkpoint(lines[0], int(lines[1]), root)


def sign_checkpoint(checkpoint: Checkpoint, private: Ed25519PrivateKey) -> Note:
    """Return the checkpoint with the journal's own signature; its key's name is the origin."""
    return Note(checkpoint.text, (sign(checkpoint.text, checkpoint.origin, private),))


def open_checkpoint(
    data: bytes, log: NoteKey, witnesses: Sequence[NoteKey] = (), quorum: int = 0
) -> Checkpoint:
    """Return the checkpoint of a file that `log` signed and at least `quorum` different `witnesses` cosigned.

    Two names with one public key count once. Anything else raises `NoteFault`.
    """
    assert 0 <= quorum <= len(witnesses), "more cosignatures asked for than there are witnesses"
    note = parse_note(data)
    checkpoint = parse_checkpoint(note.text)
    if checkpoint.origin != log.name:
        raise NoteFault(f"expected a checkpoint of {log.name}, was of another journal")
    if not signers(note, (log,)):
        raise NoteFault(f"expected the signature of {log.name}, was not there")
    known = [key for key in witnesses if key.algorithm is Algorithm.COSIGNATURE]
    found = {key.public for key in signers(note, known)}
    if len(found) < quorum:
        raise NoteFault(f"expected {quorum} witnesses, was {len(found)}")
    return checkpoint


def may_cosign(held: Checkpoint | None, new: Checkpoint, proof: Sequence[bytes]) -> bool:
    """Return whether a witness that last saw `held` may cosign `new`: the same journal, and only grown."""
    if held is None:
        return True
    return held.origin == new.origin and is_consistent(
        held.size, held.root, new.size, new.root, proof
    )


__all__ = [
    "Checkpoint",
    "may_cosign",
    "open_checkpoint",
    "parse_checkpoint",
    "sign_checkpoint",
]
