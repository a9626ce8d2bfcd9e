"""Rules about a case that goes to another unit: offered by one, accepted by the other, on one packet. Pure; called by `decide`.

Until the other unit accepts, nothing changes: clocks, worklist and rights stay with the unit that has it. What is accepted is
the case as both saw it: if anything happened to it since it was offered, the offer is stale and is made anew. Approvals of
orders that have not left are void with the acceptance, since the new unit's approvers answer for what leaves from then on.
"""

from __future__ import annotations

from datetime import datetime

from recoup.cases.case import Case
from recoup.cases.commands import (
    AcceptHandover,
    DeclineHandover,
    OfferHandover,
    WithdrawHandover,
)
from recoup.cases.decided import Handover
from recoup.cases.events import Event, HandoverOffered, HandoverSettled
from recoup.cases.refusals import Reason, Refusal
from recoup.cases.state import (
    HANDOVER_MOVES,
    HANDOVER_REFUSALS,
    HandoverState,
    HandoverTrigger,
)

Events = tuple[Event, ...]
_TRIGGERS = {
    AcceptHandover: HandoverTrigger.ACCEPT,
    DeclineHandover: HandoverTrigger.DECLINE,
    WithdrawHandover: HandoverTrigger.WITHDRAW,
}


def offer_handover(case: Case, command: OfferHandover, now: datetime) -> Events | Refusal:
    """Offer the case to another unit; an offer that went stale meanwhile is taken back with it."""
    wanted = Handover(
        command.id, case.unit, command.unit, command.digest, command.by, now, command.reason
    )
    known = case.handover(command.id)
    if known is not None:
        is_same = known.asked == wanted.asked
        return () if is_same else Refusal(Reason.ID_TAKEN, command.id)
    if command.unit == case.unit:
        return Refusal(Reason.HANDOVER_TO_ITSELF, command.unit)
    if not command.reason:
        return Refusal(Reason.REASON_MISSING, command.id)
    if command.digest != command.stands:
        return Refusal(Reason.DIGEST_STALE, case.id)
    waiting = case.offered
    if waiting is None:
        return (HandoverOffered(wanted),)
    if waiting.digest == command.stands:
        return Refusal(Reason.HANDOVER_OPEN, waiting.id)
    after = HANDOVER_MOVES[waiting.state, HandoverTrigger.WITHDRAW]
    taken_back = HandoverSettled(waiting.id, after, command.by, now, "stale", case.unit)
    return (taken_back, HandoverOffered(wanted))


def settle_handover(
    case: Case, command: AcceptHandover | DeclineHandover | WithdrawHandover, now: datetime
) -> Events | Refusal:
    """Accept the case, decline it with a reason, or take the offer back."""
    known = case.handover(command.handover)
    if known is None:
        return Refusal(Reason.HANDOVER_UNKNOWN, command.handover)
    trigger = _TRIGGERS[type(command)]
    if (known.state, trigger) not in HANDOVER_MOVES:
        return Refusal(HANDOVER_REFUSALS[known.state, trigger], f"the handover is {known.state}")
    after = HANDOVER_MOVES[known.state, trigger]
    unit = known.to_unit if after is HandoverState.ACCEPTED else case.unit
    if isinstance(command, WithdrawHandover):
        return (HandoverSettled(known.id, after, command.by, now, "", unit),)
    if command.by == known.by:
        return Refusal(Reason.MAKER_DECIDES, command.by)
    if isinstance(command, DeclineHandover):
        if not command.reason:
            return Refusal(Reason.REASON_MISSING, known.id)
        return (HandoverSettled(known.id, after, command.by, now, command.reason, unit),)
    if not command.digest == known.digest == command.stands:
        return Refusal(Reason.DIGEST_STALE, known.id)
    return (HandoverSettled(known.id, after, command.by, now, "", unit),)
