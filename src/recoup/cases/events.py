"""What happened in a case: with everything that `evolve` sets. Clocks are computed once and kept here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from recoup.care.escalation import Escalation, EscalationState
from recoup.cases.case import (
    Approval,
    Bridged,
    Claim,
    Derived,
    Entitlement,
    Harm,
    Mandate,
    Parts,
    Place,
    Report,
    Rest,
    Swap,
)
from recoup.cases.decided import (
    Appeal,
    Clock,
    Finding,
    Handover,
    Motion,
    Notice,
    Task,
)
from recoup.cases.state import (
    AppealState,
    ClaimState,
    FindingState,
    HandoverState,
    MandateState,
    MotionState,
    NoticeState,
    TaskState,
)
from recoup.frozen import quickly_made
from recoup.orders import AccountKind, Order, OrderKind


@dataclass(frozen=True, slots=True)
class CaseOpened:
    """A first report opened the case."""

    case: str
    unit: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ReportTaken:
    """A report was entered."""

    report: Report


@dataclass(frozen=True, slots=True)
class ClaimMade:
    """A transfer is disputed; its money was last seen going to the payee."""

    claim: Claim


@dataclass(frozen=True, slots=True)
class SignsNoted:
    """What speaks against a claim: whoever decides on an order for it sees that."""

    claim: str
    signs: tuple[str, ...]
    """Words of `abuse.Sign`."""


@dataclass(frozen=True, slots=True)
class ClaimAgreed:
    """One more person agreed that a claim is admitted."""

    claim: str
    by: str


@dataclass(frozen=True, slots=True)
class ClaimSettled:
    """A claim is now believed, or no longer."""

    claim: str
    state: ClaimState
    by: str


@dataclass(frozen=True, slots=True)
class ClaimRepaid:
    """A victim misses less."""

    id: str
    claim: str
    returned: int
    compensated: int


@dataclass(frozen=True, slots=True)
class FactsAdded:
    """Rows came in; here are their digest and ids only."""

    digest: str
    rows: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RestNoted:
    """So much of a statement is still to come; 0: it is whole."""

    rest: Rest


@dataclass(frozen=True, slots=True)
class FactsChanged:
    """What a trail rests on has this version from here on; a worker traces it."""

    facts_version: int


@dataclass(frozen=True, slots=True)
class TrailApplied:
    """A trail of the newest facts was taken over."""

    facts_version: int
    digest: str
    places: tuple[Place, ...]
    derived: tuple[Derived, ...]
    bridged: tuple[Bridged, ...]


@quickly_made
@dataclass(frozen=True, slots=True)
class HoldNoted:
    """What an institution was asked for and said."""

    account: str
    currency: str
    institution: str
    asked: int
    held: int
    confirmed: int
    stood: Parts
    word: str
    basis: OrderKind | None
    period: int
    stops_spent: int
    at: datetime
    makers: tuple[str, ...] = ()
    since: datetime | None = None
    """The institution's own time of the stop or freeze; None where nothing is held."""


@dataclass(frozen=True, slots=True)
class HoldConfirmed:
    """A balance digest showed the same."""

    account: str
    currency: str
    confirmed: int
    as_of: datetime


@dataclass(frozen=True, slots=True)
class HarmNoted:
    """What an order would do to others became known."""

    harm: Harm


@dataclass(frozen=True, slots=True)
class AccountKindNoted:
    """It is known what an account is for."""

    account: str
    kind: AccountKind


@dataclass(frozen=True, slots=True)
class OrderWritten:
    """A person wrote an order of the plan down; nobody outside hears of it yet."""

    order: Order


@dataclass(frozen=True, slots=True)
class OrderAgreed:
    """A person agreed to an order."""

    approval: Approval


@quickly_made
@dataclass(frozen=True, slots=True)
class OrderTakenUp:
    """An order leaves; these claims stand behind the hold from here on."""

    order: str
    digest: str
    kind: OrderKind
    account: str
    currency: str
    institution: str
    amount: int
    change: int
    stood: Parts
    persons: tuple[str, ...]
    mandate: str
    hop: int
    arrived_at: datetime | None = None
    """When the newest of the money arrived there; None where nobody knows, or for an order that asks for no money."""


@dataclass(frozen=True, slots=True)
class StoodLowered:
    """A decision took claims from behind a hold: what is asked beyond them is to be given up."""

    account: str
    currency: str
    stood: Parts
    cap: int | None
    """No more than this is held there from here on, whatever the trail says."""
    why: str
    persons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CapLifted:
    """Two persons let more be held again on an account than a decision had left."""

    account: str
    currency: str
    cap: int | None
    """The new most; None: none any more."""
    why: str
    persons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EntitlementsChanged:
    """Who stands behind which order now; only rows that changed, 0 for gone."""

    rows: tuple[Entitlement, ...]


@dataclass(frozen=True, slots=True)
class SurplusMarked:
    """Since when more is held on an account than claims stand behind; None: no longer."""

    account: str
    currency: str
    since: datetime | None
    decide_by: datetime | None


@dataclass(frozen=True, slots=True)
class MandateProposed:
    """A standing authority was proposed."""

    mandate: Mandate


@dataclass(frozen=True, slots=True)
class MandateSettled:
    """It stands, or ended."""

    mandate: str
    state: MandateState
    by: str


@dataclass(frozen=True, slots=True)
class FindingProposed:
    """Somebody found something; nothing changes yet."""

    finding: Finding


@dataclass(frozen=True, slots=True)
class FindingSettled:
    """Somebody else agreed or dismissed it."""

    finding: str
    state: FindingState
    by: str


@dataclass(frozen=True, slots=True)
class MotionMade:
    """Somebody proposed a decision; nothing changes yet."""

    motion: Motion


@dataclass(frozen=True, slots=True)
class MotionSettled:
    """Somebody else agreed or dismissed it, or its maker took it back."""

    motion: str
    state: MotionState
    by: str


@dataclass(frozen=True, slots=True)
class ClockSet:
    """By when something for a holder is to be decided, or what was decided to be freed; an earlier one of it is void."""

    clock: Clock


@dataclass(frozen=True, slots=True)
class PlacesChanged:
    """A finding says otherwise of the places; holds until the next trail, which knows the finding."""

    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class AccountSwapped:
    """A holder offered another account: what was asked of the one is asked of the other, in this one entry."""

    swap: Swap
    places: tuple[Place, ...]
    persons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OpinionNoted:
    """An institution thinks so; nothing follows from it."""

    id: str
    account: str
    institution: str
    text: str


@dataclass(frozen=True, slots=True)
class AppealFiled:
    """A holder objected; the clock runs."""

    appeal: Appeal


@dataclass(frozen=True, slots=True)
class AppealSettled:
    """An appeal was decided, withdrawn, or is overdue."""

    appeal: str
    state: AppealState
    by: str
    at: datetime
    keep: int
    reason: str


@dataclass(frozen=True, slots=True)
class NoticeFellDue:
    """A holder must be told of a hold."""

    notice: Notice


@dataclass(frozen=True, slots=True)
class NoticeMoved:
    """The holder was told, or is told later."""

    account: str
    currency: str
    state: NoticeState
    due_at: datetime
    documents: str
    phone: str
    reason: str
    persons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TaskOpened:
    """Money left the country; a request is ready."""

    task: Task


@dataclass(frozen=True, slots=True)
class TaskMoved:
    """An answer came from abroad, or none in time."""

    task: str
    state: TaskState
    answer: str


@dataclass(frozen=True, slots=True)
class CaseJoined:
    """Two trails meet at an account: the cases are worked together, their holds stay apart."""

    other: str
    account: str
    persons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HandoverOffered:
    """The case was offered to another unit; nothing changes yet."""

    handover: Handover


@dataclass(frozen=True, slots=True)
class HandoverSettled:
    """The other unit took the case over, or did not, or the offer was taken back."""

    handover: str
    state: HandoverState
    by: str
    at: datetime
    why: str
    unit: str
    """That has the case from here on."""


@dataclass(frozen=True, slots=True)
class EscalationRaised:
    """A unit was asked about a clock that ran out."""

    escalation: Escalation


@dataclass(frozen=True, slots=True)
class EscalationMoved:
    """It has its outcome, or the unit above is asked."""

    escalation: str
    state: EscalationState
    by: str
    at: datetime
    outcome: str


Event = (
    CaseOpened
    | ReportTaken
    | ClaimMade
    | SignsNoted
    | ClaimAgreed
    | ClaimSettled
    | ClaimRepaid
    | FactsAdded
    | RestNoted
    | FactsChanged
    | TrailApplied
    | HoldNoted
    | HoldConfirmed
    | HarmNoted
    | AccountKindNoted
    | OrderWritten
    | OrderAgreed
    | OrderTakenUp
    | StoodLowered
    | CapLifted
    | EntitlementsChanged
    | SurplusMarked
    | MandateProposed
    | MandateSettled
    | FindingProposed
    | FindingSettled
    | MotionMade
    | MotionSettled
    | ClockSet
    | PlacesChanged
    | AccountSwapped
    | OpinionNoted
    | AppealFiled
    | AppealSettled
    | NoticeFellDue
    | NoticeMoved
    | TaskOpened
    | TaskMoved
    | CaseJoined
    | HandoverOffered
    | HandoverSettled
    | EscalationRaised
    | EscalationMoved
)
