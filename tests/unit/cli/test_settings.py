"""Settings of `recoup serve`: the file, then the environment, then the options; what makes no sense is named."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from recoup.cli.settings import read_settings
from recoup.errors import SettingsFault


def test_each_source_overrules_the_one_before(tmp_path: Path) -> None:
    file = tmp_path / "centre.toml"
    file.write_text('data = "a"\nhost = "10.0.0.1"\nport = 1\nlevel = "debug"\n', encoding="utf-8")
    environment = {"RECOUP_HOST": "10.0.0.2", "RECOUP_PORT": "2", "OTHER": "x"}
    found = read_settings(file, environment, {"port": 3, "data": None})
    assert (str(found.data), found.host, found.port) == ("a", "10.0.0.2", 3)
    assert (found.level, found.policy) == (logging.DEBUG, "cn-2016")


def test_the_key_lies_beside_the_data_unless_said_otherwise(tmp_path: Path) -> None:
    found = read_settings(None, {}, {"data": tmp_path / "centre"})
    assert found.key_file == tmp_path / "centre.key"
    assert (found.host, found.port) == ("127.0.0.1", 8443)
    elsewhere = {"RECOUP_KEY_FILE": str(tmp_path / "safe/key")}
    assert read_settings(None, elsewhere, {"data": "x"}).key_file == tmp_path / "safe/key"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("port = 1", "folder"),
        ('data = "a"\nport = 65536', "port"),
        ('data = "a"\nport = "x"', "port"),
        ('data = "a"\nport = -1', "port"),
        ('data = "a"\nlevel = "loud"', "level"),
        ('data = "a"\nmore = 1', "no such setting as more"),
        ("data =", "centre.toml"),
    ],
)
def test_what_makes_no_sense_is_named(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "centre.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsFault, match=words):
        read_settings(file, {}, {})
    with pytest.raises(SettingsFault, match=r"none\.toml"):
        read_settings(tmp_path / "none.toml", {}, {})
