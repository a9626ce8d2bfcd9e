"""How appeals against decisions of a watch stand in the centre: filed, decided, asked about when they are late.

Part of the room of care. An open appeal has a deadline at its limit; decided, it has none. Undecided by then, the duty officer
of its unit is asked, then the unit above, each by a deadline, in the same entry as what the asking follows from.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

from recoup.care import (
    CareRefusal,
    CareTerms,
    DecisionAppeal,
    DecisionAppealState,
    DecisionAppealTrigger,
)
from recoup.care.appealing import (
    DecisionAppealEvent,
    DecisionAppealFiled,
    DecisionAppealMoved,
    PassDecisionAppeal,
    evolve_appeal,
    file_appeal,
)
from recoup.care.escalating import (
    AppealEscalationCommand,
    AppealEscalationEvent,
    AppealEscalationRaised,
    PassAppealEscalation,
    SettleAppealEscalation,
    pass_escalation,
    raise_escalation,
    settle_escalation,
)
from recoup.care.escalation import Escalation
from recoup.cases import CasePolicy
from recoup.centre.care_rows import deadline, declined
from recoup.centre.commands import Decision, Declined, Noted
from recoup.centre.reasons import CentreReason
from recoup.centre.requests import INSTITUTION, Request, derived_id
from recoup.centre.roster import asked_above, asked_at
from recoup.centre.state import CentreState
from recoup.ids import SubjectId
from recoup.journal.canonical import encode_plain
from recoup.journal.port import Deadline
from recoup.staff import StaffReason

_DECISION_APPEAL: Final = "decision_appeal"
_ESCALATION: Final = "appeal_escalation"


def filed(
    state: CentreState, request: Request, wanted: DecisionAppeal, now: datetime, terms: CareTerms
) -> Decision | Declined:
    """Take an appeal in that an institution, or a person there, passes on."""
    if request.actor.role == INSTITUTION and wanted.institution != request.actor.who:
        return Declined(CentreReason.OTHER_INSTITUTION, wanted.institution)
    if state.staff.units and wanted.unit not in state.staff.units:
        return Declined(StaffReason.UNIT_UNKNOWN, wanted.unit)  # nobody would see it
    earlier = state.cared.appeal_of(wanted.institution, wanted.decision)
    if earlier is None and wanted.id in state.cared.appeals:
        return Declined(CentreReason.ID_UNUSABLE)
    return of_appeal(None, file_appeal(wanted, earlier, now, terms))


def of_appeal(
    appeal: DecisionAppeal | None, found: tuple[DecisionAppealEvent, ...] | CareRefusal
) -> Decision | Declined:
    """Return what a command about an appeal leads to, with its deadline."""
    if isinstance(found, CareRefusal):
        return declined(found)
    after = appeal
    for event in found:
        match event:
            case DecisionAppealFiled(made):
                after = made
            case DecisionAppealMoved():
                assert after is not None, "what moves is there"
                after = evolve_appeal(after, event)
    assert after is not None, "filed now, or before"
    row = derived_id(_DECISION_APPEAL, after.id)
    begun: tuple[Deadline, ...] = ()
    if appeal is None:
        begun = (deadline(row, after.due_at, PassDecisionAppeal(after.id), after.id),)
    told = {"appeal": after.id, "state": after.state.value}
    noted = tuple(Noted(SubjectId(after.id), event) for event in found)
    ended = () if after.is_open else (row,)
    return Decision(encode_plain(told), noted, deadlines=begun, ended=ended)


def with_asking(
    state: CentreState, decided: Decision, appeal: DecisionAppeal, now: datetime, policy: CasePolicy
) -> Decision:
    """Ask about an appeal whose limit has passed; no longer about one that is decided, in the same entry."""
    moved = [noted.event for noted in decided.events]
    after = [x for x in moved if isinstance(x, DecisionAppealMoved)]
    asked = state.cared.asked_about(appeal.id)
    if any(x.trigger is DecisionAppealTrigger.PASS_LIMIT for x in after) and asked is None:
        to = asked_at(state.staff, appeal.unit, now)
        found = raise_escalation(appeal, to, 0, now, policy.escalation_seconds)
        return _joined(decided, appeal.id, found)
    ended = next((x.state for x in after if x.state is not DecisionAppealState.OPEN), None)
    if ended is None or asked is None:
        return decided
    settled = settle_escalation(asked, "", ended.value, now)
    assert not isinstance(settled, CareRefusal), "an open one can be settled"
    return _joined(decided, appeal.id, settled)


def of_escalation(
    state: CentreState,
    asked: Escalation,
    command: AppealEscalationCommand,
    now: datetime,
    policy: CasePolicy,
) -> Decision | Declined:
    """Return what a command about an escalation leads to; passed up, the unit above is asked in the same entry."""
    decided = Decision(encode_plain({"appeal": asked.about, "escalation": asked.id}))
    if isinstance(command, SettleAppealEscalation):
        settled = settle_escalation(asked, command.by, command.outcome, now)
        if isinstance(settled, CareRefusal):
            return declined(settled)
        return _joined(decided, asked.about, settled)
    above = asked_above(state.staff, asked.unit, now)
    passed = pass_escalation(asked, above, now)
    if passed is None:
        return replace(decided, ended=(derived_id(_ESCALATION, asked.id),))
    if isinstance(passed, CareRefusal):
        return declined(passed)
    appeal = state.cared.appeals[asked.about]
    before = sum(row.about == appeal.id for row in state.cared.escalations.values())
    given = (appeal, above, before, now, policy.escalation_seconds)
    return _joined(_joined(decided, appeal.id, passed), appeal.id, raise_escalation(*given))


def _joined(decided: Decision, appeal: str, event: AppealEscalationEvent) -> Decision:
    """Return a decision with one more event about an escalation, and its deadline."""
    begun, ended = decided.deadlines, decided.ended
    if isinstance(event, AppealEscalationRaised):
        asked = event.escalation
        row, command = derived_id(_ESCALATION, asked.id), PassAppealEscalation(asked.id)
        begun = (*begun, deadline(row, asked.due_at, command, appeal))
    else:
        ended = (*ended, derived_id(_ESCALATION, event.escalation))
    events = (*decided.events, Noted(SubjectId(appeal), event))
    return replace(decided, events=events, deadlines=begun, ended=ended)


__all__ = ["filed", "of_appeal", "of_escalation", "with_asking"]
