"""The documentation builds without a warning, needs no network, and the glossary explains each word once."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def _built(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [Path(sys.executable).parent / "zensical", "build", "--strict"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_documentation_builds_and_asks_nothing_of_the_network(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    shutil.copy(ROOT / "zensical.toml", tmp_path)
    result = _built(tmp_path)
    assert result.returncode == 0, result.stdout + result.stderr
    pages = sorted((tmp_path / "site").rglob("*.html"))
    assert pages
    loaded = re.compile(
        r"<(?:script|img|iframe)[^>]+src=\"?https?:|<link[^>]+stylesheet[^>]+https?:"
    )
    assert not [page.name for page in pages if loaded.search(page.read_text(encoding="utf-8"))]


def test_a_link_to_a_page_that_is_not_there_fails(tmp_path: Path) -> None:
    """The same settings with one page: the whole of the documentation would take a hundred times as long to build."""
    settings = (ROOT / "zensical.toml").read_text(encoding="utf-8")
    before, contents, after = re.split(r"(?ms)^(nav = \[.*?^\]\n)", settings)
    assert '"index.md"' in contents
    codes = []
    for page in ("# Page\n", "# Page\n\n[nowhere](nowhere.md)\n"):
        folder = tmp_path / str(len(codes))
        (folder / "docs").mkdir(parents=True)
        (folder / "docs/index.md").write_text(page, encoding="utf-8")
        (folder / "zensical.toml").write_text(
            f'{before}nav = [{{ "Page" = "index.md" }}]\n{after}', encoding="utf-8"
        )
        codes.append(_built(folder).returncode)
    assert codes == [0, 1]


def test_every_page_is_in_the_table_of_contents() -> None:
    contents = (ROOT / "zensical.toml").read_text(encoding="utf-8")
    pages = [p.relative_to(ROOT / "docs").as_posix() for p in (ROOT / "docs").rglob("*.md")]
    assert not [page for page in sorted(pages) if f'"{page}"' not in contents]


def test_glossary_explains_a_word_once() -> None:
    text = (ROOT / "docs/GLOSSARY.md").read_text(encoding="utf-8")
    rows = [line.split(" | ")[0].lstrip("| ") for line in text.splitlines() if line[:2] == "| "]
    words = [word for row in rows for word in row.split(", ") if word not in {"English", "---"}]
    assert words
    assert sorted(words) == sorted(set(words))
