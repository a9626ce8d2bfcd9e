"""What an institution declared about itself: what it can do, how much at a time, how fast money leaves it. Values only."""

from __future__ import annotations

from dataclasses import dataclass

from recoup.cases.dwell import Dwell
from recoup.orders import InstitutionKind


@dataclass(frozen=True, slots=True)
class Institution:
    """What an institution can do, as it declared; None: as the policy says of all."""

    id: str
    orders_per_minute: int | None = None
    can_stop_amounts: bool = True
    can_shrink_stop: bool | None = None
    dwell: Dwell | None = None
    kind: InstitutionKind = InstitutionKind.BANK

    def __post_init__(self) -> None:
        """Refuse a capacity with which no order would ever leave."""
        if self.orders_per_minute is not None and self.orders_per_minute < 1:
            raise ValueError(f"{self.id}: expected at least one order a minute")
