"""How a payer is warned: leads taken, steps made, outcome told. Commands, events, decide, evolve. Pure.

1. A lead is taken once: the same id with the same content changes nothing, with other content is refused. It has an end.
2. Leads about one payer at one institution meet in one running dissuasion; the highest grade holds, and a raised grade never
   waits longer. One that names no institution joins any.
3. A step has a limit. When it passes, the next step is due; at the last one the task stays open and late until its end.
4. Nobody was dissuaded whom nobody reached, and no more was averted than a payment that was seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from recoup.care.dissuasion import (
    DISSUASION_MOVES,
    DISSUASION_REFUSALS,
    OPEN_DISSUASIONS,
    STEP_OF,
    Contact,
    Dissuasion,
    DissuasionState,
    DissuasionTrigger,
    Lead,
)
from recoup.care.limits import DISSUASION_CONTACTS_MAX, DISSUASION_LEADS_MAX, LEAD_ACCOUNTS_MAX
from recoup.care.refusals import CareReason, CareRefusal
from recoup.care.terms import CareTerms, RiskGrade, Step


class DissuasionOutcome(StrEnum):
    """How a person says that it ended."""

    DISSUADED = "dissuaded"
    WENT_ON = "went_on"
    NO_VICTIM = "no_victim"


@dataclass(frozen=True, slots=True)
class TakeLead:
    """Take a lead in; a dissuasion is opened under this id unless one of this payer runs."""

    lead: Lead
    dissuasion: str


@dataclass(frozen=True, slots=True)
class NoteContact:
    """Say that the step which is due was made."""

    dissuasion: str
    step: Step
    is_reached: bool
    by: str


@dataclass(frozen=True, slots=True)
class SettleDissuasion:
    """Say how it ended."""

    dissuasion: str
    outcome: DissuasionOutcome
    averted: int
    """Minor units that the payer did not pay."""
    currency: str
    """'' for nothing."""
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class PassStep:
    """The limit of a step has come."""

    dissuasion: str


@dataclass(frozen=True, slots=True)
class PassDissuasionEnd:
    """The end of a dissuasion has come."""

    dissuasion: str


DissuasionCommand = NoteContact | SettleDissuasion | PassStep | PassDissuasionEnd


@dataclass(frozen=True, slots=True)
class LeadTaken:
    """Somebody says that a payer is likely a victim."""

    lead: Lead
    dissuasion: str


@dataclass(frozen=True, slots=True)
class DissuasionOpened:
    """A payer is to be warned."""

    dissuasion: Dissuasion


@dataclass(frozen=True, slots=True)
class DissuasionJoined:
    """Another lead is about the same payer: all that is new in the task."""

    dissuasion: str
    lead: str
    state: DissuasionState
    grade: RiskGrade
    currency: str
    amount: int
    accounts: tuple[str, ...]
    due_at: datetime | None
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class DissuasionMoved:
    """A step was made or passed, or the task ended."""

    dissuasion: str
    trigger: DissuasionTrigger
    state: DissuasionState
    step: Step
    is_reached: bool | None
    """None where nobody tried."""
    by: str
    reason: str
    at: datetime
    due_at: datetime | None = None
    averted: int = 0
    is_first: bool = False
    """Whether by this step the payer was reached for the first time."""


DissuasionEvent = LeadTaken | DissuasionOpened | DissuasionJoined | DissuasionMoved
Found = tuple[DissuasionEvent, ...] | CareRefusal

_TRIGGERS: Final = {
    DissuasionOutcome.DISSUADED: DissuasionTrigger.DISSUADE,
    DissuasionOutcome.WENT_ON: DissuasionTrigger.GO_ON,
    DissuasionOutcome.NO_VICTIM: DissuasionTrigger.CLEAR,
}


def take_lead(
    command: TakeLead,
    known: Lead | None,
    running: Dissuasion | None,
    now: datetime,
    terms: CareTerms,
) -> Found:
    """Take a lead in; `known` is the one of the same id there, `running` the open dissuasion that it joins."""
    lead = command.lead
    if known is not None:
        return () if known.digest == lead.digest else CareRefusal(CareReason.LEAD_DIFFERS, known.id)
    if lead.seen_at > now:
        return CareRefusal(CareReason.LEAD_TIME_UNFIT, lead.seen_at.isoformat())
    expires_at = min(lead.expires_at, lead.seen_at + timedelta(seconds=terms.lead_seconds_max))
    if expires_at <= now:
        return CareRefusal(CareReason.LEAD_EXPIRED, expires_at.isoformat())
    if len(lead.accounts) > LEAD_ACCOUNTS_MAX:
        return CareRefusal(CareReason.TOO_MANY, str(len(lead.accounts)))
    if lead.amount < 0 or bool(lead.amount) != bool(lead.currency):
        return CareRefusal(CareReason.AVERTED_UNFIT, "expected an amount with its currency")
    lead = replace(lead, expires_at=expires_at)
    if running is None:
        return _opened(lead, command.dissuasion, now, terms)
    if len(running.leads) >= DISSUASION_LEADS_MAX:
        return CareRefusal(CareReason.TOO_MANY, running.id)
    return LeadTaken(lead, running.id), _joined(running, lead, now, terms)


def _opened(lead: Lead, dissuasion_id: str, now: datetime, terms: CareTerms) -> Found:
    longest = now + timedelta(seconds=terms.dissuasion_seconds_max)
    opened = Dissuasion(
        dissuasion_id,
        lead.unit,
        lead.institution,
        lead.key,
        lead.accounts,
        lead.grade,
        lead.currency,
        lead.amount,
        (lead.id,),
        now,
        now + timedelta(seconds=terms.steps[lead.grade][Step.MESSAGE]),
        min(lead.expires_at, longest),
    )
    return LeadTaken(lead, dissuasion_id), DissuasionOpened(opened)


def _joined(task: Dissuasion, lead: Lead, now: datetime, terms: CareTerms) -> DissuasionJoined:
    """Return what is new in a running task: the higher grade, the greater payment, the later end as far as terms let."""
    grade = min(task.grade, lead.grade, key=lambda row: row.rank)
    steps, step = terms.steps[grade], STEP_OF[task.state]
    state = DISSUASION_MOVES[task.state, DissuasionTrigger.JOIN]
    due_at, further = task.due_at, _after(step, steps)
    if (
        due_at is None and further is not None
    ):  # the lower grade ended here: nobody makes this step again
        state = DISSUASION_MOVES[task.state, DissuasionTrigger.NEXT]
        due_at = _due(now, steps, further)
    elif due_at is not None:
        due_at = min(due_at, _due(now, steps, step))
    longest = task.opened_at + timedelta(seconds=terms.dissuasion_seconds_max)
    is_greater = (not task.currency) or (
        lead.currency == task.currency and lead.amount > task.amount
    )
    paid = lead if is_greater else task
    accounts = dict.fromkeys((*task.accounts, *lead.accounts))
    return DissuasionJoined(
        task.id,
        lead.id,
        state,
        grade,
        paid.currency,
        paid.amount,
        tuple(accounts)[:LEAD_ACCOUNTS_MAX],
        due_at,
        max(task.ends_at, min(lead.expires_at, longest)),
    )


def decide_dissuasion(
    task: Dissuasion, command: DissuasionCommand, now: datetime, terms: CareTerms
) -> Found:
    """Return what a command about a dissuasion leads to, or why nothing."""
    if task.state not in OPEN_DISSUASIONS:
        trigger = DissuasionTrigger.STAY
        return CareRefusal(DISSUASION_REFUSALS[task.state, trigger], f"it is {task.state}")
    match command:
        case NoteContact():
            return _contact(task, command, now, terms)
        case SettleDissuasion():
            return _settled(task, command, now)
        case PassStep():
            return _step_passed(task, now, terms)
        case PassDissuasionEnd():
            if now < task.ends_at:
                return CareRefusal(CareReason.DISSUASION_RUNS, task.ends_at.isoformat())
            return (_moved(task, DissuasionTrigger.PASS_END, now),)


def _contact(task: Dissuasion, command: NoteContact, now: datetime, terms: CareTerms) -> Found:
    step = STEP_OF[task.state]
    if command.step is not step:
        return CareRefusal(CareReason.STEP_DIFFERS, step.value)
    if len(task.contacts) >= DISSUASION_CONTACTS_MAX:
        return CareRefusal(CareReason.TOO_MANY, task.id)
    further = _after(step, terms.steps[task.grade])
    was = any(row.step is step and row.is_reached for row in task.contacts)
    due_at = None
    if further is not None:
        trigger, due_at = DissuasionTrigger.NEXT, _due(now, terms.steps[task.grade], further)
    elif command.is_reached or task.is_reached:
        trigger = DissuasionTrigger.STAY
    else:
        trigger = DissuasionTrigger.FAIL
    moved = _moved(task, trigger, now, command.by)
    is_first = command.is_reached and not was
    return (replace(moved, is_reached=command.is_reached, due_at=due_at, is_first=is_first),)


def _settled(task: Dissuasion, command: SettleDissuasion, now: datetime) -> Found:
    is_dissuaded = command.outcome is DissuasionOutcome.DISSUADED
    if command.outcome is not DissuasionOutcome.NO_VICTIM and not task.is_reached:
        return CareRefusal(CareReason.NOT_REACHED, task.id)
    is_other = bool(command.averted) and command.currency != task.currency
    if is_other or not 0 <= command.averted <= task.amount:
        return CareRefusal(CareReason.AVERTED_UNFIT, f"at most {task.amount} {task.currency}")
    if command.averted and not is_dissuaded:
        return CareRefusal(CareReason.AVERTED_UNFIT, "nothing, where the payer paid")
    moved = _moved(task, _TRIGGERS[command.outcome], now, command.by)
    return (replace(moved, reason=command.reason, averted=command.averted),)


def _step_passed(task: Dissuasion, now: datetime, terms: CareTerms) -> Found:
    if task.due_at is None or now < task.due_at:
        return CareRefusal(CareReason.DISSUASION_RUNS, str(task.due_at))
    steps = terms.steps[task.grade]
    further = _after(STEP_OF[task.state], steps)
    if further is None:
        return (_moved(task, DissuasionTrigger.STAY, now),)
    return (replace(_moved(task, DissuasionTrigger.NEXT, now), due_at=_due(now, steps, further)),)


def _moved(
    task: Dissuasion, trigger: DissuasionTrigger, now: datetime, by: str = ""
) -> DissuasionMoved:
    state = DISSUASION_MOVES[task.state, trigger]
    return DissuasionMoved(task.id, trigger, state, STEP_OF[task.state], None, by, "", now)


def _after(step: Step, steps: Mapping[Step, int]) -> Step | None:
    """Return the step after one in a grade; None after its last. A grade has the first steps of the order."""
    order = tuple(Step)
    at = order.index(step) + 1
    return order[at] if at < len(steps) else None


def _due(now: datetime, steps: Mapping[Step, int], step: Step) -> datetime:
    return now + timedelta(seconds=steps[step])


def evolve_dissuasion(task: Dissuasion, event: DissuasionJoined | DissuasionMoved) -> Dissuasion:
    """Return the dissuasion after `event`. Holds no rule."""
    if isinstance(event, DissuasionJoined):
        return replace(
            task,
            state=event.state,
            leads=(*task.leads, event.lead),
            grade=event.grade,
            currency=event.currency,
            amount=event.amount,
            accounts=event.accounts,
            due_at=event.due_at,
            ends_at=event.ends_at,
        )
    after = replace(task, state=event.state)
    if event.is_reached is not None:
        contact = Contact(event.step, event.is_reached, event.by, event.at)
        after = replace(after, contacts=(*task.contacts, contact), due_at=event.due_at)
    elif event.state in OPEN_DISSUASIONS:
        after = replace(after, late=(*task.late, event.step), due_at=event.due_at)
    if event.state not in OPEN_DISSUASIONS:
        why = event.reason or event.trigger.value
        after = replace(after, due_at=None, averted=event.averted, ended_at=event.at)
        after = replace(after, ended_by=event.by, ended_for=why)
    return after


__all__ = [
    "DissuasionCommand",
    "DissuasionEvent",
    "DissuasionJoined",
    "DissuasionMoved",
    "DissuasionOpened",
    "DissuasionOutcome",
    "LeadTaken",
    "NoteContact",
    "PassDissuasionEnd",
    "PassStep",
    "SettleDissuasion",
    "TakeLead",
    "decide_dissuasion",
    "evolve_dissuasion",
    "take_lead",
]
