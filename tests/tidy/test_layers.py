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


GOOD = {
    "nothing": {},
    "down": {"cli.py": "import recoup.trace\n"},
    "reading down": {"reading.py": "import recoup.records\n"},
}
BAD = {
    "a folder without a place": {"attic.py": ""},
    "up": {"trace.py": "import recoup.reading\n"},
    "values up": {"money.py": "import recoup.records\n"},
    "sideways": {"evidence.py": "import recoup.reading\n"},
    "a case that traces": {"cases.py": "import recoup.trace\n"},
    "more than the one exception": {
        "errors.py": "import recoup.records.problems\nimport recoup.records\n"
    },
}

LINT_EACH = """
import os, sys
from importlinter.cli import lint_imports

sys.path.insert(0, ".")  # the folder that is linted
sys.path_importer_cache.clear()
for folder in sys.argv[1:]:
    os.chdir(folder)
    code = os.fork()  # a package is found once for all in a process: each folder has its own
    if not code:
        sys.stdout.flush()
        os.dup2(os.open("said", os.O_CREAT | os.O_WRONLY), 1)
        code = lint_imports(no_cache=True)
        sys.stdout.flush()
        os._exit(code)
    with open("code", "w") as file:
        file.write(str(os.waitstatus_to_exitcode(os.waitpid(code, 0)[1])))
"""


def _written(folder: Path, extra: dict[str, str]) -> Path:
    """Write a package of the same name with the same rooms, empty but for `extra`."""
    package = folder / "recoup"
    files = {f"{name}.py": "" for name in _places()}
    del files["records.py"]
    files |= {"records/__init__.py": "", "records/problems.py": "", "__init__.py": ""}
    files |= {"errors.py": "import recoup.records.problems\n"}
    for name, text in (files | extra).items():
        path = package / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (folder / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
    return folder


@pytest.mark.skipif(sys.platform == "win32", reason="one process with a fork for each package")
def test_arrows_that_point_down_pass_and_what_breaks_the_contract_fails(tmp_path: Path) -> None:
    folders = {
        name: _written(tmp_path / str(number), extra)
        for number, (name, extra) in enumerate({**GOOD, **BAD}.items())
    }
    done = subprocess.run(
        [sys.executable, "-c", LINT_EACH, *map(str, folders.values())],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = {
        name: ((folder / "code").read_text(), (folder / "said").read_text())
        for name, folder in folders.items()
    }
    for name in GOOD:
        assert found[name][0] == "0", found[name][1]
    for name in BAD:
        code, said = found[name]
        assert (code, "0 kept, 1 broken" in said) == ("1", True), (name, said)
