"""How the room of returns stands in the centre: its commands decided on what is held and which claims stand. Adds no law.

1. What is held, which claims are admitted and where accounts lie comes from the registers, never from the command.
2. A case is in one return: money that is set aside in one cannot be given away by another. More cases come in by joining.
3. Who acts is who the command names; a person's part is no machine's. A bank speaks of its own payments only, and only the
   clock passes an end.
4. A public notice that runs, and a payment that a bank was told of, have one deadline each; it goes with what settles them.
5. What the office hands over of seized money is missed less in the entry that confirms the receipt.
6. `BankNotified` says which order to pay back is written with it: its id follows from the payment, so it is written once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from recoup.cases import CasePolicy
from recoup.cases.commands import NoteRepaid
from recoup.cases.state import ClaimState
from recoup.centre.case_room import CaseWork
from recoup.centre.commands import Decision, Declined, Noted
from recoup.centre.order_room import OrderWork
from recoup.centre.reasons import CentreReason
from recoup.centre.requests import (
    CLOCK,
    INSTITUTION,
    MACHINE,
    Request,
    is_usable,
)
from recoup.centre.return_payments import deadlines_of, draft_payments
from recoup.centre.state import CentreState
from recoup.ids import SubjectId
from recoup.journal.canonical import Plain, encode_plain
from recoup.orders import Hold, HoldKey, OrderKind
from recoup.procedure import (
    ClaimFact,
    ClaimKey,
    Facts,
    HoldFact,
    Payee,
    Reason,
    Refusal,
    Return,
    decide,
    evolve,
    fold,
)
from recoup.procedure import commands as asked
from recoup.procedure.events import BankNotified, Event, PaymentMoved
from recoup.staff.roles import APART

CHASE: Final = "chase"
_BY_CLOCK = (asked.PassNotice, asked.PassPayLimit)
_BY_BANK = asked.Outcome.__args__


def decide_returns(
    state: CentreState, request: Request, now: datetime, policy: CasePolicy
) -> Decision | Declined:
    """Decide one request about a return."""
    command: asked.Command = request.what
    if policy.procedure is None:
        return Declined(Reason.TERMS_MISSING, policy.orders.id)
    found = state.returns.get(command.return_id) or Return(command.return_id)
    declined = _not_theirs(request, found) or _unusable(command)
    if declined is None and isinstance(command, asked.NotifyBank):
        declined = _unfit_officers(state, command, now)
    if declined is None and isinstance(command, asked.OpenReturn | asked.OpenRound):
        declined = _unfit_cases(state, command)
    if declined is None and isinstance(command, asked.BindPlan):
        declined = _outrun(state, command)
    if declined is not None:
        return declined
    said = decide(found, command, _facts(state, found, command), now, policy.procedure)
    if isinstance(said, Refusal):
        return Declined(said.reason.value, said.found)
    decision = _decision(found, said)
    handed = [event for event in said if isinstance(event, PaymentMoved)]
    if isinstance(command, asked.ConfirmHandover) and handed:
        return _with_repaid(state, found, decision, handed[0], policy, now)
    told = [event for event in said if isinstance(event, BankNotified)]
    return _with_orders(state, request, decision, told, policy, now) if told else decision


def _with_orders(
    state: CentreState,
    request: Request,
    decision: Decision,
    told: Sequence[BankNotified],
    policy: CasePolicy,
    now: datetime,
) -> Decision | Declined:
    """Return a notice to the bank with the orders that carry it out: drafted, and waiting for those who must agree."""
    orders = OrderWork(state, policy.orders, now)
    cases = CaseWork(state, policy, now)
    declined = draft_payments(orders, request.actor, told) or cases.note_holds(orders)
    if declined is not None:
        return declined
    written = cases.decision(orders, decision.answer)
    return replace(
        written,
        events=(*decision.events, *written.events),
        deadlines=(*decision.deadlines, *written.deadlines),
        ended=(*decision.ended, *written.ended),
    )


def _with_repaid(
    state: CentreState,
    found: Return,
    decision: Decision,
    moved: PaymentMoved,
    policy: CasePolicy,
    now: datetime,
) -> Decision | Declined:
    """Return what was handed over with what its claim misses less by it, in the same entry: no bank's receipt says so."""
    payment = found.payment(moved.payment)
    assert payment is not None, "it was just moved"
    cases, key = CaseWork(state, policy, now), payment.key
    claim = cases.case(key.case).claim(key.claim)
    part = min(moved.fact.amount, claim.missing if claim is not None else 0)
    if part:
        noted = NoteRepaid(f"paid {moved.fact.id}", key.claim, returned=part)
        declined = cases.carry_out(key.case, noted)
        if declined is not None:
            return declined
    if (
        part < moved.fact.amount
    ):  # the money has moved: a person looks at who paid the victim before
        declined = cases.ran_out(key.case, "payment", payment.order_id)
        if declined is not None:
            return declined
    written = cases.decision(None, decision.answer)
    return replace(
        written,
        events=(*decision.events, *written.events),
        deadlines=(*decision.deadlines, *written.deadlines),
        ended=(*decision.ended, *written.ended),
    )


def evolve_returns(state: CentreState, _: SubjectId, event: Event) -> CentreState:
    """Fold an event about a return into its register."""
    found = state.returns.get(event.return_id) or Return(event.return_id)
    state.put_return(evolve(found, event))
    return state


# --- who and which ---


def _not_theirs(request: Request, found: Return) -> Declined | None:
    """Say why the one who acts cannot ask this."""
    command, actor = request.what, request.actor
    if isinstance(command, _BY_CLOCK):
        return None if actor == CLOCK else Declined(CentreReason.ACTOR_DIFFERS)
    if isinstance(command, _BY_BANK):
        payment = found.payment_of(command.order_id)
        if actor.role != INSTITUTION:
            return Declined(CentreReason.ACTOR_DIFFERS)
        if payment is not None and payment.institution != actor.who:
            return Declined(CentreReason.OTHER_INSTITUTION, actor.who)
        return None
    named = _named(command)
    if actor.who != named or actor.role in {MACHINE, INSTITUTION, CHASE}:
        return Declined(CentreReason.ACTOR_DIFFERS)
    return None


def _unfit_officers(
    state: CentreState, command: asked.NotifyBank, now: datetime
) -> Declined | None:
    """Say who of those named to a bank is nobody who works on cases here: unknown, suspended, or of a bank."""
    if not state.staff.persons:
        return None
    for officer in command.officers:
        if all(grant.role in APART for grant in state.staff.grants_of(officer, now)):
            return Declined(Reason.OFFICERS_TOO_FEW, officer)
    return None


def _named(command: Any) -> str:  # noqa: ANN401 - any command that a person gives
    """Return whom a command names as the one who acts."""
    match command:
        case asked.TakeApplication(application=thing):
            return thing.taken_by
        case asked.TakeObjection(objection=thing):
            return thing.taken_by
        case asked.NoteSeized(seized=thing):
            return thing.noted_by
        case asked.NotePriorRight(right=thing):
            return thing.noted_by
        case _:
            named: str = command.by
            return named


def _unusable(command: asked.Command) -> Declined | None:
    match command:
        case asked.OpenReturn(return_id):
            fresh = return_id
        case asked.TakeApplication(_, application):
            fresh = application.id
        case asked.TakeObjection(_, objection):
            fresh = objection.id
        case asked.NoteSeized(_, seized):
            fresh = seized.id
        case asked.NotePriorRight(_, right):
            fresh = right.id
        case _:
            return None
    return None if is_usable(fresh) else Declined(CentreReason.ID_UNUSABLE)


def _unfit_cases(
    state: CentreState, command: asked.OpenReturn | asked.OpenRound
) -> Declined | None:
    """Say why these cases are not given back together: unknown, in another return, or not joined."""
    for at, case in enumerate(command.cases):
        if not state.case(case).is_open:
            return Declined(CentreReason.CASE_UNKNOWN, case)
        if state.returning.get(case, command.return_id) != command.return_id:
            return Declined(Reason.RETURN_OPEN_ALREADY, case)
        before = command.cases[:at]
        if before and not any(_are_joined(state, case, other) for other in before):
            return Declined(CentreReason.CASES_APART, case)
    return None


def _outrun(state: CentreState, command: asked.BindPlan) -> Declined | None:
    """Say which case has newer facts than those a plan was worked out from."""
    newer = (row.case for row in command.facts if state.case(row.case).facts_version != row.version)
    case = next(newer, None)
    return None if case is None else Declined(CentreReason.FACTS_NEWER, case)


def _are_joined(state: CentreState, one: str, other: str) -> bool:
    return other in state.case(one).joined or one in state.case(other).joined


# --- what is known ---


def _facts(state: CentreState, found: Return, command: asked.Command) -> Facts:
    """Return what the registers say of everything that the command may be about."""
    keys, places, payees = _touched(found, command)
    accounts = {
        payee.account: state.accounts[payee.account]
        for payee in payees
        if any((case, payee.account) in state.entered for case in found.cases)
    }
    # Others' right to an account lies on what every case holds of it.
    places = list(
        dict.fromkeys(other for place in places for other in (place, *found.pot_of(place)))
    )
    holds = {place: fact for place in places if (fact := _hold_fact(state.holds.get(place)))}
    claims = {key: known for key in keys if (known := _claim_fact(state, found, key))}
    return Facts(holds, claims, accounts)


def _touched(
    found: Return, command: asked.Command
) -> tuple[list[ClaimKey], list[HoldKey], list[Payee]]:
    """Return the claims, holds and accounts that a command and its return name."""
    keys = [row.key for row in found.payments]
    places = [row.place for row in found.payments]
    payees = []
    if found.is_open:
        keys += [row.key for row in found.round.applications]
        payees += [row.payee for row in found.round.applications]
        plan = found.round.plan
        places += [row.place for row in plan.awards] if plan else []
    match command:
        case asked.TakeApplication(application=application):
            keys.append(application.key)
            payees.append(application.payee)
        case asked.BindPlan(awards=awards):
            places += [row.place for row in awards]
        case asked.NoteSeized(seized=thing):
            places.append(thing.place)
        case asked.NotePriorRight(right=thing):
            places.append(thing.place)
        case asked.NoteInterest(place=place):
            places.append(place)
        case asked.ProposePayee(payee=payee) | asked.AgreeToPayee(payee=payee):
            payees.append(payee)
    return (
        list(dict.fromkeys(keys)),
        list(dict.fromkeys(places)),
        list(dict.fromkeys(payees)),
    )


def _hold_fact(hold: Hold | None) -> HoldFact | None:
    if hold is None or not hold.is_live or hold.ends_at is None:
        return None
    told = [tracked.order for tracked in hold.orders if tracked.issued_at is not None]
    is_frozen = hold.basis is OrderKind.FREEZE
    return HoldFact(told[-1].institution, hold.payable, is_frozen, hold.ends_at) if told else None


def _claim_fact(state: CentreState, found: Return, key: ClaimKey) -> ClaimFact | None:
    claim = state.case(key.case).claim(key.claim)
    if claim is None:
        return None
    is_admitted = claim.state is ClaimState.ADMITTED
    # The case has counted what this return paid; the return counts it itself.
    missing = claim.missing + found.paid_of(key)
    return ClaimFact(claim.currency, is_admitted, missing, claim.payer)


# --- what follows ---


def _decision(found: Return, said: tuple[Event, ...]) -> Decision:
    after = fold(found, said)
    told: dict[str, Plain] = {"return": after.id}
    if after.is_open:
        plan = after.round.plan
        told |= {
            "digest": plan.digest if plan else "",
            "orders": [row.pay_back.order_id for row in said if isinstance(row, BankNotified)],
            "round": after.round.number,
            "state": after.round.state.value,
        }
    before, rows = deadlines_of(found), deadlines_of(after)
    lead = after.cases[0] if after.cases else after.id
    return Decision(
        encode_plain(told),
        tuple(Noted(SubjectId(lead), event) for event in said),
        deadlines=tuple(row for name, row in rows.items() if name not in before),
        ended=tuple(name for name in before if name not in rows),
    )


__all__ = ["decide_returns", "evolve_returns"]
