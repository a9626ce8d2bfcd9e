"""Finds where a target's money came from, as numbers: events, pockets, units, hops. Names are given in `sources`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from recoup.errors import LimitFault
from recoup.trace.assemble import Names, Scene
from recoup.trace.kernels import back as kernels
from recoup.trace.kernels import books, undo
from recoup.trace.kernels.index import count_rows
from recoup.trace.ledger import I64, OUTSIDE, TRANSIT

Record = npt.NDArray[np.void]

ITEMS_MAX: Final = 2**27
"""Steps of one backward trace by fifo or lifo."""


@dataclass(frozen=True)
class Target:
    """What is asked about: an event, or all pockets of an account."""

    event: int
    """-1 for an account."""
    pockets: tuple[int, ...]
    name: str


@dataclass(frozen=True)
class Parts:
    """Findings in parallel arrays: what (kernels.FLOW, CAME, ...), event or pocket, units, hops."""

    what: I64
    at: I64
    amount: I64
    hops: I64

    @classmethod
    def of(cls, *groups: tuple[int, I64, I64, I64]) -> Parts:
        """Return the findings of (what, at, amount, hops)."""
        columns = zip(
            *(
                (np.full(len(at), what, np.int64), at, amount, hops)
                for what, at, amount, hops in groups
            ),
            strict=True,
        )
        return cls(*(np.concatenate(column).astype(np.int64) for column in columns))


def _asked(scene: Scene, pockets: npt.NDArray[np.int64], amounts: I64) -> dict[str, int]:
    """Return minor units by currency, of currencies that have any."""
    out: dict[str, int] = {}
    for pocket, amount in zip(pockets.tolist(), amounts.tolist(), strict=True):
        currency = scene.ledger.currencies[scene.ledger.pocket_currency[pocket]]
        out[currency] = out.get(currency, 0) + amount
    return {currency: amount for currency, amount in out.items() if amount}


def _asked_of_event(scene: Scene, event: int) -> dict[str, int]:
    row = int(scene.events.row[event])
    return {scene.ledger.currencies[scene.ledger.currency[row]]: int(scene.events.amount[event])}


def _specials(scene: Scene) -> Record:
    """Return the specials with one that is plain at the end, so that there always is one."""
    return np.concatenate([scene.events.specials, np.zeros(1, books.SPECIAL)])


def _original_events(scene: Scene) -> I64:
    """Return by slot the event of a transfer that is reversed later; 0 where it is past as-of."""
    events = scene.events
    watched = np.flatnonzero(events.op[: events.stop] & books.WATCHED)
    out = np.zeros(max(1, events.originals_count), np.int64)
    out[events.specials["watched"][events.special[watched]]] = watched
    return out


# --- fifo and lifo -----------------------------------------------------------------------------------------------------


def _lay(scene: Scene, *, lifo: bool) -> kernels.Lineage:
    """Return the lineage of all debits up to as-of."""
    events, openings, count = scene.events, scene.openings, len(scene.ledger.standing)
    special_count, stop = len(events.specials), events.stop
    purses = np.zeros(count, kernels.PURSE)
    purses["head"] = purses["tail"] = books.NONE
    filled = np.flatnonzero((openings.amount > 0) & (scene.ledger.sinks == 0))
    purses["into"][filled] = openings.amount[filled]
    purses["head"][filled] = purses["tail"][filled] = np.arange(len(filled))
    nodes = np.empty(count + stop + 4 * special_count + 8, kernels.NODE)
    nodes["start"][: len(filled)], nodes["size"][: len(filled)] = 0, openings.amount[filled]
    nodes["next"][: len(filled)] = nodes["prev"][: len(filled)] = books.NONE
    lineage = kernels.Lineage(
        purses=purses,
        nodes=nodes,
        slots=np.full(max(1, events.slots_count), books.NONE, np.int64),
        segments=np.empty(count + 2 * stop + 8 * special_count + 8, kernels.SEGMENT),
        begins=np.zeros(stop + 1, np.int64),
        into_of=np.zeros(stop, np.int64),
        state=np.array([len(filled), books.NONE, 0], np.int64),
    )
    original = _original_events(scene)
    kernels.lay_lineage(
        lineage,
        *_moves(scene),
        scene.ledger.sinks,
        _refunds(scene),
        original,
        np.zeros_like(original),
        lifo,
        stop,
    )
    return lineage


def _chain(lineage: kernels.Lineage, head: int) -> list[tuple[int, int]]:
    """Return the intervals of a list."""
    out = []
    while head >= 0:
        start, size, head, _ = lineage.nodes[head].tolist()
        out.append((start, start + size))
    return out


def lot_parts(scene: Scene, aim: Target, floor: int, *, lifo: bool) -> tuple[Parts, dict[str, int]]:
    """Return the findings under fifo or lifo, and what was asked by currency."""
    events = scene.events
    lineage = _lay(scene, lifo=lifo)
    if aim.event >= 0:
        begin = [(0, int(events.amount[aim.event]), ~aim.event, 0)]
        asked = _asked_of_event(scene, aim.event)
    else:
        lying = [
            (pocket, *span)
            for pocket in aim.pockets
            for span in _chain(lineage, int(lineage.purses["head"][pocket]))
        ]
        holds = np.flatnonzero(events.op[: events.stop] & books.HOLD)
        for hold in holds[np.isin(events.source[holds], aim.pockets)].tolist():
            slot = int(events.specials["slot"][events.special[hold]])
            lying += [
                (int(events.source[hold]), *span)
                for span in _chain(lineage, int(lineage.slots[slot]))
            ]
        begin = [(low, high, pocket, 0) for pocket, low, high in lying]
        table = np.array(lying, np.int64).reshape(-1, 3)
        asked = _asked(scene, table[:, 0], table[:, 2] - table[:, 1])
    begins = count_rows(events.payee, events.op, len(scene.ledger.standing), events.stop)
    credits = np.zeros(int(begins[-1]), np.int64)
    kernels.lay_credits(events.payee, begins[:-1].copy(), credits, lineage.into_of, events.stop)
    room = 1 << 12
    while True:
        items, parts = np.zeros(room, kernels.ITEM), np.zeros(room, kernels.PART)
        if len(begin) <= room:
            items[: len(begin)] = begin
            count = kernels.trace_units(
                lineage,
                events.amount,
                scene.openings.amount,
                credits,
                begins,
                events.row >= 0,
                floor,
                items,
                len(begin),
                parts,
            )
            if count >= 0:
                found = parts[:count]
                return Parts(
                    *(found[name].copy() for name in ("what", "at", "amount", "hops"))
                ), asked
        room *= 4
        if room > ITEMS_MAX:
            raise LimitFault("ITEMS_MAX", ITEMS_MAX, room)


# --- rolling and poison ------------------------------------------------------------------------------------------------


def _refunds(scene: Scene) -> npt.NDArray[np.bool_]:
    """Return by event whether it brings back what an original carried out of the ledger, or has under way in a link."""
    events, ledger = scene.events, scene.ledger
    out = np.zeros(events.stop, np.bool_)
    at = np.flatnonzero(events.op[: events.stop] & books.REVERSAL)
    record = events.specials[events.special[at]]
    original = _original_events(scene)[record["original"]]
    payee = events.payee[original]
    is_free = (events.source[at] == OUTSIDE) | (record["rest_clean"] != 0)
    exits = (ledger.sinks[payee] != 0) & (events.source[at] == OUTSIDE)
    names = Names(scene).account(payee)
    for n in np.flatnonzero(names.str.starts_with(TRANSIT).to_numpy() & is_free).tolist():
        exits[n] = not (events.source[: at[n]] == payee[n]).any()
    out[at] = exits & (events.op[original] & books.CONVERT_OUT == 0)
    return out


def _last_reversals(scene: Scene, stop: int) -> I64:
    """Return by slot the last event before `stop` that takes back out of the pocket that the original reached; -1: none."""
    events, ledger = scene.events, scene.ledger
    out = np.full(max(1, events.originals_count), -1, np.int64)
    at = np.flatnonzero(events.op[:stop] & books.REVERSAL)
    slot = events.specials["original"][events.special[at]]
    original = _original_events(scene)[slot]
    same = (events.source[at] == events.payee[original]) & (
        ledger.sinks[events.payee[original]] == 0
    )
    same &= events.op[original] & books.CONVERT_OUT == 0
    np.maximum.at(out, slot[same], at[same])
    out[slot[~same]] = -1
    return out


def _lay_pools(scene: Scene, stop: int) -> tuple[undo.Pools, Record]:
    """Return what lies in every pocket and pool apart after event stop - 1, and what debits took of the latter."""
    count = len(scene.ledger.standing)
    last = _last_reversals(scene, stop)
    room = 4 * len(last) + 1024
    while True:
        pools = undo.Pools(
            balance=scene.openings.amount.copy(),
            apart=np.zeros(count, np.int64),
            heads=np.full(count, -1, np.int64),
            tails=np.full(count, -1, np.int64),
            following=np.full(len(last), -1, np.int64),
            content=np.zeros(len(last), np.int64),
            last=last,
            begins=np.zeros(stop + 1, np.int64),
        )
        takes = np.zeros(room, undo.TAKE)
        needed = undo.lay_pools(pools, *_moves(scene), scene.ledger.sinks, takes, stop)
        if needed <= room:
            return pools, takes
        room = needed
        if room > ITEMS_MAX:
            raise LimitFault("ITEMS_MAX", ITEMS_MAX, room)


def _moves(scene: Scene) -> tuple[npt.NDArray[np.generic], ...]:
    """Return the events' arrays in the order in which every kernel takes them."""
    events = scene.events
    return (
        events.source,
        events.payee,
        events.amount,
        events.op,
        events.special,
        _specials(scene),
    )


def pool_parts(scene: Scene, aim: Target, floor: int) -> tuple[Parts, dict[str, int]]:
    """Return the findings under rolling charge, and what was asked by currency."""
    events, count = scene.events, len(scene.ledger.standing)
    stop = aim.event + 1 if aim.event >= 0 else events.stop
    pools, takes = _lay_pools(scene, stop)
    slots = len(pools.last)
    wants = undo.Wants(*(np.zeros(size, np.int64) for size in (count, count, slots, slots)))
    if aim.event >= 0:
        first, asked = int(events.amount[aim.event]), _asked_of_event(scene, aim.event)
    else:
        pockets = np.array(aim.pockets, np.int64)
        wants.want[pockets] = pools.balance[pockets]
        first, asked = -1, _asked(scene, pockets, pools.balance[pockets])
    lowest = min(floor, stop)
    part, came, depth = undo.undo_pools(
        pools,
        wants,
        *_moves(scene),
        scene.ledger.sinks,
        _refunds(scene),
        takes,
        first,
        lowest,
        stop,
    )
    flow, entered = np.flatnonzero(part), np.flatnonzero(came)
    flow = flow[events.row[flow] >= 0]
    left, slot = np.flatnonzero(wants.want), np.flatnonzero(wants.pending)
    what = kernels.EARLIER if _has_older(scene, lowest) else kernels.OPENING
    return (
        Parts.of(
            (kernels.FLOW, flow, part[flow], depth[flow]),
            (kernels.CAME, entered, came[entered], depth[entered]),
            (what, left, wants.want[left], wants.hops[left]),
            (
                kernels.EARLIER_BY,
                _original_events(scene)[slot],
                wants.pending[slot],
                wants.waiting[slot],
            ),
        ),
        asked,
    )


def _has_older(scene: Scene, floor: int) -> bool:
    """Return whether any transfer moved something before event `floor`."""
    row = scene.events.row[:floor]
    row = row[row >= 0]
    return bool((scene.ledger.payer[row] != scene.ledger.payee[row]).any())


def reach_parts(scene: Scene, aim: Target, floor: int) -> Parts:
    """Return what could have come to the target, without amounts."""
    events, count = scene.events, len(scene.ledger.standing)
    stop = aim.event + 1 if aim.event >= 0 else events.stop
    hops = np.zeros(count, np.int64)
    hops[list(aim.pockets)] = 1
    pending = np.zeros(max(1, events.originals_count), np.int64)
    lowest = min(floor, stop)
    # Out of an unknown account a reversal brings nothing but what its original brought there.
    reversals = np.flatnonzero(events.op[: events.stop] & books.REVERSAL)
    is_clean = events.specials["rest_clean"][events.special[reversals]] != 0
    refunds = _refunds(scene)
    refunds[reversals[is_clean]] = True
    source, payee, _, op, special, specials = _moves(scene)
    depth = undo.undo_reach(
        source,
        payee,
        op,
        special,
        specials,
        scene.ledger.sinks,
        refunds,
        hops,
        pending,
        aim.event >= 0,
        lowest,
        stop,
    )
    flow = np.flatnonzero(depth)
    is_row = events.row[flow] >= 0
    came = (events.source[flow] == OUTSIDE) | (events.op[flow] & books.CONVERT_IN != 0)
    came &= ~refunds[flow]
    left, slot = np.flatnonzero(hops), np.flatnonzero(pending)
    older = _has_older(scene, lowest)
    left = left[(scene.openings.amount[left] > 0) | np.isin(left, events.payee[:lowest])]
    found = (
        (kernels.FLOW, flow[is_row], depth[flow[is_row]]),
        (kernels.CAME, flow[came], depth[flow[came]]),
        (kernels.EARLIER if older else kernels.OPENING, left, hops[left] - 1),
        (kernels.EARLIER_BY, _original_events(scene)[slot], pending[slot] - 1),
    )
    return Parts.of(
        *((what, at, np.zeros(len(at), np.int64), depth_at) for what, at, depth_at in found)
    )
