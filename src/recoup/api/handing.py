"""A case that goes to another unit, over HTTP: the packet, offers that wait, and what the two units decide.

Both units see the packet: the one that has the case and, as long as an offer waits, the one to which it was offered.
"""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from recoup.api.bodies import (
    CASE_PATTERN,
    HASH_PATTERN,
    Body,
    Digest,
    Nothing,
    ReasonBody,
    Said,
    UnitId,
)
from recoup.api.callers import Caller, Calling, Key, carry_out
from recoup.api.problems import ProblemError, responses
from recoup.api.rows import COMMAND_PROBLEMS, ThingPath
from recoup.cases import Handover, Packet
from recoup.cases import Reason as CaseReason
from recoup.cases.commands import (
    AcceptHandover,
    DeclineHandover,
    OfferHandover,
    WithdrawHandover,
)
from recoup.clock import instant_text
from recoup.money import ISO_DIGITS, format_minor
from recoup.paper import packet_pdf
from recoup.paper.printing import zone_of
from recoup.paper.words import Language
from recoup.staff import Action, StaffReason, Target, Why, permit

router = APIRouter(tags=["handover"])

_LOOKING = responses(401, 403, 404, 409, 422, 429)
CasePath = Annotated[str, Path(pattern=CASE_PATTERN)]
ReasonAsked = Annotated[str, Query(max_length=500, description="Why one asks.")]


class OfferBody(Body):
    """To which unit a case is offered, on which packet, and why."""

    unit: UnitId
    digest: Digest
    reason: Said


class AcceptBody(Body):
    """The digest of the packet as it was seen."""

    digest: Digest


class HandoverAnswered(Body):
    """An offer and its case."""

    case: str
    handover: str


class HandoverView(Body):
    """An offer of a case."""

    id: str
    case: str
    from_unit: str
    to_unit: str
    by: str
    offered_at: str
    reason: str
    digest: str
    state: str
    is_stale: bool
    """Something happened to the case since: it must be offered anew."""


class PacketClaimView(Body):
    """A claim and what it misses."""

    id: str
    state: str
    currency: str
    amount: str
    missing: str


class PacketOrderView(Body):
    """An order and how far it is."""

    id: str
    digest: str
    kind: str
    account: str
    currency: str
    institution: str
    amount: str
    state: str
    issued_at: str | None


class PacketHoldView(Body):
    """What stands at an institution, and until when."""

    account: str
    currency: str
    word: str
    held: str
    ends_at: str | None


class PacketMandateView(Body):
    """A standing authority, what it allows, and what is spent of it."""

    id: str
    currency: str
    amount_max: str
    spent: str


class PacketDecisionView(Body):
    """What one person proposed and another decides, and how far it is."""

    id: str
    kind: str
    """The finding's or motion's kind, or mandate."""
    about: str
    """The claim or the account; the currency of a standing authority."""
    state: str


class ClockView(Body):
    """Something that is due."""

    kind: str
    about: str
    due_at: str


class PacketView(Body):
    """A case as it is handed over. Accounts, claims and persons are opaque ids."""

    case: str
    unit: str
    digest: str
    claims: list[PacketClaimView]
    orders: list[PacketOrderView]
    holds: list[PacketHoldView]
    evidence: list[str]
    facts_version: int
    trail_version: int
    trail_digest: str
    mandates: list[PacketMandateView]
    clocks: list[ClockView]
    decisions: list[PacketDecisionView]


@router.get("/cases/{case}/packet", responses=_LOOKING)
async def packet(case: CasePath, caller: Calling, reason: ReasonAsked = "") -> PacketView:
    """Show what is handed over with a case, as it is now."""
    return _packet_view(_packet(caller, case, reason))


@router.get("/cases/{case}/packet/paper", responses=_LOOKING, response_class=Response)
async def packet_paper(
    case: CasePath,
    caller: Calling,
    reason: ReasonAsked = "",
    digest: Annotated[
        str | None,
        Query(
            pattern=HASH_PATTERN, description="Of the packet that was seen: no other is printed."
        ),
    ] = None,
    language: Language = "zh",
    timezone: Annotated[str, Query(max_length=64)] = "Asia/Shanghai",
) -> Response:
    """Return the packet as PDF, with a place for both units to sign; it names nobody."""
    found = _packet(caller, case, reason)
    if digest is not None and digest != found.digest:
        raise ProblemError(CaseReason.DIGEST_STALE)
    if zone_of(timezone) is None:
        raise ProblemError("request_malformed")
    now = caller.house.port.now()
    made = await asyncio.to_thread(packet_pdf, found, now, language=language, timezone=timezone)
    return Response(made, media_type="application/pdf", headers={"Cache-Control": "no-store"})


@router.get("/units/{unit}/handovers", responses=_LOOKING)
async def handovers(unit: ThingPath, caller: Calling) -> list[HandoverView]:
    """List the offers that wait for a unit, oldest first."""
    view = caller.house.port.view()
    # Four eyes are for the decision: whoever offered a case elsewhere may look at what waits here.
    caller.may(Action.HANDOVER_SETTLE, Target(unit, owner="nobody"))
    waiting = [
        (offer.offered_at, case.id, offer)
        for case in view.cases.values()
        if (offer := case.offered) is not None and offer.to_unit == unit
    ]
    return [
        HandoverView(
            id=offer.id,
            case=case,
            from_unit=offer.from_unit,
            to_unit=offer.to_unit,
            by=offer.by,
            offered_at=instant_text(at),
            reason=offer.reason,
            digest=offer.digest,
            state=offer.state.value,
            is_stale=view.packet_of(case).digest != offer.digest,
        )
        for at, case, offer in sorted(waiting, key=lambda row: row[:2])
    ]


@router.post("/cases/{case}/handovers", responses=COMMAND_PROBLEMS)
async def offer_handover(
    case: CasePath, body: OfferBody, key: Key, caller: Calling, response: Response
) -> HandoverAnswered:
    """Offer a case to another unit, on the packet that was seen; nothing changes before it is accepted."""
    # The id of this very command: a repeat is about the same offer.
    made = caller.house.port.digest("handover", f"{caller.person}:{key}".encode())
    offer = f"handover_{made.hex()[:32]}"
    command = OfferHandover(offer, body.unit, body.digest, caller.person, body.reason)
    return await _carry(caller, key, case, offer, body, command, response, body.reason)


@router.post("/cases/{case}/handovers/{handover}/accept", responses=COMMAND_PROBLEMS)
async def accept_handover(
    case: CasePath,
    handover: ThingPath,
    body: AcceptBody,
    key: Key,
    caller: Calling,
    response: Response,
) -> HandoverAnswered:
    """Take a case over; its clocks, its worklist and the rights to it are the unit's from here on."""
    command = AcceptHandover(handover, body.digest, caller.person)
    return await _carry(caller, key, case, handover, body, command, response)


@router.post("/cases/{case}/handovers/{handover}/decline", responses=COMMAND_PROBLEMS)
async def decline_handover(
    case: CasePath,
    handover: ThingPath,
    body: ReasonBody,
    key: Key,
    caller: Calling,
    response: Response,
) -> HandoverAnswered:
    """Do not take it."""
    command = DeclineHandover(handover, caller.person, body.reason)
    return await _carry(caller, key, case, handover, body, command, response, body.reason)


@router.post("/cases/{case}/handovers/{handover}/withdraw", responses=COMMAND_PROBLEMS)
async def withdraw_handover(
    case: CasePath,
    handover: ThingPath,
    body: Nothing,
    key: Key,
    caller: Calling,
    response: Response,
) -> HandoverAnswered:
    """Take an offer back."""
    command = WithdrawHandover(handover, caller.person)
    return await _carry(caller, key, case, handover, body, command, response)


async def _carry(
    caller: Caller,
    key: str,
    case: str,
    handover: str,
    body: Body,
    command: OfferHandover | AcceptHandover | DeclineHandover | WithdrawHandover,
    response: Response,
    reason: str = "",
) -> HandoverAnswered:
    route = f"/cases/{{case}}/handovers {type(command).__name__}"
    content = {"case": case, "handover": handover, **body.model_dump(mode="json")}
    await carry_out(caller, key, route, content, command, response, Why(case, reason))
    return HandoverAnswered(case=case, handover=handover)


def _packet(caller: Caller, case: str, reason: str) -> Packet:
    """Return the packet, for the unit that has the case and the one to which it is offered."""
    view = caller.house.port.view()
    offered = view.case(case).offered
    why = Why(case, reason)
    if not why.is_told:
        raise ProblemError(StaffReason.PURPOSE_MISSING)
    if offered is None or not _may_take(caller, offered):
        caller.may(Action.ORDER_READ, view.target_of_case(case), why)
    return view.packet_of(case)


def _may_take(caller: Caller, offered: Handover) -> bool:
    port = caller.house.port
    target = Target(offered.to_unit, owner=offered.by)
    staff, now = port.view().staff, port.now()
    denial = permit(staff, caller.person, Action.HANDOVER_SETTLE, target, Why(), now)
    return denial is None


def _packet_view(packet: Packet) -> PacketView:
    return PacketView(
        case=packet.case,
        unit=packet.unit,
        digest=packet.digest,
        claims=[
            PacketClaimView(
                id=row.id,
                state=row.state,
                currency=row.currency,
                amount=_text(row.amount, row.currency),
                missing=_text(row.missing, row.currency),
            )
            for row in packet.claims
        ],
        orders=[
            PacketOrderView(
                id=row.id,
                digest=row.digest,
                kind=row.kind,
                account=row.account,
                currency=row.currency,
                institution=row.institution,
                amount=_text(row.amount, row.currency),
                state=row.state,
                issued_at=None if row.issued_at is None else instant_text(row.issued_at),
            )
            for row in packet.orders
        ],
        holds=[
            PacketHoldView(
                account=row.account,
                currency=row.currency,
                word=row.word,
                held=_text(row.held, row.currency),
                ends_at=None if row.ends_at is None else instant_text(row.ends_at),
            )
            for row in packet.holds
        ],
        evidence=list(packet.evidence),
        facts_version=packet.facts_version,
        trail_version=packet.trail_version,
        trail_digest=packet.trail_digest,
        mandates=[
            PacketMandateView(
                id=name,
                currency=currency,
                amount_max=_text(amount, currency),
                spent=_text(spent, currency),
            )
            for name, currency, amount, spent in packet.mandates
        ],
        clocks=[
            ClockView(kind=row.kind, about=row.about, due_at=instant_text(row.due_at))
            for row in packet.clocks
        ],
        decisions=[
            PacketDecisionView(id=row.id, kind=row.kind, about=row.about, state=row.state)
            for row in packet.decisions
        ],
    )


def _text(amount: int, currency: str) -> str:
    return format_minor(amount, ISO_DIGITS.of(currency))


__all__ = ["router"]
