"""The flow index of fifo: where any unit of any pocket went, by binary search. One case is followed without a replay.

Built once over the events; holds come as *skips* (which units of which axis are out of the flow, from when until when), since
what a hold takes is decided outside. Dust is not known here: it needs a claim's whole part of a transfer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from recoup.errors import LimitFault
from recoup.trace.events import NEVER, Events
from recoup.trace.kernels import books
from recoup.trace.kernels import index as kernels
from recoup.trace.ledger import I32, I64, OUTSIDE, Ledger
from recoup.trace.memory import cleared
from recoup.trace.openings import Openings

Record = npt.NDArray[np.void]

PARCELS_MAX: Final = 2**26
"""Parcels of one case that are followed; past it the case has spread too far to be followed at once."""

_FIRST_ROOM: Final = 1 << 12


class Skip(NamedTuple):
    """Units [low, high) of a pocket's axis that are out of the flow for events since <= event < until."""

    pocket: int
    low: int
    high: int
    since: int
    until: int = NEVER


class Span(NamedTuple):
    """Units [low, high) within an event, or on a pocket's axis."""

    at: int
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Peek:
    """What a pocket shows: minor units in (opening included) and out, and how many rows leave it."""

    into: int
    out: int
    rows_count: int


@dataclass(frozen=True)
class Case:
    """What became of one case, as records of kernels.index: PARCEL (what events carried) and LYING (where it lies)."""

    parcels: Record
    lying: Record


@dataclass(frozen=True)
class Step:
    """One step of a frontier: what moved, what lies, and the next frontier (records PARCEL, LYING, WORK)."""

    parcels: Record
    lying: Record
    frontier: Record


class FlowIndex:
    """Rows of all pockets by axis position; 40 bytes a transfer and 32 a pocket."""

    def __init__(self, arrays: kernels.Index, events: Events) -> None:
        self._arrays = arrays
        self._events = events
        self._desk = _desk(_FIRST_ROOM)

    @classmethod
    def build(
        cls, ledger: Ledger, openings: Openings, events: Events, skips: Sequence[Skip] = ()
    ) -> FlowIndex:
        """Return the index over events up to as-of. O(n); pockets with reversals or skips are walked exactly."""
        places, rows, into_of = _lay(ledger, openings, events)
        specials = np.concatenate([events.specials, np.zeros(1, books.SPECIAL)])
        claims = specials["claim"][:-1]
        specials["claim"][:-1][
            (claims >= 0) & (np.append(events.cut, 1)[claims] == 0)
        ] = -1  # not followed
        op = events.op[: events.stop]
        rows = _walk_special(rows, places, into_of, events, skips)
        begin, event, low = _refunds(events, op)
        arrays = kernels.Index(
            places=places,
            rows=rows,
            into_of=into_of,
            payee=events.payee,
            amount=events.amount,
            op=events.op,
            mark=events.mark,
            special=events.special,
            specials=specials,
            partner=_partners(events, op),
            refund_begin=begin,
            refund_event=event,
            refund_low=low,
        )
        return cls(arrays, events)

    @property
    def bytes_count(self) -> int:
        """Bytes of the index beside the events it rests on."""
        return int(
            self._arrays.rows.nbytes + self._arrays.places.nbytes + self._arrays.into_of.nbytes
        )

    def peek(self, pocket: int) -> Peek:
        """Return the totals of a pocket."""
        place = self._arrays.places[pocket]
        return Peek(int(place["into"]), int(place["out"]), int(place["end"] - place["begin"]))

    def follow_case(
        self, event: int, *, own: int = -1, cut: int = NEVER, spans: Sequence[Span] | None = None
    ) -> Case:
        """Follow the units of `event` (only `spans` of them, if given) to where they lie at as-of.

        Args:
            event: number of the event, below the events' stop.
            own: number of the claim; -1 for money that no claim disputes.
            cut: first event past the claim's horizon.
            spans: `at` is not read here; offsets within the event.

        Raises `LimitFault` when the case spreads into more than PARCELS_MAX parcels.
        """
        while True:
            desk = self._desk
            if spans is None:
                done = kernels.follow_case(self._arrays, desk, event, own, cut)
            else:
                _ask(desk, [(s.low, s.high, ~event, 0, event, 0) for s in spans])
                done = kernels.follow_work(self._arrays, desk, own, cut, True)
            if done:
                return Case(
                    desk.parcels[: desk.counts[kernels.PARCELS]].copy(),
                    desk.lying[: desk.counts[kernels.LIE]].copy(),
                )
            self._grow()

    def count_case(self, event: int, *, own: int = -1, cut: int = NEVER) -> int:
        """Follow a case and return only how many parcels it has; nothing is copied."""
        while not kernels.follow_case(self._arrays, self._desk, event, own, cut):
            self._grow()
        return int(self._desk.counts[kernels.PARCELS])

    @property
    def arrays(self) -> tuple[kernels.Index, kernels.Desk]:
        """Return what the kernels of following take, for callers that are compiled themselves."""
        return self._arrays, self._desk

    def follow_all(self) -> list[Case]:
        """Follow every claim of the events, by number; claims not admitted get what earlier claims left of their transfer."""
        events = self._events
        cases = [_EMPTY] * len(events.root)
        for number in np.argsort(events.root, kind="stable"):
            root, cut = int(events.root[number]), int(events.cut[number])
            if root >= events.stop or cut == 0:
                continue
            spans = None
            if not events.specials["admitted"][events.special[root]]:
                spans = _left_over(int(events.amount[root]), root, cases)
            cases[number] = self.follow_case(root, own=int(number), cut=cut, spans=spans)
        return cases

    def expand(self, frontier: Record, *, own: int = -1, cut: int = NEVER) -> Step:
        """Follow a frontier (records WORK) one step: the interface by which shards pass a case on."""
        while True:
            desk = self._desk
            _ask(desk, frontier)
            if kernels.follow_work(self._arrays, desk, own, cut, False):
                return Step(
                    desk.parcels[: desk.counts[kernels.PARCELS]].copy(),
                    desk.lying[: desk.counts[kernels.LIE]].copy(),
                    desk.work[len(frontier) : desk.counts[kernels.PENDING]].copy(),
                )
            self._grow()

    def start(self, event: int) -> Record:
        """Return the frontier with which the case of a disputed event begins."""
        out = np.zeros(1, kernels.WORK)
        out[0] = (0, self._events.amount[event], ~event, 0, event, 0)
        return out

    def _grow(self) -> None:
        """Replace the desk by a larger one."""
        room = 2 * len(self._desk.work)
        if room > PARCELS_MAX:
            raise LimitFault("PARCELS_MAX", PARCELS_MAX, room)
        self._desk = _desk(room)


_EMPTY = Case(np.empty(0, kernels.PARCEL), np.empty(0, kernels.LYING))


def _desk(room: int) -> kernels.Desk:
    """Return empty arenas."""
    return kernels.Desk(
        np.empty(room, kernels.WORK),
        np.empty(room, kernels.PARCEL),
        np.empty(room, kernels.LYING),
        np.zeros(3, np.int64),
    )


def _ask(desk: kernels.Desk, items: Record | list[tuple[int, ...]]) -> None:
    """Put the first work on an empty desk; there is room, or the kernel says so before it writes."""
    desk.counts[:] = 0
    count = min(len(items), len(desk.work))
    desk.work[:count] = np.asarray(items, kernels.WORK)[:count]
    desk.counts[kernels.PENDING] = len(items)


def _lay(ledger: Ledger, openings: Openings, events: Events) -> tuple[Record, Record, I64]:
    """Return places, rows and in-offsets with one row a debit."""
    count = len(ledger.standing)
    begins = kernels.count_rows(events.source, events.op, count, events.stop)
    places = cleared(count, kernels.PLACE)
    places["into"] = openings.amount
    places["begin"] = places["end"] = begins[:-1]
    places["sink"] = ledger.sinks
    rows = np.empty(int(begins[-1]), kernels.ROW)
    into_of = np.empty(events.stop, np.int64)
    kernels.lay_rows(
        events.source,
        events.payee,
        events.amount,
        events.op,
        events.mark,
        places,
        rows,
        into_of,
        events.stop,
    )
    return places, rows, into_of


def _walk_special(
    rows: Record, places: Record, into_of: I64, events: Events, skips: Sequence[Skip]
) -> Record:
    """Return the rows with segments, at their end, of the pockets that need an exact walk; `places` points to them."""
    reversals = np.flatnonzero((events.op[: events.stop] & books.REVERSAL) != 0)
    pockets = sorted(
        {*events.source[reversals].tolist(), *(skip.pocket for skip in skips)} - {OUTSIDE}
    )
    if not pockets:
        return rows
    originals = _originals(events, into_of)
    pieces, used = [rows], len(rows)
    for pocket in pockets:
        segments = _walk(
            rows,
            places[pocket],
            events,
            originals,
            [skip for skip in skips if skip.pocket == pocket],
        )
        places["begin"][pocket], places["end"][pocket] = used, used + len(segments)
        used += len(segments)
        pieces.append(segments)
    return np.concatenate(pieces)


def _originals(events: Events, into_of: I64) -> dict[int, tuple[int, int]]:
    """Return reversal event -> axis units [low, high) that the original put there."""
    op, stop = events.op[: events.stop], events.stop
    laid: dict[int, tuple[int, int]] = {}
    for event in np.flatnonzero(op & books.WATCHED).tolist():
        start, amount = int(into_of[event]), int(events.amount[event])
        slot = int(events.specials["watched"][events.special[event]])
        laid[slot] = (0, 0) if op[event] & books.CONVERT_OUT else (start, start + amount)
    reversals = np.flatnonzero(op[:stop] & books.REVERSAL).tolist()
    return {
        event: laid[int(events.specials["original"][events.special[event]])] for event in reversals
    }


def _walk(
    rows: Record,
    place: Record,
    events: Events,
    originals: dict[int, tuple[int, int]],
    skips: list[Skip],
) -> Record:
    """Return the segments of one pocket, ascending on its axis."""
    own = rows[place["begin"] : place["end"]]
    ranges = np.array(
        [originals.get(int(event), (0, 0)) for event in own["event"]], np.int64
    ).reshape(-1, 2)
    is_reversal = (events.op[own["event"]] & books.REVERSAL) != 0
    very_only = is_reversal & (events.specials["rest_clean"][events.special[own["event"]]] != 0)
    changes = [(skip.since, 0, skip.low, skip.high) for skip in skips]
    changes += [(skip.until, 1, skip.low, skip.high) for skip in skips if skip.until != NEVER]
    table = np.array(sorted(changes), np.int64).reshape(-1, 4)
    segments = np.zeros(len(own) + 4 * (int(is_reversal.sum()) + len(changes)) + 4, kernels.ROW)
    columns = [*ranges.T, very_only, table[:, 0], table[:, 2], table[:, 3], table[:, 1] == 1]
    columns = [np.ascontiguousarray(column) for column in columns]
    count = kernels.walk_axis(own, place["into"], *columns, segments)
    segments = segments[:count]
    ordered: Record = segments[np.argsort(segments["out"], kind="stable")]
    return ordered


def _partners(events: Events, op: npt.NDArray[np.uint8]) -> I32:
    """Return by slot the event of the conversion's credit; -1 where it is past as-of, and for holds."""
    partner = np.full(events.slots_count, -1, np.int32)
    credits = np.flatnonzero(op & books.CONVERT_IN)
    partner[events.specials["slot"][events.special[credits]]] = credits
    return partner


def _refunds(events: Events, op: npt.NDArray[np.uint8]) -> tuple[I32, I32, I64]:
    """Return, by slot of a reversed transfer, its refunds in order: where they begin, events, first offset of each."""
    refunds = np.flatnonzero((op & books.REVERSAL != 0) & (events.source[: len(op)] == OUTSIDE))
    slot = events.specials["original"][events.special[refunds]]
    order = np.argsort(slot, kind="stable")
    refunds, slot = refunds[order], slot[order]
    begin = np.searchsorted(slot, np.arange(events.originals_count + 1)).astype(np.int32)
    total = np.cumsum(events.amount[refunds]) - events.amount[refunds]
    low = total - (total[begin[slot]] if len(slot) else 0)
    return begin, refunds.astype(np.int32), low.astype(np.int64)


def _left_over(amount: int, event: int, cases: Sequence[Case]) -> list[Span]:
    """Return the units of a disputed event that are no other claim's (a claim that is not admitted carries the rest)."""
    taken = [
        (int(p["offset"]), int(p["offset"] + p["amount"]))
        for case in cases
        for p in case.parcels[
            (case.parcels["event"] == event) & (case.parcels["fate"] != books.UNDONE)
        ]
    ]
    out, position = [], 0
    for low, high in sorted(taken):
        if low > position:
            out.append(Span(event, position, low))
        position = max(position, high)
    return [*out, Span(event, position, amount)] if position < amount else out
