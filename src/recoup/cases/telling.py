"""Rules about the people at the other end: appeals, notices, requests abroad, joined cases. Pure; called by `decide`."""

from __future__ import annotations

from datetime import datetime, timedelta

from recoup.cases.case import Case
from recoup.cases.commands import (
    DeferNotice,
    EndDeferral,
    FileAppeal,
    JoinCase,
    PassAppealClock,
    PassForeignClock,
    RecordForeignAnswer,
    SendNotice,
    SettleAppeal,
)
from recoup.cases.decided import Appeal, Notice
from recoup.cases.events import (
    AppealFiled,
    AppealSettled,
    CaseJoined,
    Event,
    NoticeFellDue,
    NoticeMoved,
    TaskMoved,
)
from recoup.cases.refusals import Reason, Refusal
from recoup.cases.settling import lower_for_appeal
from recoup.cases.state import (
    APPEAL_MOVES,
    APPEAL_REFUSALS,
    NOTICE_MOVES,
    NOTICE_REFUSALS,
    TASK_MOVES,
    TASK_REFUSALS,
    AppealTrigger,
    NoticeTrigger,
    TaskTrigger,
)
from recoup.cases.terms import CasePolicy
from recoup.limits import ABROAD_ANSWERS_MAX, CASE_OPEN_MAX

Events = tuple[Event, ...]


def file_appeal(
    case: Case, command: FileAppeal, now: datetime, policy: CasePolicy
) -> Events | Refusal:
    """Take in a holder's objection and start its clock."""
    known = next((row for row in case.appeals if row.id == command.id), None)
    if known is not None:
        before = (known.account, known.currency, known.is_through_bank, known.text)
        after = (command.account, command.currency, command.is_through_bank, command.text)
        return () if before == after else Refusal(Reason.ID_TAKEN, command.id)
    hold = case.standing(command.account, command.currency)
    if hold is None:
        return Refusal(Reason.HOLD_UNKNOWN)
    if (
        sum((row.state, AppealTrigger.DENY) in APPEAL_MOVES for row in case.appeals)
        >= CASE_OPEN_MAX
    ):
        return Refusal(Reason.TOO_MANY_OPEN, f"expected at most {CASE_OPEN_MAX} appeals")
    due_at = now + timedelta(seconds=policy.appeal_seconds)
    appeal = Appeal(command.id, *hold.hold, command.is_through_bank, now, due_at, command.text)
    return (AppealFiled(appeal),)


def settle_appeal(case: Case, command: SettleAppeal, now: datetime) -> Events | Refusal:
    """Decide an appeal, by somebody who neither made nor agreed to any order about the hold."""
    appeal = _appeal(case, command.appeal)
    if isinstance(appeal, Refusal):
        return appeal
    pair = (appeal.state, command.trigger)
    if pair not in APPEAL_MOVES:
        return Refusal(APPEAL_REFUSALS[pair], f"the appeal is {appeal.state}")
    hold = case.standing(appeal.account, appeal.currency)
    assert hold is not None, "an appeal against a hold that never was"
    if command.trigger is AppealTrigger.MISS:
        return Refusal(Reason.CLOCK_RUNS, "the clock decides that, nobody else")
    settled = AppealSettled(
        appeal.id, APPEAL_MOVES[pair], command.by, now, command.keep, command.reason
    )
    if command.by in hold.makers:  # nor may a maker say that the holder took the appeal back
        return Refusal(Reason.MAKER_DECIDES, command.by)
    if command.trigger is AppealTrigger.WITHDRAW:
        return (settled,)
    if not command.reason:
        return Refusal(Reason.REASON_MISSING, appeal.id)
    if command.trigger is AppealTrigger.DENY or not hold.asked:
        return (settled,)
    if not 0 <= command.keep < hold.asked:
        return Refusal(Reason.AMOUNT_NOT_POSITIVE, f"expected to keep less than {hold.asked}")
    return (settled, lower_for_appeal(hold, command.keep, command.reason, command.by))


def _appeal(case: Case, appeal_id: str) -> Appeal | Refusal:
    found = next((row for row in case.appeals if row.id == appeal_id), None)
    return found or Refusal(Reason.APPEAL_UNKNOWN, appeal_id)


def pass_appeal_clock(case: Case, command: PassAppealClock, now: datetime) -> Events | Refusal:
    """Note that an appeal was not decided in time: it goes up, and counts."""
    appeal = _appeal(case, command.appeal)
    if isinstance(appeal, Refusal):
        return appeal
    pair = (appeal.state, AppealTrigger.MISS)
    if pair not in APPEAL_MOVES:
        return Refusal(APPEAL_REFUSALS[pair], f"the appeal is {appeal.state}")
    if now < appeal.due_at:
        return Refusal(Reason.CLOCK_RUNS, appeal.due_at.isoformat())
    return (AppealSettled(appeal.id, APPEAL_MOVES[pair], "", now, 0, ""),)


def _notice(case: Case, account: str, currency: str, trigger: NoticeTrigger) -> Notice | Refusal:
    """Return the notice of the hold's running period, if this may happen to it."""
    found = _noticed(case, account, currency)
    if found is None:
        return Refusal(Reason.NOTICE_UNKNOWN)
    if (found.state, trigger) not in NOTICE_MOVES:
        return Refusal(NOTICE_REFUSALS[found.state, trigger], f"the notice is {found.state}")
    return found


def _noticed(case: Case, account: str, currency: str) -> Notice | None:
    here = (account, currency)
    return next((row for row in case.notices if (row.account, row.currency) == here), None)


def _ahead(case: Case, account: str, currency: str, now: datetime) -> tuple[Notice, ...]:
    """Return the notice of an order that no institution answered yet: one that hears of it later has told the holder."""
    hold, known = case.standing(account, currency), _noticed(case, account, currency)
    if hold is None or hold.held or (known is not None and known.period == hold.period):
        return ()
    first = None if known is None else known.untold_since
    return (Notice(account, currency, hold.period, 0, now, first_due_at=first),)


def send_notice(case: Case, command: SendNotice) -> Events | Refusal:
    """Note that the holder was told by whom, for which case, how much, how long, with which papers, and whom to ring."""
    notice = _notice(case, command.account, command.currency, NoticeTrigger.SEND)
    if isinstance(notice, Refusal):
        return notice
    if not notice.amount:
        return Refusal(Reason.NOTICE_UNKNOWN, "nothing is held yet")
    if not command.documents or not command.phone:
        return Refusal(Reason.REASON_MISSING, "a notice names documents and a phone")
    state = NOTICE_MOVES[notice.state, NoticeTrigger.SEND]
    place = (notice.account, notice.currency)
    told = (command.documents, command.phone)
    return (NoticeMoved(*place, state, notice.due_at, *told, notice.reason, ()),)


def defer_notice(
    case: Case, command: DeferNotice, now: datetime, policy: CasePolicy
) -> Events | Refusal:
    """Tell the holder later: for a reason, by two persons, until an end; all deferrals together have one as well."""
    ahead = _ahead(case, command.account, command.currency, now)
    notice: Notice | Refusal = (
        ahead[0] if ahead else _notice(case, command.account, command.currency, NoticeTrigger.DEFER)
    )
    if isinstance(notice, Refusal):
        return notice
    if not command.reason:
        return Refusal(Reason.REASON_MISSING)
    if command.by == command.agreed_by:
        return Refusal(Reason.MAKER_DECIDES, command.by)
    first = notice.first_due_at or notice.due_at
    latest = min(
        now + timedelta(seconds=policy.deferral_seconds_max),
        first + timedelta(seconds=policy.deferral_total_seconds_max),
    )
    if not now < command.until <= latest:
        return Refusal(Reason.DEFERRAL_TOO_LONG, f"expected at most {latest.isoformat()}")
    state = NOTICE_MOVES[notice.state, NoticeTrigger.DEFER]
    place, persons = (notice.account, notice.currency), (command.by, command.agreed_by)
    later = NoticeMoved(*place, state, command.until, "", "", command.reason, persons)
    return (*(NoticeFellDue(row) for row in ahead), later)


def end_deferral(case: Case, command: EndDeferral, now: datetime) -> Events | Refusal:
    """Make a deferred notice due again."""
    notice = _notice(case, command.account, command.currency, NoticeTrigger.RESUME)
    if isinstance(notice, Refusal):
        return notice
    if now < notice.due_at:
        return Refusal(Reason.CLOCK_RUNS, notice.due_at.isoformat())
    state = NOTICE_MOVES[notice.state, NoticeTrigger.RESUME]
    place = (notice.account, notice.currency)
    return (NoticeMoved(*place, state, now, "", "", notice.reason, ()),)


def move_task(
    case: Case, command: RecordForeignAnswer | PassForeignClock, now: datetime
) -> Events | Refusal:
    """Keep an answer from abroad, or note that none came in time."""
    task = next((row for row in case.tasks if row.id == command.task), None)
    if task is None:
        return Refusal(Reason.TASK_UNKNOWN, command.task)
    is_answer = isinstance(command, RecordForeignAnswer)
    trigger = TaskTrigger.ANSWER if is_answer else TaskTrigger.MISS
    if (task.state, trigger) not in TASK_MOVES:
        return Refusal(TASK_REFUSALS[task.state, trigger], f"the request is {task.state}")
    after = TASK_MOVES[task.state, trigger]
    if isinstance(command, RecordForeignAnswer):
        if command.answer in task.answers:
            return ()
        if len(task.answers) >= ABROAD_ANSWERS_MAX:
            return Refusal(Reason.TOO_MANY_KEPT, f"expected at most {ABROAD_ANSWERS_MAX} answers")
        return (TaskMoved(task.id, after, command.answer),)
    if now < task.due_at:
        return Refusal(Reason.CLOCK_RUNS, task.due_at.isoformat())
    return (TaskMoved(task.id, after, ""),)


def join_case(case: Case, command: JoinCase) -> Events | Refusal:
    """Work two cases together whose trails meet at an account; their holds stay independent."""
    if command.other == case.id or command.other in case.joined:
        return ()
    if command.by == command.agreed_by:
        return Refusal(Reason.MAKER_DECIDES, command.by)
    if not any(place.account == command.account for place in case.places):
        return Refusal(Reason.TRAILS_APART, "this trail does not reach the account")
    return (CaseJoined(command.other, command.account, (command.by, command.agreed_by)),)
