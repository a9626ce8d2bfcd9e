"""What any rule could still find of a claim, at most: the `recoverable` column. Never a figure of one rule."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from recoup import limits
from recoup.trace import trail as shapes
from recoup.trace.assemble import Scene
from recoup.trace.follow import follow_reach
from recoup.trace.kernels import books
from recoup.trace.kernels import bound as kernels
from recoup.trace.ledger import I64, OUTSIDE

Flags = npt.NDArray[np.bool_]


def bound_disputed(scene: Scene) -> I64:
    """Return per claim the bound in its own currency, minor units; -1 where it took too many steps [choice 20]."""
    events = scene.events
    if (events.cut < events.stop).any():  # horizons: every claim ends at a time of its own
        if len(events.root) * events.stop > limits.BOUND_STEPS_ALL_MAX:
            return np.full(len(events.root), -1, np.int64)
        ends = np.minimum(events.cut, events.stop)
        return np.array(
            [_bound_until(scene, int(end), [c])[c] for c, end in enumerate(ends)], np.int64
        )
    return _bound_until(scene, events.stop, list(range(len(events.root))))


def _bound_until(scene: Scene, stop: int, numbers: list[int]) -> I64:
    """Return the bound of the claims `numbers` over events [0, stop); 0 for the others."""
    events = scene.events
    reached = follow_reach(scene.ledger, events).flow[:stop] > 0
    root = events.root
    inside = (root < stop) & (events.cut != 0)
    no_payer = events.source[:stop] == OUTSIDE
    no_payer[root[inside & scene.claims["admitted"].to_numpy()]] = (
        True  # open only to its own claim
    )
    following, stay, target, move, credit = _network(scene, no_payer, reached, stop)
    starts = np.full(len(root), -1, np.int64)
    asked = inside & np.isin(np.arange(len(root)), numbers)
    starts[asked] = credit[root[asked]]
    losses = np.where(asked, scene.claims["loss"].to_numpy(), 0)
    bound: I64 = kernels.bound_flows(
        starts,
        losses,
        _closed(scene, credit, stop),
        kernels.network_of(following, stay, target, move),
        limits.BOUND_STEPS_MAX,
        limits.BOUND_STEPS_ALL_MAX,
    )
    return bound


def _network(
    scene: Scene, no_payer: Flags, reached: Flags, stop: int
) -> tuple[I64, I64, I64, I64, I64]:
    """Return the network over the events that claims' money could have crossed."""
    events = scene.events
    network: tuple[I64, I64, I64, I64, I64] = kernels.build_network(
        events.source,
        events.payee,
        events.amount,
        events.op,
        scene.openings.amount,
        scene.ledger.sinks,
        reached,
        no_payer,
        *_refunds(scene, stop),
        stop,
    )
    return network


def _refunds(scene: Scene, stop: int) -> tuple[I64, I64]:
    """Return by event of an exit the first event that takes it back (0: none), and how much is taken back in all."""
    events = scene.events
    first, amount = np.zeros(stop, np.int64), np.zeros(stop, np.int64)
    marked = np.flatnonzero(events.op[:stop] & (books.WATCHED | books.REVERSAL))
    special = events.specials[events.special[marked]]
    pairs = list(zip(marked.tolist(), special, strict=True))
    exit_of = {int(s["watched"]): i for i, s in pairs if s["watched"] >= 0}
    for i, s in reversed(pairs):
        if s["original"] >= 0 and int(s["original"]) in exit_of:
            first[exit_of[int(s["original"])]] = i
            amount[exit_of[int(s["original"])]] += events.amount[i]
    return first, amount


def _closed(scene: Scene, credit: I64, stop: int) -> I64:
    """Return (claim, payer-side node) of reversals of claims' own transfers: what crosses them has left as reversed."""
    events = scene.events
    rows = np.flatnonzero(events.op[:stop] & books.REVERSAL)
    out = [
        (int(scene.events.specials[events.special[i]]["original_claim"]), int(credit[i]) - 1)
        for i in rows
        if credit[i] > 0
        and events.source[i] != OUTSIDE
        and scene.events.specials[events.special[i]]["original_claim"] >= 0
    ]
    return np.array(out, np.int64).reshape(len(out), 2)


def bound_claims(scene: Scene, summary: pl.DataFrame) -> pl.DataFrame:
    """Return `summary` with its `recoverable` column filled: the bound, and the loss itself where none was computed."""
    if summary.is_empty():
        return summary
    bound = bound_disputed(scene)
    table = (
        scene.claims.select("claim", "currency", disputed="loss")
        .with_columns(bound=pl.Series(bound))
        .filter(pl.col("bound") >= 0)
    )
    joined = summary.join(table, on=["claim", "currency"], how="left", maintain_order="left")
    # What a conversion opened in this currency is bounded by itself.
    opened = pl.max_horizontal(pl.col("loss") - pl.col("disputed"), 0)
    filled = joined.with_columns(
        recoverable=pl.min_horizontal(pl.coalesce(pl.col("bound") + opened, "loss"), "loss")
    )
    return filled.select(shapes.SUMMARY.names())
