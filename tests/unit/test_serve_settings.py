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
        ('keys = ["bank-1', 'more = 1\nkeys = ["bank-1', "institutions.bank-1: expected url, keys"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, old: str, new: str, words: str) -> None:
    assert old in WHOLE
    with pytest.raises(SettingsFault, match=words):
        _read(tmp_path, WHOLE.replace(old, new))
