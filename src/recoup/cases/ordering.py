"""Rules about orders of the chase: what may leave, who must have agreed, which mandate covers it. Pure; called by `decide`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from recoup.cases.abuse import is_doubtful
from recoup.cases.case import (
    Approval,
    Case,
    Mandate,
    Parts,
    Standing,
)
from recoup.cases.chase import KEEPING, Plan, Proposal
from recoup.cases.commands import (
    AgreeToMandate,
    AgreeToOrder,
    ProposeMandate,
    RevokeMandate,
    TakeUp,
    WriteOrder,
)
from recoup.cases.events import (
    Event,
    MandateProposed,
    MandateSettled,
    OrderAgreed,
    OrderTakenUp,
    OrderWritten,
)
from recoup.cases.plans import plan_orders
from recoup.cases.refusals import Reason, Refusal
from recoup.cases.state import MANDATE_MOVES, MANDATE_REFUSALS, MandateState, MandateTrigger
from recoup.cases.terms import CasePolicy
from recoup.cases.views import View, view_of
from recoup.limits import CASE_OPEN_MAX
from recoup.orders import AccountKind, Extent, HoldKey, Order, OrderKind, approvals_needed
from recoup.orders.kinds import OFF_BANK, UNDER_MANDATE

Events = tuple[Event, ...]

ASKING = frozenset({OrderKind.STOP, OrderKind.EXTEND, OrderKind.RAISE})
WHOLE_GROUND = "the institution can stop whole accounts only"


def write_order(
    case: Case, command: WriteOrder, now: datetime, policy: CasePolicy
) -> Events | Refusal:
    """Write an order of the plan down, so that others can see it; a newer one takes the place of its maker's older."""
    if not command.reason:
        return Refusal(Reason.REASON_MISSING, command.order)
    if command.order in {row.id for row in case.written} | dict(case.orders).keys():
        return Refusal(Reason.ID_TAKEN, command.order)
    plan = plan_orders(case, now, policy)
    standing = case.standing(command.account, command.currency)
    order = _from_plan(case, command, plan, standing)
    found = _proposed(order, plan, standing, case.account_kind(command.account))
    if isinstance(found, Refusal):
        return found
    if refusal := _beyond_powers(order, policy):
        return refusal
    if len(case.written) >= CASE_OPEN_MAX:
        return Refusal(Reason.TOO_MANY_OPEN, f"expected at most {CASE_OPEN_MAX} orders")
    return (OrderWritten(order),)


def _from_plan(case: Case, command: WriteOrder, plan: Plan, standing: Standing | None) -> Order:
    """Return the order that the plan gives; where it gives none, one that fits nothing."""
    found = plan.find(command.kind, command.account, command.currency)
    institution, amount, is_whole = "", 0, False
    if command.kind in KEEPING and standing is not None:
        keeping = plan.keeping(command.kind, standing)
        institution, amount = (keeping.institution, keeping.amount) if keeping else ("", 0)
    elif found is not None:
        institution, amount, is_whole = found.institution, found.amount, found.is_whole_account
    known = case.account_kind(command.account)
    return Order(
        command.order,
        command.kind,
        HoldKey(case.id, command.account, command.currency),
        institution,
        amount,
        command.by,
        command.reason,
        Extent.WHOLE_ACCOUNT if is_whole else Extent.AMOUNT,
        WHOLE_GROUND if is_whole else "",
        command.account_kind if known is AccountKind.ORDINARY else known,
        command.mandate,
    )


def agree_to_order(
    case: Case, command: AgreeToOrder, now: datetime, policy: CasePolicy
) -> Events | Refusal:
    """Count a person who saw an order's gain and harm and agrees."""
    order = command.order
    if command.by == order.made_by or any(
        (row.order, row.by, row.digest) == (order.id, command.by, command.digest)
        for row in case.approvals
    ):
        return Refusal(Reason.MAKER_DECIDES, command.by)
    view = view_of(case, order, plan_orders(case, now, policy))
    if view is None:
        return Refusal(Reason.PROPOSAL_STALE, order.kind)
    if view.digest != command.digest:
        return Refusal(Reason.DIGEST_STALE, order.id)
    return (OrderAgreed(Approval(order.id, command.by, command.digest)),)


def take_up(case: Case, command: TakeUp, now: datetime, policy: CasePolicy) -> Events | Refusal:
    """Let an order leave that the plan still has, within a mandate or with the approvals it needs."""
    order = command.order
    known = dict(case.orders).get(order.id)
    if known is not None:
        return () if known == order.digest else Refusal(Reason.ID_TAKEN, order.id)
    if order.key.case != case.id:
        return Refusal(Reason.ORDER_OF_ANOTHER_CASE, order.key.case)
    plan = plan_orders(case, now, policy)
    standing = case.standing(order.key.account, order.key.currency)
    kind = case.account_kind(order.key.account)
    found = _proposed(order, plan, standing, kind)
    if isinstance(found, Refusal):
        return found
    if refusal := _beyond_powers(order, policy):
        return refusal
    view = view_of(case, order, plan)
    persons = _persons(case, order, view)
    if order.mandate:
        refusal = _covered(case, order, found, now)
        if refusal is not None:
            return refusal
    needed = max(found.persons_least, persons_needed(case, order, found.stood, policy))
    if len(persons) < needed:
        return Refusal(Reason.APPROVAL_MISSING, f"{len(persons)} agreed to what stands now")
    taken = OrderTakenUp(
        order.id,
        order.digest,
        order.kind,
        order.key.account,
        order.key.currency,
        order.institution,
        order.amount,
        found.change,
        found.stood,
        (order.made_by, *persons),
        order.mandate,
        found.hop,
        found.arrived_at,
    )
    return (taken,)


def _beyond_powers(order: Order, policy: CasePolicy) -> Refusal | None:
    """Refuse what this kind of institution is never told; what frees is told wherever something is held."""
    if order.kind in {OrderKind.RELEASE, OrderKind.REDUCE}:
        return None
    if policy.takes(order.institution, order.kind):
        return None
    kind = policy.institution(order.institution).kind
    return Refusal(Reason.INSTITUTION_CANNOT, f"a {kind} is given no {order.kind}")


def _proposed(
    order: Order, plan: Plan, standing: Standing | None, kind: AccountKind
) -> Proposal | Refusal:
    """Return what the plan says of the order; a refusal where it says otherwise by now."""
    account, currency = order.key.account, order.key.currency
    if kind is not AccountKind.ORDINARY and order.account_kind is not kind:
        return Refusal(Reason.PROPOSAL_STALE, f"the account is one of {kind}")
    found: Proposal | None
    if order.kind in KEEPING:
        found = plan.keeping(order.kind, standing) if standing else None
    else:
        found = plan.find(order.kind, account, currency)
    if found is None:
        return Refusal(Reason.PROPOSAL_STALE, f"no {order.kind} is proposed there")
    if (found.amount, found.institution) != (order.amount, order.institution):
        what = f"expected {found.amount} at {found.institution}, was {order.amount}"
        return Refusal(Reason.PROPOSAL_STALE, what)
    return found


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far an order that was written down is from leaving."""

    view: View | None
    """What whoever agrees sees; None where the plan has no such order any more."""
    persons: tuple[str, ...]
    """Who agreed to exactly that."""
    needed: int
    """Persons beside the maker who must agree."""


def agreement_of(case: Case, order: Order, now: datetime, policy: CasePolicy) -> Agreement:
    """Return who must see what before an order leaves, and who has."""
    plan = plan_orders(case, now, policy)
    standing = case.standing(order.key.account, order.key.currency)
    found = _proposed(order, plan, standing, case.account_kind(order.key.account))
    if isinstance(found, Refusal):
        return Agreement(None, (), approvals_needed(order, policy.orders))
    view = view_of(case, order, plan)
    needed = max(found.persons_least, persons_needed(case, order, found.stood, policy))
    return Agreement(view, _persons(case, order, view), needed)


def _persons(case: Case, order: Order, view: View | None) -> tuple[str, ...]:
    """Return who agreed to exactly what is seen now, the maker never among them."""
    return tuple(
        row.by
        for row in case.approvals
        if row.order == order.id
        and view is not None
        and row.digest == view.digest
        and row.by != order.made_by
    )


def persons_needed(case: Case, order: Order, stood: Parts, policy: CasePolicy) -> int:
    """Return how many persons beside the maker must agree: one at least where the freeze itself may be abused."""
    needed = approvals_needed(order, policy.orders)
    is_asking = order.kind in ASKING
    return max(1, needed) if is_asking and is_doubtful(case, stood, policy) else needed


def _covered(case: Case, order: Order, found: Proposal, now: datetime) -> Refusal | None:
    """Refuse an order that names a mandate which does not cover it."""
    mandate = next((row for row in case.mandates if row.id == order.mandate), None)
    if mandate is None:
        return Refusal(Reason.MANDATE_UNKNOWN, order.mandate)
    if mandate.state is not MandateState.STANDING or now >= mandate.until:
        return Refusal(Reason.MANDATE_ENDED, f"the mandate is {mandate.state}")
    narrow = _beyond(mandate, order, found)
    return Refusal(Reason.MANDATE_TOO_NARROW, narrow) if narrow else None


def _beyond(mandate: Mandate, order: Order, found: Proposal) -> str:
    """Return in what an order goes beyond a mandate; '' for nothing."""
    if order.kind not in UNDER_MANDATE:
        return f"no mandate covers a {order.kind}"
    if found.persons_least:
        return "rests on one side's word: a person must agree"
    is_plain = order.account_kind in OFF_BANK or order.account_kind is AccountKind.ORDINARY
    if not is_plain or order.extent is not Extent.AMOUNT:
        return "a protected or a whole account"
    if order.key.currency != mandate.currency:
        return f"expected {mandate.currency}"
    if found.hop > mandate.hops_max:
        return f"expected at most {mandate.hops_max} hops, was {found.hop}"
    if mandate.spent + max(0, found.change) > mandate.amount_max:
        return f"expected at most {mandate.amount_max - mandate.spent} more"
    return ""


def covers(mandate: Mandate, order: Order, found: Proposal, now: datetime) -> bool:
    """Whether a mandate lets a proposal leave without another person, were `order` written under it."""
    if mandate.state is not MandateState.STANDING or now >= mandate.until:
        return False
    return not _beyond(mandate, order, found)


def propose_mandate(case: Case, command: ProposeMandate, now: datetime) -> Events | Refusal:
    """Propose limits within which the next orders need nobody else."""
    wanted = command.mandate
    known = next((row for row in case.mandates if row.id == wanted.id), None)
    if known is not None:
        return () if known.digest == wanted.digest else Refusal(Reason.ID_TAKEN, wanted.id)
    if sum(row.state is MandateState.PROPOSED for row in case.mandates) >= CASE_OPEN_MAX:
        return Refusal(Reason.TOO_MANY_OPEN, f"expected at most {CASE_OPEN_MAX} mandates")
    if wanted.until <= now:
        return Refusal(Reason.MANDATE_ENDED, f"until {wanted.until.isoformat()}")
    if wanted.amount_max <= 0 or wanted.hops_max <= 0:
        return Refusal(Reason.AMOUNT_NOT_POSITIVE, "hops and amount")
    fresh = Mandate(
        wanted.id,
        wanted.hops_max,
        wanted.amount_max,
        wanted.currency,
        wanted.until,
        wanted.proposed_by,
    )
    return (MandateProposed(fresh),)


def settle_mandate(
    case: Case, command: AgreeToMandate | RevokeMandate, now: datetime
) -> Events | Refusal:
    """Let a standing authority stand, by a second person; or end it."""
    mandate = next((row for row in case.mandates if row.id == command.mandate), None)
    if mandate is None:
        return Refusal(Reason.MANDATE_UNKNOWN, command.mandate)
    is_agreeing = isinstance(command, AgreeToMandate)
    trigger = MandateTrigger.AGREE if is_agreeing else MandateTrigger.REVOKE
    if (mandate.state, trigger) not in MANDATE_MOVES:
        reason = MANDATE_REFUSALS[mandate.state, trigger]
        return Refusal(reason, f"the mandate is {mandate.state}")
    if isinstance(command, AgreeToMandate):
        if command.by == mandate.proposed_by:
            return Refusal(Reason.MAKER_DECIDES, command.by)
        if command.digest != mandate.digest:
            return Refusal(Reason.DIGEST_STALE, mandate.id)
        if now >= mandate.until:
            return Refusal(Reason.MANDATE_ENDED, f"until {mandate.until.isoformat()}")
    return (MandateSettled(mandate.id, MANDATE_MOVES[mandate.state, trigger], command.by),)
