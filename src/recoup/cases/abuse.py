"""Signs that the freeze itself is abused: small payments sent to lock an account, reporters who come again and again. Pure.

Nothing is refused for a sign: a victim of a small fraud is a victim. But an order that only doubtful claims stand behind needs
a second person, whatever the mandate says.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum

from recoup.cases.case import (
    Case,
    Claim,
    Grade,
    Parts,
    Report,
)
from recoup.cases.state import ClaimState
from recoup.cases.terms import CasePolicy


class Sign(StrEnum):
    """What makes a person look twice."""

    SMALL_PAYMENT = "small_payment"
    REPEATED_REPORTER = "repeated_reporter"
    DOUBTFUL_REPORT = "doubtful_report"


def signs_of(
    report: Report, claim: Claim, earlier: Iterable[Report], now: datetime, policy: CasePolicy
) -> tuple[Sign, ...]:
    """Return what speaks against a report before it is entered; `earlier` are reports of all cases.

    They count by when they were entered, which is the centre's own clock: when one was received is what its taker typed, and
    a report that is dated back would count no more.
    """
    since = now - timedelta(seconds=policy.reports_seconds)
    count = sum(
        other.reporter == report.reporter and other.id != report.id and other.entered_at >= since
        for other in earlier
    )
    signs = {
        Sign.SMALL_PAYMENT: claim.amount <= policy.small_amount,
        Sign.REPEATED_REPORTER: count >= policy.reports_max,
        Sign.DOUBTFUL_REPORT: report.grade is Grade.DOUBTFUL,
    }
    return tuple(sign for sign, is_so in signs.items() if is_so)


def is_doubtful(case: Case, stood: Parts, policy: CasePolicy) -> bool:
    """Whether nothing but doubtful claims that nobody admitted stand behind an order."""
    grades = {report.id: report.grade for report in case.reports}
    signed = frozenset(claim for claim, _ in case.signs)
    behind = [claim for claim in case.claims if claim.id in dict(stood)]
    return bool(behind) and all(
        claim.state is ClaimState.REPORTED
        and (
            claim.id in signed
            or claim.amount <= policy.small_amount
            or grades[claim.report] is Grade.DOUBTFUL
        )
        for claim in behind
    )
