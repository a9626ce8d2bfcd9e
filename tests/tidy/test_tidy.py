"""The tree keeps the rules of `rules.py`; and each rule finds the bad text that is fed to it (its negative control)."""

from __future__ import annotations

import importlib
import subprocess
from pathlib import Path

import pytest
from tidy import rules
from tidy.rules import Module, Repository

ROOT = Path(__file__).parents[2]
NO_TEXT = {".png", ".xlsx", ".xls", ".parquet", ".pdf", ".woff2", ".arrow"}


def _modules(*folders: str) -> list[Module]:
    paths = sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    return [
        Module(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))
        for path in paths
    ]


def _tracked() -> list[Path]:
    """Return the files under version control; outside a clone, those of the known folders."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode == 0:
        names = [name for name in listed.stdout.split("\0") if name]
    else:
        folders = ("src", "tests", "docs", "examples", "bench", "changes", ".ci")
        names = [str(p.relative_to(ROOT)) for f in folders for p in (ROOT / f).rglob("*")]
        names += ["Makefile", "pyproject.toml", "requirements.lock", "README.md"]
    return [ROOT / name for name in names if (ROOT / name).is_file()]


# --- the tree ----------------------------------------------------------------------------------------------------------


def test_the_tree_keeps_the_rules_and_no_file_of_the_package_is_dead() -> None:
    """One test, so that each file is read and parsed once: that is most of what the rules cost."""
    package = _modules("src")
    repository = Repository(
        anchors=rules.law_anchors((ROOT / "docs/LAW.md").read_text(encoding="utf-8")),
        set_attributes=rules.set_attributes(package),
    )
    assert repository.anchors
    assert repository.set_attributes
    found = [
        rules.Finding(module.path, line, name, what)
        for module in (*package, *_modules("tests", "bench"))
        for name, rule in rules.RULES.items()
        if (name, module.path) not in rules.EXEMPT
        for line, what in rule(module, repository)
    ]
    found += [
        rules.Finding(path, 1, "dead_file", "nothing of the package imports it")
        for path in rules.dead_files(package)
    ]
    assert not found, "\n".join(map(str, found))


@pytest.mark.parametrize(("name", "path"), rules.EXEMPT)
def test_every_exemption_is_still_needed(name: str, path: str) -> None:
    text = (ROOT / path).read_text(encoding="utf-8")
    assert list(rules.RULES[name](Module(path, text), Repository()))


def test_no_tracked_file_holds_on_one_machine_only() -> None:
    found = []
    for path in _tracked():
        data = path.read_bytes()
        if path.suffix in NO_TEXT or b"\0" in data:
            continue
        text = data.decode("utf-8", errors="replace")
        found += rules.foreign_places(path.relative_to(ROOT).as_posix(), text)
    assert not found, "\n".join(map(str, found))


@pytest.mark.parametrize(
    "package",
    [
        ".".join(path.parent.relative_to(ROOT / "src").parts)
        for path in sorted((ROOT / "src").rglob("__init__.py"))
    ],
)
def test_every_listed_name_can_be_had(package: str) -> None:
    module = importlib.import_module(package)
    missing = [name for name in getattr(module, "__all__", ()) if not hasattr(module, name)]
    assert not missing


def test_change_fragments_are_named_by_issue_and_kind() -> None:
    assert not rules.misnamed_fragments([path.name for path in (ROOT / "changes").iterdir()])


def test_law_that_no_code_cites_yet_is_listed() -> None:
    """Not a failure: rooms to come will cite the rest. `pytest -rP` shows the list."""
    anchors = rules.law_anchors((ROOT / "docs/LAW.md").read_text(encoding="utf-8"))
    cited = {anchor for module in _modules("src") for _, anchor in rules.citations(module.text)}
    print("not cited yet:", ", ".join(sorted(anchors - cited)))
    assert anchors


# --- negative controls -------------------------------------------------------------------------------------------------

CONTEXT = Repository(anchors=frozenset({"return-rules-art-8"}), set_attributes=frozenset({"known"}))
PURE = "src/recoup/trace/bad.py"
LONG_BODY = "".join(f"    x{i} = {i}\n" for i in range(rules.FUNCTION_LINES_MAX))

BAD = [
    ("ambient", PURE, "import random"),
    ("ambient", PURE, "from uuid import uuid4"),
    ("ambient", PURE, "import os\nhome = os.environ['HOME']"),
    ("ambient", PURE, "import time\nstart = time.time()"),
    ("ambient", PURE, "from datetime import datetime\nat = datetime.now()"),
    ("ambient", PURE, "import logging\nlogging.info('traced')"),
    ("ambient", PURE, "text = open('statement.csv').read()"),
    ("ambient", PURE, "import polars as pl\nrows = pl.read_csv('statement.csv')"),
    ("ambient", PURE, "import numpy as np\nx = np.random.rand(3)"),
    ("ambient", "src/recoup/money.py", "print('12.50')"),
    ("ambient", "src/recoup/records/claims.py", "def load(path):\n    return path.read_text()"),
    ("float_money", "src/recoup/money.py", "yuan = float(text)"),
    ("float_money", "src/recoup/money.py", "def parse(text: str) -> float: ..."),
    ("float_money", "src/recoup/money.py", "share = total / 3"),
    ("float_money", "src/recoup/records/tables.py", "schema = {'amount': pl.Float64}"),
    ("float_money", "src/recoup/records/tables.py", "amount = 12.5"),
    ("set_order", PURE, "for claim in {'a', 'b'}:\n    pay(claim)"),
    ("set_order", PURE, "for claim in set(claims):\n    pay(claim)"),
    ("set_order", PURE, "rows = [row for row in {row.id for row in rows}]"),
    ("set_order", PURE, "rows = list(set(a) - set(b))"),
    ("set_order", PURE, "text = ', '.join({'a', 'b'})"),
    ("set_order", PURE, "rows = [*{1, 2}]"),
    ("set_order", PURE, "def f(a):\n    seen = set(a)\n    return [x for x in seen]"),
    ("set_order", PURE, "def f(a: frozenset[str] | None):\n    return tuple(a)"),
    ("set_order", PURE, "def f(dossier):\n    return list(dossier.known)"),
    ("set_order", PURE, "total = [f(x) for x in set(a).union(b)]"),
    ("long_file", PURE, '"""Long."""\n' + "\n" * rules.FILE_LINES_MAX),
    ("long_function", PURE, "def long():\n" + LONG_BODY),
    ("todo_without_issue", PURE, "x = 1  # TODO: later"),
    ("todo_without_issue", "tests/unit/test_x.py", "# FIXME by somebody"),
    ("no_docstring", PURE, "x = 1"),
    ("no_docstring", "src/recoup/trace/__init__.py", ""),
    ("homeless_name", "src/recoup/trace/utils.py", '"""Odds and ends."""'),
    ("homeless_name", "src/recoup/common/money.py", '"""Odds and ends."""'),
    ("public_names", "src/recoup/trace/__init__.py", "from recoup.trace.trail import Trail"),
    ("public_names", "src/recoup/trace/__init__.py", "def run(): ...\n__all__ = []"),
    ("public_names", "src/recoup/trace/__init__.py", "__all__ = ['Trail']"),
    ("public_names", "src/recoup/trace/__init__.py", "__all__ = names()"),
    ("public_names", "src/recoup/trace/__init__.py", "x = 1\n__all__ = ['x', 'x']"),
    ("citation", PURE, '"""Carries out [return-rules art. 99]."""'),
    ("citation", PURE, "# As decided in [clayton 1815]."),
    ("citation", PURE, "# Restated in [Return Rules, article 8]."),
]
GOOD = [
    ("ambient", PURE, "def decide(state, now, path): return now"),
    ("ambient", "src/recoup/reading/csv.py", "import os\ntext = open('a').read()"),
    ("float_money", "src/recoup/money.py", "whole = total // 3"),
    ("float_money", "src/recoup/trace/layout.py", "width = total / 3"),
    ("set_order", PURE, "for claim in sorted({'a', 'b'}):\n    pay(claim)"),
    ("set_order", PURE, "n = len(set(a)); ok = x in {1, 2}; m = max(y for y in set(a))"),
    (
        "set_order",
        PURE,
        "def f(a):\n    seen = set(a)\n    seen = sorted(seen)\n    return list(seen)",
    ),
    ("set_order", "src/recoup/cli/a.py", "for claim in {'a', 'b'}:\n    print(claim)"),
    ("long_file", PURE, '"""Short."""\n' + "\n" * (rules.FILE_LINES_MAX - 1)),
    ("long_function", PURE, "def f():\n" + "".join(LONG_BODY.splitlines(keepends=True)[1:])),
    ("todo_without_issue", PURE, "x = 1  # TODO(#12): later\ny = 'TODO'"),
    ("no_docstring", PURE, '"""What it is."""'),
    ("homeless_name", "src/recoup/trace/rules.py", ""),
    (
        "public_names",
        "src/recoup/trace/__init__.py",
        "import math\nfrom typing import Any\nfrom recoup.a import A\n_x = 1\n__all__ = ['A']",
    ),
    (
        "public_names",
        "src/recoup/trace/__init__.py",
        "__all__ = ['A']\ndef __getattr__(name): ...",
    ),
    (
        "public_names",
        "src/recoup/trace/__init__.py",
        "from recoup.a import A\n__all__ = ['f']\ndef f(): return A()",
    ),
    ("citation", PURE, "# Shared by [return-rules art. 8(3)]; not a citation: [a art b], x[0]."),
]


@pytest.mark.parametrize(("name", "path", "text"), BAD)
def test_the_rule_finds_the_bad_text(name: str, path: str, text: str) -> None:
    assert list(rules.RULES[name](Module(path, text), CONTEXT))


@pytest.mark.parametrize(("name", "path", "text"), GOOD)
def test_the_rule_leaves_the_good_text(name: str, path: str, text: str) -> None:
    assert not list(rules.RULES[name](Module(path, text), CONTEXT))


def test_every_rule_has_both_controls() -> None:
    assert {name for name, *_ in BAD} == set(rules.RULES)
    assert {name for name, *_ in GOOD} == set(rules.RULES)


@pytest.mark.parametrize(
    "text",
    [
        # The bar keeps the tree's own check from finding these.
        "cache = '/ho¦me/someone/.cache'",
        "see /wo¦rk/main",
        "C:\\Us¦ers\\someone",
        "https://pypi.o¦rg/project",
        "--index-¦url https://mirror.example",
        "../sha¦red/notes.md",
    ],
)
def test_a_foreign_place_is_found(text: str) -> None:
    assert rules.foreign_places("docs/a.md", text.replace("¦", ""))


@pytest.mark.parametrize(
    "text", ["src/home/page", "https://example.org/work/a", "/api/v1/cases", "a/root/b"]
)
def test_an_ordinary_path_is_left(text: str) -> None:
    assert not rules.foreign_places("docs/a.md", text)


def test_a_misnamed_fragment_is_found() -> None:
    names = ["README.md", "2.feature.md", "2.1.fix.md", "news.md", "3.bug.md"]
    assert rules.misnamed_fragments(names) == ["news.md", "3.bug.md"]


def test_a_dead_file_is_found() -> None:
    modules = [
        Module("src/recoup/__init__.py", "from recoup.money import split"),
        Module("src/recoup/cli/__init__.py", "def main():\n    from recoup.trace import lots"),
        Module("src/recoup/money.py", ""),
        Module("src/recoup/trace/__init__.py", "from .trail import Trail"),
        Module("src/recoup/trace/lots.py", ""),
        Module("src/recoup/trace/trail.py", ""),
        Module("src/recoup/trace/old.py", "from recoup.trace import older"),
        Module("src/recoup/trace/older.py", ""),
    ]
    assert rules.dead_files(modules) == ["src/recoup/trace/old.py", "src/recoup/trace/older.py"]


def test_attributes_that_are_sets_everywhere_are_known() -> None:
    modules = [
        Module(
            "src/recoup/records/a.py",
            "class A:\n    known: frozenset[str] | None\n    rows: set[int]",
        ),
        Module("src/recoup/trace/b.py", "class B:\n    rows: list[int]"),
        Module("src/recoup/cli/c.py", "class C:\n    names: set[str]"),
    ]
    assert rules.set_attributes(modules) == {"known"}
