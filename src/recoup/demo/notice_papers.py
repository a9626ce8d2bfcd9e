"""The papers of the demo's second case: the case's own figures as files, and `recoup return` as an office runs it on them.

The awards that come out must be those that the centre bound: the files say the same as the record, or the demo stops.
"""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final

from recoup.demo.street import ACCOUNTS, CURRENCY, MOVES
from recoup.errors import GatewayFault
from recoup.money import format_minor

_SECONDS_MAX: Final = 600
_SHOWN: Final = ("S1", "S2", "S3", "S4", "S5")
"""What river's statement and the victims' own show; lake gives none."""
Say = Callable[[str], None]
Given = tuple[str, str, int, int]
"""Claim, number of the frozen account, mode, amount."""


@dataclass(frozen=True, slots=True)
class Opposed:
    """An objection, as its decision tells it."""

    objector: str
    filed_on: date
    grounds: str
    is_upheld: bool
    reasons: str
    decided_on: date


@dataclass(frozen=True, slots=True)
class Shared:
    """One plan of the return, as its papers tell it."""

    at: datetime
    """The first report."""
    made_on: date
    claims: Sequence[tuple[str, str, str]]
    """Claim, whose, and the disputed payment."""
    frozen: Sequence[tuple[str, int]]
    """Account of the play, and what is frozen there."""
    begins_on: date
    ends_on: date
    due_on: date | None
    objections: Sequence[Opposed]
    given: Sequence[Given]
    """What the centre bound."""


class Papers:
    """Writes the files and documents of each plan into a folder of its own."""

    def __init__(self, folder: Path, say: Say) -> None:
        """Prepare; nothing is written yet."""
        self._folder, self._say = folder, say
        self.count = 0

    def write(self, name: str, shared: Shared) -> Path:
        """Write one plan's inputs, awards and documents; return the folder of the documents."""
        inputs, out = self._folder / f"{name}-inputs", self._folder / name
        inputs.mkdir()
        self._inputs(inputs, shared)
        words = ["return", "--out", str(out), "--policy", "cn-2016"]
        for option in ("pots", "claims", "transfers", "known"):
            words += [f"--{option}", str(inputs / f"{option}.csv")]
        words += ["--documents", str(inputs / "case.toml")]
        done = subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-m", "recoup", *words],
            capture_output=True,
            text=True,
            timeout=_SECONDS_MAX,
            check=False,
        )
        if done.returncode:
            raise GatewayFault(f"expected recoup return to write {out}: {done.stderr}")
        found = _awarded(out / "awards.csv")
        if found != sorted(shared.given):
            raise GatewayFault(f"expected the centre's awards in {out}, were {found}")
        made = sorted((out / "documents").glob("*.pdf"))
        self.count += len(made)
        self._say(f"papers: {len(made)} documents as PDF and DOCX in {out / 'documents'}")
        return out / "documents"

    def _inputs(self, inputs: Path, shared: Shared) -> None:
        """Write what `recoup return` reads."""
        pots = [
            (ACCOUNTS[name].number, format_minor(amount, 2), CURRENCY)
            for name, amount in shared.frozen
        ]
        _write(inputs / "pots.csv", ("account", "amount", "currency"), pots)
        claims = [(claim, victim, transfer, "true") for claim, victim, transfer in shared.claims]
        _write(inputs / "claims.csv", ("claim", "victim", "transfer", "admitted"), claims)
        rows = [
            (
                move.id,
                (shared.at - timedelta(minutes=move.minutes)).isoformat(),
                ACCOUNTS[move.payer].number,
                ACCOUNTS[move.payee].number if move.payee else "",
                format_minor(move.amount, 2),
                CURRENCY,
                move.kind,
            )
            for move in MOVES
            if move.id in _SHOWN
        ]
        columns = ("id", "time", "payer", "payee", "amount", "currency", "kind")
        _write(inputs / "transfers.csv", columns, rows)
        _write(inputs / "known.csv", ("account",), [(ACCOUNTS["first"].number,)])
        (inputs / "case.toml").write_text(_particulars(shared), encoding="utf-8")


def _write(path: Path, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)


def _awarded(path: Path) -> list[Given]:
    """Return what the awards' file gives, in minor units."""
    with path.open(encoding="utf-8", newline="") as file:
        return sorted(
            (row["claim"], row["account"], int(row["mode"]), int(row["amount"].replace(".", "")))
            for row in csv.DictReader(file)
        )


def _particulars(shared: Shared) -> str:
    """Return what the documents say beyond the plan; every person and unit in it is a part of the play."""
    named = {victim for _, victim, _ in shared.claims}
    parts = [
        f"made_on = {shared.made_on}",
        _table(
            "case",
            number="DEMO-2026-0002",
            name="Demo case: three victims, one pot",
            filing_unit="Demo station 1",
            filing_number="DEMO-F-2",
            freezing_unit="Demo centre",
            approving_unit="Demo city",
            approver="Approver 4",
            phone="000",
            decision_number="DEMO-D-2026-{n}",
            **({"due_on": shared.due_on} if shared.due_on else {}),
        ),
        *(_table("[officers]", name=f"Officer {n}", card=f"CARD-{n}") for n in (2, 6)),
        *(_party(name) for name in sorted(named)),
        *(
            _table(f'accounts."{ACCOUNTS[name].number}"', bank=_bank(name), holder=_name(name))
            for name, _ in shared.frozen
        ),
        _table("notice", begins_on=shared.begins_on, ends_on=shared.ends_on, place="Demo counter"),
        *(_objection(row) for row in shared.objections),
        _table("check", zh="任一演示窗口", en="any counter of the demo"),
    ]
    return "\n".join(parts)


def _party(name: str) -> str:
    held = ACCOUNTS[name]
    return _table(
        f'parties."{name}"',
        name=held.name,
        phone="000",
        bank=held.bank,
        account=held.number,
        account_name=held.name,
    )


def _objection(row: Opposed) -> str:
    told = _table(
        "[objections]",
        objector=row.objector,
        filed_on=row.filed_on,
        grounds=row.grounds,
        is_upheld=row.is_upheld,
        reasons=row.reasons,
        decided_on=row.decided_on,
    )
    return f'{told}officers = [{{ name = "Approver 5", card = "CARD-5" }}]\n'


def _table(section: str, /, **values: str | bool | date) -> str:
    lines = [f"{key} = {_toml(value)}\n" for key, value in values.items()]
    return f"[{section}]\n{''.join(lines)}"


def _toml(value: object) -> str:
    return str(value) if isinstance(value, date) else json.dumps(value, ensure_ascii=False)


def _bank(name: str) -> str:
    return ACCOUNTS[name].bank


def _name(name: str) -> str:
    return ACCOUNTS[name].name


__all__ = ["Given", "Opposed", "Papers", "Shared"]
