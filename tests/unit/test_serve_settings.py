"""Settings of a centre that reaches institutions: all of them or none, and what is wrong is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from recoup.cli.settings import Connected, Wire, read_settings
from recoup.errors import SettingsFault

WHOLE = """
data = "centre"
name = "centre"
signing_key = "centre.key.json"
[notice]
authority = "Centre"
documents = ["notice"]
phone = "000"
[institutions.bank-1]
url = "http://127.0.0.1:8700/"
keys = ["bank-1.public.json"]
"""


def _read(folder: Path, text: str) -> Wire | None:
    file = folder / "centre.toml"
    file.write_text(text, encoding="utf-8")
    return read_settings(file, {}, {}).wire


def test_connections_are_read(tmp_path: Path) -> None:
    connected = Connected("bank-1", "http://127.0.0.1:8700", (Path("bank-1.public.json"),))
    assert _read(tmp_path, WHOLE) == Wire(
        "centre", Path("centre.key.json"), "Centre", ("notice",), "000", (connected,)
    )


def test_an_institution_is_pushed_to_polls_or_gets_paper(tmp_path: Path) -> None:
    more = '[institutions.bank-2]\nmode = "poll"\nkeys = ["b2"]\n[institutions.bank-3]\n'
    more += 'mode = "paper"\n[institutions.bank-4]\nmode = "paper"\nkeys = ["b4"]\n'
    wire = _read(tmp_path, WHOLE + more)
    assert wire is not None
    assert wire.institutions[1:] == (
        Connected("bank-2", "", (Path("b2"),), "poll"),
        Connected("bank-3", "", (), "paper"),
        Connected("bank-4", "", (Path("b4"),), "paper"),
    )


def test_without_them_nothing_is_connected(tmp_path: Path) -> None:
    assert _read(tmp_path, 'data = "centre"\n') is None


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('name = "centre"\n', "", "expected name as well"),
        ('phone = "000"\n', "", "notice: expected authority, documents, phone"),
        ('"http://127.0.0.1:8700/"', '"127.0.0.1:8700"', "institutions.bank-1.url"),
        ('["bank-1.public.json"]', "[]", "institutions.bank-1.keys"),
        ('["bank-1.public.json"]', "[1]", "institutions.bank-1.keys: expected a text"),
        ("[institutions.bank-1]\n", "[institutions]\n", "institutions.keys: expected url, keys"),
        ('documents = ["notice"]', 'documents = "notice"', "notice.documents: expected texts"),
        ('keys = ["bank-1', 'mode = "fax"\nkeys = ["bank-1', "institutions.bank-1.mode: expected"),
        ('keys = ["bank-1', 'mode = "poll"\nkeys = ["bank-1', "institutions.bank-1: expected keys"),
        ('keys = ["bank-1', 'more = 1\nkeys = ["bank-1', "institutions.bank-1: expected url, keys"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, old: str, new: str, words: str) -> None:
    assert old in WHOLE
    with pytest.raises(SettingsFault, match=words):
        _read(tmp_path, WHOLE.replace(old, new))
