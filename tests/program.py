"""The program as processes of its own, forked off one that has imported it: what a start costs else is a second of imports.

Each is a process like any other: its own number, signals, files and end. What a cold start does differently (a fresh
interpreter, its imports) is tried once for each command that serves.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from multiprocessing.connection import Connection
from pathlib import Path
from typing import IO

CAN_FORK = "forkserver" in multiprocessing.get_all_start_methods()
# Nothing that traces or reads tables: numba and polars hold threads and locks that a fork would take over half.
_LOADED = (
    "recoup.cli recoup.cli.settings recoup.api recoup.api.serving recoup.demo recoup.centre.desk"
    " recoup.centre.office recoup.centre.witnessing recoup.stores.vault recoup.bank.serving"
    " recoup.bank.polling recoup.bank.sandbox recoup.bank.conformance recoup.bank.link"
    " recoup.paper recoup.witness.http recoup.reading.policies uvicorn httpx alembic.command"
).split()


def _run(words: list[str], folder: str, settings: dict[str, str], *ends: Connection) -> None:
    """Be the program: called in the new process, with the ends of the pipes that take what it prints."""
    from recoup.cli import main

    for number, end in enumerate(ends, start=1):
        os.dup2(end.fileno(), number)
        end.close()
    sys.stdout, sys.stderr = (
        os.fdopen(number, "w", encoding="utf-8", closefd=False) for number in (1, 2)
    )
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(settings)
    sys.argv = ["recoup", *words]
    main()


class Program:
    """One process of the program and what it prints; of `subprocess.Popen` what tests use."""

    def __init__(self, *words: object, is_quiet: bool) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(_LOADED)
        pipes = [context.Pipe(duplex=False) for _ in range(2)]
        asked = (list(map(str, words)), str(Path.cwd()), dict(os.environ))
        self._process = context.Process(
            target=_run, args=(*asked, *(theirs for _, theirs in pipes)), name="recoup"
        )
        self._process.start()
        for _, theirs in pipes:
            theirs.close()
        self.stdout, self.stderr = (_text_of(ours) for ours, _ in pipes)
        if is_quiet:  # or a full pipe would hold the process up
            threading.Thread(target=_drain, args=(self.stderr,), daemon=True).start()

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        code = self._process.exitcode
        if code is None:
            raise subprocess.TimeoutExpired("recoup", timeout or 0.0)
        return code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """Return what is still printed until the end, and close the pipes."""
        printed: dict[IO[str], str] = {}

        def read(pipe: IO[str]) -> None:
            printed[pipe] = pipe.read()

        readers = [threading.Thread(target=read, args=(pipe,)) for pipe in self._pipes()]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join(timeout)
        self.wait(timeout)
        for pipe in self._pipes():
            pipe.close()
        return printed[self.stdout], printed[self.stderr]

    def _pipes(self) -> tuple[IO[str], IO[str]]:
        return self.stdout, self.stderr


def _text_of(end: Connection) -> IO[str]:
    """Return a pipe's end as text, and leave the connection that it came as."""
    text = os.fdopen(os.dup(end.fileno()), encoding="utf-8")
    end.close()
    return text


def _drain(pipe: IO[str]) -> None:
    with pipe:
        for _ in pipe:
            pass


def start(
    *words: object, is_quiet: bool = False, is_cold: bool = False
) -> Program | subprocess.Popen[str]:
    """Start the program with these words and return at once; whoever starts it ends it.

    Of a quiet one nobody reads what it tells on standard error; a cold one is an interpreter of its own.
    """
    if CAN_FORK and not is_cold:
        return Program(*words, is_quiet=is_quiet)
    command = [sys.executable, "-m", "recoup", *map(str, words)]
    errors = subprocess.DEVNULL if is_quiet else subprocess.PIPE
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True)


def recoup(*words: object, timeout: float | None = 120) -> subprocess.CompletedProcess[str]:
    """Run the program with these words to its end."""
    process = start(*words)
    try:
        printed, told = process.communicate(timeout=timeout)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    return subprocess.CompletedProcess(
        ["recoup", *map(str, words)], process.returncode or 0, printed, told
    )
