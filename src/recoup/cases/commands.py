"""What can be asked of a case: imperatives, each with all that `decide` needs. Who may ask is settled before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from recoup.cases.case import (
    Bridged,
    Claim,
    Derived,
    Harm,
    Mandate,
    Place,
    Report,
    Rest,
)
from recoup.cases.decided import Finding, Motion
from recoup.cases.state import AppealTrigger, ClaimTrigger, FindingTrigger, MotionTrigger
from recoup.frozen import quickly_made
from recoup.orders import AccountKind, Order, OrderKind


@dataclass(frozen=True, slots=True)
class TakeReport:
    """Enter a report with the transfer that it disputes; the first opens the case."""

    report: Report
    claim: Claim
    unit: str


@dataclass(frozen=True, slots=True)
class MakeClaim:
    """Add another disputed transfer of a report."""

    claim: Claim


@dataclass(frozen=True, slots=True)
class SettleClaim:
    """Admit, reject or withdraw a claim; a claim becomes void by a finding only."""

    claim: str
    trigger: ClaimTrigger
    by: str


@dataclass(frozen=True, slots=True)
class NoteRepaid:
    """Note that a victim got money back, or was compensated by somebody."""

    id: str
    claim: str
    returned: int = 0
    compensated: int = 0


@dataclass(frozen=True, slots=True)
class NoteBounced:
    """Note that money which a victim had got back went back: the centre's own, with the institution's word for it."""

    id: str
    claim: str
    amount: int


@dataclass(frozen=True, slots=True)
class AddFacts:
    """Note statement rows that an answer brought; the rows lie elsewhere."""

    digest: str
    rows: tuple[str, ...]
    begins_at: datetime | None = None
    """Time of the first row of the whole statement, of which these may be the last part."""
    rest: Rest | None = None
    """Whose statement it is, until when it goes, and how many rows are left; with the last part of a statement."""


@dataclass(frozen=True, slots=True)
class ApplyTrail:
    """Take over a trail that a worker computed from a numbered version of the facts."""

    facts_version: int
    digest: str
    places: tuple[Place, ...]
    derived: tuple[Derived, ...] = ()
    bridged: tuple[Bridged, ...] = ()


@quickly_made
@dataclass(frozen=True, slots=True)
class NoteHold:
    """Note what the life of a hold has come to (`note_of`)."""

    account: str
    currency: str
    institution: str
    asked: int
    held: int
    word: str
    basis: OrderKind | None
    period: int
    at: datetime
    stops_spent: int = 0
    makers: tuple[str, ...] = ()
    """Who made or agreed to the orders that were issued about it."""
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class ConfirmHold:
    """Note what an institution's balance digest shows on an account: the second time that it says so."""

    account: str
    currency: str
    held: int
    as_of: datetime


@dataclass(frozen=True, slots=True)
class NoteHarm:
    """Note what an order would do to others."""

    harm: Harm


@dataclass(frozen=True, slots=True)
class NoteAccountKind:
    """Note what an account is for, as its institution or a person says: a protected one needs more people to agree."""

    account: str
    kind: AccountKind


@dataclass(frozen=True, slots=True)
class WriteOrder:
    """Write an order of the plan down under `order`; amount, institution and extent are the plan's."""

    order: str
    kind: OrderKind
    account: str
    currency: str
    by: str
    reason: str
    account_kind: AccountKind = AccountKind.ORDINARY
    mandate: str = ""


@dataclass(frozen=True, slots=True)
class AgreeToOrder:
    """Agree to an order of the chase; `digest` is that of the view that was seen."""

    order: Order
    by: str
    digest: str


@dataclass(frozen=True, slots=True)
class TakeUp:
    """Let an order of the plan leave: its claims stand behind it from this entry on."""

    order: Order


@dataclass(frozen=True, slots=True)
class DecideSurplus:
    """A person settles what nothing has confirmed in time."""

    account: str
    currency: str
    keep: int
    by: str
    agreed_by: str
    reason: str


@dataclass(frozen=True, slots=True)
class GrantHardship:
    """Free a part of a hold the same day, so that people can live."""

    account: str
    currency: str
    amount: int
    by: str
    agreed_by: str
    reason: str


@dataclass(frozen=True, slots=True)
class LiftCap:
    """Let more be held again than an appeal or hardship left, because of what is known since: two persons, with a reason."""

    account: str
    currency: str
    amount: int | None
    """The most that may be held from here on; None: whatever claims are entitled to."""
    by: str
    agreed_by: str
    reason: str


@dataclass(frozen=True, slots=True)
class SwapAccount:
    """Hold so much on another account that the holder offered."""

    account: str
    currency: str
    offered: str
    institution: str
    amount: int
    by: str
    agreed_by: str


@dataclass(frozen=True, slots=True)
class ProposeMandate:
    """Propose a standing authority."""

    mandate: Mandate


@dataclass(frozen=True, slots=True)
class AgreeToMandate:
    """Agree as the second person."""

    mandate: str
    by: str
    digest: str


@dataclass(frozen=True, slots=True)
class RevokeMandate:
    """End a standing authority; one person suffices, since nothing is widened."""

    mandate: str
    by: str


@dataclass(frozen=True, slots=True)
class ProposeFinding:
    """Propose what the centre finds."""

    finding: Finding


@dataclass(frozen=True, slots=True)
class SettleFinding:
    """Agree to a finding, or dismiss it."""

    finding: str
    trigger: FindingTrigger
    by: str
    digest: str


@dataclass(frozen=True, slots=True)
class MakeMotion:
    """Propose what takes two persons: surplus, hardship, another account, a later notice, joined cases."""

    motion: Motion


@dataclass(frozen=True, slots=True)
class SettleMotion:
    """Agree to a motion, dismiss it, or take it back."""

    motion: str
    trigger: MotionTrigger
    by: str
    digest: str = ""
    """Of the motion as it was seen; taking it back needs none."""


@dataclass(frozen=True, slots=True)
class NoteOpinion:
    """Keep what an institution thinks of an account; it frees nothing (SEMANTICS 4)."""

    id: str
    account: str
    institution: str
    text: str


@dataclass(frozen=True, slots=True)
class FileAppeal:
    """A holder objects to a hold."""

    id: str
    account: str
    currency: str
    is_through_bank: bool
    text: str = ""


@dataclass(frozen=True, slots=True)
class SettleAppeal:
    """Uphold (and keep only so much), deny or withdraw an appeal."""

    appeal: str
    trigger: AppealTrigger
    by: str
    keep: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class PassAppealClock:
    """The time within which an appeal was to be decided has passed."""

    appeal: str


@dataclass(frozen=True, slots=True)
class SendNotice:
    """The holder was told."""

    account: str
    currency: str
    documents: str
    phone: str


@dataclass(frozen=True, slots=True)
class DeferNotice:
    """Tell the holder later, for a reason and until a time that somebody else agreed to."""

    account: str
    currency: str
    until: datetime
    reason: str
    by: str
    agreed_by: str


@dataclass(frozen=True, slots=True)
class EndDeferral:
    """The end of a deferral has come."""

    account: str
    currency: str


@dataclass(frozen=True, slots=True)
class RecordForeignAnswer:
    """Keep what another country answered."""

    task: str
    answer: str


@dataclass(frozen=True, slots=True)
class PassForeignClock:
    """The time for a request abroad has passed."""

    task: str


@dataclass(frozen=True, slots=True)
class JoinCase:
    """Work this case together with another whose trail meets it."""

    other: str
    account: str
    by: str
    agreed_by: str


@dataclass(frozen=True, slots=True)
class OfferHandover:
    """Offer the case to another unit, on the packet whose digest was seen."""

    id: str
    unit: str
    digest: str
    by: str
    reason: str
    stands: str = ""
    """The digest of the packet as it is now: the centre says it, nobody else."""


@dataclass(frozen=True, slots=True)
class AcceptHandover:
    """Take the case over as the packet says; clocks, worklist and rights are the new unit's from here on."""

    handover: str
    digest: str
    by: str
    stands: str = ""
    """As in `OfferHandover`."""


@dataclass(frozen=True, slots=True)
class DeclineHandover:
    """Do not take it."""

    handover: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class WithdrawHandover:
    """Take the offer back."""

    handover: str
    by: str


@dataclass(frozen=True, slots=True)
class RaiseEscalation:
    """Ask a unit about a clock that ran out; the centre says whom."""

    clock: str
    about: str
    unit: str
    person: str


@dataclass(frozen=True, slots=True)
class PassEscalation:
    """The time of the unit that was asked is over; the centre says who is above."""

    escalation: str
    unit: str = ""
    person: str = ""


@dataclass(frozen=True, slots=True)
class SettleEscalation:
    """Say what came of it."""

    escalation: str
    by: str
    """'' where the clock itself was settled."""
    outcome: str


Command = (
    TakeReport
    | MakeClaim
    | SettleClaim
    | NoteRepaid
    | NoteBounced
    | AddFacts
    | ApplyTrail
    | NoteHold
    | ConfirmHold
    | NoteHarm
    | NoteAccountKind
    | WriteOrder
    | AgreeToOrder
    | TakeUp
    | DecideSurplus
    | GrantHardship
    | LiftCap
    | SwapAccount
    | ProposeMandate
    | AgreeToMandate
    | RevokeMandate
    | ProposeFinding
    | SettleFinding
    | MakeMotion
    | SettleMotion
    | NoteOpinion
    | FileAppeal
    | SettleAppeal
    | PassAppealClock
    | SendNotice
    | DeferNotice
    | EndDeferral
    | RecordForeignAnswer
    | PassForeignClock
    | JoinCase
    | OfferHandover
    | AcceptHandover
    | DeclineHandover
    | WithdrawHandover
    | RaiseEscalation
    | PassEscalation
    | SettleEscalation
)
