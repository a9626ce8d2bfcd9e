"""Settings of `recoup watch serve`: a TOML file, then the environment (RECOUP_WATCH_...), then options; the last one counts.

data = "watch"
host = "127.0.0.1"
port = 8444
rules = "cn-flags"
policy = "cn"
model = "model.json"
lists = "lists.csv"
currencies = ["CNY"]
rows_followed = 10_000_000
lapse_seconds = 1

[shedding]
payments = 20_000
milliseconds = 50
early_milliseconds = 250

[callers]
core-banking = "SHA-256 of its token, in hexadecimal"

[operators]
operator-1 = "..."

[centre]
url = "https://centre.example"
id = "centre"
institution = "bank-7"
keys = ["bank-7.key.json"]
trust = ["centre.public.json"]
own = ["62220277"]
seconds = 1
unit = "gd"
language = "zh"

[pacs008]
counter = ["CNTR"]
remote = ["NETB"]

[suspicions]
payments_min = 3
others_min = 2
seconds = 604_800
lead_seconds = 86_400
grade_min = "middle"
measure = "counter_only"
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from recoup.care import MeasureKind, RiskGrade
from recoup.errors import SettingsFault
from recoup.money import ISO_DIGITS
from recoup.watching.service.port import CHANNELS
from recoup.watching.suspects import SuspectTerms

_TEXTS: Final = ("data", "host", "port", "rules", "policy", "model", "lists", "level")
_WHOLE: Final = {
    "rows_followed": (0, 2**28, 0),
    "accounts_max": (2, 2**31 - 2, 1 << 22),
    "catch_seconds": (0, 86_400, 0),
    "snapshot_minutes": (1, 1_440, 10),
    "lapse_seconds": (0, 3_600, 1),
}
_SHEDDING: Final = {
    "payments": (1, 100_000, 20_000),
    "milliseconds": (1, 10_000, 50),
    "early_milliseconds": (10, 60_000, 250),
}
_SUSPICIONS: Final = {
    "payments_min": (2, 1_000),
    "others_min": (1, 1_000),
    "seconds": (60, 366 * 86_400),
    "lead_seconds": (60, 30 * 86_400),
}
_MEASURES: Final = (MeasureKind.RE_VERIFY, MeasureKind.COUNTER_ONLY, MeasureKind.CREDIT_ONLY)
"""What a watch may ask for: a limit is for a person to say, and a protective stop rests on a warning."""
_CENTRE_TEXTS: Final = ("url", "id", "institution")
_CENTRE_LISTS: Final = ("keys", "trust", "own")
_CENTRE_SECONDS: Final = (1, 60, 1)
_APPEAL_SECONDS: Final = (60, 366 * 86_400, 86_400)
_BOOKS: Final = "centre.sqlite"
_PREFIX: Final = "RECOUP_WATCH_"
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_LEVELS: Final = {"debug": 10, "info": 20, "warning": 30}
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True)
class CentreSettings:
    """The centre whose orders bind here, and who this institution is to it."""

    url: str
    id: str
    """Owner of the centre's keys."""
    institution: str
    keys: tuple[Path, ...]
    """The institution's own: the newest that is valid signs."""
    trust: tuple[Path, ...]
    """The centre's public keys."""
    own: tuple[str, ...]
    """How numbers of the institution's own accounts begin; nothing: every account is its own. Never changed under a log."""
    seconds: int
    """Between two questions."""
    books: Path
    """What waits to be told."""
    language: str
    """In which holders are told of measures: zh or en."""
    unit: str
    """Whose tasks likely victims, suspect accounts and appeals are at the centre; '': they are not told."""
    appeal_seconds: int
    """Within which the centre decides on an appeal, as its policy says: what holders are told."""
    suspicions: SuspectTerms
    """When one is told."""


@dataclass(frozen=True, slots=True)
class WatchSettings:
    """How the service runs."""

    data: Path
    host: str
    port: int
    rules: str
    policy: str
    model: str
    lists: str
    level: int
    currencies: tuple[str, ...]
    rows_followed: int
    accounts_max: int
    catch_seconds: int
    snapshot_minutes: int
    lapse_seconds: int
    """How often it is looked whether something that waits is over; 0: only payments tell the time, as past ones do."""
    shed_payments: int
    shed_milliseconds: int
    early_milliseconds: int
    callers: Mapping[str, str] = field(default_factory=dict)
    """Digest of a token to the name of who has it."""
    operators: Mapping[str, str] = field(default_factory=dict)
    centre: CentreSettings | None = None
    pacs_channels: Mapping[str, str] = field(default_factory=dict)
    """Channel of each code that stands in a pacs.008's LclInstrm or CtgyPurp; a code that is not here says nothing."""


def read_watch_settings(
    file: Path | None, environment: Mapping[str, str], given: Mapping[str, object]
) -> WatchSettings:
    """Return the settings; a name or a value that makes no sense raises `SettingsFault`."""
    table = _of_file(file)
    found: dict[str, object] = {"host": "127.0.0.1", "port": 8444, "level": "info"}
    found |= {"rules": "", "policy": "", "model": "", "lists": "", **table}
    for name in _TEXTS:
        if _PREFIX + name.upper() in environment:
            found[name] = environment[_PREFIX + name.upper()]
    found |= {name: value for name, value in given.items() if value is not None}
    if "data" not in found:
        wanted = "expected a folder for the data: --data DIR, RECOUP_WATCH_DATA or `data`"
        raise SettingsFault(wanted)
    level = str(found["level"])
    if level not in _LEVELS:
        raise SettingsFault(f"level: expected one of {', '.join(_LEVELS)}, was {level!r}")
    shedding = _shedding(table.get("shedding", {}))
    callers, operators = (_tokens(name, table.get(name, {})) for name in ("callers", "operators"))
    if str(found["host"]) not in _LOOPBACK and not callers:
        raise SettingsFault(f"host: expected [callers] beside an address such as {found['host']}")
    texts = {name: str(found[name]) for name in ("host", "rules", "policy", "model", "lists")}
    wholes = {
        name: _whole(name, table.get(name, usual), low, high)
        for name, (low, high, usual) in _WHOLE.items()
    }
    data = Path(str(found["data"]))
    return WatchSettings(
        data=data,
        centre=_centre(table["centre"], table.get("suspicions"), data)
        if "centre" in table
        else None,
        port=_port(found["port"]),
        level=_LEVELS[level],
        currencies=_currencies(table.get("currencies", ["CNY"])),
        shed_payments=shedding["payments"],
        shed_milliseconds=shedding["milliseconds"],
        early_milliseconds=shedding["early_milliseconds"],
        callers=callers,
        operators=operators,
        pacs_channels=_pacs_channels(table.get("pacs008", {})),
        host=texts["host"],
        rules=texts["rules"],
        policy=texts["policy"],
        model=texts["model"],
        lists=texts["lists"],
        rows_followed=wholes["rows_followed"],
        accounts_max=wholes["accounts_max"],
        catch_seconds=wholes["catch_seconds"],
        snapshot_minutes=wholes["snapshot_minutes"],
        lapse_seconds=wholes["lapse_seconds"],
    )


def _of_file(file: Path | None) -> dict[str, object]:
    if file is None:
        return {}
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise SettingsFault(f"{file}: {fault}") from fault
    tables = {"shedding", "callers", "operators", "centre", "suspicions", "pacs008"}
    known = {*_TEXTS, *_WHOLE, "currencies", *tables}
    if unknown := sorted(set(table) - known):
        raise SettingsFault(f"{file}: no such setting as {', '.join(unknown)}")
    return table


def _whole(name: str, value: object, low: int, high: int) -> int:
    if type(value) is not int or not low <= value <= high:
        raise SettingsFault(f"{name}: expected a whole number from {low} to {high}")
    return value


def _shedding(table: object) -> dict[str, int]:
    if not isinstance(table, dict) or (unknown := sorted(set(table) - set(_SHEDDING))):
        raise SettingsFault(f"shedding: expected {', '.join(_SHEDDING)}")
    assert not unknown
    return {
        name: _whole(f"shedding.{name}", table.get(name, usual), low, high)
        for name, (low, high, usual) in _SHEDDING.items()
    }


def _suspicions(table: object) -> SuspectTerms:
    """Return when likely victims and suspect accounts are told; what is left out is as it comes."""
    known = {*_SUSPICIONS, "grade_min", "measure"}
    if not isinstance(table, dict) or set(table) - known:
        raise SettingsFault(f"suspicions: expected {', '.join(sorted(known))}")
    usual = SuspectTerms()
    wholes = {
        name: _whole(f"suspicions.{name}", table.get(name, getattr(usual, name)), low, high)
        for name, (low, high) in _SUSPICIONS.items()
    }
    grades, kinds = list(map(str, RiskGrade)), list(map(str, _MEASURES))
    grade, kind = table.get("grade_min", usual.grade_min), table.get("measure", usual.measure)
    if grade not in grades:
        raise SettingsFault(f"suspicions.grade_min: expected one of {', '.join(grades)}")
    if kind not in kinds:
        raise SettingsFault(f"suspicions.measure: expected one of {', '.join(kinds)}")
    return replace(usual, **wholes, grade_min=RiskGrade(grade), measure=MeasureKind(kind))  # type: ignore[arg-type]


def _centre(table: object, suspicions: object, data: Path) -> CentreSettings:
    """Return the centre's settings, all of them said; what `optional` names may be left out."""
    optional = ("own", "seconds", "unit", "appeal_seconds", "language")
    known = {*_CENTRE_TEXTS, *_CENTRE_LISTS, *optional}
    if not isinstance(table, dict) or set(table) - known:
        raise SettingsFault(f"centre: expected {', '.join(sorted(known))}")
    for name in _CENTRE_TEXTS:
        if not isinstance(table.get(name), str) or not table[name]:
            raise SettingsFault(f"centre.{name}: expected a text")
    lists: dict[str, tuple[str, ...]] = {}
    for name in _CENTRE_LISTS:
        some = table.get(name, [])
        fits = isinstance(some, list) and all(isinstance(one, str) and one for one in some)
        if not fits or (name != "own" and not some):
            raise SettingsFault(f"centre.{name}: expected texts in brackets")
        lists[name] = tuple(some)
    unit = table.get("unit", "")
    if not isinstance(unit, str):
        raise SettingsFault("centre.unit: expected a text")
    if suspicions is not None and not unit:
        raise SettingsFault("suspicions: expected `unit` in [centre], whose task they become")
    language = table.get("language", "zh")
    if language not in {"zh", "en"}:
        raise SettingsFault("centre.language: expected zh or en")
    (low, high, usual), appeals = _CENTRE_SECONDS, _APPEAL_SECONDS
    return CentreSettings(
        url=table["url"],
        id=table["id"],
        institution=table["institution"],
        keys=tuple(map(Path, lists["keys"])),
        trust=tuple(map(Path, lists["trust"])),
        own=lists["own"],
        seconds=_whole("centre.seconds", table.get("seconds", usual), low, high),
        books=data / _BOOKS,
        language=language,
        unit=unit,
        appeal_seconds=_whole(
            "centre.appeal_seconds", table.get("appeal_seconds", appeals[2]), *appeals[:2]
        ),
        suspicions=_suspicions({} if suspicions is None else suspicions),
    )


def _tokens(where: str, table: object) -> dict[str, str]:
    """Return whose token each digest is of."""
    if not isinstance(table, dict):
        raise SettingsFault(f"{where}: expected a name and a digest for each")
    for name, digest in table.items():
        if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
            wanted = "expected the SHA-256 of a token, 64 hexadecimal digits"
            raise SettingsFault(f"{where}.{name}: {wanted}")
    if len(set(table.values())) < len(table):
        raise SettingsFault(f"{where}: expected a token of its own for each")
    return {digest: name for name, digest in table.items()}


def _pacs_channels(table: object) -> dict[str, str]:
    """Return the channel of each code; the same code cannot say two."""
    channels = [one for one in CHANNELS if one]
    if not isinstance(table, dict) or set(table) - set(channels):
        raise SettingsFault(f"pacs008: expected {', '.join(channels)}")
    found: dict[str, str] = {}
    for channel, codes in table.items():
        fits = isinstance(codes, list) and all(isinstance(x, str) and x for x in codes)
        if not fits or len(set(codes)) < len(codes) or set(codes) & set(found):
            raise SettingsFault(f"pacs008.{channel}: expected codes in brackets, each once")
        found |= dict.fromkeys(codes, channel)
    return found


def _currencies(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or len(set(map(str, value))) < len(value):
        raise SettingsFault("currencies: expected codes in brackets, each once")
    for code in value:
        if not isinstance(code, str) or not ISO_DIGITS.knows(code):
            raise SettingsFault(f"currencies: expected ISO 4217 codes, was {code!r}")
    return tuple(value)


def _port(value: object) -> int:
    text = str(value)
    if not text.isascii() or not text.isdigit() or not 0 <= int(text) < 2**16:
        raise SettingsFault(f"port: expected 0 to 65535, was {text!r}")
    return int(text)


__all__ = ["CentreSettings", "WatchSettings", "read_watch_settings"]
