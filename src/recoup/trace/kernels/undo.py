"""Going back through the events in reverse: rolling charge and poison.

Under rolling charge a pocket is one pool, but for pools *apart*: what a transfer that is reversed later brought is kept apart
until its last reversal, since a reversal takes back that very money first [choice 13]. One pass forward writes what every debit
took of such pools; nearly all debits take of none.
"""

# mypy: disable-error-code="no-untyped-call,no-untyped-def"
from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from recoup.trace.kernels.books import CONVERT_IN, CONVERT_OUT, HOLD, RELEASE, REVERSAL, WATCHED
from recoup.trace.kernels.compiled import inner, kernel
from recoup.trace.kernels.exact import mul_div

Record = npt.NDArray[np.void]

TAKE: Final = np.dtype([(name, "i8") for name in ("slot", "amount")])
"""16 bytes: what a debit took of a pool apart or, as ~slot, what of it fell to the common pool at its last reversal."""


class Pools(NamedTuple):
    """What the forward pass writes. k pockets, n events, s slots of transfers that are reversed."""

    balance: npt.NDArray[np.int64]  # (k,): all money in the pocket
    apart: npt.NDArray[np.int64]  # (k,): of it in pools apart
    heads: npt.NDArray[np.int64]  # (k,): first slot apart, -1: none; in order of arrival
    tails: npt.NDArray[np.int64]  # (k,)
    following: npt.NDArray[np.int64]  # (s,)
    content: npt.NDArray[np.int64]  # (s,)
    last: npt.NDArray[
        np.int64
    ]  # (s,): event of the last reversal out of the payee's pocket; -1: none, never apart
    begins: npt.NDArray[np.int64]  # (n + 1,): an event's takes


@inner
def _leave(b, pocket, slot):
    """Take a slot off its pocket's list."""
    before = np.int64(-1)
    at = b.heads[pocket]
    while at != slot:
        before = at
        at = b.following[at]
    after = b.following[slot]
    if before >= 0:
        b.following[before] = after
    else:
        b.heads[pocket] = after
    if after < 0:
        b.tails[pocket] = before


@inner
def _join(b, pocket, slot, amount):
    """Put what a transfer brought apart."""
    b.content[slot] = amount
    b.apart[pocket] += amount
    b.following[slot] = -1
    if b.tails[pocket] >= 0:
        b.following[b.tails[pocket]] = slot
    else:
        b.heads[pocket] = slot
    b.tails[pocket] = slot


@inner
def _write(b, takes, n, pocket, slot, amount):
    if amount == 0:
        return n
    if n < len(takes):
        takes[n].slot, takes[n].amount = slot, amount
    at = slot if slot >= 0 else ~slot
    b.content[at] -= amount
    b.apart[pocket] -= amount
    return n + 1


@kernel
def lay_pools(b, source, payee, amount, op, special, specials, sinks, takes, stop):
    """Write what debits of events [0, stop) took of pools apart; return how many takes there are, also past the room for them.

    `b` starts with the openings as balances, nothing apart, and `last` filled in. O(n + debits while pools are apart x those).
    """
    n = np.int64(0)
    for i in range(stop):
        b.begins[i] = n
        p, q, a, o = np.int64(source[i]), np.int64(payee[i]), amount[i], op[i]
        if o & (HOLD | RELEASE):
            continue
        at = special[i] if o else np.int64(0)
        if p:
            left = a
            slot = np.int64(-1)
            if o & REVERSAL and b.last[specials[at].original] >= i:
                slot = specials[at].original
                very = min(a, b.content[slot])
                n = _write(b, takes, n, p, slot, very)
                b.balance[p] -= very
                left -= very
            if o & REVERSAL and specials[at].rest_clean:
                left = np.int64(0)
            if left and b.heads[p] >= 0:
                each = b.heads[p]
                before, whole = np.int64(0), np.int64(0)
                while each >= 0:
                    whole += b.content[each]
                    upto = mul_div(whole, left, b.balance[p])
                    n = _write(b, takes, n, p, each, upto - before)
                    before = upto
                    each = b.following[each]
            b.balance[p] -= left
            if slot >= 0 and b.last[slot] == i:
                n = _write(b, takes, n, p, ~slot, b.content[slot])
                _leave(b, p, slot)
        if not sinks[q] and not o & CONVERT_OUT:
            b.balance[q] += a
            if o & WATCHED and b.last[specials[at].watched] >= 0:
                _join(b, q, specials[at].watched, a)
    b.begins[stop] = n
    return n


class Wants(NamedTuple):
    """What is asked of every place while going back, and the fewest transfers between it and the target."""

    want: npt.NDArray[np.int64]  # (k,): of the pocket's common pool
    hops: npt.NDArray[np.int64]  # (k,)
    pending: npt.NDArray[
        np.int64
    ]  # (s,): of a pool apart, or of what refunds of an exit brought back
    waiting: npt.NDArray[np.int64]  # (s,): its hops


@inner
def _ask(want, hops, at, part, h):
    if part:
        hops[at] = h if want[at] == 0 else min(h, hops[at])
        want[at] += part


@inner
def _ask_pools(b, w, takes, begin, end, pocket, part, amount, h):
    """Ask the pools apart that a debit of `amount` took of, and undo the takes; return what is asked of no pool apart."""
    for n in range(
        begin, end
    ):  # a pool that fell to the common one at this very event comes apart again
        slot, size = ~takes[n].slot, takes[n].amount
        if slot >= 0:
            of_pool = mul_div(w.want[pocket], size, b.balance[pocket] - b.apart[pocket])
            w.want[pocket] -= of_pool
            w.pending[slot], w.waiting[slot] = of_pool, w.hops[pocket]
            b.content[slot] = size
            b.apart[pocket] += size
    before, whole = np.int64(0), np.int64(0)
    for n in range(begin, end):
        slot, size = takes[n].slot, takes[n].amount
        if slot >= 0:
            whole += size
            upto = mul_div(whole, part, amount)
            _ask(w.pending, w.waiting, slot, upto - before, h)
            before = upto
            b.content[slot] += size
            b.apart[pocket] += size
    return part - before, whole


@kernel
def undo_pools(
    b, w, source, payee, amount, op, special, specials, sinks, refunds, takes, first, floor, stop
):
    """Take back events [floor, stop) under rolling charge; return by event units carried, units that came in by it, hops.

    `b` is what `lay_pools` left, `w` what is asked at the end. `first` is what is asked of event stop - 1 itself, -1 for the
    plain rule: of want w in a common pool of B, floor(w * c / B) came by the credit c. O(n + takes).
    """
    part_of, came_of, hops_of = (
        np.zeros(stop, np.int64),
        np.zeros(stop, np.int64),
        np.zeros(stop, np.int64),
    )
    for i in range(stop - 1, floor - 1, -1):
        p, q, a, o = np.int64(source[i]), np.int64(payee[i]), amount[i], op[i]
        if o & (HOLD | RELEASE):
            continue
        at = special[i] if o else np.int64(0)
        part, h = np.int64(0), np.int64(0)
        slot = specials[at].watched if o & WATCHED else np.int64(-1)
        is_in = not sinks[q] and not o & CONVERT_OUT
        is_apart = is_in and slot >= 0 and b.last[slot] >= 0
        if first >= 0 and i == stop - 1:
            part = np.int64(first)
        elif is_in and not is_apart and w.want[q] > 0:
            part = mul_div(w.want[q], a, b.balance[q] - b.apart[q])
            h = w.hops[q]
            w.want[q] -= part
        if slot >= 0 and w.pending[slot]:
            h = w.waiting[slot] if part == 0 else min(h, w.waiting[slot])
            part += w.pending[slot]
            w.pending[slot] = 0
        if is_in:
            b.balance[q] -= a
        if is_apart:
            b.apart[q] -= a
            b.content[slot] = 0
        h += 1
        if refunds[i]:
            _ask(w.pending, w.waiting, specials[at].original, part, h)
        elif p:
            rest, taken = _ask_pools(b, w, takes, b.begins[i], b.begins[i + 1], p, part, a, h)
            if o & REVERSAL and specials[at].rest_clean:
                b.balance[p] += taken
                came_of[i] = rest
            else:
                b.balance[p] += a
                _ask(w.want, w.hops, p, rest, h)
        else:
            came_of[i] = part
        if part:
            part_of[i], hops_of[i] = part, h
    return part_of, came_of, hops_of


@kernel
def undo_reach(
    source, payee, op, special, specials, sinks, refunds, hops, pending, first, floor, stop
):
    """Take back events [floor, stop) under poison; return hops by event (0: no part). `hops` (k,): 0 where not asked. O(n)."""
    hops_of = np.zeros(stop, np.int64)
    for i in range(stop - 1, floor - 1, -1):
        p, q, o = source[i], payee[i], op[i]
        if o & (HOLD | RELEASE):
            continue
        h = np.int64(0)
        if first and i == stop - 1:
            h = np.int64(1)
        elif not sinks[q] and not o & CONVERT_OUT and hops[q]:
            h = hops[q]
        at = special[i] if o else np.int64(0)
        if o & WATCHED and pending[specials[at].watched]:
            slot = specials[at].watched
            h = pending[slot] if h == 0 else min(h, pending[slot])
            pending[slot] = 0
        if h == 0:
            continue
        hops_of[i] = h
        if refunds[i]:
            slot = specials[at].original
            pending[slot] = h + 1 if pending[slot] == 0 else min(h + 1, pending[slot])
        elif p != 0 and not o & CONVERT_IN:
            hops[p] = h + 1 if hops[p] == 0 else min(h + 1, hops[p])
    return hops_of
