"""The driver under the stores: what happens when two threads meet at one connection."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from recoup.errors import StoreFault
from recoup.stores.sqlite.connection import DriverConnection

MEETING = """
import contextlib, pathlib, sys, threading, time
from recoup.stores.sqlite import connection as here

LONG = (
    "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 3000000)"
    " SELECT max(x) FROM n"
)
connection = here.DriverConnection(pathlib.Path(sys.argv[1]))
if sys.argv[2] == "unguarded":
    connection._lock = contextlib.nullcontext()
found = []
thread = threading.Thread(target=lambda: found.extend(connection.run(LONG)))
thread.start()
time.sleep(0.05)  # it is in the statement now, or has not begun: both are allowed
try:
    connection.close()
finally:
    thread.join()
print(found)
"""


def met(file: Path, how: str) -> subprocess.CompletedProcess[str]:
    asked = [sys.executable, "-c", MEETING, str(file), how]
    return subprocess.run(asked, capture_output=True, text=True, timeout=120, check=False)


def test_closing_waits_for_the_statement_that_another_thread_is_in(tmp_path: Path) -> None:
    found = met(tmp_path / "x.sqlite", "guarded")
    assert found.returncode == 0, found.stderr
    assert found.stdout == "[(3000000,)]\n" or "closed" in found.stderr


def test_without_waiting_the_process_dies_of_it(tmp_path: Path) -> None:
    found = [met(tmp_path / f"{n}.sqlite", "unguarded") for n in range(3)]
    assert any(x.returncode != 0 or "[(3000000,)]" not in x.stdout for x in found)


def test_what_comes_after_the_end_is_told_so(tmp_path: Path) -> None:
    connection = DriverConnection(tmp_path / "x.sqlite")
    connection.close()
    with pytest.raises(StoreFault, match="closed"):
        connection.run("SELECT 1")
    connection.close()
