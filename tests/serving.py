"""`recoup serve` as a process: started, waited for, ended."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from program import start

PASSWORD = "correct horse battery"  # noqa: S105 - of nobody


class Running:
    """A process of the program and what it printed."""

    def __init__(self, *arguments: str, is_cold: bool = False) -> None:
        self.process = start("serve", *arguments, is_cold=is_cold)
        self.printed: list[str] = []
        self.logged: list[str] = []
        assert self.process.stderr is not None
        self._log = threading.Thread(target=self.logged.extend, args=(self.process.stderr,))
        self._log.start()

    def wait_for(self, words: str) -> str:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.printed.append(line)
            if words in line:
                return line.rsplit(" ", 1)[-1].strip()
        raise AssertionError(f"ended before {words!r}: {self.printed} {self.logged}")

    def end(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        assert self.process.stdout is not None
        self.printed += self.process.stdout
        code = self.process.wait(30)
        self._log.join()
        return code


@contextmanager
def running(*arguments: str, is_cold: bool = False) -> Iterator[Running]:
    found = Running(*arguments, is_cold=is_cold)
    try:
        yield found
    finally:
        if found.process.poll() is None:
            found.process.kill()
            found.process.wait()
        found._log.join()
        for pipe in (found.process.stdout, found.process.stderr):
            assert pipe is not None
            pipe.close()
