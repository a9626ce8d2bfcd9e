"""The literal tables of what may follow what: one for an order on its way, one for the hold it is about. No amounts, no times.

Every pair of a state and a trigger stands either in the table of moves or in the table of refusals; a test counts them.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from recoup.orders.refusals import Reason


class OrderState(StrEnum):
    """Where an order is on its way."""

    DRAFTED = "drafted"
    AWAITING_APPROVAL = "awaiting_approval"
    ISSUED = "issued"
    SENT = "sent"
    UNANSWERED = "unanswered"
    ANSWERED = "answered"
    WITHDRAWN = "withdrawn"


class OrderTrigger(StrEnum):
    """What can happen to an order."""

    SUBMIT = "submit"
    ISSUE = "issue"
    SEND_BACK = "send_back"
    WITHDRAW = "withdraw"
    SEND = "send"
    MISS = "miss"
    ANSWER = "answer"


class HoldState(StrEnum):
    """What stands at the institution, as far as it said."""

    ASKED = "asked"
    """No answer yet: the order's own state is the clerk's word."""
    HELD = "held"
    HELD_SHORT = "held_short"
    MOVED = "moved"
    REFUSED = "refused"
    POSTPONED = "postponed"
    FROZEN = "frozen"
    REDUCED = "reduced"
    RELEASED = "released"
    LAPSED = "lapsed"
    RETURNED = "returned"
    """All of it was paid back to victims."""


class HoldTrigger(StrEnum):
    """What can happen to a hold: what an institution says it did, or its term's end."""

    HOLD = "hold"
    HOLD_SHORT = "hold_short"
    MOVE = "move"
    REFUSE = "refuse"
    POSTPONE = "postpone"
    FREEZE = "freeze"
    REDUCE = "reduce"
    RELEASE = "release"
    EXPIRE = "expire"
    PAY = "pay"
    """A part was paid back."""
    PAY_OUT = "pay_out"
    """What was left was paid back."""
    BOUNCE = "bounce"
    """A payment came back and lies there again."""


LIVE: Final = frozenset(
    {
        HoldState.HELD,
        HoldState.HELD_SHORT,
        HoldState.POSTPONED,
        HoldState.FROZEN,
        HoldState.REDUCED,
    }
)
"""States in which money is held."""

_O, _T, _R = OrderState, OrderTrigger, Reason

ORDER_MOVES: Final[dict[tuple[OrderState, OrderTrigger], OrderState]] = {
    (_O.DRAFTED, _T.SUBMIT): _O.AWAITING_APPROVAL,
    (_O.DRAFTED, _T.ISSUE): _O.ISSUED,  # nobody else needs to agree
    (_O.DRAFTED, _T.WITHDRAW): _O.WITHDRAWN,
    (_O.AWAITING_APPROVAL, _T.ISSUE): _O.ISSUED,
    (_O.AWAITING_APPROVAL, _T.SEND_BACK): _O.DRAFTED,
    (_O.AWAITING_APPROVAL, _T.WITHDRAW): _O.WITHDRAWN,
    (_O.ISSUED, _T.SEND): _O.SENT,
    (_O.ISSUED, _T.MISS): _O.UNANSWERED,  # it never left: chased like one that got no answer
    (_O.ISSUED, _T.ANSWER): _O.ANSWERED,  # the sender died between sending and noting it
    (_O.SENT, _T.SEND): _O.SENT,  # sent again under the same id
    (_O.SENT, _T.MISS): _O.UNANSWERED,
    (_O.SENT, _T.ANSWER): _O.ANSWERED,
    (_O.UNANSWERED, _T.SEND): _O.UNANSWERED,  # sent again under the same id
    (_O.UNANSWERED, _T.ANSWER): _O.ANSWERED,  # late
    (_O.ANSWERED, _T.SEND): _O.ANSWERED,  # a retry that crossed the answer
    (_O.ANSWERED, _T.ANSWER): _O.ANSWERED,  # another answer is another fact
}

ORDER_REFUSALS: Final[dict[tuple[OrderState, OrderTrigger], Reason]] = {
    (_O.DRAFTED, _T.SEND_BACK): _R.ORDER_NOT_SUBMITTED,
    (_O.DRAFTED, _T.SEND): _R.ORDER_NOT_ISSUED,
    (_O.DRAFTED, _T.MISS): _R.ORDER_NOT_ISSUED,
    (_O.DRAFTED, _T.ANSWER): _R.ORDER_NOT_ISSUED,
    (_O.AWAITING_APPROVAL, _T.SUBMIT): _R.ORDER_ALREADY_SUBMITTED,
    (_O.AWAITING_APPROVAL, _T.SEND): _R.ORDER_NOT_ISSUED,
    (_O.AWAITING_APPROVAL, _T.MISS): _R.ORDER_NOT_ISSUED,
    (_O.AWAITING_APPROVAL, _T.ANSWER): _R.ORDER_NOT_ISSUED,
    **{
        (state, trigger): _R.ORDER_ALREADY_ISSUED
        for state in (_O.ISSUED, _O.SENT, _O.UNANSWERED, _O.ANSWERED)
        for trigger in (_T.SUBMIT, _T.ISSUE, _T.SEND_BACK, _T.WITHDRAW)
    },
    (_O.UNANSWERED, _T.MISS): _R.ORDER_ALREADY_UNANSWERED,
    (_O.ANSWERED, _T.MISS): _R.ORDER_ALREADY_ANSWERED,
    **{(_O.WITHDRAWN, trigger): _R.ORDER_WITHDRAWN for trigger in _T},
}

_H, _B = HoldState, HoldTrigger

HOLD_MOVES: Final[dict[tuple[HoldState, HoldTrigger], HoldState]] = {
    (_H.ASKED, _B.HOLD): _H.HELD,
    (_H.ASKED, _B.HOLD_SHORT): _H.HELD_SHORT,
    (_H.ASKED, _B.MOVE): _H.MOVED,
    (_H.ASKED, _B.REFUSE): _H.REFUSED,
    (_H.ASKED, _B.FREEZE): _H.FROZEN,  # a freeze without a stop before it
    (_H.ASKED, _B.RELEASE): _H.RELEASED,  # given up before the bank had answered
    (_H.ASKED, _B.EXPIRE): _H.LAPSED,  # no start was reported: the term ran from sending
    **{
        (state, trigger): after
        for state in (_H.HELD, _H.HELD_SHORT)
        for trigger, after in (
            (_B.HOLD, _H.HELD),
            (_B.HOLD_SHORT, _H.HELD_SHORT),
            (_B.POSTPONE, _H.POSTPONED),
            (_B.FREEZE, _H.FROZEN),
            (_B.REDUCE, _H.REDUCED),
            (_B.RELEASE, _H.RELEASED),
            (_B.EXPIRE, _H.LAPSED),
        )
    },
    (_H.POSTPONED, _B.HOLD): _H.POSTPONED,  # raised: the term stays
    (_H.POSTPONED, _B.HOLD_SHORT): _H.POSTPONED,
    (_H.POSTPONED, _B.FREEZE): _H.FROZEN,
    (_H.POSTPONED, _B.REDUCE): _H.REDUCED,
    (_H.POSTPONED, _B.RELEASE): _H.RELEASED,
    (_H.POSTPONED, _B.EXPIRE): _H.LAPSED,
    (_H.FROZEN, _B.HOLD): _H.FROZEN,  # raised
    (_H.FROZEN, _B.HOLD_SHORT): _H.FROZEN,
    (_H.FROZEN, _B.FREEZE): _H.FROZEN,  # renewed
    (_H.FROZEN, _B.REDUCE): _H.REDUCED,
    (_H.FROZEN, _B.RELEASE): _H.RELEASED,
    (_H.FROZEN, _B.EXPIRE): _H.LAPSED,
    (_H.REDUCED, _B.HOLD): _H.HELD,  # raised again
    (_H.REDUCED, _B.HOLD_SHORT): _H.HELD_SHORT,
    (_H.REDUCED, _B.POSTPONE): _H.POSTPONED,
    (_H.REDUCED, _B.FREEZE): _H.FROZEN,
    (_H.REDUCED, _B.REDUCE): _H.REDUCED,
    (_H.REDUCED, _B.RELEASE): _H.RELEASED,
    (_H.REDUCED, _B.EXPIRE): _H.LAPSED,
    (_H.MOVED, _B.HOLD): _H.HELD,  # the bank looked again
    (_H.MOVED, _B.HOLD_SHORT): _H.HELD_SHORT,
    (_H.MOVED, _B.MOVE): _H.MOVED,
    (_H.MOVED, _B.REFUSE): _H.REFUSED,
    (_H.REFUSED, _B.HOLD): _H.HELD,  # corrected, or asked again
    (_H.REFUSED, _B.HOLD_SHORT): _H.HELD_SHORT,
    (_H.REFUSED, _B.MOVE): _H.MOVED,
    (_H.REFUSED, _B.REFUSE): _H.REFUSED,
    (
        _H.LAPSED,
        _B.HOLD,
    ): _H.HELD,  # a late answer: the term from the bank's own stop time still runs
    (_H.LAPSED, _B.HOLD_SHORT): _H.HELD_SHORT,
    (_H.LAPSED, _B.FREEZE): _H.FROZEN,
    **{
        (state, trigger): after
        for state in (
            _H.HELD,
            _H.HELD_SHORT,
            _H.FROZEN,
            _H.REDUCED,
        )  # of a freeze, or nothing is paid
        for trigger, after in (
            (_B.PAY, _H.FROZEN),  # what is left of a reduced freeze is no reduction more
            (_B.PAY_OUT, _H.RETURNED),
            (_B.BOUNCE, _H.FROZEN),
        )
    },
    (_H.RETURNED, _B.BOUNCE): _H.FROZEN,
}

HOLD_REFUSALS: Final[dict[tuple[HoldState, HoldTrigger], Reason]] = {
    **{
        (state, trigger): _R.NOTHING_HELD
        for state in (_H.ASKED, _H.MOVED, _H.REFUSED)
        for trigger in (_B.POSTPONE, _B.REDUCE)
    },
    (_H.MOVED, _B.RELEASE): _R.NOTHING_HELD,
    (_H.REFUSED, _B.RELEASE): _R.NOTHING_HELD,
    (_H.MOVED, _B.FREEZE): _R.NOTHING_HELD,
    (_H.REFUSED, _B.FREEZE): _R.NOTHING_HELD,
    (_H.MOVED, _B.EXPIRE): _R.NOTHING_HELD,
    (_H.REFUSED, _B.EXPIRE): _R.NOTHING_HELD,
    **{(state, _B.MOVE): _R.HELD_THEN_DENIED for state in LIVE},
    **{(state, _B.REFUSE): _R.HELD_THEN_DENIED for state in LIVE},
    **{
        (state, trigger): _R.NOT_FROZEN
        for state in (_H.ASKED, _H.MOVED, _H.REFUSED, _H.POSTPONED)
        for trigger in (_B.PAY, _B.PAY_OUT, _B.BOUNCE)
    },
    **{(_H.RETURNED, trigger): _R.HOLD_RETURNED for trigger in _B if trigger is not _B.BOUNCE},
    (_H.POSTPONED, _B.POSTPONE): _R.STOPS_EXHAUSTED,
    (_H.FROZEN, _B.POSTPONE): _R.ALREADY_FROZEN,
    **{
        (_H.LAPSED, trigger): _R.HOLD_LAPSED
        for trigger in (
            *(_B.MOVE, _B.REFUSE, _B.POSTPONE, _B.REDUCE, _B.RELEASE, _B.EXPIRE),
            *(_B.PAY, _B.PAY_OUT, _B.BOUNCE),
        )
    },
    **{(_H.RELEASED, trigger): _R.HOLD_RELEASED for trigger in _B},
}
"""An institution's answer that stands here is kept as a fact and moves nothing; a person is told."""
