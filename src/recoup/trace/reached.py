"""Turns what poison reached into the trail's frames: which rows, which accounts and since when. No amounts, no claims."""

from __future__ import annotations

import numpy as np
import polars as pl

from recoup.trace import trail as shapes
from recoup.trace.assemble import Found, Names, Scene, instants, kind_of_exit
from recoup.trace.follow import Reached
from recoup.trace.kernels import books
from recoup.trace.ledger import BRIDGED, OUTSIDE, UNKNOWN

_NOTHING = pl.lit(None, dtype=pl.Int64)
_REST = {"held": _NOTHING, "inferred": _NOTHING, "asserted": _NOTHING, "amount": _NOTHING}


def assemble_reach(scene: Scene, reached: Reached) -> Found:
    """Return poison's frames: reach only, amounts null, no claim."""
    marked = {"rule": pl.lit("poison"), "claim": pl.lit(""), **_REST}
    event = np.flatnonzero(reached.flow)
    flows = pl.DataFrame(
        {
            "transfer": scene.dossier.transfers["id"].gather(scene.events.row[event]),
            "depth": reached.flow[event],
        }
    )
    waiting = _waiting(scene, reached)
    positions, unknown = _lying(scene, reached, waiting)
    exits = _exits(scene, reached)
    gone = waiting.filter(pl.col("standing") != "unknown").select(
        "transfer", "currency", "kind", account="place"
    )
    exits = pl.concat([exits, gone.select(exits.columns)])
    return Found(
        positions=positions.with_columns(**marked).select(shapes.POSITIONS.names()),
        flows=flows.with_columns(**marked).select(shapes.FLOWS.names()),
        exits=exits.with_columns(**marked).select(shapes.EXITS.names()),
        unknown=unknown.with_columns(**marked).select(shapes.UNKNOWN.names()),
        summary=pl.DataFrame(schema=shapes.SUMMARY),
        holds=pl.DataFrame(schema=shapes.HOLDS_FILLED),
    )


def _waiting(scene: Scene, reached: Reached) -> pl.DataFrame:
    """Return schema TRANSITS with currency and since, for money that waits for its link's entry [choice 19]."""
    names = Names(scene)
    return pl.DataFrame(
        {
            "account": names.account(reached.waiting),
            "currency": names.currency(reached.waiting),
            "since": instants(scene.events.time[reached.since[reached.waiting]]),
        }
    ).join(scene.transits, on="account", how="inner")


def _lying(
    scene: Scene, reached: Reached, waiting: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return (account, currency, since) of the known accounts reached, and of the unknown ones."""
    names, ledger = Names(scene), scene.ledger
    pocket = np.flatnonzero((reached.depth != 0) & ~ledger.transits).astype(np.int32)
    lying = pl.DataFrame(
        {
            "account": names.account(pocket),
            "currency": names.currency(pocket),
            "since": instants(scene.events.time[reached.since[pocket]]),
        }
    )
    frontier = pl.Series(np.isin(ledger.standing[pocket], (UNKNOWN, BRIDGED)))
    stays = waiting.filter(pl.col("standing") == "unknown").select(
        "currency", "since", account="payee"
    )
    unknown = pl.concat([lying.filter(frontier), stays.select(lying.columns)])
    unknown = unknown.group_by("account", "currency").agg(pl.col("since").min())
    return lying.filter(~frontier), unknown.sort("account", "currency")


def _exits(scene: Scene, reached: Reached) -> pl.DataFrame:
    """Return (transfer, account, currency, kind) of the rows by which poison left."""
    names, ledger, events = Names(scene), scene.ledger, scene.events
    event = np.flatnonzero(reached.flow)
    row = events.row[event]
    converts = events.op[event] & books.CONVERT_OUT != 0
    left = ((ledger.sinks[events.payee[event]] != 0) | converts) & (row >= 0)
    out = row[left]
    payee = ledger.payee[out]
    exits = pl.DataFrame(
        {
            "transfer": scene.dossier.transfers["id"].gather(out),
            "account": names.account(
                np.where(payee == OUTSIDE, ledger.payer[out], payee).astype(np.int32)
            ),
            "currency": scene.dossier.transfers["currency"].gather(out),
            "kind": scene.dossier.transfers["kind"].gather(out),
            "at_terminal": payee != OUTSIDE,
            "converts": converts[left],
        }
    ).with_columns(
        pl.when("converts").then(pl.lit("converted")).otherwise(kind_of_exit()).alias("kind")
    )
    return exits.drop("at_terminal", "converts")
