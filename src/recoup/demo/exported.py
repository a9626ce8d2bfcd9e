"""A reported fraud of a rehearsal's export as a demo's case: its institutions, their accounts and all that moved on them.

Only what a centre has in the end is read, never `truth/`. The case stands still at its report: what the launderers did later is
not played, so that what is frozen and what has left can be counted to the cent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from pathlib import Path
from typing import Any, Final

import polars as pl

from recoup.demo.scene import Disputed, Side, table
from recoup.demo.town import CURRENCY
from recoup.errors import Fault
from recoup.money import ISO_DIGITS, AmountError, format_minor, parse_minor
from recoup.rehearse.country import make_country
from recoup.rehearse.exporting import export
from recoup.rehearse.playing import play
from recoup.rehearse.policies import policy_of
from recoup.rehearse.scenario import Scenario, changed

ACCOUNTS_MAX: Final = 1_000
"""A report whose money could have come to more accounts is refused: each becomes an account of a sandbox."""
_HOPS: Final = 30
_SEED: Final = 1
_VILLAGE: Final = (
    *("launderers.mules=60", "launderers.runners=40", "launderers.shells=6", "launderers.crews=2"),
    *("frauds.count=12", "country.people=2000"),
)
"""The default city with fewer of everybody; the people last, since launderers are a part of them."""
_DIGITS: Final = ISO_DIGITS.of(CURRENCY)

Row = Mapping[str, Any]


class ExportFault(Fault):
    """A folder that holds no case to play; says why."""


@dataclass(frozen=True, slots=True)
class Exported:
    """One report of an export. Amounts are minor units; times are of the export."""

    report: str
    at: datetime
    """When it was reported, by the export."""
    claims: tuple[Row, ...]
    transfers: tuple[Row, ...]
    """All that moved, until the report, on the accounts that the money could have come to, and the disputed payments."""
    institution: Mapping[str, str]
    """Account -> where it lies, of every account that a script opens."""
    opening: Mapping[str, int]
    outside: frozenset[str]
    """Accounts that nobody can hold: machines, desks, abroad."""

    def scene(self, reported_at: datetime) -> ExportedScene:
        """Return the case as if it were reported at another time."""
        return ExportedScene(self, reported_at - self.at)


@dataclass(frozen=True, slots=True)
class ExportedScene:
    """An exported report moved in time, as `Scene` asks."""

    case: Exported
    later: timedelta

    @property
    def institutions(self) -> Sequence[str]:
        """Return where the accounts of the case lie, by name."""
        return sorted(set(self.case.institution.values()))

    @property
    def disputed(self) -> Sequence[Disputed]:
        """Return what the victim disputes, oldest first."""
        by_id = {str(row["id"]): row for row in self.case.transfers}
        rows = [by_id[str(claim["transfer"])] for claim in self.case.claims]
        return [self._disputed(row) for row in sorted(rows, key=lambda row: int(row["sequence"]))]

    @property
    def reported(self) -> str:
        """Return how the report is told, without its amount."""
        count, first = len(self.disputed), self.disputed[0]
        ago = self.case.at + self.later - first.paid_at
        paid = f"in {count} payments, the first" if count > 1 else "paid"
        hours = ago.total_seconds() / 3600
        return f"{paid} to an account at {first.payee.institution} {hours:.1f} hours ago"

    @property
    def hops(self) -> int:
        """Return how far the standing authority reaches."""
        return _HOPS

    def script(self, institution: str) -> str:
        """Return the sandbox script of one institution, as TOML."""
        case = self.case
        accounts = [
            table(
                "accounts",
                number=account,
                name=_name(account),
                currency=CURRENCY,
                opening=format_minor(case.opening.get(account, 0), _DIGITS),
            )
            for account, place in sorted(case.institution.items())
            if place == institution
        ]
        moves = [
            self._transfer(row)
            for row in case.transfers
            if institution in {case.institution.get(row[side]) for side in ("payer", "payee")}
        ]
        return "\n".join((f'institution = "{institution}"\n', *accounts, *moves))

    def _disputed(self, row: Row) -> Disputed:
        payer, payee = (_side(row[side], row[f"{side}_institution"]) for side in ("payer", "payee"))
        amount, paid_at = _minor(row["amount"]), row["time"] + self.later
        return Disputed(_number(row), payer, payee, amount, paid_at)

    def _transfer(self, row: Row) -> str:
        sides = {
            side: "" if row[side] in self.case.outside else str(row[side] or "")
            for side in ("payer", "payee")
        }
        names = {f"{side}_name": _name(account) for side, account in sides.items() if account}
        places = {
            f"{side}_institution": str(row[f"{side}_institution"] or "")
            for side, account in sides.items()
            if account
        }
        fields = {"id": _number(row), **sides, **names, **places}
        fields |= {"amount": str(row["amount"]), "currency": CURRENCY, "kind": str(row["kind"])}
        return f"{table('transfers', **fields)}at = {(row['time'] + self.later).isoformat()}\n"


def read_export(folder: Path, report: str = "") -> Exported:
    """Return a report of a folder that `recoup rehearse export` wrote; without a name, the largest that can be played.

    Raises:
        ExportFault: files that are not there or not an export's, a report that is not in it, money that could have come to more
            than `ACCOUNTS_MAX` accounts before the report.
    """
    files = _Files.read(folder)
    if report:
        wanted = [row for row in files.reports if row["report"] == report]
        if not wanted:
            raise ExportFault(f"{folder}: no report {report}")
        found = files.case(wanted[0])
        if found is None:
            raise ExportFault(
                f"{folder}: {report}: its money could have come to more than {ACCOUNTS_MAX} accounts"
            )
        return found
    for row in sorted(files.reports, key=lambda row: -_minor(row["amount"])):
        if (found := files.case(row)) is not None:
            return found
    raise ExportFault(f"{folder}: no report that can be played")


def write_village(folder: Path) -> None:
    """Play a village in which nobody acts and export it: a country small enough for a first look, of a fixed seed."""
    scenario = reduce(changed, _VILLAGE, Scenario())
    country = make_country(scenario, _SEED)
    export(play(country, policy_of("none", scenario, _SEED), scenario), folder)


@dataclass(frozen=True, slots=True)
class _Files:
    """The files of an export that a case is made of."""

    transfers: Sequence[Row]
    claims: Sequence[Row]
    reports: Sequence[Row]
    opening: Mapping[str, int]
    outside: frozenset[str]

    @classmethod
    def read(cls, folder: Path) -> _Files:
        try:
            parquet = folder / "transfers.parquet"
            moves = pl.read_parquet(parquet) if parquet.exists() else _csv(folder, "transfers")
            if strange := set(moves["currency"]) - {CURRENCY}:
                raise ExportFault(f"{folder}: expected {CURRENCY} only, was {sorted(strange)}")
            opening = _csv(folder, "opening")
            outside = folder / "terminal.csv"
            transfers = _rows(moves, _TRANSFER)
            told = ("report", "reported_at", "victim", "amount")
            reports = _rows(_csv(folder, "reports"), told)
            for row in (*transfers, *reports):
                _minor(row["amount"])  # raises where it is none
            return cls(
                transfers,
                _rows(_csv(folder, "claims"), ("claim", "victim", "transfer", "reported_at")),
                reports,
                {
                    str(row["account"]): _minor(row["balance"])
                    for row in _rows(opening, ("account", "balance"))
                },
                frozenset(_csv(folder, "terminal")["account"]) if outside.exists() else frozenset(),
            )
        except (OSError, pl.exceptions.PolarsError, AmountError) as fault:
            raise ExportFault(f"{folder}: not an export of a rehearsal: {fault}") from fault

    def case(self, report: Row) -> Exported | None:
        """Return a report's case; None if its money could have come to too many accounts."""
        claims = [
            row
            for row in self.claims
            if row["victim"] == report["victim"] and row["reported_at"] == report["reported_at"]
        ]
        disputed, at = {row["transfer"] for row in claims}, report["reported_at"]
        before = [row for row in self.transfers if row["time"] <= at]
        own = {row["payer"] for row in before if row["id"] in disputed}
        reached: dict[str, str] = {}
        for row in before:  # in the ledger's order, so each account counts from its first touch on
            is_touched = row["id"] in disputed or row["payer"] in reached
            if is_touched and row["payee"] not in self.outside and row["payee"]:
                reached[row["payee"]] = row["payee_institution"]
                if len(reached) > ACCOUNTS_MAX:
                    return None
        missing = disputed - {row["id"] for row in before}
        if missing or not own:
            what = f"expected every claim's transfer before the report, {sorted(missing)} are not"
            raise ExportFault(f"{report['report']}: {what}")
        homes = {row["payer"]: row["payer_institution"] for row in before if row["payer"] in own}
        opened = {**homes, **reached}
        moved = [row for row in before if row["payer"] in opened or row["payee"] in opened]
        return Exported(
            report["report"],
            at,
            tuple(claims),
            tuple(moved),
            opened,
            {account: self.opening.get(account, 0) for account in opened},
            self.outside,
        )


_TRANSFER: Final = (
    *("id", "time", "payer", "payee", "amount", "sequence", "kind"),
    *("payer_institution", "payee_institution"),
)


def _csv(folder: Path, name: str) -> pl.DataFrame:
    return pl.read_csv(folder / f"{name}.csv", infer_schema=False)


def _rows(frame: pl.DataFrame, columns: Iterable[str]) -> Sequence[Row]:
    """Return rows with these columns, words as words and times as times."""
    frame = frame.select(columns)
    times = [name for name in ("time", "reported_at") if frame.schema.get(name) == pl.String]
    frame = frame.with_columns(
        pl.col(times).str.to_datetime("%Y-%m-%dT%H:%M:%S%.fZ", time_zone="UTC", strict=True)
    )
    words = [name for name in columns if name not in {"time", "reported_at"}]
    return frame.with_columns(pl.col(words).cast(pl.String)).to_dicts()


def _number(row: Row) -> str:
    """Return a payment's number; as long for each, so that the order of numbers is that of the ledger."""
    return f"E{int(row['sequence']):09d}"


def _minor(text: str) -> int:
    return parse_minor(text, _DIGITS)


def _side(account: str, institution: str) -> Side:
    return Side(institution, account, _name(account))


def _name(account: str) -> str:
    """Return what stands for a holder's name, which an export does not have."""
    return f"Holder {account[-8:]}"


__all__ = [
    "ACCOUNTS_MAX",
    "ExportFault",
    "Exported",
    "ExportedScene",
    "read_export",
    "write_village",
]
