"""What any causal rule could still find of a claim, at most: the `recoverable` column. Never a figure of one rule."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from recoup import limits
from recoup.trace import trail as shapes
from recoup.trace.assemble import Scene
from recoup.trace.kernels import books, network
from recoup.trace.kernels import bound as kernels
from recoup.trace.ledger import I64, OUTSIDE, TRANSIT, UNKNOWN

NONE = -1
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class _Ties:
    """How events hang together, by event: the same for every claim."""

    source: npt.NDArray[np.int32]
    """Pocket drawn on; for a refund of what is on its way over a link, the link's pocket."""
    flags: npt.NDArray[np.uint8]
    undo: npt.NDArray[np.int64]
    """Exit that the event refunds, -1 none."""
    debit: npt.NDArray[np.int64]
    """Debit of the conversion that the event is the credit of, -1 none."""
    pairs: list[tuple[int, int]]
    """(debit, credit) of conversions in the order of their debits."""
    own: list[tuple[int, int]]
    """(claim, event) of reversals of claims' own transfers."""
    lost: npt.NDArray[np.uint8]
    """By pocket: what never crosses its link has left for good."""


def _ties(scene: Scene) -> _Ties:
    """Return how the events up to as-of hang together."""
    events, ledger = scene.events, scene.ledger
    stop = events.stop
    names = ledger.accounts.str.starts_with(TRANSIT).to_numpy()
    transit = np.concatenate([names, [False]])[ledger.pocket_account]
    source, payee = events.source[:stop].copy(), events.payee[:stop]
    flags = np.zeros(stop, np.uint8)
    # Rules may find more in an unknown account than what came less what was sent back: it sends back the very units only.
    back = (ledger.standing[source] == UNKNOWN) & ~transit[source] & ~transit[payee]
    flags[back] |= network.KEEPS
    undo, debit = np.full(stop, NONE, np.int64), np.full(stop, NONE, np.int64)
    exits: dict[int, int] = {}
    debits: dict[int, int] = {}
    pairs, own = [], []
    for i in np.flatnonzero(events.op[:stop] & ~np.uint8(books.HOLD | books.RELEASE)).tolist():
        op, record = int(events.op[i]), events.specials[events.special[i]]
        if op & books.CONVERT_OUT:
            debits[int(record["slot"])] = i
        elif op & books.CONVERT_IN and int(record["slot"]) in debits:
            debit[i] = debits[int(record["slot"])]
            flags[debit[i]] |= network.CONVERTS
            pairs.append((int(debit[i]), i))
        if op & books.REVERSAL:
            if record["original_claim"] >= 0:
                own.append((int(record["original_claim"]), i))
            original = exits.get(int(record["original"]))
            if original is not None and (source[i] == OUTSIDE or back[i]):
                if transit[payee[original]]:
                    source[i] = payee[original]
                    flags[i] |= network.KEEPS
                elif source[i] == OUTSIDE and ledger.sinks[payee[original]]:
                    undo[i] = original
                    flags[original] |= network.RETURNS
        if op & books.WATCHED and events.source[i] != events.payee[i]:
            exits[int(record["watched"])] = i
    gone = scene.transits.filter(pl.col("standing") != "unknown")["account"]
    lost = np.concatenate([ledger.accounts.is_in(gone.implode()).to_numpy(), [False]])
    return _Ties(
        source, flags, undo, debit, sorted(pairs), own, lost[ledger.pocket_account].astype(np.uint8)
    )


def bound_disputed(scene: Scene) -> I64:
    """Return shape (claims, currencies): the bound in minor units; -1 where it took too many steps [choice 20]."""
    events = scene.events
    ties = _ties(scene)
    if not (events.cut < events.stop).any():
        return _bound_until(scene, ties, events.stop, np.arange(len(events.root)))
    width = len(scene.ledger.currencies)
    if len(events.root) * events.stop > limits.BOUND_STEPS_ALL_MAX:
        return np.full((len(events.root), width), NONE, np.int64)
    # With a horizon every claim ends at a time of its own.
    out = np.zeros((len(events.root), width), np.int64)
    for claim, end in enumerate(np.minimum(events.cut, events.stop).tolist()):
        out[claim] = _bound_until(scene, ties, end, np.array([claim]))[claim]
    return out


def _bound_until(scene: Scene, ties: _Ties, stop: int, numbers: npt.NDArray[np.int64]) -> I64:
    """Return the bound of the claims `numbers` over events [0, stop); 0 for the others."""
    events, ledger, root = scene.events, scene.ledger, scene.events.root
    inside = (root < stop) & (events.cut != 0)
    asked = inside & np.isin(np.arange(len(root)), numbers)
    followed = (root < events.stop) & (events.cut != 0)
    flags = ties.flags[:stop].copy()
    flags[root[asked]] |= network.STARTS
    flags[root[inside & scene.claims["admitted"].to_numpy()]] |= network.CLOSED
    given = (ties.source[:stop], events.payee[:stop])
    op, amount = events.op[:stop], events.amount[:stop]
    open_ = network.find_open(
        *given, op, flags, ties.undo[:stop], ties.debit[:stop], ledger.sinks, stop
    )
    following, stay, target, move, drawn, credit = network.build_network(
        *given,
        amount,
        op,
        flags,
        ties.undo[:stop],
        scene.openings.amount,
        ledger.sinks,
        ties.lost,
        open_,
        stop,
    )
    conversions = _conversions(scene, ties, credit, stop, followed)
    network.tighten(following, stay, target, move, conversions.end)
    starts = np.full(len(root), NONE, np.int64)
    starts[asked] = credit[root[asked]]
    closed = [(c, int(drawn[i])) for c, i in ties.own if i < stop and drawn[i] >= 0]
    bound: I64 = kernels.bound_flows(
        starts,
        np.where(asked, scene.claims["loss"].to_numpy(), 0),
        ledger.currency[events.row[root]].astype(np.int64),
        len(ledger.currencies),
        np.array(closed, np.int64).reshape(len(closed), 2),
        kernels.network_of(following, stay, target, move),
        conversions,
        limits.BOUND_STEPS_MAX,
        limits.BOUND_STEPS_ALL_MAX,
    )
    return bound


def _conversions(
    scene: Scene, ties: _Ties, credit: I64, stop: int, followed: Flags
) -> kernels.Conversions:
    """Return the conversions whose debits stand in the network; `credit` is the node of every event."""
    events, ledger = scene.events, scene.ledger
    disputed = set(events.root[followed & scene.claims["admitted"].to_numpy()].tolist())
    pairs = [(out, into) for out, into in ties.pairs if out < stop and credit[out] >= 0]
    debit = np.array([out for out, _ in pairs], np.int64)
    into = np.array([into for _, into in pairs], np.int64)
    # An admitted disputed credit carries its own claim only; what others had in it left.
    counts = np.array([i not in disputed for i in into.tolist()], np.bool_)
    counts &= ledger.sinks[events.payee[into]] == 0
    late = into >= stop
    node = np.where(counts & ~late, credit[np.where(late, 0, into)], NONE) if len(into) else into
    return kernels.Conversions(
        end=credit[debit],
        sold=events.amount[debit],
        bought=events.amount[into],
        credit=node,
        currency=ledger.currency[events.row[into]].astype(np.int64),
        stays=(counts & late).astype(np.uint8),
    )


def bound_claims(scene: Scene, summary: pl.DataFrame) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Return `summary` with its `recoverable` column filled, and the claims where it is only the loss, for want of steps."""
    if summary.is_empty():
        return summary, ()
    bound = bound_disputed(scene)
    claims, currencies = scene.claims["claim"], scene.ledger.currencies
    table = pl.DataFrame(
        {
            "claim": claims.gather(np.repeat(np.arange(len(claims)), len(currencies))),
            "currency": list(currencies) * len(claims),
            "bound": bound.ravel(),
        },
        schema_overrides={"currency": pl.String},
    )
    joined = summary.join(table, on=["claim", "currency"], how="left", maintain_order="left")
    is_loose = pl.col("bound") < 0
    filled = joined.with_columns(
        recoverable=pl.when(is_loose).then(pl.col("loss")).otherwise(pl.col("bound"))
    )
    loose = claims.filter(pl.Series((bound < 0).any(axis=1), dtype=pl.Boolean))
    return filled.select(shapes.SUMMARY.names()), tuple(loose)
