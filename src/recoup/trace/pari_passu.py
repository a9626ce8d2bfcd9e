"""Pari passu: a comparison view in which order does not count. Every pocket pays out in proportion to all that came in.

Fractions come from one sparse linear system over the pockets [SEMANTICS 2, choice 11]; whole units come from largest remainders
with what earlier claims were given too much or too little carried along, so each claim sums to its loss and no place is
overfilled.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from recoup.errors import InputFault
from recoup.records.problems import Problem
from recoup.trace import trail as shapes
from recoup.trace.assemble import (
    Found,
    Names,
    Scene,
    instants,
    losses_named,
    name_exits,
    settle_transits,
    summarise,
)
from recoup.trace.kernels import books
from recoup.trace.ledger import BRIDGED, OUTSIDE, UNKNOWN
from recoup.trace.shares import (
    F64,
    I64,
    NONE,
    Ints,
    System,
    build_system,
    carried_by,
    hops_of,
    open_to,
    solve,
)

_FATES = 16
"""More than there are fates, to number the exits of one event."""

_DUST = 1e-9
"""Real units below which a share is numerical noise of the linear system."""


def _round(real: F64, whole: int, room: I64, carry: F64) -> I64:
    """Return whole units near `real` that sum to `whole`: largest remainder plus `carry`, within `room`.

    One unit at a time goes to the place that is owed most, counting the units it got; ties go to the earlier place.
    """
    units = np.minimum(np.floor(real + _noise(real)).astype(np.int64), room)
    missing = whole - int(units.sum())
    owed = np.round(real - units + carry, 6)
    open_ = np.flatnonzero((real > _DUST) & (units < room)).tolist()
    waiting = [(-float(owed[i]), i) for i in open_]
    heapq.heapify(waiting)
    for _ in range(missing):
        if not waiting:  # noise of the system: what is real and what is room differ by a unit
            waiting = [(0.0, i) for i in np.flatnonzero(units < room).tolist()]
            assert waiting, "no place left for a unit of the claim"
        debt, at = heapq.heappop(waiting)
        units[at] += 1
        if units[at] < room[at]:
            heapq.heappush(waiting, (debt + 1.0, at))
    while missing < 0:
        taken = np.flatnonzero(units > 0)[missing:]
        units[taken] -= 1
        missing += len(taken)
    return units


def _noise(real: F64) -> F64:
    """Return how far below a whole number a share may lie that is that number."""
    return _DUST + 1e-12 * np.abs(real)


@dataclass(frozen=True)
class _Places:
    """Where claims' money can end, in the order that settles ties: located, unknown, exits."""

    pocket: Ints
    event: Ints
    """-1 for a pocket's balance."""
    fate: Ints
    currency: Ints
    room: I64
    of: Ints
    """By delivery of the system its place, -1 none."""


def _places(scene: Scene, system: System) -> _Places:
    """Return the places of the system's pockets and of the events that leave it."""
    events, ledger, delivered = scene.events, scene.ledger, system.delivered
    frontier = np.isin(ledger.standing[system.pockets], (UNKNOWN, BRIDGED))
    lying = system.pockets[np.argsort(frontier, kind="stable")]
    leaves = (delivered.target < 0) & (delivered.fate != books.OPENED)
    key = delivered.event[leaves] * _FATES + delivered.fate[leaves]
    distinct, at = np.unique(key, return_inverse=True)
    out = distinct // _FATES
    source, payee = events.source[out].astype(np.int64), events.payee[out].astype(np.int64)
    # Of a refund that its own claim takes away only the receiving side has a pocket.
    row = np.maximum(events.row[out], 0)
    of = np.full(len(leaves), -1, np.int64)
    of[leaves] = at + len(lying)
    return _Places(
        pocket=np.concatenate([lying, np.where(source == OUTSIDE, payee, source)]),
        event=np.concatenate([np.full(len(lying), -1), out]),
        fate=np.concatenate([np.full(len(lying), books.MOVED), distinct % _FATES]),
        currency=np.concatenate([ledger.pocket_currency[lying], ledger.currency[row]]).astype(
            np.int64
        ),
        room=np.concatenate([system.balance[system.number[lying]], events.amount[out]]),
        of=of,
    )


class _Collector:
    """Gathers rows of the result, claim by claim."""

    def __init__(self) -> None:
        self.lying: list[tuple[int, Ints, I64]] = []
        self.leaving: list[tuple[int, Ints, I64, Ints]] = []
        self.flows: list[tuple[int, Ints, I64, Ints]] = []
        self.losses: list[tuple[int, int, int]] = []
        self.arrivals: list[tuple[int, Ints, I64]] = []
        """Pocket and time of everything that brought any share, even one that rounds to nothing."""


def _settle_claim(
    scene: Scene,
    system: System,
    places: _Places,
    claim: int,
    came: F64,
    carry: F64,
    room: I64,
    out: _Collector,
) -> None:
    """Round one claim's shares and add its rows. `carry` and `room` are updated."""
    events, ledger, delivered = scene.events, scene.ledger, system.delivered
    root = int(events.root[claim])
    own = int(ledger.currency[events.row[root]])
    value = carried_by(system, claim, came)
    brought = delivered.factor * value[delivered.carried]
    brought[~open_to(system, claim)] = 0.0
    real = np.zeros(len(places.pocket))
    lying = np.flatnonzero(places.event < 0)
    row = system.number[places.pocket[lying]]
    real[lying] = came[row] / np.maximum(system.total[row], 1.0) * places.room[lying]
    leaves = places.of >= 0
    np.add.at(real, places.of[leaves], brought[leaves])
    opened = np.zeros(len(ledger.currencies))
    credit = delivered.fate == books.OPENED
    np.add.at(opened, ledger.currency[events.row[delivered.event[credit]]], brought[credit])
    losses = np.floor(opened + _noise(opened)).astype(np.int64)
    losses[own] += events.amount[root]
    for currency in np.flatnonzero(losses | np.isin(np.arange(len(losses)), own)).tolist():
        whole = int(losses[currency])
        out.losses.append((claim, currency, whole))
        here = places.currency == currency
        units = _round(real[here], whole, room[here], carry[here])
        carry[here] += real[here] - units
        room[here] -= units
        spots = np.flatnonzero(here)[units > 0]
        units = units[units > 0]
        still = places.event[spots] < 0
        out.lying.append((claim, places.pocket[spots[still]], units[still]))
        gone = spots[~still]
        out.leaving.append((claim, places.event[gone], units[~still], places.fate[gone]))
    _add_flows(scene, system, claim, value, brought, out)


def _add_flows(
    scene: Scene, system: System, claim: int, value: F64, brought: F64, out: _Collector
) -> None:
    """Add what every event carried of the claim, and when its money came into which pocket."""
    events, carried, delivered = scene.events, system.carried, system.delivered
    amount = np.floor(value + 0.5 + _DUST).astype(np.int64)
    some = (amount > 0) & (carried.shown != 0)
    out.flows.append((claim, carried.event[some], amount[some], hops_of(system, claim)[some]))
    came = (brought > _DUST) & (delivered.target >= 0)
    out.arrivals.append((claim, delivered.target[came], events.time[delivered.event[came]]))


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
    system = build_system(scene, followed)
    places = _places(scene, system)
    out = _Collector()
    carry, room = np.zeros(len(places.pocket)), places.room.copy()
    apart = system.apart
    plain = np.array([c for c in followed.tolist() if c not in apart], np.int64)
    solved = solve(system, plain, NONE).T if len(plain) else np.zeros((0, 0))
    came = dict(zip(plain.tolist(), solved, strict=True))
    for claim in followed.tolist():
        column = came[claim] if claim in came else solve(system, np.array([claim]), claim)[:, 0]
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
    frames = settle_transits(scene, frames)
    no_residual = pl.DataFrame(
        schema={"claim": pl.String, "currency": pl.String, "residual": pl.Int64}
    )
    return replace(
        frames, summary=summarise(scene, losses_named(scene, numbers), frames, no_residual, rule)
    )
