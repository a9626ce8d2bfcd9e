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

    Crews that are adaptive themselves teach nothing: what they chose stands in no ledger.
    """
    country, ledger = played.country, played.ledger
    fraud = ledger["fraud"].to_numpy()
    rows = np.flatnonzero(fraud >= 0)
    fraud = fraud[rows]
    amount, kind = ledger["amount"].to_numpy()[rows], ledger["kind"].to_numpy()[rows]
    payee, instalment = ledger["payee"].to_numpy()[rows], ledger["instalment"].to_numpy()[rows]
    goods = (kind == PURCHASE) & (country.accounts.holder_kind[payee] == HolderKind.MERCHANT)
    out = (instalment < 0) & (country.is_outside[payee] | goods)
    count = max((one.number for one in country.frauds), default=-1) + 1
    got_out, paid = np.zeros(count, np.int64), np.zeros(count, np.int64)
    np.add.at(got_out, fraud[out], amount[out])
    np.add.at(paid, fraud[instalment >= 0], amount[instalment >= 0])
    found = dict.fromkeys(STRATEGIES, (0, 0))
    for one in country.frauds:
        if one.strategy in found:
            before = found[one.strategy]
            # Mixing pays out money of the mules' own too: no more counts than came in.
            gone = min(int(got_out[one.number]), int(paid[one.number]))
            found[one.strategy] = (before[0] + gone, before[1] + int(paid[one.number]))
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
