"""When results cannot be written: one clear error, exit code 2, nothing half written, earlier results as they were."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import typst
from typer.testing import CliRunner

from recoup.cli import app
from recoup.evidence import report
from recoup.evidence.staging import staged

EXAMPLE = Path(__file__).parents[2] / "examples/case"
CASE = [str(EXAMPLE / "transfers.csv"), "--claims", str(EXAMPLE / "claims.csv")]
FULL = """
import resource, sys
sys.argv[0] = "recoup"
from recoup.cli import main
resource.setrlimit(resource.RLIMIT_FSIZE, (BYTES, BYTES))
main()
"""
"""A process whose files cannot grow past BYTES, which fails every write as a full disk does."""


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def only_line(result) -> str:
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    assert result.exit_code == 2
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    return line


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with earlier results in `out`."""
    folder = tmp_path_factory.mktemp("writing")
    done = CliRunner().invoke(app, ["trace", *CASE, "--out", str(folder / "out")])
    assert done.exit_code == 0, done.output
    return folder


@pytest.mark.skipif(sys.platform == "win32", reason="Windows bounds no file's size")
@pytest.mark.parametrize(
    "share",
    [0.0, 0.2, *(pytest.param(share, marks=pytest.mark.slow) for share in (0.05, 0.5, 0.9))],
)
def test_a_full_disk_leaves_everything_as_it_was(before: Path, share: float) -> None:
    """The limit is a share of the largest result, so that tables, page, workbook and document fail in turn."""
    kept = contents(before)
    limit = int(max(map(len, kept.values())) * share)
    command = ["trace", *CASE, "--language", "en", "--out", str(before / "out")]
    code = FULL.replace("BYTES", str(limit))
    done = subprocess.run(
        [sys.executable, "-c", code, *command], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2, done.stderr
    (line,) = done.stderr.splitlines()
    assert line.startswith("--out: out_unwritable: found ")
    assert "choose a place that can be written and has room" in line
    assert contents(before) == kept


@pytest.mark.parametrize("name", ["write_tables", "write_page", "write_workbook"])
def test_whichever_result_fails_none_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(f"recoup.evidence.{name}", full)
    out, rejects = tmp_path / "out", tmp_path / "rejects.csv"
    words = ["trace", *CASE, "--out", str(out), "--rejects", str(rejects)]
    line = only_line(CliRunner().invoke(app, words))
    assert line.startswith(f"--out: out_unwritable: found '{out}: No space left on device'")
    assert list(tmp_path.iterdir()) == []


def test_a_document_that_cannot_be_set_is_one_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> bytes:
        raise typst.TypstError("unknown font family")

    monkeypatch.setattr(report.typst, "compile", broken)
    line = only_line(CliRunner().invoke(app, ["trace", *CASE, "--out", str(tmp_path / "out")]))
    assert line.startswith("--out: document_failed: found 'evidence.pdf: unknown font family'")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="needs a folder that nobody may write")
@pytest.mark.parametrize("options", [["--out", "/proc/out"], ["--rejects", "/proc/rejects.csv"]])
def test_a_place_that_nobody_may_write_is_named(tmp_path: Path, options: list[str]) -> None:
    place = [] if options[0] == "--out" else ["--out", str(tmp_path / "out")]
    line = only_line(CliRunner().invoke(app, ["trace", *CASE, *place, *options]))
    assert line.startswith(f"{options[0]}: out_unwritable: found '{options[1]}")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_stands_where_a_result_belongs_is_found_before_any_is_moved(
    before: Path,
) -> None:
    kept = contents(before)
    (before / "out" / "holds.csv").mkdir()
    done = CliRunner().invoke(app, ["trace", *CASE, "--rule", "lifo", "--out", str(before / "out")])
    (before / "out" / "holds.csv").rmdir()
    assert "out_unwritable" in only_line(done)
    assert contents(before) == kept


@pytest.mark.skipif(sys.platform != "linux", reason="names are any bytes on Linux only")
def test_names_that_are_not_utf8_are_shown_with_escapes(tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"\xff\xfe")
    folder.mkdir()
    shutil.copy(EXAMPLE / "transfers.csv", folder)
    out = tmp_path / "out"
    command = ["trace", str(folder), *CASE[1:], "--out"]
    done = CliRunner().invoke(app, [*command, str(out)])
    assert done.exit_code == 0, done.output
    first = json.loads((out / "summary.json").read_text(encoding="utf-8"))["inputs"][0]
    assert first["file"].endswith("\\xff\\xfe/transfers.csv")
    refused = CliRunner().invoke(app, [*command, str(tmp_path / os.fsdecode(b"\xfe"))])
    assert "out_unwritable" in only_line(refused)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no lock on folders")
def test_two_runs_into_one_folder_leave_the_results_of_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("positions.csv", "flows.csv", "summary.json")

    def run(text: str) -> None:
        with staged(tmp_path / "out") as stage:
            for name in names:
                (stage / name).write_text(text)

    second = threading.Thread(target=run, args=("second",))
    move = Path.replace

    def interrupted(path: Path, place: Path) -> Path:
        moved = move(path, place)
        if not second.ident:
            second.start()
            second.join(timeout=0.5)
        return moved

    monkeypatch.setattr(Path, "replace", interrupted)
    run("first")
    second.join()
    assert [(tmp_path / "out" / name).read_text() for name in names] == ["second"] * 3
