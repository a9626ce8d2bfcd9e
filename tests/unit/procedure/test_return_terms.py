"""Terms of a return and working days: read from files with their sources, and refused by name where they make no sense."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from bureau_of_returns import START, TERMS

from recoup.errors import PolicyFault
from recoup.orders import Standing
from recoup.procedure import Calendar, Reason, Year
from recoup.reading.policies import read_case_policy
from recoup.reading.policies.procedures import read_calendar

ROOT = Path(__file__).parents[3]
SHIPPED = (ROOT / "src/recoup/reading/policies/cn-2016.toml").read_text(encoding="utf-8")
CALENDAR = (ROOT / "src/recoup/reading/policies/calendars/cn.toml").read_text(encoding="utf-8")
YEAR = Year(2026, (date(2026, 1, 1),), (date(2026, 1, 4),), "somebody", Standing.KNOWN)


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('"cn"\napproval', '"xx"\napproval', "procedure.calendar xx"),
        ("notice_days = { value = 30", 'notice_days = { value = "30"', "procedure.notice_days"),
        ("notice_days = { value = 30", "notice_days = { value = 0", "above zero"),
        ("unclaimed_days = { value = 180", "unclaimed_days = { value = -1", "above zero"),
        ("is_notice_repeated = { value = true", "is_notice_repeated = { value = 1", "true or"),
        ("notice_days = {", "notice_weeks = {", "no such term as notice_weeks"),
        (
            'approvals = { value = 1, source = "choice',
            'approvers = { source = "choice',
            "approvers",
        ),
        ('approval_level = { value = "city"', 'approval_level = { value = "town"', "town"),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused_naming_the_term(tmp_path, old, new, named) -> None:
    assert old in SHIPPED
    path = tmp_path / "policy.toml"
    path.write_text(SHIPPED.replace(old, new), encoding="utf-8")
    with pytest.raises(PolicyFault, match=named):
        read_case_policy(path)


def test_a_policy_may_say_nothing_of_returns(tmp_path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(SHIPPED[: SHIPPED.index("[procedure]")], encoding="utf-8")
    assert read_case_policy(path).procedure is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("2026-01-04, ", '"2026-01-04", '),
        ("2026-01-04, ", "2026-01-04, 2026-01-04, "),
        ("2026-01-04, ", "2025-01-04, "),
        ("year = 2025", "year = 2026"),
    ],
)
def test_a_calendar_that_makes_no_sense_is_refused(tmp_path, old, new) -> None:
    path = tmp_path / "days.toml"
    path.write_text(CALENDAR, encoding="utf-8")
    assert read_calendar(path) == read_calendar("cn")
    assert old in CALENDAR
    path.write_text(CALENDAR.replace(old, new), encoding="utf-8")
    with pytest.raises((TypeError, ValueError)):
        read_calendar(path)


def test_terms_and_years_without_a_source_are_refused() -> None:
    with pytest.raises(ValueError, match="no source for timezone"):
        replace(TERMS, grounds=tuple(g for g in TERMS.grounds if g.term != "timezone"))
    with pytest.raises(ValueError, match="no source for 2026"):
        Calendar("x", (replace(YEAR, source=" "),))
    with pytest.raises(ValueError, match="told twice"):
        Calendar("x", (YEAR, YEAR))


def test_every_shipped_day_differs_from_its_week_and_each_feast_is_made_up_for_nearby() -> None:
    for row in TERMS.calendar.years:
        assert all(day.weekday() < 5 for day in row.free), "a free day of a weekend says nothing"
        assert all(day.weekday() >= 5 for day in row.worked), "so does a worked day of a week"
        for day in row.worked:
            near = [free for free in row.free if abs((free - day).days) <= 14]
            assert near, f"{day} makes up for nothing"


@pytest.mark.parametrize(
    ("day", "due"),
    [
        (date(2026, 1, 5), date(2026, 1, 8)),  # Monday to Thursday
        (date(2026, 1, 1), date(2026, 1, 6)),  # a feast; the Sunday that makes up for it counts
        (date(2026, 9, 30), date(2026, 10, 10)),  # over the national days, the Saturday counts
        (date(2026, 5, 7), date(2026, 5, 11)),  # Friday, the Saturday made up, Monday
        (date(2025, 12, 30), date(2026, 1, 5)),  # across the year: 31, the Sunday 4th, the 5th
    ],
)
def test_three_working_days_by_hand(day, due) -> None:
    assert TERMS.calendar.after(day, 3) == due
    noon = START.replace(year=day.year, month=day.month, day=day.day, hour=4)
    midnight = START.replace(year=due.year, month=due.month, day=due.day, hour=16)
    assert TERMS.pay_due(noon) == midnight
    evening = noon.replace(hour=15, minute=59)  # one minute to midnight in Shanghai
    assert TERMS.pay_due(evening) == midnight
    after = TERMS.pay_due(evening + timedelta(minutes=1))
    later = TERMS.calendar.after(day + timedelta(days=1), 3)
    assert after == midnight + (later - due)


def test_what_may_succeed_later_is_told_apart() -> None:
    assert Reason.NOTICE_RUNS.is_transient
    assert not Reason.PAYEE_UNFIT.is_transient
