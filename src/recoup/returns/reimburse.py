"""What institutions would give a victim out of their own money, where a scheme says so. For comparison: no pot is shared by it.

Frozen money that comes back is then the institutions', in the proportion in which they paid.
"""

from __future__ import annotations

from dataclasses import dataclass

from recoup.money import split
from recoup.returns.case import Claim, ClaimKind


@dataclass(frozen=True, slots=True)
class Reimbursement:
    """The terms of a scheme; amounts in minor units of its one currency."""

    currency: str
    cap: int
    excess: int
    """What the victim bears of each claim."""
    sending_percent: int
    """What the payer's institution bears of what is reimbursed; the payee's bears the rest."""


@dataclass(frozen=True, slots=True)
class Reimbursed:
    """What one claim is reimbursed, and by whom."""

    amount: int
    by_sending: int
    by_receiving: int


def reimbursed(claim: Claim, terms: Reimbursement) -> Reimbursed | None:
    """Return what a claim is reimbursed, None where the scheme does not reach it: another currency, or no victim's claim.

    >>> terms = Reimbursement("GBP", 8_500_000, 10_000, 50)
    >>> reimbursed(Claim("c", "V", "GBP", 9_000_000), terms)
    Reimbursed(amount=8490000, by_sending=4245000, by_receiving=4245000)
    """
    if claim.currency != terms.currency or claim.kind is not ClaimKind.VICTIM:
        return None
    amount = max(0, min(claim.missing, terms.cap) - terms.excess)
    sending, receiving = split(amount, [terms.sending_percent, 100 - terms.sending_percent])
    return Reimbursed(amount, sending, receiving)
