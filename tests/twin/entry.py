"""The one entry of the twin: `twin_trace`. Each rule's own file says how it is done."""

from __future__ import annotations

import polars as pl

from recoup.records.dossier import Dossier
from recoup.trace.trail import Options
from twin.facts import facts_of
from twin.lots import LotStore
from twin.outcome import Outcome
from twin.pooled import PoolStore
from twin.walk import Store, Walk


def twin_trace(dossier: Dossier, claims: pl.DataFrame, options: Options) -> dict[str, Outcome]:
    """Trace the claims under each rule of the options; raise `facts.Refused` for what the decision page refuses."""
    facts = facts_of(dossier, claims, options)
    return {rule: Walk(facts, store_of(rule), rule).run().outcome() for rule in options.rules}


def store_of(rule: str) -> Store:
    """Return how pockets keep money under one of the four causal rules."""
    return LotStore(rule) if rule in ("fifo", "lifo") else PoolStore(rule)
