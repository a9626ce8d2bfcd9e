"""Pari passu: a comparison view in which order does not count. Every pocket pays out in proportion to all that came in.

Fractions come from one sparse linear system over the pockets [SEMANTICS 2, choice 11]; whole units come from largest remainders
with what earlier claims were given too much or too little carried along, so each claim sums to its loss and no place is
overfilled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import scipy.sparse as sp
import scipy.sparse.linalg as spla
from scipy.sparse import csgraph

from recoup.errors import InputFault
from recoup.records.problems import Problem
from recoup.trace import trail as shapes
from recoup.trace.assemble import Found, Names, Scene, instants, losses_named, name_exits, summarise
from recoup.trace.follow import run_balances
from recoup.trace.kernels import books
from recoup.trace.ledger import BRIDGED, OUTSIDE, UNKNOWN

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
Ints = npt.NDArray[np.int64]

_DUST = 1e-9
"""Real units below which a share is numerical noise of the linear system."""


@dataclass(frozen=True)
class _System:
    """The pockets that claims' money could reach, order ignored, and the transfers between and out of them."""

    pockets: Ints
    number: Ints
    """Pocket -> row of the system, -1 where it is not reached."""
    total: F64
    """All that came into each reached pocket up to as-of, opening included."""
    balance: I64
    event: Ints
    """Events that draw on a reached pocket."""
    share: F64
    """Amount over the payer's total, by such event."""
    claim: Ints
    """Claim number that disputes the event, -1 none."""
    reversed_claim: Ints
    """Claim whose own transfer the event reverses, -1 none."""
    converts: npt.NDArray[np.bool_]
    credit: Ints
    """Event that opens the converted money in the other currency, -1 none."""


def _field(scene: Scene, event: Ints, name: str) -> Ints:
    """Return one field of the events' specials, -1 where they are plain."""
    special = scene.events.special[event]
    out = np.full(len(event), -1, np.int64)
    has = special >= 0
    out[has] = scene.events.specials[special[has]][name]
    return out


def _reached(scene: Scene, live: Ints, starts: Ints) -> npt.NDArray[np.bool_]:
    """Return which pockets lie on any path from `starts`, in whatever order; conversions are crossed too."""
    events, ledger = scene.events, scene.ledger
    size = len(ledger.standing)
    source, payee = events.source[live].astype(np.int64), events.payee[live].astype(np.int64)
    slot = _field(scene, live, "slot")
    out, into = events.op[live] & books.CONVERT_OUT != 0, events.op[live] & books.CONVERT_IN != 0
    opened = dict(zip(slot[into].tolist(), payee[into].tolist(), strict=True))
    payee[out] = [opened.get(s, OUTSIDE) for s in slot[out].tolist()]
    inner = (source != OUTSIDE) & (ledger.sinks[payee] == 0)
    graph = sp.csr_array(
        (np.ones(int(inner.sum())), (source[inner], payee[inner])), shape=(size, size)
    )
    root = sp.csr_array(
        (np.ones(len(starts)), (np.full(len(starts), OUTSIDE), starts)), shape=(size, size)
    )
    order = csgraph.breadth_first_order(graph + root, OUTSIDE, return_predecessors=False)
    reached = np.zeros(size, np.bool_)
    reached[order] = True
    reached[OUTSIDE] = False
    return reached


def _build(scene: Scene, followed: Ints) -> _System:
    """Return the system for the claims whose numbers are `followed`."""
    events, ledger = scene.events, scene.ledger
    live = np.flatnonzero(events.op[: events.stop] & (books.HOLD | books.RELEASE) == 0)
    starts = events.payee[events.root[followed]].astype(np.int64)
    reached = _reached(scene, live, starts[ledger.sinks[starts] == 0])
    pockets = np.flatnonzero(reached)
    number = np.full(len(reached), -1, np.int64)
    number[pockets] = np.arange(len(pockets))
    balance = run_balances(scene.openings, events)[pockets]
    event = live[reached[events.source[live]]]
    row = number[events.source[event]]
    drawn = np.zeros(len(pockets), np.int64)
    np.add.at(drawn, row, events.amount[event])
    total = (balance + drawn).astype(np.float64)
    converts = events.op[event] & books.CONVERT_OUT != 0
    slot = _field(scene, event, "slot")
    into = live[events.op[live] & books.CONVERT_IN != 0]
    credit_of = dict(zip(_field(scene, into, "slot").tolist(), into.tolist(), strict=True))
    credit = np.array(
        [
            credit_of.get(s, -1) if c else -1
            for s, c in zip(slot.tolist(), converts.tolist(), strict=True)
        ],
        np.int64,
    )
    claim = np.where(events.op[event] & books.ROOT != 0, _field(scene, event, "claim"), -1)
    claim[~np.isin(claim, followed)] = -1
    reversed_claim = np.where(
        events.op[event] & books.REVERSAL != 0, _field(scene, event, "original_claim"), -1
    )
    share = events.amount[event] / np.maximum(total[row], 1.0)
    return _System(
        pockets, number, total, balance, event, share, claim, reversed_claim, converts, credit
    )


def _solve(scene: Scene, system: _System, claims: Ints, reversed_by: int) -> F64:
    """Return what of each claim came into each reached pocket, shape (pockets, claims).

    `reversed_by` is the claim whose own reversals are closed.
    """
    events = scene.events
    size = len(system.pockets)
    row = system.number[events.source[system.event]]
    target = system.number[events.payee[system.event]]
    weight = system.share.copy()
    crosses = system.credit >= 0
    to = events.payee[system.credit[crosses]]
    target[crosses] = system.number[to]
    scale = events.amount[system.credit[crosses]] / events.amount[system.event[crosses]]
    weight[crosses] *= scale
    moves = (target >= 0) & (system.claim < 0) & ~(system.converts & ~crosses)
    moves &= (system.reversed_claim < 0) | (system.reversed_claim != reversed_by)
    flow = sp.csc_array((weight[moves], (target[moves], row[moves])), shape=(size, size))
    seed = np.zeros((size, len(claims)))
    root = events.root[claims]
    start = system.number[events.payee[root]]
    inside = start >= 0
    seed[start[inside], np.flatnonzero(inside)] = events.amount[root[inside]]
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


def _round(real: F64, whole: int, room: I64, carry: F64) -> I64:
    """Return whole units near `real` that sum to `whole`: largest remainder plus `carry`, within `room`.

    Ties go to the earlier place.
    """
    units = np.minimum(np.floor(real + _DUST).astype(np.int64), room)
    missing = whole - int(units.sum())
    candidates = np.flatnonzero((real > _DUST) & (units < room))
    rank = candidates[
        np.lexsort(
            (candidates, -np.round(real[candidates] - units[candidates] + carry[candidates], 6))
        )
    ]
    while missing > 0:
        taken = rank[:missing]
        if not len(taken):
            taken = np.flatnonzero(units < room)[:missing]
            assert len(taken), "no place left for a unit of the claim"
        units[taken] += 1
        missing -= len(taken)
        rank = rank[units[rank] < room[rank]]
    while missing < 0:
        taken = np.flatnonzero(units > 0)[missing:]
        units[taken] -= 1
        missing += len(taken)
    return units


@dataclass(frozen=True)
class _Places:
    """Where claims' money can end, in the order that settles ties: located, unknown, exits."""

    pocket: Ints
    event: Ints
    """-1 for a pocket's balance."""
    currency: Ints
    room: I64


def _places(scene: Scene, system: _System) -> _Places:
    """Return the places of the system's pockets and of the events that leave it."""
    events, ledger = scene.events, scene.ledger
    frontier = np.isin(ledger.standing[system.pockets], (UNKNOWN, BRIDGED))
    lying = system.pockets[np.argsort(frontier, kind="stable")]
    leaves = (
        (ledger.sinks[events.payee[system.event]] != 0)
        | (system.claim >= 0)
        | system.converts
        | (system.reversed_claim >= 0)
    )
    out = system.event[leaves]
    pocket = np.concatenate([lying, events.source[out]]).astype(np.int64)
    return _Places(
        pocket=pocket,
        event=np.concatenate([np.full(len(lying), -1), out]),
        currency=ledger.pocket_currency[pocket].astype(np.int64),
        room=np.concatenate([system.balance[system.number[lying]], events.amount[out]]),
    )


def _fates(
    scene: Scene, system: _System, places: _Places, claim: int
) -> tuple[Ints, npt.NDArray[np.bool_]]:
    """Return (fate by place, whether the place is open to `claim`): a reversal is an exit for its own claim only."""
    events = scene.events
    fate = np.full(len(places.event), books.MOVED)
    open_ = np.ones(len(places.event), np.bool_)
    is_event = places.event >= 0
    at = np.searchsorted(system.event, places.event[is_event])
    own_reversal = system.reversed_claim[at] == claim
    sink = scene.ledger.sinks[events.payee[system.event[at]]] != 0
    kind = np.where(sink, books.EXITED, books.MOVED)
    kind = np.where(own_reversal, books.REVERSED, kind)
    kind = np.where(system.converts[at], books.CONVERTED, kind)
    kind = np.where(system.claim[at] >= 0, books.TO_VICTIM, kind)
    fate[is_event] = kind
    open_[is_event] = kind != books.MOVED
    return fate, open_


class _Collector:
    """Gathers rows of the result, claim by claim."""

    def __init__(self) -> None:
        self.lying: list[tuple[int, Ints, I64]] = []
        self.leaving: list[tuple[int, Ints, I64, Ints]] = []
        self.flows: list[tuple[int, Ints, I64, Ints]] = []
        self.losses: list[tuple[int, int, int]] = []
        self.arrivals: list[tuple[int, Ints, I64]] = []
        """Pocket and time of everything that brought any share, even one that rounds to nothing."""


def _hops(scene: Scene, system: _System, start: int) -> Ints:
    """Return the fewest hops from the disputed transfer to every reached pocket (1: its payee), order ignored."""
    events = scene.events
    size = len(system.pockets)
    row = system.number[events.source[system.event]]
    target = system.number[events.payee[system.event]].copy()
    crosses = system.credit >= 0
    target[crosses] = system.number[events.payee[system.credit[crosses]]]
    inner = (target >= 0) & (system.claim < 0)
    graph = sp.csr_array(
        (np.ones(int(inner.sum())), (row[inner], target[inner])), shape=(size, size)
    )
    distance = csgraph.shortest_path(graph, unweighted=True, indices=start)
    return np.where(np.isfinite(distance), distance + 1, 0).astype(np.int64)


def _settle_claim(
    scene: Scene,
    system: _System,
    places: _Places,
    claim: int,
    came: F64,
    carry: F64,
    room: I64,
    out: _Collector,
) -> None:
    """Round one claim's shares and add its rows. `carry` and `room` are updated."""
    events, ledger = scene.events, scene.ledger
    root = int(events.root[claim])
    payee = int(events.payee[root])
    loss, own = int(events.amount[root]), int(scene.ledger.currency[events.row[root]])
    out.losses.append((claim, own, loss))
    if ledger.sinks[payee]:
        one = np.array([root], np.int64)
        out.leaving.append((claim, one, np.array([loss], np.int64), np.array([books.EXITED])))
        out.flows.append((claim, one, np.array([loss], np.int64), np.array([1])))
        return
    fraction = came / np.maximum(system.total, 1.0)
    fate, open_ = _fates(scene, system, places, claim)
    real = fraction[system.number[places.pocket]] * places.room
    real[~open_] = 0.0
    for currency in np.unique(places.currency[real > _DUST]).tolist():
        here = places.currency == currency
        if currency == own:
            whole = loss
        else:
            whole = int(np.floor(real[here].sum() + _DUST))
            out.losses.append((claim, currency, whole))
        units = _round(real[here], whole, room[here], carry[here])
        carry[here] += real[here] - units
        room[here] -= units
        spots = np.flatnonzero(here)[units > 0]
        units = units[units > 0]
        still = places.event[spots] < 0
        out.lying.append((claim, places.pocket[spots[still]], units[still]))
        out.leaving.append((claim, places.event[spots[~still]], units[~still], fate[spots[~still]]))
    share = fraction[system.number[events.source[system.event]]] * events.amount[system.event]
    share[system.claim >= 0] = 0.0  # a disputed transfer carries only its own claim
    carried = np.rint(share).astype(np.int64)
    hops = (
        _hops(scene, system, int(system.number[payee]))[system.number[events.source[system.event]]]
        + 1
    )
    crosses = (system.credit >= 0) & (carried > 0)
    ratio = events.amount[system.credit[crosses]] / events.amount[system.event[crosses]]
    opened = np.rint(share[crosses] * ratio).astype(np.int64)
    some = carried > 0
    event = np.concatenate([[root], system.event[some], system.credit[crosses]]).astype(np.int64)
    amount = np.concatenate([[loss], carried[some], opened]).astype(np.int64)
    depth = np.concatenate([[1], hops[some], hops[crosses] + 1]).astype(np.int64)
    out.flows.append((claim, event, amount, depth))
    arrives = np.concatenate(
        [[root], system.event[share > _DUST], system.credit[(share > _DUST) & (system.credit >= 0)]]
    )
    out.arrivals.append(
        (
            claim,
            events.payee[arrives.astype(np.int64)].astype(np.int64),
            events.time[arrives.astype(np.int64)],
        )
    )


def follow_pari_passu(scene: Scene) -> Found:
    """Return the frames of pari passu. Raises `InputFault` for claims that are not admitted."""
    if not scene.claims["admitted"].all():
        advice = "trace claims that are not admitted by a causal rule"
        raise InputFault(
            [
                Problem(
                    "claims", "", 0, "admitted", "pari_passu_needs_admitted_claims", "false", advice
                )
            ]
        )
    events = scene.events
    followed = np.flatnonzero((events.root < events.stop) & (events.cut != 0))
    system = _build(scene, followed)
    places = _places(scene, system)
    out = _Collector()
    carry, room = np.zeros(len(places.pocket)), places.room.copy()
    special = set(system.reversed_claim.tolist())
    plain = np.array([c for c in followed.tolist() if c not in special], np.int64)
    came = (
        dict(zip(plain.tolist(), _solve(scene, system, plain, -2).T, strict=True))
        if len(plain)
        else {}
    )
    for claim in followed.tolist():
        column = (
            came[claim] if claim in came else _solve(scene, system, np.array([claim]), claim)[:, 0]
        )
        _settle_claim(scene, system, places, claim, column, carry, room, out)
    return _frames(scene, out)


def _table(rows: Sequence[tuple[Any, ...]], names: tuple[str, ...]) -> pl.DataFrame:
    """Return the rows as one frame: claim number first, then the arrays."""
    parts = [
        pl.DataFrame(
            {"number": np.full(len(row[1]), row[0]), **dict(zip(names, row[1:], strict=True))}
        )
        for row in rows
    ]
    schema = pl.Schema(dict.fromkeys(("number", *names), pl.Int64()))
    return pl.concat([pl.DataFrame(schema=schema), *[part.cast(schema) for part in parts]])


def _lying(scene: Scene, names: Names, out: _Collector) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return (positions, unknown); `since` is the earliest flow of the claim into the pocket."""
    events = scene.events
    lying = _table(out.lying, ("pocket", "amount")).filter(pl.col("amount") > 0)
    first = (
        _table(out.arrivals, ("pocket", "at")).group_by("number", "pocket").agg(pl.col("at").min())
    )
    start = pl.DataFrame({"number": np.arange(len(events.root)), "start": events.time[events.root]})
    table = (
        lying.join(first, on=["number", "pocket"], how="left")
        .join(start, on="number")
        .sort("number", "pocket")
    )
    pocket = table["pocket"].to_numpy()
    zero = pl.lit(0, dtype=pl.Int64)
    named = table.select(
        pl.lit("pari-passu").alias("rule"),
        names.claims.gather(table["number"]).alias("claim"),
        names.account(pocket).alias("account"),
        names.currency(pocket).alias("currency"),
        "amount",
        instants(table.select(pl.coalesce("at", "start")).to_series().to_numpy()).alias("since"),
        zero.alias("held"),
        zero.alias("inferred"),
        zero.alias("asserted"),
    )
    frontier = np.isin(scene.ledger.standing[pocket], (UNKNOWN, BRIDGED))
    unknown = named.filter(pl.Series(frontier, dtype=pl.Boolean))
    return named.filter(pl.Series(~frontier, dtype=pl.Boolean)), unknown.select(
        shapes.UNKNOWN.names()
    )


def _frames(scene: Scene, out: _Collector) -> Found:
    """Return the collected rows under their names, conserved."""
    names, rule = Names(scene), "pari-passu"
    flows = _table(out.flows, ("event", "amount", "depth")).filter(pl.col("amount") > 0)
    positions, unknown = _lying(scene, names, out)
    ids = scene.dossier.transfers["id"]
    zero = pl.lit(0, dtype=pl.Int64)
    rest = {"inferred": zero, "asserted": zero}
    row = pl.Series("row", scene.events.row[flows["event"].to_numpy()])
    shown = flows.with_columns(row).sort("number", "row").filter(pl.col("row") >= 0)
    flow_frame = shown.select(
        pl.lit(rule).alias("rule"),
        names.claims.gather(shown["number"]).alias("claim"),
        ids.gather(shown["row"]).alias("transfer"),
        pl.col("depth").cast(pl.Int32),
        "amount",
    ).with_columns(**rest)
    leaving = _table(out.leaving, ("event", "amount", "fate")).filter(pl.col("amount") > 0)
    leaving = leaving.with_columns(
        row=pl.Series(scene.events.row[leaving["event"].to_numpy()])
    ).with_columns(mark=pl.lit(0))
    absent = sorted(set(range(len(scene.claims))) - {claim for claim, _, _ in out.losses})
    numbers = pl.DataFrame(
        [(c, scene.ledger.currencies[k], v) for c, k, v in out.losses]
        + [(c, scene.claims["currency"][c], 0) for c in absent],
        schema={"number": pl.Int64, "currency": pl.String, "loss": pl.Int64},
        orient="row",
    )
    frames = Found(
        positions=positions,
        flows=flow_frame,
        exits=name_exits(
            scene, leaving.select("number", "row", "fate", "mark", "amount"), names, rule
        ),
        unknown=unknown,
        summary=pl.DataFrame(schema=shapes.SUMMARY),
        holds=pl.DataFrame(schema=shapes.HOLDS_FILLED),
    )
    no_residual = pl.DataFrame(
        schema={"claim": pl.String, "currency": pl.String, "residual": pl.Int64}
    )
    return replace(
        frames, summary=summarise(scene, losses_named(scene, numbers), frames, no_residual, rule)
    )
