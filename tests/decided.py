"""A decided return behind a payment back, in few words: a test comes to such an order as everybody else does."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from docket import claim, report
from sim.office import Done, Office

from recoup.cases.commands import SettleClaim, TakeReport
from recoup.cases.state import ClaimTrigger
from recoup.centre.commands import Outcome
from recoup.journal.canonical import decode_plain
from recoup.orders import HoldKey
from recoup.orders.commands import ApproveOrder
from recoup.procedure import Application, Capacity, ClaimKey, Payee, PayeeKind, Payment, Return
from recoup.procedure.commands import (
    AgreeToPayee,
    ApprovePlan,
    BindPlan,
    DecideRound,
    EndRound,
    NotifyBank,
    OpenReturn,
    OpenRound,
    ProposePayee,
    TakeApplication,
    Wanted,
)

RETURN = "r1"
MAKER, CHIEF = "maker", "chief"
OFFICERS = ("officer-1", "officer-2")


def claimed(
    office: Office, case: str, number: str, account: str, amount: int, at: datetime
) -> None:
    """Report a payment to an account, and admit its claim."""
    one = claim(number, account, amount, paid_at=at - timedelta(hours=1))
    for who, what in (
        ("taker", TakeReport(report(at=at), one, "station-1")),
        ("ann", SettleClaim(number, ClaimTrigger.ADMIT, "ann")),
    ):
        outcome = office.ask(who, what, case=case)
        assert isinstance(outcome, Done), outcome


def enter(office: Office, case: str, account: str, institution: str) -> None:
    """Let a case know an account, as a person with a session would."""
    state = office.scribe.state
    state.accounts[account] = institution
    state.entered[case, account] = None


def found(office: Office) -> Return:
    """Return the return as it stands."""
    return office.scribe.state.returns.get(RETURN) or Return(RETURN)


def payee(office: Office, account: str) -> Payee:
    """Return an account of the victim's own that is not the one which the money was taken from."""
    institution = office.scribe.state.accounts[account]
    return Payee(PayeeKind.ANOTHER_OWN, account, "person-1", institution, "account closed")


def noticed(
    office: Office, place: HoldKey, amount: int, account: str, key: ClaimKey
) -> tuple[str, Outcome]:
    """Run a round for one award, up to the notice to the bank; return its order, not yet agreed to, and what was told last."""
    before = found(office)
    number = len(before.rounds) + 1
    cases = tuple(dict.fromkeys((*(before.cases or (place.case,)), place.case, key.case)))
    fresh = OpenRound(RETURN, number, cases, MAKER) if before.is_open else None
    made = Application(
        f"app-{number}", key, Capacity.VICTIM, "person-1", payee(office, account), MAKER
    )
    plan = BindPlan(RETURN, "in", "out", "cn-2016", (Wanted(key, place, 1, amount),), MAKER)
    for who, what in (
        (MAKER, fresh or OpenReturn(RETURN, cases, MAKER)),
        (MAKER, TakeApplication(RETURN, made)),
        (MAKER, plan),
    ):
        outcome = office.ask(who, what)
        if not isinstance(outcome, Done):
            office.ask(MAKER, EndRound(RETURN, False, MAKER, "it cannot be given"))
            return "", outcome
    bound = found(office).round.plan
    assert bound is not None, "it was just bound"
    for what in (
        ApprovePlan(RETURN, CHIEF, bound.digest),
        DecideRound(RETURN, CHIEF, bound.digest),
    ):
        outcome = office.ask(CHIEF, what)
        assert isinstance(outcome, Done), outcome
    return tells(office, found(office).payments[-1])


def tells(office: Office, payment: Payment) -> tuple[str, Outcome]:
    """Give the bank notice of a payment."""
    outcome = office.ask(MAKER, NotifyBank(RETURN, (payment.id,), OFFICERS, MAKER))
    if not isinstance(outcome, Done):
        return "", outcome
    told = decode_plain(outcome.answer)
    assert isinstance(told, dict), "a return is told of as an object"
    (order_id,) = told["orders"]
    return order_id, outcome


def anew(office: Office, payment: Payment, account: str) -> tuple[str, Outcome]:
    """Pay what came back, or was refused, to another account."""
    to = payee(office, account)
    for who, what in (
        (MAKER, ProposePayee(RETURN, payment.id, to, MAKER)),
        (CHIEF, AgreeToPayee(RETURN, payment.id, to, CHIEF)),
    ):
        outcome = office.ask(who, what)
        if not isinstance(outcome, Done):
            return "", outcome
    return tells(office, found(office).payments[-1])


def agreed(office: Office, order_id: str) -> Outcome:
    """Let as many persons agree as must, so that the order leaves; return what the last was told."""
    row = office.scribe.state.find(order_id)
    assert row is not None, "it was drafted"
    order, missing = row[1].order, office.policy.orders.approvals[row[1].order.kind]
    outcome: Outcome | None = None
    for number in range(len(row[1].approvers), missing):
        who = f"approver-{number}"
        outcome = office.ask(who, ApproveOrder(order_id, who, order.digest))
    assert outcome is not None, "it has not left"
    return outcome


def joined(office: Office, one: str, other: str) -> None:
    """Join two cases, as two persons would."""
    state = office.scribe.state
    state.put_case(replace(state.case(one), joined=(*state.case(one).joined, other)))


__all__ = [
    "OFFICERS",
    "RETURN",
    "agreed",
    "anew",
    "claimed",
    "enter",
    "found",
    "joined",
    "noticed",
    "payee",
    "tells",
]
