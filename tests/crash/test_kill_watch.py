"""The watch service is killed at random: every answer that left is still given, once. A planted bug must be found."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).with_name("killing_watch.py")
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="forks and SIGKILL are of POSIX")


def _kill(*options: str) -> dict[str, object]:
    run = subprocess.run(
        [sys.executable, str(PROGRAM), *options], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def test_no_answer_that_left_is_lost_changed_or_booked_twice():
    seen = _kill("--kills", "8", "--seed", "1")
    assert seen["wrong"] == []
    assert seen["kills"] == 8
    assert seen["answered"] > 100
    assert seen["early_bytes"] > 0, "no early answer was among them"
    assert seen["snapshots"] > 0, "no snapshot was made in between"


def test_a_log_that_is_written_later_than_the_answer_leaves_is_found():
    assert _kill("--kills", "12", "--seed", "2", "--bug", "lazy")["wrong"] != []


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3, 6))
def test_many_kills(seed):
    assert _kill("--kills", "150", "--seed", str(seed))["wrong"] == []
