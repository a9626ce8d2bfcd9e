"""A part of a running centre that works in a thread of its own: begins, is called, waits, ends. What it does, each part says.

A part that ends by itself keeps why: that is a fault of the whole centre, and whoever runs the process starts it anew.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod


class Part(ABC):
    """A thread that works until it is stopped."""

    def __init__(self, name: str) -> None:
        """Prepare; nothing is done before `start`."""
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


__all__ = ["Part"]
