"""How measures and dissuasions stand in the centre: what a ground names is there, every end is a deadline, persons act.

1. A measure that begins to stand has a deadline at its end and, while an appeal is open, one at the appeal's limit.
2. A dissuasion has a deadline at the limit of the step that is due, and one at its end.
3. A command that names another person than the actor is refused; only the clock passes a limit or an end.
4. An institution's machine and its persons give leads under its own name, of its own payers. A machine also proposes measures
   of its own accounts for a red flag, says that it told their holders, and passes on what a holder says against a decision of
   its watch. It does nothing else, and what it proposes needs one person more.
5. Of appeals against decisions of a watch `appeal_room` says the same.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

from recoup.care import (
    IN_FORCE,
    LIVE_MEASURES,
    OPEN_DISSUASIONS,
    CareReason,
    CareRefusal,
    CareTerms,
    Dissuasion,
    Lead,
    LeadSource,
    Measure,
    MeasureGround,
)
from recoup.care.appealing import (
    DecisionAppealCommand,
    DecisionAppealEvent,
    DecisionAppealFiled,
    DecisionAppealMoved,
    FileDecisionAppeal,
    PassDecisionAppeal,
    SettleDecisionAppeal,
    decide_appeal,
    evolve_appeal,
)
from recoup.care.dissuading import (
    DissuasionEvent,
    DissuasionJoined,
    DissuasionMoved,
    DissuasionOpened,
    LeadTaken,
    NoteContact,
    PassDissuasionEnd,
    PassStep,
    SettleDissuasion,
    TakeLead,
    decide_dissuasion,
    evolve_dissuasion,
    take_lead,
)
from recoup.care.escalating import (
    AppealEscalationCommand,
    AppealEscalationEvent,
    AppealEscalationMoved,
    AppealEscalationRaised,
    PassAppealEscalation,
    SettleAppealEscalation,
    evolve_escalation,
)
from recoup.care.measuring import (
    MeasureCommand,
    MeasureEvent,
    MeasureMoved,
    MeasureProposed,
    PassMeasureAppeal,
    PassMeasureEnd,
    ProposeMeasure,
    TellHolder,
    decide_measure,
    evolve_measure,
    propose_measure,
)
from recoup.cases import CasePolicy
from recoup.cases.lists import LISTED
from recoup.centre.appeal_room import filed, of_appeal, of_escalation, with_asking
from recoup.centre.care_rows import deadline, declined
from recoup.centre.commands import Decision, Declined, Noted
from recoup.centre.reasons import CentreReason
from recoup.centre.requests import CLOCK, INSTITUTION, Request, derived_id
from recoup.centre.rights import MACHINES
from recoup.centre.state import CentreState
from recoup.ids import SubjectId
from recoup.journal.canonical import encode_plain
from recoup.journal.port import Deadline
from recoup.staff import StaffReason
from recoup.staff.roles import AT_INSTITUTION

_MEASURE_END: Final = "measure_end"
_MEASURE_APPEAL: Final = "measure_appeal"
_STEP: Final = "dissuasion_step"
_DISSUASION_END: Final = "dissuasion_end"
_OF_A_MACHINE: Final = frozenset({LeadSource.BANK, LeadSource.WATCH})

Command = (
    MeasureCommand
    | TakeLead
    | NoteContact
    | SettleDissuasion
    | PassStep
    | PassDissuasionEnd
    | DecisionAppealCommand
    | AppealEscalationCommand
)
Event = MeasureEvent | DissuasionEvent | DecisionAppealEvent | AppealEscalationEvent
_OF_THE_CLOCK: Final = (
    PassMeasureAppeal,
    PassMeasureEnd,
    PassStep,
    PassDissuasionEnd,
    PassDecisionAppeal,
    PassAppealEscalation,
)


def decide_care(
    state: CentreState, request: Request, now: datetime, policy: CasePolicy
) -> Decision | Declined:
    """Decide one request about measures and dissuasions."""
    command: Command = request.what
    terms = policy.care
    if terms is None:
        return Declined(CareReason.TERMS_MISSING)
    if isinstance(command, _OF_THE_CLOCK):
        if request.actor != CLOCK:
            return Declined(CentreReason.ACTOR_DIFFERS)
    elif _speaker_of(command) != request.actor.who or _is_for_a_person(request):
        return Declined(CentreReason.ACTOR_DIFFERS)
    match command:
        case TakeLead():
            return _lead_taken(state, request, now, terms)
        case NoteContact() | SettleDissuasion() | PassStep() | PassDissuasionEnd():
            task = state.cared.dissuasions.get(command.dissuasion)
            if task is None:
                return Declined(CareReason.DISSUASION_UNKNOWN, command.dissuasion)
            return _of_task(task, decide_dissuasion(task, command, now, terms))
        case FileDecisionAppeal(wanted):
            return filed(state, request, wanted, now, terms)
        case SettleDecisionAppeal() | PassDecisionAppeal():
            appeal = state.cared.appeals.get(command.appeal)
            if appeal is None:
                return Declined(CareReason.DECISION_APPEAL_UNKNOWN, command.appeal)
            decided = of_appeal(appeal, decide_appeal(appeal, command, now))
            if isinstance(decided, Declined):
                return decided
            return with_asking(state, decided, appeal, now, policy)
        case SettleAppealEscalation() | PassAppealEscalation():
            asked = state.cared.escalations.get(command.escalation)
            if asked is None:
                return Declined(CareReason.APPEAL_ESCALATION_UNKNOWN, command.escalation)
            return of_escalation(state, asked, command, now, policy)
        case ProposeMeasure(wanted):
            return _proposed(state, request, wanted, now, terms)
        case _:
            measure = state.cared.measures.get(command.measure)
            if measure is None:
                return Declined(CareReason.MEASURE_UNKNOWN, command.measure)
            if request.actor.role == INSTITUTION and measure.institution != request.actor.who:
                return Declined(CentreReason.OTHER_INSTITUTION, measure.institution)
            others = (row for row in state.cared.at_account(measure.account) if row != measure)
            return _of_measure(measure, decide_measure(measure, command, others, now, terms))


def _is_for_a_person(request: Request) -> bool:
    """Whether a machine asks for what only persons decide; of an institution's, anything but what it tells or passes on."""
    is_told = isinstance(request.what, TakeLead | ProposeMeasure | TellHolder | FileDecisionAppeal)
    return request.actor.role in MACHINES and not (is_told and request.actor.role == INSTITUTION)


def _speaker_of(command: Command) -> str:
    match command:
        case ProposeMeasure(measure):
            return measure.made_by
        case TakeLead(lead):
            return lead.taken_by
        case FileDecisionAppeal(appeal):
            return appeal.filed_by
        case _:
            return str(getattr(command, "by", ""))


# --- measures ---


def _proposed(
    state: CentreState, request: Request, wanted: Measure, now: datetime, terms: CareTerms
) -> Decision | Declined:
    is_by_machine = request.actor.role == INSTITUTION
    if is_by_machine:
        if wanted.institution != request.actor.who:
            return Declined(CentreReason.OTHER_INSTITUTION, wanted.institution)
        if wanted.ground is not MeasureGround.RED_FLAG:
            return Declined(CareReason.GROUND_UNFIT, wanted.ground.value)
        if state.staff.units and wanted.unit not in state.staff.units:
            return Declined(StaffReason.UNIT_UNKNOWN, wanted.unit)  # nobody would see it
    if wanted.id in state.cared.measures:
        return Declined(CareReason.MEASURE_STANDS, wanted.id)
    if not _is_there(state, wanted, now):
        return Declined(CareReason.GROUND_UNFIT, wanted.about)
    warned = state.cared.dissuasions.get(wanted.about)
    others = state.cared.at_account(wanted.account)
    found = propose_measure(wanted, others, warned, now, terms, is_by_machine=is_by_machine)
    return _of_measure(wanted, found)


def _is_there(state: CentreState, wanted: Measure, now: datetime) -> bool:
    """Whether what the ground names is there; a code and an identity are the proposer's word, which the appeal can test."""
    match wanted.ground:
        case MeasureGround.CASE:
            case = state.case(wanted.about)
            met = {row.account for row in case.places} | {row.account for row in case.holds}
            is_known = (case.id, wanted.account) in state.entered or wanted.account in met
            return case.is_open and case.unit == wanted.unit and is_known
        case MeasureGround.LISTED:
            rows = state.listed.under((wanted.account,))
            return any(
                row.id == wanted.about and row.state in LISTED and now < row.ends_at for row in rows
            )
        case MeasureGround.WARNED_PAYER:
            found = state.cared.dissuasions.get(wanted.about)
            return found is not None and found.unit == wanted.unit
        case MeasureGround.RED_FLAG | MeasureGround.IDENTITY:
            return bool(wanted.about)


def _of_measure(
    measure: Measure, found: tuple[MeasureEvent, ...] | CareRefusal
) -> Decision | Declined:
    """Return what a command about one measure leads to, with its deadlines."""
    if isinstance(found, CareRefusal):
        return declined(found)
    after = measure
    for event in found:
        match event:
            case MeasureProposed(made):
                after = made
            case MeasureMoved():
                after = evolve_measure(after, event)
    begun, ended = _measure_rows(measure, after, found)
    told = {"digest": after.digest, "measure": after.id, "state": after.state.value}
    noted = tuple(Noted(SubjectId(after.id), event) for event in found)
    return Decision(encode_plain(told), noted, deadlines=begun, ended=ended)


def _measure_rows(
    before: Measure, after: Measure, found: tuple[MeasureEvent, ...]
) -> tuple[tuple[Deadline, ...], tuple[str, ...]]:
    """Return the deadlines that begin, and those that stand no longer."""
    end = derived_id(_MEASURE_END, after.id)
    appeals = derived_id(_MEASURE_APPEAL, after.id)
    begun: list[Deadline] = []
    if any(isinstance(event, MeasureProposed) for event in found) or (
        after.state in IN_FORCE and before.state not in IN_FORCE
    ):
        begun.append(deadline(end, after.ends_at, PassMeasureEnd(after.id), after.id))
    appeal = after.appeal
    if appeal is not None and before.appeal is None:
        command = PassMeasureAppeal(after.id, appeal.id)
        begun.append(deadline(appeals, appeal.due_at, command, after.id))
    ended = [] if after.state in LIVE_MEASURES else [end]
    if before.appeal is not None and appeal is None:
        ended.append(appeals)
    return tuple(begun), tuple(ended)


# --- leads and dissuasions ---


def _lead_taken(
    state: CentreState, request: Request, now: datetime, terms: CareTerms
) -> Decision | Declined:
    command: TakeLead = request.what
    lead = command.lead
    # A person of a bank reaches leads of that bank only, so what the lead names is the person's own.
    own = request.actor.who if request.actor.role == INSTITUTION else lead.institution
    is_its_own = lead.source in _OF_A_MACHINE and lead.system == lead.institution == own
    if _is_of_a_bank(request) and not is_its_own:
        other = lead.system if lead.system != own else lead.institution
        return Declined(CentreReason.OTHER_INSTITUTION, other)
    if state.staff.units and lead.unit not in state.staff.units:
        return Declined(StaffReason.UNIT_UNKNOWN, lead.unit)  # nobody would see it
    known = state.cared.lead_of(lead.system, lead.foreign)
    running = state.cared.running_of(lead.unit, lead.key, lead.institution)
    found = take_lead(command, known, running, now, terms)
    if isinstance(found, CareRefusal):
        return declined(found)
    if not found:
        assert known is not None, "only a known lead changes nothing"
        earlier = state.cared.dissuasions[state.cared.leads[known.id].dissuasion]
        return Decision(_told_of_lead(earlier, known))
    if lead.id in state.cared.leads or command.dissuasion in state.cared.dissuasions:
        return Declined(CentreReason.ID_UNUSABLE)
    task = running
    for event in found:
        if isinstance(event, DissuasionOpened):
            task = event.dissuasion
        elif isinstance(event, DissuasionJoined):
            assert task is not None, "a lead joins a task that runs"
            task = evolve_dissuasion(task, event)
    assert task is not None, "a lead that is taken has a task"
    decided = _decision(running, task, found)
    return replace(decided, answer=_told_of_lead(task, lead))


def _is_of_a_bank(request: Request) -> bool:
    """Whether an institution's machine or one of its persons asks."""
    roles = request.actor.role.split()
    return request.actor.role == INSTITUTION or any(role in AT_INSTITUTION for role in roles)


def _told_of_lead(task: Dissuasion, lead: Lead) -> bytes:
    return encode_plain({"dissuasion": task.id, "lead": lead.id, "state": task.state.value})


def _of_task(
    task: Dissuasion, found: tuple[DissuasionEvent, ...] | CareRefusal
) -> Decision | Declined:
    if isinstance(found, CareRefusal):
        return declined(found)
    after = task
    for event in found:
        assert isinstance(event, DissuasionMoved), "nothing else moves a task that is there"
        after = evolve_dissuasion(after, event)
    return _decision(task, after, found)


def _decision(
    before: Dissuasion | None, after: Dissuasion, found: tuple[DissuasionEvent, ...]
) -> Decision:
    """Return what happened to a dissuasion, with the deadlines that it now has."""
    step, end = derived_id(_STEP, after.id), derived_id(_DISSUASION_END, after.id)
    begun: list[Deadline] = []
    ended: list[str] = []
    is_open = after.state in OPEN_DISSUASIONS
    if after.due_at is None:
        ended.append(step)
    elif before is None or before.due_at != after.due_at:
        begun.append(deadline(step, after.due_at, PassStep(after.id), after.id))
    if not is_open:
        ended.append(end)
    elif before is None or before.ends_at != after.ends_at:
        begun.append(deadline(end, after.ends_at, PassDissuasionEnd(after.id), after.id))
    told = {"dissuasion": after.id, "state": after.state.value}
    noted = tuple(Noted(SubjectId(after.id), event) for event in found)
    return Decision(encode_plain(told), noted, deadlines=tuple(begun), ended=tuple(ended))


# --- all ---


def evolve_care(state: CentreState, _: SubjectId, event: Event) -> CentreState:
    """Fold an event about a measure, a lead, a dissuasion or an appeal into the register."""
    cared = state.cared
    match event:
        case MeasureProposed(measure):
            cared.put(measure)
        case MeasureMoved(measure=measure_id):
            cared.put(evolve_measure(cared.measures[measure_id], event))
        case LeadTaken():
            cared.put(event)
        case DissuasionOpened(task):
            cared.put(task)
        case DecisionAppealFiled(appeal):
            cared.put(appeal)
        case DecisionAppealMoved():
            cared.put(evolve_appeal(cared.appeals[event.appeal], event))
        case AppealEscalationRaised(asked):
            cared.put(asked)
        case AppealEscalationMoved(escalation):
            cared.put(evolve_escalation(cared.escalations[escalation], event))
        case DissuasionJoined() | DissuasionMoved():
            cared.put(evolve_dissuasion(cared.dissuasions[event.dissuasion], event))
    return state


__all__ = ["decide_care", "evolve_care"]
