"""A shard's state as bytes and back: a line of JSON, the arrays, a digest over both. The same state gives the same bytes.

A digest finds accidents, not forgers: whoever can write the file can write its digest. So numbers that kernels use as
places are looked at besides, and a snapshot from elsewhere is refused by name.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from typing import Any, Final

import llvmlite.binding as llvm
import numpy as np
import numpy.typing as npt

from recoup.errors import StateFault, StateProblem
from recoup.trace.memory import cleared
from recoup.watch.features import feature_set
from recoup.watch.state.kernels import words
from recoup.watch.state.kernels.pairs import lay_pairs
from recoup.watch.state.kernels.words import (
    BASE,
    EXTRA_SIZE,
    HEAD,
    MARKS_SIZE,
    PAIR,
    POCKET,
    POCKET_WORDS,
    ROW,
    SPANS_COUNT,
    TAIL,
    TOLD,
    TOLD_HEAD,
    TOLD_SPANS_COUNT,
    TOLD_TAIL,
    State,
)
from recoup.watch.state.laying import bare_pockets, lay_state, oldest_row, unused_pockets
from recoup.watch.state.settings import Settings

LAYOUT: Final = 2
"""Version of the layout: raised with every change of a record or of what a number in it means."""

_MAGIC: Final = b"recoup-shard\n"
_HEAD_BYTES_MAX: Final = 2**20
_DIGEST_BYTES: Final = 32
_UNUSED_AT_ONCE: Final = 1 << 10


def processor() -> str:
    """Return a digest of what this processor can do: equal numbers to the last bit are promised where it is equal."""
    features: Any = llvm.get_host_cpu_features()
    return hashlib.sha256(features.flatten().encode()).hexdigest()


def to_bytes(state: State, settings: Settings) -> bytes:
    """Return the state; how batches were cut, and how large arrays had become, leave no trace."""
    return b"".join(to_pieces(state, settings))


def to_pieces(state: State, settings: Settings) -> list[bytes | memoryview]:
    """Return the bytes of the state in pieces that still lie in it: they hold until it changes. The last is the digest."""
    marks = state.marks.copy()
    accounts, slots = int(marks[words.ACCOUNTS]), int(marks[words.EXTRAS])
    oldest, head = oldest_row(state), int(marks[HEAD])
    told = int(marks[TOLD_TAIL : TOLD_TAIL + TOLD_SPANS_COUNT].min())
    marks[TOLD_HEAD : TOLD_TAIL + TOLD_SPANS_COUNT] -= told
    rows = _ring_parts(state.rows, oldest, head)
    parts = [
        marks,
        state.words[: accounts * POCKET_WORDS],
        *_not_laid(accounts - len(state.pockets)),
        *rows,
        state.told[told : int(state.marks[TOLD_HEAD])],
        state.extras[:slots],
    ]
    about = {
        "layout": LAYOUT,
        "features": feature_set(),
        "processor": processor(),
        "accounts": accounts,
        "rows": head - oldest,
        "told": int(marks[TOLD_HEAD]),
        "slots": slots,
        "settings": asdict(settings),
    }
    begin = _MAGIC + json.dumps(about, sort_keys=True).encode() + b"\n"
    pieces: list[bytes | memoryview] = [begin]
    pieces += [np.ascontiguousarray(part).view(np.uint8).reshape(-1).data for part in parts]
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    return [*pieces, digest.digest()]


def _not_laid(count: int) -> list[npt.NDArray[np.int64]]:
    """Return as many unused pockets, a few of them again and again: they take no memory."""
    some = unused_pockets(max(0, min(count, _UNUSED_AT_ONCE)))
    whole, rest = divmod(max(0, count), _UNUSED_AT_ONCE)
    return [*[some] * whole, some[: rest * POCKET_WORDS]]


def _ring_parts(rows: words.Record, oldest: int, head: int) -> list[words.Record]:
    """Return rows [oldest, head) of the ring in order, without copying: one piece or two."""
    if head == oldest:
        return []
    begin, end = oldest & (len(rows) - 1), (head - 1) & (len(rows) - 1)
    pieces = [rows[begin : end + 1]] if begin <= end else [rows[begin:], rows[: end + 1]]
    return [piece.view(np.uint8) for piece in pieces]


def from_bytes(
    given: bytes | memoryview, *, other_processor: bool = False, most: int = 0
) -> tuple[State, Settings]:
    """Return the state of a snapshot, with room for `most` pockets.

    Raises `StateFault`, with the name of what is wrong, before anything is made of it.
    """
    about, at = _about(given)
    if about.get("layout") != LAYOUT:
        raise StateFault(
            StateProblem.SNAPSHOT_FOREIGN, f"layout: expected {LAYOUT}, was {about.get('layout')!r}"
        )
    if not other_processor and about.get("processor") != processor():
        raise StateFault(
            StateProblem.PROCESSOR_DIFFERS, "made where equal numbers are not promised"
        )
    if about.get("features") != feature_set():
        raise StateFault(StateProblem.FEATURES_DIFFER, "made with another set of features")
    try:
        settings = _settings(about["settings"])
        sizes = [about[name] for name in ("accounts", "rows", "told", "slots")]
    except (KeyError, TypeError, ValueError) as fault:
        raise StateFault(StateProblem.SNAPSHOT_DAMAGED, "its first lines") from fault
    return _filled(given, at, sizes, settings, most), settings


def _about(given: bytes | memoryview) -> tuple[dict[str, Any], int]:
    """Return the line of JSON and where the arrays begin; the digest is looked at first."""
    begin = bytes(given[: len(_MAGIC) + _HEAD_BYTES_MAX])
    if not begin.startswith(_MAGIC):
        raise StateFault(StateProblem.SNAPSHOT_FOREIGN, "not the bytes of a shard")
    end = begin.find(b"\n", len(_MAGIC))
    whole = memoryview(given)
    digest = hashlib.sha256(whole[:-_DIGEST_BYTES]).digest()
    if end < 0 or whole[-_DIGEST_BYTES:] != digest:
        raise StateFault(StateProblem.SNAPSHOT_DAMAGED, "its digest differs")
    try:
        about = json.loads(begin[len(_MAGIC) : end])
    except ValueError as fault:
        raise StateFault(StateProblem.SNAPSHOT_DAMAGED, "its first line") from fault
    if not isinstance(about, dict):
        raise StateFault(StateProblem.SNAPSHOT_DAMAGED, "its first line")
    return about, end + 1


def _settings(given: dict[str, Any]) -> Settings:
    """Return settings from JSON, which knows no tuples."""
    zone = tuple((since, offset) for since, offset in given["zone"])
    night, lines = tuple(given["night"]), tuple(given["limits_minor"])
    return Settings(**given | {"zone": zone, "night": night, "limits_minor": lines})


def _filled(
    given: bytes | memoryview, at: int, sizes: list[int], settings: Settings, most: int
) -> State:
    """Return the state whose arrays begin at byte `at`."""
    if not all(type(size) is int and 0 <= size < 2**40 for size in sizes):
        raise StateFault(StateProblem.SNAPSHOT_DAMAGED, "its sizes")
    accounts, rows_count, told_count, slots = sizes
    wanted = [
        *(8 * MARKS_SIZE, accounts * POCKET.itemsize, rows_count * ROW.itemsize),
        *(told_count * TOLD.itemsize, slots * EXTRA_SIZE * 8),
    ]
    if at + sum(wanted) + _DIGEST_BYTES != len(given):
        raise StateFault(StateProblem.SNAPSHOT_DAMAGED, "its length")
    pieces = []
    for size in wanted:
        pieces.append(np.frombuffer(given, np.uint8, size, at))
        at += size
    pockets, whole, halves = bare_pockets(accounts, most)
    whole.view(np.uint8)[:] = pieces[1]
    told = np.zeros(told_count + 16, TOLD)
    told[:told_count].view(np.uint8)[:] = pieces[3]
    extras = np.zeros((slots + 16, EXTRA_SIZE), np.int64)
    extras[:slots].reshape(-1).view(np.uint8)[:] = pieces[4]
    state = lay_state(0, settings)._replace(
        pockets=pockets,
        words=whole,
        halves=halves,
        rows=np.empty(1 << max(10, (rows_count - 1).bit_length()), ROW),
        told=told,
        extras=extras,
        marks=pieces[0].copy().view(np.int64),
    )
    _look_at_marks(state, sizes)
    _put_rows(state, np.frombuffer(pieces[2], ROW))
    used = int(state.marks[words.PAIRS]) + 1
    state = state._replace(pairs=cleared(1 << max(10, (4 * used - 1).bit_length() - 1), PAIR))
    _look_at_places(state, sizes)
    if not lay_pairs(state):
        raise StateFault(StateProblem.SNAPSHOT_DAMAGED, "more pairs than it says")
    return state


def _put_rows(state: State, kept: words.Record) -> None:
    """Put the kept rows at their numbers in the ring: one piece or two."""
    size = len(state.rows)
    begin = oldest_row(state) & (size - 1)
    first = min(len(kept), size - begin)
    state.rows[begin : begin + first] = kept[:first]
    state.rows[: len(kept) - first] = kept[first:]


def _look_at_marks(state: State, sizes: list[int]) -> None:
    """Refuse marks that point outside the arrays."""
    marks = state.marks
    accounts, rows_count, told_count, slots = sizes
    head, tails = int(marks[HEAD]), marks[TAIL : TAIL + SPANS_COUNT]
    told = marks[TOLD_TAIL : TOLD_TAIL + TOLD_SPANS_COUNT]
    fits = (
        marks[words.ACCOUNTS] == accounts
        and marks[words.EXTRAS] == slots
        and marks[TOLD_HEAD] == told_count
        and 0 <= marks[BASE] <= tails.min(initial=head)
        and tails.max(initial=0) <= head
        and head - oldest_row(state) == rows_count
        and told.min(initial=0) >= 0
        and told.max(initial=0) <= told_count
        and 0 <= marks[words.PAIRS] <= rows_count
    )
    if not fits:
        raise StateFault(StateProblem.SNAPSHOT_DAMAGED, "its marks")


def _look_at_places(state: State, sizes: list[int]) -> None:
    """Refuse rows, reports and slots that point outside: a kernel would read and write there."""
    accounts, rows_count, told_count, slots = sizes
    for number in _ring_parts(state.rows, oldest_row(state), int(state.marks[HEAD])):
        rows = number.view(ROW)
        for side in ("payer", "payee"):
            if int(rows[side].max(initial=-1)) >= accounts:
                raise StateFault(StateProblem.SNAPSHOT_DAMAGED, f"a row's {side}")
    slot = np.ascontiguousarray(state.pockets["slot"])
    if int(slot.max(initial=-1)) >= slots or int(slot.min(initial=-1)) < -1:
        raise StateFault(StateProblem.SNAPSHOT_DAMAGED, "a pocket's slot")
    pocket = state.told["pocket"][:told_count]
    named = (pocket >= 0) & (pocket < accounts)
    if not named.all() or (told_count and int(slot[pocket].min()) < 0):
        raise StateFault(StateProblem.SNAPSHOT_DAMAGED, "a report's pocket")
    assert rows_count >= 0, "looked at before"


__all__ = ["LAYOUT", "from_bytes", "processor", "to_bytes", "to_pieces"]
