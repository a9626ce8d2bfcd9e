"""The one entry of the twin: `twin_trace`. Each rule's own file says how it is done."""

from __future__ import annotations

import polars as pl

from recoup.records.dossier import Dossier
from recoup.trace.trail import Options
from twin.balances import balances_of
from twin.bound import recoverable
from twin.facts import Facts, facts_of
from twin.lots import LotStore
from twin.outcome import Outcome
from twin.pari import trace_pari
from twin.pooled import PoolStore
from twin.reach import trace_poison
from twin.walk import Store, Walk

CAUSAL = ("fifo", "lifo", "rolling", "lowest-balance")


def twin_trace(dossier: Dossier, claims: pl.DataFrame, options: Options) -> dict[str, Outcome]:
    """Trace the claims under each rule of the options; raise `facts.Refused` for what the decision page refuses."""
    facts = facts_of(dossier, claims, options)
    waiting = facts_of(dossier, claims, options, waits=True)
    outcomes = {
        rule: _by_rule(facts if rule == "pari-passu" else waiting, rule) for rule in options.rules
    }
    _add_bounds(facts, outcomes)
    return outcomes


def store_of(rule: str) -> Store:
    """Return how pockets keep money under one of the four causal rules."""
    return LotStore(rule) if rule in ("fifo", "lifo") else PoolStore(rule)


def _by_rule(facts: Facts, rule: str) -> Outcome:
    if rule == "poison":
        return trace_poison(facts)
    if rule == "pari-passu":
        return trace_pari(facts)
    assert rule in CAUSAL, rule
    walk = Walk(facts, store_of(rule), rule).run()
    money = balances_of(facts)
    for pocket, balance in money.after[-1].items() if money.after else ():
        # What very units come back out of an unknown account depends on the rule: there the balances are an upper bound.
        is_open = facts.standing[pocket.account] == "unknown"
        assert walk.balance[pocket] <= balance, "two ways to count balances"
        assert is_open or walk.balance[pocket] == balance, "two ways to count balances"
    assert sum(money.assumed.values()) == sum(walk.assumed.values())
    return walk.outcome()


def _add_bounds(facts: Facts, outcomes: dict[str, Outcome]) -> None:
    after = balances_of(facts).after
    known: dict[tuple[str, str], int] = {}
    for outcome in outcomes.values():
        for (name, currency), totals in outcome.summary.items():
            if name not in facts.claims:
                continue
            key = (name, currency)
            if key not in known:
                known[key] = recoverable(facts, facts.claims[name], currency, after)
            outcome.summary[key] = totals._replace(recoverable=known[key])
            if outcome.rule in CAUSAL:
                assert totals.located + totals.unknown <= known[key], (
                    outcome.rule,
                    key,
                    totals,
                    known[key],
                )
