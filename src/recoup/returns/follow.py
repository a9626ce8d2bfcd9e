"""Follows claims through a ledger as `trace` does, but lets involved holders spend their own money first. Writes nothing.

The engine of `trace` knows one rule for all pockets. A return needs two at once: in the pockets of involved holders a debit
takes first what is no claim's [SEMANTICS 5], elsewhere the plain rule holds. So this is a walk of its own over the same settled
events (order, openings, assumed credits), one at a time; without an involved holder it finds what the engine finds, which a
test asks for. Holds, links and bridges mean what they mean there; dust and a horizon are no matter of a return.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np

from recoup.returns.lot_kernel import follow_lots
from recoup.returns.places import CLEAN, Lots, Part, Pool, cumulative_floors
from recoup.returns.pool_kernel import follow_pools
from recoup.returns.route import Route
from recoup.trace.assemble import Scene
from recoup.trace.kernels import books
from recoup.trace.ledger import OUTSIDE

_HOLDS = books.HOLD | books.RELEASE
COMPILED_EVENTS_MIN: Final = 20_000
"""From here on the compiled loop is worth its loading; below it the walk is done in a moment."""


class _Special(NamedTuple):
    """Arguments of an event that is no plain transfer, in the order of `books.SPECIAL`."""

    claim: int
    admitted: int
    original: int
    original_claim: int
    slot: int
    watched: int
    rest_clean: int
    transit: int


@dataclass(slots=True)
class _Put:
    """What a transfer that is reversed later put, and where: on an axis, in a pool, or out of the ledger."""

    pocket: int
    start: int
    whole: int
    parts: list[Part]
    """Of an exit, what is still out there; of a pool, what the transfer carried."""
    returned: int = 0
    carried: dict[int, int] = field(default_factory=dict)


def traced_shares(
    scene: Scene, rule: str, involved: Iterable[int], places: Iterable[int], route: Route
) -> dict[int, dict[int, int]]:
    """Return, for each pocket of `places`, what each claim (its number) has there at the end under `rule`.

    Args:
        scene: everything fixed about the trace; all claims admitted, no dust or horizon.
        rule: fifo, lifo or rolling.
        involved: pockets whose holder spends own money first.
        places: pockets to look at.
        route: what must be followed for these, the same under every rule (`route_to`).
    """
    assert scene.claims["admitted"].all(), "only admitted claims are followed for a return"
    if len(route.events) >= COMPILED_EVENTS_MIN and is_plain(scene, route):
        return compiled_shares(scene, rule, involved, list(places), route)
    return walked_shares(scene, rule, involved, places, route)


def walked_shares(
    scene: Scene, rule: str, involved: Iterable[int], places: Iterable[int], route: Route
) -> dict[int, dict[int, int]]:
    """Return the same by the walk, whatever the events are."""
    walk = _Walk(scene, rule, frozenset(involved), route)
    walk.run()
    return {pocket: walk.shares(pocket) for pocket in places}


def is_plain(scene: Scene, route: Route) -> bool:
    """Whether nothing is held, reversed or converted: transfers and disputed transfers only."""
    op = scene.events.op[route.events]
    is_held = bool((scene.events.op & _HOLDS).any())
    return not is_held and bool(((op == 0) | (op == books.ROOT)).all())


def compiled_shares(
    scene: Scene, rule: str, involved: Iterable[int], places: Sequence[int], route: Route
) -> dict[int, dict[int, int]]:
    """Return the same of a plain route by the compiled loops, which move the very units that the walk moves."""
    events, at = scene.events, route.events
    roots = events.op[at] == books.ROOT
    claim = np.full(len(at), CLEAN, np.int64)
    claim[roots] = events.specials["claim"][events.special[at][roots]]
    own_first = np.zeros(len(route.is_kept), np.bool_)
    own_first[list(involved)] = True
    columns = (column[at].astype(np.int64) for column in (events.source, events.payee))
    opening = scene.openings.amount.astype(np.int64)
    kept, asked = np.array(route.is_kept, np.bool_), np.array(places, np.int64)
    given = (*columns, events.amount[at].astype(np.int64), claim, kept, opening)
    if rule == "rolling":
        found = follow_pools(*given, own_first, asked)
    else:
        found = follow_lots(*given, own_first, rule == "lifo", asked)
    shares: dict[int, dict[int, int]] = {pocket: {} for pocket in places}
    for place, owner, units in zip(*(column.tolist() for column in found), strict=True):
        of_place = shares[places[place]]
        of_place[owner] = of_place.get(owner, 0) + units
    return shares


class _Walk:
    """One pass over the events."""

    def __init__(self, scene: Scene, rule: str, involved: frozenset[int], route: Route) -> None:
        assert rule in ("fifo", "lifo", "rolling"), rule
        self.scene, self.rule, self.involved = scene, rule, involved
        self.route = route
        self.sinks = scene.ledger.sinks.tolist()
        self.openings = scene.openings.amount.tolist()
        self.places: dict[int, Lots | Pool] = {}
        self.puts: dict[int, _Put] = {}
        self.under_way: dict[int, tuple[int, list[Part]]] = {}
        """Conversions whose credit is still to come: the amount that left, and whose it was."""
        has_holds = bool((scene.events.op & _HOLDS).any())
        self.clock: list[int] | None = [0] if has_holds else None

    def run(self) -> None:
        """Carry out all events of the route, in order."""
        events, at, is_kept = self.scene.events, self.route.events, self.route.is_kept
        columns = (events.source, events.payee, events.amount, events.op, events.special)
        rows: Iterable[tuple[int, ...]] = zip(
            *(column[at].tolist() for column in columns), strict=True
        )
        if self.clock is not None:
            rows = self._timed(rows, events.time[at].tolist(), self.clock)
        specials = events.specials["claim"].tolist()
        get, root = self.places.get, int(books.ROOT)
        for source, payee, amount, op, special in rows:
            if op in (0, root):  # most rows that are not plain only dispute one
                parts = None
                if is_kept[source]:
                    parts = (get(source) or self.place(source)).take(amount)
                if is_kept[payee]:
                    if op:
                        parts = [(amount, specials[special])]
                    elif parts is None:
                        # Without a book an account gives what is no claim's, the outside as well.
                        parts = [(amount, CLEAN)]
                    (get(payee) or self.place(payee)).put(parts)
            else:
                given = _Special(*events.specials[special].tolist())
                self._special(source, payee, amount, op, given)

    @staticmethod
    def _timed(
        rows: Iterable[tuple[int, ...]], times: list[int], clock: list[int]
    ) -> Iterator[tuple[int, ...]]:
        """Set the clock before each event."""
        for row, time in zip(rows, times, strict=True):
            clock[0] = time
            yield row

    def shares(self, pocket: int) -> dict[int, int]:
        """Return what each claim has in a pocket."""
        return self.place(pocket).shares()

    def place(self, pocket: int) -> Lots | Pool:
        """Return the pocket's money, its opening when it is first asked for."""
        found = self.places.get(pocket)
        if found is None:
            own_first = pocket in self.involved
            opening = self.openings[pocket]
            if self.rule == "rolling":
                found = Pool(opening, own_first=own_first, clock=self.clock)
            else:
                found = Lots(opening, is_lifo=self.rule == "lifo", own_first=own_first)
            self.places[pocket] = found
        return found

    def _special(self, source: int, payee: int, amount: int, op: int, given: _Special) -> None:
        if op & books.HOLD:
            self.place(source).hold(given.slot, amount)
            return
        if op & books.RELEASE:
            self.place(source).release(given.slot)
            return
        parts = self._taken(source, amount, op, given)
        if op & books.ROOT:
            parts = [(amount, given.claim)]  # what others had in it goes back to its victim
        if op & books.REVERSAL and given.original_claim >= 0:
            own = given.original_claim
            parts = [(size, CLEAN if claim == own else claim) for size, claim in parts]
        if op & books.CONVERT_OUT:
            self.under_way[given.slot] = (amount, parts)
            return
        if given.watched >= 0:
            self._remember(given.watched, payee, amount, parts)
        if not self.sinks[payee]:
            self.place(payee).put(parts)

    def _taken(self, source: int, amount: int, op: int, given: _Special) -> list[Part]:
        """Return what the event takes: of its payer, out of an exit, or in a new currency."""
        if op & books.CONVERT_IN:
            return self._converted(given.slot, amount)
        if not op & books.REVERSAL:
            return self.place(source).take(amount) if source else [(amount, CLEAN)]
        put = self.puts.get(given.original)
        very: list[Part] = []
        if source == OUTSIDE and given.transit >= 0:
            very = self._waiting(put, amount, given.transit) if put is not None else []
        elif source == OUTSIDE:
            very = self._out_of_exit(put, amount) if put is not None else []
        elif put is not None and put.pocket == source:
            place = self.place(source)
            if isinstance(place, Pool):
                very = place.take_very(put.carried, put.whole, amount)
            else:
                very = place.take_very(put.start, put.whole, amount)
        rest = amount - sum(size for size, _ in very)
        if not rest:
            return very
        if source == OUTSIDE or given.rest_clean:
            return [*very, (rest, CLEAN)]
        return very + self.place(source).take(rest)

    def _waiting(self, put: _Put, amount: int, transit: int) -> list[Part]:
        """Bring back what waits for its link's entry."""
        place = self.place(transit)
        if isinstance(place, Pool):
            return place.take_waiting(put.carried, put.whole, amount)
        low = put.whole - put.returned - amount if self.rule == "lifo" else put.returned
        put.returned += amount
        return place.take_waiting(low, amount)

    def _out_of_exit(self, put: _Put, amount: int) -> list[Part]:
        """Bring back what an exit carried, each unit once [choice 13: a refund undoes an exit]."""
        if self.rule == "rolling":
            left = {claim: size for size, claim in put.parts}
            asked = cumulative_floors(sorted(put.carried.items()), amount, put.whole)
            back = [(min(size, left.get(claim, 0)), claim) for size, claim in asked]
            for size, claim in back:
                left[claim] = left.get(claim, 0) - size
            put.parts = [(size, claim) for claim, size in sorted(left.items()) if size]
            return [part for part in back if part[0]]
        low = put.whole - put.returned - amount if self.rule == "lifo" else put.returned
        put.returned += amount
        back, at = [], 0
        for size, claim in put.parts:
            got = min(at + size, low + amount) - max(at, low)
            if got > 0:
                back.append((got, claim))
            at += size
        return back

    def _converted(self, slot: int, amount: int) -> list[Part]:
        """Return the parts of a conversion in its new currency: offset x becomes floor(x * new / old) [choice 14]."""
        whole, parts = self.under_way.pop(slot)
        if self.rule == "rolling":
            owned = sorted((claim, size) for size, claim in parts if claim != CLEAN)
            out = [part for part in cumulative_floors(owned, amount, whole) if part[0]]
            rest = amount - sum(size for size, _ in out)
            return [*out, (rest, CLEAN)] if rest else out
        out, at = [], 0
        for size, claim in parts:
            low, high = at * amount // whole, (at + size) * amount // whole
            at += size
            if high > low:
                out.append((high - low, claim))
        return out

    def _remember(self, slot: int, payee: int, amount: int, parts: list[Part]) -> None:
        """Keep what a transfer brings that is reversed later."""
        carried: dict[int, int] = {}
        for size, claim in parts:
            if claim != CLEAN:
                carried[claim] = carried.get(claim, 0) + size
        kept = parts
        if self.rule == "rolling":
            kept = [(size, claim) for claim, size in sorted(carried.items())]
        start = 0
        if not self.sinks[payee]:
            place = self.place(payee)
            start = place.end if isinstance(place, Lots) else 0
        self.puts[slot] = _Put(payee, start, amount, kept, carried=carried)
