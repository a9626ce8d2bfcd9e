"""Lays out a shard's memory: empty, larger, or as a snapshot said. No payment is looked at here."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from recoup import limits
from recoup.errors import LimitFault
from recoup.trace.memory import cleared
from recoup.watch.state.kernels import words
from recoup.watch.state.kernels.pairs import lay_pairs
from recoup.watch.state.kernels.words import (
    BASE,
    BLOCK,
    EXTRA_SIZE,
    FAR,
    HEAD,
    MARKS_SIZE,
    NEVER,
    PAIR,
    PAIRS,
    POCKET,
    POCKET_WORDS,
    ROW,
    TOLD,
    TOLD_HEAD,
    TOLD_SPANS_COUNT,
    TOLD_TAIL,
    State,
)
from recoup.watch.state.settings import Settings

_LINE: Final = 64
_ROWS_FIRST: Final = 1 << 10
_PAIRS_FIRST: Final = 1 << 10
_COPY_ROWS: Final = 1 << 20

Record = npt.NDArray[np.void]


Pockets = tuple[Record, npt.NDArray[np.int64], npt.NDArray[np.int32]]
"""The same memory as pockets, words and halves."""


def bare_pockets(count: int) -> Pockets:
    """Return memory for `count` pockets, beginning on a cache line, not yet filled.

    An empty array gets large pages from the system where a zeroed one does not.
    """
    raw = np.empty(count * POCKET.itemsize + _LINE, np.uint8)
    begin = -raw.ctypes.data % _LINE
    whole = raw[begin : begin + count * POCKET.itemsize]
    return whole.view(POCKET), whole.view(np.int64), whole.view(np.int32)


def lay_pockets(count: int) -> Pockets:
    """Return `count` unused pockets."""
    pockets, whole, halves = bare_pockets(count)
    unused = np.zeros(1, POCKET)
    for name, value in _UNUSED.items():
        unused[name] = value
    whole.reshape(count, POCKET_WORDS)[:] = unused.view(np.int64)
    return pockets, whole, halves


_UNUSED: Final = {
    "slot": -1,
    "near_now": FAR,
    "near_before": FAR,
    "last_in": NEVER,
    "last_out": NEVER,
    "opened_at": NEVER,
    "row_out": -1,
    "row_in": -1,
    "dwell": -1,
}


def lay_state(accounts: int, settings: Settings) -> State:
    """Return the state in which nothing has happened."""
    if accounts > limits.ACCOUNTS_MAX:
        raise LimitFault("ACCOUNTS_MAX", limits.ACCOUNTS_MAX, accounts)
    pockets, whole, halves = lay_pockets(accounts)
    marks = np.zeros(MARKS_SIZE, np.int64)
    marks[words.CLOCK] = NEVER
    marks[words.ACCOUNTS] = accounts
    return State(
        pockets=pockets,
        words=whole,
        halves=halves,
        rows=np.empty(_ROWS_FIRST, ROW),
        pairs=cleared(_PAIRS_FIRST, PAIR),
        told=np.zeros(16, TOLD),
        extras=np.zeros((16, EXTRA_SIZE), np.int64),
        marks=marks,
        terms=settings.terms(),
        limits=settings.limits(),
        zone_since=np.array([since for since, _ in settings.zone], np.int64),
        zone_offset=np.array([offset for _, offset in settings.zone], np.int64),
    )


def oldest_row(state: State) -> int:
    """Return the number of the oldest row that is kept: blocks whose rows are all past the retention are dropped."""
    return int(state.marks[BASE]) // BLOCK * BLOCK


def with_room(state: State, count: int) -> State:
    """Return the state with room for `count` more rows and pairs; the same arrays if there is room.

    Raises `LimitFault` before anything changes.
    """
    rows, pairs = state.rows, state.pairs
    head, oldest = int(state.marks[HEAD]), oldest_row(state)
    wanted = head - oldest + count
    if wanted > len(rows):
        if wanted > limits.WATCH_ROWS_MAX:
            raise LimitFault("WATCH_ROWS_MAX", limits.WATCH_ROWS_MAX, wanted)
        rows = _wider(rows, oldest, head, 1 << (wanted - 1).bit_length())
    used = int(state.marks[PAIRS]) + count
    if 2 * used <= len(pairs):
        return state if rows is state.rows else state._replace(rows=rows)
    state = state._replace(rows=rows, pairs=cleared(1 << (4 * used - 1).bit_length() - 1, PAIR))
    has_room = lay_pairs(state)
    assert has_room, "as many pairs as were counted a moment ago"
    return state


def room_of(state: State) -> int:
    """Return how many more rows there is room for, whatever they pay and whenever."""
    rows = len(state.rows) - int(state.marks[HEAD]) + oldest_row(state)
    return min(rows, len(state.pairs) // 2 - int(state.marks[PAIRS]))


def _wider(rows: Record, oldest: int, head: int, size: int) -> Record:
    """Return a larger ring with the same rows at the same numbers."""
    wider = np.empty(size, rows.dtype)
    for begin in range(oldest, head, _COPY_ROWS):
        numbers = np.arange(begin, min(head, begin + _COPY_ROWS))
        wider[numbers & (size - 1)] = rows[numbers & (len(rows) - 1)]
    return wider


def with_told(state: State) -> State:
    """Return the state with room for one more report; those past every window are dropped when there is none."""
    marks = state.marks
    if marks[TOLD_HEAD] < len(state.told):
        return state
    oldest = int(marks[TOLD_TAIL : TOLD_TAIL + TOLD_SPANS_COUNT].min())
    kept = state.told[oldest : int(marks[TOLD_HEAD])]
    told = np.zeros(2 * len(kept) + 16, TOLD)
    told[: len(kept)] = kept
    marks[TOLD_HEAD : TOLD_TAIL + TOLD_SPANS_COUNT] -= oldest
    return state._replace(told=told)


def with_slot(state: State, pocket: int) -> State:
    """Return the state in which a pocket has a place for reports and stolen money."""
    if state.pockets["slot"][pocket] >= 0:
        return state
    slot = int(state.marks[words.EXTRAS])
    if slot == len(state.extras):
        extras = np.zeros((2 * slot, EXTRA_SIZE), np.int64)
        extras[:slot] = state.extras
        state = state._replace(extras=extras)
    state.pockets["slot"][pocket] = slot
    state.marks[words.EXTRAS] = slot + 1
    return state


def with_accounts(state: State, accounts: int) -> State:
    """Return the state with at least so many pockets; room grows by half, so that one at a time stays cheap."""
    if accounts > limits.ACCOUNTS_MAX:
        raise LimitFault("ACCOUNTS_MAX", limits.ACCOUNTS_MAX, accounts)
    before = int(state.marks[words.ACCOUNTS])
    if accounts > len(state.pockets):
        pockets, whole, halves = lay_pockets(max(accounts, before + before // 2))
        pockets.view(np.uint8)[: before * POCKET.itemsize] = state.words[
            : before * words.POCKET_WORDS
        ].view(np.uint8)
        state = state._replace(pockets=pockets, words=whole, halves=halves)
    state.marks[words.ACCOUNTS] = max(accounts, before)
    return state


__all__ = [
    "bare_pockets",
    "lay_pockets",
    "lay_state",
    "oldest_row",
    "room_of",
    "with_accounts",
    "with_room",
    "with_slot",
    "with_told",
]
