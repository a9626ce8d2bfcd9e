"""What kinds of institutions there are."""

from __future__ import annotations

from enum import StrEnum


class InstitutionKind(StrEnum):
    """What an institution is."""

    BANK = "bank"
    PAYMENT = "payment"
    """A payment institution (third party): wallets and merchants."""
    AGGREGATOR = "aggregator"
    """A fourth-party aggregator: settles for merchants that it does not know."""
    EXCHANGE = "exchange"
    """Virtual currency: desks that sell it, accounts that hold it, in the country's currency."""
    CASH = "cash"
    """Cash machines and counters: money that goes there has left the system."""
    ABROAD = "abroad"


__all__ = ["InstitutionKind"]
