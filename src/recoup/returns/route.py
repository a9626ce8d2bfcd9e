"""Which events a return must follow: those on some way of a claim's money to a pot. The rest moves nothing that is asked for.

An account that no claim's money reaches gives only money that is no claim's; an account from which none reaches a pot need
not be looked into. So victims, who mostly only pay, and everything behind the pots need no account book.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recoup.trace.assemble import Scene
from recoup.trace.kernels import books


@dataclass(frozen=True)
class Route:
    """The events to be carried out in order, and of which pockets a book is kept."""

    events: npt.NDArray[np.intp]
    is_kept: list[bool]
    """By pocket."""


def route_to(scene: Scene, places: Iterable[int]) -> Route:
    """Return what must be followed to know what claims have in the pockets `places` at the end. O(events).

    Whatever is neither a plain transfer nor a disputed one (reversals, conversions and what they undo) is always carried
    out, with a book for both sides: it may move money out of turn.
    """
    events = scene.events
    stop = events.stop
    source, payee, op = (a[:stop].tolist() for a in (events.source, events.payee, events.op))
    sinks = scene.ledger.sinks.tolist()
    reached, needed = reached_pockets(scene), [False] * len(sinks)
    for place in places:
        needed[place] = not sinks[place]
    for at in range(stop - 1, -1, -1):
        giver, taker, how = source[at], payee[at], op[at]
        if how not in (0, books.ROOT):
            needed[giver], needed[taker] = not sinks[giver], not sinks[taker]
        elif needed[taker] and not how:
            needed[giver] = True
    kept = np.array(reached) & np.array(needed)
    special = (events.op[:stop] != 0) & (events.op[:stop] != books.ROOT)
    is_on = kept[events.source[:stop]] | kept[events.payee[:stop]] | special
    return Route(np.flatnonzero(is_on), kept.tolist())


def reached_pockets(scene: Scene) -> list[bool]:
    """Return by pocket whether any claim's money may have come there; the outside and terminal accounts are not asked about."""
    events, sinks = scene.events, scene.ledger.sinks.tolist()
    reached = [False] * len(sinks)
    columns = (events.source, events.payee, events.op)
    rows = zip(*(column[: events.stop].tolist() for column in columns), strict=True)
    for giver, taker, how in rows:
        if how:
            reached[taker] = not sinks[taker]
            if how != books.ROOT:
                reached[giver] = not sinks[giver]
        elif reached[giver]:
            reached[taker] = not sinks[taker]
    return reached
