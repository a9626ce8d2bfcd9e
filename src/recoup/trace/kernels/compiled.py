"""The decorator of every kernel: numba, compiled once, kept on disk under a digest of all kernel sources. Not a kernel.

numba notices a change of the file a function stands in, not of the files it calls into; a stale kernel would move money
wrongly and silently. So the cache folder is named after the digest of the whole folder.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numba
import numba.core.config

_HERE: Final = Path(__file__).parent


def _digest() -> str:
    """Return the digest of every kernel source of the package."""
    whole = hashlib.sha256()
    for path in sorted(_HERE.glob("*.py")):
        whole.update(path.name.encode() + b"\0" + path.read_bytes())
    return whole.hexdigest()[:16]


def _cache_folder() -> str:
    """Return where compiled kernels are kept: beside the sources, else in the user's cache, else temporary."""
    name = f"kernels-{_digest()}"
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


FOLDER: Final = _cache_folder()
"""Where the machine code of this version of the kernels is kept."""


def kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile `function` on first call, without fastmath, releasing the interpreter lock; keep the machine code on disk."""
    settings: Any = numba.core.config
    before = settings.CACHE_DIR
    settings.CACHE_DIR = before or FOLDER
    try:
        compiled: Callable[..., Any] = numba.njit(cache=True, nogil=True)(function)
    finally:
        settings.CACHE_DIR = before
    return compiled


def inner(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function that only kernels call and that makes no array: no way in from Python, nothing kept on disk.

    Without wrappers, and without counting references to arrays that its caller owns, it compiles in under half the time.
    """
    return _settle(function, makes_arrays=False)


def maker(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function that only kernels call and that makes arrays."""
    return _settle(function, makes_arrays=True)


def _settle(function: Callable[..., Any], *, makes_arrays: bool) -> Callable[..., Any]:
    njit: Any = numba.njit  # its stubs do not know the last three options
    settled = njit(nogil=True, _nrt=makes_arrays, no_cpython_wrapper=True, no_cfunc_wrapper=True)
    compiled: Callable[..., Any] = settled(function)
    return compiled
