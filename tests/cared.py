"""Measures and dissuasions in the words of the trade, for tests."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from recoup.care import (
    DecisionAppeal,
    DecisionGround,
    DecisionKind,
    Dissuasion,
    Lead,
    LeadSource,
    Measure,
    MeasureAppeal,
    MeasureGround,
    MeasureKind,
    MeasureState,
    RiskGrade,
)
from recoup.reading.policies import read_case_policy

START = datetime(2026, 1, 5, 10, tzinfo=UTC)
_FOUND = read_case_policy("cn-2016").care
assert _FOUND is not None, "the shipped policy speaks of care"
TERMS = _FOUND
LIVING = TERMS.living_amount
_DAY = timedelta(days=1)


def measure(**changed: Any) -> Measure:
    """Return a proposal that nobody agreed to."""
    made = Measure(
        "m1",
        MeasureKind.RE_VERIFY,
        "a",
        "bank-1",
        "CNY",
        "station-1",
        MeasureGround.RED_FLAG,
        "3006",
        "scattered in, concentrated out",
        0,
        "ann",
        START,
        START + 4000 * _DAY,
        seconds=86400,
    )
    return replace(made, **changed)


def standing(**changed: Any) -> Measure:
    """Return one that stands."""
    notice = START + _DAY
    made = measure(
        state=MeasureState.STANDING, began_at=START, ends_at=START + 30 * _DAY, notice_due_at=notice
    )
    return replace(made, **changed)


def appealed(**changed: Any) -> Measure:
    """Return one whose holder objects."""
    appeal = MeasureAppeal("text-1", "bo", START, START + _DAY)
    return replace(standing(state=MeasureState.UNDER_APPEAL, appeals=(appeal,)), **changed)


def protective(**changed: Any) -> Measure:
    """Return a proposal to stop a warned payer's own account."""
    made = measure(kind=MeasureKind.PROTECTIVE_STOP, ground=MeasureGround.WARNED_PAYER, about="d1")
    return replace(made, **changed)


def lead(**changed: Any) -> Lead:
    """Return a lead of another bank about a payer who is about to pay 50,000 yuan."""
    made = Lead(
        "l1",
        LeadSource.BANK,
        "bank-1",
        "W-1",
        "station-1",
        "bank-1",
        "a",
        ("a",),
        RiskGrade.HIGH,
        "CNY",
        5_000_000,
        "screen is shared, payee is new",
        START,
        START + _DAY,
        "bank-1",
    )
    return replace(made, **changed)


def warned(**changed: Any) -> Dissuasion:
    """Return the dissuasion of that payer as it is opened."""
    made = Dissuasion(
        "d1",
        "station-1",
        "bank-1",
        "a",
        ("a",),
        RiskGrade.HIGH,
        "CNY",
        5_000_000,
        ("l1",),
        START,
        START + timedelta(seconds=60),
        START + _DAY,
    )
    return replace(made, **changed)


def objected(**changed: Any) -> DecisionAppeal:
    """Return an objection of a holder, passed on by a bank, to the delay of a payment of 600 yuan."""
    made = DecisionAppeal(
        "appeal-1",
        "bank-1",
        "row-1",
        "a",
        "CNY",
        60_000,
        DecisionKind.DELAY,
        DecisionGround.RULE,
        ("own-large",),
        START,
        START + _DAY,
        "station-1",
        "bank-1",
        START,
        START + _DAY,
        "text-1",
    )
    return replace(made, **changed)
