"""The page of the red flags says what their data says; the page of the language names every problem that it can have."""

from __future__ import annotations

import ast
import importlib.util
import re
from pathlib import Path

from recoup.watch.rules import FIELDS
from recoup.watch.rules.vocabulary import FUNCTIONS

ROOT = Path(__file__).parents[3]
_SPEC = importlib.util.spec_from_file_location(
    "flags_page", Path(__file__).with_name("flags_page.py")
)
assert _SPEC is not None
assert _SPEC.loader is not None
flags_page = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(flags_page)


def test_the_page_of_flags_is_what_the_data_says() -> None:
    kept = flags_page.PAGE.read_text(encoding="utf-8")
    assert kept == flags_page.flags_page(), "run: python tests/unit/docs/flags_page.py"


def _codes(text: str) -> set[str]:
    """Return the codes that a source gives to problems: an argument, always the one before the message."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        name = getattr(node.func, "attr", getattr(node.func, "id", "")) if _is_call(node) else ""
        at = {"wrong": 1, "_wrong": 1, "Unreadable": 1, "RuleProblem": 4}.get(name)
        if at is not None and len(node.args) > at:
            code = node.args[at]
            found |= {code.value} if isinstance(code, ast.Constant) else set()
    return found


def _is_call(node: ast.AST) -> bool:
    return isinstance(node, ast.Call)


def test_every_problem_of_rules_is_on_the_page_of_the_language() -> None:
    page = (
        (ROOT / "docs/reference/rules.md").read_text(encoding="utf-8").partition("## Problems")[2]
    )
    listed = re.findall(r"^\| `([a-z_]+)` \|", page, re.MULTILINE)
    folders = [ROOT / "src/recoup/watch/rules", ROOT / "src/recoup/watching"]
    sources = [path for folder in folders for path in folder.glob("*.py")]
    raised = {code for path in sources for code in _codes(path.read_text(encoding="utf-8"))}
    assert listed == sorted(raised | {"field_type"})  # which `Table` gives beside field_missing


def test_every_field_and_function_is_on_that_page() -> None:
    page = (ROOT / "docs/reference/rules.md").read_text(encoding="utf-8")
    assert not [name for name, _, _ in FIELDS if f"`{name}`" not in page]
    assert not [name for name in FUNCTIONS if f"`{name}(" not in page]
