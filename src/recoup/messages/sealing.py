"""Signs messages and opens them: JWS (RFC 7515) in compact form, Ed25519 only (RFC 9864). Opens no socket, reads no clock.

1. Nothing but the algorithm named here is taken, whatever the header says; the key is one pinned for the sender, found by id.
2. A message is for one receiver, is taken for some minutes only, and once: whoever opens it remembers its id.
3. Each sending is signed anew, a retry too. What keeps a retried order from acting twice is the order's id, not the sending's.
4. The id is remembered after everything else was found right, so nobody can use up ids of messages that are not his.
5. A message carries the epoch of the writer that leads at its sender. Who opens it keeps the highest seen and takes no lower
   one, so a centre that was replaced commands nobody any more, whatever it still believes of itself.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey
from joserfc.registry import HeaderParameter

from recoup import limits
from recoup.clock import EPOCH
from recoup.errors import MessageFault, MessageProblem
from recoup.messages.codec import TYPES, decode, encode, name_of
from recoup.messages.keys import KeyRing, PublicKey, SigningKey, from_base64url, to_base64url
from recoup.messages.message import Message
from recoup.messages.values import AskMessage, ChangesMessage, OrderMessage

ALGORITHM: Final = "Ed25519"
_TEXTS: Final = ("alg", "kid", "typ", "iss", "aud", "jti")
_NUMBERS: Final = {"iat": 2**37, "epoch": 2**53}
"""Whole numbers of the header, and what they stay below: JSON's numbers are exact in every language up to there."""


class _Registry(jws.JWSRegistry):
    """The library's own bounds are below ours: a long statement or digest would look like a wrong signature."""

    max_header_length = limits.MESSAGE_BYTES_MAX
    max_payload_length = limits.MESSAGE_BYTES_MAX


_REGISTRY: Final = _Registry(
    header_registry={
        "iss": HeaderParameter("Sender", "str", True),
        "aud": HeaderParameter("Receiver", "str", True),
        "iat": HeaderParameter("Signed at", "int", True),
        "jti": HeaderParameter("Id of this sending", "str", True),
        "epoch": HeaderParameter("Epoch of the writer that leads at the sender", "int", True),
    },
    algorithms=[ALGORITHM],
)


class Replays(Protocol):
    """Remembers which sendings were taken; durably, or a restart would take them again."""

    def remember(self, issuer: str, jti: str, until: datetime, now: datetime) -> bool:
        """Keep the id until `until` and return True; False if it was there already. May forget what ended before `now`."""
        ...


class Fence(Protocol):
    """Keeps the highest epoch seen of each sender; durably, or a restart would let an old one in again."""

    def admit(self, issuer: str, epoch: int) -> bool:
        """Keep `epoch` if it is the highest yet and return True; False if a higher one was seen."""
        ...


class MemoryReplays:
    """Remembers in memory: for tests, and for a client that takes answers only to what it just asked."""

    def __init__(self) -> None:
        self._until: dict[tuple[str, str], datetime] = {}

    def remember(self, issuer: str, jti: str, until: datetime, now: datetime) -> bool:
        """Keep the id and return True, or False if it was there."""
        if self._until.get((issuer, jti), now) > now:
            return False
        self._until = {key: end for key, end in self._until.items() if end > now}
        self._until[issuer, jti] = until
        return True


@dataclass(frozen=True, slots=True)
class Opened:
    """A message that was signed as it must be, and by whom."""

    message: Message
    issuer: str
    jti: str
    signed_at: datetime
    payload: bytes
    epoch: int = 0


def seal(
    message: Message, key: SigningKey, *, audience: str, jti: str, now: datetime, epoch: int = 0
) -> bytes:
    """Return the signed message; raise `MessageFault` where it is larger than may be sent.

    Args:
        message: what is said.
        key: the sender's own; must be valid at `now`.
        audience: the one receiver.
        jti: an id never used before, from an `Ids`.
        now: when it is signed; whole seconds are kept.
        epoch: of the writer that leads at the sender; 0 where the sender has no such thing.
    """
    if not key.public.is_valid(now):
        raise MessageFault(MessageProblem.KEY_NOT_VALID, "one's own: make a new one")
    header = {
        "alg": ALGORITHM,
        "kid": key.public.id,
        "typ": name_of(message),
        "iss": key.owner,
        "aud": audience,
        "iat": int((now - EPOCH) // timedelta(seconds=1)),
        "jti": jti,
        "epoch": epoch,
    }
    private = OKPKey.import_key(
        {
            "kty": "OKP",
            "crv": "Ed25519",
            "x": to_base64url(key.public.public),
            "d": to_base64url(key.secret),
        }
    )
    data = jws.serialize_compact(header, encode(message), private, registry=_REGISTRY).encode()
    if len(data) > limits.MESSAGE_BYTES_MAX:
        raise MessageFault(MessageProblem.TOO_LARGE, f"{len(data)} bytes signed")
    return data


def open_message(
    data: bytes,
    keys: KeyRing,
    *,
    audience: str,
    now: datetime,
    replays: Replays,
    takes: Collection[type] = tuple(TYPES.values()),
    fence: Fence | None = None,
) -> Opened:
    """Return what a signed message says, once; raise `MessageFault` naming what is wrong with it.

    Without a `fence` any epoch is taken: institutions have none.
    """
    header, payload = _parts(data)
    if header["alg"] != ALGORITHM:
        raise MessageFault(MessageProblem.ALGORITHM_REFUSED)
    if TYPES.get(header["typ"]) not in takes:
        raise MessageFault(MessageProblem.TYPE_UNKNOWN)
    key = keys.find(header["iss"], header["kid"])
    _verify(data, key)
    if header["aud"] != audience:
        raise MessageFault(MessageProblem.AUDIENCE_WRONG)
    signed_at = _check_time(header["iat"], key, now)
    message = decode(header["typ"], payload)
    _check_sender(message, header["iss"], audience)
    until = signed_at + timedelta(
        seconds=limits.MESSAGE_AGE_SECONDS_MAX + limits.MESSAGE_AHEAD_SECONDS_MAX
    )
    if fence is not None and not fence.admit(header["iss"], header["epoch"]):
        raise MessageFault(MessageProblem.EPOCH_OLD)
    if not replays.remember(header["iss"], header["jti"], until, now):
        raise MessageFault(MessageProblem.REPLAYED)
    return Opened(message, header["iss"], header["jti"], signed_at, payload, header["epoch"])


def open_paper(data: bytes, keys: KeyRing) -> Opened:
    """Return what a signed order on paper says, whenever it is read; raise `MessageFault` for any other.

    Paper has no window of time and may be read many times: what acts on it twice is refused by the order's id. The key must
    have been valid when it was signed.
    """
    header, payload = _parts(data)
    if header["alg"] != ALGORITHM:
        raise MessageFault(MessageProblem.ALGORITHM_REFUSED)
    if TYPES.get(header["typ"]) is not OrderMessage:
        raise MessageFault(MessageProblem.TYPE_UNKNOWN)
    key = keys.find(header["iss"], header["kid"])
    _verify(data, key)
    signed_at = EPOCH + timedelta(seconds=header["iat"])
    if not (key.valid_from <= signed_at + timedelta(seconds=1) and signed_at < key.valid_until):
        raise MessageFault(MessageProblem.KEY_NOT_VALID)
    message = decode(header["typ"], payload)
    _check_sender(message, header["iss"], header["aud"])
    return Opened(message, header["iss"], header["jti"], signed_at, payload, header["epoch"])


def _parts(data: bytes) -> tuple[dict[str, Any], bytes]:
    """Return header and payload; nothing is believed yet."""
    if len(data) > limits.MESSAGE_BYTES_MAX:
        raise MessageFault(MessageProblem.TOO_LARGE, f"{len(data)} bytes")
    try:
        head, payload, signature = [from_base64url(x) for x in data.decode("ascii").split(".")]
    except ValueError as fault:
        raise MessageFault(MessageProblem.MALFORMED) from fault
    if len(signature) != 64:
        raise MessageFault(MessageProblem.MALFORMED)
    try:
        header = json.loads(head, object_pairs_hook=_once)
    except (ValueError, RecursionError) as fault:
        raise MessageFault(MessageProblem.HEADER_MALFORMED) from fault
    is_whole = (
        isinstance(header, dict)
        and header.keys() == {*_TEXTS, *_NUMBERS}
        and all(isinstance(header[x], str) and 0 < len(header[x]) <= 128 for x in _TEXTS)
        and all(type(header[x]) is int and 0 <= header[x] < end for x, end in _NUMBERS.items())
    )
    if not is_whole:
        raise MessageFault(MessageProblem.HEADER_MALFORMED)
    return header, payload


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the object; a name that stands twice would mean one thing to us and another to others."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("expected each name once")
    return found


def _verify(data: bytes, key: PublicKey) -> None:
    public = OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": to_base64url(key.public)})
    try:
        jws.deserialize_compact(data, public, registry=_REGISTRY)
    except (JoseError, ValueError) as fault:
        raise MessageFault(MessageProblem.SIGNATURE_WRONG) from fault


def _check_time(iat: int, key: PublicKey, now: datetime) -> datetime:
    """Return when it was signed; whole seconds, so its true time lies up to one later."""
    signed_at = EPOCH + timedelta(seconds=iat)
    if now - signed_at > timedelta(seconds=limits.MESSAGE_AGE_SECONDS_MAX):
        raise MessageFault(MessageProblem.STALE)
    if signed_at - now > timedelta(seconds=limits.MESSAGE_AHEAD_SECONDS_MAX):
        raise MessageFault(MessageProblem.EARLY)
    # A key that ended is refused at once, or whoever stole it would go on by signing earlier times.
    signed_within = (
        key.valid_from <= signed_at + timedelta(seconds=1) and signed_at < key.valid_until
    )
    if not signed_within or now >= key.valid_until:
        raise MessageFault(MessageProblem.KEY_NOT_VALID)
    return signed_at


def _check_sender(message: Message, issuer: str, audience: str) -> None:
    """An order or a change names its receiver; what an institution says names its sender; a request names one of the two."""
    match message:
        case OrderMessage() | ChangesMessage():
            is_right = message.institution == audience
        case AskMessage():
            is_right = message.institution in {issuer, audience}
        case _:
            is_right = message.institution == issuer
    if not is_right:
        raise MessageFault(MessageProblem.SENDER_WRONG)


__all__ = [
    "ALGORITHM",
    "Fence",
    "MemoryReplays",
    "Opened",
    "Replays",
    "open_message",
    "open_paper",
    "seal",
]
