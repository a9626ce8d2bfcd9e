"""What the machine can do at best, measured in the same run: sequential reads, independent random updates, a pointer chase."""

from __future__ import annotations

import os
import platform
import sys
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from recoup.trace.kernels.compiled import kernel
from recoup.trace.kernels.prefetch import AHEAD, prefetch
from recoup.trace.ledger import I32, I64

_ROUNDS: Final = 5
_fetch: Any = prefetch  # numba gives intrinsics a signature that mypy cannot know
_CELL: Final = np.dtype([("balance", "i8"), ("taint", "i8")], align=True)


@dataclass(frozen=True)
class Machine:
    """The machine and its measured limits."""

    cpu: str
    cores: int
    memory_gb: float
    load: float
    """Mean length of the run queue when the bench began: above the cores, others were at work and every figure is too low."""
    python: str
    numpy: str
    numba: str
    polars: str
    sequential_gb_s: float
    random_update_ns: float
    """One read and write of a 16-byte record out of as many as there are accounts, prefetched."""
    chase_ns: float
    """One step of a pointer chase through 256 MB."""

    def to_dict(self) -> dict[str, object]:
        """Return the fields by name."""
        return asdict(self)


@kernel
def _sum_up(values: I64) -> int:
    total = 0
    for i in range(len(values)):
        total += values[i]
    return total


@kernel
def _update(cells: npt.NDArray[np.void], at: I32) -> None:
    last = len(at) - 1
    for i in range(len(at)):
        _fetch(cells, at[min(i + AHEAD, last)])
        cells[at[i]].balance += i


@kernel
def _chase(following: I32, steps: int) -> int:
    at = 0
    for _ in range(steps):
        at = following[at]
    return at


def _best(run: object, *arguments: object) -> float:
    """Return the shortest of a few runs in seconds, after one that compiles."""
    assert callable(run)
    run(*arguments)
    times = []
    for _ in range(_ROUNDS):
        begin = perf_counter()
        run(*arguments)
        times.append(perf_counter() - begin)
    return min(times)


def _cpu() -> str:
    """Return the processor's name."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [
            line
            for line in info.read_text(encoding="utf-8").splitlines()
            if line.startswith("model name")
        ]
        if names:
            return names[0].partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _memory_gb() -> float:
    """Return the memory in GB; 0 where the system does not say."""
    if not hasattr(os, "sysconf"):
        return 0.0
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1)


def describe_machine(accounts: int = 1_000_000) -> Machine:
    """Measure the limits (some three seconds) and return the machine."""
    chance = np.random.default_rng(0)
    large = np.zeros(1 << 25, np.int64)
    ring = chance.permutation(1 << 26).astype(np.int32)
    following = np.empty_like(ring)
    following[ring[:-1]] = ring[1:]
    following[ring[-1]] = ring[0]
    at = chance.integers(0, accounts, 1 << 22, dtype=np.int32)
    steps = 1 << 20
    return Machine(
        cpu=_cpu(),
        cores=os.cpu_count() or 1,
        memory_gb=_memory_gb(),
        load=round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else 0.0,
        python=sys.version.split()[0],
        numpy=version("numpy"),
        numba=version("numba"),
        polars=version("polars"),
        sequential_gb_s=round(large.nbytes / _best(_sum_up, large) / 1e9, 1),
        random_update_ns=round(_best(_update, np.zeros(accounts, _CELL), at) / len(at) * 1e9, 2),
        chase_ns=round(_best(_chase, following, steps) / steps * 1e9, 1),
    )


def better(first: Machine, second: Machine) -> Machine:
    """Return the first measurement with the better of both limits: others' work makes a machine look slower, never faster."""
    return replace(
        first,
        sequential_gb_s=max(first.sequential_gb_s, second.sequential_gb_s),
        random_update_ns=min(first.random_update_ns, second.random_update_ns),
        chase_ns=min(first.chase_ns, second.chase_ns),
    )
