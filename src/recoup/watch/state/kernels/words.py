"""The records of the stream's state and where each number lies in them. No loops here.

A pocket is 320 bytes, five cache lines: (0) windows of what went out, (1) windows of what came in, (2) totals and times,
(3) relations, (4) the last eight payers and payees. Expiry of a row touches one line at its payer and one at its payee.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

Record = npt.NDArray[np.void]

SECOND: Final = 1_000_000
DAY: Final = 86_400 * SECOND

SPANS: Final = (60 * SECOND, 3_600 * SECOND, DAY, 5 * DAY, 7 * DAY)
"""The exact windows in microseconds. A row is inside while clock - span < its time."""
SPAN_NAMES: Final = ("1m", "1h", "24h", "5d", "7d")
SPANS_COUNT: Final = len(SPANS)
DAY_SPAN: Final = 2
PAIR_SPAN: Final = 3  # the window of payments between one pair
WEEK_SPAN: Final = 4

TOLD_SPANS: Final = (90 * DAY, 365 * DAY, 1_826 * DAY)
"""Windows of reports and markers: 90 days, 12 months, 60 months."""
TOLD_NAMES: Final = ("90d", "12m", "60m")
TOLD_SPANS_COUNT: Final = len(TOLD_SPANS)

GENERATION: Final = 7 * DAY
"""Bitmaps, low-water mark and distance are kept for the running generation and the one before."""

NEVER: Final = -(2**62)
"""An instant that has not been."""

FAR: Final = 4
"""Distance of a pocket that is at least so many transfers away from any reported one."""

RECENT: Final = 8
"""Counterparties that a pocket remembers one by one, on each side."""

POCKET: Final = np.dtype(
    {
        "names": [
            *("epoch", "near_now", "near_before", "slot"),
            *("flow_in", "flow_out", "low_now", "low_before"),
            *("last_in", "last_out", "opened_at", "arrival"),
            *("payers_now", "payers_before", "payees_now", "payees_before"),
            *("row_out", "row_in", "dwell", "activity"),
            *("usual_out", "usual_in"),
            *("out_night", "out_round", "out_below", "in_night", "in_round", "in_below"),
        ],
        "formats": ["i2", "i1", "i1", "i4", *["i8"] * 12, *["i4"] * 4, *["i2"] * 8],
        "offsets": [60, 62, 63, 124, *range(128, 224, 8), *range(224, 240, 4), *range(240, 256, 2)],
        "itemsize": 320,
    },
    align=True,
)
"""The numbers of a pocket that are read by name; windows and the last eight are read by place, in `words` and `halves`."""

POCKET_WORDS: Final = POCKET.itemsize // 8
POCKET_HALVES: Final = POCKET.itemsize // 4
OUT_SUMS: Final = 0  # words
IN_SUMS: Final = 8
OUT_COUNTS: Final = 10  # halves
IN_COUNTS: Final = 26
PAYERS: Final = 64
PAYEES: Final = 72

ROW: Final = np.dtype(
    [
        ("time", "i8"),
        ("amount", "i8"),
        ("out_at", "i8"),  # where the units lay on the payer's axis; -1: a pocket that is not here
        ("into_at", "i8"),  # where they begin on the payee's; the outside has an axis too
        ("payer", "i4"),  # -1: the outside; -2 - number: a pocket that is not here
        ("payee", "i4"),
        ("back_out", "i4"),  # rows back to the payer's row before; 0: none, or long dropped
        ("back_in", "i4"),  # the same of the payee's
    ],
    align=True,
)
"""48 bytes a transfer."""

PAIR: Final = np.dtype(
    [("payer", "i4"), ("payee", "i4"), ("count", "i4"), ("pad", "i4"), ("sum", "i8")], align=True
)
"""24 bytes: what one pocket paid another within PAIR_SPAN; count 0: a free slot."""

TOLD: Final = np.dtype([("time", "i8"), ("pocket", "i4"), ("kind", "i4")], align=True)
"""16 bytes a report or marker."""

# Columns of the few pockets that have been reported or hold stolen money.
STOLEN: Final = 0
REPORTS: Final = 1
MARKERS: Final = 1 + TOLD_SPANS_COUNT
EXTRA_SIZE: Final = 1 + 2 * TOLD_SPANS_COUNT

# Places in `marks`.
CLOCK: Final = 0  # the latest time of anything taken
HEAD: Final = 1  # number of the next row
BASE: Final = 2  # first row inside the retention
TAIL: Final = 3  # first row inside each window
TOLD_HEAD: Final = 8
TOLD_TAIL: Final = 9
PAIRS: Final = 12  # slots of pairs in use
ASSUMED: Final = 13  # debits beyond the balance: the difference is an assumed credit
ACCOUNTS: Final = 14
EXTRAS: Final = 15
OUTSIDE_OUT: Final = 16  # all that came from the outside, and all that went there: its axis
OUTSIDE_IN: Final = 17
MARKS_SIZE: Final = 18

# Places in `terms`.
LATE: Final = 0
AHEAD: Final = 1
RETENTION: Final = 2
ROUND: Final = 3
NIGHT_FROM: Final = 4
NIGHT_UNTIL: Final = 5
SMALL: Final = 6
TIMES_LARGER: Final = 7

BLOCK: Final = 4_096
"""Rows are dropped in blocks of so many."""

# Sides of a payment that are booked here.
DEBIT: Final = 1
CREDIT: Final = 2
BOTH: Final = 3


class State(NamedTuple):
    """Everything that kernels read and write. k pockets."""

    pockets: Record  # (capacity,) of POCKET
    words: npt.NDArray[np.int64]  # the same memory
    halves: npt.NDArray[np.int32]  # the same memory
    rows: Record  # a ring of ROW: row n lies at n modulo its length, a power of two
    pairs: Record  # a table of PAIR, its length a power of two
    told: Record  # of TOLD, in order of time
    extras: npt.NDArray[np.int64]  # (slots, EXTRA_SIZE)
    marks: npt.NDArray[np.int64]
    terms: npt.NDArray[np.int64]
    limits: npt.NDArray[np.int64]  # (2 * limits,): from and up to the limit
    zone_since: npt.NDArray[np.int64]
    zone_offset: npt.NDArray[np.int64]
