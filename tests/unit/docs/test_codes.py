"""Every code that the source can raise stands on the page of problems with its advice, and no other does."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from recoup.reading import ADVICE, FATAL

ROOT = Path(__file__).parents[3]
WHOLE = (ROOT / "docs/reference/problems.md").read_text(encoding="utf-8")
PAGE = WHOLE.split("## The watch over HTTP")[
    0
]  # what that says is held by tests/unit/watch_service
TABLES = re.findall(
    r"^\| `([a-z0-9_]+)` \| (.*?) \|(?: (row left out|stops all the same) \|)?$", PAGE, re.MULTILINE
)
CODE = re.compile(r"[a-z0-9]+(_[a-z0-9]+)+")
RAISING = {
    "Problem": 4, "refuse": 1, "_refuse": 0, "refuse_column": 0, "add_file": 0, "add_rows": 0, "add_column": 0,
}  # fmt: skip
"""Function to the place of the code among its arguments; `refuse` is a method of cells and a function of options."""


@cache
def written() -> tuple[frozenset[tuple[str, str]], frozenset[str]]:
    """What the source says, read once for all that ask: (code, file) of each that is raised, and every constant."""
    found: set[tuple[str, str]] = set()
    constants: set[str] = set()
    for path in sorted((ROOT / "src/recoup").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant):
                if path.name != "codes.py":
                    constants.add(str(node.value))
            elif isinstance(node, (ast.Call, ast.Tuple)):
                found |= {(code, path.name) for code in raised(node)}
    return frozenset(found), frozenset(constants)


def raised(node: ast.Call | ast.Tuple) -> Iterator[str]:
    """Every code written down in a call that raises or notes a problem, or in a row of a table of problems."""
    if isinstance(node, ast.Call):
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        if name in RAISING:
            is_method = name == "refuse" and isinstance(node.func, ast.Attribute)
            place = 0 if is_method else RAISING[name]
            for part in ast.walk(node.args[place]) if len(node.args) > place else ():
                if isinstance(part, ast.Constant) and CODE.fullmatch(str(part.value)):
                    yield str(part.value)
    elif len(node.elts) >= 3:  # column, code, advice
        words = [part.value if isinstance(part, ast.Constant) else "" for part in node.elts]
        if CODE.fullmatch(str(words[1])) and " " in str(words[2]):
            yield str(words[1])


def test_the_search_finds_codes_in_every_room_that_raises_them() -> None:
    found = dict(written()[0])
    assert {"amount_not_positive", "out_among_inputs", "unknown_rule", "id_twice"} <= set(found)
    assert {"claim_twice", "target_not_found", "pari_passu_is_not_causal"} <= set(found)


def test_every_code_raised_is_on_the_page_and_every_code_on_the_page_is_raised() -> None:
    page = [code for code, _, _ in TABLES]
    assert len(page) == len(set(page))
    codes, constants = written()
    said = {code for code, _ in codes}
    assert sorted(said - set(page)) == []
    # Those that a look-up gives (reasons of amounts and times, claims) are raised by name of the table of advice.
    assert sorted(set(page) - said - set(ADVICE)) == []
    assert sorted(set(ADVICE) - set(page)) == []
    assert sorted(set(ADVICE) - constants) == []


@pytest.mark.parametrize("code", sorted(ADVICE))
def test_the_page_gives_the_advice_that_the_program_gives(code: str) -> None:
    ((advice, rejects),) = [row[1:] for row in TABLES if row[0] == code]
    assert advice.replace("\\|", "|") == ADVICE[code]
    if rejects:
        assert rejects == ("stops all the same" if code in FATAL else "row left out")
