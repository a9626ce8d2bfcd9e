"""What the book of figures knows of cases, holds and orders between two entries: less than they are, and how it is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from recoup.clock import instant_of, microseconds_of
from recoup.figures.facts import Kind

Place = tuple[str, str]
"""Account and currency of a hold."""
Stands = tuple[Kind, str, str]
"""What stands: its kind, institution and currency."""

Net = tuple[str, str, bool]
"""Whose net it is: institution or '' for all, currency, and whether of holds that were taken over."""

_NOTHING: Final = ("", False, 0, 0, 0)


@dataclass(slots=True)
class KnownHold:
    """What one account of a case has."""

    institution: str = ""
    held: int = 0
    most: int = 0
    frozen: int = 0
    frozen_most: int = 0
    period: int = 0
    is_false: bool = False
    is_taken_over: bool = False
    """Whether the running period was begun by another system."""
    begun: tuple[datetime, int, str, str] | None = None
    """When the running period began to hold something, in which entry, for which unit, where."""
    behind: dict[str, int] = field(default_factory=dict)
    """What claims are entitled to."""
    said: tuple[str, bool, int, int, int] = _NOTHING
    """Institution, whether it was taken over, net, overlap and frozen as they were said last."""

    @property
    def net(self) -> int:
        """What is held and stood behind."""
        return min(self.held, sum(self.behind.values()))

    @property
    def standing(self) -> tuple[str, bool, int, int, int]:
        """What is to be said of it now."""
        amounts = (self.net, self.held - self.net, self.frozen)
        return self.institution, self.is_taken_over, *amounts

    def plain(self) -> list[Any]:
        """Return what has to be kept of it, in values of plain kinds."""
        begun = None if self.begun is None else [microseconds_of(self.begun[0]), *self.begun[1:]]
        amounts = (self.held, self.most, self.frozen, self.frozen_most, self.period)
        signs = (self.is_false, self.is_taken_over)
        return [self.institution, *amounts, *signs, begun, self.behind, list(self.said)]

    @classmethod
    def of(cls, row: Sequence[Any]) -> KnownHold:
        """Return the hold of what was kept of it."""
        place, held, most, frozen, frozen_most, period, is_false, is_taken, *rest = row
        begun, behind, said = rest
        first = None
        if begun is not None:
            at, entry, unit, where = begun
            first = (instant_of(at), entry, unit, where)
        amounts = (held, most, frozen, frozen_most, period)
        return cls(place, *amounts, is_false, is_taken, first, dict(behind), tuple(said))


@dataclass(slots=True)
class KnownCase:
    """What the figures need of a case."""

    id: str
    unit: str = ""
    entered_at: datetime | None = None
    is_taken_over: bool = False
    """Whether its first report is another system's."""
    has_order: bool = False
    holds: dict[Place, KnownHold] = field(default_factory=dict)
    moved: dict[Place, None] = field(default_factory=dict)
    """Holds that this entry changed; nothing between two entries."""
    appeals: dict[str, tuple[datetime, Place]] = field(default_factory=dict)
    stands: dict[Stands, int] = field(default_factory=dict)
    """What was said to stand."""
    net: dict[Net, int] = field(default_factory=dict)
    """What is held and stood behind."""
    net_most: dict[Net, int] = field(default_factory=dict)
    """The most that came to, likewise."""
    about: tuple[str, str, bool] = ("", "", False)
    """Of a measure, a dissuasion or an appeal against a watch, which stand here beside cases: institution, currency, whether it
    protects a payer, or is against more than a warning."""

    def plain(self) -> Mapping[str, Any]:
        """Return what has to be kept of it, in values of plain kinds."""
        assert not self.moved, "kept between two entries"
        return {
            "case": self.id,
            "unit": self.unit,
            "entered_at": None if self.entered_at is None else microseconds_of(self.entered_at),
            "is_taken_over": self.is_taken_over,
            "has_order": self.has_order,
            "holds": [[*place, *hold.plain()] for place, hold in self.holds.items()],
            "appeals": [
                [x, microseconds_of(at), *where] for x, (at, where) in self.appeals.items()
            ],
            "stands": [[*key, amount] for key, amount in self.stands.items()],
            "net": [[*key, amount] for key, amount in self.net.items()],
            "net_most": [[*key, amount] for key, amount in self.net_most.items()],
            "about": list(self.about),
        }

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> KnownCase:
        """Return the case of what was kept of it."""
        entered = row["entered_at"]
        return cls(
            row["case"],
            row["unit"],
            None if entered is None else instant_of(entered),
            row["is_taken_over"],
            row["has_order"],
            {(account, currency): KnownHold.of(hold) for account, currency, *hold in row["holds"]},
            {},
            {x: (instant_of(at), (account, cur)) for x, at, account, cur in row["appeals"]},
            {(Kind(kind), place, cur): amount for kind, place, cur, amount in row["stands"]},
            {(place, cur, taken): amount for place, cur, taken, amount in row["net"]},
            {(place, cur, taken): amount for place, cur, taken, amount in row["net_most"]},
            tuple(row["about"]),
        )


@dataclass(slots=True)
class KnownOrder:
    """What the figures need of an order that is not answered yet."""

    id: str
    institution: str
    issued_at: datetime | None = None
    due_at: datetime | None = None
    is_late: bool = False

    def plain(self) -> Mapping[str, Any]:
        """Return what has to be kept of it, in values of plain kinds."""
        times = [
            None if at is None else microseconds_of(at) for at in (self.issued_at, self.due_at)
        ]
        return {"order": [self.id, self.institution, *times, self.is_late]}

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> KnownOrder:
        """Return the order of what was kept of it."""
        order, institution, *times, is_late = row["order"]
        issued_at, due_at = (None if at is None else instant_of(at) for at in times)
        return cls(order, institution, issued_at, due_at, is_late)


__all__ = ["KnownCase", "KnownHold", "KnownOrder", "Net", "Place", "Stands"]
