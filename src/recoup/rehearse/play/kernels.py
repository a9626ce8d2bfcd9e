"""Compiled loops over the books: the schedule booked, funds foreseen, rows told off against balances. Not the books themselves.

All money is int64 minor units, all times int64 microseconds of UTC. `floor` is what must stay on an account (the sum of its
blocks), so that balance - floor is what may leave. A place of the schedule is its number; `row_of` says what became of it.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from recoup.trace.kernels.compiled import kernel

NOT_YET: Final = -1
NO_FUNDS: Final = -2
BLOCKED: Final = -3
LATE: Final = -4
"""Allowed, and without funds when it was to be booked."""
WAITS: Final = -5
REFUSED: Final = -6

_WARN: Final = 1
"""`watch.decision.Action`: up to here a payment goes on."""
_HOLD: Final = 3
"""Up to here it waits."""


@kernel
def book(
    schedule, position, until_us, actions, actions_begin, balance, floor, row_of, columns, count
):
    """Book the schedule from `position` on while its time is at most `until_us`; return the next position and row.

    schedule: (time_us i64, payer i32, payee i32, amount i64, kind i8), all of one length; actions: i8, empty where nobody
    judges, else from place `actions_begin` on, and nothing beyond them is booked; columns: the ledger's (time_us, payer, payee,
    amount, kind, payment), with room from `count` on. Writes balance, row_of, columns. O(payments).
    """
    times, payers, payees, amounts, kinds = schedule
    out_time, out_payer, out_payee, out_amount, out_kind, out_payment = columns
    is_judged = len(actions) > 0
    end = min(len(times), actions_begin + len(actions)) if is_judged else len(times)
    while position < end and times[position] <= until_us:
        place = position
        position += 1
        payer, amount = payers[place], amounts[place]
        action = actions[place - actions_begin] if is_judged else 0
        if action < 0:
            row_of[place] = action
            continue
        if action > _WARN:
            row_of[place] = WAITS if action <= _HOLD else REFUSED
            continue
        if balance[payer] - floor[payer] < amount:
            if is_judged:
                row_of[place] = LATE
            else:
                row_of[place] = NO_FUNDS if balance[payer] < amount else BLOCKED
            continue
        payee = payees[place]
        balance[payer] -= amount
        balance[payee] += amount
        out_time[count] = times[place]
        out_payer[count] = payer
        out_payee[count] = payee
        out_amount[count] = amount
        out_kind[count] = kinds[place]
        out_payment[count] = place
        row_of[place] = count
        count += 1
    return position, count


@kernel
def foresee(schedule, begin, until_us, most, balance, floor):
    """Return (end, code): how far the schedule has funds from `begin` on, up to `until_us` and at most `most` payments.

    Each is looked at as if all before it were booked. Where the first has none, end is `begin` and code NO_FUNDS or BLOCKED; a
    later one without funds ends the stretch there, since those before it need not all be booked. Balances stay as they are.
    """
    times, payers, payees, amounts, _ = schedule
    end = begin
    while end < len(times) and end - begin < most and times[end] <= until_us:
        payer, amount = payers[end], amounts[end]
        if balance[payer] - floor[payer] < amount:
            break
        balance[payer] -= amount
        balance[payees[end]] += amount
        end += 1
    for place in range(end - 1, begin - 1, -1):
        balance[payers[place]] += amounts[place]
        balance[payees[place]] -= amounts[place]
    code = 0
    if end == begin:
        code = NO_FUNDS if balance[payers[begin]] < amounts[begin] else BLOCKED
    return end, code


@kernel
def tell_off(payers, payees, amounts, begin, end, tally, balance):
    """Count ledger rows [begin, end) into `tally`, apart from `book`; return the first whose account differs from it, else -1.

    tally and balance: i64 by account; they begin as the same openings. An overdrawn account differs too. O(rows).
    """
    for row in range(begin, end):
        tally[payers[row]] -= amounts[row]
        tally[payees[row]] += amounts[row]
    for row in range(begin, end):
        payer, payee = payers[row], payees[row]
        if tally[payer] != balance[payer] or tally[payee] != balance[payee] or tally[payer] < 0:
            return row
    return -1


@kernel
def places(payers, payees, accounts):
    """Return (starts i64 of accounts + 1, places i32): the schedule's places by account, either side, ascending."""
    starts = np.zeros(accounts + 1, np.int64)
    for place in range(len(payers)):
        starts[payers[place] + 1] += 1
        if payees[place] != payers[place]:
            starts[payees[place] + 1] += 1
    for account in range(accounts):
        starts[account + 1] += starts[account]
    found = np.empty(starts[accounts], np.int32)
    ends = starts[:-1].copy()
    for place in range(len(payers)):
        payer, payee = payers[place], payees[place]
        found[ends[payer]] = place
        ends[payer] += 1
        if payee != payer:
            found[ends[payee]] = place
            ends[payee] += 1
    return starts, found


__all__ = [
    "BLOCKED",
    "LATE",
    "NOT_YET",
    "NO_FUNDS",
    "REFUSED",
    "WAITS",
    "book",
    "foresee",
    "places",
    "tell_off",
]
