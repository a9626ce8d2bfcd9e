"""The literal tables of what may follow what: claims, mandates, findings, appeals, notices, requests abroad. No amounts.

Every pair of a state and a trigger stands either in a table of moves or in its table of refusals; a test counts them.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from recoup.care.escalation import EscalationState, EscalationTrigger
from recoup.cases.refusals import Reason


class ClaimState(StrEnum):
    """How far a claim is believed."""

    REPORTED = "reported"
    """Earlier claims keep their lots; this one carries the rest."""
    ADMITTED = "admitted"
    """It carries the victim's own money."""
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    VOID = "void"


class ClaimTrigger(StrEnum):
    """What can happen to a claim."""

    ADMIT = "admit"
    REJECT = "reject"
    WITHDRAW = "withdraw"
    VOID = "void"


class MandateState(StrEnum):
    """Whether a standing authority holds."""

    PROPOSED = "proposed"
    STANDING = "standing"
    REVOKED = "revoked"


class MandateTrigger(StrEnum):
    """What can happen to a standing authority; its end in time needs no event."""

    AGREE = "agree"
    REVOKE = "revoke"


class FindingState(StrEnum):
    """Whether somebody else than its maker agreed to a finding."""

    PROPOSED = "proposed"
    DECIDED = "decided"
    DISMISSED = "dismissed"


class FindingTrigger(StrEnum):
    """What can happen to a finding."""

    AGREE = "agree"
    DISMISS = "dismiss"


class MotionState(StrEnum):
    """Whether somebody else agreed to what a person proposed."""

    PROPOSED = "proposed"
    AGREED = "agreed"
    DISMISSED = "dismissed"
    WITHDRAWN = "withdrawn"


class MotionTrigger(StrEnum):
    """What can happen to a proposed decision."""

    AGREE = "agree"
    DISMISS = "dismiss"
    WITHDRAW = "withdraw"


class AppealState(StrEnum):
    """How far a holder's objection is."""

    FILED = "filed"
    OVERDUE = "overdue"
    """Its clock ran out; it is decided all the same, and counted."""
    UPHELD = "upheld"
    DENIED = "denied"
    WITHDRAWN = "withdrawn"


class AppealTrigger(StrEnum):
    """What can happen to an appeal."""

    UPHOLD = "uphold"
    DENY = "deny"
    WITHDRAW = "withdraw"
    MISS = "miss"


class NoticeState(StrEnum):
    """Whether a holder was told."""

    DUE = "due"
    DEFERRED = "deferred"
    SENT = "sent"


class NoticeTrigger(StrEnum):
    """What can happen to a notice."""

    SEND = "send"
    DEFER = "defer"
    RESUME = "resume"


class TaskState(StrEnum):
    """How far a request to another country is."""

    OPEN = "open"
    OVERDUE = "overdue"
    ANSWERED = "answered"


class HandoverState(StrEnum):
    """How far a case is on its way to another unit."""

    OFFERED = "offered"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


class HandoverTrigger(StrEnum):
    """What can happen to an offer of a case."""

    ACCEPT = "accept"
    DECLINE = "decline"
    WITHDRAW = "withdraw"


class TaskTrigger(StrEnum):
    """What can happen to a request abroad."""

    ANSWER = "answer"
    MISS = "miss"


_C, _CT, _R = ClaimState, ClaimTrigger, Reason

CLAIM_MOVES: Final[dict[tuple[ClaimState, ClaimTrigger], ClaimState]] = {
    (_C.REPORTED, _CT.ADMIT): _C.ADMITTED,
    (_C.REPORTED, _CT.REJECT): _C.REJECTED,
    (_C.REPORTED, _CT.WITHDRAW): _C.WITHDRAWN,
    (_C.REPORTED, _CT.VOID): _C.VOID,
    (_C.ADMITTED, _CT.WITHDRAW): _C.WITHDRAWN,  # the victim was wrong and says so
    (_C.ADMITTED, _CT.VOID): _C.VOID,
}
CLAIM_REFUSALS: Final[dict[tuple[ClaimState, ClaimTrigger], Reason]] = {
    (_C.ADMITTED, _CT.ADMIT): _R.CLAIM_ADMITTED,
    (_C.ADMITTED, _CT.REJECT): _R.CLAIM_ADMITTED,  # from here on it takes a finding
    **{
        (state, trigger): _R.CLAIM_NOT_LIVE
        for state in (_C.REJECTED, _C.WITHDRAWN, _C.VOID)
        for trigger in _CT
    },
}
LIVE_CLAIMS: Final = frozenset({ClaimState.REPORTED, ClaimState.ADMITTED})
"""States in which a claim misses money."""

MANDATE_MOVES: Final[dict[tuple[MandateState, MandateTrigger], MandateState]] = {
    (MandateState.PROPOSED, MandateTrigger.AGREE): MandateState.STANDING,
    (MandateState.PROPOSED, MandateTrigger.REVOKE): MandateState.REVOKED,
    (MandateState.STANDING, MandateTrigger.REVOKE): MandateState.REVOKED,
}
MANDATE_REFUSALS: Final[dict[tuple[MandateState, MandateTrigger], Reason]] = {
    (MandateState.STANDING, MandateTrigger.AGREE): _R.MANDATE_STANDS,
    **{(MandateState.REVOKED, trigger): _R.MANDATE_ENDED for trigger in MandateTrigger},
}

FINDING_MOVES: Final[dict[tuple[FindingState, FindingTrigger], FindingState]] = {
    (FindingState.PROPOSED, FindingTrigger.AGREE): FindingState.DECIDED,
    (FindingState.PROPOSED, FindingTrigger.DISMISS): FindingState.DISMISSED,
}
FINDING_REFUSALS: Final[dict[tuple[FindingState, FindingTrigger], Reason]] = {
    (state, trigger): _R.FINDING_SETTLED
    for state in (FindingState.DECIDED, FindingState.DISMISSED)
    for trigger in FindingTrigger
}

MOTION_MOVES: Final[dict[tuple[MotionState, MotionTrigger], MotionState]] = {
    (MotionState.PROPOSED, MotionTrigger.AGREE): MotionState.AGREED,
    (MotionState.PROPOSED, MotionTrigger.DISMISS): MotionState.DISMISSED,
    (MotionState.PROPOSED, MotionTrigger.WITHDRAW): MotionState.WITHDRAWN,
}
MOTION_REFUSALS: Final[dict[tuple[MotionState, MotionTrigger], Reason]] = {
    (state, trigger): _R.MOTION_SETTLED
    for state in (MotionState.AGREED, MotionState.DISMISSED, MotionState.WITHDRAWN)
    for trigger in MotionTrigger
}

_A, _AT = AppealState, AppealTrigger

APPEAL_MOVES: Final[dict[tuple[AppealState, AppealTrigger], AppealState]] = {
    **{
        (state, trigger): after
        for state in (_A.FILED, _A.OVERDUE)
        for trigger, after in (
            (_AT.UPHOLD, _A.UPHELD),
            (_AT.DENY, _A.DENIED),
            (_AT.WITHDRAW, _A.WITHDRAWN),
        )
    },
    (_A.FILED, _AT.MISS): _A.OVERDUE,
}
APPEAL_REFUSALS: Final[dict[tuple[AppealState, AppealTrigger], Reason]] = {
    (_A.OVERDUE, _AT.MISS): _R.APPEAL_OVERDUE,
    **{
        (state, trigger): _R.APPEAL_SETTLED
        for state in (_A.UPHELD, _A.DENIED, _A.WITHDRAWN)
        for trigger in _AT
    },
}

_N, _NT = NoticeState, NoticeTrigger

NOTICE_MOVES: Final[dict[tuple[NoticeState, NoticeTrigger], NoticeState]] = {
    (_N.DUE, _NT.SEND): _N.SENT,
    (_N.DUE, _NT.DEFER): _N.DEFERRED,
    (_N.DEFERRED, _NT.SEND): _N.SENT,  # sooner than planned
    (_N.DEFERRED, _NT.DEFER): _N.DEFERRED,  # another reason, another end
    (_N.DEFERRED, _NT.RESUME): _N.DUE,
}
NOTICE_REFUSALS: Final[dict[tuple[NoticeState, NoticeTrigger], Reason]] = {
    (_N.DUE, _NT.RESUME): _R.NOTICE_NOT_DEFERRED,
    **{(_N.SENT, trigger): _R.NOTICE_SENT for trigger in _NT},
}

TASK_MOVES: Final[dict[tuple[TaskState, TaskTrigger], TaskState]] = {
    (TaskState.OPEN, TaskTrigger.ANSWER): TaskState.ANSWERED,
    (TaskState.OPEN, TaskTrigger.MISS): TaskState.OVERDUE,
    (TaskState.OVERDUE, TaskTrigger.ANSWER): TaskState.ANSWERED,  # late
    (TaskState.ANSWERED, TaskTrigger.ANSWER): TaskState.ANSWERED,  # another answer is another fact
}
TASK_REFUSALS: Final[dict[tuple[TaskState, TaskTrigger], Reason]] = {
    (TaskState.OVERDUE, TaskTrigger.MISS): _R.TASK_OVERDUE,
    (TaskState.ANSWERED, TaskTrigger.MISS): _R.CLOCK_RUNS,  # nothing is due any more
}

HANDOVER_MOVES: Final[dict[tuple[HandoverState, HandoverTrigger], HandoverState]] = {
    (HandoverState.OFFERED, HandoverTrigger.ACCEPT): HandoverState.ACCEPTED,
    (HandoverState.OFFERED, HandoverTrigger.DECLINE): HandoverState.DECLINED,
    (HandoverState.OFFERED, HandoverTrigger.WITHDRAW): HandoverState.WITHDRAWN,
}
HANDOVER_REFUSALS: Final[dict[tuple[HandoverState, HandoverTrigger], Reason]] = {
    (state, trigger): _R.HANDOVER_SETTLED
    for state in (HandoverState.ACCEPTED, HandoverState.DECLINED, HandoverState.WITHDRAWN)
    for trigger in HandoverTrigger
}

ESCALATION_REFUSALS: Final[dict[tuple[EscalationState, EscalationTrigger], Reason]] = {
    (state, trigger): _R.ESCALATION_SETTLED
    for state in (EscalationState.PASSED_UP, EscalationState.SETTLED)
    for trigger in EscalationTrigger
}
