"""What the terminal shows: names as they stand in the files, whatever they look like, and in every encoding."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pty = pytest.importorskip("pty", reason="Windows has no such terminals")

LEDGER = """id,time,payer,payee,amount,currency
t1,2026-01-01T00:00:00Z,[bold]顾客,[/b]M,10.00,CNY
t2,2026-01-01T00:01:00Z,[/b]M,:smile:,10.00,CNY
"""


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    path = tmp_path / "x[" / "b].csv"
    path.parent.mkdir()
    path.write_text(LEDGER, encoding="utf-8")
    return path


def on_terminal(*arguments: str) -> tuple[int, str]:
    """Run the program with a terminal for its output; return its exit code and what the terminal got."""
    master, slave = pty.openpty()
    environment = os.environ | {"COLUMNS": "200", "NO_COLOR": "1", "TERM": "xterm"}
    command = [sys.executable, "-c", "from recoup.cli import main; main()", *arguments]
    with subprocess.Popen(command, stdout=slave, stderr=slave, env=environment) as process:
        os.close(slave)
        got = b""
        while True:
            try:
                part = os.read(master, 65536)
            except OSError:  # Linux says so when the program has ended
                break
            if not part:
                break
            got += part
    os.close(master)
    return process.returncode, got.decode("utf-8")


def test_names_that_look_like_markup_are_shown_as_they_are(ledger: Path) -> None:
    code, shown = on_terminal("check", str(ledger))
    assert code == 0, shown
    for name in ("[bold]顾客", "[/b]M", ":smile:"):
        assert name in shown


def test_a_file_whose_name_looks_like_markup_is_traced(ledger: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    code, shown = on_terminal("trace", f"{ledger}", "--back", "account:[/b]M", "--out", str(out))
    assert code == 0, shown
    assert (out / "summary.json").exists()


def test_letters_that_the_encoding_lacks_end_no_run(ledger: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from recoup.cli import main; main()", "check", str(ledger)],
        env=os.environ | {"PYTHONIOENCODING": "cp1252"},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    assert rb"[bold]\u987e\u5ba2" in done.stdout
