"""Signs a checkpoint of the journal in rounds and hands it to each witness until that one cosigned it. It decides nothing.

Nobody waits for a witness: commands are durable without it. What a witness does not have yet is the part of the journal that
could still be rewritten unseen, so one that cannot be reached, or knows more than there is, is told of.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import httpx

from recoup.centre.notary import Notary
from recoup.centre.part import Part
from recoup.centre.ports import ToldOf
from recoup.errors import Fault, GatewayFault, NoteFault
from recoup.journal.notes import (
    Algorithm,
    Note,
    NoteKey,
    NoteSecret,
    parse_note,
    parse_signature,
    signers,
)
from recoup.journal.port import Journal
from recoup.journal.submission import Submission

_TRIES: Final = 3
"""A witness may know of another size than we do; after so many corrections it waits for the next round."""


@dataclass(frozen=True, slots=True)
class WitnessAddress:
    """Where a witness is reached, and its key."""

    key: NoteKey
    url: str


@dataclass(frozen=True, slots=True)
class Sealing:
    """How the journal is signed and who watches it."""

    secret: NoteSecret
    """Its name is the journal's."""
    witnesses: tuple[WitnessAddress, ...] = ()
    seconds: float = 60.0
    """Between two rounds: so much can be rewritten unseen at most."""

    def __post_init__(self) -> None:
        """Refuse keys of the wrong kind, and a witness that stands there twice."""
        if self.secret.algorithm is not Algorithm.NOTE:
            raise NoteFault("expected a journal's key, was a witness's")
        keys = [witness.key for witness in self.witnesses]
        if any(key.algorithm is not Algorithm.COSIGNATURE for key in keys):
            raise NoteFault("expected a witness's key, was a journal's")
        if len({key.public for key in keys}) < len(keys) or self.seconds <= 0:
            raise NoteFault("expected each witness once, and a time above zero")


class Witnessing(Part):
    """Signs and hands over. It ends by itself where the journal does not continue what was signed."""

    def __init__(
        self,
        open_journal: Callable[[], Journal],
        sealing: Sealing,
        client: httpx.Client,
        told: ToldOf = lambda witness, why: None,  # noqa: ARG005 - the parameters' names are the protocol's
    ) -> None:
        """Prepare; the thread opens the journal for itself and reads all of it once."""
        super().__init__("witnessing")
        self._open, self._sealing, self._client, self._told = open_journal, sealing, client, told
        self._known: dict[NoteKey, int] = {}
        """Size of the newest checkpoint that a witness has cosigned."""
        self._is_begun = False

    @property
    def cosigned(self) -> dict[str, int]:
        """How many records each witness has vouched for, by its name; nothing before the journal was read."""
        if not self._is_begun:
            return {}
        keys = [witness.key for witness in self._sealing.witnesses]
        return {key.name: self._known.get(key, 0) for key in keys}

    def one_round(self, notary: Notary) -> int:
        """Sign what is new, and hand it to every witness; return how many have cosigned the newest checkpoint."""
        notary.sign()
        newest = notary.newest()
        if newest is None:
            return 0
        count = 0
        for witness in self._sealing.witnesses:
            try:
                count += self._hand_over(notary, *newest, witness)
            except Fault as why:
                self._told(witness.key.name, str(why))
        return count

    def _hand_over(self, notary: Notary, size: int, note: Note, witness: WitnessAddress) -> bool:
        """Return whether a witness has cosigned the checkpoint of that size."""
        older = self._known.get(witness.key, 0)
        if older == size:
            return True
        for _ in range(_TRIES):
            body = Submission(older, notary.proof(older, size), note)
            response = self._post(witness, str(body).encode())
            if response.status_code == httpx.codes.OK:
                self._keep(notary, note, witness, response.text)
                self._known[witness.key] = size
                return True
            if response.status_code != httpx.codes.CONFLICT:
                raise GatewayFault(f"expected a cosignature, was status {response.status_code}")
            older = _size(response.text)
            if older > size:
                raise GatewayFault(
                    f"the witness has cosigned {older} records and there are {size}: the journal was cut"
                )
        raise GatewayFault("expected a cosignature, was another size again and again")

    def _post(self, witness: WitnessAddress, body: bytes) -> httpx.Response:
        try:
            return self._client.post(f"{witness.url}/add-checkpoint", content=body)
        except httpx.HTTPError as fault:
            raise GatewayFault(f"expected a witness, was {type(fault).__name__}") from fault

    def _keep(self, notary: Notary, note: Note, witness: WitnessAddress, text: str) -> None:
        """Keep the witness's line under the checkpoint; a wrong one is refused."""
        lines = [parse_signature(row) for row in text.splitlines() if row]
        cosigned = Note(note.text, (*note.signatures, *lines))
        if witness.key not in signers(cosigned, (witness.key,)):
            raise GatewayFault("expected the witness's own cosignature, was another's")
        notary.add_cosignatures(str(cosigned).encode())

    def _work(self) -> None:
        journal = self._open()
        keys: Sequence[NoteKey] = [witness.key for witness in self._sealing.witnesses]
        secret = self._sealing.secret
        notary = Notary(journal, secret.name, secret.private, keys)
        for kept in journal.checkpoints():
            for key in signers(parse_note(kept.note), keys):
                self._known[key] = kept.size
        self._is_begun = True
        self.one_round(notary)
        while self._pause(self._sealing.seconds):
            self.one_round(notary)
        journal.close()


def _size(text: str) -> int:
    """Return the size that a witness says it has."""
    first = text.split("\n", 1)[0]
    if not (first.isascii() and first.isdigit() and len(first) < 20):
        raise GatewayFault("expected the size that the witness has")
    return int(first)


__all__ = ["Sealing", "WitnessAddress", "Witnessing"]
