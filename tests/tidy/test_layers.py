"""The import contract of pyproject.toml bites: run on small packages of the same name, the wrong ones must fail."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def _places() -> list[str]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (contract,) = settings["tool"]["importlinter"]["contracts"]
    return [name.strip(" ()") for layer in contract["layers"] for name in layer.split("|")]


def _lint(folder: Path, extra: dict[str, str]) -> subprocess.CompletedProcess[str]:
    package = folder / "recoup"
    files = {f"{name}.py": "" for name in _places()}
    del files["records.py"]
    files |= {"records/__init__.py": "", "records/problems.py": "", "__init__.py": ""}
    files |= {"errors.py": "import recoup.records.problems\n"}
    for name, text in (files | extra).items():
        path = package / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    program = (
        "from importlinter.cli import lint_imports; raise SystemExit(lint_imports(no_cache=True))"
    )
    (folder / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
    return subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, '.'); {program}"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    "good", [{}, {"cli.py": "import recoup.trace\n"}, {"reading.py": "import recoup.records\n"}]
)
def test_arrows_that_point_down_pass(tmp_path: Path, good: dict[str, str]) -> None:
    result = _lint(tmp_path, good)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(
    "bad",
    [
        {"attic.py": ""},
        {"trace.py": "import recoup.reading\n"},
        {"money.py": "import recoup.records\n"},
        {"evidence.py": "import recoup.reading\n"},
        {"cases.py": "import recoup.trace\n"},
        {"errors.py": "import recoup.records.problems\nimport recoup.records\n"},
    ],
    ids=[
        "a folder without a place",
        "up",
        "values up",
        "sideways",
        "a case that traces",
        "more than the one exception",
    ],
)
def test_what_breaks_the_contract_fails(tmp_path: Path, bad: dict[str, str]) -> None:
    result = _lint(tmp_path, bad)
    assert result.returncode == 1, result.stdout + result.stderr
    assert "0 kept, 1 broken" in result.stdout
