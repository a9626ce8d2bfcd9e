"""Decisions on a case: the rows of `decision_rows`, the order that leaves, what waits for a second person, texts to be read."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Path, Query, Response

from recoup.api.bodies import CASE_PATTERN, Nothing, ReasonBody
from recoup.api.callers import Calling, Key, carry_out
from recoup.api.decision_bodies import (
    AppealView,
    CaseAnswered,
    DecisionsView,
    FindingView,
    MandateView,
    MotionView,
    WrittenOrderView,
    WrittenText,
)
from recoup.api.decision_rows import Asked, CaseRow, carry_in_case, mount_cases
from recoup.api.problems import ProblemError, responses
from recoup.api.rows import COMMAND_PROBLEMS, ThingPath
from recoup.cases import Agreement, Appeal, Case, Finding, Mandate, Motion, agreement_of
from recoup.cases.commands import TakeUp
from recoup.cases.motions import shown
from recoup.cases.state import MotionState
from recoup.centre.account_room import TEXT, ReadPersonal
from recoup.clock import instant_text
from recoup.money import ISO_DIGITS, format_minor
from recoup.orders import Order
from recoup.staff import Action, Target, Why
from recoup.stores.vault import Purpose

router = APIRouter(tags=["decisions"])
mount_cases(router)

CasePath = Annotated[str, Path(pattern=CASE_PATTERN)]
ReasonAsked = Annotated[str, Query(max_length=500, description="Why one asks.")]

_TAKE_UP: Final = CaseRow(
    "/orders/{order}/take-up",
    "Let an order of the plan leave that was agreed to by as many as it needs.",
    Nothing,
    lambda x: TakeUp(x.written()),
)


@router.post(
    "/cases/{case}/orders/{order}/take-up", responses=COMMAND_PROBLEMS, summary=_TAKE_UP.what
)
async def take_up(
    case: CasePath, order: ThingPath, body: Nothing, key: Key, caller: Calling, response: Response
) -> CaseAnswered:
    """Let an order leave; by which transfer the money came is kept first, since the sender may be there at once."""
    caller.may_look_for(Action.ORDER_ISSUE)
    port = caller.house.port
    written = Asked(port, case, order, body, caller.person, "").written()
    unit = port.view().target_of_case(case).unit
    target = Target(unit, owner=written.made_by)
    caller.may(Action.ORDER_ISSUE, target)
    is_waiting = any(row.id == order for row in port.view().case(case).written)
    if is_waiting and not await port.ground_order(written):
        raise ProblemError("trail_awaited")
    return await carry_in_case(_TAKE_UP, caller, key, (case, order), body, response)


@router.post("/cases/{case}/texts/{text}/read", responses=COMMAND_PROBLEMS)
async def read_text(
    case: CasePath, text: ThingPath, body: ReasonBody, key: Key, caller: Calling, response: Response
) -> WrittenText:
    """Show what somebody wrote; that it was read, by whom and why is on disk before."""
    why = Why(case, body.reason)
    content = {"case": case, "id": text, "reason": body.reason}
    route = "/cases/{case}/texts/{text}/read"
    await carry_out(caller, key, route, content, ReadPersonal(text, TEXT), response, why)
    port = caller.house.port
    if response.headers.get("Idempotency-Replayed"):  # whether the person still may is asked again
        caller.may(Action.TEXT_READ, port.view().target_of_case(case), why)
    found = await port.read_text(case, text, Purpose(caller.person, case, body.reason))
    if found is None:
        raise ProblemError("personal_data_missing")
    return WrittenText(id=text, text=found)


@router.get("/cases/{case}/decisions", responses=responses(401, 403, 404, 422, 429))
async def decisions(case: CasePath, caller: Calling, reason: ReasonAsked = "") -> DecisionsView:
    """Show what takes or took a second person in a case, with the digests that an agreement binds."""
    port = caller.house.port
    view = port.view()
    caller.may(Action.ORDER_READ, view.target_of_case(case), Why(case, reason))
    found, now = view.case(case), port.now()
    return DecisionsView(
        orders=[
            _order(order, agreement_of(found, order, now, port.policy)) for order in found.written
        ],
        mandates=[_mandate(row) for row in found.mandates],
        findings=[_finding(row) for row in found.findings],
        motions=[_motion(found, row) for row in found.motions],
        appeals=[_appeal(row) for row in found.appeals],
    )


def _order(order: Order, agreement: Agreement) -> WrittenOrderView:
    view, digits = agreement.view, ISO_DIGITS.of(order.key.currency)

    def money(minor: int) -> str:
        return format_minor(minor, digits)

    return WrittenOrderView(
        id=order.id,
        kind=order.kind.value,
        account=order.key.account,
        institution=order.institution,
        currency=order.key.currency,
        amount=money(order.amount),
        reason=order.reason,
        extent=order.extent.value,
        account_kind=order.account_kind.value,
        mandate=order.mandate or None,
        made_by=order.made_by,
        change=money(view.change if view else 0),
        located=money(view.located if view else 0),
        inferred=money(view.inferred if view else 0),
        own_money=money(view.own_money if view else 0),
        salary_on=[day.isoformat() for day in (view.salary_on if view else ())],
        merchants=str(view.merchants if view else 0),
        is_innocent=view.is_innocent if view else False,
        digest=view.digest if view else None,
        agreed=list(agreement.persons),
        needed=str(agreement.needed),
    )


def _mandate(row: Mandate) -> MandateView:
    digits = ISO_DIGITS.of(row.currency)
    return MandateView(
        id=row.id,
        hops_max=str(row.hops_max),
        amount_max=format_minor(row.amount_max, digits),
        currency=row.currency,
        until=instant_text(row.until),
        spent=format_minor(row.spent, digits),
        proposed_by=row.proposed_by,
        agreed_by=row.agreed_by or None,
        state=row.state.value,
        digest=row.digest,
    )


def _finding(row: Finding) -> FindingView:
    return FindingView(
        id=row.id,
        kind=row.kind.value,
        subject=row.subject,
        reason=row.reason,
        made_by=row.made_by,
        decided_by=row.decided_by or None,
        state=row.state.value,
        digest=row.digest,
    )


def _motion(case: Case, row: Motion) -> MotionView:
    is_open = row.state is MotionState.PROPOSED
    amount = format_minor(row.amount, ISO_DIGITS.of(row.currency)) if row.currency else None
    return MotionView(
        id=row.id,
        matter=row.matter.value,
        account=row.account,
        currency=row.currency or None,
        amount=amount,
        offered=row.offered or None,
        other=row.other or None,
        until=instant_text(row.until) if row.until else None,
        reason=row.reason,
        by=row.by,
        settled_by=row.settled_by or None,
        state=row.state.value,
        digest=row.digest,
        is_stale=is_open and shown(case, row) != row.seen,
    )


def _appeal(row: Appeal) -> AppealView:
    return AppealView(
        id=row.id,
        account=row.account,
        currency=row.currency,
        is_through_bank=row.is_through_bank,
        filed_at=instant_text(row.filed_at),
        due_at=instant_text(row.due_at),
        text=row.text,
        state=row.state.value,
        decided_by=row.decided_by or None,
    )


__all__ = ["router"]
