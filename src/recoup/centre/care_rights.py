"""What commands of the room of care are to the table of rights: the action that each needs, and what it is about. Pure.

What a thing is comes from the state and never from the request. An institution reaches a measure only once it stands: before
that nobody outside hears of it. A dissuasion is its payer's institution's to work on, from the beginning; of an appeal against
a decision of its watch it hears what was decided.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from recoup.care import CareReason, DecisionAppeal, Dissuasion, Measure, MeasureState, escalating
from recoup.care import appealing as appealed
from recoup.care import dissuading as warned
from recoup.care import measuring as measured
from recoup.centre.commands import Declined
from recoup.centre.state import CentreState
from recoup.staff import Action, Target

CARE_ACTIONS: Final[Mapping[type, Action]] = {
    measured.ProposeMeasure: Action.MEASURE_PROPOSE,
    measured.WithdrawMeasure: Action.MEASURE_PROPOSE,
    measured.AgreeToMeasure: Action.MEASURE_AGREE,
    measured.LiftMeasure: Action.MEASURE_LIFT,
    measured.ConfirmMeasure: Action.MEASURE_CONFIRM,
    measured.ProveHolder: Action.HOLDER_VERIFY,
    measured.TellHolder: Action.NOTICE_SEND,
    measured.AppealMeasure: Action.APPEAL_FILE,
    measured.SettleMeasureAppeal: Action.APPEAL_SETTLE,
    warned.TakeLead: Action.LEAD_TAKE,
    warned.NoteContact: Action.DISSUADE,
    warned.SettleDissuasion: Action.DISSUADE,
    appealed.FileDecisionAppeal: Action.APPEAL_FILE,
    appealed.SettleDecisionAppeal: Action.APPEAL_SETTLE,
    escalating.SettleAppealEscalation: Action.ESCALATION_LOG,
}
"""The right that a command needs; what only the clock asks for is not here."""


def target_of_measure(measure: Measure) -> Target:
    """Return what a measure is to the table of rights."""
    is_told = measure.state not in {MeasureState.PROPOSED, MeasureState.WITHDRAWN}
    institution = measure.institution if is_told else ""
    return Target(measure.unit, institution, measure.made_by, measure.agreed_by)


def target_of_dissuasion(task: Dissuasion) -> Target:
    """Return what a dissuasion is to the table of rights."""
    return Target(task.unit, task.institution)


def target_of_appeal(appeal: DecisionAppeal) -> Target:
    """Return what an appeal against a decision is to the table of rights; nobody decides on what they filed."""
    return Target(appeal.unit, appeal.institution, appeal.filed_by)


def target_of_care(state: CentreState, command: object) -> Target | Declined:
    """Return what a command of this room is about."""
    match command:
        case measured.ProposeMeasure(measure):
            return Target(unit=measure.unit, owner=measure.made_by)
        case warned.TakeLead(lead):
            return Target(unit=lead.unit, institution=lead.institution)
        case appealed.FileDecisionAppeal(appeal):
            return Target(appeal.unit, appeal.institution, appeal.filed_by)
        case appealed.SettleDecisionAppeal(appeal_id):
            filed = state.cared.appeals.get(appeal_id)
            if filed is None:
                return Declined(CareReason.DECISION_APPEAL_UNKNOWN, appeal_id)
            return target_of_appeal(filed)
        case escalating.SettleAppealEscalation(escalation_id):
            asked = state.cared.escalations.get(escalation_id)
            if asked is None:
                return Declined(CareReason.APPEAL_ESCALATION_UNKNOWN, escalation_id)
            return Target(asked.unit)
        case warned.NoteContact(task_id) | warned.SettleDissuasion(task_id):
            task = state.cared.dissuasions.get(task_id)
            if task is None:
                return Declined(CareReason.DISSUASION_UNKNOWN, task_id)
            return target_of_dissuasion(task)
        case _:
            measure_id = str(getattr(command, "measure", ""))
            found = state.cared.measures.get(measure_id)
            if found is None:
                return Declined(CareReason.MEASURE_UNKNOWN, measure_id)
            return target_of_measure(found)


def target_of_text(state: CentreState, case: str) -> Target:
    """Return what a text is: of a case, of a measure that somebody appealed against, or of an appeal against a decision."""
    appeal = state.cared.appeals.get(case)
    if appeal is not None:
        return target_of_appeal(appeal)
    measure = state.cared.measures.get(case)
    return state.target_of_case(case) if measure is None else target_of_measure(measure)


__all__ = [
    "CARE_ACTIONS",
    "target_of_appeal",
    "target_of_care",
    "target_of_dissuasion",
    "target_of_measure",
    "target_of_text",
]
