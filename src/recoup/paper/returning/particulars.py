"""What the documents of a return say beyond the plan: units, officers, persons, dates. Read from a TOML file; nothing is kept.

Every value may be missing: the document then has a line to fill in by hand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final

import msgspec

from recoup import limits
from recoup.errors import InputFault
from recoup.paper.printing import zone_of
from recoup.paper.words import LANGUAGES, Language
from recoup.reading import ADVICE
from recoup.records.problems import Problem

LINK: Final = re.compile(r"://|\bwww\.|[\w-]\.[a-z]{2,}\b", re.IGNORECASE | re.ASCII)
"""What a telephone would show as something to tap."""


@dataclass(frozen=True, slots=True)
class Worded:
    """One phrase in both languages."""

    zh: str = ""
    en: str = ""

    def said(self, language: Language) -> str:
        """Return the phrase in a language, or what is there in the other."""
        first, second = (self.zh, self.en) if language == "zh" else (self.en, self.zh)
        return first or second


@dataclass(frozen=True, slots=True)
class CaseParticulars:
    """The case, and who is responsible in it."""

    number: str = ""
    name: str = ""
    filing_unit: str = ""
    """The unit that filed or took the case."""
    filing_number: str = ""
    freezing_unit: str = ""
    approving_unit: str = ""
    approver: str = ""
    phone: str = ""
    due_on: date | None = None
    """The day by which the bank is to have paid."""
    decision_number: str = ""
    """With `{n}` for the running number of the decision."""
    law: Worded = field(default_factory=Worded)
    """The rules that the decision rests on, in words; a shipped policy brings its own."""


@dataclass(frozen=True, slots=True)
class Officer:
    """One of the two who handle the return."""

    name: str = ""
    card: str = ""


@dataclass(frozen=True, slots=True)
class Party:
    """A victim, or somebody else whose claim is served, and the account that the money goes to."""

    name: str = ""
    sex: str = ""
    born_on: date | None = None
    id_kind: str = ""
    id_number: str = ""
    address: str = ""
    phone: str = ""
    bank: str = ""
    account: str = ""
    account_name: str = ""
    agent: str = ""
    """Who acts for the party, and by which paper."""
    code: str = ""
    """The one-time code with which the party's state can be asked for."""


@dataclass(frozen=True, slots=True)
class FrozenAccount:
    """Where a pot lies."""

    bank: str = ""
    holder: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """The public notice of what is shared pro rata."""

    begins_on: date | None = None
    ends_on: date | None = None
    place: str = ""
    """Where objections are handed in."""


@dataclass(frozen=True, slots=True)
class Objection:
    """One objection and what became of it."""

    objector: str = ""
    filed_on: date | None = None
    grounds: str = ""
    is_upheld: bool | None = None
    reasons: str = ""
    decided_on: date | None = None
    officers: tuple[Officer, ...] = ()
    """Who decided; nobody of those who handle the return."""


@dataclass(frozen=True, slots=True)
class ReturnParticulars:
    """All that is given for the documents of one return."""

    made_on: date
    """The date that the documents bear."""
    languages: tuple[Language, ...] = LANGUAGES
    timezone: str = "Asia/Shanghai"
    """IANA name of the zone in which times are shown."""
    claims: tuple[str, ...] = ()
    """The claims that get documents of their own; none given: all that get money."""
    case: CaseParticulars = field(default_factory=CaseParticulars)
    officers: tuple[Officer, ...] = ()
    parties: Mapping[str, Party] = field(default_factory=dict)
    """By victim, as the claims name them."""
    accounts: Mapping[str, FrozenAccount] = field(default_factory=dict)
    notice: Notice = field(default_factory=Notice)
    objections: tuple[Objection, ...] = ()
    check: Worded = field(default_factory=Worded)
    """Where anyone served can check that a paper is genuine: a published place or a counter, in words, never a link."""
    signing: SigningFiles | None = None


@dataclass(frozen=True, slots=True)
class SigningFiles:
    """Where the key lies that the documents are signed with; paths are relative to the file that names them."""

    pkcs12: str = ""
    key: str = ""
    certificate: str = ""
    passphrase_file: str = ""


def read_particulars(path: Path) -> ReturnParticulars:
    """Return the particulars in a TOML file.

    Raises:
        InputFault: the file is missing, is no TOML, or has a key that is unknown or of the wrong kind; each is named.
    """
    shown = str(path)
    try:
        if path.stat().st_size > limits.PARTICULARS_BYTES_MAX:
            raise InputFault(
                [_problem(shown, "", f"more than {limits.PARTICULARS_BYTES_MAX} bytes")]
            )
        raw = msgspec.toml.decode(path.read_bytes())
        found = msgspec.convert(raw, ReturnParticulars)
    except FileNotFoundError:
        raise InputFault(
            [Problem(shown, "", 0, "", "file_missing", shown, ADVICE["file_missing"])]
        ) from None
    except (OSError, UnicodeDecodeError, msgspec.ValidationError, msgspec.DecodeError) as error:
        # The message of a wrong value names the place and the kinds, never the value.
        raise InputFault([_problem(shown, "", str(error))]) from None
    wrong = list(_unknown(raw, msgspec.to_builtins(found)))
    every = [("officers", found.officers)]
    every += [(f"objections[{n}].officers", x.officers) for n, x in enumerate(found.objections, 1)]
    wrong += [(key, f"{len(x)}, expected at most two") for key, x in every if len(x) > 2]
    wrong += [(f"check.{x}", "a link") for x in LANGUAGES if LINK.search(getattr(found.check, x))]
    if zone_of(found.timezone) is None:
        wrong.append(("timezone", f"{found.timezone}, no IANA time zone"))
    if wrong:
        raise InputFault([_problem(shown, key, words) for key, words in wrong])
    return found


def _problem(file: str, key: str, found: str) -> Problem:
    return Problem(file, "", 0, key, "papers_invalid", found, ADVICE["papers_invalid"])


def _unknown(raw: Any, known: Any, place: str = "") -> Iterator[tuple[str, str]]:  # noqa: ANN401 - TOML of any shape
    """Yield every key that no field took."""
    if isinstance(raw, dict) and isinstance(known, dict):
        for key, value in raw.items():
            inner = f"{place}.{key}" if place else key
            if key not in known:
                yield inner, "an unknown key"
            else:
                yield from _unknown(value, known[key], inner)
    elif isinstance(raw, list) and isinstance(known, list | tuple):
        for at, (value, other) in enumerate(zip(raw, known, strict=True), start=1):
            yield from _unknown(value, other, f"{place}[{at}]")


__all__ = [
    "LINK",
    "CaseParticulars",
    "FrozenAccount",
    "Notice",
    "Objection",
    "Officer",
    "Party",
    "ReturnParticulars",
    "SigningFiles",
    "Worded",
    "read_particulars",
]
