"""What waits for a person, read off a case, its plan and its orders. Decides nothing: what waits is what the rooms say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple, Protocol

from recoup.cases import Case, CasePolicy, plan_orders
from recoup.cases.state import (
    AppealState,
    ClaimState,
    FindingState,
    MandateState,
    NoticeState,
    TaskState,
)
from recoup.centre.planning import items_of
from recoup.orders import Hold, HoldKey, OrderState, Tracked

_NEVER: Final = datetime.max.replace(tzinfo=UTC)


class Waits(StrEnum):
    """What a person is waited for."""

    CLAIM = "claim_to_admit"
    ORDER = "order_to_let_go"
    """The plan has it, no standing authority covers it."""
    APPROVAL = "order_to_approve"
    MANDATE = "mandate_to_agree"
    FINDING = "finding_to_decide"
    SURPLUS = "surplus_to_decide"
    STUCK = "order_held_up"
    """Money lies there and the chase orders nothing more: `why` says why."""
    TERM = "hold_ends"
    APPEAL = "appeal_to_decide"
    NOTICE = "notice_to_send"
    DEFERRAL = "deferral_ends"
    ABROAD = "answer_from_abroad"
    LETTER = "letter_to_send"
    """A victim was not told where the claim stands; `why` says where."""
    CALENDAR = "calendar_to_extend"
    """The bank cannot be told: nobody told the centre the working days of the year in which it must have paid."""
    MEASURE = "measure_to_agree"
    """One about an account; no case is behind these seven."""
    HOLDER = "holder_to_tell"
    IN_FORCE = "measure_to_confirm"
    MEASURE_APPEAL = "measure_appeal_to_decide"
    PROTECTION = "protection_to_lift"
    """The dissuasion that it rests on has ended."""
    DISSUASION = "payer_to_dissuade"
    DECISION_APPEAL = "decision_appeal_to_decide"
    """A holder objects to what a watch decided of a payment."""


_SURPLUS: Final = frozenset({"overdue", "cannot_shrink"})
_STUCK: Final = frozenset({"stops_exhausted", "refused", "beyond_hops", "no_institution"})


@dataclass(frozen=True, slots=True)
class Todo:
    """One thing that waits for a person."""

    kind: Waits
    case: str
    unit: str
    about: str
    """A claim, an order, an account, and so on: an opaque id."""
    currency: str
    amount: int
    """Minor units that are at stake."""
    value: int
    """What comes first among equals: minor units times the chance, in 1,000, that they can still be had."""
    due_at: datetime | None = None
    why: str = ""

    @property
    def rank(self) -> Rank:
        """By deadline, then value."""
        due = self.due_at or _NEVER
        return due, -self.value, self.case, self.kind.value, self.about, self.currency


class _Make(Protocol):
    """Makes a thing that waits in one case."""

    def __call__(
        self,
        kind: Waits,
        about: str,
        currency: str,
        amount: int,
        due_at: datetime | None = None,
        value: int | None = None,
        why: str = "",
        /,
    ) -> Todo:
        """Return it; its value is the whole amount unless another is given."""
        ...


Rank = tuple[datetime, int, str, str, str, str]


class Beside(NamedTuple):
    """What waits for a case and stands in other registers than its own."""

    kind: Waits
    about: str
    currency: str
    amount: int
    why: str
    at: datetime | None = None
    """When a bank is to be told of a payment; None: now."""


class Looked(NamedTuple):
    """A case as it was at one moment."""

    case: Case
    orders: tuple[tuple[Hold, Tracked], ...]
    beside: tuple[Beside, ...] = ()


def next_change(case: Case, now: datetime, policy: CasePolicy) -> datetime | None:
    """Return when the clock alone next changes what waits in a case; None: never."""
    longest = timedelta(seconds=policy.overlap_seconds_max, microseconds=1)
    ends = [mandate.until for mandate in case.mandates]
    ends += [row.surplus_since + longest for row in case.holds if row.surplus_since is not None]
    return min((end for end in ends if end > now), default=None)


def todos_of(
    case: Case,
    orders: Iterable[tuple[Hold, Tracked]],
    now: datetime,
    policy: CasePolicy,
    beside: Iterable[Beside] = (),
) -> Iterator[Todo]:
    """Yield what waits for a person in one case."""

    def todo(
        kind: Waits,
        about: str,
        currency: str,
        amount: int,
        due_at: datetime | None = None,
        value: int | None = None,
        why: str = "",
    ) -> Todo:
        worth = amount * 1000 if value is None else value
        return Todo(kind, case.id, case.unit, about, currency, amount, worth, due_at, why)

    for claim in case.claims:
        if claim.state is ClaimState.REPORTED:
            yield todo(Waits.CLAIM, claim.id, claim.currency, claim.missing)
    for mandate in case.mandates:
        if mandate.state is MandateState.PROPOSED and now < mandate.until:
            amount = mandate.amount_max
            yield todo(Waits.MANDATE, mandate.id, mandate.currency, amount, mandate.until)
    for finding in case.findings:
        if finding.state is FindingState.PROPOSED:
            yield todo(Waits.FINDING, finding.id, "", 0)
    plan = plan_orders(case, now, policy)
    for item in items_of(case, now, policy, "", plan):
        order = item.proposal
        if item.persons or not item.mandate:
            change = abs(order.change)
            yield todo(
                Waits.ORDER, order.account, order.currency, change, None, order.value, order.kind
            )
    longest = timedelta(seconds=policy.overlap_seconds_max)
    for row in plan.waiting:
        if row.why in _SURPLUS:
            standing = case.standing(row.account, row.currency)
            since = standing.surplus_since if standing is not None else None
            due = since + longest if since is not None else None
            yield todo(Waits.SURPLUS, row.account, row.currency, row.amount, due, None, row.why)
        elif row.why in _STUCK:
            yield todo(Waits.STUCK, row.account, row.currency, row.amount, None, None, row.why)
    yield from _of_orders(orders, todo)
    yield from _of_holders(case, todo)
    yield from _beside(beside, todo, now, policy)


def _beside(
    rows: Iterable[Beside], todo: _Make, now: datetime, policy: CasePolicy
) -> Iterator[Todo]:
    """Yield letters to send, and returns whose bank cannot be told for want of a calendar."""
    for row in rows:
        if row.kind is not Waits.CALENDAR:
            yield todo(row.kind, row.about, row.currency, row.amount, None, 0, row.why)
        elif policy.procedure is not None and policy.procedure.pay_due(row.at or now) is None:
            calendar = policy.procedure.calendar.id
            yield todo(row.kind, row.about, row.currency, row.amount, row.at, None, calendar)


def _of_orders(orders: Iterable[tuple[Hold, Tracked]], todo: _Make) -> Iterator[Todo]:
    """Yield orders that a person drafted and another is asked about, and the ends of holds."""
    holds: dict[HoldKey, Hold] = {}
    for hold, tracked in orders:
        holds[hold.key] = hold
        if tracked.state is OrderState.AWAITING_APPROVAL:
            order = tracked.order
            currency, amount = order.key.currency, order.amount
            yield todo(Waits.APPROVAL, order.id, currency, amount, None, None, order.kind)
    for key, hold in holds.items():
        if hold.is_live and hold.ends_at is not None:
            word = hold.basis.value if hold.basis is not None else ""
            yield todo(Waits.TERM, key.account, key.currency, hold.held, hold.ends_at, None, word)


def _of_holders(case: Case, todo: _Make) -> Iterator[Todo]:
    """Yield what holders and other countries wait for."""
    for appeal in case.appeals:
        if appeal.state in {AppealState.FILED, AppealState.OVERDUE}:
            standing = case.standing(appeal.account, appeal.currency)
            held = standing.held if standing is not None else 0
            yield todo(Waits.APPEAL, appeal.id, appeal.currency, held, appeal.due_at)
    for notice in case.notices:
        kinds = {NoticeState.DUE: Waits.NOTICE, NoticeState.DEFERRED: Waits.DEFERRAL}
        kind = kinds.get(notice.state)
        if kind is not None and notice.amount:  # of nothing held nobody is told
            yield todo(kind, notice.account, notice.currency, notice.amount, notice.due_at)
    for task in case.tasks:
        if task.state in {TaskState.OPEN, TaskState.OVERDUE}:
            yield todo(Waits.ABROAD, task.id, task.currency, task.amount, task.due_at)


__all__ = ["Beside", "Looked", "Rank", "Todo", "Waits", "next_change", "todos_of"]
