"""Signed notes: text and who signed it, in the form of C2SP signed-note, keys included. Not what the text says.

A note is text that ends in a newline, an empty line, and one line a signature: an em dash, the key's name, and base64 of the
key id and the signature. A verifier ignores signatures of keys it does not know, and refuses the note if a known one is
wrong.
"""

from __future__ import annotations

import base64
import binascii
import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from recoup import limits
from recoup.errors import NoteFault

_LINE: Final = re.compile(r"— (\S+) ([A-Za-z0-9+/]+={0,2})")
_NAME: Final = re.compile(r"[^\s+]{1,255}")
_TIME: Final = struct.Struct(">Q")
_SIGNATURE_BYTES: Final = 64
_PRIVATE: Final = "PRIVATE+KEY+"


class Algorithm(IntEnum):
    """How a key signs: the first byte of its public form."""

    NOTE = 1
    """Ed25519 over the text: the log itself."""
    COSIGNATURE = 4
    """Ed25519 over a time and the text: a witness (C2SP tlog-cosignature v1)."""


@dataclass(frozen=True, slots=True)
class NoteKey:
    """The public key of one signer: its text form is `name+id+base64`, as C2SP says."""

    name: str
    algorithm: Algorithm
    public: bytes

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise NoteFault("expected a key name without spaces and plus signs")
        if len(self.public) != 32:
            raise NoteFault(f"expected a public key of 32 bytes, was {len(self.public)}")

    @property
    def id(self) -> bytes:
        """Four bytes that stand before each of its signatures."""
        return sha256(self.name.encode() + b"\n" + bytes([self.algorithm]) + self.public).digest()[
            :4
        ]

    def __str__(self) -> str:
        """Return the text form, which `parse` reads."""
        blob = base64.b64encode(bytes([self.algorithm]) + self.public).decode()
        return f"{self.name}+{self.id.hex()}+{blob}"

    @classmethod
    def parse(cls, text: str) -> NoteKey:
        """Return the key of its text form; an id that does not belong to it raises `NoteFault`."""
        name, _, rest = text.strip().partition("+")
        identity, _, blob = rest.partition("+")
        try:
            data = base64.b64decode(blob, validate=True)
            key = cls(name, Algorithm(data[0]), data[1:])
        except (binascii.Error, ValueError, IndexError) as fault:
            raise NoteFault("expected a key of the form name+id+base64 of a known kind") from fault
        if key.id.hex() != identity:
            raise NoteFault(f"expected the key id {key.id.hex()}, was {identity!r}")
        return key


@dataclass(frozen=True, slots=True)
class NoteSecret:
    """The private key of one signer: its text form is `PRIVATE+KEY+name+id+base64`, as the Go note package writes it."""

    name: str
    algorithm: Algorithm
    seed: bytes

    @classmethod
    def make(cls, name: str, algorithm: Algorithm, seed: bytes) -> NoteSecret:
        """Return the key of 32 random bytes."""
        secret = cls(name, algorithm, seed)
        _ = secret.key  # a name or seed of no use is refused here
        return secret

    @property
    def private(self) -> Ed25519PrivateKey:
        """What signs."""
        return Ed25519PrivateKey.from_private_bytes(self.seed)

    @property
    def key(self) -> NoteKey:
        """The public form, for whoever checks."""
        return public_key(self.name, self.algorithm, self.private)

    def __str__(self) -> str:
        """Return the text form, which `parse` reads."""
        blob = base64.b64encode(bytes([self.algorithm]) + self.seed).decode()
        return f"{_PRIVATE}{self.name}+{self.key.id.hex()}+{blob}"

    def __repr__(self) -> str:
        """Return who it is; the key itself is never in a log."""
        return f"NoteSecret({self.name!r})"

    @classmethod
    def parse(cls, text: str) -> NoteSecret:
        """Return the key of its text form; an id that does not belong to it raises `NoteFault`."""
        name, _, rest = text.strip().removeprefix(_PRIVATE).partition("+")
        identity, _, blob = rest.partition("+")
        try:
            data = base64.b64decode(blob, validate=True)
            secret = cls.make(name, Algorithm(data[0]), data[1:])
        except (binascii.Error, ValueError, IndexError) as fault:
            raise NoteFault("expected PRIVATE+KEY+name+id+base64 of a known kind") from fault
        if not text.startswith(_PRIVATE) or secret.key.id.hex() != identity:
            raise NoteFault("expected a private key with the id that belongs to it")
        return secret


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line: who, and the bytes after the key id."""

    name: str
    key_id: bytes
    blob: bytes

    def __str__(self) -> str:
        """Return the line, without its newline."""
        return f"— {self.name} {base64.b64encode(self.key_id + self.blob).decode()}"


@dataclass(frozen=True, slots=True)
class Note:
    """Text and the signatures under it, none of them checked yet."""

    text: str
    signatures: tuple[Signature, ...]

    def __str__(self) -> str:
        """Return the note as it is written to a file."""
        return self.text + "\n" + "".join(f"{line}\n" for line in self.signatures)

    def with_signature(self, signature: Signature) -> Note:
        """Return the note with one more line, as a witness adds its own."""
        return Note(self.text, (*self.signatures, signature))


def parse_note(data: bytes) -> Note:
    """Return the note of a file's bytes; raise `NoteFault` for anything but the exact form."""
    if len(data) > limits.NOTE_BYTES_MAX:
        raise NoteFault(f"expected at most {limits.NOTE_BYTES_MAX} bytes, was {len(data)}")
    try:
        whole = data.decode()
    except UnicodeDecodeError as fault:
        raise NoteFault("expected UTF-8, was something else") from fault
    if any(ord(char) < 0x20 and char != "\n" for char in whole):
        raise NoteFault("expected no control characters but newlines")
    text, gap, lines = whole.rpartition("\n\n")
    if not gap or not text or not lines.endswith("\n"):
        raise NoteFault("expected text, an empty line, and signature lines")
    rows = lines.removesuffix("\n").split("\n")
    if len(rows) > limits.NOTE_SIGNATURES_MAX:
        raise NoteFault(f"expected at most {limits.NOTE_SIGNATURES_MAX} signatures")
    return Note(text + "\n", tuple(map(parse_signature, rows)))


def parse_signature(row: str) -> Signature:
    """Return one signature line; `NoteFault` for anything else."""
    match = _LINE.fullmatch(row)
    if not match:
        raise NoteFault("expected a signature line: an em dash, a name, base64")
    try:
        data = base64.b64decode(match[2], validate=True)
    except binascii.Error as fault:
        raise NoteFault("expected base64 in a signature line") from fault
    if len(data) <= 4 or base64.b64encode(data).decode() != match[2]:
        raise NoteFault("expected a key id and a signature in canonical base64")
    return Signature(match[1], data[:4], data[4:])


def _cosigned(text: str, seconds: int) -> bytes:
    return f"cosignature/v1\ntime {seconds}\n{text}".encode()


def public_key(name: str, algorithm: Algorithm, private: Ed25519PrivateKey) -> NoteKey:
    """Return the public form of a private key."""
    raw = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return NoteKey(name, algorithm, raw)


def sign(text: str, name: str, private: Ed25519PrivateKey) -> Signature:
    """Return the log's own signature of `text`."""
    assert text.endswith("\n"), "a note ends in a newline"
    key = public_key(name, Algorithm.NOTE, private)
    return Signature(name, key.id, private.sign(text.encode()))


def cosign(text: str, name: str, private: Ed25519PrivateKey, seconds: int) -> Signature:
    """Return a witness's signature of `text` at a time in whole seconds since 1970."""
    assert text.endswith("\n"), "a note ends in a newline"
    key = public_key(name, Algorithm.COSIGNATURE, private)
    signed = private.sign(_cosigned(text, seconds))
    return Signature(name, key.id, _TIME.pack(seconds) + signed)


def signers(note: Note, keys: Sequence[NoteKey]) -> tuple[NoteKey, ...]:
    """Return which of `keys` signed `note`, each once; a wrong signature of one of them raises `NoteFault`."""
    found: list[NoteKey] = []
    for key in keys:
        lines = [x for x in note.signatures if (x.name, x.key_id) == (key.name, key.id)]
        if not lines:
            continue
        for line in lines:
            _check_signature(note.text, key, line)
        if key not in found:
            found.append(key)
    return tuple(found)


def _check_signature(text: str, key: NoteKey, line: Signature) -> None:
    blob, signed = line.blob, text.encode()
    if key.algorithm is Algorithm.COSIGNATURE:
        if len(blob) != _TIME.size + _SIGNATURE_BYTES:
            raise NoteFault(f"expected a time and a signature of {key.name}")
        (seconds,) = _TIME.unpack(blob[: _TIME.size])
        blob, signed = blob[_TIME.size :], _cosigned(text, seconds)
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(blob, signed)
    except InvalidSignature as fault:
        raise NoteFault(f"expected a signature of {key.name}, was a wrong one") from fault


__all__ = [
    "Algorithm",
    "Note",
    "NoteKey",
    "NoteSecret",
    "Signature",
    "cosign",
    "parse_note",
    "parse_signature",
    "public_key",
    "sign",
    "signers",
]
