"""Processes that tests fork off one that has imported the program: they end, fail, print and look around as a cold one does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from program import CAN_FORK, Program, recoup, start


def cold(*words: str) -> tuple[int, str, str]:
    command = [sys.executable, "-m", "recoup", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("words", [("--help",), ("verify", "nothing.sqlite"), ("no-such-command",)])
def test_a_forked_process_prints_and_ends_as_a_cold_one(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = recoup(*words)
    expected = cold(*words)
    # How it is called is told in the help: by its name here, as a module there.
    said = [text.replace("python -m recoup", "recoup") for text in expected[1:]]
    assert (done.returncode, done.stdout, done.stderr) == (expected[0], *said)


@pytest.mark.skipif(not CAN_FORK, reason="no forks here: each is a cold one")
def test_it_is_a_process_of_its_own_that_a_signal_ends_and_nothing_of_it_stays(
    tmp_path: Path,
) -> None:
    both = [start("serve", "--data", tmp_path / name, "--port", 0) for name in "ab"]
    try:
        for one in both:
            assert "setup token" in one.stdout.readline()
            assert "Listening" in one.stdout.readline()
            assert one.poll() is None
        assert len({os.getpid(), *(one.pid for one in both)}) == 3
        both[0].kill()
        assert both[0].wait(20) == -signal.SIGKILL
        assert both[1].poll() is None, "the other one goes on"
        both[1].terminate()
        assert both[1].wait(20) == 0, "it ends by itself when it is told to"
        with pytest.raises(ProcessLookupError):
            os.kill(both[0].pid, 0)
    finally:
        for one in both:
            assert isinstance(one, Program)
            one.kill()
            one.communicate(timeout=20)


def test_it_has_the_settings_and_the_folder_of_whoever_starts_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "wrong.toml").write_text('hots = "127.0.0.1"\n')
    monkeypatch.chdir(tmp_path)
    assert "hots" in recoup("serve", "--data", "d", "--config", "wrong.toml").stderr
    monkeypatch.setenv("RECOUP_PORT", "no port")
    told = recoup("serve", "--data", "d")
    assert told.returncode == 2
    assert "port" in told.stderr
