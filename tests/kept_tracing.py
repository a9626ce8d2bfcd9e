"""Tracing processes that outlive the desk that began them: the next desk of the same test process takes them over.

A process that traces loads tables and kernels for two seconds of processor time, whatever little case a test has traced. What
one does from its start to its end, deaths and all, is tried on processes of their own: `apart`.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_free: dict[int, list[Any]] = defaultdict(list)
"""Processes that nobody uses, by niceness."""


def keep_tracing_processes() -> None:
    """Have every desk of this process take over tracing processes, where anything at all imports the tracer."""
    tracer = sys.modules.get("recoup.centre.tracer")
    if tracer is None or not isinstance(tracer._Process, type):
        return
    own = tracer._Process

    class Kept(own):
        """A process that the end of a desk leaves alive."""

        is_sound = True

        def __init__(self, niceness: int) -> None:
            self._niceness = niceness
            super().__init__(niceness)

        def _asked(self, facts: Any) -> tuple[bool, Any]:
            self.is_sound = (
                False  # until it has answered: an end before would leave the answer in the pipe
            )
            answer = super()._asked(facts)
            self.is_sound = True
            return answer

        def end(self) -> None:
            if self.is_sound and self._process.is_alive():
                self._given.clear()  # a desk of another test knows nothing of what it was given
                _free[self._niceness].append(self)
            else:
                super().end()

    def begin(niceness: int) -> Kept:
        while free := _free[niceness]:
            process = free.pop()
            if process._process.is_alive():
                return process
        return Kept(niceness)

    begin.own = own
    tracer._Process = begin


@contextmanager
def apart() -> Iterator[None]:
    """Have desks begin and end processes of their own, as the program does."""
    from recoup.centre import tracer

    begin = tracer._Process
    tracer._Process = getattr(begin, "own", begin)
    try:
        yield
    finally:
        tracer._Process = begin


__all__ = ["apart", "keep_tracing_processes"]
