"""How rules, model, policy and lists are changed while payments go on: read and checked beside, told between two groups.

Over HTTP one operator puts forward what the files say now, and another approves its digest. On SIGHUP the files are taken as
they are; that a live rule has two persons behind it stands in its own file, and is checked there.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import structlog

from recoup.errors import Fault
from recoup.watching.service.desk import Desk
from recoup.watching.service.port import CONFIGURE
from recoup.watching.service.problems import ProblemError

_log = structlog.get_logger("recoup.watch")
_SAID_CHARS_MAX: Final = 2_000


@dataclass(frozen=True, slots=True)
class _Forward:
    person: str
    digest: str


class Changes:
    """Changes of the configuration, one at a time."""

    def __init__(
        self,
        desk: Desk,
        read: Callable[[], bytes],
        versions: Callable[[], dict[str, str]],
        warm: Callable[[bytes], None] = lambda content: None,  # noqa: ARG005 - named for the reader
    ) -> None:
        """Take what reads and checks the files; it raises a `Fault` for what cannot be used.

        Args:
            desk: told of the change.
            read: returns what the files say.
            versions: returns what decides now.
            warm: has the compiled parts loaded that a configuration needs, beside the desk: payments need not wait for it.
        """
        self._desk, self._read, self._versions, self._warm = desk, read, versions, warm
        self._forward: _Forward | None = None

    async def put_forward(self, person: str) -> str:
        """Note what the files say now as this person's proposal; return its digest."""
        digest = digest_of(await self._content())
        self._forward = _Forward(person, digest)
        _log.info("configuration put forward", person=person, digest=digest)
        return digest

    async def approve(self, person: str, digest: str) -> dict[str, str]:
        """Switch over to what was put forward by another person; return the versions that hold from now on."""
        forward = self._forward
        if forward is None or forward.digest != digest:
            raise ProblemError("approval_stale")
        if forward.person == person:
            raise ProblemError("second_person_needed")
        content = await self._content()
        if digest_of(content) != digest:
            raise ProblemError("approval_stale", "the files were changed since")
        await self._tell(content)
        self._forward = None
        _log.info("configuration approved", person=person, by=forward.person, digest=digest)
        return self._versions()

    async def reload(self) -> bool:
        """Take the files as they are; what cannot be used leaves the former configuration and is logged."""
        try:
            content = await self._content()
            await self._tell(content)
        except ProblemError as problem:
            _log.error("configuration not taken", problem=problem.name, why=problem.detail)
            return False
        _log.info("configuration taken", digest=digest_of(content))
        return True

    async def _content(self) -> bytes:
        try:
            return await asyncio.to_thread(self._read)
        except (Fault, OSError) as fault:
            raise ProblemError("configuration_unfit", str(fault)[:_SAID_CHARS_MAX]) from fault

    async def _tell(self, content: bytes) -> None:
        try:
            await asyncio.to_thread(self._warm, content)
            await self._desk.inform(CONFIGURE, content)
        except Fault as fault:
            raise ProblemError("configuration_unfit", str(fault)[:_SAID_CHARS_MAX]) from fault


def digest_of(content: bytes) -> str:
    """Return the digest that the second person approves."""
    return hashlib.sha256(content).hexdigest()


__all__ = ["Changes", "digest_of"]
