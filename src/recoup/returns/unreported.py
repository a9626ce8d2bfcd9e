"""Likely victims who never reported: whose money, traced back from the pots, is no claim's. Leads for a call, no awards.

First in, first out, back from all that lies in the pots' accounts to where it entered the ledger. Left out is what a claim
disputes, what belongs to those who claim or through whom a claim's money went, and what only the ledger had to assume.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import polars as pl

from recoup.records import tables
from recoup.returns.route import reached_pockets
from recoup.returns.working import Case
from recoup.trace.assemble import Scene
from recoup.trace.events import arrange
from recoup.trace.ledger import BRIDGED
from recoup.trace.lineage import Target, lot_parts
from recoup.trace.sources import SOURCES, name_parts
from recoup.trace.trace import build_scene, resolve_claims
from recoup.trace.trail import Options

LIKELY: Final = tables.schema_of(
    {
        name: SOURCES[name]
        for name in ("account", "transfer", "currency", "amount", "since", "source")
    }
)
"""Who, by which transfer it came (empty: out of money that the account had before), how much of it lies in the pots, where it
entered: `opening` money of an account, a payer whose statement is `unknown`, or a `deposit` into the account named."""

_RULE: Final = "fifo"


def likely_victims(case: Case) -> pl.DataFrame:
    """Return whose money lies in the pots' accounts though nobody claimed it: schema LIKELY, largest first."""
    pockets = tuple(sorted(case.pockets.values()))
    if not pockets:
        return pl.DataFrame(schema=LIKELY)
    dossier = case.scene.dossier
    # Laid out without claims: the rule that leads back knows no owner.
    bridge = bool((case.scene.ledger.standing == BRIDGED).any())
    scene = _without_claims(case.scene, Options(bridge=bridge))
    parts, _ = lot_parts(scene, Target(-1, pockets, "the pots"), 0, lifo=False)
    found = name_parts(scene, parts, _RULE, dossier.transfers, has_amounts=True).sources
    ledger = case.scene.ledger
    reached = [
        ledger.accounts[int(account)]
        for account, is_on in zip(ledger.pocket_account, reached_pockets(case.scene), strict=True)
        if is_on
    ]
    involved = {*reached, *(pot.place.account for pot in case.pots)}
    disputed = case.scene.claims["transfer"]
    rows = dossier.transfers.filter(pl.col("id").is_in(disputed.implode()))
    claiming = set(rows["payer"]) - {""}
    source, account, transfer = (pl.col(name) for name in ("source", "account", "transfer"))
    of_chain, of_claimant = account.is_in(sorted(involved)), account.is_in(sorted(claiming))
    is_lead = (
        ((source == "opening") & ~of_chain & ~of_claimant)
        | ((source == "unknown") & ~of_chain)
        | ((source == "deposit") & ~of_claimant)
    )
    leads = found.filter(is_lead & ~transfer.is_in(disputed.implode()))
    return leads.select(LIKELY.names()).match_to_schema(LIKELY)


def _without_claims(scene: Scene, options: Options) -> Scene:
    """Return a scene laid out for nobody; where nothing is linked, rows, pockets and openings are those it has."""
    nobody = pl.DataFrame(schema=tables.CLAIMS)
    if len(scene.transits) or len(scene.dossier.links):
        return build_scene(scene.dossier, nobody, options)
    claims = resolve_claims(scene.dossier, nobody)
    events = arrange(scene.ledger, scene.openings, scene.dossier, claims, options)
    return replace(scene, events=events, claims=claims)
