"""Involved holders who spend their own money first, unit by unit and pool by pool: the slow way of what a return follows."""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

from recoup.records.dossier import Dossier
from recoup.trace.trail import Options
from twin.facts import Pocket, facts_of
from twin.lots import LotStore, Unit
from twin.pooled import PoolStore
from twin.walk import Portion, Store, Walk

Shares = dict[tuple[str, str, str], int]
"""By (claim, account, currency)."""


class _OwnFirstLots(LotStore):
    """Of an involved holder's pocket the units that are no claim's leave first, each kind by the rule."""

    def __init__(self, rule: str, involved: Collection[str]) -> None:
        super().__init__(rule)
        self.involved = involved

    def take(self, pocket: Pocket, amount: int) -> list[Portion]:
        if pocket.account not in self.involved:
            return super().take(pocket, amount)
        free = self._free(pocket)
        own = self._chosen([u for u in free if u.portion.owner is None], amount)
        rest = self._chosen([u for u in free if u.portion.owner is not None], amount - len(own))
        both: list[Unit] = sorted(own + rest, key=lambda unit: unit.position)
        return self._remove(pocket, both)

    def _chosen(self, free: list[Unit], amount: int) -> list[Unit]:
        return super()._chosen(free, amount) if amount else []


class _OwnFirstPool(PoolStore):
    """Of an involved holder's pool what is no claim's leaves first, then claims rateably."""

    def __init__(self, involved: Collection[str]) -> None:
        super().__init__("rolling")
        self.involved = involved

    def take(self, pocket: Pocket, amount: int) -> list[Portion]:
        self.rule = "lowest-balance" if pocket.account in self.involved else "rolling"
        return super().take(pocket, amount)


def own_first_shares(
    dossier: Dossier, claims: pl.DataFrame, options: Options, rule: str, involved: Collection[str]
) -> Shares:
    """Return what each claim has in each pocket at the end when the holders of `involved` accounts spend their own first."""
    facts = facts_of(dossier, claims, options, waits=True)
    store: Store = _OwnFirstPool(involved) if rule == "rolling" else _OwnFirstLots(rule, involved)
    walk = Walk(facts, store, rule).run()
    shares: Shares = {}
    for pocket in walk.balance:
        for content in store.contents(pocket):
            owner = content.portion.owner
            if owner is not None and content.portion.count:
                key = (owner, pocket.account, pocket.currency)
                shares[key] = shares.get(key, 0) + content.portion.count
    return shares
