"""What HTTP adds to signed messages, the same on both sides: media type, scheme, statuses, bounded replies. Opens no socket."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

import msgspec

from recoup.errors import MessageFault, MessageProblem

SIGNED: Final = "application/jose"
"""Media type of a body that is a signed message."""

SCHEME: Final = "Recoup "
"""How `Authorization` begins where a signed request stands in it."""

PROBLEM: Final = "urn:recoup:problem:"
"""How the `type` of a problem document begins; its name follows."""

_P = MessageProblem
_STATUS: Final = {
    _P.TOO_LARGE: 413,
    _P.BODY_MALFORMED: 400,
    _P.TOO_DEEP: 400,
    _P.MALFORMED: 400,
    _P.EPOCH_OLD: 409,
    _P.FIELD_MISSING: 422,
    _P.FIELD_UNKNOWN: 422,
    _P.FIELD_WRONG: 422,
}
_OF_TRUST: Final = 401
_DOCUMENT_BYTES_MAX: Final = 2**14


def status_of(problem: MessageProblem) -> int:
    """Return the HTTP status of a problem; what is not in the table is a matter of trust."""
    return _STATUS.get(problem, _OF_TRUST)


def whole_of(
    chunks: Iterable[bytes],
    bytes_max: int,
    is_late: Callable[[], bool] = lambda: False,
) -> bytes:
    """Return a reply that comes in chunks; raise `MessageFault` as soon as it is larger than `bytes_max`.

    Args:
        chunks: as they came over the wire, not unpacked: a small packed reply may unpack to anything.
        bytes_max: what is read at most.
        is_late: asked after each chunk, so that nobody keeps us by sending a byte now and then; raises `TimeoutError`.
    """
    found = bytearray()
    for chunk in chunks:
        found += chunk
        if len(found) > bytes_max:
            raise MessageFault(MessageProblem.TOO_LARGE, f"expected at most {bytes_max} bytes")
        if is_late():
            raise TimeoutError("expected the whole reply by now")
    return bytes(found)


def problem_name(body: bytes) -> str:
    """Return the name in a problem document; '' for anything else. Nobody signed it: good for a log, not for a decision."""
    if len(body) > _DOCUMENT_BYTES_MAX:
        return ""
    try:
        kind = msgspec.json.decode(body, type=_Document).type
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
    name = kind.removeprefix(PROBLEM)
    is_name = kind.startswith(PROBLEM) and name.isascii() and name.replace("_", "").isalpha()
    return name if is_name and len(name) <= 64 else ""


class _Document(msgspec.Struct):
    type: str


__all__ = ["PROBLEM", "SCHEME", "SIGNED", "problem_name", "status_of", "whole_of"]
