"""Chains of claims' shares: ascending by colour, one entry a colour. What is done with them is in `pools`."""

# mypy: disable-error-code="no-untyped-call,no-untyped-def"
from __future__ import annotations

import numpy as np

from recoup.trace.kernels.books import FLOWS, FREE, LIVE, NONE, USED
from recoup.trace.kernels.compiled import inner
from recoup.trace.kernels.exact import mul_div


@inner
def new_entry(b, colour, amount, since, depth, following):
    """Return a fresh entry that `following` follows."""
    free = b.state[FREE]
    if free >= 0:
        at = free
        b.state[FREE] = b.lots[at].next
    else:
        at = b.state[USED]
        b.state[USED] += 1
    b.state[LIVE] += 1
    entry = b.lots[at]
    entry.amount, entry.colour, entry.since, entry.depth, entry.next = (
        amount,
        colour,
        since,
        depth,
        following,
    )
    return at


@inner
def drop_entry(b, at):
    """Give the place of an entry back."""
    b.lots[at].next = b.state[FREE]
    b.state[FREE] = at
    b.state[LIVE] -= 1


@inner
def record_part(b, colour, event, amount, depth, fate):
    """Write one part to the flows."""
    n = b.state[FLOWS]
    flow = b.flows[n]
    flow.colour, flow.event, flow.amount, flow.depth, flow.fate = colour, event, amount, depth, fate
    b.state[FLOWS] = n + 1


@inner
def add_to(b, head, colour, amount, since, depth):
    """Add money of `colour` to a chain; the claim keeps its earliest arrival and fewest hops. New head."""
    claim = colour >> 2
    before = np.int64(NONE)
    at = np.int64(head)
    while at >= 0 and b.lots[at].colour < colour:
        if b.lots[at].colour >> 2 == claim:
            since, depth = min(since, b.lots[at].since), min(depth, b.lots[at].depth)
        before = at
        at = np.int64(b.lots[at].next)
    if at >= 0 and b.lots[at].colour == colour:
        b.lots[at].amount += amount
    else:
        at = new_entry(b, colour, amount, since, depth, at)
        if before >= 0:
            b.lots[before].next = at
        else:
            head = at
    after = at
    while after >= 0 and b.lots[after].colour >> 2 == claim:
        since, depth = min(since, b.lots[after].since), min(depth, b.lots[after].depth)
        after = np.int64(b.lots[after].next)
    at = np.int64(head)
    while at >= 0 and b.lots[at].colour >> 2 <= claim:
        if b.lots[at].colour >> 2 == claim:
            b.lots[at].since, b.lots[at].depth = since, depth
        at = np.int64(b.lots[at].next)
    return np.int64(head)


@inner
def sweep(b, pocket):
    """Drop the entries of a pool that have become zero."""
    before = np.int64(NONE)
    at = np.int64(b.pockets[pocket].head)
    while at >= 0:
        after = np.int64(b.lots[at].next)
        if b.lots[at].amount == 0:
            if before >= 0:
                b.lots[before].next = after
            else:
                b.pockets[pocket].head = after
            drop_entry(b, at)
        else:
            before = at
        at = after


@inner
def sum_of(b, head, claim):
    """Return what a chain has of one claim, whatever the marks."""
    whole = np.int64(0)
    at = np.int64(head)
    while at >= 0 and b.lots[at].colour >> 2 <= claim:
        if b.lots[at].colour >> 2 == claim:
            whole += b.lots[at].amount
        at = np.int64(b.lots[at].next)
    return whole


@inner
def share_marks(b, head, claim, amount, onto):
    """Move `amount` of a claim from the chain `head` onto the chain `onto`, its marks by cumulative floors. New head of `onto`.

    Entries that become zero stay in the chain `head`: `sweep` drops those of a pool.
    """
    have = sum_of(b, head, claim)
    before = sum_so_far = np.int64(0)
    at = np.int64(head)
    while at >= 0 and b.lots[at].colour >> 2 <= claim:
        if b.lots[at].colour >> 2 == claim:
            sum_so_far += b.lots[at].amount
            share = mul_div(sum_so_far, amount, have)
            part = share - before
            before = share
            if part > 0:
                b.lots[at].amount -= part
                entry = b.lots[at]
                onto = add_to(b, onto, entry.colour, part, entry.since, entry.depth)
        at = np.int64(b.lots[at].next)
    return onto


@inner
def total_of(b, chain):
    """Return the sum of a chain."""
    whole = np.int64(0)
    at = chain
    while at >= 0:
        whole += b.lots[at].amount
        at = np.int64(b.lots[at].next)
    return whole
