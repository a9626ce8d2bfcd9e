"""A bank's agent is killed at random and at named points: it forgets no answer, and blocks exactly what its books hold."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).with_name("bank_killing.py")
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="forks and SIGKILL are of POSIX")


def _kill(*options: str) -> dict[str, object]:
    run = subprocess.run(
        [sys.executable, str(PROGRAM), *options], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def test_an_agent_that_is_killed_at_random_forgets_nothing():
    seen = _kill("--kills", "40", "--seed", "1")
    assert seen["wrong"] == []
    assert seen["kills"] == 40
    assert seen["acknowledged"] > 40


def test_an_agent_that_is_killed_at_a_named_point_forgets_nothing():
    seen = _kill("--named", "2", "--seed", "2")
    assert seen["wrong"] == []
    assert seen["at_point"] == seen["kills"] == 36


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3, 6))
def test_many_kills_of_an_agent(seed):
    assert _kill("--kills", "200", "--seed", str(seed))["wrong"] == []
    assert _kill("--named", "10", "--seed", str(seed))["wrong"] == []


def test_an_answer_before_the_sync_is_found():
    """The answer of one order is acknowledged, and dies with the process as the next is about to be written down."""
    seen = _kill("--named", "1", "--seed", "2", "--only", "written down", "--bug", "early")
    assert seen["at_point"] >= 1, (
        "the first kill meets fresh books; what it leaves may stop the next child sooner"
    )
    assert any(what.startswith(("lost", "other answer")) for what in seen["wrong"])


def test_an_agent_that_starts_without_looking_back_is_found():
    found = _kill("--named", "2", "--seed", "2", "--bug", "careless")["wrong"]
    assert any("blocked" in what or "undone" in what for what in found)


def test_a_notice_that_is_noted_apart_from_its_letter_is_found():
    found = _kill("--named", "1", "--seed", "2", "--bug", "apart")["wrong"]
    assert any(what.startswith("told 0 times") for what in found)
