"""Appeals against decisions of a watch over HTTP: who waits, what was decided, the holder's words, uphold and dismiss.

Nothing is filed here: the institution whose watch decided passes the objection on by a signed message. What was decided goes
back to its watch the same way.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response

from recoup.api.bodies import CASE_PATTERN, Body, Page, ReasonBody
from recoup.api.callers import Calling, Key, carry_out
from recoup.api.case_views import amount_text
from recoup.api.cursors import page_of
from recoup.api.problems import ProblemError, responses
from recoup.api.rows import COMMAND_PROBLEMS, Row, ThingPath, mount
from recoup.api.work import Cursor, Limit
from recoup.care import CareReason, DecisionAppeal
from recoup.care.appealing import SettleDecisionAppeal
from recoup.centre.account_room import TEXT, ReadPersonal
from recoup.centre.care_rights import target_of_appeal
from recoup.centre.passed_on import NUMBER
from recoup.clock import instant_text
from recoup.staff import Action, Target, Why
from recoup.stores.vault import Purpose

router = APIRouter(tags=["care"])
_LOOKING = responses(401, 403, 404, 409, 422, 429)
PlaceAsked = Annotated[str, Query(pattern=f"^$|{CASE_PATTERN}")]


class DecisionAppealView(Body):
    """An appeal against a decision of a watch; the holder's words and the decision's number there are read apart."""

    id: str
    institution: str
    unit: str
    decision: str
    """Under this the centre knows the decision; the institution knows it by the number that is read apart."""
    account: str
    kind: str
    """What was decided: `warn`, `delay`, `hold`, `refuse`."""
    ground: str
    """`rule` or `model`."""
    codes: list[str]
    """Of the reasons that the holder was shown."""
    amount: str
    currency: str
    decided_at: str
    waits_until: str | None
    """When the payment ends to wait by itself: decided later, an appeal frees nothing."""
    filed_by: str
    filed_at: str
    due_at: str
    is_overdue: bool
    state: str
    settled_by: str | None
    settled_for: str | None
    settled_at: str | None


class DecisionAppealAnswered(Body):
    """An appeal, and where it stands."""

    appeal: str
    state: str


class DecisionObjectionView(Body):
    """What a holder wrote, and the number by which the institution knows the decision."""

    appeal: str
    decision: str
    text: str


mount(
    router,
    (
        Row(
            "/decision-appeals/{appeal}/uphold",
            "Uphold the appeal: the payment goes on, if it still waits and nothing else binds its payer.",
            ReasonBody,
            lambda appeal, body, by: SettleDecisionAppeal(appeal, True, by, body.reason),
            DecisionAppealAnswered,
        ),
        Row(
            "/decision-appeals/{appeal}/dismiss",
            "Dismiss the appeal: the decision stands, and what waits ends by itself.",
            ReasonBody,
            lambda appeal, body, by: SettleDecisionAppeal(appeal, False, by, body.reason),
            DecisionAppealAnswered,
        ),
    ),
)


@router.post("/decision-appeals/{appeal}/read", responses=COMMAND_PROBLEMS)
async def read_decision_appeal(
    appeal: ThingPath, body: ReasonBody, key: Key, caller: Calling, response: Response
) -> DecisionObjectionView:
    """Show what a holder wrote; that it was read, by whom and why is on disk before."""
    port, why = caller.house.port, Why(appeal, body.reason)
    found = port.view().cared.appeals.get(appeal)
    caller.may(Action.TEXT_READ, target_of_appeal(found) if found else Target(), why)
    if found is None:
        raise ProblemError(CareReason.DECISION_APPEAL_UNKNOWN)
    content = {"appeal": appeal, "reason": body.reason}
    what, route = ReadPersonal(found.text, TEXT), "/decision-appeals/{appeal}/read"
    await carry_out(caller, key, route, content, what, response, why)
    purpose = Purpose(caller.person, appeal, body.reason)
    words = await port.read_text(appeal, found.text, purpose)
    number = await port.read_text(appeal, NUMBER, purpose)
    if words is None or number is None:
        raise ProblemError("personal_data_missing")
    return DecisionObjectionView(appeal=appeal, decision=number, text=words)


@router.get("/decision-appeals", responses=_LOOKING)
async def decision_appeals(
    caller: Calling,
    unit: PlaceAsked = "",
    institution: PlaceAsked = "",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[DecisionAppealView]:
    """List a unit's appeals, or those against decisions of an institution, in the order of their filing; decided ones too."""
    caller.may(Action.APPEAL_READ, Target(unit=unit, institution=institution))
    port = caller.house.port
    listed = f"decision appeals {caller.person} {unit} {institution}"
    rows = (
        row
        for row in port.view().cared.appeals.values()
        if unit in {"", row.unit} and institution in {"", row.institution}
    )
    return page_of(port, listed, rows, limit, cursor, _shown)


@router.get("/decision-appeals/{appeal}", responses=_LOOKING)
async def one_decision_appeal(appeal: ThingPath, caller: Calling) -> DecisionAppealView:
    """Show an appeal: what was decided, why, how much is at stake, and by when it is to be decided."""
    found = caller.house.port.view().cared.appeals.get(appeal)
    caller.may(Action.APPEAL_READ, target_of_appeal(found) if found else Target())
    if found is None:
        raise ProblemError(CareReason.DECISION_APPEAL_UNKNOWN)
    return _shown(found)


def _shown(row: DecisionAppeal) -> DecisionAppealView:
    return DecisionAppealView(
        id=row.id,
        institution=row.institution,
        unit=row.unit,
        decision=row.decision,
        account=row.account,
        kind=row.kind.value,
        ground=row.ground.value,
        codes=list(row.codes),
        amount=amount_text(row.amount, row.currency),
        currency=row.currency,
        decided_at=instant_text(row.decided_at),
        waits_until=_text(row.waits_until),
        filed_by=row.filed_by,
        filed_at=instant_text(row.filed_at),
        due_at=instant_text(row.due_at),
        is_overdue=row.is_overdue,
        state=row.state.value,
        settled_by=row.settled_by or None,
        settled_for=row.settled_for or None,
        settled_at=_text(row.settled_at),
    )


def _text(at: datetime | None) -> str | None:
    return None if at is None else instant_text(at)


__all__ = ["router"]
