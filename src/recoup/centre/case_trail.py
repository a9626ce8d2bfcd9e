"""What is traced for a case, and what its trail tells it: statements, holds and findings in, a command with places out.

The tracing itself is `tracer`'s. The same facts give the same command, so whoever traces a version again submits what was
submitted before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import polars as pl

from recoup.cases import Bridged, Case, Claim, Derived, Found, Place
from recoup.cases.case import HoldPlace, digest_of
from recoup.cases.commands import ApplyTrail
from recoup.cases.state import LIVE_CLAIMS, ClaimState
from recoup.centre.facts import FactRow, Grounds, Statement
from recoup.centre.tracer import CaseFacts
from recoup.records import tables
from recoup.records.dossier import Dossier
from recoup.trace import Trail

ROOT_WITHIN: Final = timedelta(days=1)
"""How far apart a report and a statement may put the time of one transfer."""

_Key = tuple[str, str, str, int, str]


@dataclass(slots=True)
class _Ledger:
    """Rows of all statements, each transfer once, with what both sides say of its balances."""

    rows: dict[_Key, dict[str, Any]] = field(default_factory=dict)
    institutions: dict[str, str] = field(default_factory=dict)

    def add(self, statement: Statement) -> None:
        self.institutions[statement.account] = statement.institution
        for row in statement.rows:
            for account, name in (
                (row.payer, row.payer_institution),
                (row.payee, row.payee_institution),
            ):
                if account and name:
                    self.institutions.setdefault(account, name)
            found = self.rows.setdefault(_key(row), _transfer(row))
            side = "payer" if row.payer == statement.account else "payee"
            if row.balance_after is not None:
                found[f"{side}_balance"] = row.balance_after

    def frame(self) -> pl.DataFrame:
        taken: set[str] = set()
        for row in self.rows.values():  # two institutions may give two transfers one number
            while row["id"] in taken:
                row["id"] += "'"
            taken.add(row["id"])
        return pl.DataFrame(list(self.rows.values()), schema=tables.TRANSFERS).sort(
            "time", "sequence", "id"
        )


@dataclass(frozen=True, slots=True)
class Asked:
    """One version of a case's facts, ready to be traced, and what is needed to read the trail."""

    case: Case
    facts: CaseFacts
    institutions: Mapping[str, str]
    """Institution by account."""
    roots: Mapping[str, dict[str, Any]]
    """The disputed transfer's row by claim."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a trail tells a case: the command for it, and what else is read off it."""

    command: ApplyTrail
    grounds: Mapping[HoldPlace, Grounds]
    """By which transfer money came to each account."""


def facts_of(
    case: Case,
    statements: Sequence[Statement],
    held_since: Mapping[HoldPlace, datetime],
    terminal: Sequence[str] = (),
) -> Asked:
    """Return the newest facts of a case's live claims.

    Args:
        case: whose claims, holds and findings.
        statements: the rows behind `case.facts`, oldest answer first.
        held_since: when each live hold began.
        terminal: accounts at which a finding ends the trail.
    """
    ledger = _Ledger()
    for statement in statements:
        ledger.add(statement)
    claims = [claim for claim in case.claims if claim.state in LIVE_CLAIMS]
    for claim in claims:
        ledger.institutions.setdefault(claim.payee, claim.institution)
    roots = _roots(ledger, claims)
    dossier = Dossier(
        transfers=ledger.frame(),
        sources=(),
        known=frozenset(statement.account for statement in statements),
        terminal=frozenset(terminal),
        holds=_holds(case, held_since),
    )
    wanted = [
        {
            "claim": claim.id,
            "victim": claim.victim,
            "transfer": roots[claim.id]["id"],
            "reported_at": None,
            "admitted": claim.state is ClaimState.ADMITTED,
        }
        for claim in sorted(claims, key=lambda claim: claim.id)
    ]
    frame = pl.DataFrame(wanted, schema=tables.CLAIMS)
    facts = CaseFacts(case.id, case.facts_version, dossier, frame)
    return Asked(case, facts, ledger.institutions, roots)


def told_by(asked: Asked, trail: Trail) -> Told:
    """Return what the trail of these facts tells their case."""
    claims = [claim for claim in asked.case.claims if claim.state in LIVE_CLAIMS]
    places = tuple(_places(trail, asked.institutions))
    derived = tuple(_derived(trail, claims))
    version = asked.facts.version
    bridged = _bridged(trail, asked.institutions)
    digest = digest_of("trail", asked.case.id, version, places, derived, bridged)
    grounds = _grounds(trail, claims, asked.roots)
    return Told(ApplyTrail(version, digest, places, derived, bridged), grounds)


def _key(row: FactRow) -> _Key:
    """Return what two statements of one transfer share: its reference, or its number where it has none."""
    return row.reference or row.id, row.payer, row.payee, row.amount, row.currency


def _transfer(row: FactRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "time": row.at,
        "sequence": row.sequence,
        "payer": row.payer,
        "payee": row.payee,
        "amount": row.amount,
        "currency": row.currency,
        "rail": "",
        "kind": row.kind,
        "reference": row.reference,
        "payer_name": "",
        "payee_name": "",
        "payer_institution": row.payer_institution,
        "payee_institution": row.payee_institution,
        "payer_balance": None,
        "payee_balance": None,
        "reverses": "",
        "source": None,
        "row": None,
        "other_source": None,
        "other_row": None,
    }


def _roots(ledger: _Ledger, claims: Iterable[Claim]) -> dict[str, dict[str, Any]]:
    """Return by claim its disputed transfer: the statement's row where one shows it, else a row of what was reported."""
    roots: dict[str, dict[str, Any]] = {}
    taken: set[int] = set()
    for claim in sorted(claims, key=lambda claim: (claim.paid_at, claim.id)):
        fitting = [
            row
            for row in ledger.rows.values()
            if id(row) not in taken
            and (row["payee"], row["amount"], row["currency"])
            == (claim.payee, claim.amount, claim.currency)
            and row["payer"] in {claim.payer, ""}
            and abs(row["time"] - claim.paid_at) <= ROOT_WITHIN
        ]
        if fitting:
            root = min(fitting, key=lambda row: (abs(row["time"] - claim.paid_at), row["id"]))
        else:
            told = FactRow(
                claim.transfer,
                claim.paid_at,
                0,
                claim.payer,
                claim.payee,
                claim.amount,
                claim.currency,
                "transfer",
                "",
                "",
                claim.institution,
                None,
            )
            root = _transfer(told)
            ledger.rows["reported", claim.id, claim.payee, claim.amount, claim.currency] = root
        taken.add(id(root))
        roots[claim.id] = root
    return roots


def _holds(case: Case, since: Mapping[HoldPlace, datetime]) -> pl.DataFrame:
    """Return what institutions hold: those lots are out of the flow (SEMANTICS 3)."""
    rows = [
        {
            "account": hold.account,
            "currency": hold.currency,
            "amount": hold.held,
            "time": since[hold.hold],
            "until": None,
        }
        for hold in case.holds
        if hold.held and hold.hold in since
    ]
    return pl.DataFrame(rows, schema=tables.HOLDS)


def _places(trail: Trail, institutions: Mapping[str, str]) -> Iterable[Place]:
    hops = {row["account"]: row["depth"] for row in trail.accounts.iter_rows(named=True)}
    for frame, found in ((trail.positions, Found.LOCATED), (trail.unknown, Found.UNKNOWN)):
        for row in frame.sort("claim", "account", "currency").iter_rows(named=True):
            yield Place(
                row["claim"],
                row["account"],
                institutions.get(row["account"], ""),
                row["currency"],
                row["amount"],
                row["since"],
                found,
                hop=max(1, hops.get(row["account"], 1)),
                is_inferred=bool(row["inferred"]),
            )
    moved = {row["id"]: row for row in trail.dossier.transfers.iter_rows(named=True)}
    for row in trail.exits.sort("claim", "transfer", "currency", "kind").iter_rows(named=True):
        transfer = moved[row["transfer"]]
        yield Place(
            row["claim"],
            row["account"],
            transfer["payee_institution"] or institutions.get(row["account"], ""),
            row["currency"],
            row["amount"],
            transfer["time"],
            Found.EXITED,
            row["kind"],
            hop=max(1, hops.get(row["account"], 1)),
            serial=row["transfer"] if transfer["payee_institution"] else "",
            is_inferred=bool(row["inferred"]),
        )


def _derived(trail: Trail, claims: Iterable[Claim]) -> Iterable[Derived]:
    """Return what became another currency: a loss of its own there."""
    own = {(claim.id, claim.currency) for claim in claims}
    for row in trail.summary.sort("claim", "currency").iter_rows(named=True):
        if (row["claim"], row["currency"]) not in own and row["loss"]:
            yield Derived(row["claim"], row["currency"], row["loss"])


def _bridged(trail: Trail, institutions: Mapping[str, str]) -> tuple[Bridged, ...]:
    """Return the accounts without a statement whose debits, seen on others' statements, carry claims' money."""
    known = trail.dossier.known or frozenset()
    hops = {row["account"]: row["depth"] for row in trail.accounts.iter_rows(named=True)}
    inferred = trail.flows.filter(pl.col("inferred") > 0)["transfer"].implode()
    passed = trail.dossier.transfers.filter(pl.col("id").is_in(inferred))
    pairs = passed.select("payer", "currency").unique().sort("payer", "currency")
    return tuple(
        Bridged(account, institutions.get(account, ""), currency, max(1, hops.get(account, 1)))
        for account, currency in pairs.iter_rows()
        if account and account not in known
    )


def _grounds(
    trail: Trail, claims: Iterable[Claim], roots: Mapping[str, dict[str, Any]]
) -> dict[HoldPlace, Grounds]:
    """Return by account the latest transfer that brought claims' money there."""
    carried = set(trail.flows["transfer"])
    out: dict[HoldPlace, Grounds] = {}
    for row in trail.dossier.transfers.iter_rows(named=True):  # in total order: the latest stays
        if row["id"] in carried and row["payee"]:
            out[row["payee"], row["currency"]] = Grounds(
                row["amount"], row["time"], row["reference"] or row["id"], ""
            )
    for claim in claims:
        root = roots[claim.id]
        fresh = Grounds(root["amount"], root["time"], root["reference"] or root["id"], "")
        out.setdefault((claim.payee, claim.currency), fresh)
    return out


__all__ = ["ROOT_WITHIN", "Asked", "Told", "facts_of", "told_by"]
