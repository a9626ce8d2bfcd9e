"""The ways in: payments one after another, time alone, a report, a frontier. One loop for every batch size.

A payment that is refused changes nothing: it is checked whole before the clock moves.
"""

# mypy: disable-error-code="no-untyped-call,no-untyped-def"
from __future__ import annotations

from typing import Final

import numpy as np

from recoup.limits import POCKET_MINOR_MAX, ROW_MINOR_MAX
from recoup.records.kinds import KINDS
from recoup.trace.kernels.compiled import kernel, within
from recoup.trace.kernels.prefetch import prefetch
from recoup.watch.state.kernels.booking import book, draw_near
from recoup.watch.state.kernels.codes import epoch_of, traits_of
from recoup.watch.state.kernels.handing import state_at
from recoup.watch.state.kernels.pairs import home_of
from recoup.watch.state.kernels.passing import advance
from recoup.watch.state.kernels.reading import read
from recoup.watch.state.kernels.words import (
    ACCOUNTS,
    AHEAD,
    BASE,
    BLOCK,
    CLOCK,
    CREDIT,
    DEBIT,
    HEAD,
    LATE,
    MARKERS,
    NEVER,
    OUTSIDE_IN,
    OUTSIDE_OUT,
    POCKET_WORDS,
    REPORTS,
    TOLD_HEAD,
    TOLD_SPANS_COUNT,
)

BOOKED: Final = 0
AMOUNT_NOT_POSITIVE: Final = 1
AMOUNT_TOO_LARGE: Final = 2
SAME_ACCOUNT: Final = 3
ACCOUNT_UNKNOWN: Final = 4
KIND_UNKNOWN: Final = 5
TIME_LATE: Final = 6
TIME_AHEAD: Final = 7
SUM_TOO_LARGE: Final = 8

TIME_MAX: Final = 2**54
"""Microseconds before and after 1970: 570 years; a generation's number then fits 16 bits."""

NEIGHBOURS_MAX: Final = 256
"""Newest payers, and newest payees, of a reported pocket that are marked as near to it."""

_SOON: Final = 8
_LINE: Final = 8  # words of a cache line
_KINDS_COUNT: Final = len(KINDS)

MOVE: Final = np.dtype(
    [
        ("span", "i8"),  # number of the span that was asked about
        ("number", "i8"),  # of the row
        ("time", "i8"),
        ("low", "i8"),  # units [low, high) of the span's axis
        ("high", "i8"),
        ("into", "i8"),  # where they begin on the payee's axis; -1: it is not kept here
        ("payee", "i8"),  # -1: the outside
        ("is_here", "i8"),
    ]
)
"""64 bytes: units of a span that one row took."""

SPAN: Final = np.dtype([("pocket", "i8"), ("low", "i8"), ("high", "i8")])
"""24 bytes: units [low, high) of a pocket's axis, and afterwards the part whose rows are no longer kept."""


@within
def time_fits(s, time):
    """Return BOOKED, or why an event of that time is not taken."""
    clock = s.marks[CLOCK]
    if time < -TIME_MAX or (clock != NEVER and time < clock - s.terms[LATE]):
        return TIME_LATE
    if time > TIME_MAX or (clock != NEVER and time > clock + s.terms[AHEAD]):
        return TIME_AHEAD
    return BOOKED


@within
def check(s, time, payer, payee, amount, kind, sides):
    """Return BOOKED if a payment can be booked, else why not. Changes nothing."""
    if amount <= 0:
        return AMOUNT_NOT_POSITIVE
    if amount > ROW_MINOR_MAX:
        return AMOUNT_TOO_LARGE
    if payer == payee:
        return SAME_ACCOUNT
    count = min(s.marks[ACCOUNTS], len(s.pockets))
    if payer < -1 or payee < -1 or (payer >= count and sides & DEBIT):
        return ACCOUNT_UNKNOWN
    if payee >= count and sides & CREDIT:
        return ACCOUNT_UNKNOWN
    if (sides == DEBIT and payer == -1) or (sides == CREDIT and payee == -1):
        return ACCOUNT_UNKNOWN
    if not 0 <= kind < _KINDS_COUNT:
        return KIND_UNKNOWN
    if sides & DEBIT and payer >= 0 and s.pockets[payer].flow_out + amount > POCKET_MINOR_MAX:
        return SUM_TOO_LARGE
    if sides & CREDIT and payee >= 0 and s.pockets[payee].flow_in + amount > POCKET_MINOR_MAX:
        return SUM_TOO_LARGE
    if payer == -1 and s.marks[OUTSIDE_OUT] + amount > POCKET_MINOR_MAX:
        return SUM_TOO_LARGE
    if payee == -1 and s.marks[OUTSIDE_IN] + amount > POCKET_MINOR_MAX:
        return SUM_TOO_LARGE
    return time_fits(s, time)


@within
def _fetch(s, payer, payee):
    """Ask for the pockets and the pair of a payment that comes soon."""
    count = min(s.marks[ACCOUNTS], len(s.pockets))
    for number in (payer, payee):
        first = (number if 0 <= number < count else 0) * POCKET_WORDS
        for line in range(0, POCKET_WORDS, _LINE):
            prefetch(s.words, first + line)
    prefetch(s.pairs, home_of(s.pairs, payer, payee))
    prefetch(s.pairs, home_of(s.pairs, payee, payer))


@kernel
def run(at, time, payer, payee, amount, kind, sides, matrix, outcomes):
    """Check, read, then book payments one by one; `matrix` (n, F) or (0, F), `outcomes` (n,) int8. The caller has made room.

    `at`: the `addresses_of` the state.
    """
    s = state_at(at)
    last = len(time) - 1
    is_read = len(matrix) > 0
    for i in range(len(time)):
        soon = min(i + _SOON, last)
        if soon > i:
            _fetch(s, np.int64(payer[soon]), np.int64(payee[soon]))
        p, q, a, k = np.int64(payer[i]), np.int64(payee[i]), amount[i], np.int64(kind[i])
        code = check(s, time[i], p, q, a, k, sides)
        outcomes[i] = code
        if code != BOOKED:
            if is_read:
                matrix[i, :] = np.nan
            continue
        clock = advance(s, time[i])
        traits = traits_of(s, clock, a)
        if is_read:
            of_p = (
                p if sides & DEBIT or p < 0 else -2 - p
            )  # as rows write a pocket that lives elsewhere
            of_q = q if sides & CREDIT or q < 0 else -2 - q
            read(s, clock, of_p, of_q, a, k, traits, matrix[i])
        book(s, clock, p, q, a, traits, sides)


@kernel
def let_pass(s, time):
    """Let the clock go on to `time`; return BOOKED or why not."""
    code = time_fits(s, time)
    if code == BOOKED:
        advance(s, time)
    return code


@within
def _oldest(s):
    """Return the number of the oldest row that is kept."""
    return s.marks[BASE] // BLOCK * BLOCK


@within
def _newest_of(s, low_bits):
    """Return the number of a pocket's newest row from its low 32 bits; the row must be asked whether it is the pocket's."""
    head = s.marks[HEAD]
    return head - ((head - np.int64(low_bits)) & 0xFFFFFFFF)


@within
def _draw_neighbours(s, p, epoch):
    """Mark the newest counterparties of a reported pocket as one transfer away."""
    oldest, last = _oldest(s), len(s.rows) - 1
    for side in range(2):
        number = _newest_of(s, s.pockets[p].row_out if side == 0 else s.pockets[p].row_in)
        for _ in range(NEIGHBOURS_MAX):
            if number < oldest or number >= s.marks[HEAD]:
                break
            row = s.rows[number & last]
            if (row.payer if side == 0 else row.payee) != p:
                break
            other = row.payee if side == 0 else row.payer
            if other >= 0:
                draw_near(s, other, np.int64(0), epoch)
            back = row.back_out if side == 0 else row.back_in
            if back == 0:
                break
            number -= back


@kernel
def tell(s, pocket, kind):
    """Count a report (kind 0) or marker (1), told now, of a pocket that has a slot of `extras`."""
    clock = s.marks[CLOCK]
    told = s.told[s.marks[TOLD_HEAD]]
    told.time, told.pocket, told.kind = clock, pocket, kind
    s.marks[TOLD_HEAD] += 1
    for w in range(TOLD_SPANS_COUNT):
        s.extras[s.pockets[pocket].slot, (REPORTS if kind == 0 else MARKERS) + w] += 1
    _draw_neighbours(s, pocket, epoch_of(clock))


@kernel
def follow(s, spans, moves):
    """Write which rows took units of each span, newest first; return how many there are (more than fit: ask again).

    Afterwards a span is [low, high) of what rows no longer kept took: empty when all of it was found. O(rows since).
    """
    n, last, oldest = 0, len(s.rows) - 1, _oldest(s)
    for i in range(len(spans)):
        p, low, high = spans[i].pocket, spans[i].low, spans[i].high
        known = s.pockets[p].flow_out  # units below it that no row seen so far took
        number = _newest_of(s, s.pockets[p].row_out)
        while known > low and oldest <= number < s.marks[HEAD]:
            row = s.rows[number & last]
            if row.payer != p or row.out_at >= known:  # or the chain might not end
                break
            known = row.out_at
            begin, end = max(low, known), min(high, known + row.amount)
            if begin < end:
                if n < len(moves):
                    move = moves[n]
                    move.span, move.number, move.time = i, number, row.time
                    move.low, move.high = begin, end
                    move.is_here = row.payee >= 0
                    move.into = row.into_at + begin - known if row.payee >= 0 else -1
                    move.payee = row.payee if row.payee >= -1 else -2 - row.payee
                n += 1
            if row.back_out == 0:
                break
            number -= row.back_out
        spans[i].high = max(low, min(high, known))
    return n
