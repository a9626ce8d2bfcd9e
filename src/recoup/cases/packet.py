"""What a unit gives with a case: orders, holds, claims, evidence, clocks, what was proposed; a digest over all. Pure.

The digest is of the case as it stands, not of a time or a person: two packets of a case to which nothing happened are the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass
from datetime import datetime

from recoup.care.escalation import Escalation
from recoup.cases.case import Case
from recoup.cases.decided import Clock, digest_of
from recoup.cases.freeing import running
from recoup.cases.state import AppealState, MandateState, NoticeState, TaskState
from recoup.orders import Hold, HoldState


@dataclass(frozen=True, slots=True)
class PacketOrder:
    """An order and how far it is."""

    id: str
    digest: str
    kind: str
    account: str
    currency: str
    institution: str
    amount: int
    state: str
    issued_at: datetime | None


@dataclass(frozen=True, slots=True)
class PacketHold:
    """What stands at an institution, and until when."""

    account: str
    currency: str
    word: str
    held: int
    ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class PacketClaim:
    """A claim and what it misses."""

    id: str
    state: str
    currency: str
    amount: int
    missing: int


@dataclass(frozen=True, slots=True)
class PacketDecision:
    """What one person proposed and another decides, and how far it is: a finding, a motion or a standing authority."""

    id: str
    kind: str
    about: str
    """The claim or the account; the currency of a standing authority."""
    state: str


@dataclass(frozen=True, slots=True)
class Packet:
    """A case as it is handed over."""

    case: str
    unit: str
    """That gives it."""
    claims: tuple[PacketClaim, ...]
    orders: tuple[PacketOrder, ...]
    holds: tuple[PacketHold, ...]
    evidence: tuple[str, ...]
    """Digests of the statements, in the order in which they came."""
    facts_version: int
    trail_version: int
    trail_digest: str
    mandates: tuple[tuple[str, str, int, int], ...]
    """Standing authorities: id, currency, what it allows, what is spent of it."""
    clocks: tuple[Clock, ...]
    decisions: tuple[PacketDecision, ...] = ()
    """Findings, motions and standing authorities, whatever became of them: one that is new or settled changes the digest."""

    @property
    def digest(self) -> str:
        """SHA-256 over everything in it."""
        return digest_of("packet", *_texts(astuple(self)))


def packet_of(case: Case, holds: Iterable[Hold], beside: Iterable[Clock] = ()) -> Packet:
    """Return the packet of a case with its holds as they are now; `beside` is what is due for it in other rooms."""
    mine = sorted(holds, key=lambda hold: (hold.key.account, hold.key.currency))
    return Packet(
        case.id,
        case.unit,
        tuple(
            PacketClaim(row.id, row.state.value, row.currency, row.amount, row.missing)
            for row in case.claims
        ),
        tuple(row for hold in mine for row in _orders(hold)),
        tuple(
            PacketHold(hold.key.account, hold.key.currency, hold.word, hold.held, hold.ends_at)
            for hold in mine
        ),
        case.facts,
        case.facts_version,
        case.trail_version,
        case.trail_digest,
        tuple(
            (row.id, row.currency, row.amount_max, row.spent)
            for row in case.mandates
            if row.state is MandateState.STANDING
        ),
        tuple(
            sorted(
                (*_clocks(case, mine), *beside),
                key=lambda clock: (clock.due_at, clock.kind, clock.about),
            )
        ),
        tuple(_decisions(case)),
    )


def asked_of(case: Case, unit: str) -> tuple[Clock, ...]:
    """Return what a unit is asked about a case and has no outcome yet, whichever unit has the case."""
    return tuple(_asking(row) for row in case.escalations if row.is_open and row.unit == unit)


def _orders(hold: Hold) -> Iterator[PacketOrder]:
    for tracked in hold.orders:
        order = tracked.order
        yield PacketOrder(
            order.id,
            order.digest,
            order.kind.value,
            order.key.account,
            order.key.currency,
            order.institution,
            order.amount,
            tracked.state.value,
            tracked.issued_at,
        )


def _clocks(case: Case, holds: Iterable[Hold]) -> Iterator[Clock]:
    """Yield everything of the case that is due."""
    for hold in holds:
        # What an institution never answered about ends by itself too, counted from sending (SEMANTICS 3).
        is_running = hold.is_live or hold.state is HoldState.ASKED
        if hold.ends_at is not None and is_running:
            yield Clock("term", f"{hold.key.account} {hold.key.currency}", hold.ends_at)
        for tracked in hold.orders:
            if tracked.is_on_its_way and tracked.answer_due_at is not None:
                yield Clock("answer", tracked.order.id, tracked.answer_due_at)
    for appeal in case.appeals:
        if appeal.state in {AppealState.FILED, AppealState.OVERDUE}:
            yield Clock("appeal", appeal.id, appeal.due_at)
    yield from running(case)
    for notice in case.notices:
        if notice.state is not NoticeState.SENT:
            yield Clock("notice", f"{notice.account} {notice.currency}", notice.due_at)
    for task in case.tasks:
        if task.state is not TaskState.ANSWERED:
            yield Clock("abroad", task.id, task.due_at)
    for escalation in case.escalations:
        if escalation.is_open:
            yield _asking(escalation)
    for mandate in case.mandates:
        if mandate.state is MandateState.STANDING:
            yield Clock("mandate", mandate.id, mandate.until)


def _asking(escalation: Escalation) -> Clock:
    return Clock("escalation", escalation.id, escalation.due_at)


def _decisions(case: Case) -> Iterator[PacketDecision]:
    """Yield what takes two persons, kind by kind, each in the order in which it was proposed."""
    for finding in case.findings:
        yield PacketDecision(finding.id, finding.kind.value, finding.subject, finding.state.value)
    for motion in case.motions:
        about = motion.account or motion.other
        yield PacketDecision(motion.id, motion.matter.value, about, motion.state.value)
    for mandate in case.mandates:
        yield PacketDecision(mandate.id, "mandate", mandate.currency, mandate.state.value)


def _texts(value: object) -> Iterator[object]:
    """Yield the texts and instants that make a packet, with the length of each list so that no two packets give the same."""
    if isinstance(value, tuple):
        yield f"{len(value)} in all"
        for part in value:
            yield from _texts(part)
    else:
        yield value if isinstance(value, datetime) else str(value)
