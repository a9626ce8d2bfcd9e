"""What a journal hands to a witness: the size it continues, the proof, the checkpoint; the text form of C2SP tlog-witness."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Final

from recoup import limits
from recoup.errors import NoteFault
from recoup.journal.notes import Note, parse_note

_OLD: Final = re.compile(r"old (0|[1-9]\d{0,18})", re.ASCII)
_HASH_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Submission:
    """A checkpoint on its way to a witness."""

    older: int
    """Size of the checkpoint that the witness keeps."""
    proof: tuple[bytes, ...]
    """That the tree of that size is the beginning of this one."""
    note: Note

    def __str__(self) -> str:
        """Return the body of the request."""
        lines = [f"old {self.older}", *(base64.b64encode(one).decode() for one in self.proof)]
        return "\n".join(lines) + "\n\n" + str(self.note)


def parse_submission(body: bytes) -> Submission:
    """Return what a request's body says; raise `NoteFault` for anything but the exact form."""
    if len(body) > limits.SUBMISSION_BYTES_MAX:
        raise NoteFault(f"expected at most {limits.SUBMISSION_BYTES_MAX} bytes")
    head, gap, rest = body.partition(b"\n\n")
    if not gap:
        raise NoteFault("expected the size before, a proof, an empty line, and a checkpoint")
    first, *lines = head.decode("ascii", errors="replace").split("\n")
    found = _OLD.fullmatch(first)
    if not found or len(lines) > limits.PROOF_HASHES_MAX:
        raise NoteFault("expected `old` and a size, and a proof of at most 63 hashes")
    try:
        proof = tuple(base64.b64decode(line, validate=True) for line in lines)
    except (binascii.Error, ValueError) as fault:
        raise NoteFault("expected the proof in base64, a hash on a line") from fault
    if any(len(one) != _HASH_BYTES for one in proof):
        raise NoteFault("expected hashes of 32 bytes")
    return Submission(int(found[1]), proof, parse_note(rest))


__all__ = ["Submission", "parse_submission"]
