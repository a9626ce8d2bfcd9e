"""Moves the logs of a running centre's stores into their files, beside whoever writes: no command waits. Decides nothing.

One that fails is told of and tried again: nothing is lost by it, since the log keeps what was not moved, and SQLite moves it
within a commit where it grows too long (`stores.sqlite.log`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from recoup.centre.part import Part
from recoup.errors import StoreFault
from recoup.stores.sqlite import Log

_TICK_SECONDS: Final = 1.0
"""Between two moves: some hundred pages of a busy centre, which one sync of the file takes."""


class Mover(Part):
    """Moves the logs of some files, each once a tick."""

    def __init__(
        self,
        paths: Sequence[Path],
        told: Callable[[str], None],
        tick_seconds: float = _TICK_SECONDS,
        open_log: Callable[[Path], Log] = Log.of,
    ) -> None:
        """Prepare; `told` hears that a log could not be moved."""
        super().__init__("mover", told)
        self._paths, self._told = tuple(dict.fromkeys(paths)), told
        self._tick_seconds, self._open_log = tick_seconds, open_log

    def _work(self) -> None:
        logs = [self._open_log(path) for path in self._paths]
        is_told = False
        while self._pause(self._tick_seconds):
            try:
                for log in logs:
                    log.move()
                is_told = False
            except StoreFault as why:
                if not is_told:  # once, not at every tick
                    self._told(f"a log stays where it is: {why}")
                is_told = True
        for log in logs:
            log.close()


__all__ = ["Mover"]
