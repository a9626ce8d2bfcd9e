"""Events: the ledger's transfers with holds, releases and assumed credits put in their places, ready for a kernel.

Order within one instant: transfers, then releases, then holds; an assumed credit comes right before its debit. What the
special ones need (claim, original of a reversal, slot of a hold or conversion) stands in `specials`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from recoup.records.dossier import Dossier
from recoup.records.tables import INSTANT
from recoup.trace.kernels import books, reach
from recoup.trace.ledger import (
    BRIDGED,
    I32,
    I64,
    KNOWN,
    OUTSIDE,
    U8,
    UNKNOWN,
    Ledger,
    fixed,
    pockets_of,
)
from recoup.trace.openings import Openings
from recoup.trace.trail import Options

Record = npt.NDArray[np.void]
NEVER = 2**31 - 1
_PAIRS = {"debit": pl.Int64, "credit": pl.Int64, "at_once": pl.Boolean}


@dataclass(frozen=True)
class Assumed:
    """Credits that had to be assumed, in event order: pocket, minor units, microseconds, whether a hold is why."""

    pocket: I32
    amount: I64
    time: I64
    is_hold: npt.NDArray[np.bool_]


NOTHING_ASSUMED = Assumed(
    np.empty(0, np.int32), np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.bool_)
)


@dataclass(frozen=True)
class Events:
    """Arrays over m events; `stop` of them lie at or before as-of."""

    source: I32
    payee: I32
    amount: I64
    op: U8
    special: I32
    mark: U8
    row: I32
    """Row of the transfer; -1 for a hold, a release or an assumed credit."""
    time: I64
    assumed: Assumed
    specials: Record
    originals_count: int
    originals_payees: I32
    """Pockets that later give back what a reversed transfer brought."""
    slots_count: int
    """Slots [0, holds) are holds by row, the rest conversions."""
    cut: I32
    """Shape (claims,): first event past the claim's horizon; 0 for a claim that is not followed."""
    root: I32
    """Shape (claims,): event of the disputed transfer."""
    stop: int

    def __post_init__(self) -> None:
        """Have the arrays be of one kind, with a hold among the events or none."""
        object.__setattr__(self, "amount", fixed(self.amount))
        object.__setattr__(self, "time", fixed(self.time))

    @property
    def last_time(self) -> int:
        """Microseconds of the last event at or before as-of; -1 when there is none."""
        return int(self.time[self.stop - 1]) if self.stop else -1


def microseconds(instant: datetime) -> int:
    """Return `instant` as int64 microseconds since 1970 UTC."""
    return int(pl.Series([instant], dtype=INSTANT).to_physical()[0])


def settle_order(transfers: pl.DataFrame) -> pl.DataFrame:
    """Return the transfers with every conversion's credit right after its debit of the same instant."""
    pairs = conversion_pairs(transfers).filter(
        pl.col("at_once") & (pl.col("credit") != pl.col("debit") + 1)
    )
    if pairs.is_empty():
        return transfers
    moved = pairs.select(at=pl.col("credit"), key=pl.col("debit") + 0.5)
    keyed = transfers.with_row_index("at").with_columns(pl.col("at").cast(pl.Int64))
    keyed = keyed.join(moved, on="at", how="left", maintain_order="left")
    return keyed.sort(pl.coalesce("key", pl.col("at").cast(pl.Float64))).drop("at", "key")


def conversion_pairs(transfers: pl.DataFrame) -> pl.DataFrame:
    """Return (debit, credit, at_once) of conversions: one reference, one row that leaves and one that arrives from outside."""
    if not (transfers["kind"] == "conversion").any():  # nearly always: there is nothing to pair
        return pl.DataFrame(schema=_PAIRS)
    rows = (
        transfers.lazy()
        .with_row_index("at")
        .filter((pl.col("kind") == "conversion") & (pl.col("reference") != ""))
    )
    rows = rows.with_columns(pl.col("at").cast(pl.Int64))
    debits = rows.filter((pl.col("payer") != "") & (pl.col("payee") == "")).select(
        "reference", "time", debit="at"
    )
    credits = rows.filter((pl.col("payer") == "") & (pl.col("payee") != "")).select(
        "reference", "time", credit="at"
    )
    once = pl.len().over("reference") == 1
    pairs = debits.filter(once).join(credits.filter(once), on="reference", suffix="_credit")
    return (
        pairs.filter(pl.col("time_credit") >= pl.col("time"))
        .select("debit", "credit", at_once=pl.col("time") == pl.col("time_credit"))
        .sort("debit")
        .collect()
    )


def _rows_of(transfers: pl.DataFrame, ids: pl.Series) -> I32:
    """Return the row of each transfer id, -1 where there is none."""
    index = (
        transfers.lazy()
        .select("id")
        .with_row_index("at")
        .filter(pl.col("id").is_in(ids.unique().implode()))
    )
    found = ids.to_frame("id").join(index.collect(), on="id", how="left", maintain_order="left")
    return found["at"].cast(pl.Int32).fill_null(-1).to_numpy()


class Specials:
    """Collects the arguments of rows that are not plain, one record a row."""

    def __init__(self, rows_count: int) -> None:
        self.op = np.zeros(rows_count, np.uint8)
        self.index = np.full(rows_count, -1, np.int32)
        self.records: list[tuple[int, ...]] = []

    def mark(self, row: int, bit: int, **fields: int) -> None:
        """Set `bit` on `row` and the named fields of its record."""
        self.op[row] |= bit
        if self.index[row] < 0:
            self.index[row] = len(self.records)
            self.records.append(books.PLAIN_SPECIAL)
        at = int(self.index[row])
        names = books.SPECIAL.names or ()
        self.records[at] = tuple(
            fields.get(name, old) for name, old in zip(names, self.records[at], strict=True)
        )


def _mark_reversals(
    transfers: pl.DataFrame, ledger: Ledger, specials: Specials, roots: dict[int, int]
) -> list[int]:
    """Mark reversals and the transfers they reverse; return the rows of the latter in slot order.

    The row is -1 for the slot of reversals that take by the rule alone.
    """
    reversals = transfers.with_row_index("at").filter(
        (pl.col("kind") == "reversal") & (pl.col("reverses") != "")
    )
    originals = _rows_of(transfers, reversals["reverses"])
    slots: dict[int, int] = {}
    for row, original in zip(reversals["at"], originals, strict=True):
        if original < 0 or original >= row:
            continue
        payer, payee = ledger.payer[row], ledger.payee[row]
        waits = bool(ledger.transits[ledger.payee[original]])
        # A link's entry takes what crosses; a bridged account that a link's exit never reached has no very units of it.
        is_plain = ledger.transits[payer] or (waits and ledger.standing[payer] == BRIDGED)
        slot = slots.setdefault(-1 if is_plain else int(original), len(slots))
        rest_clean = int(
            ledger.standing[payer] == UNKNOWN
            and not ledger.transits[payer]
            and not ledger.transits[payee]
        )
        if not is_plain:
            specials.mark(int(original), books.WATCHED, watched=slot)
        specials.mark(
            int(row),
            books.REVERSAL,
            original=slot,
            original_claim=roots.get(int(original), -1),
            rest_clean=rest_clean,
            transit=int(ledger.payee[original]) if waits and not is_plain else -1,
        )
    return list(slots)


def _mark_claims(
    transfers: pl.DataFrame, claims: pl.DataFrame, specials: Specials
) -> dict[int, int]:
    """Mark the disputed transfers; return row -> claim number."""
    rows = _rows_of(transfers, claims["transfer"])
    for number, (row, admitted) in enumerate(zip(rows, claims["admitted"], strict=True)):
        specials.mark(int(row), books.ROOT, claim=number, admitted=int(admitted))
    return {int(row): number for number, row in enumerate(rows)}


class Held(NamedTuple):
    """A hold: its pocket, minor units, microseconds of its beginning and, if it has one, of its end."""

    pocket: int
    amount: int
    time: int
    until: int | None = None


@dataclass(frozen=True)
class _Extra:
    """An event that is no transfer, to stand before transfer row `before`."""

    before: int
    time: int
    rank: int
    row: int
    op: int
    pocket: int
    amount: int


def _given_holds(ledger: Ledger, dossier: Dossier) -> list[Held]:
    holds = dossier.holds
    pockets = pockets_of(ledger, holds["account"], holds["currency"].to_list())
    return [
        Held(
            pocket,
            amount,
            microseconds(time),
            None if until is None else microseconds(until),
        )
        for pocket, (_, _, amount, time, until) in zip(pockets, holds.iter_rows(), strict=True)
    ]


def _holds(ledger: Ledger, given: Sequence[Held]) -> list[_Extra]:
    """Return holds and releases in order."""
    out: list[_Extra] = []
    for row, (pocket, amount, time, until) in enumerate(given):
        if ledger.standing[pocket] not in (KNOWN, BRIDGED):
            continue  # nothing of an account without a statement is known well enough to be set aside
        for at, rank, op in ((time, 1, books.HOLD), (until, 0, books.RELEASE)):
            if at is not None:
                before = int(np.searchsorted(ledger.time, at, side="right"))
                out.append(_Extra(before, at, rank, row, op, pocket, amount))
    return sorted(out, key=lambda extra: (extra.before, extra.time, extra.rank, extra.row))


@dataclass
class _Lane:
    """The event arrays while they are put together."""

    source: I32
    payee: I32
    amount: I64
    op: U8
    special: I32
    mark: U8
    row: I32
    time: I64

    def insert(self, at: I64, pocket: I32, amount: I64, op: U8, special: I32, time: I64) -> None:
        """Insert events before positions `at`: an op of 0 is a credit of `pocket`, any other acts on it."""
        plain = op == 0
        self.source = np.insert(self.source, at, np.where(plain, OUTSIDE, pocket))
        self.payee = np.insert(self.payee, at, np.where(plain, pocket, OUTSIDE))
        self.amount = fixed(np.insert(self.amount, at, amount))
        self.time = fixed(np.insert(self.time, at, time))
        self.op, self.special = np.insert(self.op, at, op), np.insert(self.special, at, special)
        self.mark, self.row = np.insert(self.mark, at, 0), np.insert(self.row, at, -1)


def _insert_holds(lane: _Lane, holds: list[_Extra], records: list[tuple[int, ...]]) -> None:
    """Put holds and releases in their places, each with a record that names its slot."""
    first = len(records)
    records.extend((-1, 1, -1, -1, hold.row, -1, 0, -1) for hold in holds)
    lane.insert(
        np.array([hold.before for hold in holds]),
        np.array([hold.pocket for hold in holds], np.int32),
        np.array([hold.amount for hold in holds]),
        np.array([hold.op for hold in holds], np.uint8),
        np.arange(first, len(records), dtype=np.int32),
        np.array([hold.time for hold in holds]),
    )


def _insert_credits(lane: _Lane, openings: Openings, holds: list[_Extra]) -> Assumed:
    """Put an assumed credit before every debit that finds too little free money."""
    slot = np.full(len(lane.time), -1, np.int64)
    slot[(lane.op & (books.HOLD | books.RELEASE)) != 0] = [hold.row for hold in holds]
    slots_count = max((hold.row for hold in holds), default=-1) + 1
    at, credit, is_hold = reach.find_shortfalls(
        lane.source, lane.payee, lane.amount, lane.op, slot, openings.amount, slots_count
    )
    pocket = lane.source[at]
    assumed = Assumed(pocket, credit, lane.time[at], is_hold)
    if len(at):
        nothing = np.zeros(len(at), np.uint8)
        lane.insert(at, pocket, credit, nothing, np.full(len(at), -1, np.int32), lane.time[at])
    return assumed


def _cuts(root: I32, time: I64, options: Options) -> I32:
    """Return per claim the first event past its horizon; 0 for a claim disputed before `since`."""
    cut = np.full(len(root), NEVER, np.int64)
    disputed = time[root]
    if options.horizon is not None:
        limit = disputed + options.horizon // timedelta(microseconds=1)
        cut = np.searchsorted(time, limit, side="right")
    if options.since is not None:
        cut[disputed < microseconds(options.since)] = 0
    return cut.astype(np.int32)


@dataclass(frozen=True)
class Marked:
    """Which rows of a ledger are not plain, and the holds between them."""

    specials: Specials
    roots: list[int]
    """Row of the disputed transfer by claim."""
    originals: list[int]
    """Rows that are reversed later, in slot order."""
    pairs: Sequence[tuple[int, ...]]
    """Debit and credit of conversions."""
    holds: Sequence[Held]


def arrange(
    ledger: Ledger, openings: Openings, dossier: Dossier, claims: pl.DataFrame, options: Options
) -> Events:
    """Return the events of `ledger` for `claims` (schema tables.CLAIMS, sorted by id)."""
    transfers = dossier.transfers
    specials = Specials(len(transfers))
    roots = _mark_claims(transfers, claims, specials)
    marked = Marked(
        specials,
        list(roots),
        _mark_reversals(transfers, ledger, specials, roots),
        conversion_pairs(transfers).select("debit", "credit").rows(),
        _given_holds(ledger, dossier),
    )
    return lay_events(ledger, openings, marked, options)


def lay_events(ledger: Ledger, openings: Openings, marked: Marked, options: Options) -> Events:
    """Return the events of `ledger`: its rows with holds, releases and assumed credits between them."""
    specials, roots, originals = marked.specials, marked.roots, marked.originals
    rows_count, holds_count = len(ledger.amount), len(marked.holds)
    for slot, (debit, credit) in enumerate(marked.pairs, start=holds_count):
        specials.mark(debit, books.CONVERT_OUT, slot=slot)
        specials.mark(credit, books.CONVERT_IN, slot=slot)
    moves = ledger.payer != ledger.payee  # a self transfer moves nothing
    lane = _Lane(
        source=np.where(moves, ledger.source, OUTSIDE).astype(np.int32),
        payee=np.where(moves, ledger.payee, OUTSIDE).astype(np.int32),
        amount=ledger.amount,
        op=specials.op,
        special=specials.index,
        mark=ledger.mark,
        row=np.arange(rows_count, dtype=np.int32),
        time=ledger.time,
    )
    holds = _holds(ledger, marked.holds)
    if holds:
        _insert_holds(lane, holds, specials.records)
    assumed = NOTHING_ASSUMED
    if holds or openings.basis.any():
        assumed = _insert_credits(lane, openings, holds)
    row, time = lane.row, lane.time
    event_of = np.flatnonzero(row >= 0)
    root = event_of[roots].astype(np.int32) if roots else np.empty(0, np.int32)
    stop = len(time)
    if options.as_of is not None:
        stop = int(np.searchsorted(time, microseconds(options.as_of), side="right"))
    return Events(
        source=lane.source,
        payee=lane.payee,
        amount=np.ascontiguousarray(lane.amount),
        op=lane.op,
        special=lane.special,
        mark=lane.mark,
        row=row,
        time=np.ascontiguousarray(time),
        assumed=assumed,
        specials=np.array(specials.records, dtype=books.SPECIAL),
        originals_count=len(originals),
        originals_payees=ledger.payee[originals].astype(np.int32)
        if originals
        else np.empty(0, np.int32),
        slots_count=holds_count + len(marked.pairs),
        cut=_cuts(root, time, options),
        root=root,
        stop=stop,
    )
