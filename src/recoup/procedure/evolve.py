"""Folds events into a return. It holds no rule and cannot refuse: what an event says is so."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from recoup.procedure.events import (
    ApplicationTaken,
    ApplicationTakenBack,
    BankNotified,
    Event,
    HandedOver,
    IncidentSettled,
    InterestNoted,
    NoticePassed,
    NoticePublished,
    ObjectionSettled,
    ObjectionTaken,
    PayeeProposed,
    PaymentGivenUp,
    PaymentMoved,
    PaymentOverdue,
    PaymentReplaced,
    PlanApproved,
    PlanBound,
    PlanSentBack,
    PriorRightEnded,
    PriorRightNoted,
    ProofChecked,
    RoundDecided,
    RoundEnded,
    RoundOpened,
    SeizedAgreed,
    SeizedEnded,
    SeizedNoted,
)
from recoup.procedure.state import (
    OBJECTION_MOVES,
    PAYMENT_MOVES,
    PLANNED,
    ObjectionState,
    ObjectionTrigger,
    PaymentState,
    PaymentTrigger,
)
from recoup.procedure.values import Application, Objection, Payment, Return, Round

_UNPAID = frozenset({PaymentState.BOUNCED, PaymentState.REFUSED})
PaymentEvent = (
    BankNotified
    | PaymentMoved
    | PaymentOverdue
    | IncidentSettled
    | PayeeProposed
    | PaymentReplaced
    | PaymentGivenUp
    | HandedOver
)


def evolve(found: Return, event: Event) -> Return:
    """Return the return after `event`."""
    match event:
        case RoundOpened(return_id, number, cases, by):
            rounds = (*found.rounds, Round(number, by))
            return replace(found, id=return_id, cases=cases, rounds=rounds)
        case PaymentReplaced(_, payment_id, _, fresh, _):
            after = found.with_payment(_payment_after(_paid(found, payment_id), event))
            return replace(after, payments=(*after.payments, fresh))
        case (
            BankNotified()
            | PaymentMoved()
            | PaymentOverdue()
            | IncidentSettled()
            | PayeeProposed()
            | PaymentGivenUp()
        ):
            return found.with_payment(_payment_after(_paid(found, event.payment), event))
        case HandedOver(_, payment_id):
            return found.with_payment(_payment_after(_paid(found, payment_id), event))
        case (
            SeizedNoted()
            | SeizedAgreed()
            | SeizedEnded()
            | PriorRightNoted()
            | PriorRightEnded()
            | InterestNoted()
        ):
            return _with_custody(found, event)
        case RoundDecided(_, payments, _, _, _):
            after = found.with_round(_round_after(found.round, event))
            return replace(after, payments=(*after.payments, *payments))
        case _:
            return found.with_round(_round_after(found.round, event))


def fold(found: Return, events: Iterable[Event]) -> Return:
    """Return the return after all `events` in their order."""
    for event in events:
        found = evolve(found, event)
    return found


def _paid(found: Return, payment_id: str) -> Payment:
    payment = found.payment(payment_id)
    assert payment is not None, "an event about a payment that was never decided"
    return payment


def _with_custody(
    found: Return,
    event: SeizedNoted
    | SeizedAgreed
    | SeizedEnded
    | PriorRightNoted
    | PriorRightEnded
    | InterestNoted,
) -> Return:
    """Return a return after an event about seized money, a prior right or interest."""
    match event:
        case SeizedNoted(_, seized):
            return replace(found, seized=(*found.seized, seized))
        case SeizedAgreed(_, seized_id, by):
            rows = (replace(x, agreed_by=by) if x.id == seized_id else x for x in found.seized)
            return replace(found, seized=tuple(rows))
        case SeizedEnded(_, seized_id, by, reason):
            rows = (
                replace(x, ended_by=by, reason=reason) if x.id == seized_id else x
                for x in found.seized
            )
            return replace(found, seized=tuple(rows))
        case PriorRightNoted(_, right):
            return replace(found, rights=(*found.rights, right))
        case PriorRightEnded(_, right_id, by, reason):
            rights = (
                replace(x, ended_by=by, reason=reason) if x.id == right_id else x
                for x in found.rights
            )
            return replace(found, rights=tuple(rights))
        case InterestNoted(_, accrued):
            others = (row for row in found.accrued if row.place != accrued.place)
            return replace(found, accrued=(*others, accrued))


def _round_after(
    found: Round,
    event: ApplicationTaken
    | ProofChecked
    | ApplicationTakenBack
    | PlanBound
    | PlanApproved
    | PlanSentBack
    | NoticePublished
    | ObjectionTaken
    | ObjectionSettled
    | NoticePassed
    | RoundDecided
    | RoundEnded,
) -> Round:
    """Return a round after an event about it; a plan that no longer stands is gone with its approvals."""
    match event:
        case ApplicationTaken(_, application, _):
            found = replace(found, applications=(*found.applications, application))
        case ProofChecked(_, application_id, by):
            return _with_application(found, application_id, by, is_withdrawn=False)
        case ApplicationTakenBack(_, application_id, _, _, _):
            found = _with_application(found, application_id, "", is_withdrawn=True)
        case PlanBound(_, plan, _):
            found = replace(found, plan=plan, approvers=())
        case PlanApproved(_, by, _, _):
            found = replace(found, approvers=(*found.approvers, by))
        case NoticePublished(_, notice, _):
            found = replace(found, notices=(*found.notices, notice))
        case NoticePassed():
            last = replace(found.notices[-1], is_over=True)
            found = replace(found, notices=(*found.notices[:-1], last))
        case ObjectionTaken(_, objection, _):
            found = replace(found, objections=(*found.objections, objection))
        case ObjectionSettled():
            rows = tuple(_objection_after(row, event) for row in found.objections)
            found = replace(found, objections=rows)
        case RoundDecided(_, _, by, at, _):
            found = replace(found, decided_by=by, decided_at=at)
        case PlanSentBack(_, _, reason, _) | RoundEnded(_, _, reason, _):
            found = replace(found, reason=reason)
    found = replace(found, state=event.state)
    if found.state in PLANNED:
        return found
    rows = tuple(_moot(row) for row in found.objections)
    return replace(found, plan=None, approvers=(), objections=rows)


def _with_application(
    found: Round, application_id: str, checked_by: str, *, is_withdrawn: bool
) -> Round:
    def changed(row: Application) -> Application:
        if row.id != application_id:
            return row
        return replace(row, checked_by=checked_by or row.checked_by, is_withdrawn=is_withdrawn)

    return replace(found, applications=tuple(map(changed, found.applications)))


def _objection_after(row: Objection, event: ObjectionSettled) -> Objection:
    if row.id != event.objection:
        return row
    return replace(row, state=event.outcome, decided_by=event.by, reason=event.reason)


def _moot(row: Objection) -> Objection:
    """Return an objection after its plan fell."""
    if row.state is not ObjectionState.OPEN:
        return row
    return replace(row, state=OBJECTION_MOVES[row.state, ObjectionTrigger.LAPSE])


def _payment_after(payment: Payment, event: PaymentEvent) -> Payment:
    match event:
        case BankNotified(_, _, pay_back, _, _):
            return replace(
                payment,
                state=PAYMENT_MOVES[payment.state, PaymentTrigger.NOTIFY],
                attempt=payment.attempt + 1,
                officers=pay_back.officers,
                due_at=pay_back.due_at,
                is_overdue=False,
            )
        case HandedOver(_, _, fact, by):
            return replace(
                payment,
                state=PAYMENT_MOVES[payment.state, PaymentTrigger.NOTIFY],
                attempt=payment.attempt + 1,
                officers=(by,),
                facts=(*payment.facts, fact),
            )
        case PaymentMoved(_, _, fact, state, paid):
            return replace(
                payment,
                state=state,
                paid=paid,
                facts=(*payment.facts, fact),
                has_incident=state is PaymentState.DIFFERS,
                is_overdue=payment.is_overdue and state is PaymentState.ACCEPTED,
                ended_at=fact.at if state in _UNPAID else None,
            )
        case PaymentOverdue():
            return replace(payment, is_overdue=True)
        case IncidentSettled():
            return replace(payment, has_incident=False)
        case PayeeProposed(_, _, payee, by):
            return replace(payment, proposed=payee, proposed_by=by)
        case PaymentReplaced(_, _, carried, _, _):
            state = PAYMENT_MOVES[payment.state, PaymentTrigger.REPLACE]
            return replace(payment, state=state, carried=carried, proposed=None, proposed_by="")
        case PaymentGivenUp():
            return replace(payment, state=PAYMENT_MOVES[payment.state, PaymentTrigger.WITHDRAW])
