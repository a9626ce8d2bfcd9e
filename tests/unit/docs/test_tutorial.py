"""The tutorials run as written, and show what the commands really print and write."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from recoup.cli import app

ROOT = Path(__file__).parents[3]
TUTORIALS = ROOT / "docs/tutorial"
_BLOCK = re.compile(
    r"^```(?P<word>\w*)(?: title=\"(?P<title>[^\"]+)\")?\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


@pytest.mark.parametrize(
    ("page", "commands"),
    [("first-trace.md", 8), pytest.param("rule.md", 7, marks=pytest.mark.slow)],
)
def test_a_tutorial_runs_as_written_and_shows_what_is_really_there(
    page: str, commands: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    said = ""
    ran = 0
    for block in _BLOCK.finditer((TUTORIALS / page).read_text(encoding="utf-8")):
        word, title, text = block["word"], block["title"], block["text"]
        if word == "sh":
            said = _run(text, exit_code=2 if title == "exit code 2" else 0)
            ran += 1
        elif word in {"csv", "toml"}:
            Path(title).write_text(text, encoding="utf-8")
        elif word == "text":
            real = Path(title).read_text(encoding="utf-8") if title else said
            assert _agrees(text.splitlines(), real.splitlines()), f"{title or 'output'}:\n{real}"
    assert ran == commands


def test_agreement_notices_a_changed_figure_and_a_missing_line() -> None:
    real = ["a 1.00", "b 2.00", "c 3.00"]
    assert _agrees(["a  1.00", "...", "c 3.00"], real)
    assert not _agrees(["a 1.00", "...", "c 3.01"], real)
    assert not _agrees(["a 1.00", "b 2.00"], real)
    assert not _agrees(["b 2.00", "..."], real)
    assert _agrees(["a ..."], ["a 5.00"])


def _run(text: str, exit_code: int) -> str:
    words = shlex.split(text)
    assert words[0] == "recoup"
    arguments = [
        found
        for word in words[1:]
        for found in (sorted(str(p) for p in Path().glob(word)) if "*" in word else [word])
    ]
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == exit_code, result.output
    return result.output


def _agrees(shown: list[str], real: list[str]) -> bool:
    """Whether `real` is what is shown, spaces aside; a line `...` is any lines, and at the end of a line any rest of it."""
    pattern = ""
    for line in shown:
        if line == "...":
            pattern += r"(?:[^\n]*\n)*?"
            continue
        rest = line.endswith(" ...")
        words = line.removesuffix("...").split()
        pattern += (
            r"[ \t]+".join(map(re.escape, words)) + (r"[^\n]*" if rest else r"[ \t]*") + r"\n"
        )
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in real)) is not None
