"""Reads the files of a return back, as strictly as they were written: what a third person works the awards out from again."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from recoup.errors import InputFault, PolicyFault
from recoup.money import AmountError, Digits, parse_minor
from recoup.reading.codes import ADVICE
from recoup.reading.return_policies import policy_of
from recoup.records.problems import Problem
from recoup.returns import Claim, ClaimKind, Holder, Place, Pot, PotKind, ReturnPolicy, Traced

FILES: Final = ("return-pots.csv", "return-claims.csv", "return-paid.csv", "return-traced.csv")


@dataclass(frozen=True, slots=True)
class Exported:
    """Everything that awards are worked out from, and what the folder says they are."""

    policy: ReturnPolicy
    pots: tuple[Pot, ...]
    claims: tuple[Claim, ...]
    traced: Mapping[Place, Traced]
    digits: Digits
    document: Mapping[str, Any]
    """`summary.json`."""
    texts: Mapping[str, str]
    """The other files of the return by name, as they lie there."""


def read_exported(folder: Path) -> Exported:
    """Return what a folder written by `recoup return` holds.

    Raises:
        InputFault: a file is missing or is not what such a folder holds; it names the file and the row.
    """
    document = _document(folder / "summary.json")
    names = sorted(document["files"])
    texts = {name: _text(folder / name) for name in names}
    try:
        return _parsed(folder, document, texts)
    except InputFault as fault:
        # A row may be unreadable because of what was changed in another file: those are named too.
        changed = [name for name in names if _sha(texts[name]) != document["files"][name]]
        words = "not the file whose digest summary.json has"
        also = [_problem(folder / name, 0, words) for name in changed]
        raise InputFault(sorted({*fault.problems, *also})) from fault


def _parsed(folder: Path, document: dict[str, Any], texts: Mapping[str, str]) -> Exported:
    try:
        policy = policy_of(document["policy"])
        digits = Digits({str(code): int(n) for code, n in document["digits"].items()})
    except (PolicyFault, KeyError, TypeError, ValueError, AttributeError) as fault:
        raise _wrong(folder / "summary.json", 0, repr(fault)) from fault
    pots: list[Pot] = []
    credit_counts: dict[Place, int] = {}
    for at, row in _rows(folder / "return-pots.csv", texts):
        with _Place(folder / "return-pots.csv", at):
            place = Place(row["account"], row["currency"])
            amount = _minor(row, "amount", digits)
            interest = _minor(row, "interest", digits)
            holder, kind = Holder(row["holder"]), PotKind(row["kind"])
            pots.append(Pot(place, amount, holder, kind, interest))
            credit_counts[place] = int(row["credits"])
    claims: list[Claim] = []
    paid = _paid(folder / "return-paid.csv", texts, digits)
    for at, row in _rows(folder / "return-claims.csv", texts):
        with _Place(folder / "return-claims.csv", at):
            of_claim = paid.pop(row["claim"], {})
            claims.append(replace(_claim(row, digits), paid=tuple(sorted(of_claim.items()))))
            if any(place.currency != row["currency"] for place in of_claim):
                raise ValueError("expected payments in the claim's currency")
    if paid:
        raise _wrong(folder / "return-paid.csv", 0, f"pays {min(paid)}, which is no claim")
    traced = _traced(folder / "return-traced.csv", texts, credit_counts, claims, digits)
    _once(folder / "return-pots.csv", [pot.place for pot in pots])
    _once(folder / "return-claims.csv", [claim.id for claim in claims])
    return Exported(policy, tuple(pots), tuple(claims), traced, digits, document, texts)


def _claim(row: Mapping[str, str], digits: Digits) -> Claim:
    return Claim(
        id=row["claim"],
        victim=row["victim"],
        currency=row["currency"],
        loss=_minor(row, "loss", digits),
        returned=_minor(row, "returned", digits),
        compensated=_minor(row, "compensated", digits),
        kind=ClaimKind(row["class"]),
        paid_into=row["paid_into"],
    )


def _paid(path: Path, texts: Mapping[str, str], digits: Digits) -> dict[str, dict[Place, int]]:
    """Return what each claim was paid before, by place."""
    paid: dict[str, dict[Place, int]] = {}
    for at, row in _rows(path, texts):
        with _Place(path, at):
            place = Place(row["account"], row["currency"])
            of_claim = paid.setdefault(row["claim"], {})
            if place in of_claim:
                raise ValueError("expected each claim and account once")
            of_claim[place] = _minor(row, "amount", digits)
    return paid


class _Place:
    """Turns what goes wrong in one row into a problem that names it."""

    def __init__(self, path: Path, row: int) -> None:
        self.path, self.row = path, row

    def __enter__(self) -> None:
        """Nothing is to be prepared."""

    def __exit__(self, kind: object, fault: BaseException | None, trace: object) -> None:
        if isinstance(fault, AmountError | KeyError | TypeError | ValueError):
            raise _wrong(self.path, self.row, repr(fault)) from fault


def _problem(path: Path, row: int, found: str) -> Problem:
    code = "return_unreadable"
    return Problem(str(path), "", row, "", code, found, ADVICE[code])


def _wrong(path: Path, row: int, found: str) -> InputFault:
    return InputFault([_problem(path, row, found)])


def _sha(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        raise _wrong(path, 0, str(fault)) from fault


def _document(path: Path) -> dict[str, Any]:
    try:
        document: Any = json.loads(_text(path))
    except (ValueError, RecursionError) as fault:
        raise _wrong(path, 0, str(fault)) from fault
    is_return = isinstance(document, dict) and document.get("format") == "recoup.return/1"
    if not is_return or not isinstance(document.get("files"), dict):
        raise _wrong(path, 0, "no summary of a return")
    if missing := sorted({*FILES, "awards.csv", "remaining.csv"} - set(document["files"])):
        raise _wrong(path, 0, f"nothing said of {', '.join(missing)}")
    if strange := [name for name in document["files"] if "/" in name or "\\" in name]:
        raise _wrong(path, 0, f"names the file {strange[0]}")
    if not isinstance(document.get("documents", {}), dict):
        raise _wrong(path, 0, "no list of documents")
    found: dict[str, Any] = document
    return found


def _rows(path: Path, texts: Mapping[str, str]) -> list[tuple[int, dict[str, str]]]:
    try:
        rows = list(csv.DictReader(io.StringIO(texts[path.name], newline=""), strict=True))
    except csv.Error as fault:
        raise _wrong(path, 0, str(fault)) from fault
    return list(enumerate(rows, start=2))


def _minor(row: Mapping[str, str], name: str, digits: Digits) -> int:
    minor = parse_minor(row[name], digits.of(row["currency"]))
    if minor < 0:
        raise ValueError(f"{name}: expected at least zero, was {row[name]}")
    return minor


def _traced(
    path: Path,
    texts: Mapping[str, str],
    credit_counts: Mapping[Place, int],
    claims: list[Claim],
    digits: Digits,
) -> dict[Place, Traced]:
    currency = {claim.id: claim.currency for claim in claims}
    shares: dict[Place, dict[str, dict[str, int]]] = {
        place: {} for place, count in credit_counts.items() if count
    }
    for at, row in _rows(path, texts):
        with _Place(path, at):
            place = Place(row["account"], row["currency"])
            if row["claim"] not in currency:
                raise ValueError(f"{row['claim']} is no claim of return-claims.csv")
            if currency[row["claim"]] != place.currency:
                raise ValueError("expected a claim of the pot's currency")
            of_rule = shares[place].setdefault(row["rule"], {})
            if row["claim"] in of_rule:
                raise ValueError("expected each claim once")
            of_rule[row["claim"]] = _minor(row, "amount", digits)
    return {place: Traced(credit_counts[place], found) for place, found in shares.items()}


def _once(path: Path, keys: list[Any]) -> None:
    if len(set(keys)) != len(keys):
        raise _wrong(path, 0, "an account or a claim stands twice")
