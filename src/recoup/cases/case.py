"""One case as values: reports, claims, what the trail says, what is held and for whom, and who agreed to what. No rule is here.

Amounts are minor units. Victims, texts, documents and account numbers lie in the vault; here stand opaque ids only.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from recoup.care.escalation import Escalation, EscalationState
from recoup.cases.decided import (
    Appeal,
    Clock,
    Finding,
    FindingKind,
    Handover,
    Motion,
    Notice,
    Task,
    digest_of,
)
from recoup.cases.state import (
    ClaimState,
    FindingState,
    HandoverState,
    MandateState,
    NoticeState,
)
from recoup.frozen import quickly_made
from recoup.orders import AccountKind, Order, OrderKind

ClaimKey = tuple[str, str]
"""Claim and currency: what became another currency is missed in that one."""
HoldPlace = tuple[str, str]
"""Account and currency."""
Parts = tuple[tuple[str, int], ...]
"""Claims and amounts, in the order of claims, no zeros."""


class Grade(StrEnum):
    """How much a report is worth before anybody looked into it."""

    RELIABLE = "reliable"
    PLAUSIBLE = "plausible"
    DOUBTFUL = "doubtful"


class Channel(StrEnum):
    """Which way a report came."""

    EMERGENCY_CALL = "emergency_call"
    STATION = "station"
    BANK_COUNTER = "bank_counter"
    ONLINE = "online"
    OTHER_CENTRE = "other_centre"


@dataclass(frozen=True, slots=True)
class Report:
    """What somebody told the centre."""

    id: str
    reporter: str
    grade: Grade
    channel: Channel
    accepts_liability: bool
    """The reporter answers for a false report."""
    received_at: datetime
    entered_at: datetime
    entered_by: str
    text: str = ""


@quickly_made
@dataclass(frozen=True, slots=True)
class Claim:
    """One disputed transfer of one victim."""

    id: str
    report: str
    victim: str
    transfer: str
    """Opaque id of the disputed transfer; a transfer has at most one live claim."""
    payer: str
    """'' where a deposit is disputed."""
    payee: str
    institution: str
    currency: str
    amount: int
    paid_at: datetime
    made_by: str
    state: ClaimState = ClaimState.REPORTED
    agreed_by: tuple[str, ...] = ()
    returned: int = 0
    compensated: int = 0

    @property
    def missing(self) -> int:
        """Loss - returned - compensated; nothing for a claim that no longer stands."""
        if self.state in {ClaimState.REPORTED, ClaimState.ADMITTED}:
            return self.amount - self.returned - self.compensated
        return 0


class Found(StrEnum):
    """What the trail says of money at a place."""

    LOCATED = "located"
    UNKNOWN = "unknown"
    """Last seen going there: that account's statement is missing."""
    EXITED = "exited"
    RESIDUAL = "residual"


@quickly_made
@dataclass(frozen=True, slots=True)
class Place:
    """So much of one claim lies in an account, was last seen going there, or left the system from there."""

    claim: str
    account: str
    institution: str
    currency: str
    amount: int
    since: datetime
    found: Found
    kind: str = ""
    """How it exited: cash_out, abroad, exchange, wallet, purchase, to_victim, converted and so on; of money that did not, the
    kind of payment if it came as the price of something only."""
    hop: int = 1
    serial: str = ""
    """Opaque id of the exit's serial number at `institution`: what it is asked by."""
    is_inferred: bool = False
    """Rests on a bridge, or on a row of one side only."""
    is_one_sided: bool = False
    """Rests on one institution's word where another's own statement should show the same, and does not."""

    @property
    def hold(self) -> HoldPlace:
        """What a hold on it is one of."""
        return self.account, self.currency


@dataclass(frozen=True, slots=True)
class Bridged:
    """An account without a statement through which money is inferred to have passed: its own rows may say otherwise."""

    account: str
    institution: str
    currency: str
    hop: int = 1


@dataclass(frozen=True, slots=True)
class Rest:
    """Rows of an account's statement that an answer had no room for: the trail is not complete without them."""

    account: str
    currency: str
    institution: str
    since: datetime
    """From when on they are: the time of the last row that came."""
    left: int
    """How many, as the institution says; 0: none any more."""
    is_asked: bool = False
    """Whether a query for them left."""


@dataclass(frozen=True, slots=True)
class Derived:
    """Money of a claim that became another currency: a loss of its own there."""

    claim: str
    currency: str
    amount: int


@quickly_made
@dataclass(frozen=True, slots=True)
class Standing:
    """What was asked of an institution for the case on one account, for whom, and what it holds."""

    account: str
    currency: str
    institution: str
    asked: int = 0
    """What the newest order asks for, answered or not; 0 when nothing is asked any more."""
    held: int = 0
    confirmed: int = 0
    """Of what is held, what a balance digest has shown after the answer as well: said twice."""
    stood: Parts = ()
    """For whom it was asked."""
    word: str = ""
    """The hold's one word (`Hold.word`)."""
    basis: OrderKind | None = None
    period: int = 0
    stops_spent: int = 0
    """Of the stops that the law allows of the account."""
    answered_at: datetime | None = None
    makers: tuple[str, ...] = ()
    """Who made or agreed to an order about it, or set the authority it left under: they do not decide its appeal."""
    surplus_since: datetime | None = None
    arrived_at: datetime | None = None
    """When the newest of the money that was asked for had arrived there."""

    @property
    def hold(self) -> HoldPlace:
        """What it is one of."""
        return self.account, self.currency


@quickly_made
@dataclass(frozen=True, slots=True)
class Entitlement:
    """The part of an order that a claim stands behind."""

    account: str
    currency: str
    claim: str
    amount: int


@dataclass(frozen=True, slots=True)
class Harm:
    """What an order does to others, as far as anybody said."""

    account: str
    currency: str
    own_money: int = 0
    """Of the holder's own money, what would be caught."""
    salary_on: tuple[date, ...] = ()
    merchants: int = 0
    """Merchants who are paid from there."""


@dataclass(frozen=True, slots=True)
class Approval:
    """A person agreed to an order about which they saw what the digest stands for."""

    order: str
    by: str
    digest: str


@dataclass(frozen=True, slots=True)
class Mandate:
    """Standing authority: within it, the next orders need nobody else."""

    id: str
    hops_max: int
    amount_max: int
    currency: str
    until: datetime
    proposed_by: str
    state: MandateState = MandateState.PROPOSED
    agreed_by: str = ""
    spent: int = 0
    """What orders under it newly asked for."""

    @property
    def digest(self) -> str:
        """What the second person agrees to."""
        return digest_of(
            "mandate",
            self.id,
            self.hops_max,
            self.amount_max,
            self.currency,
            self.until,
            self.proposed_by,
        )


@dataclass(frozen=True, slots=True)
class Cap:
    """A person decided that no more than this is held on an account, whatever the trail says."""

    account: str
    currency: str
    amount: int


@dataclass(frozen=True, slots=True)
class Swap:
    """A holder offered another account: so much is held there instead."""

    account: str
    currency: str
    offered: str
    institution: str
    amount: int
    at: datetime
    agreed_by: tuple[str, ...]
    """Who proposed it and who agreed: the grounds of the stop there, where no disputed money ever arrived."""


@quickly_made
@dataclass(frozen=True, slots=True)
class Case:
    """Claims investigated together, and the chase for them."""

    id: str
    opened_at: datetime | None = None
    unit: str = ""
    reports: tuple[Report, ...] = ()
    claims: tuple[Claim, ...] = ()
    facts: tuple[str, ...] = ()
    """Digests of statement rows, in the order in which they came."""
    facts_version: int = 0
    trail_version: int = -1
    trail_digest: str = ""
    places: tuple[Place, ...] = ()
    derived: tuple[Derived, ...] = ()
    holds: tuple[Standing, ...] = ()
    entitlements: tuple[Entitlement, ...] = ()
    bridged: tuple[Bridged, ...] = ()
    queried: tuple[str, ...] = ()
    harms: tuple[Harm, ...] = ()
    account_kinds: tuple[tuple[str, AccountKind], ...] = ()
    """What accounts are for, as far as anybody said."""
    approvals: tuple[Approval, ...] = ()
    orders: tuple[tuple[str, str], ...] = ()
    """Orders taken up: id and digest."""
    written: tuple[Order, ...] = ()
    """Orders of the plan that a person wrote down and that have not left."""
    mandates: tuple[Mandate, ...] = ()
    findings: tuple[Finding, ...] = ()
    motions: tuple[Motion, ...] = ()
    appeals: tuple[Appeal, ...] = ()
    notices: tuple[Notice, ...] = ()
    tasks: tuple[Task, ...] = ()
    noted: tuple[tuple[str, str], ...] = ()
    """Payments to victims and opinions that were taken in: id and digest."""
    opinions: int = 0
    """How many of those are opinions."""
    caps: tuple[Cap, ...] = ()
    swaps: tuple[Swap, ...] = ()
    rests: tuple[Rest, ...] = ()
    """Statements that were cut, and are asked for further."""
    joined: tuple[str, ...] = ()
    """Cases worked together with this one."""
    handovers: tuple[Handover, ...] = ()
    escalations: tuple[Escalation, ...] = ()
    clocks: tuple[Clock, ...] = ()
    """By when what is for a holder is to be decided, or freed; also of what was."""
    signs: tuple[tuple[str, str], ...] = ()
    """Claims and what speaks against each: signs that the freeze itself is abused."""

    @property
    def is_open(self) -> bool:
        """Whether a report opened it."""
        return self.opened_at is not None

    def claim(self, claim_id: str) -> Claim | None:
        """Return the claim of that id."""
        return next((claim for claim in self.claims if claim.id == claim_id), None)

    def asked_about(self, clock: str, about: str) -> Escalation | None:
        """Return the open escalation of a clock; at most one is."""
        rows = (row for row in self.escalations if (row.clock, row.about) == (clock, about))
        return next((row for row in rows if row.state is EscalationState.OPEN), None)

    def handover(self, handover_id: str) -> Handover | None:
        """Return the offer of that id."""
        return next((row for row in self.handovers if row.id == handover_id), None)

    @property
    def offered(self) -> Handover | None:
        """Return the offer that waits for the other unit; at most one does."""
        waiting = (row for row in self.handovers if row.state is HandoverState.OFFERED)
        return next(waiting, None)

    def standing(self, account: str, currency: str) -> Standing | None:
        """Return what stands on that account."""
        for hold in self.holds:
            if hold.account == account and hold.currency == currency:
                return hold
        return None

    def held_back(self, account: str, currency: str) -> datetime | None:
        """Return until when that account's holder is not told, by a decision of two persons."""
        return next(
            (
                row.due_at
                for row in self.notices
                if (row.account, row.currency) == (account, currency)
                and row.state is NoticeState.DEFERRED
            ),
            None,
        )

    def account_kind(self, account: str) -> AccountKind:
        """Return what an account is for; an ordinary one while nobody said."""
        return dict(self.account_kinds).get(account, AccountKind.ORDINARY)

    def is_innocent(self, account: str) -> bool:
        """Whether it was found that the holder only passed money on, in good faith."""
        return self._is_found(account, FindingKind.INNOCENT_CONDUIT)

    def is_paid_for(self, account: str) -> bool:
        """Whether it was found that the holder gave value in good faith: what arrived exits there."""
        return self._is_found(account, FindingKind.GOOD_FAITH_VALUE)

    def _is_found(self, account: str, kind: FindingKind) -> bool:
        return any(
            finding.kind is kind
            and finding.subject == account
            and finding.state is FindingState.DECIDED
            for finding in self.findings
        )

    def rest(self, account: str, currency: str) -> Rest | None:
        """Return what is left of that account's statement."""
        place = (account, currency)
        return next((row for row in self.rests if (row.account, row.currency) == place), None)

    @property
    def is_whole(self) -> bool:
        """Whether the trail is computed from all facts, and no statement behind it was cut."""
        return self.has_current_trail() and not self.rests

    def has_current_trail(self) -> bool:
        """Whether the trail was computed from all facts there are."""
        return self.trail_version == self.facts_version
