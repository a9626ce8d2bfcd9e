"""Rules about seized money, prior rights and interest, and how seized money reaches its victim by hand. Pure.

1. What adds to what is shared needs two persons: one notes seized money, another saw that it is there; a prior right is ended
   by another person than who noted it. What takes away from it (a prior right) counts from the moment one person notes it.
2. Seized money ends only when nothing of it is set aside; what was paid out of it stays counted.
3. One person hands a payment over, another confirms the receipt: no bank speaks of it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

from recoup import limits
from recoup.limits import POCKET_MINOR_MAX
from recoup.orders.hold import HoldKey
from recoup.procedure.commands import (
    AgreeToSeized,
    ConfirmHandover,
    CustodyCommand,
    EndPriorRight,
    EndSeized,
    HandOver,
    NoteInterest,
    NotePriorRight,
    NoteSeized,
    TakeHandoverBack,
)
from recoup.procedure.custody import Accrued, PriorRight, Seized
from recoup.procedure.events import (
    Event,
    HandedOver,
    InterestNoted,
    PaymentMoved,
    PriorRightEnded,
    PriorRightNoted,
    SeizedAgreed,
    SeizedEnded,
    SeizedNoted,
)
from recoup.procedure.facts import Facts
from recoup.procedure.fitting import unfit_claim, unfit_place
from recoup.procedure.paying import paid_already, still_missed
from recoup.procedure.refusals import Reason, Refusal
from recoup.procedure.state import PAYMENT_MOVES, PAYMENT_REFUSALS, PaymentState, PaymentTrigger
from recoup.procedure.values import Fact, Payment, Return, digest_of, order_id_of

Events = tuple[Event, ...]
_HANDED: Final = "handed_over"


def decide_custody(
    found: Return, command: CustodyCommand, facts: Facts, now: datetime
) -> Events | Refusal:
    """Return what happens to seized money, prior rights and what is handed over: events, or a refusal."""
    match command:
        case NoteSeized():
            return _note(found, command.seized, facts)
        case AgreeToSeized():
            return _agree(found, command)
        case EndSeized():
            return _end(found, command)
        case NotePriorRight():
            return _note_right(found, command.right, facts)
        case EndPriorRight():
            return _end_right(found, command)
        case NoteInterest():
            return _note_interest(found, command, facts)
        case HandOver() | ConfirmHandover() | TakeHandoverBack():
            return _by_hand(found, command, facts, now)


def digest_of_seized(seized: Seized) -> str:
    """Return what the second person agrees to."""
    return digest_of("seized", replace(seized, agreed_by="", ended_by="", reason=""))


def _unfit_amount(amount: int, about: str, least: int = 1) -> Refusal | None:
    if least <= amount <= POCKET_MINOR_MAX:
        return None
    return Refusal(Reason.AMOUNT_NOT_POSITIVE, about)


def _note(found: Return, wanted: Seized, facts: Facts) -> Events | Refusal:
    known = found.seized_of(wanted.id)
    if known is not None:
        as_noted = replace(known, agreed_by="", ended_by="", reason="")
        return () if as_noted == wanted else Refusal(Reason.RETURN_ID_TAKEN, wanted.id)
    if len(found.seized) >= limits.RETURN_SEIZED_MAX:
        return Refusal(Reason.TOO_MANY, f"expected at most {limits.RETURN_SEIZED_MAX}")
    if wanted.case not in found.cases:
        return Refusal(Reason.PLACE_UNKNOWN, wanted.case)
    if any(place in facts.holds for place in found.pot_of(wanted.place)):
        # Under an account's name it would be a part of that account's pot.
        return Refusal(Reason.RETURN_ID_TAKEN, wanted.id)
    if not wanted.paper:
        return Refusal(Reason.PROOF_MISSING, wanted.id)
    refusal = _unfit_amount(wanted.amount, wanted.id) or _unfit_amount(
        wanted.interest, wanted.id, 0
    )
    if refusal is not None:
        return refusal
    return (SeizedNoted(found.id, replace(wanted, agreed_by="", ended_by="", reason="")),)


def _agree(found: Return, command: AgreeToSeized) -> Events | Refusal:
    known = found.seized_of(command.seized)
    if known is None or known.ended_by:
        return Refusal(Reason.SEIZED_UNKNOWN, command.seized)
    if command.digest != digest_of_seized(known):
        return Refusal(Reason.PLAN_STALE, known.id)
    if known.agreed_by:
        return () if known.agreed_by == command.by else Refusal(Reason.APPROVED_ALREADY, known.id)
    if command.by == known.noted_by:
        return Refusal(Reason.MAKER_DECIDES, command.by)
    return (SeizedAgreed(found.id, known.id, command.by),)


def _end(found: Return, command: EndSeized) -> Events | Refusal:
    known = found.seized_of(command.seized)
    if known is None:
        return Refusal(Reason.SEIZED_UNKNOWN, command.seized)
    if known.ended_by:
        return ()
    if not command.reason:
        return Refusal(Reason.REASON_MISSING, known.id)
    if command.by == known.noted_by:
        return Refusal(Reason.MAKER_DECIDES, command.by)
    if found.set_aside_at(known.place):
        return Refusal(Reason.SET_ASIDE, known.id)
    return (SeizedEnded(found.id, known.id, command.by, command.reason),)


def _note_right(found: Return, wanted: PriorRight, facts: Facts) -> Events | Refusal:
    known = next((row for row in found.rights if row.id == wanted.id), None)
    if known is not None:
        as_noted = replace(known, ended_by="", reason="")
        return () if as_noted == wanted else Refusal(Reason.RETURN_ID_TAKEN, wanted.id)
    if len(found.rights) >= limits.RETURN_RIGHTS_MAX:
        return Refusal(Reason.TOO_MANY, f"expected at most {limits.RETURN_RIGHTS_MAX}")
    if not _is_place(found, wanted.place, facts):
        return Refusal(Reason.PLACE_UNKNOWN, wanted.place.account)
    if not wanted.paper or not wanted.holder:
        return Refusal(Reason.PROOF_MISSING, wanted.id)
    refusal = _unfit_amount(wanted.amount, wanted.id)
    if refusal is not None:
        return refusal
    return (PriorRightNoted(found.id, replace(wanted, ended_by="", reason="")),)


def _is_place(found: Return, place: HoldKey, facts: Facts) -> bool:
    """Whether money of the return lies there, frozen, stopped or seized: in that currency, or nothing would be kept back."""
    is_held = place.case in found.cases and place in facts.holds
    return is_held or found.custody_at(place) is not None


def _end_right(found: Return, command: EndPriorRight) -> Events | Refusal:
    known = next((row for row in found.rights if row.id == command.right), None)
    if known is None:
        return Refusal(Reason.RIGHT_UNKNOWN, command.right)
    if known.ended_by:
        return ()
    if not command.reason:
        return Refusal(Reason.REASON_MISSING, known.id)
    if command.by == known.noted_by:
        return Refusal(Reason.MAKER_DECIDES, command.by)
    return (PriorRightEnded(found.id, known.id, command.by, command.reason),)


def _note_interest(found: Return, command: NoteInterest, facts: Facts) -> Events | Refusal:
    place = command.place
    if not _is_place(found, place, facts) or found.seized_of(place.account):
        return Refusal(Reason.PLACE_UNKNOWN, place.account)
    refusal = _unfit_amount(command.amount, place.account, 0)
    if refusal is not None:
        return refusal
    noted = Accrued(place, command.amount, command.by)
    return () if noted in found.accrued else (InterestNoted(found.id, noted),)


# --- what is handed over ---


def _by_hand(
    found: Return,
    command: HandOver | ConfirmHandover | TakeHandoverBack,
    facts: Facts,
    now: datetime,
) -> Events | Refusal:
    payment = found.payment(command.payment)
    if payment is None:
        return Refusal(Reason.PAYMENT_UNKNOWN, command.payment)
    if found.custody_at(payment.place) is None:
        return Refusal(Reason.NOT_IN_CUSTODY, payment.id)
    if len(payment.facts) >= limits.RETURN_FACTS_MAX:
        return Refusal(Reason.TOO_MANY, payment.id)
    match command:
        case HandOver():
            return _hand_over(found, payment, command, facts, now)
        case ConfirmHandover():
            return _confirm(found, payment, command, now)
        case TakeHandoverBack():
            return _take_back(found, payment, command, now)


def _next(payment: Payment, trigger: PaymentTrigger) -> PaymentState | Refusal:
    pair = (payment.state, trigger)
    if pair in PAYMENT_MOVES:
        return PAYMENT_MOVES[pair]
    return Refusal(PAYMENT_REFUSALS[pair], f"{payment.id} is {payment.state}")


def _hand_over(
    found: Return, payment: Payment, command: HandOver, facts: Facts, now: datetime
) -> Events | Refusal:
    after = _next(payment, PaymentTrigger.NOTIFY)
    if isinstance(after, Refusal):
        return after
    if paid := paid_already(found, payment):
        return Refusal(Reason.INCIDENT_OPEN, paid)
    if not command.reference:
        return Refusal(Reason.PROOF_MISSING, payment.id)
    refusal = unfit_claim(payment.key, facts) or unfit_place(found, payment.place, {}, facts, now)
    if refusal is not None:
        return refusal
    left = still_missed(found, payment, facts)
    if payment.outstanding > left:
        return Refusal(Reason.AMOUNT_EXCEEDS_MISSING, f"{payment.key.claim}: at most {left}")
    order = order_id_of(payment, payment.attempt + 1)
    fact = Fact(f"{order} handed over", _HANDED, 0, now, reference=command.reference)
    return (HandedOver(found.id, payment.id, fact, command.by),)


def _confirm(
    found: Return, payment: Payment, command: ConfirmHandover, now: datetime
) -> Events | Refusal:
    fact = Fact(
        f"{payment.order_id} paid {command.reference}",
        "paid",
        payment.outstanding,
        now,
        reference=command.reference,
    )
    if any(row.id == fact.id for row in payment.facts):
        return ()
    after = _next(payment, PaymentTrigger.RECEIPT)
    if isinstance(after, Refusal):
        return after
    if payment.state is not PaymentState.NOTIFIED:  # money is handed over first
        return Refusal(Reason.NOT_NOTIFIED, payment.id)
    if command.by in payment.officers:
        return Refusal(Reason.MAKER_DECIDES, command.by)
    if command.reference != _handed_as(payment):
        return Refusal(Reason.PROOF_UNFIT, payment.id)
    return (PaymentMoved(found.id, payment.id, fact, after, payment.paid + fact.amount),)


def _handed_as(payment: Payment) -> str:
    """Return the number of the receipt under which it was handed over last."""
    return next(row.reference for row in reversed(payment.facts) if row.what == _HANDED)


def _take_back(
    found: Return, payment: Payment, command: TakeHandoverBack, now: datetime
) -> Events | Refusal:
    after = _next(payment, PaymentTrigger.DEMAND)
    if isinstance(after, Refusal):
        return after
    if not command.reason:
        return Refusal(Reason.REASON_MISSING, payment.id)
    fact = Fact(f"{payment.order_id} not handed over", "demand", 0, now, command.reason)
    return (PaymentMoved(found.id, payment.id, fact, after, payment.paid),)


__all__ = ["decide_custody", "digest_of_seized"]
