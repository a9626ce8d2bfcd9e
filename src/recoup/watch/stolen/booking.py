"""The stream's hot path: payments that touch no stolen money and no order, booked in two totals and one row each."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from recoup.trace.kernels.compiled import kernel

I64 = npt.NDArray[np.int64]
Integers = npt.NDArray[np.integer[Any]]
Record = Any
"""An array of rows.ROW; to the checker its fields have any type."""

OUTSIDE: Final = -1
"""The last place of every array of pockets."""

DEBITS: Final = 1
CREDITS: Final = 2
"""Flags of a pocket: its debits, its credits must be looked at."""

# Places in `state`.
USED: Final = 0  # rows written
BASE: Final = 1  # number of the row at place 0


class Stream(NamedTuple):
    """All that booking reads and writes; k pockets and the outside at the end."""

    into: npt.NDArray[np.int64]  # (k + 1,)
    out: npt.NDArray[np.int64]  # (k + 1,)
    first: npt.NDArray[np.int64]  # (k + 1,): number of the first row retained; -1 for none
    last: npt.NDArray[np.int64]  # (k + 1,)
    standing: npt.NDArray[np.uint8]  # (k + 1,)
    flags: npt.NDArray[np.uint8]  # (k + 1,)
    rows: Record  # (room,) of rows.ROW
    state: npt.NDArray[np.int64]  # (2,)


@kernel
def write_row(s: Stream, time_us: int, payer: int, payee: int, amount: int, assumed: int) -> None:
    """Write one row at the end; there must be room. O(1): two totals, two chains."""
    at = s.state[USED]
    number = s.state[BASE] + at
    s.into[payer] += assumed
    row = s.rows[at]
    row.time_us, row.amount, row.payer, row.payee = time_us, amount, payer, payee
    row.payer_next = row.payee_next = 0
    row.out, row.into = s.out[payer], s.into[payee]
    s.out[payer] += amount
    s.into[payee] += amount
    for side in range(2):
        pocket = payee if side else payer
        before = s.last[pocket]
        if before >= s.state[BASE]:
            earlier = s.rows[before - s.state[BASE]]
            if earlier.payer == pocket:
                earlier.payer_next = np.int32(number - before)
            else:
                earlier.payee_next = np.int32(number - before)
        else:
            s.first[pocket] = number
        s.last[pocket] = number
    s.state[USED] = at + 1


@kernel
def book_plain(
    s: Stream,
    time_us: I64,
    payer: Integers,
    payee: Integers,
    amount: I64,
    reverses: I64,
    start: int,
    stop: int,
) -> int:
    """Book payments [start, stop) until one must be looked at, or there is no more room; return its place.

    A known payer that has too little is assumed to have got the rest before [SEMANTICS 1]. A self transfer moves nothing.
    """
    room = len(s.rows)
    for i in range(start, stop):
        p, q, a = np.int64(payer[i]), np.int64(payee[i]), amount[i]
        if p == q:
            continue
        if s.flags[p] & DEBITS or s.flags[q] & CREDITS or reverses[i] >= 0 or s.state[USED] == room:
            return i
        assumed = np.int64(0)
        if s.standing[p] == 0:
            assumed = max(np.int64(0), a - (s.into[p] - s.out[p]))
        write_row(s, time_us[i], p, q, a, assumed)
    return stop


@kernel
def find_debit(s: Stream, pocket: int, coordinate: int, number: int) -> int:
    """Return the first row from `number` on, along the chain of `pocket`, that is its debit and reaches past `coordinate`.

    -1 where there is none.
    """
    base = s.state[BASE]
    while number >= 0:
        row = s.rows[number - base]
        if row.payer == pocket and row.out + row.amount > coordinate:
            return number
        step = int(row.payer_next if row.payer == pocket else row.payee_next)
        number = number + step if step else -1
    return -1


@kernel
def drop_rows(s: Stream, count: int) -> None:
    """Give up the first `count` rows and move the others to the front. O(room)."""
    base = s.state[BASE]
    for at in range(count):
        row = s.rows[at]
        for side in range(2):
            pocket = row.payee if side else row.payer
            step = np.int64(row.payee_next if side else row.payer_next)
            s.first[pocket] = base + at + step if step else np.int64(-1)
    used = s.state[USED]
    for at in range(count, used):
        s.rows[at - count] = s.rows[at]
    s.state[USED] = used - count
    s.state[BASE] = base + count
