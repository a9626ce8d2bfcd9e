"""A payment is booked: the debit side where the payer lives, the credit side where the payee lives, one row for both.

Flow coordinates: a debit takes units [out_at, out_at + amount) of the payer's axis to [into_at, into_at + amount) of the
payee's. What a pocket pays beyond its balance was an assumed credit (SEMANTICS 1).
"""

# mypy: disable-error-code="no-untyped-call,no-untyped-def"
from __future__ import annotations

import numpy as np

from recoup.trace.kernels.compiled import within
from recoup.watch.state.kernels.codes import (
    bit_of,
    decayed,
    entry_of,
    epoch_of,
    moved,
    raised,
)
from recoup.watch.state.kernels.pairs import add_pair
from recoup.watch.state.kernels.words import (
    ASSUMED,
    CREDIT,
    DEBIT,
    EXTRA_SIZE,
    FAR,
    HEAD,
    IN_COUNTS,
    IN_SUMS,
    NEVER,
    OUT_COUNTS,
    OUT_SUMS,
    OUTSIDE_IN,
    OUTSIDE_OUT,
    PAYEES,
    PAYERS,
    POCKET_HALVES,
    POCKET_WORDS,
    RECENT,
    SECOND,
    SPANS_COUNT,
)

_AGE_MAX = 2**30
_BACK_MAX = 2**31 - 1


@within
def turn(s, p, epoch):
    """Begin the generation of `epoch` in a pocket, if it is a later one than the pocket's."""
    cell = s.pockets[p]
    gap = epoch - cell.epoch
    if gap == 0:
        return
    balance = cell.flow_in - cell.flow_out
    if gap == 1:
        cell.payers_before, cell.payees_before = cell.payers_now, cell.payees_now
        cell.low_before, cell.near_before = cell.low_now, cell.near_now
    else:
        cell.payers_before, cell.payees_before = 0, 0
        cell.low_before, cell.near_before = balance, FAR
    cell.payers_now, cell.payees_now = 0, 0
    cell.low_now, cell.near_now = balance, FAR
    cell.epoch = epoch


@within
def is_reported(s, p):
    """Return whether any report or marker of a pocket is still inside the longest window."""
    slot = s.pockets[p].slot
    if slot < 0:
        return False
    found = False
    for column in range(1, EXTRA_SIZE):
        found |= s.extras[slot, column] > 0
    return found


@within
def near_of(s, p, epoch):
    """Return how many transfers a pocket is away from a reported one: 0 if it is one, FAR if none is near."""
    if is_reported(s, p):
        return 0
    cell = s.pockets[p]
    gap = epoch - cell.epoch
    if gap == 0:
        return min(np.int64(cell.near_now), np.int64(cell.near_before))
    return np.int64(cell.near_now) if gap == 1 else np.int64(FAR)


@within
def draw_near(s, p, near, epoch):
    """A pocket dealt with one that is `near`; it stands one transfer further."""
    turn(s, p, epoch)
    cell = s.pockets[p]
    cell.near_now = min(np.int64(cell.near_now), near + 1)


@within
def _remember(s, base, entry):
    """Put an entry before the last eight; the oldest is forgotten."""
    for j in range(base + RECENT - 1, base, -1):
        s.halves[j] = s.halves[j - 1]
    s.halves[base] = entry


@within
def _used(cell, time):
    """A pocket is used: its opening and its decayed count."""
    last = max(cell.last_in, cell.last_out)
    cell.activity = raised(decayed(np.int64(cell.activity), time - last))
    if cell.opened_at == NEVER:
        cell.opened_at = time


@within
def _usual(level, code):
    """Return the usual amount (eighths of a code) after one more payment of `code`."""
    return np.int64(code * 8) if level == 0 else level + ((code * 8 - level) >> 3)


@within
def debit(s, time, payer, payee, amount, traits):
    """Book the payer's side with the `traits_of` the payment; return where the units lay on its axis.

    `time` is the clock: no side is booked before it.
    """
    turn(s, payer, epoch_of(time))
    cell = s.pockets[payer]
    balance = cell.flow_in - cell.flow_out
    if balance < amount:
        cell.flow_in += amount - balance
        s.marks[ASSUMED] += 1
    if balance > 0:
        age = min((time - cell.arrival) // SECOND, _AGE_MAX)
        cell.dwell = age if cell.dwell < 0 else cell.dwell + ((age - cell.dwell) >> 2)
    out_at = cell.flow_out
    cell.flow_out = out_at + amount
    cell.low_now = min(cell.low_now, cell.flow_in - cell.flow_out)
    for w in range(SPANS_COUNT):
        s.words[payer * POCKET_WORDS + OUT_SUMS + w] += amount
        s.halves[payer * POCKET_HALVES + OUT_COUNTS + w] += 1
    _used(cell, time)
    cell.last_out = time
    code, is_night, is_round, is_below, _, _ = traits
    if payee != -1:
        cell.payees_now |= bit_of(payee)
        _remember(s, payer * POCKET_HALVES + PAYEES, entry_of(payee, code))
    cell.usual_out = _usual(np.int64(cell.usual_out), code)
    cell.out_night = moved(np.int64(cell.out_night), is_night)
    cell.out_round = moved(np.int64(cell.out_round), is_round)
    cell.out_below = moved(np.int64(cell.out_below), is_below)
    return out_at


@within
def credit(s, time, payer, payee, amount, traits):
    """Book the payee's side at `time`, not before the clock; return where the units begin on its axis."""
    turn(s, payee, epoch_of(time))
    cell = s.pockets[payee]
    into_at = cell.flow_in
    balance = into_at - cell.flow_out
    if balance == 0:
        cell.arrival = time
    else:  # the mean instant of arrival, by amount
        part = np.float64(amount) / np.float64(balance + amount)
        cell.arrival += np.int64(np.float64(time - cell.arrival) * part)
    cell.flow_in = into_at + amount
    for w in range(SPANS_COUNT):
        s.words[payee * POCKET_WORDS + IN_SUMS + w] += amount
        s.halves[payee * POCKET_HALVES + IN_COUNTS + w] += 1
    _used(cell, time)
    cell.last_in = time
    code, is_night, is_round, is_below, _, _ = traits
    if payer != -1:
        cell.payers_now |= bit_of(payer)
        _remember(s, payee * POCKET_HALVES + PAYERS, entry_of(payer, code))
    cell.usual_in = _usual(np.int64(cell.usual_in), code)
    cell.in_night = moved(np.int64(cell.in_night), is_night)
    cell.in_round = moved(np.int64(cell.in_round), is_round)
    cell.in_below = moved(np.int64(cell.in_below), is_below)
    return into_at


@within
def _back(head, number):
    """Return how many rows back a row lies whose number's low 32 bits were kept; 0 for none or too far."""
    distance = (head - number) & 0xFFFFFFFF
    return distance if number != -1 and distance <= _BACK_MAX else np.int64(0)


@within
def book(s, time, payer, payee, amount, traits, sides):
    """Book the sides that live here and write the row; return its number.

    The caller has checked the payment, made room, let the clock go on and worked out `traits_of` it.
    """
    has_payer = sides & DEBIT != 0 and payer >= 0
    has_payee = sides & CREDIT != 0 and payee >= 0
    if has_payer and has_payee:
        epoch = epoch_of(time)
        of_payer, of_payee = near_of(s, payer, epoch), near_of(s, payee, epoch)
        draw_near(s, payer, of_payee, epoch)
        draw_near(s, payee, of_payer, epoch)
    head = s.marks[HEAD]
    row = s.rows[head & (len(s.rows) - 1)]
    row.time, row.amount = time, amount
    row.out_at = debit(s, time, payer, payee, amount, traits) if has_payer else np.int64(-1)
    row.into_at = credit(s, time, payer, payee, amount, traits) if has_payee else np.int64(-1)
    row.payer = payer if has_payer or payer == -1 else -2 - payer
    row.payee = payee if has_payee or payee == -1 else -2 - payee
    row.back_out = row.back_in = 0
    if payer == -1:
        row.out_at = s.marks[OUTSIDE_OUT]
        s.marks[OUTSIDE_OUT] += amount
    if payee == -1:
        row.into_at = s.marks[OUTSIDE_IN]
        s.marks[OUTSIDE_IN] += amount
    if has_payer:
        row.back_out = _back(head, np.int64(s.pockets[payer].row_out))
        s.pockets[payer].row_out = head
    if has_payee:
        row.back_in = _back(head, np.int64(s.pockets[payee].row_in))
        s.pockets[payee].row_in = head
    if payer != -1 and payee != -1:
        add_pair(s, payer, payee, amount)
    s.marks[HEAD] = head + 1
    return head
