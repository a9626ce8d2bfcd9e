"""What can be asked of a return: imperatives, each with all that `decide` needs. Who may ask is settled before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from recoup.orders.hold import HoldKey
from recoup.procedure.custody import PriorRight, Seized
from recoup.procedure.values import Application, ClaimKey, Objection, Payee


@dataclass(frozen=True, slots=True)
class OpenReturn:
    """Begin to give the money of a case, or of joined cases, back."""

    return_id: str
    cases: tuple[str, ...]
    by: str


@dataclass(frozen=True, slots=True)
class OpenRound:
    """Begin again with what is left: a new victim came, or a case was joined."""

    return_id: str
    number: int
    """Of the new round: asked twice, it is opened once."""
    cases: tuple[str, ...]
    """All of the return's; the new ones at the end."""
    by: str


@dataclass(frozen=True, slots=True)
class TakeApplication:
    """Take in that somebody asks for the money of a claim."""

    return_id: str
    application: Application


@dataclass(frozen=True, slots=True)
class CheckProof:
    """Say that the paper was looked at and shows what it must."""

    return_id: str
    application: str
    proof_digest: str
    by: str


@dataclass(frozen=True, slots=True)
class TakeApplicationBack:
    """The applicant gives it up, or applies otherwise."""

    return_id: str
    application: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """One award of a plan, without its payee: that is the applicant's to name."""

    key: ClaimKey
    place: HoldKey
    mode: int
    amount: int


@dataclass(frozen=True, slots=True)
class FactsSeen:
    """Which version of a case's facts a plan was worked out from."""

    case: str
    version: int


@dataclass(frozen=True, slots=True)
class BindPlan:
    """Bind a plan of awards to the round."""

    return_id: str
    inputs: str
    outputs: str
    policy: str
    awards: tuple[Wanted, ...]
    by: str
    facts: tuple[FactsSeen, ...] = ()
    """Whoever keeps the cases refuses a plan of older ones."""


@dataclass(frozen=True, slots=True)
class ApprovePlan:
    """Agree to the plan whose digest was seen."""

    return_id: str
    by: str
    digest: str


@dataclass(frozen=True, slots=True)
class SendPlanBack:
    """Do not agree: another plan is needed."""

    return_id: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class PublishNotice:
    """Make the plan public."""

    return_id: str
    by: str
    digest: str


@dataclass(frozen=True, slots=True)
class TakeObjection:
    """Take in what somebody has against the published plan."""

    return_id: str
    objection: Objection


@dataclass(frozen=True, slots=True)
class SettleObjection:
    """Decide on an objection, with reasons."""

    return_id: str
    objection: str
    is_upheld: bool
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class PassNotice:
    """The end of the public notice has come."""

    return_id: str
    number: int
    notice: int
    """Which of the round's notices."""


@dataclass(frozen=True, slots=True)
class DecideRound:
    """Decide who gets what: a payment for each payee and frozen account."""

    return_id: str
    by: str
    digest: str


@dataclass(frozen=True, slots=True)
class EndRound:
    """Refuse the applications, or take the round back, before anything is decided."""

    return_id: str
    is_refused: bool
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class NotifyBank:
    """Give a bank notice of what it is to pay, with the officers who ask; also once more, with the papers it demanded."""

    return_id: str
    payments: tuple[str, ...]
    officers: tuple[str, ...]
    by: str


@dataclass(frozen=True, slots=True)
class RecordAcceptance:
    """The bank looked at the notice and will pay."""

    return_id: str
    order_id: str


@dataclass(frozen=True, slots=True)
class RecordDemand:
    """The bank demands a correction: which papers."""

    return_id: str
    order_id: str
    fact: str
    code: str


@dataclass(frozen=True, slots=True)
class RecordPaid:
    """The bank's receipt (回执)."""

    return_id: str
    order_id: str
    receipt: str
    amount: int
    at: datetime
    reference: str = ""


@dataclass(frozen=True, slots=True)
class RecordRefusal:
    """The bank does not pay, and says why."""

    return_id: str
    order_id: str
    fact: str
    code: str


@dataclass(frozen=True, slots=True)
class RecordBounce:
    """What was paid came back, and lies in the frozen account again."""

    return_id: str
    order_id: str
    fact: str
    amount: int
    code: str


@dataclass(frozen=True, slots=True)
class PassPayLimit:
    """The time within which the bank must have paid has passed."""

    return_id: str
    order_id: str


@dataclass(frozen=True, slots=True)
class SettleIncident:
    """Say what came of a receipt that differs."""

    return_id: str
    payment: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class ProposePayee:
    """Propose another account for what could not be paid."""

    return_id: str
    payment: str
    payee: Payee
    by: str


@dataclass(frozen=True, slots=True)
class AgreeToPayee:
    """Agree, as another person, to the account that was proposed."""

    return_id: str
    payment: str
    payee: Payee
    by: str


@dataclass(frozen=True, slots=True)
class GivePaymentUp:
    """Give a payment up that nobody claims: the money stays frozen for its term."""

    return_id: str
    payment: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class NoteSeized:
    """Note money of a case that lies in the office's custody; another person says that it is there."""

    return_id: str
    seized: Seized


@dataclass(frozen=True, slots=True)
class AgreeToSeized:
    """Say, as another person, that it is there as it was noted."""

    return_id: str
    seized: str
    digest: str
    by: str


@dataclass(frozen=True, slots=True)
class EndSeized:
    """Say that it is not there any more, and where it went."""

    return_id: str
    seized: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class NotePriorRight:
    """Note that others have a right before the claims: so much less is shared."""

    return_id: str
    right: PriorRight


@dataclass(frozen=True, slots=True)
class EndPriorRight:
    """Say, as another person, that it stands no more."""

    return_id: str
    right: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class NoteInterest:
    """Note what a frozen account has accrued: in place of what was noted before."""

    return_id: str
    place: HoldKey
    amount: int
    by: str


@dataclass(frozen=True, slots=True)
class HandOver:
    """Hand seized money over to its payee, against a receipt."""

    return_id: str
    payment: str
    reference: str
    """The receipt's number, or the transfer's: opaque."""
    by: str


@dataclass(frozen=True, slots=True)
class ConfirmHandover:
    """Say, as another person, that the receipt is there."""

    return_id: str
    payment: str
    reference: str
    by: str


@dataclass(frozen=True, slots=True)
class TakeHandoverBack:
    """Say that the money was not handed over after all."""

    return_id: str
    payment: str
    by: str
    reason: str


CustodyCommand = (
    NoteSeized
    | AgreeToSeized
    | EndSeized
    | NotePriorRight
    | EndPriorRight
    | NoteInterest
    | HandOver
    | ConfirmHandover
    | TakeHandoverBack
)
RoundCommand = (
    OpenRound
    | TakeApplication
    | CheckProof
    | TakeApplicationBack
    | BindPlan
    | ApprovePlan
    | SendPlanBack
    | PublishNotice
    | TakeObjection
    | SettleObjection
    | PassNotice
    | DecideRound
    | EndRound
)
Outcome = RecordAcceptance | RecordDemand | RecordPaid | RecordRefusal | RecordBounce
PaymentCommand = (
    NotifyBank
    | RecordAcceptance
    | RecordDemand
    | RecordPaid
    | RecordRefusal
    | RecordBounce
    | PassPayLimit
    | SettleIncident
    | ProposePayee
    | AgreeToPayee
    | GivePaymentUp
)
Command = (
    NoteSeized
    | AgreeToSeized
    | EndSeized
    | NotePriorRight
    | EndPriorRight
    | NoteInterest
    | HandOver
    | ConfirmHandover
    | TakeHandoverBack
    | OpenReturn
    | OpenRound
    | TakeApplication
    | CheckProof
    | TakeApplicationBack
    | BindPlan
    | ApprovePlan
    | SendPlanBack
    | PublishNotice
    | TakeObjection
    | SettleObjection
    | PassNotice
    | DecideRound
    | EndRound
    | NotifyBank
    | RecordAcceptance
    | RecordDemand
    | RecordPaid
    | RecordRefusal
    | RecordBounce
    | PassPayLimit
    | SettleIncident
    | ProposePayee
    | AgreeToPayee
    | GivePaymentUp
)
