"""Pages of the reference that repeat the program are equal to what the program says now."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

_SPEC = importlib.util.spec_from_file_location(
    "generated", Path(__file__).with_name("generated.py")
)
assert _SPEC is not None
assert _SPEC.loader is not None
generated = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(generated)


@pytest.mark.parametrize("page", sorted(generated.PAGES))
def test_the_page_is_what_the_program_says(page):
    now = generated.PAGES[page]()
    kept = (generated.REFERENCE / page).read_text(encoding="utf-8")
    assert kept == now, "run: python tests/unit/docs/generated.py"
