"""What one pocket paid another within the pair window: an open table that is never larger than those payments."""

# mypy: disable-error-code="no-untyped-call,no-untyped-def"
from __future__ import annotations

from recoup.trace.kernels.compiled import inner, kernel
from recoup.watch.state.kernels.codes import mix
from recoup.watch.state.kernels.words import HEAD, PAIR_SPAN, PAIRS, TAIL


@inner
def home_of(pairs, payer, payee):
    """Return the slot at which the search for a pair begins."""
    h = mix(payer) * 2654435761 + mix(payee)
    return (h ^ (h >> 29)) & (len(pairs) - 1)


@inner
def find_pair(pairs, payer, payee):
    """Return the pair's slot, or the free one in which it would be put."""
    at = home_of(pairs, payer, payee)
    while pairs[at].count != 0 and not (pairs[at].payer == payer and pairs[at].payee == payee):
        at = (at + 1) & (len(pairs) - 1)
    return at


@inner
def add_pair(s, payer, payee, amount):
    """Count one payment; the caller has made room."""
    pair = s.pairs[find_pair(s.pairs, payer, payee)]
    if pair.count == 0:
        pair.payer, pair.payee, pair.sum = payer, payee, 0
        s.marks[PAIRS] += 1
    pair.count += 1
    pair.sum += amount


@inner
def take_pair(s, payer, payee, amount):
    """Forget one payment; a pair that has none left gives its slot back, and those behind it close up."""
    pairs, last = s.pairs, len(s.pairs) - 1
    hole = find_pair(pairs, payer, payee)
    pairs[hole].count -= 1
    pairs[hole].sum -= amount
    if pairs[hole].count > 0:
        return
    s.marks[PAIRS] -= 1
    at = (hole + 1) & last
    while pairs[at].count != 0:
        home = home_of(pairs, pairs[at].payer, pairs[at].payee)
        if ((at - home) & last) >= ((at - hole) & last):
            to, of = pairs[hole], pairs[at]
            to.payer, to.payee, to.count, to.sum = of.payer, of.payee, of.count, of.sum
            of.count = 0
            hole = at
        at = (at + 1) & last


@inner
def real(number):
    """Return a pocket's number, wherever it lives, from how a row writes it down."""
    return number if number >= -1 else -2 - number


@kernel
def lay_pairs(s):
    """Fill an empty table from the rows inside the pair window; O(rows)."""
    s.marks[PAIRS] = 0
    for n in range(s.marks[TAIL + PAIR_SPAN], s.marks[HEAD]):
        row = s.rows[n & (len(s.rows) - 1)]
        if row.payer != -1 and row.payee != -1:
            add_pair(s, real(row.payer), real(row.payee), row.amount)
