"""A child process that runs until it is killed, and what it said before that. The part that every program of kills shares."""

from __future__ import annotations

import os
import select
import signal
import time
import traceback
from collections.abc import Callable


def killed(run: Callable[[int], None], seconds: float, lines: int = 0) -> tuple[list[str], bool]:
    """Fork, let `run` write to a pipe until it dies or is killed; return its whole lines, and whether it ended in time.

    That is its death, or that it said so many `lines` (0: it never says enough). A line that was cut short was not received
    by anybody.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        try:
            run(writing)
        except BaseException:  # noqa: BLE001 - whatever ends a child by itself is shown, and found by its status
            traceback.print_exc()
        finally:
            os._exit(7)
    os.close(writing)
    until, said, is_over = time.monotonic() + seconds, b"", False
    while not is_over and (left := until - time.monotonic()) > 0:
        ready, _, _ = select.select([reading], [], [], left)
        if ready:
            data = os.read(reading, 65_536)
            said += data
            is_over = not data or said.count(b"\n") == lines > 0
    os.kill(child, signal.SIGKILL)
    while data := os.read(reading, 65_536):
        said += data
    os.close(reading)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), f"the child ended by itself: {status}"
    return said.decode().split("\n")[:-1], is_over
