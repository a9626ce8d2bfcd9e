"""`recoup watch serve` as a process: decides, is killed, goes on from what it answered, reloads on SIGHUP, ends at SIGTERM."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest
from typer.testing import CliRunner
from watch_process import SECONDS_MAX, Process

from recoup.cli import app

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")


LIVE = """
id = "house"
timezone = "Asia/Shanghai"
night = [22, 6]
lists = ["suspect"]

[[rules]]
id = "listed-payee"
version = 1
expression = 'payee in list("suspect")'
action = "warn"
reason = "own-listed"
words = "the payee is on our list"
author = "risk-1"
"""


def test_a_killed_service_goes_on_and_a_reload_and_an_orderly_end_are_said(tmp_path):
    rules, lists = tmp_path / "rules.toml", tmp_path / "lists.csv"
    rules.write_text(LIVE, encoding="utf-8")
    lists.write_text("account,list\nacc-b,suspect\n", encoding="utf-8")
    settings = tmp_path / "watch.toml"
    settings.write_text(f'rules = "{rules}"\npolicy = "cn"\nlists = "{lists}"\n', encoding="utf-8")
    folder = tmp_path / "watch"
    first = Process(folder, "--config", str(settings))
    told = first.pay(id="one")
    assert told["decision"] == "allow", told
    assert first.client.post("/v1/lists/check", json={"accounts": ["acc-b"]}).json()[
        "accounts"
    ] == [{"account": "acc-b", "lists": ["suspect"], "is_bound": False}]
    first.end(signal.SIGKILL)

    again = Process(folder, "--config", str(settings))
    assert again.pay(id="one") == {**told, "is_repeat": True}
    assert again.pay(id="one", amount="1.00")["type"].endswith("payment_id_taken")
    lists.write_text("account,list\nacc-c,suspect\n", encoding="utf-8")
    os.kill(again.process.pid, signal.SIGHUP)
    until = time.monotonic() + SECONDS_MAX
    while time.monotonic() < until:
        found = again.client.post("/v1/lists/check", json={"accounts": ["acc-c"]}).json()
        if found["accounts"][0]["lists"]:
            break
        time.sleep(0.05)
    assert found["accounts"][0]["lists"] == ["suspect"]
    assert again.pay(id="late", time="2020-01-01T00:00:00Z")["type"].endswith("time_late")
    log = again.end(signal.SIGTERM)
    assert again.process.returncode == 0
    assert '"stopped"' in log


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--rules", "nothing-such"), "nothing-such"),
        (("--rules", "cn-flags"), "policy"),
        (("--host", "192.0.2.1"), "callers"),
    ],
)
def test_settings_that_cannot_be_used_end_the_start_with_code_2(tmp_path, options, said):
    run = CliRunner().invoke(app, ["watch", "serve", "--data", str(tmp_path / "w"), *options])
    assert run.exit_code == 2
    assert said in run.stderr


def test_the_process_itself_ends_with_code_2(tmp_path):
    command = [sys.executable, "-m", "recoup", "watch", "serve", "--data", str(tmp_path / "w")]
    run = subprocess.run([*command, "--port", "x"], capture_output=True, text=True, check=False)
    assert run.returncode == 2
    assert "port" in run.stderr
