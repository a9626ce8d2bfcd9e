"""Figures of units, institutions and periods over HTTP. No id of a case, an account or a person is in them.

A regulator sees no figure that only a few cases stand behind: it could tell of one victim. Whoever may read the cases
themselves sees all of them.
"""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query

from recoup import limits
from recoup.api.bodies import CASE_PATTERN, Body, instant_of_text
from recoup.api.callers import Caller, Calling
from recoup.api.problems import ProblemError, responses
from recoup.clock import instant_text
from recoup.figures import Asked, Money, Spread, Tally
from recoup.money import ISO_DIGITS, format_minor
from recoup.staff import Action, Role, StaffReason, Target, Why, roles_for

router = APIRouter(tags=["figures"])

_FIRST = datetime.min.replace(tzinfo=UTC)
_LAST = datetime.max.replace(tzinfo=UTC)
_AMOUNTS = tuple(x.name for x in fields(Money))
_LOOKING = responses(401, 403, 404, 409, 422, 429)
PlaceAsked = Annotated[str, Query(pattern=f"^$|{CASE_PATTERN}")]
InstantAsked = Annotated[str, Query(pattern=r"^$|^[0-9]{4}-.{15,40}$")]


class MoneyView(Body):
    """Amounts of one currency; null where it is not shown."""

    reported: str | None
    stopped_gross: str | None
    stopped_net: str | None
    frozen: str | None
    released: str | None
    lapsed: str | None
    reported_taken_over: str | None
    stopped_gross_taken_over: str | None
    stopped_net_taken_over: str | None
    frozen_taken_over: str | None
    released_taken_over: str | None
    lapsed_taken_over: str | None
    averted: str | None
    intercepted_amount: str | None
    protected_amount: str | None
    held_net: str | None
    overlap: str | None
    frozen_live: str | None
    overlap_most: str | None


class SpreadView(Body):
    """How some numbers are spread, by nearest rank."""

    count: int | None
    p50: int | None
    p90: int | None
    most: int | None


class FiguresView(Body):
    """What came of cases; what each figure is stands in the reference of the API."""

    unit: str | None
    institution: str | None
    begin: str | None
    end: str | None
    """None: no bound; all that is on disk."""
    shown_from: int
    """Figures behind which fewer cases stand are null."""
    cases: int | None
    reports: int | None
    orders: int | None
    in_limit: int | None
    late: int | None
    waiting: int | None
    holds: int | None
    false_holds: int | None
    false_of_begun: int | None
    appeals: int | None
    appeals_overdue: int | None
    warned: int | None
    reached_message: int | None
    reached_call: int | None
    reached_visit: int | None
    dissuaded: int | None
    intercepted: int | None
    protected: int | None
    decision_appeals: int | None
    decision_appeals_overdue: int | None
    false_interceptions: int | None
    false_warnings: int | None
    cases_taken_over: int | None
    reports_taken_over: int | None
    holds_taken_over: int | None
    false_holds_taken_over: int | None
    in_limit_permille: int | None
    false_hold_permille: int | None
    money: dict[str, MoneyView]
    entry_seconds: SpreadView
    entry_taken_over_seconds: SpreadView
    first_order_seconds: SpreadView
    first_order_taken_over_seconds: SpreadView
    answer_seconds: SpreadView
    appeal_seconds: SpreadView
    hops: SpreadView


@router.get("/cases/{case}/figures", responses=_LOOKING)
async def figures_of_case(
    case: Annotated[str, Path(pattern=CASE_PATTERN)],
    caller: Calling,
    reason: Annotated[str, Query(max_length=500, description="Why one asks.")] = "",
) -> FiguresView:
    """Show the figures of one case from its first report on, whichever units had it."""
    port = caller.house.port
    caller.may(Action.ORDER_READ, port.view().target_of_case(case), Why(case, reason))
    asked = Asked(_FIRST, _LAST, case=case)
    return _shown(await port.figures(asked), asked, "", 1)


@router.get("/figures", responses=_LOOKING)
async def figures(
    caller: Calling,
    unit: PlaceAsked = "",
    institution: PlaceAsked = "",
    begin: Annotated[InstantAsked, Query(alias="from")] = "",
    end: Annotated[InstantAsked, Query(alias="to")] = "",
) -> FiguresView:
    """Show figures of a unit and those below it, of an institution, or of all: from an instant on, before another."""
    caller.may(Action.FIGURES_READ, Target(unit=unit))
    port = caller.house.port
    staff = port.view().staff
    if unit and unit not in staff.units:
        raise ProblemError(StaffReason.UNIT_UNKNOWN)
    below = frozenset(x for x in staff.units if unit in staff.above(x)) if unit else None
    asked = Asked(_instant(begin, _FIRST), _instant(end, _LAST), below, institution)
    if asked.end < asked.begin:
        raise ProblemError(StaffReason.TERM_BACKWARDS)
    return _shown(await port.figures(asked), asked, unit, _least(caller, unit))


def _instant(text: str, otherwise: datetime) -> datetime:
    if not text:
        return otherwise
    try:
        return instant_of_text(text)
    except ValueError as fault:
        raise ProblemError("request_malformed") from fault


def _least(caller: Caller, unit: str) -> int:
    """Return of how many cases a figure must be before this person sees it."""
    port = caller.house.port
    target = Target(unit=unit)
    held = roles_for(port.view().staff, caller.person, Action.FIGURES_READ, target, port.now())
    return limits.FIGURES_CASES_MIN if set(held) == {Role.REGULATOR} else 1


def _shown(tally: Tally, asked: Asked, unit: str, least: int) -> FiguresView:
    def is_shown(name: str, currency: str = "") -> bool:
        return not 0 < tally.behind.get((name, currency), 0) < least

    def count(name: str) -> int | None:
        found: int = getattr(tally, name)
        return found if is_shown(name) else None

    def permille(part: str, *whole: str) -> int | None:
        parts = [count(name) for name in (part, *whole)]
        known = [number for number in parts if number is not None]
        if len(known) < len(parts) or not sum(known[1:]):
            return None
        return known[0] * 1000 // sum(known[1:])

    def money(currency: str, row: Money) -> MoneyView:
        digits = ISO_DIGITS.of(currency)
        return MoneyView(
            **{
                name: format_minor(getattr(row, name), digits) if is_shown(name, currency) else None
                for name in _AMOUNTS
            }
        )

    def spread(name: str) -> SpreadView:
        return _spread_view(tally.spreads[name] if is_shown(name) else None)

    return FiguresView(
        unit=unit or None,
        institution=asked.institution or None,
        begin=None if asked.begin == _FIRST else instant_text(asked.begin),
        end=None if asked.end == _LAST else instant_text(asked.end),
        shown_from=least,
        cases=count("cases"),
        reports=count("reports"),
        orders=count("orders"),
        in_limit=count("in_limit"),
        late=count("late"),
        waiting=count("waiting"),
        holds=count("holds"),
        false_holds=count("false_holds"),
        false_of_begun=count("false_of_begun"),
        appeals=count("appeals"),
        appeals_overdue=count("appeals_overdue"),
        warned=count("warned"),
        reached_message=count("reached_message"),
        reached_call=count("reached_call"),
        reached_visit=count("reached_visit"),
        dissuaded=count("dissuaded"),
        intercepted=count("intercepted"),
        protected=count("protected"),
        decision_appeals=count("decision_appeals"),
        decision_appeals_overdue=count("decision_appeals_overdue"),
        false_interceptions=count("false_interceptions"),
        false_warnings=count("false_warnings"),
        cases_taken_over=count("cases_taken_over"),
        reports_taken_over=count("reports_taken_over"),
        holds_taken_over=count("holds_taken_over"),
        false_holds_taken_over=count("false_holds_taken_over"),
        in_limit_permille=permille("in_limit", "in_limit", "late"),
        false_hold_permille=permille("false_of_begun", "holds"),
        money={currency: money(currency, row) for currency, row in tally.money.items()},
        entry_seconds=spread("entry"),
        entry_taken_over_seconds=spread("entry_taken_over"),
        first_order_seconds=spread("first_order"),
        first_order_taken_over_seconds=spread("first_order_taken_over"),
        answer_seconds=spread("answer"),
        appeal_seconds=spread("appeal"),
        hops=spread("hops"),
    )


def _spread_view(row: Spread | None) -> SpreadView:
    if row is None:
        return SpreadView(count=None, p50=None, p90=None, most=None)
    return SpreadView(count=row.count, p50=row.p50, p90=row.p90, most=row.most)


__all__ = ["router"]
