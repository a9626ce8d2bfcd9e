"""What must lie on accounts at the beginning so that every payment to come has funds, and what lies there beyond."""

from __future__ import annotations

import numpy as np

from recoup.rehearse.country.chance import I64, chance
from recoup.rehearse.country.holders import Holders
from recoup.rehearse.country.values import Accounts, Schedule
from recoup.rehearse.scenario import Scenario


def needed(schedule: Schedule, accounts: int) -> I64:
    """Return the least opening of each account with which no payment of the schedule lacks funds, in minor units.

    One sort of twice as many keys as there are payments, and a running sum over each account's own rows.
    """
    count = len(schedule)
    least = np.zeros(accounts, np.int64)
    if not count:
        return least
    assert count < 2**31, "a key has 31 bits for the row"
    place = np.arange(count, dtype=np.int64) << 1
    keys = np.concatenate(
        [
            (schedule.payer.astype(np.int64) << 32) + place,
            (schedule.payee.astype(np.int64) << 32) + place + 1,
        ]
    )
    keys.sort()
    change = schedule.amount_minor[(keys >> 1) & (2**31 - 1)]
    np.negative(change, out=change, where=(keys & 1) == 0)
    account = keys >> 32
    total = np.cumsum(change)
    first = np.flatnonzero(account[1:] != account[:-1]) + 1
    first = np.concatenate([[0], first])
    before = total[first] - change[first]
    lowest = np.minimum.reduceat(total, first) - before
    least[account[first]] = np.maximum(-lowest, 0)
    return least


def savings(scenario: Scenario, seed: int, accounts: Accounts, holders: Holders) -> I64:
    """Return what lies on each account beyond what is needed: much on few, next to nothing on many; nothing outside."""
    terms, draw = scenario.country, chance(seed, "savings")
    count = len(accounts)
    lies = np.exp(draw.normal(np.log(terms.savings_median), terms.savings_sigma, count))
    lies = np.minimum(lies, 1e11)
    hardly = draw.random(count) < terms.near_empty
    lies = np.where(hardly, draw.random(count) * 5_000, lies)
    lies[holders.wallet[holders.wallet >= 0]] *= 0.15
    lies[holders.firm] *= 20
    lies[holders.desk] *= 20
    lies[holders.stock] *= 100
    lies[holders.merchant] *= 2
    lies[holders.cash] = 0
    lies[holders.abroad] = 0
    return lies.astype(np.int64)


__all__ = ["needed", "savings"]
