"""Where a list goes on: an opaque text that only the list which gave it takes back. Signed, so that nobody makes one up."""

from __future__ import annotations

import base64
import binascii
import hmac
from typing import Final

from recoup.api.port import CentrePort
from recoup.api.problems import ProblemError

_TAG_BYTES: Final = 16
_PLACE_BYTES: Final = 8


def cursor_after(port: CentrePort, listed: str, place: int) -> str:
    """Return the cursor by which the list named `listed` goes on at `place`."""
    at = place.to_bytes(_PLACE_BYTES, "big")
    return base64.urlsafe_b64encode(at + _tag(port, listed, at)).decode()


def place_of(port: CentrePort, listed: str, cursor: str | None) -> int:
    """Return where the list goes on: 0 without a cursor; a cursor of another list is refused."""
    if cursor is None:
        return 0
    try:
        data = base64.b64decode(cursor.encode("ascii"), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error) as fault:
        raise ProblemError("cursor_invalid") from fault
    at, tag = data[:_PLACE_BYTES], data[_PLACE_BYTES:]
    if not hmac.compare_digest(tag, _tag(port, listed, at)):
        raise ProblemError("cursor_invalid")
    return int.from_bytes(at, "big")


def _tag(port: CentrePort, listed: str, at: bytes) -> bytes:
    return port.digest("cursor", at + listed.encode())[:_TAG_BYTES]


__all__ = ["cursor_after", "place_of"]
