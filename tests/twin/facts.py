"""The facts of one tracing question as plain Python objects in one total order of events. No rule is known here.

Written from docs/decisions/0001 alone, never from `recoup.trace`, so that it can be the oracle. Open questions are marked
QUESTION; where the page leaves a choice, the reading taken is the one that neither frees stolen money nor holds a stranger's.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import datetime

import polars as pl

from recoup.records.dossier import Dossier
from recoup.trace.trail import Options
from twin.links import Link, joined, ordered_rows
from twin.rows import Pocket, Refused, Row

INFERRED = 1
ASSERTED = 2


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim that is followed."""

    id: str
    transfer: str
    is_admitted: bool
    time: datetime


@dataclass(frozen=True, slots=True)
class Move:
    """One transfer as an event: what it takes from, and where it puts it."""

    row: Row
    source: Pocket | None
    """The pocket that gives; None: clean money from outside, or the parcel of `fed_by`."""
    is_bridged: bool
    """The source is an unknown account that a bridge opened: what it gives is inferred."""
    target: Pocket | None
    """The pocket that receives, known or unknown; None: the money leaves."""
    exit_kind: str
    exit_account: str
    claim: Claim | None = None
    own_claim: str | None = None
    """The claim whose own disputed transfer this row reverses."""
    undoes: str | None = None
    """The original that left (to the outside, a terminal account or over a link) and that this row brings back."""
    returns: Pocket | None = None
    """The pocket of an unknown account, not bridged, whose very units of the original this row brings back."""
    fed_by: str | None = None
    """Id of the conversion debit or the link's exit whose parcel this row brings on."""
    converted_from: int | None = None
    """Amount of the conversion debit that feeds this credit."""
    is_crossing: bool = False
    """A link's exit: the parcel neither exits nor arrives, it waits for the link's entry."""
    is_converting: bool = False
    is_asserted: bool = False
    """What this row brings crossed a link (or the row itself is assumed by one)."""


@dataclass(frozen=True, slots=True)
class HoldStart:
    """A hold begins; `number` is its row in the holds table."""

    number: int
    pocket: Pocket
    amount: int
    time: datetime


@dataclass(frozen=True, slots=True)
class HoldEnd:
    """A hold ends."""

    number: int
    pocket: Pocket
    time: datetime


Event = Move | HoldStart | HoldEnd


@dataclass(frozen=True, slots=True)
class Opening:
    """The opening balance of a pocket and where it comes from: given, stated or smallest."""

    amount: int
    basis: str

    @property
    def is_pinned(self) -> bool:
        return self.basis != "smallest"


@dataclass
class Facts:
    """Everything a rule needs, cut at as-of."""

    rows: dict[str, Row]
    events: list[Event]
    """In total order, up to as-of."""
    openings: dict[Pocket, Opening]
    claims: dict[str, Claim]
    """Claims that are followed, by claim id."""
    unfollowed: dict[str, str]
    """Claims that are not followed (before --since, after --as-of): claim id to currency; their loss is 0."""
    standing: dict[str, str]
    """Account to known, unknown, bridged or terminal."""
    options: Options
    pairs: dict[str, str] = field(default_factory=dict)
    """Conversion debit id to credit id."""

    def moves(self) -> list[Move]:
        return [event for event in self.events if isinstance(event, Move)]

    def is_expired(self, claim: str, time: datetime) -> bool:
        """Say whether a debit at `time` is past the claim's horizon (choice 17)."""
        horizon = self.options.horizon
        return horizon is not None and time > self.claims[claim].time + horizon


def facts_of(
    dossier: Dossier, claims: pl.DataFrame, options: Options, *, waits: bool = False
) -> Facts:
    """Return the facts of one question; raise `Refused` when the page refuses it.

    With `waits` what a link takes on after as-of is set aside already (choice 19); without, as-of cuts the link off, and the
    exit is what its own row says.
    """
    rows = {row.id: row for row in _rows(dossier)}
    standing = _standings(dossier, rows, options)
    pairs = _pairs(rows)
    links = joined(dossier, rows, standing, pairs)
    rows |= {row.id: row for link in links for row in (link.exit_row, link.entry_row)}
    order = ordered_rows(rows, pairs, links)
    followed, unfollowed = _claims(claims, rows, options)
    _check_reversals(rows)
    builder = _Builder(rows, standing, pairs, links, followed, options)
    # Openings look at all rows given, as-of or not, with links joined (QUESTION: also links after as-of).
    whole = [builder.move(row, with_links=True) for row in order]
    in_time = [row for row in order if options.as_of is None or row.time <= options.as_of]
    cut = [builder.move(row, with_links=waits) for row in in_time]
    seen = [move for move in cut if move is not None]
    openings = _openings(dossier, [move for move in whole if move is not None], seen)
    events = _with_holds(seen, dossier, options)
    return Facts(rows, events, openings, followed, unfollowed, standing, options, pairs)


def _rows(dossier: Dossier) -> list[Row]:
    return [
        Row(
            id=row["id"],
            time=row["time"],
            sequence=row["sequence"],
            payer=row["payer"],
            payee=row["payee"],
            amount=row["amount"],
            currency=row["currency"],
            kind=row["kind"] or "transfer",
            reference=row["reference"],
            reverses=row["reverses"],
            payer_balance=row["payer_balance"],
            payee_balance=row["payee_balance"],
        )
        for row in dossier.transfers.iter_rows(named=True)
    ]


def _standings(dossier: Dossier, rows: dict[str, Row], options: Options) -> dict[str, str]:
    accounts = {account for row in rows.values() for account in (row.payer, row.payee)}
    linked = set(dossier.links["from"])
    accounts |= linked | set(dossier.links["to"])
    return {a: _standing(a, linked, dossier, options) for a in sorted(accounts - {""})}


def _standing(account: str, linked: set[str], dossier: Dossier, options: Options) -> str:
    if account in dossier.terminal and account not in linked:
        return "terminal"
    is_listed = dossier.known is None or account in dossier.known
    if is_listed and account not in dossier.terminal:
        return "known"
    return "bridged" if options.bridge else "unknown"


def _pairs(rows: dict[str, Row]) -> dict[str, str]:
    """Pair conversion rows by reference (choice 14).

    QUESTION: a pair is taken to be exactly one row out (payee empty) and one row in (payer empty) with the same non-empty
    reference; anything else stays an ordinary exit or credit of kind conversion.
    """
    by_reference: dict[str, list[Row]] = defaultdict(list)
    for row in rows.values():
        if row.kind == "conversion" and row.reference:
            by_reference[row.reference].append(row)
    pairs: dict[str, str] = {}
    for group in by_reference.values():
        debits = [row for row in group if row.payer and not row.payee]
        credits = [row for row in group if row.payee and not row.payer]
        if len(group) == 2 and len(debits) == 1 and len(credits) == 1:
            if credits[0].time < debits[0].time:
                raise Refused(
                    f"the conversion's credit {credits[0].id} is earlier than its debit {debits[0].id}"
                )
            pairs[debits[0].id] = credits[0].id
    return pairs


def _claims(
    claims: pl.DataFrame, rows: dict[str, Row], options: Options
) -> tuple[dict[str, Claim], dict[str, str]]:
    followed: dict[str, Claim] = {}
    unfollowed: dict[str, str] = {}
    for given in sorted(claims.iter_rows(named=True), key=lambda given: str(given["claim"])):
        row = rows[given["transfer"]]
        if row.payer == row.payee:
            raise Refused(f"claim {given['claim']} disputes a self transfer")
        is_late = options.as_of is not None and row.time > options.as_of
        is_early = options.since is not None and row.time < options.since
        if is_late or is_early:
            unfollowed[given["claim"]] = row.currency
        else:
            followed[given["claim"]] = Claim(
                given["claim"], row.id, bool(given["admitted"]), row.time
            )
    return followed, unfollowed


def _check_reversals(rows: dict[str, Row]) -> None:
    reversed_so_far: dict[str, int] = defaultdict(int)
    for row in rows.values():
        if row.reverses:
            reversed_so_far[row.reverses] += row.amount
    for original, amount in reversed_so_far.items():
        if amount > rows[original].amount:
            raise Refused(f"more reversed than {original} moved")


class _Builder:
    """Turns rows into moves."""

    def __init__(
        self,
        rows: dict[str, Row],
        standing: dict[str, str],
        pairs: dict[str, str],
        links: list[Link],
        claims: dict[str, Claim],
        options: Options,
    ) -> None:
        self.rows = rows
        self.standing = standing
        self.pairs = pairs
        self.debit_of = {credit: debit for debit, credit in pairs.items()}
        self.links = links
        self.by_transfer = {claim.transfer: claim for claim in claims.values()}
        self.options = options

    def move(self, row: Row, *, with_links: bool = False) -> Move | None:
        """Return the row as a move; None for a self transfer (choice 18)."""
        if row.payer == row.payee:
            return None
        gives = self.standing.get(row.payer, "") in ("known", "bridged") or any(
            row.id == link.exit_row.id
            for link in self.links  # choice 19, out of any account
        )
        source = row.payer_pocket if gives else None
        takes_in = self.standing.get(row.payee, "") in ("known", "bridged", "unknown")
        is_terminal = self.standing.get(row.payee, "") == "terminal"
        kind = "terminal" if is_terminal and row.kind in ("", "transfer") else row.kind
        own = self.by_transfer.get(row.reverses) if row.reverses else None
        move = Move(
            row=row,
            source=source,
            is_bridged=self.standing.get(row.payer, "") == "bridged",
            target=row.payee_pocket if takes_in else None,
            exit_kind=kind,
            # The terminal account reached, else the account the money left from.
            exit_account=row.payee if is_terminal else row.payer,
            claim=self.by_transfer.get(row.id),
            own_claim=own.id if own else None,
        )
        move = self._linked(self._converted(move), with_links=with_links)
        if move.source is not None or move.fed_by is not None:
            return move
        return self._undoing(move, with_links=with_links)

    def _undoing(self, move: Move, *, with_links: bool) -> Move:
        """Join a reversal out of the outside, a terminal or an unknown account to its original (choice 13)."""
        if not move.row.reverses:
            return move
        original = self.move(self.rows[move.row.reverses], with_links=with_links)
        if original is None:
            return move
        if original.target is None:
            return replace(move, undoes=original.row.id)
        if self.standing[original.row.payee] == "unknown":
            return replace(move, returns=original.target)
        return move

    def _converted(self, move: Move) -> Move:
        row = move.row
        if row.id in self.pairs:
            return replace(move, exit_kind="converted", is_converting=True)
        if row.id in self.debit_of:
            debit = self.rows[self.debit_of[row.id]]
            return replace(move, fed_by=debit.id, converted_from=debit.amount)
        return move

    def _linked(self, move: Move, *, with_links: bool) -> Move:
        """Join what a link joins; a link after as-of joins nothing yet: its exit is where its own row left it."""
        for link in self.links:
            is_active = with_links or self.options.as_of is None or link.time <= self.options.as_of
            if move.row.id == link.exit_row.id and is_active:
                move = replace(
                    move, target=None, is_crossing=True, is_asserted=link.exit_row.is_assumed
                )
            if move.row.id == link.entry_row.id and is_active:
                # The entry debits no unknown payer: its money comes by the link.
                move = replace(
                    move, source=None, is_bridged=False, fed_by=link.exit_row.id, is_asserted=True
                )
        return move


def _openings(dossier: Dossier, moves: list[Move], cut: list[Move]) -> dict[Pocket, Opening]:
    """Return the opening of every pocket that can give or receive (choice 5), from all rows given."""
    pockets: set[Pocket] = set()
    for move in moves + cut:
        pockets |= {pocket for pocket in (move.source, move.target) if pocket is not None}
    given: dict[Pocket, tuple[datetime, int]] = {}
    for row in dossier.openings.iter_rows(named=True):
        given.setdefault(Pocket(row["account"], row["currency"]), (row["time"], row["balance"]))
    return {pocket: _opening(pocket, given.get(pocket), moves) for pocket in sorted(pockets)}


def _opening(pocket: Pocket, given: tuple[datetime, int] | None, moves: list[Move]) -> Opening:
    if given is not None:
        time, balance = given
        before = sum(_change(pocket, move) for move in moves if move.row.time < time)
        return Opening(max(0, balance - before), "given")
    running, lowest, stated = 0, 0, None
    for move in moves:
        running += _change(pocket, move)
        lowest = min(lowest, running)
        if stated is None:
            said = _stated(pocket, move.row)
            stated = None if said is None else said - running
    if stated is not None:
        return Opening(max(0, stated), "stated")
    return Opening(-lowest, "smallest")


def _change(pocket: Pocket, move: Move) -> int:
    gives = pocket in (move.source, move.returns)
    return move.row.amount * ((move.target == pocket) - gives)


def _stated(pocket: Pocket, row: Row) -> int | None:
    if row.payer_pocket == pocket and row.payer_balance is not None:
        return row.payer_balance
    return row.payee_balance if row.payee_pocket == pocket else None


def _with_holds(moves: list[Move], dossier: Dossier, options: Options) -> list[Event]:
    """Merge holds in: at one instant transfers, then releases, then holds (choice 1)."""
    timed: list[tuple[datetime, int, int, Event]] = [
        (m.row.time, 0, i, m) for i, m in enumerate(moves)
    ]
    for number, row in enumerate(dossier.holds.iter_rows(named=True)):
        pocket = Pocket(row["account"], row["currency"])
        timed.append(
            (row["time"], 2, number, HoldStart(number, pocket, row["amount"], row["time"]))
        )
        if row["until"] is not None:
            timed.append((row["until"], 1, number, HoldEnd(number, pocket, row["until"])))
    timed.sort(key=lambda item: item[:3])
    return [event for time, _, _, event in timed if options.as_of is None or time <= options.as_of]
