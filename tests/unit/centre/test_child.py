"""A process that another started, when that one is killed: it ends too, and without the watch it would not."""

from __future__ import annotations

import subprocess
import sys

import pytest

PARENT = """
import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from recoup.centre.child import end_with_parent

pool = ProcessPoolExecutor(1, get_context("spawn"), initializer={initializer})
print(pool.submit(os.getpid).result(), flush=True)
os.kill(os.getpid(), 9)
"""


def _lets_go(initializer: str) -> bool:
    """Return whether the child of a parent that was killed let go of its standard error within seconds."""
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT.format(initializer=initializer)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        try:
            parent.communicate(timeout=60 if "end" in initializer else 2)
        except subprocess.TimeoutExpired:
            return False
        finally:
            subprocess.run(["kill", "-9", str(child)], check=False, capture_output=True)
        return True


@pytest.mark.parametrize(("initializer", "ends"), [("end_with_parent", True), ("None", False)])
def test_a_child_ends_when_its_parent_was_killed(initializer, ends):
    assert _lets_go(initializer) is ends
