"""Every code of the command line's own is found by some wrong option or place, and says what to do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
import typst

from recoup.cli import trace
from recoup.cli.asked import check_map_place, check_places, duration, dust, instant, rules
from recoup.cli.check_report import recognised_map
from recoup.errors import InputFault
from recoup.money import ISO_DIGITS
from recoup.reading import ADVICE, OPTIONS, Reading, ReadingOptions
from recoup.records.tables import TRANSFERS

EMPTY = Reading(pl.DataFrame(schema=TRANSFERS), None, (), ())


def failing(error: Exception) -> None:
    with trace._written("--out", Path("out")):
        raise error


CASES: dict[str, Callable[[Path], object]] = {
    "option_time_unreadable": lambda _: instant("soon", "--as-of", "UTC"),
    "duration_unreadable": lambda _: duration("72"),
    "dust_unreadable": lambda _: dust("none", ["CNY"], ISO_DIGITS),
    "unknown_rule": lambda _: rules(["nonsense"]),
    "out_among_inputs": lambda folder: check_map_place(folder / "in.csv", [folder / "in.csv"]),
    "out_is_folder": lambda folder: check_places([], folder / "out", folder),
    "out_is_file": lambda folder: check_places([], folder / "in.csv", None),
    "out_unwritable": lambda _: failing(OSError(28, "No space left on device")),
    "document_failed": lambda _: failing(typst.TypstError("no such font")),
    "layouts_differ": lambda _: recognised_map(EMPTY, ReadingOptions()),
}


@pytest.mark.parametrize("code", sorted(OPTIONS))
def test_the_problem_is_found_and_says_what_to_do(code: str, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("mine")
    with pytest.raises(InputFault) as caught:
        CASES[code](tmp_path)
    (problem,) = caught.value.problems
    assert (problem.code, problem.advice) == (code, ADVICE[code])
    assert problem.file.startswith("--")
    assert problem.found
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


def test_a_bug_is_not_taken_for_a_full_disk() -> None:
    with pytest.raises(AssertionError, match="conserved"):
        failing(AssertionError("not conserved"))
