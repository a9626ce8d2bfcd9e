"""Rules about orders of the chase: what may leave, who must have agreed, which mandate covers it. Pure; called by `decide`."""

from __future__ import annotations

from datetime import datetime

from recoup.cases.abuse import is_doubtful
from recoup.cases.case import Approval, Case, Mandate, Parts, Standing
from recoup.cases.chase import Plan, Proposal, plan_orders
from recoup.cases.commands import (
    AgreeToMandate,
    AgreeToOrder,
    ProposeMandate,
    RevokeMandate,
    TakeUp,
)
from recoup.cases.events import Event, MandateProposed, MandateSettled, OrderAgreed, OrderTakenUp
from recoup.cases.refusals import Reason, Refusal
from recoup.cases.state import MANDATE_MOVES, MANDATE_REFUSALS, MandateState, MandateTrigger
from recoup.cases.terms import CasePolicy
from recoup.cases.views import view_of
from recoup.orders import AccountKind, Extent, Order, OrderKind, approvals_needed
from recoup.orders.kinds import UNDER_MANDATE

Events = tuple[Event, ...]

ASKING = frozenset({OrderKind.STOP, OrderKind.EXTEND, OrderKind.RAISE})
KEEPING = frozenset({OrderKind.POSTPONE, OrderKind.FREEZE, OrderKind.RENEW})
"""Orders that hold on what is asked already: longer, not more."""


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
    found = _proposed(order, plan, standing)
    if isinstance(found, Refusal):
        return found
    persons = _persons(case, order, plan)
    if order.mandate:
        refusal = _covered(case, order, found, now)
        if refusal is not None:
            return refusal
    if len(persons) < persons_needed(case, order, found.stood, policy):
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
    )
    return (taken,)


def _proposed(order: Order, plan: Plan, standing: Standing | None) -> Proposal | Refusal:
    """Return what the plan says of the order; a refusal where it says otherwise by now."""
    account, currency = order.key.account, order.key.currency
    if order.kind in KEEPING:
        asked = standing.asked if standing else 0
        if standing is None or not asked or order.amount != asked:
            return Refusal(Reason.PROPOSAL_STALE, f"{asked} is asked for")
        return Proposal(
            order.kind, account, currency, order.institution, asked, stood=standing.stood
        )
    found = plan.find(order.kind, account, currency)
    if found is None:
        return Refusal(Reason.PROPOSAL_STALE, f"no {order.kind} is proposed there")
    if (found.amount, found.institution) != (order.amount, order.institution):
        what = f"expected {found.amount} at {found.institution}, was {order.amount}"
        return Refusal(Reason.PROPOSAL_STALE, what)
    return found


def _persons(case: Case, order: Order, plan: Plan) -> tuple[str, ...]:
    """Return who agreed to exactly what is seen now, the maker never among them."""
    view = view_of(case, order, plan)
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
    if order.account_kind is not AccountKind.ORDINARY or order.extent is not Extent.AMOUNT:
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
