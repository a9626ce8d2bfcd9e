"""Measures, leads and dissuasions over HTTP: who proposes, agrees, confirms, tells, appeals; who warns of a likely victim.

A lead comes from a person or from an institution's machine, one at a time or as a table; the same lead is taken once. Numbers
are kept in the vault before the writer hears of the ids that they have.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response

from recoup.api.amounts import minor_of
from recoup.api.bodies import CASE_PATTERN, Nothing, Page, ReasonBody, instant_of_text
from recoup.api.callers import Caller, Calling, Key, carry_out, command_of, told
from recoup.api.care_bodies import (
    ConfirmBody,
    ContactBody,
    DissuasionAnswered,
    DissuasionView,
    LeadAnswered,
    LeadBody,
    LeadRow,
    LeadsTaken,
    MeasureAnswered,
    MeasureBody,
    MeasureView,
    ObjectionBody,
    ObjectionView,
    OutcomeBody,
    SeenBody,
    dissuasion_view,
    measure_view,
)
from recoup.api.cursors import page_of
from recoup.api.guard import TABLES
from recoup.api.lead_tables import read_leads
from recoup.api.listing import AccountSubject
from recoup.api.port import CentrePort
from recoup.api.problems import PROBLEMS, ProblemError, responses
from recoup.api.rows import COMMAND_PROBLEMS, Row, ThingPath, mount
from recoup.api.signed import Asking, Machine
from recoup.api.work import Cursor, Limit
from recoup.care import CareReason, Lead, LeadSource, Measure, MeasureKind
from recoup.care.dissuading import NoteContact, SettleDissuasion, TakeLead
from recoup.care.measuring import (
    AgreeToMeasure,
    AppealMeasure,
    ConfirmMeasure,
    LiftMeasure,
    ProposeMeasure,
    ProveHolder,
    SettleMeasureAppeal,
    TellHolder,
    WithdrawMeasure,
)
from recoup.cases.lists import Subject
from recoup.centre.account_room import TEXT, ReadPersonal
from recoup.centre.care_rights import target_of_dissuasion, target_of_measure
from recoup.centre.reasons import CentreReason
from recoup.centre.requests import INSTITUTION, Actor
from recoup.centre.requests import Request as Asked
from recoup.staff import Action, Target, Why
from recoup.stores.vault import Purpose

router = APIRouter(tags=["care"])
_LOOKING = responses(401, 403, 404, 409, 422, 429)
_FOREVER: Final = instant_of_text("9999-01-01T00:00:00Z")
"""Later than any end that a policy sets: the policy's stands then."""
_TABLE: Final = {
    "requestBody": {
        "required": True,
        "description": "Leads as lines of JSON objects or as CSV with a header.",
        "content": {media.decode(): {"schema": {"type": "string"}} for media in sorted(TABLES)},
    }
}
PlaceAsked = Annotated[str, Query(pattern=f"^$|{CASE_PATTERN}")]


# --- measures ------------------------------------------------------------------------------------------------------------


@router.post("/measures", responses=COMMAND_PROBLEMS)
async def propose_measure(
    body: MeasureBody, key: Key, caller: Calling, response: Response
) -> MeasureAnswered:
    """Propose a measure of an account; one that needs nobody else stands at once."""
    port = caller.house.port
    caller.may(Action.MEASURE_PROPOSE, Target(unit=body.unit))
    account = body.account
    wanted = Measure(
        id=port.new_id("measure"),
        kind=body.kind,
        account=await port.key_of_account(account.institution, account.number, kept=True),
        institution=account.institution,
        currency=body.currency,
        unit=body.unit,
        ground=body.ground,
        about=body.about,
        reason=body.reason,
        limit=0 if body.limit is None else minor_of(body.limit, body.currency),
        made_by=caller.person,
        made_at=port.now(),
        ends_at=_FOREVER if body.until is None else instant_of_text(body.until),
    )
    content, command = body.model_dump(mode="json"), ProposeMeasure(wanted)
    answer = await carry_out(caller, key, "/measures", content, command, response)
    return MeasureAnswered(**answer)


_OF_MEASURE: Final = (
    Row(
        "/measures/{measure}/agree",
        "Agree to the measure whose digest was seen; the last agreement needed lets it stand.",
        SeenBody,
        lambda measure, body, by: AgreeToMeasure(measure, by, body.digest),
        MeasureAnswered,
    ),
    Row(
        "/measures/{measure}/withdraw",
        "Take a proposal back.",
        ReasonBody,
        lambda measure, body, by: WithdrawMeasure(measure, by, body.reason),
        MeasureAnswered,
    ),
    Row(
        "/measures/{measure}/confirm",
        "Say that it is in force at the institution, and how much money lay there.",
        ConfirmBody,
        lambda measure, body, by: ConfirmMeasure(
            measure, by, minor_of(body.amount, body.currency), body.currency
        ),
        MeasureAnswered,
    ),
    Row(
        "/measures/{measure}/told",
        "Say that the holder was told ground, term and ways back.",
        Nothing,
        lambda measure, _, by: TellHolder(measure, by),
        MeasureAnswered,
    ),
    Row(
        "/measures/{measure}/verified",
        "Say that the holder was verified again, by which papers; it ends at once where the policy says so.",
        ReasonBody,
        lambda measure, body, by: ProveHolder(measure, by, body.reason),
        MeasureAnswered,
    ),
    Row(
        "/measures/{measure}/lift",
        "End it before its end.",
        ReasonBody,
        lambda measure, body, by: LiftMeasure(measure, by, body.reason),
        MeasureAnswered,
    ),
    Row(
        "/measures/{measure}/appeals/uphold",
        "Uphold the open appeal: the measure ends at once.",
        ReasonBody,
        lambda measure, body, by: SettleMeasureAppeal(measure, True, by, body.reason),
        MeasureAnswered,
    ),
    Row(
        "/measures/{measure}/appeals/deny",
        "Deny the open appeal: the measure stands until its end.",
        ReasonBody,
        lambda measure, body, by: SettleMeasureAppeal(measure, False, by, body.reason),
        MeasureAnswered,
    ),
)
mount(router, _OF_MEASURE)


@router.post("/measures/{measure}/appeals", responses=COMMAND_PROBLEMS)
async def appeal_measure(
    measure: ThingPath, body: ObjectionBody, key: Key, caller: Calling, response: Response
) -> MeasureAnswered:
    """Take the holder's objection in; its words are kept in the vault once it stands, and again with each repeat."""
    port = caller.house.port
    text = "text_" + port.digest("text", f"{caller.person}:{key}".encode()).hex()[:32]
    command = AppealMeasure(measure, text, caller.person)
    content = {"id": measure, **body.model_dump(mode="json")}
    route = "/measures/{measure}/appeals"
    answer = await carry_out(caller, key, route, content, command, response)
    await port.keep_text(measure, text, body.text)
    return MeasureAnswered(**answer)


@router.post("/measures/{measure}/texts/{text}/read", responses=COMMAND_PROBLEMS)
async def read_objection(
    measure: ThingPath,
    text: ThingPath,
    body: ReasonBody,
    key: Key,
    caller: Calling,
    response: Response,
) -> ObjectionView:
    """Show what a holder wrote; that it was read, by whom and why is on disk before."""
    port, why = caller.house.port, Why(measure, body.reason)
    content = {"measure": measure, "id": text, "reason": body.reason}
    route = "/measures/{measure}/texts/{text}/read"
    await carry_out(caller, key, route, content, ReadPersonal(text, TEXT), response, why)
    if response.headers.get("Idempotency-Replayed"):  # whether the person still may is asked again
        found = port.view().cared.measures.get(measure)
        caller.may(Action.TEXT_READ, target_of_measure(found) if found else Target(), why)
    words = await port.read_text(measure, text, Purpose(caller.person, measure, body.reason))
    if words is None:
        raise ProblemError("personal_data_missing")
    return ObjectionView(text_id=text, text=words)


@router.get("/measures", responses=_LOOKING)
async def measures(
    caller: Calling,
    unit: PlaceAsked = "",
    institution: PlaceAsked = "",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[MeasureView]:
    """List a unit's measures, or those told to an institution, in the order of their making; ended ones too."""
    caller.may(Action.MEASURE_READ, Target(unit=unit, institution=institution))
    port = caller.house.port
    listed = f"measures {caller.person} {unit} {institution}"
    rows = (
        row
        for row in port.view().cared.measures.values()
        if _is_asked(target_of_measure(row), unit, institution)
    )
    return page_of(port, listed, rows, limit, cursor, lambda row: _shown(port, row))


@router.get("/measures/{measure}", responses=_LOOKING)
async def one_measure(measure: ThingPath, caller: Calling) -> MeasureView:
    """Show a measure with all that its holder is told."""
    port = caller.house.port
    found = port.view().cared.measures.get(measure)
    caller.may(Action.MEASURE_READ, target_of_measure(found) if found else Target())
    if found is None:
        raise ProblemError(CareReason.MEASURE_UNKNOWN)
    return _shown(port, found)


def _is_asked(target: Target, unit: str, institution: str) -> bool:
    is_there = not unit or target.unit == unit
    return is_there and (not institution or target.institution == institution)


def _shown(port: CentrePort, row: Measure) -> MeasureView:
    terms = port.policy.care
    is_lifted = terms is not None and terms.measures[MeasureKind(row.kind)].is_lifted_by_proof
    return measure_view(row, is_lifted_by_proof=is_lifted)


# --- leads ---------------------------------------------------------------------------------------------------------------


@router.post("/leads", responses=COMMAND_PROBLEMS)
async def take_lead(body: LeadBody, key: Key, asker: Asking, response: Response) -> LeadAnswered:
    """Take in what says that a payer is likely a victim; it opens a dissuasion, or joins the one that runs."""
    return LeadAnswered(**await _take(asker, key, body, response))


@router.post("/leads/import", responses=COMMAND_PROBLEMS, openapi_extra=_TABLE)
async def import_leads(
    request: Request,
    key: Key,
    caller: Calling,
    unit: Annotated[str, Query(pattern=CASE_PATTERN)],
    institution: PlaceAsked = "",
) -> LeadsTaken:
    """Take a table of a unit's leads in, row by row; a row that does not fit is named and keeps no other back."""
    caller.may(Action.LEAD_TAKE, Target(unit=unit, institution=institution))
    is_json = request.headers.get("content-type", "").startswith("application/x-ndjson")
    rows: list[LeadRow] = []
    for line in read_leads(await request.body(), is_json=is_json):
        if line.lead is not None and line.lead.unit != unit:
            rows.append(_row(line.number, line.id, "request_malformed unit"))
        elif line.lead is None:
            rows.append(_row(line.number, line.id, f"request_malformed {line.wrong}".strip()))
        else:
            rows.append(await _one_of_table(caller, f"{key}:{line.number}", line.number, line.lead))
    return LeadsTaken(rows=rows)


async def _one_of_table(caller: Caller, key: str, number: int, lead: LeadBody) -> LeadRow:
    try:
        answer = await _take(caller, key, lead, Response())
    except ProblemError as problem:
        if PROBLEMS[problem.name][0] >= 500:
            raise  # the writer is away: whoever sends the table again goes on where it broke off
        return _row(number, lead.id, problem.name)
    return _row(number, lead.id, "taken", answer["dissuasion"])


def _row(number: int, name: str, code: str, dissuasion: str | None = None) -> LeadRow:
    return LeadRow(row=number, id=name, code=code, dissuasion=dissuasion)


async def _take(
    asker: Caller | Machine, key: str, body: LeadBody, response: Response
) -> dict[str, str]:
    port, institution = asker.house.port, body.institution or ""
    if isinstance(asker, Machine):
        who, scope = asker.institution, f"institution {asker.institution}"
        if not asker.house.checks_each.take(scope):
            raise ProblemError("too_many_requests")
        if (body.source, body.system, institution) != (LeadSource.BANK, who, who):
            raise ProblemError("signature_refused", "expected a lead of the institution's own")
    else:
        who, scope = asker.person, asker.person
        target = Target(unit=body.unit, institution=institution)
        asker.may(Action.LEAD_TAKE, target)
        is_its_own = (body.source, body.system) == (LeadSource.BANK, institution)
        if asker.is_at_a_bank(Action.LEAD_TAKE, target) and not is_its_own:
            raise ProblemError(CentreReason.OTHER_INSTITUTION)
    _one_place(body, institution)
    lead = await _lead(port, body, who)
    command, content = TakeLead(lead, port.new_id("dissuasion")), body.model_dump(mode="json")
    if isinstance(asker, Caller):
        return await carry_out(asker, key, "/leads", content, command, response)
    asking = Asked(Actor(who, INSTITUTION, body.reason), command)
    given = command_of(port, scope, key, "/leads", content, asking)
    return told(await port.submit(given), response)


def _one_place(body: LeadBody, institution: str) -> None:
    """Refuse accounts at no institution, or at two, before anybody looks whether they are known."""
    if body.accounts and not institution:
        raise ProblemError("request_malformed", "expected the institution of the accounts")
    payer = body.payer
    if institution and isinstance(payer, AccountSubject) and payer.institution != institution:
        raise ProblemError("request_malformed", "expected the payer's account at the institution")


async def _lead(port: CentrePort, body: LeadBody, who: str) -> Lead:
    """Return the lead with opaque ids, their numbers kept in the vault."""
    institution = body.institution or ""
    accounts = [
        await port.key_of_account(institution, number, kept=True) for number in body.accounts
    ]
    payer = body.payer
    if isinstance(payer, AccountSubject):
        key = await port.key_of_account(payer.institution, payer.number, kept=True)
        accounts.append(key)
    else:
        key = port.key_of(Subject(payer.kind), payer.value)
    paid = body.payment
    return Lead(
        port.new_id("lead"),
        body.source,
        body.system,
        body.id,
        body.unit,
        institution,
        key,
        tuple(dict.fromkeys(accounts)),
        body.grade,
        "" if paid is None else paid.currency,
        0 if paid is None else minor_of(paid.amount, paid.currency),
        body.reason,
        instant_of_text(body.seen_at),
        instant_of_text(body.expires_at),
        who,
    )


# --- dissuasions ---------------------------------------------------------------------------------------------------------


def _settle(dissuasion: str, body: Any, by: str) -> SettleDissuasion:  # noqa: ANN401 - an OutcomeBody
    paid = body.averted
    averted = 0 if paid is None else minor_of(paid.amount, paid.currency)
    currency = "" if paid is None else paid.currency
    return SettleDissuasion(dissuasion, body.outcome, averted, currency, by, body.reason)


mount(
    router,
    (
        Row(
            "/dissuasions/{dissuasion}/contacts",
            "Say that the step which is due was made, and whether the payer was reached.",
            ContactBody,
            lambda task, body, by: NoteContact(task, body.step, body.is_reached, by),
            DissuasionAnswered,
        ),
        Row(
            "/dissuasions/{dissuasion}/outcome",
            "Say how it ended, and how much the payer did not pay.",
            OutcomeBody,
            _settle,
            DissuasionAnswered,
        ),
    ),
)


@router.get("/dissuasions", responses=_LOOKING)
async def dissuasions(
    caller: Calling,
    unit: PlaceAsked = "",
    institution: PlaceAsked = "",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[DissuasionView]:
    """List a unit's dissuasions, or those of an institution's payers, in the order of their opening; ended ones too."""
    caller.may(Action.DISSUASION_READ, Target(unit=unit, institution=institution))
    port = caller.house.port
    listed = f"dissuasions {caller.person} {unit} {institution}"
    rows = (
        row
        for row in port.view().cared.dissuasions.values()
        if _is_asked(target_of_dissuasion(row), unit, institution)
    )
    return page_of(port, listed, rows, limit, cursor, dissuasion_view)


@router.get("/dissuasions/{dissuasion}", responses=_LOOKING)
async def one_dissuasion(dissuasion: ThingPath, caller: Calling) -> DissuasionView:
    """Show a dissuasion: the step that is due, what was tried, what came of it."""
    found = caller.house.port.view().cared.dissuasions.get(dissuasion)
    caller.may(Action.DISSUASION_READ, target_of_dissuasion(found) if found else Target())
    if found is None:
        raise ProblemError(CareReason.DISSUASION_UNKNOWN)
    return dissuasion_view(found)


__all__ = ["router"]
