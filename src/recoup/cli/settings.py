"""Settings of `recoup serve`: a TOML file, the environment, the options, in this order; unknown names are refused."""

from __future__ import annotations

import logging
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from recoup.errors import SettingsFault

_NAMES: Final = ("data", "host", "port", "policy", "key_file", "level")
_PREFIX: Final = "RECOUP_"
_LEVELS: Final = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING}


@dataclass(frozen=True, slots=True)
class Settings:
    """How a centre runs."""

    data: Path
    host: str
    port: int
    policy: str
    key_file: Path
    level: int


def read_settings(
    file: Path | None, environment: Mapping[str, str], given: Mapping[str, object]
) -> Settings:
    """Return the settings; a name or a value that makes no sense raises `SettingsFault`."""
    found: dict[str, object] = {"host": "127.0.0.1", "port": 8443, "policy": "cn-2016"}
    found |= {"level": "info"} | _of_file(file)
    for name in _NAMES:
        if _PREFIX + name.upper() in environment:
            found[name] = environment[_PREFIX + name.upper()]
    found |= {name: value for name, value in given.items() if value is not None}
    if "data" not in found:
        raise SettingsFault("expected a folder for the data: --data DIR, RECOUP_DATA or `data`")
    data = Path(str(found["data"]))
    level = str(found["level"])
    if level not in _LEVELS:
        raise SettingsFault(f"level: expected one of {', '.join(_LEVELS)}, was {level!r}")
    beside = data.absolute().with_name(data.absolute().name + ".key")
    return Settings(
        data,
        str(found["host"]),
        _port(found["port"]),
        str(found["policy"]),
        Path(str(found.get("key_file", beside))),
        _LEVELS[level],
    )


def _of_file(file: Path | None) -> dict[str, object]:
    if file is None:
        return {}
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise SettingsFault(f"{file}: {fault}") from fault
    unknown = sorted(set(table) - set(_NAMES))
    if unknown:
        raise SettingsFault(f"{file}: no such setting as {', '.join(unknown)}")
    return table


def _port(value: object) -> int:
    text = str(value)
    if not text.isascii() or not text.isdigit() or not 0 <= int(text) < 2**16:
        raise SettingsFault(f"port: expected 0 to 65535, was {text!r}")
    return int(text)


__all__ = ["Settings", "read_settings"]
