"""A launderer that learns: which strategy's money survived in past runs against a policy, and a choice by it. Pure.

Launderers count what they see: what of an instalment got out of the country's accounts, by the strategy that it took.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from random import Random
from typing import Final

import numpy as np

from recoup.rehearse.country import Fraud, HolderKind
from recoup.rehearse.laundering.parcel import PURCHASE
from recoup.rehearse.laundering.strategies import STRATEGIES
from recoup.rehearse.play.played import Played

ADAPTIVE: Final = "adaptive"

Weights = Mapping[str, float]
"""Strategy -> weight of its choice, at least zero and not all zero."""

_LEAST: Final = 0.02
"""No strategy is given up for good: assumed."""
_SHARPNESS: Final = 3
"""Power of the survived share: the best are chosen more than in proportion. Assumed."""


def survived(played: Played) -> Mapping[str, tuple[int, int]]:
    """Return by strategy (what got out, what victims paid), in minor units, of the frauds of one play.

    What got out is a crew's share: its exits against its exits and what stuck on the way, so that mules' own money which goes
    along counts for nothing. Crews that are adaptive themselves teach nothing: what they chose stands in no ledger.
    """
    country, ledger = played.country, played.ledger
    rows = np.flatnonzero(ledger["fraud"].to_numpy() >= 0)
    fraud, payer, payee, amount, kind, instalment = (
        ledger[name].to_numpy()[rows].astype(np.int64)
        for name in ("fraud", "payer", "payee", "amount", "kind", "instalment")
    )
    goods = (kind == PURCHASE) & (country.accounts.holder_kind[payee] == HolderKind.MERCHANT)
    is_out, is_paid = country.is_outside[payee] | goods, instalment >= 0
    count, accounts = (
        max((one.number for one in country.frauds), default=-1) + 1,
        len(country.accounts),
    )
    gone, paid, stuck = (np.zeros(count, np.int64) for _ in range(3))
    np.add.at(gone, fraud[is_out], amount[is_out])
    np.add.at(paid, fraud[is_paid], amount[is_paid])
    came, went = fraud * accounts + payee, fraud * accounts + payer
    places, at = np.unique(np.concatenate((came[~is_out], went[~is_paid])), return_inverse=True)
    left = np.zeros(len(places), np.int64)
    np.add.at(left, at, np.concatenate((amount[~is_out], -amount[~is_paid])))
    np.add.at(stuck, places // accounts, np.maximum(left, 0))
    found = dict.fromkeys(STRATEGIES, (0, 0))
    for one in country.frauds:
        if one.strategy in found:
            out, lies, lost = (int(sums[one.number]) for sums in (gone, stuck, paid))
            before = found[one.strategy]
            got_out = out * lost // (out + lies) if out else 0
            found[one.strategy] = (before[0] + got_out, before[1] + lost)
    return found


def learn(plays: Iterable[Played]) -> dict[str, dict[str, float]]:
    """Return weights by policy from past plays: the survived share to a power, never quite zero, in any order of plays."""
    sums: dict[str, dict[str, list[int]]] = {}
    for played in plays:
        of_policy = sums.setdefault(played.policy, {name: [0, 0] for name in STRATEGIES})
        for name, (gone, paid) in survived(played).items():
            of_policy[name][0] += gone
            of_policy[name][1] += paid
    return {
        policy: {
            name: max(_LEAST, (gone / paid) ** _SHARPNESS if paid else _LEAST)
            for name, (gone, paid) in of_policy.items()
        }
        for policy, of_policy in sorted(sums.items())
    }


def chosen(fraud: Fraud, weights: Weights | None) -> str:
    """Return the strategy that a fraud's launderers take: their own, or an adaptive crew's choice, drawn by its seed."""
    if fraud.strategy != ADAPTIVE:
        return fraud.strategy
    chance = Random(f"{fraud.seed}/strategy")  # noqa: S311 - repeatable, not secret
    names = list(STRATEGIES)
    return chance.choices(names, [(weights or {}).get(name, 1.0) for name in names])[0]


__all__ = ["ADAPTIVE", "Weights", "chosen", "learn", "survived"]
