"""Runs a rule's kernel over the events and hands back what moved and what lies where, still as numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from recoup.trace.events import Events
from recoup.trace.kernels import books, lots, pools, reach
from recoup.trace.kernels.lot_lists import FULL, LOT, POCKET, PURSE
from recoup.trace.ledger import I32, I64, OUTSIDE, Ledger
from recoup.trace.memory import cleared
from recoup.trace.openings import Openings
from recoup.trace.rules import LOT_RULES

Record = npt.NDArray[np.void]
Progress = Callable[[int, int], None]
"""Called with (events done, events in all)."""

_CHUNK = 1 << 20
_FIRST_ROOM = 1 << 12
_BOTTOMLESS = 2**61


@dataclass(frozen=True)
class Followed:
    """What one rule found. `flows` has dtype books.FLOW; the others run parallel, one entry a parcel that lies still."""

    flows: Record
    pocket: I32
    colour: I32
    """claim * 4 + mark; -1 for money that is no claim's (holds only)."""
    amount: I64
    since: I32
    hold: I32
    """Row of the hold that keeps it; -1 for free money."""


def _grow(arrays: Any) -> Any:
    """Return the kernel's books with arenas twice as large."""
    wider = {}
    for name in ("lots", "flows"):
        old = getattr(arrays, name)
        need = max(2 * len(old), 4 * int(arrays.state[books.LIVE]) + 64)
        wider[name] = np.zeros(need, old.dtype)
        wider[name][: len(old)] = old
    return arrays._replace(**wider)


def _run(
    kernel: Callable[..., int], arrays: Any, stop: int, flag: bool, progress: Progress | None
) -> Any:
    """Run `kernel` to `stop`, growing the arenas whenever it asks."""
    done = 0
    while done < stop:
        goal = min(stop, done + _CHUNK)
        reached = int(kernel(arrays, done, goal, flag))
        if reached < goal:
            arrays = _grow(arrays)
        done = reached
        if progress is not None:
            progress(done, stop)
    return arrays


def _floors(ledger: Ledger, dust: dict[int, int] | None) -> I64:
    """Return the dust floor by pocket, from the floor by currency number; shape (0,) for none."""
    if not dust:
        return np.empty(0, np.int64)
    by_currency = np.array([dust.get(c, 0) for c in range(len(ledger.currencies))] + [0], np.int64)
    return by_currency[ledger.pocket_currency]


def _shared_books(ledger: Ledger, events: Events, dust: dict[int, int] | None) -> dict[str, Any]:
    """Return the fields that both kernels' books share."""
    return {
        "source": events.source,
        "payee": events.payee,
        "amount": events.amount,
        "op": events.op,
        "special": events.special,
        "mark": events.mark,
        "specials": events.specials,
        "sinks": ledger.sinks,
        "flows": np.zeros(_FIRST_ROOM, books.FLOW),
        "state": np.array([0, books.NONE, 0, 0], np.int64),
        "slots": np.full(events.slots_count, books.NONE, np.int64),
        "slot_amount": np.zeros(events.slots_count, np.int64),
        "cut": events.cut,
        "dust": _floors(ledger, dust),
        "carried": np.zeros(len(events.cut), np.int64),
    }


def _lay_full(arrays: Any, pockets: I32) -> None:
    """Write down the openings of pockets that must be full from the start."""
    for pocket in np.unique(pockets):
        p = arrays.pockets[pocket]
        if pocket == OUTSIDE or arrays.sinks[pocket]:
            continue
        opening = int(arrays.purses[pocket]["into"])
        arrays.purses[pocket]["spare"], p["first"] = FULL, 0
        if opening:
            at = int(arrays.state[books.USED])
            arrays.lots[at] = (0, opening, books.NONE, books.NONE, books.NONE, 0, 0)
            p["head"] = p["tail"] = at
            arrays.state[books.USED] += 1
            arrays.state[books.LIVE] += 1


def _collect(arrays: Any, heads: I32, holds_count: int, size: str) -> Followed:
    """Read what lies still out of the arenas."""
    owner, at = reach.walk_chains(heads, arrays.lots)
    keep = arrays.lots["colour"][at] >= 0
    owner, at = owner[keep], at[keep]
    hold, held = reach.walk_chains(arrays.slots[:holds_count], arrays.lots)
    both = np.concatenate([at, held])
    return Followed(
        flows=arrays.flows[: int(arrays.state[books.FLOWS])],
        pocket=np.concatenate([owner, np.full(len(held), -1)]).astype(np.int32),
        colour=arrays.lots["colour"][both].astype(np.int32),
        amount=arrays.lots[size][both],
        since=arrays.lots["since"][both].astype(np.int32),
        hold=np.concatenate([np.full(len(at), -1), hold]).astype(np.int32),
    )


def _with_clean(found: Followed, clean: I64) -> Followed:
    """Add the holder's own money that pools keep beside the entries of a hold."""
    holds = np.flatnonzero(clean).astype(np.int32)
    none = np.full(len(holds), -1, np.int32)
    return Followed(
        flows=found.flows,
        pocket=np.concatenate([found.pocket, none]),
        colour=np.concatenate([found.colour, none]),
        amount=np.concatenate([found.amount, clean[holds]]),
        since=np.concatenate([found.since, none]),
        hold=np.concatenate([found.hold, holds]),
    )


def _nothing_kept(count: int) -> Record:
    """Return `count` fresh records of transfers that are reversed later."""
    out = np.zeros(count, books.ORIGINAL)
    out["kept"] = books.NONE
    return out


def _follow_lots(
    ledger: Ledger,
    openings: Openings,
    events: Events,
    dust: dict[int, int] | None,
    lifo: bool,
    progress: Progress | None,
) -> Any:
    pockets = cleared(len(ledger.standing), POCKET)
    purses = cleared(len(ledger.standing), PURSE)
    purses["spare"], purses["into"] = books.FAR, openings.amount
    pockets["first"], pockets["head"], pockets["tail"] = books.FAR, books.NONE, books.NONE
    room = _FIRST_ROOM + 4 * len(events.originals_payees)
    arrays = lots.Books(
        **_shared_books(ledger, events, dust),
        purses=purses,
        pockets=pockets,
        lots=np.zeros(room, LOT),
        originals=_nothing_kept(events.originals_count),
    )
    if lifo:  # a light lifo pocket forgets which credit its clean money came by
        _lay_full(arrays, events.originals_payees)
    return _run(lots.follow_lots, arrays, events.stop, lifo, progress)


def _follow_pools(
    ledger: Ledger,
    openings: Openings,
    events: Events,
    dust: dict[int, int] | None,
    by_rolling: bool,
    progress: Progress | None,
) -> Any:
    pockets = cleared(len(ledger.standing), pools.POOL)
    pockets["balance"], pockets["head"] = openings.amount, books.NONE
    pockets["balance"][OUTSIDE] = _BOTTOMLESS
    arrays = pools.Books(
        time=events.time,
        **_shared_books(ledger, events, dust),
        pockets=pockets,
        lots=np.zeros(_FIRST_ROOM, pools.ENTRY),
        originals=np.full(events.originals_count, books.NONE, np.int64),
        original_event=np.full(events.originals_count, books.NONE, np.int64),
        kept=np.full(events.originals_count, books.NONE, np.int64),
        original_amount=np.zeros(events.originals_count, np.int64),
    )
    return _run(pools.follow_pools, arrays, events.stop, by_rolling, progress)


def follow(
    rule: str,
    ledger: Ledger,
    openings: Openings,
    events: Events,
    *,
    holds_count: int = 0,
    dust: dict[int, int] | None = None,
    progress: Progress | None = None,
) -> Followed:
    """Follow every claim by a causal rule (fifo, lifo, rolling, lowest-balance). `dust` is by currency number."""
    if rule in LOT_RULES:
        arrays = _follow_lots(ledger, openings, events, dust, rule == "lifo", progress)
        return _collect(arrays, arrays.pockets["head"].astype(np.int64), holds_count, "size")
    arrays = _follow_pools(ledger, openings, events, dust, rule == "rolling", progress)
    found = _collect(arrays, arrays.pockets["head"].astype(np.int64), holds_count, "amount")
    return _with_clean(found, arrays.slot_amount[:holds_count])


@dataclass(frozen=True)
class Reached:
    """What poison reached: hops by event and pocket (0: not), first event by pocket."""

    flow: I32
    depth: I32
    since: I32
    waiting: I32
    """Pockets in transit that some claim's money did not leave: the link's entry is later than as-of or the horizon."""


def follow_reach(ledger: Ledger, events: Events) -> Reached:
    """Return what any followed claim's money could have reached; with horizons every claim is followed for itself."""
    numbers = np.flatnonzero(events.cut != 0)
    if not (events.cut[numbers] < events.stop).any():
        return _reach(ledger, events, numbers, events.stop)
    flow = np.zeros(events.stop, np.int32)
    depth = np.zeros(len(ledger.standing), np.int32)
    since = np.full(len(ledger.standing), -1, np.int32)
    waiting: set[int] = set()
    for number in numbers:
        one = _reach(ledger, events, np.array([number]), int(events.cut[number]))
        for whole, part in ((flow, one.flow), (depth, one.depth)):
            better = (part != 0) & ((whole == 0) | (part < whole))
            whole[better] = part[better]
        earlier = (one.since >= 0) & ((since < 0) | (one.since < since))
        since[earlier] = one.since[earlier]
        waiting.update(one.waiting.tolist())
    return Reached(flow, depth, since, np.array(sorted(waiting), np.int32))


def _reach(ledger: Ledger, events: Events, numbers: I64, cut: int) -> Reached:
    """Return what the claims `numbers` could have reached, where events from `cut` on only let conversions' credits arrive."""
    specials = events.specials
    followed = np.zeros(len(specials) + 1, np.uint8)
    followed[:-1] = np.isin(specials["claim"], numbers)
    flow, depth, since = reach.follow_reach(
        events.source,
        events.payee,
        events.op,
        events.special,
        *(
            specials[name].astype(np.int32)
            for name in ("slot", "watched", "original", "rest_clean")
        ),
        ledger.sinks,
        followed,
        cut,
        events.stop,
    )
    stays = (depth != 0) & ledger.transits
    if stays.any():
        stays[events.source[: events.stop][flow != 0]] = False
    return Reached(flow, depth, since, np.flatnonzero(stays).astype(np.int32))


def run_balances(openings: Openings, events: Events) -> I64:
    """Return the balance of every pocket at the end (as-of), held money included."""
    balance: I64 = reach.run_balances(
        events.source, events.payee, events.amount, events.op, openings.amount, events.stop
    )
    return balance
