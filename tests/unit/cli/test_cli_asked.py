"""Text of options becomes values, or one problem that names the option; the program starts without heavy libraries."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from recoup import limits
from recoup.cli import app
from recoup.cli.asked import check_places, duration, dust, instant, rules, zone
from recoup.errors import InputFault
from recoup.money import ISO_DIGITS, Digits


def problem(call, *arguments):
    with pytest.raises(InputFault) as caught:
        call(*arguments)
    (found,) = caught.value.problems
    assert found.advice
    return found


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("72h", 72),
        ("7d", 168),
        ("1d12h", 36),
        ("PT24H", 24),
        ("P1DT1H", 25),
        ("2w", 336),
        ("30m", 0.5),
        (" 1h ", 1),
    ],
)
def test_durations(text: str, hours: float) -> None:
    assert duration(text) == timedelta(hours=hours)
    assert duration(None) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "h",
        "0h",
        "-1h",
        "1.5h",
        "72",
        "h72",
        "9" * 40 + "d",
        "9" * 5000 + "d",
        "366001d",
        "P1M",
        "PT",
        "P",
        "1dT2h",
        "t5m",
    ],
)
def test_what_is_no_duration(text: str) -> None:
    assert problem(duration, text).code == "duration_unreadable"


def test_the_longest_duration_is_a_thousand_years() -> None:
    assert duration("366000d") == timedelta(days=366_000)


def test_instants_with_and_without_a_zone() -> None:
    noon = datetime(2026, 1, 5, 12, tzinfo=UTC)
    assert instant("2026-01-05T20:00:00+08:00", "--as-of", None) == noon
    assert instant("2026-01-05 20:00", "--as-of", "Asia/Shanghai") == noon
    assert problem(instant, "2026-01-05", "--as-of", None).code == "time_without_zone"
    assert instant(None, "--as-of", None) is None


@pytest.mark.parametrize(
    ("text", "code"),
    [("2024-10-27T02:30:00", "time_ambiguous"), ("2024-03-31T02:30", "time_nonexistent")],
)
def test_a_local_time_that_a_change_of_clocks_doubles_or_skips_is_refused(
    text: str, code: str
) -> None:
    assert problem(instant, text, "--as-of", "Europe/Berlin").code == code
    assert instant(f"{text}+01:00", "--as-of", "Europe/Berlin") is not None


@pytest.mark.parametrize("text", ["", "soon", "2026-02-30T00:00:00Z", "0001-01-01T00:00:00+14:00"])
def test_what_is_no_instant(text: str) -> None:
    found = problem(instant, text, "--since", "UTC")
    assert (found.file, found.code, found.found) == ("--since", "option_time_unreadable", text)


def test_dust_is_rounded_up_in_each_currency() -> None:
    assert dust("0.5", ["CNY", "JPY", "KWD"], ISO_DIGITS) == {"CNY": 50, "JPY": 1, "KWD": 500}
    assert dust("9007199254740992", ["ABC"], Digits({"ABC": 18})) == {
        "ABC": limits.POCKET_MINOR_MAX
    }
    assert dust(None, ["CNY"], ISO_DIGITS) is None


@pytest.mark.parametrize(
    "text", ["", "0", "-1", "NaN", "sNaN", "Infinity", "1,00", "9007199254740993"]
)
def test_what_is_no_dust(text: str) -> None:
    assert problem(dust, text, ["CNY"], ISO_DIGITS).file == "--dust"


def test_rules_by_name() -> None:
    assert rules(None) == ("fifo",)
    assert rules(["all", "poison, fifo"]) == ("fifo", "lifo", "rolling", "lowest-balance", "poison")
    assert problem(rules, ["fifo,"]).code == "unknown_rule"
    assert "lowest-balance" in problem(rules, ["FIFO"]).advice


def test_zones() -> None:
    assert zone("Asia/Shanghai") == "Asia/Shanghai"
    assert zone(None) is None
    assert problem(zone, "Mars/Phobos").code == "timezone_unknown"


def test_results_may_lie_beside_inputs_of_other_names(tmp_path: Path) -> None:
    check_places([tmp_path / "ledger.csv"], tmp_path, tmp_path / "rejects.csv")
    found = problem(check_places, [tmp_path], tmp_path / "deep" / "out", None)
    assert found.code == "out_among_inputs"


def test_a_place_that_cannot_be_written_is_refused_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    out, ledger = tmp_path / "out", tmp_path / "ledger.csv"
    for place, rejects, code in (
        (tmp_path / "file", None, "out_is_file"),
        (tmp_path / "file/deep/out", None, "out_is_file"),
        (tmp_path / ("n" * 300), None, "out_unwritable"),
        (out, tmp_path, "out_is_folder"),
        (out, tmp_path / "file/rejects.csv", "out_is_file"),
    ):
        assert problem(check_places, [ledger], place, rejects).code == code, place
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("command", ["trace", "check"])
def test_help_ends_with_an_example(command: str) -> None:
    result = CliRunner().invoke(app, [command, "--help"])
    assert result.exit_code == 0
    assert f"Example: recoup {command} " in result.stdout


@pytest.mark.parametrize("arguments", [["--help"], ["trace", "--help"], ["check", "--help"]])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    heavy = ["numba", "polars", "numpy", "pyarrow", "typst", "lxml", "xlsxwriter"]
    code = f"""
import sys
sys.argv = ["recoup", *{arguments!r}]
from recoup.cli import main
try:
    main()
finally:
    print([name for name in {heavy!r} if name in sys.modules], file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.strip()) == (0, "[]")
