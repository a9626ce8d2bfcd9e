"""The rings of all pockets as bytes and back: a line of JSON, the arrays, a digest over both. The same rings, the same bytes.

Of a pocket that was never used only that is kept. A digest finds accidents, not forgers: whoever can write the file can write
its digest. So numbers that kernels use as places, divide by or subtract from a time are looked at besides.

All that is kept are whole numbers, and what is read of them follows by single divisions in a fixed order: a snapshot may be
restored on any processor.
"""

from __future__ import annotations

import hashlib
import json
import math
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from recoup.errors import StateFault, StateProblem
from recoup.trace.memory import untouched
from recoup.watch.patterns.catalogue import PATTERN_FEATURES
from recoup.watch.patterns.kernels import FIRST, IN, OUT, Graph

LAYOUT: Final = 1
"""Raised with every change of an array or of what a number in it means."""
TIME_MAX: Final = 2**60
"""Microseconds: the difference of two times stays within 64 bits."""
KEPT_MAX: Final = 2**14
"""Payments kept of a side: how far one lies behind another fits 16 bits."""

_AT_ONCE: Final = 1 << 14  # pockets looked at together: what is compared stays small
_MAGIC: Final = b"recoup-patterns\n"
_HEAD_BYTES_MAX: Final = 2**12
_DIGEST_BYTES: Final = 32


def pattern_set() -> str:
    """Return the digest of the names of the features in their order."""
    return hashlib.sha256("\n".join(one.name for one in PATTERN_FEATURES).encode()).hexdigest()


def _zeros(shape: tuple[int, ...], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """Return zeros that begin where a line of the cache does: a ring then lies in no more lines than it fills.

    Rings are read here and there: in small pages each would have to be looked up.
    """
    kind = np.dtype(dtype)
    return untouched(math.prod(shape) * kind.itemsize).view(kind).reshape(shape)


def empty_graph(pockets: int, kept: int) -> Graph:
    """Return the rings of pockets that were never used."""
    rings, ins = (pockets, 2, kept), (pockets, kept)
    figures = _zeros((pockets, 4), np.int64)
    figures[:, FIRST] = -1
    return Graph(
        time_us=_zeros(rings, np.int64),
        amount=_zeros(rings, np.int64),
        other=_zeros(rings, np.int32),
        behind=_zeros(rings, np.int16),
        figures=figures,
        hops=_zeros(ins, np.int32),
        origin=_zeros(ins, np.int32),
        origin_us=_zeros(ins, np.int64),
        origin_amount=_zeros(ins, np.int64),
        before=_zeros(ins, np.int64),
    )


def newest_time(graph: Graph) -> int:
    """Return the time of the newest payment kept; before all times where there is none."""
    newest = np.maximum(graph.total - 1, 0) & (graph.time_us.shape[2] - 1)
    times = np.take_along_axis(graph.time_us, newest[:, :, None], axis=2)[:, :, 0]
    return int(times[graph.total > 0].max(initial=-TIME_MAX))


def _parts(graph: Graph) -> list[npt.NDArray[Any]]:
    """Return the arrays that are kept of used pockets only, in the order of the bytes."""
    figures = {"figures": (graph.total, graph.passed)}
    return [part for name, array in graph._asdict().items() for part in figures.get(name, (array,))]


def to_bytes(graph: Graph) -> bytes:
    """Return the rings as bytes."""
    used: npt.NDArray[np.bool_] = (graph.total[:, IN] > 0) | (graph.total[:, OUT] > 0)
    about = {
        "layout": LAYOUT,
        "features": pattern_set(),
        "pockets": len(used),
        "kept": graph.time_us.shape[2],
        "used": int(used.sum()),
    }
    pieces: list[bytes | memoryview] = [_MAGIC + json.dumps(about, sort_keys=True).encode() + b"\n"]
    kept = (used, graph.first_us, *(part[used] for part in _parts(graph)))
    pieces += [np.ascontiguousarray(array).view(np.uint8).reshape(-1).data for array in kept]
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    return b"".join([*pieces, digest.digest()])


def from_bytes(given: bytes, amount_max: int) -> Graph:
    """Return the rings of a snapshot. Raises `StateFault`, with the name of what is wrong, before anything is made of it."""
    about, at = _about(given)
    if about.get("layout") != LAYOUT:
        found = f"layout: expected {LAYOUT}, was {about.get('layout')!r}"
        raise StateFault(StateProblem.SNAPSHOT_FOREIGN, found)
    if about.get("features") != pattern_set():
        raise StateFault(StateProblem.FEATURES_DIFFER, "made with another set of features")
    sizes = [about.get(name) for name in ("pockets", "kept", "used")]
    if not all(type(size) is int and 0 <= size < 2**31 for size in sizes):
        raise _damaged("its sizes")
    pockets, kept, used_count = (int(str(size)) for size in sizes)
    if not 1 <= kept <= KEPT_MAX or kept & (kept - 1) or used_count > pockets:
        raise _damaged("its sizes")
    one = _parts(empty_graph(1, kept))
    wanted = 9 * pockets + used_count * sum(part.nbytes for part in one)
    if at + wanted + _DIGEST_BYTES != len(given):
        raise _damaged("its length")
    used = np.frombuffer(given, np.uint8, pockets, at)
    if int(used.max(initial=0)) > 1 or int(used.sum(dtype=np.int64)) != used_count:
        raise _damaged("which pockets were used")
    at += pockets
    graph = empty_graph(pockets, kept)
    graph.first_us[:] = np.frombuffer(given, np.int64, pockets, at)
    at += 8 * pockets
    places = np.flatnonzero(used)
    for part, shape in zip(_parts(graph), one, strict=True):
        read = np.frombuffer(given, part.dtype, used_count * shape.size, at)
        part[places] = read.reshape(used_count, *shape.shape[1:])
        at += read.nbytes
    _look_at(graph, places, amount_max)
    return graph


def _about(given: bytes) -> tuple[dict[str, Any], int]:
    """Return the line of JSON and where the arrays begin; the digest is looked at first."""
    if not given.startswith(_MAGIC):
        raise StateFault(StateProblem.SNAPSHOT_FOREIGN, "not the bytes of patterns")
    end = given.find(b"\n", len(_MAGIC), len(_MAGIC) + _HEAD_BYTES_MAX)
    digest = hashlib.sha256(memoryview(given)[:-_DIGEST_BYTES]).digest()
    if end < 0 or given[-_DIGEST_BYTES:] != digest:
        raise _damaged("its digest differs")
    try:
        about = json.loads(given[len(_MAGIC) : end])
    except (ValueError, RecursionError) as fault:
        raise _damaged("its first line") from fault
    if not isinstance(about, dict):
        raise _damaged("its first line")
    return about, end + 1


def _look_at(graph: Graph, places: npt.NDArray[np.intp], amount_max: int) -> None:
    """Refuse numbers by which a kernel would read elsewhere, divide by nothing, or leave 64 bits."""
    pockets, kept = len(graph.first_us), graph.time_us.shape[2]
    for begin in range(0, len(places), _AT_ONCE):
        some = places[begin : begin + _AT_ONCE]
        total, others = graph.total[some], graph.other[some]
        is_filled = np.arange(kept) < np.minimum(total, kept)[:, :, None]
        came, payer = is_filled[:, IN], others[:, IN]
        source = graph.before[some]
        of_payer = np.where(payer >= 0, graph.total[np.clip(payer, 0, pockets - 1), IN], 0)
        checks = (
            ("totals", _within(total, 0, 2**60), None),
            ("payments passed on", graph.passed[some] <= total[:, OUT], None),
            ("payments passed on", graph.passed[some] >= 0, None),
            ("times", _within(graph.time_us[some], -TIME_MAX, TIME_MAX), is_filled),
            ("first times", _within(graph.first_us[some], -TIME_MAX, TIME_MAX), None),
            ("amounts", _within(graph.amount[some], 1, amount_max), is_filled),
            ("other sides", _within(others, -1, pockets - 1), is_filled),
            ("payments behind", _within(graph.behind[some], 0, kept), is_filled),
            ("hops", graph.hops[some] >= 0, came),
            ("origins", _within(graph.origin[some], -1, pockets - 1), came),
            ("times of origins", _within(graph.origin_us[some], -TIME_MAX, TIME_MAX), came),
            ("amounts of origins", _within(graph.origin_amount[some], 1, amount_max), came),
            ("payments before", (source >= -1) & (source < np.maximum(of_payer, 0)), came),
        )
        for what, holds, where in checks:
            if not (holds if where is None else holds | ~where).all():
                raise _damaged(what)
    never = np.ones(pockets, np.bool_)
    never[places] = False
    if (graph.first_us[never] != -1).any():
        raise _damaged("first times")


def _within(array: npt.NDArray[Any], low: int, high: int) -> npt.NDArray[np.bool_]:
    found: npt.NDArray[np.bool_] = (array >= low) & (array <= high)
    return found


def _damaged(what: str) -> StateFault:
    return StateFault(StateProblem.SNAPSHOT_DAMAGED, what)


__all__ = [
    "KEPT_MAX",
    "LAYOUT",
    "TIME_MAX",
    "empty_graph",
    "from_bytes",
    "newest_time",
    "pattern_set",
    "to_bytes",
]
