"""What an institution's answer does to a hold: applied, or kept as a fact that moves nothing. Pure; called by `decide`."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from recoup.limits import CLOCK_SKEW_SECONDS_MAX, POCKET_MINOR_MAX
from recoup.orders.events import AnswerRecorded, Bearing, Event, HoldChanged
from recoup.orders.hold import Answer, Hold, Tracked
from recoup.orders.kinds import FITTING, MOVING, OPENING, UNKNOWN_THERE, OrderKind, Outcome
from recoup.orders.paying import record_payment
from recoup.orders.refusals import Reason, Refusal
from recoup.orders.state import (
    HOLD_MOVES,
    HOLD_REFUSALS,
    ORDER_MOVES,
    ORDER_REFUSALS,
    HoldState,
    HoldTrigger,
    OrderTrigger,
)
from recoup.orders.terms import Policy
from recoup.unrecognised import Unrecognised

_TRIGGERS: Final = {
    Outcome.HELD: HoldTrigger.HOLD,
    Outcome.HELD_SHORT: HoldTrigger.HOLD_SHORT,
    Outcome.MOVED: HoldTrigger.MOVE,
    Outcome.REFUSED: HoldTrigger.REFUSE,
    Outcome.POSTPONED: HoldTrigger.POSTPONE,
    Outcome.FROZEN: HoldTrigger.FREEZE,
    Outcome.REDUCED: HoldTrigger.REDUCE,
    Outcome.RELEASED: HoldTrigger.RELEASE,
}

_EMPTY: Final = frozenset({Outcome.MOVED, Outcome.REFUSED})
"""Answers that begin no term."""


def record_answer(
    hold: Hold, tracked: Tracked, answer: Answer, now: datetime, policy: Policy
) -> tuple[Event, ...] | Refusal:
    """Return the answer as a fact, and what it changes; nothing for a repeat of the same answer."""
    known_answers = (*tracked.answers, *tracked.unclear)
    same = next((known for known in known_answers if known.id == answer.id), None)
    if same is not None:
        return () if same == answer else Refusal(Reason.ANSWER_ID_TAKEN, answer.id)
    if (tracked.state, OrderTrigger.ANSWER) not in ORDER_MOVES:
        reason = ORDER_REFUSALS[tracked.state, OrderTrigger.ANSWER]
        return Refusal(reason, f"the order is {tracked.state}")
    if answer.held < 0:
        return Refusal(Reason.AMOUNT_NOT_POSITIVE, f"{answer.held} minor units held")
    said = max(answer.held, answer.receipt.amount if answer.receipt is not None else 0)
    if hold.frozen_total + hold.beyond + said > POCKET_MINOR_MAX:
        # Sums are 64 bits in the journal: no word of one institution may stop the writer for all.
        return Refusal(Reason.AMOUNT_TOO_LARGE, answer.id)
    is_payment = tracked.order.kind is OrderKind.PAY_BACK
    if is_payment and answer.outcome in FITTING[OrderKind.PAY_BACK]:
        return record_payment(hold, tracked, answer)
    bearing, why = _bearing(hold, tracked, answer, now, policy)
    recorded = AnswerRecorded(tracked.order.id, answer, bearing, why)
    if bearing is not Bearing.APPLIED or not _moves_hold(hold, tracked, answer):
        return (recorded,)
    return (recorded, _change(hold, tracked, answer, now, policy))


def _bearing(
    hold: Hold, tracked: Tracked, answer: Answer, now: datetime, policy: Policy
) -> tuple[Bearing, str]:
    """Return what the answer does, and why where it contradicts."""
    if isinstance(answer.outcome, Unrecognised):
        return Bearing.UNCLEAR, f"expected a known outcome of {tracked.order.kind}"
    if answer.outcome not in FITTING[tracked.order.kind]:
        return Bearing.UNFITTING, f"{answer.outcome} to {tracked.order.kind}"
    if not _moves_hold(hold, tracked, answer):
        return Bearing.APPLIED, ""
    if tracked.period != hold.period or _is_overtaken(hold, tracked):
        return Bearing.SUPERSEDED, ""
    trigger = _trigger(hold, tracked, answer)
    if (hold.state, trigger) not in HOLD_MOVES:
        return Bearing.CONTRADICTS, HOLD_REFUSALS[hold.state, trigger].value
    if hold.state is HoldState.LAPSED:
        ends_at = _term(hold, tracked, answer, now, policy)[1]
        if ends_at <= now:
            return Bearing.ENDED, ""
    return Bearing.APPLIED, ""


def _moves_hold(hold: Hold, tracked: Tracked, answer: Answer) -> bool:
    """Whether the answer says anything about what is held: a refused change of a live hold leaves it as it is."""
    if tracked.order.kind is OrderKind.QUERY:
        if answer.outcome is not Outcome.INFORMED:
            return False
        if not answer.held:
            return _is_gone(hold, tracked)
        # It settles what an unclear answer left open: said in known words that something is held.
        return hold.is_unclear
    if tracked.order.kind not in MOVING:
        return False
    if tracked.order.kind is OrderKind.RELEASE:
        # Refused, it left things as they were: the stop may still be on its way. Released twice is released.
        is_new = hold.state is not HoldState.RELEASED
        return answer.outcome is not Outcome.REFUSED and is_new
    is_first = not any(known.outcome is not Outcome.REFUSED for known in tracked.answers)
    is_change = hold.is_live and is_first
    return not (answer.outcome is Outcome.REFUSED and is_change)


def _is_gone(hold: Hold, tracked: Tracked) -> bool:
    """Whether a query asked after a release that was refused as of nothing known there, and nothing is held indeed."""
    release = denied_release(hold)
    if release is None:
        return False
    assert release.issued_at is not None, "a release that was answered was issued"
    assert tracked.issued_at is not None, "an answer to an order that was not issued"
    return tracked.issued_at >= release.issued_at


def denied_release(hold: Hold) -> Tracked | None:
    """Return the release that an institution refused because it knows of no such hold, if that is its newest word.

    One such answer ends nothing: it may be a slip, and money may be held that nobody would look for again. A whole digest
    without the hold, or a query's answer that nothing is held, is the second word.
    """
    issued = [
        (tracked.issued_at, at, tracked)
        for at, tracked in enumerate(hold.orders)
        if tracked.period == hold.period
        and tracked.issued_at is not None
        and tracked.order.kind in MOVING
    ]
    if not hold.is_live or not issued or any(tracked.is_on_its_way for _, _, tracked in issued):
        return None
    _, _, newest = max(issued, key=lambda row: row[:2])
    if newest.order.kind is not OrderKind.RELEASE or not newest.answers:
        return None
    said = newest.answers[-1]
    is_denied = said.outcome is Outcome.REFUSED and said.code in UNKNOWN_THERE
    return newest if is_denied else None


def released(hold: Hold) -> HoldChanged:
    """Return that nothing is held any more."""
    state = HOLD_MOVES[hold.state, HoldTrigger.RELEASE]
    return HoldChanged(hold.key, state, 0, None, None, None, hold.period, hold.renewals)


def _is_overtaken(hold: Hold, tracked: Tracked) -> bool:
    """Whether an order issued later about the same period was answered already, other than by a refusal."""
    assert tracked.issued_at is not None, "an answer to an order that was not issued"
    at = hold.orders.index(tracked)
    return any(
        other.order.kind in MOVING
        and other.period == tracked.period
        and other.issued_at is not None
        and (other.issued_at, index) > (tracked.issued_at, at)
        and any(answer.outcome is not Outcome.REFUSED for answer in other.answers)
        for index, other in enumerate(hold.orders)
    )


def release_to_repeat(hold: Hold, order_id: str) -> Tracked | None:
    """Return the release that must be told once more, now that the newest answer to `order_id` is in; None for none.

    A release that leaves before the stop is answered may reach the institution before the stop takes effect there: it refuses
    the one and then carries out the other. Nobody else needs to agree again; it is repeated once, then a person decides.
    """
    issued = [t for t in hold.orders if t.period == hold.period and t.issued_at is not None]
    releases = [t for t in issued if t.order.kind is OrderKind.RELEASE and not t.order.repeats]
    if not releases or any(t.order.repeats == releases[-1].order.id for t in issued):
        return None
    release, answers = releases[-1], releases[-1].answers
    assert release.issued_at is not None, "only issued releases are looked at"
    if any(t.order.kind in MOVING for t in issued[issued.index(release) + 1 :]):
        return None  # decided otherwise since
    if hold.is_live:
        return release if answers and answers[-1].outcome is Outcome.REFUSED else None
    tracked = hold.find(order_id)
    assert tracked is not None, "an answer to an order of the hold"
    if hold.state is not HoldState.RELEASED or tracked.order.kind not in OPENING:
        return None
    said = tracked.answers[-1] if tracked.answers else None
    begun = said.started_at if said is not None else None
    is_held = said is not None and said.held > 0
    return release if is_held and (begun is None or begun > release.issued_at) else None


def _trigger(hold: Hold, tracked: Tracked, answer: Answer) -> HoldTrigger:
    """Return the trigger: an amount below the ordered one is short, whatever word the institution used."""
    if answer.outcome is Outcome.INFORMED and not answer.held:
        return HoldTrigger.RELEASE
    if answer.outcome is Outcome.INFORMED:
        return HoldTrigger.HOLD_SHORT if answer.held < hold.asked else HoldTrigger.HOLD
    if answer.outcome in {Outcome.HELD, Outcome.HELD_SHORT}:
        is_short = answer.held < tracked.order.amount
        return HoldTrigger.HOLD_SHORT if is_short else HoldTrigger.HOLD
    assert isinstance(answer.outcome, Outcome), "an unknown word moves nothing"
    return _TRIGGERS[answer.outcome]


def _change(
    hold: Hold, tracked: Tracked, answer: Answer, now: datetime, policy: Policy
) -> HoldChanged:
    """Return what stands at the institution after the answer."""
    trigger = _trigger(hold, tracked, answer)
    state = HOLD_MOVES[hold.state, trigger]
    if trigger in {HoldTrigger.MOVE, HoldTrigger.REFUSE, HoldTrigger.RELEASE}:
        return HoldChanged(hold.key, state, 0, None, None, None, hold.period, hold.renewals)
    since, ends_at = _term(hold, tracked, answer, now, policy)
    is_renewal = tracked.order.kind is OrderKind.RENEW and not tracked.answers
    return HoldChanged(
        hold.key,
        state,
        answer.held,
        _basis(hold, trigger),
        since,
        ends_at,
        hold.period,
        hold.renewals + is_renewal,
    )


def _basis(hold: Hold, trigger: HoldTrigger) -> OrderKind:
    """Return the kind of order whose term runs now."""
    if trigger is HoldTrigger.FREEZE:
        return OrderKind.FREEZE
    if trigger is HoldTrigger.POSTPONE:
        return OrderKind.POSTPONE
    return hold.basis if hold.is_live and hold.basis is not None else OrderKind.STOP


def _term(
    hold: Hold, tracked: Tracked, answer: Answer, now: datetime, policy: Policy
) -> tuple[datetime, datetime]:
    """Return begin and end of the term after the answer [stop-notice-2016] [freeze-rules-art-26].

    A change of amount leaves the term alone; a renewal runs on from the end unless the institution says otherwise; no
    answer makes a running term shorter than the institution's own earlier word, save a correction of the same order.
    """
    kind = tracked.order.kind
    if hold.is_live and kind in {OrderKind.RAISE, OrderKind.REDUCE}:
        assert hold.since is not None, "a live hold has a begin"
        assert hold.ends_at is not None, "a live hold has an end"
        return hold.since, hold.ends_at
    own = _begun(tracked, answer, now)
    told = tracked.sent_at or tracked.issued_at or now
    if kind is OrderKind.RENEW:
        assert hold.ends_at is not None, "a freeze that is renewed has an end"
        since = own or hold.ends_at
        return since, max(hold.ends_at, policy.freeze_ends(since))
    if kind is OrderKind.FREEZE:
        since = own or told
        return since, policy.freeze_ends(since)
    since = own or (hold.since if hold.is_live and kind is not OrderKind.POSTPONE else None) or told
    ends_at = policy.stop_ends(since)
    if kind is OrderKind.POSTPONE and hold.ends_at is not None:
        ends_at = max(ends_at, hold.ends_at)
    return since, ends_at


def _begun(tracked: Tracked, answer: Answer, now: datetime) -> datetime | None:
    """Return the institution's own time of the beginning.

    Where an earlier answer to this order said that something is held, what is said again never begins later: an institution
    that forgot and holds anew counts from now, and one order would hold somebody's money for two terms.
    """
    own = _believed(tracked, answer, now)
    if own is None:
        return None
    begun = [_believed(tracked, one, now) for one in tracked.answers if one.outcome not in _EMPTY]
    return min([own, *(at for at in begun if at is not None)])


def _believed(tracked: Tracked, answer: Answer, now: datetime) -> datetime | None:
    """Return the institution's own time unless it lies outside [issued, now] by more than clocks may differ."""
    slack = timedelta(seconds=CLOCK_SKEW_SECONDS_MAX)
    earliest = (tracked.issued_at or now) - slack
    if answer.started_at is None or not earliest <= answer.started_at <= now + slack:
        return None
    return answer.started_at
