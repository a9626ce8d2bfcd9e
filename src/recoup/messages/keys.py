"""Keys of messages: Ed25519, one file each, pinned by institution, overlapping on rotation. Signs nothing.

A private key's file is a JWK (RFC 8037) for its owner's eyes only; `public` gives the part to hand to the other side. A key's
id is the thumbprint of RFC 7638, so an id never stands for two keys.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from recoup import limits
from recoup.clock import instant_text, parse_instant
from recoup.errors import LimitFault, MessageFault, MessageProblem

_KEY_BYTES: Final = 32
_FIELDS: Final = {"kty", "crv", "x", "kid", "owner", "valid_from", "valid_until"}


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key of somebody else's, as it is pinned."""

    owner: str
    """The institution, or the centre."""
    public: bytes
    valid_from: datetime
    valid_until: datetime

    @property
    def id(self) -> str:
        """Return the key's thumbprint."""
        return thumbprint(self.public)

    def is_valid(self, at: datetime) -> bool:
        """Whether the key counts at that time; the end is not within."""
        return self.valid_from <= at < self.valid_until

    def as_jwk(self) -> dict[str, str]:
        """Return the key in the form of its file."""
        return {
            "kty": "OKP",
            "crv": "Ed25519",
            "x": to_base64url(self.public),
            "kid": self.id,
            "owner": self.owner,
            "valid_from": instant_text(self.valid_from),
            "valid_until": instant_text(self.valid_until),
        }


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key of one's own. Its secret is not shown when printed."""

    owner: str
    secret: bytes
    valid_from: datetime
    valid_until: datetime

    def __repr__(self) -> str:
        """Name the key, never its secret."""
        return f"SigningKey({self.owner!r}, {self.public.id})"

    @property
    def public(self) -> PublicKey:
        """Return the part to hand out."""
        public = Ed25519PrivateKey.from_private_bytes(self.secret).public_key().public_bytes_raw()
        return PublicKey(self.owner, public, self.valid_from, self.valid_until)


class KeyRing:
    """The pinned keys: whose word is taken, and from when until when."""

    def __init__(self, keys: Iterable[PublicKey]) -> None:
        self._by_owner: dict[str, dict[str, PublicKey]] = {}
        for key in keys:
            own = self._by_owner.setdefault(key.owner, {})
            own[key.id] = key
            if len(own) > limits.KEYS_PINNED_MAX:
                raise LimitFault("KEYS_PINNED_MAX", limits.KEYS_PINNED_MAX, len(own))

    def find(self, owner: str, key_id: str) -> PublicKey:
        """Return a pinned key; raise `MessageFault` for a sender or a key that is not."""
        own = self._by_owner.get(owner)
        if own is None:
            raise MessageFault(MessageProblem.ISSUER_UNKNOWN)
        if key_id not in own:
            raise MessageFault(MessageProblem.KEY_UNKNOWN)
        return own[key_id]


def thumbprint(public: bytes) -> str:
    """Return the id of a public key (RFC 7638).

    >>> thumbprint(from_base64url("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"))
    'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k'
    """
    members = f'{{"crv":"Ed25519","kty":"OKP","x":"{to_base64url(public)}"}}'
    return to_base64url(hashlib.sha256(members.encode()).digest())


def generate_key(owner: str, valid_from: datetime, valid_until: datetime) -> SigningKey:
    """Return a fresh key from the machine's random source."""
    secret = Ed25519PrivateKey.generate().private_bytes_raw()
    return SigningKey(owner, secret, valid_from, valid_until)


def write_key(key: SigningKey, path: Path) -> None:
    """Write a private key for its owner's eyes only; a file that is there already is never written over."""
    text = json.dumps({**key.public.as_jwk(), "d": to_base64url(key.secret)}, indent=1) + "\n"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def write_public(key: PublicKey, path: Path) -> None:
    """Write the part to hand to the other side."""
    path.write_text(json.dumps(key.as_jwk(), indent=1) + "\n", encoding="ascii")


def read_key(path: Path) -> SigningKey:
    """Return the private key of a file; raise `MessageFault` for a file that is none."""
    table = _table(path)
    secret = _part(path, table.pop("d", None))
    public = _public(path, table)
    key = SigningKey(public.owner, secret, public.valid_from, public.valid_until)
    if key.public != public:
        raise _unusable(path, "its two halves do not belong together")
    return key


def read_public(path: Path) -> PublicKey:
    """Return the public key of a file; a private key's file is refused, so that nobody hands one out by mistake."""
    table = _table(path)
    if "d" in table:
        raise _unusable(path, "it is a private key: keep it, and hand out its public part")
    return _public(path, table)


def _table(path: Path) -> dict[str, Any]:
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as fault:
        raise _unusable(path, "it cannot be read") from fault
    if not isinstance(table, dict):
        raise _unusable(path, "it is no JSON object")
    return table


def _public(path: Path, table: dict[str, Any]) -> PublicKey:
    if table.keys() != _FIELDS or not all(isinstance(value, str) for value in table.values()):
        raise _unusable(path, f"expected the texts {', '.join(sorted(_FIELDS))}")
    if (table["kty"], table["crv"]) != ("OKP", "Ed25519"):
        raise _unusable(path, "expected kty OKP, crv Ed25519")
    try:
        begin, end = parse_instant(table["valid_from"]), parse_instant(table["valid_until"])
    except ValueError as fault:
        raise _unusable(path, str(fault)) from fault
    key = PublicKey(table["owner"], _part(path, table["x"]), begin, end)
    if key.id != table["kid"]:
        raise _unusable(path, "its kid is not the thumbprint of its x")
    return key


def _part(path: Path, text: object) -> bytes:
    try:
        found = from_base64url(text if isinstance(text, str) else "")
    except ValueError as fault:
        raise _unusable(path, "a part of it is no base64url") from fault
    if len(found) != _KEY_BYTES:
        raise _unusable(path, f"expected {_KEY_BYTES} bytes, was {len(found)}")
    return found


def _unusable(path: Path, what: str) -> MessageFault:
    return MessageFault(MessageProblem.KEY_UNKNOWN, f"{path.name}: {what}")


def to_base64url(data: bytes) -> str:
    """Return base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def from_base64url(text: str) -> bytes:
    """Return the bytes of base64url without padding; `ValueError` for any text that `to_base64url` does not give."""
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as fault:
        raise ValueError("expected base64url without padding") from fault
    if (
        to_base64url(data) != text
    ):  # unused bits set, or another alphabet: a second form of the same bytes
        raise ValueError("expected the one form of base64url")
    return data


__all__ = [
    "KeyRing",
    "PublicKey",
    "SigningKey",
    "from_base64url",
    "generate_key",
    "read_key",
    "read_public",
    "thumbprint",
    "to_base64url",
    "write_key",
    "write_public",
]
