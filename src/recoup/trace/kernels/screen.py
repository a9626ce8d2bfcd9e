"""Rolling charge with all claims as one colour: how much of every pocket is any claim's. A screen, never evidence.

The joint cumulative floor of `pools` telescopes, so the total over claims needs one number a pocket and is the same to the
unit wherever no hold, reversal, horizon or dust acts: those are left out here.
"""

# mypy: disable-error-code="no-untyped-call,no-untyped-def"
from __future__ import annotations

from typing import Final

import numpy as np

from recoup.trace.kernels.books import CONVERT_IN, CONVERT_OUT, HOLD, RELEASE, ROOT
from recoup.trace.kernels.compiled import inner, kernel
from recoup.trace.kernels.exact import mul_div
from recoup.trace.kernels.prefetch import AHEAD, prefetch

SHADE: Final = np.dtype([("balance", "i8"), ("taint", "i8")], align=True)
"""16 bytes a pocket: balance and claims' part of it; of a sink the claims' money that ever arrived."""


@inner
def _shade(pockets, p, q, a, op, record, parked, parked_amount):
    """Carry out one event that a claim's money may touch."""
    if op & (HOLD | RELEASE):
        return
    moved = np.int64(0)
    if op & CONVERT_IN:
        slot = record.slot
        if parked[slot]:
            moved = mul_div(parked[slot], a, parked_amount[slot])
            parked[slot] = 0
    elif p != 0:
        taint, balance = pockets[p].taint, pockets[p].balance
        if taint > 0:
            moved = taint if a >= balance else mul_div(taint, a, balance)
        pockets[p].taint = taint - moved
    pockets[p].balance -= a
    if op & ROOT and record.claim >= 0:
        moved = a
    if op & CONVERT_OUT:
        parked[record.slot], parked_amount[record.slot] = moved, a
    else:
        pockets[q].taint += moved
    pockets[q].balance += a


@kernel
def follow_shades(
    source, payee, amount, op, special, specials, pockets, parked, parked_amount, start, stop
):
    """Carry out events [start, stop) on `pockets` (k,) of SHADE, minor units; `parked` (slots,) keeps what conversions left.

    A root whose claim is -1 in `specials` disputes nothing (its claim is not followed). Cost: two random reads and writes of 16
    bytes a transfer.
    """
    last = len(amount) - 1
    for i in range(start, stop):
        j = min(i + AHEAD, last)
        prefetch(pockets, source[j])
        prefetch(pockets, payee[j])
        p, q, a = source[i], payee[i], amount[i]
        if op[i] == 0 and pockets[p].taint == 0:
            pockets[p].balance -= a
            pockets[q].balance += a
        else:
            at = special[i] if op[i] else 0
            _shade(pockets, p, q, a, op[i], specials[at], parked, parked_amount)
    return stop
