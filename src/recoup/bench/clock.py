"""Times every case inside compiled code, so that the call from Python (some microseconds) is not counted. Not a public clock.

Where the system has no `clock_gettime` (Windows), each call is timed from Python and the call is counted too.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from time import CLOCK_MONOTONIC, perf_counter_ns
from typing import Any

import numba
import numpy as np

from recoup.trace.index import FlowIndex
from recoup.trace.kernels import index as kernels
from recoup.trace.ledger import I32, I64


def _inside() -> Callable[..., Any]:
    """Return the compiled loop over cases; not kept on disk, since it holds an address of this process."""
    clock = ctypes.CDLL(None).clock_gettime
    clock.argtypes = [ctypes.c_int, ctypes.c_void_p]
    clock.restype = ctypes.c_int
    monotonic = int(CLOCK_MONOTONIC)
    follow = kernels.follow_case

    @numba.njit
    def run(index, desk, roots, cut, nanoseconds, now):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
        for i in range(len(roots)):
            clock(monotonic, now.ctypes.data)
            begin = now[0] * 1_000_000_000 + now[1]
            done = follow(index, desk, roots[i], i, cut)
            clock(monotonic, now.ctypes.data)
            nanoseconds[i] = now[0] * 1_000_000_000 + now[1] - begin if done else -1

    compiled: Callable[..., Any] = run
    return compiled


def case_times(index: FlowIndex, roots: I32, cut: int) -> tuple[I64, I64]:
    """Return nanoseconds of every case, within compiled code and called from Python; each case once, memory as it comes."""
    called = np.zeros(len(roots), np.int64)
    for i, root in enumerate(roots.tolist()):
        begin = perf_counter_ns()
        index.count_case(root, own=i, cut=cut)
        called[i] = perf_counter_ns() - begin
    if sys.platform == "win32":
        return called, called
    inside = np.zeros(len(roots), np.int64)
    now = np.zeros(2, np.int64)
    _inside()(*index.arrays, roots, cut, inside, now)
    assert inside.min(initial=0) >= 0, "the desk was large enough a moment ago"
    return inside, called
