"""What a tracing process is given in tests: facts that end it, and facts that it keeps in part."""

from __future__ import annotations

import os
from collections.abc import Container
from dataclasses import dataclass, replace

from recoup.centre.tracer import NotKept


@dataclass(frozen=True)
class Doomed:
    """Facts of a case that end the process at once, as one ends that took more memory than there is."""

    case: str
    version: int = 1
    digests: tuple[str, ...] = ()

    def lean(self, _: Container[str]) -> Doomed:
        return self

    def traced(self) -> None:
        os._exit(9)


@dataclass(frozen=True)
class Unsendable(Doomed):
    """Facts whose trail no pipe takes."""

    def traced(self) -> object:
        return lambda: None


_kept: dict[str, bytes] = {}


@dataclass(frozen=True)
class Parted:
    """Facts in parts; what comes of them says which parts were given this time."""

    case: str
    version: int
    parts: dict[str, bytes]
    forgets: bool = False
    """Whether the process forgets all it was given before."""

    @property
    def digests(self) -> tuple[str, ...]:
        return tuple(self.parts)

    def lean(self, kept: Container[str]) -> Parted:
        return replace(self, parts={x: b"" if x in kept else y for x, y in self.parts.items()})

    def traced(self) -> tuple[bytes, list[str]]:
        if self.forgets:
            _kept.clear()
        given = {digest: body for digest, body in self.parts.items() if body}
        _kept.update(given)
        if missing := [digest for digest in self.parts if digest not in _kept]:
            raise NotKept(*missing)
        return b"".join(_kept[digest] for digest in self.parts), list(given)
