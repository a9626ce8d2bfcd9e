"""What a process does that another started: it ends when that one is gone, however that one ended."""

from __future__ import annotations

import os
import threading
from multiprocessing import parent_process


def end_with_parent() -> None:
    """End this process when the one that started it is gone.

    A process that waits for work holds both ends of the pipe it waits at, so a parent that was killed would leave it
    waiting for good: with its memory, and with the standard error that whoever started the parent reads to its end.
    """
    parent = parent_process()
    if parent is None:
        return

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, name="end with parent", daemon=True).start()


__all__ = ["end_with_parent"]
