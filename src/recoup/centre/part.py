"""A part of a running centre that works in a thread of its own: begins, is called, waits, ends. What it does, each part says.

A part that ends by itself keeps why. For what sends, fires and chases that is a fault of the whole centre, and whoever runs the
process starts it anew; what only makes answers ready is told of, and the centre goes on.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable


def unheard(why: str) -> None:
    """Hear why a part ended, and do nothing about it: whoever watches asks for its `fault`."""


class Part(ABC):
    """A thread that works until it is stopped."""

    def __init__(self, name: str, told: Callable[[str], None] = unheard) -> None:
        """Prepare; nothing is done before `start`. `told` hears why it ended by itself."""
        self._name, self._told_why = name, told
        self._is_stopping, self._call = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._why: BaseException | None = None

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self) -> None:
        """Let it work now, if it waits."""
        self._call.set()

    def stop(self) -> None:
        """Finish what is under way, and end."""
        self._is_stopping.set()
        self._call.set()
        self._thread.join()

    @property
    def fault(self) -> BaseException | None:
        """Why it ended by itself; None while it works, and when it was stopped."""
        return self._why

    @abstractmethod
    def _work(self) -> None:
        """Work until `_pause` says that it is to end."""

    def _pause(self, seconds: float) -> bool:
        """Wait so long, or until it is called; return whether to go on."""
        if not self._is_stopping.is_set():
            self._call.wait(seconds)
            self._call.clear()
        return not self._is_stopping.is_set()

    def _run(self) -> None:
        try:
            self._work()
        except BaseException as why:  # noqa: BLE001 - kept for whoever watches
            self._why = why
            self._told_why(f"{self._name} ended: {type(why).__name__}: {why}")


__all__ = ["Part", "unheard"]
