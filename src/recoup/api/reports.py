"""Reports: what a call taker fills in becomes a case, a report and a claim, and the order with which to go on.

Names, numbers and texts go to the vault before the journal hears of anything (`centre/intake.py` says why); the answer has
opaque ids only.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from fastapi import APIRouter, Response

from recoup import limits
from recoup.api.bodies import instant_of_text
from recoup.api.callers import Caller, Calling, Key, command_of, told
from recoup.api.problems import ProblemError
from recoup.api.report_bodies import (
    ClaimBody,
    FirstOrder,
    PartyBody,
    PaymentBody,
    ReportAnswered,
    ReportBody,
    ToldBody,
)
from recoup.api.rows import COMMAND_PROBLEMS, ThingPath
from recoup.api.work import minor_of
from recoup.cases import Reason
from recoup.centre.directory import Entry
from recoup.centre.intake import Heard, HeardClaim, Payment, Told
from recoup.money import ISO_DIGITS, format_minor
from recoup.staff import Action, Scope, Target, scope_of

router = APIRouter(tags=["reports"])


@router.post("/reports", responses=COMMAND_PROBLEMS)
async def take_report(
    body: ReportBody, key: Key, caller: Calling, response: Response
) -> ReportAnswered:
    """Take a report in; the first opens its case. The case belongs to the unit of whoever takes it."""
    view = caller.house.port.view()
    case = view.case(body.case or "")
    if case.is_open:
        unit, target = case.unit, view.target_of_case(case.id)
    else:
        unit = body.unit or _own_unit(caller)
        target = Target(unit=unit)
    caller.may(Action.REPORT_TAKE, target)
    received_at = instant_of_text(body.received_at)
    heard = Heard(
        body.case or "",
        unit,
        _told(body.reporter),
        None if body.victim is None else _told(body.victim),
        body.grade,
        body.channel,
        body.accepts_liability,
        received_at,
        _payment(body.payment, received_at),
        body.text or "",
    )
    return await _taken(caller, key, "/reports", body.model_dump(mode="json"), heard, response)


@router.post("/cases/{case}/claims", responses=COMMAND_PROBLEMS)
async def make_claim(
    case: ThingPath, body: ClaimBody, key: Key, caller: Calling, response: Response
) -> ReportAnswered:
    """Add another payment of a report; its victim is the report's."""
    port = caller.house.port
    view = port.view()
    caller.may(Action.REPORT_TAKE, view.target_of_case(case))
    found = view.case(case)
    report = next((row for row in found.reports if row.id == body.report), None)
    if report is None:
        raise ProblemError(Reason.REPORT_UNKNOWN)
    victim = next(row.victim for row in found.claims if row.report == report.id)
    heard = HeardClaim(case, report.id, victim, _payment(body.payment, report.received_at))
    content = {"id": case, **body.model_dump(mode="json")}
    return await _taken(caller, key, "/cases/{case}/claims", content, heard, response)


async def _taken(
    caller: Caller,
    key: str,
    route: str,
    content: dict[str, Any],
    heard: Heard | HeardClaim,
    response: Response,
) -> ReportAnswered:
    port = caller.house.port
    given = command_of(port, caller.person, key, route, content, caller.asking(heard))
    answer: dict[str, Any] = told(await port.take_in(given, heard), response)
    first = answer["first"]
    institution = heard.payment.payee.institution
    return ReportAnswered(
        case=answer["case"],
        report=answer["report"],
        claim=answer["claim"],
        account=answer["account"],
        is_connected=port.reaches(institution),
        first=None if first is None else _first(first),
    )


def _own_unit(caller: Caller) -> str:
    """Return the one unit at which the caller takes reports; '' for none, which nobody reaches."""
    port = caller.house.port
    held = port.view().staff.grants_of(caller.person, port.now())
    units = {x.unit for x in held if scope_of(x.role, Action.REPORT_TAKE) is not Scope.NONE}
    if len(units) > 1:
        raise ProblemError("unit_unclear")
    return next(iter(units), "")


def _told(body: ToldBody) -> Told:
    return Told(body.name, body.phone or "", (body.document or "").upper())


def _entry(body: PartyBody) -> Entry:
    return Entry(body.institution, body.number, body.name)


def _payment(body: PaymentBody, received_at: datetime) -> Payment:
    amount = minor_of(body.amount, body.currency)
    if amount > limits.ROW_MINOR_MAX:
        raise ProblemError("amount_unfit")
    paid_at = instant_of_text(body.paid_at)
    if received_at - paid_at > timedelta(days=limits.PAID_DAYS_MAX):
        raise ProblemError("time_unfit")
    return Payment(
        None if body.payer is None else _entry(body.payer),
        _entry(body.payee),
        amount,
        body.currency,
        paid_at,
        body.kind or "",
        body.serial or "",
    )


def _first(plain: dict[str, Any]) -> FirstOrder:
    digits = ISO_DIGITS.of(plain["currency"])
    amount = format_minor(plain["amount"], digits)
    return FirstOrder(**plain | {"amount": amount, "mandate": plain["mandate"] or None})


__all__ = ["router"]
