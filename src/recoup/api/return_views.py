"""How a return is shown: the values of its procedure as bodies. Shows no name and no account number."""

from __future__ import annotations

from datetime import datetime

from recoup.api import return_bodies as bodies
from recoup.clock import instant_text
from recoup.money import ISO_DIGITS, format_minor
from recoup.procedure import (
    Accrued,
    Application,
    Award,
    Objection,
    Payee,
    Payment,
    Plan,
    PriorRight,
    Return,
    Round,
    RoundState,
    Seized,
    digest_of_seized,
    sums_of,
)
from recoup.procedure.state import IN_FLIGHT
from recoup.procedure.values import OWN_MARK


def payment_name(payment_id: str) -> str:
    """Return a payment's id as it stands in a path: as its orders have it, without the centre's own mark."""
    return payment_id.replace(OWN_MARK, "-")


def return_view(found: Return, number: int) -> bodies.ReturnView:
    """Return a return with one of its rounds in full."""
    shown = found.rounds[number - 1]
    return bodies.ReturnView(
        id=found.id,
        cases=list(found.cases),
        rounds=len(found.rounds),
        round=_round(shown),
        payments=[_payment(row) for row in found.payments if row.round == number],
        sums=_sums(found),
        seized=[_seized(found, row) for row in found.seized],
        prior_rights=[_prior_right(row) for row in found.rights],
        interest=[_interest(row) for row in found.accrued],
        due=_due(found),
    )


def _round(row: Round) -> bodies.RoundView:
    return bodies.RoundView(
        number=row.number,
        state=row.state.value,
        opened_by=row.opened_by,
        applications=[_application(x) for x in row.applications],
        plan=_plan(row.plan) if row.plan else None,
        approvers=list(row.approvers),
        notices=[
            bodies.NoticeOfPlanView(
                published_at=instant_text(x.published_at),
                ends_at=instant_text(x.ends_at),
                by=x.by,
                plan=x.plan,
                is_over=x.is_over,
            )
            for x in row.notices
        ],
        objections=[_objection(x) for x in row.objections],
        decided_by=row.decided_by or None,
        decided_at=_at(row.decided_at),
        reason=row.reason or None,
    )


def _application(row: Application) -> bodies.ApplicationView:
    return bodies.ApplicationView(
        id=row.id,
        case=row.key.case,
        claim=row.key.claim,
        capacity=row.capacity.value,
        applicant=row.applicant,
        payee=_payee(row.payee),
        proof=row.proof.value,
        proof_digest=row.proof_digest or None,
        taken_by=row.taken_by,
        checked_by=row.checked_by or None,
        is_withdrawn=row.is_withdrawn,
    )


def _plan(plan: Plan) -> bodies.PlanView:
    return bodies.PlanView(
        digest=plan.digest,
        inputs=plan.inputs,
        outputs=plan.outputs,
        policy=plan.policy,
        made_by=plan.made_by,
        is_pro_rata=plan.is_pro_rata,
        awards=[_award(row) for row in plan.awards],
    )


def _award(row: Award) -> bodies.AwardView:
    return bodies.AwardView(
        case=row.key.case,
        claim=row.key.claim,
        held_for=row.place.case,
        account=row.place.account,
        currency=row.place.currency,
        mode=row.mode,
        amount=_money(row.amount, row.place.currency),
        payee=_payee(row.payee),
    )


def _payee(payee: Payee) -> bodies.PayeeView:
    return bodies.PayeeView(
        kind=payee.kind.value,
        account=payee.account,
        institution=payee.institution,
        reason=payee.reason or None,
    )


def _objection(row: Objection) -> bodies.ObjectionView:
    return bodies.ObjectionView(
        id=row.id,
        by=row.by,
        about=row.about,
        taken_by=row.taken_by,
        plan=row.plan,
        state=row.state.value,
        decided_by=row.decided_by or None,
        reason=row.reason or None,
    )


def _payment(row: Payment) -> bodies.PaymentView:
    currency = row.place.currency
    return bodies.PaymentView(
        id=payment_name(row.id),
        round=row.round,
        case=row.key.case,
        claim=row.key.claim,
        held_for=row.place.case,
        account=row.place.account,
        currency=currency,
        amount=_money(row.amount, currency),
        paid=_money(row.paid, currency),
        outstanding=_money(row.outstanding, currency),
        institution=row.institution,
        payee=_payee(row.payee),
        state=row.state.value,
        order=row.order_id if row.attempt else None,
        officers=list(row.officers),
        due_at=_at(row.due_at),
        is_overdue=row.is_overdue,
        has_incident=row.has_incident,
        replaces=payment_name(row.replaces) or None,
        proposed=_payee(row.proposed) if row.proposed else None,
        proposed_by=row.proposed_by or None,
        facts=[
            bodies.PaymentFactView(
                what=fact.what,
                amount=_money(fact.amount, currency),
                at=instant_text(fact.at),
                code=fact.code or None,
            )
            for fact in row.facts
        ],
    )


def _sums(found: Return) -> list[bodies.SumsView]:
    """Return the sums of each currency by itself."""
    views = []
    for currency in sorted({row.place.currency for row in found.payments}):
        sums = sums_of(found, currency)
        views.append(
            bodies.SumsView(
                currency=currency,
                awarded=_money(sums.awarded, currency),
                paid=_money(sums.paid, currency),
                in_flight=_money(sums.in_flight, currency),
                bounced=_money(sums.bounced, currency),
                unpaid=_money(sums.unpaid, currency),
                given_up=_money(sums.given_up, currency),
                excess=_money(sums.excess, currency),
            )
        )
    return views


def _seized(found: Return, row: Seized) -> bodies.SeizedView:
    return bodies.SeizedView(
        id=row.id,
        digest=digest_of_seized(row),
        case=row.case,
        kind=row.kind.value,
        currency=row.currency,
        amount=_money(row.amount, row.currency),
        interest=_money(row.interest, row.currency),
        set_aside=_money(found.set_aside_at(row.place), row.currency),
        paid=_money(found.paid_at(row.place), row.currency),
        paper_digest=row.paper,
        noted_by=row.noted_by,
        agreed_by=row.agreed_by or None,
        ended_by=row.ended_by or None,
        reason=row.reason or None,
    )


def _prior_right(row: PriorRight) -> bodies.PriorRightView:
    return bodies.PriorRightView(
        id=row.id,
        case=row.place.case,
        account=row.place.account,
        currency=row.place.currency,
        kind=row.kind.value,
        amount=_money(row.amount, row.place.currency),
        holder=row.holder,
        paper_digest=row.paper,
        noted_by=row.noted_by,
        ended_by=row.ended_by or None,
        reason=row.reason or None,
    )


def _interest(row: Accrued) -> bodies.InterestView:
    return bodies.InterestView(
        case=row.place.case,
        account=row.place.account,
        currency=row.place.currency,
        amount=_money(row.amount, row.place.currency),
        noted_by=row.noted_by,
    )


def _due(found: Return) -> list[bodies.DueView]:
    """Return the ends that are still to come, the first one first."""
    ends = [
        (row.due_at, "payment", payment_name(row.id))
        for row in found.payments
        if row.state in IN_FLIGHT and row.due_at and not row.is_overdue
    ]
    if found.round.state is RoundState.PUBLISHED:
        ends.append((found.round.notices[-1].ends_at, "notice", str(found.round.number)))
    return [
        bodies.DueView(what=what, about=of, at=instant_text(at)) for at, what, of in sorted(ends)
    ]


def _money(minor: int, currency: str) -> str:
    return format_minor(minor, ISO_DIGITS.of(currency))


def _at(at: datetime | None) -> str | None:
    return None if at is None else instant_text(at)


__all__ = ["payment_name", "return_view"]
