"""Folding events into a case. No rule is here and nothing can be refused: `decide` has settled all that."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from recoup.care.escalation import EscalationState
from recoup.cases.case import (
    Cap,
    Case,
    Claim,
    Entitlement,
    Found,
    Place,
    Standing,
)
from recoup.cases.decided import digest_of
from recoup.cases.events import (
    AccountKindNoted,
    AccountSwapped,
    AppealFiled,
    AppealSettled,
    CapLifted,
    CaseJoined,
    CaseOpened,
    ClaimAgreed,
    ClaimMade,
    ClaimRepaid,
    ClaimSettled,
    ClockSet,
    EntitlementsChanged,
    EscalationMoved,
    EscalationRaised,
    Event,
    FactsAdded,
    FactsChanged,
    FindingProposed,
    FindingSettled,
    HandoverOffered,
    HandoverSettled,
    HarmNoted,
    HoldConfirmed,
    HoldNoted,
    MandateProposed,
    MandateSettled,
    MotionMade,
    MotionSettled,
    NoticeFellDue,
    NoticeMoved,
    OpinionNoted,
    OrderAgreed,
    OrderTakenUp,
    OrderWritten,
    PlacesChanged,
    ReportTaken,
    RestNoted,
    SignsNoted,
    StoodLowered,
    SurplusMarked,
    TaskMoved,
    TaskOpened,
    TrailApplied,
)
from recoup.cases.state import HandoverState, MandateState
from recoup.frozen import replace
from recoup.orders import OrderKind

_T = TypeVar("_T")


def evolve(case: Case, event: Event) -> Case:
    """Return the case after `event`."""
    step: Callable[[Case, Any], Case] = _STEPS[type(event)]
    return step(case, event)


def fold(case: Case, events: Iterable[Event]) -> Case:
    """Return the case after all `events` in their order."""
    for event in events:
        case = evolve(case, event)
    return case


def repaid_digest(event: ClaimRepaid) -> str:
    """Return what tells one payment to a victim from another of the same id."""
    return digest_of("repaid", event.claim, event.returned, event.compensated)


def opinion_digest(event: OpinionNoted) -> str:
    """Return what tells one opinion from another of the same id."""
    return digest_of("opinion", event.account, event.institution, event.text)


def _put(rows: tuple[_T, ...], is_it: Callable[[_T], bool], **changes: Any) -> tuple[_T, ...]:
    """Return rows with the one that is meant changed."""
    assert any(is_it(row) for row in rows), "an event about something that never was"
    return tuple(replace(row, **changes) if is_it(row) else row for row in rows)


def _by_id(wanted: str) -> Callable[[Any], bool]:
    return lambda row: bool(row.id == wanted)


def _hold(case: Case, account: str, currency: str, bank: str, **changes: Any) -> Case:
    """Return the case with one hold changed, begun where there was none."""
    holds = case.holds
    for at, row in enumerate(holds):
        if row.account == account and row.currency == currency:
            return replace(case, holds=(*holds[:at], replace(row, **changes), *holds[at + 1 :]))
    begun = replace(Standing(account, currency, bank), **changes)
    return replace(case, holds=tuple(sorted((*holds, begun), key=lambda one: one.hold)))


def _opened(case: Case, event: CaseOpened) -> Case:
    return replace(case, opened_at=event.at, unit=event.unit)


def _report(case: Case, event: ReportTaken) -> Case:
    return replace(case, reports=(*case.reports, event.report))


def _claim(case: Case, event: ClaimMade) -> Case:
    return replace(
        case, claims=(*case.claims, event.claim), places=(*case.places, first_place(event.claim))
    )


def first_place(claim: Claim) -> Place:
    """Return where a claim's money was last seen before anything was traced: going to the payee."""
    return Place(
        claim.id,
        claim.payee,
        claim.institution,
        claim.currency,
        claim.amount,
        claim.paid_at,
        Found.UNKNOWN,
    )


def _signs(case: Case, event: SignsNoted) -> Case:
    return replace(case, signs=(*case.signs, *((event.claim, sign) for sign in event.signs)))


def _agreed(case: Case, event: ClaimAgreed) -> Case:
    claim = case.claim(event.claim)
    assert claim is not None, "an agreement to a claim that was never made"
    agreed = (*claim.agreed_by, event.by)
    return replace(case, claims=_put(case.claims, _by_id(event.claim), agreed_by=agreed))


def _settled(case: Case, event: ClaimSettled) -> Case:
    return replace(case, claims=_put(case.claims, _by_id(event.claim), state=event.state))


def _repaid(case: Case, event: ClaimRepaid) -> Case:
    claim = case.claim(event.claim)
    assert claim is not None, "money for a claim that was never made"
    claims = _put(
        case.claims,
        _by_id(event.claim),
        returned=claim.returned + event.returned,
        compensated=claim.compensated + event.compensated,
    )
    return replace(case, claims=claims, noted=(*case.noted, (event.id, repaid_digest(event))))


def _facts(case: Case, event: FactsAdded) -> Case:
    return replace(case, facts=(*case.facts, event.digest))


def _rest(case: Case, event: RestNoted) -> Case:
    rest = event.rest
    place = (rest.account, rest.currency)
    others = tuple(row for row in case.rests if (row.account, row.currency) != place)
    return replace(case, rests=(*others, rest) if rest.left else others)


def _version(case: Case, event: FactsChanged) -> Case:
    return replace(case, facts_version=event.facts_version)


def _trail(case: Case, event: TrailApplied) -> Case:
    return replace(
        case,
        trail_version=event.facts_version,
        trail_digest=event.digest,
        places=event.places,
        derived=event.derived,
        bridged=event.bridged,
    )


def _noted(case: Case, event: HoldNoted) -> Case:
    known = case.standing(event.account, event.currency)
    before = known.makers if known else ()
    more = tuple(person for person in event.makers if person not in before)
    return _hold(
        case,
        event.account,
        event.currency,
        event.institution,
        institution=event.institution,
        asked=event.asked,
        held=event.held,
        confirmed=event.confirmed,
        stood=event.stood,
        word=event.word,
        basis=event.basis,
        period=event.period,
        stops_spent=event.stops_spent,
        answered_at=event.at,
        makers=(*before, *more),
    )


def _confirmed(case: Case, event: HoldConfirmed) -> Case:
    return _hold(case, event.account, event.currency, "", confirmed=event.confirmed)


def _harm(case: Case, event: HarmNoted) -> Case:
    place = (event.harm.account, event.harm.currency)
    others = tuple(row for row in case.harms if (row.account, row.currency) != place)
    return replace(case, harms=(*others, event.harm))


def _account_kind(case: Case, event: AccountKindNoted) -> Case:
    known = {**dict(case.account_kinds), event.account: event.kind}
    return replace(case, account_kinds=tuple(sorted(known.items())))


def _written(case: Case, event: OrderWritten) -> Case:
    order = event.order
    same = (order.kind, order.key, order.made_by)
    others = tuple(row for row in case.written if (row.kind, row.key, row.made_by) != same)
    return replace(case, written=(*others, order))


def _approved(case: Case, event: OrderAgreed) -> Case:
    return replace(case, approvals=(*case.approvals, event.approval))


def _taken_up(case: Case, event: OrderTakenUp) -> Case:
    written = tuple(row for row in case.written if row.id != event.order)
    case = replace(case, orders=(*case.orders, (event.order, event.digest)), written=written)
    persons = event.persons
    if event.mandate:
        mandate = next(row for row in case.mandates if row.id == event.mandate)
        persons = (*persons, mandate.proposed_by, mandate.agreed_by)
        spent = mandate.spent + max(0, event.change)
        case = replace(case, mandates=_put(case.mandates, _by_id(event.mandate), spent=spent))
    if event.kind is OrderKind.QUERY:
        rests = tuple(
            replace(row, is_asked=row.is_asked or row.account == event.account)
            for row in case.rests
        )
        case = replace(case, rests=rests)
        return replace(case, queried=(*case.queried, event.account))
    known = case.standing(event.account, event.currency)
    makers = known.makers if known else ()
    more = tuple(person for person in dict.fromkeys(persons) if person not in makers)
    return _hold(
        case,
        event.account,
        event.currency,
        event.institution,
        asked=event.amount,
        stood=event.stood,
        makers=(*makers, *more),
        arrived_at=event.arrived_at or (known.arrived_at if known else None),
    )


def _lowered(case: Case, event: StoodLowered) -> Case:
    known = case.standing(event.account, event.currency)
    assert known is not None, "a decision about a hold that never was"
    more = tuple(person for person in event.persons if person not in known.makers)
    if event.cap is not None:
        place = (event.account, event.currency)
        others = tuple(row for row in case.caps if (row.account, row.currency) != place)
        case = replace(case, caps=(*others, Cap(*place, event.cap)))
    return _hold(
        case,
        event.account,
        event.currency,
        "",
        stood=event.stood,
        makers=(*known.makers, *more),
    )


def _cap_lifted(case: Case, event: CapLifted) -> Case:
    place = (event.account, event.currency)
    others = tuple(row for row in case.caps if (row.account, row.currency) != place)
    left = () if event.cap is None else (Cap(*place, event.cap),)
    case = replace(case, caps=(*others, *left))
    known = case.standing(*place)
    assert known is not None, "a cap on a hold that never was"
    more = tuple(person for person in event.persons if person not in known.makers)
    return _hold(case, *place, "", makers=(*known.makers, *more))


def _entitled(case: Case, event: EntitlementsChanged) -> Case:
    rows = {(row.account, row.currency, row.claim): row.amount for row in case.entitlements}
    for row in event.rows:
        rows[row.account, row.currency, row.claim] = row.amount
    kept = tuple(Entitlement(*key, amount) for key, amount in sorted(rows.items()) if amount)
    return replace(case, entitlements=kept)


def _surplus(case: Case, event: SurplusMarked) -> Case:
    return _hold(case, event.account, event.currency, "", surplus_since=event.since)


def _mandate(case: Case, event: MandateProposed) -> Case:
    return replace(case, mandates=(*case.mandates, event.mandate))


def _mandate_settled(case: Case, event: MandateSettled) -> Case:
    mandate = next(row for row in case.mandates if row.id == event.mandate)
    stands = event.state is MandateState.STANDING
    agreed_by = event.by if stands else mandate.agreed_by
    found = _put(case.mandates, _by_id(event.mandate), state=event.state, agreed_by=agreed_by)
    return replace(case, mandates=found)


def _finding(case: Case, event: FindingProposed) -> Case:
    return replace(case, findings=(*case.findings, event.finding))


def _finding_settled(case: Case, event: FindingSettled) -> Case:
    found = _put(case.findings, _by_id(event.finding), state=event.state, decided_by=event.by)
    return replace(case, findings=found)


def _motion(case: Case, event: MotionMade) -> Case:
    return replace(case, motions=(*case.motions, event.motion))


def _motion_settled(case: Case, event: MotionSettled) -> Case:
    found = _put(case.motions, _by_id(event.motion), state=event.state, settled_by=event.by)
    return replace(case, motions=found)


def _places(case: Case, event: PlacesChanged) -> Case:
    return replace(case, places=event.places)


def _swapped(case: Case, event: AccountSwapped) -> Case:
    return replace(case, swaps=(*case.swaps, event.swap), places=event.places)


def _opinion(case: Case, event: OpinionNoted) -> Case:
    noted = (*case.noted, (event.id, opinion_digest(event)))
    return replace(case, noted=noted, opinions=case.opinions + 1)


def _appeal(case: Case, event: AppealFiled) -> Case:
    return replace(case, appeals=(*case.appeals, event.appeal))


def _appeal_settled(case: Case, event: AppealSettled) -> Case:
    found = _put(
        case.appeals,
        _by_id(event.appeal),
        state=event.state,
        decided_by=event.by,
        decided_at=event.at,
        keep=event.keep,
    )
    return replace(case, appeals=found)


def _notice(case: Case, event: NoticeFellDue) -> Case:
    place = (event.notice.account, event.notice.currency)
    others = tuple(row for row in case.notices if (row.account, row.currency) != place)
    return replace(case, notices=(*others, event.notice))


def _notice_moved(case: Case, event: NoticeMoved) -> Case:
    place = (event.account, event.currency)
    known = next(row for row in case.notices if (row.account, row.currency) == place)
    names = ("state", "due_at", "documents", "phone", "reason")
    said = {name: getattr(event, name) for name in names}
    fresh = replace(known, **said, first_due_at=known.first_due_as(event.state))
    return replace(case, notices=tuple(fresh if row is known else row for row in case.notices))


def _task(case: Case, event: TaskOpened) -> Case:
    return replace(case, tasks=(*case.tasks, event.task))


def _task_moved(case: Case, event: TaskMoved) -> Case:
    task = next(row for row in case.tasks if row.id == event.task)
    answers = (*task.answers, event.answer) if event.answer else task.answers
    found = _put(case.tasks, _by_id(event.task), state=event.state, answers=answers)
    return replace(case, tasks=found)


def _joined(case: Case, event: CaseJoined) -> Case:
    return replace(case, joined=(*case.joined, event.other))


def _offered(case: Case, event: HandoverOffered) -> Case:
    return replace(case, handovers=(*case.handovers, event.handover))


def _handed(case: Case, event: HandoverSettled) -> Case:
    rows = _put(
        case.handovers,
        _by_id(event.handover),
        state=event.state,
        settled_by=event.by,
        why=event.why,
    )
    case = replace(case, handovers=rows)
    if event.state is not HandoverState.ACCEPTED:
        return case
    # The new unit answers for what is open; whoever was asked before is asked no longer.
    escalations = tuple(
        replace(row, unit=event.unit, person="") if row.state is EscalationState.OPEN else row
        for row in case.escalations
    )
    return replace(case, unit=event.unit, approvals=(), escalations=escalations)


def _escalated(case: Case, event: EscalationRaised) -> Case:
    return replace(case, escalations=(*case.escalations, event.escalation))


def _escalation_moved(case: Case, event: EscalationMoved) -> Case:
    rows = _put(
        case.escalations,
        _by_id(event.escalation),
        state=event.state,
        settled_by=event.by,
        outcome=event.outcome,
    )
    return replace(case, escalations=rows)


def _clock_set(case: Case, event: ClockSet) -> Case:
    new = event.clock
    left = (row for row in case.clocks if (row.kind, row.about) != (new.kind, new.about))
    return replace(case, clocks=(*left, new))


_STEPS: dict[type, Callable[[Case, Any], Case]] = {
    CaseOpened: _opened,
    ReportTaken: _report,
    ClaimMade: _claim,
    SignsNoted: _signs,
    ClaimAgreed: _agreed,
    ClaimSettled: _settled,
    ClaimRepaid: _repaid,
    FactsAdded: _facts,
    RestNoted: _rest,
    FactsChanged: _version,
    TrailApplied: _trail,
    HoldNoted: _noted,
    HoldConfirmed: _confirmed,
    HarmNoted: _harm,
    AccountKindNoted: _account_kind,
    OrderWritten: _written,
    OrderAgreed: _approved,
    OrderTakenUp: _taken_up,
    StoodLowered: _lowered,
    CapLifted: _cap_lifted,
    EntitlementsChanged: _entitled,
    SurplusMarked: _surplus,
    MandateProposed: _mandate,
    MandateSettled: _mandate_settled,
    FindingProposed: _finding,
    FindingSettled: _finding_settled,
    MotionMade: _motion,
    MotionSettled: _motion_settled,
    ClockSet: _clock_set,
    PlacesChanged: _places,
    AccountSwapped: _swapped,
    OpinionNoted: _opinion,
    AppealFiled: _appeal,
    AppealSettled: _appeal_settled,
    NoticeFellDue: _notice,
    NoticeMoved: _notice_moved,
    TaskOpened: _task,
    TaskMoved: _task_moved,
    CaseJoined: _joined,
    HandoverOffered: _offered,
    HandoverSettled: _handed,
    EscalationRaised: _escalated,
    EscalationMoved: _escalation_moved,
}
