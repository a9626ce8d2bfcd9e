"""Kernels on a cold cache: of processes that start together one compiles, and the others take what it left."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from numba import typeof
from twin import PLAIN, random_world

from recoup.trace import Options, events
from recoup.trace.kernels import compiled
from recoup.trace.trace import build_scene

PROGRAM = '''
import importlib.util, sys, time
from contextlib import nullcontext
from pathlib import Path

# The one file: all of tracing takes seconds to load.
spec = importlib.util.spec_from_file_location("compiled", sys.argv[4])
compiled = importlib.util.module_from_spec(spec)
spec.loader.exec_module(compiled)

folder, is_alone = Path(sys.argv[1]), sys.argv[2] == "alone"
if not is_alone:
    compiled._alone = lambda path: nullcontext()

@compiled.kernel
def doubled(number):
    return 2 * number

def met(*given):
    """Go on when the other process has come as far: both are in the middle of the same kernel."""
    (folder / f"{sys.argv[3]}.here").touch()
    until = time.monotonic() + 60
    while len(list(folder.glob("*.here"))) < 2 and time.monotonic() < until:
        time.sleep(0.01)
    return inner(*given)

if not is_alone:
    inner, doubled._compiler.compile = doubled._compiler.compile, met
print("ready", flush=True)
sys.stdin.readline()
assert doubled(21) == 42
print(sum(doubled.stats.cache_misses.values()))
'''


def compiled_by_two(tmp_path: Path, way: str) -> int:
    """Return how often two processes that start together compiled one kernel between them."""
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    both = [
        subprocess.Popen(
            [sys.executable, str(program), str(tmp_path), way, name, compiled.__file__],
            env=os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in "ab"
    ]
    for process in both:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in both:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    said = [process.communicate(timeout=120)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    return sum(map(int, said))


@pytest.mark.skipif(sys.platform == "win32", reason="no file locks here: each compiles for itself")
def test_one_process_compiles_a_kernel_and_the_other_takes_it(tmp_path: Path) -> None:
    assert compiled_by_two(tmp_path, "alone") == 1


def test_two_that_do_not_wait_for_each_other_both_compile_it(tmp_path: Path) -> None:
    """Negative control."""
    assert compiled_by_two(tmp_path, "together") == 2


def test_a_lock_that_another_keeps_holds_nobody_up_for_good(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compiled, "_WAIT_SECONDS_MAX", 0.05)
    path, entered = tmp_path / "x.lock", []
    with compiled._alone(path), compiled._alone(path):
        entered.append(True)
    with compiled._alone(tmp_path / "nowhere" / "x.lock"):
        entered.append(True)
    assert entered == [True, True]


def _kinds(features: frozenset[str]) -> tuple[dict[str, str], bool]:
    """Return what a kernel is compiled for of the events of some worlds, and whether there is a hold among them."""
    found, is_held = {}, False
    for seed in range(5):
        world = random_world(seed, 30, features)
        scene = build_scene(world.dossier(), world.claim_table(), Options())
        is_held |= bool((scene.events.row < 0).any())
        for part in (scene.ledger, scene.events):
            for array in (getattr(part, field.name) for field in fields(part)):
                if isinstance(array, np.ndarray):
                    place = f"{type(part).__name__} {len(found)}"
                    found[place] = str(typeof(array))
    return found, is_held


def test_a_hold_among_the_events_compiles_nothing_anew() -> None:
    plain, held = _kinds(PLAIN), _kinds(PLAIN | {"holds", "pinned"})
    assert [plain[1], held[1]] == [False, True]
    assert held[0] == plain[0]


def test_arrays_that_can_be_written_to_would_be_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control."""
    monkeypatch.setattr(events, "fixed", lambda array: array)
    assert _kinds(PLAIN | {"holds", "pinned"})[0] != _kinds(PLAIN)[0]
