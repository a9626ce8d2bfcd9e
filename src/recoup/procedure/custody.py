"""What a return shares beside frozen accounts, and what of either others have a right to before it. Values; no rule is here.

Seized money lies with the office: cash, what goods or tokens were sold for, what was given back of somebody's own accord. It
is counted as a frozen account is, under a key of its own, and no bank is asked for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from recoup.orders.hold import HoldKey


class SeizedKind(StrEnum):
    """What the money was when it came into custody."""

    CASH = "cash"
    PROCEEDS = "proceeds"
    """What goods or tokens were sold for."""
    RESTITUTION = "restitution"
    """What somebody gave back of their own accord (退赔)."""


class PriorKind(StrEnum):
    """Why others come first."""

    COURT = "court"
    """A court's or another authority's earlier measure."""
    QUEUED = "queued"
    """A freeze of others that was there first, as far as the bank's word does not count it yet (轮候冻结)."""
    SECURED = "secured"
    """A pledge, a mortgage, a set-off that stands."""


@dataclass(frozen=True, slots=True)
class Seized:
    """Money of a case in the office's own custody."""

    id: str
    case: str
    kind: SeizedKind
    currency: str
    amount: int
    paper: str
    """SHA-256 of the list that was signed when it came (扣押清单)."""
    noted_by: str
    interest: int = 0
    """What it has accrued, not in the amount: kept apart."""
    agreed_by: str = ""
    """Who, beside the one who noted it, saw that it is there; until then it is shared by nobody."""
    ended_by: str = ""
    reason: str = ""
    """Why it is not there any more."""

    @property
    def place(self) -> HoldKey:
        """Where awards are given of it: a key like a frozen account's, with its own id for the account's."""
        return HoldKey(self.case, self.id, self.currency)

    @property
    def is_shared(self) -> bool:
        """Whether plans may give of it."""
        return bool(self.agreed_by) and not self.ended_by


@dataclass(frozen=True, slots=True)
class PriorRight:
    """What somebody has a right to before the claims: so much less is shared out of a place."""

    id: str
    place: HoldKey
    """A hold's, or seized money's."""
    kind: PriorKind
    amount: int
    holder: str
    """An opaque id: the court, the authority, the creditor."""
    paper: str
    """SHA-256 of what shows it."""
    noted_by: str
    ended_by: str = ""
    reason: str = ""

    @property
    def stands(self) -> bool:
        """Whether it still comes first."""
        return not self.ended_by


@dataclass(frozen=True, slots=True)
class Accrued:
    """What a frozen account has accrued in interest: no part of what is held, shown and kept apart."""

    place: HoldKey
    amount: int
    noted_by: str


__all__ = ["Accrued", "PriorKind", "PriorRight", "Seized", "SeizedKind"]
