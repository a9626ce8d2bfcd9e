"""Clocks over HTTP: what is open in a unit, what ran out and whom it asks about it, and what came of it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response

from recoup.api.bodies import CASE_PATTERN, Body, Said
from recoup.api.callers import Calling, Key, carry_out
from recoup.api.problems import responses
from recoup.api.rows import COMMAND_PROBLEMS, ThingPath
from recoup.care.escalating import SettleAppealEscalation
from recoup.care.escalation import EscalationState
from recoup.cases.commands import SettleEscalation
from recoup.centre.roster import shift_digest, still_due
from recoup.clock import instant_text
from recoup.staff import Action, Target, Why

router = APIRouter(tags=["escalation"])

CasePath = Annotated[str, Path(pattern=CASE_PATTERN)]


class OutcomeBody(Body):
    """What came of it."""

    outcome: Said


class EscalationAnswered(Body):
    """An escalation and its case."""

    case: str
    escalation: str


class EscalationView(Body):
    """A clock that ran out, about which a unit is asked."""

    id: str
    case: str
    """Empty: no case is behind an appeal against a decision of a watch; `about` names it."""
    clock: str
    """answer, payment, appeal, hardship, abroad or decision_appeal."""
    about: str
    person: str | None
    """Who was on duty; null for nobody."""
    asked_at: str
    due_at: str
    """When the unit above is asked."""


class OpenView(Body):
    """Something that is due; of an escalation about an appeal against a watch, `case` is empty."""

    case: str | None
    """null for what has no case behind it: a measure, a dissuasion, an appeal against a watch."""
    kind: str
    about: str
    due_at: str


class GivenView(Body):
    """A shift that was given and is not taken over yet."""

    giver: str
    taker: str
    digest: str
    """Of the list as it was given: what the taker names."""
    given_at: str | None
    """null for one from before that was kept."""
    is_stale: bool
    """What is open changed since, and it was given too long ago: it must be given anew."""


class ShiftView(Body):
    """What one shift gives to the next; `digest` is what a giver names now, `given.digest` what its taker does."""

    unit: str
    digest: str
    open: list[OpenView]
    given: GivenView | None


@router.get("/units/{unit}/shift", responses=responses(401, 403, 404, 422, 429))
async def shift(unit: ThingPath, caller: Calling) -> ShiftView:
    """List what is open in a unit, the soonest due first."""
    caller.may(Action.SHIFT_HAND_OVER, Target(unit=unit))
    view = caller.house.port.view()
    now, given = caller.house.port.now(), view.staff.given.get(unit)
    found = still_due(view.shift_of(unit), now)
    digest = shift_digest(unit, found)
    rows = [
        OpenView(
            case=case or None,
            kind=clock.kind,
            about=clock.about,
            due_at=instant_text(clock.due_at),
        )
        for case, clock in found
    ]
    waiting = None
    if given is not None:
        waiting = GivenView(
            giver=given.giver,
            taker=given.taker,
            digest=given.digest,
            given_at=None if given.given_at is None else instant_text(given.given_at),
            is_stale=given.is_stale(digest, now),
        )
    return ShiftView(unit=unit, digest=digest, open=rows, given=waiting)


@router.get("/units/{unit}/escalations", responses=responses(401, 403, 404, 422, 429))
async def escalations(unit: ThingPath, caller: Calling) -> list[EscalationView]:
    """List what a unit is asked about and has no outcome yet, the soonest to be passed up first."""
    caller.may(Action.DUTY_READ, Target(unit=unit))
    view = caller.house.port.view()
    rows = [
        (row.due_at, case.id, row)
        for case in view.cases.values()
        for row in case.escalations
        if row.unit == unit and row.state is EscalationState.OPEN
    ]
    rows += [(row.due_at, "", row) for row in view.cared.asked_of(unit)]
    return [
        EscalationView(
            id=row.id,
            case=case,
            clock=row.clock,
            about=row.about,
            person=row.person or None,
            asked_at=instant_text(row.asked_at),
            due_at=instant_text(due_at),
        )
        for due_at, case, row in sorted(rows, key=lambda found: (*found[:2], found[2].id))
    ]


@router.post("/cases/{case}/escalations/{escalation}/outcome", responses=COMMAND_PROBLEMS)
async def settle_escalation(
    case: CasePath,
    escalation: ThingPath,
    body: OutcomeBody,
    key: Key,
    caller: Calling,
    response: Response,
) -> EscalationAnswered:
    """Say what came of it; the unit above is not asked any more."""
    command = SettleEscalation(escalation, caller.person, body.outcome)
    content = {"case": case, "escalation": escalation, **body.model_dump(mode="json")}
    route = "/cases/{case}/escalations/{escalation}/outcome"
    await carry_out(caller, key, route, content, command, response, Why(case, body.outcome))
    return EscalationAnswered(case=case, escalation=escalation)


class AppealEscalationAnswered(Body):
    """An escalation and the appeal that it is about."""

    appeal: str
    escalation: str


@router.post("/decision-appeals/escalations/{escalation}/outcome", responses=COMMAND_PROBLEMS)
async def settle_appeal_escalation(
    escalation: ThingPath, body: OutcomeBody, key: Key, caller: Calling, response: Response
) -> AppealEscalationAnswered:
    """Say what came of asking about an appeal that nobody decided in time; the unit above is not asked any more."""
    command = SettleAppealEscalation(escalation, caller.person, body.outcome)
    content = {"escalation": escalation, **body.model_dump(mode="json")}
    route = "/decision-appeals/escalations/{escalation}/outcome"
    found = caller.house.port.view().cared.escalations.get(escalation)
    about = "" if found is None else found.about
    await carry_out(caller, key, route, content, command, response, Why(about, body.outcome))
    return AppealEscalationAnswered(appeal=about, escalation=escalation)


__all__ = ["router"]
