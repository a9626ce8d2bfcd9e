"""Rolling charge and lowest intermediate balance over all claims at once: a pool of shares per pocket. Exact integers.

A pocket's free balance belongs to claims (entries, ascending by colour) and to its holder (the rest). Debits are shared by
cumulative floors in colour order, so claims' parts never sum above the debit and nothing is rounded twice. A reversal counts by
claim, then by mark.

Invariants: 1. entries of a pocket ascend by colour, none is zero; 2. `taint` is their sum; 3. taint <= balance.
"""

# mypy: disable-error-code="no-untyped-call,no-untyped-def"
from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from recoup.trace.kernels.books import (
    CONVERT_IN,
    CONVERT_OUT,
    CONVERTED,
    DUST,
    EXITED,
    FLOWS,
    HOLD,
    LIVE,
    MOVED,
    NAUGHT,
    NO,
    NONE,
    OPENED,
    RELEASE,
    REVERSAL,
    REVERSED,
    ROOT,
    STAYED,
    TO_VICTIM,
    UNDONE,
)
from recoup.trace.kernels.compiled import inner, kernel
from recoup.trace.kernels.exact import mul_div
from recoup.trace.kernels.pool_chains import (
    add_to,
    drop_entry,
    new_entry,
    record_part,
    share_marks,
    sum_of,
    sweep,
    total_of,
)
from recoup.trace.kernels.prefetch import AHEAD, prefetch

POOL: Final = np.dtype([("balance", "i8"), ("taint", "i8"), ("head", "i8")], align=True)
"""24 bytes a pocket: free balance, claims' part of it, first entry."""

ENTRY: Final = np.dtype([(name, "i8") for name in ("amount", "colour", "next", "since", "depth")])
"""40 bytes: one colour's money in one pocket, chain or slot."""

Record = npt.NDArray[np.void]


class Books(NamedTuple):
    """Everything the kernel reads and writes; as `lots.Books`, with pools and entries."""

    source: npt.NDArray[np.int32]
    payee: npt.NDArray[np.int32]
    amount: npt.NDArray[np.int64]
    time: npt.NDArray[np.int64]  # microseconds
    op: npt.NDArray[np.uint8]
    special: npt.NDArray[np.int32]
    mark: npt.NDArray[np.uint8]
    specials: Record
    sinks: npt.NDArray[np.uint8]
    pockets: Record
    lots: Record  # entries
    flows: Record
    state: npt.NDArray[np.int64]
    originals: npt.NDArray[np.int64]  # heads of the chains that reversed transfers carried
    original_event: npt.NDArray[np.int64]
    kept: npt.NDArray[np.int64]  # what of them went to a sink and has not come back
    original_amount: npt.NDArray[np.int64]
    slots: npt.NDArray[np.int64]
    slot_amount: npt.NDArray[np.int64]
    cut: npt.NDArray[np.int32]
    dust: npt.NDArray[np.int64]
    carried: npt.NDArray[np.int64]


@inner
def _stay(b, event, chain):
    """Take out of a chain what is past its claim's horizon: the claim keeps the position. Returns the new head."""
    head = tail = np.int64(NONE)
    at = chain
    while at >= 0:
        after = np.int64(b.lots[at].next)
        entry = b.lots[at]
        if event >= b.cut[entry.colour >> 2]:
            record_part(b, entry.colour, event, entry.amount, entry.since, STAYED)
            drop_entry(b, at)
        else:
            if tail >= 0:
                b.lots[tail].next = at
            else:
                head = at
            b.lots[at].next = NONE
            tail = at
        at = after
    return head


@inner
def _carried_back(b, event, original, head, late):
    """Move from the chain `head` what the event brings back of each claim that the original carried, as far as it is there.

    Cumulative floors over the claims, then over each claim's marks. With `late` also of claims past their horizon. Returns the
    chain of what was moved and what the floors gave in all.
    """
    amount, whole = b.amount[event], b.original_amount[original]
    chain = np.int64(NONE)
    before = sum_so_far = np.int64(0)
    at = np.int64(b.originals[original])
    while at >= 0:
        claim = b.lots[at].colour >> 2
        while at >= 0 and b.lots[at].colour >> 2 == claim:
            sum_so_far += b.lots[at].amount
            at = np.int64(b.lots[at].next)
        share = mul_div(sum_so_far, amount, whole)
        got = min(share - before, sum_of(b, head, claim))
        before = share
        if got > 0 and (late or event < b.cut[claim]):
            chain = share_marks(b, head, claim, got, chain)
    return chain, before


@inner
def _take_very(b, event, pocket, special):
    """Take back what the original carried, as far as it is still there; return (chain, total taken)."""
    pool = b.pockets[pocket]
    own = pool.balance - pool.taint
    chain, asked = _carried_back(b, event, special.original, pool.head, True)
    taken = total_of(b, chain)
    pool.taint -= taken
    if b.original_amount[special.original] > 0:
        taken += min(own, b.amount[event] - asked)
    pool.balance -= taken
    return chain, taken


@inner
def _take(b, event, pocket, by_rolling):
    """Take the event's amount, or all there is, from its payer by the rule; return the claims' parts, ascending by colour."""
    amount = b.amount[event]
    pool = b.pockets[pocket]
    if pocket == 0:
        return np.int64(NONE)
    chain = np.int64(NONE)
    if b.op[event] & REVERSAL:
        chain, taken = _take_very(b, event, pocket, b.specials[b.special[event]])
        amount -= taken
        if b.specials[b.special[event]].rest_clean:
            sweep(b, pocket)
            return chain
    whole = max(pool.balance, pool.taint) if by_rolling else pool.taint
    part = min(whole, amount if by_rolling else max(NAUGHT, amount - pool.balance + pool.taint))
    pool.balance -= amount
    tail = np.int64(NONE)
    before = sum_so_far = np.int64(0)
    at = np.int64(pool.head)
    while at >= 0 and part > 0:
        entry = b.lots[at]
        sum_so_far += entry.amount
        share = mul_div(sum_so_far, part, whole)
        out = share - before
        before = share
        if out > 0:
            entry.amount -= out
            if b.op[event] & REVERSAL:
                chain = add_to(b, chain, entry.colour, out, entry.since, entry.depth)
            else:  # already in order
                added = new_entry(b, entry.colour, out, entry.since, entry.depth, NONE)
                if tail >= 0:
                    b.lots[tail].next = added
                else:
                    chain = added
                tail = added
        at = np.int64(entry.next)
    pool.taint -= before
    sweep(b, pocket)
    return chain


@inner
def _floor_dust(b, event, pocket, chain):
    """Drop claims' parts below the dust floor into the residual; return the new head."""
    at = chain
    while at >= 0:
        b.carried[b.lots[at].colour >> 2] += b.lots[at].amount
        at = np.int64(b.lots[at].next)
    at = chain
    head = tail = np.int64(NONE)
    while at >= 0:
        after = np.int64(b.lots[at].next)
        claim = b.lots[at].colour >> 2
        last = after < 0 or b.lots[after].colour >> 2 != claim
        if b.carried[claim] < b.dust[pocket]:
            record_part(b, b.lots[at].colour, event, b.lots[at].amount, b.lots[at].depth, DUST)
            drop_entry(b, at)
        else:
            if tail >= 0:
                b.lots[tail].next = at
            else:
                head = at
            b.lots[at].next = NONE
            tail = at
        if last:
            b.carried[claim] = 0
        at = after
    return head


@inner
def _dust_pocket(b, event, pocket):
    """Return a pocket in the event's currency: the payer's, else the payee's, else where a refund comes from."""
    if pocket == 0:
        pocket = np.int64(b.payee[event])
    if pocket == 0 and b.op[event] & REVERSAL:
        original = b.original_event[b.specials[b.special[event]].original]
        pocket = np.int64(b.payee[original]) if original >= 0 else pocket
    return pocket


@inner
def _leave(b, event, chain, claim, fate):
    """Let the parts of `claim` (all parts for -1) leave with `fate`; return what stays in the chain."""
    head = tail = np.int64(NONE)
    at = chain
    while at >= 0:
        after = np.int64(b.lots[at].next)
        if claim < 0 or b.lots[at].colour >> 2 == claim:
            record_part(b, b.lots[at].colour, event, b.lots[at].amount, b.lots[at].depth + 1, fate)
            drop_entry(b, at)
        else:
            if tail >= 0:
                b.lots[tail].next = at
            else:
                head = at
            b.lots[at].next = NONE
            tail = at
        at = after
    return head


@inner
def _root(b, event, chain, free, special):
    """The disputed transfer: others' parts go to the victim (admitted) or stay; the rest is the claim's. New head.

    `free` is what no claim stood behind before anything was dropped in this event.
    """
    if b.cut[special.claim] == 0:  # the claim is not followed at all
        return chain
    if special.admitted:
        chain = _leave(b, event, chain, NONE, TO_VICTIM)
        free = b.amount[event]
    if free > 0:
        chain = add_to(b, chain, special.claim * 4, free, event, NAUGHT)
    return chain


@inner
def _scaled(b, event, slot):
    """The converted parts of `slot` in the new currency, by cumulative floors. Head of the chain."""
    amount, whole = b.amount[event], b.slot_amount[slot]
    at = np.int64(b.slots[slot])
    b.slots[slot] = NONE
    chain = np.int64(NONE)
    before = sum_so_far = np.int64(0)
    while at >= 0:
        after = np.int64(b.lots[at].next)
        sum_so_far += b.lots[at].amount
        share = mul_div(sum_so_far, amount, whole)
        if share > before:
            chain = add_to(
                b, chain, b.lots[at].colour, share - before, b.lots[at].since, b.lots[at].depth
            )
        before = share
        drop_entry(b, at)
        at = after
    return chain


@inner
def _mark(b, chain, mark):
    """Note on claims' parts that what carries them is inferred or asserted; returns the new head."""
    head = np.int64(NONE)
    at = chain
    while at >= 0:
        after = np.int64(b.lots[at].next)
        entry = b.lots[at]
        head = add_to(b, head, entry.colour | mark, entry.amount, entry.since, entry.depth)
        drop_entry(b, at)
        at = after
    return head


@inner
def _remember(b, event, chain, original):
    """Keep a copy of what a transfer that is reversed later carried, and another to give back if it left."""
    b.original_amount[original] = b.amount[event]
    b.original_event[original] = event
    if b.sinks[b.payee[event]]:
        kept = np.int64(NONE)
        at = chain
        while at >= 0:
            entry = b.lots[at]
            kept = add_to(b, kept, entry.colour, entry.amount, entry.since, entry.depth + 1)
            at = np.int64(entry.next)
        b.kept[original] = kept
    head = np.int64(NONE)
    at = chain
    while at >= 0:
        head = add_to(
            b, head, b.lots[at].colour, b.lots[at].amount, b.lots[at].since, b.lots[at].depth
        )
        at = np.int64(b.lots[at].next)
    b.originals[original] = head


@inner
def _deliver(b, event, chain, fate):
    """Let the chain arrive at the event's payee: mark, count the hop, record the flow, join or exit."""
    payee = b.payee[event]
    pool = b.pockets[payee]
    sink = b.sinks[payee] != 0
    if not sink:
        pool.balance += b.amount[event]
    at = chain
    while at >= 0:
        after = np.int64(b.lots[at].next)
        entry = b.lots[at]
        colour = entry.colour
        record_part(b, colour, event, entry.amount, entry.depth + 1, EXITED if sink else fate)
        if not sink:
            pool.taint += entry.amount
            pool.head = add_to(b, pool.head, colour, entry.amount, event, entry.depth + 1)
        drop_entry(b, at)
        at = after


@inner
def _park(b, event, chain, slot):
    """Keep the converted parts until the new currency arrives."""
    b.slot_amount[slot] = b.amount[event]
    parked = np.int64(NONE)
    at = chain
    while at >= 0:
        after = np.int64(b.lots[at].next)
        entry = b.lots[at]
        record_part(b, entry.colour, event, entry.amount, entry.depth + 1, CONVERTED)
        parked = add_to(b, parked, entry.colour, entry.amount, event, entry.depth + 1)
        drop_entry(b, at)
        at = after
    b.slots[slot] = parked


@inner
def _hold(b, event, slot):
    """Take the hold's money out of the flow: claims by (arrival, colour), then clean; at most what is free."""
    pocket = np.int64(b.source[event])
    if b.sinks[pocket]:
        return
    pool = b.pockets[pocket]
    left = min(b.amount[event], pool.balance)
    pool.balance -= left
    clean = left
    while left > 0:
        oldest = np.int64(NONE)
        at = np.int64(pool.head)
        while at >= 0:
            if b.lots[at].amount > 0 and (
                oldest < 0 or b.time[b.lots[at].since] < b.time[b.lots[oldest].since]
            ):
                oldest = at
            at = np.int64(b.lots[at].next)
        if oldest < 0:
            break
        entry = b.lots[oldest]
        got = min(left, entry.amount)
        entry.amount -= got
        pool.taint -= got
        left -= got
        clean -= got
        b.slots[slot] = add_to(b, b.slots[slot], entry.colour, got, entry.since, entry.depth)
    b.slot_amount[slot] = clean
    sweep(b, pocket)


@inner
def _release(b, slot, pocket):
    """Put a hold's money back."""
    pool = b.pockets[pocket]
    pool.balance += b.slot_amount[slot]
    b.slot_amount[slot] = 0
    at = np.int64(b.slots[slot])
    b.slots[slot] = NONE
    while at >= 0:
        after = np.int64(b.lots[at].next)
        entry = b.lots[at]
        pool.balance += entry.amount
        pool.taint += entry.amount
        pool.head = add_to(b, pool.head, entry.colour, entry.amount, entry.since, entry.depth)
        drop_entry(b, at)
        at = after


@inner
def _refund(b, event, special):
    """Take back what an exit carried, of each claim at most what has not come back yet. Returns the chain's head.

    What waits for a link's entry comes back likewise, and clean money crosses in its place.
    """
    original, transit = special.original, special.transit
    if transit >= 0:
        if b.pockets[transit].balance == 0:  # it has crossed
            return np.int64(NONE)
        chain, _ = _carried_back(b, event, original, b.pockets[transit].head, NO)
        b.pockets[transit].taint -= total_of(b, chain)
        sweep(b, transit)
        return chain
    chain, _ = _carried_back(b, event, original, b.kept[original], NO)
    at = chain
    while at >= 0:
        record_part(b, b.lots[at].colour, b.original_event[original], -b.lots[at].amount, 0, UNDONE)
        at = np.int64(b.lots[at].next)
    return chain


@inner
def _move(b, event, by_rolling):
    """Carry out one event in full generality."""
    op = b.op[event]
    pocket = np.int64(b.source[event])
    if op & HOLD:
        _hold(b, event, b.specials[b.special[event]].slot)
        return
    if op & RELEASE:
        _release(b, b.specials[b.special[event]].slot, pocket)
        return
    fate = MOVED
    free = b.amount[event]
    if op & CONVERT_IN:
        chain = _scaled(b, event, b.specials[b.special[event]].slot)
        fate = OPENED
    elif op & REVERSAL and pocket == 0:
        chain = _refund(b, event, b.specials[b.special[event]])
    else:
        chain = _take(b, event, pocket, by_rolling)
        free -= total_of(b, chain)
        chain = _stay(b, event, chain)
        if b.mark[event]:
            chain = _mark(b, chain, b.mark[event])
    if len(b.dust) > 0 and not (op & ROOT and b.specials[b.special[event]].admitted):
        chain = _floor_dust(b, event, _dust_pocket(b, event, pocket), chain)
    if op != 0:
        special = b.specials[b.special[event]]
        if op & ROOT:
            chain = _root(b, event, chain, free, special)
        if op & REVERSAL and special.original_claim >= 0:
            chain = _leave(b, event, chain, special.original_claim, REVERSED)
        if op & CONVERT_OUT:
            _park(b, event, chain, special.slot)
            return
        if special.watched >= 0:
            _remember(b, event, chain, special.watched)
    _deliver(b, event, chain, fate)


@kernel
def follow_pools(b, start, stop, by_rolling):
    """Carry out events [start, stop); return the first one not carried out (== stop, or an arena must grow first).

    Cost: a plain transfer without claims' money is two random records of 24 bytes; with c claims it is O(c).
    """
    source, payee, amount, op, pockets = b.source, b.payee, b.amount, b.op, b.pockets
    last = len(amount) - 1
    lots_room, flows_room = len(b.lots), len(b.flows)
    for i in range(start, stop):
        j = min(i + AHEAD, last)
        prefetch(pockets, source[j])
        prefetch(pockets, payee[j])
        p, q = source[i], payee[i]
        if op[i] == 0 and pockets[p].head < 0 and amount[i] <= pockets[p].balance:
            pockets[p].balance -= amount[i]
            pockets[q].balance += amount[i]
        else:
            live = b.state[LIVE]
            if 2 * live + 16 > lots_room or b.state[FLOWS] + 2 * live + 16 > flows_room:
                return i
            _move(b, np.int64(i), by_rolling)
    return stop
