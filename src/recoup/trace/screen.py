"""The screen: the total of all claims' money in every pocket under rolling charge, as one colour. Not evidence.

Made for the stream: one pass, 16 bytes a pocket. Holds, reversals (taken as plain debits), horizon and dust are left out; with
none of them the total is that of the rule `rolling`, to the unit.
"""

from __future__ import annotations

import numpy as np

from recoup.trace.events import Events
from recoup.trace.kernels import books
from recoup.trace.kernels import screen as kernels
from recoup.trace.ledger import I64, OUTSIDE, Ledger
from recoup.trace.memory import cleared
from recoup.trace.openings import Openings

_BOTTOMLESS = 2**61


def screen(ledger: Ledger, openings: Openings, events: Events) -> I64:
    """Return shape (k,): minor units of claims' money in every pocket at the end (as-of); in a sink, all that ever arrived.

    Cost: O(n), two random accesses of 16 bytes a transfer; memory 16 k bytes.
    """
    pockets = cleared(len(ledger.standing), kernels.SHADE)
    pockets["balance"] = openings.amount
    pockets["balance"][OUTSIDE] = _BOTTOMLESS
    specials = np.concatenate([events.specials, np.zeros(1, books.SPECIAL)])
    claims = specials["claim"][:-1]
    claims[(claims >= 0) & (np.append(events.cut, 1)[claims] == 0)] = -1  # not followed
    slots = max(1, events.slots_count)
    parked, parked_amount = np.zeros(slots, np.int64), np.zeros(slots, np.int64)
    moves = (events.source, events.payee, events.amount, events.op, events.special)
    kernels.follow_shades(*moves, specials, pockets, parked, parked_amount, 0, events.stop)
    taint: I64 = pockets["taint"].copy()
    return taint
