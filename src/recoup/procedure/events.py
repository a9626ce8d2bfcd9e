"""What happened to a return: with everything that `evolve` sets. Ends are computed once and kept here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from recoup.procedure.custody import Accrued, PriorRight, Seized
from recoup.procedure.state import ObjectionState, PaymentState, RoundState
from recoup.procedure.values import (
    Application,
    Fact,
    Notice,
    Objection,
    PayBack,
    Payee,
    Payment,
    Plan,
)


@dataclass(frozen=True, slots=True)
class RoundOpened:
    """A return began, or began again with what is left."""

    return_id: str
    number: int
    cases: tuple[str, ...]
    by: str


@dataclass(frozen=True, slots=True)
class ApplicationTaken:
    """Somebody asks for the money of a claim."""

    return_id: str
    application: Application
    state: RoundState


@dataclass(frozen=True, slots=True)
class ProofChecked:
    """Somebody looked at the paper."""

    return_id: str
    application: str
    by: str


@dataclass(frozen=True, slots=True)
class ApplicationTakenBack:
    """An application is given up."""

    return_id: str
    application: str
    by: str
    reason: str
    state: RoundState


@dataclass(frozen=True, slots=True)
class PlanBound:
    """The round has a plan; approvals of an earlier one are void."""

    return_id: str
    plan: Plan
    state: RoundState


@dataclass(frozen=True, slots=True)
class PlanApproved:
    """A person agreed to what the digest stands for."""

    return_id: str
    by: str
    digest: str
    state: RoundState


@dataclass(frozen=True, slots=True)
class PlanSentBack:
    """A person did not agree."""

    return_id: str
    by: str
    reason: str
    state: RoundState


@dataclass(frozen=True, slots=True)
class NoticePublished:
    """The plan is public."""

    return_id: str
    notice: Notice
    state: RoundState


@dataclass(frozen=True, slots=True)
class ObjectionTaken:
    """Somebody objects."""

    return_id: str
    objection: Objection
    state: RoundState


@dataclass(frozen=True, slots=True)
class ObjectionSettled:
    """An objection was decided; one that succeeds takes the plan with it, and what else was open is moot."""

    return_id: str
    objection: str
    outcome: ObjectionState
    by: str
    reason: str
    state: RoundState


@dataclass(frozen=True, slots=True)
class NoticePassed:
    """The notice ran to its end."""

    return_id: str
    state: RoundState


@dataclass(frozen=True, slots=True)
class RoundDecided:
    """Who gets what is decided."""

    return_id: str
    payments: tuple[Payment, ...]
    by: str
    at: datetime
    state: RoundState


@dataclass(frozen=True, slots=True)
class RoundEnded:
    """It was refused or taken back."""

    return_id: str
    by: str
    reason: str
    state: RoundState


@dataclass(frozen=True, slots=True)
class BankNotified:
    """An order to pay back is to be written, and a term runs."""

    return_id: str
    payment: str
    pay_back: PayBack
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PaymentMoved:
    """A bank said something; `paid` is what it paid in all since."""

    return_id: str
    payment: str
    fact: Fact
    state: PaymentState
    paid: int


@dataclass(frozen=True, slots=True)
class PaymentOverdue:
    """The bank's working days are over."""

    return_id: str
    payment: str


@dataclass(frozen=True, slots=True)
class IncidentSettled:
    """A person said what came of a receipt that differs."""

    return_id: str
    payment: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class PayeeProposed:
    """Another account is proposed for what could not be paid."""

    return_id: str
    payment: str
    payee: Payee
    by: str


@dataclass(frozen=True, slots=True)
class PaymentReplaced:
    """What is open of a payment is paid by another one."""

    return_id: str
    payment: str
    carried: int
    fresh: Payment
    by: str


@dataclass(frozen=True, slots=True)
class PaymentGivenUp:
    """Nobody claims it: the money stays frozen for its term."""

    return_id: str
    payment: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class SeizedNoted:
    """Money in custody was noted; nobody shares it yet."""

    return_id: str
    seized: Seized


@dataclass(frozen=True, slots=True)
class SeizedAgreed:
    """Another person saw that it is there."""

    return_id: str
    seized: str
    by: str


@dataclass(frozen=True, slots=True)
class SeizedEnded:
    """It is not there any more."""

    return_id: str
    seized: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class PriorRightNoted:
    """Others come first with so much."""

    return_id: str
    right: PriorRight


@dataclass(frozen=True, slots=True)
class PriorRightEnded:
    """They do not any more."""

    return_id: str
    right: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class InterestNoted:
    """A frozen account has accrued so much."""

    return_id: str
    accrued: Accrued


@dataclass(frozen=True, slots=True)
class HandedOver:
    """Seized money was handed over; the receipt is still to be seen by another person."""

    return_id: str
    payment: str
    fact: Fact
    by: str


Event = (
    RoundOpened
    | ApplicationTaken
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
    | RoundEnded
    | BankNotified
    | PaymentMoved
    | PaymentOverdue
    | IncidentSettled
    | PayeeProposed
    | PaymentReplaced
    | PaymentGivenUp
    | SeizedNoted
    | SeizedAgreed
    | SeizedEnded
    | PriorRightNoted
    | PriorRightEnded
    | InterestNoted
    | HandedOver
)
