"""What is traced for a case, and what its trail tells it: statements, holds and findings in, a command with places out.

The tracing itself is `tracer`'s. The same facts give the same command, so whoever traces a version again submits what was
submitted before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import polars as pl

from recoup.cases import Bridged, Case, Claim, Derived, Found, Place
from recoup.cases.case import HoldPlace
from recoup.cases.commands import ApplyTrail
from recoup.cases.decided import digest_of
from recoup.cases.state import LIVE_CLAIMS, ClaimState
from recoup.centre.case_grounds import TOLD, grounds_of
from recoup.centre.facts import ROOT_WITHIN, FactRow, Grounds, Statement
from recoup.centre.one_sided import marked, one_sided
from recoup.centre.tracer import CaseFacts
from recoup.limits import CASE_PLACES_MAX, REQUEST_BYTES_MAX, ROW_MINOR_MAX
from recoup.records import tables
from recoup.records.dossier import Dossier
from recoup.trace import Trail

_PLACE_BYTES: Final = 220
"""A place without its texts: names of fields, amount, hop, time."""
_PLACES_BYTES_MAX: Final = REQUEST_BYTES_MAX * 9 // 10

_Key = tuple[str, int, str]


@dataclass(slots=True)
class _Shown:
    """A transfer, and under which words each account's statement shows it."""

    row: dict[str, Any]
    by: dict[str, tuple[str, datetime, int]] = field(default_factory=dict)


@dataclass(slots=True)
class _Ledger:
    """Rows of all statements, each transfer once, with what both sides say of its balances."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    institutions: dict[str, str] = field(default_factory=dict)
    numbers: dict[str, str] = field(default_factory=dict)
    """The institution's own number by the row's id in the frame."""
    ignored: int = 0
    _numbered: dict[int, str] = field(default_factory=dict)
    _shown: dict[_Key, list[_Shown]] = field(default_factory=dict)

    def add(self, statement: Statement) -> None:
        """Add what a statement says of its own account; what it says of others' is no evidence and carries nothing."""
        account = statement.account
        self.institutions[account] = statement.institution
        again: dict[tuple[_Key, str, str, str, datetime], int] = {}
        for row in statement.rows:
            if account not in (row.payer, row.payee) or not 0 < row.amount <= ROW_MINOR_MAX:
                self.ignored += 1
                continue
            for side, name in (
                (row.payer, row.payer_institution),
                (row.payee, row.payee_institution),
            ):
                if side and name:
                    self.institutions.setdefault(side, name)
            which = (_key(row), row.payer, row.payee, row.id, row.at)
            again[which] = again.get(which, 0) + 1
            found = self._found(account, row, again[which])
            side = "payer" if row.payer == account else "payee"
            if row.balance_after is not None and abs(row.balance_after) <= ROW_MINOR_MAX:
                found[f"{side}_balance"] = row.balance_after

    def _found(self, account: str, row: FactRow, again: int) -> dict[str, Any]:
        """Return the transfer that a row shows: two rows of one statement are two, however alike they are."""
        words = (row.id, row.at, again)
        known = self._shown.get(_key(row))
        if known is None:  # nearly every row: nobody has shown anything like it
            fresh = _Shown(_transfer(row), {account: words})
            self._shown[_key(row)] = [fresh]
            self.rows.append(fresh.row)
            self._numbered[id(fresh.row)] = row.number
            return fresh.row
        alike = [one for one in known if _is_alike(one.row, row)]
        mine = [one for one in alike if one.by.get(account) == words]
        other = [
            one
            for one in alike
            if account not in one.by and abs(one.row["time"] - row.at) <= ROOT_WITHIN
        ]
        other.sort(key=lambda one: (one.row["id"] != row.id, abs(one.row["time"] - row.at)))
        found = next(iter((*mine, *other)), None)
        if found is None:
            found = _Shown(_transfer(row))
            known.append(found)
            self.rows.append(found.row)
            self._numbered[id(found.row)] = row.number
        found.by[account] = words
        for side in ("payer", "payee"):  # the one institution may know whom the other does not name
            found.row[side] = found.row[side] or getattr(row, side)
            name = f"{side}_institution"
            found.row[name] = found.row[name] or getattr(row, name)
        return found.row

    def sides(self) -> Iterator[tuple[dict[str, Any], Iterable[str]]]:
        """Yield each transfer with the accounts whose own statements show it."""
        for alike in self._shown.values():
            yield from ((one.row, one.by) for one in alike)

    def frame(self) -> pl.DataFrame:
        taken: set[str] = set()
        for row in self.rows:  # two institutions may give two transfers one number
            while row["id"] in taken:
                row["id"] += "'"
            taken.add(row["id"])
            self.numbers[row["id"]] = self._numbered.get(id(row), "")
        columns = {name: [row[name] for row in self.rows] for name in tables.TRANSFERS}
        return pl.DataFrame(columns, schema=tables.TRANSFERS).sort("time", "sequence", "id")


@dataclass(frozen=True, slots=True)
class Asked:
    """One version of a case's facts, ready to be traced, and what is needed to read the trail."""

    case: Case
    facts: CaseFacts
    institutions: Mapping[str, str]
    """Institution by account."""
    roots: Mapping[str, dict[str, Any]]
    """The disputed transfer's row by claim."""
    ignored: int = 0
    """Rows that carry nothing: of accounts that are not the statement's own, or of no possible amount."""
    doubted: frozenset[str] = frozenset()
    """Rows that one side's statement shows and the other's, which should, does not."""
    numbers: Mapping[str, str] = field(default_factory=dict)
    """Institutions' own numbers of payments, by the ids that stand for them in the trail."""
    untraced: tuple[Place, ...] = ()
    """What is not followed, and why: `self_transfer`, `impossible_amount`, `reported_twice`."""


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
    untraced: list[Place] = []
    roots = _roots(ledger, claims, statements, untraced)
    claims = [claim for claim in claims if claim.id in roots]
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
    disputed = {root["id"] for root in roots.values()}
    return Asked(
        case,
        facts,
        ledger.institutions,
        roots,
        ledger.ignored,
        one_sided(ledger.sides(), statements) - disputed,
        ledger.numbers,
        tuple(untraced),
    )


def told_by(asked: Asked, trail: Trail) -> Told:
    """Return what the trail of these facts tells their case."""
    claims = [claim for claim in asked.case.claims if claim.id in asked.roots]
    found = marked(_places(trail, asked.institutions), trail, asked.doubted, claims)
    places = _bounded((*found, *asked.untraced))
    derived = tuple(_derived(trail, claims))
    version = asked.facts.version
    bridged = _bridged(trail, asked.institutions)
    digest = digest_of("trail", asked.case.id, version, places, derived, bridged)
    disputed = [asked.roots[claim.id] for claim in claims]
    grounds = grounds_of(trail, disputed, places, asked.numbers)
    return Told(ApplyTrail(version, digest, places, derived, bridged), grounds)


def _key(row: FactRow) -> _Key:
    """Return what two statements of one transfer share: its reference, or its number where it has none."""
    return row.reference or row.id, row.amount, row.currency


def _is_alike(known: Mapping[str, Any], row: FactRow) -> bool:
    """Whether both name the same parties; one that is not named may be any, if the other is the same."""
    payers, payees = {known["payer"], row.payer}, {known["payee"], row.payee}
    return (
        (len(payers) == 1 or "" in payers)
        and (len(payees) == 1 or "" in payees)
        and (len(payers - {""}) == 1 == len(payers) or len(payees - {""}) == 1 == len(payees))
    )


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


def _impossible(claim: Claim) -> str:
    """Return why a claim cannot be traced; it must not keep the case's others from being traced."""
    if claim.payer == claim.payee:
        return "self_transfer"
    return "impossible_amount" if claim.amount > ROW_MINOR_MAX else ""


def _is_again(
    claim: Claim,
    others: Iterable[Claim],
    roots: Mapping[str, dict[str, Any]],
    statements: Iterable[Statement],
) -> bool:
    """Whether a claim that no row shows is a second report of one that a row shows.

    Only where the payee's statement goes from before its time to after it: else a second payment may just not be shown yet.
    """
    covering = [one for one in statements if one.account == claim.payee and one.rows]
    begins = min((row.at for one in covering for row in one.rows), default=None)
    ends = max((one.until for one in covering if one.until), default=None)
    if begins is None or ends is None or not begins <= claim.paid_at <= ends:
        return False
    return any(
        other.id in roots
        and roots[other.id]["rail"] != TOLD
        and (other.payer, other.payee, other.amount, other.currency)
        == (claim.payer, claim.payee, claim.amount, claim.currency)
        and abs(other.paid_at - claim.paid_at) <= ROOT_WITHIN
        for other in others
    )


def _not_followed(claim: Claim, why: str) -> Place:
    """Return a claim's amount as residual: it is conserved, and nothing is asked for it."""
    place = (claim.payee, claim.institution, claim.currency, claim.amount, claim.paid_at)
    return Place(claim.id, *place, Found.RESIDUAL, why)


def _roots(
    ledger: _Ledger,
    claims: Sequence[Claim],
    statements: Sequence[Statement],
    untraced: list[Place],
) -> dict[str, dict[str, Any]]:
    """Return by claim its disputed transfer: the statement's row where one shows it, else a row of what was reported.

    Claims that are not followed have none; they are added to `untraced`.
    """
    roots: dict[str, dict[str, Any]] = {}
    taken: set[int] = set()
    for claim in sorted(claims, key=lambda claim: (claim.paid_at, claim.id)):
        if why := _impossible(claim):
            untraced.append(_not_followed(claim, why))
            continue
        fitting = [
            row
            for row in ledger.rows
            if id(row) not in taken
            and (row["payee"], row["amount"], row["currency"])
            == (claim.payee, claim.amount, claim.currency)
            and row["payer"] in {claim.payer, ""}
            and abs(row["time"] - claim.paid_at) <= ROOT_WITHIN
        ]
        if fitting:
            root = min(
                fitting,
                key=lambda row: (
                    row["payer"] != claim.payer,  # who is named is not mistaken for who is not
                    abs(row["time"] - claim.paid_at),
                    row["id"],
                ),
            )
        elif _is_again(claim, claims, roots, statements):
            untraced.append(_not_followed(claim, "reported_twice"))
            continue
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
            root = _transfer(told) | {"rail": TOLD}
            ledger.rows.append(root)
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
    left = trail.dossier.transfers.filter(pl.col("id").is_in(trail.exits["transfer"].implode()))
    moved = {
        row["id"]: row
        for row in left.select("id", "payee_institution", "time").iter_rows(named=True)
    }
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


def _bounded(places: tuple[Place, ...]) -> tuple[Place, ...]:
    """Return places that one command can carry: past that, the smallest become their claims' residual.

    A launderer who pays a thousand accounts a cent each must not keep the case from having a trail at all.
    """
    by_size = sorted(range(len(places)), key=lambda at: (-places[at].amount, at))
    claims = {(place.claim, place.currency) for place in places}
    room = _PLACES_BYTES_MAX - _PLACE_BYTES * len(claims)
    kept: set[int] = set()
    for at in by_size:
        room -= _size(places[at])
        if room < 0 or len(kept) + len(claims) >= CASE_PLACES_MAX:
            break
        kept.add(at)
    if len(kept) == len(places):
        return places
    left: dict[tuple[str, str], Place] = {}
    for at, place in enumerate(places):
        if at in kept:
            continue
        known = left.get((place.claim, place.currency))
        amount = place.amount + (known.amount if known else 0)
        left[place.claim, place.currency] = Place(
            place.claim, "", "", place.currency, amount, place.since, Found.RESIDUAL, "small"
        )
    return (*(places[at] for at in sorted(kept)), *(left[key] for key in sorted(left)))


def _size(place: Place) -> int:
    """Return how many bytes a place takes at most in a command."""
    texts = (place.claim, place.account, place.institution, place.kind, place.serial)
    return (
        _PLACE_BYTES
        + 6 * sum(len(text) for text in texts if not text.isascii())
        + sum(2 * len(text) for text in texts if text.isascii())
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


__all__ = ["ROOT_WITHIN", "Asked", "Told", "facts_of", "told_by"]
