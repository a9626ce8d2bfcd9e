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


def _kill_centre(*options: str) -> dict[str, object]:
    program = PROGRAM.with_name("killing_centre.py")
    run = subprocess.run(
        [sys.executable, str(program), *options], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def test_a_centre_killed_at_random_tells_each_order_and_keeps_each_answer_once():
    seen = _kill_centre("--kills", "40", "--seed", "1")
    assert seen["wrong"] == []
    assert seen["acknowledged"] > 200


def test_a_centre_killed_at_each_named_point_tells_each_order_and_keeps_each_answer_once():
    seen = _kill_centre("--named", "2", "--seed", "2")
    assert seen["wrong"] == []
    assert seen["at_point"] == seen["kills"] == 44
    assert seen["repeats"] > 0, "no kill fell between a bank's act and its answer"


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3, 6))
def test_many_kills_of_a_centre(seed):
    assert _kill_centre("--kills", "150", "--seed", str(seed))["wrong"] == []
    assert _kill_centre("--named", "5", "--seed", str(seed))["wrong"] == []


# --- negative controls: each is killed where its bug shows, so that no luck is needed to find it ---


@pytest.mark.parametrize(
    ("bug", "where", "found"),
    [
        ("hasty", "send/before", "never told"),
        ("renaming", "send/after", "nobody ordered this"),
        ("forgetting", "due taken/after", "is still held"),
    ],
)
def test_a_bug_that_only_a_kill_shows_is_found(bug, where, found):
    seen = _kill_centre("--kills", "2", "--seed", "1", "--at", where, "--bug", bug)
    assert seen["at_point"] == 2
    assert any(found in what for what in seen["wrong"]), seen


def test_an_answer_before_the_sync_is_found():
    found = _kill("--kills", "1", "--each", "4", "--bug", "early")["wrong"]
    assert any(what.startswith("lost") for what in found)


def test_a_command_that_takes_effect_twice_is_found():
    found = _kill("--kills", "2", "--each", "4", "--bug", "forgetful")["wrong"]
    assert any(what.startswith("twice") for what in found)


def test_killed_where_the_controls_are_a_sound_store_and_a_sound_centre_lose_nothing():
    """What the controls find is their bug, not the way in which they are killed."""
    assert _kill("--kills", "2", "--each", "4")["wrong"] == []
    for where in ("send/before", "send/after"):
        assert _kill_centre("--kills", "2", "--seed", "1", "--at", where)["wrong"] == []
