"""The linear system of pari passu: what every event carries and where it goes, as parts of what came into pockets. No units.

Everything an event carries of a claim is `weight` times all of the claim that ever came into one pocket, or a fixed part of
the disputed amount itself. So a refund, a conversion and a refund of a refund only multiply weights [choices 11, 13, 14].
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
import scipy.sparse.linalg as spla
from scipy.sparse import csgraph

from recoup.trace.assemble import Scene
from recoup.trace.follow import run_balances
from recoup.trace.kernels import books
from recoup.trace.ledger import OUTSIDE, TRANSIT, UNKNOWN

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

NONE = -1


@dataclass(frozen=True)
class Carried:
    """What events carry: `weight` times what came into pocket `base`, or `weight` units of claim `root`."""

    event: Ints
    base: Ints
    """-1 where the money is the disputed amount itself."""
    root: Ints
    weight: F64
    hops: Ints
    """Hops since `base`, or since just before the disputed transfer."""
    without: Ints
    """Claim whose part left with a reversal before, -1 none."""
    shown: npt.NDArray[np.int64]
    """0 for what another claim's disputed transfer does not carry."""


@dataclass(frozen=True)
class Delivered:
    """Where carried money goes: `factor` times what `carried` has. What a refund takes back has a factor below zero."""

    carried: Ints
    factor: F64
    target: Ints
    """Pocket that receives, -1 for an exit."""
    event: Ints
    """Event that the exit is of."""
    fate: Ints
    only: Ints
    """Claim that alone goes this way, -1 all."""
    barred: Ints
    """Claim that does not, -1 none."""


@dataclass(frozen=True)
class System:
    """The pockets that claims' money could reach, order ignored, and all that is carried between and out of them."""

    pockets: Ints
    number: Ints
    """Pocket -> row of the system, -1 where it is not reached."""
    total: F64
    """All that came into each reached pocket up to as-of, opening included."""
    balance: I64
    carried: Carried
    delivered: Delivered

    @property
    def apart(self) -> set[int]:
        """Claims whose own transfers were reversed: for each some ways are closed that others may go."""
        found = {
            int(c)
            for c in np.concatenate(
                [self.carried.without, self.delivered.only, self.delivered.barred]
            )
        }
        return found - {NONE}


@dataclass
class _Moved:
    """What an event put where it went, for its reversal."""

    carried: int
    target: int
    fate: int
    barred: int


@dataclass
class _Lists:
    """Rows of `Carried` and `Delivered` while they are gathered."""

    carried: list[tuple[int, int, int, float, int, int, int]] = field(default_factory=list)
    delivered: list[tuple[int, float, int, int, int, int, int]] = field(default_factory=list)


def _is_transit(scene: Scene) -> Flags:
    """Return by pocket whether it is one of a link, on its way."""
    names = scene.ledger.accounts.str.starts_with(TRANSIT).to_numpy()
    return np.concatenate([names, [False]])[scene.ledger.pocket_account]


class _Gathering:
    """Walks through the events that are not plain, in order, and writes down what they carry and where it goes."""

    def __init__(self, scene: Scene, share: F64, followed: Ints) -> None:
        events = self.events = scene.events
        self.scene, self.share = scene, share
        self.followed = {NONE, *followed.tolist()}
        self.sinks = scene.ledger.sinks
        self.is_transit = _is_transit(scene)
        self.lists = _Lists()
        self.original: dict[int, int] = {}
        self.moved: dict[int, _Moved] = {}
        self.under_way: dict[int, int] = {}
        crossing = np.flatnonzero(self.is_transit[events.source[: events.stop]])
        self.entered = dict(zip(events.source[crossing].tolist(), crossing.tolist(), strict=True))

    def gather(self, special: Ints, back: Flags) -> _Lists:
        """Return the rows of the events `special`; `back` says which bring back money of an unknown account."""
        for event in special.tolist():
            self._event(event, is_back=bool(back[event]))
        return self.lists

    def _event(self, event: int, *, is_back: bool) -> None:
        events = self.events
        at = int(events.special[event])
        record = events.specials[at] if at >= 0 else None
        op = int(events.op[event])
        claim = int(record["claim"]) if record is not None and op & books.ROOT else NONE
        taken = self._taken(event, op, record, is_back=is_back)
        if op & books.CONVERT_IN and taken is not None:
            self._deliver(event, taken, _Moved(taken, NONE, books.OPENED, NONE))
        if claim != NONE and claim in self.followed:
            if taken is not None:
                self._hide(taken)
                self._deliver(event, taken, _Moved(taken, NONE, books.TO_VICTIM, NONE))
            taken = self._carry(event, NONE, claim, float(events.amount[event]), 1, NONE)
        if taken is None:
            return
        own = int(record["original_claim"]) if record is not None and op & books.REVERSAL else NONE
        own = own if own in self.followed else NONE
        if own != NONE:
            self.lists.delivered.append((taken, 1.0, NONE, event, books.REVERSED, own, NONE))
        payee = int(events.payee[event])
        is_in = not self.sinks[payee]
        fate = books.MOVED if is_in else books.EXITED
        fate = books.CONVERTED if op & books.CONVERT_OUT else fate
        moved = _Moved(taken, payee if is_in else NONE, fate, own)
        self._deliver(event, taken, moved)
        if op & books.CONVERT_OUT and record is not None:
            self.under_way[int(record["slot"])] = event
        if op & books.WATCHED and record is not None:
            self.original[int(record["watched"])] = event
        self.moved[event] = moved

    def _taken(self, event: int, op: int, record: np.void | None, *, is_back: bool) -> int | None:
        """Return the row of what the event takes along, None for nothing of claims."""
        events = self.events
        source, amount = int(events.source[event]), float(events.amount[event])
        if op & books.CONVERT_IN and record is not None:
            debit = self.under_way.get(int(record["slot"]))
            return None if debit is None else self._again(event, debit, amount)
        if is_back or (op & books.REVERSAL and source == OUTSIDE):
            slot = int(record["original"]) if record is not None else NONE
            return self._undo(event, self.original.get(slot), amount)
        if source == OUTSIDE:
            return None
        return self._carry(event, source, NONE, float(self.share[event]), 1, NONE)

    def _again(self, event: int, before: int, amount: float) -> int | None:
        """Return a row for `amount` of the money that event `before` put where it went, one hop on."""
        moved = self.moved[before]
        _, base, root, weight, hops, without, _ = self.lists.carried[moved.carried]
        assert NONE in (without, moved.barred), "two claims cannot both have left with one reversal"
        part = weight * amount / float(self.events.amount[before])
        left = without if moved.barred == NONE else moved.barred
        return self._carry(event, base, root, part, hops + 1, left)

    def _undo(self, event: int, before: int | None, amount: float) -> int | None:
        """Take back its part of what `before` put where it went: out of the exit, the unknown account or from under way."""
        moved = None if before is None else self.moved.get(before)
        if moved is None or before is None:
            return None
        if moved.target != NONE:
            if self.scene.ledger.standing[moved.target] != UNKNOWN:
                return None
            if self.is_transit[moved.target] and self.entered.get(moved.target, event) < event:
                return None  # it crossed its link before
        taken = self._again(event, before, amount)
        self._deliver(before, moved.carried, moved, -amount / float(self.events.amount[before]))
        return taken

    def _carry(
        self, event: int, base: int, root: int, weight: float, hops: int, without: int
    ) -> int:
        self.lists.carried.append((event, base, root, weight, hops, without, 1))
        return len(self.lists.carried) - 1

    def _hide(self, row: int) -> None:
        """A disputed transfer carries only its own claim: what others had in it is no flow."""
        self.lists.carried[row] = (*self.lists.carried[row][:-1], 0)

    def _deliver(self, event: int, row: int, to: _Moved, factor: float = 1.0) -> None:
        self.lists.delivered.append((row, factor, to.target, event, to.fate, NONE, to.barred))


def _columns(rows: list[tuple[float, ...]], width: int) -> list[F64]:
    """Return the rows' columns; floats hold every event, pocket and claim number exactly."""
    return list(np.array(rows, np.float64).reshape(len(rows), width).T)


def _gathered(
    scene: Scene, live: Ints, share: F64, followed: Ints, back: Flags
) -> tuple[Carried, Delivered]:
    """Return what all events carry, plain ones first."""
    events, sinks = scene.events, scene.ledger.sinks
    is_special = (events.op[live] != 0) | back[live]
    lists = _Gathering(scene, share, followed).gather(live[is_special], back)
    plain = live[~is_special & (events.source[live] != OUTSIDE)]
    count = len(plain)
    event, base, root, weight, hops, without, shown = _columns(list(lists.carried), 7)
    none, zero, one = np.full(count, NONE), np.zeros(count, np.int64), np.ones(count, np.int64)

    def joined(first: npt.NDArray[np.generic], more: F64) -> Ints:
        return np.concatenate([first.astype(np.int64), more.astype(np.int64)])

    carried = Carried(
        event=joined(plain, event),
        base=joined(events.source[plain], base),
        root=joined(none, root),
        weight=np.concatenate([share[plain], weight]),
        hops=joined(one, hops),
        without=joined(none, without),
        shown=joined(one, shown),
    )
    row, factor, target, left, fate, only, barred = _columns(list(lists.delivered), 7)
    payee = events.payee[plain]
    is_exit = sinks[payee] != 0
    delivered = Delivered(
        carried=joined(np.arange(count), row + count),
        factor=np.concatenate([one.astype(np.float64), factor]),
        target=joined(np.where(is_exit, NONE, payee), target),
        event=joined(plain, left),
        fate=joined(np.where(is_exit, books.EXITED, zero + books.MOVED), fate),
        only=joined(none, only),
        barred=joined(none, barred),
    )
    return carried, delivered


def _reached(carried: Carried, delivered: Delivered, size: int) -> Flags:
    """Return which pockets lie on any path from a disputed transfer, in whatever order."""
    inner = delivered.target >= 0
    source = carried.base[delivered.carried[inner]]
    source[source < 0] = OUTSIDE  # the disputed transfers start there
    graph = sp.csr_array(
        (np.ones(len(source)), (source, delivered.target[inner])), shape=(size, size)
    )
    order = csgraph.breadth_first_order(graph, OUTSIDE, return_predecessors=False)
    reached = np.zeros(size, np.bool_)
    reached[order] = True
    reached[OUTSIDE] = False
    return reached


def _kept(carried: Carried, delivered: Delivered, reached: Flags) -> tuple[Carried, Delivered]:
    """Return only what can carry money of claims."""
    keep = (carried.root >= 0) | ((carried.base >= 0) & reached[carried.base])
    number = np.cumsum(keep) - 1
    stays = keep[delivered.carried]
    few = {name: values[keep] for name, values in vars(carried).items()}
    rest = {name: values[stays] for name, values in vars(delivered).items()}
    rest["carried"] = number[rest["carried"]]
    return Carried(**few), Delivered(**rest)


def build_system(scene: Scene, followed: Ints) -> System:
    """Return the system for the claims whose numbers are `followed`."""
    events, ledger = scene.events, scene.ledger
    live = np.flatnonzero(events.op[: events.stop] & (books.HOLD | books.RELEASE) == 0)
    transit = _is_transit(scene)
    source, payee = events.source, events.payee
    # What an unknown account gives back was never its: neither its credits nor its debits count it.
    back = (ledger.standing[source] == UNKNOWN) & ~transit[source] & ~transit[payee]
    balance = run_balances(scene.openings, events)
    draws = live[~back[live]]
    drawn = np.zeros(len(balance), np.int64)
    np.add.at(drawn, source[draws], events.amount[draws])
    total = (balance + drawn).astype(np.float64)
    share = events.amount / np.maximum(total[source], 1.0)
    carried, delivered = _gathered(scene, live, share, followed, back)
    reached = _reached(carried, delivered, len(ledger.standing))
    carried, delivered = _kept(carried, delivered, reached)
    pockets = np.flatnonzero(reached)
    number = np.full(len(reached), NONE, np.int64)
    number[pockets] = np.arange(len(pockets))
    return System(pockets, number, total[pockets], balance[pockets], carried, delivered)


def open_to(system: System, claim: int) -> Flags:
    """Return which deliveries `claim` takes part in; for -1 those of a claim that was never reversed."""
    carried, delivered = system.carried, system.delivered
    out: Flags = (delivered.only == NONE) | (delivered.only == claim)
    if claim != NONE:
        out &= (delivered.barred != claim) & (carried.without[delivered.carried] != claim)
    return out


def solve(system: System, claims: Ints, apart: int) -> F64:
    """Return what of each claim came into each reached pocket, shape (pockets, claims).

    `apart` is the claim that some ways are closed to, alone in `claims`, or -1.
    """
    carried, delivered = system.carried, system.delivered
    size = len(system.pockets)
    moves = np.flatnonzero(open_to(system, apart) & (delivered.target >= 0))
    row = delivered.carried[moves]
    target = system.number[delivered.target[moves]]
    value = delivered.factor[moves] * carried.weight[row]
    inner = carried.base[row] >= 0
    base = system.number[carried.base[row[inner]]]
    flow = sp.csc_array((value[inner], (target[inner], base)), shape=(size, size))
    seed = np.zeros((size, len(claims)))
    column = {claim: i for i, claim in enumerate(claims.tolist())}
    starts = zip(target[~inner], carried.root[row[~inner]].tolist(), value[~inner], strict=True)
    for at, claim, amount in starts:
        if claim in column:
            seed[at, column[claim]] += amount
    return _factorised(sp.csc_array(sp.eye_array(size)) - flow, seed)


def _factorised(matrix: sp.csc_array, seed: F64) -> F64:
    """Return the solution of `matrix` x = `seed`, one column a claim; the blocks (currencies, islands) are solved apart."""
    size = matrix.shape[0]
    if size == 0:
        return seed
    _, block = csgraph.connected_components(matrix, directed=False)
    out = np.zeros_like(seed)
    order = np.argsort(block, kind="stable")
    edges = np.flatnonzero(np.diff(block[order], prepend=-1, append=block.max() + 1))
    for low, high in pairwise(edges):
        rows = order[low:high]
        wanted = np.flatnonzero(seed[rows].any(axis=0))
        if not len(wanted):
            continue
        inner = matrix[rows][:, rows]
        right = seed[np.ix_(rows, wanted)]
        dense = inner.nnz > 0.02 * len(rows) ** 2
        solved = (
            np.linalg.solve(inner.toarray(), right)
            if dense
            else spla.splu(inner.tocsc()).solve(right)
        )
        out[np.ix_(rows, wanted)] = np.maximum(solved, 0.0)
    return out


def carried_by(system: System, claim: int, came: F64) -> F64:
    """Return what of `claim` every row of `system.carried` has; `came` is what came into each pocket."""
    carried = system.carried
    value = np.where(carried.root == claim, carried.weight, 0.0)
    inner = carried.base >= 0
    value[inner] = carried.weight[inner] * came[system.number[carried.base[inner]]]
    value[carried.without == claim] = 0.0
    return value


def hops_of(system: System, claim: int) -> Ints:
    """Return the fewest hops of `claim` by row of `system.carried`, order ignored (1: the disputed transfer)."""
    carried, delivered = system.carried, system.delivered
    size = len(system.pockets)
    moves = np.flatnonzero(
        open_to(system, claim) & (delivered.target >= 0) & (delivered.factor > 0)
    )
    row = delivered.carried[moves]
    own = carried.root[row] == claim
    usable = own | (carried.base[row] >= 0)
    row, moves = row[usable], moves[usable]
    start = np.where(carried.base[row] >= 0, system.number[carried.base[row]], size)
    target, length = system.number[delivered.target[moves]], carried.hops[row]
    order = np.lexsort((length, target, start))  # the shortest of every pair comes first
    start, target, length = start[order], target[order], length[order]
    first = np.ones(len(start), np.bool_)
    first[1:] = (np.diff(start) != 0) | (np.diff(target) != 0)
    graph = sp.csr_array(
        (length[first].astype(np.float64), (start[first], target[first])),
        shape=(size + 1, size + 1),
    )
    distance = csgraph.shortest_path(graph, indices=size)
    inner = carried.base >= 0
    out = carried.hops.copy()
    reach = distance[system.number[carried.base[inner]]]
    out[inner] += np.where(np.isfinite(reach), reach, 0).astype(np.int64)
    return out
