"""The process is killed: at random, and before and after each named statement. The controls are bugs that must be found."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).with_name("killing.py")
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="forks and SIGKILL are of POSIX")


def _kill(*options: str) -> dict[str, object]:
    run = subprocess.run(
        [sys.executable, str(PROGRAM), *options], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def test_nothing_acknowledged_is_lost_or_done_twice_when_the_process_is_killed_at_random():
    seen = _kill("--kills", "150", "--seed", "1", "--seconds", "0.15")
    assert seen["wrong"] == []
    assert seen["kills"] == 150
    assert seen["acknowledged"] > 150


def test_nothing_acknowledged_is_lost_when_the_process_is_killed_at_a_named_point():
    seen = _kill("--named", "3", "--seed", "2")
    assert seen["wrong"] == []
    assert seen["at_point"] == seen["kills"] == 72


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3, 6))
def test_many_kills(seed):
    assert _kill("--kills", "200", "--seed", str(seed), "--seconds", "0.2")["wrong"] == []
    assert _kill("--named", "5", "--seed", str(seed))["wrong"] == []


def test_an_answer_before_the_sync_is_found():
    found = _kill("--kills", "60", "--seed", "1", "--seconds", "0.15", "--bug", "early")["wrong"]
    assert any(what.startswith("lost") for what in found)


def test_a_command_that_takes_effect_twice_is_found():
    found = _kill("--kills", "60", "--seed", "1", "--seconds", "0.15", "--bug", "forgetful")[
        "wrong"
    ]
    assert any(what.startswith("twice") for what in found)
