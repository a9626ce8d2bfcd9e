"""Which accounts a fraud's launderers may use: most of one pool, some of another; pools are shared by many frauds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from recoup.rehearse.country.chance import F64, I64, chance
from recoup.rehearse.country.values import Accounts, HolderKind, InstitutionKind
from recoup.rehearse.scenario import Scenario

LIKED_KINDS: Final[dict[str, dict[HolderKind, float]]] = {
    "score_running": {HolderKind.RUNNER: 8.0, HolderKind.MULE: 0.5, HolderKind.SHELL: 0.1},
    "third_party": {HolderKind.SHELL: 12.0, HolderKind.MULE: 1.0, HolderKind.RUNNER: 0.2},
}
OTHERS: Final = {HolderKind.MULE: 4.0, HolderKind.RUNNER: 0.5, HolderKind.SHELL: 0.3}
"""How much a strategy likes accounts by their holder. *Assumed.*"""
LIKED_HOMES: Final[dict[str, dict[InstitutionKind, float]]] = {
    "wallets": {InstitutionKind.PAYMENT: 6.0},
    "otc": {InstitutionKind.EXCHANGE: 8.0},
    "matched_trades": {InstitutionKind.EXCHANGE: 3.0},
    "cash": {InstitutionKind.PAYMENT: 0.3},
}
"""And by where they are kept; one otherwise. *Assumed.*"""
WITH_COINS: Final = frozenset({"otc", "matched_trades", "adaptive"})
"""Strategies whose crews have accounts at exchanges, behind all others."""
FIRST_SHELL: Final = frozenset({"third_party"})
"""Strategies whose victims pay a firm or merchant."""


@dataclass(frozen=True)
class Underworld:
    """Every account that launderers may use."""

    account: I64
    holder_kind: I64
    home: tuple[InstitutionKind, ...]
    emptiness: F64
    """In (0, 1]: how much an account is liked for what its holder has on it; an empty one is liked most."""
    members: tuple[I64, ...]
    """Places above of each pool."""

    def likes(self, strategy: str) -> F64:
        """Return how much a strategy likes each account; 0: not at all."""
        kinds, homes = LIKED_KINDS.get(strategy, OTHERS), LIKED_HOMES.get(strategy, {})
        shut = () if strategy in WITH_COINS else (InstitutionKind.EXCHANGE,)
        liked = [
            0.0 if home in shut else kinds[HolderKind(kind)] * homes.get(home, 1.0)
            for kind, home in zip(self.holder_kind.tolist(), self.home, strict=True)
        ]
        return np.array(liked) * self.emptiness


def underworld(scenario: Scenario, seed: int, accounts: Accounts) -> Underworld:
    """Return every account that launderers may use, with the pool that its holder belongs to."""
    kinds = (HolderKind.MULE, HolderKind.RUNNER, HolderKind.SHELL)
    account = np.flatnonzero(np.isin(accounts.holder_kind, kinds)).astype(np.int64)
    holders, holder = np.unique(accounts.holder[account], return_inverse=True)
    pools = max(1, min(scenario.launderers.crews, len(holders) // scenario.launderers.crew_most))
    pool = chance(seed, "pools").integers(0, pools, len(holders))
    home = tuple(scenario.institutions[n].kind for n in accounts.institution[account].tolist())
    members = tuple(np.flatnonzero(pool[holder] == number) for number in np.unique(pool))
    # Nobody lends an account with savings on it, and whoever launders leaves no money behind somebody else's.
    own = accounts.opening_minor[account] / max(1, scenario.launderers.own_money_half)
    emptiness = 1.0 / (1.0 + own**2)
    kind = accounts.holder_kind[account].astype(np.int64)
    return Underworld(account, kind, home, emptiness, members)


def crew_of(
    scenario: Scenario, whole: Underworld, likes: F64, strategy: str, draw: np.random.Generator
) -> tuple[int, ...]:
    """Return a crew, the first layer first; accounts at exchanges come last.

    Most are of one pool, the others of any; each account is drawn by how much the strategy likes it. A pool that has too few
    is helped out by all.
    """
    terms = scenario.launderers
    size = int(draw.integers(terms.crew_least, terms.crew_most, endpoint=True))
    strange = int(draw.binomial(size, terms.from_other_pools))
    own = whole.members[int(draw.integers(0, len(whole.members)))]
    taken = _liked(own, likes, size - strange, draw)
    rest = np.setdiff1d(np.arange(len(likes)), taken, assume_unique=True)
    taken = draw.permutation(np.concatenate([taken, _liked(rest, likes, size - len(taken), draw)]))
    coins = np.array([whole.home[n] is InstitutionKind.EXCHANGE for n in taken.tolist()])
    shells = whole.holder_kind[taken] == HolderKind.SHELL
    rank = 2 * coins - (shells if strategy in FIRST_SHELL else 0)
    return tuple(whole.account[taken[np.argsort(rank, kind="stable")]].tolist())


def _liked(of: I64, likes: F64, count: int, draw: np.random.Generator) -> I64:
    """Return up to `count` of some places, each once, none that is not liked at all.

    One after the other by how much those left are liked: the order of exponential waits whose rates are the likes.
    """
    wanted = of[likes[of] > 0]
    waits = draw.exponential(size=len(wanted)) / likes[wanted]
    return np.asarray(wanted[np.argsort(waits, kind="stable")][: max(0, count)])


__all__ = ["Underworld", "crew_of", "underworld"]
