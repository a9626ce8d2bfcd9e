"""Time passes: rows leave windows, reports grow old. One walker a window goes along the rows of all pockets together.

Rows lie in the order of the stream's clock, so what leaves a window next is known long before: its pockets are fetched
ahead, no pocket keeps a pointer of its own, and reading a window is reading a number.
"""

# mypy: disable-error-code="no-untyped-call,no-untyped-def"
from __future__ import annotations

from recoup.trace.kernels.compiled import within
from recoup.trace.kernels.prefetch import prefetch
from recoup.watch.state.kernels.pairs import home_of, real, take_pair
from recoup.watch.state.kernels.words import (
    BASE,
    CLOCK,
    HEAD,
    IN_COUNTS,
    IN_SUMS,
    MARKERS,
    OUT_COUNTS,
    OUT_SUMS,
    PAIR_SPAN,
    POCKET_HALVES,
    POCKET_WORDS,
    REPORTS,
    RETENTION,
    SPANS,
    SPANS_COUNT,
    TAIL,
    TOLD_HEAD,
    TOLD_SPANS,
    TOLD_SPANS_COUNT,
    TOLD_TAIL,
)

_SOON = 12
"""Rows between the request for a pocket and its use."""
_SOONER = 40
"""Rows between the request for a row and its use; its pockets are asked for in between."""


@within
def _fetch(s, number):
    """Ask for the pockets of a row that leaves a window soon."""
    row = s.rows[number & (len(s.rows) - 1)]
    prefetch(s.words, max(row.payer, 0) * POCKET_WORDS + OUT_SUMS)
    prefetch(s.words, max(row.payee, 0) * POCKET_WORDS + IN_SUMS)


@within
def _expire(s, w, until):
    """Take rows up to `until` out of window `w`."""
    tail, head = s.marks[TAIL + w], s.marks[HEAD]
    while tail < head:
        row = s.rows[tail & (len(s.rows) - 1)]
        if row.time > until:
            break
        prefetch(s.rows, (tail + _SOONER) & (len(s.rows) - 1))
        _fetch(s, min(tail + _SOON, head - 1))
        p, q, amount = row.payer, row.payee, row.amount
        if p >= 0:
            s.words[p * POCKET_WORDS + OUT_SUMS + w] -= amount
            s.halves[p * POCKET_HALVES + OUT_COUNTS + w] -= 1
        if q >= 0:
            s.words[q * POCKET_WORDS + IN_SUMS + w] -= amount
            s.halves[q * POCKET_HALVES + IN_COUNTS + w] -= 1
        if w == PAIR_SPAN:
            soon = s.rows[min(tail + _SOON, head - 1) & (len(s.rows) - 1)]
            prefetch(s.pairs, home_of(s.pairs, real(soon.payer), real(soon.payee)))
            if p != -1 and q != -1:
                take_pair(s, real(p), real(q), amount)
        tail += 1
    s.marks[TAIL + w] = tail


@within
def _grow_old(s, clock):
    """Take reports and markers out of their windows."""
    for w in range(TOLD_SPANS_COUNT):
        tail, until = s.marks[TOLD_TAIL + w], clock - TOLD_SPANS[w]
        while tail < s.marks[TOLD_HEAD] and s.told[tail].time <= until:
            told = s.told[tail]
            column = (REPORTS if told.kind == 0 else MARKERS) + w
            s.extras[s.pockets[told.pocket].slot, column] -= 1
            tail += 1
        s.marks[TOLD_TAIL + w] = tail


@within
def advance(s, time):
    """Let the clock go on to `time`, never back; return the clock. Amortised constant a row and window."""
    clock = max(s.marks[CLOCK], time)
    if clock == s.marks[CLOCK]:
        return clock
    s.marks[CLOCK] = clock
    for w in range(SPANS_COUNT):
        _expire(s, w, clock - SPANS[w])
    base, until = s.marks[BASE], clock - s.terms[RETENTION]
    while base < s.marks[HEAD] and s.rows[base & (len(s.rows) - 1)].time <= until:
        base += 1
    s.marks[BASE] = base
    _grow_old(s, clock)
    return clock
