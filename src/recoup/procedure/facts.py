"""What a return is decided on beside its own state: what is held, which claims stand, where accounts lie. Values, no rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from recoup.orders.hold import HoldKey
from recoup.procedure.values import ClaimKey


@dataclass(frozen=True, slots=True)
class HoldFact:
    """What an institution holds for a case on one account."""

    institution: str
    held: int
    """As the institution said last, as far as it was asked for: what was paid back is no longer in it, interest and what is
    held because a bank can only block whole accounts never are."""
    is_frozen: bool
    """False where it is stopped only."""
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class ClaimFact:
    """A claim as its case has it."""

    currency: str
    is_admitted: bool
    missing: int
    """Loss less what was returned or compensated, without what this return paid."""
    payer: str
    """The account that the money was taken from; '' for a deposit."""


@dataclass(frozen=True, slots=True)
class Facts:
    """All of it at one moment; what is not here is not known."""

    holds: Mapping[HoldKey, HoldFact] = field(default_factory=dict)
    claims: Mapping[ClaimKey, ClaimFact] = field(default_factory=dict)
    accounts: Mapping[str, str] = field(default_factory=dict)
    """The institution at which an account lies."""


__all__ = ["ClaimFact", "Facts", "HoldFact"]
