"""A row of the bench and how it is measured: a warm-up, then the best, the median and the 99th percentile of runs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter
from typing import Final

import numpy as np

_SECONDS_MAX: Final = 60.0
"""One measurement stops after this long, however many runs it wanted."""


@dataclass(frozen=True)
class Row:
    """One line of the result. `value` is the best run (or the median, for cases); p50 and p99 are over runs or cases."""

    name: str
    value: float
    unit: str
    p50: float | None = None
    p99: float | None = None
    baseline: float | None = None
    """The plain way on the sample, in the same unit; in stream rows plain Python."""
    ratio: float | None = None
    share_of_limit: float | None = None
    """Of what the machine's own random accesses allow, as measured in the same run."""
    rss_mb: float | None = None

    def to_dict(self) -> dict[str, object]:
        """Return the fields by name, numbers to four digits."""
        return {key: _short(value) for key, value in asdict(self).items()}


def _short(value: object) -> object:
    """Return a float with four significant digits."""
    return float(f"{value:.4g}") if isinstance(value, float) else value


def times_of(run: Callable[[], object], rounds: int) -> list[float]:
    """Return the seconds of `rounds` runs after one that is not counted (it may compile, and touches the memory first)."""
    run()
    times: list[float] = []
    while len(times) < rounds and sum(times) < _SECONDS_MAX:
        begin = perf_counter()
        run()
        times.append(perf_counter() - begin)
    return times


def rate_row(name: str, times: Sequence[float], count: int, **more: float | None) -> Row:
    """Return a row in M transfers/s: value is the best run; p99 is the slow end."""
    rates = count / np.array(times) / 1e6
    p50, p99 = (float(x) for x in np.percentile(rates, [50, 1]))
    return Row(name, float(rates.max()), "M transfers/s", p50, p99, rss_mb=resident_mb(), **more)


def resident_mb() -> float | None:
    """Return the memory that the process has now, None where the system does not say."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(
            (x for x in status.read_text(encoding="ascii").splitlines() if x.startswith("VmRSS")),
            "VmRSS: 0 kB",
        )
        return round(int(line.split()[1]) / 1024, 1)
    if sys.platform == "win32":
        return None
    import resource

    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 1)
