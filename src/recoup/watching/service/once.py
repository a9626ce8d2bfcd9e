"""Whether each name of a JSON body stands once. What stands twice means one payment to us and another to a proxy before us.

Of payments this is seen without reading them again: where there are as many quotation marks as their values and names need, no
name stands twice. Where that proves nothing (an empty value stands there), each name is counted, then in each object; and
where that proves nothing either, the body is read with its pairs, which takes longer than to decide its payments.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from recoup.watching.service.problems import ProblemError

_EXPECTED: Final = "expected each name once"


_AROUND: Final = "payments"


def check_once(body: bytes) -> None:
    """Refuse a body in which an object has a name twice; it was read before, so that it is JSON without numbers."""
    json.loads(body, object_pairs_hook=_once)


def check_payments(body: bytes, given: Mapping[str, int], objects: int) -> None:
    """Refuse a body of payments in which an object has a name twice.

    Args:
        body: as it was read, with no names but those of `given`.
        given: by name, how many objects have a value under it that is not empty; `payments` is what may stand around them.
        objects: how many there are in all.
    """
    if b"\\" in body:  # a name may be written in another way
        check_once(body)
        return
    around = given[_AROUND]
    # Every mark stands around a name or a text, and all values are texts.
    if body.count(b'"') == 4 * (sum(given.values()) - around) + 2 * around:
        return
    counts = {name: body.count(b'"%b"' % name.encode()) for name in given}
    doubtful = [name for name, count in given.items() if counts[name] != count]
    pieces = body.split(b"{")[1:]
    # A text with braces makes more pieces than objects; the name around the payments stands in two.
    if len(pieces) != objects or _AROUND in doubtful:
        check_once(body)
        return
    names = [b'"%b"' % name.encode() for name in doubtful]
    # A name may also be what a text says: then the pairs tell.
    if any(piece.count(name) > 1 for name in names for piece in pieces):
        check_once(body)


def _once(pairs: list[tuple[str, object]]) -> None:
    if len(dict(pairs)) != len(pairs):
        raise ProblemError("body_ambiguous", _EXPECTED)


__all__ = ["check_once", "check_payments"]
