"""What a jurisdiction sets for giving money back: who approves, how long a notice runs, when a bank must have paid. Values.

No figure of law stands in this code: each comes from a policy file that names its source. Which days are worked is a table of
years, each with its source; a day in a year that is not in the table is said to be unknown, and nothing is guessed.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from recoup.orders.levels import Level
from recoup.orders.terms import Ground, Standing

_DAY: Final = timedelta(days=1)
_SATURDAY: Final = 5


@dataclass(frozen=True, slots=True)
class Year:
    """Which days of one year differ from the week."""

    year: int
    free: tuple[date, ...]
    """Days of the week on which nobody works."""
    worked: tuple[date, ...]
    """Days of a weekend on which a free day is made up for (调休上班)."""
    source: str
    standing: Standing


@dataclass(frozen=True, slots=True)
class Calendar:
    """The working days of a country, for the years of which somebody told them."""

    id: str
    years: tuple[Year, ...]

    def __post_init__(self) -> None:
        """Refuse a year that is told twice or without a source, and a day outside its year or in both tables."""
        if len({row.year for row in self.years}) != len(self.years):
            raise ValueError(f"calendar {self.id}: a year is told twice")
        for row in self.years:
            days = (*row.free, *row.worked)
            if any(day.year != row.year for day in days) or len(set(days)) != len(days):
                raise ValueError(f"calendar {self.id}: {row.year} has a day twice, or another's")
            if not row.source.strip():
                raise ValueError(f"calendar {self.id}: no source for {row.year}")

    def is_worked(self, day: date) -> bool | None:
        """Whether people work on a day; None in a year that is not in the table."""
        year = next((row for row in self.years if row.year == day.year), None)
        if year is None:
            return None
        if day in year.worked:
            return True
        return day.weekday() < _SATURDAY and day not in year.free

    def after(self, day: date, count: int) -> date | None:
        """Return the last of `count` working days after `day`; None where the table ends before it."""
        while count > 0:
            day += _DAY
            is_worked = self.is_worked(day)
            if is_worked is None:
                return None
            count -= is_worked
        return day


@dataclass(frozen=True, slots=True)
class ReturnTerms:
    """The terms of one jurisdiction's return procedure."""

    id: str
    timezone: str
    """Where days are counted."""
    approval_level: Level
    """Of the unit whose people approve a plan, review objections and decide."""
    approvals: int
    """Persons beside the maker who must agree to a plan."""
    notice_days: int
    """How long what is shared pro rata is made public before it is decided."""
    is_notice_repeated: bool
    """Whether a plan that an objection changed is made public again."""
    officers: int
    """Officers who are named to the bank."""
    pay_working_days: int
    unclaimed_days: int
    """How long what could not be paid stays set aside for its payee before persons may give it up."""
    calendar: Calendar
    grounds: tuple[Ground, ...]

    def __post_init__(self) -> None:
        """Refuse terms without a source, and such as no law would set."""
        named = {ground.term for ground in self.grounds}
        terms = {f.name for f in fields(self)} - {"id", "grounds", "calendar"}
        if missing := sorted(terms - named):
            raise ValueError(f"procedure {self.id}: no source for {', '.join(missing)}")
        counts = (self.approvals, self.notice_days, self.officers, self.pay_working_days)
        if min(counts) < 1 or self.unclaimed_days < 0:
            raise ValueError(f"procedure {self.id}: expected terms above zero")
        ZoneInfo(self.timezone)

    def notice_ends(self, published_at: datetime) -> datetime:
        """Return the end of a public notice: after so many whole days, the day of publishing not counted."""
        return self._end_of(self._day(published_at) + timedelta(days=self.notice_days))

    def pay_due(self, told_at: datetime) -> datetime | None:
        """Return when a bank must have paid: the end of the last working day, the day of telling not counted.

        None: the calendar does not tell the days that this needs.
        """
        day = self.calendar.after(self._day(told_at), self.pay_working_days)
        return None if day is None else self._end_of(day)

    def _day(self, at: datetime) -> date:
        return at.astimezone(ZoneInfo(self.timezone)).date()

    def _end_of(self, day: date) -> datetime:
        midnight = datetime.combine(day + _DAY, time(), ZoneInfo(self.timezone))
        return midnight.astimezone(UTC)


__all__ = ["Calendar", "ReturnTerms", "Year"]
