"""Progress: a bar once work takes long, also within one step; nothing before, nothing where nobody watches."""

from __future__ import annotations

import io
import sys
import time

import pytest

from recoup.cli.screen import working


class Screen(io.StringIO):
    """Standard error that is a terminal, or is not."""

    def __init__(self, *, watched: bool) -> None:
        super().__init__()
        self.watched = watched

    def isatty(self) -> bool:
        return self.watched

    def shows(self, text: str, within_seconds: float = 10.0) -> bool:
        deadline = time.monotonic() + within_seconds
        while text not in self.getvalue() and time.monotonic() < deadline:
            time.sleep(0.01)
        return text in self.getvalue()


@pytest.fixture
def screen(monkeypatch):
    def put(*, watched):
        for name, value in (("TERM", "xterm"), ("COLUMNS", "200"), ("NO_COLOR", "1")):
            monkeypatch.setenv(name, value)
        made = Screen(watched=watched)
        monkeypatch.setattr(sys, "stderr", made)
        return made

    return put


def test_a_bar_comes_up_in_the_middle_of_one_long_step(screen):
    seen = screen(watched=True)
    with working(after_seconds=0.05) as tell:
        tell("tracing [C01]")  # nothing is told after it
        assert seen.shows("tracing [C01]")


def test_each_step_stands_with_its_own_measure(screen):
    seen = screen(watched=True)
    with working(after_seconds=0.0) as tell:
        tell("reading", 2, 2)
        assert seen.shows(f"reading {'━' * 40}"), "a full bar"
        tell("tracing")
        assert seen.shows("tracing ━"), "a bar that moves, not one that stands at nothing"
        assert f"tracing {'━' * 40}" not in seen.getvalue()


def test_short_work_shows_nothing(screen):
    seen = screen(watched=True)
    with working(after_seconds=60.0) as tell:
        tell("tracing")
    assert "tracing" not in seen.getvalue()


def test_nothing_is_shown_where_nobody_watches(screen):
    seen = screen(watched=False)
    with working(after_seconds=0.0) as tell:
        tell("reading", 1, 2)
        time.sleep(0.2)
    assert not seen.getvalue()
