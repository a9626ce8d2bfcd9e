"""Finished answers over HTTP: a body, its media type, a status, and the headers that follow from them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import structlog

from recoup.watching.service import problems
from recoup.watching.service.problems import ProblemError

_log = structlog.get_logger("recoup.watch")
JSON: Final = b"application/json"


@dataclass(frozen=True, slots=True)
class Answer:
    """A finished answer."""

    body: bytes
    media: bytes = JSON
    status: int = 200


Done = Callable[[Answer], None]
"""Hears the answer to a request, once."""


def head_of(answer: Answer) -> list[tuple[bytes, bytes]]:
    """Return the headers of an answer."""
    head = [
        (b"content-type", answer.media),
        (b"content-length", str(len(answer.body)).encode()),
        (b"cache-control", b"no-store"),
    ]
    if answer.status in {429, 503}:
        head.append((b"retry-after", b"1"))
    if answer.status == 401:
        head.append((b"www-authenticate", b"Bearer"))
    return head


def problem_of(problem: ProblemError) -> Answer:
    """Return a problem as an answer."""
    return Answer(problem.document(), problems.MEDIA_TYPE.encode(), problem.status)


def answered(write: Callable[[], Answer]) -> Answer:
    """Return what is written, or the problem that came up."""
    try:
        return write()
    except ProblemError as problem:
        return problem_of(problem)
    except Exception:  # noqa: BLE001 - the caller gets a problem, the log the whole of it
        _log.exception("request failed", route="decisions")
        return problem_of(ProblemError("internal"))


__all__ = ["JSON", "Answer", "Done", "answered", "head_of", "problem_of"]
