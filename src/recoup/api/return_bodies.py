"""What requests about a return and their answers look like. Amounts are decimal text; names lie in the vault."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field

from recoup.api.bodies import (
    Amount,
    Body,
    CaseId,
    Currency,
    Digest,
    Name,
    Said,
    ThingId,
)
from recoup.api.decision_bodies import Written
from recoup.procedure import Capacity, PayeeKind, PriorKind, Proof, SeizedKind

ROUND_PATTERN: Final = r"^([1-9]|[1-9][0-9]|100)$"
RoundNumber = Annotated[str, Field(pattern=ROUND_PATTERN, examples=["2"])]
"""1 to 100 (`RETURN_ROUNDS_MAX`), as text like every count."""
PersonIds = Annotated[list[ThingId], Field(min_length=1, max_length=10)]
PaymentIds = Annotated[list[ThingId], Field(min_length=1, max_length=100)]


class OpenBody(Body):
    """The cases whose money goes back together with this one's, each joined with one before it."""

    others: list[CaseId] = Field([], max_length=99)
    reason: Said


class RoundBody(Body):
    """The number of the new round, and the cases that come in with it."""

    number: RoundNumber
    others: list[CaseId] = Field([], max_length=99)
    reason: Said


class PayeeBody(Body):
    """Which account is to be paid: one that was entered for a case of the return."""

    kind: PayeeKind = Field(PayeeKind.ORIGINAL, strict=False)
    account: ThingId | None = None
    """None for the one that the money was taken from."""
    reason: Said | None = None
    """Why it is not that one."""


class ApplicationBody(Body):
    """Who asks for the money of which claim, on what paper, and where it is to go."""

    case: CaseId
    claim: ThingId
    capacity: Capacity = Field(Capacity.VICTIM, strict=False)
    name: Name | None = None
    """Of an agent, heir or guardian; kept in the vault."""
    proof: Proof = Field(Proof.NONE, strict=False)
    proof_digest: Digest | None = None
    """SHA-256 of the paper."""
    payee: PayeeBody = PayeeBody(kind=PayeeKind.ORIGINAL)
    reason: Said


class ProofBody(Body):
    """SHA-256 of the paper that was looked at."""

    proof_digest: Digest
    reason: Said | None = None


class ObjectionBody(Body):
    """Who has what against the published plan; both are kept in the vault."""

    name: Name
    text: Written
    reason: Said | None = None


class NotifyBody(Body):
    """Which payments a bank is told of, and the officers who are named to it."""

    payments: PaymentIds
    officers: PersonIds
    reason: Said


class OtherPayeeBody(Body):
    """Another account for what could not be paid, and why."""

    kind: PayeeKind = Field(strict=False)
    account: ThingId
    reason: Said


class SeizedBody(Body):
    """Money of a case in the office's own custody, as the list of what was seized says."""

    case: CaseId
    kind: SeizedKind = Field(strict=False)
    currency: Currency
    amount: Amount
    interest: Amount = "0"
    """What it has accrued, not in the amount."""
    paper_digest: Digest
    """SHA-256 of the list."""
    reason: Said


class PriorRightBody(Body):
    """What others have a right to before the claims, of a frozen account or of seized money."""

    case: CaseId
    account: ThingId
    """The account's id, or that of the seized money."""
    currency: Currency
    kind: PriorKind = Field(strict=False)
    amount: Amount
    name: Name
    """Whose it is; kept in the vault."""
    paper_digest: Digest
    """SHA-256 of what shows it."""
    reason: Said


class InterestBody(Body):
    """What a frozen account has accrued in all."""

    case: CaseId
    account: ThingId
    currency: Currency
    amount: Amount
    reason: Said


class HandoverBody(Body):
    """The number of the payee's receipt, or of the transfer; kept in the vault."""

    receipt: Said
    reason: Said | None = None


# --- answers ---


class ReturnAnswered(Body):
    """Where a return stands after a command."""

    id: str
    round: int
    state: str
    made: str | None
    """The id of what the command made: an application, an objection."""
    digest: str | None
    """Of the plan that stands: what an approval binds."""
    orders: list[str]
    """Orders to pay back that were drafted with it."""


class ReturnsView(Body):
    """The return that a case is in."""

    id: str | None


class PayeeView(Body):
    """The account that is paid."""

    kind: str
    account: str
    institution: str
    reason: str | None


class ApplicationView(Body):
    """Somebody who asked."""

    id: str
    case: str
    claim: str
    capacity: str
    applicant: str
    payee: PayeeView
    proof: str
    proof_digest: str | None
    taken_by: str
    checked_by: str | None
    is_withdrawn: bool


class AwardView(Body):
    """What a claim gets of a frozen account in one mode."""

    case: str
    claim: str
    held_for: str
    """The case for which the money is frozen."""
    account: str
    currency: str
    mode: int
    amount: str
    payee: PayeeView


class PlanView(Body):
    """The plan of a round."""

    digest: str
    inputs: str
    outputs: str
    policy: str
    made_by: str
    is_pro_rata: bool
    awards: list[AwardView]


class NoticeOfPlanView(Body):
    """One public notice."""

    published_at: str
    ends_at: str
    by: str
    plan: str
    is_over: bool


class ObjectionView(Body):
    """An objection; name and text are read by their ids."""

    id: str
    by: str
    about: str
    taken_by: str
    plan: str
    state: str
    decided_by: str | None
    reason: str | None


class RoundView(Body):
    """One run of the procedure."""

    number: int
    state: str
    opened_by: str
    applications: list[ApplicationView]
    plan: PlanView | None
    approvers: list[str]
    notices: list[NoticeOfPlanView]
    objections: list[ObjectionView]
    decided_by: str | None
    decided_at: str | None
    reason: str | None


class PaymentFactView(Body):
    """What a bank said of a payment."""

    what: str
    amount: str
    at: str
    code: str | None


class PaymentView(Body):
    """One decided sum."""

    id: str
    round: int
    case: str
    claim: str
    held_for: str
    account: str
    currency: str
    amount: str
    paid: str
    outstanding: str
    institution: str
    payee: PayeeView
    state: str
    order: str | None
    """By which the bank was told last."""
    officers: list[str]
    due_at: str | None
    is_overdue: bool
    has_incident: bool
    replaces: str | None
    proposed: PayeeView | None
    proposed_by: str | None
    facts: list[PaymentFactView]


class SumsView(Body):
    """Where the awarded money of all rounds is: `awarded` is the sum of what follows it, without `excess`."""

    currency: str
    awarded: str
    paid: str
    in_flight: str
    bounced: str
    unpaid: str
    given_up: str
    excess: str


class SeizedView(Body):
    """Money in custody."""

    id: str
    digest: str
    """What the second person agrees to."""
    case: str
    kind: str
    currency: str
    amount: str
    interest: str
    set_aside: str
    paid: str
    paper_digest: str
    noted_by: str
    agreed_by: str | None
    ended_by: str | None
    reason: str | None


class PriorRightView(Body):
    """What others have a right to before the claims."""

    id: str
    case: str
    account: str
    currency: str
    kind: str
    amount: str
    holder: str
    """Read by its id."""
    paper_digest: str
    noted_by: str
    ended_by: str | None
    reason: str | None


class InterestView(Body):
    """What a frozen account has accrued: nobody's share."""

    case: str
    account: str
    currency: str
    amount: str
    noted_by: str


class DueView(Body):
    """An end that the clock passes."""

    what: str
    about: str
    at: str


class ReturnView(Body):
    """A return, one of its rounds in full, the payments of that round, the sums of all."""

    id: str
    cases: list[str]
    rounds: int
    round: RoundView
    payments: list[PaymentView]
    sums: list[SumsView]
    seized: list[SeizedView]
    prior_rights: list[PriorRightView]
    interest: list[InterestView]
    due: list[DueView]
