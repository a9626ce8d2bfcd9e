"""Every rule about orders and holds: a command either becomes events or is refused. Pure; the clock's time is an argument.

Model: an order is drafted, agreed to, issued, sent and answered; a hold is what the institution's answers say. Several orders
about one hold may be on their way at once, at most one of a kind.

Invariants: 1. nothing is issued without the approvals its kind, extent and account need, each by another person than the
maker, of the very digest that is issued; 2. a hold's term is counted from the institution's own time where it gave one that
can be believed; 3. a hold never lapses before its end; 4. an answer is always kept, and moves the hold only where
`HOLD_MOVES` has a row for it; 5. what an older order's answer says never undoes what a newer one's said.

It survives answers that come twice, late, out of order or in contradiction, and a sender that died before noting that it sent.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from recoup.orders.answering import denied_release, record_answer, release_to_repeat, released
from recoup.orders.commands import (
    ApproveOrder,
    Command,
    ConfirmSent,
    DraftOrder,
    IssueOrder,
    NoteGone,
    PassAnswerLimit,
    PassTerm,
    RecordAnswer,
    RepeatRelease,
    SendBackOrder,
    SubmitOrder,
    WithdrawOrder,
)
from recoup.orders.events import (
    Event,
    HoldChanged,
    OrderApproved,
    OrderDrafted,
    OrderIssued,
    OrderSent,
    OrderSentBack,
    OrderSubmitted,
    OrderUnanswered,
    OrderWithdrawn,
)
from recoup.orders.hold import Hold, Order, Tracked
from recoup.orders.kinds import (
    BURDENING,
    MOVING,
    OPENING,
    OUTWARD,
    PROTECTED,
    UNDER_MANDATE,
    Extent,
    OrderKind,
)
from recoup.orders.refusals import Reason, Refusal
from recoup.orders.state import (
    HOLD_MOVES,
    HOLD_REFUSALS,
    ORDER_MOVES,
    ORDER_REFUSALS,
    HoldState,
    HoldTrigger,
    OrderState,
    OrderTrigger,
)
from recoup.orders.terms import Policy

Events = tuple[Event, ...]


def decide(hold: Hold, command: Command, now: datetime, policy: Policy) -> Events | Refusal:
    """Return what happens when `command` is carried out at `now`: events, none for a repeat, or a refusal."""
    match command:
        case DraftOrder(order):
            return _draft(hold, order, now, policy)
        case PassTerm():
            return _pass_term(hold, now)
        case _:
            tracked = hold.find(command.order_id)
            if tracked is None:
                return Refusal(Reason.ORDER_UNKNOWN, command.order_id)
            if isinstance(command, RecordAnswer):
                return record_answer(hold, tracked, command.answer, now, policy)
            if isinstance(command, NoteGone):
                return _gone(hold, tracked)
            if isinstance(command, RepeatRelease):
                return _repeat(hold, tracked, command.again, now, policy)
            return _on_its_way(hold, tracked, command, now, policy)


def approvals_needed(order: Order, policy: Policy) -> int:
    """Return how many persons beside the maker must agree to `order`."""
    if order.repeats:
        return 0  # who agreed to the release agreed to this
    is_special = order.account_kind in PROTECTED or order.extent is Extent.WHOLE_ACCOUNT
    # What frees must not wait for more people because of whom it frees.
    if is_special and order.kind in BURDENING:
        return max(policy.approvals_protected, policy.approvals[order.kind])
    if order.mandate and order.kind in UNDER_MANDATE:
        return 0
    return policy.approvals[order.kind]


def _draft(hold: Hold, order: Order, now: datetime, policy: Policy) -> Events | Refusal:
    known = hold.find(order.id)
    if known is not None:
        return () if known.order == order else Refusal(Reason.ORDER_ID_TAKEN, order.id)
    if order.key != hold.key:
        return Refusal(Reason.ANOTHER_ACCOUNT)
    if order.repeats:
        return Refusal(Reason.REPEATED_BY_RULE, order.repeats)
    refusal = _amount(order) or _payout(order) or _fit(hold, order, now, policy)
    return refusal or (OrderDrafted(order, _period_of(hold, order)),)


def _repeat(
    hold: Hold, tracked: Tracked, again: str, now: datetime, policy: Policy
) -> Events | Refusal:
    """Issue an approved release once more: what a late stop holds must not stay held."""
    newest = [t.order.id for t in hold.orders if t.answers]
    if not any(release_to_repeat(hold, order_id) == tracked for order_id in newest):
        return Refusal(Reason.REPEATED_BY_RULE, tracked.order.id)
    order = replace(tracked.order, id=again, repeats=tracked.order.id)
    due = now + timedelta(seconds=policy.answer_seconds[order.kind])
    return (OrderDrafted(order, hold.period), OrderIssued(again, now, due))


def _gone(hold: Hold, tracked: Tracked) -> Events | Refusal:
    """End a hold that persons let go and of which the institution says twice that it has none."""
    if not hold.is_live:
        return Refusal(Reason.NOTHING_HELD, f"the hold is {hold.word}")
    if denied_release(hold) != tracked:
        return Refusal(Reason.RELEASE_NOT_DENIED, tracked.order.id)
    return (released(hold),)


def _period_of(hold: Hold, order: Order) -> int:
    """Return the period that an order is about: an opening order after an end begins a new one."""
    ended = {HoldState.MOVED, HoldState.REFUSED, HoldState.RELEASED, HoldState.LAPSED}
    ended |= {HoldState.RETURNED}
    return hold.period + (order.kind in OPENING and hold.state in ended)


def _amount(order: Order) -> Refusal | None:
    """Refuse an amount that its kind of order cannot have."""
    holds_nothing = order.kind in {OrderKind.RELEASE, OrderKind.QUERY, OrderKind.WATCH}
    if holds_nothing and order.amount != 0:
        return Refusal(Reason.AMOUNT_MEANINGLESS, f"expected 0, was {order.amount}")
    if not holds_nothing and order.amount <= 0:
        return Refusal(
            Reason.AMOUNT_NOT_POSITIVE, f"expected more than 0 minor units, was {order.amount}"
        )
    if order.extent is Extent.WHOLE_ACCOUNT and not order.extent_ground:
        return Refusal(Reason.ACCOUNT_NOT_WHOLE)
    return None


def _payout(order: Order) -> Refusal | None:
    """Refuse a payment to nobody, on no decision, or for which no officer answers; and a payee in an order of another kind."""
    payout = order.payout
    if order.kind is not OrderKind.PAY_BACK:
        return None if payout is None else Refusal(Reason.PAYOUT_MEANINGLESS)
    if payout is None or not payout.officers:
        return Refusal(Reason.PAYOUT_MISSING)
    named = (payout.account, payout.institution, payout.claim, payout.decision, *payout.officers)
    return None if all(named) else Refusal(Reason.PAYOUT_MISSING)


def _fit(hold: Hold, order: Order, now: datetime, policy: Policy) -> Refusal | None:
    """Refuse an order that what stands at the institution leaves no room for. Asked at drafting and again at issue."""
    kind = order.kind
    if kind is OrderKind.PAY_BACK:  # several victims may be paid at once
        return _fit_payment(hold, order, now)
    if any(
        t.order.kind is kind and t.order.id != order.id and t.is_on_its_way for t in hold.orders
    ):
        return Refusal(Reason.ORDER_PENDING, f"another {kind} is on its way")
    if kind not in MOVING:
        return None
    if kind in OUTWARD and hold.paying:
        return Refusal(Reason.ORDER_PENDING, "a payment out of the hold is on its way")
    if hold.is_live and hold.ends_at is not None and now >= hold.ends_at:
        return Refusal(Reason.HOLD_LAPSED, f"its term ended at {hold.ends_at.isoformat()}")
    return (
        _fit_opening(hold, order, policy)
        if kind in OPENING
        else _fit_following(hold, order, policy)
    )


def _fit_payment(hold: Hold, order: Order, now: datetime) -> Refusal | None:
    """Only frozen money is paid back, never merely stopped, and no cent of it on two orders."""
    assert order.payout is not None, "asked of a payment that names its payee"
    if any(t.order.kind in OUTWARD and t.is_on_its_way for t in hold.orders):
        return Refusal(Reason.ORDER_PENDING, "an order that changes the hold is on its way")
    if not hold.is_live:
        return Refusal(Reason.NOTHING_HELD, f"the hold is {hold.word}")
    if hold.basis is not OrderKind.FREEZE:
        return Refusal(Reason.NOT_FROZEN, f"the hold is {hold.word}")
    if hold.ends_at is not None and now >= hold.ends_at:
        return Refusal(Reason.HOLD_LAPSED, f"its term ended at {hold.ends_at.isoformat()}")
    left = hold.payable - hold.paying
    if order.amount > left:
        return Refusal(Reason.AMOUNT_EXCEEDS_HELD, f"expected at most {left}")
    if order.payout.due_at <= now:
        return Refusal(Reason.PAYOUT_DUE, f"it was due at {order.payout.due_at.isoformat()}")
    return None


def _fit_opening(hold: Hold, order: Order, policy: Policy) -> Refusal | None:
    """A stop begins a hold; a freeze begins one or follows a stop."""
    if order.kind is OrderKind.FREEZE:
        frozen = hold.is_live and hold.basis is OrderKind.FREEZE
        return Refusal(Reason.ALREADY_FROZEN) if frozen else None
    if hold.is_live:
        return Refusal(Reason.ALREADY_HELD, "raise the hold instead")
    opening = [t for t in hold.orders if t.order.kind in OPENING and t.order.id != order.id]
    if hold.state is HoldState.ASKED and any(t.is_on_its_way for t in opening):
        return Refusal(Reason.ORDER_PENDING, "another order that begins the hold is on its way")
    return _stop_left(hold, policy)


def _stop_left(hold: Hold, policy: Policy) -> Refusal | None:
    if hold.stops_spent < policy.stops_max:
        return None
    return Refusal(
        Reason.STOPS_EXHAUSTED, f"expected at most {policy.stops_max}, were {hold.stops_spent}"
    )


def _fit_following(hold: Hold, order: Order, policy: Policy) -> Refusal | None:
    """Orders that change a hold need one, of the right kind and size."""
    kind, is_frozen = order.kind, hold.basis is OrderKind.FREEZE
    if kind is OrderKind.RELEASE and hold.state is HoldState.ASKED and _was_told(hold):
        return None  # the institution may have stopped without saying so
    if not hold.is_live:
        return Refusal(Reason.NOTHING_HELD, f"the hold is {hold.word}")
    match kind:
        case OrderKind.POSTPONE if is_frozen:
            return Refusal(Reason.ALREADY_FROZEN)
        case OrderKind.POSTPONE:
            return _stop_left(hold, policy)
        case OrderKind.RENEW if not is_frozen:
            return Refusal(Reason.NOT_FROZEN, f"the hold is {hold.word}")
        case OrderKind.RENEW if (
            policy.renewals_max is not None and hold.renewals >= policy.renewals_max
        ):
            return Refusal(Reason.RENEWALS_EXHAUSTED, f"expected at most {policy.renewals_max}")
        case OrderKind.RAISE if order.amount <= hold.asked:
            return Refusal(Reason.AMOUNT_NOT_RAISED, f"{hold.asked} is asked for already")
        case OrderKind.REDUCE if order.amount >= max(hold.held, hold.asked):
            # A short hold made smaller frees nothing, but takes no more of what comes in.
            return Refusal(Reason.AMOUNT_EXCEEDS_HELD, f"expected less than {hold.held}")
        case OrderKind.REDUCE if not is_frozen and not policy.can_shrink_stop:
            return Refusal(Reason.CANNOT_SHRINK, "release it and stop the smaller amount")
        case _:
            return None


def _was_told(hold: Hold) -> bool:
    """Whether an order of this period left that may have begun the hold."""
    return any(
        t.order.kind in OPENING and t.period == hold.period and t.is_on_its_way for t in hold.orders
    )


def _on_its_way(
    hold: Hold,
    tracked: Tracked,
    command: SubmitOrder
    | ApproveOrder
    | SendBackOrder
    | WithdrawOrder
    | IssueOrder
    | ConfirmSent
    | PassAnswerLimit,
    now: datetime,
    policy: Policy,
) -> Events | Refusal:
    """What happens to an order between drafting and its answer."""
    order = tracked.order
    match command:
        case SubmitOrder():
            return _refused(tracked, OrderTrigger.SUBMIT) or (OrderSubmitted(order.id),)
        case SendBackOrder(_, by, reason):
            return _refused(tracked, OrderTrigger.SEND_BACK) or (
                OrderSentBack(order.id, by, reason),
            )
        case WithdrawOrder(_, by):
            return _refused(tracked, OrderTrigger.WITHDRAW) or (OrderWithdrawn(order.id, by),)
        case ApproveOrder():
            return _approve(hold, tracked, command, now, policy)
        case IssueOrder():
            if len(tracked.approvers) < approvals_needed(order, policy):
                return _refused(tracked, OrderTrigger.ISSUE) or Refusal(Reason.APPROVAL_MISSING)
            return _issue(hold, tracked, now, policy)
        case ConfirmSent(_, at):
            return _send(hold, tracked, at, policy)
        case PassAnswerLimit():
            if tracked.answer_due_at is not None and now < tracked.answer_due_at:
                return _refused(tracked, OrderTrigger.MISS) or Refusal(Reason.TERM_RUNS)
            return _refused(tracked, OrderTrigger.MISS) or (OrderUnanswered(order.id),)


def _refused(tracked: Tracked, trigger: OrderTrigger) -> Refusal | None:
    """Ask the table."""
    if (tracked.state, trigger) in ORDER_MOVES:
        return None
    reason = ORDER_REFUSALS[tracked.state, trigger]
    return Refusal(reason, f"the order is {tracked.state}")


def _approve(
    hold: Hold, tracked: Tracked, command: ApproveOrder, now: datetime, policy: Policy
) -> Events | Refusal:
    """Count one more person who agrees; the last one needed issues the order."""
    order = tracked.order
    if tracked.state is not OrderState.AWAITING_APPROVAL:
        is_draft = tracked.state is OrderState.DRAFTED
        return _refused(tracked, OrderTrigger.ISSUE) or Refusal(
            Reason.ORDER_NOT_SUBMITTED if is_draft else Reason.ORDER_ALREADY_ISSUED
        )
    if command.digest != (command.shown or order.digest):
        return Refusal(Reason.APPROVAL_STALE)
    approvers = tracked.approvers_of(command.digest)
    if command.by == order.made_by:
        return Refusal(Reason.APPROVER_IS_MAKER)
    if command.by in approvers:
        return Refusal(Reason.APPROVER_TWICE)
    approved = OrderApproved(order.id, command.by, command.digest)
    if len(approvers) + 1 < approvals_needed(order, policy):
        return (approved,)
    issued = _issue(hold, tracked, now, policy)
    return issued if isinstance(issued, Refusal) else (approved, *issued)


def _issue(hold: Hold, tracked: Tracked, now: datetime, policy: Policy) -> Events | Refusal:
    """Let the order leave, if it still fits what stands at the institution."""
    order = tracked.order
    refusal = _refused(tracked, OrderTrigger.ISSUE) or _fit(hold, order, now, policy)
    if refusal is not None:
        return refusal
    due = now + timedelta(seconds=policy.answer_seconds[order.kind])
    if order.payout is not None:
        due = order.payout.due_at
    issued = OrderIssued(order.id, now, due)
    if order.kind not in OPENING or tracked.period <= hold.period:
        return (issued,)
    return (issued, HoldChanged(hold.key, HoldState.ASKED, 0, None, None, None, tracked.period, 0))


def _send(hold: Hold, tracked: Tracked, at: datetime, policy: Policy) -> Events | Refusal:
    """Note the first time that the order left; the term of a stop nobody answers runs from there."""
    order = tracked.order
    refusal = _refused(tracked, OrderTrigger.SEND)
    if refusal is not None:
        return refusal
    if tracked.sent_at is not None or tracked.state is OrderState.ANSWERED:
        return ()
    sent = OrderSent(order.id, at)
    if order.kind not in OPENING or hold.state is not HoldState.ASKED:
        return (sent,)
    is_freeze = order.kind is OrderKind.FREEZE
    ends_at = policy.freeze_ends(at) if is_freeze else policy.stop_ends(at)
    return (
        sent,
        HoldChanged(hold.key, hold.state, 0, order.kind, at, ends_at, hold.period, hold.renewals),
    )


def _pass_term(hold: Hold, now: datetime) -> Events | Refusal:
    """End a stop or freeze whose end has come."""
    if (hold.state, HoldTrigger.EXPIRE) not in HOLD_MOVES:
        return Refusal(HOLD_REFUSALS[hold.state, HoldTrigger.EXPIRE], f"the hold is {hold.word}")
    if hold.ends_at is None or now < hold.ends_at:
        return Refusal(Reason.TERM_RUNS)
    lapsed = HOLD_MOVES[hold.state, HoldTrigger.EXPIRE]
    return (
        HoldChanged(
            hold.key, lapsed, 0, None, hold.since, hold.ends_at, hold.period, hold.renewals
        ),
    )
