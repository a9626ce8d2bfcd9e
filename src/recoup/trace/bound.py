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
    events, ledger = scene.events, scene.ledger
    reached = follow_reach(ledger, events).flow > 0
    root = events.root
    admitted = scene.claims["admitted"].to_numpy() & (events.cut != 0)
    inside = root < events.stop
    no_payer = events.source[: events.stop] == OUTSIDE
    no_payer[root[inside & admitted]] = True  # a disputed transfer is open only to its own claim
    following, stay, target, move, credit = _network(scene, no_payer, reached)
    happened = inside & (events.cut != 0)
    starts = np.full(len(root), -1, np.int64)
    starts[happened] = credit[root[happened]]
    losses = np.where(happened, scene.claims["loss"].to_numpy(), 0)
    bound: I64 = kernels.bound_flows(
        starts, losses, _closed(scene, credit), following, stay, target, move, limits.BOUND_STEPS_MAX, limits.BOUND_STEPS_ALL_MAX
    )
    return bound


def _network(scene: Scene, no_payer: Flags, reached: Flags) -> tuple[I64, I64, I64, I64, I64]:
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
        events.stop,
    )
    return network


def _closed(scene: Scene, credit: I64) -> I64:
    """Return (claim, payer-side node) of reversals of claims' own transfers: what crosses them has left as reversed."""
    events = scene.events
    rows = np.flatnonzero(events.op[: events.stop] & books.REVERSAL)
    out = [
        (int(scene.events.specials[events.special[i]]["original_claim"]), int(credit[i]) - 1)
        for i in rows
        if credit[i] > 0 and scene.events.specials[events.special[i]]["original_claim"] >= 0
    ]
    return np.array(out, np.int64).reshape(len(out), 2)


def bound_claims(scene: Scene, summary: pl.DataFrame) -> pl.DataFrame:
    """Return `summary` with its `recoverable` column filled: the bound, and the loss itself where none was computed."""
    if summary.is_empty():
        return summary
    bound = bound_disputed(scene)
    table = scene.claims.select("claim", "currency").with_columns(bound=pl.Series(bound)).filter(pl.col("bound") >= 0)
    joined = summary.join(table, on=["claim", "currency"], how="left", maintain_order="left")
    filled = joined.with_columns(recoverable=pl.min_horizontal(pl.coalesce("bound", "loss"), "loss"))
    return filled.select(shapes.SUMMARY.names())
