"""The literal tables of a return: what may follow what, for a round, an objection and a payment. No amounts, no persons.

Every pair of a state and a trigger stands either in the table of moves or in the table of refusals; a test counts them.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from recoup.procedure.refusals import Reason


class RoundState(StrEnum):
    """Where a round of a return stands."""

    APPLIED = "applied"
    """Applications are taken in (申请)."""
    TRACED = "traced"
    """A plan of awards is bound to it."""
    APPROVED = "approved"
    PUBLISHED = "published"
    """The public notice runs (公告)."""
    UNDER_REVIEW = "under_review"
    """The notice is over; an objection is still to be decided."""
    REVIEWED = "reviewed"
    """The notice is over and nothing against the plan is open."""
    SUPERSEDED = "superseded"
    """The plan fell: another one is needed."""
    DECIDED = "decided"
    """Who gets what is decided; the payments have lives of their own."""
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class RoundTrigger(StrEnum):
    """What can happen to a round."""

    APPLY = "apply"
    """An application comes in or is taken back."""
    TRACE = "trace"
    APPROVE = "approve"
    """The last approval that is needed."""
    SEND_BACK = "send_back"
    PUBLISH = "publish"
    OBJECT = "object"
    DISMISS = "dismiss"
    """An objection is rejected, and another one is still open or the notice runs."""
    DISMISS_LAST = "dismiss_last"
    """The last open objection is rejected after the notice's end."""
    UPHOLD = "uphold"
    PASS = "pass"  # noqa: S105 - a word of the trade, no password
    """The notice ends, and nothing is open."""
    PASS_OPEN = "pass_open"  # noqa: S105 - the same
    """The notice ends with an objection open."""
    DECIDE = "decide"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"


class ObjectionState(StrEnum):
    """Where an objection stands."""

    OPEN = "open"
    UPHELD = "upheld"
    DISMISSED = "dismissed"
    MOOT = "moot"
    """Its plan fell before it was decided: the next notice is open to it."""


class ObjectionTrigger(StrEnum):
    """What can happen to an objection."""

    UPHOLD = "uphold"
    DISMISS = "dismiss"
    LAPSE = "lapse"
    """The plan that it is about fell."""


class PaymentState(StrEnum):
    """Where one payment to one payee stands."""

    DECIDED = "decided"
    NOTIFIED = "notified"
    """The bank has the notice (协助返还通知书)."""
    CORRECTING = "correcting"
    """The bank demands papers."""
    ACCEPTED = "accepted"
    PAID = "paid"
    """The receipt shows the decided amount."""
    DIFFERS = "differs"
    """What the bank says it paid is not what was decided: an incident."""
    BOUNCED = "bounced"
    """It came back; the money lies in the frozen account again."""
    REFUSED = "refused"
    REPLACED = "replaced"
    """What is open of it is paid to another account, by another payment."""
    WITHDRAWN = "withdrawn"
    """Given up: the money stays frozen for its term."""


class PaymentTrigger(StrEnum):
    """What can happen to a payment."""

    NOTIFY = "notify"
    ACCEPT = "accept"
    DEMAND = "demand"
    REFUSE = "refuse"
    RECEIPT = "receipt"
    """With it, what was paid in all is what was decided."""
    RECEIPT_OFF = "receipt_off"
    """With it, what was paid in all is another amount."""
    BOUNCE = "bounce"
    """All of it came back."""
    BOUNCE_PART = "bounce_part"
    REPLACE = "replace"
    WITHDRAW = "withdraw"


_S, _T, _R = RoundState, RoundTrigger, Reason

ROUND_MOVES: Final[dict[tuple[RoundState, RoundTrigger], RoundState]] = {
    (_S.APPLIED, _T.APPLY): _S.APPLIED,
    (_S.APPLIED, _T.TRACE): _S.TRACED,
    (_S.APPLIED, _T.REFUSE): _S.REFUSED,
    (_S.APPLIED, _T.WITHDRAW): _S.WITHDRAWN,
    (_S.TRACED, _T.APPLY): _S.APPLIED,  # the plan knows nothing of it
    (_S.TRACED, _T.TRACE): _S.TRACED,
    (_S.TRACED, _T.APPROVE): _S.APPROVED,
    (_S.TRACED, _T.SEND_BACK): _S.SUPERSEDED,
    (_S.TRACED, _T.REFUSE): _S.REFUSED,
    (_S.TRACED, _T.WITHDRAW): _S.WITHDRAWN,
    (_S.APPROVED, _T.TRACE): _S.TRACED,  # what was approved is stale
    (_S.APPROVED, _T.PUBLISH): _S.PUBLISHED,
    (_S.APPROVED, _T.DECIDE): _S.DECIDED,  # nothing of it is shared pro rata
    (_S.APPROVED, _T.REFUSE): _S.REFUSED,
    (_S.APPROVED, _T.WITHDRAW): _S.WITHDRAWN,
    (_S.PUBLISHED, _T.OBJECT): _S.PUBLISHED,
    (_S.PUBLISHED, _T.DISMISS): _S.PUBLISHED,
    (_S.PUBLISHED, _T.UPHOLD): _S.SUPERSEDED,
    (_S.PUBLISHED, _T.PASS): _S.REVIEWED,
    (_S.PUBLISHED, _T.PASS_OPEN): _S.UNDER_REVIEW,
    (_S.PUBLISHED, _T.REFUSE): _S.REFUSED,
    (_S.PUBLISHED, _T.WITHDRAW): _S.WITHDRAWN,
    (_S.UNDER_REVIEW, _T.DISMISS): _S.UNDER_REVIEW,
    (_S.UNDER_REVIEW, _T.DISMISS_LAST): _S.REVIEWED,
    (_S.UNDER_REVIEW, _T.UPHOLD): _S.SUPERSEDED,
    (_S.UNDER_REVIEW, _T.REFUSE): _S.REFUSED,
    (_S.UNDER_REVIEW, _T.WITHDRAW): _S.WITHDRAWN,
    (_S.REVIEWED, _T.TRACE): _S.TRACED,  # a hold shrank or a claim fell since
    (_S.REVIEWED, _T.DECIDE): _S.DECIDED,
    (_S.REVIEWED, _T.REFUSE): _S.REFUSED,
    (_S.REVIEWED, _T.WITHDRAW): _S.WITHDRAWN,
    (_S.SUPERSEDED, _T.APPLY): _S.SUPERSEDED,
    (_S.SUPERSEDED, _T.TRACE): _S.TRACED,
    (_S.SUPERSEDED, _T.REFUSE): _S.REFUSED,
    (_S.SUPERSEDED, _T.WITHDRAW): _S.WITHDRAWN,
}

_OPEN: Final = (_S.PUBLISHED, _S.UNDER_REVIEW)
_ENDED: Final = (_S.DECIDED, _S.REFUSED, _S.WITHDRAWN)
_NO_PLAN: Final = (_S.APPLIED, _S.SUPERSEDED)

ROUND_REFUSALS: Final[dict[tuple[RoundState, RoundTrigger], Reason]] = {
    **{(state, trigger): _R.ROUND_ENDED for state in _ENDED for trigger in _T},
    **{(state, _T.APPLY): _R.APPLICATIONS_CLOSED for state in (_S.APPROVED, _S.REVIEWED, *_OPEN)},
    **{(state, _T.TRACE): _R.NOTICE_RUNS for state in _OPEN},
    **{
        (state, trigger): _R.NOT_TRACED
        for state in _NO_PLAN
        for trigger in (_T.APPROVE, _T.SEND_BACK, _T.PUBLISH, _T.DECIDE)
    },
    (_S.TRACED, _T.PUBLISH): _R.NOT_APPROVED,
    (_S.TRACED, _T.DECIDE): _R.NOT_APPROVED,
    **{
        (state, trigger): _R.APPROVED_ALREADY
        for state in (_S.APPROVED, _S.REVIEWED, *_OPEN)
        for trigger in (_T.APPROVE, _T.SEND_BACK)
    },
    **{(state, _T.PUBLISH): _R.PUBLISHED_ALREADY for state in (_S.REVIEWED, *_OPEN)},
    (_S.PUBLISHED, _T.DECIDE): _R.NOTICE_RUNS,
    (_S.PUBLISHED, _T.DISMISS_LAST): _R.NOTICE_RUNS,
    (_S.UNDER_REVIEW, _T.DECIDE): _R.OBJECTION_OPEN,
    **{
        (state, trigger): _R.NOTICE_OVER
        for state in (_S.UNDER_REVIEW, _S.REVIEWED)
        for trigger in (_T.OBJECT, _T.PASS, _T.PASS_OPEN)
    },
    **{
        (_S.REVIEWED, trigger): _R.NOTICE_OVER
        for trigger in (_T.DISMISS, _T.DISMISS_LAST, _T.UPHOLD)
    },
    **{
        (state, trigger): _R.NOT_PUBLISHED
        for state in (*_NO_PLAN, _S.TRACED, _S.APPROVED)
        for trigger in (
            _T.OBJECT,
            _T.DISMISS,
            _T.DISMISS_LAST,
            _T.UPHOLD,
            _T.PASS,
            _T.PASS_OPEN,
        )
    },
}

_O, _B = ObjectionState, ObjectionTrigger

OBJECTION_MOVES: Final = {
    (_O.OPEN, _B.UPHOLD): _O.UPHELD,
    (_O.OPEN, _B.DISMISS): _O.DISMISSED,
    (_O.OPEN, _B.LAPSE): _O.MOOT,
}
OBJECTION_REFUSALS: Final = {
    (state, trigger): _R.OBJECTION_SETTLED
    for state in (_O.UPHELD, _O.DISMISSED, _O.MOOT)
    for trigger in _B
}

_P, _G = PaymentState, PaymentTrigger
_TOLD: Final = (_P.NOTIFIED, _P.CORRECTING, _P.ACCEPTED)

PAYMENT_MOVES: Final[dict[tuple[PaymentState, PaymentTrigger], PaymentState]] = {
    (_P.DECIDED, _G.NOTIFY): _P.NOTIFIED,
    (_P.DECIDED, _G.WITHDRAW): _P.WITHDRAWN,
    (_P.NOTIFIED, _G.ACCEPT): _P.ACCEPTED,
    (_P.NOTIFIED, _G.DEMAND): _P.CORRECTING,
    (_P.ACCEPTED, _G.DEMAND): _P.CORRECTING,  # it looked again
    (_P.CORRECTING, _G.NOTIFY): _P.NOTIFIED,
    (_P.CORRECTING, _G.ACCEPT): _P.ACCEPTED,  # it took the papers after all
    (_P.CORRECTING, _G.WITHDRAW): _P.WITHDRAWN,  # it waits for papers that there will not be
    **{
        (state, trigger): after
        for state in _TOLD
        for trigger, after in (
            (_G.RECEIPT, _P.PAID),
            (_G.RECEIPT_OFF, _P.DIFFERS),
            (_G.REFUSE, _P.REFUSED),
            (_G.BOUNCE, _P.BOUNCED),  # the receipt before it never came
        )
    },
    (_P.PAID, _G.RECEIPT_OFF): _P.DIFFERS,  # paid again
    (_P.PAID, _G.BOUNCE): _P.BOUNCED,
    (_P.PAID, _G.BOUNCE_PART): _P.DIFFERS,
    (_P.DIFFERS, _G.RECEIPT): _P.PAID,  # the bank put it right
    (_P.DIFFERS, _G.RECEIPT_OFF): _P.DIFFERS,
    (_P.DIFFERS, _G.BOUNCE): _P.BOUNCED,
    (_P.DIFFERS, _G.BOUNCE_PART): _P.DIFFERS,
    (_P.DIFFERS, _G.REPLACE): _P.REPLACED,  # what was paid too little
    # Money is where it is: a receipt for what nobody asked any more is kept, as an incident.
    **{
        (state, trigger): _P.DIFFERS
        for state in (_P.BOUNCED, _P.REFUSED, _P.REPLACED, _P.WITHDRAWN)
        for trigger in (_G.RECEIPT, _G.RECEIPT_OFF)
    },
    **{(state, _G.REPLACE): _P.REPLACED for state in (_P.BOUNCED, _P.REFUSED)},
    **{(state, _G.WITHDRAW): _P.WITHDRAWN for state in (_P.BOUNCED, _P.REFUSED)},
    (_P.REPLACED, _G.BOUNCE): _P.DIFFERS,  # the part that was paid before it was replaced
    (_P.REPLACED, _G.BOUNCE_PART): _P.DIFFERS,
}

PAYMENT_REFUSALS: Final[dict[tuple[PaymentState, PaymentTrigger], Reason]] = {
    **{
        (_P.DECIDED, trigger): _R.NOT_NOTIFIED
        for trigger in _G
        if trigger not in {_G.NOTIFY, _G.WITHDRAW}
    },
    **{(state, _G.NOTIFY): _R.NOTIFIED_ALREADY for state in (_P.NOTIFIED, _P.ACCEPTED)},
    (_P.ACCEPTED, _G.ACCEPT): _R.NOTIFIED_ALREADY,
    (_P.CORRECTING, _G.DEMAND): _R.NOTIFIED_ALREADY,
    **{(state, _G.REPLACE): _R.IN_FLIGHT for state in _TOLD},
    **{(state, _G.WITHDRAW): _R.IN_FLIGHT for state in (_P.NOTIFIED, _P.ACCEPTED)},
    **{(state, _G.BOUNCE_PART): _R.NOTHING_PAID for state in _TOLD},
    **{
        (_P.PAID, trigger): _R.PAID_ALREADY
        for trigger in (
            *(_G.NOTIFY, _G.ACCEPT, _G.DEMAND, _G.REFUSE, _G.RECEIPT),
            *(_G.REPLACE, _G.WITHDRAW),
        )
    },
    **{
        (_P.DIFFERS, trigger): _R.INCIDENT_OPEN
        for trigger in (_G.NOTIFY, _G.ACCEPT, _G.DEMAND, _G.REFUSE, _G.WITHDRAW)
    },
    **{
        (state, trigger): _R.PAYMENT_ENDED
        for state in (_P.BOUNCED, _P.REFUSED, _P.REPLACED, _P.WITHDRAWN)
        for trigger in (_G.NOTIFY, _G.ACCEPT, _G.DEMAND, _G.REFUSE)
    },
    **{
        (state, trigger): _R.PAYMENT_ENDED
        for state in (_P.REPLACED, _P.WITHDRAWN)
        for trigger in (_G.REPLACE, _G.WITHDRAW)
    },
    **{
        (state, trigger): _R.NOTHING_PAID
        for state in (_P.BOUNCED, _P.REFUSED, _P.WITHDRAWN)
        for trigger in (_G.BOUNCE, _G.BOUNCE_PART)
    },
}

PLANNED: Final = frozenset(
    {_S.TRACED, _S.APPROVED, _S.PUBLISHED, _S.UNDER_REVIEW, _S.REVIEWED, _S.DECIDED}
)
"""States in which a plan stands."""
IN_FLIGHT: Final = frozenset(_TOLD)
"""States in which the bank may pay at any moment."""
ROUND_ENDED: Final = frozenset(_ENDED)
