"""A bank's agent is killed while it pays back: it pays each order once, and holds what is left."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).with_name("killing_payments.py")
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="forks and SIGKILL are of POSIX")


def _kill(*options: str) -> dict[str, object]:
    run = subprocess.run(
        [sys.executable, str(PROGRAM), *options], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def test_an_agent_that_is_killed_at_a_named_point_pays_once():
    seen = _kill("--named", "1", "--seed", "2")
    assert seen["wrong"] == []
    assert seen["at_point"] == seen["kills"] == 16


def test_an_agent_that_is_killed_at_random_pays_once():
    seen = _kill("--kills", "12", "--seed", "1")
    assert seen["wrong"] == []
    assert seen["acknowledged"] > 0


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3, 6))
def test_many_kills_of_an_agent_that_pays(seed):
    assert _kill("--kills", "150", "--seed", str(seed))["wrong"] == []
    assert _kill("--named", "10", "--seed", str(seed))["wrong"] == []


def test_an_agent_that_pays_under_a_reference_of_its_own_is_found():
    found = _kill("--named", "1", "--seed", "2", "--bug", "anew")["wrong"]
    assert any(what.startswith("paid ") for what in found)


def test_books_that_do_not_follow_the_core_system_are_found():
    found = _kill("--named", "1", "--seed", "2", "--bug", "late")["wrong"]
    assert any("held" in what for what in found)
