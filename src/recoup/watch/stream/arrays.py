"""What the loop over payments reads and writes, as arrays. No loops here."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from recoup.watch.model.blocks import Blocks, Room
from recoup.watch.model.forest import Forest

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
U8 = npt.NDArray[np.uint8]

DECIDED: Final = np.dtype(
    [
        ("score", "f8"),  # NaN: not scored
        ("chance", "f8"),
        ("expires_us", "i8"),  # NEVER_US: nothing expires
        ("digest", "u8"),  # of features and facts; 0: none were read
        (
            "row",
            "i8",
        ),  # number in the index of stolen money's rows; -1: not booked, or no such index
        ("kept", "i4"),  # place among the rows that were kept; -1: it is not
        ("rule", "i4"),  # the first live rule of the action; -1: none
        ("action", "i1"),
        ("ground", "i1"),
        ("problem", "i1"),
        ("would", "i1"),
        ("withheld", "i1"),
        ("asked", "i1"),  # what the model asked
        ("pad", "i2"),
    ]
)
"""56 bytes a payment."""

NEVER_US: Final = 2**62

# Places in `marks`.
DUE: Final = 0  # when the next payment that waits goes on
ROOM: Final = 1  # how many more may wait
KEPT: Final = 2  # rows kept of this batch
MOVED: Final = 3  # sum of the amounts that were looked at
BLOCK: Final = 4  # payments whose score, or whose rules in shadow, are asked for later
MARKS_COUNT: Final = 5

# Places in `counters`.
DAY: Final = 0  # that the alerts were counted on
ALERTS: Final = 1
INNOCENTS: Final = 2  # innocent payments that may still be made to wait

# Bits of `mode`.
SCORES: Final = 1
LOOKED: Final = 2
"""Orders were looked at already, and who calls books the flow of stolen money."""


class Brain(NamedTuple):
    """The model: its trees and its calibration."""

    forest: Forest
    blocks: Blocks
    knots: F64
    levels: F64
    said: I64  # (2,): whether the calibration is a sigmoid, whether there is a model


class Weighing(NamedTuple):
    """The policy, as `Terms` has it; five actions, c currencies."""

    chance_min: F64  # (5,)
    saved_share: F64  # (5,)
    friction: F64  # (c, 5, 3); of ALLOW what an alert is to save: on an empty budget, on a full one; of what waits
    wait_us: I64  # (5,)
    budgets: F64  # (3,): alerts a day, share of innocents, most of them saved up
    said: I64  # (2,): what is added to the clock for the day, whether the model acts


class Ruling(NamedTuple):
    """What belongs to rules beside their programs; r rules, l lists, k pockets."""

    begins_us: I64  # (r,)
    ends_us: I64  # (r,)
    is_live: U8  # (r,)
    action: U8  # (r,)
    zone_since: I64
    zone_offset: I64  # seconds
    night: I64  # (2,): first hour, and the first after it
    listed: U8  # (l, k)
    is_known: U8  # (l,)
    snoozes: I64  # (m, 4): rule, pocket, from, until


class Given(NamedTuple):
    """Payments and what came with them; `named` [n, facts] or [0, facts] where none was given."""

    time_us: I64
    payer: npt.NDArray[np.int32]
    payee: npt.NDArray[np.int32]
    amount: I64
    kind: npt.NDArray[np.int8]
    currency: npt.NDArray[np.int16]
    named: F64


class Desk(NamedTuple):
    """Room to work in, and what goes on from payment to payment."""

    room: Room
    places: I64  # (64,): of the payments whose rows are in it
    row_bits: npt.NDArray[np.uint64]  # (64, F): the memory of the room's rows
    facts: F64  # (64, G)
    facts_bits: npt.NDArray[np.uint64]  # the same memory
    fact_columns: F64  # (G, 64): the same, fact by fact
    stack: F64  # (RULE_STACK_MAX,)
    stacks: F64  # (RULE_STACK_MAX, 64)
    verdicts: npt.NDArray[np.int8]  # (64,)
    ranks: npt.NDArray[np.uint16]
    counters: F64  # (3,)
    marks: I64  # (5,)


__all__ = [
    "ALERTS",
    "BLOCK",
    "DAY",
    "DECIDED",
    "DUE",
    "INNOCENTS",
    "KEPT",
    "LOOKED",
    "MARKS_COUNT",
    "MOVED",
    "NEVER_US",
    "ROOM",
    "SCORES",
    "Brain",
    "Desk",
    "Given",
    "Ruling",
    "Weighing",
]
