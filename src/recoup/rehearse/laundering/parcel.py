"""Parcels of money and the moves that are meant with them. Plans, not payments."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from recoup.records.kinds import KINDS

TRANSFER: Final = KINDS.index("transfer")
CASH_OUT: Final = KINDS.index("cash_out")
PURCHASE: Final = KINDS.index("purchase")
EXCHANGE: Final = KINDS.index("exchange")
WALLET: Final = KINDS.index("wallet")
ABROAD: Final = KINDS.index("abroad")


class Role(StrEnum):
    """What a parcel is doing."""

    ON = "on"
    """Goes on as its strategy says."""
    BOUGHT = "bought"
    """Was paid to a desk, which delivers."""
    TOKENS = "tokens"
    """Is virtual currency on the crew's account at an exchange."""
    OUT = "out"
    """Has left, or is no longer the crew's."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """Money that came to an account at one instant and is moved on together."""

    path: str
    """How it came about: the instalment, then the place among the moves of each parcel. Draws are keyed by it."""
    account: int
    amount: int
    hop: int
    """1 on the account that the victim paid to."""
    role: Role = Role.ON


@dataclass(frozen=True, slots=True)
class Move:
    """One payment that is meant."""

    delay_us: int
    """After the parcel came."""
    payee: int
    amount: int
    kind: int = TRANSFER
    role: Role = Role.ON
    payer: int | None = None
    """None: the parcel's account."""


__all__ = [
    "ABROAD",
    "CASH_OUT",
    "EXCHANGE",
    "PURCHASE",
    "TRANSFER",
    "WALLET",
    "Move",
    "Parcel",
    "Role",
]
