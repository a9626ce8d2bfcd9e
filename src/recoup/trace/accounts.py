"""The accounts of a trail: every pocket that claims' money left or reached, with what is assumed of it."""

from __future__ import annotations

import numpy as np
import polars as pl

from recoup.trace import trail as shapes
from recoup.trace.assemble import Names, Scene
from recoup.trace.ledger import I64, OUTSIDE, STANDINGS, TERMINAL
from recoup.trace.openings import BASES


def describe_accounts(scene: Scene, flows: pl.DataFrame, balance: I64) -> pl.DataFrame:
    """Return schema ACCOUNTS: every pocket that any flow left or reached, under any rule."""
    ledger, openings = scene.ledger, scene.openings
    index = scene.dossier.transfers.lazy().select("id").with_row_index("at")
    used = (
        flows.lazy()
        .group_by("transfer")
        .agg(pl.col("depth").min())
        .join(index, left_on="transfer", right_on="id")
        .collect()
    )
    row, depth = used["at"].to_numpy(), used["depth"].to_numpy()
    hops = np.full(len(ledger.standing), 2**30, np.int32)
    np.minimum.at(hops, ledger.payee[row], depth)
    np.minimum.at(hops, ledger.payer[row], depth - 1)
    hops[OUTSIDE] = 2**30
    pocket = np.flatnonzero(hops < 2**30).astype(np.int32)
    names = Names(scene)
    assumed = np.zeros(len(ledger.standing), np.int64)
    credits = scene.events.assumed
    in_time = credits.time <= scene.events.last_time
    np.add.at(assumed, credits.pocket[in_time], credits.amount[in_time])
    frame = pl.DataFrame(
        {
            "account": names.account(pocket),
            "currency": names.currency(pocket),
            "standing": pl.Series(STANDINGS).gather(ledger.standing[pocket]),
            "depth": hops[pocket],
            "opening": openings.amount[pocket],
            "opening_basis": pl.Series(BASES).gather(openings.basis[pocket]),
            "assumed_credit": assumed[pocket],
            "balance": np.where(ledger.standing[pocket] == TERMINAL, 0, balance[pocket]),
        }
    )
    who = _who(scene.dossier.transfers, frame["account"])
    joined = frame.join(who, on="account", how="left").with_columns(
        pl.col("name", "institution").fill_null("")
    )
    return joined.sort("depth", "account", "currency").select(shapes.ACCOUNTS.names())


def _who(transfers: pl.DataFrame, accounts: pl.Series) -> pl.DataFrame:
    """Return (account, name, institution): the last that any row gives for each account."""
    sides = [
        transfers.lazy()
        .filter(pl.col(side).is_in(accounts.implode()))
        .select(account=side, name=f"{side}_name", institution=f"{side}_institution")
        for side in ("payer", "payee")
    ]
    named = (
        pl.concat(sides)
        .group_by("account")
        .agg(
            pl.col("name").filter(pl.col("name") != "").last(),
            pl.col("institution").filter(pl.col("institution") != "").last(),
        )
    )
    return named.collect()
