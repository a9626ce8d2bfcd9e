"""A return procedure as values: rounds with applications, plan, notice and objections, and the payments. No rule is here.

A return belongs to one case, or to cases that are joined. Names and numbers lie in the vault: here stand opaque ids only.
Amounts are minor units of the currency of the place they are paid from.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Final

from recoup.frozen import quickly_made
from recoup.orders.hold import HoldKey
from recoup.procedure.custody import Accrued, PriorRight, Seized
from recoup.procedure.state import (
    IN_FLIGHT,
    ObjectionState,
    PaymentState,
    RoundState,
)

PRO_RATA: Final = 3
"""The mode of an award that is made public before it is decided [return-rules art. 8]."""

OWN_MARK: Final = "#"
"""Stands in the ids of payments, and in no id that anybody gives: nobody can take one first."""


class Capacity(StrEnum):
    """As what somebody applies."""

    VICTIM = "victim"
    AGENT = "agent"
    HEIR = "heir"
    GUARDIAN = "guardian"


class Proof(StrEnum):
    """The paper by which somebody acts for a victim."""

    NONE = "none"
    AUTHORITY = "authority"
    """A power of attorney (授权委托书)."""
    INHERITANCE = "inheritance"
    GUARDIANSHIP = "guardianship"


PROOF_OF: Final = {
    Capacity.VICTIM: Proof.NONE,
    Capacity.AGENT: Proof.AUTHORITY,
    Capacity.HEIR: Proof.INHERITANCE,
    Capacity.GUARDIAN: Proof.GUARDIANSHIP,
}


class PayeeKind(StrEnum):
    """Whose account is paid."""

    ORIGINAL = "original"
    """The account that the money was taken from."""
    ANOTHER_OWN = "another_own"
    """Another account of the victim."""
    APPLICANTS = "applicants"
    """The account of the heir or guardian."""


@dataclass(frozen=True, slots=True)
class ClaimKey:
    """A claim of a case."""

    case: str
    claim: str


@dataclass(frozen=True, slots=True)
class Payee:
    """The account that is to be paid."""

    kind: PayeeKind
    account: str
    name: str
    """Whose name the bank compares: an opaque id."""
    institution: str
    reason: str = ""
    """Why it is not the account that the money was taken from."""


@dataclass(frozen=True, slots=True)
class Application:
    """Somebody asks for the money of one claim."""

    id: str
    key: ClaimKey
    capacity: Capacity
    applicant: str
    payee: Payee
    taken_by: str
    proof: Proof = Proof.NONE
    proof_digest: str = ""
    """SHA-256 of the paper."""
    checked_by: str = ""
    """Who looked at the paper."""
    is_withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class Award:
    """What a claim gets of a frozen account in one mode, and into which account."""

    key: ClaimKey
    place: HoldKey
    mode: int
    amount: int
    payee: Payee


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan of awards as it was worked out, bound to the inputs and outputs it was worked out from."""

    inputs: str
    """SHA-256 of pots, claims, what was paid before, what was traced, and the policy."""
    outputs: str
    """SHA-256 of the awards as `recoup return` writes them."""
    policy: str
    awards: tuple[Award, ...]
    made_by: str

    @property
    def digest(self) -> str:
        """What an approval binds: everything, the payees too."""
        known = _newest[0]
        if known is None or known[0] is not self:
            known = _newest[0] = self, digest_of("return plan", self)
        return known[1]

    @property
    def is_pro_rata(self) -> bool:
        """Whether something of it must be made public first."""
        return any(award.mode == PRO_RATA for award in self.awards)


@dataclass(frozen=True, slots=True)
class Notice:
    """One public notice of a round's plan."""

    published_at: datetime
    ends_at: datetime
    by: str
    plan: str
    """Its digest."""
    is_over: bool = False


@dataclass(frozen=True, slots=True)
class Objection:
    """What somebody has against the published plan."""

    id: str
    by: str
    """An opaque id: a victim, a holder, anybody."""
    about: str
    """An opaque id of the text."""
    taken_by: str
    plan: str
    state: ObjectionState = ObjectionState.OPEN
    decided_by: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Round:
    """One run of the procedure, from applications to a decision."""

    number: int
    opened_by: str
    state: RoundState = RoundState.APPLIED
    applications: tuple[Application, ...] = ()
    plan: Plan | None = None
    approvers: tuple[str, ...] = ()
    notices: tuple[Notice, ...] = ()
    objections: tuple[Objection, ...] = ()
    decided_by: str = ""
    decided_at: datetime | None = None
    reason: str = ""

    @property
    def open_objections(self) -> int:
        """How many objections nobody decided yet."""
        return sum(row.state is ObjectionState.OPEN for row in self.objections)

    def application_of(self, key: ClaimKey) -> Application | None:
        """Return the application for a claim that was not taken back."""
        live = (x for x in self.applications if x.key == key and not x.is_withdrawn)
        return next(live, None)


@dataclass(frozen=True, slots=True)
class Fact:
    """What a bank said about a payment."""

    id: str
    what: str
    amount: int
    at: datetime
    code: str = ""
    reference: str = ""


@quickly_made
@dataclass(frozen=True, slots=True)
class Payment:
    """One decided sum, from one frozen account to one payee."""

    id: str
    round: int
    key: ClaimKey
    place: HoldKey
    amount: int
    payee: Payee
    institution: str
    """Which holds the money."""
    state: PaymentState = PaymentState.DECIDED
    attempt: int = 0
    """How often the bank was told, with an order of its own each time."""
    officers: tuple[str, ...] = ()
    due_at: datetime | None = None
    is_overdue: bool = False
    paid: int = 0
    """What the bank paid of it and did not get back."""
    carried: int = 0
    """What another payment took over."""
    replaces: str = ""
    facts: tuple[Fact, ...] = ()
    has_incident: bool = False
    proposed: Payee | None = None
    proposed_by: str = ""
    ended_at: datetime | None = None
    """When it could not be paid."""

    @property
    def order_id(self) -> str:
        """The order by which the bank was last told."""
        return order_id_of(self, self.attempt)

    @property
    def settled(self) -> int:
        """What of the amount arrived."""
        return min(self.paid, self.amount - self.carried)

    @property
    def excess(self) -> int:
        """What the bank paid beyond it."""
        return self.paid - self.settled

    @property
    def outstanding(self) -> int:
        """What is still to be paid of it."""
        if self.state is PaymentState.WITHDRAWN:
            return 0
        return self.amount - self.carried - self.settled


@dataclass(frozen=True, slots=True)
class PayBack:
    """What an order to pay back says: the bank's part is the room of orders'."""

    order_id: str
    place: HoldKey
    institution: str
    amount: int
    payee: Payee
    key: ClaimKey
    decision: str
    """The return and its round."""
    officers: tuple[str, ...]
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Return:
    """A return of the money of one case, or of joined cases."""

    id: str
    cases: tuple[str, ...] = ()
    """The first is the one whose unit leads."""
    rounds: tuple[Round, ...] = ()
    payments: tuple[Payment, ...] = ()
    seized: tuple[Seized, ...] = ()
    """Money in custody."""
    rights: tuple[PriorRight, ...] = ()
    """What others have a right to before the claims."""
    accrued: tuple[Accrued, ...] = ()
    """Interest, once for each place."""

    @property
    def is_open(self) -> bool:
        """Whether anybody opened it."""
        return bool(self.rounds)

    @property
    def round(self) -> Round:
        """The newest round."""
        return self.rounds[-1]

    def payment(self, payment_id: str) -> Payment | None:
        """Return the payment of that id."""
        return next((row for row in self.payments if row.id == payment_id), None)

    def payment_of(self, order_id: str) -> Payment | None:
        """Return the payment that an order, the newest or an earlier one, carries out."""
        payment_id, _, attempt = order_id.rpartition(".")
        found = (row for row in self.payments if row.id.replace(OWN_MARK, "-") == payment_id)
        payment = next(found, None)
        if payment is None or not (attempt.isascii() and attempt.isdecimal()):
            return None
        was_told = int(attempt) in range(1, payment.attempt + 1)
        is_it = was_told and order_id == order_id_of(payment, int(attempt))
        return payment if is_it else None

    def paid_of(self, key: ClaimKey) -> int:
        """Return what a claim got by this return so far: what a new round respects."""
        return sum(row.paid for row in self.payments if row.key == key)

    def set_aside_for(self, key: ClaimKey) -> int:
        """Return what is decided for a claim and still to be paid."""
        return sum(row.outstanding for row in self.payments if row.key == key)

    def handed_to(self, key: ClaimKey) -> int:
        """Return what was handed over to a claim and nobody confirmed yet."""
        return sum(
            row.outstanding
            for row in self.payments
            if row.key == key
            and row.state is PaymentState.NOTIFIED
            and self.custody_at(row.place) is not None
        )

    def set_aside_at(self, place: HoldKey) -> int:
        """Return what is decided of a frozen account and still to be paid."""
        return sum(row.outstanding for row in self.payments if row.place == place)

    def seized_of(self, seized_id: str) -> Seized | None:
        """Return the seized money of that id."""
        return next((row for row in self.seized if row.id == seized_id), None)

    def custody_at(self, place: HoldKey) -> Seized | None:
        """Return the seized money whose key that is; None for a frozen account's."""
        return next((row for row in self.seized if row.place == place), None)

    def paid_at(self, place: HoldKey) -> int:
        """Return what was paid of a place so far."""
        return sum(row.paid for row in self.payments if row.place == place)

    def pot_of(self, place: HoldKey) -> tuple[HoldKey, ...]:
        """Return the places that are one pot with this one: every joined case's hold of an account, seized money by itself."""
        if self.custody_at(place) is not None:
            return (place,)
        return tuple(HoldKey(case, place.account, place.currency) for case in self.cases)

    def prior_at(self, place: HoldKey) -> int:
        """Return what others have a right to before the claims, by rights that were noted on this place."""
        return sum(row.amount for row in self.rights if row.place == place and row.stands)

    def accrued_at(self, place: HoldKey) -> int:
        """Return the interest there."""
        seized = self.custody_at(place)
        if seized is not None:
            return seized.interest
        return sum(row.amount for row in self.accrued if row.place == place)

    def with_round(self, changed: Round) -> Return:
        """Return it with its newest round changed."""
        return replace(self, rounds=(*self.rounds[:-1], changed))

    def with_payment(self, changed: Payment) -> Return:
        """Return it with one payment changed."""
        rows = tuple(changed if row.id == changed.id else row for row in self.payments)
        return replace(self, payments=rows)


@dataclass(frozen=True, slots=True)
class Sums:
    """Where the awarded money is: `awarded = paid + in_flight + bounced + unpaid + given_up`."""

    awarded: int
    paid: int
    in_flight: int
    bounced: int
    unpaid: int
    given_up: int
    excess: int
    """Paid beyond what was decided: no part of the sum, an incident each."""


def sums_of(found: Return, currency: str) -> Sums:
    """Return where the money of all decisions is, in one currency; the identity is asserted."""
    paid = in_flight = bounced = unpaid = given_up = excess = awarded = 0
    for row in found.payments:
        if row.place.currency != currency:
            continue
        awarded += 0 if row.replaces else row.amount
        paid += row.settled
        excess += row.excess
        rest = row.amount - row.carried - row.settled
        if row.state in IN_FLIGHT:
            in_flight += rest
        elif row.state is PaymentState.BOUNCED:
            bounced += rest
        elif row.state is PaymentState.WITHDRAWN:
            given_up += rest
        else:
            unpaid += rest
    assert awarded == paid + in_flight + bounced + unpaid + given_up, "awarded money is somewhere"
    return Sums(awarded, paid, in_flight, bounced, unpaid, given_up, excess)


def order_id_of(payment: Payment, attempt: int) -> str:
    """Return the id of the order that tells a bank of a payment for the so-manieth time: the same whenever it is asked.

    It is an order's like any other, so the centre's own mark is not in it.
    """
    return f"{payment.id.replace(OWN_MARK, '-')}.{attempt}"


_newest: list[tuple[Plan, str] | None] = [None]
"""The plan whose digest was asked for last: from its approval to its orders everybody asks for the same one again."""


def digest_of(tag: str, value: object) -> str:
    """Return SHA-256 over a value and all within it, each text with its length."""
    whole = sha256(f"recoup {tag} 1\n".encode())
    _add(whole.update, value)
    return whole.hexdigest()


def _add(update: object, value: object) -> None:
    assert callable(update), "a digest takes bytes"
    if isinstance(value, tuple):
        update(b"(" + len(value).to_bytes(4, "big"))
        for part in value:
            _add(update, part)
    elif isinstance(value, str | int):
        text = str(value).encode()
        update(b"=" + len(text).to_bytes(4, "big") + text)
    else:
        assert hasattr(value, "__dataclass_fields__"), "values are texts, numbers and rows of them"
        _add(update, tuple(getattr(value, row.name) for row in fields(value)))  # type: ignore[arg-type]
