"""What a process loads before it does anything: each of the program's pays for it, and so does each test that starts one."""

from __future__ import annotations

import pickle
import subprocess
import sys

from recoup.cases import Case
from recoup.centre.case_sheets import CaseSheets

HEAVY = ("numba", "polars", "scipy")
"""What traces and reads tables."""


def loaded(code: str, given: bytes = b"") -> set[str]:
    """Return which of the heavy packages a fresh interpreter has loaded after `code`."""
    said = f"{code}\nimport sys; print(*sorted(set({HEAVY}) & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", said], input=given, capture_output=True, check=True, timeout=120
    )
    return set(done.stdout.decode().split())


def test_a_process_that_does_not_trace_loads_neither_tables_nor_kernels() -> None:
    rooms = ("api", "centre.desk", "bank.serving", "bank.conformance", "demo", "paper", "witness")
    assert loaded("\n".join(f"import recoup.{room}" for room in rooms)) == set()


def test_the_centre_hands_a_case_over_and_takes_its_trail_back_without_what_traces() -> None:
    """Both cross as pickles; the class of either must not pull the kernels in."""
    sheets = CaseSheets(Case("case-1"), (), {}, ())
    both = pickle.dumps((sheets, sheets.traced()))
    code = "import pickle, sys, recoup.centre.chaser\nheld = pickle.loads(sys.stdin.buffer.read())"
    assert loaded(code, both) == set()
    # The other direction: where such a case is traced they are loaded, so the look above would see them.
    assert loaded(f"{code}\nheld[0].traced()", both) == set(HEAVY)
