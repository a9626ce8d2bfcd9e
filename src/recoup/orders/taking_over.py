"""A hold that another system began is taken over with its own term. Pure: nothing is told to anybody, its end is ours to watch.

The order stands as answered from the beginning: what was told, and what the institution said, the other system knows. It counts
as any other: against the stops that are allowed, and until it is released or its end comes. One whose end has come is taken
over as lapsed: nothing was held here for a moment, yet the stop was spent.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from recoup.limits import CLOCK_SKEW_SECONDS_MAX
from recoup.orders.events import HoldChanged, HoldTakenOver
from recoup.orders.evolve import evolve
from recoup.orders.hold import Hold, Order
from recoup.orders.kinds import OrderKind
from recoup.orders.refusals import Reason, Refusal
from recoup.orders.state import HOLD_MOVES, HoldTrigger
from recoup.orders.terms import Policy


@dataclass(frozen=True, slots=True)
class TakeOver:
    """Take a running or ended stop or freeze over; without an end, the policy's."""

    order: Order
    since: datetime
    """The institution's own time; of a stop that was postponed, of the first stop or of the postponement."""
    ends_at: datetime | None
    stops_before: int = 0
    """How many of the law's stops of the account the other system had spent before this order; a postponement is one."""


def take_over(
    hold: Hold, command: TakeOver, now: datetime, policy: Policy
) -> tuple[HoldTakenOver | HoldChanged, ...] | Refusal:
    """Return that a hold was taken over: one that we know nothing of, within what the law allows."""
    order = command.order
    assert order.kind in {OrderKind.STOP, OrderKind.FREEZE}, "registers hold stops and freezes"
    if hold.orders:
        return Refusal(Reason.ALREADY_HELD, order.id)
    if order.amount <= 0:
        return Refusal(Reason.AMOUNT_NOT_POSITIVE, f"{order.amount} minor units")
    is_freeze = order.kind is OrderKind.FREEZE
    spent = command.stops_before + (not is_freeze)
    if spent > policy.stops_max:
        what = f"expected at most {policy.stops_max}, were {spent}"
        return Refusal(Reason.STOPS_EXHAUSTED, what)
    ends = policy.freeze_ends if is_freeze else policy.stop_ends
    try:
        ends_at = command.ends_at or ends(command.since)
        is_fit = _is_fit(command, ends_at, now, policy)
    except (OverflowError, ValueError):  # a term that no calendar has
        return Refusal(Reason.TERM_UNFIT, command.since.isoformat())
    if not is_fit:
        found = f"{command.since.isoformat()} to {ends_at.isoformat()}"
        return Refusal(Reason.TERM_UNFIT, found)
    taken = HoldTakenOver(order, command.since, ends_at, now, command.stops_before)
    if now < ends_at:
        return (taken,)
    held = evolve(hold, taken)
    lapsed = HOLD_MOVES[held.state, HoldTrigger.EXPIRE]
    ended = HoldChanged(
        held.key, lapsed, 0, None, held.since, held.ends_at, held.period, held.renewals
    )
    return (taken, ended)


def _is_fit(command: TakeOver, ends_at: datetime, now: datetime, policy: Policy) -> bool:
    """Return whether a term is one that the law gives.

    A stop runs from its start no longer than all that were spent, and from now no longer than one by the fastest clock that is
    believed (SEMANTICS 3); a freeze may have been renewed any number of times, each time before its end.
    """
    latest = now + timedelta(seconds=CLOCK_SKEW_SECONDS_MAX)
    if not command.since < ends_at or command.since > latest:
        return False
    if command.order.kind is OrderKind.FREEZE:
        return ends_at <= policy.freeze_ends(latest)
    whole = timedelta(seconds=(command.stops_before + 1) * policy.stop_seconds)
    return ends_at <= min(policy.stop_ends(latest), command.since + whole)
