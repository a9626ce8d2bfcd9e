"""Where `recoup bank serve --core package.module:function` finds a bank's own module."""

from __future__ import annotations

import sys

import pytest

from recoup.bank.serving import load_core
from recoup.errors import GatewayFault


def test_a_module_that_lies_where_the_program_was_started_is_found(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "own_core_of_a_test.py").write_text("def connect():\n    return 'the port'\n")
    with pytest.raises(GatewayFault, match="own_core_of_a_test"):
        load_core("own_core_of_a_test:connect")
    monkeypatch.chdir(tmp_path)
    assert load_core("own_core_of_a_test:connect") == "the port"
    with pytest.raises(GatewayFault, match=r"expected package\.module:function"):
        load_core("own_core_of_a_test:disconnect")


def test_what_is_installed_is_not_hidden_by_what_lies_there(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "recoup.py").write_text("raise SystemExit\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(GatewayFault, match="nothing_there"):
        load_core("recoup.nothing_there:connect")
