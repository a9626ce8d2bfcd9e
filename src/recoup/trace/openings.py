"""What every pocket held before its first row: given, stated by a balance, or the smallest that never goes negative.

An opening that was given or stated is pinned. Where it would still go negative, `events` puts an *assumed credit* of the
shortfall right before the debit, and the result says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from recoup import limits
from recoup.errors import LimitFault
from recoup.records.balances import implied_openings
from recoup.records.dossier import Dossier
from recoup.trace.kernels.compiled import kernel
from recoup.trace.ledger import I32, I64, TERMINAL, U8, Ledger

SMALLEST: Final = 0
STATED: Final = 1
GIVEN: Final = 2
BASES: Final = ("smallest", "stated", "given")


@dataclass(frozen=True)
class Openings:
    """Openings of k pockets."""

    amount: I64
    """Shape (k,): minor units, at least zero."""
    basis: U8
    """Shape (k,): SMALLEST, STATED or GIVEN. An opening that is not the smallest is pinned."""


@kernel
def _least_and_largest(
    payer: I32, source: I32, payee: I32, amount: I64, pockets_count: int
) -> tuple[I64, I64]:
    """Return per pocket the lowest running balance from 0 (at most 0), and all money in; O(n)."""
    running = np.zeros(pockets_count, np.int64)
    lowest = np.zeros(pockets_count, np.int64)
    inflow = np.zeros(pockets_count, np.int64)
    for i in range(len(amount)):
        p, q, a = source[i], payee[i], amount[i]
        if (
            payer[i] == q
        ):  # moves nothing [choice 18], also where the account's debits carry nothing
            continue
        if p:
            running[p] -= a
            lowest[p] = min(lowest[p], running[p])
        if q:
            running[q] += a
            inflow[q] += a
            if inflow[q] < 0:  # the sum wrapped: mark it as past every bound
                inflow[q] = np.int64(2**62)
    return lowest, inflow


Pinned = Iterable[tuple[int, int]]
"""Pockets and what was in them."""


def _given(ledger: Ledger, dossier: Dossier) -> Pinned:
    """Yield the openings of the dossier's file: balance at a time, less what moved before that time."""
    for account, currency, time, balance in dossier.openings.iter_rows():
        pocket = ledger.pocket(account, currency)
        instant = int(pl.Series([time], dtype=pl.Datetime("us", "UTC")).to_physical()[0])
        before = ledger.time < instant
        moved = int(ledger.amount[before & (ledger.payee == pocket)].sum())
        moved -= int(ledger.amount[before & (ledger.payer == pocket)].sum())
        yield pocket, balance - moved


def _stated(ledger: Ledger, dossier: Dossier) -> Pinned:
    """Yield the openings that stated balances imply."""
    rows = dossier.transfers
    if rows["payer_balance"].null_count() == len(rows) and rows[
        "payee_balance"
    ].null_count() == len(rows):
        return
    implied, _ = implied_openings(rows)
    places = {
        place: p
        for p, place in enumerate(
            zip(ledger.pocket_account.tolist(), ledger.pocket_currency.tolist(), strict=True)
        )
    }
    index = {name: i for i, name in enumerate(ledger.accounts.to_list())}
    for account, currency, amount in implied.select("account", "currency", "opening").iter_rows():
        yield places[index[account], ledger.currencies.index(currency)], amount


def settle_openings(ledger: Ledger, dossier: Dossier) -> Openings:
    """Return the opening of every pocket over **all** rows of the ledger, whatever is cut later.

    Raises `LimitFault` when more money enters one pocket than int64 sums can hold.
    """
    return openings_of(ledger, _stated(ledger, dossier), _given(ledger, dossier))


def openings_of(ledger: Ledger, stated: Pinned, given: Pinned = ()) -> Openings:
    """Return the opening of every pocket: given, else stated, else the smallest; raises as `settle_openings`."""
    pockets_count = len(ledger.standing)
    lowest, inflow = _least_and_largest(
        ledger.payer, ledger.source, ledger.payee, ledger.amount, pockets_count
    )
    opening = -lowest
    basis = np.zeros(pockets_count, np.uint8)
    for pinned, why in ((stated, STATED), (given, GIVEN)):
        for pocket, amount in pinned:
            opening[pocket], basis[pocket] = max(0, amount), why
    matters = ledger.standing != TERMINAL  # an unknown pocket can be a link's source
    opening[~matters] = 0
    largest = int((inflow + np.minimum(opening, 2**61)).max(initial=0, where=matters))
    if largest > limits.POCKET_MINOR_MAX:
        raise LimitFault("POCKET_MINOR_MAX", limits.POCKET_MINOR_MAX, largest)
    return Openings(opening, basis)
