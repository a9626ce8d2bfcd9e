"""Rules about payments: from the notice to the bank to the receipt, and what becomes of a payment that fails. Pure.

A payment's id follows from its return, round and number, and that of its order from the payment: whoever writes it again
writes the same. What a bank says is never refused because it does not suit: money is where it is, and a receipt
that differs is kept as an incident, not as a success.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from recoup import limits
from recoup.procedure.commands import (
    AgreeToPayee,
    GivePaymentUp,
    NotifyBank,
    Outcome,
    PassPayLimit,
    PaymentCommand,
    ProposePayee,
    RecordAcceptance,
    RecordBounce,
    RecordDemand,
    RecordPaid,
    RecordRefusal,
    SettleIncident,
)
from recoup.procedure.events import (
    BankNotified,
    Event,
    IncidentSettled,
    PayeeProposed,
    PaymentGivenUp,
    PaymentMoved,
    PaymentOverdue,
    PaymentReplaced,
)
from recoup.procedure.evolve import fold
from recoup.procedure.facts import Facts
from recoup.procedure.fitting import unfit_claim, unfit_payee, unfit_place
from recoup.procedure.refusals import Reason, Refusal
from recoup.procedure.state import (
    IN_FLIGHT,
    PAYMENT_MOVES,
    PAYMENT_REFUSALS,
    PaymentState,
    PaymentTrigger,
)
from recoup.procedure.terms import ReturnTerms
from recoup.procedure.values import (
    OWN_MARK,
    Fact,
    PayBack,
    Payee,
    Payment,
    Return,
    order_id_of,
)

Events = tuple[Event, ...]


def decide_payment(
    found: Return, command: PaymentCommand, facts: Facts, now: datetime, terms: ReturnTerms
) -> Events | Refusal:
    """Return what happens to payments: events, none for a repeat, or a refusal."""
    match command:
        case NotifyBank():
            return _notify(found, command, facts, now, terms)
        case PassPayLimit():
            return _pass(found, command, now)
        case SettleIncident() | ProposePayee() | AgreeToPayee() | GivePaymentUp():
            payment = found.payment(command.payment)
            if payment is None:
                return Refusal(Reason.PAYMENT_UNKNOWN, command.payment)
            return _by_person(found, payment, command, facts, now, terms)
        case _:
            return _outcome(found, command, now)


def _next(payment: Payment, trigger: PaymentTrigger) -> PaymentState | Refusal:
    pair = (payment.state, trigger)
    if pair in PAYMENT_MOVES:
        return PAYMENT_MOVES[pair]
    return Refusal(PAYMENT_REFUSALS[pair], f"{payment.id} is {payment.state}")


# --- the notice to the bank ---


def _notify(
    found: Return, command: NotifyBank, facts: Facts, now: datetime, terms: ReturnTerms
) -> Events | Refusal:
    """Tell one bank of payments, all of them or none."""
    officers = command.officers
    if len(set(officers)) != len(officers) or len(officers) < terms.officers or "" in officers:
        return Refusal(Reason.OFFICERS_TOO_FEW, f"expected {terms.officers}, each named once")
    due_at = terms.pay_due(now)
    if due_at is None:
        return Refusal(Reason.CALENDAR_ENDS, f"calendar {terms.calendar.id}")
    told: list[Event] = []
    for payment_id in command.payments:
        payment = found.payment(payment_id)
        if payment is None or payment_id in command.payments[: len(told)]:
            return Refusal(Reason.PAYMENT_UNKNOWN, payment_id)
        refusal = _unfit(found, payment, facts, now, due_at)
        if refusal is not None:
            return refusal
        order = PayBack(
            order_id_of(payment, payment.attempt + 1),
            payment.place,
            payment.institution,
            payment.outstanding,
            payment.payee,
            payment.key,
            f"{found.id}{OWN_MARK}{payment.round}",
            officers,
            due_at,
        )
        event = BankNotified(found.id, payment_id, order, command.by, now)
        told.append(event)
        found = fold(
            found, (event,)
        )  # the next payment of the same claim finds this one on its way
    return tuple(told) or Refusal(Reason.PAYMENT_UNKNOWN)


def _unfit(
    found: Return, payment: Payment, facts: Facts, now: datetime, due_at: datetime
) -> Refusal | None:
    """Say why a bank is not told of a payment now: what held at the decision may hold no longer."""
    if found.custody_at(payment.place) is not None:
        return Refusal(Reason.IN_CUSTODY, payment.id)
    after = _next(payment, PaymentTrigger.NOTIFY)
    if isinstance(after, Refusal):
        return after
    if paid := paid_already(found, payment):
        return Refusal(Reason.INCIDENT_OPEN, paid)
    refusal = unfit_claim(payment.key, facts) or unfit_place(found, payment.place, {}, facts, now)
    if refusal is not None:
        return refusal
    left = still_missed(found, payment, facts)
    if payment.outstanding > left:  # others gave the victim something since
        return Refusal(Reason.AMOUNT_EXCEEDS_MISSING, f"{payment.key.claim}: at most {left}")
    if facts.holds[payment.place].ends_at < due_at:
        return Refusal(Reason.FREEZE_ENDS_FIRST, payment.place.account)
    return None


def still_missed(found: Return, payment: Payment, facts: Facts) -> int:
    """Return what the claim of a payment misses beside what it got, and what other payments are about to give it."""
    told = sum(
        row.outstanding
        for row in found.payments
        if row.key == payment.key
        and row.id != payment.id
        and row.state in IN_FLIGHT
        and found.custody_at(row.place) is None
    )
    key = payment.key
    return facts.claims[key].missing - found.paid_of(key) - told - found.handed_to(key)


def paid_already(found: Return, payment: Payment) -> str:
    """Return a payment of the same claim that is not clear, or one before this that a bank made after all; '' if none."""
    for row in found.payments:
        if row.key == payment.key and row.has_incident:
            return row.id
    while before := found.payment(payment.replaces):
        if before.excess:
            return before.id
        payment = before
    return ""


def _pass(found: Return, command: PassPayLimit, now: datetime) -> Events | Refusal:
    payment = found.payment_of(command.order_id)
    if payment is None:
        return Refusal(Reason.PAYMENT_UNKNOWN, command.order_id)
    if found.custody_at(payment.place) is not None:
        return Refusal(Reason.IN_CUSTODY, payment.id)
    if payment.state not in IN_FLIGHT or payment.order_id != command.order_id:
        return Refusal(Reason.PAYMENT_ENDED, f"{payment.id} is {payment.state}")
    assert payment.due_at is not None, "it was told with a term"
    if now < payment.due_at:
        return Refusal(Reason.TERM_RUNS, f"it ends at {payment.due_at.isoformat()}")
    return () if payment.is_overdue else (PaymentOverdue(found.id, payment.id),)


# --- what the bank says ---


def _outcome(found: Return, command: Outcome, now: datetime) -> Events | Refusal:
    payment = found.payment_of(command.order_id)
    if payment is None:
        return Refusal(Reason.PAYMENT_UNKNOWN, command.order_id)
    if found.custody_at(payment.place) is not None:  # no bank has it
        return Refusal(Reason.IN_CUSTODY, payment.id)
    fact = _fact(command, now)
    known = next((row for row in payment.facts if row.id == fact.id), None)
    if known is not None:
        is_same = (known.what, known.amount, known.code) == (fact.what, fact.amount, fact.code)
        return () if is_same else Refusal(Reason.RETURN_ID_TAKEN, fact.id)
    if len(payment.facts) >= limits.RETURN_FACTS_MAX:
        return Refusal(Reason.TOO_MANY, payment.id)
    if isinstance(command, RecordPaid | RecordBounce):
        if command.amount <= 0:
            return Refusal(Reason.AMOUNT_NOT_POSITIVE, fact.id)
    elif command.order_id != payment.order_id:
        # An order that the bank was told of again since: what it thinks of the old one moves nothing.
        return Refusal(Reason.NOTIFIED_ALREADY, payment.order_id)
    trigger, paid = _trigger(payment, command)
    after = _next(payment, trigger)
    if isinstance(after, Refusal):
        return after
    return (PaymentMoved(found.id, payment.id, fact, after, paid),)


def _fact(command: Outcome, now: datetime) -> Fact:
    match command:
        case RecordAcceptance(order_id=order_id):
            return Fact(f"{order_id} accepted", "accepted", 0, now)
        case RecordDemand(fact=fact, code=code):
            return Fact(fact, "demand", 0, now, code)
        case RecordRefusal(fact=fact, code=code):
            return Fact(fact, "refused", 0, now, code)
        case RecordPaid(receipt=receipt, amount=amount, at=at, reference=reference):
            return Fact(receipt, "paid", amount, at, reference=reference)
        case RecordBounce(fact=fact, amount=amount, code=code):
            return Fact(fact, "bounced", amount, now, code)


def _trigger(payment: Payment, command: Outcome) -> tuple[PaymentTrigger, int]:
    """Return what the bank's word is to the table, and what it paid in all with it."""
    due = payment.amount - payment.carried
    match command:
        case RecordAcceptance():
            return PaymentTrigger.ACCEPT, payment.paid
        case RecordDemand():
            return PaymentTrigger.DEMAND, payment.paid
        case RecordRefusal():
            return PaymentTrigger.REFUSE, payment.paid
        case RecordPaid(amount=amount):
            paid = payment.paid + amount
            return PaymentTrigger.RECEIPT if paid == due else PaymentTrigger.RECEIPT_OFF, paid
        case RecordBounce(amount=amount):
            paid = max(0, payment.paid - amount)
            if paid == due > 0:
                return PaymentTrigger.RECEIPT, paid  # what was paid too much came back
            return PaymentTrigger.BOUNCE_PART if paid else PaymentTrigger.BOUNCE, paid


# --- what persons decide after that ---


def _by_person(
    found: Return,
    payment: Payment,
    command: SettleIncident | ProposePayee | AgreeToPayee | GivePaymentUp,
    facts: Facts,
    now: datetime,
    terms: ReturnTerms,
) -> Events | Refusal:
    match command:
        case SettleIncident(by=by, reason=reason):
            if not payment.has_incident:
                return Refusal(Reason.NO_INCIDENT, payment.id)
            if not reason:
                return Refusal(Reason.REASON_MISSING, payment.id)
            return (IncidentSettled(found.id, payment.id, by, reason),)
        case ProposePayee(payee=payee, by=by):
            if (payment.proposed, payment.proposed_by) == (payee, by):
                return ()
            refusal = _not_to_replace(found, payment, payee, facts)
            return refusal or (PayeeProposed(found.id, payment.id, payee, by),)
        case AgreeToPayee():
            return _replace(found, payment, command, facts)
        case GivePaymentUp(by=by, reason=reason):
            return _give_up(found, payment, by, reason, now, terms)


def _not_to_replace(found: Return, payment: Payment, payee: Payee, facts: Facts) -> Refusal | None:
    """Say why what is open of a payment is not paid to this account."""
    after = _next(payment, PaymentTrigger.REPLACE)
    if isinstance(after, Refusal):
        return after
    if payment.has_incident:
        return Refusal(Reason.INCIDENT_OPEN, payment.id)
    if not payment.outstanding:
        return Refusal(Reason.NOTHING_OPEN, payment.id)
    refusal = unfit_claim(payment.key, facts)
    if refusal is not None:
        return refusal
    application = found.rounds[payment.round - 1].application_of(payment.key)
    assert application is not None, "what is paid was applied for"
    return unfit_payee(payee, application.capacity, payment.key, facts)


def _replace(
    found: Return, payment: Payment, command: AgreeToPayee, facts: Facts
) -> Events | Refusal:
    if payment.proposed is None:
        return Refusal(Reason.PAYEE_NOT_PROPOSED, payment.id)
    if payment.proposed != command.payee:
        return Refusal(Reason.PLAN_STALE, payment.id)
    if payment.proposed_by == command.by:
        return Refusal(Reason.MAKER_DECIDES, command.by)
    refusal = _not_to_replace(found, payment, command.payee, facts)
    if refusal is not None:
        return refusal
    fresh = Payment(
        f"{found.id}{OWN_MARK}{payment.round}.{len(found.payments) + 1}",
        payment.round,
        payment.key,
        payment.place,
        payment.outstanding,
        command.payee,
        payment.institution,
        replaces=payment.id,
    )
    carried = payment.carried + payment.outstanding
    return (PaymentReplaced(found.id, payment.id, carried, fresh, command.by),)


def _give_up(
    found: Return, payment: Payment, by: str, reason: str, now: datetime, terms: ReturnTerms
) -> Events | Refusal:
    after = _next(payment, PaymentTrigger.WITHDRAW)
    if isinstance(after, Refusal):
        return after
    if not reason:
        return Refusal(Reason.REASON_MISSING, payment.id)
    waited_for = timedelta(days=terms.unclaimed_days)
    if payment.ended_at is not None and now < payment.ended_at + waited_for:
        return Refusal(Reason.UNCLAIMED_TERM_RUNS, payment.id)
    return (PaymentGivenUp(found.id, payment.id, by, reason),)
