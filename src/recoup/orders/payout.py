"""What a payment back to a victim is ordered with, and what an institution says that it paid. Values; no rule is here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Payout:
    """To whom an order pays what was awarded, and on which decision it rests."""

    account: str
    """The payee's: an opaque id; number and name lie in the vault."""
    institution: str
    """The payee's."""
    claim: str
    decision: str
    """The decision, or the award of it, that says so."""
    due_at: datetime
    """By when it must be paid: counted in working days by whoever wrote the order."""
    case: str = ""
    """The claim's, where it is another than the hold's: joined cases are given back together."""
    officers: tuple[str, ...] = ()
    """Those named in the notice, who answer for it: not who wrote or agreed to the order [return-rules art. 10]."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """One payment as the institution books it."""

    amount: int
    reference: str
    """A keyed digest of the institution's own number of the payment: equal numbers have equal digests."""
    at: datetime


__all__ = ["Payout", "Receipt"]
