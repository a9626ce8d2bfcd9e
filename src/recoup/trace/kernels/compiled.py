"""The decorator of every kernel: numba, compiled once, kept on disk under a digest of all sources it is made of. Not a kernel.

numba notices a change of the file a function stands in, not of the files it calls into; a stale kernel would move money
wrongly and silently. So the cache folder is named after the digest of the whole folder; kernels of the room `watch` stand among
its other files and call into this folder, so theirs is named after the digest of both.

Processes that start together on a cold cache would each compile the same kernels, and overwrite each other's index of what is
there: so one compiles a kernel, and the others wait for what it leaves.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Final

import numba
import numba.core.config
from numba.core.compiler_lock import global_compiler_lock

if sys.platform != "win32":  # there each process compiles for itself
    import fcntl

_HERE: Final = Path(__file__).parent
_WATCH: Final = _HERE.parents[1] / "watch"


def _digest(*folders: Path) -> str:
    """Return the digest of every source in this folder and below the others."""
    whole = hashlib.sha256()
    below = [path for folder in folders for path in folder.rglob("*.py")]
    for path in [*sorted(_HERE.glob("*.py")), *sorted(below)]:
        whole.update(path.name.encode() + b"\0" + path.read_bytes())
    return whole.hexdigest()[:16]


def _cache_folder(name: str) -> str:
    """Return where compiled kernels are kept: beside the sources, else in the user's cache, else temporary."""
    home = Path(
        os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA") or Path.home() / ".cache"
    )
    for folder in (_HERE / "__pycache__" / name, home / "recoup" / name):
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(folder, os.W_OK):
            return str(folder)
    return str(Path(tempfile.gettempdir()) / "recoup" / name)


FOLDER: Final = _cache_folder(f"kernels-{_digest()}")
"""Where the machine code of this version of the kernels is kept."""


@cache
def _watch_folder() -> str:
    """Return where the machine code of the room `watch` is kept; worked out only where the room is used."""
    return _cache_folder(f"watch-{_digest(_WATCH)}")


_WAIT_SECONDS_MAX: Final = 120
"""For another process that compiles the same kernel: all of those of one rule take some 30 s of processor time together."""
_POLL_SECONDS: Final = 0.02


def kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile `function` on first call, without fastmath, releasing the interpreter lock; keep the machine code on disk."""
    return _kept(function, nogil=True)


def brief(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a kernel of some microseconds likewise, holding the interpreter lock.

    Beside a busy thread, giving the lock back and waiting for it takes longer than such a kernel does.
    """
    return _kept(function, nogil=False)


def _kept(function: Callable[..., Any], *, nogil: bool) -> Callable[..., Any]:
    settings: Any = numba.core.config
    before = settings.CACHE_DIR
    is_watch = _WATCH in Path(function.__code__.co_filename).parents
    settings.CACHE_DIR = folder = before or (_watch_folder() if is_watch else FOLDER)
    try:
        compiled: Any = numba.njit(cache=True, nogil=nogil)(function)
    finally:
        settings.CACHE_DIR = before
    compile_here, name = compiled.compile, f"{function.__module__}.{function.__qualname__}"

    def compile_once(signature: Any) -> Any:
        # A kernel compiles those that it calls: numba's lock first, so that no thread holds the one and waits for the other.
        with global_compiler_lock, _alone(Path(folder) / f"{name}.lock"):
            return compile_here(signature)

    compiled.compile = compile_once
    return compiled  # type: ignore[no-any-return]


def inner(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function that only kernels call and that makes no array: no way in from Python, nothing kept on disk.

    Without wrappers, and without counting references to arrays that its caller owns, it compiles in under half the time.
    """
    return _settle(function, makes_arrays=False)


def maker(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function that only kernels call and that makes arrays."""
    return _settle(function, makes_arrays=True)


def within(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function that makes no array into each kernel that calls it.

    A call hands over every field of every array, some ninety words for a dozen arrays: more than most of what is called does.
    """
    return _settle(function, makes_arrays=False, forceinline=True)


def _settle(
    function: Callable[..., Any], *, makes_arrays: bool, **more: bool
) -> Callable[..., Any]:
    njit: Any = numba.njit  # its stubs do not know the last options
    settled = njit(
        nogil=True, _nrt=makes_arrays, no_cpython_wrapper=True, no_cfunc_wrapper=True, **more
    )
    compiled: Callable[..., Any] = settled(function)
    return compiled


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Keep other processes from what is inside; they wait, a bounded time: a process that stands still must not stop all."""
    if sys.platform == "win32":
        yield
        return
    try:
        file = path.open("ab")
    except OSError:  # nor is anything kept there that others could use
        yield
        return
    with file:
        _wait_for(file.fileno())
        yield


def _wait_for(file: int) -> None:
    """Take the lock of a file, which its closing gives back; go on without where it cannot be had."""
    until = time.monotonic() + _WAIT_SECONDS_MAX
    while time.monotonic() < until:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_POLL_SECONDS)
        except OSError:  # a file system without locks
            return
        else:
            return
