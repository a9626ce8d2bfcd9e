"""The one byte form of a value: JSON with sorted keys, UTF-8, no spaces, no floats, whole numbers of 64 bits. Knows no event.

Two programs that encode the same value give the same bytes, so a hash of the bytes is a hash of the value. Strings escape only
the quotation mark, the backslash and what lies below U+0020, as docs/reference/journal.md says.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from recoup import limits
from recoup.errors import EventFault

Plain = None | bool | int | str | list[Any] | dict[str, Any]

_encoder: Final = msgspec.json.Encoder(order="sorted")
_decoder: Final = msgspec.json.Decoder()


def encode_plain(value: Plain) -> bytes:
    """Return the canonical bytes of a value of plain kinds."""
    _check(value, 0)
    return _sized(_encode(value))


def encode_checked(value: Plain) -> bytes:
    """Return the same of a value whose kinds and depth whoever made it has checked part by part."""
    return _sized(_encode(value))


def decode_plain(body: bytes) -> Plain:
    """Return the value of canonical bytes; any other bytes raise `EventFault`, even if they are JSON for the same value."""
    value = decode_unchecked(body)
    _check(value, 0)
    return value


def decode_unchecked(body: bytes) -> Plain:
    """Return the same for whoever checks kinds and depth part by part."""
    _sized(body)
    try:
        value: Plain = _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise EventFault(f"expected JSON, was something else: {fault}") from fault
    if _encode(value) != body:
        raise EventFault("expected the canonical form: sorted keys, no spaces, shortest escapes")
    return value


def _encode(value: Plain) -> bytes:
    try:
        return _encoder.encode(value)
    except UnicodeEncodeError as fault:
        raise EventFault("expected text, was half of a surrogate pair") from fault
    except RecursionError as fault:
        raise EventFault("expected few values within values, was past any bound") from fault


def _sized(body: bytes) -> bytes:
    if len(body) > limits.EVENT_BYTES_MAX:
        raise EventFault(
            f"expected at most {limits.EVENT_BYTES_MAX} bytes (EVENT_BYTES_MAX), was {len(body)}"
        )
    return body


def whole(value: int) -> int:
    """Return a whole number of 64 bits; any other raises `EventFault`."""
    if not -(2**63) <= value < 2**63:
        raise EventFault(f"expected a whole number of 64 bits, was {value}")
    return value


def _check(value: object, depth: int) -> None:
    """Raise for what has no canonical form: floats, numbers past 64 bits, keys that are not text, values too deep."""
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return
    if kind is int:
        whole(value)  # type: ignore[arg-type]  # the line above says int
        return
    if depth >= limits.EVENT_DEPTH_MAX:
        raise EventFault(f"expected at most {limits.EVENT_DEPTH_MAX} values within values")
    if isinstance(value, dict):
        for key, part in value.items():
            if type(key) is not str:
                raise EventFault(f"expected text as a key, was {type(key).__name__}")
            if type(part) is not str:
                _check(part, depth + 1)
    elif isinstance(value, list):
        for part in value:
            _check(part, depth + 1)
    else:
        raise EventFault(f"expected text, number, truth, list or object, was {kind.__name__}")


__all__ = [
    "Plain",
    "decode_plain",
    "decode_unchecked",
    "encode_checked",
    "encode_plain",
    "whole",
]
