"""Shortens the very first trace: a second process compiles what the first rule does not need. No result comes from here."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path


@contextmanager
def compiling_ahead(rules: Sequence[str]) -> Iterator[bool]:
    """Compile in the background while the block runs, once for a version of the kernels; say whether it does.

    The machine code lands in the cache of the kernels, where the block finds it; what is not there yet, it compiles itself.
    """
    process = _start(rules)
    try:
        yield process is not None
    finally:
        if process is not None:
            process.kill()
            process.wait()


def _start(rules: Sequence[str]) -> subprocess.Popen[bytes] | None:
    """Start the second process if nothing was compiled yet, nobody else has started one, and there is a second core."""
    from recoup.trace.kernels.compiled import FOLDER

    begun = Path(FOLDER) / "begun"
    if (os.cpu_count() or 1) < 2 or "NUMBA_CACHE_DIR" in os.environ:
        return None
    try:
        begun.touch(exist_ok=False)
    except OSError:  # another process compiles or has compiled, or nothing can be kept
        return None
    quiet = subprocess.DEVNULL
    with suppress(OSError):
        return subprocess.Popen(  # noqa: S603 (our own module; rules were checked to be rules)
            [sys.executable, "-m", "recoup.cli.ahead", *rules],
            stdin=quiet,
            stdout=quiet,
            stderr=quiet,
        )
    return None


def compile_rules(rules: Sequence[str]) -> None:
    """Trace one transfer: first without any rule's amounts, which compiles the bound, then by `rules` but the first."""
    import polars as pl

    from recoup.tracing import trace

    moved = pl.DataFrame(
        {
            "id": ["t1", "t2"],
            "time": [datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)],
            "payer": ["", "A"],
            "payee": ["A", "B"],
            "amount": ["2", "1"],
            "currency": ["CNY", "CNY"],
        }
    )
    claims = pl.DataFrame({"claim": ["c"], "victim": ["v"], "transfer": ["t1"]})
    trace(moved, claims, rule="poison")
    for rule in reversed(rules[1:]):
        trace(moved, claims, rule=rule)


if __name__ == "__main__":
    compile_rules(sys.argv[1:])
