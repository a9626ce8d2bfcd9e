"""Where a list goes on: an opaque text that only the list which gave it takes back. Signed, so that nobody makes one up."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any, Final, TypeVar

from recoup.api.bodies import Body, Page
from recoup.api.port import CentrePort
from recoup.api.problems import ProblemError

_TAG_BYTES: Final = 16
_PLACE_BYTES: Final = 8

Value = TypeVar("Value")
Shown = TypeVar("Shown", bound=Body)


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


def page_of(
    port: CentrePort,
    listed: str,
    rows: Iterable[Value],
    limit: int,
    cursor: str | None,
    show: Callable[[Value], Shown],
) -> Page[Shown]:
    """Return the rows of a list from the cursor on; where a list may be put in another order, its name says which one it is."""
    first = place_of(port, listed, cursor)
    found = list(islice(rows, first, first + limit + 1))  # one more says that the list goes on
    following = cursor_after(port, listed, first + limit) if len(found) > limit else None
    return Page[Any](items=[show(row) for row in found[:limit]], next=following)


def _tag(port: CentrePort, listed: str, at: bytes) -> bytes:
    return port.digest("cursor", at + listed.encode())[:_TAG_BYTES]


__all__ = ["cursor_after", "page_of", "place_of"]
