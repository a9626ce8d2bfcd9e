"""A witness: keeps the newest checkpoint of each journal that it watches, and cosigns only one that continues it.

Speaks the form of C2SP tlog-witness (`add-checkpoint`). Whoever runs one, a bank or a supervisor, can tell later whether the
journal was rewritten. It never sees a record.

1. What was cosigned is on disk before the cosignature leaves: two checkpoints that do not continue each other are never both
   cosigned, whatever happens in between.
2. A checkpoint that is not signed by its journal, or does not continue the one that is kept, changes nothing.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import Final

from recoup.clock import Clock
from recoup.errors import NoteFault
from recoup.journal.checkpoint import Checkpoint, may_cosign, open_checkpoint, parse_checkpoint
from recoup.journal.notes import Note, NoteKey, NoteSecret, Signature, cosign, parse_note
from recoup.journal.submission import parse_submission
from recoup.journal.tree import EMPTY_ROOT


class Turned(StrEnum):
    """Why a checkpoint is not cosigned."""

    MALFORMED = "malformed"
    UNKNOWN_JOURNAL = "unknown_journal"
    NOT_SIGNED = "not_signed"
    OTHER_SIZE = "other_size"
    """It says that it continues another checkpoint than the one that is kept."""
    NOT_CONSISTENT = "not_consistent"
    """The journal was rewritten, or the proof is wrong."""


@dataclass(frozen=True, slots=True)
class Refused:
    """No cosignature."""

    why: Turned
    size: int = 0
    """Of the checkpoint that is kept, where that is what differs."""


class Witness:
    """Checkpoints in a folder, one file a journal."""

    def __init__(
        self, secret: NoteSecret, journals: Sequence[NoteKey], folder: Path, clock: Clock
    ) -> None:
        """Prepare; a kept file that cannot be read raises `NoteFault`: without it the promise could not be kept."""
        self._secret, self._folder, self._clock = secret, folder, clock
        self._journals = {key.name: key for key in journals}
        self._lock = threading.Lock()
        folder.mkdir(parents=True, exist_ok=True)
        for name in self._journals:
            self._kept(name)

    def add(self, body: bytes) -> Signature | Refused:
        """Take a journal's checkpoint with its proof; return the cosignature that is to be sent back."""
        try:
            given = parse_submission(body)
            origin = parse_checkpoint(given.note.text).origin
        except NoteFault:
            return Refused(Turned.MALFORMED)
        journal = self._journals.get(origin)
        if journal is None:
            return Refused(Turned.UNKNOWN_JOURNAL)
        try:
            new = open_checkpoint(str(given.note).encode(), journal)
        except NoteFault:
            return Refused(Turned.NOT_SIGNED)
        with self._lock:
            held = self._kept(origin) or Checkpoint(origin, 0, EMPTY_ROOT)
            if given.older != held.size:
                return Refused(Turned.OTHER_SIZE, held.size)
            if new.size < held.size or not may_cosign(held, new, given.proof):
                return Refused(Turned.NOT_CONSISTENT, held.size)
            seconds = int(self._clock.now().timestamp())
            signed = cosign(given.note.text, self._secret.name, self._secret.private, seconds)
            own = [line for line in given.note.signatures if line.name == journal.name]
            self._keep(origin, Note(given.note.text, (*own, signed)))
            return signed

    def path(self, origin: str) -> Path:
        """Return the file in which a journal's newest checkpoint lies: what `recoup verify --witness` reads."""
        return self._folder / f"{sha256(origin.encode()).hexdigest()[:32]}.checkpoint"

    def _kept(self, origin: str) -> Checkpoint | None:
        try:
            data = self.path(origin).read_bytes()
        except FileNotFoundError:
            return None
        return parse_checkpoint(parse_note(data).text)

    def _keep(self, origin: str, note: Note) -> None:
        """Put a checkpoint in the place of the one before, whole or not at all, and wait until it is on disk."""
        path = self.path(origin)
        fresh = path.with_suffix(".new")
        with fresh.open("wb") as file:
            file.write(str(note).encode())
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
        handle = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


STATUS: Final = {
    Turned.MALFORMED: 400,
    Turned.UNKNOWN_JOURNAL: 404,
    Turned.NOT_SIGNED: 403,
    Turned.OTHER_SIZE: 409,
    Turned.NOT_CONSISTENT: 422,
}
"""As C2SP tlog-witness answers over HTTP."""

__all__ = ["STATUS", "Refused", "Turned", "Witness"]
