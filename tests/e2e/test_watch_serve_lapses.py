"""`recoup watch serve` alone: a delay that nobody ends is over by the machine's clock, and the holder was told when."""

from __future__ import annotations

import signal
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from served_watch import PATIENCE_SECONDS, figure
from waiting_payments import configuration
from watch_process import Process

from recoup.centre.office import wait_until
from recoup.clock import SystemClock, instant_text

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
DELAY = timedelta(days=1)


def test_a_delay_ends_though_no_payment_comes_and_stays_ended_after_a_kill(tmp_path: Path) -> None:
    configuration(tmp_path)  # writes a live rule that delays small payments
    file = tmp_path / "watch.toml"
    text = f'rules = "{tmp_path / "rules.toml"}"\npolicy = "cn"\nrows_followed = 100\n'
    text += "[shedding]\nmilliseconds = 10_000\nearly_milliseconds = 60_000\n"
    file.write_text(text, encoding="utf-8")
    watch = Process(tmp_path / "watch", "--config", str(file))
    try:
        made = SystemClock().now() - DELAY + timedelta(seconds=6)
        told = watch.pay(id="p-1", time=instant_text(made))
        assert told["decision"] == "delay"
        assert told["expires_at"] == instant_text(made + DELAY)
        assert "objects at the bank and names decision p-1" in told["remedy"]["en"]
        assert "p-1" in told["remedy"]["zh"]
        over = wait_until(lambda: figure(watch, "recoup_watch_lapses_total") == 1, PATIENCE_SECONDS)
        assert over
        assert SystemClock().now() >= made + DELAY
    finally:
        watch.end(signal.SIGKILL)
    watch = Process(tmp_path / "watch", "--config", str(file))
    try:
        ended = watch.client.post("/v1/waiting/cancel", json={"id": "p-1"}).json()
        assert ended == {"id": "p-1", "outcome": "not_waiting"}
        assert figure(watch, "recoup_watch_lapses_total") == 0
    finally:
        watch.end(signal.SIGKILL)
