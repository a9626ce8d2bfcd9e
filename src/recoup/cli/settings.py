"""Settings of `recoup serve`: a TOML file, the environment, the options, in this order; unknown names are refused.

The institutions that the centre is connected with stand in the file only:

    name = "centre"
    signing_key = "centre.key.json"
    former_keys = ["centre.2025.public.json"]

    [notice]
    authority = "..."
    documents = ["..."]
    phone = "..."

    [institutions.bank-1]
    url = "https://orders.bank-1.example"
    keys = ["bank-1.public.json"]

    [institutions.bank-2]
    mode = "poll"
    keys = ["bank-2.public.json"]

    [institutions.bank-3]
    mode = "paper"

How the journal is signed, and by whom it is watched:

    [journal]
    signing_key = "journal.key"
    seconds = 60
    [[journal.witnesses]]
    key = "bank.example+04a9470c+BIE5..."
    url = "https://witness.bank.example"

What an institution declares about itself may stand there too (`recoup.cli.declared`).
"""

from __future__ import annotations

import logging
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from recoup.cases import Institution
from recoup.cli.declared import NAMES, read_declared
from recoup.errors import SettingsFault

_NAMES: Final = ("data", "host", "port", "policy", "key_file", "level")
_WIRE_NAMES: Final = ("name", "signing_key", "notice", "institutions")
_FORMER: Final = "former_keys"
_PREFIX: Final = "RECOUP_"
_MODES: Final = {"push": ("url", "keys"), "poll": ("keys",), "paper": ("keys",)}
"""How an institution gets its orders, and what must be said for it; a paper institution's keys may be left out."""

_LEVELS: Final = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING}


@dataclass(frozen=True, slots=True)
class Connected:
    """An institution, and how it gets its orders."""

    id: str
    url: str
    """Where it is pushed to; '' for one that polls or gets paper."""
    keys: tuple[Path, ...]
    """Its public keys; more than one while they change, none where it gets paper and signs nothing."""
    declared: Institution
    mode: str = "push"


@dataclass(frozen=True, slots=True)
class Wire:
    """Who the centre is to institutions, what it tells account holders, and where institutions are reached."""

    name: str
    signing_keys: tuple[Path, ...]
    """Its own: the newest that is valid signs."""
    authority: str
    documents: tuple[str, ...]
    phone: str
    institutions: tuple[Connected, ...]
    former_keys: tuple[Path, ...] = ()
    """Its public keys of before: what was printed under them is still read."""


@dataclass(frozen=True, slots=True)
class Journal:
    """How the journal is signed, and by whom it is watched."""

    signing_key: Path
    seconds: int
    witnesses: tuple[tuple[str, str], ...]
    """(public key, address)."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How a centre runs."""

    data: Path
    host: str
    port: int
    policy: str
    key_file: Path
    level: int
    wire: Wire | None
    """None: no institution is connected."""
    journal: Journal | None = None
    """None: the journal is not signed."""


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
        _wire(found),
        _journal(found),
    )


def _journal(found: Mapping[str, object]) -> Journal | None:
    """Return how the journal is signed."""
    table = found.get("journal")
    if table is None:
        return None
    if not isinstance(table, dict) or "signing_key" not in table:
        raise SettingsFault("journal: expected signing_key")
    if unknown := sorted(set(table) - {"signing_key", "seconds", "witnesses"}):
        raise SettingsFault(f"journal: no such setting as {', '.join(unknown)}")
    seconds = table.get("seconds", 60)
    if type(seconds) is not int or seconds < 1:
        raise SettingsFault("journal.seconds: expected a whole number above zero")
    rows = table.get("witnesses", [])
    if not isinstance(rows, list):
        raise SettingsFault("journal.witnesses: expected [[journal.witnesses]] for each")
    return Journal(
        Path(_text("journal.signing_key", table["signing_key"])),
        seconds,
        tuple(_witness(f"journal.witnesses {at}", row) for at, row in enumerate(rows, start=1)),
    )


def _witness(where: str, row: object) -> tuple[str, str]:
    fields = _fields(where, row, ("key", "url"))
    return _text(f"{where}.key", fields["key"]), _address(f"{where}.url", fields["url"])


def _address(where: str, value: object) -> str:
    url = _text(where, value)
    if not url.startswith(("https://", "http://")):
        raise SettingsFault(f"{where}: expected http:// or https://, was {url!r}")
    return url.rstrip("/")


def _wire(found: Mapping[str, object]) -> Wire | None:
    """Return the connections; all of their settings are given, or none."""
    missing = [name for name in _WIRE_NAMES if name not in found]
    if len(missing) == len(_WIRE_NAMES) and _FORMER not in found:
        return None
    if missing:
        raise SettingsFault(f"to connect institutions: expected {', '.join(missing)} as well")
    notice = _fields("notice", found["notice"], ("authority", "documents", "phone"))
    rows = found["institutions"]
    if not isinstance(rows, dict) or not rows:
        raise SettingsFault(
            "institutions: expected a table for each, such as [institutions.bank-1]"
        )
    return Wire(
        _text("name", found["name"]),
        _own(found["signing_key"]),
        _text("notice.authority", notice["authority"]),
        _texts("notice.documents", notice["documents"]),
        _text("notice.phone", notice["phone"]),
        tuple(_connected(name, row) for name, row in sorted(rows.items())),
        tuple(Path(key) for key in _texts(_FORMER, found[_FORMER])) if _FORMER in found else (),
    )


def _own(value: object) -> tuple[Path, ...]:
    """Return the centre's own keys: one, or several in brackets."""
    texts = _texts("signing_key", value if isinstance(value, list) else [value])
    return tuple(Path(text) for text in texts)


def _connected(name: str, row: object) -> Connected:
    where = f"institutions.{name}"
    if not isinstance(row, dict):
        raise SettingsFault(f"{where}: expected url, keys")
    declared = read_declared(name, row)
    given = {key: value for key, value in row.items() if key not in NAMES}
    mode = given.pop("mode", "push")
    if mode not in _MODES:
        raise SettingsFault(f"{where}.mode: expected push, poll or paper, was {mode!r}")
    if mode == "paper" and not given:
        return Connected(name, "", (), declared, "paper")
    fields = _fields(where, given, _MODES[mode])
    keys = tuple(Path(key) for key in _texts(f"{where}.keys", fields["keys"]))
    if mode != "push":
        return Connected(name, "", keys, declared, mode)
    return Connected(name, _address(f"{where}.url", fields["url"]), keys, declared)


def _fields(where: str, table: object, names: tuple[str, ...]) -> dict[str, object]:
    if not isinstance(table, dict) or set(table) != set(names):
        raise SettingsFault(f"{where}: expected {', '.join(names)}")
    return table


def _text(where: str, value: object) -> str:
    if not isinstance(value, str) or not value:
        raise SettingsFault(f"{where}: expected a text")
    return value


def _texts(where: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not value:
        raise SettingsFault(f"{where}: expected texts in brackets")
    return tuple(_text(where, one) for one in value)


def _of_file(file: Path | None) -> dict[str, object]:
    if file is None:
        return {}
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise SettingsFault(f"{file}: {fault}") from fault
    unknown = sorted(set(table) - set(_NAMES) - set(_WIRE_NAMES) - {"journal", _FORMER})
    if unknown:
        raise SettingsFault(f"{file}: no such setting as {', '.join(unknown)}")
    return table


def _port(value: object) -> int:
    text = str(value)
    if not text.isascii() or not text.isdigit() or not 0 <= int(text) < 2**16:
        raise SettingsFault(f"port: expected 0 to 65535, was {text!r}")
    return int(text)


__all__ = ["Connected", "Settings", "Wire", "read_settings"]
