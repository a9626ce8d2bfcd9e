"""The notary: signs checkpoints of the journal and proves to witnesses that each continues the last. Sends nothing itself.

It reads the journal through a connection of its own, keeps the tree in memory (64 bytes a record), and refuses to sign a
journal that does not continue what it signed before: then somebody changed the records, and a signature would make that good.
"""

from __future__ import annotations

from collections.abc import Sequence

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from recoup.errors import NoteFault, StoreFault
from recoup.journal.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from recoup.journal.notes import Algorithm, Note, NoteKey, parse_note, public_key, signers
from recoup.journal.port import Journal, StoredCheckpoint
from recoup.journal.record import Record
from recoup.journal.tree import Tree
from recoup.journal.verify import wrong_seal


class Notary:
    """Signs checkpoints under the journal's name."""

    def __init__(
        self,
        journal: Journal,
        origin: str,
        private: Ed25519PrivateKey,
        witnesses: Sequence[NoteKey] = (),
    ) -> None:
        """Read the whole journal; raise `StoreFault` if it does not continue its own checkpoints."""
        self._journal, self._origin, self._private = journal, origin, private
        self._witnesses = tuple(witnesses)
        self._tree, self._last = Tree(), None
        self._catch_up()
        self._signed = 0
        self._newest: Note | None = None
        for kept in journal.checkpoints():
            found = open_checkpoint(kept.note, self.key)
            if found.size > self._tree.size or self._tree.root(found.size) != found.root:
                raise StoreFault(f"expected the {found.size} records that were signed, was others")
            if found.size >= self._signed:
                self._signed, self._newest = found.size, parse_note(kept.note)

    _last: Record | None

    @property
    def key(self) -> NoteKey:
        """The public key that witnesses and auditors pin."""
        return public_key(self._origin, Algorithm.NOTE, self._private)

    def sign(self) -> Note | None:
        """Sign and keep a checkpoint of all records so far; None if there are none since the last."""
        self._catch_up()
        if self._tree.size == self._signed:
            return None
        checkpoint = Checkpoint(self._origin, self._tree.size, self._tree.root())
        note = sign_checkpoint(checkpoint, self._private)
        self._journal.add_checkpoint(StoredCheckpoint(checkpoint.size, str(note).encode()))
        self._signed, self._newest = checkpoint.size, note
        return note

    def newest(self) -> tuple[int, Note] | None:
        """Return how many records the newest checkpoint counts, and the checkpoint; None if nothing was signed yet."""
        return None if self._newest is None else (self._signed, self._newest)

    def proof(self, older: int, size: int) -> tuple[bytes, ...]:
        """Return the proof that the checkpoint of `older` records is the beginning of that of `size`."""
        if not 0 <= older <= size <= self._signed:
            raise NoteFault(f"expected sizes up to {self._signed}, was {older} and {size}")
        return self._tree.consistency(older, size)

    def add_cosignatures(self, data: bytes) -> int:
        """Keep the witnesses' signatures under a checkpoint of ours; return how many witnesses it has now."""
        given = parse_note(data)
        checkpoint = open_checkpoint(data, self.key)
        stored = {x.size: x for x in self._journal.checkpoints()}.get(checkpoint.size)
        note = None if stored is None else parse_note(stored.note)
        if note is None or note.text != given.text:
            raise NoteFault("expected a checkpoint that was signed here, was another")
        known = {(key.name, key.id) for key in signers(given, self._witnesses)}
        for line in given.signatures:
            if (line.name, line.key_id) in known and line not in note.signatures:
                note = note.with_signature(line)
        self._journal.add_checkpoint(StoredCheckpoint(checkpoint.size, str(note).encode()))
        if checkpoint.size == self._signed:
            self._newest = note
        return len(signers(note, self._witnesses))

    def _catch_up(self) -> None:
        for record in self._journal.records(self._tree.size + 1):
            wrong = wrong_seal(self._last, record)
            if wrong:
                raise StoreFault(f"record {wrong.sequence}: {wrong.kind}: {wrong.what}")
            self._tree.append(record.hash)
            self._last = record


__all__ = ["Notary"]
