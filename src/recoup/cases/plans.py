"""The plan of a case as it is asked for: whole, or what asks only; not made twice while nothing changed. No rule is here.

What is asked for at each look of the chase is seldom the whole plan, and whoever writes, agrees to and takes up orders of one
case asks for the same plan each time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter

from recoup.cases.case import Case, ClaimKey
from recoup.cases.chase import Draft, Plan, Proposal, begin_plan, finish_plan
from recoup.cases.entitlements import missing_of
from recoup.cases.terms import CasePolicy

_RESTS_ON = (
    "claims",
    "derived",
    "places",
    "caps",
    "holds",
    "entitlements",
    "queried",
    "rests",
    "bridged",
    "findings",
    "account_kinds",
)
"""The parts of a case on which its plan rests; who agreed to what does not change it."""

_parts_of = attrgetter(*_RESTS_ON)


def plan_rests_on(case: Case) -> tuple[object, ...]:
    """Return the parts of a case on which its plan rests, beside the time: equal parts, orders of the same kinds.

    Time changes which order comes first where not all fit under the coverage, and what is said of those that wait.
    """
    parts: tuple[object, ...] = _parts_of(case)
    return parts


@dataclass(slots=True)
class _Made:
    """A plan as far as somebody asked for it."""

    now: datetime
    policy: CasePolicy
    parts: tuple[object, ...]
    draft: Draft
    missing: Mapping[ClaimKey, int]
    plan: Plan | None = None


_newest: list[_Made | None] = [None]
"""The plan that was made last: whoever writes, agrees to and sends orders of one case asks for the same one each time."""


def plan_orders(case: Case, now: datetime, policy: CasePolicy) -> Plan:
    """Return what the chase would order at `now`."""
    made = _made(case, now, policy)
    if made.plan is None:
        made.plan = finish_plan(made.draft, made.missing)
    return made.plan


def plan_asking(case: Case, now: datetime, policy: CasePolicy) -> tuple[Proposal, ...]:
    """Return those orders of the plan, the first ones, that ask for money or rows: what is given up is not worked out."""
    draft = _made(case, now, policy).draft
    return (*draft.asks, *draft.queries)


def _made(case: Case, now: datetime, policy: CasePolicy) -> _Made:
    """Return the plan that was made last where it is this one, else one of which the orders that ask are made."""
    parts = plan_rests_on(case)
    known = _newest[0]
    if known is not None and known.now == now and known.policy is policy and known.parts == parts:
        return known
    missing = missing_of(case)
    made = _Made(now, policy, parts, begin_plan(case, now, policy, missing), missing)
    _newest[0] = made
    return made


def plan_anew(case: Case, now: datetime, policy: CasePolicy) -> Plan:
    """Return the plan, made anew."""
    missing = missing_of(case)
    return finish_plan(begin_plan(case, now, policy, missing), missing)


__all__ = ["plan_anew", "plan_asking", "plan_orders", "plan_rests_on"]
