"""Orders that persons draft beside the chase's plan: what those need that no claim and no harm is shown with. Pure.

An order of the plan says for which claims it asks; one that is drafted by hand does not. So

1. nobody lets one leave alone that puts something on an account, even where the policy lets a stop of the plan leave so: a
   stop of anybody's account, for any amount, would be one person's;
2. one that burdens an account of which the case knows that it is a protected one leaves as no other, however it was drafted;
3. whoever agrees sees what it does to others, as with an order of the plan, and agrees to exactly that: an approval is void
   once anything of it changed, or once the case went to another unit, whose approvers answer for what leaves from then on.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from recoup import cases, orders
from recoup.cases import Case, CasePolicy
from recoup.cases.decided import digest_of
from recoup.cases.state import HandoverState
from recoup.cases.views import View, view_beside
from recoup.centre.commands import Declined
from recoup.centre.levels import Needs, needs_of
from recoup.centre.order_room import OrderCommand, OrderWork
from recoup.centre.requests import Request
from recoup.centre.state import CentreState
from recoup.orders import Hold, OrderState, Tracked
from recoup.orders.commands import ApproveOrder, IssueOrder
from recoup.orders.events import OrderDrafted, OrderIssued
from recoup.orders.kinds import BURDENING, PROTECTED

_BEFORE_IT_LEAVES: Final = frozenset({OrderState.DRAFTED, OrderState.AWAITING_APPROVAL})


def needs_by_hand(tracked: Tracked, policy: CasePolicy) -> Needs:
    """Return what an order needs before it may leave; one of the plan that waits is none of the room of orders yet."""
    needs = needs_of(tracked.order, policy)
    waits = tracked.state in _BEFORE_IT_LEAVES
    if not waits or tracked.order.kind not in BURDENING:
        return needs
    return Needs(max(1, needs.persons), needs.level)


def view_by_hand(case: Case, hold: Hold, tracked: Tracked) -> View | None:
    """Return what an order does, beside what it is; None where no case is known, or it is no longer to be agreed to.

    A payment back is agreed to as the return that was decided has it.
    """
    order = tracked.order
    if not case.is_open or tracked.state not in _BEFORE_IT_LEAVES or order.payout is not None:
        return None
    return view_beside(case, order, hold.asked)


def digest_shown(case: Case, hold: Hold, tracked: Tracked) -> str:
    """Return what an approval of an order in the room of orders binds."""
    view = view_by_hand(case, hold, tracked)
    if view is None:
        return tracked.order.digest
    handed = [row.id for row in case.handovers if row.state is HandoverState.ACCEPTED]
    return digest_of("beside the plan", view.digest, handed)


def as_shown(state: CentreState, what: OrderCommand) -> OrderCommand:
    """Return the command with what is shown of the order by now, so that nobody agrees to what they did not see."""
    if not isinstance(what, ApproveOrder):
        return what
    found = state.find(what.order_id)
    if found is None:
        return what
    hold, tracked = found
    return replace(what, shown=digest_shown(state.case(tracked.order.key.case), hold, tracked))


def alone(state: CentreState, request: Request) -> Declined | None:
    """Refuse to a person to issue without anybody else what takes another."""
    if not isinstance(request.what, IssueOrder):
        return None
    found = state.find(request.what.order_id)
    if found is None:
        return None
    _, tracked = found
    if tracked.state not in _BEFORE_IT_LEAVES or tracked.order.kind not in BURDENING:
        return None
    what = f"a {tracked.order.kind} beside the plan takes another person"
    return Declined(orders.Reason.APPROVAL_MISSING, what)


def unprotected(work: OrderWork) -> Declined | None:
    """Refuse an order that was drafted, or would leave, as one about an account that is not protected, and is."""
    for noted in work.events:
        if not isinstance(noted.event, OrderDrafted | OrderIssued):
            continue
        event = noted.event
        tracked = work.tracked(
            event.order.id if isinstance(event, OrderDrafted) else event.order_id
        )
        assert tracked is not None, "an event about an order that was carried out"
        order = tracked.order
        known = work.state.case(order.key.case).account_kind(order.key.account)
        if known in PROTECTED and order.kind in BURDENING and order.account_kind is not known:
            return Declined(cases.Reason.PROPOSAL_STALE, f"the account is one of {known}")
    return None


__all__ = ["alone", "as_shown", "digest_shown", "needs_by_hand", "unprotected", "view_by_hand"]
