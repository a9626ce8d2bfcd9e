"""Patterns of payments as they pass: who passes money on, how far a chain has come, where it closes, where it gathers. Kernels.

Of every pocket the last payments in and the last payments out are kept in two rings. A payment out is taken to pass on the
payment in, of the last ten days, whose amount it comes nearest to (80 to 102 %): each hop of a chain keeps a little or adds a
fee. A payment in carries how many hops lie before it and where and when its chain began, so that no search is needed: a read
looks at four rings, the figures of a few neighbours and at most twelve steps back, whatever the size of the graph.

Everything is read before the payment is booked. Amounts are compared as whole numbers where a border decides.
"""

# mypy: disable-error-code="no-untyped-call,no-untyped-def"
from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from recoup.trace.kernels.compiled import inner, kernel, within
from recoup.trace.kernels.prefetch import prefetch
from recoup.watch.patterns.catalogue import HOPS_MAX, NEIGHBOURS_MAX

IN, OUT = 0, 1
PASSED, FIRST = 2, 3
"""Places of `figures`, behind the totals in and out."""
_DAY = 86_400_000_000
_WEEK = 7 * _DAY
_MONTH = 30 * _DAY
_SEASON = 90 * _DAY
_MATCH = 10 * _DAY
_MINUTES = 180_000_000
_SECOND = 1e6
_EARLY, _SOON, _NEXT = 24, 12, 4  # payments between asking for memory and reading it
_RING = 16  # columns of one ring
# Whole days of an age below 2^43 us, by its upper bits: times 2^48 / (a day / 2^20), which fits 32 bits, and shifted back.
_DAYS_FACTOR = 3_416_063_717
_AGE_BITS = (1 << 43) - 1


class Graph(NamedTuple):
    """Arrays by pocket; the third axis is a ring of 2^k payments. The newest payment is number `total - 1`."""

    time_us: npt.NDArray[np.int64]
    """[pockets, in or out, kept]"""
    amount: npt.NDArray[np.int64]
    other: npt.NDArray[np.int32]
    behind: npt.NDArray[np.int16]
    """How many payments before it the last one with the same other side was; 0 if none was kept then."""
    figures: npt.NDArray[np.int64]
    """[pockets, 4], side by side since one line of the cache then has all that is read of a neighbour: what follows."""
    hops: npt.NDArray[np.int32]
    """[pockets, kept], of payments in: payments of their chain before them."""
    origin: npt.NDArray[np.int32]
    origin_us: npt.NDArray[np.int64]
    origin_amount: npt.NDArray[np.int64]
    before: npt.NDArray[np.int64]
    """Number of the payment into the payer that it passed on; -1 if none."""

    @property
    def total(self) -> npt.NDArray[np.int64]:
        """[pockets, in or out]: payments since the beginning."""
        return self.figures[:, :PASSED]

    @property
    def passed(self) -> npt.NDArray[np.int64]:
        """[pockets]: payments out that passed on a payment in."""
        return self.figures[:, PASSED]

    @property
    def first_us(self) -> npt.NDArray[np.int64]:
        """[pockets]: of its first payment; -1 before it."""
        return self.figures[:, FIRST]


@inner
def _read_ring(times, amounts, others, behind, total, now, amount, other, row, at):
    """Write the sixteen columns of one ring, given as its own rows. O(kept), in the order of places.

    No sum here depends on the order of payments, so that the processor takes several places at once; nothing is divided.
    """
    ring = len(times)
    kept = min(total, ring)
    like_most = amount // 50
    count_1 = count_7 = count_30 = like = pair = minute = distinct = np.int64(0)
    sum_1 = sum_7 = sum_30 = largest = np.int64(0)
    for place in range(kept):
        age, value = now - times[place], amounts[place]
        in_1, in_7, in_30 = age <= _DAY, age <= _WEEK, age <= _MONTH
        count_1 += in_1
        count_7 += in_7
        count_30 += in_30
        sum_1 += value if in_1 else 0
        sum_7 += value if in_7 else 0
        sum_30 += value if in_30 else 0
        largest = max(largest, value if in_30 else 0)
        in_90 = age <= _SEASON
        like += in_90 & (abs(value - amount) <= like_most)
        # Whole days, or one fewer within a second of the next: what is left is as near to a whole day either way.
        days = (((age & _AGE_BITS) >> 20) * _DAYS_FACTOR) >> 48
        rest = age - days * _DAY
        near = (rest < _MINUTES) | (rest > _DAY - _MINUTES)
        minute += in_90 & near & (age > _DAY // 2)
    for place in range(kept):
        pair += (now - times[place] <= _SEASON) & (others[place] == other)
        # Of the newest `count_7`, those that none of them with the same other side lies behind.
        order = (total - 1 - place) & (ring - 1)
        back = behind[place]
        distinct += (order < count_7) & ((back == 0) | (order + back >= count_7))
    row[at] = count_1
    row[at + 1] = count_7
    row[at + 2] = count_30
    row[at + 3] = sum_7
    row[at + 4] = sum_30
    row[at + 5] = distinct
    row[at + 6] = like
    row[at + 7] = pair
    row[at + 8] = minute
    row[at + 9] = largest
    row[at + 10] = row[at + 11] = -1.0
    if kept > 0:
        newest = times[(total - 1) & (ring - 1)]
        row[at + 10] = (now - newest) / _SECOND
        if kept > 1:
            row[at + 11] = (newest - times[(total - 2) & (ring - 1)]) / _SECOND
    row[at + 12] = total
    row[at + 13] = amount * count_30 / sum_30 if count_30 else -1.0
    row[at + 14] = amount / sum_7 if count_7 else -1.0
    row[at + 15] = amount / sum_1 if count_1 else -1.0


@inner
def _source_of(times, amounts, total, now, amount):
    """Return (number of the payment in that a payment out passes on, -1 if none; how many are like it). O(kept).

    `times` and `amounts` are those of the payer's ring of payments in.
    """
    ring = len(times)
    kept = min(total, ring)
    # 80 to 102 %: at least 50/51 of the amount, at most 5/4 of it.
    low, high = (amount * 50 + 50) // 51, amount * 5 // 4
    count = np.int64(0)
    for place in range(kept):
        value = amounts[place]
        count += (now - times[place] <= _MATCH) & (value >= low) & (value <= high)
    best = np.int64(-1)
    if count == 0:
        return best, count
    best_gap = best_value = np.int64(0)
    for i in range(kept):
        place = (total - 1 - i) & (ring - 1)
        value = amounts[place]
        if now - times[place] > _MATCH or value < low or value > high:
            continue
        gap = abs(value - amount)
        # gap / value < best_gap / best_value, as floats: the products of whole numbers might not fit.
        if best < 0 or gap / value < best_gap / best_value:
            best, best_gap, best_value = total - 1 - i, gap, value
    return best, count


@within
def _steps_to(graph, pocket, number, wanted):
    """Return how many payments back the pocket `wanted` paid into the chain of a payment in; 0 if not within the bound."""
    ring = graph.time_us.shape[2]
    for step in range(1, HOPS_MAX + 1):
        place = number & (ring - 1)
        payer = graph.other[pocket, IN, place]
        if payer == wanted:
            return step
        number = graph.before[pocket, place]
        # -1: the chain begins here. Overwritten since: what is left of the chain is not its own.
        if number < 0 or payer < 0 or graph.figures[payer, IN] - number > ring:
            return 0
        pocket = payer
    return 0


@within
def _share(graph, pocket):
    """Return the share of payments out that passed on a payment in; 0 if none went out."""
    total = graph.figures[pocket, OUT]
    return graph.figures[pocket, PASSED] / total if total else 0.0


@inner
def _gathered(times, origins, hops, total, now, origin):
    """Return (payments in from that origin, mean of hops, most hops) within a month. O(kept), in the order of places."""
    same = summed = largest = count = np.int64(0)
    for place in range(min(total, len(times))):
        is_late = now - times[place] <= _MONTH
        same += is_late & (origins[place] == origin)
        summed += hops[place] if is_late else 0
        largest = max(largest, np.int64(hops[place]) if is_late else 0)
        count += is_late
    return same, (summed / count if count else 0.0), largest


@within
def _of_payers(graph, pocket):
    """Return (mean share passed on, mean of payments in) over the last payers of a pocket; 0 without any."""
    ring = graph.time_us.shape[2]
    total = graph.figures[pocket, IN]
    share, ins, count = 0.0, np.int64(0), 0
    for i in range(min(total, ring, NEIGHBOURS_MAX)):
        payer = graph.other[pocket, IN, (total - 1 - i) & (ring - 1)]
        if payer >= 0:
            share += _share(graph, payer)
            ins += graph.figures[payer, IN]
            count += 1
    return (share / count, ins / count) if count else (0.0, 0.0)


@within
def _ring_of(graph, now, pocket, way, amount, other, row, at):
    _read_ring(
        graph.time_us[pocket, way],
        graph.amount[pocket, way],
        graph.other[pocket, way],
        graph.behind[pocket, way],
        graph.figures[pocket, way],
        now,
        amount,
        other,
        row,
        at,
    )


@within
def _source(graph, now, pocket, amount):
    times, amounts = graph.time_us[pocket, IN], graph.amount[pocket, IN]
    return _source_of(times, amounts, graph.figures[pocket, IN], now, amount)


@within
def _origins(graph, now, pocket, origin):
    times, total = graph.time_us[pocket, IN], graph.figures[pocket, IN]
    return _gathered(times, graph.origin[pocket], graph.hops[pocket], total, now, origin)


@inner
def _newest_back(others, total, other):
    """Return how many payments back the newest kept one with the same other side lies; 0 if none is kept. O(kept).

    In the order of places, so that the processor takes several at once.
    """
    ring = len(others)
    nearest = ring + 1
    for place in range(min(total, ring)):
        back = ((total - 1 - place) & (ring - 1)) + 1
        nearest = min(nearest, back if others[place] == other else ring + 1)
    return nearest if nearest <= ring else 0


@within
def _behind(graph, pocket, way, other):
    return _newest_back(graph.other[pocket, way], graph.figures[pocket, way], other)


@within
def _fetch_chain(graph, pocket, place):
    """Ask for what a payment in says of its chain beside hops and origin."""
    prefetch(graph.origin_us[pocket], place)
    prefetch(graph.origin_amount[pocket], place)
    prefetch(graph.before[pocket], place)


@within
def read_patterns(graph, time_us, payer, payee, amount, out_row, offset):
    """Fill the columns of `PATTERN_FEATURES` from `offset` on, of a payment that is not yet booked.

    A side that is outside has -1 in all its columns. `amount` is above zero. Returns the number of the payment in that it
    passes on, -1 if none: `book_passing` wants it. O(kept).
    """
    for column in range(offset, offset + 4 * _RING + 20):
        out_row[column] = -1.0
    at = offset + 4 * _RING
    source, count, origin = np.int64(-1), 0, payer
    if payer >= 0:
        source, count = _source(graph, time_us, payer, amount)
    if source >= 0:
        place = source & (graph.time_us.shape[2] - 1)
        _fetch_chain(graph, payer, place)  # it comes while the rings are read
        origin = graph.origin[payer, place]
    if payer >= 0:
        _ring_of(graph, time_us, payer, IN, amount, payee, out_row, offset)
        _ring_of(graph, time_us, payer, OUT, amount, payee, out_row, offset + _RING)
        _, mean, largest = _origins(graph, time_us, payer, origin)
        out_row[at + 11] = mean
        out_row[at + 12] = largest
        out_row[at + 13] = _share(graph, payer)
        share, ins = _of_payers(graph, payer)
        out_row[at + 15] = share
        out_row[at + 16] = ins
        if graph.figures[payer, FIRST] >= 0:
            out_row[at + 18] = (time_us - graph.figures[payer, FIRST]) / _SECOND
    if payee >= 0:
        _ring_of(graph, time_us, payee, IN, amount, payer, out_row, offset + 2 * _RING)
        _ring_of(graph, time_us, payee, OUT, amount, payer, out_row, offset + 3 * _RING)
        same, mean, largest = _origins(graph, time_us, payee, origin)
        out_row[at + 8] = same
        out_row[at + 9] = mean
        out_row[at + 10] = largest
        out_row[at + 14] = _share(graph, payee)
        out_row[at + 17] = _of_payers(graph, payee)[0]
        if graph.figures[payee, FIRST] >= 0:
            out_row[at + 19] = (time_us - graph.figures[payee, FIRST]) / _SECOND
    out_row[at + 2] = count
    out_row[at + 3] = out_row[at + 6] = out_row[at + 7] = 0.0
    if source >= 0:
        place = source & (graph.time_us.shape[2] - 1)
        out_row[at] = amount / graph.amount[payer, IN, place]
        out_row[at + 1] = (time_us - graph.time_us[payer, IN, place]) / _SECOND
        out_row[at + 3] = graph.hops[payer, place] + 1
        out_row[at + 4] = (time_us - graph.origin_us[payer, place]) / _SECOND
        out_row[at + 5] = amount / graph.origin_amount[payer, place]
        if payee >= 0:
            out_row[at + 6] = origin == payee
            out_row[at + 7] = _steps_to(graph, payer, source, payee)
    return source


@within
def book_pattern(graph, time_us, payer, payee, amount):
    """Book a payment into the rings of both sides; a side that is outside (-1) keeps nothing. O(kept)."""
    source = np.int64(-1)
    if payer >= 0:
        source, _ = _source(graph, time_us, payer, amount)
    book_passing(graph, time_us, payer, payee, amount, source)


@within
def book_passing(graph, time_us, payer, payee, amount, source):
    """The same where `read_patterns` just said which payment in it passes on."""
    ring = graph.time_us.shape[2]
    hops, origin, origin_us, origin_amount = 0, payer, time_us, amount
    if payer >= 0:
        if source >= 0:
            place = source & (ring - 1)
            hops = graph.hops[payer, place] + 1
            origin = graph.origin[payer, place]
            origin_us = graph.origin_us[payer, place]
            origin_amount = graph.origin_amount[payer, place]
            graph.figures[payer, PASSED] += 1
        if graph.figures[payer, FIRST] < 0:
            graph.figures[payer, FIRST] = time_us
        place = graph.figures[payer, OUT] & (ring - 1)
        graph.behind[payer, OUT, place] = _behind(graph, payer, OUT, payee)
        graph.time_us[payer, OUT, place] = time_us
        graph.amount[payer, OUT, place] = amount
        graph.other[payer, OUT, place] = payee
        graph.figures[payer, OUT] += 1
    if payee >= 0:
        if graph.figures[payee, FIRST] < 0:
            graph.figures[payee, FIRST] = time_us
        place = graph.figures[payee, IN] & (ring - 1)
        graph.behind[payee, IN, place] = _behind(graph, payee, IN, payer)
        graph.time_us[payee, IN, place] = time_us
        graph.amount[payee, IN, place] = amount
        graph.other[payee, IN, place] = payer
        graph.hops[payee, place] = hops
        graph.origin[payee, place] = origin
        graph.origin_us[payee, place] = origin_us
        graph.origin_amount[payee, place] = origin_amount
        graph.before[payee, place] = source
        graph.figures[payee, IN] += 1


@within
def fetch_totals(graph, payer, payee):
    """Ask for what says how much the rings of a payment hold that comes some twenty-four later. A hint: changes nothing."""
    for pocket in (payer, payee):
        if pocket >= 0:
            prefetch(graph.figures[pocket], 0)


@within
def fetch_patterns(graph, payer, payee):
    """Ask for what the rings of a payment hold that comes some twelve payments later, and one place more, to book into."""
    ring = graph.time_us.shape[2]
    for pocket in (payer, payee):
        if pocket < 0:
            continue
        for way in (IN, OUT):
            held = min(graph.figures[pocket, way] + 1, ring)
            for place in range(0, held, 8):
                prefetch(graph.time_us[pocket, way], place)
                prefetch(graph.amount[pocket, way], place)
            for place in range(0, held, 16):
                prefetch(graph.other[pocket, way], place)
            prefetch(graph.behind[pocket, way], 0)
        for place in range(0, min(graph.figures[pocket, IN] + 1, ring), 16):
            prefetch(graph.hops[pocket], place)
            prefetch(graph.origin[pocket], place)
    if payee >= 0:
        _fetch_chain(graph, payee, graph.figures[payee, IN] & (ring - 1))


@within
def fetch_payers(graph, payer, payee):
    """Ask for the figures of the last payers of both sides of a payment that comes some four payments later."""
    ring = graph.time_us.shape[2]
    for pocket in (payer, payee):
        if pocket < 0:
            continue
        total = graph.figures[pocket, IN]
        for i in range(min(total, ring, NEIGHBOURS_MAX)):
            other = graph.other[pocket, IN, (total - 1 - i) & (ring - 1)]
            if other >= 0:
                prefetch(graph.figures[other], 0)


@kernel
def run_patterns(graph, time_us, payer, payee, amount, out, offset):
    """Read and book payments one after another; `out` [n, columns] float64, or [0, 0] where nothing is read."""
    is_read = out.shape[0] > 0
    last = len(time_us) - 1
    for i in range(len(time_us)):
        p, q, clock = payer[i], payee[i], time_us[i]
        if i + _EARLY <= last:
            fetch_totals(graph, payer[i + _EARLY], payee[i + _EARLY])
        if i + _SOON <= last:
            fetch_patterns(graph, payer[i + _SOON], payee[i + _SOON])
        if is_read and i + _NEXT <= last:
            fetch_payers(graph, payer[i + _NEXT], payee[i + _NEXT])
        if is_read:
            source = read_patterns(graph, clock, p, q, amount[i], out[i], offset)
            book_passing(graph, clock, p, q, amount[i], source)
        else:
            book_pattern(graph, clock, p, q, amount[i])


@kernel
def most_others(keys, others, times, window, accounts):
    """Return [accounts] float64: most different others of one account within `window`. Rows by account, then time. O(n)."""
    most = np.zeros(accounts, np.float64)
    seen = np.zeros(accounts, np.int64)
    first = distinct = 0
    for i in range(len(keys)):
        while first < i and (keys[first] != keys[i] or times[i] - times[first] >= window):
            seen[others[first]] -= 1
            distinct -= seen[others[first]] == 0
            first += 1
        distinct += seen[others[i]] == 0
        seen[others[i]] += 1
        most[keys[i]] = max(most[keys[i]], distinct)
    return most


__all__ = [
    "Graph",
    "book_passing",
    "book_pattern",
    "fetch_patterns",
    "fetch_payers",
    "fetch_totals",
    "most_others",
    "read_patterns",
    "run_patterns",
]
