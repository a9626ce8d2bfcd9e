"""Events: the ledger's transfers with holds, releases and assumed credits put in their places, ready for a kernel.

Order within one instant: transfers, then releases, then holds; an assumed credit comes right before its debit. What the
special ones need (claim, original of a reversal, slot of a hold or conversion) stands in `specials`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt
import polars as pl

from recoup.records.dossier import Dossier
from recoup.records.tables import INSTANT
from recoup.trace.kernels import books
from recoup.trace.ledger import BRIDGED, I32, I64, KNOWN, OUTSIDE, U8, Ledger
from recoup.trace.openings import Openings
from recoup.trace.trail import Options

Record = npt.NDArray[np.void]
NEVER = 2**31 - 1


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


def microseconds(instant: datetime) -> int:
    """Return `instant` as int64 microseconds since 1970 UTC."""
    return int(pl.Series([instant], dtype=INSTANT).to_physical()[0])


def settle_order(transfers: pl.DataFrame) -> pl.DataFrame:
    """Return the transfers with every conversion's credit right after its debit of the same instant."""
    pairs = conversion_pairs(transfers).filter(pl.col("credit") < pl.col("debit"))
    if pairs.is_empty():
        return transfers
    moved = pairs.select(at=pl.col("credit"), key=pl.col("debit") + 0.5)
    keyed = transfers.with_row_index("at").with_columns(pl.col("at").cast(pl.Int64))
    keyed = keyed.join(moved, on="at", how="left", maintain_order="left")
    return keyed.sort(pl.coalesce("key", pl.col("at").cast(pl.Float64))).drop("at", "key")


def conversion_pairs(transfers: pl.DataFrame) -> pl.DataFrame:
    """Return (debit, credit) rows of conversions: kind conversion, one reference, one leaving and one arriving from outside."""
    rows = transfers.lazy().with_row_index("at").filter((pl.col("kind") == "conversion") & (pl.col("reference") != ""))
    rows = rows.with_columns(pl.col("at").cast(pl.Int64))
    debits = rows.filter((pl.col("payer") != "") & (pl.col("payee") == "")).select("reference", "time", debit="at")
    credits = rows.filter((pl.col("payer") == "") & (pl.col("payee") != "")).select("reference", "time", credit="at")
    once = pl.len().over("reference") == 1
    pairs = debits.filter(once).join(credits.filter(once), on="reference", suffix="_credit")
    return pairs.filter(pl.col("time_credit") >= pl.col("time")).select("debit", "credit").sort("debit").collect()


def _rows_of(transfers: pl.DataFrame, ids: pl.Series) -> I32:
    """Return the row of each transfer id, -1 where there is none."""
    index = transfers.lazy().select("id").with_row_index("at").filter(pl.col("id").is_in(ids.unique().implode()))
    found = ids.to_frame("id").join(index.collect(), on="id", how="left", maintain_order="left")
    return found["at"].cast(pl.Int32).fill_null(-1).to_numpy()


class _Specials:
    """Collects the arguments of rows that are not plain, one record a row."""

    def __init__(self, rows_count: int) -> None:
        self.op = np.zeros(rows_count, np.uint8)
        self.index = np.full(rows_count, -1, np.int32)
        self.records: list[tuple[int, int, int, int, int, int]] = []

    def mark(self, row: int, bit: int, **fields: int) -> None:
        """Set `bit` on `row` and the named fields of its record."""
        self.op[row] |= bit
        if self.index[row] < 0:
            self.index[row] = len(self.records)
            self.records.append((-1, 1, -1, -1, -1, 0))
        at = int(self.index[row])
        names = books.SPECIAL.names or ()
        self.records[at] = tuple(  # type: ignore[assignment]
            fields.get(name, old) for name, old in zip(names, self.records[at], strict=True)
        )


def _mark_reversals(transfers: pl.DataFrame, specials: _Specials, roots: dict[int, int]) -> list[int]:
    """Mark reversals and the transfers they reverse; return the rows of the latter in slot order."""
    reversals = transfers.with_row_index("at").filter((pl.col("kind") == "reversal") & (pl.col("reverses") != ""))
    originals = _rows_of(transfers, reversals["reverses"])
    slots: dict[int, int] = {}
    for row, original in zip(reversals["at"], originals, strict=True):
        if original < 0 or original >= row:
            continue
        slot = slots.setdefault(int(original), len(slots))
        specials.mark(int(original), books.WATCHED, original=slot)
        specials.mark(int(row), books.REVERSAL, original=slot, original_claim=roots.get(int(original), -1))
    return list(slots)


def _mark_claims(transfers: pl.DataFrame, claims: pl.DataFrame, specials: _Specials) -> dict[int, int]:
    """Mark the disputed transfers; return row -> claim number."""
    rows = _rows_of(transfers, claims["transfer"])
    for number, (row, admitted) in enumerate(zip(rows, claims["admitted"], strict=True)):
        specials.mark(int(row), books.ROOT, claim=number, admitted=int(admitted))
    return {int(row): number for number, row in enumerate(rows)}


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


def _extras(ledger: Ledger, openings: Openings, dossier: Dossier) -> list[_Extra]:
    """Return holds, releases and assumed credits in order."""
    out: list[_Extra] = []
    for row, (account, currency, amount, time, until) in enumerate(dossier.holds.iter_rows()):
        pocket = ledger.pocket(account, currency)
        if ledger.standing[pocket] not in (KNOWN, BRIDGED):
            continue  # nothing of an account without a statement is known well enough to be set aside
        for instant, rank, op in ((time, 1, books.HOLD), (until, 0, books.RELEASE)):
            if instant is not None:
                at = microseconds(instant)
                before = int(np.searchsorted(ledger.time, at, side="right"))
                out.append(_Extra(before, at, rank, row, op, pocket, amount))
    for row, amount in zip(openings.credit_row, openings.credit_amount, strict=True):
        out.append(_Extra(int(row), int(ledger.time[row]), 2, 0, 0, int(ledger.source[row]), int(amount)))
    return sorted(out, key=lambda extra: (extra.before, extra.time, extra.rank, extra.row))


def _cuts(claims: pl.DataFrame, root: I32, time: I64, options: Options) -> I32:
    """Return per claim the first event past its horizon; 0 for a claim disputed before `since`."""
    cut = np.full(len(claims), NEVER, np.int64)
    disputed = time[root]
    if options.horizon is not None:
        limit = disputed + options.horizon // timedelta(microseconds=1)
        cut = np.searchsorted(time, limit, side="right")
    if options.since is not None:
        cut[disputed < microseconds(options.since)] = 0
    return cut.astype(np.int32)


def arrange(ledger: Ledger, openings: Openings, dossier: Dossier, claims: pl.DataFrame, options: Options) -> Events:
    """Return the events of `ledger` for `claims` (schema tables.CLAIMS, sorted by id)."""
    transfers = dossier.transfers
    rows_count = len(transfers)
    specials = _Specials(rows_count)
    roots = _mark_claims(transfers, claims, specials)
    originals = _mark_reversals(transfers, specials, roots)
    holds_count = len(dossier.holds)
    pairs = conversion_pairs(transfers)
    for slot, (debit, credit) in enumerate(pairs.iter_rows(), start=holds_count):
        specials.mark(debit, books.CONVERT_OUT, slot=slot)
        specials.mark(credit, books.CONVERT_IN, slot=slot)
    moves = ledger.payer != ledger.payee  # a self transfer moves nothing
    source = np.where(moves, ledger.source, OUTSIDE).astype(np.int32)
    payee = np.where(moves, ledger.payee, OUTSIDE).astype(np.int32)
    op, index, records = specials.op, specials.index, specials.records
    row, amount, time, mark = np.arange(rows_count, dtype=np.int32), ledger.amount, ledger.time, ledger.mark
    extras = _extras(ledger, openings, dossier)
    if extras:
        at = np.array([extra.before for extra in extras])
        plain = np.array([extra.op == 0 for extra in extras])
        pocket = np.array([extra.pocket for extra in extras], np.int32)
        numbers = np.full(len(extras), -1, np.int32)
        for number, extra in enumerate(extras):
            if extra.op:
                numbers[number] = len(records)
                records.append((-1, 1, -1, -1, extra.row, 0))
        source = np.insert(source, at, np.where(plain, OUTSIDE, pocket))
        payee = np.insert(payee, at, np.where(plain, pocket, OUTSIDE))
        amount = np.insert(amount, at, [extra.amount for extra in extras])
        time = np.insert(time, at, [extra.time for extra in extras])
        op = np.insert(op, at, np.array([extra.op for extra in extras], np.uint8))
        index, row, mark = np.insert(index, at, numbers), np.insert(row, at, -1), np.insert(mark, at, 0)
    event_of = np.flatnonzero(row >= 0)
    root = event_of[list(roots)].astype(np.int32) if roots else np.empty(0, np.int32)
    stop = len(time)
    if options.as_of is not None:
        stop = int(np.searchsorted(time, microseconds(options.as_of), side="right"))
    return Events(
        source=source,
        payee=payee,
        amount=np.ascontiguousarray(amount),
        op=op,
        special=index,
        mark=mark,
        row=row,
        time=np.ascontiguousarray(time),
        specials=np.array(records, dtype=books.SPECIAL),
        originals_count=len(originals),
        originals_payees=ledger.payee[originals].astype(np.int32) if originals else np.empty(0, np.int32),
        slots_count=holds_count + len(pairs),
        cut=_cuts(claims, root, time, options),
        root=root,
        stop=stop,
    )
