"""Compiling ahead: once for a version of the kernels, never a second time, and over when the trace is over."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from recoup.cli import ahead
from recoup.trace.kernels import bound, compiled, pools


@pytest.fixture
def cold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[list[subprocess.Popen[bytes]]]:
    """An empty cache on two cores; gives the processes that were started (they only wait)."""
    monkeypatch.setattr(compiled, "FOLDER", str(tmp_path))
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    started: list[subprocess.Popen[bytes]] = []
    real = subprocess.Popen

    def start(command: list[str], **more: int) -> subprocess.Popen[bytes]:
        assert command[1:] == ["-m", "recoup.cli.ahead", "fifo", "rolling"]
        started.append(real([command[0], "-c", "input()"], **{**more, "stdin": subprocess.PIPE}))
        return started[-1]

    monkeypatch.setattr(subprocess, "Popen", start)
    yield started
    for process in started:
        process.communicate()  # closes what the fixture opened


def test_it_compiles_once_and_ends_with_the_trace(cold: list[subprocess.Popen[bytes]]) -> None:
    with ahead.compiling_ahead(["fifo", "rolling"]) as is_first:
        assert is_first
        assert cold[0].poll() is None
    assert cold[0].poll() is not None, "the second process outlived the trace"
    with ahead.compiling_ahead(["fifo", "rolling"]) as is_first:
        assert not is_first
    assert len(cold) == 1


def test_one_core_or_a_cache_that_cannot_be_written_starts_nothing(
    cold: list[subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compiled, "FOLDER", "/nowhere")
    with ahead.compiling_ahead(["fifo", "rolling"]) as is_first:
        assert not is_first
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    with ahead.compiling_ahead(["fifo", "rolling"]) as is_first:
        assert not is_first
    assert not cold


def test_the_second_process_compiles_the_bound_and_all_rules_but_the_first() -> None:
    ahead.compile_rules(["fifo", "rolling"])
    for kernel in (bound.bound_flows, pools.follow_pools):
        assert kernel.signatures
