"""Calls into parsing libraries that may fail in any way on a broken file, a Rust panic included. Only for such calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

_T = TypeVar("_T")


def guarded(call: Callable[[], _T]) -> _T | str:
    """Return the call's result, or the failure in words; `str` results are not for this function.

    A panic of a Rust library arrives as a BaseException, so that class is caught here and its own kinds are passed on.
    """
    try:
        return call()
    except (KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as error:  # noqa: BLE001 (whatever a library does with a broken file is an answer about the file)
        first = str(error).strip().splitlines()
        return (first[0] if first else "") or type(error).__name__
