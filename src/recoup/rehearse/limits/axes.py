"""The axes of a ledger: where on its payer's and its payee's axis each booked row lies. Pure arrays, no trail.

Every unit that comes into an account takes the next place on the account's axis, and under first in, first out the unit at a
place of what came in is the unit at that place of what went out. So a stolen lot is an interval, and a row that pays on
shifts it to the payee's axis (docs/ARCHITECTURE.md, the idea under it). This is a second way beside `recoup.trace`, which the
figures use: neither knows the other, and tests hold them against each other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recoup.rehearse.play.played import Played

I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Axes:
    """Arrays over n rows in booking order, and over accounts. Amounts are minor units, times microseconds of UTC."""

    time_us: I64
    payer: I32
    payee: I32
    amount: I64
    out_at: I64
    """Place of a row's first unit on the payer's axis of what went out."""
    in_at: I64
    """Place of a row's first unit on the payee's axis of what came in; the opening balance takes the first places."""
    debits: I64
    """Rows by payer, and in booking order within a payer."""
    debits_at: I64
    """`out_at` in the order of `debits`."""
    debits_from: I64
    """Shape (accounts + 1,): where a payer's rows begin in `debits`."""
    ends: npt.NDArray[np.bool_]
    """By account: what comes there has left, for it is outside or with somebody who took it in good faith."""

    def leaves(self, account: int, place: int) -> int:
        """Return the row that carries the unit at `place` of an account's axis away; -1 for one that stays."""
        low, high = int(self.debits_from[account]), int(self.debits_from[account + 1])
        # The last row that begins at or before the place; a row of nothing, or of a self transfer, carries none.
        at = int(np.searchsorted(self.debits_at[low:high], place, side="right")) - 1
        if at < 0:
            return -1
        row = int(self.debits[low + at])
        return row if place < self.out_at[row] + self.amount[row] else -1


def _run(by: I32, amount: I64, first: I64) -> tuple[I64, I64]:
    """Return the running sum before each row within its account, from `first` on, and the rows by account."""
    order = np.argsort(by, kind="stable")
    sums = np.cumsum(amount[order]) - amount[order]
    starts = np.searchsorted(by[order], np.arange(len(first)))
    base = np.append(sums, 0)[starts]
    out = np.empty(len(by), np.int64)
    account = by[order]
    out[order] = sums - base[account] + first[account]
    return out, order


def axes_of(played: Played) -> Axes:
    """Return the axes of a play's ledger. A self transfer moves nothing."""
    ledger, country = played.ledger, played.country
    payer = ledger["payer"].to_numpy().astype(np.int32)
    payee = ledger["payee"].to_numpy().astype(np.int32)
    amount = np.where(payer == payee, 0, ledger["amount"].to_numpy()).astype(np.int64)
    count = len(country.accounts)
    out_at, debits = _run(payer, amount, np.zeros(count, np.int64))
    in_at, _ = _run(payee, amount, country.accounts.opening_minor)
    return Axes(
        time_us=ledger["time_us"].to_numpy().astype(np.int64),
        payer=payer,
        payee=payee,
        amount=amount,
        out_at=out_at,
        in_at=in_at,
        debits=debits.astype(np.int64),
        debits_at=out_at[debits],
        debits_from=np.searchsorted(payer[debits], np.arange(count + 1)).astype(np.int64),
        ends=country.is_outside | country.is_innocent,
    )


__all__ = ["Axes", "axes_of"]
