"""What a jurisdiction allows: how long a stop and a freeze last, how often, who must agree. Values; no file is read here.

No figure of law stands in the code: each comes from a policy file that names its source and says whether that was read
(*known*) or recalled (*assumed*). A policy that leaves a term without a source is refused.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from recoup.orders.kinds import InstitutionKind, OrderKind


class Standing(StrEnum):
    """How sure we are of a term of law."""

    KNOWN = "known"
    ASSUMED = "assumed"


@dataclass(frozen=True, slots=True)
class Ground:
    """Where one term of a policy comes from."""

    term: str
    source: str
    standing: Standing


@dataclass(frozen=True, slots=True)
class Policy:
    """The terms of one jurisdiction."""

    id: str
    timezone: str
    """Where calendar months are counted."""
    stop_seconds: int
    """From the institution's own stop time, or from sending when it never reports one."""
    stops_max: int
    """Stops of one account in one case, the postponement being the second."""
    freeze_months: int
    renewals_max: int | None
    """None: without limit, each before the freeze ends."""
    watch_seconds: int
    """How long a watched account's movements are told, from the institution's own time."""
    answer_seconds: Mapping[OrderKind, int]
    """Within which an institution must answer; past it the order is chased as unanswered."""
    approvals: Mapping[OrderKind, int]
    """Persons beside the maker who must agree."""
    approvals_protected: int
    """The same where the account is of a protected kind or the whole account is asked for."""
    can_shrink_stop: bool
    """Whether a running stop can be made smaller; else a smaller one spends one of `stops_max`."""
    powers: Mapping[InstitutionKind, frozenset[OrderKind]]
    """Which orders an institution of each kind may be given; each row has a source of its own."""
    grounds: tuple[Ground, ...]

    def __post_init__(self) -> None:
        """Refuse a policy with a term that has no source, and bounds that no law would set."""
        named = {ground.term for ground in self.grounds}
        terms = {f.name for f in fields(self)} - {"id", "grounds", "powers"}
        terms |= {f"powers.{kind}" for kind in InstitutionKind}
        if missing := sorted(terms - named):
            raise ValueError(f"policy {self.id}: no source for {', '.join(missing)}")
        for kind in OrderKind:
            if kind not in self.answer_seconds or kind not in self.approvals:
                raise ValueError(f"policy {self.id}: nothing said of {kind}")
        for sort in InstitutionKind:
            if OrderKind.QUERY not in self.powers.get(sort, ()):
                raise ValueError(f"policy {self.id}: expected that any {sort} can be asked")
        positive = (self.stop_seconds, self.stops_max, self.freeze_months, self.watch_seconds)
        if min(positive) < 1 or min(self.approvals.values()) < 0 or self.approvals_protected < 1:
            raise ValueError(f"policy {self.id}: expected terms above zero")
        ZoneInfo(self.timezone)

    def stop_ends(self, started_at: datetime) -> datetime:
        """Return the end of a stop that began at `started_at`."""
        return started_at + timedelta(seconds=self.stop_seconds)

    def watch_ends(self, started_at: datetime) -> datetime:
        """Return the end of a watch that began at `started_at`."""
        return started_at + timedelta(seconds=self.watch_seconds)

    def freeze_ends(self, started_at: datetime) -> datetime:
        """Return the end of a freeze: the same day and time of the month it ends in, its last day where that is shorter.

        Raises:
            ValueError: the year is past 9999.
        """
        local = started_at.astimezone(ZoneInfo(self.timezone))
        month = local.month - 1 + self.freeze_months
        year, month = local.year + month // 12, month % 12 + 1
        day = min(local.day, monthrange(year, month)[1])
        return local.replace(year=year, month=month, day=day).astimezone(UTC)

    def day_ends(self, at: datetime) -> datetime:
        """Return the end of the day that `at` lies in, where the law is kept.

        Raises:
            ValueError: the day is the calendar's last.
        """
        zone = ZoneInfo(self.timezone)
        morrow = at.astimezone(zone).date() + timedelta(days=1)
        return datetime(morrow.year, morrow.month, morrow.day, tzinfo=zone).astimezone(UTC)

    def standing_of(self, term: str) -> Standing:
        """Return how sure a term is; `KeyError` for one that does not exist."""
        return next(
            (ground.standing for ground in self.grounds if ground.term == term), None
        ) or _unknown(term)


def _unknown(term: str) -> Standing:
    raise KeyError(term)
