"""The short way from a small case's rows to the course of its money: the same kernels as `trace`, and no frames around them.

A frame costs the same for ten rows as for ten thousand, and a trail takes some hundred and fifty operations on frames: for a
case of some hundred rows that is nearly all of its time. Here rows are plain lists. What a case of the chase never has is not
known here: links, reversals by id, cuts in time, given openings, horizons. The course is that of the trail, to the unit; a
property test holds both against each other.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from recoup.trace.course import Carried, Course, Left, Lies, Lost, Moved
from recoup.trace.events import Events, Held, Marked, Specials, lay_events
from recoup.trace.follow import Followed, follow
from recoup.trace.kernels import books
from recoup.trace.ledger import (
    BRIDGED,
    I32,
    INFERRED,
    KNOWN,
    OUTSIDE,
    TERMINAL,
    TRANSIT,
    UNKNOWN,
    Ledger,
    number_pockets,
)
from recoup.trace.openings import Openings, openings_of
from recoup.trace.trail import Options

ROWS_MAX: Final = 8_000
"""Rows that go the short way: past some ten thousand frames are quicker, and sums of so many rows still fit 64 bits."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=ZoneInfo("UTC"))
"""In the zone object that frames give: an instant's text, and with it a digest, shows it."""
_AFTER_TRANSIT: Final = TRANSIT[:-1] + chr(ord(TRANSIT[-1]) + 1)
"""The first text behind all that begin with it."""
_MOVED: Final = frozenset(
    map(int, (books.MOVED, books.EXITED, books.REVERSED, books.CONVERTED, books.OPENED))
)
_LEFT: Final = {
    int(books.EXITED): "",
    int(books.TO_VICTIM): "to_victim",
    int(books.REVERSED): "reversed",
    int(books.CONVERTED): "converted",
}
"""Kind of an exit by fate; '' for the transfer's own."""
_ARRIVED: Final = frozenset(map(int, (books.OPENED, books.EXITED, books.TO_VICTIM)))


@dataclass(frozen=True, slots=True)
class Rows:
    """Transfers in total order, column by column; texts are '' for none. The bridge is always open."""

    ids: Sequence[str]
    times: Sequence[int]
    """Microseconds since 1970."""
    payers: Sequence[str]
    payees: Sequence[str]
    amounts: Sequence[int]
    currencies: Sequence[str]
    kinds: Sequence[str]
    references: Sequence[str]
    payee_institutions: Sequence[str]
    payer_balances: Sequence[int | None]
    payee_balances: Sequence[int | None]
    _laid: list[_Laid] = field(default_factory=list, init=False, compare=False, repr=False)
    """How they were laid out last; what is made of them by changing a column is laid out anew."""

    def ordered(self, order: Sequence[int]) -> Rows:
        """Return the same rows in another order."""
        columns = [one.name for one in fields(self) if one.compare]
        return Rows(*([getattr(self, name)[n] for n in order] for name in columns))

    def laid_for(self, case: SmallCase) -> _Laid:
        """Return the rows laid out for a case; where only claims and holds are others than before, as they were."""
        if self._laid and self._laid[0].fits(case):
            return self._laid[0]
        rows, pairs = _settled(self)
        names, ledger = _ledger(case, rows)
        openings = openings_of(ledger, _stated(rows, ledger))
        index = {name: row for row, name in enumerate(rows.ids)}
        pockets = zip(ledger.pocket_account.tolist(), ledger.pocket_currency.tolist(), strict=True)
        of_pocket = {place: number for number, place in enumerate(pockets)}
        at = {(names[a], ledger.currencies[c]): n for (a, c), n in of_pocket.items() if a >= 0}
        laid = _Laid(rows, case.known, case.terminal, pairs, names, ledger, openings, index, at)
        self._laid[:] = [laid]
        return laid


@dataclass(frozen=True, slots=True)
class _Laid:
    """Rows laid out for the kernels, as long as they, and which accounts have statements or are exits, stay as they are."""

    rows: Rows
    known: AbstractSet[str]
    terminal: AbstractSet[str]
    pairs: list[tuple[int, int]]
    names: Sequence[str]
    ledger: Ledger
    openings: Openings
    index: Mapping[str, int]
    pockets: Mapping[tuple[str, str], int]
    """By account and currency."""

    def fits(self, case: SmallCase) -> bool:
        """Whether a case of the same rows is laid out so: every hold lies where rows, or the holds of before, have a pocket."""
        if (self.known, self.terminal) != (case.known, case.terminal):
            return False
        return all((one.account, one.currency) in self.pockets for one in case.holds)


@dataclass(frozen=True, slots=True)
class Disputed:
    """A claim: its id, the disputed transfer, whether it is admitted."""

    claim: str
    transfer: str
    is_admitted: bool


@dataclass(frozen=True, slots=True)
class Kept:
    """What an institution holds, from an instant on (microseconds since 1970)."""

    account: str
    currency: str
    amount: int
    time: int


@dataclass(frozen=True, slots=True)
class SmallCase:
    """All that a small case's course follows from."""

    rows: Rows
    claims: Sequence[Disputed]
    """Sorted by id."""
    known: AbstractSet[str]
    terminal: AbstractSet[str] = frozenset()
    holds: Sequence[Kept] = ()

    @property
    def is_fit(self) -> bool:
        """Whether it is small enough for the short way."""
        return len(self.rows.ids) <= ROWS_MAX


@dataclass(frozen=True, slots=True)
class _Scene:
    """A small case laid out for the kernels."""

    case: SmallCase
    rows: Rows
    names: Sequence[str]
    ledger: Ledger
    held: I32
    """Pocket of each hold."""
    events: Events

    def account(self, pocket: int) -> str:
        """Return the account of a pocket; '' for the outside."""
        return self.names[int(self.ledger.pocket_account[pocket])] if pocket else ""

    def currency(self, pocket: int) -> str:
        """Return the currency of a pocket."""
        return self.ledger.currencies[int(self.ledger.pocket_currency[pocket])] if pocket else ""


def short_way(case: SmallCase, rule: str) -> Course:
    """Return the course of a case that is fit, by fifo, lifo, rolling or lowest-balance; `LimitFault` as `trace_dossier`."""
    laid = case.rows.laid_for(case)
    rows, ledger, openings = laid.rows, laid.ledger, laid.openings
    held = np.array([laid.pockets[one.account, one.currency] for one in case.holds], np.int32)
    specials = Specials(len(rows.ids))
    roots = [laid.index[claim.transfer] for claim in case.claims]
    assert len(set(roots)) == len(roots), "a transfer has at most one claim"
    for number, (row, claim) in enumerate(zip(roots, case.claims, strict=True)):
        specials.mark(row, books.ROOT, claim=number, admitted=int(claim.is_admitted))
    holds = [Held(int(at), one.amount, one.time) for at, one in zip(held, case.holds, strict=True)]
    marked = Marked(specials, roots, [], laid.pairs, holds)
    events = lay_events(ledger, openings, marked, Options())
    found = follow(rule, ledger, openings, events, holds_count=len(holds))
    return _named(_Scene(case, rows, laid.names, ledger, held, events), found)


def _settled(rows: Rows) -> tuple[Rows, list[tuple[int, int]]]:
    """Return the rows with every conversion's credit right after its debit of the same instant, and the conversions."""
    pairs = _pairs(rows)
    after = {
        credit: debit
        for debit, credit in pairs
        if rows.times[debit] == rows.times[credit] and credit != debit + 1
    }
    if not after:
        return rows, pairs
    order = sorted(range(len(rows.ids)), key=lambda n: (after.get(n, n), n in after))
    rows = rows.ordered(order)
    return rows, _pairs(rows)


def _pairs(rows: Rows) -> list[tuple[int, int]]:
    """Return (debit, credit) of conversions: one reference, one row that leaves and one that arrives from outside."""
    out: dict[str, list[int]] = {}
    back: dict[str, list[int]] = {}
    for row, kind in enumerate(rows.kinds):
        reference = rows.references[row]
        if kind == "conversion" and reference:
            payer, payee = rows.payers[row], rows.payees[row]
            if payer and not payee:
                out.setdefault(reference, []).append(row)
            elif payee and not payer:
                back.setdefault(reference, []).append(row)
    return [
        (debit, credit)
        for reference, (debit, *more) in out.items()
        for credit, *others in [back.get(reference, [-1])]
        if credit >= 0 and not more and not others and rows.times[credit] >= rows.times[debit]
    ]


def _ledger(case: SmallCase, rows: Rows) -> tuple[list[str], Ledger]:
    """Return account names sorted by code point, and the arrays."""
    named = {*rows.payers, *rows.payees, *(hold.account for hold in case.holds)} - {""}
    names = sorted(named)
    currencies = tuple(sorted({*rows.currencies, *(hold.currency for hold in case.holds)}))
    codes = {name: n for n, name in enumerate(names)} | {"": -1}
    places = {name: n for n, name in enumerate(currencies)}

    def coded(texts: Sequence[str], numbers: Mapping[str, int]) -> I32:
        return np.fromiter(map(numbers.__getitem__, texts), np.int32, len(texts))

    currency = coded(rows.currencies, places)
    holds = (
        coded([hold.account for hold in case.holds], codes),
        coded([hold.currency for hold in case.holds], places),
    )
    size = (len(names), len(currencies))
    payers, payees = coded(rows.payers, codes), coded(rows.payees, codes)
    pockets = number_pockets(payers, payees, currency, [holds], size)
    by_account = np.full(len(names), BRIDGED, np.uint8)
    for value, some in ((KNOWN, case.known), (TERMINAL, case.terminal)):
        if value == TERMINAL:  # a name like a link's is unknown, unless it is an exit
            by_account[bisect_left(names, TRANSIT) : bisect_left(names, _AFTER_TRANSIT)] = UNKNOWN
        by_account[[codes[name] for name in some if name in named]] = value
    standing = np.concatenate([[TERMINAL], by_account[pockets.account[1:]]]).astype(np.uint8)
    payer = pockets.payer
    carries = (standing[payer] == KNOWN) | (standing[payer] == BRIDGED)
    ledger = Ledger(
        accounts=pl.Series(names, dtype=pl.String),
        currencies=currencies,
        pocket_account=pockets.account,
        pocket_currency=pockets.currency,
        standing=standing,
        payer=payer,
        payee=pockets.payee,
        source=np.where(carries, payer, OUTSIDE).astype(np.int32),
        amount=np.array(rows.amounts, np.int64),
        time=np.array(rows.times, np.int64),
        currency=currency,
        mark=np.where(standing[payer] == BRIDGED, INFERRED, 0).astype(np.uint8),
    )
    return names, ledger


def _stated(rows: Rows, ledger: Ledger) -> Iterator[tuple[int, int]]:
    """Yield the opening of every pocket that its first stated balance implies: the balance less what moved until then."""
    count = len(ledger.standing)
    running, is_told = [0] * count, [False] * count
    sides = zip(
        ledger.payer.tolist(),
        ledger.payee.tolist(),
        rows.amounts,
        rows.payer_balances,
        rows.payee_balances,
        strict=True,
    )
    for payer, payee, amount, payer_balance, payee_balance in sides:
        if payer != payee:  # a self transfer moves nothing
            running[payer] -= amount
        if payer_balance is not None and payer and not is_told[payer]:
            is_told[payer] = True
            yield payer, payer_balance - running[payer]
        if payer != payee:
            running[payee] += amount
        if payee_balance is not None and payee and not is_told[payee]:
            is_told[payee] = True
            yield payee, payee_balance - running[payee]


def _instant(microseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=microseconds)


def _named(scene: _Scene, found: Followed) -> Course:
    """Return what was found in names, conserved."""
    case, rows, ledger = scene.case, scene.rows, scene.ledger
    located, unknown = _lying(scene, found)
    flows, exits = _moves(scene, found)
    losses = _losses(scene, found)
    numbers = sorted({row for _, row, *_ in flows} | {row for _, row, *_ in exits})
    moved = {
        rows.ids[row]: Moved(
            rows.ids[row],
            rows.payers[row],
            rows.payees[row],
            rows.currencies[row],
            rows.amounts[row],
            _instant(rows.times[row]),
            rows.references[row],
            rows.payee_institutions[row],
        )
        for row in numbers
    }
    left = [_exit(scene, *one) for one in exits]
    _check(losses, (*located, *unknown, *left))
    return Course(
        located=located,
        unknown=unknown,
        exits=tuple(sorted(left, key=lambda one: (*one[:2], one.currency, one.kind))),
        flows=tuple(
            Carried(case.claims[number].claim, rows.ids[row], depth, amount, inferred)
            for number, row, depth, amount, inferred in flows
        ),
        losses=losses,
        hops=_hops(scene, ledger, flows),
        moved=moved,
        known=frozenset(case.known),
    )


def _lying(scene: _Scene, found: Followed) -> tuple[tuple[Lies, ...], tuple[Lies, ...]]:
    """Return what lies in known and in unknown accounts, a row per claim and pocket."""
    sums: dict[tuple[int, int], list[int]] = {}
    columns = (found.pocket, found.colour, found.amount, found.since, found.hold)
    parcels = zip(*(column.tolist() for column in columns), strict=True)
    for at, colour, amount, since, hold in parcels:
        pocket = int(scene.held[hold]) if hold >= 0 else at
        if colour >= 0:
            _add(sums, (colour >> 2, pocket), colour, amount, since)
    lies: tuple[list[Lies], list[Lies]] = ([], [])
    for (number, pocket), (amount, inferred, since) in sums.items():
        is_unknown = scene.ledger.standing[pocket] in (UNKNOWN, BRIDGED)
        lies[is_unknown].append(
            Lies(
                scene.case.claims[number].claim,
                scene.account(pocket),
                scene.currency(pocket),
                amount,
                _instant(int(scene.events.time[since])),
                inferred,
            )
        )
    return tuple(sorted(lies[False])), tuple(sorted(lies[True]))


def _add(
    sums: dict[tuple[int, int], list[int]],
    key: tuple[int, int],
    colour: int,
    amount: int,
    least: int,
) -> None:
    """Add to [amount, what of it was inferred, the least of a number]."""
    known = sums.get(key)
    if known is None:
        sums[key] = known = [0, 0, least]
    known[0] += amount
    known[1] += amount if colour & INFERRED else 0
    known[2] = min(known[2], least)


_Flow = tuple[int, int, int, int, int]
_Exit = tuple[int, int, int, int, int]


def _moves(scene: _Scene, found: Followed) -> tuple[list[_Flow], list[_Exit]]:
    """Return (claim, row, depth, amount, inferred) of flows and (claim, row, fate, amount, inferred) of exits, in order."""
    flows: dict[tuple[int, int], list[int]] = {}
    exits: dict[tuple[int, int], dict[tuple[int, int], list[int]]] = {}
    names = ("amount", "colour", "event", "depth", "fate")
    columns = [found.flows[name].tolist() for name in names]
    row_of = scene.events.row
    for amount, colour, event, depth, fate in zip(*columns, strict=True):
        key = (colour >> 2, int(row_of[event]))
        if fate in _MOVED:
            _add(flows, key, colour, amount, depth)
        if fate in _LEFT:
            _add(exits.setdefault(key, {}), (fate, 0), colour, amount, depth)
    return [
        (*key, depth, amount, inferred) for key, (amount, inferred, depth) in sorted(flows.items())
    ], [
        (*key, fate, amount, inferred)
        for key, fates in sorted(exits.items())
        for (fate, _), (amount, inferred, _) in sorted(fates.items())
        if amount
    ]


def _exit(scene: _Scene, number: int, row: int, fate: int, amount: int, inferred: int) -> Left:
    """Return an exit by name: the account reached if it is a terminal one, else the one that the money left."""
    ledger, kind = scene.ledger, _LEFT[fate]
    payer, payee = int(ledger.payer[row]), int(ledger.payee[row])
    at_terminal = not kind and payee != OUTSIDE
    if not kind:
        own = scene.rows.kinds[row]
        kind = "terminal" if at_terminal and own in {"", "transfer"} else own
    account = scene.account(payee if at_terminal else payer)
    claim, name = scene.case.claims[number].claim, scene.rows.ids[row]
    return Left(claim, name, account, scene.rows.currencies[row], kind, amount, inferred)


def _losses(scene: _Scene, found: Followed) -> tuple[Lost, ...]:
    """Return the disputed amounts, and what conversions opened in other currencies; of a claim not admitted its own part."""
    events, rows, flows = scene.events, scene.rows, found.flows
    out: dict[tuple[str, str], int] = {}
    for number, (claim, root) in enumerate(
        zip(scene.case.claims, events.root.tolist(), strict=True)
    ):
        row = int(events.row[root])
        loss = rows.amounts[row]
        if not claim.is_admitted:
            own = (flows["event"] == root) & (flows["colour"] >> 2 == number)
            loss = int(flows["amount"][own].sum())
        out[claim.claim, rows.currencies[row]] = loss
    opened = events.op[flows["event"]] & books.CONVERT_IN != 0
    for flow in flows[opened]:
        number, event = int(flow["colour"]) >> 2, int(flow["event"])
        # A disputed credit is its claim's own loss.
        if int(flow["fate"]) in _ARRIVED and events.root[number] != event:
            key = (scene.case.claims[number].claim, rows.currencies[int(events.row[event])])
            out[key] = out.get(key, 0) + int(flow["amount"])
    return tuple(Lost(*key, amount) for key, amount in sorted(out.items()))


def _check(losses: Sequence[Lost], places: Sequence[Lies | Left]) -> None:
    """Assert that what was lost is what lies somewhere or left, to the unit."""
    found: dict[tuple[str, str], int] = {(one.claim, one.currency): 0 for one in losses}
    for place in places:
        assert place.amount >= 0, "money below zero somewhere"
        found[place.claim, place.currency] += place.amount
    for one in losses:
        assert found[one.claim, one.currency] == one.amount, f"money not conserved: {one}"


def _hops(scene: _Scene, ledger: Ledger, flows: Sequence[_Flow]) -> dict[str, int]:
    """Return the fewest hops by account; of an account's currencies the one with most."""
    fewest: dict[int, int] = {}
    for _, row, depth, _, _ in flows:
        for pocket, hops in ((int(ledger.payee[row]), depth), (int(ledger.payer[row]), depth - 1)):
            fewest[pocket] = min(hops, fewest.get(pocket, hops))
    fewest.pop(OUTSIDE, None)
    out: dict[str, int] = {}
    for pocket, hops in fewest.items():
        account = scene.account(pocket)
        out[account] = max(hops, out.get(account, hops))
    return dict(sorted(out.items()))


__all__ = ["ROWS_MAX", "Disputed", "Kept", "Rows", "SmallCase", "short_way"]
