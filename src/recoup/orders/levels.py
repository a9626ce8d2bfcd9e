"""Which level of unit must agree to what: one row for each thing that persons decide, each with its source. Values; no person.

Units form a tree (station, district, city, province). Whoever agrees holds the role at a unit of at least that level, with the
case's unit in its tree. Where several things come together in one order the highest level counts: a freeze of a whole payroll
account is at least what each of the three needs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from recoup.orders.hold import Order
from recoup.orders.kinds import OFF_BANK, AccountKind, Extent, OrderKind
from recoup.orders.terms import Ground


class Level(StrEnum):
    """Where a unit stands in the tree."""

    PROVINCE = "province"
    CITY = "city"
    DISTRICT = "district"
    STATION = "station"

    @property
    def depth(self) -> int:
        """Return how far below a province it stands."""
        return list(Level).index(self)

    def reaches(self, needed: Level) -> bool:
        """Whether a unit of this level stands high enough.

        >>> Level.CITY.reaches(Level.DISTRICT), Level.STATION.reaches(Level.DISTRICT)
        (True, False)
        """
        return self.depth <= needed.depth


class Deed(StrEnum):
    """What persons decide beside orders of a kind: each has a level of its own."""

    WHOLE_ACCOUNT = "whole_account"
    PAYROLL = "payroll"
    SOCIAL_BENEFITS = "social_benefits"
    CLIENT_MONEY = "client_money"
    TREASURY = "treasury"
    CLAIM = "claim"
    """A claim is admitted or rejected."""
    FINDING = "finding"
    APPEAL = "appeal"
    SURPLUS = "surplus"
    HARDSHIP = "hardship"
    SWAP = "swap"
    """Another account is taken for the holder's."""
    DEFERRAL = "deferral"
    """A holder is told later."""
    WIDENING = "widening"
    """The case is worked together with another one."""
    CAP = "cap"
    """A bound on what may be held of a holder's account is lifted: it takes back what an appeal or hardship gave."""


Row = OrderKind | Deed

_OF_ACCOUNT: Final[Mapping[AccountKind, Deed]] = {
    AccountKind.PAYROLL: Deed.PAYROLL,
    AccountKind.SOCIAL_BENEFITS: Deed.SOCIAL_BENEFITS,
    AccountKind.CLIENT_MONEY: Deed.CLIENT_MONEY,
    AccountKind.TREASURY: Deed.TREASURY,
}


@dataclass(frozen=True, slots=True)
class Band:
    """Up to which reach a unit of this level may give a standing authority."""

    level: Level
    amount_max: int
    """Minor units of the table's currency."""
    hops_max: int
    ground: Ground


@dataclass(frozen=True, slots=True)
class Levels:
    """The table of one jurisdiction; a row that is missing, or has no source, is refused."""

    rows: Mapping[Row, Level]
    currency: str
    """Of the bands' amounts; in any other a standing authority needs the highest level."""
    bands: tuple[Band, ...]
    grounds: tuple[Ground, ...]

    def __post_init__(self) -> None:
        """Refuse a table with gaps, and bands that a higher level does not widen."""
        named = {ground.term for ground in self.grounds}
        for row in (*OrderKind, *Deed):
            if row not in self.rows:
                raise ValueError(f"levels: nothing said of {row}")
            if row.value not in named:
                raise ValueError(f"levels: no source for {row}")
        for lower, higher in zip(self.bands, self.bands[1:], strict=False):
            is_wider = higher.amount_max >= lower.amount_max and higher.hops_max >= lower.hops_max
            if not is_wider or higher.level.depth >= lower.level.depth:
                raise ValueError(f"levels: the band of {higher.level} is not above {lower.level}")
        if any(min(band.amount_max, band.hops_max) < 1 for band in self.bands):
            raise ValueError("levels: expected bands above zero")

    def of_order(self, order: Order) -> Level:
        """Return the level at which somebody must agree to an order."""
        wanted = [self.rows[order.kind]]
        if order.extent is not Extent.AMOUNT:
            wanted.append(self.rows[Deed.WHOLE_ACCOUNT])
        if order.account_kind is not AccountKind.ORDINARY and order.account_kind not in OFF_BANK:
            wanted.append(self.of_account(order.account_kind))
        return highest(wanted)

    def of_account(self, kind: AccountKind) -> Level:
        """Return the level at which somebody must agree to what burdens an account of a protected kind."""
        deed = _OF_ACCOUNT.get(kind)
        return Level.PROVINCE if deed is None else self.rows[deed]

    def of_mandate(self, amount: int, currency: str, hops: int) -> Level:
        """Return the level at which a standing authority of this reach must be agreed to; beyond all bands the highest."""
        if currency == self.currency:
            for band in self.bands:
                if amount <= band.amount_max and hops <= band.hops_max:
                    return band.level
        return Level.PROVINCE


def highest(levels: list[Level]) -> Level:
    """Return the highest of some levels."""
    return min(levels, key=lambda level: level.depth)
