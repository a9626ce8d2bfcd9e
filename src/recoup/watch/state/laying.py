"""Lays out a shard's memory: empty, larger, or as a snapshot said. No payment is looked at here."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from recoup import limits
from recoup.errors import LimitFault
from recoup.trace.memory import cleared, longer_in_place, room_behind, untouched
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

_ROWS_FIRST: Final = 1 << 10
_PAIRS_FIRST: Final = 1 << 10
_COPY_ROWS: Final = 1 << 20
_PIECE: Final = 1 << 11
"""Pockets that are laid at least when one is missing: less than one large page of the system."""

Record = npt.NDArray[np.void]


Pockets = tuple[Record, npt.NDArray[np.int64], npt.NDArray[np.int32]]
"""The same memory as pockets, words and halves."""


def bare_pockets(count: int, most: int = 0) -> Pockets:
    """Return memory for `count` pockets, beginning on a cache line, not yet filled.

    Behind them is room for as many as make `most`, unless the system does not promise it: it takes no memory before they are
    laid, and those that are there then stay where they are.
    """
    size = max(count, min(most, limits.ACCOUNTS_MAX)) * POCKET.itemsize
    try:
        raw = untouched(size)
    except MemoryError:
        raw = untouched(count * POCKET.itemsize)
    return _ways(raw[: count * POCKET.itemsize].view(POCKET))


def _ways(pockets: Record) -> Pockets:
    return pockets, pockets.view(np.int64), pockets.view(np.int32)


def unused_pockets(count: int) -> npt.NDArray[np.int64]:
    """Return `count` pockets in which nothing happened yet, as words."""
    one = np.zeros(1, POCKET)
    for name, value in _UNUSED.items():
        one[name] = value
    return np.tile(one.view(np.int64), count)


def lay_pockets(count: int) -> Pockets:
    """Return `count` unused pockets."""
    pockets, whole, halves = bare_pockets(count)
    whole.reshape(count, POCKET_WORDS)[:] = unused_pockets(1)
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


def with_accounts(state: State, accounts: int, laid: int, most: int) -> State:
    """Return the state with at least so many pockets, `laid` of which at least lie in memory; the others follow in `with_laid`.

    There may be `most` in the end: room for as many is taken once.
    """
    if accounts > limits.ACCOUNTS_MAX:
        raise LimitFault("ACCOUNTS_MAX", limits.ACCOUNTS_MAX, accounts)
    state = with_laid(state, laid, most)
    state.marks[words.ACCOUNTS] = max(accounts, int(state.marks[words.ACCOUNTS]))
    return state


def with_laid(state: State, count: int, most: int = 0) -> State:
    """Return the state with at least `count` pockets in memory: a piece more where one is missing, as unused ones.

    Pockets move only where there is no room behind them; it then grows by half at least, so that one at a time stays cheap.
    """
    before = len(state.pockets)
    if count <= before:
        return state
    pockets = state.pockets
    if count > room_behind(pockets):
        pockets = bare_pockets(before, max(count, before + max(before // 2, _PIECE), most))[0]
        if count > room_behind(pockets):
            pockets = bare_pockets(count + before // 2)[0][:before]
        pockets.view(np.uint8)[:] = state.words.view(np.uint8)
    pockets, whole, halves = _ways(
        longer_in_place(pockets, max(count, min(before + _PIECE, room_behind(pockets))))
    )
    whole.reshape(-1, POCKET_WORDS)[before:] = unused_pockets(1)
    return state._replace(pockets=pockets, words=whole, halves=halves)


__all__ = [
    "bare_pockets",
    "lay_pockets",
    "lay_state",
    "oldest_row",
    "room_of",
    "unused_pockets",
    "with_accounts",
    "with_laid",
    "with_room",
    "with_slot",
    "with_told",
]
