"""What an institution's word about a payment back does to the hold. Pure; called by `record_answer`.

1. Money is where it is: what the institution says that it paid leaves the hold, also where it is not what was ordered. What
   differs is told as amiss, and is never a success in silence.
2. `frozen_total = returned + lifted + frozen_live` after every event (SEMANTICS 3). What was paid and never frozen stands
   apart, as `beyond`.
3. One payment counts once: it is known by its reference, however often and in whatever order it is told. One that came back
   before it was told never left.
"""

from __future__ import annotations

from recoup.orders.events import Amiss, AnswerRecorded, Bearing, PaidBack, PaymentBounced, Pot
from recoup.orders.hold import Answer, Hold, Tracked
from recoup.orders.kinds import OrderKind, Outcome
from recoup.orders.payout import Receipt
from recoup.orders.refusals import Reason
from recoup.orders.state import HOLD_MOVES, HoldTrigger

Heard = tuple[AnswerRecorded] | tuple[AnswerRecorded, PaidBack | PaymentBounced]


def record_payment(hold: Hold, tracked: Tracked, answer: Answer) -> Heard:
    """Return what an answer that fits a payment back leads to."""
    receipt = answer.receipt
    if answer.outcome is Outcome.REFUSED:
        is_denied = any(known.outcome is Outcome.PAID for known in tracked.answers)
        why = Reason.HELD_THEN_DENIED.value if is_denied else ""
        return (_recorded(tracked, answer, Bearing.CONTRADICTS if why else Bearing.APPLIED, why),)
    if receipt is None or receipt.amount <= 0 or not receipt.reference:
        # Money may have left: no answer yet, a person finds out.
        what = f"expected a receipt of what was {answer.outcome.value}"
        return (_recorded(tracked, answer, Bearing.UNCLEAR, what),)
    paid = _told(tracked, Outcome.PAID, receipt.reference)
    back = _told(tracked, Outcome.BOUNCED, receipt.reference)
    if answer.outcome is Outcome.PAID and (paid or back):
        return (_recorded(tracked, answer, Bearing.SUPERSEDED),)
    if answer.outcome is Outcome.PAID:
        return (_recorded(tracked, answer), _paid(hold, tracked, receipt, answer.held))
    if paid is None or back is not None:
        # Told before its payment: that one will find it here, and move nothing.
        return (_recorded(tracked, answer, Bearing.SUPERSEDED),)
    return (_recorded(tracked, answer), _bounced(hold, tracked, receipt, paid, answer.held))


def is_back_unpaid(tracked: Tracked | None, said: AnswerRecorded) -> bool:
    """Whether a payment came back of which nobody had said that it was made: the receipt will move nothing either."""
    if tracked is None or said.bearing is not Bearing.SUPERSEDED:
        return False
    is_told = any(known.outcome is Outcome.PAID for known in tracked.answers)
    return said.answer.outcome is Outcome.BOUNCED and not is_told


def _recorded(
    tracked: Tracked, answer: Answer, bearing: Bearing = Bearing.APPLIED, why: str = ""
) -> AnswerRecorded:
    return AnswerRecorded(tracked.order.id, answer, bearing, why)


def _told(tracked: Tracked, outcome: Outcome, reference: str) -> Receipt | None:
    """Return the payment, or its coming back, as it was told before."""
    receipts = (known.receipt for known in tracked.answers if known.outcome is outcome)
    return next((x for x in receipts if x is not None and x.reference == reference), None)


def _paid(hold: Hold, tracked: Tracked, receipt: Receipt, said: int) -> PaidBack:
    order, amount = tracked.order, receipt.amount
    assert order.payout is not None, "a payment back names its payee"
    amiss = []
    if amount != order.amount:
        amiss.append(Amiss.AMOUNT)
    if any(known.outcome is Outcome.PAID for known in tracked.answers):
        amiss.append(Amiss.TWICE)
    live, held, state, left = 0, hold.held, hold.state, 0
    if _is_of_hold(hold, tracked) and (state, HoldTrigger.PAY) in HOLD_MOVES:
        asked, live = max(0, hold.asked - amount), hold.frozen_live
        held, is_odd = _left(live, amount, asked, said, _paying_beside(hold, tracked))
        # A short freeze of which all was paid stands: what comes in still fills it.
        state = HOLD_MOVES[state, HoldTrigger.PAY if asked else HoldTrigger.PAY_OUT]
        left = held - max(0, live - amount)
        if is_odd:
            amiss.append(Amiss.LEFT)
    else:
        amiss.append(Amiss.LEFT)
    of_live = min(amount, live)
    of_lifted = min(amount - of_live, hold.lifted)
    beyond = amount - of_live - of_lifted
    if beyond:
        amiss.append(Amiss.BEYOND)
    pot = Pot(
        hold.frozen_total,
        hold.returned + of_live + of_lifted,
        hold.lifted - of_lifted,
        hold.beyond + beyond,
    )
    return PaidBack(
        hold.key, order.id, order.payout.claim, receipt, state, held, pot.moved(left), tuple(amiss)
    )


def _bounced(
    hold: Hold, tracked: Tracked, receipt: Receipt, paid: Receipt, said: int
) -> PaymentBounced:
    order, amount = tracked.order, min(receipt.amount, paid.amount)
    assert order.payout is not None, "a payment back names its payee"
    amiss = [Amiss.AMOUNT] if receipt.amount != paid.amount else []
    held, state, more = hold.held, hold.state, 0
    if _is_of_hold(hold, tracked) and (state, HoldTrigger.BOUNCE) in HOLD_MOVES:
        live = hold.frozen_live
        is_back = said + _paying_beside(hold, tracked) >= live + amount
        more = amount if is_back else min(max(0, said - live), amount)
        if more:
            state, held = HOLD_MOVES[state, HoldTrigger.BOUNCE], live + more
    if more < amount:
        amiss.append(Amiss.NOT_HELD)
    of_beyond = min(amount, hold.beyond)
    of_returned = amount - of_beyond
    pot = Pot(
        hold.frozen_total, hold.returned - of_returned, hold.lifted, hold.beyond - of_beyond
    ).moved(more - of_returned)
    back = Receipt(amount, receipt.reference, receipt.at)
    return PaymentBounced(
        hold.key, order.id, order.payout.claim, back, state, held, pot, tuple(amiss)
    )


def _paying_beside(hold: Hold, tracked: Tracked) -> int:
    """Return what other payments may have taken already without its being told: answers come late and cross each other."""
    return hold.paying - (tracked.order.amount if tracked.is_on_its_way else 0)


def _left(live: int, amount: int, asked: int, said: int, beside: int) -> tuple[int, bool]:
    """Return what is held after a payment, and whether the institution's word for it is odd.

    It falls by what was paid: answers cross each other, so that a word of less may be old, and the next digest says what is.
    More is believed up to what is asked for, where nothing else is on its way: what came in has filled a short freeze.
    """
    left = min(max(0, live - amount), asked)
    if beside or said < left:
        return left, said + beside < left
    return max(left, min(said, asked)), said >= live > left


def _is_of_hold(hold: Hold, tracked: Tracked) -> bool:
    """Whether the frozen hold that the order was about is the one that stands."""
    return tracked.period == hold.period and hold.basis is OrderKind.FREEZE


__all__ = ["is_back_unpaid", "record_payment"]
