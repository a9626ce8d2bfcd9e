"""Looks at every request before anything reads it: size, depth and form of its body. Plain ASGI.

A body is read whole, never beyond the limit, and handed on only when it is JSON in UTF-8 of bounded depth, in which no object
has a name twice. So what stands behind never sees a body that its parser could choke on, or that two readers take apart. Where
institutions post signed messages, only size and media type are looked at here.
"""

from __future__ import annotations

import json
import re
from typing import Final

import msgspec
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from recoup import limits
from recoup.api.problems import document
from recoup.errors import MessageProblem
from recoup.messages.transport import SIGNED
from recoup.paper.forms import MEDIA

_SIGNED_PATHS: Final = re.compile(r"/institutions/[^/]+/answers")
"""Where a body is a signed message: its own parser bounds what is in it."""

_SCAN_PATHS: Final = re.compile(r"/orders/[^/]+/scans")
"""Where a body is a scan: whoever takes it looks at its bytes in a process of its own."""
SCANS: Final = frozenset(media.encode() for media in MEDIA)

FORM_PATHS: Final = ("/counter", "/counter/check")
"""Where a browser without scripts posts: a form, and a small one."""
_FORM: Final = b"application/x-www-form-urlencoded"

IMPORT_PATHS: Final = frozenset({"/imports", "/leads/import"})
"""Take tables instead of JSON, of no more bytes."""
TABLES: Final = frozenset({b"text/csv", b"application/x-ndjson"})

_OPEN: Final = b"[{"
_NO_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))
_STRING: Final = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)


class Guard:
    """Refuses bodies that are too large, too deep, or no JSON."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request on, or refuse it."""
        if scope["type"] != "http" or scope["method"] in {"GET", "HEAD", "OPTIONS"}:
            await self._app(scope, receive, send)
            return
        is_table = scope["path"] in IMPORT_PATHS
        is_signed = _SIGNED_PATHS.fullmatch(scope["path"]) is not None
        is_scan = _SCAN_PATHS.fullmatch(scope["path"]) is not None
        most = limits.HTTP_BODY_BYTES_MAX
        if is_scan:
            most = limits.SCAN_BYTES_MAX
        is_form = scope["path"] in FORM_PATHS
        if is_form:
            most = limits.FORM_BYTES_MAX
        body = await _body(receive, most)
        if body is None:
            name: str | None = MessageProblem.TOO_LARGE if is_signed else "body_too_large"
        elif is_signed:
            name = _wrong_signed(scope)
        elif is_scan or is_form:
            taken = SCANS if is_scan else {_FORM}
            name = None if _media(scope) in taken else "media_type_unsupported"
        else:
            name = _wrong_table(scope) if is_table else _wrong(scope, body)
        if name is not None:
            await document(name)(scope, receive, send)
            return
        is_told = False

        async def again() -> Message:
            nonlocal is_told
            if is_told:
                return await receive()  # a disconnection
            is_told = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self._app(scope, again, send)


async def _body(receive: Receive, most: int) -> bytes | None:
    """Return the whole body; None as soon as it is too large."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return b"".join(parts)
        part = message.get("body", b"")
        size += len(part)
        if size > most:
            return None
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


def _wrong_table(scope: Scope) -> str | None:
    """A table's rows are refused one by one, by whoever reads them."""
    return None if _media(scope) in TABLES else "media_type_unsupported"


def _media(scope: Scope) -> bytes:
    found: bytes = dict(scope["headers"]).get(b"content-type", b"")
    return found.split(b";")[0].strip().lower()


def _wrong_signed(scope: Scope) -> str | None:
    return None if _media(scope) == SIGNED.encode() else "media_type_unsupported"


def _wrong(scope: Scope, body: bytes) -> str | None:
    if not body:
        return None  # an endpoint that needs one says so itself
    if _media(scope) != b"application/json":
        return "media_type_unsupported"
    if depth(body) > limits.HTTP_DEPTH_MAX:
        return "body_too_deep"
    try:
        msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return "body_not_json"
    try:
        json.loads(body, object_pairs_hook=_once)
    except _NameTwiceError:
        return "body_ambiguous"
    except ValueError:  # a number longer than Python reads
        return "body_not_json"
    return None


class _NameTwiceError(Exception):
    """An object has a name twice: a proxy and the centre could take two amounts for one."""


def _once(pairs: list[tuple[str, object]]) -> None:
    if len(dict(pairs)) != len(pairs):
        raise _NameTwiceError


def depth(body: bytes) -> int:
    """Return how many values stand within values; brackets within strings do not count.

    >>> depth(b'{"a": [1, "[[["]}')
    2
    """
    now = most = 0
    for byte in _STRING.sub(b"", body).translate(None, _NO_BRACKETS):
        now += 1 if byte in _OPEN else -1
        most = max(most, now)
    return most


__all__ = ["IMPORT_PATHS", "TABLES", "Guard", "depth"]
