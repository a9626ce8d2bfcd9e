"""Reads the features of one payment before it is booked. The columns are those of `watch.features.FEATURES`, in that order.

A test compares every column with a slow twin by its name, so that a column out of place is found.
"""

# mypy: disable-error-code="no-untyped-call,no-untyped-def"
from __future__ import annotations

import numpy as np

from recoup.trace.kernels.compiled import within
from recoup.watch.state.kernels.booking import near_of
from recoup.watch.state.kernels.codes import (
    DISTINCT,
    ONE,
    SHARE_ONE,
    bits_of,
    code_of,
    decayed,
    epoch_of,
    mix,
)
from recoup.watch.state.kernels.pairs import find_pair, real
from recoup.watch.state.kernels.words import (
    DAY_SPAN,
    EXTRA_SIZE,
    IN_COUNTS,
    IN_SUMS,
    NEVER,
    OUT_COUNTS,
    OUT_SUMS,
    PAIR_SPAN,
    PAYEES,
    PAYERS,
    POCKET_HALVES,
    POCKET_WORDS,
    RECENT,
    SECOND,
    SMALL,
    SPANS_COUNT,
    STOLEN,
    TIMES_LARGER,
    WEEK_SPAN,
)

_SIDE = 52
"""Features of one side; the first of the payee's begin there."""
_PAIR = 2 * _SIDE
_PAYMENT = _PAIR + 7
COLUMNS = _PAYMENT + 8
"""Columns that are written."""

_SIMILAR = 1
"""Codes by which two amounts may differ and still be similar: 1.6 % each."""


@within
def _ratio(above, below):
    return np.float64(above) / np.float64(below) if below > 0 else 0.0


@within
def _seconds(time, since):
    return np.float64((time - since) // SECOND) if since != NEVER else -1.0


@within
def _windows(s, p, out, at):
    """Exact counts and sums of five windows, then what they say together; return the next column."""
    words, halves = p * POCKET_WORDS, p * POCKET_HALVES
    for w in range(SPANS_COUNT):
        out[at] = s.halves[halves + OUT_COUNTS + w]
        out[at + 1] = s.words[words + OUT_SUMS + w]
        out[at + 2] = s.halves[halves + IN_COUNTS + w]
        out[at + 3] = s.words[words + IN_SUMS + w]
        at += 4
    for w in (DAY_SPAN, WEEK_SPAN):
        out[at] = _ratio(s.words[words + OUT_SUMS + w], s.words[words + IN_SUMS + w])
        at += 1
    out[at] = _ratio(
        s.halves[halves + IN_COUNTS + PAIR_SPAN], s.halves[halves + OUT_COUNTS + PAIR_SPAN]
    )
    out[at + 1] = _ratio(
        s.words[words + OUT_SUMS + PAIR_SPAN], s.words[words + IN_SUMS + PAIR_SPAN]
    )
    return at + 2


@within
def _totals(s, p, time, out, at):
    """Balance, times and relations; return the next column."""
    cell = s.pockets[p]
    gap = epoch_of(time) - cell.epoch
    balance = cell.flow_in - cell.flow_out
    low, payers, payees = balance, np.int64(0), np.int64(0)
    if gap == 0:
        low = min(cell.low_now, cell.low_before)
        payers = cell.payers_now | cell.payers_before
        payees = cell.payees_now | cell.payees_before
    elif gap == 1:
        low = min(balance, cell.low_now)
        payers, payees = cell.payers_now, cell.payees_now
    last = max(cell.last_in, cell.last_out)
    out[at] = balance
    out[at + 1] = low
    out[at + 2] = cell.dwell
    out[at + 3] = _seconds(time, cell.opened_at)
    out[at + 4] = _seconds(time, last)
    out[at + 5] = _seconds(time, cell.last_in)
    out[at + 6] = _seconds(time, cell.last_out)
    out[at + 7] = DISTINCT[bits_of(payers)]
    out[at + 8] = DISTINCT[bits_of(payees)]
    out[at + 9] = decayed(np.int64(cell.activity), time - last) / np.float64(ONE)
    out[at + 10] = cell.out_night / np.float64(SHARE_ONE)
    out[at + 11] = cell.out_round / np.float64(SHARE_ONE)
    out[at + 12] = cell.out_below / np.float64(SHARE_ONE)
    out[at + 13] = cell.in_night / np.float64(SHARE_ONE)
    out[at + 14] = cell.in_round / np.float64(SHARE_ONE)
    out[at + 15] = cell.in_below / np.float64(SHARE_ONE)
    return at + 16


@within
def _known(s, p, time, out, at):
    """Reports, markers, distance and stolen money; return the next column."""
    cell = s.pockets[p]
    for column in range(1, EXTRA_SIZE):
        out[at + column - 1] = s.extras[cell.slot, column] if cell.slot >= 0 else 0
    stolen = s.extras[cell.slot, STOLEN] if cell.slot >= 0 else np.int64(0)
    balance = cell.flow_in - cell.flow_out
    out[at + 6] = near_of(s, p, epoch_of(time))
    out[at + 7] = stolen
    out[at + 8] = _ratio(min(stolen, balance), balance)
    return at + 9


@within
def _similar(s, base, code):
    """Return how many of the last eight had an amount like this one."""
    n = 0
    for j in range(base, base + RECENT):
        kept = s.halves[j] & 4095
        if kept != 0 and abs(kept - code) <= _SIMILAR:
            n += 1
    return n


@within
def _side(s, p, time, code, usual, out, at):
    """Read one side; `usual`: its usual amount in this direction (0: none yet)."""
    at = _windows(s, p, out, at)
    at = _totals(s, p, time, out, at)
    at = _known(s, p, time, out, at)
    out[at] = (code * 8 - usual) / 512.0 if usual != 0 else 0.0
    out[at + 1] = _similar(s, p * POCKET_HALVES + PAYEES, code)
    out[at + 2] = _similar(s, p * POCKET_HALVES + PAYERS, code)


@within
def _pair_sums(s, payer, payee, out, at):
    """What the pair did within five days, both ways."""
    if payer == -1 or payee == -1:
        out[at : at + 4] = 0.0
        return
    there, back = (
        s.pairs[find_pair(s.pairs, payer, payee)],
        s.pairs[find_pair(s.pairs, payee, payer)],
    )
    out[at] = there.count
    out[at + 1] = there.sum if there.count > 0 else 0
    out[at + 2] = back.count
    out[at + 3] = back.sum if back.count > 0 else 0


@within
def _pair(s, payer, payee, amount, has_payer, out, at):
    """Read what the two have had to do with each other."""
    seen, small, is_open = 0, False, has_payer and payee != -1
    if is_open:
        who = mix(payee) >> 12
        small_code = code_of(s.terms[SMALL])
        for j in range(RECENT):
            kept = np.int64(s.halves[payer * POCKET_HALVES + PAYEES + j]) & 0xFFFFFFFF
            if kept != 0 and kept >> 12 == who:
                seen += 1
                small |= kept & 4095 <= small_code
    out[at] = is_open and seen == 0
    out[at + 1] = seen
    out[at + 2] = small and amount >= s.terms[SMALL] * s.terms[TIMES_LARGER]
    _pair_sums(s, payer, payee, out, at + 3)


@within
def read(s, time, payer, payee, amount, kind, traits, out):
    """Write the features of a payment into `out` (F,) float64; `time` is the clock. Changes nothing.

    A number below 0 is a side that is not here: -1 the outside, -2 - number a pocket elsewhere; its features are all -1.
    """
    code, is_night, is_round, is_below, second, weekday = traits
    has_payer = payer >= 0
    if has_payer:
        _side(s, payer, time, code, np.int64(s.pockets[payer].usual_out), out, 0)
    else:
        out[:_SIDE] = -1.0
    if payee >= 0:
        _side(s, payee, time, code, np.int64(s.pockets[payee].usual_in), out, _SIDE)
    else:
        out[_SIDE:_PAIR] = -1.0
    _pair(s, real(payer), real(payee), amount, has_payer, out, _PAIR)
    out[_PAYMENT] = amount
    out[_PAYMENT + 1] = kind
    out[_PAYMENT + 2] = second
    out[_PAYMENT + 3] = weekday
    out[_PAYMENT + 4] = is_night
    out[_PAYMENT + 5] = is_round
    out[_PAYMENT + 6] = is_below
    balance = np.int64(0)
    if has_payer:
        balance = s.pockets[payer].flow_in - s.pockets[payer].flow_out
    out[_PAYMENT + 7] = _ratio(amount, balance)
