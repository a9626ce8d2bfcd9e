"""Personal data, outside the journal: sealed under a key a subject, found by keyed digests, erased by destroying the key.

Events hold a subject's opaque id only. The vault keeps names, numbers and texts under that id.

1. Each piece is sealed with AES-256-GCM under the subject's own key, bound to the subject and the field: swapped pieces do
   not open.
2. A subject's key is kept only as its key store wrapped it; the master key never lies beside the data.
3. Looking up goes by HMAC-SHA-256 under a key that the key store holds: who has the table cannot try numbers.
4. Destroying a subject's key erases all of the subject's pieces, for good: the subject is not taken again. Copies of the
   table made before still hold the wrapped key, so backups must be let run out, or the master key be changed.
5. Every reading comes with the event that must be journalled; the vault itself writes no journal.
6. A piece that is kept before the entry that will name it says for which command it waits. Where that entry never comes, the
   piece can be dropped without a trace: unlike what was erased, it may come again.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from recoup import limits
from recoup.errors import LimitFault, VaultFault

_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12


@dataclass(frozen=True, slots=True)
class PersonalDataRead:
    """Somebody saw a piece of personal data: an event to be journalled before the piece is shown."""

    subject: str
    field: str
    reader: str
    case: str
    reason: str


@dataclass(frozen=True, slots=True)
class PersonalDataErased:
    """A subject's key was destroyed: an event to be journalled."""

    subject: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Purpose:
    """Who reads, in which case, and why: without these nothing is read."""

    reader: str
    case: str
    reason: str

    def __post_init__(self) -> None:
        assert self.reader, "a reading has a reader"
        assert self.case, "a reading has a case"
        assert self.reason, "a reading has a reason"


@dataclass(frozen=True, slots=True)
class Reading:
    """A piece of personal data, and what must be journalled about its reading."""

    text: str
    event: PersonalDataRead


@dataclass(frozen=True, slots=True)
class Sealed:
    """A piece as the table keeps it."""

    nonce: bytes
    sealed: bytes
    lookup: bytes


@dataclass(frozen=True, slots=True)
class Waiting:
    """A piece that was kept for a command, whose entry is not known to be on disk."""

    subject: str
    field: str
    command: str
    at: datetime


class KeyStore(Protocol):
    """Keeps the master key: a file, a hardware module, another service."""

    def wrap(self, key: bytes, subject: str) -> bytes:
        """Return a subject's key in a form that only this store opens, bound to the subject."""
        ...

    def wrap_all(self, keys: Mapping[str, bytes]) -> list[bytes]:
        """Return the same of several keys by subject, in their order."""
        ...

    def unwrap(self, wrapped: bytes, subject: str) -> bytes:
        """Return the key again; raise `VaultFault` if it was changed or is another subject's."""
        ...

    def digest(self, data: bytes) -> bytes:
        """Return HMAC-SHA-256 of `data` under a key that never leaves the store."""
        ...


class VaultTable(Protocol):
    """Keeps rows; knows no key."""

    def together(self) -> AbstractContextManager[None]:
        """Make all that a block keeps durable at once, or nothing of it; one block at a time, and none within another."""
        ...

    def wrapped_key(self, subject: str) -> tuple[bool, bytes | None]:
        """Return whether the subject is known, and its wrapped key; None if that was destroyed."""
        ...

    def add_key(self, subject: str, wrapped: bytes) -> None:
        """Keep a new subject's wrapped key."""
        ...

    def destroy(self, subject: str) -> None:
        """Destroy the subject's key and pieces, and remember that."""
        ...

    def put(self, subject: str, field: str, piece: Sealed) -> None:
        """Keep a piece in the place of one before it."""
        ...

    def piece(self, subject: str, field: str) -> Sealed | None:
        """Return a piece."""
        ...

    def find(self, field: str, lookup: bytes) -> list[str]:
        """Return the subjects whose piece has this digest, sorted."""
        ...

    def wait_for(self, waiting: Waiting) -> None:
        """Remember that a new piece waits for a command's entry; one that waits already keeps its first command."""
        ...

    def waiting(self) -> list[Waiting]:
        """Return what waits, oldest first."""
        ...

    def is_waiting(self, subject: str) -> bool:
        """Return whether anything of a subject waits."""
        ...

    def stop_waiting(self, command: str) -> None:
        """Let the pieces of a command stand."""
        ...

    def rely_on(self, subject: str) -> None:
        """Let everything of a subject stand."""
        ...

    def settle(self, subject: str, field: str, *, drops: bool) -> None:
        """Let a piece that waits stand, or drop it, with the subject's key if nothing else is left."""
        ...

    def find_all(self, field: str, lookups: Sequence[bytes]) -> dict[bytes, list[str]]:
        """Return the same of several digests by digest, those without a subject left out."""
        ...

    def wrapped_keys(self, subjects: Sequence[str]) -> dict[str, bytes | None]:
        """Return the wrapped keys of those subjects that are known; None if a key was destroyed."""
        ...

    def add_all(
        self, keys: Sequence[tuple[str, bytes]], pieces: Sequence[tuple[str, str, Sealed]]
    ) -> None:
        """Keep new subjects' wrapped keys, then pieces (subject, field, piece) in the place of those before them."""
        ...


class LocalKeys:
    """A key store around 32 bytes that the caller read from a safe place."""

    def __init__(self, master: bytes) -> None:
        if len(master) != _KEY_BYTES:
            raise VaultFault(f"expected a master key of {_KEY_BYTES} bytes, was {len(master)}")
        self._wrapping = AESGCM(_derived(master, b"recoup/vault/wrap/1"))
        # Keyed once and copied for each digest: an answer with a statement asks for hundreds.
        self._looking = hmac.new(_derived(master, b"recoup/vault/lookup/1"), digestmod="sha256")

    def wrap(self, key: bytes, subject: str) -> bytes:
        """Return nonce and sealed key."""
        return self.wrap_all({subject: key})[0]

    def wrap_all(self, keys: Mapping[str, bytes]) -> list[bytes]:
        """Return nonce and sealed key of each."""
        nonces = _random(_NONCE_BYTES, len(keys))
        return [
            nonce + self._wrapping.encrypt(nonce, key, subject.encode())
            for (subject, key), nonce in zip(keys.items(), nonces, strict=True)
        ]

    def unwrap(self, wrapped: bytes, subject: str) -> bytes:
        """Return the key."""
        try:
            return self._wrapping.decrypt(
                wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], subject.encode()
            )
        except (InvalidTag, ValueError) as fault:
            raise VaultFault("expected a key that this master key wrapped, was another") from fault

    def digest(self, data: bytes) -> bytes:
        """Return the keyed digest."""
        found = self._looking.copy()
        found.update(data)
        return found.digest()


def _random(size: int, count: int) -> list[bytes]:
    """Return so many random texts of `size` bytes, asked for at once: each asking lets another thread have the interpreter."""
    data = secrets.token_bytes(size * count) if count else b""
    return [data[begin : begin + size] for begin in range(0, len(data), size)]


def _derived(master: bytes, purpose: bytes) -> bytes:
    """Return a key for one purpose (HKDF-Expand of RFC 5869, one block): a digest never serves as a wrapping key."""
    return hmac.new(master, purpose + b"\x01", hashlib.sha256).digest()


class Vault:
    """Personal data by subject and field."""

    def __init__(self, table: VaultTable, keys: KeyStore) -> None:
        self._table, self._keys = table, keys
        self._is_together = False

    @contextmanager
    def together(self) -> Iterator[None]:
        """Make all that a block puts durable at once, or nothing of it: one sync. A block within is part of it."""
        if self._is_together:
            yield
            return
        with self._table.together():
            self._is_together = True
            try:
                yield
            finally:
                self._is_together = False

    def put(self, subject: str, field: str, text: str) -> None:
        """Keep a piece; a subject that was erased is refused with `VaultFault`."""
        _bytes_of(text)  # too long a text makes no key
        is_known, wrapped = self._table.wrapped_key(subject)
        if is_known:
            cipher = self._opened(subject, wrapped)
        else:
            fresh = AESGCM.generate_key(bit_length=8 * _KEY_BYTES)
            self._table.add_key(subject, self._keys.wrap(fresh, subject))
            cipher = AESGCM(fresh)
        nonce = secrets.token_bytes(_NONCE_BYTES)
        self._table.put(subject, field, self._sealed(cipher, subject, field, text, nonce))

    def _sealed(self, cipher: AESGCM, subject: str, field: str, text: str, nonce: bytes) -> Sealed:
        sealed = cipher.encrypt(nonce, _bytes_of(text), _bound(subject, field))
        return Sealed(nonce, sealed, self._lookup(field, text))

    def put_all(
        self, pieces: Iterable[tuple[str, str, str]], relies_on: Iterable[str] = ()
    ) -> None:
        """Keep pieces (subject, field, text): all of them or none, with one sync.

        Something else rests on `relies_on` than the commands for which they wait: they stand, whatever becomes of those.
        """
        with self.together():
            for subject in relies_on:
                self._table.rely_on(subject)
            self._put_many(pieces)

    def _put_many(self, pieces: Iterable[tuple[str, str, str]]) -> None:
        """Keep pieces with a few statements to the table: a statement of an answer names hundreds of new accounts."""
        wanted = list(pieces)
        subjects = list(dict.fromkeys(subject for subject, _, _ in wanted))
        known = self._table.wrapped_keys(subjects)
        ciphers = {subject: self._opened(subject, wrapped) for subject, wrapped in known.items()}
        new = [subject for subject in subjects if subject not in ciphers]
        fresh = dict(zip(new, _random(_KEY_BYTES, len(new)), strict=True))
        ciphers |= {subject: AESGCM(key) for subject, key in fresh.items()}
        keys = list(zip(new, self._keys.wrap_all(fresh), strict=True))
        nonces = _random(_NONCE_BYTES, len(wanted))
        sealed = [
            (subject, field, self._sealed(ciphers[subject], subject, field, text, nonce))
            for (subject, field, text), nonce in zip(wanted, nonces, strict=True)
        ]
        self._table.add_all(keys, sealed)

    def put_first(
        self,
        pieces: Iterable[tuple[str, str, str]],
        command: str,
        at: datetime,
        told: Iterable[str] = (),
    ) -> None:
        """Keep pieces before the command that will name them: what is new waits for it. `told`: commands that are on disk."""
        with self.together():
            for before in told:
                self._table.stop_waiting(before)
            wanted = list(pieces)
            new = [(subject, field) for subject, field, _ in wanted if not self.has(subject, field)]
            self._put_many(wanted)
            for subject, field in new:
                self._table.wait_for(Waiting(subject, field, command, at))

    def waiting_among(self, subjects: Iterable[str]) -> list[str]:
        """Return those of which a piece waits for a command's entry."""
        return [subject for subject in subjects if self._table.is_waiting(subject)]

    def sweep(self, drops: Callable[[Waiting], bool | None]) -> int:
        """Ask of each piece that waits whether it is to be dropped; None: it goes on waiting. Return how many were dropped."""
        count = 0
        with self.together():
            for piece in self._table.waiting():
                found = drops(piece)
                if found is not None:
                    self._table.settle(piece.subject, piece.field, drops=found)
                    count += found
        return count

    def has(self, subject: str, field: str) -> bool:
        """Whether there is such a piece; shows nothing of it."""
        return self._table.piece(subject, field) is not None

    def read(self, subject: str, field: str, purpose: Purpose) -> Reading:
        """Return a piece with the event to journal; raise `VaultFault` if it is not there, erased, or changed."""
        cipher, piece = self._cipher(subject), self._table.piece(subject, field)
        if piece is None:
            raise VaultFault(f"expected {field} of {subject}, was not there")
        try:
            data = cipher.decrypt(piece.nonce, piece.sealed, _bound(subject, field))
        except InvalidTag as fault:
            raise VaultFault(
                f"expected {field} of {subject} as it was sealed, was changed"
            ) from fault
        event = PersonalDataRead(subject, field, purpose.reader, purpose.case, purpose.reason)
        return Reading(data.decode(), event)

    def find(self, field: str, text: str) -> list[str]:
        """Return the subjects with exactly this text in this field, sorted; shows nothing that the caller does not have."""
        return self._table.find(field, self._lookup(field, text))

    def find_all(self, field: str, texts: Iterable[str]) -> dict[str, list[str]]:
        """Return the same of several texts by text; empty for those that nobody has."""
        lookups = {text: self._lookup(field, text) for text in texts}
        found = self._table.find_all(field, list(lookups.values()))
        return {text: found.get(lookup, []) for text, lookup in lookups.items()}

    def digests(self, field: str, texts: Iterable[str]) -> list[str]:
        """Return the keyed digest of each text."""
        return [self._lookup(field, text).hex() for text in texts]

    def digest(self, field: str, text: str) -> str:
        """Return a keyed digest: the same for the same text, and nobody without the key can find the text by trying."""
        return self._lookup(field, text).hex()

    def erase(self, subject: str, by: str, reason: str) -> PersonalDataErased:
        """Destroy the subject's key; return the event to journal. Erasing twice is no fault."""
        assert by, "an erasure has an author"
        assert reason, "an erasure has a reason"
        self._table.destroy(subject)
        return PersonalDataErased(subject, by, reason)

    def _cipher(self, subject: str) -> AESGCM:
        is_known, wrapped = self._table.wrapped_key(subject)
        if not is_known:
            raise VaultFault(f"expected the key of {subject}: it is not there")
        return self._opened(subject, wrapped)

    def _opened(self, subject: str, wrapped: bytes | None) -> AESGCM:
        if wrapped is None:
            raise VaultFault(f"expected the key of {subject}: its key was destroyed")
        return AESGCM(self._keys.unwrap(wrapped, subject))

    def _lookup(self, field: str, text: str) -> bytes:
        return self._keys.digest(_bound_field(field) + text.encode())


def _bytes_of(text: str) -> bytes:
    """Return a piece's bytes; `LimitFault` for more than one piece may have."""
    data = text.encode()
    if len(data) > limits.PERSONAL_BYTES_MAX:
        raise LimitFault("PERSONAL_BYTES_MAX", limits.PERSONAL_BYTES_MAX, len(data))
    return data


def _bound(subject: str, field: str) -> bytes:
    """Return subject and field as bytes that no other pair has."""
    first, second = subject.encode(), field.encode()
    return b"%b%b%b%b" % (
        len(first).to_bytes(4, "big"),
        first,
        len(second).to_bytes(4, "big"),
        second,
    )


@lru_cache(maxsize=64)
def _bound_field(field: str) -> bytes:
    """Return the same without a subject; a statement asks it hundreds of times for a few fields."""
    return _bound("", field)


__all__ = [
    "KeyStore",
    "LocalKeys",
    "PersonalDataErased",
    "PersonalDataRead",
    "Purpose",
    "Reading",
    "Sealed",
    "Vault",
    "VaultTable",
    "Waiting",
]
